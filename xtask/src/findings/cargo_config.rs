//! `cargo-config`: `.cargo/config.toml` of the workspace.
//!
//! Only keys that cargo knows, only ones that nobody set, and no alias that shadows a command of cargo's.

use std::path::Path;

use crate::{
    cli::Code,
    manifest,
    plan::{Change, Edit, config_file},
    record::Verdict,
    snapshot::{CONFIG, OLD_CONFIG, Snapshot},
};

use super::{Finding, Pass, Scene};

pub(super) const PASS: Pass = Pass { suspicion: 80, ..Pass::of(find) };

/// Aliases: name, command line. None is a command of cargo's (`cargo --list`).
const ALIASES: [(&str, &str); 3] = [
    ("check-all", "check --workspace --all-targets"),
    ("test-all", "test --workspace --all-targets"),
    ("build-timings", "build --workspace --timings"),
];

/// The findings on the configuration.
fn find(scene: &Scene<'_>) -> Vec<Finding> {
    let snapshot = scene.snapshot;
    if snapshot.files.get(Path::new(OLD_CONFIG)).is_some_and(Option::is_some) {
        let reason = format!(
            "`{OLD_CONFIG}` is the old name, which cargo prefers; rename it to `{CONFIG}` first"
        );
        return vec![Finding::left(
            Code::CargoConfig,
            "aliases",
            "aliases",
            Verdict::Blocked,
            &reason,
        )];
    }
    let mut out: Vec<Finding> = aliases(snapshot).into_iter().collect();
    if scene.wishes.sccache {
        out.push(wrapper(snapshot));
    }
    out
}

pub(super) fn is_unset(snapshot: &Snapshot, path: &[&str]) -> bool {
    let document = snapshot.documents.get(Path::new(CONFIG));
    document.is_none_or(|document| manifest::item_at(document, path).is_none())
}

pub(super) fn set(path: &[&str], key: &str, value: &str, comment: Option<&str>) -> Edit {
    Edit::Set {
        file: config_file(),
        path: path.iter().map(|step| (*step).to_owned()).collect(),
        key: key.to_owned(),
        value: value.into(),
        comment: comment.map(str::to_owned),
    }
}

fn aliases(snapshot: &Snapshot) -> Option<Finding> {
    let missing: Vec<_> =
        ALIASES.iter().filter(|(name, _)| is_unset(snapshot, &["alias", name])).collect();
    if missing.is_empty() {
        return None;
    }
    let names: Vec<&str> = missing.iter().map(|(name, _)| *name).collect();
    let mut change = Change::new(
        Code::CargoConfig,
        "aliases",
        format!("aliases {}", names.join(", ")),
        "the whole workspace in one short command; no effect on builds".to_owned(),
    );
    change.edits = missing.iter().map(|(name, line)| set(&["alias"], name, line, None)).collect();
    Some(Finding::Remedy(change))
}

fn wrapper(snapshot: &Snapshot) -> Finding {
    let left = |reason: &str| {
        Finding::left(
            Code::CargoConfig,
            "sccache",
            "compile through sccache",
            Verdict::Skipped,
            reason,
        )
    };
    if !snapshot.sccache {
        return left("sccache is not installed; `cargo install sccache --locked` gets it");
    }
    if !is_unset(snapshot, &["build", "rustc-wrapper"]) {
        return left("`build.rustc-wrapper` is set already");
    }
    let mut change = Change::new(
        Code::CargoConfig,
        "sccache",
        "compile through sccache".to_owned(),
        "asked for with `--sccache`".to_owned(),
    );
    change.edits = vec![set(&["build"], "rustc-wrapper", "sccache", None)];
    Finding::Remedy(change)
}
