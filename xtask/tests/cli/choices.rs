//! `duplicate-version` beside what somebody chose: patches, pins, pre-releases, other sources.

use crate::support::{Fixture, assert_same};

const ONLY: [&str; 2] = ["--only", "duplicate-version"];
const SHELF: &str = "duplicate-version:shelf";

/// `first` and `second` with their dependencies; `root` goes into the root manifest.
fn members(root: &str, first: &str, second: &str) -> Fixture {
    let fixture = Fixture::unlocked(&format!(
        r#"
-- Cargo.toml --
[workspace]
resolver = "2"
members = ["first", "second"]
{root}
-- first/Cargo.toml --
[package]
name = "first"
version = "0.1.0"
edition = "2021"

[dependencies]
{first}
-- first/src/lib.rs --
pub use shelf::width as _;
-- second/Cargo.toml --
[package]
name = "second"
version = "0.1.0"
edition = "2021"

[dependencies]
{second}
-- second/src/lib.rs --
pub use shelf::width as _;
"#
    ));
    fixture.vendor_all();
    fixture
}

#[track_caller]
fn changes_nothing(fixture: &Fixture, verdict: &str, reason: &str) {
    let before = fixture.tree();
    let run = fixture.optimized(&ONLY);
    run.holds(SHELF, verdict, reason);
    assert!(run.ids("applied").is_empty(), "{run:?}");
    assert_same(&before, &fixture.tree());
    fixture.optimize(&["--check", ONLY[0], ONLY[1]]).exits(0);
}

#[test]
fn a_requirement_that_somebody_capped_stays_whatever_others_require() {
    for pinned in ["=5.5.3", "<6", "~5.5", ">=5, <6"] {
        let fixture = members("", &format!("shelf = \"{pinned}\""), "shelf = \"=6.1.0\"");
        fixture.lock();
        let reason = format!("first asks for shelf {pinned}, which is left as it is");
        changes_nothing(&fixture, "blocked", &reason);
    }
}

#[test]
fn what_moves_to_a_pinned_version_leaves_the_pin_as_it_is() {
    let fixture = members("", "shelf = \"5.5\"", "shelf = \"=6.1.0\"");
    fixture.lock();
    let run = fixture.optimized(&ONLY);
    assert_eq!(run.ids("applied"), [SHELF], "{run:?}");
    assert!(fixture.read("first/Cargo.toml").contains("shelf = \"6.1\""));
    assert!(fixture.read("second/Cargo.toml").contains("shelf = \"=6.1.0\""));
}

#[test]
fn a_patched_package_is_not_led_away_from_its_patch() {
    let patch = "\n[patch.crates-io]\nshelf = { path = \"fork\" }\n";
    let fixture = members(patch, "shelf = \"5.5\"", "shelf = \"6.1\"");
    fixture.put(
        "-- fork/Cargo.toml --\n[package]\nname = \"shelf\"\nversion = \"5.5.9\"\nedition = \"2021\"\n\
         -- fork/src/lib.rs --\npub fn width() -> u32 {\n    5\n}\n",
    );
    fixture.replace("Cargo.toml", "members = ", "exclude = [\"fork\"]\nmembers = ");
    fixture.lock();
    changes_nothing(&fixture, "skipped", "5.5.9 comes from a path");
}

#[test]
fn a_member_with_the_name_of_a_released_package_is_no_duplicate_to_remove() {
    let fixture = members("", "shelf = { path = \"../shelf\" }", "shelf = \"5.5\"");
    fixture.put(
        "-- shelf/Cargo.toml --\n[package]\nname = \"shelf\"\nversion = \"6.1.0\"\nedition = \"2021\"\n\
         -- shelf/src/lib.rs --\npub fn width() -> u32 {\n    6\n}\n",
    );
    fixture.replace("Cargo.toml", "\"second\"]", "\"second\", \"shelf\"]");
    fixture.lock();
    changes_nothing(&fixture, "skipped", "6.1.0 comes from a path");
}

#[test]
fn a_pre_release_is_nothing_to_come_to() {
    let fixture = members("", "shelf = \"=7.0.0-rc.1\"", "shelf = \"6.1\"");
    fixture.vendor("shelf", "7.0.0-rc.1", "", "pub fn width() -> u32 {\n    7\n}\n");
    fixture.lock();
    changes_nothing(&fixture, "blocked", "first asks for shelf =7.0.0-rc.1");
}

#[test]
fn members_are_not_moved_where_others_hold_both_versions() {
    let fixture = members("", "shelf = \"5.5\"\nold = \"1\"", "shelf = \"6.1\"\nnew = \"1\"");
    for (name, shelf) in [("old", "5.5"), ("new", "6.1")] {
        let manifest = format!("[dependencies]\nshelf = \"{shelf}\"\n");
        fixture.vendor(name, "1.0.0", &manifest, "");
    }
    fixture.lock();
    changes_nothing(
        &fixture,
        "blocked",
        "old 1.0.0 still asks for shelf 5.5.3; old would have to move",
    );
}

#[test]
fn a_name_that_the_workspace_gives_to_another_package_is_not_inherited() {
    let shared = "\n[workspace.dependencies]\nshelf = { package = \"ghost\", version = \"1\" }\n";
    let fixture = members(shared, "shelf = \"5.5\"", "shelf = \"6.1\"");
    fixture.lock();
    let run = fixture.optimized(&ONLY);
    assert_eq!(run.ids("applied"), [SHELF], "{run:?}");
    assert!(fixture.read("first/Cargo.toml").contains("shelf = \"6.1\""));
    assert!(fixture.read("Cargo.toml").contains("package = \"ghost\""));
}

#[test]
fn what_counted_on_a_removal_falls_with_it() {
    // `hid` is used through a macro alone, so that its removal is tried and falls; `hid` and `lead` ask
    // for the old shelf, and only `lead` has a newer release.
    let fixture = members("", "hid = \"1\"\nlead = \"1\"\nspell = \"1\"", "shelf = \"6.1\"");
    let old = "[dependencies]\nshelf = \"5.5\"\n";
    fixture.vendor("hid", "1.0.0", old, "pub fn hide() {}\n");
    fixture.vendor("lead", "1.0.0", old, "pub fn go() {}\n");
    let spell =
        "#[macro_export]\nmacro_rules! cast {\n    () => {\n        ::hid::hide()\n    };\n}\n";
    fixture.vendor("spell", "1.0.0", "", spell);
    let code = "pub fn f() {\n    lead::go();\n    spell::cast!();\n}\n";
    fixture.put_bytes("first/src/lib.rs", code.as_bytes());
    fixture.lock();
    fixture.vendor("lead", "2.0.0", "[dependencies]\nshelf = \"6.1\"\n", "pub fn go() {}\n");
    let before = fixture.tree();
    let run = fixture.optimized(&["--only", "duplicate-version,unused-dependency"]);
    assert!(run.ids("applied").is_empty(), "{run:?}");
    run.holds("unused-dependency:first/hid", "rejected", "error[E0433]");
    run.holds(SHELF, "rejected", "resolved, shelf 5.5.3 is still there");
    assert_same(&before, &fixture.tree());
}
