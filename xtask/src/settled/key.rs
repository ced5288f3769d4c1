//! The hashes of what a judgement depends on.
//!
//! Pure. The order in which variables or ways come makes no difference; anything else does.

use std::{collections::BTreeSet, ffi::OsString};

use crate::{
    plan::{Change, Edit},
    record::Machine,
};

/// Raised whenever judgements of older versions are not to be believed any more, for instance since the rules of the
/// proof have changed.
const VERSION: u32 = 1;

/// Hash of toolchain, `configuration` (itself a hash) and other texts, in hexadecimal digits.
pub(super) fn state(machine: &Machine, configuration: &str, texts: &[String]) -> String {
    let Machine { os, arch, cores: _, rustc, cargo, host } = machine;
    let version = VERSION.to_string();
    let fixed =
        [version.as_str(), env!("CARGO_PKG_VERSION"), os, arch, rustc, cargo, host, configuration];
    hash(fixed.into_iter().chain(texts.iter().map(String::as_str)))
}

/// Hashes of the ways to a change's end: its own edits, and its alternatives.
pub(super) fn ways(change: &Change) -> BTreeSet<String> {
    let first = (&change.edits, &change.removes);
    let others = change.alternatives.iter().map(|other| (&other.edits, &other.removes));
    let text = |(edits, removes): (&Vec<Edit>, &Vec<_>)| {
        // What a search makes up has no edits yet; its reason names the settings.
        let reason = if edits.is_empty() { change.reason.as_str() } else { "" };
        let parts = [
            change.id(),
            format!("{edits:?}"),
            format!("{removes:?}"),
            format!("{:?}", change.umbrella),
        ];
        hash(parts.iter().map(String::as_str).chain([reason]))
    };
    std::iter::once(first).chain(others).map(text).collect()
}

/// The variables that change what cargo, rustc, linkers or usual build scripts do, as `name=value`, sorted. Those that the
/// configuration knows are among them.
pub(super) fn environment(all: impl Iterator<Item = (OsString, OsString)>) -> Vec<String> {
    let named = all.filter(|(key, _)| key.to_str().is_some_and(changes_builds));
    let mut out: Vec<String> =
        named.map(|(key, value)| format!("{}={}", key.display(), value.display())).collect();
    out.sort();
    out
}

fn changes_builds(key: &str) -> bool {
    const EXACT: [&str; 16] = [
        "AR",
        "CARGO_ENCODED_RUSTDOCFLAGS",
        "CARGO_ENCODED_RUSTFLAGS",
        "CARGO_INCREMENTAL",
        "CC",
        "CFLAGS",
        "CPPFLAGS",
        "CXX",
        "CXXFLAGS",
        "LDFLAGS",
        "RUSTC",
        "RUSTC_BOOTSTRAP",
        "RUSTC_WRAPPER",
        "RUSTC_WORKSPACE_WRAPPER",
        "RUSTDOCFLAGS",
        "RUSTFLAGS",
    ];
    // Where results go, and how many jobs there are, which counts as cores.
    const NO_MATTER: [&str; 5] = [
        "CARGO_BUILD_BUILD_DIR",
        "CARGO_BUILD_JOBS",
        "CARGO_BUILD_TARGET_DIR",
        "CARGO_TARGET_DIR",
        "CARGO_TARGET_TMPDIR",
    ];
    let prefixes = ["CARGO_BUILD_", "CARGO_PROFILE_", "CARGO_TARGET_", "CARGO_UNSTABLE_"];
    EXACT.contains(&key)
        || !NO_MATTER.contains(&key) && prefixes.iter().any(|prefix| key.starts_with(prefix))
}

fn hash<'a>(parts: impl Iterator<Item = &'a str>) -> String {
    let mut hash = hmac_sha256::Hash::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
