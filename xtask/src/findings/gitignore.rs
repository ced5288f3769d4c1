//! `gitignore`: generated directories that git would show as untracked.

use std::collections::BTreeSet;

use crate::{
    cli::Code,
    plan::{Change, Edit},
};

use super::{Finding, Pass, Scene};

#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzed;

pub(super) const PASS: Pass = Pass::of(find);

/// A pattern, and a path that it would ignore, for asking git whether it does already.
const PATTERNS: [(&str, &str); 3] = [
    ("target/package/*/", PROBES[0]),
    ("cargo-timing*.html", PROBES[1]),
    ("/backup-*/", PROBES[2]),
];

/// Paths that stand for what the patterns ignore: an unpacked package, a timing report as older
/// cargos wrote it into the current directory, a backup of this tool.
pub(crate) const PROBES: [&str; 3] =
    ["target/package/example-0.1.0/", "cargo-timing.html", "backup-20000101-000000/"];

/// One change with the patterns that are missing.
fn find(scene: &Scene<'_>) -> Vec<Finding> {
    let lines = missing(&scene.snapshot.ignored);
    if lines.is_empty() {
        return Vec::new();
    }
    let title = format!("ignore {}", lines.join(", "));
    let reason = "git would show these generated files as untracked".to_owned();
    let mut change = Change::new(Code::Gitignore, "patterns", title, reason);
    change.affects_build = false;
    change.edits = vec![Edit::Ignore { lines }];
    vec![Finding::Remedy(change)]
}

/// The patterns whose probes are not among those that are ignored.
fn missing(ignored: &BTreeSet<String>) -> Vec<String> {
    let missing = PATTERNS.iter().filter(|(_, probe)| !ignored.contains(*probe));
    missing.map(|(pattern, _)| (*pattern).to_owned()).collect()
}
