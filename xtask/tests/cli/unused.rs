//! `unused-dependency`: what looks unused, what only the compiler knows, what nobody may remove.

use crate::support::Fixture;

#[test]
fn what_only_an_example_an_attribute_a_macro_a_test_or_a_build_script_names_is_kept() {
    let fixture = Fixture::unlocked(
        r#"
-- Cargo.toml --
[package]
name = "one"
version = "0.1.0"
edition = "2021"

[dependencies]
ghost = "1"
ghoul = "0.3"
mimic = "2"
plume = "1"
shadowy-name = "0.1"
shelf = "5.5"

[dev-dependencies]
tokio = "1"

[build-dependencies]
shelf = "5.5"
-- build.rs --
fn main() {
    shelf::oak();
}
-- src/lib.rs --
// ghoul::boo() is a thing of the past, and shelf::oak() too /* plume */.

/// ```
/// ghost::boo();
/// ```
#[mimic::mimic]
pub fn one() {}

#[macro_export]
macro_rules! scribble {
    () => {
        plume::write()
    };
}

pub use other_name::here;
-- tests/alone.rs --
#[test]
fn it_sleeps() {
    let _ = || tokio::STARTED;
}
"#,
    );
    fixture.vendor_all();
    fixture.vendor("tokio", "1.41.0", "", "pub const STARTED: bool = true;\n");
    fixture.lock();
    let run = fixture.optimized(&["--only", "unused-dependency"]);
    let removed = ["unused-dependency:one/ghoul", "unused-dependency:one/shelf"];
    assert_eq!(run.ids("applied"), removed[..1], "{run:?}");
    assert_eq!(
        fixture.read("Cargo.toml"),
        r#"[package]
name = "one"
version = "0.1.0"
edition = "2021"

[dependencies]
ghost = "1"
mimic = "2"
plume = "1"
shadowy-name = "0.1"
shelf = "5.5"

[dev-dependencies]
tokio = "1"

[build-dependencies]
shelf = "5.5"
"#
    );
    fixture.cargo(&["test", "--quiet", "--locked", "--offline"]);
}

#[test]
fn what_a_feature_names_or_a_user_may_switch_on_is_kept_with_the_reason() {
    let fixture = Fixture::new(
        r#"
-- Cargo.toml --
[package]
name = "one"
version = "0.1.0"
edition = "2021"

[features]
fancy = ["plume/ink"]

[dependencies]
plume = "1"
ghost = { version = "1", optional = true }

[target.'cfg(windows)'.dependencies]
ghoul = "0.3"
-- src/lib.rs --
"#,
    );
    let before = fixture.read("Cargo.toml");
    let run = fixture.optimized(&["--only", "unused-dependency"]);
    assert!(run.ids("applied").is_empty(), "{run:?}");
    run.holds("unused-dependency:one/plume", "skipped", "feature fancy names it");
    run.holds("unused-dependency:one/ghost", "skipped", "it is optional");
    run.holds("unused-dependency:one/ghoul", "skipped", "target");
    assert_eq!(fixture.read("Cargo.toml"), before);
    assert!(fixture.backups().is_empty(), "nothing was written, so there is nothing to undo");
}

#[test]
fn what_only_generated_code_names_is_saved_by_the_compiler() {
    let fixture = Fixture::new(
        r#"
-- Cargo.toml --
[package]
name = "one"
version = "0.1.0"
edition = "2021"

[dependencies]
# for the code that build.rs writes
ghost = "1"
ghoul = "0.3"
-- build.rs --
fn main() {
    let path = std::path::Path::new(&std::env::var("OUT_DIR").unwrap()).join("made.rs");
    std::fs::write(path, format!("use g{}::boo as _;", "host")).unwrap();
}
-- src/lib.rs --
include!(concat!(env!("OUT_DIR"), "/made.rs"));
"#,
    );
    let run = fixture.optimized(&["--only", "unused-dependency"]);
    assert_eq!(run.ids("applied"), ["unused-dependency:one/ghoul"]);
    run.holds(
        "unused-dependency:one/ghost",
        "rejected",
        "made.rs:1:5: error[E0432]: unresolved import",
    );
    let manifest = fixture.read("Cargo.toml");
    assert!(
        manifest.ends_with("[dependencies]\n# for the code that build.rs writes\nghost = \"1\"\n"),
        "{manifest}"
    );
}

#[test]
fn what_a_vendored_crate_names_is_not_named_by_the_package_around_it() {
    let fixture = Fixture::with_vendor_inside(
        "-- Cargo.toml --\n[package]\nname = \"one\"\nedition = \"2021\"\n\n[dependencies]\n\
         ghost = \"1\"\nhaunt = \"1\"\n-- src/lib.rs --\npub use haunt::*;\n\
         -- vendor/haunt/Cargo.toml --\n[package]\nname = \"haunt\"\nversion = \"1.0.0\"\n\
         -- vendor/haunt/.cargo-checksum.json --\n{\"files\":{}}\n\
         -- vendor/haunt/src/lib.rs --\npub fn ghost() {}\n",
    );
    fixture.vendor_all_in("vendor");
    fixture.lock();
    let run = fixture.optimize(&["--dry-run", "--only", "unused-dependency"]).exits(0);
    assert_eq!(run.ids("planned"), ["unused-dependency:one/ghost"], "{run:?}");
}

#[test]
fn what_cargo_hakari_writes_is_left_to_it_and_its_crate_is_kept() {
    let fixture = Fixture::new(
        r#"
-- Cargo.toml --
[workspace]
resolver = "2"
members = ["app", "hack"]

[workspace.dependencies]
workspace-hack = { path = "hack" }
-- app/Cargo.toml --
[package]
name = "app"
version = "0.1.0"
edition = "2021"

[dependencies]
ghoul = "0.3"
workspace-hack.workspace = true
-- app/src/lib.rs --
-- hack/Cargo.toml --
[package]
name = "workspace-hack"
version = "0.1.0"
edition = "2021"

### BEGIN HAKARI SECTION
[dependencies]
ghost = "1"
plume = { version = "1", features = ["ink"] }
### END HAKARI SECTION
-- hack/src/lib.rs --
"#,
    );
    let run = fixture.optimize(&["--dry-run", "--only", "unused-dependency"]).exits(0);
    assert_eq!(run.ids("planned"), ["unused-dependency:app/ghoul"], "{run:?}");
    let reason = "`cargo hakari` writes its dependencies, and would write them again";
    run.holds("unused-dependency:workspace-hack/*", "skipped", reason);
    let reason = "its only purpose is to unify features";
    run.holds("unused-dependency:app/workspace-hack", "skipped", reason);
    assert_eq!(run.ids("skipped").len(), 2, "one record for all that is written: {run:?}");
}
