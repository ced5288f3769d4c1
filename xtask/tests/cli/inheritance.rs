//! `not-inherited`, byte for byte: what is written once instead of several times, and what every member
//! gets on every target it names, before and after.

use std::collections::BTreeMap;

use crate::support::{Fixture, assert_same};

mod corpus;
mod forms;
mod meaning;

/// Concrete triples for whatever the manifests below name.
const TARGETS: [(&str, &str); 7] = [
    ("cfg(unix)", "x86_64-unknown-linux-gnu"),
    ("cfg(windows)", "x86_64-pc-windows-msvc"),
    ("cfg(target_os = \"macos\")", "aarch64-apple-darwin"),
    ("cfg(not(target_os = \"macos\"))", "x86_64-unknown-linux-musl"),
    ("cfg(target_arch = \"wasm32\")", "wasm32-unknown-unknown"),
    ("cfg(any(windows, target_env = \"musl\"))", "aarch64-unknown-linux-musl"),
    ("aarch64-linux-android", "aarch64-linux-android"),
];

/// Triples that the manifests of a text name.
fn targets(files: &str) -> Vec<&'static str> {
    let heads = files.split("target.'").skip(1).filter_map(|rest| rest.split('\'').next());
    let triple = |name: &str| {
        let known = TARGETS.iter().find(|(known, _)| *known == name);
        known.unwrap_or_else(|| panic!("no triple for `{name}`")).1
    };
    heads.map(triple).collect()
}

fn fixture(files: &str) -> Fixture {
    let fixture = Fixture::unlocked(files);
    fixture.vendor_all();
    let features = "[features]\ndefault = [\"std\"]\nstd = []\nalloc = []\nserial = [\"alloc\"]\n";
    fixture.vendor("layer", "1.3.0", features, "");
    fixture.lock();
    fixture
}

/// What cargo resolves for each member on the host and on each target, with default and all features.
fn resolved(fixture: &Fixture, targets: &[&str]) -> BTreeMap<String, String> {
    let list = fixture.cargo(&["tree", "--workspace", "--depth=0", "--prefix=none", "-f={p}"]);
    let members = list.lines().filter_map(|line| line.split(' ').next()).filter(|m| !m.is_empty());
    let fixed = ["tree", "-e=normal,build,dev", "-f={p} {f}", "--prefix=none", "--offline"];
    let mut out = BTreeMap::new();
    for member in members {
        for target in std::iter::once(&"").chain(targets) {
            for more in [&[][..], &["--all-features"]] {
                let choice = if target.is_empty() { Vec::new() } else { vec!["--target", *target] };
                let arguments = [&fixed[..], &["--locked", "-p", member], &choice, more].concat();
                out.insert(arguments.join(" "), fixture.cargo(&arguments));
            }
        }
    }
    out
}

const RUN: [&str; 2] = ["--only", "not-inherited"];

/// Runs the pass; every member must get the same as before, a second run finds nothing, and `restore`
/// leads back. Returns the files as they are in between.
#[track_caller]
fn inherited(files: &str) -> Fixture {
    let fixture = fixture(files);
    let targets = targets(files);
    let (tree, before) = (fixture.tree(), resolved(&fixture, &targets));
    let run = fixture.optimized(&RUN);
    assert!(run.ids("rejected").is_empty(), "{run:?}");
    for (what, features) in resolved(&fixture, &targets) {
        assert_eq!(before[&what], features, "cargo {what}: {run:?}");
    }
    fixture.optimize(&[&["--check"], &RUN[..]].concat()).exits(0);
    let after = fixture.tree();
    if after != tree {
        fixture.run(&["restore"]).exits(0);
        assert_same(&tree, &fixture.tree());
        fixture.optimized(&RUN);
        assert_same(&after, &fixture.tree());
    }
    fixture
}

/// The same, with every file as it has to be in between.
#[track_caller]
fn becomes(before: &str, after: &str) {
    inherited(before).assert_files(after);
}

