//! Timing what stands: pairs of builds in turns, the choice of release settings, and the rejection of
//! whatever made a clean build slower.

use std::time::Duration;

use anyhow::Result;

use crate::{
    cli::{Code, Depth},
    findings::RELEASE_PROFILE,
    measure::{self, Bench, Build, BuildFailed, Edited, Profile, Readings},
    plan::Change,
    record::{Quantity, Sample},
    shadow::Shadow,
    shell::Shell,
    stats::{self, Call},
    timings,
    trial::Trial,
    wording,
};

use super::prove::{self, Proof, Tests};

/// Pairs at `--measure full`.
const FULL_PAIRS: usize = 3;

/// The order in which passes are suspected of having made a build slower: settings first.
const SUSPECTS: [Code; 7] = [
    Code::Profile,
    Code::CargoConfig,
    Code::DuplicateVersion,
    Code::BroadFeatures,
    Code::NotInherited,
    Code::UnusedDependency,
    Code::UnusedWorkspaceDependency,
];

/// Measures baseline and candidate, and takes back from `proof` what did not pay.
///
/// # Errors
/// When a build fails or the run is interrupted.
pub(super) fn measure(
    trial: &mut Trial<'_>,
    bench: &mut Bench<'_>,
    proof: &mut Proof,
    (depth, tests): (Depth, Tests),
    shell: &Shell,
) -> Result<(Readings, Readings)> {
    let mut pairs = if depth == Depth::Full { FULL_PAIRS } else { 1 };
    announce(proof, pairs, trial.baseline.wall, shell);
    loop {
        let mut readings = (Readings::default(), Readings::default());
        for _ in 0..pairs {
            if let Err(error) = pair(trial, bench, proof, &mut readings) {
                let failed = error.downcast::<BuildFailed>()?;
                return Ok(give_up(trial, bench, proof, &failed));
            }
        }
        leave_unmeasured(proof);
        let slower: Vec<Profile> = [Profile::Dev, Profile::Release]
            .into_iter()
            .filter(|profile| call(*profile, &readings) == Some(Call::Worse))
            .collect();
        if slower.is_empty() {
            attribute(&readings, proof);
            return Ok(readings);
        }
        for profile in slower {
            reject_slow(trial, bench, proof, profile, &readings)?;
        }
        if !proof.kept.iter().any(Change::affects_build) {
            trial.forget_candidate();
            return Ok((Readings::default(), Readings::default()));
        }
        // A subset of what was proved is not proved by that; nor was it timed.
        let mut again = prove::prove(trial, &proof.kept, tests, shell)?;
        proof.kept = again.kept;
        proof.rejected.append(&mut again.rejected);
        proof.notes.append(&mut again.notes);
        pairs = 1;
    }
}

/// Ends the measuring when a build fails. A baseline that does not build cannot be compared with, and
/// what was proved stands; a candidate that does not build is not sound after all.
fn give_up(
    trial: &mut Trial<'_>,
    bench: &mut Bench<'_>,
    proof: &mut Proof,
    failed: &BuildFailed,
) -> (Readings, Readings) {
    if failed.shadow == trial.shadows.baseline.name {
        bench.notes.push(format!("not timed, as the workspace does not build: {failed}"));
        leave_unmeasured(proof);
    } else {
        reject(proof, &failed.reason, Change::affects_build);
        trial.forget_candidate();
    }
    (Readings::default(), Readings::default())
}

/// Release settings that were left undecided are not kept: nothing speaks for them.
fn leave_unmeasured(proof: &mut Proof) {
    let is_open = |change: &Change| {
        change.code == Code::Profile
            && change.subject == RELEASE_PROFILE
            && !change.alternatives.is_empty()
    };
    reject(proof, "the settings could not be timed", is_open);
}

/// The estimate takes a clean build to last about as long as the check of all targets did: it generates
/// code, but builds no tests and benches. It is announced as an estimate, and nothing is decided by it.
fn announce(proof: &Proof, pairs: usize, check: Duration, shell: &Shell) {
    let variants = release_change(proof).map_or(0, |change| 2 + change.alternatives.len());
    let clean = pairs * 4 + variants;
    let minutes = (check.as_secs_f64() * clean as f64 / 60.0).ceil().max(1.0);
    shell.status(
        "Measuring",
        format!(
            "{} and {}, baseline and candidate in turns; about {minutes} min, judged by the {} that the \
             check of the baseline took",
            wording::count(clean, "clean build"),
            wording::count(pairs * 4, "rebuild"),
            wording::seconds(check.as_secs_f64())
        ),
    );
}

