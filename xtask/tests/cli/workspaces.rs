//! Shapes of workspaces: virtual and rooted, renames, targets, path dependencies that lie outside.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::support::{Fixture, assert_same, tree};

/// What each member asks for, by member, name in code, kind and target.
fn requests(fixture: &Fixture) -> BTreeMap<String, BTreeSet<String>> {
    let arguments = ["metadata", "--format-version=1", "--no-deps", "--locked", "--offline"];
    let metadata: Value = serde_json::from_str(&fixture.cargo(&arguments)).unwrap();
    let mut out = BTreeMap::new();
    for package in metadata["packages"].as_array().unwrap() {
        for dependency in package["dependencies"].as_array().unwrap() {
            let [member, name] = [&package["name"], &dependency["name"]];
            let [rename, kind, target, optional] =
                ["rename", "kind", "target", "optional"].map(|field| &dependency[field]);
            let key = format!("{member} {name} {rename} {kind} {target} {optional}");
            let features = dependency["features"].as_array().unwrap().iter();
            let mut features: BTreeSet<String> = features.map(Value::to_string).collect();
            if dependency["uses_default_features"] == true {
                features.insert("default".to_owned());
            }
            out.insert(key, features);
        }
    }
    out
}

/// Two members that ask for much the same in many forms; `root` is the manifest above them.
fn with_root(root: &str) -> Fixture {
    Fixture::new(&format!(
        r#"
{root}
resolver = "2"
members = ["core", "app"]

[workspace.dependencies]
plume = {{ version = "1.0", default-features = false, features = ["ink"] }}
shelf = "6.1"
ghost = "1"
-- src/lib.rs --
pub fn root() {{
    ghost::boo();
}}
-- core/Cargo.toml --
[package]
name = "core-types"
version = "0.1.0"
edition = "2021"

[features]
scary = ["dep:ghost"]

[dependencies]
feather = {{ package = "plume", version = "1", default-features = false }}
ghost = {{ version = "1", optional = true }}

[target.'cfg(windows)'.dependencies]
shelf = "6.1"

[build-dependencies]
shelf = {{ version = "6.1.0" }}
-- core/build.rs --
fn main() {{
    shelf::pine();
}}
-- core/src/lib.rs --
pub use feather::write as pen;
#[cfg(windows)]
pub use shelf::pine;
#[cfg(feature = "scary")]
pub use ghost::boo;
-- app/Cargo.toml --
[package]
name = "app"
version = "0.1.0"
edition = "2021"

[dependencies]
core-types = {{ path = "../core", features = ["scary"] }}
plume = {{ version = "1.0", features = ["ink", "quill"] }}

[dev-dependencies]
plume = {{ version = "1.0.2", default-features = false, features = ["ink"] }}
-- app/src/main.rs --
fn main() {{
    core_types::boo();
}}

#[test]
fn it_writes() {{
    plume::write();
}}
"#
    ))
}

#[track_caller]
fn keeps_working(fixture: &Fixture) {
    let before = requests(fixture);
    let arguments = ["--yes", "--measure", "none"];
    let run = fixture.optimize(&arguments).exits(0);
    assert_eq!(requests(fixture), before, "{run:?}");
    assert!(run.ids("applied").contains(&"not-inherited:plume".to_owned()), "{run:?}");
    assert!(run.ids("rejected").is_empty(), "{run:?}");
    fixture.optimize(&arguments).exits(0).says("nothing to do");
}

const RENAMED: &str =
    "feather = { package = \"plume\", version = \"1\", default-features = false }\n";

#[test]
fn a_virtual_workspace_keeps_renames_targets_and_features() {
    let fixture = with_root("-- Cargo.toml --\n[workspace]");
    keeps_working(&fixture);
    assert!(fixture.read("core/Cargo.toml").contains(RENAMED));
    assert!(!fixture.read("Cargo.toml").contains("\n[package]"));
}

#[test]
fn a_rooted_workspace_keeps_renames_targets_and_features() {
    let root = "-- Cargo.toml --\n[package]\nname = \"root\"\nversion = \"0.1.0\"\n\
        edition = \"2021\"\n\n[dependencies]\nghost = \"1\"\n\n[workspace]";
    let fixture = with_root(root);
    keeps_working(&fixture);
    assert!(fixture.read("core/Cargo.toml").contains(RENAMED));
    assert!(fixture.read("Cargo.toml").contains("[dependencies]\nghost = { workspace = true }\n"));
}

#[test]
fn any_manifest_of_a_workspace_stands_for_all_of_it() {
    let fixture = with_root("-- Cargo.toml --\n[workspace]");
    let member = fixture.path("core/Cargo.toml");
    let arguments = ["optimize", "--dry-run", "--format", "json"];
    let by_member = fixture.run_on(&member, &arguments).exits(0).json();
    assert_eq!(by_member["workspace"], fixture.root().to_str().unwrap());
    assert_eq!(by_member["changes"], fixture.run(&arguments).exits(0).json()["changes"]);
}

const OUTSIDE: &str = r#"
-- Cargo.toml --
[workspace]
resolver = "2"
members = ["app"]
-- app/Cargo.toml --
[package]
name = "app"
version = "0.1.0"
edition = "2021"

[dependencies]
outside = { path = "../../outside" }
tokio = { version = "1", features = ["full"] }
shelf = "6.1"
ghoul = "0.3"
-- app/src/main.rs --
fn main() {
    outside::far();
    tokio::spawn();
    shelf::width();
}
-- ../outside/Cargo.toml --
[package]
name = "outside"
version = "0.1.0"
edition = "2021"

