//! Configuration around a workspace that changes how things are built or run: named before anything runs.

use crate::support::{Fixture, assert_same};

const SMALL: &str = r#"
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
#[test]
fn passes() {}
"#;

/// The triple that the tests run on.
fn host() -> String {
    let output = snapbox::cmd::Command::new("rustc").arg("-vV").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().find_map(|line| line.strip_prefix("host: ")).unwrap().to_owned()
}

#[test]
fn a_runner_with_privileges_above_the_workspace_is_a_warning_in_every_command_that_plans() {
    let fixture = Fixture::new(SMALL);
    let host = host();
    // Two directories up, beside nothing else.
    fixture.put(&format!(
        "-- ../../.cargo/config.toml --\n[target.{host}]\nrunner = \"sudo -E\"\nlinker = \"cc\"\n"
    ));
    let before = fixture.whole_tree();
    let run = fixture.optimize(&["--dry-run"]).exits(0);
    let config = fixture.path("../../.cargo/config.toml").canonicalize().unwrap();
    let warning = format!(
        "warning: `{}` sets `target.{host}.runner` to `sudo -E`: tests run through it, with privileges",
        config.display()
    );
    run.says(&warning).says("Note").says(&format!("sets `target.{host}.linker` to `cc`"));
    let notes = run.notes();
    assert!(
        notes.iter().any(|note| warning.contains(note.split(';').next().unwrap())),
        "{notes:?}"
    );
    assert_same(&before, &fixture.whole_tree());
    let run = fixture.optimize(&["--yes", "--no-test", "--measure", "none"]).exits(0);
    run.says(&warning);
    assert!(run.ids("applied").contains(&"unused-dependency:one/ghoul".to_owned()), "{run:?}");
}

#[cfg(unix)]
#[test]
fn tests_run_through_the_runner_that_cargo_would_use() {
    use std::os::unix::fs::PermissionsExt as _;
    let fixture = Fixture::new(SMALL);
    let script = fixture.path("../tools/sudo");
    let mark = fixture.path("../ran");
    fixture.put(&format!(
        "-- ../tools/sudo --\n#!/bin/sh\necho \"$@\" >> '{}'\nexec \"$@\"\n",
        mark.display()
    ));
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    fixture.put("-- .cargo/config.toml --\ninclude = [\"more.toml\"]\n");
    fixture.put(&format!(
        "-- .cargo/more.toml --\n[target.'cfg(unix)']\nrunner = {:?}\n",
        script.display().to_string()
    ));
    let run = fixture.optimize(&["--yes", "--measure", "none"]).exits(0);
    run.says("warning: `").says("more.toml` sets `target.\"cfg(unix)\".runner` to");
    assert!(mark.exists(), "{run:?}");
    assert!(run.ids("applied").contains(&"unused-dependency:one/ghoul".to_owned()), "{run:?}");
}

#[test]
fn profiles_and_wrappers_are_named_and_an_ordinary_workspace_is_not_spoken_of() {
    let fixture = Fixture::new(SMALL);
    let run = fixture.optimize(&["--check"]).exits(1);
    assert!(!run.stderr.contains(" sets `"), "{run:?}");
    assert!(run.notes().is_empty(), "{run:?}");
    fixture.put(
        "-- .cargo/config.toml --\n[build]\nrustc-wrapper = \"no-such-wrapper\"\n\
         [profile.dev]\nopt-level = 2\n[env]\nPASSWORD = \"hunter2\"\n",
    );
    let run = fixture.optimize(&["--check"]).exits(1);
    let notes = run.notes();
    assert_eq!(notes.len(), 3, "{notes:?}");
    for part in [
        "`build.rustc-wrapper` to `no-such-wrapper`: every compilation runs through it",
        "`profile.dev.opt-level` to `2`: it wins over the profiles of the manifest",
        "sets the variable `PASSWORD` (`[env]`)",
    ] {
        assert!(notes.iter().any(|note| note.contains(part)), "`{part}` in {notes:?}");
        run.says(part);
    }
    // Of the diff it is a line of the file; nothing else repeats it.
    assert!(!format!("{notes:?}{}", run.stderr).contains("hunter2"), "{run:?}");
}
