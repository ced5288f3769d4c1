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
    /// Seconds of a clean build before the search less those after it; none where nothing was chosen.
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
    let mut tried = vec![Vec::new(); coordinates.len()];
    if !coordinates.is_empty() && yard.has_time("the search over profile settings") {
        let label = format!("the {} settings to start from", profile.as_str());
        let first = match yard.build(&found.chosen, &label, true)? {
            Ok(first) => first,
            Err(why) => return Ok(Err(why)),
        };
        let mut walk = Walk::new(coordinates, found.chosen.clone(), first);
        walk.run(yard)?;
        if walk.current != found.chosen {
            let now = stats::median(&walk.seconds);
            found.saved_seconds = now.map(|now| walk.reference.seconds - now);
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
    /// Before the search: what the guards compare with.
    reference: Reading,
    current: Vec<usize>,
    /// Wall times of clean builds with the current values.
    seconds: Vec<f64>,
    /// The last rebuild with the current values.
    rebuild_seconds: Option<f64>,
    /// Choices that were built: none is judged twice.
    built: BTreeSet<Vec<usize>>,
    tried: Vec<Vec<TriedValue>>,
}

/// Readings of a value that proved faster.
struct Faster {
    value: usize,
    seconds: Vec<f64>,
    rebuild_seconds: Option<f64>,
    /// Where it stands in the list of what was tried.
    at: usize,
}

impl<'a> Walk<'a> {
    fn new(coordinates: &'a [Coordinate], start: Vec<usize>, first: Reading) -> Self {
        Self {
            coordinates,
            seconds: vec![first.seconds],
            rebuild_seconds: first.rebuild_seconds,
            reference: first,
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
            if !self.built.contains(&values) {
                let label = self.coordinates[at].line(value);
                in_time = yard.has_time(&label);
                if !in_time {
                    let outcome = (TuneOutcome::NotTried, "the time budget was spent".to_owned());
                    self.note(at, value, &Reading::default(), &[], outcome);
                    break;
                }
                faster.extend(self.judge(at, &values, &label, yard)?);
                self.built.insert(values);
            }
        }
        let median = |way: &Faster| stats::median(&way.seconds).unwrap_or(f64::INFINITY);
        let Some(best) = faster.iter().min_by(|a, b| median(a).total_cmp(&median(b))) else {
            return Ok(in_time.then_some(false));
        };
        for way in &faster {
            let tried = &mut self.tried[at][way.at];
            if way.value == best.value {
                tried.outcome = TuneOutcome::Chosen;
            } else {
                let better = &self.coordinates[at].values[best.value];
                tried.reason = format!("faster than before, but {better} was faster still");
            }
        }
        self.current[at] = best.value;
        self.seconds.clone_from(&best.seconds);
        self.rebuild_seconds = best.rebuild_seconds;
        Ok(in_time.then_some(true))
    }

    /// Builds with a value, and once more in turn with the current ones where it seems faster.
    fn judge(
        &mut self,
        at: usize,
        values: &[usize],
        label: &str,
        yard: &mut dyn Yard,
    ) -> Result<Option<Faster>> {
        use TuneOutcome::{Failed, Guarded, NotFaster, Slower};
        let value = values[at];
        let first = match yard.build(values, label, false)? {
            Ok(reading) => reading,
            Err(why) => {
                let why = why.lines().next().unwrap_or_default().to_owned();
                self.note(at, value, &Reading::default(), &[], (Failed, why));
                return Ok(None);
            }
        };
        let mut seconds = vec![first.seconds];
        let outcome = match stats::call_sides(Quantity::Seconds, &self.seconds, &seconds) {
            Some(Call::Better) => None,
            Some(Call::Worse) => Some((Slower, "slower beyond noise".to_owned())),
            _ => Some((NotFaster, "no faster beyond noise".to_owned())),
        };
        if let Some(outcome) = outcome {
            self.note(at, value, &first, &seconds, outcome);
            return Ok(None);
        }
        let current = yard.build(&self.current, "the settings so far, again", true)?;
        let second = yard.build(values, &format!("{label}, again"), true)?;
        let (Ok(current), Ok(second)) = (current, second) else {
            let why = "it built once and failed the second time".to_owned();
            self.note(at, value, &first, &seconds, (Failed, why));
            return Ok(None);
        };
        self.seconds.push(current.seconds);
        self.rebuild_seconds = current.rebuild_seconds;
        seconds.push(second.seconds);
        if stats::call_sides(Quantity::Seconds, &self.seconds, &seconds) != Some(Call::Better) {
            let why = "faster at first, but not when built again in turns".to_owned();
            self.note(at, value, &second, &seconds, (NotFaster, why));
            return Ok(None);
        }
        if let Some(why) = self.objection(&second) {
            self.note(at, value, &second, &seconds, (Guarded, why));
            return Ok(None);
        }
        let why = "faster beyond noise, twice in turns".to_owned();
        self.note(at, value, &second, &seconds, (NotFaster, why));
        let at = self.tried[at].len() - 1;
        Ok(Some(Faster { value, seconds, rebuild_seconds: second.rebuild_seconds, at }))
    }

    /// What a guard says against settings that build faster.
    fn objection(&self, reading: &Reading) -> Option<String> {
        if let Some((name, ratio)) = largest(&self.reference, reading)
            && ratio > LARGEST_BINARY
        {
            return Some(format!(
                "`{name}` is {ratio:.2} times as large as before, more than {LARGEST_BINARY:.2}"
            ));
        }
        if let Some(ratio) = bench_ratio(&self.reference, reading)
            && ratio > SLOWEST_BENCH
        {
            return Some(format!(
                "the command of `--bench` takes {ratio:.2} times as long as before, more than {SLOWEST_BENCH:.2}"
            ));
        }
        let (before, after) = (self.rebuild_seconds?, reading.rebuild_seconds?);
        let is_worse =
            stats::call_sides(Quantity::Seconds, &[before], &[after]) == Some(Call::Worse);
        is_worse.then(|| {
            format!("a rebuild after an edit takes {after:.1} s in place of {before:.1} s")
        })
    }

    fn note(
        &mut self,
        at: usize,
        value: usize,
        reading: &Reading,
        seconds: &[f64],
        (outcome, reason): (TuneOutcome, String),
    ) {
        self.tried[at].push(TriedValue {
            value: self.coordinates[at].values[value].clone(),
            seconds: seconds.to_vec(),
            seconds_without: if seconds.is_empty() { Vec::new() } else { self.seconds.clone() },
            binary_ratio: largest(&self.reference, reading).map(|(_, ratio)| ratio),
            bench_ratio: bench_ratio(&self.reference, reading),
            outcome,
            reason,
        });
    }
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
