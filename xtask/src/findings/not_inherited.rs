//! `not-inherited`: dependencies that the workspace declares and a member repeats.
//!
//! Only where inheriting changes nothing that the member gets: same package, source and features.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    cli::Code,
    graph::{self, Use},
    manifest::{self, Declaration, Site},
    plan::{Change, Edit},
    record::Verdict,
    snapshot::Snapshot,
};

use super::Finding;

/// One change for each entry of the workspace, one record for each repetition that must stay. Packages
/// that are `aligned` by another pass are left to it.
pub(super) fn find(
    snapshot: &Snapshot,
    uses: &[Use<'_>],
    aligned: &BTreeSet<String>,
) -> Vec<Finding> {
    let shared = manifest::workspace_declarations(snapshot.root_document());
    let mut out = Vec::new();
    for base in shared.iter().filter(|base| !aligned.contains(base.package())) {
        let repeats = uses.iter().filter(|u| !u.declared.inherits && u.declared.key == base.key);
        let mut edits = BTreeMap::new();
        let mut members = Vec::new();
        let mut strictest = base.requirement.as_deref();
        for usage in repeats {
            match merged_requirement(base, usage)
                .and_then(|req| graph::obstacle(snapshot, usage, base).map_or(Ok(req), Err))
            {
                Ok(requirement) => {
                    if let (Some(new), Some(known)) = (requirement, strictest) {
                        strictest = graph::stricter(new, known).or(strictest);
                    }
                    let edit = Edit::Inherit { site: usage.site(), key: base.key.clone() };
                    edits.insert(Some(usage.site()), edit);
                    members.push(usage.member.name.as_str());
                }
                Err(reason) => out.push(left(base, usage, &reason)),
            }
        }
        if let Some(requirement) = strictest.filter(|_| strictest != base.requirement.as_deref()) {
            edits.insert(None, raise(base, requirement));
        }
        members.dedup();
        if !members.is_empty() {
            let title = format!("inherit {} in {}", base.key, members.join(", "));
            let reason = "[workspace.dependencies] declares it".to_owned();
            let mut change = Change::new(Code::NotInherited, &base.key, title, reason);
            change.edits = edits.into_values().collect();
            out.push(Finding::Remedy(change));
        }
    }
    out
}

fn left(base: &Declaration, usage: &Use<'_>, reason: &str) -> Finding {
    let subject = format!("{}/{}", usage.member.name, base.key);
    let title = format!("inherit {} in {}", base.key, usage.member.name);
    Finding::left(Code::NotInherited, &subject, &title, Verdict::Skipped, reason)
}

fn raise(base: &Declaration, requirement: &str) -> Edit {
    Edit::SetRequirement {
        site: Site::Workspace,
        key: base.key.clone(),
        requirement: requirement.to_owned(),
    }
}

/// The requirement to raise the workspace to, if the member's is the more demanding one.
fn merged_requirement<'a>(
    base: &'a Declaration,
    usage: &'a Use<'_>,
) -> Result<Option<&'a str>, String> {
    let (own, shared) = match (&usage.declared.requirement, &base.requirement) {
        (Some(own), Some(shared)) => (own.as_str(), shared.as_str()),
        // Path dependencies between members often have none.
        (None, None) => return Ok(None),
        _ => return Err("only one of the two names a version".to_owned()),
    };
    let Some(package) = usage.package else {
        return if own == shared { Ok(None) } else { Err(differ(own, shared)) };
    };
    let fits = semver::VersionReq::parse(shared)
        .is_ok_and(|requirement| requirement.matches(&package.version));
    match graph::stricter(own, shared).filter(|_| fits) {
        Some(strict) => Ok((strict != shared).then_some(strict)),
        None => Err(differ(own, shared)),
    }
}

fn differ(own: &str, shared: &str) -> String {
    format!("it requires {own}, the workspace {shared}")
}
