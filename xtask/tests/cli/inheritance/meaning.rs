//! What an entry means, moved with it: names, features that name it, paths.

use super::{RUN, becomes};
use crate::support::{Fixture, assert_same};

#[test]
fn renamed_packages_keep_both_names() {
    becomes(
        r#"
-- Cargo.toml --
[workspace]
resolver = "2"
members = ["core", "app"]

[workspace.dependencies]
feather = { package = "plume", version = "1", features = ["ink"] }
shelf = "6.1"
-- core/Cargo.toml --
[package]
name = "core-types"
version = "0.1.0"
edition = "2021"

[dependencies]
feather = { package = "plume", version = "1.0.4", features = ["ink", "quill"] } # a pen
rack = { package = "shelf", version = "6.1", default-features = false }
-- core/src/lib.rs --
pub use feather::ink;
pub use rack::pine;
-- app/Cargo.toml --
[package]
name = "app"
version = "0.1.0"
edition = "2024"

[dependencies]
# under a name of its own
rack = { version = "6", package = "shelf" }
old = { version = "5", package = "shelf" }
-- app/src/main.rs --
fn main() {
    rack::pine();
    old::oak();
}
"#,
        r#"
-- Cargo.toml --
[workspace]
resolver = "2"
members = ["core", "app"]

[workspace.dependencies]
feather = { package = "plume", version = "1.0.4", features = ["ink"] }
rack = { version = "6.1", package = "shelf", default-features = false }
shelf = "6.1"
-- core/Cargo.toml --
[package]
name = "core-types"
version = "0.1.0"
edition = "2021"

[dependencies]
feather = { workspace = true, features = ["quill"] } # a pen
rack = { workspace = true }
-- app/Cargo.toml --
[package]
name = "app"
version = "0.1.0"
edition = "2024"

[dependencies]
# under a name of its own
rack = { workspace = true, default-features = true }
old = { version = "5", package = "shelf" }
"#,
    );
}

#[test]
fn optional_dependencies_stay_optional_and_named_by_their_features() {
    becomes(
        r#"
-- Cargo.toml --
[workspace]
resolver = "2"
members = ["core", "app"]

[workspace.dependencies]
tokio = "1"
-- core/Cargo.toml --
[package]
name = "core-types"
version = "0.1.0"
edition = "2021"

[features]
default = ["pens"]
pens = ["dep:plume", "plume?/quill"]
scary = ["ghost"]
late = ["tokio?/time"]

[dependencies]
plume = { version = "1", features = ["ink"], optional = true }
ghost = { version = "1", optional = true }
tokio = { version = "1", optional = true, features = ["rt"] }
-- core/src/lib.rs --
#[cfg(feature = "pens")]
pub use plume::ink;
-- app/Cargo.toml --
[package]
name = "app"
version = "0.1.0"
edition = "2021"

[features]
pens = ["plume/quill"]

[dependencies]
core-types = { path = "../core", default-features = false }
plume = { optional = true, version = "1" }
ghost = "1"
-- app/src/lib.rs --
"#,
        r#"
-- Cargo.toml --
[workspace]
resolver = "2"
members = ["core", "app"]

[workspace.dependencies]
ghost = "1"
plume = "1"
tokio = "1"
-- core/Cargo.toml --
[package]
name = "core-types"
version = "0.1.0"
edition = "2021"

[features]
default = ["pens"]
pens = ["dep:plume", "plume?/quill"]
scary = ["ghost"]
late = ["tokio?/time"]

[dependencies]
plume = { workspace = true, features = ["ink"], optional = true }
ghost = { workspace = true, optional = true }
tokio = { workspace = true, optional = true, features = ["rt"] }
-- app/Cargo.toml --
[package]
name = "app"
version = "0.1.0"
edition = "2021"

[features]
pens = ["plume/quill"]

[dependencies]
core-types = { path = "../core", default-features = false }
plume = { optional = true, workspace = true }
ghost = { workspace = true }
"#,
    );
}

#[test]
fn paths_are_declared_as_the_root_sees_them_in_a_rooted_workspace() {
    becomes(
        r#"
-- Cargo.toml --
[package]
name = "top"
version = "0.1.0"
edition = "2021"

[workspace]
members = ["crates/*"]

[workspace.dependencies]
# in no order
shelf = "6"
ghost = "1"

[dependencies]
core-types = { path = "crates/core", version = "0.1" }
beside = { path = "../beside" }
shelf = "6.1"

[profile.dev]
debug = 0
-- src/lib.rs --
-- crates/core/Cargo.toml --
[package]
name = "core-types"
version = "0.1.2"
edition = "2021"
-- crates/core/src/lib.rs --
-- crates/app/Cargo.toml --
[package]
name = "app"
version = "0.1.0"
edition = "2021"

[dependencies]
core-types = { version = "0.1.2", path = "../core" }
top = { path = "../.." }
beside = { path = "../../../beside" }

[dev-dependencies]
core-types = { version = "0.1", path = "../../crates/core/" }
-- crates/app/src/lib.rs --
-- ../beside/Cargo.toml --
[package]
name = "beside"
version = "0.1.0"
edition = "2021"

[dependencies]
shelf = "6.1"

[workspace]
-- ../beside/src/lib.rs --
"#,
        r#"
-- Cargo.toml --
[package]
name = "top"
version = "0.1.0"
edition = "2021"

[workspace]
members = ["crates/*"]

[workspace.dependencies]
# in no order
shelf = "6.1"
ghost = "1"
beside = { path = "../beside" }
core-types = { version = "0.1.2", path = "crates/core" }

[dependencies]
core-types = { workspace = true }
beside = { workspace = true }
shelf = { workspace = true }

[profile.dev]
debug = 0
-- crates/app/Cargo.toml --
[package]
name = "app"
version = "0.1.0"
edition = "2021"

[dependencies]
core-types = { workspace = true }
top = { path = "../.." }
beside = { workspace = true }

[dev-dependencies]
core-types = { workspace = true }
-- ../beside/Cargo.toml --
[package]
name = "beside"
version = "0.1.0"
edition = "2021"

[dependencies]
shelf = "6.1"

[workspace]
"#,
    );
}

