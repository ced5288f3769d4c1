//! `validate`: whether the workspace is sound, and as fast as it was.
//!
//! Compiles in the workspace's own target directory and times builds in a copy; no file of the
//! workspace is written.

use std::{path::Path, process::ExitCode, time::Instant};

use anyhow::Result;

use crate::{
    cargo::{self, Cargo},
    cli::{self, Format, Global, Summary},
    commit,
    findings::{self, Wishes},
    lock::WorkspaceLock,
    output, processors,
    record::{Check, Record, Side, Spent},
    render, report, shadow,
    shell::Shell,
    snapshot::{self, Intent, Snapshot},
    trial::{Weight, untestable},
    verify::{self, Checked, Members, Watch},
    wording,
};

mod budget;
mod timed;

use timed::TIMED;

/// Runs the command.
///
/// # Errors
/// When it could not be found out; a failed check is exit code 1, not an error.
pub(crate) fn run(args: &cli::Validate, global: &Global, shell: &Shell) -> Result<ExitCode> {
    let started = Instant::now();
    let limited = processors::restrict(args.cores)?;
    let manifest = snapshot::manifest_path(global)?;
    commit::refuse_interrupted(manifest.parent().unwrap_or(&manifest))?;
    let root = snapshot::find_root(&manifest, global.offline, Intent::Run)?;
    let snapshot = Snapshot::read(&root, global.offline, &findings::PROBES)?;
    snapshot.announce(shell);
    let run_dir = report::new_run_dir(&snapshot.target_dir)?;
    let earlier = last_measured(&snapshot, shell)?;
    let mut record = report::new_record("validate", global, &snapshot);
    record.notes.extend(limited);
    // What a killed linker or test leaves goes with it.
    let (_temporary, scratch) = shadow::temporary()?;
    let cargo = Cargo::new(&snapshot.root, global.offline).with_temporary(scratch);
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
        timed::run(args, global, &snapshot, earlier.as_ref(), &run_dir, shell, &mut record)?;
    }
    budget::hold(&snapshot.policy.budget, &mut record);
    if args.bench {
        bench(&cargo, &run_dir, shell, &mut record)?;
    }
    // What the replaced script promised was said of `optimize`.
    record.measurements.iter_mut().for_each(|measurement| measurement.expected = None);
    record.spent = Some(Spent {
        wall_seconds: started.elapsed().as_secs_f64(),
        cargo_seconds: cargo::waited().as_secs_f64(),
    });
    record.report = Some(run_dir.display().to_string());
    report::write(&record, &run_dir, shell)?;
    print(&record, args, global, shell)?;
    let sound = record.checks.iter().all(|check| check.ok != Some(false));
    Ok(if sound { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// The last record of this workspace with timed builds that today's can be compared with: of the same
/// toolchain and number of cores. One that was found too slow or over budget is no measure for the next.
fn last_measured(snapshot: &Snapshot, shell: &Shell) -> Result<Option<Record>> {
    let root = snapshot.root.display().to_string();
    let machine = &snapshot.machine;
    let (found, warnings) = report::newest(&snapshot.target_dir, |record| {
        let is_timed = record.measurements.iter().any(|m| m.what == "clean-dev");
        let failed =
            record.checks.iter().any(|check| check.name == TIMED && check.ok == Some(false));
        let is_over = record.budgets.iter().any(|row| row.ok == Some(false));
        let is_alike = record.machine.cores == machine.cores
            && record.machine.rustc == machine.rustc
            && record.machine.host == machine.host;
        is_timed && !failed && !is_over && is_alike && record.workspace == root
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
        Watch { shell, what: "the workspace", units: None },
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
    let watch = Watch { shell, what: "the workspace", units: None };
    let tested = verify::test(cargo, &exclude, &log, watch)?;
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
        let wishes = Wishes { codes: vec![code], ..Wishes::default() };
        let plan = findings::plan(snapshot, &wishes)?;
        let titles: Vec<&str> = plan.changes.iter().map(|change| change.title.as_str()).collect();
        let detail = if titles.is_empty() {
            format!("nothing that `{} optimize` would change", cli::called())
        } else {
            format!("`{} optimize` would: {}", cli::called(), titles.join("; "))
        };
        record.checks.push(Check::new(name, true, detail));
    }
    let sizes = [snapshot.inventory.bytes, snapshot.build_dir_bytes].map(wording::si_bytes);
    let places = snapshot.made_by_cargo().zip(sizes);
    let mut parts: Vec<String> =
        places.map(|(dir, size)| format!("{size} in `{}`", dir.display())).collect();
    if snapshot.inventory.unread > 0 {
        parts.push(format!("{} entries may not be read", snapshot.inventory.unread));
    }
    let detail = parts.join(", ");
    record.checks.push(Check::new("target directory", true, detail));
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

fn print(record: &Record, args: &cli::Validate, global: &Global, shell: &Shell) -> Result<()> {
    if global.format == Format::Json {
        return output::json(record);
    }
    if let Some(Summary::Markdown) = args.summary {
        return output::text(&render::summary::markdown(record));
    }
    let checks = render::facts::checks(record);
    let mut out = checks.iter().map(|line| wording::folded(line, 2)).collect::<Vec<_>>().join("\n");
    let table = render::table::human(record);
    if !record.measurements.is_empty() {
        out.push_str("\n\n");
        out.push_str(&table);
    }
    out.push_str(&render::slow::human(record));
    let budgets = render::budget::human(record);
    if !budgets.is_empty() {
        out.push('\n');
        out.push_str(&budgets);
    }
    for note in &record.notes {
        shell.status("Note", note);
    }
    output::text(&out)
}
