//! `not-inherited`: dependencies that members repeat, of the workspace or of each other.
//!
//! What each member asks for stays the same; only where it is written changes.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use anyhow::Result;

use crate::{
    cli::Code,
    graph::{self, Use},
    manifest::{self, Declaration, Site},
    plan::{self, Change, Edit},
    record::Verdict,
    snapshot::Snapshot,
    wording,
};

use super::{Finding, GENERATED, Pass, Scene, duplicate_version};

mod hoist;
mod split;

pub(super) const PASS: Pass = Pass { drop_idle, suspicion: 40, ..Pass::of(find) };

/// One change for each key, one record for each repetition that must stay. Packages that are `aligned`
/// by another pass are left to it.
fn find(scene: &Scene<'_>) -> Vec<Finding> {
    let (snapshot, uses) = (scene.snapshot, scene.uses.as_slice());
    let duplicates = scene.found(Code::DuplicateVersion);
    let aligned = duplicates
        .map(|found| duplicate_version::subjects(snapshot, found, uses))
        .unwrap_or_default();
    let shared = manifest::workspace_declarations(snapshot.root_document());
    let heirs = if snapshot.members.iter().all(|member| member.manifest.is_some()) {
        Heirs::AllRead
    } else {
        Heirs::SomeOutside
    };
    let generated = manifest::generated(&snapshot.documents);
    let workspace = Workspace { root: &snapshot.root, shared: &shared, heirs, generated };
    judge(&workspace, uses, &aligned)
}

/// Drops inheriting where what would inherit goes.
fn drop_idle(_: &Snapshot, changes: &mut Vec<Change>) -> Result<()> {
    let edits = changes.iter().flat_map(|change| &change.edits);
    let removed: BTreeSet<(Site, String)> = edits
        .filter_map(|edit| match edit {
            Edit::Remove { site, key } => Some((site.clone(), key.clone())),
            _ => None,
        })
        .collect();
    changes.retain(|change| change.code != Code::NotInherited || has_heirs(change, &removed));
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

/// What the rule needs to know beyond what members use.
struct Workspace<'a> {
    root: &'a Path,
    /// `[workspace.dependencies]`
    shared: &'a [Declaration],
    heirs: Heirs,
    /// Manifests that a program writes.
    generated: BTreeSet<&'a Path>,
}

/// Whether the manifest of every member that may inherit has been read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Heirs {
    AllRead,
    /// A member lies outside the workspace directory.
    SomeOutside,
}

/// The rule itself.
fn judge(workspace: &Workspace<'_>, uses: &[Use<'_>], aligned: &BTreeSet<String>) -> Vec<Finding> {
    let mut by_key: BTreeMap<&str, Vec<&Use<'_>>> = BTreeMap::new();
    let mut kept = BTreeSet::new();
    for usage in uses {
        if workspace.generated.contains(usage.manifest) && !usage.declared.inherits {
            kept.insert(usage.member.name.as_str());
        } else {
            by_key.entry(&usage.declared.key).or_default().push(usage);
        }
    }
    let mut out: Vec<Finding> = kept.into_iter().map(left_to_hakari).collect();
    for base in workspace.shared {
        let group = by_key.remove(base.key.as_str()).unwrap_or_default();
        if !aligned.contains(base.package()) {
            out.extend(inherit(workspace, base, &group));
        }
    }
    let is_free = |group: &Vec<&Use<'_>>| {
        !group.iter().any(|usage| aligned.contains(usage.declared.package()))
    };
    by_key.retain(|_, group| is_free(group));
    for place in [Place::Elsewhere, Place::Workspace] {
        let groups: Vec<(&str, &Vec<&Use<'_>>)> = by_key
            .iter()
            .filter(|(_, group)| group.first().is_some_and(|u| Place::of(&u.declared) == place))
            .map(|(key, group)| (*key, group))
            .collect();
        out.extend(by_habit(workspace, place, &groups));
    }
    out
}

/// Where a crate comes from, as far as workspaces treat it differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// A path: mostly a member.
    Workspace,
    Elsewhere,
}

impl Place {
    fn of(declared: &Declaration) -> Self {
        let is_path = declared.source.iter().any(|(key, _)| key == "path");
        if is_path { Self::Workspace } else { Self::Elsewhere }
    }
}

/// So few that to declare them restyles no workspace.
const FEW: usize = 4;

