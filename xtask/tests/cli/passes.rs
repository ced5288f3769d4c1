//! `--only` and `--skip`, and the one pass that deletes: `package-bloat`.

use std::collections::BTreeSet;

use crate::support::{Fixture, assert_same, tree};

const ONE: &str = r#"
-- Cargo.toml --
[package]
name = "one"
version = "0.1.0"
edition = "2021"
description = "One"
license = "MIT"

[dependencies]
ghoul = "0.3"
-- src/lib.rs --
"#;

fn codes(fixture: &Fixture, args: &[&str]) -> BTreeSet<String> {
    let run = fixture.optimize(&[&["--dry-run"], args].concat()).exits(0);
    let json = run.json();
    let changes = json["changes"].as_array().unwrap();
    changes.iter().map(|change| change["code"].as_str().unwrap().to_owned()).collect()
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn only_and_skip_choose_the_passes() {
    let fixture = Fixture::new(ONE);
    let all = codes(&fixture, &[]);
    assert_eq!(all, set(&["unused-dependency", "gitignore", "profile", "cargo-config"]));
    let chosen = codes(&fixture, &["--only", "profile,unused-dependency"]);
    assert_eq!(chosen, set(&["profile", "unused-dependency"]));
    let rest = codes(&fixture, &["--skip", "profile", "--skip", "cargo-config"]);
    assert_eq!(rest, set(&["unused-dependency", "gitignore"]));
    let both = codes(&fixture, &["--only", "profile,gitignore", "--skip", "profile"]);
    assert_eq!(both, set(&["gitignore"]));
}

#[test]
fn a_workspace_without_shared_dependencies_ends_with_nothing_to_do() {
    let fixture = Fixture::new(ONE);
    fixture.optimized(&[]);
    let after = fixture.tree();
    let again = fixture.optimized(&[]);
    again.says("nothing to do");
    assert!(again.ids("applied").is_empty(), "{again:?}");
    assert_same(&after, &fixture.tree());
    assert_eq!(fixture.backups().len(), 1);
}

#[test]
fn unpacked_packages_go_and_packed_ones_stay() {
    let fixture = Fixture::new(ONE);
    fixture.put(
        "-- target/CACHEDIR.TAG --\n# created by cargo\n-- target/package/one-0.1.0/src/lib.rs --\nold\n\
         -- target/package/tmp-crate/one-0.1.0.crate --\npart\n\
         -- target/package/one-0.1.0.crate --\npacked\n-- target/package/notes/mine --\nkeep\n\
         -- target/debug/one --\nbuilt\n",
    );
    let before = fixture.tree();
    let run = fixture.optimized(&["--only", "package-bloat"]);
    run.holds("package-bloat:package", "applied", "freed");
    // The tool's own directory, and a cache that any cargo command writes.
    let beside = ["xtask", ".rustc_info.json"];
    let left = tree(&fixture.path("target"), &|name| beside.contains(&name));
    let left: Vec<&str> = left.keys().map(String::as_str).collect();
    assert_eq!(
        left,
        [
            "CACHEDIR.TAG",
            "debug",
            "debug/one",
            "package",
            "package/notes",
            "package/notes/mine",
            "package/one-0.1.0.crate"
        ]
    );
    assert_same(&before, &fixture.tree());
    assert!(fixture.backups().is_empty());
    fixture.optimized(&["--only", "package-bloat"]).says("nothing to do");
}

#[cfg(unix)]
#[test]
fn a_link_among_unpacked_packages_is_never_followed() {
    let fixture = Fixture::new(ONE);
    fixture.put(
        "-- target/CACHEDIR.TAG --\n# created by cargo\n-- target/package/one-0.1.0/src/lib.rs --\nold\n\
         -- ../precious/file --\nirreplaceable\n",
    );
    let precious = fixture.path("../precious");
    std::os::unix::fs::symlink(&precious, fixture.path("target/package/two-0.2.0")).unwrap();
    std::os::unix::fs::symlink(&precious, fixture.path("target/package/one-0.1.0/in")).unwrap();
    let before = tree(&precious, &|_| false);
    let run = fixture.optimized(&["--only", "package-bloat"]);
    assert_same(&before, &tree(&precious, &|_| false));
    assert!(!fixture.path("target/package/one-0.1.0").exists());
    let link = std::fs::symlink_metadata(fixture.path("target/package/two-0.2.0")).unwrap();
    assert!(link.is_symlink());
    let named = |note: &String| note.contains("two-0.2.0") && note.contains("a link");
    assert!(run.notes().iter().any(named), "{:?}", run.notes());
}

#[test]
fn what_cargo_package_really_leaves_is_cleaned() {
    let fixture = Fixture::new(
        r#"
-- Cargo.toml --
[workspace]
resolver = "2"
members = ["one", "two"]
-- one/Cargo.toml --
[package]
name = "one"
version = "0.1.0"
edition = "2021"
description = "One"
license = "MIT"
-- one/src/lib.rs --
pub fn one() {}
-- two/Cargo.toml --
[package]
name = "two"
version = "0.2.0-rc.1"
edition = "2021"
description = "Two"
license = "MIT"
-- two/src/lib.rs --
pub fn two() {}
"#,
    );
    fixture.cargo(&["package", "--package", "one", "--allow-dirty", "--offline"]);
    fixture.cargo(&["package", "--package", "two", "--allow-dirty", "--offline"]);
    let package = fixture.path("target/package");
    let packed = |name: &str| std::fs::read(package.join(name)).unwrap();
    let before = [packed("one-0.1.0.crate"), packed("two-0.2.0-rc.1.crate")];
    assert!(package.join("one-0.1.0/Cargo.toml").is_file(), "cargo unpacks to verify");

    let arguments = ["--yes", "--only", "package-bloat"];
    let run = fixture.optimize(&arguments).exits(0);
    run.holds("package-bloat:package", "applied", "freed");
    assert_eq!([packed("one-0.1.0.crate"), packed("two-0.2.0-rc.1.crate")], before);
    let left = tree(&package, &|_| false);
    let left: Vec<&str> = left.keys().map(String::as_str).collect();
    assert_eq!(left, ["one-0.1.0.crate", "two-0.2.0-rc.1.crate"]);
    let rows = run.json()["measurements"].as_array().unwrap().clone();
    let row = rows.iter().find(|row| row["what"] == "package-bytes").unwrap();
    assert!(row["ratio"].as_f64().unwrap() < 1.0, "{row:#}");
    fixture.optimize(&arguments).exits(0).says("nothing to do");
}
