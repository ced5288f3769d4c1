//! The direct dependencies of every member, before and after, side by side.
//!
//! Pure: reads manifests and cargo's metadata of one host (`--filter-platform`).

use std::{
    collections::{BTreeMap, HashMap},
    path::PathBuf,
};

use cargo_metadata::{Metadata, Node, Package, PackageId};
use toml_edit::DocumentMut;

use super::{Use, fitting, uses_in};
use crate::{
    manifest::{Declaration, DepTable, Kind},
    record::{DependencyRecord, DependencySide},
    snapshot::Member,
};

/// A workspace at one moment, as far as its dependencies go.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment<'a> {
    /// Parsed manifests, by their paths relative to the root.
    pub(crate) documents: &'a BTreeMap<PathBuf, DocumentMut>,
    pub(crate) metadata: &'a Metadata,
}

/// What makes a dependency the same one before and after: package, member, kind, platform.
type Place = (String, String, &'static str, Option<String>);

/// Before and after.
type Sides = [Option<DependencySide>; 2];

/// Every dependency that a member has before or after, by package and member.
pub(crate) fn dependencies(
    members: &[Member],
    before: Moment<'_>,
    after: Moment<'_>,
) -> Vec<DependencyRecord> {
    let mut rows: BTreeMap<Place, Sides> = BTreeMap::new();
    for (at, moment) in [before, after].into_iter().enumerate() {
        let graph = Graph::of(moment.metadata);
        let uses = uses_in(moment.documents, members, |member, table, effective| {
            graph.resolved(member, table, effective)
        });
        for usage in &uses {
            rows.entry(place(usage)).or_default()[at] = Some(side(usage));
        }
    }
    let record = |((name, member, kind, target), [before, after]): (Place, Sides)| {
        DependencyRecord { name, member, kind: str::to_owned(kind), target, before, after }
    };
    rows.into_iter().map(record).collect()
}

fn place(usage: &Use<'_>) -> Place {
    let kind = match usage.table.kind {
        Kind::Normal => "normal",
        Kind::Dev => "dev",
        Kind::Build => "build",
    };
    let name = usage.effective.package().to_owned();
    (name, usage.member.name.clone(), kind, usage.table.target.clone())
}

fn side(usage: &Use<'_>) -> DependencySide {
    let mut features = usage.effective.features.clone();
    features.sort();
    DependencySide {
        requirement: usage.effective.requirement.clone(),
        version: usage.package.map(|package| package.version.to_string()),
        inherits: usage.declared.inherits,
        features,
        default_features: usage.effective.default_features != Some(false),
        optional: usage.effective.optional,
    }
}

/// Packages and members of a graph. The ids of members say where they lie, and the two moments are read in
/// different copies: so members are found by name.
struct Graph<'a> {
    packages: HashMap<&'a PackageId, &'a Package>,
    members: HashMap<&'a str, &'a Node>,
}

impl<'a> Graph<'a> {
    fn of(metadata: &'a Metadata) -> Self {
        let packages: HashMap<&PackageId, &Package> =
            metadata.packages.iter().map(|package| (&package.id, package)).collect();
        let nodes = metadata.resolve.iter().flat_map(|resolve| &resolve.nodes);
        let nodes = nodes.filter(|node| metadata.workspace_members.contains(&node.id));
        let members = nodes.map(|node| (packages[&node.id].name.as_str(), node)).collect();
        Self { packages, members }
    }

    fn resolved(
        &self,
        member: &Member,
        table: &DepTable,
        effective: &Declaration,
    ) -> Option<&'a Package> {
        let node = self.members.get(member.name.as_str())?;
        fitting(node, table, effective, |id| self.packages.get(id).copied())
    }
}

#[cfg(test)]
mod tests;
