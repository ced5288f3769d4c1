//! `duplicate-version`: the compiler and the tests decide which version stays.

use crate::support::Fixture;

/// `core` requires the old `shelf`, `app` the new one; `core` has something to remove besides.
fn two_versions(core: &str, app: &str) -> Fixture {
    Fixture::new(&format!(
        r#"
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
ghost = "1"
shelf = "5.5"
-- core/src/lib.rs --
{core}
-- app/Cargo.toml --
[package]
name = "app"
version = "0.1.0"
edition = "2021"

[lib]
doctest = false

[dependencies]
shelf = "6.1"
-- app/src/lib.rs --
{app}
"#
    ))
}

const PASSES: [&str; 2] = ["--only", "duplicate-version,unused-dependency"];

#[test]
fn a_lower_version_is_taken_where_the_highest_does_not_compile() {
    let fixture =
        two_versions("pub fn build() {\n    shelf::oak();\n}", "pub use shelf::width as _;");
    let run = fixture.optimized(&PASSES);
    assert_eq!(
        run.ids("applied"),
        ["unused-dependency:core-types/ghost", "duplicate-version:shelf"]
    );
    // The reason why the first choice was not taken: place and message of the compiler.
    run.holds(
        "duplicate-version:shelf",
        "applied",
        "core/src/lib.rs:2:12: error[E0425]: cannot find",
    );
    fixture.assert_files(
        r#"
-- Cargo.toml --
[workspace]
resolver = "2"
members = ["core", "app"]

[workspace.dependencies]
shelf = "5.5"
-- core/Cargo.toml --
[package]
name = "core-types"
version = "0.1.0"
edition = "2021"

[lib]
doctest = false

[dependencies]
shelf = { workspace = true }
-- app/Cargo.toml --
[package]
name = "app"
version = "0.1.0"
edition = "2021"

[lib]
doctest = false

[dependencies]
shelf = { workspace = true }
"#,
    );
    assert!(!fixture.read("Cargo.lock").contains("6.1.0"));
}

#[test]
fn where_no_version_compiles_both_stay_and_the_rest_is_applied() {
    let fixture =
        two_versions("pub fn build() {\n    shelf::oak();\n}", "pub use shelf::pine as _;");
    let (root, app) = (fixture.read("Cargo.toml"), fixture.read("app/Cargo.toml"));
    let run = fixture.optimized(&PASSES);
    assert_eq!(run.ids("applied"), ["unused-dependency:core-types/ghost"]);
    run.holds(
        "duplicate-version:shelf",
        "rejected",
        "core/src/lib.rs:2:12: error[E0425]: cannot find",
    );
    run.says("Rejected");
    assert_eq!(fixture.read("Cargo.toml"), root);
    assert_eq!(fixture.read("app/Cargo.toml"), app);
    assert!(fixture.read("core/Cargo.toml").contains("[dependencies]\nshelf = \"5.5\"\n"));
}

#[test]
fn tests_are_run_with_what_is_kept_and_not_with_what_was_tried_last() {
    let test = "#[test]\nfn holds() {}\n";
    let fixture = two_versions(
        &format!("pub fn build() {{\n    shelf::oak();\n}}\n{test}"),
        &format!("pub use shelf::pine as _;\n{test}"),
    );
    let arguments = [&["--yes", "--measure", "none"], &PASSES[..]].concat();
    let run = fixture.optimize(&arguments).exits(0);
    assert_eq!(run.ids("applied"), ["unused-dependency:core-types/ghost"]);
    assert_eq!(run.ids("rejected"), ["duplicate-version:shelf"]);
    let passed = "2 tests passed with the changes".to_owned();
    assert!(run.notes().contains(&passed), "{run:?}");
}

#[test]
fn a_version_that_compiles_and_breaks_a_test_is_rejected() {
    let measured = |wide: u32| {
        format!("#[test]\nfn it_is_{wide}_wide() {{\n    assert_eq!(shelf::width(), {wide});\n}}")
    };
    let fixture = two_versions(&measured(5), &measured(6));
    let arguments = [&["--yes", "--measure", "none"], &PASSES[..]].concat();
    let run = fixture.optimize(&arguments).exits(0);
    assert_eq!(run.ids("applied"), ["unused-dependency:core-types/ghost"]);
    run.holds("duplicate-version:shelf", "rejected", "test `it_is_5_wide` passed before");
    assert!(fixture.read("core/Cargo.toml").contains("shelf = \"5.5\""));
    assert!(fixture.read("app/Cargo.toml").contains("shelf = \"6.1\""));
    fixture.cargo(&["test", "--workspace", "--locked", "--offline", "--quiet"]);
}

#[test]
fn a_registry_inside_the_workspace_is_no_part_of_it() {
    let fixture = Fixture::with_vendor_inside(
        r#"
-- Cargo.toml --
[workspace]
resolver = "2"
members = ["core", "app"]
-- core/Cargo.toml --
[package]
name = "core-types"
version = "0.1.0"
edition = "2021"

[dependencies]
shelf = "5.5"
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
"#,
    );
    fixture.vendor_all_in("vendor");
    fixture.lock();
    let run = fixture.optimized(&["--only", "duplicate-version"]);
    assert_eq!(run.ids("applied"), ["duplicate-version:shelf"], "{run:?}");
    assert_eq!(run.json()["baseline"]["targets_ok"], 2, "the targets of members alone");
}
