//! The names that a rehearsal left in the directory of a profile: what the same commands would find in the real one.
//!
//! What lies on the stage was made by cargo and the stand-ins alone.

use std::{
    collections::BTreeSet,
    ffi::OsString,
    fmt, fs, io,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use serde::Deserialize;

use super::compiler::Noted;
use crate::{
    disk,
    target_dir::layout::{
        Names, Section, hash_of_directory, hash_of_file, is_hash, stem_of_result,
    },
};

/// Incremental state that rustc gave no name for: the directory it lies in, relative to the target directory, and the
/// crate. All of that crate's may be in use.
pub(crate) type Uncertain = (PathBuf, String);

/// The error where cargo puts what it compiles into a directory that has no meaning here.
#[derive(Debug)]
pub(crate) struct UnknownLayout {
    /// Relative to the target directory.
    directory: PathBuf,
}

impl fmt::Display for UnknownLayout {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "this cargo puts what it compiles into `{}`, a layout that this program does not know",
            self.directory.display()
        )
    }
}

impl std::error::Error for UnknownLayout {}

/// Reads the directories of a profile; where there is none, there are no names.
///
/// # Errors
/// When one is there and cannot be read.
pub(super) fn read(results: &Path, intermediate: &Path) -> Result<Names> {
    let mut out = Names::default();
    let section = |section: Section| entries(&intermediate.join(section.directory()));
    for name in section(Section::Fingerprint)? {
        let directory = intermediate.join(Section::Fingerprint.directory()).join(&name);
        out.compilers.extend(compilers_in(&directory)?);
        out.fingerprints.insert(name);
    }
    for name in section(Section::Build)? {
        let directory = intermediate.join(Section::Build.directory()).join(&name);
        let inner = entries(&directory)?;
        if hash_of_directory(&name).is_some() && !inner.iter().all(|name| is_hash(name)) {
            out.build.insert(name);
            continue;
        }
        for hash in inner.into_iter().filter(|name| is_hash(name)) {
            out.compilers.extend(compilers_in(&directory.join(&hash).join("fingerprint"))?);
            out.build.insert(format!("{name}/{hash}"));
        }
    }
    out.deps = hashes(&section(Section::Deps)?);
    out.examples = hashes(&section(Section::Examples)?);
    out.incremental = section(Section::Incremental)?.into_iter().collect();
    out.results = stems(&entries(results)?);
    out.example_results = stems(&entries(&results.join(Section::Examples.directory()))?);
    Ok(out)
}

fn hashes(names: &[String]) -> BTreeSet<String> {
    names.iter().filter_map(|name| hash_of_file(name)).map(str::to_owned).collect()
}

fn stems(names: &[String]) -> BTreeSet<String> {
    let plain = names.iter().filter(|name| hash_of_file(name).is_none());
    plain.map(|name| stem_of_result(name).to_owned()).collect()
}

/// Names in a directory of the stage, all of them cargo's; none where there is no directory.
fn entries(directory: &Path) -> Result<Vec<String>> {
    let context = || format!("failed to read `{}`", directory.display());
    let found = match fs::read_dir(directory) {
        Err(error)
            if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) =>
        {
            return Ok(Vec::new());
        }
        found => found.with_context(context)?,
    };
    let names = found.map(|entry| entry.map(|entry| entry.file_name()));
    let names: Vec<OsString> = names.collect::<io::Result<_>>().with_context(context)?;
    Ok(names.into_iter().filter_map(|name| name.into_string().ok()).collect())
}

/// The numbers by which the fingerprints in a directory name the compiler.
fn compilers_in(directory: &Path) -> Result<Vec<u64>> {
    let mut out = Vec::new();
    for name in entries(directory)?.iter().filter(|name| name.ends_with(".json")) {
        let bytes = disk::read_optional(&directory.join(name))?.unwrap_or_default();
        out.extend(compiler_of(&bytes));
    }
    Ok(out)
}

/// The number by which a fingerprint names the compiler, if it is of a form known here.
pub(crate) fn compiler_of(fingerprint: &[u8]) -> Option<u64> {
    #[derive(Deserialize)]
    struct Fingerprint {
        rustc: u64,
    }
    // A build script that was run has zero there: no compiler made it.
    let rustc = serde_json::from_slice::<Fingerprint>(fingerprint).ok()?.rustc;
    (rustc != 0).then_some(rustc)
}

