//! The search over profile settings: coordinate by coordinate, each value built on this machine, a value
//! kept only if it is faster beyond noise and no guard speaks against it.
//!
//! Decides only: what is built, and how, is behind [`Yard`], so that tests feed it fixed readings.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;

use crate::{
    measure::Profile,
    record::{Quantity, TriedValue, TuneOutcome, TunedSetting},
    stats::{self, Call},
};

mod guards;

use guards::{bench_ratio, largest, objection};

/// How much faster a value must seem when it is built once to be built again: a share of the time with the
/// current values. Less than the noise floor, so that chance does not hide a gain.
const SEEMS_FASTER: f64 = 0.05;

/// Pairs in turn, at most, that a value gets to prove that it is faster, after it seemed to be. Three readings a side
/// show a difference of 13 %, five one of 10 % ([`stats::noise_floor`]): a setting that gains a tenth is worth the builds.
const CONFIRMING_PAIRS: usize = 4;

/// One setting and the values to try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Coordinate {
    /// The key as in the manifest, for instance `profile.dev.codegen-units`.
    pub(crate) setting: String,
    /// The values as TOML, `default` for leaving the key out.
    pub(crate) values: Vec<String>,
    /// Position of the value that the workspace has now.
    pub(crate) before: usize,
    /// Position of the value to start from.
    pub(crate) start: usize,
}

impl Coordinate {
    fn line(&self, value: usize) -> String {
        match self.values[value].as_str() {
            "default" => format!("{} left out", self.setting),
            value => format!("{} = {value}", self.setting),
        }
    }
}

/// What a clean build with some settings showed.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Reading {
    /// Wall time of the clean build.
    pub(crate) seconds: f64,
    /// Wall time of a rebuild after an edit; thorough readings of dev builds only.
    pub(crate) rebuild_seconds: Option<f64>,
    /// Wall time of the user's command; thorough readings only, where there is one.
    pub(crate) bench_seconds: Option<f64>,
    /// Sizes in bytes of what was linked, by name.
    pub(crate) binaries: BTreeMap<String, u64>,
}

/// Where settings are built.
pub(crate) trait Yard {
    /// Whether another build may start; if not, notes that `what` was left out.
    fn has_time(&mut self, what: &str) -> bool;

    /// A clean build with a value for each coordinate; `thorough` also rebuilds and runs the command.
    /// The inner error is why it does not build.
    ///
    /// # Errors
    /// When it could not be made or was interrupted.
    fn build(
        &mut self,
        values: &[usize],
        label: &str,
        thorough: bool,
    ) -> Result<std::result::Result<Reading, String>>;
}

/// What the search ended with.
#[derive(Debug, Clone, Default)]
pub(crate) struct Found {
    /// Position of the chosen value of each coordinate.
    pub(crate) chosen: Vec<usize>,
    pub(crate) settings: Vec<TunedSetting>,
    /// Seconds of a clean build with the settings as they were less those with the ones found, built in turn;
    /// none where that was not built.
    pub(crate) saved_seconds: Option<f64>,
}

impl Found {
    /// Nothing found: the values to start from.
    pub(crate) fn start(coordinates: &[Coordinate]) -> Self {
        let chosen = coordinates.iter().map(|coordinate| coordinate.start).collect();
        Self { chosen, ..Self::default() }
    }
}

/// Searches until no value of any coordinate helps beyond noise, or the time is up. The inner error is why
/// the settings to start from do not build.
///
/// # Errors
/// As [`Yard::build`].
pub(crate) fn search(
    profile: Profile,
    coordinates: &[Coordinate],
    cores: usize,
    yard: &mut dyn Yard,
) -> Result<std::result::Result<Found, String>> {
    let mut found = Found::start(coordinates);
    let before: Vec<usize> = coordinates.iter().map(|coordinate| coordinate.before).collect();
    let mut tried = vec![Vec::new(); coordinates.len()];
    if !coordinates.is_empty() && yard.has_time("the search over profile settings") {
        let name = profile.as_str();
        let reference =
            match yard.build(&before, &format!("the {name} settings as they are"), true)? {
                Ok(reference) => reference,
                Err(why) => return Ok(Err(why)),
            };
        let mut first = reference.clone();
        if found.chosen != before {
            let label = format!("the {name} settings to start from");
            first = match yard.build(&found.chosen, &label, true)? {
                Ok(first) => first,
                Err(why) => return Ok(Err(why)),
            };
            let is_slower =
                stats::call_sides(Quantity::Seconds, &[reference.seconds], &[first.seconds]);
            if is_slower == Some(Call::Worse) {
                (found.chosen, first) = (before.clone(), reference.clone());
            }
        }
        let mut walk = Walk::new(coordinates, found.chosen.clone(), (reference, first));
        walk.built.insert(before.clone());
        walk.run(yard)?;
        if walk.current != before
            && yard.has_time("the comparison of the settings found with those before the search")
        {
            found.saved_seconds = walk.confirm(&before, &found.chosen, yard)?;
        }
        (found.chosen, tried) = (walk.current, walk.tried);
    }
    let settings = coordinates.iter().zip(&found.chosen).zip(tried);
    found.settings = settings
        .map(|((coordinate, chosen), tried)| TunedSetting {
            profile: profile.as_str().to_owned(),
            setting: coordinate.setting.clone(),
            before: coordinate.values[coordinate.before].clone(),
            chosen: coordinate.values[*chosen].clone(),
            cores,
            tried,
        })
        .collect();
    Ok(Ok(found))
}

