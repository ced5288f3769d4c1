//! `profile`: settings of `[profile.*]` in the root manifest.
//!
//! Only keys that nobody set are added; the one that is replaced (release code generation) lives on in
//! `release-final`, and is replaced only by what a measurement on this machine preferred.

use toml_edit::{Item, Value};

use crate::{
    cli::Code,
    manifest,
    plan::{Alternative, Change, Edit},
    record::Verdict,
    snapshot::{ROOT_MANIFEST, Snapshot},
};

use super::Finding;

/// Subject of the change whose alternatives the measurement chooses among.
pub(crate) const RELEASE: &str = "release";

/// The findings on the profiles.
pub(super) fn find(snapshot: &Snapshot, tune_release: bool) -> Vec<Finding> {
    let mut out = Vec::new();
    out.extend(dev(snapshot));
    out.extend(release(snapshot, tune_release));
    out.extend(dev_opt(snapshot));
    if is_unset(snapshot, &["profile", "test"]) {
        out.push(Finding::left(
            Code::Profile,
            "test",
            "optimise tests",
            Verdict::Skipped,
            "opt-level = 1 for tests would compile every dependency twice, once for dev and once for tests",
        ));
    }
    if is_unset(snapshot, &["profile", "bench"]) {
        out.push(Finding::left(
            Code::Profile,
            "bench",
            "debug info for benches",
            Verdict::Skipped,
            "debug info for benches alone would compile every dependency twice, once for release and once for benches",
        ));
    }
    out
}

fn is_unset(snapshot: &Snapshot, path: &[&str]) -> bool {
    manifest::item_at(snapshot.root_document(), path).is_none()
}

fn set(path: &[&str], key: &str, value: impl Into<Value>, comment: Option<&str>) -> Edit {
    Edit::Set {
        file: ROOT_MANIFEST.into(),
        path: path.iter().map(|step| (*step).to_owned()).collect(),
        key: key.to_owned(),
        value: value.into(),
        comment: comment.map(str::to_owned),
    }
}

/// Less debug info in dev builds, and a profile with all of it for the day it is needed.
fn dev(snapshot: &Snapshot) -> Option<Finding> {
    let mut edits = Vec::new();
    if is_unset(snapshot, &["profile", "dev", "debug"]) {
        let why =
            "Backtraces keep their line numbers; `cargo build --profile debugging` has everything.";
        edits.push(set(&["profile", "dev"], "debug", "line-tables-only", Some(why)));
    }
    if is_unset(snapshot, &["profile", "dev", "package", "*", "debug"]) {
        edits.push(set(&["profile", "dev", "package", "*"], "debug", false, None));
    }
    if edits.is_empty() {
        return None;
    }
    if is_unset(snapshot, &["profile", "debugging"]) {
        let why = "For a debugger: dev with all debug information.";
        edits.push(set(&["profile", "debugging"], "inherits", "dev", Some(why)));
        edits.push(set(&["profile", "debugging"], "debug", true, None));
        edits.push(set(&["profile", "debugging", "package", "*"], "debug", true, None));
    }
    let mut change = Change::new(
        Code::Profile,
        "dev",
        "line tables only in dev builds, a `debugging` profile with everything".to_owned(),
        "dev builds write full debug info for every dependency".to_owned(),
    );
    change.edits = edits;
    Some(Finding::Remedy(change))
}

/// Release settings: the alternatives are measured, and the first one stands for "keep".
fn release(snapshot: &Snapshot, tune: bool) -> Option<Finding> {
    let setting = |key: &str| {
        manifest::item_at(snapshot.root_document(), &["profile", "release", key]).cloned()
    };
    let (units, lto) = (setting("codegen-units"), setting("lto"));
    let is_costly = units.as_ref().and_then(Item::as_integer) == Some(1)
        || lto.as_ref().is_some_and(|lto| {
            lto.as_bool() == Some(true) || matches!(lto.as_str(), Some("thin" | "fat"))
        });
    if !is_costly || !is_unset(snapshot, &["profile", "release-final"]) {
        return None;
    }
    let old: Vec<(&str, Value)> = [("codegen-units", units), ("lto", lto)]
        .into_iter()
        .filter_map(|(key, item)| {
            let mut value = item?.into_value().ok()?;
            value.decor_mut().clear();
            Some((key, value))
        })
        .collect();
    let shown: Vec<String> = old.iter().map(|(key, value)| format!("{key} = {value}")).collect();
    let title = "release settings for this machine".to_owned();
    if !tune {
        return Some(Finding::left(
            Code::Profile,
            RELEASE,
            &title,
            Verdict::Skipped,
            "which settings are fastest depends on the machine: only a timed run (`--measure quick`) chooses",
        ));
    }
    let ways = variants(snapshot.machine.cores).into_iter().map(|(units, lto)| Alternative {
        title: format!(
            "release with codegen-units = {units}, lto = {lto}; the old settings as `release-final`"
        ),
        removes: Vec::new(),
        edits: release_edits(&old, units, &lto),
    });
    let mut ways: Vec<Alternative> = ways.collect();
    let first = ways.remove(0);
    let reason = format!("[profile.release] has {}; timed builds choose", shown.join(", "));
    let mut change = Change::new(Code::Profile, RELEASE, first.title, reason);
    change.edits = first.edits;
    change.alternatives = ways;
    Some(Finding::Remedy(change))
}

/// Settings worth timing on a machine with that many cores. With few cores, more codegen units only
/// add work; with many, they fill idle cores. `lto = "off"` codegens each crate once, when it is compiled.
fn variants(cores: usize) -> Vec<(i64, Value)> {
    let off = || Value::from("off");
    match cores {
        0..=3 => vec![(1, off()), (4, off())],
        4..=7 => vec![(4, off()), (16, off())],
        _ => vec![(16, off()), (4, off())],
    }
}

fn release_edits(old: &[(&str, Value)], units: i64, lto: &Value) -> Vec<Edit> {
    let why = "For what ships: the release settings from before.";
    let mut edits = vec![
        set(&["profile", "release"], "codegen-units", units, None),
        set(&["profile", "release"], "lto", lto.clone(), None),
        set(&["profile", "release-final"], "inherits", "release", Some(why)),
    ];
    edits.extend(
        old.iter().map(|(key, value)| set(&["profile", "release-final"], key, value.clone(), None)),
    );
    edits
}

/// A profile that costs nothing until it is used.
fn dev_opt(snapshot: &Snapshot) -> Option<Finding> {
    if !is_unset(snapshot, &["profile", "dev-opt"]) {
        return None;
    }
    let why = "For trying things at speed: dev with optimised code.";
    let mut change = Change::new(
        Code::Profile,
        "dev-opt",
        "a `dev-opt` profile: dev with opt-level 2".to_owned(),
        "for runs that are too slow in dev; costs nothing until it is used".to_owned(),
    );
    change.edits = vec![
        set(&["profile", "dev-opt"], "inherits", "dev", Some(why)),
        set(&["profile", "dev-opt"], "opt-level", 2, None),
    ];
    Some(Finding::Remedy(change))
}
