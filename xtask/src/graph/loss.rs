//! Which crates would lose features if one entry of a member went.
//!
//! Pure. In doubt nobody else counts as asking: an entry for one target helps only where the same target
//! is asked about, and what is built for the host helps nothing that is built for the target. So what
//! is called lost may survive, never the other way round.

use std::{
    cell::OnceCell,
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
};

use cargo_metadata::{Dependency, DependencyKind, Package, PackageId};

use super::{
    Use,
    builds::{Builds, Edge, Place},
    dependency_kind,
    requests::{Ask, Features, asks, dependents, expanded, forwarded, leads_to, roots},
};
use crate::snapshot::Snapshot;

/// Whether a package is there to link a native library.
pub(crate) fn links(package: &Package) -> bool {
    package.links.is_some() || package.name.ends_with("-sys")
}

/// Features that crates would no longer get.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Loss {
    pub(crate) package: String,
    /// Those that no other of them switches on.
    pub(crate) features: Vec<String>,
    /// The crates that would still use the package.
    pub(crate) losers: BTreeSet<String>,
}

/// The resolved graph, seen from the packages that are depended on.
pub(crate) struct Losses<'a> {
    snapshot: &'a Snapshot,
    dependents: HashMap<&'a PackageId, Vec<&'a Package>>,
    /// What each single entry that leads to a package asks for, whoever's it is.
    common: HashMap<&'a PackageId, Features>,
    builds: Builds<'a>,
}

impl<'a> Losses<'a> {
    pub(crate) fn new(snapshot: &'a Snapshot) -> Self {
        Self {
            snapshot,
            dependents: dependents(snapshot),
            common: HashMap::new(),
            builds: Builds::new(snapshot),
        }
    }

    /// What would be lost without one entry of a member: features of the package itself, if the member
    /// reaches it otherwise too; else features of deeper packages that the entry asks for by name and that
    /// say how a native library is linked, as in `rusqlite = { features = ["bundled"] }`. What features
    /// of other deeper packages do, code shows, and the compiler sees.
    pub(crate) fn without(&mut self, usage: &Use<'a>) -> Option<Loss> {
        let package = usage.package?;
        let named = || usage.effective.features.iter().map(String::as_str);
        let default = (usage.effective.default_features != Some(false)).then_some("default");
        let wanted = expanded(package, named().chain(default));
        if wanted.is_empty()
            || (usage.effective.features.is_empty() && self.all_ask(package, &wanted))
        {
            return None;
        }
        let rest = Rest::new(self, usage, package);
        if let Some(askers) = rest.askers(package) {
            return lost(package, &wanted, &askers);
        }
        let mut followed = Followed::default();
        let mut queue = self.forwards(package, &expanded(package, named()));
        while let Some((deeper, features)) = queue.pop() {
            let Some(features) = followed.add(deeper, features) else { continue };
            match rest.askers(deeper) {
                None => queue.extend(self.forwards(deeper, &features)),
                Some(askers) => {
                    let loss = lost(deeper, &features, &askers);
                    if loss.is_some() && self.is_about_linking(deeper, &features) {
                        return loss;
                    }
                }
            }
        }
        None
    }

    /// Whether features of a package are those of a native library, or lead to one.
    fn is_about_linking(&self, package: &'a Package, features: &Features) -> bool {
        let mut followed = Followed::default();
        let mut queue = vec![(package, features.clone())];
        while let Some((package, features)) = queue.pop() {
            let Some(features) = followed.add(package, features) else { continue };
            if links(package) {
                return true;
            }
            queue.extend(self.forwards(package, &features));
        }
        false
    }

    /// Whether every entry that leads to a package asks for so much: then nobody loses anything,
    /// however the package is reached.
    fn all_ask(&mut self, package: &'a Package, wanted: &Features) -> bool {
        let (snapshot, dependents) = (self.snapshot, &self.dependents);
        let common = self.common.entry(&package.id).or_insert_with(|| {
            let from = dependents.get(&package.id).into_iter().flatten();
            let all = from.flat_map(|from| asks(snapshot, from, package));
            let all = all.map(|ask| expanded(package, ask.all().map(String::as_str)));
            all.reduce(|a, b| a.intersection(&b).cloned().collect()).unwrap_or_default()
        });
        wanted.is_subset(common)
    }

    /// What features of a package switch on in its dependencies; in those of tests only if it is a
    /// member, since cargo resolves no others.
    fn forwards(&self, from: &'a Package, features: &Features) -> Vec<(&'a Package, Features)> {
        let node = self.snapshot.node(&from.id);
        let below = node.into_iter().flat_map(|node| &node.deps);
        let below: Vec<&Package> =
            below.filter_map(|dep| self.snapshot.package(&dep.pkg)).collect();
        let forward = |entry| {
            let to = below.iter().find(|to| leads_to(entry, to))?;
            let names = features.iter().map(String::as_str);
            let features = expanded(to, forwarded(from, names, entry));
            (!features.is_empty()).then_some((*to, features))
        };
        let is_member = self.snapshot.metadata.workspace_members.contains(&from.id);
        let counts = |entry: &&Dependency| is_member || entry.kind != DependencyKind::Development;
        from.dependencies.iter().filter(counts).filter_map(forward).collect()
    }
}

