//! `duplicate-version`: packages that a build on this host has in several versions, and what members
//! could change about it.
//!
//! A version leaves when everyone who asks for it moves: members by their requirements, packages of the
//! registry by newer releases. The compiler decides whether that stands.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use cargo_metadata::{Package, PackageId};

use crate::{
    cli::Code,
    graph::{HostGraph, Use},
    manifest::Site,
    outlook::Outlook,
    plan::{Change, Edit},
    record::Verdict,
    snapshot::Snapshot,
};

use super::{Finding, IGNORED, Pass, Scene, is_ignored, kept_out};

mod align;
mod blocked;
mod solve;
mod subject;

use solve::Solver;
use subject::{Found, Judged, Subject, versions};

pub(super) const PASS: Pass =
    Pass { suspicion: 70, removes_packages: true, is_gone, ..Pass::of(find_beside_removals) };

/// The lock file has one version at most, for no machine another.
fn is_gone(scene: &Scene<'_>, subject: &str) -> bool {
    let packages = &scene.snapshot.metadata.packages;
    packages.iter().filter(|package| package.name == subject).count() < 2
}

fn find_beside_removals(scene: &Scene<'_>) -> Vec<Finding> {
    let unused = scene.found(Code::UnusedDependency).unwrap_or_default();
    let removals: Vec<&Change> = unused
        .iter()
        .filter_map(Finding::change)
        .filter(|change| kept_out(scene.snapshot, scene.wishes, change).is_none())
        .collect();
    find(scene.snapshot, &scene.uses, &removals, scene.wishes.outlook.as_ref())
}

/// One finding for each package, or for several that the same steps bring to one version. `outlook` says
/// what newer releases would change; without it only versions in the graph are considered.
/// `removals` are looked at as made: what they take out of the graph needs nothing else.
fn find(
    snapshot: &Snapshot,
    uses: &[Use<'_>],
    removals: &[&Change],
    outlook: Option<&Outlook>,
) -> Vec<Finding> {
    let entries = entries_of(removals);
    let (gone, kept): (Vec<&Use<'_>>, Vec<&Use<'_>>) = uses
        .iter()
        .partition(|usage| entries.contains(&(usage.site(), usage.declared.key.as_str())));
    let graph = HostGraph::without(snapshot, &edges(&gone, &kept));
    let kept: Vec<Use<'_>> = kept.into_iter().cloned().collect();
    let uses = kept.as_slice();
    let solver = Solver::new(snapshot, &graph, uses, outlook);
    let mut ways: Vec<Found<'_>> = Vec::new();
    let mut left = Vec::new();
    let mut blocked = Vec::new();
    for subject in subjects_of(&graph, uses) {
        if is_ignored(snapshot, Code::DuplicateVersion, subject.name) {
            left.push(subject.left(Verdict::Skipped, IGNORED));
            continue;
        }
        match subject.judge(&solver) {
            Judged::Ways(found) => ways.push(*found),
            Judged::Skipped(reason) => left.push(subject.left(Verdict::Skipped, &reason)),
            Judged::Blocked(found) => blocked.push(found),
        }
    }
    ways.sort_by(|a, b| {
        b.weight.cmp(&a.weight).then_with(|| a.change.subject.cmp(&b.change.subject))
    });
    // What the way of another brings to one version by the by needs none of its own, nor is it blocked.
    let mut going: HashMap<&PackageId, String> = HashMap::new();
    let mut covered = Vec::new();
    ways.retain(|found| match covering(&going, &found.versions) {
        Some(by) => {
            covered.push(told(&found.change.subject, &by));
            false
        }
        None => {
            let by = found.change.id();
            going.extend(found.going.iter().map(|id| (*id, by.clone())));
            true
        }
    });
    blocked.retain(|found| match covering(&going, &found.versions) {
        Some(by) => {
            covered.push(told(found.name, &by));
            false
        }
        None => true,
    });
    let changes = together(ways.into_iter().map(|found| found.change));
    let remedies = changes.into_iter().map(Finding::Remedy);
    remedies.chain(left).chain(covered).chain(blocked::findings(&graph, blocked)).collect()
}

/// The change with which all versions but one go.
fn covering(going: &HashMap<&PackageId, String>, versions: &[&Package]) -> Option<String> {
    let by: Vec<&String> = versions.iter().filter_map(|package| going.get(&package.id)).collect();
    let is_covered = !versions.is_empty() && versions.len() <= by.len() + 1;
    by.first().filter(|_| is_covered).map(|by| (*by).clone())
}

fn told(name: &str, by: &str) -> Finding {
    let (title, reason) = (subject::title(name), format!("it comes to one with `{by}`"));
    Finding::left(Code::DuplicateVersion, name, &title, Verdict::Skipped, &reason)
}

/// The entries that changes remove.
fn entries_of<'a>(removals: &[&'a Change]) -> HashSet<(Site, &'a str)> {
    let entry = |edit: &'a Edit| match edit {
        Edit::Remove { site, key } => Some((site.clone(), key.as_str())),
        _ => None,
    };
    removals.iter().flat_map(|change| &change.edits).filter_map(entry).collect()
}

