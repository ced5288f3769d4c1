//! What would take one version of a package out of the graph: who asks for it, and how each of them
//! could be moved off it.
//!
//! Pure. A member is moved by its requirement, a package of the registry by the lock file alone, or by
//! moving whoever asks for that package in turn. What is outside the workspace is never edited.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    time::Duration,
};

use cargo_metadata::{Package, PackageId, semver::Version};

use crate::{
    graph::{self, HostGraph, Use},
    lockfile::{self, Lock, Locked},
    manifest::Site,
    outlook::Outlook,
    plan::Edit,
    snapshot::Snapshot,
};

/// Steps that take a version of a package out of the graph.
#[derive(Debug, Clone, Default)]
pub(super) struct Moves<'a> {
    /// Direct dependencies of members, and the release to require instead.
    pub(super) raised: BTreeMap<&'a PackageId, &'a Version>,
    /// Packages that the lock file alone moves: name and version, and the version to lock instead.
    pub(super) updated: BTreeMap<(&'a str, &'a Version), &'a Version>,
    /// Versions that nothing asks for any more.
    pub(super) gone: BTreeSet<&'a PackageId>,
}

/// What is to leave the graph, and what is to remain.
#[derive(Debug, Clone, Copy)]
pub(super) struct Goal<'a> {
    pub(super) package: &'a Package,
    /// The version of the package that everybody is to come to.
    pub(super) keep: &'a Version,
    /// How many majors of direct dependencies, from the newest down, are not looked at.
    pub(super) newest: usize,
}

/// Why a version stays.
#[derive(Debug, Clone)]
pub(super) struct Obstacle<'a> {
    /// Who holds it, and below it what leads to the version.
    pub(super) chain: Vec<&'a Package>,
    pub(super) why: String,
}

/// The graph with what is known of newer releases.
pub(super) struct Solver<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) graph: &'a HostGraph<'a>,
    by_package: HashMap<&'a PackageId, Vec<&'a Use<'a>>>,
    /// Packages by name that a member asks for in a table of one target.
    targeted: HashMap<&'a str, &'a Use<'a>>,
    duplicates: BTreeMap<&'a str, Vec<&'a Package>>,
    pub(super) outlook: Option<&'a Outlook>,
}

impl<'a> Moves<'a> {
    /// These steps and others.
    pub(super) fn extend(&mut self, other: Self) {
        self.raised.extend(other.raised);
        self.updated.extend(other.updated);
        self.gone.extend(other.gone);
    }

    /// Whether newer releases are part of the steps.
    pub(super) fn asks_the_registry(&self) -> bool {
        !self.raised.is_empty() || !self.updated.is_empty()
    }

    /// The edits that make the steps.
    pub(super) fn edits(&self, solver: &Solver<'a>) -> Vec<Edit> {
        let raised = self.raised.iter().flat_map(|(id, to)| solver.require(id, to));
        let updated = self.updated.iter().map(|((name, from), to)| Edit::Lock {
            package: (*name).to_owned(),
            from: (*from).clone(),
            to: (*to).clone(),
        });
        raised.chain(updated).collect()
    }

    /// The steps in words: `raise reqwest to 0.12.4`, `lock h2 0.4.5`.
    pub(super) fn words(&self, solver: &Solver<'a>) -> Vec<String> {
        let name = |id: &PackageId| solver.graph.package(id).map_or("?", |p| p.name.as_str());
        let raised =
            self.raised.iter().map(|(id, to)| format!("raise {} to {}", name(id), short(to)));
        let updated =
            self.updated.iter().map(|((name, _), to)| format!("lock {name} {}", short(to)));
        raised.chain(updated).collect()
    }
}