/// The state of a search.
struct Walk<'a> {
    coordinates: &'a [Coordinate],
    /// The settings as they are: what the guard on sizes compares with.
    reference: Reading,
    current: Vec<usize>,
    /// Wall times of clean builds with the current values.
    seconds: Vec<f64>,
    /// Choices that were built: none is judged twice.
    built: BTreeSet<Vec<usize>>,
    tried: Vec<Vec<TriedValue>>,
}

/// Readings of a value that proved faster.
struct Faster {
    value: usize,
    seconds: Vec<f64>,
    /// Where it stands in the list of what was tried.
    at: usize,
}

impl<'a> Walk<'a> {
    fn new(
        coordinates: &'a [Coordinate],
        start: Vec<usize>,
        (reference, first): (Reading, Reading),
    ) -> Self {
        Self {
            coordinates,
            seconds: vec![first.seconds],
            reference,
            built: BTreeSet::from([start.clone()]),
            current: start,
            tried: vec![Vec::new(); coordinates.len()],
        }
    }

    fn run(&mut self, yard: &mut dyn Yard) -> Result<()> {
        let (mut at, mut settled) = (0, 0);
        while settled < self.coordinates.len() {
            let Some(improved) = self.improve(at, yard)? else { break };
            settled = if improved { 1 } else { settled + 1 };
            at = (at + 1) % self.coordinates.len();
        }
        Ok(())
    }

    /// Tries every value of a coordinate; whether one was better, or nothing when the time is up.
    fn improve(&mut self, at: usize, yard: &mut dyn Yard) -> Result<Option<bool>> {
        let mut faster: Vec<Faster> = Vec::new();
        let mut in_time = true;
        for value in 0..self.coordinates[at].values.len() {
            let mut values = self.current.clone();
            values[at] = value;
            if in_time && !self.built.contains(&values) {
                match self.judge(at, &values, yard)? {
                    Judged::Faster(way) => faster.push(way),
                    Judged::Lost => {}
                    Judged::OutOfTime => in_time = false,
                }
                self.built.insert(values);
            }
        }
        let median = |way: &Faster| stats::median(&way.seconds).unwrap_or(f64::INFINITY);
        let Some(best) = faster.iter().min_by(|a, b| median(a).total_cmp(&median(b))) else {
            return Ok(in_time.then_some(false));
        };
        let values = &self.coordinates[at].values;
        for earlier in &mut self.tried[at] {
            if earlier.outcome == TuneOutcome::Chosen {
                earlier.outcome = TuneOutcome::Outdone;
                earlier.reason = format!("taken at first, until {} was faster", values[best.value]);
            }
        }
        for way in &faster {
            let tried = &mut self.tried[at][way.at];
            if way.value == best.value {
                tried.outcome = TuneOutcome::Chosen;
            } else {
                tried.outcome = TuneOutcome::Outdone;
                tried.reason =
                    format!("faster than before, but {} was faster still", values[best.value]);
            }
        }
        self.current[at] = best.value;
        self.seconds.clone_from(&best.seconds);
        Ok(in_time.then_some(true))
    }