/// Reads the notes of the stand-ins.
///
/// # Errors
/// [`UnknownLayout`] where something lies elsewhere than in a section.
pub(super) fn hold_known(log: &Path, intermediate: &Path) -> Result<BTreeSet<Uncertain>> {
    let bytes = disk::read_optional(log)?.unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let mut uncertain = BTreeSet::new();
    for line in text.lines() {
        let noted: Noted = serde_json::from_str(line)
            .with_context(|| format!("failed to read `{}`", log.display()))?;
        let below = noted.out_dir.strip_prefix(intermediate).unwrap_or(&noted.out_dir);
        if !is_known(below) {
            return Err(UnknownLayout { directory: below.to_path_buf() }.into());
        }
        let place = noted
            .incremental
            .and_then(|path| Some(path.strip_prefix(intermediate).ok()?.to_path_buf()));
        uncertain.extend(place.map(|place| (place, noted.crate_name)));
    }
    Ok(uncertain)
}

/// Whether a directory, relative to the target directory, is one that compilers write to in a layout known here:
/// `[<triple>/]<profile>/` and then a section, with what belongs into it.
fn is_known(directory: &Path) -> bool {
    let steps: Vec<&str> = directory.iter().map(|step| step.to_str().unwrap_or_default()).collect();
    let tail = match steps.as_slice() {
        [_, "deps" | "examples" | "build", ..] => &steps[1..],
        [_, _, "deps" | "examples" | "build", ..] => &steps[2..],
        _ => return false,
    };
    match tail {
        ["deps" | "examples"] | ["deps", "artifact", _, _] => true,
        ["build", unit] => hash_of_directory(unit).is_some(),
        ["build", _, hash, "out", ..] => is_hash(hash),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layouts_are_recognised_and_never_guessed() {
        for known in [
            "debug/deps",
            "debug/examples",
            "x86_64-unknown-linux-gnu/release/deps",
            "debug/build/serde-0123456789abcdef",
            "debug/build/serde/0123456789abcdef/out",
            "debug/deps/artifact/tool-0123456789abcdef/bin",
        ] {
            assert!(is_known(Path::new(known)), "{known}");
        }
        for unknown in [
            "debug",
            "debug/units/0123456789abcdef",
            "debug/build/serde",
            "deps",
            "debug/build/serde/1/out",
        ] {
            assert!(!is_known(Path::new(unknown)), "{unknown}");
        }
    }

    #[test]
    fn a_fingerprint_names_its_compiler_or_nothing_is_said() {
        assert_eq!(compiler_of(br#"{"rustc":17,"features":"[]"}"#), Some(17));
        assert_eq!(compiler_of(br#"{"rustc":0}"#), None);
        assert_eq!(compiler_of(b"{}"), None);
        assert_eq!(compiler_of(b"\xff"), None);
    }

    #[test]
    fn both_arrangements_are_read() {
        let base = tempfile::tempdir().unwrap();
        for file in [
            ".fingerprint/a-0123456789abcdef/lib-a.json",
            "build/a-0123456789abcdef/build-script-build",
            "build/b/1123456789abcdef/out/libb.rlib",
            "deps/liba-2123456789abcdef.rlib",
            "examples/ex-3123456789abcdef",
            "examples/ex",
            "incremental/a-1abc/s-x-y-z/dep-graph.bin",
            "app.d",
            "app",
        ] {
            disk::write(&base.path().join(file), br#"{"rustc":5}"#).unwrap();
        }
        let names = read(base.path(), base.path()).unwrap();
        let set =
            |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
        assert_eq!(names.fingerprints, set(&["a-0123456789abcdef"]));
        assert_eq!(names.build, set(&["a-0123456789abcdef", "b/1123456789abcdef"]));
        assert_eq!(names.deps, set(&["2123456789abcdef"]));
        assert_eq!(names.examples, set(&["3123456789abcdef"]));
        assert_eq!(names.example_results, set(&["ex"]));
        assert_eq!(names.incremental, set(&["a-1abc"]));
        assert!(names.results.contains("app"));
        assert_eq!(names.compilers, BTreeSet::from([5]));
    }
}
