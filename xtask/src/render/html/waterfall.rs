//! Both builds of a kind, one above the other on one time scale: a bar for each unit.
//!
//! A unit stands in the first row that is free, so there are as many rows as units ran side by side. What
//! is too narrow to be seen is drawn together with its neighbours, and a line says how many.

use super::svg::{self, Alternative, Scale, px, rect, text};
use crate::{
    insight::unit_name,
    record::{Timeline, TimelineUnit},
    render::{
        facts::builds::{Build, code_generation, side_by_side},
        lanes, seconds,
    },
    wording::count,
};

/// Narrower bars are drawn together with their neighbours. In units of the chart, about pixels.
const NARROWEST: f64 = 1.0;

/// Height of the strip of the critical path, and the space above it.
const STRIP: f64 = 6.0;

/// What the colours and shapes mean: a swatch of 16 by 12, and words.
pub(super) const LEGEND: [(&str, &str); 4] = [
    (
        "<g class=\"before\"><rect class=\"f\" width=\"8\" height=\"12\"/></g><g class=\"after\">\
      <rect class=\"f\" x=\"8\" width=\"8\" height=\"12\"/></g>",
        "until metadata (or the whole unit)",
    ),
    (
        "<g class=\"before\"><rect class=\"g\" width=\"8\" height=\"12\"/></g><g class=\"after\">\
      <rect class=\"g\" x=\"8\" width=\"8\" height=\"12\"/></g>",
        "code generation after it",
    ),
    (
        "<g class=\"before\"><rect class=\"f\" y=\"6\" width=\"8\" height=\"6\"/></g><g class=\"after\">\
      <rect class=\"f\" x=\"8\" y=\"6\" width=\"8\" height=\"6\"/></g>",
        "half height: run of a build script",
    ),
    (
        "<rect class=\"k\" x=\"1\" y=\"1\" width=\"14\" height=\"6\"/><rect class=\"strip\" y=\"9\" \
      width=\"16\" height=\"3\"/>",
        "outlined, and the strip below: critical path",
    ),
];

/// The chart alone, and how many units are too short to be drawn by themselves.
pub(super) fn chart(id: &str, build: &Build<'_>) -> (String, usize) {
    let scale = Scale::of_time(build.longest_seconds());
    let (mut body, mut y, mut merged) = (String::new(), 4.0, 0);
    for (side, timeline) in &build.sides {
        let panel = Panel::new(side, timeline, &scale, y);
        merged += panel.merged;
        y = panel.bottom + 18.0;
        body.push_str(&panel.body);
    }
    let bottom = y - 6.0;
    let name = format!("Waterfall of the {}", build.label);
    let sides: Vec<String> =
        build.sides.iter().map(|(side, timeline)| described(side, timeline)).collect();
    let description = format!(
        "A bar for each unit over time. {}. The tables below name the costliest units and the critical path.",
        sides.join("; ")
    );
    let alternative = Alternative { id, name: &name, description: &description };
    let grid = svg::time_axis(&scale, 4.0, bottom);
    (svg::chart(&alternative, svg::WIDTH, bottom + 24.0, &(grid + &body)), merged)
}

/// The figure; `id` is unique on the page.
pub(super) fn figure(id: &str, build: &Build<'_>) -> String {
    let (chart, merged) = chart(id, build);
    let legend = svg::legend(&LEGEND);
    let caption = format!("{}: every unit on one time scale", super::capitalised(build.label));
    let note = match merged {
        0 => String::new(),
        number => format!(
            "<p class=\"small\">{} too short to be seen alone: drawn together with their neighbours.</p>\n",
            count(number, "unit")
        ),
    };
    svg::figure("wide", &caption, &legend, &chart) + &note
}

fn described(side: &str, timeline: &Timeline) -> String {
    format!(
        "{side}: {}, {}, on average {} side by side, critical path {}",
        seconds(timeline.wall_seconds),
        count(timeline.units.len(), "unit"),
        side_by_side(timeline),
        seconds(timeline.critical_seconds),
    )
}

/// One build.
struct Panel {
    body: String,
    bottom: f64,
    /// Units that are not drawn by themselves.
    merged: usize,
}

/// Neighbours that are drawn as one bar.
struct Run {
    from: f64,
    to: f64,
    units: usize,
    seconds: f64,
}

