//! AIMDS in this repository stays as the documents describe it before optimizing.
//!
//! These traits are what `cargo xtask optimize` is shown on. If one is gone in a checkout, somebody
//! optimized it there: `cargo xtask restore` brings it back.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use snapbox::cmd::Command;
use toml_edit::{DocumentMut, Item, TableLike};

const MEMBERS: [&str; 4] = ["aimds-analysis", "aimds-core", "aimds-detection", "aimds-response"];

fn aimds() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../AIMDS")
}

fn document(path: &str) -> DocumentMut {
    let text = fs::read_to_string(aimds().join(path)).unwrap_or_else(|e| panic!("{path}: {e}"));
    text.parse().unwrap_or_else(|e| panic!("{path}: {e}"))
}

fn root() -> DocumentMut {
    document("Cargo.toml")
}

fn member(name: &str) -> DocumentMut {
    document(&format!("crates/{name}/Cargo.toml"))
}

/// The entries of the tables at a path of keys; none where there is no such table.
fn entries<'a>(document: &'a DocumentMut, path: &[&str]) -> Vec<(&'a str, &'a Item)> {
    let mut table: &dyn TableLike = document.as_table();
    for key in path {
        match table.get(key).and_then(Item::as_table_like) {
            Some(next) => table = next,
            None => return Vec::new(),
        }
    }
    table.iter().collect()
}

fn inherits(item: &Item) -> bool {
    let table = item.as_table_like();
    table.and_then(|table| table.get("workspace")?.as_bool()).unwrap_or(false)
}

/// The requirement of a member, its own or the inherited one.
fn requirement(member: &DocumentMut, name: &str) -> Option<String> {
    let found = |from: &DocumentMut, path: &[&str]| {
        entries(from, path).into_iter().find(|(key, _)| *key == name).map(|(_, item)| item.clone())
    };
    let mut item = found(member, &["dependencies"])?;
    if inherits(&item) {
        item = found(&root(), &["workspace", "dependencies"])?;
    }
    let version = item.as_str().or_else(|| item.as_table_like()?.get("version")?.as_str());
    version.map(str::to_owned)
}

/// Every requirement of a dependency with the number of members that ask for it.
fn requirements(name: &str) -> Vec<(String, usize)> {
    let all: Vec<String> =
        MEMBERS.iter().filter_map(|package| requirement(&member(package), name)).collect();
    let distinct: BTreeSet<&String> = all.iter().collect();
    distinct.iter().map(|one| ((*one).clone(), all.iter().filter(|r| r == one).count())).collect()
}

/// Code of all members, line comments left out.
fn code() -> String {
    let mut pending = vec![aimds().join("crates")];
    let mut out = String::new();
    while let Some(path) = pending.pop() {
        if path.is_dir() && !path.ends_with("target") {
            pending.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let lines = text.lines().map(|line| line.split("//").next().unwrap_or_default());
            out.extend(lines.flat_map(|line| [line, "\n"]));
        }
    }
    assert!(!out.is_empty(), "AIMDS has no sources");
    out
}

fn words(code: &str) -> BTreeSet<&str> {
    code.split(|c: char| !c.is_alphanumeric() && c != '_').collect()
}

#[test]
fn the_release_profile_costs_time() {
    let root = root();
    let release: Vec<_> = entries(&root, &["profile", "release"]);
    let value = |name: &str| release.iter().find(|(key, _)| *key == name).map(|(_, item)| *item);
    assert_eq!(value("codegen-units").and_then(Item::as_integer), Some(1));
    assert_eq!(value("lto").and_then(Item::as_str), Some("thin"));
}

#[test]
fn tokio_is_asked_for_with_everything() {
    let root = root();
    let response = member("aimds-response");
    let shared = entries(&root, &["workspace", "dependencies", "tokio"]);
    let own = entries(&response, &["dependencies", "tokio"]);
    for entry in [shared, own] {
        let features = entry.iter().find(|(key, _)| *key == "features").unwrap().1;
        let names: Vec<_> =
            features.as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
        assert_eq!(names, ["full"]);
    }
}

#[test]
fn members_ask_for_two_versions_of_the_same_crates() {
    let two = |a: &str, a_count: usize, b: &str, b_count: usize| {
        vec![(a.to_owned(), a_count), (b.to_owned(), b_count)]
    };
    assert_eq!(requirements("dashmap"), two("5.5", 2, "6.1", 1));
    assert_eq!(requirements("thiserror"), two("1.0", 3, "2.0", 1));
    assert_eq!(requirements("ndarray"), two("0.15", 1, "0.16", 1));
}

