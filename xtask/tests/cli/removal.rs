//! `unused-dependency`: what only other members, other packages or other files make right.

use crate::support::{Fixture, assert_same};

const ONLY: [&str; 2] = ["--only", "unused-dependency"];

#[test]
fn a_dependency_that_switches_on_a_feature_is_kept_though_another_member_asks_for_it_too() {
    let fixture = Fixture::unlocked(
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
helper = "1"
plume = "1"
-- core/src/lib.rs --
pub use plume::ink;
-- app/Cargo.toml --
[package]
name = "app"
version = "0.1.0"
edition = "2021"

[dependencies]
ghoul = "0.3"
plume = { version = "1", features = ["ink"] }
-- app/src/lib.rs --
pub use plume::ink;
"#,
    );
    fixture.vendor_all();
    let asks = "[dependencies]\nplume = { version = \"1\", features = [\"ink\"] }\n";
    fixture.vendor("helper", "1.0.0", asks, "");
    fixture.lock();
    let before = fixture.read("core/Cargo.toml");
    let run = fixture.optimized(&ONLY);
    run.holds("unused-dependency:core-types/helper", "rejected", "core/src/lib.rs:1:9: error");
    assert_eq!(run.ids("applied"), ["unused-dependency:app/ghoul"], "{run:?}");
    assert_eq!(fixture.read("core/Cargo.toml"), before);
    // By itself, as nobody else's features help it.
    fixture.cargo(&["check", "-p", "core-types", "--locked", "--offline", "--quiet"]);
}

#[test]
fn an_unused_path_dependency_that_is_no_member_is_removed() {
    let fixture = Fixture::new(
        r#"
-- Cargo.toml --
[workspace]
resolver = "2"
members = ["app"]
exclude = ["legacy"]
-- app/Cargo.toml --
[package]
name = "app"
version = "0.1.0"
edition = "2021"

[dependencies]
ghost = "1"
legacy = { path = "../legacy" }
-- app/src/lib.rs --
pub use ghost::boo;
-- legacy/Cargo.toml --
[package]
name = "legacy"
version = "0.1.0"
edition = "2021"
-- legacy/src/lib.rs --
pub fn old() {}
"#,
    );
    let legacy = crate::support::tree(&fixture.path("legacy"), &|_| false);
    let run = fixture.optimized(&ONLY);
    assert_eq!(run.ids("applied"), ["unused-dependency:app/legacy"], "{run:?}");
    assert!(fixture.read("app/Cargo.toml").ends_with("[dependencies]\nghost = \"1\"\n"));
    assert!(!fixture.read("Cargo.lock").contains("legacy"));
    assert_same(&legacy, &crate::support::tree(&fixture.path("legacy"), &|_| false));
    fixture.cargo(&["check", "--workspace", "--locked", "--offline", "--quiet"]);
}

#[test]
fn what_only_an_included_readme_names_is_kept() {
    let fixture = Fixture::new(
        r#"
-- Cargo.toml --
[package]
name = "one"
version = "0.1.0"
edition = "2021"

[dependencies]
ghost = "1"
ghoul = "0.3"
-- README.md --
# One

```
ghost::boo();
```
-- src/lib.rs --
#![doc = include_str!("../README.md")]
"#,
    );
    // Without tests: running the doc example would save it too, but later.
    let run = fixture.optimized(&ONLY);
    assert_eq!(run.ids("applied"), ["unused-dependency:one/ghoul"], "{run:?}");
    assert!(fixture.read("Cargo.toml").ends_with("[dependencies]\nghost = \"1\"\n"));
}
