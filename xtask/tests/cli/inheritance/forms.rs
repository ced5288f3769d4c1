//! Every form of an entry, in every kind of table.

use super::{RUN, becomes};
use crate::support::{Fixture, assert_same};

#[test]
fn every_form_of_an_entry_keeps_its_form_and_its_comments() {
    becomes(
        r#"
-- Cargo.toml --
[workspace]
resolver = "2"
members = ["core", "app", "tool"]

# what is shared
[workspace.dependencies.tokio] # the runtime
version = "1.40" # as of today
# all that anybody needs
features = ["rt", "sync"]

[workspace.dependencies.plume]
version = "1"
-- core/Cargo.toml --
[package]
name = "core-types"
version = "0.1.0"
edition = "2021"

[dependencies]
# in one line
plume.version = "1" # dotted
plume.features = ["ink"] # for the ink
layer.version = "1"
layer.default-features = false
# threads
tokio.workspace = true # none
-- core/src/lib.rs --
-- app/Cargo.toml --
package = { name = "app", version = "0.1.0", edition = "2021" }
dependencies.layer = { version = '1', features = [ 'std' ] } # quoted
dependencies.tokio = {version="1",features=["rt"]} # tight
-- app/src/lib.rs --
-- tool/Cargo.toml --
[package]
name = "tool"
version = "0.1.0"
edition = "2021"

# above the header
[dependencies.layer] # beside it
# above the version
version = "1" # beside the version
# above the features
features = [
    # the first
    "serial", # beside it
    # the last
    "std",
]

# the end
-- tool/src/lib.rs --
"#,
        r#"
-- Cargo.toml --
[workspace]
resolver = "2"
members = ["core", "app", "tool"]

# what is shared
[workspace.dependencies.tokio] # the runtime
version = "1.40" # as of today
# all that anybody needs
features = ["rt"]

[workspace.dependencies.plume]
version = "1"

[workspace.dependencies.layer]
version = "1"
default-features = false
-- core/Cargo.toml --
[package]
name = "core-types"
version = "0.1.0"
edition = "2021"

[dependencies]
# in one line
plume.workspace = true # dotted
plume.features = ["ink"] # for the ink
layer.workspace = true
# threads
tokio.workspace = true # none
tokio.features = ["sync"]
-- app/Cargo.toml --
package = { name = "app", version = "0.1.0", edition = "2021" }
dependencies.layer = { workspace = true, features = [ 'std' ], default-features = true } # quoted
dependencies.tokio = {workspace=true} # tight
-- tool/Cargo.toml --
[package]
name = "tool"
version = "0.1.0"
edition = "2021"

# above the header
[dependencies.layer] # beside it
# above the version
workspace = true # beside the version
# above the features
features = [
    # the first
    "serial", # beside it
    # the last
    "std",
]
default-features = true

# the end
"#,
    );
}

#[test]
fn features_and_default_features_move_to_the_heirs() {
    becomes(
        r#"
-- Cargo.toml --
[workspace]
resolver = "2"
members = ["core", "app", "tool"]

[workspace.dependencies]
layer = { version = "1", features = ["alloc", "serial"] } # in layers
plume = { version = "1", features = ["ink"] }
-- core/Cargo.toml --
[package]
name = "core-types"
version = "0.1.0"
edition = "2021"

[dependencies]
layer.workspace = true # all of it
plume = { workspace = true }
-- core/src/lib.rs --
-- app/Cargo.toml --
[package]
name = "app"
version = "0.1.0"
edition = "2024"

[dependencies]
layer = { version = "1", default-features = false, features = ["alloc"] }
plume = { workspace = true }
-- app/src/lib.rs --
-- tool/Cargo.toml --
[package]
name = "tool"
version = "0.1.0"
edition = "2021"

[dependencies]
layer = { version = "1", features = ["serial", "alloc"] }
plume = "1"
-- tool/src/lib.rs --
"#,
        r#"
-- Cargo.toml --
[workspace]
resolver = "2"
members = ["core", "app", "tool"]

[workspace.dependencies]
layer = { version = "1", features = ["alloc"], default-features = false } # in layers
plume = { version = "1", features = ["ink"] }
-- core/Cargo.toml --
[package]
name = "core-types"
version = "0.1.0"
edition = "2021"

[dependencies]
layer.workspace = true # all of it
layer.features = ["serial"]
layer.default-features = true
plume = { workspace = true }
-- app/Cargo.toml --
[package]
name = "app"
version = "0.1.0"
edition = "2024"

[dependencies]
layer = { workspace = true }
plume = { workspace = true }
-- tool/Cargo.toml --
[package]
name = "tool"
version = "0.1.0"
edition = "2021"

[dependencies]
layer = { workspace = true, features = ["serial"], default-features = true }
plume = "1"
"#,
    );
}

