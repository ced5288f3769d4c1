//! Duplicates that nothing here can remove: who holds them, said once.
//!
//! Pure. A version that is there only because of another version that cannot go either is told with it.

use std::collections::{BTreeMap, HashMap};

use cargo_metadata::{Package, PackageId};

use super::solve::Obstacle;
use crate::{cli::Code, findings::Finding, graph::HostGraph, record::Verdict, wording};

/// A package that stays in several versions.
pub(super) struct Blocked<'a> {
    pub(super) name: &'a str,
    /// Lowest first.
    pub(super) versions: Vec<&'a Package>,
    pub(super) obstacle: Option<Obstacle<'a>>,
}

/// One finding for each root.
pub(super) fn findings(graph: &HostGraph<'_>, blocked: Vec<Blocked<'_>>) -> Vec<Finding> {
    // Which blocked package a lower version belongs to.
    let held: HashMap<&PackageId, &str> = blocked
        .iter()
        .flat_map(|found| lower(found).iter().map(|package| (&package.id, found.name)))
        .collect();
    let mut dragged: BTreeMap<&str, &str> = BTreeMap::new();
    for found in &blocked {
        let parents: Vec<_> = lower(found)
            .iter()
            .flat_map(|package| graph.parents(&package.id))
            .map(|parent| held.get(parent).copied().filter(|name| *name != found.name))
            .collect();
        if let (Some(first), true) =
            (parents.first().copied().flatten(), parents.iter().all(Option::is_some))
        {
            dragged.insert(found.name, first);
        }
    }
    let root = |name| {
        // As many steps as there are names: two that drag each other are both told.
        let steps = std::iter::successors(Some(name), |name| dragged.get(name).copied());
        steps.take(dragged.len() + 1).find(|name| !dragged.contains_key(name))
    };
    let mut with: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for found in &blocked {
        if let (true, Some(root)) = (dragged.contains_key(found.name), root(found.name)) {
            with.entry(root).or_default().extend(named(lower(found)));
        }
    }
    blocked
        .iter()
        .filter(|found| root(found.name).is_none_or(|root| root == found.name))
        .map(|found| told(graph, found, with.get(found.name)))
        .collect()
}

fn lower<'a, 'b>(found: &'b Blocked<'a>) -> &'b [&'a Package] {
    found.versions.split_last().map_or(&[], |(_, lower)| lower)
}

fn named(packages: &[&Package]) -> Vec<String> {
    packages.iter().map(|package| format!("{} {}", package.name, package.version)).collect()
}

fn told(graph: &HostGraph<'_>, found: &Blocked<'_>, with: Option<&Vec<String>>) -> Finding {
    let mut reason = match &found.obstacle {
        Some(obstacle) => {
            let top = obstacle.chain.first();
            let above = top.map(|top| graph.path_to(&top.id)).unwrap_or_default();
            let down = obstacle.chain.iter().skip(1).copied();
            let path: Vec<String> = above
                .into_iter()
                .chain(down)
                .enumerate()
                .map(|(at, package)| match at {
                    0 => package.name.to_string(),
                    _ => format!("{} {}", package.name, package.version),
                })
                .collect();
            format!("{}: {}", path.join(" → "), obstacle.why)
        }
        None => format!("in the versions {}", named(&found.versions).join(", ")),
    };
    if let Some(with) = with {
        reason.push_str(&format!("; it brings {} along", wording::some_of(with)));
    }
    let title = super::subject::title(found.name);
    Finding::left(Code::DuplicateVersion, found.name, &title, Verdict::Blocked, &reason)
}