fn release_change(proof: &Proof) -> Option<&Change> {
    proof.kept.iter().find(|c| c.code == Code::Profile && c.subject == RELEASE_PROFILE)
}

fn values(samples: &[Sample]) -> Vec<f64> {
    samples.iter().map(|sample| sample.value).collect()
}

/// Seconds of the clean builds of one side.
fn clean_builds(profile: Profile, readings: &Readings) -> Vec<f64> {
    match profile {
        Profile::Dev => values(&readings.clean_dev),
        Profile::Release => values(&readings.clean_release),
    }
}

fn call(profile: Profile, (baseline, candidate): &(Readings, Readings)) -> Option<Call> {
    let side = |readings| clean_builds(profile, readings);
    stats::call_sides(Quantity::Seconds, &side(baseline), &side(candidate))
}

/// One pair of everything.
fn pair(
    trial: &mut Trial<'_>,
    bench: &mut Bench<'_>,
    proof: &mut Proof,
    readings: &mut (Readings, Readings),
) -> Result<()> {
    apply(trial, &proof.kept)?;
    let (baseline, candidate) = (&trial.shadows.baseline, &trial.shadows.candidate);
    if !bench.has_time("a pair of clean dev builds") {
        return Ok(());
    }
    for (shadow, side) in [(baseline, &mut readings.0), (candidate, &mut readings.1)] {
        let build = bench.clean(shadow, Profile::Dev, "")?;
        side.units.push(measure::plain(build.units as f64));
        side.timings = build.timings;
        side.clean_dev.push(build.sample);
    }
    if bench.has_time("a pair of clean release builds") {
        let build = bench.clean(baseline, Profile::Release, "")?;
        readings.0.clean_release.push(build.sample);
        measure::sizes(baseline, &mut readings.0)?;
        let build = choose_release(trial, bench, proof)?;
        readings.1.clean_release.push(build.sample);
        measure::sizes(candidate, &mut readings.1)?;
    }
    for (which, name, source) in measure::edited(trial.snapshot()) {
        if !bench.has_time(&format!("a pair of rebuilds after an edit in {name}")) {
            break;
        }
        for (shadow, side) in [(baseline, &mut readings.0), (candidate, &mut readings.1)] {
            let build = bench.incremental(shadow, &source, &name)?;
            match which {
                Edited::Core => side.incremental_core.push(build.sample),
                Edited::Leaf => side.incremental_leaf.push(build.sample),
            }
        }
    }
    bench.unedit()
}

/// Puts a choice of changes into the candidate shadow.
fn apply(trial: &Trial<'_>, kept: &[Change]) -> Result<()> {
    trial.resolve(kept)?.map(drop).map_err(anyhow::Error::msg)
}

/// The release build of the candidate; while the release settings are open, one for each of them and
/// one without, of which the best beyond noise is kept and built once more.
fn choose_release(trial: &Trial<'_>, bench: &mut Bench<'_>, proof: &mut Proof) -> Result<Build> {
    let candidate: &Shadow = &trial.shadows.candidate;
    let Some(change) = release_change(proof).filter(|c| !c.alternatives.is_empty()).cloned() else {
        return bench.clean(candidate, Profile::Release, "");
    };
    let others: Vec<Change> =
        proof.kept.iter().filter(|c| c.id() != change.id()).cloned().collect();
    apply(trial, &others)?;
    let old = bench.clean(candidate, Profile::Release, ", old settings")?;
    let mut ways: Vec<(Change, Build)> = Vec::new();
    let mut next = Some(change.clone());
    while let Some(way) = next {
        if !bench.has_time(&way.title) {
            break;
        }
        apply(trial, &[others.as_slice(), std::slice::from_ref(&way)].concat())?;
        let label = format!(", settings {}", ways.len() + 1);
        let build = bench.clean(candidate, Profile::Release, &label)?;
        next = way.next_alternative();
        ways.push((way, build));
    }
    let figures: Vec<String> = ways
        .iter()
        .map(|(way, build)| format!("{}: {:.1} s", way.title, build.sample.value))
        .chain([format!("the old settings with the other changes: {:.1} s", old.sample.value)])
        .collect();
    let figures = figures.join("; ");
    let is_better = |than: &Build, build: &Build| {
        let (than, build) = ([than.sample.value], [build.sample.value]);
        stats::call_sides(Quantity::Seconds, &than, &build) == Some(Call::Better)
    };
    // An earlier setting is preferred to one that is faster only within noise.
    let best =
        ways.into_iter().reduce(|best, way| if is_better(&best.1, &way.1) { way } else { best });
    let best = best.filter(|(_, build)| is_better(&old, build));
    proof.kept.retain(|kept| kept.id() != change.id());
    match best {
        Some((way, _)) => {
            let reason = format!("measured on {} cores: {figures}", trial.snapshot().machine.cores);
            proof.kept.push(Change { reason, alternatives: Vec::new(), ..way });
        }
        None => {
            let reason = format!("no setting was faster beyond noise: {figures}");
            proof.rejected.push((change, reason));
        }
    }
    // Built once more: the fastest of several readings is too good, and the sizes are to be its own.
    apply(trial, &proof.kept)?;
    bench.clean(candidate, Profile::Release, "")
}

