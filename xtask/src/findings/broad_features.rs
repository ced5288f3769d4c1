//! `broad-features`: umbrella features, of which code mostly needs a part.
//!
//! The first guess comes from what sources name; the compiler adds what is missing before anything is kept.

use std::collections::{BTreeSet, HashSet};

use cargo_metadata::{DependencyKind, Package, PackageId};

use crate::{
    cli::Code,
    graph::{
        Use,
        builds::{Builds, Place},
        dependency_kind,
        requests::{self, Ask, Features},
    },
    manifest::{self, Site},
    paths,
    plan::{Change, Edit, Umbrella},
    record::Verdict,
    snapshot::Snapshot,
};

use super::{Finding, Pass, Scene};

pub(super) const PASS: Pass =
    Pass { suspicion: 60, removes_packages: true, is_gone, ..Pass::of(find) };

/// Features that only gate parts of an API, so that leaving some out changes no behaviour of what
/// remains, and what is missed does not compile. Each was read in the crate's `[features]` and in what
/// its code does where a feature is off.
///
/// What disqualifies an umbrella is a feature in it that changes what the rest does: `syn/full` (what the
/// parser accepts), `tower-http/full` (which encodings a layer negotiates), `hyper-util/full` (without
/// `http2` its client panics where a server negotiates that; `client-proxy-system` changes where
/// proxies come from), `tokio-stream/full` (with `rt`, `iter` yields by the budget of the task).
const UMBRELLAS: [(&str, &str); 5] = [
    // https://docs.rs/tokio/1.54.1/tokio/#feature-flags: "Enables all features listed below except
    // `test-util` and unstable features". One of them gates nothing: `parking_lot` swaps the locks
    // inside for equivalent ones, and goes unless somebody asks for it by name.
    ("tokio", "full"),
    // https://docs.rs/crate/tokio-util/0.7.20/features: a module each.
    ("tokio-util", "full"),
    // https://docs.rs/hyper/1.12.0/hyper/#optional-features: sides and versions of the protocol, each a
    // module with a builder of its own.
    ("hyper", "full"),
    // https://docs.rs/crate/tower/0.5.3/features: a middleware each.
    ("tower", "full"),
    // https://docs.rs/crate/rustix/1.1.6/features and the comment above `all-apis` in its Cargo.toml:
    // "Users are encouraged to enable only those features they need".
    ("rustix", "all-apis"),
];

/// Names whose feature is called otherwise and which rustc's errors do not lead to, as macros that are
/// compiled out leave no trace: crate, name behind its path, feature. Source: tokio's feature
/// documentation ("macros: enables `#[tokio::main]` and `#[tokio::test]` macros").
const NAMED_OTHERWISE: [(&str, &str, &str); 5] = [
    ("tokio", "main", "macros"),
    ("tokio", "test", "macros"),
    ("tokio", "select", "macros"),
    ("tokio", "join", "macros"),
    ("tokio", "try_join", "macros"),
];

/// One finding for each umbrella that a member asks for.
fn find(scene: &Scene<'_>) -> Vec<Finding> {
    UMBRELLAS
        .iter()
        .filter_map(|(package, feature)| {
            let asking: Vec<&Use<'_>> = scene
                .uses
                .iter()
                .filter(|usage| usage.effective.package() == *package && usage.is_plain())
                .filter(|usage| usage.effective.features.iter().any(|f| f == feature))
                .collect();
            let resolved = asking.iter().find_map(|usage| usage.package)?;
            Some(judge(scene.snapshot, &asking, resolved, feature))
        })
        .collect()
}

/// No member asks for an umbrella of the package, on no machine.
fn is_gone(scene: &Scene<'_>, subject: &str) -> bool {
    let is_umbrella = |usage: &Use<'_>| {
        let package = usage.effective.package();
        let asked = |(of, feature): &(&str, &str)| {
            *of == package && usage.effective.features.iter().any(|it| it == feature)
        };
        package == subject && UMBRELLAS.iter().any(asked)
    };
    !scene.uses.iter().any(is_umbrella)
}