/// The edges of the graph that go with `gone`: of members that ask for the package nowhere else.
fn edges<'a>(
    gone: &[&'a Use<'a>],
    kept: &[&'a Use<'a>],
) -> HashSet<(&'a PackageId, &'a PackageId)> {
    let edge = |usage: &&'a Use<'a>| Some((&usage.member.id, &usage.package?.id));
    let kept: HashSet<_> = kept.iter().filter_map(edge).collect();
    gone.iter().filter_map(edge).filter(|edge| !kept.contains(edge)).collect()
}

/// Packages whose requirements this rule may edit: other rules leave them to it.
pub(super) fn subjects(
    snapshot: &Snapshot,
    findings: &[Finding],
    uses: &[Use<'_>],
) -> BTreeSet<String> {
    let mut several = in_several_versions(uses);
    several.retain(|name, _| !is_ignored(snapshot, Code::DuplicateVersion, name));
    let several = several.into_keys().map(str::to_owned);
    let keys: HashSet<&str> = findings
        .iter()
        .filter_map(Finding::change)
        .flat_map(|change| {
            let others = change.alternatives.iter().flat_map(|other| &other.edits);
            change.edits.iter().chain(others)
        })
        .filter_map(Edit::key)
        .collect();
    let edited = uses.iter().filter(|usage| keys.contains(usage.declared.key.as_str()));
    several.chain(edited.map(|usage| usage.effective.package().to_owned())).collect()
}

fn subjects_of<'a>(graph: &'a HostGraph<'a>, uses: &'a [Use<'a>]) -> Vec<Subject<'a>> {
    let mut duplicates = graph.duplicates();
    for name in in_several_versions(uses).into_keys() {
        duplicates.entry(name).or_default();
    }
    let mut groups: BTreeMap<&str, Vec<&Use<'_>>> = BTreeMap::new();
    for usage in uses.iter().filter(|usage| usage.package.is_some()) {
        groups.entry(usage.effective.package()).or_default().push(usage);
    }
    let subject = |(name, versions)| {
        let group = groups.get(name).cloned().unwrap_or_default();
        Subject { name, versions, group }
    };
    duplicates.into_iter().map(subject).collect()
}

fn in_several_versions<'a>(uses: &'a [Use<'a>]) -> BTreeMap<&'a str, Vec<&'a Use<'a>>> {
    let mut groups: BTreeMap<&str, Vec<&Use<'_>>> = BTreeMap::new();
    for usage in uses.iter().filter(|usage| usage.is_plain() && usage.package.is_some()) {
        groups.entry(usage.effective.package()).or_default().push(usage);
    }
    groups.retain(|_, group| versions(group).len() > 1);
    groups
}

/// Subjects that the same steps serve become one change, under the name of the first.
fn together(changes: impl Iterator<Item = Change>) -> Vec<Change> {
    let mut out: Vec<Change> = Vec::new();
    for change in changes {
        let edits = format!("{:?}", change.edits);
        let Some(known) = out.iter_mut().find(|known| format!("{:?}", known.edits) == edits) else {
            out.push(change);
            continue;
        };
        let name = &change.subject;
        known.title = known.title.replacen(" to ", &format!(" and {name} to "), 1);
        known.reason = format!("{}; {name}: {}", known.reason, change.reason);
        known.removes.extend(change.removes);
    }
    out
}
