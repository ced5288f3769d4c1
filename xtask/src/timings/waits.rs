//! Which unit needs which: what cargo's report names, and what the dependencies of the packages add.
//!
//! Pure. Cargo names a unit only under the last one that it waited for in this one build; on other cores
//! another would have been the last. So the dependencies between packages are added, where the recorded
//! times do not speak against them. A unit needs only units that started before it.

use std::{
    collections::{BTreeSet, HashMap},
    time::Duration,
};

use cargo_metadata::{DependencyKind, Metadata, Package, PackageId, TargetKind};

use super::{Unit, schedule::Work};

/// By how much times that cargo rounds to a hundredth of a second, each, may seem to overlap.
const ROUNDING: Duration = Duration::from_millis(20);

/// Kinds of libraries that are linked, and so need what they depend on to be done, not its metadata alone.
const LINKED: [TargetKind; 4] =
    [TargetKind::CDyLib, TargetKind::DyLib, TargetKind::ProcMacro, TargetKind::StaticLib];

/// Name and version: all that the report says of a package.
type Key = (String, String);

/// What is built of a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Library,
    BuildScript,
    /// The run of the build script.
    Run,
    /// A binary, an example, …
    Linked,
}

impl Part {
    fn of(unit: &Unit) -> Self {
        match unit.target.as_str() {
            _ if unit.mode == "run-custom-build" => Self::Run,
            "" | "lib" => Self::Library,
            target if target.starts_with("build") => Self::BuildScript,
            _ => Self::Linked,
        }
    }
}

/// Something that a unit needs.
#[derive(Debug)]
struct Need<'a> {
    package: &'a Key,
    part: Part,
    /// Its metadata is enough.
    by_metadata: bool,
}

/// Dependencies between packages, as far as they decide what is built first.
#[derive(Debug, Default)]
struct Packages {
    /// Normal and build dependencies of each package.
    dependencies: HashMap<Key, Vec<(Key, DependencyKind)>>,
    /// Packages whose library is linked.
    linked: BTreeSet<Key>,
    /// Procedural macros: what uses one needs all of it.
    macros: BTreeSet<Key>,
    /// Packages whose build script tells those of its dependents something.
    links: BTreeSet<Key>,
}

impl Packages {
    fn of(metadata: &Metadata) -> Self {
        let key = |package: &Package| (package.name.to_string(), package.version.to_string());
        let keys: HashMap<&PackageId, Key> =
            metadata.packages.iter().map(|package| (&package.id, key(package))).collect();
        let mut found = Self::default();
        for package in &metadata.packages {
            let kinds: Vec<&TargetKind> =
                package.targets.iter().flat_map(|target| &target.kind).collect();
            if kinds.iter().any(|kind| LINKED.contains(kind)) {
                found.linked.insert(key(package));
            }
            if kinds.contains(&&TargetKind::ProcMacro) {
                found.macros.insert(key(package));
            }
            if package.links.is_some() {
                found.links.insert(key(package));
            }
        }
        for node in metadata.resolve.iter().flat_map(|resolve| &resolve.nodes) {
            let Some(from) = keys.get(&node.id) else { continue };
            let list = found.dependencies.entry(from.clone()).or_default();
            for dep in &node.deps {
                let Some(to) = keys.get(&dep.pkg) else { continue };
                let kinds = dep.dep_kinds.iter().map(|info| info.kind);
                list.extend(kinds.map(|kind| (to.clone(), kind)));
            }
        }
        found
    }

