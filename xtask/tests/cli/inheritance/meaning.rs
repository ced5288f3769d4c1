//! What an entry means, moved with it: names, features that name it, paths.

use super::becomes;

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
