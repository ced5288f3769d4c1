//! The whole way on a workspace in the state the tool is for: check, optimize, again, restore.

use std::path::Path;

use serde_json::Value;

use crate::support::{Fixture, assert_same};

/// Every trait at once: two versions of `shelf`, repeated workspace entries, an umbrella feature, a
/// dependency nobody names, workspace entries nobody inherits, costly profiles.
const UNOPTIMISED: &str = r#"
-- Cargo.toml --
# The shop.
[workspace]
resolver = "2"
members = ["core", "store", "app"]

[workspace.package]
version = "0.1.0"
edition = "2021"

[workspace.dependencies]
# members
core-types = { path = "core" }

# runtime
tokio = { version = "1.40", features = ["full"] } # everything
plume = "1.0"
shelf = "5.5"

# one day
ghoul = "0.3"

[profile.release]
lto = "thin"
codegen-units = 1
-- core/Cargo.toml --
[package]
name = "core-types"
version.workspace = true
edition.workspace = true

[lib]
doctest = false

[dependencies]
shelf.workspace = true
plume.workspace = true
# haunts the place
ghost = "1.2"
-- core/src/lib.rs --
//! Nothing here says g-h-o-s-t.
pub fn describe() -> u32 {
    plume::write();
    shelf::width()
}
-- store/Cargo.toml --
[package]
name = "store"
version.workspace = true
edition.workspace = true

[lib]
doctest = false

[dependencies]
core-types = { workspace = true }
shelf = { workspace = true }
tokio = { workspace = true }
-- store/src/lib.rs --
pub fn open() -> tokio::sync::Mutex {
    tokio::spawn();
    tokio::sync::Mutex
}

#[cfg(test)]
mod tests {
    #[test]
    fn it_is_wide_enough() {
        assert!(core_types::describe() >= 5 && shelf::width() >= 5);
    }
}
-- app/Cargo.toml --
[package]
name = "app"
version = "0.1.0"
edition = "2021"

[dependencies]
core-types = { path = "../core" }
store = { path = "../store" }
plume = { version = "1.0", features = ["ink"] }
shelf = "6.1"

[dependencies.tokio]
version = "1.40"
features = ["full"]
-- app/src/main.rs --
fn main() {
    plume::ink();
    tokio::time::sleep();
    store::open();
    println!("{} {}", core_types::describe(), shelf::width());
}
"#;

const OPTIMISED: &str = r#"
-- Cargo.toml --
# The shop.
[workspace]
resolver = "2"
members = ["core", "store", "app"]

[workspace.package]
version = "0.1.0"
edition = "2021"

[workspace.dependencies]
# members
core-types = { path = "core" }

# runtime
tokio = { version = "1.40", features = ["rt", "sync", "time"] } # everything
plume = "1.0"
shelf = "6.1"

[profile.release]
lto = "thin"
codegen-units = 1

# Backtraces keep their line numbers; `cargo build --profile debugging` has everything.
[profile.dev]
debug = "line-tables-only"

[profile.dev.package."*"]
debug = false

# For a debugger: dev with all debug information.
[profile.debugging]
inherits = "dev"
debug = true

[profile.debugging.package."*"]
debug = true

# For trying things at speed: dev with optimised code.
[profile.dev-opt]
inherits = "dev"
opt-level = 2
-- core/Cargo.toml --
[package]
name = "core-types"
version.workspace = true
edition.workspace = true

[lib]
doctest = false

[dependencies]
shelf.workspace = true
plume.workspace = true
-- store/Cargo.toml --
[package]
name = "store"
version.workspace = true
edition.workspace = true

[lib]
doctest = false

[dependencies]
core-types = { workspace = true }
shelf = { workspace = true }
tokio = { workspace = true }
-- app/Cargo.toml --
[package]
name = "app"
version = "0.1.0"
edition = "2021"

[dependencies]
core-types = { workspace = true }
store = { path = "../store" }
plume = { workspace = true, features = ["ink"] }
shelf = { workspace = true }

[dependencies.tokio]
workspace = true
-- .cargo/config.toml --
[alias]
check-all = "check --workspace --all-targets"
test-all = "test --workspace --all-targets"
build-timings = "build --workspace --timings"
-- .gitignore --
target/package/*/
cargo-timing*.html
/backup-*/
"#;

fn unoptimised() -> Fixture {
    let fixture = Fixture::new(UNOPTIMISED);
    fixture.put_bytes("target/CACHEDIR.TAG", b"Signature: 8a477f597d28d172789f06886806bc55\n");
    fixture.put_bytes("target/package/store-0.1.0/src/lib.rs", b"pub fn open() {}\n");
    fixture.put_bytes("target/package/store-0.1.0.crate", b"packed");
    fixture
}

