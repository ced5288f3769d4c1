//! Changes that are to make a build for another target smaller: built with both profiles, and compared by size.
//!
//! Nothing is timed, and the sizes of one compiler are the same from build to build: any byte less counts, none claims more.

use std::{collections::BTreeSet, fs, path::PathBuf};

use anyhow::{Context, Result, bail};
use cargo_metadata::Message;

use super::prove::Proof;
use crate::{
    cargo, paths,
    plan::{Change, SmallerBuild},
    shadow::Shadow,
    shell::Shell,
    snapshot::Snapshot,
    trial::Trial,
    verify,
};

/// What a build left of the member itself.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Built {
    /// Of every module that the build left.
    bytes: u64,
}

/// What becomes of a change.
#[derive(Debug, PartialEq, Eq)]
enum Call {
    /// It stands, for this reason.
    Stands(String),
    Rejected(String),
    /// The build that it is about cannot be made anyway.
    Left(String),
}

/// Takes the changes out of `proof` whose build does not come out smaller, with everything else applied; the others get
/// both sizes into their reason.
///
/// # Errors
/// When cargo cannot be run, a disk is full or the run is interrupted.
pub(super) fn prove(trial: &Trial<'_>, proof: &mut Proof, shell: &Shell) -> Result<()> {
    if proof.kept.iter().all(|change| change.smaller.is_none()) {
        return Ok(());
    }
    trial.resolve(&proof.kept)?.map_err(anyhow::Error::msg)?;
    let is_alone = !trial.updates_all() && !proof.kept.iter().any(Change::affects_build);
    let all: BTreeSet<String> = proof.kept.iter().map(Change::id).collect();
    for change in std::mem::take(&mut proof.kept) {
        let Some(build) = &change.smaller else {
            proof.kept.push(change);
            continue;
        };
        // What it is judged beside, for those who ask later whether that still stands.
        let others = all.iter().filter(|id| **id != change.id()).cloned().collect();
        proof.adversaries.insert(change.id(), others);
        match call(build, |side, profile| made(trial, side, build, profile, shell), is_alone)? {
            Call::Stands(sizes) => {
                let reason = change.reason.split("; kept only").next().unwrap_or_default();
                proof.kept.push(Change { reason: format!("{reason}; {sizes}"), ..change });
            }
            Call::Rejected(why) => proof.rejected.push((change, why)),
            Call::Left(why) => proof.idle.push((change, why)),
        }
    }
    Ok(())
}

/// Which copy is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Baseline,
    Candidate,
}

/// Builds what has to be built, and judges by it. `is_alone`: nothing else differs between the copies.
fn call(
    build: &SmallerBuild,
    mut made: impl FnMut(Side, &str) -> Result<std::result::Result<Built, String>>,
    is_alone: bool,
) -> Result<Call> {
    let mut before = match made(Side::Baseline, build.than)? {
        Ok(built) => built,
        Err(why) => {
            return Ok(Call::Left(format!(
                "it does not build for {} as it is: {why}",
                build.target
            )));
        }
    };
    if !is_alone {
        // What the other changes save is not the profile's.
        before = match made(Side::Candidate, build.than)? {
            Ok(built) => built,
            Err(why) => {
                let why = format!(
                    "with the other changes it no longer builds for {}: {why}",
                    build.target
                );
                return Ok(Call::Rejected(why));
            }
        };
    }
    let after = match made(Side::Candidate, build.profile)? {
        Ok(built) => built,
        Err(why) => return Ok(Call::Rejected(why)),
    };
    let sizes = format!(
        "its `.wasm` has {} bytes with `{}` and {} with `{}`",
        after.bytes, build.profile, before.bytes, build.than
    );
    Ok(match after.bytes < before.bytes {
        true => Call::Stands(sizes),
        false => Call::Rejected(format!("not smaller: {sizes}")),
    })
}

