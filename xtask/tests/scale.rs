//! What must not grow with the workspace. Times are for `benches/scale.rs`.

#![cfg(unix)]
#![expect(clippy::disallowed_methods, reason = "starts the program and makes workspaces")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "../benches/scale/workspace.rs"]
mod workspace;

use workspace::Workspace;

#[test]
fn five_hundred_members_are_planned_with_as_many_processes_as_fifty_and_in_200_mib() {
    let base = tempfile::tempdir().unwrap();
    let few = Workspace::generate(&base.path().join("few"), 50);
    let many = Workspace::generate(&base.path().join("many"), 500);
    assert_eq!((few.members, many.lines), (50, 2000));
    let (few, many) = (few.watched(), many.watched());
    assert!(few.calls.iter().any(|call| call.starts_with("cargo metadata")), "{:?}", few.calls);
    assert_eq!(few.calls, many.calls, "what is started does not depend on the members");
    assert!(many.changes > 2 * few.changes, "there is more to do in the larger one");
    let peak_mib = many.peak_bytes / 1024 / 1024;
    assert!(peak_mib < 200, "{peak_mib} MiB");
}

/// Each call walks all manifests.
#[test]
fn the_uses_of_dependencies_are_computed_once_for_the_rules_and_once_for_the_registry() {
    let src = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut calls = Vec::new();
    let mut pending = vec![src.clone()];
    while let Some(directory) = pending.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                pending.push(path);
            } else {
                let count = std::fs::read_to_string(&path).unwrap().matches("graph::uses(").count();
                let name = path.strip_prefix(&src).unwrap().display().to_string();
                calls.extend(std::iter::repeat_n(name, count));
            }
        }
    }
    calls.sort();
    assert_eq!(calls, ["findings.rs", "outlook.rs"]);
}