#[test]
fn a_registry_and_a_git_repository_are_carried_over() {
    let fixture = Fixture::unlocked(
        r#"
-- Cargo.toml --
[workspace]
resolver = "2"
members = ["core", "app"]

[workspace.dependencies]
ghost = "1"
-- core/Cargo.toml --
[package]
name = "core-types"
version = "0.1.0"
edition = "2021"

[dependencies]
plume = { git = "https://example.invalid/plume", tag = "v1.0.4", features = ["ink"] }
shelf = { version = "6", registry = "private" }
ghost = { version = "1", registry = "private" }
-- core/src/lib.rs --
-- app/Cargo.toml --
[package]
name = "app"
version = "0.1.0"
edition = "2021"

[dependencies]
shelf = { registry = "private", version = "6.1" }

[dependencies.plume]
tag = "v1.0.4"
git = "https://example.invalid/plume"
version = "1"

[dev-dependencies]
plume = { git = "https://example.invalid/plume", version = "1", tag = "v1.0.4" }
-- app/src/lib.rs --
"#,
    );
    let git = "https://example.invalid/plume";
    let index = "sparse+https://example.invalid/index/";
    let config = fixture.read("../.cargo/config.toml");
    let more = format!(
        "\n[registries.private]\nindex = \"{index}\"\n\n\
         [source.private]\nregistry = \"{index}\"\nreplace-with = \"vendored\"\n\n\
         [source.repository]\ngit = \"{git}\"\ntag = \"v1.0.4\"\nreplace-with = \"vendored\"\n"
    );
    fixture.put_bytes("../.cargo/config.toml", (config + &more).as_bytes());
    fixture.vendor_all();
    // What comes from a repository has no checksum, and has to be locked before it is replaced.
    let checksum = "../vendor/plume-1.0.4/.cargo-checksum.json";
    fixture.put_bytes(checksum, b"{\"files\":{},\"package\":null}");
    let package = |name: &str, version: &str, rest: &str| {
        format!("\n[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n{rest}\n")
    };
    let private = format!("source = \"{index}\"\nchecksum = \"{}\"", "5e".repeat(32));
    let revision = format!("source = \"git+{git}?tag=v1.0.4#{}\"", "a1".repeat(20));
    let lock = [
        "version = 4\n".to_owned(),
        package("app", "0.1.0", "dependencies = [\n \"plume\",\n \"shelf\",\n]"),
        package(
            "core-types",
            "0.1.0",
            "dependencies = [\n \"ghost\",\n \"plume\",\n \"shelf\",\n]",
        ),
        package("ghost", "1.2.0", &private),
        package("plume", "1.0.4", &revision),
        package("shelf", "6.1.0", &private),
    ];
    fixture.put_bytes("Cargo.lock", lock.concat().as_bytes());
    let before = fixture.tree();
    let run = fixture.optimized(&RUN);
    // Of the three, two name a version, and those are of one member.
    run.holds("not-inherited:core-types/plume", "skipped", "only one of the two names a version");
    run.holds("not-inherited:core-types/ghost", "skipped", "another source");
    fixture.assert_files(
        "-- Cargo.toml --\n[workspace]\nresolver = \"2\"\nmembers = [\"core\", \"app\"]\n\n\
         [workspace.dependencies]\nghost = \"1\"\n\
         shelf = { version = \"6.1\", registry = \"private\" }\n",
    );
    fixture.run(&["restore"]).exits(0);
    assert_same(&before, &fixture.tree());

    fixture.replace("core/Cargo.toml", "tag =", "version = \"1\", tag =");
    let run = fixture.optimized(&RUN);
    let entry = format!("plume = {{ version = \"1\", git = \"{git}\", tag = \"v1.0.4\" }}\n");
    assert!(fixture.read("Cargo.toml").contains(&entry), "{run:?}");
    let app = fixture.read("app/Cargo.toml");
    assert!(app.contains("[dependencies.plume]\nworkspace = true\n\n[dev"), "{app}");
    fixture.cargo(&["check", "--workspace", "--locked", "--offline", "--quiet"]);
}
