//! `validate`: whether the workspace is sound, and as fast as it was.
//!
//! Compiles in the workspace's own target directory and times builds in a copy; no file of the
//! workspace is written.

use std::{path::Path, process::ExitCode};

use anyhow::Result;

use crate::{
    cargo::Cargo,
    cli::{self, Format, Global},
    findings::{self, Wishes},
    lock::WorkspaceLock,
    measure::{self, Bench, Edited, Profile, Readings},
    output,
    record::{Check, Measurement, Record, Sample, Side},
    render, report,
    shadow::Shadows,
    shell::Shell,
    snapshot::{self, Snapshot},
    stats::{self, Call},
    trial::{Weight, untestable},
    verify::{self, Checked, Members},
    wording,
};

mod budget;

/// Name of the check on timed builds.
const TIMED: &str = "timed builds";

/// Runs the command.
///
/// # Errors
/// When it could not be found out; a failed check is exit code 1, not an error.
pub(crate) fn run(args: &cli::Validate, global: &Global, shell: &Shell) -> Result<ExitCode> {
    let manifest = snapshot::manifest_path(global)?;
    let root = snapshot::find_root(&manifest, global.offline)?;
    let snapshot = Snapshot::read(&root, global.offline, &findings::PROBES)?;
    let run_dir = report::new_run_dir(&snapshot.target_dir)?;
    let earlier = last_measured(&snapshot, shell)?;
    let mut record = report::new_record("validate", &snapshot);
    let cargo = Cargo::new(&snapshot.root, global.offline);
    let checked = check(&cargo, &snapshot, &run_dir, shell, &mut record)?;
    if args.no_test {
        record.checks.push(Check::skipped("tests", "`--no-test`"));
    } else {
        test(&cargo, &snapshot, &checked, &run_dir, shell, &mut record)?;
    }
    let duplicates = duplicates(&cargo, &snapshot, &mut record)?;
    record.candidate = Some(Side {
        targets_ok: checked.targets_ok(),
        targets_failed: checked.targets_failed(),
        units: checked.units,
        duplicates,
    });
    look(&snapshot, &mut record)?;
    if args.quick {
        record.checks.push(Check::skipped(TIMED, "`--quick`"));
    } else {
        // The copies build in directories that `optimize` uses too.
        let _lock = WorkspaceLock::acquire(&root, "validate")?;
        if let Some(rev) = &args.against {
            against(rev, global, &snapshot, &run_dir, shell, &mut record)?;
        } else {
            timed(global, &snapshot, earlier.as_ref(), &run_dir, shell, &mut record)?;
        }
    }
    budget::hold(&snapshot.policy.budget, &mut record);
    if args.bench {
        bench(&cargo, &run_dir, shell, &mut record)?;
    }
    // What the replaced script promised was said of `optimize`.
    record.measurements.iter_mut().for_each(|measurement| measurement.expected = None);
    record.report = Some(run_dir.display().to_string());
    report::write(&record, &run_dir)?;
    print(&record, global, shell)?;
    let sound = record.checks.iter().all(|check| check.ok != Some(false));
    Ok(if sound { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// The last record of this workspace with timed builds.
fn last_measured(snapshot: &Snapshot, shell: &Shell) -> Result<Option<Record>> {
    let root = snapshot.root.display().to_string();
    let (found, warnings) = report::newest(&snapshot.target_dir, |record| {
        // A run that was found too slow is no measure for the next.
        let is_slow =
            record.checks.iter().any(|check| check.name == TIMED && check.ok == Some(false));
        let is_timed = !is_slow && record.measurements.iter().any(|m| m.what == "clean-dev");
        is_timed && record.workspace == root
    })?;
    warnings.iter().for_each(|warning| shell.warn(warning));
    Ok(found)
}

fn check(
    cargo: &Cargo,
    snapshot: &Snapshot,
    run_dir: &Path,
    shell: &Shell,
    record: &mut Record,
) -> Result<Checked> {
    shell.status("Checking", format!("`{}`", snapshot.root.display()));
    let members = Members::of(&snapshot.metadata, &snapshot.root);
    let log = run_dir.join("logs").join("check.log");
    let checked = verify::check(
        cargo,
        &members,
        &["--workspace", "--all-targets", "--locked"],
        &log,
        (shell, None),
    )?;
    let detail = match (&checked.refused, checked.failed.values().next()) {
        (Some(refused), _) => refused.clone(),
        (None, Some(error)) => format!("{}: {error}", checked.targets_failed().join(", ")),
        (None, None) => format!("{} targets compile", checked.targets_ok()),
    };
    let ok = checked.refused.is_none() && checked.failed.is_empty();
    record.checks.push(Check::new("check", ok, detail));
    Ok(checked)
}

fn test(
    cargo: &Cargo,
    snapshot: &Snapshot,
    checked: &Checked,
    run_dir: &Path,
    shell: &Shell,
    record: &mut Record,
) -> Result<()> {
    let exclude = untestable(snapshot, checked);
    shell.status("Testing", format!("`{}`", snapshot.root.display()));
    let log = run_dir.join("logs").join("test.log");
    let tested = verify::test(cargo, &exclude, &log, shell)?;
    let detail = match (tested.failed.len(), tested.success) {
        (0, true) => format!("{} tests pass", tested.passed_count()),
        (0, false) => tested.stderr.trim().to_owned(),
        (count, _) => {
            let names: Vec<&str> = tested.failed.iter().map(String::as_str).collect();
            format!("{count} tests fail: {}", names.join(", "))
        }
    };
    record.checks.push(Check::new("tests", tested.success, detail));
    if !exclude.is_empty() {
        let note =
            format!("tests of {} were not run: a target does not compile", exclude.join(", "));
        record.notes.push(note);
    }
    Ok(())
}

/// Duplicates are worth knowing; only a budget makes them a failure.
fn duplicates(cargo: &Cargo, snapshot: &Snapshot, record: &mut Record) -> Result<usize> {
    let weight = Weight::of(cargo, &snapshot.machine.host)?;
    let found = weight.duplicates();
    let mut detail = format!("{} in more than one version", wording::count(found.len(), "package"));
    let shown: Vec<String> = found
        .iter()
        .take(8)
        .map(|(name, versions)| {
            format!("{name} {}", versions.iter().cloned().collect::<Vec<_>>().join(" and "))
        })
        .collect();
    if !shown.is_empty() {
        detail = format!("{detail}: {}", shown.join(", "));
    }
    if found.len() > shown.len() {
        detail.push_str(", …");
    }
    record.checks.push(Check::new("duplicates", true, detail));
    Ok(found.len())
}

/// What a look at the manifests and the target directory shows, without building.
fn look(snapshot: &Snapshot, record: &mut Record) -> Result<()> {
    use crate::cli::Code;
    let passes = [
        ("profiles", Code::Profile),
        ("features", Code::BroadFeatures),
        ("unused dependencies", Code::UnusedDependency),
        ("package directory", Code::PackageBloat),
    ];
    for (name, code) in passes {
        let wishes = Wishes { codes: vec![code], tune_release: true, ..Wishes::default() };
        let plan = findings::plan(snapshot, &wishes)?;
        let titles: Vec<&str> = plan.changes.iter().map(|change| change.title.as_str()).collect();
        let detail = if titles.is_empty() {
            "nothing that `cargo xtask optimize` would change".to_owned()
        } else {
            format!("`cargo xtask optimize` would: {}", titles.join("; "))
        };
        record.checks.push(Check::new(name, true, detail));
    }
    let size = wording::si_bytes(snapshot.inventory.bytes);
    let detail = format!("{size} in `{}`", snapshot.target_dir.display());
    record.checks.push(Check::new("target directory", true, detail));
    Ok(())
}

/// Timed builds of a copy, against the last recorded ones.
fn timed(
    global: &Global,
    snapshot: &Snapshot,
    earlier: Option<&Record>,
    run_dir: &Path,
    shell: &Shell,
    record: &mut Record,
) -> Result<()> {
    shell.status("Measuring", "2 clean builds and 2 rebuilds; each is shown as it ends");
    let shadows = Shadows::create(snapshot, global.offline)?;
    let mut bench = Bench::new(shell, run_dir, None);
    let mut now = Readings::default();
    let shadow = &shadows.candidate;
    let dev = bench.clean(shadow, Profile::Dev, "")?;
    now.units.push(measure::plain(dev.units as f64));
    now.clean_dev.push(dev.sample);
    now.clean_release.push(bench.clean(shadow, Profile::Release, "")?.sample);
    measure::sizes(shadow, &mut now)?;
    for (which, name, source) in measure::edited(snapshot) {
        let sample = bench.incremental(shadow, &source, &name)?.sample;
        match which {
            Edited::Core => now.incremental_core.push(sample),
            Edited::Leaf => now.incremental_leaf.push(sample),
        }
    }
    record.kept.append(&mut bench.kept);
    let Some(earlier) = earlier else {
        record.measurements = measure::compare(&now, &now);
        let note = "no earlier timed run is recorded for this workspace: these readings are the first, \
                    shown on both sides";
        record.notes.push(note.to_owned());
        record.checks.push(Check::skipped(TIMED, "recorded; nothing to compare with yet"));
        return Ok(());
    };
    let before = recorded(earlier);
    record.measurements = measure::compare(&before, &now);
    record.notes.push(format!("the earlier readings are of {}, at another time", earlier.started));
    if earlier.configuration != record.configuration {
        let note =
            "manifests, lock file or configuration are not what they were at the earlier readings";
        record.notes.push(note.to_owned());
    }
    if earlier.machine.cores != snapshot.machine.cores
        || earlier.machine.rustc != snapshot.machine.rustc
    {
        let why = "the earlier run had another toolchain or number of cores";
        record.checks.push(Check::skipped(TIMED, why));
        return Ok(());
    }
    record.checks.push(as_fast(&record.measurements));
    Ok(())
}

/// The candidate's samples of a record: the state it left behind.
fn recorded(record: &Record) -> Readings {
    let samples = |what: &str| -> Vec<Sample> {
        let row: Option<&Measurement> = record.measurements.iter().find(|m| m.what == what);
        row.map(|row| row.samples.candidate.clone()).unwrap_or_default()
    };
    Readings {
        clean_dev: samples("clean-dev"),
        clean_release: samples("clean-release"),
        incremental_core: samples("incremental-core"),
        incremental_leaf: samples("incremental-leaf"),
        target_bytes: samples("target-bytes"),
        artifacts: samples("artifacts"),
        units: samples("units"),
        ..Readings::default()
    }
}

/// Readings of different hours differ more than readings in turns: only beyond this ratio, and beyond
/// noise, is a build called slower. Budgets can be stricter or looser.
const SLOWER: f64 = 1.10;

fn as_fast(measurements: &[Measurement]) -> Check {
    let worse = Call::Worse.to_string();
    let slow: Vec<String> = measurements
        .iter()
        .filter(|m| matches!(m.what.as_str(), "clean-dev" | "clean-release"))
        .filter(|m| m.call == worse && m.ratio.is_some_and(|ratio| ratio > SLOWER))
        .map(|m| format!("{} takes {:.2} times as long", m.what, m.ratio.unwrap_or_default()))
        .collect();
    if slow.is_empty() {
        Check::new(TIMED, true, "clean builds are as fast as they were".to_owned())
    } else {
        Check::new(TIMED, false, slow.join(", "))
    }
}

/// Builds a revision and the working tree side by side, in turns.
fn against(
    rev: &str,
    global: &Global,
    snapshot: &Snapshot,
    run_dir: &Path,
    shell: &Shell,
    record: &mut Record,
) -> Result<()> {
    shell.status("Measuring", format!("4 clean builds, `{rev}` and the working tree in turns"));
    let shadows = Shadows::create(snapshot, global.offline)?;
    shadows.baseline.check_out(snapshot, rev)?;
    let mut bench = Bench::new(shell, run_dir, None);
    let (mut old, mut new) = (Readings::default(), Readings::default());
    let sides = [&shadows.baseline, &shadows.candidate];
    for profile in [Profile::Dev, Profile::Release] {
        for (shadow, side) in sides.into_iter().zip([&mut old, &mut new]) {
            let build = bench.clean(shadow, profile, "")?;
            match profile {
                Profile::Dev => {
                    side.units.push(measure::plain(build.units as f64));
                    side.clean_dev.push(build.sample);
                }
                Profile::Release => {
                    side.clean_release.push(build.sample);
                    measure::sizes(shadow, side)?;
                }
            }
        }
    }
    let host = &snapshot.machine.host;
    for (shadow, side) in sides.into_iter().zip([&mut old, &mut new]) {
        let count = Weight::of(&shadow.cargo, host)?.duplicates().len();
        side.duplicates.push(measure::plain(count as f64));
    }
    record.kept.append(&mut bench.kept);
    record.measurements = measure::compare(&old, &new);
    record.notes.push(format!("before is `{rev}`, after is the working tree"));
    record.checks.push(as_fast(&record.measurements));
    Ok(())
}

fn bench(cargo: &Cargo, run_dir: &Path, shell: &Shell, record: &mut Record) -> Result<()> {
    shell.status("Benching", "`cargo bench --workspace`");
    let log = run_dir.join("logs").join("bench.log");
    let finished = cargo.messages(&["bench", "--workspace", "--locked"], &log, |_| {})?;
    let detail = if finished.success {
        format!(
            "{} in all; figures in `{}`",
            wording::seconds(finished.wall.as_secs_f64()),
            log.display()
        )
    } else {
        format!("failed, see `{}`", log.display())
    };
    record.checks.push(Check::new("bench", finished.success, detail));
    Ok(())
}

fn print(record: &Record, global: &Global, shell: &Shell) -> Result<()> {
    if global.format == Format::Json {
        return output::json(record);
    }
    let mut out = render::facts::checks(record).join("\n");
    let table = render::table::human(record);
    if !record.measurements.is_empty() {
        out.push_str("\n\n");
        out.push_str(&table);
    }
    for note in &record.notes {
        shell.status("Note", note);
    }
    output::text(&out)
}

/// Whether two sides differ for the worse; used by budgets on ratios.
fn is_worse(measurement: &Measurement) -> bool {
    let values = |samples: &[Sample]| samples.iter().map(|s| s.value).collect::<Vec<_>>();
    let (a, b) = (values(&measurement.samples.baseline), values(&measurement.samples.candidate));
    stats::call_sides(measurement.unit, &a, &b) == Some(Call::Worse)
}