#[test]
fn a_manifest_with_other_endings_keeps_them() {
    let lines = |text: &str| text.replace('\n', "\r\n");
    let root = "[workspace]\nresolver = \"2\"\nmembers = [\"core\", \"app\"]\n\n\
        [workspace.dependencies]\nplume = { version = \"1\", features = [\"ink\"] }\n";
    let member = |name: &str, entries: &str| {
        lines(&format!("[package]\nname = \"{name}\"\n\n# why\n[dependencies]\n{entries}"))
    };
    let fixture = Fixture::unlocked("-- core/src/lib.rs --\n-- app/src/lib.rs --\n");
    fixture.put_bytes("Cargo.toml", lines(root).as_bytes());
    let core = member("core-types", "plume = { workspace = true } # p\nghost = '1' # g\n");
    fixture.put_bytes("core/Cargo.toml", core.as_bytes());
    // Without an end of the last line.
    let app = member("app", "plume.version = \"1\"\nghost = \"1\"");
    fixture.put_bytes("app/Cargo.toml", app.as_bytes());
    fixture.vendor_all();
    fixture.lock();
    let before = fixture.tree();
    fixture.optimized(&RUN);

    let root = root.replace(
        "plume = { version = \"1\", features = [\"ink\"] }",
        "plume = { version = \"1\" }",
    );
    assert_eq!(fixture.read("Cargo.toml"), lines(&root.replace("plume", "ghost = \"1\"\nplume")));
    let core = "plume = { workspace = true, features = [\"ink\"] } # p\n\
        ghost = { workspace = true } # g\n";
    assert_eq!(fixture.read("core/Cargo.toml"), member("core-types", core));
    let app = "plume.workspace = true\nghost.workspace = true";
    assert_eq!(fixture.read("app/Cargo.toml"), member("app", app));
    fixture.optimize(&[&["--check"], &RUN[..]].concat()).exits(0);
    fixture.run(&["restore"]).exits(0);
    assert_same(&before, &fixture.tree());
}

#[test]
fn an_entry_stays_in_the_table_of_its_kind_and_target() {
    becomes(
        r#"
-- Cargo.toml --
[workspace]
resolver = "2"
members = ["core", "app"]

[workspace.dependencies]
layer = "1"
-- core/Cargo.toml --
[package]
name = "core-types"
version = "0.1.0"
edition = "2021"

[target.'cfg(windows)'.dependencies]
plume = { version = "1", features = ["ink"] }

[target.'cfg(target_os = "macos")'.dependencies]
plume = { version = "1", features = ["quill"] }

[build-dependencies]
plume = "1" # for build.rs

[target.'cfg(target_arch = "wasm32")'.dev-dependencies]
layer = { version = "1.3", features = ["serial"] }
-- core/src/lib.rs --
-- core/build.rs --
fn main() {}
-- app/Cargo.toml --
[package]
name = "app"
version = "0.1.0"
edition = "2021"

[target.'aarch64-linux-android'.dependencies]
core-types = { path = "../core" }

[target.'cfg(unix)']
dependencies.plume = "1"
dev-dependencies = { layer = { version = "1" } }
-- app/src/lib.rs --
"#,
        r#"
-- Cargo.toml --
[workspace]
resolver = "2"
members = ["core", "app"]

[workspace.dependencies]
layer = "1.3"
plume = "1"
-- core/Cargo.toml --
[package]
name = "core-types"
version = "0.1.0"
edition = "2021"

[target.'cfg(windows)'.dependencies]
plume = { workspace = true, features = ["ink"] }

[target.'cfg(target_os = "macos")'.dependencies]
plume = { workspace = true, features = ["quill"] }

[build-dependencies]
plume = { workspace = true } # for build.rs

[target.'cfg(target_arch = "wasm32")'.dev-dependencies]
layer = { workspace = true, features = ["serial"] }
-- app/Cargo.toml --
[package]
name = "app"
version = "0.1.0"
edition = "2021"

[target.'aarch64-linux-android'.dependencies]
core-types = { path = "../core" }

[target.'cfg(unix)']
dependencies.plume = { workspace = true }
dev-dependencies = { layer = { workspace = true } }
"#,
    );
}
