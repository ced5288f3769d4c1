//! `duplicate-version`: packages that a build on this host has in several versions, and what members
//! could change about it.
//!
//! A version leaves when everyone who asks for it moves: members by their requirements, packages of the
//! registry by newer releases. The compiler decides whether that stands.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use cargo_metadata::{Package, PackageId};

use crate::{
    graph::{HostGraph, Use},
    manifest::Site,
    outlook::Outlook,
    plan::{Change, Edit},
    record::Verdict,
    snapshot::Snapshot,
};

use super::Finding;

mod align;
mod blocked;
mod solve;
mod subject;

use solve::Solver;
use subject::{Found, Judged, Subject, versions};

/// One finding for each package, or for several that the same steps bring to one version. `outlook` says
/// what newer releases would change; without it only versions in the graph are considered.
/// `removals` are looked at as made: what they take out of the graph needs nothing else.
pub(super) fn find(
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
        match subject.judge(&solver) {
            Judged::Ways(found) => ways.push(found),
            Judged::Skipped(reason) => left.push(subject.left(Verdict::Skipped, &reason)),
            Judged::Blocked(found) => blocked.push(found),
        }
    }
    ways.sort_by(|a, b| {
        b.weight.cmp(&a.weight).then_with(|| a.change.subject.cmp(&b.change.subject))
    });
    let mut going: HashSet<&PackageId> = HashSet::new();
    let stays_double = |going: &HashSet<&PackageId>, versions: &[&Package]| {
        versions.iter().filter(|package| !going.contains(&package.id)).count() > 1
    };
    // What the way of another brings to one version by the by needs none of its own, nor is it blocked.
    ways.retain(|found| {
        let is_needed = found.versions.is_empty() || stays_double(&going, &found.versions);
        if is_needed {
            going.extend(found.going.iter().copied());
        }
        is_needed
    });
    blocked.retain(|found| stays_double(&going, &found.versions));
    let changes = together(ways).into_iter().map(|found| found.change);
    let remedies = changes.map(Finding::Remedy);
    remedies.chain(left).chain(blocked::findings(&graph, blocked)).collect()
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
pub(super) fn subjects(findings: &[Finding], uses: &[Use<'_>]) -> BTreeSet<String> {
    let several = in_several_versions(uses).into_keys().map(str::to_owned);
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
fn together(ways: Vec<Found<'_>>) -> Vec<Found<'_>> {
    let mut out: Vec<Found<'_>> = Vec::new();
    for found in ways {
        let edits = format!("{:?}", found.change.edits);
        let same = out.iter_mut().find(|known| format!("{:?}", known.change.edits) == edits);
        let Some(known) = same else {
            out.push(found);
            continue;
        };
        let name = &found.change.subject;
        known.change.title = known.change.title.replacen(" to ", &format!(" and {name} to "), 1);
        known.change.reason = format!("{}; {name}: {}", known.change.reason, found.change.reason);
        known.change.removes.extend(found.change.removes);
        known.going.extend(found.going);
        known.weight = known.weight.max(found.weight);
    }
    out
}
