//! Dependencies that several members repeat and the workspace does not declare yet.

use std::collections::BTreeSet;

use crate::{
    cli::Code,
    graph::{self, Use},
    manifest::Declaration,
    plan::{Change, Edit},
};

use super::{Finding, Workspace, asked, inherits, join, left, merged, names};

/// Declares what most of the members that use a key have in common. The others keep their own.
pub(super) fn find(workspace: &Workspace<'_>, key: &str, group: &[&Use<'_>]) -> Vec<Finding> {
    if members(group) < 2 {
        return Vec::new();
    }
    let mut out = Vec::new();
    let mut candidates = Vec::new();
    for usage in group.iter().copied() {
        match usage.declared.unknown.first() {
            Some(name) => {
                out.push(left(
                    usage,
                    &format!("it has the key `{name}`, which an heir cannot keep"),
                ));
            }
            None => candidates.push(usage),
        }
    }
    let groups = candidates.iter().map(|first| alike(workspace, first, &candidates));
    // The first of the largest.
    let Some((chosen, others)) = groups.rev().max_by_key(|(chosen, _)| members(chosen)) else {
        return out;
    };
    let Some(entry) = common(workspace, key, &chosen) else { return out };
    for usage in others {
        let reason = graph::difference(workspace.root, usage, &entry).unwrap_or_else(|| {
            let own = usage.declared.requirement.as_deref().unwrap_or("*");
            let other = entry.requirement.as_deref().unwrap_or("*");
            format!("it requires {own}, {} {other}", names(&chosen))
        });
        out.push(left(usage, &reason));
    }
    if members(&chosen) > 1 {
        let title = format!("declare {key} in the workspace and inherit it in {}", names(&chosen));
        let reason = format!("{} members declare it alike", members(&chosen));
        let mut change = Change::new(Code::NotInherited, key, title, reason);
        let heirs = chosen.iter().map(|usage| usage.site()).collect();
        change.edits.push(Edit::Declare { entry, heirs });
        change.edits.extend(chosen.iter().map(|usage| inherits(usage)));
        out.push(Finding::Remedy(change));
    }
    out
}

/// How many members a group is of.
pub(super) fn members(group: &[&Use<'_>]) -> usize {
    group.iter().map(|usage| usage.manifest).collect::<BTreeSet<_>>().len()
}

/// Those of the candidates that can share an entry with `first`, and those that cannot.
fn alike<'a>(
    workspace: &Workspace<'_>,
    first: &'a Use<'a>,
    candidates: &[&'a Use<'a>],
) -> (Vec<&'a Use<'a>>, Vec<&'a Use<'a>>) {
    let entry = declaration(workspace, first);
    let rest = candidates.iter().copied().filter(|usage| !std::ptr::eq(*usage, first));
    let (same, mut others): (Vec<&Use<'_>>, Vec<&Use<'_>>) =
        rest.partition(|usage| graph::difference(workspace.root, usage, &entry).is_none());
    let (chosen, unmerged) =
        join(vec![first], same, |chosen| merged(chosen.iter().map(|usage| asked(usage))).is_ok());
    others.extend(unmerged);
    (chosen, others)
}

/// An entry as the root manifest would have it, without features.
fn declaration(workspace: &Workspace<'_>, usage: &Use<'_>) -> Declaration {
    let own = &usage.declared;
    Declaration {
        key: own.key.clone(),
        rename_of: own.rename_of.clone(),
        requirement: own.requirement.clone(),
        source: graph::source_at_root(workspace.root, usage),
        ..Declaration::default()
    }
}

/// What every member of a group asks for.
fn common(workspace: &Workspace<'_>, key: &str, group: &[&Use<'_>]) -> Option<Declaration> {
    let first = group.iter().min_by_key(|usage| usage.manifest)?;
    let requirement = merged(group.iter().map(|usage| asked(usage))).ok()?;
    let off = group.iter().any(|usage| usage.declared.default_features == Some(false));
    let everyone = |feature: &&String| group.iter().all(|u| u.declared.features.contains(feature));
    Some(Declaration {
        key: key.to_owned(),
        requirement: requirement.map(str::to_owned),
        default_features: off.then_some(false),
        features: first.declared.features.iter().filter(everyone).cloned().collect(),
        ..declaration(workspace, first)
    })
}
