//! Timing what stands: pairs of builds in turns, the tests on top of the first, and the rejection of
//! whatever made a clean build slower.
//!
//! Decides on readings: builds and proofs are behind [`Bench`] and [`Stage`].

use anyhow::Result;

use super::{
    attribute,
    prove::{Proof, Timed},
    search,
    stage::{Course, Stage, again},
};
use crate::{
    cli::Depth,
    findings,
    measure::{self, Bench, BuildFailed, Profile, Role, Sides},
    plan::Change,
    record::{Basis, Impact, Quantity, TunedSetting},
    shell::Shell,
    stats::{self, Call},
    wording,
};

/// Pairs at `--measure full`.
const FULL_PAIRS: usize = 3;

/// Whether candidate and baseline differ in what is built.
fn differs(stage: &dyn Stage, proof: &Proof) -> bool {
    stage.updates_all() || proof.kept.iter().any(Change::affects_build)
}

/// What measuring ended with.
#[derive(Debug, Default)]
pub(super) struct Measured {
    pub(super) sides: Sides,
    pub(super) tuning: Vec<TunedSetting>,
}

/// Measures baseline and candidate, runs the tests, and takes back from `proof` what did not pay.
///
/// # Errors
/// When a build cannot be made or the run is interrupted.
pub(super) fn measure(
    stage: &mut dyn Stage,
    bench: &mut dyn Bench,
    proof: &mut Proof,
    course: &Course<'_>,
    shell: &Shell,
) -> Result<Measured> {
    let pairs = if course.depth == Depth::Full { FULL_PAIRS } else { 1 };
    let mut tuning = Vec::new();
    if differs(stage, proof) {
        bench.expect(announce(proof, pairs, course, shell));
        if course.depth == Depth::Full {
            tuning = search::tune(stage, bench, proof, course, shell)?;
        }
    }
    if !differs(stage, proof) {
        bench.note(
            "no builds were timed against each other: nothing is left that makes a difference"
                .to_owned(),
        );
        stage.forget_candidate();
        return Ok(Measured { sides: Sides::default(), tuning });
    }
    let mut tests = Tests::ToRun;
    loop {
        let mut sides = Sides::default();
        let taken = take(stage, bench, proof, (pairs, course), &mut sides, &mut tests);
        let is_whole = match taken {
            Ok(is_whole) => is_whole,
            Err(error) => {
                let failed = error.downcast::<BuildFailed>()?;
                give_up(stage, bench, proof, &failed);
                sides = Sides::default();
                true
            }
        };
        if tests == Tests::ToRun && differs(stage, proof) {
            stage.test(proof)?;
            tests = Tests::Done;
        }
        if !is_whole {
            // What was timed is not what passed its tests.
            continue;
        }
        let slower = sides.slower();
        if slower.is_empty() {
            attribute::attribute(stage, &sides, proof)?;
            return Ok(Measured { sides, tuning });
        }
        let mut rejected = false;
        for profile in slower {
            if !rejected {
                // The readings of the other profile are of what has been taken back now: they are made anew.
                rejected = reject_slow(stage, bench, proof, profile, &sides)?;
            }
        }
        if !differs(stage, proof) {
            stage.forget_candidate();
            return Ok(Measured { sides: Sides::default(), tuning });
        }
        if !rejected {
            // The time is up: what is slower stands with its figures, for whoever reads them to decide.
            bench.note(
                "slower beyond noise, and no time was left to find out by which change".to_owned(),
            );
            return Ok(Measured { sides, tuning });
        }
        // A subset of what was proved is not proved by that; nor was it timed.
        again(stage, proof)?;
        tests = Tests::ToRun;
    }
}

/// Whether the tests of the candidate were run since it was last proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tests {
    ToRun,
    Done,
}

