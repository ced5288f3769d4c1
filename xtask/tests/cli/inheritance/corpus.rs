//! Workspaces in odd forms: whatever is inherited in them, cargo resolves the same.

use super::{RUN, inherited};
use crate::support::Fixture;

/// Each has something to inherit.
const CORPUS: [(&str, &str); 6] = [
    (
        "old spellings, quoted keys, and spaces anywhere",
        r#"
-- Cargo.toml --
workspace = { members = ["one", "two"], dependencies = { "layer" = "1", 'plume'='1' } }
-- one/Cargo.toml --
[package]
name = "one"
version = "0.1.0"
edition = "2018"

[dev_dependencies]
"layer" = { version = "1" , default_features = false , features = [ "alloc", ] }
[build_dependencies]
plume={version="1",features=["ink",'quill']}
-- one/src/lib.rs --
-- one/build.rs --
fn main() {}
-- two/Cargo.toml --
[package]
name = "two"
version = "0.1.0"
edition = "2018"

[ dependencies ]
  layer   =   { workspace = true   , default_features = true }
  plume.workspace=true
[ target . 'cfg(windows)' . dependencies . ghost ]
version = "1"
[target]
'cfg(unix)' = { dependencies = { ghost = "1" } }
-- two/src/lib.rs --
"#,
    ),
    (
        "a package that is patched",
        r#"
-- Cargo.toml --
[workspace]
resolver = "2"
members = ["one", "two"]
exclude = ["patched"]

[workspace.dependencies]
ghost = "1"

[patch.crates-io]
plume = { path = "patched" }
-- patched/Cargo.toml --
[package]
name = "plume"
version = "1.7.0"
edition = "2021"

[features]
default = ["ink"]
ink = []
quill = []
-- patched/src/lib.rs --
-- one/Cargo.toml --
[package]
name = "one"
version = "0.1.0"
edition = "2021"

[dependencies]
plume = { version = "1.6", default-features = false }
ghost = "1.2"
-- one/src/lib.rs --
-- two/Cargo.toml --
[package]
name = "two"
version = "0.1.0"
edition = "2021"

[dependencies]
plume = { version = "1", features = ["quill"] }
-- two/src/lib.rs --
"#,
    ),
    (
        "one key with one meaning for each target",
        r#"
-- Cargo.toml --
[package]
name = "top"
version = "0.1.0"
edition = "2021"

[workspace]
members = ["one"]
resolver = "2"

[workspace.dependencies]
layer = { version = "1.0", features = ["serial"] }

[target.'cfg(windows)'.dependencies]
layer = { version = "1", features = ["serial"] }

[target.'cfg(not(target_os = "macos"))'.dev-dependencies]
layer = { version = "1.3", default-features = false }

[target.'cfg(any(windows, target_env = "musl"))'.dependencies]
layer = { version = "1", default-features = false, features = ["alloc"] }
-- src/lib.rs --
-- one/Cargo.toml --
[package]
name = "one"
version = "0.1.0"
edition = "2021"

[target.'aarch64-linux-android'.build-dependencies]
layer.workspace = true

[target.'cfg(target_arch = "wasm32")'.dependencies]
layer = { workspace = true, default-features = true }
-- one/src/lib.rs --
"#,
    ),
    (
        "features that name what is inherited, weakly and not",
        r#"
-- Cargo.toml --
[workspace]
resolver = "1"
members = ["one", "two"]

[workspace.dependencies]
layer = { version = "1", default-features = false, features = ["alloc", "serial"] }
-- one/Cargo.toml --
[package]
name = "one"
version = "0.1.0"
edition = "2021"

[features]
default = ["quiet"]
quiet = []
full = ["dep:layer", "layer/std", "layer?/serial", "two/full"]
pens = ["feather?/quill"]

[dependencies]
layer = { version = "1", optional = true, features = ["alloc"] }
feather = { package = "plume", version = "1", optional = true }
two = { path = "../two", version = "0.1" }
-- one/src/lib.rs --
-- two/Cargo.toml --
[package]
name = "two"
version = "0.1.0"
edition = "2021"

[features]
full = ["feather", "layer/serial"]

[dependencies]
feather = { package = "plume", version = "1", features = ["ink"], optional = true }
layer = { version = "1", default-features = false }
-- two/src/lib.rs --
"#,
    ),
    (
        "two versions and two names of one package",
        r#"
-- Cargo.toml --
[workspace]
resolver = "2"
members = ["one", "two", "three", "four"]

[workspace.dependencies]
shelf = { version = "6", default-features = false }
-- one/Cargo.toml --
[package]
name = "one"
version = "0.1.0"
edition = "2021"

[dependencies]
shelf = "6"
old-shelf = { package = "shelf", version = "5" }
-- one/src/lib.rs --
-- two/Cargo.toml --
[package]
name = "two"
version = "0.1.0"
edition = "2021"

[dependencies]
shelf = { version = "6.1", default-features = true }

[dev-dependencies]
old-shelf = { version = "5.5", package = "shelf" }
-- two/src/lib.rs --
-- three/Cargo.toml --
[package]
name = "three"
version = "0.1.0"
edition = "2024"

[dependencies]
shelf.version = "6"
shelf.default-features = false
-- three/src/lib.rs --
-- four/Cargo.toml --
[package]
name = "four"
version = "0.1.0"
edition = "2024"

[dependencies]
shelf = "5.5"
-- four/src/lib.rs --
"#,
    ),
    (
        "members that depend on each other, and a dependency in three kinds",
        r#"
-- Cargo.toml --
[workspace]
resolver = "3"
members = ["crates/*"]

[workspace.dependencies]
one = { path = "./crates/one", features = ["loud"] }
-- crates/one/Cargo.toml --
[package]
name = "one"
version = "0.1.0"
edition = "2024"

[features]
default = ["calm"]
calm = []
loud = []

[dependencies]
ghost = "1"

[dev-dependencies]
ghost = "1.2"

[build-dependencies]
ghost = "1.1"
-- crates/one/src/lib.rs --
-- crates/one/build.rs --
fn main() {}
-- crates/two/Cargo.toml --
[package]
name = "two"
version = "0.1.0"
edition = "2024"

[dependencies]
one = { workspace = true }
ghost = { version = "1", default-features = false }

[target.'cfg(target_os = "macos")'.dependencies]
one = { path = "../one", default-features = false }
-- crates/two/src/lib.rs --
"#,
    ),
];

#[test]
fn every_member_gets_the_same_on_every_target_it_names() {
    for (what, files) in CORPUS {
        let before = Fixture::unlocked(files).tree();
        let after = inherited(files);
        let written = |path: &&String| path.ends_with("Cargo.toml");
        let changed = before
            .keys()
            .filter(written)
            .filter(|path| before[*path].1 != after.read(path).into_bytes());
        assert!(changed.count() > 1, "nothing is inherited in: {what}");
        // Whatever is left has a reason, and stays left.
        let run = after.optimize(&[&["--dry-run"], &RUN[..]].concat()).exits(0);
        assert!(run.ids("planned").is_empty(), "{what}: {run:?}");
    }
}
