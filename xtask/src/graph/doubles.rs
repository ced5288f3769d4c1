//! Packages that are there in several versions, before and after: each version, why it is there, its cost.
//!
//! Pure: reads cargo's metadata of one host (`--filter-platform`). What counts as a version of its own is
//! what `trial/weigh.rs` counts, so that as many packages are named here as are counted there.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    time::Duration,
};

use cargo_metadata::{Metadata, Package, PackageId, semver::Version};

use crate::record::{DuplicateRecord, DuplicateVersion};

/// Time of the units of each package, by name and version, as cargo's timing report gives it.
pub(crate) type UnitTimes = HashMap<(String, String), Duration>;

/// The versions of one package, lowest first; of one version, by where it comes from.
type Versions = BTreeMap<(Version, String), DuplicateVersion>;

/// Packages that are there in more than one version before or after, by name.
pub(crate) fn duplicates(
    before: (&Metadata, &UnitTimes),
    after: (&Metadata, &UnitTimes),
) -> Vec<DuplicateRecord> {
    let (before, after) = (Ways::of(before.0, before.1), Ways::of(after.0, after.1));
    let names: BTreeSet<&str> = before.several().chain(after.several()).collect();
    let record = |name: &str| DuplicateRecord {
        name: name.to_owned(),
        before: before.versions(name),
        after: after.versions(name),
    };
    names.into_iter().map(record).collect()
}

/// Where a version comes from, as a version of its own.
fn label(package: &Package) -> String {
    match &package.source {
        Some(source) if source.is_crates_io() => package.version.to_string(),
        Some(source) => format!("{} ({})", package.version, source.repr),
        None => format!("{} (a path)", package.version),
    }
}

/// A member by its name, anything else as `name version`.
fn spoken(metadata: &Metadata, package: &Package) -> String {
    if metadata.workspace_members.contains(&package.id) {
        package.name.to_string()
    } else {
        format!("{} {}", package.name, package.version)
    }
}

/// The packages of a graph, and how the members come to them.
struct Ways<'a> {
    metadata: &'a Metadata,
    times: &'a UnitTimes,
    packages: HashMap<&'a PackageId, &'a Package>,
    by_name: BTreeMap<&'a str, Vec<&'a Package>>,
    parents: HashMap<&'a PackageId, BTreeSet<String>>,
    /// What leads to a package on the shortest way from a member; none for a member.
    from: HashMap<&'a PackageId, Option<&'a PackageId>>,
}

impl<'a> Ways<'a> {
    fn of(metadata: &'a Metadata, times: &'a UnitTimes) -> Self {
        let packages: HashMap<&PackageId, &Package> =
            metadata.packages.iter().map(|package| (&package.id, package)).collect();
        let mut ways = Self {
            metadata,
            times,
            packages: packages.clone(),
            by_name: BTreeMap::new(),
            parents: HashMap::new(),
            from: HashMap::new(),
        };
        let order = |id: &&PackageId| {
            packages.get(*id).map(|package| (package.name.as_str(), &package.version, &package.id))
        };
        let mut dependencies: HashMap<&PackageId, Vec<&PackageId>> = HashMap::new();
        for node in metadata.resolve.iter().flat_map(|resolve| &resolve.nodes) {
            let Some(package) = packages.get(&node.id).copied() else { continue };
            ways.by_name.entry(package.name.as_str()).or_default().push(package);
            let mut needed: Vec<&PackageId> = node.deps.iter().map(|dep| &dep.pkg).collect();
            needed.sort_by_key(order);
            for dependency in &needed {
                let parent = spoken(metadata, package);
                ways.parents.entry(dependency).or_default().insert(parent);
            }
            dependencies.insert(&node.id, needed);
        }
        let mut members: Vec<&PackageId> = metadata.workspace_members.iter().collect();
        members.sort_by_key(order);
        ways.from.extend(members.iter().map(|member| (*member, None)));
        let mut queue = VecDeque::from(members);
        while let Some(id) = queue.pop_front() {
            for dependency in dependencies.get(id).into_iter().flatten() {
                if !ways.from.contains_key(dependency) {
                    ways.from.insert(dependency, Some(id));
                    queue.push_back(dependency);
                }
            }
        }
        for packages in ways.by_name.values_mut() {
            packages.sort_by_key(|package| (&package.version, &package.id));
        }
        ways
    }

    /// Names that are there in more than one version.
    fn several(&self) -> impl Iterator<Item = &'a str> {
        let is_several = |packages: &[&Package]| {
            packages.iter().map(|package| label(package)).collect::<BTreeSet<_>>().len() > 1
        };
        let several = self.by_name.iter().filter(move |(_, packages)| is_several(packages));
        several.map(|(name, _)| *name)
    }

    fn versions(&self, name: &str) -> Vec<DuplicateVersion> {
        let packages = self.by_name.get(name).map_or(&[][..], Vec::as_slice);
        let mut versions = Versions::new();
        for package in packages {
            let path = self.path(package);
            let required_by = self.parents.get(&package.id).into_iter().flatten();
            let version = label(package);
            // Two packages of paths may have the same version: they count once.
            let known =
                versions.entry((package.version.clone(), version.clone())).or_insert_with(|| {
                    DuplicateVersion {
                        version,
                        unit_seconds: self.seconds(package, packages),
                        path: path.clone(),
                        required_by: Vec::new(),
                    }
                });
            known.required_by.extend(required_by.cloned());
            known.required_by.sort();
            known.required_by.dedup();
            if (path.len(), &path) < (known.path.len(), &known.path) {
                known.path = path;
            }
        }
        versions.into_values().collect()
    }

    /// None where another source has the same version: the report does not tell them apart.
    fn seconds(&self, package: &Package, all: &[&Package]) -> Option<f64> {
        let same =
            |other: &&&Package| other.version == package.version && label(other) != label(package);
        if all.iter().any(|other| same(&other)) {
            return None;
        }
        let key = (package.name.to_string(), package.version.to_string());
        self.times.get(&key).map(Duration::as_secs_f64)
    }

    /// The shortest way from a member; of several, the one whose names come first.
    fn path(&self, package: &Package) -> Vec<String> {
        let steps = std::iter::successors(Some(&package.id), |id| self.from.get(*id).copied()?);
        let packages = steps.filter_map(|id| self.packages.get(id));
        let mut path: Vec<String> =
            packages.map(|package| spoken(self.metadata, package)).collect();
        path.reverse();
        path
    }
}

#[cfg(test)]
mod tests;
