//! What costs build time or disk, with its evidence; and the plan made of the remedies.
//!
//! Each rule is one pure function in a file of its own below `findings/`. A finding is data, never an error.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use anyhow::Result;

use crate::{
    cli::Code,
    graph,
    manifest::Site,
    outlook::Outlook,
    plan::{self, Change, Edit},
    record::{ChangeRecord, Effort, Verdict},
    settled::Settled,
    snapshot::Snapshot,
};

mod broad_features;
mod cargo_config;
mod duplicate_version;
pub(crate) mod gitignore;
mod not_inherited;
mod package_bloat;
mod profile;
mod unused_dependency;
mod unused_workspace_dependency;

pub(crate) use gitignore::PROBES;
pub(crate) use profile::{
    DEV as DEV_PROFILE, RELEASE as RELEASE_PROFILE, coordinates as profile_coordinates,
    edits as profile_edits,
};
pub(crate) use unused_workspace_dependency::NOTHING_LEFT;

/// Something that costs, and what can be done about it.
#[derive(Debug, Clone)]
pub(crate) enum Finding {
    /// A change remedies it.
    Remedy(Change),
    /// Nothing is done, for the reason in the record.
    Left(ChangeRecord),
}

impl Finding {
    /// The change that remedies it.
    fn change(&self) -> Option<&Change> {
        match self {
            Self::Remedy(change) => Some(change),
            Self::Left(_) => None,
        }
    }

    /// A finding that is left as it is.
    pub(crate) fn left(
        code: Code,
        subject: &str,
        title: &str,
        verdict: Verdict,
        reason: &str,
    ) -> Self {
        Self::Left(ChangeRecord {
            id: format!("{}:{subject}", code.as_str()),
            code: code.as_str().to_owned(),
            title: title.to_owned(),
            verdict,
            reason: reason.to_owned(),
            files: Vec::new(),
            impact: None,
            effort: None,
            remembered: None,
        })
    }
}

/// What the rules are asked for beyond the snapshot.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wishes {
    /// The passes to run.
    pub(crate) codes: Vec<Code>,
    /// Set sccache as the compiler wrapper.
    pub(crate) sccache: bool,
    /// What newer releases would change; none if they were not looked for.
    pub(crate) outlook: Option<Outlook>,
    /// Timed builds will search for the best profile settings.
    pub(crate) search: bool,
    /// What earlier runs decided.
    pub(crate) settled: Settled,
}

/// Changes in the order in which they are applied, and what is left with its reason.
#[derive(Debug, Clone, Default)]
pub(crate) struct Plan {
    pub(crate) changes: Vec<Change>,
    pub(crate) left: Vec<ChangeRecord>,
    /// What the changes make of the files, all of them together.
    pub(crate) files: BTreeMap<PathBuf, Vec<u8>>,
}

/// Asks every rule that is wanted. Removal comes first, so that nothing is aligned, inherited or
/// trimmed that goes anyway; the workspace's own entries come after everything that may inherit them.
///
/// # Errors
/// When the plan would change a key that no change names: a defect.
pub(crate) fn plan(snapshot: &Snapshot, wishes: &Wishes) -> Result<Plan> {
    // Read once: every rule on dependencies looks at all of them.
    let uses = graph::uses(snapshot);
    let unused = if wishes.codes.contains(&Code::UnusedDependency) {
        unused_dependency::find(snapshot, &uses)
    } else {
        Vec::new()
    };
    let (duplicates, aligned) = if wishes.codes.contains(&Code::DuplicateVersion) {
        let removals: Vec<&Change> = unused
            .iter()
            .filter_map(Finding::change)
            .filter(|change| kept_out(snapshot, wishes, change).is_none())
            .collect();
        let outlook = wishes.outlook.as_ref();
        let found = duplicate_version::find(snapshot, &uses, &removals, outlook);
        let subjects = duplicate_version::subjects(snapshot, &found, &uses);
        (found, subjects)
    } else {
        Default::default()
    };
    let rules: [(Code, &dyn Fn() -> Vec<Finding>); 9] = [
        (Code::PackageBloat, &|| package_bloat::find(snapshot)),
        (Code::Gitignore, &|| gitignore::find(snapshot)),
        (Code::UnusedDependency, &|| unused.clone()),
        (Code::DuplicateVersion, &|| duplicates.clone()),
        (Code::NotInherited, &|| not_inherited::find(snapshot, &uses, &aligned)),
        (Code::BroadFeatures, &|| broad_features::find(snapshot, &uses)),
        (Code::UnusedWorkspaceDependency, &|| unused_workspace_dependency::find(snapshot)),
        (Code::Profile, &|| profile::find(snapshot, wishes.search)),
        (Code::CargoConfig, &|| cargo_config::find(snapshot, wishes.sccache)),
    ];
    let mut plan = Plan::default();
    for (code, rule) in rules {
        if !wishes.codes.contains(&code) {
            continue;
        }
        for finding in rule() {
            match finding {
                Finding::Remedy(change) => match kept_out(snapshot, wishes, &change) {
                    Some(record) => plan.left.push(record),
                    None => plan.changes.push(change),
                },
                Finding::Left(record) => plan.left.push(record),
            }
        }
    }
    drop_idle(snapshot, &mut plan)?;
    plan.files = plan::materialise(snapshot, &plan.changes.iter().collect::<Vec<_>>())?;
    for change in &mut plan.changes {
        *change = settled(snapshot, change, &plan.files);
    }
    Ok(plan)
}

