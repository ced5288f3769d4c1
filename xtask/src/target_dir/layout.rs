//! How cargo arranges what units leave in a directory of a profile: by which names a unit goes.
//!
//! Pure. A name that has no form known here belongs to nobody known, and nothing is concluded from it.
//! Sources: cargo's `src/cargo/core/compiler/layout.rs` for both arrangements, the one of today, with `deps/` and
//! `.fingerprint/`, and the one of `-Zbuild-dir-new-layout`, with `build/<package>/<hash>/`.

use std::{collections::BTreeSet, ops::RangeInclusive};

/// Length of the hash by which cargo tells units apart, in hexadecimal digits.
const HASH_DIGITS: usize = 16;

/// The files by which cargo keeps a directory of a profile to one build at a time. The first is in every version.
pub(crate) const LOCKS: [&str; 3] = [".cargo-lock", ".cargo-build-lock", ".cargo-artifact-lock"];

/// What a directory of cargo's within that of a profile holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Section {
    /// `.fingerprint/<package>-<hash>/`
    Fingerprint,
    /// `build/<package>-<hash>/`, or `build/<package>/<hash>/`
    Build,
    /// `deps/…-<hash>…`
    Deps,
    /// `examples/…-<hash>…`, and the same without a hash: results
    Examples,
    /// `incremental/<crate>-<name by rustc>/`
    Incremental,
}

impl Section {
    /// All of them. Within a unit, what cargo trusts first comes first: when a deletion is cut off, what is left has no
    /// fingerprint and is made again.
    pub(crate) const ALL: [Self; 5] =
        [Self::Fingerprint, Self::Build, Self::Deps, Self::Examples, Self::Incremental];

    /// The name of the directory.
    pub(crate) fn directory(self) -> &'static str {
        match self {
            Self::Fingerprint => ".fingerprint",
            Self::Build => "build",
            Self::Deps => "deps",
            Self::Examples => "examples",
            Self::Incremental => "incremental",
        }
    }
}

/// By what names units and results go in the directory of one profile.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Names {
    /// Directories in `.fingerprint/`.
    pub(crate) fingerprints: BTreeSet<String>,
    /// Directories in `build/`: `<package>-<hash>` or `<package>/<hash>`.
    pub(crate) build: BTreeSet<String>,
    /// Hashes of the files in `deps/`.
    pub(crate) deps: BTreeSet<String>,
    /// Hashes of the files in `examples/`.
    pub(crate) examples: BTreeSet<String>,
    /// Directories in `incremental/`.
    pub(crate) incremental: BTreeSet<String>,
    /// Stems of results.
    pub(crate) results: BTreeSet<String>,
    /// Stems of results in `examples/`.
    pub(crate) example_results: BTreeSet<String>,
    /// Numbers by which fingerprints name the compiler. For words only: nothing is decided by them.
    pub(crate) compilers: BTreeSet<u64>,
}

/// Whether a text is the hash of a unit.
pub(crate) fn is_hash(text: &str) -> bool {
    text.len() == HASH_DIGITS && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// The hash in the name of a unit's directory, `<package>-<hash>`.
pub(crate) fn hash_of_directory(name: &str) -> Option<&str> {
    let (package, hash) = name.rsplit_once('-')?;
    (!package.is_empty() && is_hash(hash)).then_some(hash)
}

/// The hash in the name of a unit's file: `libserde-<hash>.rlib`, `app-<hash>`, `app-<hash>.<unit of code>.rcgu.o`.
/// The name of a crate holds no dot.
pub(crate) fn hash_of_file(name: &str) -> Option<&str> {
    hash_of_directory(name.split('.').next().unwrap_or_default())
}

/// What the names of one result have in common, for instance `app` of `app`, `app.d` and `app.pdb`.
/// `app.exe` is one; `app.old` is nothing that cargo makes, and its stem is the whole name.
pub(crate) fn stem_of_result(name: &str) -> &str {
    const MADE: [&str; 14] = [
        "d", "rlib", "rmeta", "so", "dylib", "dll", "a", "lib", "exe", "pdb", "dwp", "dSYM",
        "wasm", "js",
    ];
    match name.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() && MADE.contains(&extension) => stem,
        _ => name,
    }
}

/// Digits, to the base of 36, of the 64 bits by which rustc tells crates apart; older compilers left out zeros in front.
/// Source: rustc's `compiler/rustc_data_structures/src/base_n.rs`.
const ID_DIGITS: RangeInclusive<usize> = 9..=13;

/// The crate that rustc keeps incremental state for in a directory of this name.
pub(crate) fn crate_of_incremental(name: &str) -> Option<&str> {
    let (crate_name, id) = name.rsplit_once('-')?;
    let is_id = ID_DIGITS.contains(&id.len())
        && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'z'));
    let is_name = crate_name.chars().all(|c| c == '_' || c.is_alphanumeric());
    (!crate_name.is_empty() && is_name && is_id).then_some(crate_name)
}

/// Whether an entry in the directory of a crate's incremental state is rustc's: a session, or its lock.
pub(crate) fn is_of_session(name: &str) -> bool {
    name.starts_with("s-")
}

/// Whether a directory of incremental state is one that a compiler was still at work on.
/// Source: rustc's `compiler/rustc_incremental/src/persist/fs.rs`.
pub(crate) fn is_unfinished_session(name: &str) -> bool {
    name.starts_with("s-") && name.ends_with("-working")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_told_by_their_hash() {
        assert_eq!(hash_of_directory("serde-0123456789abcdef"), Some("0123456789abcdef"));
        assert_eq!(hash_of_directory("a-b-0123456789abcdef"), Some("0123456789abcdef"));
        for other in [
            "serde",
            "serde-1.0.200",
            "-0123456789abcdef",
            "x-0123456789abcdeF",
            "x-0123456789abcde",
        ] {
            assert_eq!(hash_of_directory(other), None, "{other}");
        }
        for file in [
            "libserde-0123456789abcdef.rlib",
            "app-0123456789abcdef",
            "app-0123456789abcdef.d",
            "app-0123456789abcdef.1x2y3z.rcgu.o",
            "app-0123456789abcdef.dwp",
        ] {
            assert_eq!(hash_of_file(file), Some("0123456789abcdef"), "{file}");
        }
        for other in
            ["libplugin.so", "plugin.d", "rmetaAbC123", "notes-2026.txt", "a.b-0123456789abcdef"]
        {
            assert_eq!(hash_of_file(other), None, "{other}");
        }
    }

    #[test]
    fn results_have_a_stem() {
        for (name, stem) in [
            ("app", "app"),
            ("app.d", "app"),
            ("libapp.rlib", "libapp"),
            ("app.exe", "app"),
            ("app.old", "app.old"),
            (".d", ".d"),
            ("a.b.d", "a.b"),
        ] {
            assert_eq!(stem_of_result(name), stem, "{name}");
        }
    }

    #[test]
    fn incremental_state_is_a_crates() {
        assert_eq!(crate_of_incremental("aimds_core-19nfhgucrokv7"), Some("aimds_core"));
        assert_eq!(
            crate_of_incremental("build_script_build-1ywh7eavce6a2"),
            Some("build_script_build")
        );
        for other in
            ["notes", "x-ABCDEFGHIJKLM", "my-notes", "backup-20261123", "a-b-3v9c9ar1b4s7v"]
        {
            assert_eq!(crate_of_incremental(other), None, "{other}");
        }
        assert!(is_unfinished_session("s-h1abc-0def-working"));
        assert!(!is_unfinished_session("s-h1abc-0def-3kzx"));
    }
}
