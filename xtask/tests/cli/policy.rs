//! `[workspace.metadata.optimize]` and the lists that other tools left: the owner's word is last.

use crate::support::Fixture;

fn with_policy(policy: &str, member: &str) -> Fixture {
    Fixture::new(&format!(
        r#"
-- Cargo.toml --
[workspace]
resolver = "2"
members = ["core", "app"]

[workspace.dependencies]
plume = "1"

{policy}
-- core/Cargo.toml --
[package]
name = "core-types"
version = "0.1.0"
edition = "2021"

[dependencies]
shelf = "5.5"
ghost = "1"
ghoul = "0.3"
{member}
-- core/src/lib.rs --
pub use shelf::width as _;
-- app/Cargo.toml --
[package]
name = "app"
version = "0.1.0"
edition = "2021"

[dependencies]
shelf = "6.1"
-- app/src/lib.rs --
pub use shelf::width as _;
"#
    ))
}

#[test]
fn an_ignored_pass_is_skipped_and_an_ignored_change_too() {
    let policy = "[workspace.metadata.optimize]\n\
        ignore = [\"duplicate-version\", \"unused-dependency:core-types/ghost\"]";
    let fixture = with_policy(policy, "");
    let run = fixture.optimize(&["--dry-run"]).exits(0);
    let reason = "[workspace.metadata.optimize]";
    run.holds("duplicate-version:shelf", "skipped", reason);
    run.holds("unused-dependency:core-types/ghost", "skipped", reason);
    assert!(run.ids("planned").contains(&"unused-dependency:core-types/ghoul".to_owned()));
}

#[test]
fn a_pin_outranks_the_highest_version() {
    let policy = "[workspace.metadata.optimize.pin]\nshelf = \"5.5\"";
    let fixture = with_policy(policy, "");
    fixture.optimized(&["--only", "duplicate-version"]).holds(
        "duplicate-version:shelf",
        "applied",
        "members require 5.5 (core-types), 6.1 (app)",
    );
    assert!(fixture.read("Cargo.toml").contains("plume = \"1\"\nshelf = \"5.5\"\n"));
    let lock = fixture.read("Cargo.lock");
    assert!(lock.contains("5.5.3") && !lock.contains("6.1.0"), "{lock}");
}

#[test]
fn what_the_workspace_or_another_tools_list_keeps_is_kept() {
    let policy = "[workspace.metadata.optimize]\nkeep = [\"ghost\", \"plume\"]";
    let member = "\n[package.metadata.cargo-machete]\nignored = [\"ghoul\"]";
    let fixture = with_policy(policy, member);
    let passes = "unused-dependency,unused-workspace-dependency";
    let run = fixture.optimize(&["--dry-run", "--only", passes]).exits(0);
    assert!(run.ids("planned").is_empty(), "{run:?}");
    run.holds("unused-dependency:core-types/ghost", "skipped", "ignore list");
    run.holds("unused-dependency:core-types/ghoul", "skipped", "ignore list");
}

#[test]
fn an_unknown_key_is_an_error_and_not_a_silent_default() {
    let fixture = with_policy("[workspace.metadata.optimize]\nignored = []", "");
    let before = fixture.whole_tree();
    let run = fixture.run(&["optimize", "--yes"]).exits(2);
    run.says("[workspace.metadata.optimize]").says("`ignored`").says("`ignore`");
    run.says(fixture.path("Cargo.toml").to_str().unwrap());
    crate::support::assert_same(&before, &fixture.whole_tree());
}

#[test]
fn what_is_mistyped_in_the_policy_is_answered_with_the_nearest() {
    for (policy, error, near) in [
        ("ingore = []", "unknown key `ingore`", "did you mean `ignore`?"),
        ("ignore = [\"profle\"]", "`profle` names no pass", "did you mean `profile`?"),
        ("budget = { clean_dev = 1.1 }", "unknown key `clean_dev`", "did you mean `clean-dev`?"),
    ] {
        let fixture = with_policy(&format!("[workspace.metadata.optimize]\n{policy}"), "");
        let run = fixture.run(&["optimize", "--dry-run"]).exits(2);
        run.says(error).says(near);
    }
}

#[test]
fn an_ignored_id_that_stands_for_nothing_any_more_is_noted_once_all_passes_ran() {
    let ignored = "[workspace.metadata.optimize]\nignore = [\"unused-dependency:core-types/vanished\", \
        \"unused-dependency:core-types/gost\", \"unused-dependency:core-types/ghoul\", \
        \"duplicate-version:plume\", \"duplicate-version:shelf\", \"broad-features:shelf\", \
        \"package-bloat:package\", \"wasm:app\"]";
    let fixture = with_policy(ignored, "");
    let run = fixture.optimize(&["--dry-run"]).exits(0);
    let json = run.json();
    let notes: Vec<&str> =
        json["notes"].as_array().unwrap().iter().map(|note| note.as_str().unwrap()).collect();
    let about = |id: &str| notes.iter().find(|note| note.contains(&format!("`{id}`")));
    for gone in
        ["unused-dependency:core-types/vanished", "duplicate-version:plume", "broad-features:shelf"]
    {
        assert!(about(gone).is_some_and(|note| note.ends_with("the entry can go")), "{notes:?}");
    }
    let near = about("unused-dependency:core-types/gost").unwrap();
    assert!(near.contains("did you mean `unused-dependency:core-types/ghost`?"), "{near}");
    // The first two are found; of the others a full target directory or another machine decides.
    for kept in [
        "unused-dependency:core-types/ghoul",
        "duplicate-version:shelf",
        "package-bloat:package",
        "wasm:app",
    ] {
        assert!(about(kept).is_none(), "{notes:?}");
    }
    run.says("the entry can go");
    fixture.optimize(&["--check"]).exits(1).says("the entry can go");
    let some = fixture.optimize(&["--dry-run", "--skip", "wasm"]).exits(0);
    assert!(!some.stderr.contains("the entry can go"), "{some:?}");
}

#[test]
fn a_package_without_a_workspace_has_its_policy_in_its_own_table() {
    let package = "-- Cargo.toml --\n[package]\nname = \"alone\"\nversion = \"0.1.0\"\n\
        edition = \"2021\"\n[dependencies]\nghost = \"1\"\n\
        [package.metadata.optimize]\nkeep = [\"ghost\"]\n-- src/lib.rs --\n";
    let fixture = Fixture::new(package);
    let run = fixture.optimize(&["--dry-run", "--only", "unused-dependency"]).exits(0);
    run.holds("unused-dependency:alone/ghost", "skipped", "ignore list");
}

#[test]
fn a_policy_that_nothing_would_read_is_an_error() {
    let member = "\n[package.metadata.optimize]\nkeep = [\"ghost\"]";
    let fixture = with_policy("", member);
    let run = fixture.run(&["optimize", "--dry-run"]).exits(2);
    run.says("of the member `core-types` is read by nothing").says("[workspace.metadata.optimize]");
}
