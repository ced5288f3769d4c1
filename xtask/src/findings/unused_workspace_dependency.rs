//! `unused-workspace-dependency`: entries of `[workspace.dependencies]` that no member inherits.
//!
//! Such entries cost nothing to build: removing them is tidiness, and no time is claimed for it.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use crate::{
    cli::Code,
    manifest,
    plan::{Change, Edit},
    snapshot::{ROOT_MANIFEST, Snapshot},
};

use super::Finding;

/// One change for all entries. Each is looked at again when the plan is applied, since another
/// change may make a member inherit it, or stop the last one from doing so.
pub(super) fn find(snapshot: &Snapshot) -> Vec<Finding> {
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

/// The change with the entries in its title that are gone from the files the plan makes.
pub(super) fn settled(
    snapshot: &Snapshot,
    change: &Change,
    files: &BTreeMap<PathBuf, Vec<u8>>,
) -> Change {
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
