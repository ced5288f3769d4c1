//! `optimize`: snapshot, plan, question, proof in the shadows, one commit, cleaning, report.
//!
//! Read top to bottom, it is the flow. The workspace is written once, by [`commit`].

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Instant,
};

use anyhow::{Context, Result, bail};
use clap::ValueEnum as _;

use crate::{
    cargo,
    cli::{self, Code, Depth, Format, Global},
    commit::{self, FileChange},
    findings::{self, Plan, Wishes},
    graph::{self, Moment},
    interrupt,
    lock::WorkspaceLock,
    measure::{self, CargoBench, Sides},
    outlook::Outlook,
    output,
    plan::{self, Change},
    processors,
    record::{ChangeRecord, Record, Side, Spent, Verdict},
    render, report,
    shadow::{self, Shadows},
    shell::Shell,
    snapshot::{self, Intent, Snapshot},
    trial::{LockUpdate, Trial, Weight},
    worth,
};

mod attribute;
mod closing;
mod describe;
mod finish;
mod judged;
mod present;
mod prove;
mod search;
mod smaller;
mod stage;
mod steps;
mod time;

use closing::Ended;
use finish::{Cleaning, file_changes, finish};
use judged::{Verdicts, remind};
use present::Shown;
use prove::Proof;
use stage::Shadowed;
use steps::Steps;
use time::{Course, Measured};

/// Runs the command.
///
/// # Errors
/// Whenever it could not do what was asked; nothing is changed then.
pub(crate) fn run(args: &cli::Optimize, global: &Global, shell: &Shell) -> Result<ExitCode> {
    let started = Instant::now();
    if args.bench.is_some() && args.measure != Depth::Full {
        bail!(
            "`--bench` guards the search over profile settings, and there is none\n\
             hint: add `--measure full`, or leave `--bench` out"
        );
    }
    let limited = processors::restrict(args.cores)?;
    let manifest = snapshot::manifest_path(global)?;
    let only_looks = args.dry_run || args.check;
    let directory = manifest.parent().unwrap_or(&manifest);
    if only_looks {
        commit::refuse_interrupted(directory)?;
    } else if let Some(root) = commit::interrupted_above(directory) {
        // Before cargo is asked anything: it may not be able to read what is half old and half new.
        let _lock = WorkspaceLock::acquire(&root, "optimize")?;
        recover(&root, shell)?;
    }
    // Without `--yes` nobody has agreed to anything yet.
    let intent = if args.yes { Intent::Run } else { Intent::Look };
    let root = snapshot::find_root(&manifest, global.offline, intent)?;
    let _lock = if only_looks { None } else { Some(WorkspaceLock::acquire(&root, "optimize")?) };
    if !only_looks {
        recover(&root, shell)?;
    }
    let snapshot = Snapshot::read(&root, global.offline, &findings::PROBES)?;
    snapshot.announce(shell);
    let mut wishes = wishes(args);
    wishes.settled = judged::recall(args, &snapshot, shell)?;
    let blind = look_out(args, &snapshot, &mut wishes, global, shell)?;
    let plan = findings::plan(&snapshot, &wishes)?;
    let mut record = new_record(&snapshot, &plan);
    record.notes.extend(limited.into_iter().chain(blind));
    if args.check {
        return Ok(print_check(&plan, &snapshot, record, global, shell));
    }
    let cleans = wishes.codes.contains(&Code::PackageBloat);
    let shown = Shown { snapshot: &snapshot, plan: &plan, diff: &record.diff, cleans };
    shown.print(args, global.format, shell)?;
    let is_idle = plan.changes.is_empty() && !args.update;
    if is_idle {
        shell.status("Finished", describe::idle(&plan));
    }
    if args.dry_run || is_idle {
        remind(&snapshot, &mut record, shell);
        print_result(&record, global)?;
        return Ok(ExitCode::SUCCESS);
    }
    let asking = Instant::now();
    if !args.yes && !shown.agreed(shell)? {
        shell.status("Finished", "nothing was changed");
        print_result(&record, global)?;
        return Ok(ExitCode::SUCCESS);
    }
    let asked = asking.elapsed();
    if !plan.files.is_empty() {
        let mut changes = file_changes(&snapshot, &plan.files);
        // Whether the lock file will change is known at the end; that it may be written, from the start.
        let lock = PathBuf::from(snapshot::LOCK_FILE);
        let bytes = snapshot.files.get(&lock).cloned().flatten();
        changes.push(FileChange { path: lock, before: bytes.clone(), after: bytes });
        commit::rehearse(&root, &changes)?;
    }
    let run_dir = report::new_run_dir(&snapshot.target_dir)?;
    let outcome = prove_and_measure(args, global, &snapshot, &plan, &run_dir, shell, &mut record)?;
    let cleaning = Cleaning { is_wanted: cleans, offline: global.offline };
    let ended = finish(&snapshot, outcome, cleaning, &run_dir, shell, &mut record);
    record.spent = Some(Spent {
        wall_seconds: started.elapsed().saturating_sub(asked).as_secs_f64(),
        cargo_seconds: cargo::waited().as_secs_f64(),
    });
    record.return_on_investment =
        worth::of(&record.measurements, record.spent, worth::team(&args.team));
    let files = match ended {
        Ok(files) => files,
        Err(error) => return Err(keep_what_was_learnt(&mut record, &run_dir, error, shell)),
    };
    let told = report::write(&record, &run_dir, shell).and_then(|()| print_result(&record, global));
    told.with_context(|| said_too_late(&record))?;
    let manifest = global.manifest_path.as_deref();
    let ended = Ended { files, depth: args.measure, manifest, run_dir: &run_dir };
    for (verb, text) in closing::lines(&record, ended) {
        shell.status(verb, text);
    }
    Ok(ExitCode::SUCCESS)
}

