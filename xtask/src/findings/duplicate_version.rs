//! `duplicate-version`: packages that a build on this host has in several versions, and what members
//! could change about it.
//!
//! A version leaves when everyone who asks for it moves: members by their requirements, packages of the
//! registry by newer releases. The compiler decides whether that stands.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    time::Duration,
};

use cargo_metadata::PackageId;

use crate::{
    graph::{HostGraph, Use},
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
pub(super) fn find(
    snapshot: &Snapshot,
    uses: &[Use<'_>],
    outlook: Option<&Outlook>,
) -> Vec<Finding> {
    let graph = HostGraph::of(snapshot);
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
    let going: HashSet<&PackageId> = ways.iter().flat_map(|found| &found.going).copied().collect();
    // What the ways bring to one version by the by is not blocked.
    blocked.retain(|found| {
        found.versions.iter().filter(|package| !going.contains(&package.id)).count() != 1
    });
    let mut changes: Vec<((Duration, usize), Change)> =
        together(ways).into_iter().map(|found| (found.weight, found.change)).collect();
    changes.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.subject.cmp(&b.1.subject)));
    let remedies = changes.into_iter().map(|(_, change)| Finding::Remedy(change));
    remedies.chain(left).chain(blocked::findings(&graph, blocked)).collect()
}

/// Packages whose requirements this rule may edit: other rules leave them to it.
pub(super) fn subjects(findings: &[Finding], uses: &[Use<'_>]) -> BTreeSet<String> {
    let several = in_several_versions(uses).into_keys().map(str::to_owned);
    let keys: HashSet<&str> = findings
        .iter()
        .filter_map(|finding| match finding {
            Finding::Remedy(change) => Some(change),
            Finding::Left(_) => None,
        })
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
