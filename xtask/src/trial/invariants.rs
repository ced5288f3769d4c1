//! What no compiler checks of a candidate: what members ask of their dependencies, and in which versions.
//!
//! Pure: compares the metadata of baseline and candidate. An error is the reason to reject the choice.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{Dependency, Metadata};

use crate::{
    cli::Code,
    plan::{Change, Umbrella},
};

/// The invariant that no compiler checks: what a member asks of a dependency never shrinks, unless a
/// change says so, and inheriting alone changes nothing.
pub(super) fn hold_requested_features(
    before: &Metadata,
    after: &Metadata,
    chosen: &[Change],
) -> Result<(), String> {
    let (before, after) = (requested(before), requested(after));
    let umbrellas: Vec<&Umbrella> = chosen.iter().filter_map(|c| c.umbrella.as_ref()).collect();
    let inherits_only = |name: &str| {
        let of = |change: &Change| change.subject == name;
        chosen.iter().any(|c| c.code == Code::NotInherited && of(c))
            && !umbrellas.iter().any(|umbrella| umbrella.package == name)
    };
    for (key, old) in &before {
        let Some(new) = after.get(key) else { continue };
        let is_named = |feature: &&String| {
            umbrellas.iter().any(|umbrella| {
                umbrella.package == key.dependency
                    && (umbrella.feature == **feature || umbrella.all.contains(feature))
            })
        };
        let words = |set: Vec<&String>| set.into_iter().cloned().collect::<Vec<_>>().join(", ");
        let lost: Vec<&String> = old.difference(new).filter(|name| !is_named(name)).collect();
        if !lost.is_empty() {
            let lost = words(lost);
            return Err(format!(
                "{} would no longer ask {} for {lost}",
                key.member, key.dependency
            ));
        }
        let gained: Vec<&String> = new.difference(old).collect();
        if !gained.is_empty() && inherits_only(&key.dependency) {
            let gained = words(gained);
            return Err(format!("{} would newly ask {} for {gained}", key.member, key.dependency));
        }
    }
    Ok(())
}

/// What a change brings to one version is in one version.
pub(super) fn hold_single_versions(metadata: &Metadata, chosen: &[Change]) -> Result<(), String> {
    let aligned: BTreeSet<&str> = chosen
        .iter()
        .filter(|change| change.code == Code::DuplicateVersion)
        .map(|change| change.subject.as_str())
        .collect();
    if aligned.is_empty() {
        return Ok(());
    }
    let packages: BTreeMap<_, _> = metadata.packages.iter().map(|p| (&p.id, p)).collect();
    let mut versions: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let nodes = metadata.resolve.iter().flat_map(|resolve| &resolve.nodes);
    for node in nodes.filter(|node| metadata.workspace_members.contains(&node.id)) {
        for package in node.deps.iter().filter_map(|dep| packages.get(&dep.pkg)) {
            if let Some(name) = aligned.get(package.name.as_str()) {
                versions.entry(name).or_default().insert(package.version.to_string());
            }
        }
    }
    match versions.into_iter().find(|(_, versions)| versions.len() > 1) {
        None => Ok(()),
        Some((name, versions)) => {
            let versions = versions.into_iter().collect::<Vec<_>>().join(" and ");
            Err(format!("members would still get {name} in the versions {versions}"))
        }
    }
}

/// A dependency of a member: what stays the same however it is written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Request {
    member: String,
    dependency: String,
    rename: Option<String>,
    kind: String,
    target: Option<String>,
}

/// What each member asks of each dependency; `default` stands for the default features.
fn requested(metadata: &Metadata) -> BTreeMap<Request, BTreeSet<String>> {
    let of = |member: &str, dependency: &Dependency| Request {
        member: member.to_owned(),
        dependency: dependency.name.clone(),
        rename: dependency.rename.clone(),
        kind: dependency.kind.to_string(),
        target: dependency.target.as_ref().map(ToString::to_string),
    };
    let mut out = BTreeMap::new();
    for package in metadata.workspace_packages() {
        for dependency in &package.dependencies {
            let mut features: BTreeSet<String> = dependency.features.iter().cloned().collect();
            if dependency.uses_default_features {
                features.insert("default".to_owned());
            }
            out.insert(of(&package.name, dependency), features);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Metadata of one member `m` that asks `tokio` for `features`, and for the default ones.
    fn asking(features: &[&str]) -> Metadata {
        let package = json!({
            "name": "m", "version": "0.1.0", "id": "m", "manifest_path": "/m/Cargo.toml",
            "targets": [], "features": {},
            "dependencies": [{
                "name": "tokio", "req": "^1", "kind": null, "optional": false,
                "uses_default_features": true, "features": features, "target": null,
                "rename": null, "registry": null, "source": null,
            }],
        });
        let metadata = json!({
            "packages": [package], "workspace_members": ["m"], "resolve": null,
            "workspace_root": "/m", "target_directory": "/m/target", "version": 1,
        });
        serde_json::from_value(metadata).unwrap()
    }

    fn trimming(all: &[&str]) -> Change {
        let mut change = Change::new(Code::BroadFeatures, "tokio", String::new(), String::new());
        change.umbrella = Some(Umbrella {
            package: "tokio".to_owned(),
            feature: "full".to_owned(),
            all: all.iter().map(|name| (*name).to_owned()).collect(),
            chosen: Vec::new(),
            members: Vec::new(),
        });
        change
    }

    #[test]
    fn what_a_member_asks_for_never_shrinks_unsaid() {
        let (before, after) = (asking(&["full", "tracing"]), asking(&["rt"]));
        let lost = hold_requested_features(&before, &after, &[]).unwrap_err();
        assert!(lost.contains("full, tracing"), "{lost}");
        // The umbrella is named by the change; what it does not list is not.
        let lost = hold_requested_features(&before, &after, &[trimming(&["rt"])]).unwrap_err();
        assert_eq!(lost, "m would no longer ask tokio for tracing");
        let before = asking(&["full"]);
        assert_eq!(hold_requested_features(&before, &after, &[trimming(&["rt"])]), Ok(()));
    }

    #[test]
    fn inheriting_alone_adds_nothing() {
        let inherit = Change::new(Code::NotInherited, "tokio", String::new(), String::new());
        let (before, after) = (asking(&["rt"]), asking(&["rt", "net"]));
        let gained = hold_requested_features(&before, &after, &[inherit]).unwrap_err();
        assert_eq!(gained, "m would newly ask tokio for net");
        assert_eq!(hold_requested_features(&before, &after, &[]), Ok(()));
    }
}