/// The features of packages that were looked at: many ways may lead to one, and some lead back.
#[derive(Default)]
struct Followed<'a>(HashMap<&'a PackageId, Features>);

impl<'a> Followed<'a> {
    /// All features of a package so far, these included; none if there is no new one among them.
    fn add(&mut self, package: &'a Package, features: Features) -> Option<Features> {
        let known = self.0.entry(&package.id).or_default();
        let before = known.len();
        known.extend(features);
        (known.len() > before).then(|| known.clone())
    }
}

/// Who asks for what, by the condition under which it counts; `None` is always.
type Askers<'a> = BTreeMap<Option<String>, (BTreeSet<&'a str>, Features)>;

fn lost(package: &Package, wanted: &Features, askers: &Askers<'_>) -> Option<Loss> {
    let always = askers.get(&None).map(|(_, features)| features);
    let (mut features, mut losers) = (Features::new(), BTreeSet::new());
    for (crates, asked) in askers.values() {
        let asked = asked.iter().chain(always.into_iter().flatten()).map(String::as_str);
        let missing: Features = wanted.difference(&expanded(package, asked)).cloned().collect();
        if !missing.is_empty() {
            losers.extend(crates.iter().map(|name| (*name).to_owned()));
            features.extend(missing);
        }
    }
    (!losers.is_empty()).then(|| Loss {
        package: package.name.to_string(),
        features: roots(package, &features).into_iter().map(str::to_owned).collect(),
        losers,
    })
}

/// The graph below a member without one of its entries.
struct Rest<'r, 'a> {
    losses: &'r Losses<'a>,
    member: &'a PackageId,
    kind: DependencyKind,
    /// What the entry leads to, and whether that is built for the host.
    removed: &'a PackageId,
    for_host: bool,
    /// What the member reaches on every target, and what it reaches on some or in tests.
    reached: OnceCell<[HashSet<Place<'a>>; 2]>,
}

impl<'r, 'a> Rest<'r, 'a> {
    fn new(losses: &'r Losses<'a>, usage: &Use<'a>, removed: &'a Package) -> Self {
        let (member, kind) = (&usage.member.id, dependency_kind(usage.table.kind));
        let builds = losses.builds;
        let (removed, for_host) = builds.place(builds.start(member).1, kind, &removed.id);
        Self { losses, member, kind, removed, for_host, reached: OnceCell::new() }
    }

    /// Who else asks a package for what; none if the member does not reach it otherwise.
    fn askers(&self, package: &'a Package) -> Option<Askers<'a>> {
        let from = self.losses.dependents.get(&package.id)?;
        let asks = |from: &&'a Package| {
            let from = *from;
            asks(self.losses.snapshot, from, package).into_iter().map(move |ask| (from, ask))
        };
        let edge = |from: &'a Package, ask: &Ask| Edge {
            from: &from.id,
            to: &package.id,
            kind: ask.kind,
            is_for_one_target: ask.target.is_some(),
        };
        let asks: Vec<(&Package, Ask)> = from
            .iter()
            .flat_map(asks)
            .filter(|(from, ask)| self.remains(edge(from, ask)))
            .collect();
        if asks.is_empty() {
            return None;
        }
        let [always, ever] = self.reached.get_or_init(|| {
            [false, true].map(|conditional_too| {
                self.losses.builds.walk([self.losses.builds.start(self.member)], |edge| {
                    self.remains(edge) && (conditional_too || !self.is_conditional(edge))
                })
            })
        });
        let builds = self.losses.builds;
        let wanted = builds.place(self.for_host, DependencyKind::Normal, &package.id);
        let mut out = Askers::new();
        for (from, ask) in asks {
            for place in [(&from.id, false), (&from.id, true)] {
                if !ever.contains(&place) || builds.place(place.1, ask.kind, &package.id) != wanted
                {
                    continue;
                }
                let target = ask.target.as_deref().unwrap_or_default();
                let condition = match always.contains(&place) {
                    true if !self.is_conditional(edge(from, &ask)) => None,
                    true => Some(format!("{:?} {target}", ask.kind)),
                    false => Some(format!("{} {target}", from.id)),
                };
                let (crates, features) = out.entry(condition).or_default();
                crates.insert(from.name.as_str());
                features.extend(ask.all().cloned());
            }
        }
        (!out.is_empty()).then_some(out)
    }

    /// Whether an edge is still there, in builds of the member.
    fn remains(&self, edge: Edge<'_>) -> bool {
        if edge.from == self.member {
            edge.to != self.removed || edge.kind != self.kind || edge.is_for_one_target
        } else {
            edge.kind != DependencyKind::Development
        }
    }

    /// Whether an edge is missing from some builds: on other targets, or outside tests.
    fn is_conditional(&self, edge: Edge<'_>) -> bool {
        let development = DependencyKind::Development;
        edge.is_for_one_target
            || (edge.from == self.member && edge.kind == development && self.kind != development)
    }
}