fn recover(root: &Path, shell: &Shell) -> Result<()> {
    let found = commit::recover(root)?;
    found.iter().for_each(|found| shell.warn(found.to_string()));
    for found in &found {
        if let commit::Recovered::Unreadable { id, .. } = found {
            bail!(
                "whether the run of `{}` finished cannot be told: its manifest is damaged; nothing was changed\n\
                 hint: look at its `files/`, the old ones, and move the directory away",
                root.join(id).display()
            );
        }
    }
    Ok(())
}

/// What stood the proof.
#[derive(Debug, Default)]
struct Outcome {
    kept: Vec<Change>,
    /// Bytes to commit, lock file included.
    files: BTreeMap<PathBuf, Vec<u8>>,
    sides: Sides,
    verdicts: Verdicts,
}

fn wishes(args: &cli::Optimize) -> Wishes {
    let wanted = |code: &Code| {
        (args.only.is_empty() || args.only.contains(code)) && !args.skip.contains(code)
    };
    Wishes {
        codes: Code::value_variants().iter().copied().filter(wanted).collect(),
        sccache: args.sccache,
        // A check times nothing, so it cannot call pending what only a clock decides.
        search: args.measure == Depth::Full && !args.check,
        outlook: None,
        builds: args.measure != Depth::None && !args.check,
        ..Wishes::default()
    }
}

/// Asks what newer releases would change, and says so where that cannot be known. A check does not
/// ask: it must not call pending what the registry got over night.
fn look_out(
    args: &cli::Optimize,
    snapshot: &Snapshot,
    wishes: &mut Wishes,
    global: &Global,
    shell: &Shell,
) -> Result<Option<String>> {
    if args.check || !wishes.codes.contains(&Code::DuplicateVersion) {
        return Ok(None);
    }
    shell.status("Resolving", "what newer releases would change, in a copy of the manifests");
    match Outlook::ask(snapshot, global.offline) {
        Ok(outlook) => {
            wishes.outlook = outlook;
            Ok(None)
        }
        Err(error) => {
            interrupt::check()?;
            let note = format!("newer releases were not looked for: {error:#}");
            shell.warn(&note);
            Ok(Some(note))
        }
    }
}

