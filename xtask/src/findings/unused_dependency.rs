//! `unused-dependency`: dependencies that no code of the package names.
//!
//! Naming is only the suspicion; the compiler decides. What may act without being named is left, with the reason.

use std::{
    collections::{BTreeSet, HashSet},
    path::Path,
};

use cargo_metadata::PackageId;

use crate::{
    cli::Code,
    graph::{self, Losses, Use},
    manifest,
    plan::{Change, Edit},
    record::Verdict,
    snapshot::Snapshot,
};

use super::{Finding, GENERATED, Pass, Scene};

pub(super) const PASS: Pass =
    Pass { suspicion: 30, removes_packages: true, is_gone: |_, _| true, ..Pass::of(find) };

/// One finding for each suspicious dependency of each member, one for each member that a program keeps.
fn find(scene: &Scene<'_>) -> Vec<Finding> {
    let snapshot = scene.snapshot;
    let hakari = Hakari::of(snapshot);
    let mut losses = Losses::new(snapshot);
    let is_named = |usage: &&Use<'_>| usage.member.usage.mentions(&usage.crate_name());
    let suspicious = scene.uses.iter().filter(|usage| !is_named(usage));
    let (written, own): (Vec<&Use<'_>>, Vec<&Use<'_>>) =
        suspicious.partition(|usage| hakari.manifests.contains(usage.manifest));
    let written: BTreeSet<&str> =
        written.into_iter().map(|usage| usage.member.name.as_str()).collect();
    let mut out: Vec<Finding> = written.into_iter().map(left_to_hakari).collect();
    out.extend(own.into_iter().map(|usage| judge(snapshot, &hakari, usage, &mut losses)));
    out
}

/// What `cargo hakari` keeps in the workspace.
struct Hakari<'a> {
    manifests: BTreeSet<&'a Path>,
    /// The packages of these manifests.
    packages: HashSet<&'a PackageId>,
}

impl<'a> Hakari<'a> {
    fn of(snapshot: &'a Snapshot) -> Self {
        let manifests = manifest::generated(&snapshot.documents);
        let is_written =
            |path: &Option<_>| path.as_deref().is_some_and(|path| manifests.contains(path));
        let members = snapshot.members.iter().filter(|member| is_written(&member.manifest));
        let packages = members.map(|member| &member.id).collect();
        Self { manifests, packages }
    }
}

fn left_to_hakari(member: &str) -> Finding {
    let (subject, title) = (format!("{member}/*"), format!("remove from {member}"));
    Finding::left(Code::UnusedDependency, &subject, &title, Verdict::Skipped, GENERATED)
}

fn judge<'a>(
    snapshot: &Snapshot,
    hakari: &Hakari<'_>,
    usage: &Use<'a>,
    losses: &mut Losses<'a>,
) -> Finding {
    let key = &usage.declared.key;
    let subject = format!("{}/{key}", usage.member.name);
    let title = format!("remove {key} from {} {}", usage.member.name, usage.table);
    if let Some(reason) = kept_because(snapshot, hakari, usage, losses) {
        return Finding::left(Code::UnusedDependency, &subject, &title, Verdict::Skipped, &reason);
    }
    let reason =
        format!("no source, test, bench, example or build script names `{}`", usage.crate_name());
    let mut change = Change::new(Code::UnusedDependency, &subject, title, reason);
    change.edits = vec![Edit::Remove { site: usage.site(), key: key.clone() }];
    Finding::Remedy(change)
}

/// Why a dependency stays although no code names it.
fn kept_because<'a>(
    snapshot: &Snapshot,
    hakari: &Hakari<'_>,
    usage: &Use<'a>,
    losses: &mut Losses<'a>,
) -> Option<String> {
    let key = usage.declared.key.as_str();
    let package = usage.effective.package();
    if snapshot.policy.keep.contains(key) || snapshot.policy.keep.contains(package) {
        return Some("an ignore list of the workspace names it".to_owned());
    }
    let features = manifest::features_naming(&snapshot.documents[usage.manifest], key);
    if !features.is_empty() {
        return Some(format!("feature {} names it", features.join(", ")));
    }
    if usage.effective.optional {
        return Some("it is optional: whoever switches it on may need it".to_owned());
    }
    let Some(resolved) = usage.package else {
        return Some("it is for another target, where this host cannot check it".to_owned());
    };
    if hakari.packages.contains(&resolved.id) {
        return Some("its only purpose is to unify features: `cargo hakari` writes it".to_owned());
    }
    if usage.table.target.is_some() {
        return Some("it is for one target only; other hosts were not checked".to_owned());
    }
    if graph::links(resolved) {
        return Some("it links a native library, which may be its purpose".to_owned());
    }
    let loss = losses.without(usage)?;
    Some(format!(
        "it switches on {} of {} for {}; nothing else that {} reaches asks for that",
        loss.features.join(", "),
        loss.package,
        loss.losers.into_iter().collect::<Vec<_>>().join(", "),
        usage.member.name
    ))
}