#[test]
fn other_workspaces_and_what_is_excluded_are_left_alone() {
    let apart = r#"
-- apart/Cargo.toml --
[package]
name = "apart"
version = "0.1.0"
edition = "2021"

[dependencies]
ghost = "1"
shelf = "6.1"
-- nest/Cargo.toml --
[package]
name = "nest"
version = "0.1.0"
edition = "2021"

[workspace]
members = ["egg"]

[workspace.dependencies]
shelf = "6.1"

[dependencies]
ghost = "1"
shelf = "6.1"
-- nest/egg/Cargo.toml --
[package]
name = "egg"
version = "0.1.0"
edition = "2021"

[dependencies]
shelf = "6.1"
"#;
    let before = r#"
-- apart/src/lib.rs --
-- nest/src/lib.rs --
-- nest/egg/src/lib.rs --
-- Cargo.toml --
[workspace]
resolver = "2"
members = ["core", "app"]
exclude = ["apart", "nest"]

[workspace.dependencies]
shelf = "6.1"
-- core/Cargo.toml --
[package]
name = "core-types"
version = "0.1.0"
edition = "2021"

[dependencies]
apart = { path = "../apart" }
ghost = "1"
-- core/src/lib.rs --
-- app/Cargo.toml --
[package]
name = "app"
version = "0.1.0"
edition = "2021"

[dependencies]
nest = { path = "../nest" }
shelf = "6.1"
-- app/src/lib.rs --
"#;
    let app = "-- app/Cargo.toml --\n[package]\nname = \"app\"\nversion = \"0.1.0\"\n\
        edition = \"2021\"\n\n[dependencies]\nnest = { path = \"../nest\" }\n\
        shelf = { workspace = true }\n";
    // One member uses `ghost`, as do two packages that are none.
    becomes(&format!("{before}{apart}"), &format!("{app}{}", apart.trim_start()));
}

#[test]
fn what_is_not_alike_is_left_with_the_reason() {
    let fixture = fixture(
        r#"
-- Cargo.toml --
[workspace]
resolver = "2"
members = ["core", "app", "tool"]

[workspace.dependencies]
plume = { version = "1", features = ["ink"] }
shadowy-name = { version = "0.1", package = "shadowy-name" }
shelf = "6.1"
-- core/Cargo.toml --
[package]
name = "core-types"
version = "0.1.0"
edition = "2021"

[dependencies]
plume = { workspace = true }
shelf = "5.5"
ghost = "1"
-- core/src/lib.rs --
-- app/Cargo.toml --
[package]
name = "app"
version = "0.1.0"
edition = "2021"

[dependencies]
plume = { workspace = true }
shadowy-name = "0.1"
ghost = ">=1, <2"
-- app/src/lib.rs --
pub use other_name::here;
-- tool/Cargo.toml --
[package]
name = "tool"
version = "0.1.0"
edition = "2021"

[dependencies]
plume = "1"
-- tool/src/lib.rs --
"#,
    );
    let before = fixture.tree();
    let run = fixture.optimized(&RUN);
    assert_same(&before, &fixture.tree());
    for (entry, reason) in [
        ("core-types/shelf", "it requires 5.5, the workspace 6.1"),
        ("app/shadowy-name", "only one of the two says `package`"),
        ("core-types/ghost", "it requires 1, app >=1, <2"),
        (
            "tool/plume",
            "it would gain the features ink; for the workspace's entry to do without, 2",
        ),
    ] {
        run.holds(&format!("not-inherited:{entry}"), "skipped", reason);
    }
}

#[test]
fn other_passes_find_what_has_moved() {
    let fixture = fixture(
        r#"
-- Cargo.toml --
[workspace]
resolver = "2"
members = ["core", "app"]

[workspace.dependencies]
plume = "1"
-- core/Cargo.toml --
[package]
name = "core-types"
version = "0.1.0"
edition = "2021"

[dependencies]
ghost = "1"
plume = "1"
tokio = { version = "1", features = ["full"] }
-- core/src/lib.rs --
pub use tokio::time::sleep;
pub use plume::write;
-- app/Cargo.toml --
[package]
name = "app"
version = "0.1.0"
edition = "2021"

[dependencies]
ghost = "1"
tokio = { version = "1.40", features = ["full"] }
-- app/src/lib.rs --
pub use tokio::sync::Mutex;
"#,
    );
    let passes = "unused-dependency,not-inherited,broad-features,unused-workspace-dependency";
    let run = fixture.optimized(&["--only", passes]);
    // Nobody uses `ghost`: there is nothing left of it to declare together.
    let applied = [
        "unused-dependency:app/ghost",
        "unused-dependency:core-types/ghost",
        "not-inherited:plume",
        "not-inherited:tokio",
        "broad-features:tokio",
    ];
    assert_eq!(run.ids("applied"), applied, "{run:?}");
    let root = fixture.read("Cargo.toml");
    let tokio = "plume = \"1\"\ntokio = { version = \"1.40\", features = [\"sync\", \"time\"] }\n";
    assert!(root.ends_with(tokio), "{root}");
    let app = fixture.read("app/Cargo.toml");
    assert!(app.ends_with("[dependencies]\ntokio = { workspace = true }\n"), "{app}");
    fixture.optimize(&["--check", "--only", passes]).exits(0);
}
