//! Timed builds for `validate`: against the last recorded run, or against another revision side by side.

use std::path::Path;

use anyhow::Result;

use crate::{
    cargo,
    cli::{self, Global},
    measure::{self, Bench, BuildFailed, CargoBench, Edited, Readings, Role, Sides},
    policy::Budget,
    record::{Check, Measurement, Record, Sample},
    shadow::Shadows,
    shell::Shell,
    snapshot::Snapshot,
    stats::Call,
    trial::Weight,
    wording,
};

/// Name of the check on timed builds.
pub(super) const TIMED: &str = "timed builds";

/// Readings of different hours differ more than readings in turns: only beyond this ratio, and beyond
/// noise, is a build called slower. Budgets can be stricter or looser.
const SLOWER: f64 = 1.10;

/// Builds the working tree, in turns with another revision if one is named, and compares.
///
/// # Errors
/// When a build fails or the run is interrupted.
pub(super) fn run(
    args: &cli::Validate,
    global: &Global,
    snapshot: &Snapshot,
    earlier: Option<&Record>,
    run_dir: &Path,
    shell: &Shell,
    record: &mut Record,
) -> Result<()> {
    let shadows = Shadows::create(snapshot, global.offline)?;
    let mut roles = &Role::BOTH[1..];
    let mut head = snapshot.git_head.clone();
    if let Some(rev) = &args.against {
        if !shadows.baseline.check_out(snapshot, rev)? {
            let note = format!(
                "`{rev}` has no Cargo.lock: it was built with the versions of the working tree"
            );
            record.notes.push(note);
        }
        roles = &Role::BOTH;
        let commit = format!("{rev}^{{commit}}");
        head = cargo::git(&snapshot.root, &["rev-parse", "--verify", "--quiet", &commit])
            .map(|commit| commit.trim().to_owned());
    }
    let edits = measure::edited(snapshot);
    let edits = match &args.against {
        // Another revision need not have the same sources.
        Some(_) => {
            edits.into_iter().filter(|edit| shadows.baseline.place(&edit.source).is_ok()).collect()
        }
        None => edits,
    };
    let pairs = args.pairs.get();
    let (builds, rebuilds) = (pairs * roles.len(), pairs * roles.len() * edits.len());
    announce(args, builds, rebuilds, shell);
    let mut bench = CargoBench::new("validate", (snapshot, &shadows), shell, run_dir, None)
        .with_baseline_head(head);
    bench.expect(2 * builds + rebuilds);
    let before = earlier.filter(|_| args.against.is_none()).map(recorded).unwrap_or_default();
    let mut sides = Sides { baseline: before, ..Sides::default() };
    let built = build(&mut bench, roles, &edits, pairs, &mut sides, shell);
    record.kept.append(&mut bench.kept);
    record.notes.append(&mut bench.notes);
    if let Err(error) = built {
        let failed = error.downcast::<BuildFailed>()?;
        record.checks.push(Check::new(TIMED, false, failed.to_string()));
        return Ok(());
    }
    let host = &snapshot.machine.host;
    let now = shadows.candidate.cargo.metadata_for(host)?;
    let Some(rev) = &args.against else {
        // Nothing was built of what is compared with: what lies inside is of today's builds alone.
        let today = Sides { candidate: sides.candidate.clone(), ..Sides::default() };
        measure::look_inside(snapshot, &today, (&now, &now), record);
        against_recorded(snapshot, earlier, &sides, record);
        return Ok(());
    };
    let before = shadows.baseline.cargo.metadata_for(host)?;
    for (role, metadata) in Role::BOTH.into_iter().zip([&before, &now]) {
        let count = Weight::read(metadata).duplicates().len();
        sides.of(role).duplicates.push(measure::plain(count as f64));
    }
    measure::look_inside(snapshot, &sides, (&before, &now), record);
    record.measurements = measure::compare(&sides.baseline, &sides.candidate);
    record.notes.push(format!("before is `{rev}`, after is the working tree"));
    record.checks.push(as_fast(&record.measurements, &snapshot.policy.budget));
    Ok(())
}

/// Takes the pairs; one more if a single one looks slower, which may be chance.
fn build(
    bench: &mut dyn Bench,
    roles: &[Role],
    edits: &[Edited],
    pairs: usize,
    sides: &mut Sides,
    shell: &Shell,
) -> Result<()> {
    for _ in 0..pairs {
        measure::dev(bench, roles, edits, sides)?;
        measure::release(bench, roles, sides)?;
    }
    if pairs == 1 && !sides.slower().is_empty() {
        shell.status("Measuring", "once more, as one slow reading may be chance");
        measure::dev(bench, roles, edits, sides)?;
        measure::release(bench, roles, sides)?;
    }
    Ok(())
}

fn announce(args: &cli::Validate, builds: usize, rebuilds: usize, shell: &Shell) {
    let what = match &args.against {
        Some(rev) => format!("`{rev}` and the working tree in turns"),
        None => "each is shown as it ends".to_owned(),
    };
    let (builds, rebuilds) =
        (wording::count(2 * builds, "clean build"), wording::count(rebuilds, "rebuild"));
    shell.status("Measuring", format!("{builds} and {rebuilds}; {what}"));
}

/// Compares with the readings of the last timed run.
fn against_recorded(
    snapshot: &Snapshot,
    earlier: Option<&Record>,
    sides: &Sides,
    record: &mut Record,
) {
    let now = &sides.candidate;
    let Some(earlier) = earlier else {
        record.measurements = measure::compare(now, now);
        let note = "no earlier timed run of this workspace with this toolchain and number of cores is recorded: \
                    these readings are the first, shown on both sides";
        record.notes.push(note.to_owned());
        record.checks.push(Check::skipped(TIMED, "recorded; nothing to compare with yet"));
        return;
    };
    record.measurements = measure::compare(&sides.baseline, now);
    record.notes.push(format!("the earlier readings are of {}, at another time", earlier.started));
    if earlier.configuration != record.configuration {
        let note =
            "manifests, lock file or configuration are not what they were at the earlier readings";
        record.notes.push(note.to_owned());
    }
    record.checks.push(as_fast(&record.measurements, &snapshot.policy.budget));
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
        binary_bytes: samples("binary-bytes"),
        artifacts: samples("artifacts"),
        units: samples("units"),
        ..Readings::default()
    }
}

/// Whether the candidate is worse beyond noise.
pub(super) fn is_worse(measurement: &Measurement) -> bool {
    measurement.call == Call::Worse.to_string()
}

/// Where a budget is set, that decides in place of [`SLOWER`].
fn as_fast(measurements: &[Measurement], budget: &Budget) -> Check {
    let unlimited: Vec<&str> =
        [("clean-dev", budget.clean_dev), ("clean-release", budget.clean_release)]
            .into_iter()
            .filter_map(|(what, limit)| limit.is_none().then_some(what))
            .collect();
    let slow: Vec<String> = measurements
        .iter()
        .filter(|m| unlimited.contains(&m.what.as_str()))
        .filter(|m| is_worse(m) && m.ratio.is_some_and(|ratio| ratio > SLOWER))
        .map(|m| format!("{} takes {:.2} times as long", m.what, m.ratio.unwrap_or_default()))
        .collect();
    if !slow.is_empty() {
        return Check::new(TIMED, false, slow.join(", "));
    }
    let detail = if unlimited.len() == 2 {
        "clean builds are as fast as they were"
    } else {
        "held to their budgets"
    };
    Check::new(TIMED, true, detail.to_owned())
}
