//! `validate --quick`: the exit code is the answer, the checks say why.

use crate::support::{Fixture, Run};

const SOUND: &str = r#"
-- Cargo.toml --
[workspace]
resolver = "2"
members = ["core", "app"]
-- core/Cargo.toml --
[package]
name = "core-types"
version = "0.1.0"
edition = "2021"

[lib]
doctest = false

[dependencies]
shelf = "5.5"
ghoul = "0.3"
-- core/src/lib.rs --
#[test]
fn it_is_wide() {
    assert!(shelf::width() > 4);
}
-- app/Cargo.toml --
[package]
name = "app"
version = "0.1.0"
edition = "2021"

[dependencies]
shelf = "6.1"
-- app/src/main.rs --
fn main() {
    shelf::width();
}
"#;

fn validate(fixture: &Fixture) -> Run {
    fixture.run(&["validate", "--quick", "--format", "json"])
}

/// The `ok` of a check: null where it was not made.
#[track_caller]
fn ok(run: &Run, name: &str) -> serde_json::Value {
    let checks = run.json()["checks"].as_array().unwrap().clone();
    let check = checks.iter().find(|check| check["name"] == name);
    check.unwrap_or_else(|| panic!("no check `{name}` in {checks:?}"))["ok"].clone()
}

#[test]
fn a_sound_workspace_is_sound_before_and_after_optimize() {
    let fixture = Fixture::new(SOUND);
    let before = fixture.tree();
    let run = validate(&fixture).exits(0);
    assert_eq!(ok(&run, "check"), true);
    assert_eq!(ok(&run, "tests"), true);
    assert!(ok(&run, "timed builds").is_null());
    assert_eq!(run.json()["schema"], 1);
    assert_eq!(run.json()["candidate"]["duplicates"], 1);
    crate::support::assert_same(&before, &fixture.tree());

    fixture.optimized(&[]);
    let run = validate(&fixture).exits(0);
    assert_eq!(run.json()["candidate"]["duplicates"], 0);
    assert_eq!(run.json()["candidate"]["targets_ok"], 2);
}

#[test]
fn a_target_that_does_not_compile_is_a_failure() {
    let fixture = Fixture::new(SOUND);
    fixture.put("-- core/examples/wrong.rs --\nfn main() -> u32 {}\n");
    let run = validate(&fixture).exits(1);
    assert_eq!(ok(&run, "check"), false);
    let said = crate::support::unfolded(&run.stdout, 2);
    assert!(said.contains("core/examples/wrong.rs:1:14: error[E0277]"), "{run:?}");
}

#[test]
fn a_failing_test_is_a_failure() {
    let fixture = Fixture::new(SOUND);
    fixture.replace("core/src/lib.rs", "> 4", "> 5");
    let run = validate(&fixture).exits(1);
    assert_eq!((ok(&run, "check"), ok(&run, "tests")), (true.into(), false.into()));
    assert!(run.stdout.contains("it_is_wide"), "{run:?}");
}

#[test]
fn a_broken_budget_is_a_failure() {
    let fixture = Fixture::new(SOUND);
    let policy = "resolver = \"2\"\nmetadata.optimize.budget = { duplicates = 0, units = 100 }\n";
    fixture.replace("Cargo.toml", "resolver = \"2\"\n", policy);
    let run = fixture.run(&["validate", "--quick", "--no-test", "--format", "json"]).exits(1);
    assert_eq!(ok(&run, "budget duplicates"), false);
    assert_eq!(ok(&run, "budget units"), true);
    assert!(ok(&run, "tests").is_null());
}

#[test]
fn people_read_the_checks_as_lines() {
    let fixture = Fixture::new(SOUND);
    let run = fixture.run(&["validate", "--quick", "--no-test"]).exits(0);
    assert!(run.stdout.lines().all(|line| line.contains('`') || line.chars().count() <= 80));
    snapbox::assert_data_eq!(
        crate::support::unfolded(&run.stdout, 2),
        snapbox::str![[r#"
ok: check: 2 targets compile
skipped: tests: `--no-test`
ok: duplicates: [..] in more than one version: shelf 5.5.3 and 6.1.0
ok: profiles: `cargo xtask optimize` would: [..]
ok: features: nothing that `cargo xtask optimize` would change
ok: unused dependencies: `cargo xtask optimize` would: remove ghoul from core-types [dependencies]
ok: package directory: nothing that `cargo xtask optimize` would change
ok: target directory: [..] in `[..]/ws/target`
skipped: timed builds: `--quick`
...
"#]]
    );
}
