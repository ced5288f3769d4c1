//! What one run rejected the next does not try again, as long as nothing has changed that the verdict depended on.

use std::{fs, path::Path};

use crate::support::{Fixture, Run, unfolded};

const PASS: [&str; 2] = ["--only", "unused-dependency"];
const GHOST: &str = "unused-dependency:core/ghost";
const GHOUL: &str = "unused-dependency:app/ghoul";
const VERDICTS: &str = ".xtask-history/verdicts.json";

/// `core` needs `ghost` for code that its build script writes; nobody needs the `ghoul` of `app`, if there is one.
const GENERATED: &str = r#"
-- Cargo.toml --
[workspace]
resolver = "2"
members = ["core", "app"]
-- core/Cargo.toml --
[package]
name = "core"
version = "0.1.0"
edition = "2021"

[dependencies]
ghost = "1"
-- core/build.rs --
fn main() {
    let path = std::path::Path::new(&std::env::var("OUT_DIR").unwrap()).join("made.rs");
    std::fs::write(path, format!("use g{}::boo as _;", "host")).unwrap();
}
-- core/src/lib.rs --
include!(concat!(env!("OUT_DIR"), "/made.rs"));
-- app/Cargo.toml --
[package]
name = "app"
version = "0.1.0"
edition = "2021"

[dependencies]
ghoul = "0.3"
-- app/src/lib.rs --
pub const DATA: &str = include_str!("data.txt");
-- app/src/data.txt --
one
"#;

/// After a run that rejected one change and committed another.
fn judged() -> (Fixture, Run) {
    let fixture = Fixture::new(GENERATED);
    let run = fixture.optimized(&PASS);
    assert_eq!(
        (run.ids("applied"), run.ids("rejected")),
        (ids(&[GHOUL]), ids(&[GHOST])),
        "{run:?}"
    );
    assert!(run.change(GHOST).get("remembered").is_none(), "{run:?}");
    // Whatever is made there from now on is made by the next run.
    fs::remove_dir_all(fixture.path("target")).unwrap();
    (fixture, run)
}

fn ids(ids: &[&str]) -> Vec<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

/// Name of the run's directory.
fn id_of(run: &Run) -> String {
    let json = run.json();
    let directory = Path::new(json["report"].as_str().unwrap());
    directory.file_name().unwrap().to_str().unwrap().to_owned()
}

/// Holds a run to have tried nothing: no copy was made and nothing compiled.
#[track_caller]
fn tried_nothing(fixture: &Fixture, run: &Run) {
    let json = run.json();
    assert!(json["baseline"].is_null() && json["candidate"].is_null(), "{run:?}");
    assert!(!run.stderr.contains("Copying") && !run.stderr.contains("Checking"), "{run:?}");
    assert!(!fixture.path("target/xtask").exists(), "{run:?}");
}

/// Runs again, and holds the change to be tried again.
#[track_caller]
fn is_tried_again(fixture: &Fixture, args: &[&str]) {
    let run = fixture.optimized(&[&PASS, args].concat());
    assert_eq!(run.ids("rejected"), ids(&[GHOST]), "{run:?}");
    assert!(run.change(GHOST).get("remembered").is_none(), "{run:?}");
    assert!(!run.json()["baseline"].is_null(), "{run:?}");
}

/// The line that a run prints to silence what was rejected.
#[track_caller]
fn line(run: &Run) -> String {
    let said = unfolded(&run.stderr, 13);
    let (_, rest) = said.split_once("put `").unwrap_or_else(|| panic!("no line in {run:?}"));
    rest.split('`').next().unwrap().to_owned()
}

#[test]
fn what_was_rejected_is_not_tried_again_and_no_check_fails_for_it() {
    let (fixture, first) = judged();
    let id = id_of(&first);
    let before = fixture.whole_tree();
    let second = fixture.optimized(&PASS);
    second.says("nothing to do");
    let spent = &second.json()["spent"];
    assert!(spent["cargo_seconds"].as_f64() <= spent["wall_seconds"].as_f64(), "{spent}");
    assert!(spent["wall_seconds"].is_number(), "{spent}");
    tried_nothing(&fixture, &second);
    second.holds(GHOST, "rejected", &format!("rejected by the run {id}: "));
    second.holds(GHOST, "rejected", "error[E0432]");
    assert_eq!(second.change(GHOST)["remembered"].as_str(), Some(id.as_str()));
    let check = fixture.optimize(&[&["--check"], &PASS[..]].concat()).exits(0);
    check.says(GHOST).says(&id).says("ignore = [\"unused-dependency:core/ghost\"]");
    tried_nothing(&fixture, &check);
    let look = fixture.optimize(&[&["--dry-run"], &PASS[..]].concat()).exits(0);
    assert_eq!((look.ids("planned"), look.ids("rejected")), (ids(&[]), ids(&[GHOST])));
    crate::support::assert_same(&before, &fixture.whole_tree());
}