#[test]
fn everything_that_pays_is_applied_checked_repeated_and_undone() {
    let fixture = unoptimised();
    narrow_mode(&fixture, "store/Cargo.toml");
    let before = fixture.tree();
    fixture.run(&["optimize", "--check"]).exits(1);
    assert_same(&before, &fixture.tree());

    let run = fixture.optimize(&["--yes", "--measure", "none"]).exits(0);
    fixture.assert_files(OPTIMISED);
    hold_to_contract(&run.json(), &fixture);
    assert_eq!(
        run.ids("applied"),
        [
            "package-bloat:package",
            "gitignore:patterns",
            "unused-dependency:core-types/ghost",
            "duplicate-version:shelf",
            "not-inherited:core-types",
            "not-inherited:tokio",
            "not-inherited:plume",
            "broad-features:tokio",
            "unused-workspace-dependency:entries",
            "profile:dev",
            "profile:dev-opt",
            "cargo-config:aliases",
        ]
    );
    assert!(!fixture.path("target/package/store-0.1.0").exists());
    assert!(fixture.path("target/package/store-0.1.0.crate").is_file());
    fixture.cargo(&["test", "--workspace", "--all-targets", "--locked", "--offline", "--quiet"]);

    let optimised = fixture.tree();
    let again = fixture.optimize(&["--yes", "--measure", "none"]).exits(0);
    again.says("nothing to do");
    assert!(again.ids("applied").is_empty());
    fixture.run(&["optimize", "--check", "--measure", "none"]).exits(0);
    assert_same(&optimised, &fixture.tree());
    assert_eq!(fixture.backups().len(), 1);

    fixture.run(&["restore"]).exits(0);
    assert_same(&before, &fixture.tree());
}

/// The fields that readers of the JSON rely on.
fn hold_to_contract(json: &Value, fixture: &Fixture) {
    assert_eq!(json["schema"], 1);
    assert_eq!(json["workspace"], fixture.root().to_str().unwrap());
    for change in json["changes"].as_array().unwrap() {
        for field in ["id", "code", "title", "verdict", "reason"] {
            assert!(change[field].as_str().is_some_and(|text| !text.is_empty()), "{change:#}");
        }
        let verdict = change["verdict"].as_str().unwrap();
        assert!(["applied", "rejected", "skipped", "blocked"].contains(&verdict), "{change:#}");
        assert!(change["files"].as_array().unwrap().iter().all(Value::is_string), "{change:#}");
    }
    let (before, after) = (&json["baseline"], &json["candidate"]);
    for side in [before, after] {
        assert_eq!(side["targets_failed"].as_array().unwrap().len(), 0, "{side:#}");
        assert_eq!(side["targets_ok"], 3, "{side:#}");
    }
    assert_eq!((&before["duplicates"], &after["duplicates"]), (&1.into(), &0.into()));
    assert!(before["units"].as_u64().unwrap() > after["units"].as_u64().unwrap());
    for measurement in json["measurements"].as_array().unwrap() {
        assert!(measurement["what"].is_string(), "{measurement:#}");
        assert!(measurement["baseline"].is_number(), "{measurement:#}");
        assert!(measurement["candidate"].is_number(), "{measurement:#}");
        assert!(measurement["ratio"].is_number(), "{measurement:#}");
        assert!(measurement["samples"]["baseline"].is_array(), "{measurement:#}");
    }
    let names: Vec<&Value> =
        json["measurements"].as_array().unwrap().iter().map(|row| &row["what"]).collect();
    assert!(names.contains(&&"package-bytes".into()), "{names:?}");
    assert_eq!(json["backup"], fixture.backups()[0]);
    let report = Path::new(json["report"].as_str().unwrap());
    assert!(report.starts_with(fixture.path("target")), "{report:?}");
    let recorded = std::fs::read(report.join("report.json")).unwrap();
    assert_eq!(&serde_json::from_slice::<Value>(&recorded).unwrap(), json);
}

#[test]
fn check_does_not_wait_for_what_only_a_clock_can_decide() {
    // Release settings are chosen by timed builds. A check times nothing: it would fail for ever
    // where the clock has spoken against the change.
    let fixture = Fixture::new(
        "-- Cargo.toml --\n[package]\nname = \"one\"\nversion = \"0.1.0\"\n\n\
         [profile.release]\ncodegen-units = 1\n-- src/lib.rs --\n",
    );
    fixture.run(&["optimize", "--check", "--only", "profile"]).exits(1).says("profile:dev");
    let only_release = ["optimize", "--check", "--only", "profile", "--format", "json"];
    fixture.replace(
        "Cargo.toml",
        "[profile.release]",
        "[profile.dev]\ndebug = 0\npackage.\"*\".debug = 0\n\n[profile.dev-opt]\n\
         inherits = \"dev\"\n\n[profile.release]",
    );
    let run = fixture.run(&only_release).exits(0);
    assert_eq!(run.change("profile:release")["verdict"], "skipped");
}

#[cfg(unix)]
fn narrow_mode(fixture: &Fixture, path: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::Permissions::from_mode(0o640);
    std::fs::set_permissions(fixture.path(path), mode).unwrap();
}

#[cfg(not(unix))]
fn narrow_mode(_: &Fixture, _: &str) {}