/// Declares what members repeat, if that is the workspace's habit: it declares at least as many of a
/// kind as its members repeat, or these are few. Whoever declares nothing never asked for it.
fn by_habit(
    workspace: &Workspace<'_>,
    place: Place,
    groups: &[(&str, &Vec<&Use<'_>>)],
) -> Vec<Finding> {
    let declared = workspace.shared.iter().filter(|entry| Place::of(entry) == place).count();
    let repeated: Vec<String> = groups
        .iter()
        .filter(|(_, group)| hoist::members(group) > 1)
        .map(|(key, _)| (*key).to_owned())
        .collect();
    if workspace.shared.is_empty() {
        return Vec::new();
    }
    if repeated.len() <= declared.max(FEW) {
        return groups.iter().flat_map(|(key, group)| hoist::find(workspace, key, group)).collect();
    }
    let (subject, what) = match place {
        Place::Workspace => ("paths", "path dependencies"),
        Place::Elsewhere => ("repeated", "dependencies"),
    };
    let reason = format!(
        "members repeat {} ({}), the workspace declares {declared}: that is not its habit",
        repeated.len(),
        wording::some_of(&repeated)
    );
    let title = format!("declare the {what} that members repeat");
    vec![Finding::left(Code::NotInherited, subject, &title, Verdict::Skipped, &reason)]
}

/// Makes members inherit an entry that the workspace has.
fn inherit<'a>(
    workspace: &Workspace<'_>,
    base: &'a Declaration,
    group: &[&'a Use<'a>],
) -> Vec<Finding> {
    let (heirs, repeats): (Vec<&Use<'_>>, Vec<&Use<'_>>) =
        group.iter().partition(|usage| usage.declared.inherits);
    let mut out = Vec::new();
    let mut pending = Vec::new();
    for usage in repeats {
        match graph::difference(workspace.root, usage, base) {
            Some(reason) => out.push(left(usage, &reason)),
            None => pending.push(usage),
        }
    }
    let merged_with = |chosen: &[&'a Use<'a>]| {
        let own = heirs.iter().copied().chain(chosen.to_vec()).map(asked);
        merged(std::iter::once((base.requirement.as_deref(), None)).chain(own))
    };
    let may_raise =
        |merged| workspace.heirs == Heirs::AllRead || merged == base.requirement.as_deref();
    let (joined, others) =
        join(Vec::new(), pending, |chosen| merged_with(chosen).is_ok_and(may_raise));
    for usage in others {
        let own = usage.declared.requirement.as_deref().unwrap_or("*");
        let shared = base.requirement.as_deref().unwrap_or("*");
        out.push(left(usage, &format!("it requires {own}, the workspace {shared}")));
    }
    let split = split::split(workspace, base, &heirs, joined.clone());
    out.extend(split.left.iter().map(|(usage, reason)| left(usage, reason)));
    if !split.inheriting.is_empty() {
        let title = format!("inherit {} in {}", base.key, names(&split.inheriting));
        let reason = split.reason();
        let mut change = Change::new(Code::NotInherited, &base.key, title, reason);
        // What is locked may be known of one that stays only.
        let requirement = merged_with(&split.inheriting).or_else(|_| merged_with(&joined));
        let raised =
            requirement.unwrap_or_default().filter(|r| Some(*r) != base.requirement.as_deref());
        change.edits.extend(raised.map(|requirement| Edit::SetRequirement {
            site: Site::Workspace,
            key: base.key.clone(),
            requirement: requirement.to_owned(),
        }));
        change.edits.extend(split.edits);
        change.edits.extend(split.inheriting.iter().map(|usage| inherits(usage)));
        out.push(Finding::Remedy(change));
    }
    out
}

/// The requirement that a use comes to, and the version that is locked for it.
type Asked<'a> = (Option<&'a str>, Option<&'a semver::Version>);

fn asked<'a>(usage: &'a Use<'_>) -> Asked<'a> {
    (usage.effective.requirement.as_deref(), usage.package.map(|package| &package.version))
}

/// Requirements that no single one can take the place of.
struct Unmergeable;

/// The one requirement in place of several.
fn merged<'a>(asks: impl Iterator<Item = Asked<'a>>) -> Result<Option<&'a str>, Unmergeable> {
    let (texts, without): (Vec<Asked<'_>>, Vec<Asked<'_>>) =
        asks.partition(|(requirement, _)| requirement.is_some());
    // Path dependencies between members often have none.
    if texts.is_empty() {
        return Ok(None);
    }
    let texts: Vec<_> =
        texts.into_iter().filter_map(|(text, locked)| Some((text?, locked))).collect();
    let one = graph::merged(&texts).filter(|_| without.is_empty());
    one.map(Some).ok_or(Unmergeable)
}

/// Adds to `joined` whatever of `pending` goes with it, until nothing more does.
fn join<'a>(
    mut joined: Vec<&'a Use<'a>>,
    mut pending: Vec<&'a Use<'a>>,
    fits: impl Fn(&[&'a Use<'a>]) -> bool,
) -> (Vec<&'a Use<'a>>, Vec<&'a Use<'a>>) {
    loop {
        let before = pending.len();
        pending.retain(|usage| {
            joined.push(usage);
            let stays_out = !fits(&joined);
            if stays_out {
                joined.pop();
            }
            stays_out
        });
        if pending.len() == before {
            return (joined, pending);
        }
    }
}

fn inherits(usage: &Use<'_>) -> Edit {
    Edit::Inherit { site: usage.site(), key: usage.declared.key.clone() }
}

/// Names of the members, each once.
fn names(uses: &[&Use<'_>]) -> String {
    let mut names: Vec<&str> = uses.iter().map(|usage| usage.member.name.as_str()).collect();
    names.dedup();
    names.join(", ")
}

fn left(usage: &Use<'_>, reason: &str) -> Finding {
    let subject = format!("{}/{}", usage.member.name, usage.declared.key);
    let title = format!("inherit {} in {}", usage.declared.key, usage.member.name);
    Finding::left(Code::NotInherited, &subject, &title, Verdict::Skipped, reason)
}

fn left_to_hakari(member: &str) -> Finding {
    let (subject, title) = (format!("{member}/*"), format!("inherit in {member}"));
    Finding::left(Code::NotInherited, &subject, &title, Verdict::Skipped, GENERATED)
}

#[cfg(test)]
mod tests;
