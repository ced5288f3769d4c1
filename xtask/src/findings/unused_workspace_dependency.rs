//! `unused-workspace-dependency`: entries of `[workspace.dependencies]` that no member inherits.
//!
//! Such entries cost nothing to build: removing them is tidiness, and no time is claimed for it.

use crate::{
    cli::Code,
    graph, manifest,
    plan::{Change, Edit},
    snapshot::Snapshot,
};

use super::Finding;

/// One change for all entries. Each is looked at again when the plan is applied, since another
/// change may make a member inherit it, or stop the last one from doing so.
pub(super) fn find(snapshot: &Snapshot) -> Vec<Finding> {
    let uses = graph::uses(snapshot);
    if snapshot
        .members
        .iter()
        .any(|member| member.manifest.is_none())
    {
        // A member outside the workspace directory may inherit: its manifest is not read.
        return Vec::new();
    }
    let keys: Vec<String> = manifest::workspace_declarations(snapshot.root_document())
        .into_iter()
        .map(|declared| declared.key)
        .filter(|key| !snapshot.policy.keep.contains(key))
        .collect();
    let inherited = |key: &String| {
        uses.iter()
            .any(|u| u.declared.inherits && u.declared.key == *key)
    };
    let unused: Vec<String> = keys.iter().filter(|key| !inherited(key)).cloned().collect();
    if unused.is_empty() && !uses.iter().any(|u| u.declared.inherits) {
        return Vec::new();
    }
    let title = if unused.is_empty() {
        "remove workspace dependencies whose last heir the plan removes".to_owned()
    } else {
        format!("remove {} from [workspace.dependencies]", unused.join(", "))
    };
    let reason =
        "no member inherits them; tidiness only, such entries cost no build time".to_owned();
    let mut change = Change::new(Code::UnusedWorkspaceDependency, "entries", title, reason);
    change.edits = keys
        .into_iter()
        .map(|key| Edit::RemoveUninherited { key })
        .collect();
    vec![Finding::Remedy(change)]
}