/// Pairs of everything. The tests come after the first dev builds, on top of what those left: nothing is
/// compiled twice for them. False where they took something back, so that the readings are of nothing.
fn take(
    stage: &mut dyn Stage,
    bench: &mut dyn Bench,
    proof: &mut Proof,
    (pairs, course): (usize, &Course<'_>),
    sides: &mut Sides,
    tests: &mut Tests,
) -> Result<bool> {
    let mut pair = 0;
    // One slow pair may be chance: nothing is rejected before a second one says the same.
    while pair < pairs || pair == 1 && !sides.slower().is_empty() {
        pair += 1;
        apply(stage, &proof.kept)?;
        if !measure::dev(bench, &Role::BOTH, &course.edits, sides)? {
            break;
        }
        if *tests == Tests::ToRun {
            let before: Vec<String> = proof.kept.iter().map(Change::id).collect();
            stage.test(proof)?;
            *tests = Tests::Done;
            if !proof.kept.iter().map(Change::id).eq(before) {
                return Ok(false);
            }
            apply(stage, &proof.kept)?;
        }
        if !measure::release(bench, &Role::BOTH, sides)? {
            break;
        }
    }
    Ok(true)
}

/// Puts a choice of changes into the candidate that was proved before.
fn apply(stage: &mut dyn Stage, kept: &[Change]) -> Result<()> {
    stage.apply(kept)?.map_err(anyhow::Error::msg)
}

/// Ends the measuring when a build fails. A baseline that does not build cannot be compared with, and
/// what was proved stands; a candidate that does not build is not sound after all.
fn give_up(stage: &mut dyn Stage, bench: &mut dyn Bench, proof: &mut Proof, failed: &BuildFailed) {
    if failed.role == Role::Baseline {
        bench.note(format!("not timed, as the workspace does not build: {failed}"));
    } else {
        reject(proof, (&failed.reason, Timed::Unfinished), Change::affects_build);
        if stage.updates_all() {
            proof.notes.push(format!("the update of every dependency was taken back: {failed}"));
            stage.update_all(false);
        }
        stage.forget_candidate();
    }
}

/// The estimate takes a clean build to last about as long as the check of all targets did: it generates
/// code, but builds no tests and benches. It is announced as an estimate, and nothing is decided by it. How many
/// builds and rebuilds that are.
fn announce(proof: &Proof, pairs: usize, course: &Course<'_>, shell: &Shell) -> usize {
    let searched = if course.depth == Depth::Full { search::builds(proof, course) } else { 0 };
    let clean = pairs * 4 + searched;
    let minutes = (course.check.as_secs_f64() * clean as f64 / 60.0).ceil().max(1.0);
    let rebuilds = pairs * 2 * course.edits.len();
    let for_search = match searched {
        0 => String::new(),
        searched => format!(" ({searched} of them for the search over profile settings)"),
    };
    shell.status(
        "Measuring",
        format!(
            "{}{for_search} and {}, baseline and candidate in turns; about {minutes} min, judged by the {} that \
             the check of the baseline took",
            wording::count(clean, "clean build"),
            wording::count(rebuilds, "rebuild"),
            wording::seconds(course.check.as_secs_f64())
        ),
    );
    clean + rebuilds
}

/// Builds without the update of every dependency, if there is one, then without one pass after the other, and
/// takes back those without which the build is faster; all of them, if none alone explains it. Whether anything
/// was taken back.
fn reject_slow(
    stage: &mut dyn Stage,
    bench: &mut dyn Bench,
    proof: &mut Proof,
    profile: Profile,
    sides: &Sides,
) -> Result<bool> {
    let (baseline, mut with) = (sides.baseline.clean(profile), sides.candidate.clean(profile));
    let is_slow =
        |with: &[f64]| stats::call_sides(Quantity::Seconds, &baseline, with) == Some(Call::Worse);
    let is_better = |with: &[f64], without: &[f64]| {
        stats::call_sides(Quantity::Seconds, with, without) == Some(Call::Better)
    };
    let before = proof.kept.len();
    let mut taken_back = false;
    if stage.updates_all() && bench.has_time("a build without the update") {
        stage.update_all(false);
        let is_resolved = stage.apply(&proof.kept)?.is_ok();
        let without = match is_resolved {
            true => several(bench, profile, "without the update", with.len())?,
            false => Vec::new(),
        };
        match Some(without).filter(|without| is_better(&with, without)) {
            Some(without) => {
                proof.notes.push(format!(
                    "the update of every dependency was taken back: {}",
                    compared(profile, &with, &without)
                ));
                with = without;
                taken_back = true;
            }
            None => stage.update_all(true),
        }
    }
    for code in findings::suspects() {
        let is_suspect = |change: &Change| change.code == code && change.affects_build();
        if !is_slow(&with) || !proof.kept.iter().any(is_suspect) {
            continue;
        }
        let others: Vec<Change> =
            proof.kept.iter().filter(|change| change.code != code).cloned().collect();
        if stage.apply(&others)?.is_err() {
            continue;
        }
        let label = format!("without {}", code.as_str());
        if !bench.has_time(&format!("a build {label}")) {
            return Ok(taken_back || proof.kept.len() < before);
        }
        let without = several(bench, profile, &label, with.len())?;
        if is_better(&with, &without) {
            let reason = compared(profile, &with, &without);
            let seconds = median(&without) - median(&with);
            let cost = Impact { seconds, basis: Basis::Measured, packages: Vec::new() };
            let ids = proof.kept.iter().filter(|change| change.code == code).map(Change::id);
            let ids: Vec<String> = ids.collect();
            reject(proof, (&reason, Timed::Compared), |change| change.code == code);
            // Of several changes, none was built alone.
            if let [id] = ids.as_slice() {
                proof.impacts.insert(id.clone(), cost);
            }
            with = without;
        }
    }
    if is_slow(&with) {
        let (with, before) = (seconds_of(&with), seconds_of(&baseline));
        let reason = format!(
            "a clean {} build took {with} with all changes and {before} before, and no single pass explains it",
            profile.as_str()
        );
        reject(proof, (&reason, Timed::Compared), Change::affects_build);
        if stage.updates_all() {
            proof.notes.push(format!("the update of every dependency was taken back: {reason}"));
            stage.update_all(false);
            taken_back = true;
        }
    }
    Ok(taken_back || proof.kept.len() < before)
}

/// As many clean builds as there are readings to compare with: fewer would show larger differences only.
fn several(
    bench: &mut dyn Bench,
    profile: Profile,
    label: &str,
    builds: usize,
) -> Result<Vec<f64>> {
    let mut seconds = Vec::new();
    for _ in 0..builds {
        seconds.push(bench.clean(Role::Candidate, profile, label)?.sample.value);
    }
    Ok(seconds)
}

fn median(seconds: &[f64]) -> f64 {
    stats::median(seconds).unwrap_or_default()
}

/// Their median as text.
fn seconds_of(seconds: &[f64]) -> String {
    wording::seconds(median(seconds))
}

fn compared(profile: Profile, with: &[f64], without: &[f64]) -> String {
    let (with, without) = (seconds_of(with), seconds_of(without));
    format!("a clean {} build took {with} with it and {without} without", profile.as_str())
}

fn reject(proof: &mut Proof, (reason, timed): (&str, Timed), which: impl Fn(&Change) -> bool) {
    let (out, kept) = std::mem::take(&mut proof.kept).into_iter().partition(|change| which(change));
    proof.kept = kept;
    let out: Vec<Change> = out;
    // What a change gained counts no more once it is gone.
    out.iter().for_each(|change| {
        proof.impacts.remove(&change.id());
        proof.timed.insert(change.id(), timed);
    });
    proof.rejected.extend(out.into_iter().map(|change| (change, reason.to_owned())));
}

#[cfg(test)]
mod tests;
