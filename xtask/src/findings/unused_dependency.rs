//! `unused-dependency`: dependencies that no code of the package names.
//!
//! Naming is only the suspicion; the compiler decides. What may act without being named is left, with the reason.

use crate::{
    cli::Code,
    graph::{self, Losses, Use},
    manifest,
    plan::{Change, Edit},
    record::Verdict,
    snapshot::Snapshot,
};

use super::Finding;

/// One finding for each suspicious dependency of each member.
pub(super) fn find<'a>(snapshot: &'a Snapshot, uses: &[Use<'a>]) -> Vec<Finding> {
    let mut losses = Losses::new(snapshot);
    uses.iter()
        .filter(|usage| !usage.member.usage.mentions(&usage.crate_name()))
        .map(|usage| judge(snapshot, usage, &mut losses))
        .collect()
}

fn judge<'a>(snapshot: &Snapshot, usage: &Use<'a>, losses: &mut Losses<'a>) -> Finding {
    let key = &usage.declared.key;
    let subject = format!("{}/{key}", usage.member.name);
    let title = format!("remove {key} from {} {}", usage.member.name, usage.table);
    if let Some(reason) = kept_because(snapshot, usage, losses) {
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
