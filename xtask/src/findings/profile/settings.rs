//! The settings that the search tries, the values worth building, and the edits that write a choice down.
//!
//! Pure. A dev key that somebody set is not searched; a release key that is replaced lives on in `release-final`.

use toml_edit::Value;

use super::{is_unset, set};
use crate::{manifest, measure::Profile, plan::Edit, snapshot::Snapshot, tune::Coordinate};

/// Leaves a key out: cargo's own value counts.
const DEFAULT: &str = "default";

/// Cargo's release settings where the manifest has none.
/// Source: <https://doc.rust-lang.org/cargo/reference/profiles.html#release>.
const RELEASE_DEFAULTS: [(&str, &str); 2] = [("codegen-units", "16"), ("lto", "false")];

/// The settings to search for a profile; the values are TOML.
pub(crate) fn coordinates(snapshot: &Snapshot, profile: Profile) -> Vec<Coordinate> {
    match profile {
        Profile::Dev => dev(snapshot),
        Profile::Release => release(snapshot),
    }
}

fn coordinate(path: &[&str], values: Vec<String>, start: &str) -> Coordinate {
    let start = values.iter().position(|value| value == start).unwrap_or_default();
    Coordinate { setting: spelled(path), values, before: 0, start }
}

/// A key path as in a manifest: names that are not bare are quoted.
fn spelled(path: &[&str]) -> String {
    let names: Vec<String> = path
        .iter()
        .map(|name| if *name == "*" { format!("\"{name}\"") } else { (*name).to_owned() })
        .collect();
    names.join(".")
}

/// Keys, the values besides cargo's own, and the value to start from: debug information is trimmed
/// whether or not that is faster, as it is smaller too, unless the full one is faster beyond noise.
fn dev_keys(snapshot: &Snapshot) -> Vec<(Vec<&'static str>, Vec<String>, &'static str)> {
    let cores = snapshot.machine.cores;
    let mut keys = vec![
        (vec!["profile", "dev", "debug"], vec![quoted("line-tables-only")], "\"line-tables-only\""),
        (
            vec!["profile", "dev", "package", "*", "debug"],
            vec!["false".to_owned(), quoted("line-tables-only")],
            "false",
        ),
    ];
    // Elsewhere the platform allows one value only, or has the fastest as its own.
    if snapshot.machine.os == "linux" {
        let path = vec!["profile", "dev", "split-debuginfo"];
        keys.push((path, vec![quoted("unpacked")], DEFAULT));
    }
    let units = vec![cores.to_string(), (4 * cores).to_string()];
    keys.extend([
        (vec!["profile", "dev", "codegen-units"], units, DEFAULT),
        (
            vec!["profile", "dev", "build-override", "opt-level"],
            vec!["1".to_owned(), "3".to_owned()],
            DEFAULT,
        ),
        (vec!["profile", "dev", "package", "*", "opt-level"], vec!["1".to_owned()], DEFAULT),
    ]);
    keys
}

fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}

fn dev(snapshot: &Snapshot) -> Vec<Coordinate> {
    dev_keys(snapshot)
        .into_iter()
        .filter(|(path, ..)| is_unset(snapshot, path))
        .map(|(path, others, start)| {
            let values = std::iter::once(DEFAULT.to_owned()).chain(others).collect();
            coordinate(&path, values, start)
        })
        .collect()
}

/// The value that the manifest has for a release key, as TOML.
fn written(snapshot: &Snapshot, key: &str) -> Option<String> {
    let item = manifest::item_at(snapshot.root_document(), &["profile", "release", key])?;
    let mut value = item.clone().into_value().ok()?;
    value.decor_mut().clear();
    Some(value.to_string())
}

