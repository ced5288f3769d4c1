//! A timing report as a record: the units on one scale, who needs whom, and what other cores would change.
//!
//! Pure. Whatever the report holds, this ends and does not panic.

use std::time::Duration;

use cargo_metadata::Metadata;

use super::{
    Timings, Unit,
    schedule::{self, Rest, Work},
    waits,
};
use crate::record::{Calibration, CoreEstimate, CpuReading, Timeline, TimelineUnit};

/// Numbers of cores that are asked about, besides the machine's own.
const CORES: [usize; 6] = [1, 2, 4, 8, 16, 32];

/// What a build on a machine with `cores` processors, which took `wall`, looked like from the inside.
///
/// `what` is the kind of build, `side` whose it is, as in [`Timeline`]. `metadata` is the graph of the
/// same side for the host (`cargo metadata --filter-platform`): of all that a unit needs the report names
/// only what it waited for last, with which the critical path and the estimates would come out too short.
pub(crate) fn timeline(
    what: &str,
    side: &str,
    wall: Duration,
    cores: usize,
    timings: &Timings,
    metadata: &Metadata,
) -> Timeline {
    let mut units: Vec<&Unit> = timings.units.iter().collect();
    // Stable: of starts that cargo rounded to the same hundredth, its own order is the true one.
    units.sort_by_key(|unit| unit.start);
    let works = waits::works(&units, metadata);
    let rest = Rest::of(&works);
    let side_by_side = timings.jobs.unwrap_or(cores).max(1);
    let numbers = [CORES.as_slice(), &[cores.max(1), side_by_side]].concat();
    let simulated = schedule::with_cores(&works, &rest, &numbers);
    let own = simulated.iter().find(|(cores, nanos)| *cores == side_by_side && *nanos > 0);
    let calibration =
        own.map(|&(cores, nanos)| Calibration { cores, simulated_seconds: seconds(nanos) });
    let scale = calibration.map(|own| wall.as_secs_f64() / own.simulated_seconds);
    Timeline {
        what: what.to_owned(),
        side: side.to_owned(),
        wall_seconds: wall.as_secs_f64(),
        unit_seconds: seconds(works.iter().map(|work| work.takes).sum()),
        units: units.iter().zip(&works).map(|(unit, work)| recorded(unit, work)).collect(),
        critical_path: rest.critical_path(),
        critical_seconds: seconds(rest.critical()),
        cpu: timings
            .cpu
            .iter()
            .map(|cpu| CpuReading { seconds: cpu.at.as_secs_f64(), busy: cpu.busy })
            .collect(),
        estimates: scale.map(|scale| scaled(&simulated, scale)).unwrap_or_default(),
        calibration,
    }
}

fn recorded(unit: &Unit, work: &Work) -> TimelineUnit {
    let says_metadata = unit.metadata.is_some() || !work.unblocks_by_metadata.is_empty();
    TimelineUnit {
        package: unit.name.clone(),
        version: unit.version.clone(),
        target: unit.target.clone(),
        mode: unit.mode.clone(),
        start_seconds: unit.start.as_secs_f64(),
        seconds: seconds(work.takes),
        metadata_seconds: says_metadata.then(|| seconds(work.metadata)),
        unblocks: work.unblocks.clone(),
        unblocks_by_metadata: work.unblocks_by_metadata.clone(),
    }
}

fn scaled(simulated: &[(usize, u128)], scale: f64) -> Vec<CoreEstimate> {
    let estimate =
        |&(cores, nanos): &(usize, u128)| CoreEstimate { cores, seconds: seconds(nanos) * scale };
    simulated.iter().map(estimate).collect()
}

fn seconds(nanos: u128) -> f64 {
    nanos as f64 / 1e9
}

#[cfg(test)]
mod tests;
