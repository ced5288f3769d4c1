//! What holds of any timing report, and of the timeline made of it: for the fuzz target and the tests.
//!
//! Invariant: a report that cannot be read is an error, and everything else holds together.

use std::{collections::BTreeMap, time::Duration};

use cargo_metadata::Metadata;
use serde_json::{Value, json};

use super::{Timings, parse, timeline, vanished};
use crate::{insight, record::Timeline};

/// What precedes a graph in an input: an object with `edges`, pairs of packages by the order of their names, each with
/// the kind of the dependency, with the `kinds` of their targets, and with the packages that have `links`. No report of
/// cargo has one.
const GRAPH: &str = "const GRAPH =";

/// Packages of a graph, and edges; a larger one is cut off.
const LARGEST: usize = 64;

/// Reads a report and makes a timeline of it, without a graph and with one.
pub(crate) fn report(bytes: &[u8]) {
    let html = String::from_utf8_lossy(bytes);
    let timings = match parse(&html) {
        Ok(timings) => timings,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    assert!(timings.jobs != Some(0));
    assert!(timings.cpu.is_sorted_by_key(|reading| reading.at));
    assert!(timings.cpu.iter().all(|reading| (0.0..=1.0).contains(&reading.busy)));
    assert!(timings.units.iter().all(|unit| unit.metadata.is_none_or(|at| at <= unit.duration)));
    assert_eq!(vanished(&timings, &timings), []);
    let gone = vanished(&timings, &Timings::default());
    assert_eq!(gone.iter().map(|package| package.units).sum::<usize>(), timings.units.len());
    assert!(gone.is_sorted_by(|a, b| a.unit_time >= b.unit_time));
    assert_eq!(timings.unit_times().len(), gone.len());
    // Not of the report, but of what it says: any will do.
    let wall = timings.cpu.last().map_or(Duration::from_secs(7), |reading| reading.at);
    let cores = timings.units.len() % 40;
    for graph in [Some(metadata(&[], &Value::Null).expect("it is whole")), graph(&html, &timings)] {
        let Some(graph) = graph else { continue };
        holds_together(&timings, &timeline("clean-dev", "baseline", wall, cores, &timings, &graph));
    }
}

/// Panics unless the timeline keeps to what every timeline does.
pub(crate) fn holds_together(timings: &Timings, timeline: &Timeline) {
    let units = &timeline.units;
    assert_eq!(units.len(), timings.units.len());
    assert!(units.is_sorted_by(|a, b| a.start_seconds <= b.start_seconds));
    for (at, unit) in units.iter().enumerate() {
        for later in [&unit.unblocks, &unit.unblocks_by_metadata] {
            assert!(later.is_sorted_by(|a, b| a < b), "a unit waits once for another");
            assert!(later.iter().all(|later| *later > at && *later < units.len()));
        }
        assert!(unit.unblocks.iter().all(|later| !unit.unblocks_by_metadata.contains(later)));
        assert!(unit.metadata_seconds.is_none_or(|metadata| metadata <= unit.seconds));
        assert!(unit.seconds <= timeline.critical_seconds);
    }
    let mut length = 0.0;
    for pair in timeline.critical_path.windows(2) {
        let from = &units[pair[0]];
        if from.unblocks.contains(&pair[1]) {
            length += from.seconds;
        } else {
            assert!(from.unblocks_by_metadata.contains(&pair[1]));
            length += from.metadata_seconds.expect("the metadata was waited for");
        }
    }
    length += timeline.critical_path.last().map_or(0.0, |last| units[*last].seconds);
    assert!((length - timeline.critical_seconds).abs() <= 1e-6 * (1.0 + length));
    assert!(timeline.critical_seconds <= timeline.unit_seconds * (1.0 + 1e-9));
    assert!(timeline.estimates.windows(2).all(|pair| pair[0].seconds >= pair[1].seconds));
    assert!(timeline.estimates.iter().all(|estimate| estimate.seconds.is_finite()));
    let written = serde_json::to_string(timeline).expect("a timeline is a record");
    assert_eq!(&serde_json::from_str::<Timeline>(&written).expect("it can be read"), timeline);
    let insight = insight::of(timeline, None);
    let _ = (insight.on_this_machine(), insight.cores.map(|cores| cores.remarks()));
}

/// The graph that an input asks for, between the packages of its report.
fn graph(html: &str, timings: &Timings) -> Option<Metadata> {
    let (_, asked) = html.split_once(GRAPH)?;
    let asked = serde_json::Deserializer::from_str(asked).into_iter::<Value>().next()?.ok()?;
    let packages: BTreeMap<_, _> =
        timings.units.iter().map(|unit| ((&unit.name, &unit.version), ())).collect();
    let packages: Vec<(&str, &str)> = packages
        .into_keys()
        .filter(|(_, version)| semver::Version::parse(version).is_ok())
        .map(|(name, version)| (name.as_str(), version.as_str()))
        .take(LARGEST)
        .collect();
    metadata(&packages, &asked)
}

/// What `cargo metadata` would say of the packages; none where it could not.
fn metadata(names: &[(&str, &str)], asked: &Value) -> Option<Metadata> {
    let list = |key: &str| asked.get(key).and_then(Value::as_array).into_iter().flatten();
    let place = |value: &Value| {
        names.len().checked_sub(1).and(value.as_u64()).map(|at| at as usize % names.len())
    };
    let id = |at: usize| format!("registry+https://example.com#{}@{}", names[at].0, names[at].1);
    let kinds: Vec<&str> = list("kinds").filter_map(Value::as_str).collect();
    let links: Vec<usize> = list("links").filter_map(place).collect();
    let packages = (0..names.len()).map(|at| {
        let (name, version) = names[at];
        let kind = kinds.get(at).copied().unwrap_or("lib");
        let target =
            json!({"name": name, "kind": [kind], "crate_types": [kind], "src_path": "/p/lib.rs"});
        json!({
            "name": name, "version": version, "id": id(at), "dependencies": [], "features": {},
            "manifest_path": "/p/Cargo.toml", "targets": [target],
            "links": links.contains(&at).then_some("native"),
        })
    });
    let packages: Vec<Value> = packages.collect();
    let mut deps = vec![Vec::new(); names.len()];
    for edge in list("edges").take(LARGEST) {
        if let (Some(from), Some(to)) = (edge.get(0).and_then(place), edge.get(1).and_then(place)) {
            let kind = json!({"kind": edge.get(2).filter(|kind| kind.is_string()), "target": null});
            deps[from].push(json!({"name": "x", "pkg": id(to), "dep_kinds": [kind]}));
        }
    }
    let nodes: Vec<Value> = (0..names.len())
        .map(|at| json!({"id": id(at), "dependencies": [], "deps": deps[at], "features": []}))
        .collect();
    serde_json::from_value(json!({
        "packages": packages, "workspace_members": [], "version": 1, "target_directory": "/w/target",
        "workspace_root": "/w", "resolve": {"nodes": nodes, "root": null},
    }))
    .ok()
}