    /// Builds with a value, and once more in turn with the current ones where it seems faster.
    fn judge(&mut self, at: usize, values: &[usize], yard: &mut dyn Yard) -> Result<Judged> {
        use TuneOutcome::{Failed, Guarded, NotFaster, NotTried, Slower};
        let (value, none) = (values[at], Reading::default());
        let label = self.coordinates[at].line(value);
        if !yard.has_time(&label) {
            let why = "the time budget was spent".to_owned();
            self.note(at, value, (&none, None), (&[], &[]), (NotTried, why));
            return Ok(Judged::OutOfTime);
        }
        let first = match yard.build(values, &label, false)? {
            Ok(reading) => reading,
            Err(why) => {
                let why = why.lines().next().unwrap_or_default().to_owned();
                self.note(at, value, (&none, None), (&[], &[]), (Failed, why));
                return Ok(Judged::Lost);
            }
        };
        let mut seconds = vec![first.seconds];
        let mut against: Vec<f64> = self.seconds.last().copied().into_iter().collect();
        if !seems_faster(&against, &seconds) {
            let outcome = match stats::call_sides(Quantity::Seconds, &against, &seconds) {
                Some(Call::Worse) => (Slower, "slower beyond noise".to_owned()),
                _ => (NotFaster, "not faster beyond noise".to_owned()),
            };
            self.note(at, value, (&first, None), (&seconds, &against), outcome);
            return Ok(Judged::Lost);
        }
        let (mut current, mut second) = (none.clone(), first);
        let mut is_faster = false;
        for _ in 0..CONFIRMING_PAIRS {
            if !yard.has_time(&format!("{label}, again")) {
                let why = "it seemed faster, but the time budget was spent before that was certain";
                let outcome = (NotTried, why.to_owned());
                self.note(at, value, (&second, None), (&seconds, &against), outcome);
                return Ok(Judged::OutOfTime);
            }
            let turn = yard.build(&self.current, "the settings so far, again", true)?;
            let with = yard.build(values, &format!("{label}, again"), true)?;
            match (turn, with) {
                (Ok(turn), Ok(with)) => (current, second) = (turn, with),
                (Err(why), _) | (_, Err(why)) => {
                    let first_line = why.lines().next().unwrap_or_default();
                    let why = format!("it built once and failed later: {first_line}");
                    self.note(at, value, (&second, None), (&seconds, &against), (Failed, why));
                    return Ok(Judged::Lost);
                }
            }
            against.push(current.seconds);
            seconds.push(second.seconds);
            let call = stats::call_sides(Quantity::Seconds, &against, &seconds);
            is_faster = call == Some(Call::Better);
            if is_faster || !seems_faster(&against, &seconds) {
                break;
            }
        }
        self.seconds.extend(&against[1..]);
        let bench = bench_ratio(&current, &second);
        if !is_faster {
            let why = "faster at first, but not beyond noise when built again in turns".to_owned();
            self.note(at, value, (&second, bench), (&seconds, &against), (NotFaster, why));
            return Ok(Judged::Lost);
        }
        if let Some(why) = objection(&self.reference, &current, &second) {
            self.note(at, value, (&second, bench), (&seconds, &against), (Guarded, why));
            return Ok(Judged::Lost);
        }
        let why = "faster beyond noise, in turns".to_owned();
        self.note(at, value, (&second, bench), (&seconds, &against), (NotFaster, why));
        let at = self.tried[at].len() - 1;
        Ok(Judged::Faster(Faster { value, seconds, at }))
    }

    /// Builds what was before and what was found once more, in turn: small losses on the way must not add up
    /// to more than the guards allow. If they do, it goes back to `start`. Returns the seconds saved.
    fn confirm(
        &mut self,
        before: &[usize],
        start: &[usize],
        yard: &mut dyn Yard,
    ) -> Result<Option<f64>> {
        let old = yard.build(before, "the settings as they were, again", true)?;
        let new = yard.build(&self.current, "the settings found", true)?;
        let (Ok(old), Ok(new)) = (old, new) else { return Ok(None) };
        let Some(why) = objection(&old, &old, &new).filter(|_| self.current != start) else {
            return Ok(Some(old.seconds - new.seconds));
        };
        for tried in self.tried.iter_mut().flatten() {
            if tried.outcome == TuneOutcome::Chosen {
                tried.outcome = TuneOutcome::Guarded;
                tried.reason = format!("with everything that was chosen, {why}");
            }
        }
        self.current = start.to_vec();
        Ok(None)
    }

    fn note(
        &mut self,
        at: usize,
        value: usize,
        (reading, bench_ratio): (&Reading, Option<f64>),
        (seconds, against): (&[f64], &[f64]),
        (outcome, reason): (TuneOutcome, String),
    ) {
        self.tried[at].push(TriedValue {
            value: self.coordinates[at].values[value].clone(),
            seconds: seconds.to_vec(),
            seconds_without: against.to_vec(),
            binary_ratio: largest(&self.reference, reading).map(|(_, ratio)| ratio),
            bench_ratio,
            outcome,
            reason,
        });
    }
}

/// Whether a value may be faster than the current ones, judged by the medians alone.
fn seems_faster(current: &[f64], with: &[f64]) -> bool {
    let medians = stats::median(current).zip(stats::median(with));
    medians.is_some_and(|(current, with)| with <= current * (1.0 - SEEMS_FASTER))
}

/// What became of a value.
enum Judged {
    Faster(Faster),
    Lost,
    OutOfTime,
}

#[cfg(test)]
mod tests;