[dependencies]
ghost = "1"
tokio = { version = "1", features = ["full"] }
shelf = "5.5"

[workspace]
-- ../outside/src/lib.rs --
pub fn far() {
    shelf::oak();
    tokio::time::sleep();
}
"#;

#[test]
fn a_path_dependency_outside_the_workspace_is_built_and_never_edited() {
    let fixture = Fixture::new(OUTSIDE);
    let outside = fixture.path("../outside");
    let before = tree(&outside, &|_| false);
    let run = fixture.optimize(&["--yes", "--measure", "none"]).exits(0);
    assert_same(&before, &tree(&outside, &|_| false));
    assert!(run.ids("applied").contains(&"unused-dependency:app/ghoul".to_owned()), "{run:?}");
    run.holds("broad-features:tokio", "blocked", "`../outside/Cargo.toml` asks for full;");
    assert!(fixture.read("app/Cargo.toml").contains("features = [\"full\"]"));
    fixture.cargo(&["check", "--workspace", "--locked", "--offline", "--quiet"]);
}

#[test]
fn configuration_above_the_workspace_may_name_relative_paths() {
    // As in a repository that keeps `vendor/` at its top and the workspace in a directory; or with
    // the configuration in the workspace and `vendor/` beside it.
    for (place, directory) in [("../.cargo", "vendor"), (".cargo", "../vendor")] {
        let fixture = Fixture::new(OUTSIDE);
        std::fs::remove_file(fixture.path("../.cargo/config.toml")).unwrap();
        let config = format!(
            "[source.crates-io]\nreplace-with = \"vendored\"\n\n\
             [source.vendored]\ndirectory = \"{directory}\"\n"
        );
        fixture.put_bytes(&format!("{place}/config.toml"), config.as_bytes());
        let run = fixture.optimized(&["--only", "unused-dependency"]);
        let removed = run.ids("applied");
        assert!(removed.contains(&"unused-dependency:app/ghoul".to_owned()), "{run:?}");
    }
}

#[test]
fn a_member_outside_the_workspace_directory_is_built_and_never_edited() {
    let fixture = Fixture::new(
        r#"
-- Cargo.toml --
[workspace]
resolver = "2"
members = ["app", "../outside"]

[workspace.dependencies]
ghost = "1"
tokio = { version = "1", features = ["full"] }
-- app/Cargo.toml --
[package]
name = "app"
version = "0.1.0"
edition = "2021"

[dependencies]
ghoul = "0.3"
tokio = { workspace = true }
-- app/src/main.rs --
fn main() {
    tokio::time::sleep();
}
-- ../outside/Cargo.toml --
[package]
name = "outside"
version = "0.1.0"
edition = "2021"
workspace = "../ws"

[dependencies]
ghost = { workspace = true }
tokio = { workspace = true }
-- ../outside/src/lib.rs --
pub fn far() {
    let _ = tokio::net::TcpStream;
}
"#,
    );
    let outside = fixture.path("../outside");
    let before = tree(&outside, &|_| false);
    let run = fixture.optimized(&[]);
    assert_same(&before, &tree(&outside, &|_| false));
    assert!(run.ids("applied").contains(&"unused-dependency:app/ghoul".to_owned()), "{run:?}");
    let root = fixture.read("Cargo.toml");
    assert!(root.contains("ghost = \"1\""), "the member outside inherits it:\n{root}");
    assert!(root.contains("\"net\""), "the member outside needs it:\n{root}");
    assert!(!root.contains("\"full\"") && !root.contains("\"sync\""), "nobody needs it:\n{root}");
    fixture.cargo(&["check", "--workspace", "--locked", "--offline", "--quiet"]);
    assert_eq!(run.json()["baseline"]["targets_ok"], 2, "the member outside counts");
}

#[test]
fn a_patch_outside_the_workspace_that_nothing_uses_is_there_in_the_copy() {
    let patch = "[patch.crates-io]\nfork = { path = \"../repo/fork\" }\n";
    // In the root manifest, in the configuration of the workspace and in that above it.
    let places = [
        ("Cargo.toml", patch.to_owned()),
        (".cargo/config.toml", patch.to_owned()),
        ("../.cargo/config.toml", patch.replace("../", "")),
    ];
    for (place, text) in places {
        let fixture = Fixture::new(
            r#"
-- Cargo.toml --
[package]
name = "app"
version = "0.1.0"
edition = "2021"

[dependencies]
ghoul = "0.3"
-- src/lib.rs --
-- ../repo/Cargo.toml --
[workspace]
resolver = "2"
members = ["fork"]

[workspace.package]
edition = "2021"
-- ../repo/fork/Cargo.toml --
[package]
name = "fork"
version = "0.1.0"
edition.workspace = true
-- ../repo/fork/src/lib.rs --
"#,
        );
        let before = std::fs::read_to_string(fixture.path(place)).unwrap_or_default();
        let sides = if place == "Cargo.toml" { [&before, &text] } else { [&text, &before] };
        fixture.put_bytes(place, format!("{}\n{}", sides[0], sides[1]).as_bytes());
        fixture.lock();
        let run = fixture.optimized(&["--only", "unused-dependency"]);
        assert_eq!(run.ids("applied"), ["unused-dependency:app/ghoul"], "{place} {run:?}");
    }
}
