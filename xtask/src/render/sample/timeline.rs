//! Made-up timelines, the same at every call: units with dependencies, laid out on two cores.
//!
//! No result: only the shape is that of a build.

use crate::record::{Calibration, CoreEstimate, CpuReading, Timeline, TimelineUnit};

const CORES: usize = 2;

const NAMES: [&str; 24] = [
    "libc",
    "serde",
    "tokio",
    "syn",
    "quote",
    "proc-macro2",
    "hyper",
    "regex-automata",
    "memchr",
    "rustls",
    "aho-corasick",
    "dashmap",
    "futures-util",
    "tracing",
    "ndarray",
    "http",
    "bytes",
    "parking_lot",
    "smallvec",
    "hashbrown",
    "indexmap",
    "url",
    "chrono",
    "thiserror",
];

const MEMBERS: [&str; 4] = ["aimds-core", "aimds-detection", "aimds-analysis", "aimds-response"];

/// A generator of numbers below 1 that is the same everywhere (Knuth's MMIX constants).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> f64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f64 / (1u64 << 24) as f64
    }
}

/// A build of so many units that takes `wall_seconds`.
pub(in crate::render) fn timeline(
    what: &str,
    side: &str,
    number: usize,
    wall_seconds: f64,
) -> Timeline {
    let mut numbers = Numbers(7);
    let mut units: Vec<TimelineUnit> = Vec::new();
    let mut waits: Vec<Vec<usize>> = Vec::new();
    for index in 0..number {
        units.push(unit(index, number, &mut numbers));
        let near = index.min(40);
        let mut on: Vec<usize> = (0..3)
            .filter(|_| near > 0)
            .map(|_| index - 1 - (numbers.next() * near as f64) as usize)
            .collect();
        on.retain(|&other| units[other].mode == "todo" && !units[other].target.starts_with("bin"));
        on.sort_unstable();
        on.dedup();
        waits.push(on);
    }
    let took = lay_out(&mut units, &waits);
    for unit in &mut units {
        let scaled = |time: f64| (time * wall_seconds / took * 100.0).round() / 100.0;
        unit.start_seconds = scaled(unit.start_seconds);
        unit.seconds = scaled(unit.seconds).max(0.01);
        unit.metadata_seconds = unit.metadata_seconds.map(scaled);
    }
    for (index, on) in waits.iter().enumerate() {
        for &other in on {
            let by_metadata = units[other].metadata_seconds.is_some();
            let unit = &mut units[other];
            let list =
                if by_metadata { &mut unit.unblocks_by_metadata } else { &mut unit.unblocks };
            list.push(index);
        }
    }
    let unit_seconds = units.iter().map(|unit| unit.seconds).sum::<f64>();
    let (critical_path, critical_seconds) = longest_chain(&units, &waits);
    let cpu = cpu(&units, wall_seconds, &mut numbers);
    let estimates = [1, 2, 4, 8, 16, 32].map(|cores| {
        let fair = unit_seconds / cores as f64 * (wall_seconds * 2.0 / unit_seconds);
        CoreEstimate { cores, seconds: fair.max(critical_seconds) }
    });
    Timeline {
        what: what.to_owned(),
        side: side.to_owned(),
        wall_seconds,
        unit_seconds,
        units,
        critical_path,
        critical_seconds,
        cpu,
        estimates: estimates.to_vec(),
        calibration: Some(Calibration { cores: 2, simulated_seconds: wall_seconds * 0.97 }),
    }
}

fn unit(index: usize, number: usize, numbers: &mut Numbers) -> TimelineUnit {
    let member = (index + MEMBERS.len()).checked_sub(number).and_then(|at| MEMBERS.get(at));
    let round = index / NAMES.len();
    let (target, mode) = match (member, index % 9) {
        (Some(_), _) => ("", "todo"),
        (None, 4) => ("build-script", "todo"),
        (None, 5) => ("", "run-custom-build"),
        (None, _) => ("", "todo"),
    };
    let base = NAMES[index % NAMES.len()];
    let package = match (member, round) {
        (Some(member), _) => (*member).to_owned(),
        (None, 0) => base.to_owned(),
        (None, round) => format!("{base}-{}", ["core", "impl", "util", "sys", "derive"][round % 5]),
    };
    // A few take long, most are small.
    let long = numbers.next().powi(9) * 60.0;
    let seconds = if mode == "run-custom-build" { 0.1 } else { 0.4 + long };
    let metadata =
        (target.is_empty() && mode == "todo").then(|| seconds * (0.35 + numbers.next() * 0.4));
    TimelineUnit {
        package,
        version: format!("{}.{}.{}", round / 5 + 1, index % 7, index % 11),
        target: target.to_owned(),
        mode: mode.to_owned(),
        start_seconds: 0.0,
        seconds,
        metadata_seconds: metadata,
        unblocks: Vec::new(),
        unblocks_by_metadata: Vec::new(),
    }
}

/// Gives each unit, in order, to the core that is free first. Returns when the last is done.
fn lay_out(units: &mut [TimelineUnit], waits: &[Vec<usize>]) -> f64 {
    let mut free = [0.0_f64; CORES];
    for index in 0..units.len() {
        let ready = waits[index].iter().map(|&other| released(&units[other])).fold(0.0, f64::max);
        let core = if free[0] <= free[1] { 0 } else { 1 };
        let start = ready.max(free[core]);
        units[index].start_seconds = start;
        free[core] = start + units[index].seconds;
    }
    free[0].max(free[1])
}

/// When what waits for a unit can start.
fn released(unit: &TimelineUnit) -> f64 {
    unit.start_seconds + unit.metadata_seconds.unwrap_or(unit.seconds)
}

fn longest_chain(units: &[TimelineUnit], waits: &[Vec<usize>]) -> (Vec<usize>, f64) {
    // Time from the start of the chain to the start of each unit, and the one before it.
    let mut before: Vec<(f64, Option<usize>)> = Vec::new();
    for on in waits {
        let chains = on.iter().map(|&other| {
            let unit = &units[other];
            (before[other].0 + unit.metadata_seconds.unwrap_or(unit.seconds), Some(other))
        });
        before.push(chains.fold((0.0, None), |best, it| if it.0 > best.0 { it } else { best }));
    }
    let length = |index: &usize| before[*index].0 + units[*index].seconds;
    let last = (0..units.len()).max_by(|a, b| length(a).total_cmp(&length(b)));
    let mut chain = Vec::new();
    let mut next = last;
    while let Some(index) = next {
        chain.push(index);
        next = before[index].1;
    }
    chain.reverse();
    (chain, last.as_ref().map_or(0.0, length))
}

fn cpu(units: &[TimelineUnit], wall_seconds: f64, numbers: &mut Numbers) -> Vec<CpuReading> {
    const READINGS: usize = 120;
    let reading = |index: usize| {
        let seconds = wall_seconds * index as f64 / READINGS as f64;
        let runs = |unit: &&TimelineUnit| {
            unit.start_seconds <= seconds && seconds < unit.start_seconds + unit.seconds
        };
        let running = units.iter().filter(runs).count().min(CORES);
        let busy = running as f64 / CORES as f64 * (0.88 + numbers.next() * 0.12);
        CpuReading {
            seconds: (seconds * 100.0).round() / 100.0,
            busy: (busy * 1000.0).round() / 1000.0,
        }
    };
    (1..=READINGS).map(reading).collect()
}
