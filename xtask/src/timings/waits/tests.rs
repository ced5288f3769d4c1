use serde_json::{Value, json};

use super::*;

fn seconds(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

/// A library that starts and takes so many seconds.
fn unit(index: u64, name: &str, start: f64, takes: f64) -> Unit {
    Unit {
        index,
        name: name.to_owned(),
        version: "1.0.0".to_owned(),
        mode: "todo".to_owned(),
        target: String::new(),
        start: seconds(start),
        duration: seconds(takes),
        metadata: None,
        unblocked: Vec::new(),
        unblocked_by_metadata: Vec::new(),
        sections: Vec::new(),
    }
}

fn of_target(unit: Unit, mode: &str, target: &str) -> Unit {
    Unit { mode: mode.to_owned(), target: target.to_owned(), ..unit }
}

fn package(name: &str, kind: &str) -> Value {
    json!({
        "name": name, "version": "1.0.0", "id": name, "source": null, "dependencies": [],
        "features": {}, "manifest_path": "/w/Cargo.toml",
        "targets": [{ "name": name, "kind": [kind], "crate_types": [kind], "src_path": "/w/lib.rs" }],
    })
}

/// Packages with the kind of their library, and who depends on whom in which way.
fn metadata(packages: &[(&str, &str)], edges: &[(&str, &str, Option<&str>)]) -> Metadata {
    let node = |name: &str| {
        let own = edges.iter().filter(|(from, ..)| *from == name);
        let dep = |(_, to, kind): &(&str, &str, Option<&str>)| json!({ "name": to, "pkg": to, "dep_kinds": [{ "kind": kind, "target": null }] });
        json!({ "id": name, "dependencies": [], "deps": own.map(dep).collect::<Vec<_>>(), "features": [] })
    };
    serde_json::from_value(json!({
        "packages": packages.iter().map(|(name, kind)| package(name, kind)).collect::<Vec<_>>(),
        "workspace_members": [], "target_directory": "/w/target", "workspace_root": "/w", "version": 1,
        "resolve": {
            "nodes": packages.iter().map(|(name, _)| node(name)).collect::<Vec<_>>(), "root": null,
        },
    }))
    .unwrap()
}

fn all(units: &[Unit], metadata: &Metadata) -> Vec<Work> {
    works(&units.iter().collect::<Vec<_>>(), metadata)
}

#[test]
fn what_cargo_does_not_name_is_added_from_the_packages() {
    // `c` needs `a` and `b`; `b` was the last to be done, and only it is named.
    let mut units = [unit(0, "a", 0.0, 2.0), unit(1, "b", 0.0, 3.0), unit(2, "c", 3.0, 1.0)];
    units[0].metadata = Some(seconds(1.5));
    units[1].metadata = Some(seconds(3.0));
    units[1].unblocked_by_metadata = vec![2];
    let bare = metadata(&[], &[]);
    assert!(all(&units, &bare)[0].unblocks_by_metadata.is_empty());
    let graph = metadata(
        &[("a", "lib"), ("b", "lib"), ("c", "lib")],
        &[("c", "a", None), ("c", "b", None)],
    );
    let works = all(&units, &graph);
    assert_eq!(works[0].unblocks_by_metadata, [2]);
    assert_eq!(works[0].metadata, 1_500_000_000);
    assert_eq!(works[1].unblocks_by_metadata, [2], "known already, not added again");
    assert!(works[1].unblocks.is_empty());
}

#[test]
fn what_is_linked_and_what_uses_a_macro_needs_all_of_it() {
    let mut units = vec![
        unit(0, "lib", 0.0, 1.0),
        unit(1, "derive", 1.0, 1.0),
        unit(2, "user", 2.0, 1.0),
        of_target(unit(3, "user", 4.0, 1.0), "todo", "user \"bin\""),
    ];
    units[0].metadata = Some(seconds(0.5));
    let graph = metadata(
        &[("lib", "lib"), ("derive", "proc-macro"), ("user", "lib")],
        &[("derive", "lib", None), ("user", "derive", None), ("user", "lib", None)],
    );
    let works = all(&units, &graph);
    assert_eq!(works[0].unblocks, [1, 3], "a macro and a binary are linked");
    assert_eq!(works[0].unblocks_by_metadata, [2]);
    assert_eq!(works[1].unblocks, [2, 3], "a macro is loaded by whoever uses it");
    assert_eq!(works[2].unblocks, [3], "a binary needs the library of its package");
}

#[test]
fn a_build_script_comes_between_its_dependencies_and_its_package() {
    let units = [
        unit(0, "cc", 0.0, 1.0),
        of_target(unit(1, "sys", 1.0, 1.0), "todo", "build-script"),
        of_target(unit(2, "sys", 2.0, 1.0), "run-custom-build", "build-script (run)"),
        unit(3, "sys", 3.0, 1.0),
    ];
    let graph = metadata(&[("cc", "lib"), ("sys", "lib")], &[("sys", "cc", Some("build"))]);
    let works = all(&units, &graph);
    let unblocks: Vec<&[usize]> = works.iter().map(|work| work.unblocks.as_slice()).collect();
    assert_eq!(unblocks, [&[1][..], &[2], &[3], &[]]);
}

#[test]
fn a_dependency_that_the_times_speak_against_is_not_believed() {
    let units = [unit(0, "a", 0.0, 3.0), unit(1, "b", 2.0, 1.0), unit(2, "c", 2.99, 1.0)];
    let graph = metadata(
        &[("a", "lib"), ("b", "lib"), ("c", "lib")],
        &[("b", "a", None), ("c", "a", None), ("a", "c", None)],
    );
    let works = all(&units, &graph);
    // Without a time of its metadata `a` was done at 3: `b` had begun, `c` within rounding had not.
    assert_eq!(works[0].unblocks_by_metadata, [2]);
    assert!(works[2].unblocks_by_metadata.is_empty());
}

#[test]
fn without_its_time_the_metadata_was_there_when_the_first_that_waited_for_it_began() {
    let mut units = [unit(0, "a", 1.0, 3.0), unit(1, "b", 2.5, 1.0), unit(2, "c", 3.0, 1.0)];
    units[0].unblocked_by_metadata = vec![2, 1];
    let works = all(&units, &metadata(&[], &[]));
    assert_eq!(works[0].metadata, 1_500_000_000);
    assert_eq!(works[1].metadata, works[1].takes);
}

#[test]
fn what_is_not_there_or_came_before_is_left_out() {
    let mut units = [unit(5, "a", 0.0, 1.0), unit(5, "b", 1.0, 1.0), unit(7, "c", 2.0, 1.0)];
    units[0].unblocked = vec![99, 5, 7, 7];
    units[2].unblocked = vec![5, 7];
    let works = all(&units, &metadata(&[], &[]));
    assert_eq!(works[0].unblocks, [2]);
    assert!(works[2].unblocks.is_empty());
}
