//! One package in several versions: the ways to fewer of them, or why there is none.
//!
//! Pure. What moves others off a version is searched in `solve`; what members write, in `align`.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    time::Duration,
};

use cargo_metadata::{
    Package, PackageId,
    semver::{Version, VersionReq},
};

use super::{
    align,
    blocked::Blocked,
    solve::{Goal, Moves, Obstacle, Solver, as_it_is},
};
use crate::{
    cli::Code,
    findings::Finding,
    graph::{self, Use},
    plan::{Alternative, Change, Edit},
    record::Verdict,
    wording,
};

/// A package in several versions.
pub(super) struct Subject<'a> {
    pub(super) name: &'a str,
    /// Versions on this host, lowest first; empty where members require several for other hosts only.
    pub(super) versions: Vec<&'a Package>,
    /// What members require of it themselves.
    pub(super) group: Vec<&'a Use<'a>>,
}

/// What becomes of a subject.
pub(super) enum Judged<'a> {
    Ways(Box<Found<'a>>),
    Skipped(String),
    Blocked(Blocked<'a>),
}

/// Ways found for a subject, as a change; and what of the graph would go.
pub(super) struct Found<'a> {
    pub(super) change: Change,
    /// The versions there are.
    pub(super) versions: Vec<&'a Package>,
    /// Packages that nothing would reach any more.
    pub(super) going: Vec<&'a PackageId>,
    /// What would go with it: unit time as far as it is known, and packages.
    pub(super) weight: (Duration, usize),
}

/// A way to fewer versions.
struct Way<'a> {
    title: String,
    edits: Vec<Edit>,
    gone: BTreeSet<&'a PackageId>,
}

impl Way<'_> {
    fn removes(&self, solver: &Solver<'_>) -> Vec<(String, Version)> {
        let gone = self.gone.iter().filter_map(|id| solver.graph.package(id));
        gone.map(|package| (package.name.to_string(), package.version.clone())).collect()
    }
}

impl<'a> Subject<'a> {
    fn title(&self) -> String {
        title(self.name)
    }

    /// What members require from the default registry by version alone.
    fn plain(&self) -> Vec<&'a Use<'a>> {
        self.group.iter().copied().filter(|usage| usage.is_plain()).collect()
    }

    fn members_differ(&self) -> bool {
        versions(&self.plain()).len() > 1
    }

    pub(super) fn left(&self, verdict: Verdict, reason: &str) -> Finding {
        Finding::left(Code::DuplicateVersion, self.name, &self.title(), verdict, reason)
    }