#[test]
fn where_everything_was_rejected_that_is_remembered_as_well() {
    let fixture = Fixture::new(GENERATED);
    fixture.replace("app/src/lib.rs", "pub const", "pub use ghoul::boo;\npub const");
    let first = fixture.optimized(&PASS);
    assert_eq!((first.ids("applied"), first.ids("rejected")), (ids(&[]), ids(&[GHOST])));
    assert!(first.json()["backup"].is_null(), "{first:?}");
    fs::remove_dir_all(fixture.path("target")).unwrap();
    tried_nothing(&fixture, &fixture.optimized(&PASS));
}

#[test]
fn the_line_that_a_check_prints_silences_it_for_good_with_what_is_silenced_already() {
    let fixture = Fixture::new(GENERATED);
    let policy = "\n[workspace.metadata.optimize]\nignore = [\"gitignore\"]\n";
    let manifest = fixture.read("Cargo.toml") + policy;
    fixture.put_bytes("Cargo.toml", manifest.as_bytes());
    fixture.optimized(&PASS);
    let check = fixture.optimize(&[&["--check"], &PASS[..]].concat()).exits(0);
    let line = line(&check);
    assert_eq!(line, "ignore = [\"gitignore\", \"unused-dependency:core/ghost\"]");
    fixture.replace("Cargo.toml", "ignore = [\"gitignore\"]", &line);
    fs::remove_dir_all(fixture.path(".xtask-history")).unwrap();
    let again = fixture.optimize(&[&["--check"], &PASS[..]].concat()).exits(0);
    again.holds(GHOST, "skipped", "ignored by `[workspace.metadata.optimize]`");
    assert!(!again.stderr.contains("ignore = ["), "{again:?}");
}

#[test]
fn an_edited_source_or_what_it_includes_is_reason_to_try_again() {
    let (fixture, _) = judged();
    let data = fixture.read("app/src/data.txt");
    for content in ["two\n", "six\n"] {
        fixture.put_bytes("app/src/data.txt", content.as_bytes());
        let check = fixture.optimize(&[&["--check"], &PASS[..]].concat()).exits(1);
        assert_eq!(check.ids("planned"), ids(&[GHOST]), "{check:?}");
    }
    fixture.put_bytes("app/src/data.txt", data.as_bytes());
    fixture.optimize(&[&["--check"], &PASS[..]].concat()).exits(0);
    fixture.put_bytes("core/build.rs", b"fn main() {}\n");
    fixture.put_bytes("core/src/lib.rs", b"");
    let run = fixture.optimized(&PASS);
    assert_eq!(run.ids("applied"), ids(&[GHOST]), "what made it fail is gone: {run:?}");
}

#[test]
fn flags_configuration_and_a_lock_file_that_changed_are_reasons_to_try_again() {
    let (fixture, _) = judged();
    let check = [&["optimize", "--format", "json", "--check"], &PASS[..]].concat();
    fixture.run(&check).exits(0);
    for (key, value) in [
        ("RUSTFLAGS", "--cfg other"),
        ("CARGO_PROFILE_DEV_DEBUG", "0"),
        ("CC", "another-cc"),
        ("CARGO_BUILD_RUSTDOCFLAGS", "--cfg other"),
    ] {
        let run = fixture.run_with(&[(key, value)], &check).exits(1);
        assert_eq!(run.ids("planned"), ids(&[GHOST]), "{key}");
    }
    fixture.run_with(&[("CARGO_BUILD_JOBS", "1")], &check).exits(0);
    let config = fixture.read("../.cargo/config.toml");
    fixture.put_bytes("../.cargo/config.toml", format!("{config}[net]\nretry = 3\n").as_bytes());
    fixture.run(&check).exits(1);
    fixture.put_bytes("../.cargo/config.toml", config.as_bytes());
    fixture.run(&check).exits(0);
    let lock = fixture.read("Cargo.lock");
    fixture.put_bytes("Cargo.lock", format!("{lock}\n# by hand\n").as_bytes());
    fixture.run(&check).exits(1);
    fixture.put_bytes("Cargo.lock", lock.as_bytes());
    fixture.replace("Cargo.toml", "resolver = \"2\"", "resolver = \"3\"");
    fixture.run(&check).exits(1);
}

