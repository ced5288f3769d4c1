//! Which members need more than the check of the whole workspace, and which cannot be tested.

use std::{collections::BTreeSet, path::PathBuf};

use crate::{cli::Code, paths, plan::Change, snapshot::Snapshot, verify::Checked};

/// Packages of which a target does not compile: cargo would run no test at all with them.
pub(crate) fn untestable(snapshot: &Snapshot, checked: &Checked) -> Vec<String> {
    let failed: BTreeSet<&PathBuf> = checked.failed.keys().map(|target| &target.source).collect();
    let holds = |package: &cargo_metadata::Package| {
        package.targets.iter().any(|target| {
            let source = paths::relative(&snapshot.root, target.src_path.as_std_path());
            // `cargo test` builds no benches.
            !target.is_bench() && failed.contains(&source)
        })
    };
    let packages = snapshot.metadata.workspace_packages();
    packages.into_iter().filter(|p| holds(p)).map(|p| p.name.to_string()).collect()
}

/// Members that may now lean on features which only others switch on.
pub(super) fn members_to_check_alone(chosen: &[Change]) -> BTreeSet<String> {
    let trimmed = chosen.iter().filter_map(|c| c.umbrella.as_ref()).flat_map(|u| u.members.clone());
    let relieved = chosen
        .iter()
        .filter(|change| change.code == Code::UnusedDependency)
        .filter_map(|change| Some(change.subject.split_once('/')?.0.to_owned()));
    trimmed.chain(relieved).collect()
}
