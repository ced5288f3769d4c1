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

/// How much larger a linked binary may get: a ratio to the same binary before the search.
pub(crate) const LARGEST_BINARY: f64 = 1.05;

/// How much slower the user's benchmark command may get: a ratio to its time before the search.
pub(crate) const SLOWEST_BENCH: f64 = 1.03;

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
        if walk.current != before && yard.has_time("what was found against what was before") {
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
            self.note(at, value, (&none, None), &[], (NotTried, why));
            return Ok(Judged::OutOfTime);
        }
        let first = match yard.build(values, &label, false)? {
            Ok(reading) => reading,
            Err(why) => {
                let why = why.lines().next().unwrap_or_default().to_owned();
                self.note(at, value, (&none, None), &[], (Failed, why));
                return Ok(Judged::Lost);
            }
        };
        let mut seconds = vec![first.seconds];
        let outcome = match stats::call_sides(Quantity::Seconds, &self.seconds, &seconds) {
            Some(Call::Better) => None,
            Some(Call::Worse) => Some((Slower, "slower by more than the noise floor".to_owned())),
            _ => Some((NotFaster, "not faster by more than the noise floor".to_owned())),
        };
        if let Some(outcome) = outcome {
            self.note(at, value, (&first, None), &seconds, outcome);
            return Ok(Judged::Lost);
        }
        if !yard.has_time(&format!("{label}, again")) {
            let why =
                "it seemed faster, but the time budget was spent before it could be built again";
            self.note(at, value, (&first, None), &seconds, (NotTried, why.to_owned()));
            return Ok(Judged::OutOfTime);
        }
        let current = yard.build(&self.current, "the settings so far, again", true)?;
        let second = yard.build(values, &format!("{label}, again"), true)?;
        let (current, second) = match (current, second) {
            (Ok(current), Ok(second)) => (current, second),
            (Err(why), _) | (_, Err(why)) => {
                let first_line = why.lines().next().unwrap_or_default();
                let why = format!("it built once and failed the second time: {first_line}");
                self.note(at, value, (&first, None), &seconds, (Failed, why));
                return Ok(Judged::Lost);
            }
        };
        self.seconds.push(current.seconds);
        seconds.push(second.seconds);
        let bench = bench_ratio(&current, &second);
        if stats::call_sides(Quantity::Seconds, &self.seconds, &seconds) != Some(Call::Better) {
            let why = "faster at first, but not when built again in turns".to_owned();
            self.note(at, value, (&second, bench), &seconds, (NotFaster, why));
            return Ok(Judged::Lost);
        }
        if let Some(why) = objection(&self.reference, &current, &second) {
            self.note(at, value, (&second, bench), &seconds, (Guarded, why));
            return Ok(Judged::Lost);
        }
        let why = "faster beyond noise, twice in turns".to_owned();
        self.note(at, value, (&second, bench), &seconds, (NotFaster, why));
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
        seconds: &[f64],
        (outcome, reason): (TuneOutcome, String),
    ) {
        self.tried[at].push(TriedValue {
            value: self.coordinates[at].values[value].clone(),
            seconds: seconds.to_vec(),
            seconds_without: if seconds.is_empty() { Vec::new() } else { self.seconds.clone() },
            binary_ratio: largest(&self.reference, reading).map(|(_, ratio)| ratio),
            bench_ratio,
            outcome,
            reason,
        });
    }
}

/// What became of a value.
enum Judged {
    Faster(Faster),
    Lost,
    OutOfTime,
}

/// What a guard says against settings that build faster: sizes against `reference`, the rest against
/// `current`, which was built in turn with them.
fn objection(reference: &Reading, current: &Reading, reading: &Reading) -> Option<String> {
    if let Some((name, ratio)) = largest(reference, reading)
        && ratio > LARGEST_BINARY
    {
        return Some(format!(
            "`{name}` is {ratio:.2} times as large as before, more than {LARGEST_BINARY:.2}"
        ));
    }
    if let Some(ratio) = bench_ratio(current, reading)
        && ratio > SLOWEST_BENCH
    {
        return Some(format!(
            "the command of `--bench` takes {ratio:.2} times as long, more than {SLOWEST_BENCH:.2}"
        ));
    }
    let (before, after) = (current.rebuild_seconds?, reading.rebuild_seconds?);
    let is_worse = stats::call_sides(Quantity::Seconds, &[before], &[after]) == Some(Call::Worse);
    is_worse
        .then(|| format!("a rebuild after an edit takes {after:.1} s in place of {before:.1} s"))
}

/// The binary that grew most, and its ratio to the same binary before.
fn largest<'r>(before: &Reading, after: &'r Reading) -> Option<(&'r str, f64)> {
    let ratios = after.binaries.iter().filter_map(|(name, size)| {
        let ratio = stats::ratio(*before.binaries.get(name)? as f64, *size as f64)?;
        Some((name.as_str(), ratio))
    });
    ratios.max_by(|a, b| a.1.total_cmp(&b.1))
}

fn bench_ratio(before: &Reading, after: &Reading) -> Option<f64> {
    stats::ratio(before.bench_seconds?, after.bench_seconds?)
}

#[cfg(test)]
mod tests;