#[test]
fn it_is_tried_again_on_demand_and_the_newer_verdict_takes_the_place() {
    let (fixture, _) = judged();
    let check = fixture.optimize(&[&["--check", "--retry-rejected"], &PASS[..]].concat()).exits(1);
    check.says("Pending");
    is_tried_again(&fixture, &["--retry-rejected"]);
    let verdicts = fixture.read(VERDICTS);
    assert_eq!(verdicts.matches(GHOST).count(), 1, "the newer takes the place: {verdicts}");
}

#[test]
fn a_memory_that_is_damaged_or_gone_is_warned_of_and_written_anew() {
    let (fixture, _) = judged();
    fixture.put_bytes(VERDICTS, b"{\"schema\":1,\"verd");
    let check = fixture.optimize(&[&["--check"], &PASS[..]].concat()).exits(1);
    check.says("what was rejected before is not known").says("verdicts.json");
    is_tried_again(&fixture, &[]);
    fixture.optimize(&[&["--check"], &PASS[..]].concat()).exits(0);
    fs::remove_dir_all(fixture.path(".xtask-history")).unwrap();
    let check = fixture.optimize(&[&["--check"], &PASS[..]].concat()).exits(1);
    assert!(!check.stderr.contains("warning"), "{check:?}");
}

#[test]
fn runs_of_other_passes_leave_it_as_it_is() {
    let (fixture, _) = judged();
    let before = fixture.read(VERDICTS);
    fixture.optimized(&["--only", "gitignore"]);
    assert_eq!(fixture.read(VERDICTS), before);
    fixture.optimize(&[&["--check"], &PASS[..]].concat()).exits(0);
}

#[test]
fn after_a_restore_what_failed_by_itself_is_not_tried_again_and_the_rest_is_pending() {
    let (fixture, _) = judged();
    fixture.run(&["restore"]).exits(0);
    let check = fixture.optimize(&[&["--check"], &PASS[..]].concat()).exits(1);
    assert_eq!(check.ids("planned"), ids(&[GHOUL]), "{check:?}");
    assert_eq!(check.ids("rejected"), ids(&[GHOST]), "{check:?}");
    let run = fixture.optimized(&PASS);
    assert_eq!(run.ids("applied"), ids(&[GHOUL]), "{run:?}");
    fixture.optimize(&[&["--check"], &PASS[..]].concat()).exits(0);
}

#[test]
fn what_only_looks_remembers_nothing() {
    let fixture = Fixture::new(GENERATED);
    let before = fixture.whole_tree();
    fixture.optimize(&[&["--check"], &PASS[..]].concat()).exits(1);
    fixture.optimize(&[&["--dry-run"], &PASS[..]].concat()).exits(0);
    crate::support::assert_same(&before, &fixture.whole_tree());
}

#[test]
fn what_could_not_be_resolved_without_a_registry_is_tried_again() {
    let fixture = Fixture::new(GENERATED);
    fixture.replace("app/src/data.txt", "one", "two");
    fixture.replace("core/Cargo.toml", "ghost = \"1\"", "ghost = \"1\"\nshelf = \"5.5\"");
    fixture.replace("app/Cargo.toml", "ghoul = \"0.3\"", "shelf = \"6.1\"");
    fixture.put_bytes("app/src/lib.rs", b"pub use shelf::width as _;\n");
    let made = fixture.read("core/src/lib.rs") + "pub use shelf::width as _;\n";
    fixture.put_bytes("core/src/lib.rs", made.as_bytes());
    let pin = "\n[workspace.metadata.optimize]\npin = { shelf = \"7\" }\n";
    let manifest = fixture.read("Cargo.toml") + pin;
    fixture.put_bytes("Cargo.toml", manifest.as_bytes());
    fixture.cargo(&["update", "--workspace", "--offline"]);
    let passes = ["--only", "duplicate-version", "--offline"];
    for _ in 0..2 {
        let run = fixture.optimized(&passes);
        assert_eq!(run.ids("rejected"), ids(&["duplicate-version:shelf"]), "{run:?}");
        assert!(run.change("duplicate-version:shelf").get("remembered").is_none(), "{run:?}");
    }
}
