//! Bringing what members require themselves to one version: candidates and edits.
//!
//! Pure. Features survive: what the workspace's entry does not declare is asked for by the member.

use std::collections::BTreeMap;

use cargo_metadata::semver::{Version, VersionReq};

use crate::{
    graph::{self, Use},
    manifest::{self, Declaration, Site},
    plan::Edit,
    snapshot::Snapshot,
};

/// One requirement for each version in use, the most demanding of its kind. A
/// requirement that would allow several of them (`>=5`, `*`) is replaced by the version it resolved to.
pub(super) fn requirements(group: &[&Use<'_>]) -> BTreeMap<Version, String> {
    let mut by: BTreeMap<Version, String> = BTreeMap::new();
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
        by.entry(version.clone())
            .and_modify(|known| {
                if graph::stricter(known, &own) == Some(&own) {
                    known.clone_from(&own);
                }
            })
            .or_insert(own);
    }
    by
}

/// The edits that bring a group to one requirement, declared in the workspace where that loses nothing.
pub(super) fn edits(
    snapshot: &Snapshot,
    package: &str,
    group: &[&Use<'_>],
    requirement: &str,
) -> Vec<Edit> {
    let shared = manifest::workspace_declarations(snapshot.root_document());
    let shared = shared.into_iter().find(|entry| entry.key == package);
    if shared.as_ref().is_some_and(|entry| entry.package() != package) {
        // The workspace has another package under this name.
        return in_place(group, requirement);
    }
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
            return in_place(group, requirement);
        }
        None => {
            let base = common(package, group);
            let entry = Declaration { requirement: Some(requirement.to_owned()), ..base };
            (entry.clone(), vec![Edit::Declare { entry, heirs: Vec::new() }])
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
    edits
}

/// The same requirement wherever the package is required.
fn in_place(group: &[&Use<'_>], requirement: &str) -> Vec<Edit> {
    let edits = group.iter().map(|usage| Edit::SetRequirement {
        site: usage.declaring_site(),
        key: usage.declared.key.clone(),
        requirement: requirement.to_owned(),
    });
    edits.collect()
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