/// Values that a release build may be faster with; the one that the workspace has comes first.
fn release(snapshot: &Snapshot) -> Vec<Coordinate> {
    let mut out = Vec::new();
    for (key, candidates) in [
        ("codegen-units", vec!["1", "4", "16"]),
        ("lto", vec!["\"off\"", "false", "\"thin\""]),
        ("debug", vec!["false", "\"line-tables-only\""]),
    ] {
        let old = written(snapshot, key);
        let cargos_own = RELEASE_DEFAULTS.iter().find(|(known, _)| *known == key);
        let (first, same) = match (&old, cargos_own) {
            (Some(old), _) => (old.clone(), old.as_str()),
            (None, Some((_, value))) => (DEFAULT.to_owned(), *value),
            // Cargo writes no debug information into release builds: there is nothing to win.
            (None, None) => continue,
        };
        let is_costlier = |value: &str| {
            // More optimisation than the workspace asks for never builds faster.
            value == "\"thin\"" && !matches!(same, "\"fat\"" | "true")
        };
        let others = candidates
            .iter()
            .filter(|value| !means_the_same(value, same) && !is_costlier(value))
            .map(|value| (*value).to_owned());
        let values: Vec<String> = std::iter::once(first.clone()).chain(others).collect();
        out.push(coordinate(&["profile", "release", key], values, &first));
    }
    out
}

/// Spellings of one value. Source: the pages on `debug` and `lto` of the profiles above.
fn means_the_same(one: &str, other: &str) -> bool {
    let plain = |value: &str| match value {
        "0" | "\"none\"" => "false".to_owned(),
        "true" | "\"full\"" => "2".to_owned(),
        value => value.to_owned(),
    };
    plain(one) == plain(other)
}

/// The edits that write down a value for each of [`coordinates`]; nothing for what stays as it is.
pub(crate) fn edits(snapshot: &Snapshot, profile: Profile, chosen: &[usize]) -> Vec<Edit> {
    let coordinates = coordinates(snapshot, profile);
    let moved: Vec<(&Coordinate, &str)> = coordinates
        .iter()
        .zip(chosen)
        .filter(|(coordinate, chosen)| coordinate.before != **chosen)
        .map(|(coordinate, chosen)| (coordinate, coordinate.values[*chosen].as_str()))
        .collect();
    let mut edits: Vec<Edit> =
        moved.iter().filter_map(|(coordinate, value)| edit(coordinate, value)).collect();
    if edits.is_empty() {
        return edits;
    }
    match profile {
        Profile::Dev => {
            let is_debug =
                |(coordinate, _): &(&Coordinate, &str)| coordinate.setting.ends_with(".debug");
            if moved.iter().any(is_debug) && is_unset(snapshot, &["profile", "debugging"]) {
                edits.extend(debugging());
            }
        }
        Profile::Release => edits.extend(release_final(snapshot, &moved)),
    }
    edits
}

fn edit(coordinate: &Coordinate, value: &str) -> Option<Edit> {
    let path: Vec<&str> =
        coordinate.setting.split('.').map(|name| name.trim_matches('"')).collect();
    let (key, table) = path.split_last()?;
    let why =
        "Backtraces keep their line numbers; `cargo build --profile debugging` has everything.";
    let comment = (coordinate.setting == "profile.dev.debug").then_some(why);
    Some(set(table, key, parsed(value)?, comment))
}

/// A value as TOML; none for leaving the key out.
fn parsed(value: &str) -> Option<Value> {
    value.parse().ok().filter(|_| value != DEFAULT)
}

/// For a debugger: dev with all debug information.
fn debugging() -> Vec<Edit> {
    let why = "For a debugger: dev with all debug information.";
    vec![
        set(&["profile", "debugging"], "inherits", "dev", Some(why)),
        set(&["profile", "debugging"], "debug", true, None),
        set(&["profile", "debugging", "package", "*"], "debug", true, None),
    ]
}

/// The release settings from before, for what ships.
fn release_final(snapshot: &Snapshot, moved: &[(&Coordinate, &str)]) -> Vec<Edit> {
    let why = "For what ships: the release settings from before.";
    let path = ["profile", "release-final"];
    let mut edits = vec![set(&path, "inherits", "release", Some(why))];
    edits.extend(moved.iter().filter_map(|(coordinate, _)| {
        let key = coordinate.setting.rsplit('.').next()?;
        let own = RELEASE_DEFAULTS.iter().find(|(known, _)| *known == key);
        let old = written(snapshot, key).or_else(|| own.map(|(_, value)| (*value).to_owned()))?;
        Some(set(&path, key, parsed(&old)?, None))
    }));
    edits
}