impl<'a> Solver<'a> {
    pub(super) fn new(
        snapshot: &'a Snapshot,
        graph: &'a HostGraph<'a>,
        uses: &'a [Use<'a>],
        outlook: Option<&'a Outlook>,
    ) -> Self {
        let mut by_package: HashMap<&PackageId, Vec<&Use<'_>>> = HashMap::new();
        let mut targeted: HashMap<&str, &Use<'_>> = HashMap::new();
        for usage in uses {
            if usage.table.target.is_some() {
                targeted.entry(usage.effective.package()).or_insert(usage);
            }
            if let Some(package) = usage.package {
                by_package.entry(&package.id).or_default().push(usage);
            }
        }
        let duplicates = graph.duplicates();
        Self { snapshot, graph, by_package, targeted, duplicates, outlook }
    }

    /// What moves everything but members off a version. Members that require it themselves are the
    /// caller's.
    pub(super) fn free(&self, goal: Goal<'a>) -> Result<Moves<'a>, Obstacle<'a>> {
        let mut moves = Moves::default();
        self.remove(goal.package, goal, &mut Vec::new(), &mut moves)?;
        Ok(moves)
    }

    /// How many majors of direct dependencies can be looked at; one look is taken in any case.
    pub(super) fn majors(&self) -> usize {
        self.outlook.map_or(1, |outlook| outlook.opened.len().max(1))
    }

    /// Unit time of packages in the last timed builds; zero if that is not known.
    pub(super) fn unit_time(&self, packages: &[&Package]) -> Duration {
        let known = |package: &&Package| {
            let key = (package.name.to_string(), package.version.to_string());
            self.outlook.and_then(|outlook| outlook.unit_times.get(&key)).copied()
        };
        packages.iter().filter_map(known).sum()
    }

    /// Edits that make members require `to` wherever they now get the package with this id.
    pub(super) fn require(&self, id: &PackageId, to: &Version) -> Vec<Edit> {
        let mut edits: Vec<(Site, String, String)> = Vec::new();
        for usage in self.by_package.get(id).into_iter().flatten() {
            let old = usage.effective.requirement.as_deref().unwrap_or_default();
            let edit = (usage.declaring_site(), usage.declared.key.clone(), like(old, to));
            if !edits.contains(&edit) {
                edits.push(edit);
            }
        }
        let edit = |(site, key, requirement)| Edit::SetRequirement { site, key, requirement };
        edits.into_iter().map(edit).collect()
    }

    /// What members ask of a package themselves.
    pub(super) fn required(&self, node: &Package) -> &[&'a Use<'a>] {
        self.by_package.get(&node.id).map_or(&[][..], Vec::as_slice)
    }

    /// Why members cannot be moved off a package that they ask for in one version only; none if they can.
    pub(super) fn fixed(&self, node: &Package) -> Option<String> {
        let fixed = self.required(node).iter().find_map(|usage| {
            let member = &usage.member.name;
            if self.snapshot.policy.pin.contains_key(node.name.as_str()) {
                return Some(format!("{member} requires {}, which is pinned", node.name));
            }
            if usage.effective.rename_of.is_some() {
                return Some(format!("{member} renames {}, so this version is wanted", node.name));
            }
            if !usage.can_be_raised(&self.snapshot.policy) {
                return Some(as_it_is(usage, node));
            }
            None
        });
        let is_required = !self.required(node).is_empty();
        fixed.or_else(|| self.elsewhere(node).filter(|_| is_required))
    }

    /// Where a member uses a package for some targets only, which keeps this host from judging.
    pub(super) fn elsewhere(&self, node: &Package) -> Option<String> {
        let usage = self.targeted.get(node.name.as_str())?;
        Some(format!(
            "{} uses {} in {}, which other hosts compile and this one cannot check",
            usage.member.name, node.name, usage.table
        ))
    }

    /// Adds the steps after which nobody asks for `node`; `above` leads from the goal up to it.
    fn remove(
        &self,
        node: &'a Package,
        goal: Goal<'a>,
        above: &mut Vec<&'a Package>,
        moves: &mut Moves<'a>,
    ) -> Result<(), Obstacle<'a>> {
        if !moves.gone.insert(&node.id) {
            return Ok(());
        }
        above.push(node);
        for parent in self.graph.parents(&node.id) {
            let Some(parent) = self.graph.package(parent) else { continue };
            if self.graph.is_member(&parent.id) {
                if node.id != goal.package.id && !moves.raised.contains_key(&node.id) {
                    moves.raised.insert(&node.id, self.release_without(node, goal, above)?);
                }
            } else if parent.source.is_none() {
                let manifest = parent.manifest_path.as_str();
                let why = format!("`{manifest}` is outside the workspace and is not edited");
                above.push(parent);
                return Err(obstacle(above, why));
            } else if let Some(to) = self.update_past(parent, node, goal) {
                moves.updated.insert((parent.name.as_str(), &parent.version), to);
            } else {
                self.remove(parent, goal, above, moves)?;
            }
        }
        above.pop();
        Ok(())
    }

    /// A compatible newer release of `parent` that no longer asks for `node`.
    fn update_past(
        &self,
        parent: &'a Package,
        node: &'a Package,
        goal: Goal<'a>,
    ) -> Option<&'a Version> {
        let lock = &self.outlook?.updated;
        if !graph::is_of_registry(parent) {
            return None;
        }
        let newer = lock.compatible(&parent.name, &parent.version)?;
        let asks_still = lock.dependencies(newer).any(|dependency| {
            dependency.name == node.name.as_str()
                && lockfile::are_compatible(&dependency.version, &node.version)
        });
        let is_past = newer.version > parent.version && !asks_still;
        (is_past && self.brings_none_new(lock.below(newer), goal)).then_some(&newer.version)
    }

    /// The newest release of a direct dependency, if `goal` is not needed with it.
    fn release_without(
        &self,
        node: &'a Package,
        goal: Goal<'a>,
        above: &[&'a Package],
    ) -> Result<&'a Version, Obstacle<'a>> {
        let stays = |why: String| obstacle(above, why);
        if let Some(why) = self.fixed(node) {
            return Err(stays(why));
        }
        let Some(outlook) = self.outlook else {
            return Err(stays("newer releases were not looked for".to_owned()));
        };
        let opened = outlook.opened.iter().skip(goal.newest);
        let judged = opened.map(|lock| self.judge(lock, node, goal));
        let mut whys = Vec::new();
        for release in judged {
            match release {
                Ok(version) => return Ok(version),
                Err(why) => whys.push(why),
            }
        }
        Err(stays(whys.into_iter().next().unwrap_or_else(|| newest_that_fits(node))))
    }

    /// The release of a direct dependency in a lock file, if it is a newer one that does without `goal`.
    fn judge(&self, lock: &'a Lock, node: &Package, goal: Goal<'a>) -> Result<&'a Version, String> {
        let name = node.name.as_str();
        let release = lock.highest(name).ok_or_else(|| newest_that_fits(node))?;
        let package = goal.package;
        let below = lock.path(release, |locked| is_version(locked, package));
        if let Some([above @ .., end]) = below.as_deref() {
            // Who asks is no use to tell where a newer major of it no longer does.
            let is_newest = |package: &&&Locked| {
                lock.highest(&package.name).is_some_and(|top| top.version == package.version)
            };
            let holder = above.iter().rev().find(is_newest).copied().unwrap_or(release);
            let is_direct = lock.dependencies(holder).any(|dependency| dependency == *end);
            let how = if is_direct { "asks for" } else { "leads to" };
            return Err(format!(
                "with the newest releases that fit, {} {} still {how} {} {}; {} would have to move",
                holder.name, holder.version, end.name, end.version, holder.name
            ));
        }
        if !release.version.pre.is_empty()
            || release.version <= node.version
            || lockfile::are_compatible(&release.version, &node.version)
        {
            return Err(newest_that_fits(node));
        }
        if !self.brings_none_new(lock.below(release), goal) {
            return Err(format!(
                "{name} {} asks for yet another version of {}",
                release.version, package.name
            ));
        }
        Ok(&release.version)
    }

    /// Whether what lies below a release needs no further version of the goal's package.
    fn brings_none_new(&self, below: Vec<&Locked>, goal: Goal<'_>) -> bool {
        let is_known = |locked: &&Locked| {
            lockfile::are_compatible(&locked.version, goal.keep)
                || self.versions_of(&locked.name).any(|version| {
                    lockfile::are_compatible(&locked.version, version)
                        && *version != goal.package.version
                })
        };
        let name = goal.package.name.as_str();
        below.iter().filter(|locked| locked.name == name).all(is_known)
    }

    fn versions_of(&self, name: &str) -> impl Iterator<Item = &'a Version> {
        let packages = self.duplicates.get(name).into_iter().flatten();
        packages.map(|package| &package.version)
    }

    /// Versions of a package that newer releases would bring and that are not there now.
    pub(super) fn new_versions(&self, name: &str) -> BTreeSet<&'a Version> {
        let locks = self.outlook.into_iter().flat_map(Outlook::locks);
        let all = locks.flat_map(|lock| lock.released(name)).map(|locked| &locked.version);
        let is_new = |version: &&Version| {
            version.pre.is_empty()
                && !self.versions_of(name).any(|known| lockfile::are_compatible(known, version))
        };
        all.filter(is_new).collect()
    }
}