#[test]
fn one_member_inherits_nothing_and_the_others_do() {
    fn flags(table: &dyn TableLike) -> usize {
        let deeper = |item: &Item| item.as_table_like().map_or(0, flags);
        table.iter().map(|(_, item)| usize::from(inherits(item)) + deeper(item)).sum()
    }
    for name in MEMBERS {
        let inherited = flags(member(name).as_table());
        assert_eq!(inherited == 0, name == "aimds-response", "{name}: {inherited}");
    }
}

#[test]
fn statrs_brings_a_second_nalgebra() {
    assert_eq!(requirements("statrs"), [("0.16".to_owned(), 1)]);
    let lock = document("Cargo.lock");
    let packages = lock["package"].as_array_of_tables().unwrap();
    let versions = |name: &str| -> Vec<String> {
        let found = packages.iter().filter(|package| package["name"].as_str() == Some(name));
        found.map(|package| package["version"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(versions("nalgebra").len(), 2, "{:?}", versions("nalgebra"));
    let statrs = packages.iter().find(|package| package["name"].as_str() == Some("statrs"));
    let asked: Vec<_> = statrs.unwrap()["dependencies"].as_array().unwrap().iter().collect();
    let old = asked.iter().filter_map(|value| value.as_str()?.strip_prefix("nalgebra "));
    let [old] = old.collect::<Vec<_>>()[..] else { panic!("{asked:?}") };
    assert!(requirements("nalgebra").iter().all(|(own, _)| !old.starts_with(own.as_str())));
}

#[test]
fn six_direct_dependencies_are_named_by_no_source() {
    let code = code();
    let words = words(&code);
    for name in ["derive_more", "validator", "fancy-regex", "lru", "petgraph", "statrs"] {
        assert_eq!(requirements(name).len(), 1, "{name} is a direct dependency");
        assert!(!words.contains(name.replace('-', "_").as_str()), "{name} is named");
    }
}

#[test]
fn ten_workspace_entries_or_more_are_inherited_by_nobody() {
    let root = root();
    let members = MEMBERS.map(member);
    let tables = ["dependencies", "dev-dependencies", "build-dependencies"];
    let inherited: BTreeSet<&str> = members
        .iter()
        .flat_map(|member| tables.iter().flat_map(|table| entries(member, &[*table])))
        .filter(|(_, item)| inherits(item))
        .map(|(key, _)| key)
        .collect();
    let shared = entries(&root, &["workspace", "dependencies"]);
    let idle: Vec<&str> =
        shared.iter().map(|(key, _)| *key).filter(|key| !inherited.contains(key)).collect();
    assert!(idle.len() >= 10, "{idle:?}");
    for name in ["hyper", "axum", "reqwest", "ring"] {
        assert!(idle.contains(&name), "{name} in {idle:?}");
    }
}

#[test]
fn async_trait_is_used_in_exactly_one_attribute() {
    let code = code();
    assert_eq!(requirements("async-trait").len(), 1);
    let attributes = ["#[async_trait::async_trait", "#[async_trait"];
    let count = attributes.map(|attribute| {
        code.lines().filter(|line| line.trim_start().starts_with(attribute)).count()
    });
    assert_eq!(count[1], 1, "every other attribute starts like the first");
    let uses = code.lines().filter(|line| words(line).contains("async_trait"));
    let elsewhere = uses.filter(|line| !line.trim_start().starts_with("#["));
    assert!(elsewhere.count() <= 1, "an import at the most");
}

#[test]
fn neither_configuration_nor_backups_are_tracked() {
    let git = Command::new("git").args(["ls-files", "--cached", "."]).current_dir(aimds()).output();
    let Some(listed) = git.ok().filter(|output| output.status.success()) else {
        println!("skipped: this is no git checkout");
        return;
    };
    let listed = String::from_utf8(listed.stdout).unwrap();
    let files: Vec<&str> = listed.lines().collect();
    assert!(files.contains(&"Cargo.lock"), "the lock file is tracked: {files:?}");
    let stray: Vec<_> = files
        .iter()
        .filter(|file| file.starts_with(".cargo/") || file.starts_with("backup-"))
        .collect();
    assert!(stray.is_empty(), "{stray:?}");
}
