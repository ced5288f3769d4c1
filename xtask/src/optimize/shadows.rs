//! What happens in the shadows: the proof, the timed builds, and what both copies are like in the end.
//!
//! Nothing here writes to the workspace.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use anyhow::Result;

use super::{
    judged::{self, Verdicts},
    prove::{self, Proof},
    smaller,
    stage::{Course, Shadowed},
    steps::Steps,
    time::{self, Measured},
};
use crate::{
    cli::{self, Depth, Global},
    findings::{self, Plan},
    graph::{self, Moment},
    measure::{self, CargoBench, Sides},
    plan::Change,
    record::{ChangeRecord, Record, Side, Verdict},
    report,
    shadow::{self, Shadows},
    shell::Shell,
    snapshot::Snapshot,
    trial::{LockUpdate, Trial, Weight},
    verify::Checked,
};

/// What stood the proof.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) kept: Vec<Change>,
    /// Bytes to commit, lock file included.
    pub(super) files: BTreeMap<PathBuf, Vec<u8>>,
    pub(super) sides: Sides,
    pub(super) verdicts: Verdicts,
}

/// Everything that happens in the shadows.
///
/// # Errors
/// When cargo cannot be run, a disk is full or the run is interrupted.
pub(super) fn prove_and_measure(
    args: &cli::Optimize,
    global: &Global,
    snapshot: &Snapshot,
    plan: &Plan,
    run_dir: &Path,
    shell: &Shell,
    record: &mut Record,
) -> Result<Outcome> {
    if !plan.changes.iter().any(Change::needs_proof) && !args.update {
        let files = plan.files.clone();
        record.changes = verdicts(&plan.changes, &Proof::default(), &plan.left);
        return Ok(Outcome { kept: plan.changes.clone(), files, ..Outcome::default() });
    }
    // Of what is copied: whatever somebody saves meanwhile makes another one.
    let sources = shadow::digest(snapshot);
    let checked = plan.changes.iter().filter(|change| change.needs_proof()).count();
    let mut steps = Steps::of(checked, args.measure, !args.no_test);
    shell.status("Copying", "the workspace twice, as baseline and candidate");
    let shadows = Shadows::create(snapshot, global.offline)?;
    steps.next(shell);
    shell.status("Checking", "the baseline: `cargo check --workspace --all-targets`");
    let lock = if args.update { LockUpdate::Full } else { LockUpdate::Minimal };
    let watched = (lock, units_of_the_last_run(snapshot));
    let mut trial = Trial::new(snapshot, &shadows, shell, run_dir.join("logs"), watched)?;
    for failed in trial.baseline.targets_failed() {
        shell.warn(format!("{failed} does not compile as it is; that is held against no change"));
        record.notes.push(format!("{failed} did not compile before any change"));
    }
    let tests = if args.no_test { prove::Tests::Skip } else { prove::Tests::Run };
    steps.next(shell);
    let mut proof = prove::compile(&mut trial, &plan.changes, shell)?;
    steps.next(shell);
    let mut measured = Measured::default();
    if args.measure == Depth::None {
        prove::tests(&mut trial, &mut proof, tests, shell)?;
    } else {
        let mut bench =
            CargoBench::new("optimize", (snapshot, &shadows), shell, run_dir, args.time_budget);
        let course = Course {
            snapshot,
            depth: args.measure,
            edits: measure::edited(snapshot),
            check: trial.baseline.wall,
            command: args.bench.clone(),
        };
        let mut stage = Shadowed { trial: &mut trial, tests, shell };
        measured = time::measure(&mut stage, &mut bench, &mut proof, &course, shell)?;
        record.kept.append(&mut bench.kept);
        record.notes.append(&mut bench.notes);
    }
    let Measured { mut sides, tuning } = measured;
    record.tuning = tuning;
    smaller::prove(&trial, &mut proof, shell)?;
    let files = trial.resolve(&proof.kept)?.map_err(anyhow::Error::msg)?;
    // What was judged with an update that is not committed was judged of something else.
    let sources = Some(sources).filter(|_| args.update == trial.updates_all());
    let unreached = trial.unreached.borrow().clone();
    let to_keep = judged::learnt((args, snapshot), plan, &mut proof, (sources, &unreached));
    proof.notes.push(format!("the proof took {} of the candidate", trial.checks_made()));
    record.notes.append(&mut proof.notes);
    compare(snapshot, (&trial, &shadows), &mut sides, &files, record)?;
    let kept: Vec<Change> = proof
        .kept
        .iter()
        .map(|change| findings::settled(snapshot, &trial.widened(change), &files))
        .collect();
    record.changes = verdicts(&kept, &proof, &plan.left);
    Ok(Outcome { kept, files, sides, verdicts: to_keep })
}

/// What both copies are from the inside: targets, graphs, dependencies, and where the time of their builds went.
fn compare(
    snapshot: &Snapshot,
    (trial, shadows): (&Trial<'_>, &Shadows),
    sides: &mut Sides,
    files: &BTreeMap<PathBuf, Vec<u8>>,
    record: &mut Record,
) -> Result<()> {
    let host = &snapshot.machine.host;
    let graphs =
        (shadows.baseline.cargo.metadata_for(host)?, shadows.candidate.cargo.metadata_for(host)?);
    let duplicates = |metadata| Weight::read(metadata).duplicates().len();
    let (before, after) = (duplicates(&graphs.0), duplicates(&graphs.1));
    sides.baseline.duplicates.push(measure::plain(before as f64));
    sides.candidate.duplicates.push(measure::plain(after as f64));
    record.baseline = Some(side(&trial.baseline, before));
    record.candidate = Some(side(&trial.candidate, after));
    measure::look_inside(snapshot, sides, (&graphs.0, &graphs.1), record);
    let documents = snapshot.documents_with(files)?;
    record.dependencies = graph::dependencies(
        &snapshot.members,
        Moment { documents: &snapshot.documents, metadata: &graphs.0 },
        Moment { documents: &documents, metadata: &graphs.1 },
    );
    Ok(())
}

/// How many units a check had when the last run left the workspace: an estimate for progress, on which nothing rests.
fn units_of_the_last_run(snapshot: &Snapshot) -> Option<usize> {
    let root = snapshot.root.display().to_string();
    let is_of_here = |record: &Record| record.workspace == root && record.baseline.is_some();
    let (newest, _) = report::newest(&snapshot.target_dir, is_of_here).ok()?;
    let record = newest?;
    let side = if record.backup.is_some() { record.candidate } else { record.baseline };
    side.map(|side| side.units)
}

fn side(checked: &Checked, duplicates: usize) -> Side {
    Side {
        targets_ok: checked.targets_ok(),
        targets_failed: checked.targets_failed(),
        units: checked.units,
        duplicates,
    }
}

fn verdicts(kept: &[Change], proof: &Proof, left: &[ChangeRecord]) -> Vec<ChangeRecord> {
    let applied = kept.iter().map(|change| {
        let is_idle = change.reason == findings::NOTHING_LEFT;
        let verdict = if is_idle { Verdict::Skipped } else { Verdict::Applied };
        findings::record(change, verdict, &change.reason)
    });
    let with = |changes: &[(Change, String)], verdict| -> Vec<ChangeRecord> {
        changes.iter().map(|(change, why)| findings::record(change, verdict, why)).collect()
    };
    let tried = applied
        .chain(with(&proof.rejected, Verdict::Rejected))
        .chain(with(&proof.idle, Verdict::Skipped))
        .map(|change| ChangeRecord { impact: proof.impacts.get(&change.id).cloned(), ..change });
    tried.chain(left.iter().cloned()).collect()
}