    /// Two majors under two names are there on purpose; everything else is to become one version.
    pub(super) fn judge(&self, solver: &Solver<'a>) -> Judged<'a> {
        if self.group.iter().any(|usage| usage.effective.rename_of.is_some()) {
            let reason = self.evidence(solver);
            return Judged::Skipped(format!(
                "{reason}; one of them is renamed, so both are wanted"
            ));
        }
        if let Some(package) = self.versions.iter().find(|package| !graph::is_of_registry(package))
        {
            let source = package.source.as_ref().map_or("a path", |source| &source.repr);
            return Judged::Skipped(format!(
                "{}; {} comes from {source}, and what is no release of a registry is left alone",
                self.evidence(solver),
                package.version
            ));
        }
        let plain = self.plain();
        let differ = self.members_differ();
        let one = self.group.iter().find_map(|usage| usage.package);
        if let (true, Some(why)) = (differ, one.and_then(|package| solver.elsewhere(package))) {
            return Judged::Skipped(format!("{}; {why}", self.evidence(solver)));
        }
        if self.versions.is_empty() {
            let reason = format!("{}; none of it is for this host", self.evidence(solver));
            return Judged::Skipped(reason);
        }
        let mut obstacles = Vec::new();
        let mut ways = self.whole(solver, &plain, &mut obstacles);
        if ways.is_empty() && differ {
            ways.extend(self.to_pin(solver, &plain));
        }
        if ways.is_empty() {
            ways.extend(self.partly(solver, &plain, &mut obstacles));
        }
        match ways.split_first() {
            Some((first, others)) => Judged::Ways(Box::new(self.change(solver, first, others))),
            None => Judged::Blocked(Blocked {
                name: self.name,
                versions: self.versions.clone(),
                // The lowest version is the one that somebody holds; a higher one that cannot be
                // given up is no news.
                obstacle: obstacles.into_iter().next(),
            }),
        }
    }

    fn change(&self, solver: &Solver<'a>, first: &Way<'a>, others: &[Way<'a>]) -> Found<'a> {
        // Only what the versions themselves bring along: what is raised or locked anew remains.
        let own = self.versions.iter().map(|package| &package.id);
        let own: HashSet<&PackageId> = own.filter(|id| first.gone.contains(id)).collect();
        let going = solver.graph.gone_without(&own);
        let unit_time = solver.unit_time(&going);
        let mut reason = self.evidence(solver);
        if !going.is_empty() {
            let count = wording::count(going.len(), "package");
            reason.push_str(&format!("; {count} would go"));
        }
        if !unit_time.is_zero() {
            let time = wording::seconds(unit_time.as_secs_f64());
            reason.push_str(&format!(", {time} of unit time in the last timed builds"));
        }
        let mut change =
            Change::new(Code::DuplicateVersion, self.name, first.title.clone(), reason);
        change.edits.clone_from(&first.edits);
        change.alternatives = others
            .iter()
            .map(|way| Alternative {
                title: way.title.clone(),
                edits: way.edits.clone(),
                removes: way.removes(solver),
            })
            .collect();
        change.removes = first.removes(solver);
        let weight = (unit_time, going.len());
        let going = going.into_iter().map(|package| &package.id).collect();
        Found { change, versions: self.versions.clone(), going, weight }
    }

    /// Who asks for which version: members by their requirements if these differ, else everybody.
    fn evidence(&self, solver: &Solver<'_>) -> String {
        if self.versions.is_empty() || self.members_differ() {
            return requirements_of(&self.group);
        }
        let version = |package: &&Package| {
            let mut askers: Vec<String> = solver
                .graph
                .parents(&package.id)
                .iter()
                .filter_map(|id| solver.graph.package(id))
                .map(|parent| parent.name.to_string())
                .collect();
            askers.sort();
            format!("{} ({})", package.version, wording::some_of(&askers))
        };
        self.versions.iter().map(version).collect::<Vec<_>>().join(", ")
    }

    /// Ways to one version in all: one for each version that everybody can come to, highest of those in
    /// the graph first, then what newer releases agree on.
    fn whole(
        &self,
        solver: &Solver<'a>,
        plain: &[&'a Use<'a>],
        obstacles: &mut Vec<Obstacle<'a>>,
    ) -> Vec<Way<'a>> {
        let mut ways: Vec<Way<'_>> = Vec::new();
        let now = self.versions.iter().rev().map(|package| &package.version);
        let new = solver.new_versions(self.name);
        for keep in now.chain(new).filter(|keep| self.is_allowed(solver, keep)) {
            // If the newest majors do not compile, those before may.
            for newest in 0..solver.majors() {
                let others = self.versions.iter().filter(|other| other.version != *keep);
                let moves: Result<Vec<Moves<'_>>, Obstacle<'_>> = others
                    .map(|package| self.free(solver, Goal { package, keep, newest }))
                    .collect();
                match moves.map(|moves| self.way(solver, plain, keep, moves)) {
                    Ok(way) if ways.iter().any(|known| known.title == way.title) => {}
                    Ok(way) => ways.push(way),
                    Err(obstacle) => obstacles.push(obstacle),
                }
            }
        }
        ways
    }

    /// A pin is the only version to come to, and a plain requirement comes to no pre-release.
    fn is_allowed(&self, solver: &Solver<'_>, keep: &Version) -> bool {
        if !keep.pre.is_empty() {
            return false;
        }
        let pin = solver.snapshot.policy.pin.get(self.name);
        pin.and_then(|pin| VersionReq::parse(pin).ok()).is_none_or(|pin| pin.matches(keep))
    }

    /// What takes a version out of the graph.
    fn free(&self, solver: &Solver<'a>, wanted: Goal<'a>) -> Result<Moves<'a>, Obstacle<'a>> {
        let Goal { package: goal, keep, .. } = wanted;
        let obstacle = |why: String| Obstacle { chain: vec![goal], why };
        let uses = solver.required(goal);
        // Members that differ are brought to one requirement, but for what somebody chose.
        let why = if self.members_differ() { chosen(goal, uses) } else { solver.fixed(goal) };
        if let Some(why) = why {
            return Err(obstacle(why));
        }
        let is_declared = |id: &&PackageId| {
            !solver.graph.is_member(id) || uses.iter().any(|usage| usage.member.id == **id)
        };
        if !solver.graph.parents(&goal.id).iter().all(is_declared) {
            return Err(obstacle(
                "a member outside the workspace directory requires it".to_owned(),
            ));
        }
        let moves = solver.free(wanted)?;
        if goal.version > *keep && moves.asks_the_registry() {
            // Newer releases do not come to an older version.
            let name = moves.words(solver).join(", ");
            return Err(obstacle(format!("to give it up for {keep} is not to {name}")));
        }
        Ok(moves)
    }

    fn way(
        &self,
        solver: &Solver<'a>,
        plain: &[&'a Use<'a>],
        keep: &Version,
        moves: Vec<Moves<'a>>,
    ) -> Way<'a> {
        let mut all = Moves::default();
        for some in moves {
            all.extend(some);
        }
        let moving: Vec<&Package> = self
            .versions
            .iter()
            .copied()
            .filter(|package| all.gone.contains(&package.id))
            .filter(|package| !solver.required(package).is_empty())
            .collect();
        let own = if moving.is_empty() {
            (Vec::new(), None)
        } else {
            self.own_edits(solver, plain, keep, &moving)
        };
        let (mut edits, requirement) = own;
        edits.extend(all.edits(solver));
        let words = all.words(solver);
        let title = match (requirement, words.is_empty()) {
            (Some(requirement), true) => format!("{}, {requirement}", self.title()),
            (Some(requirement), false) => {
                format!("{}, {requirement}: {}", self.title(), words.join(", "))
            }
            (None, _) => format!("{}: {}", self.title(), words.join(", ")),
        };
        Way { title, edits, gone: all.gone }
    }

    /// The edits that bring members to a version: declared once where they differ, in place else.
    fn own_edits(
        &self,
        solver: &Solver<'a>,
        plain: &[&'a Use<'a>],
        keep: &Version,
        moving: &[&Package],
    ) -> (Vec<Edit>, Option<String>) {
        let pin = solver.snapshot.policy.pin.get(self.name);
        let is_free = !plain.iter().any(|usage| usage.is_pinned());
        if versions(plain).len() > 1 && is_free {
            let known = align::requirements(plain);
            let requirement = pin
                .or_else(|| known.get(keep))
                .cloned()
                .unwrap_or_else(|| format!("{}.{}", keep.major, keep.minor));
            let edits = align::edits(solver.snapshot, self.name, plain, &requirement);
            return (edits, Some(requirement));
        }
        let edits: Vec<Edit> =
            moving.iter().flat_map(|package| solver.require(&package.id, keep)).collect();
        let requirement = edits.iter().find_map(|edit| match edit {
            Edit::SetRequirement { requirement, .. } => Some(requirement.clone()),
            _ => None,
        });
        (edits, requirement)
    }

    /// One version among members where a pin names one that is not there yet.
    fn to_pin(&self, solver: &Solver<'a>, plain: &[&'a Use<'a>]) -> Option<Way<'a>> {
        let pin = solver.snapshot.policy.pin.get(self.name)?;
        let is_there = self.versions.iter().any(|p| self.is_allowed(solver, &p.version));
        (!is_there).then(|| Way {
            edits: align::edits(solver.snapshot, self.name, plain, pin),
            title: format!("{}, {pin}", self.title()),
            gone: BTreeSet::new(),
        })
    }

    /// Fewer versions, where one version in all cannot be had.
    fn partly(
        &self,
        solver: &Solver<'a>,
        plain: &[&'a Use<'a>],
        obstacles: &mut Vec<Obstacle<'a>>,
    ) -> Option<Way<'a>> {
        let (keep, lower) = self.versions.split_last()?;
        let keep = &keep.version;
        if lower.len() < 2 || !self.is_allowed(solver, keep) {
            return None;
        }
        let mut moves = Vec::new();
        for goal in lower {
            match self.free(solver, Goal { package: goal, keep, newest: 0 }) {
                Ok(some) => moves.push(some),
                Err(obstacle) => obstacles.push(obstacle),
            }
        }
        (!moves.is_empty()).then(|| {
            let way = self.way(solver, plain, keep, moves);
            let title = way.title.replacen("to one version", "to fewer versions", 1);
            Way { title, ..way }
        })
    }
}

/// What is to be done about a package, before it is known how.
pub(super) fn title(name: &str) -> String {
    format!("bring {name} to one version")
}

/// The requirement of a member on a version that somebody chose, if there is one.
fn chosen(goal: &Package, uses: &[&Use<'_>]) -> Option<String> {
    let usage = uses.iter().find(|usage| usage.is_pinned() || !usage.is_plain())?;
    Some(as_it_is(usage, goal))
}

/// Who requires what, for instance `5.5 (aimds-analysis, aimds-detection), 6.1 (aimds-response)`.
fn requirements_of(group: &[&Use<'_>]) -> String {
    let mut by: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for usage in group {
        let requirement = usage.effective.requirement.as_deref().unwrap_or("*");
        by.entry(requirement).or_default().insert(&usage.member.name);
    }
    let parts: Vec<String> = by
        .into_iter()
        .map(|(requirement, members)| {
            format!("{requirement} ({})", members.into_iter().collect::<Vec<_>>().join(", "))
        })
        .collect();
    format!("members require {}", parts.join(", "))
}

/// The versions a group resolved to.
pub(super) fn versions<'a>(group: &[&Use<'a>]) -> BTreeSet<&'a Version> {
    group.iter().filter_map(|usage| usage.package).map(|package| &package.version).collect()
}
