//! What a timeline looks like: units in rows of time, how many run side by side, and averages over time.
//!
//! Pure. Positions that a damaged record names and that are not there are left out.

use crate::record::{CpuReading, Timeline, TimelineUnit};

/// How far two units in one row may overlap, seconds: cargo's report rounds its times to hundredths,
/// start and duration each by itself.
const OVERLAP: f64 = 0.021;

/// A value from one moment to another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Step {
    pub(super) from: f64,
    pub(super) to: f64,
    pub(super) value: f64,
}

/// The row of each unit: the first in which nothing else runs at that time.
pub(super) fn lanes(units: &[TimelineUnit]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..units.len()).collect();
    order.sort_by(|&a, &b| units[a].start_seconds.total_cmp(&units[b].start_seconds));
    let mut ends: Vec<f64> = Vec::new();
    let mut lanes = vec![0; units.len()];
    for index in order {
        let unit = &units[index];
        let free = ends.iter().position(|&end| end <= unit.start_seconds + OVERLAP);
        let lane = free.unwrap_or(ends.len());
        let end = unit.start_seconds + unit.seconds;
        match ends.get_mut(lane) {
            Some(last) => *last = end,
            None => ends.push(end),
        }
        lanes[index] = lane;
    }
    lanes
}

/// Whether each unit is on the critical path.
pub(super) fn critical(timeline: &Timeline) -> Vec<bool> {
    let mut critical = vec![false; timeline.units.len()];
    for &index in &timeline.critical_path {
        if let Some(flag) = critical.get_mut(index) {
            *flag = true;
        }
    }
    critical
}

/// The time of each unit until its metadata, or its whole time: what others wait for.
pub(super) fn front_ends(units: &[TimelineUnit]) -> Vec<Step> {
    let front = |unit: &TimelineUnit| unit.metadata_seconds.unwrap_or(unit.seconds);
    let step = |unit: &TimelineUnit| Step {
        from: unit.start_seconds,
        to: unit.start_seconds + front(unit).min(unit.seconds),
        value: 1.0,
    };
    units.iter().map(step).collect()
}

/// The time of each unit after its metadata: code generation that others need not wait for.
pub(super) fn code_generation(units: &[TimelineUnit]) -> Vec<Step> {
    let step = |unit: &TimelineUnit| {
        let metadata = unit.metadata_seconds.filter(|&at| at < unit.seconds)?;
        let start = unit.start_seconds;
        Some(Step { from: start + metadata, to: start + unit.seconds, value: 1.0 })
    };
    units.iter().filter_map(step).collect()
}

/// A reading says how busy the machine was since the one before it.
pub(super) fn busy(readings: &[CpuReading]) -> Vec<Step> {
    let starts = std::iter::once(0.0).chain(readings.iter().map(|reading| reading.seconds));
    let steps = readings.iter().zip(starts);
    let step = |(reading, from): (&CpuReading, f64)| Step {
        from,
        to: reading.seconds,
        value: reading.busy,
    };
    steps.map(step).collect()
}

/// Mean of the sum of all steps in each of `buckets` equal parts of the time from 0 to `end`.
pub(super) fn averaged(steps: &[Step], end: f64, buckets: usize) -> Vec<f64> {
    let mut sums = vec![0.0; buckets];
    let width = end / buckets as f64;
    if !(width.is_finite() && width > 0.0) {
        return sums;
    }
    for step in steps {
        let (from, to) = (step.from.max(0.0), step.to.min(end));
        if !(from < to && step.value.is_finite()) {
            continue;
        }
        // `as` saturates.
        let first = (from / width) as usize;
        for (bucket, sum) in sums.iter_mut().enumerate().skip(first) {
            let start = bucket as f64 * width;
            if start >= to {
                break;
            }
            *sum += step.value * (to.min(start + width) - from.max(start)).max(0.0) / width;
        }
    }
    sums
}

/// Mean of the steps over the time that they cover; `None` where they cover none.
pub(super) fn mean(steps: &[Step]) -> Option<f64> {
    let time: f64 = steps.iter().map(|step| step.to - step.from).sum();
    let area: f64 = steps.iter().map(|step| step.value * (step.to - step.from)).sum();
    let mean = area / time;
    (time > 0.0 && mean.is_finite()).then_some(mean)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(start_seconds: f64, seconds: f64, metadata_seconds: Option<f64>) -> TimelineUnit {
        TimelineUnit {
            package: "p".to_owned(),
            version: "1.0.0".to_owned(),
            target: String::new(),
            mode: "todo".to_owned(),
            start_seconds,
            seconds,
            metadata_seconds,
            unblocks: Vec::new(),
            unblocks_by_metadata: Vec::new(),
        }
    }

    #[test]
    fn units_that_run_side_by_side_stand_in_rows_of_their_own() {
        let units = [unit(0.0, 2.0, None), unit(1.0, 3.0, None), unit(2.0, 1.0, None)];
        assert_eq!(lanes(&units), [0, 1, 0]);
    }

    #[test]
    fn an_overlap_from_rounding_takes_no_row() {
        assert_eq!(lanes(&[unit(0.0, 1.01, None), unit(1.0, 1.0, None)]), [0, 0]);
    }

    #[test]
    fn averages_spread_a_step_over_the_parts_it_touches() {
        let steps = [Step { from: 0.5, to: 2.0, value: 1.0 }];
        assert_eq!(averaged(&steps, 4.0, 4), [0.5, 1.0, 0.0, 0.0]);
        assert_eq!(averaged(&steps, 0.0, 2), [0.0, 0.0]);
        assert_eq!(averaged(&[Step { from: 3.0, to: 9.0, value: 2.0 }], 4.0, 2), [0.0, 1.0]);
    }

    #[test]
    fn code_generation_is_what_follows_the_metadata() {
        let units = [unit(1.0, 4.0, Some(1.5)), unit(0.0, 1.0, None), unit(0.0, 1.0, Some(1.0))];
        assert_eq!(code_generation(&units), [Step { from: 2.5, to: 5.0, value: 1.0 }]);
        assert_eq!(front_ends(&units)[0], Step { from: 1.0, to: 2.5, value: 1.0 });
    }

    #[test]
    fn the_mean_weighs_each_reading_by_its_time() {
        let readings =
            [CpuReading { seconds: 1.0, busy: 1.0 }, CpuReading { seconds: 4.0, busy: 0.2 }];
        assert_eq!(mean(&busy(&readings)), Some(0.4));
        assert_eq!(mean(&[]), None);
    }
}
