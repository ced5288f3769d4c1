//! Timed builds from the inside: both sides of each kind, their costliest units and critical paths.
//!
//! Everything comes from the timelines; means are computed here once, for tables and charts alike.

use std::cmp::Ordering;

use crate::{
    insight::unit_name,
    record::{Record, Timeline, TimelineUnit},
    render::{
        DASH, LABELS,
        figures::{decimal, share},
        label, lanes, seconds,
        sheet::{Block, Kind, Sheet},
    },
    wording::count,
};

/// How many of the costliest units are listed for each build.
const COSTLIEST: usize = 10;

/// The timelines of one kind of build.
pub(in crate::render) struct Build<'a> {
    pub(in crate::render) label: &'a str,
    /// `before` and `after`, as far as there are timelines.
    pub(in crate::render) sides: Vec<(&'static str, &'a Timeline)>,
}

impl Build<'_> {
    /// The longer of the builds: what the scale of its charts ends with.
    pub(in crate::render) fn longest_seconds(&self) -> f64 {
        let ends = self.sides.iter().map(|(_, timeline)| end_seconds(timeline));
        ends.fold(0.0, f64::max)
    }
}

/// The kinds of builds that have timelines, in the order of the table.
pub(in crate::render) fn builds(record: &Record) -> Vec<Build<'_>> {
    let mut kinds: Vec<&str> = Vec::new();
    for timeline in record.timelines.iter().filter(|timeline| !timeline.units.is_empty()) {
        if !kinds.contains(&timeline.what.as_str()) {
            kinds.push(&timeline.what);
        }
    }
    kinds.sort_by_key(|kind| LABELS.iter().position(|(what, _)| what == kind));
    let of = |what| {
        let sides = [("before", "baseline"), ("after", "candidate")].into_iter();
        let sides = sides.filter_map(|(word, side)| {
            let mut timelines = record.timelines.iter();
            let found = timelines.find(|it| it.what == what && it.side == side)?;
            (!found.units.is_empty()).then_some((word, found))
        });
        Build { label: label(what), sides: sides.collect() }
    };
    kinds.into_iter().map(of).filter(|build| !build.sides.is_empty()).collect()
}

/// The end of a build: its wall time, or that of its last unit if a damaged record says so.
pub(in crate::render) fn end_seconds(timeline: &Timeline) -> f64 {
    let ends = timeline.units.iter().map(|unit| unit.start_seconds + unit.seconds);
    ends.chain([timeline.wall_seconds]).filter(|end| end.is_finite()).fold(0.0, f64::max)
}

/// A line for each build: wall time, units, how many side by side, the critical path, processors.
pub(in crate::render) fn summary(record: &Record) -> Option<Block> {
    let builds = builds(record);
    let rows = builds.iter().flat_map(|build| {
        build.sides.iter().map(|(side, timeline)| {
            vec![
                format!("{}, {side}", build.label),
                seconds(timeline.wall_seconds),
                timeline.units.len().to_string(),
                seconds(timeline.unit_seconds),
                side_by_side(timeline),
                seconds(timeline.critical_seconds),
                lanes::mean(&lanes::busy(&timeline.cpu)).map_or_else(|| DASH.to_owned(), share),
            ]
        })
    });
    let sheet = Sheet::new(
        "Each build from the inside",
        &[
            ("build", Kind::Text),
            ("wall time", Kind::Number),
            ("units", Kind::Number),
            ("unit time", Kind::Number),
            ("side by side", Kind::Number),
            ("critical path", Kind::Number),
            ("processors busy", Kind::Number),
        ],
    );
    let sheet = sheet.with(rows);
    (!sheet.rows.is_empty()).then_some(Block::Sheet(sheet))
}

/// Mean number of units at work.
pub(in crate::render) fn side_by_side(timeline: &Timeline) -> String {
    let mean = timeline.unit_seconds / timeline.wall_seconds;
    if mean.is_finite() { decimal(mean) } else { DASH.to_owned() }
}

/// The costliest units and the critical path of each build.
pub(in crate::render) fn units(build: &Build<'_>) -> Vec<Block> {
    let blocks = build.sides.iter().flat_map(|(side, timeline)| {
        [costliest(build.label, side, timeline), chain(build.label, side, timeline)]
    });
    blocks.flatten().collect()
}

fn costliest(label: &str, side: &str, timeline: &Timeline) -> Option<Block> {
    let critical = lanes::critical(timeline);
    let rows = longest(timeline).into_iter().take(COSTLIEST).map(|index| {
        let unit = &timeline.units[index];
        let generation = code_generation(unit).map_or_else(|| DASH.to_owned(), seconds);
        let on_path = if critical[index] { "yes" } else { "no" };
        vec![
            unit_name(unit),
            seconds(unit.seconds),
            generation,
            seconds(unit.start_seconds),
            on_path.to_owned(),
        ]
    });
    let sheet = Sheet::new(
        format!("Costliest units: {label}, {side}"),
        &[
            ("unit", Kind::Code),
            ("time", Kind::Number),
            ("after metadata", Kind::Number),
            ("started at", Kind::Number),
            ("on the critical path", Kind::Text),
        ],
    );
    let sheet = sheet.with(rows);
    (!sheet.rows.is_empty()).then_some(Block::Folded(sheet))
}

fn chain(label: &str, side: &str, timeline: &Timeline) -> Option<Block> {
    let units = timeline.critical_path.iter().filter_map(|&index| timeline.units.get(index));
    let rows =
        units.map(|unit| vec![unit_name(unit), seconds(unit.start_seconds), seconds(unit.seconds)]);
    let sheet = Sheet::new(
        format!("Critical path, {} in all: {label}, {side}", seconds(timeline.critical_seconds)),
        &[("unit", Kind::Code), ("started at", Kind::Number), ("time", Kind::Number)],
    );
    let sheet = sheet.with(rows);
    (!sheet.rows.is_empty()).then_some(Block::Folded(sheet))
}

/// Positions of the units, longest first.
pub(in crate::render) fn longest(timeline: &Timeline) -> Vec<usize> {
    let units = &timeline.units;
    let mut order: Vec<usize> = (0..units.len()).collect();
    order.sort_by(|&a, &b| match units[b].seconds.total_cmp(&units[a].seconds) {
        Ordering::Equal => a.cmp(&b),
        other => other,
    });
    order
}

/// Time after the metadata was written.
pub(in crate::render) fn code_generation(unit: &TimelineUnit) -> Option<f64> {
    unit.metadata_seconds.map(|metadata| (unit.seconds - metadata).max(0.0))
}

/// Why a section that a reader may expect is missing; empty where nothing was timed.
pub(in crate::render) fn missing(record: &Record) -> Vec<String> {
    let timed = record.measurements.iter().filter(|it| it.what.starts_with("clean-")).count();
    if timed == 0 || !record.timelines.is_empty() {
        return Vec::new();
    }
    let builds = count(timed, "kind");
    vec![format!("no unit times were read of {builds} of timed builds: no waterfalls are drawn")]
}
