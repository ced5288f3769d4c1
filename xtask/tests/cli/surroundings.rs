//! What does not build at all, git around the workspace, and files that may not be written.

use crate::support::{Fixture, assert_same};

#[test]
fn a_workspace_that_does_not_build_is_not_timed_and_what_is_proved_stands() {
    let fixture = Fixture::new(
        r#"
-- Cargo.toml --
[package]
name = "one"
version = "0.1.0"
edition = "2021"

[lib]
doctest = false

[dependencies]
ghoul = "0.3"
-- src/lib.rs --
pub fn one() {}
-- src/bin/wrong.rs --
fn main() -> u32 {}
"#,
    );
    let run = fixture.optimize(&["--yes"]).exits(0);
    let applied = run.ids("applied");
    assert!(applied.contains(&"unused-dependency:one/ghoul".to_owned()), "{run:?}");
    assert!(!fixture.read("Cargo.toml").contains("ghoul"));
    let notes = run.notes();
    assert!(notes.iter().any(|note| note.starts_with("not timed")), "{notes:?}");
}

#[test]
fn a_build_script_that_fails_before_any_change_stops_no_other_member() {
    let fixture = Fixture::new(
        r#"
-- Cargo.toml --
[workspace]
resolver = "2"
members = ["core", "broken"]
-- core/Cargo.toml --
[package]
name = "core-types"
version = "0.1.0"
edition = "2021"

[dependencies]
ghost = "1"
ghoul = "0.3"
-- core/build.rs --
fn main() {
    let path = std::path::Path::new(&std::env::var("OUT_DIR").unwrap()).join("made.rs");
    std::fs::write(path, format!("use g{}::boo as _;", "host")).unwrap();
}
-- core/src/lib.rs --
include!(concat!(env!("OUT_DIR"), "/made.rs"));
-- broken/Cargo.toml --
[package]
name = "broken"
version = "0.1.0"
edition = "2021"
-- broken/build.rs --
fn main() {
    panic!("no such tool here");
}
-- broken/src/lib.rs --
"#,
    );
    // One change stands and one falls, so that the changes are tried apart and together.
    let run = fixture.optimize(&["--yes", "--measure", "none", "--only", "unused-dependency"]);
    assert!(!run.stderr.contains("its copy does not"), "{run:?}");
    let run = run.exits(0);
    assert_eq!(run.ids("applied"), ["unused-dependency:core-types/ghoul"], "{run:?}");
    run.holds("unused-dependency:core-types/ghost", "rejected", "made.rs:1:5: error[E0432]");
    assert!(fixture.read("core/Cargo.toml").ends_with("[dependencies]\nghost = \"1\"\n"));
}

const SMALL: &str = r#"
-- Cargo.toml --
[workspace]
resolver = "2"
members = ["core"]
-- core/Cargo.toml --
[package]
name = "core-types"
version = "0.1.0"
edition = "2021"

[lib]
doctest = false

[dependencies]
ghoul = "0.3"
-- core/src/lib.rs --
pub fn one() {}
"#;

#[test]
fn a_revision_of_a_workspace_below_the_top_of_its_repository_is_built() {
    let fixture = Fixture::new(SMALL);
    fixture.commit();
    let before = fixture.tree();
    let run = fixture.run(&["validate", "--against", "HEAD", "--no-test", "--format", "json"]);
    let json = run.json();
    let timed = json["measurements"].as_array().unwrap();
    for what in ["clean-dev", "clean-release"] {
        let row = timed.iter().find(|row| row["what"] == what);
        let row = row.unwrap_or_else(|| panic!("no `{what}` in {run:?}"));
        for side in ["baseline", "candidate"] {
            assert_eq!(row["samples"][side].as_array().unwrap().len(), 1, "{side} of {row:#}");
        }
    }
    assert_same(&before, &fixture.tree());
    // On a busy machine the same build may take longer the second time, which is no failure here.
    let checks = json["checks"].as_array().unwrap();
    let failed = checks.iter().filter(|check| check["ok"] == false);
    let failed: Vec<_> = failed.map(|check| check["name"].as_str().unwrap()).collect();
    run.exits(if failed == ["timed builds"] { 1 } else { 0 });
}

#[test]
fn a_git_file_as_in_a_worktree_is_not_copied() {
    let fixture = Fixture::new(SMALL);
    fixture.put(
        "-- .git --\ngitdir: ../elsewhere\n-- core/build.rs --\nfn main() {\n    \
         assert!(std::fs::symlink_metadata(\"../.git\").is_err());\n}\n",
    );
    let run = fixture.optimized(&["--only", "unused-dependency"]);
    let json = run.json();
    // The build script itself, and the library that is only compiled once it has run.
    assert_eq!(json["baseline"]["targets_ok"], 2, "{run:?}");
    assert_eq!(json["baseline"]["targets_failed"].as_array().unwrap().len(), 0, "{run:?}");
    assert_eq!(run.ids("applied"), ["unused-dependency:core-types/ghoul"], "{run:?}");
}

#[cfg(unix)]
#[test]
fn a_lock_file_that_may_not_be_written_is_refused_before_anything_is_copied() {
    let fixture = Fixture::new(SMALL);
    let path = fixture.path("Cargo.lock");
    let mut permissions = std::fs::metadata(&path).unwrap().permissions();
    permissions.set_readonly(true);
    std::fs::set_permissions(&path, permissions).unwrap();
    let before = fixture.tree();
    let run = fixture.optimize(&["--yes", "--measure", "none"]).exits(2);
    run.says("`Cargo.lock` is read-only");
    assert!(!run.stderr.contains("Copying"), "{run:?}");
    assert!(run.stdout.is_empty(), "{run:?}");
    assert!(fixture.backups().is_empty());
    assert_same(&before, &fixture.tree());
}
