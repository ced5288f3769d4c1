//! What is built for the host and what for the target, of what can be reached from members.
//!
//! Pure. With resolver 1 the two share their features, and nothing here tells them apart.

use std::collections::HashSet;

use cargo_metadata::{DependencyKind, Edition, PackageId};

use crate::{manifest, snapshot::Snapshot};

/// A package, and whether it is built for the host, as build scripts and procedural macros are.
pub(crate) type Place<'a> = (&'a PackageId, bool);

/// The resolved graph as its packages are built.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Builds<'a> {
    snapshot: &'a Snapshot,
    unified: bool,
}

/// An edge of the graph, for one kind of dependency.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Edge<'a> {
    pub(crate) from: &'a PackageId,
    pub(crate) to: &'a PackageId,
    pub(crate) kind: DependencyKind,
    pub(crate) is_for_one_target: bool,
}

impl<'a> Builds<'a> {
    pub(crate) fn new(snapshot: &'a Snapshot) -> Self {
        Self { snapshot, unified: is_resolver_1(snapshot) }
    }

    /// The place of a package that is reached from a place by an edge of a kind.
    pub(crate) fn place(
        &self,
        from_host: bool,
        kind: DependencyKind,
        to: &'a PackageId,
    ) -> Place<'a> {
        let is_macro = || {
            let package = self.snapshot.package(to);
            package.is_some_and(|package| package.targets.iter().any(|t| t.is_proc_macro()))
        };
        (to, !self.unified && (from_host || kind == DependencyKind::Build || is_macro()))
    }

    /// The place of a package that is built because it is a member.
    pub(crate) fn start(&self, member: &'a PackageId) -> Place<'a> {
        self.place(false, DependencyKind::Normal, member)
    }

    /// Every place that edges lead to from some places, these included.
    pub(crate) fn walk(
        &self,
        start: impl IntoIterator<Item = Place<'a>>,
        counts: impl Fn(Edge<'a>) -> bool,
    ) -> HashSet<Place<'a>> {
        let mut seen: HashSet<Place<'_>> = start.into_iter().collect();
        let mut queue: Vec<Place<'_>> = seen.iter().copied().collect();
        while let Some((from, for_host)) = queue.pop() {
            let node = self.snapshot.node(from);
            for dep in node.into_iter().flat_map(|node| &node.deps) {
                for info in &dep.dep_kinds {
                    let (to, kind) = (&dep.pkg, info.kind);
                    let is_for_one_target = info.target.is_some();
                    let place = self.place(for_host, kind, to);
                    if counts(Edge { from, to, kind, is_for_one_target }) && seen.insert(place) {
                        queue.push(place);
                    }
                }
            }
        }
        seen
    }
}

/// Whether the workspace uses resolver 1.
fn is_resolver_1(snapshot: &Snapshot) -> bool {
    let root = snapshot.root_document();
    let named = ["workspace", "package"]
        .iter()
        .find_map(|table| manifest::item_at(root, &[table, "resolver"])?.as_str());
    match (named, snapshot.metadata.root_package()) {
        (Some(resolver), _) => resolver == "1",
        (None, Some(package)) => matches!(package.edition, Edition::E2015 | Edition::E2018),
        (None, None) => true,
    }
}
