//! The resolved graph as a build on this host sees it: without what is for other targets only.
//!
//! Pure: reads a [`Snapshot`]. Who asks for whom, what is there in several versions, what would go.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

use cargo_metadata::{DepKindInfo, DependencyKind, NodeDep, Package, PackageId};

use crate::snapshot::Snapshot;

/// Packages that a build on this host reaches from the members, and who depends on whom.
#[derive(Debug)]
pub(crate) struct HostGraph<'a> {
    packages: HashMap<&'a PackageId, &'a Package>,
    members: HashSet<&'a PackageId>,
    dependencies: HashMap<&'a PackageId, Vec<&'a PackageId>>,
    parents: HashMap<&'a PackageId, Vec<&'a PackageId>>,
}

impl<'a> HostGraph<'a> {
    /// The graph of a snapshot.
    pub(crate) fn of(snapshot: &'a Snapshot) -> Self {
        Self::without(snapshot, &HashSet::new())
    }

    /// The graph of a snapshot without some of its edges, each from who depends on whom.
    pub(crate) fn without(
        snapshot: &'a Snapshot,
        removed: &HashSet<(&PackageId, &PackageId)>,
    ) -> Self {
        let members: HashSet<&PackageId> = snapshot.metadata.workspace_members.iter().collect();
        let mut graph = Self {
            packages: HashMap::new(),
            dependencies: HashMap::new(),
            parents: HashMap::new(),
            members,
        };
        let mut queue: Vec<&PackageId> = snapshot.metadata.workspace_members.iter().collect();
        while let Some(id) = queue.pop() {
            let (Some(package), Some(node)) = (snapshot.package(id), snapshot.node(id)) else {
                continue;
            };
            if graph.packages.insert(&package.id, package).is_some() {
                continue;
            }
            let is_member = graph.members.contains(id);
            let active = |info: &DepKindInfo| {
                (is_member || info.kind != DependencyKind::Development)
                    && info.target.as_ref().is_none_or(|target| {
                        target.matches(&snapshot.machine.host, &snapshot.host_cfg)
                    })
            };
            let stays = |dep: &&NodeDep| {
                dep.dep_kinds.iter().any(active) && !removed.contains(&(&package.id, &dep.pkg))
            };
            for dep in node.deps.iter().filter(stays) {
                graph.dependencies.entry(&package.id).or_default().push(&dep.pkg);
                graph.parents.entry(&dep.pkg).or_default().push(&package.id);
                queue.push(&dep.pkg);
            }
        }
        graph
    }

    /// The package with an id, if the host reaches it.
    pub(crate) fn package(&self, id: &PackageId) -> Option<&'a Package> {
        self.packages.get(id).copied()
    }

    pub(crate) fn is_member(&self, id: &PackageId) -> bool {
        self.members.contains(id)
    }

    /// Who depends on a package directly.
    pub(crate) fn parents(&self, id: &PackageId) -> &[&'a PackageId] {
        self.parents.get(id).map_or(&[], Vec::as_slice)
    }

    /// Packages that are there in more than one version, or from more than one source: by name, lowest
    /// version first.
    pub(crate) fn duplicates(&self) -> BTreeMap<&'a str, Vec<&'a Package>> {
        let mut by_name: BTreeMap<&str, Vec<&Package>> = BTreeMap::new();
        for package in self.packages.values() {
            by_name.entry(package.name.as_str()).or_default().push(package);
        }
        by_name.retain(|_, packages| {
            packages.sort_by(|a, b| a.version.cmp(&b.version));
            packages.len() > 1
        });
        by_name
    }

    /// Every package from which one of `targets` is reached, the targets included.
    pub(crate) fn above(&self, targets: &[&'a PackageId]) -> HashSet<&'a PackageId> {
        let mut seen = HashSet::new();
        let mut queue = targets.to_vec();
        while let Some(id) = queue.pop() {
            if seen.insert(id) {
                queue.extend(self.parents(id));
            }
        }
        seen
    }

    /// The shortest way from a member to a package, both ends included.
    pub(crate) fn path_to(&self, end: &'a PackageId) -> Vec<&'a Package> {
        let mut next: HashMap<&PackageId, &PackageId> = HashMap::new();
        let mut queue = VecDeque::from([end]);
        while let Some(id) = queue.pop_front() {
            if self.is_member(id) {
                let steps = std::iter::successors(Some(id), |id| next.get(id).copied());
                return steps.filter_map(|id| self.package(id)).collect();
            }
            for parent in self.parents(id) {
                if *parent != end && !next.contains_key(parent) {
                    next.insert(parent, id);
                    queue.push_back(parent);
                }
            }
        }
        Vec::new()
    }

    /// Packages that nothing reaches any more without `removed`, those included.
    pub(crate) fn gone_without(&self, removed: &HashSet<&PackageId>) -> Vec<&'a Package> {
        let mut seen: HashSet<&PackageId> = HashSet::new();
        let mut queue: Vec<&PackageId> = self.members.iter().copied().collect();
        while let Some(id) = queue.pop() {
            if !removed.contains(id) && seen.insert(id) {
                queue.extend(self.dependencies.get(id).into_iter().flatten());
            }
        }
        let gone = self.packages.iter().filter(|(id, _)| !seen.contains(*id));
        gone.map(|(_, package)| *package).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, path::Path};

    use super::*;
    use crate::cargo::Cargo;

    #[test]
    fn the_graph_is_the_one_that_cargo_filters_for_this_host() {
        // The workspace of this crate: it has dependencies for unix and for windows.
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let snapshot = Snapshot::read(root, false, &[]).unwrap();
        let graph = HostGraph::of(&snapshot);
        let own: BTreeSet<String> = graph.packages.keys().map(ToString::to_string).collect();
        let filtered = Cargo::new(root, false).metadata_for(&snapshot.machine.host).unwrap();
        let nodes = filtered.resolve.into_iter().flat_map(|resolve| resolve.nodes);
        let cargos: BTreeSet<String> = nodes.map(|node| node.id.to_string()).collect();
        assert_eq!(own, cargos);
        assert!(own.len() < snapshot.metadata.packages.len(), "nothing is for other hosts only");
    }
}