fn judge(snapshot: &Snapshot, asking: &[&Use<'_>], package: &Package, feature: &str) -> Finding {
    let all = members_of(package, feature);
    let members: BTreeSet<&str> = asking.iter().map(|usage| usage.member.name.as_str()).collect();
    let umbrella = Umbrella {
        package: package.name.to_string(),
        feature: feature.to_owned(),
        chosen: named(asking, &all),
        all,
        members: members.iter().map(|name| (*name).to_owned()).collect(),
    };
    let title = umbrella.title();
    let left = |verdict, reason: &str| {
        Finding::left(Code::BroadFeatures, &package.name, &title, verdict, reason)
    };
    let effect = effect(snapshot, asking, package, &umbrella);
    if effect.gone.is_empty() && effect.held.is_empty() {
        return left(Verdict::Skipped, "the members need everything that it switches on");
    }
    let who = || effect.askers.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
    if effect.gone.is_empty() {
        let reason = format!("features unify, and nothing would be switched off: {}", who());
        return left(Verdict::Blocked, &reason);
    }
    let mut reason = format!(
        "`{feature}` switches on {} features; {} named in the code of {}",
        umbrella.all.len(),
        umbrella.chosen.len(),
        members.into_iter().collect::<Vec<_>>().join(", ")
    );
    if !effect.held.is_empty() {
        let held = requests::roots(package, &effect.held).join(", ");
        reason.push_str(&format!("; {held} would stay on: {}", who()));
    }
    let mut change = Change::new(Code::BroadFeatures, &package.name, title, reason);
    change.edits = sites(snapshot, asking)
        .into_iter()
        .map(|(site, key)| Edit::ReplaceFeature {
            site,
            key,
            feature: feature.to_owned(),
            by: umbrella.chosen.clone(),
        })
        .collect();
    change.umbrella = Some(umbrella);
    Finding::Remedy(change)
}

/// The features of the same package that an umbrella lists.
fn members_of(package: &Package, feature: &str) -> Vec<String> {
    let listed = package.features.get(feature).into_iter().flatten();
    listed.filter(|name| package.features.contains_key(*name)).cloned().collect()
}

/// Features whose name stands behind the crate's name in a path, such as `tokio::sync`.
fn named(asking: &[&Use<'_>], all: &[String]) -> Vec<String> {
    let is_named = |feature: &&String| {
        let word = feature.replace('-', "_");
        asking.iter().any(|usage| {
            let name = usage.crate_name();
            let otherwise = |behind: &str| {
                NAMED_OTHERWISE.contains(&(usage.effective.package(), behind, feature.as_str()))
            };
            usage.member.usage.behind(&name).any(|behind| behind == word || otherwise(behind))
        })
    };
    all.iter().filter(is_named).cloned().collect()
}

/// What the choice in place of an umbrella makes of the features that are on.
struct Effect {
    /// Switched off by it.
    gone: Features,
    /// On only because of others, whose manifests are not edited.
    held: Features,
    /// Those others.
    askers: Vec<Asker>,
}

/// A package whose manifest is not edited.
struct Asker {
    name: String,
    /// Seen from the workspace, for a package that comes from no registry.
    manifest: Option<String>,
    /// What it asks for.
    features: Features,
}

impl std::fmt::Display for Asker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let features = self.features.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        match &self.manifest {
            None => write!(f, "{} asks for {features}", self.name),
            Some(manifest) => write!(
                f,
                "`{manifest}` asks for {features}; that manifest is outside the workspace and not edited"
            ),
        }
    }
}