/// Makes a build in one of the copies. The inner error is the compiler's.
fn made(
    trial: &Trial<'_>,
    side: Side,
    build: &SmallerBuild,
    profile: &str,
    shell: &Shell,
) -> Result<std::result::Result<Built, String>> {
    let (shadow, label) = match side {
        Side::Baseline => (&trial.shadows.baseline, "baseline"),
        Side::Candidate => (&trial.shadows.candidate, "candidate"),
    };
    let arguments = build.arguments(profile);
    shell.status("Building", format!("the {label}: `cargo {}`", arguments.join(" ")));
    let log = trial.log(&format!("build-{label}-{}-{profile}", build.member));
    let manifest = manifest_in(trial.snapshot(), shadow, &build.member);
    let progress = shell.progress("Building", label, None);
    let mut files = BTreeSet::new();
    let mut error = None;
    let finished = shadow.cargo.messages(&arguments, &log, |message| match message {
        Message::CompilerArtifact(artifact) => {
            progress.inc(1);
            if Some(artifact.manifest_path.as_std_path()) == manifest.as_deref() {
                files.extend(artifact.filenames.into_iter().map(|file| file.into_std_path_buf()));
            }
        }
        Message::CompilerMessage(note) if verify::is_error(&note.message) => {
            error.get_or_insert_with(|| verify::located(&note.message));
        }
        _ => {}
    });
    progress.finish_and_clear();
    let finished = finished?;
    if cargo::is_disk_full(&finished.stderr) {
        bail!("{}", cargo::disk_full(shadow.cargo.dir(), &log));
    }
    if !finished.success {
        let said = error.unwrap_or(finished.stderr);
        return Ok(Err(verify::evidence(&said, &log)));
    }
    let modules = files.iter().filter(|file| file.extension().is_some_and(|it| it == "wasm"));
    let sizes: Vec<u64> = modules
        .map(|file| Ok(fs::metadata(file)?.len()))
        .collect::<std::io::Result<_>>()
        .context("failed to read the size of what was built")?;
    if sizes.is_empty() {
        return Ok(Err(format!("cargo built no `.wasm`\nfull log: `{}`", log.display())));
    }
    Ok(Ok(Built { bytes: sizes.iter().sum() }))
}

/// The manifest of a member in a copy.
fn manifest_in(snapshot: &Snapshot, shadow: &Shadow, member: &str) -> Option<PathBuf> {
    let member = snapshot.members.iter().find(|found| found.name == member)?;
    let manifest = snapshot.package(&member.id)?.manifest_path.as_std_path();
    Some(paths::without_dots(&shadow.root.join(paths::relative(&snapshot.root, manifest))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build() -> SmallerBuild {
        SmallerBuild {
            member: "app".to_owned(),
            feature: None,
            targets: "--lib",
            target: "wasm32-unknown-unknown",
            profile: "release-wasm",
            than: "release",
        }
    }

    /// The call on builds of these sizes, none where one fails: of the baseline, and of the candidate with both profiles.
    fn called(baseline: u64, release: u64, wasm: u64, is_alone: bool) -> (Call, usize) {
        let mut builds = 0;
        let made = |side, profile: &str| {
            builds += 1;
            let bytes = match (side, profile) {
                (Side::Baseline, "release") => baseline,
                (Side::Candidate, "release") => release,
                (Side::Candidate, "release-wasm") => wasm,
                other => panic!("{other:?} is not to be built"),
            };
            Ok(match bytes {
                0 => Err("error: no".to_owned()),
                bytes => Ok(Built { bytes }),
            })
        };
        (call(&build(), made, is_alone).unwrap(), builds)
    }

    #[test]
    fn a_byte_less_stands_with_both_sizes() {
        let sizes =
            "its `.wasm` has 99 bytes with `release-wasm` and 100 with `release`".to_owned();
        assert_eq!(called(100, 0, 99, true), (Call::Stands(sizes), 2));
    }

    #[test]
    fn what_is_no_smaller_is_rejected_with_both_sizes() {
        let (Call::Rejected(why), _) = called(100, 0, 100, true) else { panic!("it stands") };
        assert!(why.contains("100 bytes with `release-wasm` and 100 with `release`"), "{why}");
    }

    #[test]
    fn what_other_changes_save_is_not_to_its_credit() {
        let (Call::Rejected(why), 3) = called(100, 90, 95, false) else { panic!("it stands") };
        assert!(why.contains("95 bytes with `release-wasm` and 90 with `release`"), "{why}");
    }

    #[test]
    fn what_does_not_build_anyway_is_left_and_what_no_longer_builds_is_rejected() {
        let (Call::Left(why), 1) = called(0, 90, 80, false) else { panic!("it was not left") };
        assert!(why.contains("as it is: error: no"), "{why}");
        assert!(matches!(called(100, 0, 80, false), (Call::Rejected(_), 2)));
        assert!(matches!(called(100, 90, 0, false), (Call::Rejected(_), 3)));
    }
}
