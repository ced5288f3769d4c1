use std::path::Path;

use serde_json::{Value, json};

use super::*;
use crate::{cargo::Cargo, snapshot::Snapshot, trial::Weight};

const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Packages as `name version`, and who depends on whom. Behind `@` stands the source, none for a path; without
/// it the source is the registry. A member has a star before its name.
fn metadata(packages: &[&str], edges: &[(&str, &[&str])]) -> Metadata {
    let package = |id: &&str| -> Value {
        let (spec, source) = match id.split_once('@') {
            None => (*id, Some(REGISTRY.to_owned())),
            Some((spec, "")) => (spec, None),
            Some((spec, source)) => (spec, Some(source.to_owned())),
        };
        let (name, version) = spec.split_once(' ').unwrap();
        json!({
            "name": name.trim_start_matches('*'), "version": version, "id": id, "source": source,
            "dependencies": [], "features": {}, "targets": [], "manifest_path": "/w/Cargo.toml",
        })
    };
    let node = |id: &&str| -> Value {
        let own = edges.iter().filter(|(from, _)| from == id).flat_map(|(_, to)| to.iter());
        let dep = |to: &&str| json!({ "name": "d", "pkg": to, "dep_kinds": [{ "kind": null, "target": null }] });
        json!({ "id": id, "dependencies": [], "deps": own.map(dep).collect::<Vec<_>>(), "features": [] })
    };
    let members: Vec<&&str> = packages.iter().filter(|id| id.starts_with('*')).collect();
    serde_json::from_value(json!({
        "packages": packages.iter().map(package).collect::<Vec<_>>(), "workspace_members": members,
        "target_directory": "/w/target", "workspace_root": "/w", "version": 1,
        "resolve": { "nodes": packages.iter().map(node).collect::<Vec<_>>(), "root": null },
    }))
    .unwrap()
}

fn times(known: &[(&str, &str, f64)]) -> UnitTimes {
    let entry = |(name, version, seconds): &(&str, &str, f64)| {
        (((*name).to_owned(), (*version).to_owned()), Duration::from_secs_f64(*seconds))
    };
    known.iter().map(entry).collect()
}

fn of(before: &Metadata, after: &Metadata, times: &UnitTimes) -> Vec<DuplicateRecord> {
    duplicates((before, times), (after, &UnitTimes::new()))
}

#[test]
fn a_duplicate_that_is_none_any_more_is_told_on_both_sides() {
    let before = metadata(
        &["*app 0.1.0@", "*core 0.1.0@", "rand 0.10.0", "rand 0.9.2", "old 1.0.0", "serde 1.0.0"],
        &[
            ("*app 0.1.0@", &["*core 0.1.0@", "rand 0.10.0", "serde 1.0.0"]),
            ("*core 0.1.0@", &["old 1.0.0"]),
            ("old 1.0.0", &["rand 0.9.2"]),
        ],
    );
    let after = metadata(
        &["*app 0.1.0@", "rand 0.10.0", "serde 1.0.0"],
        &[("*app 0.1.0@", &["rand 0.10.0", "serde 1.0.0"])],
    );
    let found = of(&before, &after, &times(&[("rand", "0.9.2", 1.5), ("old", "1.0.0", 9.0)]));
    let version =
        |version: &str, unit_seconds, path: &[&str], required_by: &[&str]| DuplicateVersion {
            version: version.to_owned(),
            unit_seconds,
            path: path.iter().map(|step| (*step).to_owned()).collect(),
            required_by: required_by.iter().map(|name| (*name).to_owned()).collect(),
        };
    let expected = DuplicateRecord {
        name: "rand".to_owned(),
        before: vec![
            version("0.9.2", Some(1.5), &["core", "old 1.0.0", "rand 0.9.2"], &["old 1.0.0"]),
            version("0.10.0", None, &["app", "rand 0.10.0"], &["app"]),
        ],
        after: vec![version("0.10.0", None, &["app", "rand 0.10.0"], &["app"])],
    };
    assert_eq!(found, [expected]);
}

#[test]
fn of_ways_as_short_the_one_whose_names_come_first_is_told() {
    let graph = metadata(
        &["*b 0.1.0@", "*a 0.1.0@", "y 1.0.0", "x 1.0.0", "d 1.0.0", "d 2.0.0"],
        &[
            ("*b 0.1.0@", &["d 2.0.0", "x 1.0.0"]),
            ("*a 0.1.0@", &["y 1.0.0", "x 1.0.0"]),
            ("x 1.0.0", &["d 1.0.0"]),
            ("y 1.0.0", &["d 1.0.0"]),
        ],
    );
    let found = of(&graph, &graph, &UnitTimes::new());
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].before[0].path, ["a", "x 1.0.0", "d 1.0.0"]);
    assert_eq!(found[0].before[0].required_by, ["x 1.0.0", "y 1.0.0"]);
    assert_eq!(found[0].before[1].path, ["b", "d 2.0.0"]);
}

#[test]
fn the_same_version_of_another_source_is_a_version_of_its_own() {
    let git = "git+https://example.org/d#abc";
    let of_git = format!("d 1.0.0@{git}");
    let graph = metadata(
        &["*a 0.1.0@", "d 1.0.0", &of_git, "d 1.0.0@"],
        &[("*a 0.1.0@", &["d 1.0.0", &of_git, "d 1.0.0@"])],
    );
    let found = of(&graph, &graph, &times(&[("d", "1.0.0", 4.0)]));
    let versions: Vec<&str> = found[0].before.iter().map(|known| known.version.as_str()).collect();
    assert_eq!(versions, ["1.0.0", "1.0.0 (a path)", &format!("1.0.0 ({git})")]);
    // The report does not say whose time it is.
    assert!(found[0].before.iter().all(|known| known.unit_seconds.is_none()));
}

#[test]
fn what_is_there_once_is_no_duplicate_and_a_circle_ends() {
    let graph = metadata(
        &["*a 0.1.0@", "*b 0.1.0@", "serde 1.0.0"],
        &[("*a 0.1.0@", &["*b 0.1.0@"]), ("*b 0.1.0@", &["*a 0.1.0@", "serde 1.0.0"])],
    );
    assert_eq!(of(&graph, &graph, &UnitTimes::new()), []);
}

#[test]
fn a_member_may_be_a_duplicate_of_what_it_is_called_after() {
    let graph = metadata(&["*rand 0.1.0@", "rand 0.9.0"], &[("*rand 0.1.0@", &["rand 0.9.0"])]);
    let found = of(&graph, &graph, &UnitTimes::new());
    assert_eq!(found[0].before[0].version, "0.1.0 (a path)");
    assert_eq!(found[0].before[0].path, ["rand"]);
    assert_eq!(found[0].before[1].required_by, ["rand"]);
}

#[test]
fn as_many_are_named_as_a_choice_of_changes_is_weighed_by() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let host = Snapshot::read(root, false, &[]).unwrap().machine.host;
    let cargo = Cargo::new(root, false);
    let graph = cargo.metadata_for(&host).unwrap();
    let named: BTreeMap<String, BTreeSet<String>> = of(&graph, &graph, &UnitTimes::new())
        .into_iter()
        .map(|record| {
            let versions = record.after.into_iter().map(|known| known.version).collect();
            (record.name, versions)
        })
        .collect();
    let weight = Weight::of(&cargo, &host).unwrap();
    let weighed = weight.duplicates().into_iter();
    let weighed: BTreeMap<String, BTreeSet<String>> =
        weighed.map(|(name, versions)| (name.to_owned(), versions.clone())).collect();
    assert_eq!(named, weighed);
}
