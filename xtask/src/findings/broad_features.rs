//! `broad-features`: umbrella features, of which code mostly needs a part.
//!
//! The first guess comes from what sources name; the compiler adds what is missing before anything is kept.

use std::collections::BTreeSet;

use cargo_metadata::Package;

use crate::{
    cli::Code,
    graph::{self, Use},
    manifest::{self, Site},
    plan::{Change, Edit, Umbrella},
    record::Verdict,
    snapshot::Snapshot,
};

use super::Finding;

/// Features that gate parts of an API, so that leaving some out changes no behaviour of what remains.
/// One of tokio's gates nothing: `parking_lot` swaps the locks inside tokio, and goes unless somebody
/// asks for it by name. Source: the feature documentation of each crate (tokio: "full: enables all
/// features listed below except `test-util` and `tracing`"; hyper, hyper-util, tower and tokio-util:
/// "full" lists the API features). `syn/full` is not one: it changes what the parser accepts.
const UMBRELLAS: [(&str, &str); 5] = [
    ("tokio", "full"),
    ("tokio-util", "full"),
    ("hyper", "full"),
    ("hyper-util", "full"),
    ("tower", "full"),
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
pub(super) fn find(snapshot: &Snapshot) -> Vec<Finding> {
    let uses = graph::uses(snapshot);
    UMBRELLAS
        .iter()
        .filter_map(|(package, feature)| {
            let asking: Vec<&Use<'_>> = uses
                .iter()
                .filter(|usage| usage.effective.package() == *package && usage.is_plain())
                .filter(|usage| usage.effective.features.iter().any(|f| f == feature))
                .collect();
            let resolved = asking.iter().find_map(|usage| usage.package)?;
            Some(judge(snapshot, &asking, resolved, feature))
        })
        .collect()
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
    let others = askers_outside(snapshot, package, feature);
    if !others.is_empty() {
        let reason = format!("{} asks for it too, and features unify", others.join(", "));
        return Finding::left(
            Code::BroadFeatures,
            &package.name,
            &title,
            Verdict::Blocked,
            &reason,
        );
    }
    let reason = format!(
        "`{feature}` switches on {} features; {} named in the code of {}",
        umbrella.all.len(),
        umbrella.chosen.len(),
        members.into_iter().collect::<Vec<_>>().join(", ")
    );
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

/// Packages outside the workspace that ask for the same feature of the same version.
fn askers_outside(snapshot: &Snapshot, package: &Package, feature: &str) -> Vec<String> {
    let asks = |from: &&Package| {
        !snapshot.metadata.workspace_members.contains(&from.id)
            && snapshot.node(&from.id).is_some_and(|node| node.dependencies.contains(&package.id))
            && from.dependencies.iter().any(|dependency| {
                dependency.name == *package.name
                    && dependency.req.matches(&package.version)
                    && dependency.features.iter().any(|name| name == feature)
            })
    };
    snapshot.metadata.packages.iter().filter(asks).map(|from| from.name.to_string()).collect()
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
