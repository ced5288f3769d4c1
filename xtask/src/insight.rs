//! What makes a build slow and what other cores would change: figures and sentences, for every report alike.
//!
//! Pure: reads [`Timeline`]s and [`DuplicateRecord`](crate::record::DuplicateRecord)s, whatever they hold, and never says more than they
//! show: unit time is called unit time, and an estimate an estimate.

use std::{collections::BTreeSet, fmt};

use crate::{
    record::{CpuReading, Measurement, Sample, Timeline, TimelineUnit},
    wording,
};

mod cores;
mod duplicates;

pub(crate) use cores::Cores;
pub(crate) use duplicates::{Duplicates, beyond_the_costliest};

/// Units that are named as the costliest.
const COSTLIEST: usize = 5;

/// Units of the critical path that are named; of several between two of them only the number is.
const STEPS: usize = 6;

/// Share of the critical path below which a unit is short: among several, it is not named.
const SHORT: f64 = 0.03;

/// Units of the critical path of which it is said what waits for them.
const HOLDING_UP: usize = 3;

/// What one timed build says of itself; made by [`of`].
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Insight {
    /// `clean-dev` or `clean-release`.
    pub(crate) what: String,
    /// `baseline` or `candidate`.
    pub(crate) side: String,
    /// None without units.
    pub(crate) costliest: Option<Costliest>,
    pub(crate) critical: Option<Critical>,
    /// The costliest units of the critical path for which others wait, costliest first.
    pub(crate) waits: Vec<Waits>,
    pub(crate) cores: Option<Cores>,
    /// Share of the processors' time that was idle, 0 to 1; none where cargo recorded none.
    pub(crate) idle: Option<f64>,
}

/// A unit and its share of something.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Part {
    /// As [`unit_name`] has it.
    pub(crate) name: String,
    pub(crate) seconds: f64,
    /// 0 to 1.
    pub(crate) share: f64,
}

/// The units that take longest.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Costliest {
    /// Longest first, with shares of the unit time.
    pub(crate) units: Vec<Part>,
    /// Sum over all units, not wall time.
    pub(crate) unit_seconds: f64,
}

/// The chain of units that each need the one before.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Critical {
    pub(crate) seconds: f64,
    /// Share of the wall time, 0 to 1.
    pub(crate) share: f64,
    /// Units on it.
    pub(crate) units: usize,
    /// First to last; their seconds add up to the whole.
    pub(crate) steps: Vec<Step>,
}

/// A step of the critical path, or several short ones.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Step {
    /// None where it stands for several.
    pub(crate) name: Option<String>,
    /// Units it stands for.
    pub(crate) units: usize,
    /// Until the next step can start: where its metadata is enough, only the time until that is written.
    pub(crate) seconds: f64,
}

/// A unit and what waits for it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Waits {
    pub(crate) unit: String,
    /// Of the unit.
    pub(crate) seconds: f64,
    /// From its start until its metadata was written, if something needs no more than that.
    pub(crate) metadata_seconds: Option<f64>,
    /// Units that need it, in the order of their starts.
    pub(crate) directly: Vec<String>,
    /// Units that need it, or need one that does.
    pub(crate) in_all: usize,
    /// Units of the whole build.
    pub(crate) of: usize,
}

/// What each timed build of a record says of itself, in the order of the record; the measurements know the
/// processor time.
pub(crate) fn all(timelines: &[Timeline], measurements: &[Measurement]) -> Vec<Insight> {
    let of_sample = |timeline: &Timeline| {
        let measured = measurements.iter().find(|row| row.what == timeline.what)?;
        let samples = match timeline.side.as_str() {
            "baseline" => &measured.samples.baseline,
            _ => &measured.samples.candidate,
        };
        let its_own = |sample: &&Sample| (sample.value - timeline.wall_seconds).abs() < 1e-6;
        samples.iter().find(its_own)?.cpu_seconds
    };
    timelines.iter().map(|timeline| of(timeline, of_sample(timeline))).collect()
}