fn effect(
    snapshot: &Snapshot,
    asking: &[&Use<'_>],
    package: &Package,
    umbrella: &Umbrella,
) -> Effect {
    let chosen = || umbrella.chosen.iter().cloned();
    let (mut before, mut after, mut others) = (Features::new(), Features::new(), Features::new());
    let mut askers = Vec::new();
    // The manifest of a member outside the workspace directory is not read: it may inherit.
    let shared = manifest::workspace_declarations(snapshot.root_document());
    let is_shared = shared.iter().any(|entry| {
        entry.package() == package.name.as_str() && entry.features.contains(&umbrella.feature)
    });
    let own = snapshot.members.iter().filter(|member| is_shared || member.manifest.is_some());
    let own: HashSet<&PackageId> = own.map(|member| &member.id).collect();
    let everywhere = requests::dependents(snapshot);
    let counts = counted(snapshot, asking, package);
    for from in everywhere.get(&package.id).into_iter().flatten() {
        for ask in requests::asks(snapshot, from, package) {
            if own.contains(&from.id) {
                before.extend(ask.all().cloned());
                let is_replaced = ask.features.contains(&umbrella.feature);
                let kept = ask.features.into_iter().filter(|name| *name != umbrella.feature);
                after.extend(kept.chain(ask.forwarded));
                after.extend(chosen().filter(|_| is_replaced));
            } else if counts(from, &ask) {
                others.extend(ask.all().cloned());
                askers.push((*from, ask.all().cloned().collect::<Features>()));
            }
        }
    }
    let on = |sets: &[&Features]| {
        let all = sets.iter().copied().flatten().map(String::as_str);
        let mut on = requests::expanded(package, all);
        on.remove(&umbrella.feature);
        on
    };
    let (now, then) = (on(&[&before, &others]), on(&[&after, &others]));
    let held: Features = then.difference(&on(&[&after])).cloned().collect();
    let held: Features = held.intersection(&on(&[&before])).cloned().collect();
    let holds = |name: &String| {
        let on = requests::expanded(package, [name.as_str()]);
        on.iter().any(|feature| held.contains(feature))
    };
    let askers = askers
        .into_iter()
        .map(|(from, features)| Asker {
            name: from.name.to_string(),
            manifest: from.source.is_none().then(|| {
                let path = from.manifest_path.as_std_path();
                paths::relative(&snapshot.root, path).display().to_string()
            }),
            features: features.into_iter().filter(&holds).collect(),
        })
        .filter(|asker| !asker.features.is_empty());
    Effect { gone: now.difference(&then).cloned().collect(), askers: askers.collect(), held }
}

/// Tells which entries of others unify with what the members ask for in every build of the workspace:
/// not those for one target, nor those that only concern the host where the members' do not.
fn counted<'a>(
    snapshot: &'a Snapshot,
    asking: &[&Use<'a>],
    package: &'a Package,
) -> impl Fn(&'a Package, &Ask) -> bool {
    let builds = Builds::new(snapshot);
    let members: HashSet<&PackageId> = snapshot.members.iter().map(|member| &member.id).collect();
    let of_member = members.clone();
    let is_built = move |from: &PackageId, kind: DependencyKind, is_for_one_target: bool| {
        !is_for_one_target && (kind != DependencyKind::Development || of_member.contains(from))
    };
    let places = builds.walk(members.into_iter().map(|id| builds.start(id)), |edge| {
        is_built(edge.from, edge.kind, edge.is_for_one_target)
    });
    let own: HashSet<Place<'_>> = asking
        .iter()
        .map(|usage| {
            let host = builds.start(&usage.member.id).1;
            builds.place(host, dependency_kind(usage.table.kind), &package.id)
        })
        .collect();
    move |from, ask| {
        is_built(&from.id, ask.kind, ask.target.is_some())
            && [false, true].iter().any(|host| {
                places.contains(&(&from.id, *host))
                    && own.contains(&builds.place(*host, ask.kind, &package.id))
            })
    }
}

/// Every place where the feature may be written.
fn sites(snapshot: &Snapshot, asking: &[&Use<'_>]) -> BTreeSet<(Site, String)> {
    let shared = manifest::workspace_declarations(snapshot.root_document());
    let names: BTreeSet<&str> = asking.iter().map(|usage| usage.effective.package()).collect();
    let workspace = shared
        .into_iter()
        .filter(|entry| names.contains(entry.package()))
        .map(|entry| (Site::Workspace, entry.key));
    let own = asking.iter().map(|usage| (usage.site(), usage.declared.key.clone()));
    workspace.chain(own).collect()
}