/// A change with the title that fits what became of it among the others.
pub(crate) fn settled(
    snapshot: &Snapshot,
    change: &Change,
    files: &BTreeMap<PathBuf, Vec<u8>>,
) -> Change {
    match change.code {
        Code::UnusedWorkspaceDependency => {
            unused_workspace_dependency::settled(snapshot, change, files)
        }
        _ => change.clone(),
    }
}

/// Drops what has nothing left to do once the other changes are applied: the removal of workspace
/// entries where each has an heir, and inheriting where what would inherit goes.
fn drop_idle(snapshot: &Snapshot, plan: &mut Plan) -> Result<()> {
    let removed: BTreeSet<(Site, String)> = plan
        .changes
        .iter()
        .flat_map(|change| &change.edits)
        .filter_map(|edit| match edit {
            Edit::Remove { site, key } => Some((site.clone(), key.clone())),
            _ => None,
        })
        .collect();
    plan.changes.retain(|change| change.code != Code::NotInherited || has_heirs(change, &removed));
    let is_conditional = |change: &Change| change.code == Code::UnusedWorkspaceDependency;
    if plan.changes.iter().any(is_conditional) {
        let all: Vec<&Change> = plan.changes.iter().collect();
        let without: Vec<&Change> = all.iter().copied().filter(|c| !is_conditional(c)).collect();
        if plan::materialise(snapshot, &all)? == plan::materialise(snapshot, &without)? {
            plan.changes.retain(|change| !is_conditional(change));
        }
    }
    Ok(())
}

/// Whether an entry is left to inherit, or two where the change would declare it for them.
fn has_heirs(change: &Change, removed: &BTreeSet<(Site, String)>) -> bool {
    let stays = |site: &Site, key: &str| !removed.contains(&(site.clone(), key.to_owned()));
    let inherits = |edit: &Edit| matches!(edit, Edit::Inherit { site, key } if stays(site, key));
    let is_wanted = |edit: &Edit| match edit {
        Edit::Declare { entry, heirs } => {
            plan::is_shared(heirs.iter().filter(|site| stays(site, &entry.key)))
        }
        _ => true,
    };
    change.edits.iter().any(inherits) && change.edits.iter().all(is_wanted)
}

/// Reason to leave a manifest that has a section of `cargo hakari`.
const GENERATED: &str = "`cargo hakari` writes its dependencies, and would write them again";

/// Reason of a change that the policy names.
const IGNORED: &str = "ignored by `[workspace.metadata.optimize]`";

fn is_ignored(snapshot: &Snapshot, code: Code, subject: &str) -> bool {
    let ignore = &snapshot.policy.ignore;
    ignore.contains(&plan::id(code, subject)) || ignore.contains(code.as_str())
}

/// The record of a change that is not to be tried: the policy names it, or an earlier run judged the same.
fn kept_out(snapshot: &Snapshot, wishes: &Wishes, change: &Change) -> Option<ChangeRecord> {
    if is_ignored(snapshot, change.code, &change.subject) {
        return Some(record(change, Verdict::Skipped, IGNORED));
    }
    let known = wishes.settled.of(change)?;
    let remembered = Some(known.run.clone());
    let reason = known.reason();
    Some(ChangeRecord { remembered, effort: None, ..record(change, known.verdict, &reason) })
}

/// The record of a change with its verdict.
pub(crate) fn record(change: &Change, verdict: Verdict, reason: &str) -> ChangeRecord {
    ChangeRecord {
        id: change.id(),
        code: change.code.as_str().to_owned(),
        title: change.title.clone(),
        verdict,
        reason: reason.to_owned(),
        files: change.files().iter().map(|path| path.display().to_string()).collect(),
        impact: None,
        effort: Some(Effort { files: change.files().len(), edits: change.edits.len() }),
        remembered: None,
    }
}
