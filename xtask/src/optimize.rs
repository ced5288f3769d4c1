//! `optimize`: snapshot, plan, question, proof in the shadows, one commit, cleaning, report.
//!
//! Read top to bottom, it is the flow. The workspace is written once, by [`commit`].

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use clap::ValueEnum as _;

use crate::{
    cargo,
    cli::{self, Code, Depth, Format, Global},
    commit::{self, FileChange},
    findings::{self, Plan, Wishes},
    interrupt,
    lock::WorkspaceLock,
    outlook::Outlook,
    output, plan, processors,
    record::{Record, Spent, Verdict},
    render, report,
    shell::Shell,
    snapshot::{self, Intent, Snapshot},
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
mod shadows;
mod smaller;
mod stage;
mod steps;
mod time;

use closing::Ended;
use finish::{Cleaning, file_changes, finish};
use judged::remind;
use present::Shown;
use shadows::prove_and_measure;

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
    let mut record = new_record(global, &snapshot, &plan);
    record.notes.extend(limited.into_iter().chain(blind));
    judged::remark(&plan, &mut record, shell);
    if args.check {
        record.spent = Some(spent(started.elapsed()));
        return Ok(print_check(args, &plan, &snapshot, record, global, shell));
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
        record.spent = Some(spent(started.elapsed()));
        print_result(&record, global)?;
        return Ok(ExitCode::SUCCESS);
    }
    let asking = Instant::now();
    if !args.yes && !shown.agreed(shell)? {
        shell.status("Finished", "nothing was changed");
        record.spent = Some(spent(started.elapsed().saturating_sub(asking.elapsed())));
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
    record.spent = Some(spent(started.elapsed().saturating_sub(asked)));
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

/// Where the time of a run went that took so long.
fn spent(wall: Duration) -> Spent {
    Spent { wall_seconds: wall.as_secs_f64(), cargo_seconds: cargo::waited().as_secs_f64() }
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

fn new_record(global: &Global, snapshot: &Snapshot, plan: &Plan) -> Record {
    let planned = plan.changes.iter().map(|c| findings::record(c, Verdict::Planned, &c.reason));
    Record {
        changes: planned.chain(plan.left.iter().cloned()).collect(),
        diff: plan::diff(snapshot, &plan.files),
        ..report::new_record("optimize", global, snapshot)
    }
}

fn print_check(
    args: &cli::Optimize,
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
    if args.diff {
        shell.diff(&record.diff);
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