    /// What a unit of a package needs.
    fn needs<'a>(&'a self, package: &'a Key, part: Part) -> Vec<Need<'a>> {
        let done = |package, part| Need { package, part, by_metadata: false };
        let of_kind = |kind| {
            let all = self.dependencies.get(package).into_iter().flatten();
            all.filter(move |(_, its)| *its == kind).map(|(dependency, _)| dependency)
        };
        let normal = of_kind(DependencyKind::Normal);
        match part {
            Part::BuildScript => {
                of_kind(DependencyKind::Build).map(|to| done(to, Part::Library)).collect()
            }
            Part::Run => {
                let told = normal.filter(|to| self.links.contains(*to));
                let own = std::iter::once(done(package, Part::BuildScript));
                own.chain(told.map(|to| done(to, Part::Run))).collect()
            }
            Part::Library | Part::Linked => {
                let linked = part == Part::Linked || self.linked.contains(package);
                let mut needs = vec![done(package, Part::Run)];
                if part == Part::Linked {
                    needs.push(done(package, Part::Library));
                }
                needs.extend(normal.map(|to| Need {
                    package: to,
                    part: Part::Library,
                    by_metadata: !linked && !self.macros.contains(to),
                }));
                needs
            }
        }
    }
}

/// The units as work, in their order, which must be that of their starts.
pub(super) fn works(units: &[&Unit], metadata: &Metadata) -> Vec<Work> {
    let mut works = reported(units);
    let packages = Packages::of(metadata);
    let keys: Vec<Key> =
        units.iter().map(|unit| (unit.name.clone(), unit.version.clone())).collect();
    let mut built: HashMap<&Key, Vec<usize>> = HashMap::new();
    for (position, unit) in units.iter().enumerate() {
        for need in packages.needs(&keys[position], Part::of(unit)) {
            let all = built.get(need.package).into_iter().flatten().copied();
            let fits: Vec<usize> = all.filter(|at| Part::of(units[*at]) == need.part).collect();
            let known = |at: &usize| {
                let work = &works[*at];
                work.unblocks.contains(&position) || work.unblocks_by_metadata.contains(&position)
            };
            if fits.iter().any(known) {
                continue;
            }
            let ready = |at: usize| {
                let work = &works[at];
                units[at].start.as_nanos()
                    + if need.by_metadata { work.metadata } else { work.takes }
            };
            let latest = (unit.start + ROUNDING.min(Duration::MAX - unit.start)).as_nanos();
            // Built for the host and for the target it is there twice; nothing says which is meant.
            let first =
                fits.into_iter().filter(|at| ready(*at) <= latest).min_by_key(|at| ready(*at));
            let Some(first) = first else { continue };
            let work = &mut works[first];
            if need.by_metadata {
                work.unblocks_by_metadata.push(position);
            } else {
                work.unblocks.push(position);
            }
        }
        built.entry(&keys[position]).or_default().push(position);
    }
    for work in &mut works {
        work.unblocks.sort_unstable();
        work.unblocks_by_metadata.sort_unstable();
    }
    works
}

/// The units as work with what the report names; what it names and does not hold is left out, and so is
/// what would have started before what it waited for.
fn reported(units: &[&Unit]) -> Vec<Work> {
    let mut positions = HashMap::new();
    for (position, unit) in units.iter().enumerate() {
        positions.entry(unit.index).or_insert(position);
    }
    let later = |position: usize, named: &[u64]| -> BTreeSet<usize> {
        let known = named.iter().filter_map(|index| positions.get(index).copied());
        known.filter(|at| *at > position).collect()
    };
    let work = |(position, unit): (usize, &&Unit)| {
        let unblocks = later(position, &unit.unblocked);
        let mut by_metadata = later(position, &unit.unblocked_by_metadata);
        by_metadata.retain(|at| !unblocks.contains(at));
        // Where the report does not say when the metadata was there, it was when the first that waited
        // for it began, or before.
        let first = by_metadata.first().map(|at| units[*at].start.saturating_sub(unit.start));
        let metadata = unit.metadata.or(first).unwrap_or(unit.duration);
        Work {
            takes: unit.duration.as_nanos(),
            metadata: metadata.min(unit.duration).as_nanos(),
            unblocks: unblocks.into_iter().collect(),
            unblocks_by_metadata: by_metadata.into_iter().collect(),
        }
    };
    units.iter().enumerate().map(work).collect()
}

#[cfg(test)]
mod tests;