fn new_record(snapshot: &Snapshot, plan: &Plan) -> Record {
    let planned = plan.changes.iter().map(|c| findings::record(c, Verdict::Planned, &c.reason));
    Record {
        changes: planned.chain(plan.left.iter().cloned()).collect(),
        diff: plan::diff(snapshot, &plan.files),
        ..report::new_record("optimize", snapshot)
    }
}

fn print_check(
    plan: &Plan,
    snapshot: &Snapshot,
    mut record: Record,
    global: &Global,
    shell: &Shell,
) -> ExitCode {
    for change in &plan.changes {
        shell.status("Pending", format!("{} ({})", change.title, change.id()));
    }
    for left in plan.left.iter().filter(|left| left.remembered.is_some()) {
        shell.status("Settled", format!("{} ({}): {}", left.title, left.id, left.reason));
    }
    remind(snapshot, &mut record, shell);
    if global.format == Format::Json {
        // The exit code is the result; a closed stdout must not turn it into another.
        let _ = output::json(&record);
    }
    if plan.changes.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) }
}

fn print_result(record: &Record, global: &Global) -> Result<()> {
    match global.format {
        Format::Json => output::json(record),
        Format::Human if record.measurements.is_empty() => Ok(()),
        Format::Human => output::text(&render::table::human(record)),
    }
}

/// Writes the report of a run that failed at its end, so that the work was not for nothing.
fn keep_what_was_learnt(
    record: &mut Record,
    run_dir: &Path,
    error: anyhow::Error,
    shell: &Shell,
) -> anyhow::Error {
    if record.backup.is_none() {
        for change in &mut record.changes {
            if change.verdict == Verdict::Applied {
                change.verdict = Verdict::Planned;
            }
        }
    }
    record.notes.push(format!("the run failed at its end: {error:#}"));
    match report::write(record, run_dir, shell) {
        Ok(()) => error,
        Err(second) => error.context(format!("the report could not be written either: {second:#}")),
    }
}

/// The context of an error after the commit.
fn said_too_late(record: &Record) -> String {
    match &record.backup {
        Some(backup) => format!("the changes are committed (`{backup}` has the old bytes), but"),
        None => "nothing was committed, and".to_owned(),
    }
}

/// Everything that happens in the shadows.
fn prove_and_measure(
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
    let mut steps = Steps::of(plan.changes.len(), args.measure, !args.no_test);
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
    let to_keep = judged::learnt((args, snapshot), plan, &mut proof, sources);
    proof.notes.push(format!("the proof took {} of the candidate", trial.checks_made()));
    record.notes.append(&mut proof.notes);
    let host = &snapshot.machine.host;
    let graphs =
        (shadows.baseline.cargo.metadata_for(host)?, shadows.candidate.cargo.metadata_for(host)?);
    let duplicates = |metadata| Weight::read(metadata).duplicates().len();
    let (before, after) = (duplicates(&graphs.0), duplicates(&graphs.1));
    sides.baseline.duplicates.push(measure::plain(before as f64));
    sides.candidate.duplicates.push(measure::plain(after as f64));
    record.baseline = Some(side(&trial.baseline, before));
    record.candidate = Some(side(&trial.candidate, after));
    measure::look_inside(snapshot, &sides, (&graphs.0, &graphs.1), record);
    let documents = snapshot.documents_with(&files)?;
    record.dependencies = graph::dependencies(
        &snapshot.members,
        Moment { documents: &snapshot.documents, metadata: &graphs.0 },
        Moment { documents: &documents, metadata: &graphs.1 },
    );
    let kept: Vec<Change> = proof
        .kept
        .iter()
        .map(|change| findings::settled(snapshot, &trial.widened(change), &files))
        .collect();
    record.changes = verdicts(&kept, &proof, &plan.left);
    Ok(Outcome { kept, files, sides, verdicts: to_keep })
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

fn side(checked: &crate::verify::Checked, duplicates: usize) -> Side {
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
