//! `duplicate-version` beside other entries, tables and requirements that name the same package.

use crate::support::{Fixture, Run};

/// `core` and `app` with a table of `shelf` each and what they use of it; `core` has `ghoul` besides.
fn shelves(root: &str, core: (&str, &str), app: (&str, &str)) -> Fixture {
    let ((core, core_code), (app, app_code)) = (core, app);
    Fixture::new(&format!(
        r#"
-- Cargo.toml --
[workspace]
resolver = "2"
members = ["core", "app"]
{root}
-- core/Cargo.toml --
[package]
name = "core-types"
version = "0.1.0"
edition = "2021"

[lib]
doctest = false

[dependencies]
ghoul = "0.3"
{core}
-- core/src/lib.rs --
{core_code}
-- app/Cargo.toml --
[package]
name = "app"
version = "0.1.0"
edition = "2021"

[lib]
doctest = false

[dependencies]
{app}
-- app/src/lib.rs --
{app_code}
"#
    ))
}

/// Entries that nobody inherits: one that an alternative may need, and one to be removed in any case.
const UNINHERITED: &str = "\n[workspace.dependencies]\nplume = \"1\"\nshelf = \"5.5\"\n";
const OAK: (&str, &str) = ("shelf = \"5.5\"", "pub use shelf::oak as _;");
const PINE: (&str, &str) = ("shelf = \"6.1\"", "pub use shelf::pine as _;");
const WIDTH: (&str, &str) = ("shelf = \"6.1\"", "pub use shelf::width as _;");
const GHOUL: &str = "unused-dependency:core-types/ghoul";

#[track_caller]
fn compiles(fixture: &Fixture) {
    fixture.cargo(&["check", "--workspace", "--locked", "--offline", "--quiet"]);
}

#[track_caller]
fn applied(run: &Run, id: &str) {
    assert!(run.ids("applied").contains(&id.to_owned()), "no `{id}` in {run:?}");
}

fn shelves_in_lock(fixture: &Fixture) -> usize {
    fixture.read("Cargo.lock").matches("name = \"shelf\"").count()
}

#[test]
fn an_alternative_keeps_the_workspace_entry_that_it_makes_members_inherit() {
    let fixture = shelves(UNINHERITED, OAK, WIDTH);
    let run = fixture.optimized(&[]);
    applied(&run, "duplicate-version:shelf");
    applied(&run, GHOUL);
    let root = fixture.read("Cargo.toml");
    assert!(root.contains("shelf = \"5.5\"") && !root.contains("plume"), "{run:?}");
    for member in ["core/Cargo.toml", "app/Cargo.toml"] {
        assert!(fixture.read(member).contains("shelf = { workspace = true }"), "{run:?}");
    }
    assert_eq!(shelves_in_lock(&fixture), 1, "{run:?}");
    compiles(&fixture);
}

#[test]
fn an_entry_that_no_version_of_suits_everybody_breaks_nothing_when_it_goes() {
    let fixture = shelves(UNINHERITED, OAK, PINE);
    let run = fixture.optimized(&[]);
    run.holds("duplicate-version:shelf", "rejected", "error[E0432]: unresolved import");
    applied(&run, GHOUL);
    assert!(!fixture.read("Cargo.toml").contains("plume"), "{run:?}");
    assert!(fixture.read("core/Cargo.toml").contains("shelf = \"5.5\""), "{run:?}");
    assert!(fixture.read("app/Cargo.toml").contains("shelf = \"6.1\""), "{run:?}");
    assert!(!fixture.read("core/Cargo.toml").contains("ghoul"), "{run:?}");
    assert_eq!(shelves_in_lock(&fixture), 2, "{run:?}");
    compiles(&fixture);
}

#[test]
fn versions_of_which_another_target_uses_one_are_left_with_the_reason() {
    let windows = "shelf = \"6.1\"\n\n[target.'cfg(windows)'.dependencies]\nshelf = \"6.1\"";
    let fixture = shelves("", OAK, (windows, WIDTH.1));
    let before = fixture.tree();
    let run = fixture.optimized(&["--only", "duplicate-version"]);
    run.holds("duplicate-version:shelf", "skipped", "which other hosts compile");
    run.holds("duplicate-version:shelf", "skipped", "app uses shelf in");
    assert!(run.ids("applied").is_empty(), "{run:?}");
    crate::support::assert_same(&before, &fixture.tree());
}

#[test]
fn a_requirement_that_allows_every_version_is_no_candidate() {
    for (code, stays) in [("pub use shelf::width as _;", "6."), (OAK.1, "5.5")] {
        let fixture = shelves("", (OAK.0, code), ("shelf = \">=5\"", WIDTH.1));
        assert_eq!(shelves_in_lock(&fixture), 2, "the fixture has two versions");
        let run = fixture.optimized(&[]);
        applied(&run, "duplicate-version:shelf");
        assert_eq!(shelves_in_lock(&fixture), 1, "{run:?}");
        let root = fixture.read("Cargo.toml");
        assert!(root.contains(&format!("shelf = \"{stays}")), "{root}");
        for manifest in ["Cargo.toml", "core/Cargo.toml", "app/Cargo.toml"] {
            assert!(!fixture.read(manifest).contains(">="), "`{manifest}` after {run:?}");
        }
        compiles(&fixture);
    }
}

#[test]
fn a_package_alone_does_not_become_a_workspace() {
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
shelf = "5.5"

[dev-dependencies]
shelf = "6.1"
-- src/lib.rs --
pub use shelf::width as _;
"#,
    );
    let run = fixture.optimized(&[]);
    let manifest = fixture.read("Cargo.toml");
    assert!(!manifest.contains("[workspace"), "{manifest}\n{run:?}");
    assert!(!manifest.contains("workspace = true"), "{manifest}\n{run:?}");
    fixture.cargo(&["check", "--locked", "--offline", "--quiet"]);
}