impl Panel {
    fn new(side: &str, timeline: &Timeline, scale: &Scale, top: f64) -> Self {
        let lanes = lanes::lanes(&timeline.units);
        let number = lanes.iter().max().map_or(0, |last| last + 1);
        let height = match number {
            0..=8 => 22.0,
            9..=24 => 15.0,
            _ => 8.0,
        };
        let first = top + 22.0;
        let mut panel = Self { body: String::new(), bottom: 0.0, merged: 0 };
        panel.body.push_str(&format!("<g class=\"{side}\">\n"));
        panel.body.push_str(&text("head", svg::LEFT, top + 13.0, &described(side, timeline)));
        let critical = lanes::critical(timeline);
        for lane in 0..number {
            let y = first + lane as f64 * height;
            let mut units: Vec<usize> = (0..lanes.len()).filter(|&it| lanes[it] == lane).collect();
            let start = |index: usize| timeline.units[index].start_seconds;
            units.sort_by(|&a, &b| start(a).total_cmp(&start(b)));
            panel.lane(timeline, &units, &critical, scale, (y, height - 2.0));
        }
        let below = first + number as f64 * height + 2.0;
        panel.body.push_str(&strip(timeline, scale, below));
        panel.body.push_str("</g>\n");
        panel.bottom = below + STRIP;
        panel
    }

    fn lane(
        &mut self,
        timeline: &Timeline,
        units: &[usize],
        critical: &[bool],
        scale: &Scale,
        (y, height): (f64, f64),
    ) {
        let mut run: Option<Run> = None;
        for &index in units {
            let unit = &timeline.units[index];
            let end = unit.start_seconds + unit.seconds;
            if scale.span(unit.start_seconds, end) >= NARROWEST {
                self.end(run.take(), scale, (y, height));
                self.body.push_str(&bar(unit, critical[index], scale, (y, height)));
                continue;
            }
            match &mut run {
                Some(run) if scale.span(run.to, unit.start_seconds) < NARROWEST => {
                    run.to = end;
                    run.units += 1;
                    run.seconds += unit.seconds;
                }
                _ => {
                    let next =
                        Run { from: unit.start_seconds, to: end, units: 1, seconds: unit.seconds };
                    self.end(run.replace(next), scale, (y, height));
                }
            }
        }
        self.end(run, scale, (y, height));
    }

    fn end(&mut self, run: Option<Run>, scale: &Scale, (y, height): (f64, f64)) {
        let Some(run) = run else { return };
        self.merged += run.units;
        let tip = format!("{}, {} together", count(run.units, "short unit"), seconds(run.seconds));
        let width = scale.span(run.from, run.to).max(1.0);
        self.body.push_str(&rect("f", scale.at(run.from), y, width, height, &tip));
    }
}

fn bar(unit: &TimelineUnit, critical: bool, scale: &Scale, (y, height): (f64, f64)) -> String {
    let (start, end) = (unit.start_seconds, unit.start_seconds + unit.seconds);
    let (x, width) = (scale.at(start), scale.span(start, end));
    // A hair of ground between neighbours.
    let drawn = (width - 0.5).max(1.0);
    let is_run = unit.mode == "run-custom-build";
    let (top, tall) = if is_run { (y + height / 2.0, height / 2.0) } else { (y, height) };
    let generation = code_generation(unit).filter(|&seconds| seconds > 0.0);
    let after =
        generation.map_or(String::new(), |it| format!(", {} of it after metadata", seconds(it)));
    let path = if critical { ", on the critical path" } else { "" };
    let tip = format!(
        "{}: {} from {}{after}{path}",
        unit_name(unit),
        seconds(unit.seconds),
        seconds(start)
    );
    let mut out = rect(if critical { "f k" } else { "f" }, x, top, drawn, tall, &tip);
    if let Some(generation) = generation {
        let part = scale.span(end - generation, end).min(drawn);
        if part >= 0.5 {
            // Below the outline of what is critical, and not in the way of the tooltip.
            let inset = if critical { 1.0 } else { 0.0 };
            let part = (part - inset).max(0.3);
            let left = x + drawn - inset - part;
            out.push_str(&rect("g", left, top + inset, part, tall - 2.0 * inset, ""));
        }
    }
    if !is_run && height >= 12.0 && svg::fits(&unit.package, drawn) {
        out.push_str(&text("in", x + 4.0, y + height / 2.0 + 4.0, &unit.package));
    }
    out
}

/// When units of the critical path were at work: their part of it.
fn strip(timeline: &Timeline, scale: &Scale, y: f64) -> String {
    let units = timeline.critical_path.iter().filter_map(|&index| timeline.units.get(index));
    let path: String = units
        .map(|unit| {
            let x = scale.at(unit.start_seconds);
            let width = scale.span(unit.start_seconds, unit.start_seconds + unit.seconds).max(0.5);
            format!("M{} {}h{}v{STRIP}h-{}z", px(x), px(y), px(width), px(width))
        })
        .collect();
    if path.is_empty() {
        return path;
    }
    format!("<path class=\"strip\" d=\"{path}\"><title>critical path</title></path>\n")
}