/// Builds without one pass after the other and rejects those without which the build is faster; all
/// of them, if none alone explains it.
fn reject_slow(
    trial: &Trial<'_>,
    bench: &mut Bench<'_>,
    proof: &mut Proof,
    profile: Profile,
    readings: &(Readings, Readings),
) -> Result<()> {
    let (baseline, mut with) =
        (clean_builds(profile, &readings.0), clean_builds(profile, &readings.1));
    for code in SUSPECTS {
        let is_slow = stats::call_sides(Quantity::Seconds, &baseline, &with) == Some(Call::Worse);
        if !is_slow || !proof.kept.iter().any(|change| change.code == code) {
            continue;
        }
        let others: Vec<Change> =
            proof.kept.iter().filter(|change| change.code != code).cloned().collect();
        if trial.resolve(&others)?.is_err() {
            continue;
        }
        let label = format!(", without {}", code.as_str());
        if !bench.has_time(&format!("a build{label}")) {
            break;
        }
        let without = bench.clean(&trial.shadows.candidate, profile, &label)?.sample.value;
        if stats::call_sides(Quantity::Seconds, &with, &[without]) == Some(Call::Better) {
            let reason = format!(
                "a clean {} build took {:.1} s with it and {without:.1} s without",
                profile.as_str(),
                stats::median(&with).unwrap_or_default()
            );
            reject(proof, &reason, |change| change.code == code);
            with = vec![without];
        }
    }
    if stats::call_sides(Quantity::Seconds, &baseline, &with) == Some(Call::Worse) {
        let reason = format!(
            "a clean {} build took {:.1} s with all changes and {:.1} s before, and no single pass explains it",
            profile.as_str(),
            stats::median(&with).unwrap_or_default(),
            stats::median(&baseline).unwrap_or_default()
        );
        reject(proof, &reason, Change::affects_build);
    }
    Ok(())
}

fn reject(proof: &mut Proof, reason: &str, which: impl Fn(&Change) -> bool) {
    let (out, kept) = std::mem::take(&mut proof.kept).into_iter().partition(|change| which(change));
    proof.kept = kept;
    let out: Vec<Change> = out;
    proof.rejected.extend(out.into_iter().map(|change| (change, reason.to_owned())));
}

/// Units named in the note on what is costliest.
const COSTLIEST: usize = 5;

/// Notes where the time went: the unit time of packages that are no longer built (attributed, not
/// measured), and the units that take longest now.
fn attribute(readings: &(Readings, Readings), proof: &mut Proof) {
    let (Some(before), Some(after)) = (&readings.0.timings, &readings.1.timings) else { return };
    let slow: Vec<String> = after
        .slowest(COSTLIEST)
        .into_iter()
        .map(|unit| {
            format!("{} {} ({:.1} s)", unit.name, unit.version, unit.duration.as_secs_f64())
        })
        .collect();
    proof.notes.push(format!(
        "of {:.1} s of unit time in the clean dev build now, the costliest units are {}",
        after.total_unit_time().as_secs_f64(),
        slow.join(", ")
    ));
    let gone = timings::vanished(before, after);
    if gone.is_empty() {
        return;
    }
    let total: f64 = gone.iter().map(|package| package.unit_time.as_secs_f64()).sum();
    let top: Vec<String> = gone
        .iter()
        .take(COSTLIEST)
        .map(|p| format!("{} {} ({:.1} s)", p.name, p.version, p.unit_time.as_secs_f64()))
        .collect();
    proof.notes.push(format!(
        "attributed, not measured: the clean dev build no longer compiles {} packages, {total:.1} s of \
         unit time in the baseline, most of it in {}",
        gone.len(),
        top.join(", ")
    ));
}
