//! `validate` with budgets: the exit code, the table of what broke, the summary for a pull request, and
//! another revision built side by side.

use crate::support::{Fixture, Run};

const ONE: &str = r#"
-- Cargo.toml --
[package]
name = "one"
version = "0.1.0"
edition = "2021"

[workspace.metadata.optimize.budget]
binary = 1.05
clean-dev = 50.0
clean-release = 50.0
duplicates = 3
units = 100
-- src/main.rs --
fn main() {
    println!("small");
}
"#;

/// A program that is a megabyte larger than the one committed.
fn grown() -> Fixture {
    let fixture = Fixture::new(ONE);
    fixture.commit();
    fixture.put(
        "-- src/main.rs --\nstatic ROOM: [u8; 1 << 20] = [7; 1 << 20];\n\nfn main() {\n    \
         println!(\"{}\", ROOM[std::env::args().count()]);\n}\n",
    );
    fixture
}

fn budget(run: &Run, what: &str) -> serde_json::Value {
    let budgets = run.json()["budgets"].as_array().unwrap().clone();
    let row = budgets.iter().find(|row| row["what"] == what);
    row.unwrap_or_else(|| panic!("no budget on `{what}` in {budgets:?}")).clone()
}

#[test]
fn a_program_that_outgrows_its_budget_fails_against_the_revision_before() {
    let fixture = grown();
    let args = ["validate", "--against", "HEAD", "--no-test"];
    let run = fixture.run(&[&args[..], &["--format", "json"]].concat()).exits(1);
    let row = budget(&run, "binary-bytes");
    assert_eq!(row["ok"], false);
    assert!(row["found"].as_f64().unwrap() > 1.05, "{row:#}");
    assert_eq!(budget(&run, "clean-release")["ok"], true);
    // Where a budget is set, it alone decides.
    let checks = run.json()["checks"].as_array().unwrap().clone();
    let timed = checks.iter().find(|check| check["name"] == "timed builds");
    assert_eq!(timed.expect("the check is there")["ok"], true);
    assert_eq!(budget(&run, "duplicates")["found"], 0.0);
    let whats: Vec<_> = run.json()["measurements"].as_array().unwrap().to_vec();
    for what in ["clean-dev", "clean-release", "incremental-core", "binary-bytes", "duplicates"] {
        assert!(whats.iter().any(|row| row["what"] == what), "`{what}` was not compared");
    }

    let run = fixture.run(&[&args[..], &["--summary", "markdown"]].concat()).exits(1);
    for part in [
        "**Failed:** ",
        "budget binary-bytes",
        "| linked binaries |",
        "**broken**",
        "clean dev build",
    ] {
        assert!(run.stdout.contains(part), "{part} is missing in\n{}", run.stdout);
    }
}

#[test]
fn counts_are_held_without_timed_builds_and_ratios_are_skipped_aloud() {
    let fixture = Fixture::new(&ONE.replace("units = 100", "units = 0"));
    let run = fixture.run(&["validate", "--quick"]).exits(1);
    let lines: Vec<&str> = run.stdout.lines().collect();
    let table = lines.iter().position(|line| line.starts_with("budget ")).expect("a table");
    assert!(lines[table + 1].starts_with("units"), "what is broken comes first: {lines:?}");
    assert!(lines[table + 1].ends_with("BROKEN"), "{lines:?}");
    assert!(lines[table + 2..].iter().any(|line| {
        line.starts_with("clean release build")
            && line.ends_with("(nothing measured to compare with)")
    }));
}

#[test]
fn a_revision_without_a_lock_file_is_built_with_the_versions_of_the_working_tree() {
    let fixture = Fixture::new(ONE);
    fixture.put("-- .gitignore --\nCargo.lock\ntarget\n");
    fixture.commit();
    let run = fixture.run(&["validate", "--against", "HEAD", "--no-test", "--format", "json"]);
    assert!(run.notes().iter().any(|note| note.contains("`HEAD` has no Cargo.lock")), "{run:?}");
}

#[test]
fn more_processors_than_there_are_cannot_be_measured_on() {
    let fixture = Fixture::new(ONE);
    fixture
        .run(&["validate", "--quick", "--cores", "100000"])
        .exits(2)
        .says("hint: measure on a machine");
}

#[test]
fn a_workspace_that_does_not_build_fails_and_is_reported() {
    let fixture = Fixture::new(ONE);
    fixture.put("-- src/main.rs --\nfn main() -> u32 {}\n");
    let run = fixture.run(&["validate", "--no-test", "--format", "json"]).exits(1);
    let checks = run.json()["checks"].as_array().unwrap().clone();
    for name in ["check", "timed builds"] {
        let check = checks.iter().find(|check| check["name"] == name).expect("the check is there");
        assert_eq!(check["ok"], false, "{check:#}");
    }
}
