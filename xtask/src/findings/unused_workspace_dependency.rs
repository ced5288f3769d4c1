//! `unused-workspace-dependency`: entries of `[workspace.dependencies]` that no member inherits.
//!
//! Such entries cost nothing to build: removing them is tidiness, and no time is claimed for it.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use anyhow::Result;

use crate::{
    cli::Code,
    manifest,
    plan::{self, Change, Edit},
    snapshot::{ROOT_MANIFEST, Snapshot},
};

use super::{Finding, Pass, Scene};

pub(super) const PASS: Pass = Pass { drop_idle, settled, suspicion: 20, ..Pass::of(find) };

/// One change for all entries. Each is looked at again when the plan is applied, since another
/// change may make a member inherit it, or stop the last one from doing so.
fn find(scene: &Scene<'_>) -> Vec<Finding> {
    let snapshot = scene.snapshot;
    if snapshot.members.iter().any(|member| member.manifest.is_none()) {
        // A member outside the workspace directory may inherit: its manifest is not read.
        return Vec::new();
    }
    let keys: Vec<String> = manifest::workspace_declarations(snapshot.root_document())
        .into_iter()
        .filter(|declared| {
            let keep = &snapshot.policy.keep;
            !keep.contains(&declared.key) && !keep.contains(declared.package())
        })
        .map(|declared| declared.key)
        .collect();
    if keys.is_empty() {
        return Vec::new();
    }
    let title = "remove entries of [workspace.dependencies] that no member inherits".to_owned();
    let reason =
        "no member inherits them; tidiness only, such entries cost no build time".to_owned();
    let mut change = Change::new(Code::UnusedWorkspaceDependency, "entries", title, reason);
    change.edits = keys.into_iter().map(|key| Edit::RemoveUninherited { key }).collect();
    vec![Finding::Remedy(change)]
}

/// Reason of the change when the others left nothing for it to do.
pub(crate) const NOTHING_LEFT: &str = "nothing left to do: members inherit every entry";

/// Drops the change where each entry has an heir.
fn drop_idle(snapshot: &Snapshot, changes: &mut Vec<Change>) -> Result<()> {
    let is_conditional = |change: &Change| change.code == Code::UnusedWorkspaceDependency;
    if changes.iter().any(is_conditional) {
        let all: Vec<&Change> = changes.iter().collect();
        let without: Vec<&Change> = all.iter().copied().filter(|c| !is_conditional(c)).collect();
        if plan::materialise(snapshot, &all)? == plan::materialise(snapshot, &without)? {
            changes.retain(|change| !is_conditional(change));
        }
    }
    Ok(())
}

/// The change with the entries in its title that are gone from the files the plan makes.
fn settled(snapshot: &Snapshot, change: &Change, files: &BTreeMap<PathBuf, Vec<u8>>) -> Change {
    let after = files
        .get(Path::new(ROOT_MANIFEST))
        .and_then(|bytes| std::str::from_utf8(bytes).ok()?.parse().ok())
        .map_or_else(
            || manifest::workspace_declarations(snapshot.root_document()),
            |document| manifest::workspace_declarations(&document),
        );
    let gone: Vec<String> = manifest::workspace_declarations(snapshot.root_document())
        .into_iter()
        .map(|declared| declared.key)
        .filter(|key| !after.iter().any(|declared| declared.key == *key))
        .collect();
    if gone.is_empty() {
        let reason = NOTHING_LEFT.to_owned();
        return Change { reason, ..change.clone() };
    }
    let title = format!("remove {} from [workspace.dependencies]", gone.join(", "));
    Change { title, ..change.clone() }
}
