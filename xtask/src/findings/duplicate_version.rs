//! `duplicate-version`: one package that members require in versions that cannot be unified.
//!
//! Candidates come from the graph: the versions that are in it already, highest first. A pin wins.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::semver::{Version, VersionReq};

use crate::{
    cli::Code,
    graph::{self, Use},
    manifest::{self, Declaration, Site},
    plan::{Alternative, Change, Edit},
    record::Verdict,
    snapshot::Snapshot,
};

use super::Finding;

/// One finding for each package.
pub(super) fn find(snapshot: &Snapshot, uses: &[Use<'_>]) -> Vec<Finding> {
    let groups = in_several_versions(uses);
    groups.into_iter().map(|(package, group)| judge(snapshot, package, &group, uses)).collect()
}

/// Packages that members require in several versions: the subjects of this rule.
pub(super) fn subjects(uses: &[Use<'_>]) -> BTreeSet<String> {
    in_several_versions(uses).into_keys().map(str::to_owned).collect()
}

fn in_several_versions<'a>(uses: &'a [Use<'a>]) -> BTreeMap<&'a str, Vec<&'a Use<'a>>> {
    let mut groups: BTreeMap<&str, Vec<&Use<'_>>> = BTreeMap::new();
    for usage in uses.iter().filter(|usage| usage.is_plain() && usage.package.is_some()) {
        groups.entry(usage.effective.package()).or_default().push(usage);
    }
    groups.retain(|_, group| versions(group).len() > 1);
    groups
}

/// The versions a group resolved to.
fn versions<'a>(group: &[&Use<'a>]) -> BTreeSet<&'a Version> {
    group.iter().filter_map(|usage| usage.package).map(|package| &package.version).collect()
}

/// Two majors under two names are there on purpose; everything else is to become one version.
fn judge(snapshot: &Snapshot, package: &str, group: &[&Use<'_>], uses: &[Use<'_>]) -> Finding {
    let title = format!("bring {package} to one version");
    let reason = evidence(group);
    if group.iter().any(|usage| usage.effective.rename_of.is_some()) {
        let why = format!("{reason}; one of them is renamed, so both are wanted");
        return Finding::left(Code::DuplicateVersion, package, &title, Verdict::Skipped, &why);
    }
    let elsewhere =
        |usage: &&Use<'_>| usage.effective.package() == package && usage.table.target.is_some();
    if let Some(usage) = uses.iter().find(elsewhere) {
        let why = format!(
            "{reason}; {} uses it in {}, which other hosts compile and this one cannot check",
            usage.member.name, usage.table
        );
        return Finding::left(Code::DuplicateVersion, package, &title, Verdict::Skipped, &why);
    }
    let wanted = match snapshot.policy.pin.get(package) {
        Some(pin) => vec![pin.clone()],
        None => requirements(group),
    };
    let mut ways = wanted.iter().map(|requirement| way(snapshot, package, group, requirement));
    let Some(first) = ways.next() else {
        let why = format!("{reason}; none of the requirements is readable as a version");
        return Finding::left(Code::DuplicateVersion, package, &title, Verdict::Skipped, &why);
    };
    let mut change = Change::new(Code::DuplicateVersion, package, first.title, reason);
    change.edits = first.edits;
    change.alternatives = ways.collect();
    Finding::Remedy(change)
}

/// Who requires what, for instance `5.5 (aimds-analysis, aimds-detection), 6.1 (aimds-response)`.
fn evidence(group: &[&Use<'_>]) -> String {
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

/// One requirement for each version in use, highest version first, the most demanding of its kind. A
/// requirement that would allow several of them (`>=5`, `*`) is replaced by the version it resolved to.
fn requirements(group: &[&Use<'_>]) -> Vec<String> {
    let mut by: BTreeMap<&Version, String> = BTreeMap::new();
    for usage in group {
        let (Some(package), Some(requirement)) =
            (usage.package, usage.effective.requirement.as_deref())
        else {
            continue;
        };
        let version = &package.version;
        let own = if graph::is_caret(requirement) {
            requirement.to_owned()
        } else {
            format!("{}.{}.{}", version.major, version.minor, version.patch)
        };
        by.entry(version)
            .and_modify(|known| {
                if graph::stricter(known, &own) == Some(&own) {
                    known.clone_from(&own);
                }
            })
            .or_insert(own);
    }
    by.into_values().rev().collect()
}

/// The edits that bring a group to one requirement, declared in the workspace where that loses nothing.
fn way(snapshot: &Snapshot, package: &str, group: &[&Use<'_>], requirement: &str) -> Alternative {
    let shared = manifest::workspace_declarations(snapshot.root_document());
    let shared =
        shared.into_iter().find(|entry| entry.package() == package && entry.key == package);
    let (base, mut edits) = match shared {
        Some(base) => {
            let change = base.requirement.as_deref() != Some(requirement);
            let edit = Edit::SetRequirement {
                site: Site::Workspace,
                key: base.key.clone(),
                requirement: requirement.to_owned(),
            };
            (base, if change { vec![edit] } else { Vec::new() })
        }
        // A package alone must not become a workspace by this.
        None if snapshot.root_document().get("workspace").is_none() => {
            return in_place(package, group, requirement);
        }
        None => {
            let base = common(package, group);
            let edit = Edit::Declare {
                key: package.to_owned(),
                requirement: requirement.to_owned(),
                features: base.features.clone(),
                default_features: base.default_features,
            };
            (base, vec![edit])
        }
    };
    for usage in group.iter().filter(|usage| !usage.declared.inherits) {
        let key = usage.declared.key.clone();
        let site = usage.site();
        if graph::obstacle(snapshot, usage, &base).is_none() {
            edits.push(Edit::Inherit { site, key });
        } else if usage.requirement() != VersionReq::parse(requirement).ok() {
            edits.push(Edit::SetRequirement { site, key, requirement: requirement.to_owned() });
        }
    }
    Alternative { title: format!("bring {package} to one version, {requirement}"), edits }
}

/// The same requirement wherever the package is required.
fn in_place(package: &str, group: &[&Use<'_>], requirement: &str) -> Alternative {
    let edits = group.iter().map(|usage| Edit::SetRequirement {
        site: usage.site(),
        key: usage.declared.key.clone(),
        requirement: requirement.to_owned(),
    });
    let title = format!("bring {package} to one version, {requirement}");
    Alternative { title, edits: edits.collect() }
}

/// What every member of a group asks for: the entry they can all inherit.
fn common(package: &str, group: &[&Use<'_>]) -> Declaration {
    let off = group.iter().any(|usage| usage.declared.default_features == Some(false));
    let features = group.first().map(|usage| usage.declared.features.clone()).unwrap_or_default();
    let everyone = |feature: &String| group.iter().all(|u| u.declared.features.contains(feature));
    Declaration {
        key: package.to_owned(),
        default_features: off.then_some(false),
        features: features.into_iter().filter(everyone).collect(),
        ..Declaration::default()
    }
}