/// What a timed build says of itself. `processor_seconds` is the user and system time of the same build,
/// where it is known.
pub(crate) fn of(timeline: &Timeline, processor_seconds: Option<f64>) -> Insight {
    Insight {
        what: timeline.what.clone(),
        side: timeline.side.clone(),
        costliest: costliest(timeline),
        critical: critical(timeline),
        waits: waits(timeline),
        cores: Cores::of(timeline, processor_seconds),
        idle: idle(&timeline.cpu),
    }
}

impl Insight {
    /// What holds the build up here, in words, most important first.
    pub(crate) fn on_this_machine(&self) -> Vec<String> {
        let mut said = Vec::new();
        said.extend(self.critical.as_ref().map(ToString::to_string));
        said.extend(self.costliest.as_ref().map(ToString::to_string));
        said.extend(self.waits.iter().map(ToString::to_string));
        said.extend(self.idle.map(|idle| {
            let idle = percent(idle);
            format!("The processors were idle {idle} of the time; what other programs did counts as busy.")
        }));
        said
    }
}

/// A unit as people call it: `syn 2.0.106`, `libc 0.2.176 (build-script)`.
pub(crate) fn unit_name(unit: &TimelineUnit) -> String {
    let words = [unit.package.as_str(), unit.version.as_str()];
    let mut name = words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    match unit.target.trim() {
        "" if unit.mode == "run-custom-build" => name.push_str(" (build-script, run)"),
        "" => {}
        "build-script (run)" => name.push_str(" (build-script, run)"),
        target => name.push_str(&format!(" ({target})")),
    }
    name
}

fn costliest(timeline: &Timeline) -> Option<Costliest> {
    let total = timeline.unit_seconds;
    let mut units: Vec<&TimelineUnit> = timeline.units.iter().collect();
    units.sort_by(|a, b| b.seconds.total_cmp(&a.seconds));
    let part = |unit: &TimelineUnit| {
        Some(Part {
            name: unit_name(unit),
            seconds: unit.seconds,
            share: share(unit.seconds, total)?,
        })
    };
    let units: Vec<Part> = units.into_iter().take(COSTLIEST).filter_map(part).collect();
    (!units.is_empty()).then_some(Costliest { units, unit_seconds: total })
}

/// The critical path as positions that are there, each with the seconds until the next can start.
fn chain(timeline: &Timeline) -> Vec<(usize, f64)> {
    let known = timeline.critical_path.iter().filter(|at| **at < timeline.units.len());
    let path: Vec<usize> = known.copied().collect();
    let step = |(place, at): (usize, &usize)| {
        let unit = &timeline.units[*at];
        let begins = path.get(place + 1).filter(|next| !unit.unblocks.contains(next));
        let seconds = begins.and(unit.metadata_seconds).unwrap_or(unit.seconds);
        (*at, seconds)
    };
    path.iter().enumerate().map(step).collect()
}

fn critical(timeline: &Timeline) -> Option<Critical> {
    let chain = chain(timeline);
    let share = share(timeline.critical_seconds, timeline.wall_seconds)?;
    let mut longest: Vec<usize> = (0..chain.len()).collect();
    longest.sort_by(|a, b| chain[*b].1.total_cmp(&chain[*a].1));
    longest.retain(|place| chain[*place].1 >= SHORT * timeline.critical_seconds);
    let named: BTreeSet<usize> = longest.into_iter().take(STEPS).collect();
    let places: Vec<usize> = (0..chain.len()).collect();
    let runs = places.chunk_by(|a, b| !named.contains(a) && !named.contains(b));
    let step = |run: &[usize]| Step {
        // One alone is as soon named as counted.
        name: (run.len() == 1).then(|| unit_name(&timeline.units[chain[run[0]].0])),
        units: run.len(),
        seconds: run.iter().map(|place| chain[*place].1).sum(),
    };
    let steps = runs.map(step).collect();
    let units = chain.len();
    (units > 0).then_some(Critical { seconds: timeline.critical_seconds, share, units, steps })
}