fn is_version(locked: &Locked, package: &Package) -> bool {
    locked.name == package.name.as_str()
        && lockfile::are_compatible(&locked.version, &package.version)
}

fn obstacle<'a>(above: &[&'a Package], why: String) -> Obstacle<'a> {
    Obstacle { chain: above.iter().rev().copied().collect(), why }
}

/// Why a requirement of a member is not touched.
pub(super) fn as_it_is(usage: &Use<'_>, package: &Package) -> String {
    let requirement = usage.effective.requirement.as_deref().unwrap_or("no version");
    let member = &usage.member.name;
    format!("{member} asks for {} {requirement}, which is left as it is", package.name)
}

fn newest_that_fits(node: &Package) -> String {
    format!("{} {} is the newest release that fits", node.name, node.version)
}

/// A version without its build metadata, which decides nothing.
fn short(version: &Version) -> String {
    let text = version.to_string();
    text.split('+').next().unwrap_or_default().to_owned()
}

/// A requirement of the same precision for another version: `1.2` becomes `2.0`, `0.4.1` `0.5.3`.
fn like(old: &str, to: &Version) -> String {
    let caret = if old.starts_with('^') { "^" } else { "" };
    let places = old.split('.').count().max(if to.major == 0 { 2 } else { 1 });
    match places {
        1 => format!("{caret}{}", to.major),
        2 if (to.major, to.minor) != (0, 0) => format!("{caret}{}.{}", to.major, to.minor),
        _ => format!("{caret}{}.{}.{}", to.major, to.minor, to.patch),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_requirement_keeps_its_precision() {
        let to = |text: &str| Version::parse(text).unwrap();
        assert_eq!(like("1", &to("2.3.4")), "2");
        assert_eq!(like("^1.2", &to("2.3.4")), "^2.3");
        assert_eq!(like("0.4.1", &to("0.5.3")), "0.5.3");
        assert_eq!(like("0.4", &to("0.5.3")), "0.5");
        assert_eq!(like("1", &to("0.5.3")), "0.5");
        assert_eq!(like("0.1", &to("0.0.3")), "0.0.3");
    }
}