fn waits(timeline: &Timeline) -> Vec<Waits> {
    let mut chain = chain(timeline);
    chain.sort_by(|a, b| b.1.total_cmp(&a.1));
    let needed = |(at, _): (usize, f64)| {
        let unit = &timeline.units[at];
        let directly: BTreeSet<usize> = after(timeline, at).collect();
        let by_metadata = unit.unblocks_by_metadata.iter().any(|later| directly.contains(later));
        (!directly.is_empty()).then(|| Waits {
            unit: unit_name(unit),
            seconds: unit.seconds,
            metadata_seconds: unit.metadata_seconds.filter(|_| by_metadata),
            directly: directly.iter().map(|later| unit_name(&timeline.units[*later])).collect(),
            in_all: all_after(timeline, at),
            of: timeline.units.len(),
        })
    };
    chain.into_iter().filter_map(needed).take(HOLDING_UP).collect()
}

/// What needs a unit directly.
fn after(timeline: &Timeline, at: usize) -> impl Iterator<Item = usize> {
    let unit = &timeline.units[at];
    let all = unit.unblocks.iter().chain(&unit.unblocks_by_metadata).copied();
    all.filter(|later| *later < timeline.units.len())
}

/// How many need it, directly or not.
fn all_after(timeline: &Timeline, at: usize) -> usize {
    let mut seen = BTreeSet::from([at]);
    let mut queue = vec![at];
    while let Some(at) = queue.pop() {
        queue.extend(after(timeline, at).filter(|later| seen.insert(*later)));
    }
    seen.len() - 1
}

/// A reading is about the time since the one before it.
fn idle(cpu: &[CpuReading]) -> Option<f64> {
    let (mut before, mut busy) = (0.0, 0.0);
    for reading in cpu.iter().filter(|reading| reading.seconds.is_finite()) {
        busy += reading.busy.clamp(0.0, 1.0) * (reading.seconds - before).max(0.0);
        before = before.max(reading.seconds);
    }
    share(busy, before).map(|busy| (1.0 - busy).clamp(0.0, 1.0))
}

/// None where there is nothing to be a share of.
fn share(part: f64, whole: f64) -> Option<f64> {
    let share = part / whole;
    (whole > 0.0 && share.is_finite()).then_some(share)
}

fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

impl fmt::Display for Costliest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let one = |unit: &Part| {
            format!("{} {} ({})", unit.name, wording::seconds(unit.seconds), percent(unit.share))
        };
        let units: Vec<String> = self.units.iter().map(one).collect();
        let total = wording::seconds(self.unit_seconds);
        write!(f, "Of {total} of unit time, the costliest units take: {}.", units.join(", "))
    }
}

impl fmt::Display for Critical {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let steps: Vec<String> = self.steps.iter().map(ToString::to_string).collect();
        write!(
            f,
            "The critical path takes {}, {} of the wall time: {}. With units as long as these, no number \
             of cores makes the build shorter.",
            wording::seconds(self.seconds),
            percent(self.share),
            steps.join(" → ")
        )
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{name} {}", wording::seconds(self.seconds)),
            None => {
                let units = wording::count(self.units, "short unit");
                write!(f, "{units} {}", wording::seconds(self.seconds))
            }
        }
    }
}

impl fmt::Display for Waits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.directly.len();
        let (units, verb) =
            (wording::count(count, "unit"), if count == 1 { "needs" } else { "need" });
        let names = wording::some_of(&self.directly);
        write!(f, "{units} {verb} {}, which takes {}", self.unit, wording::seconds(self.seconds))?;
        if let Some(metadata) = self.metadata_seconds {
            write!(f, " ({} to its metadata)", wording::seconds(metadata))?;
        }
        write!(f, ": {names}.")?;
        if self.in_all > count {
            write!(f, " With those that need them, {} of {} units wait.", self.in_all, self.of)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
