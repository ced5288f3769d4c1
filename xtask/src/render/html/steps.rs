//! The costliest units of both builds, a row each, in the order in which they started.
//!
//! The same units as bars among all others are in the waterfall; here each has its name beside it.

use super::svg::{self, Alternative, Scale, px, rect, text};
use crate::{
    insight::unit_name,
    record::Timeline,
    render::{
        facts::builds::{Build, code_generation, longest},
        lanes, seconds,
    },
    wording::count,
};

/// How many units of each side have a row.
const ROWS: usize = 20;

const ROW: f64 = 16.0;

/// What the figure is called.
fn name(build: &Build<'_>) -> String {
    format!("The costliest units of the {}", build.label)
}

/// The figure; `id` is unique on the page.
pub(super) fn figure(id: &str, build: &Build<'_>) -> String {
    svg::figure("wide", &name(build), "", &chart(id, build))
}

/// The chart alone.
pub(super) fn chart(id: &str, build: &Build<'_>) -> String {
    let scale = Scale::of_time(build.longest_seconds());
    let (mut body, mut y) = (String::new(), 4.0);
    let mut rows = 0;
    for (side, timeline) in &build.sides {
        let mut units: Vec<usize> = longest(timeline).into_iter().take(ROWS).collect();
        units.sort_by(|&a, &b| {
            timeline.units[a].start_seconds.total_cmp(&timeline.units[b].start_seconds)
        });
        let together: f64 = units.iter().map(|&index| timeline.units[index].seconds).sum();
        let heading = format!(
            "{side}: {} of {} units, {} of {} of unit time",
            units.len(),
            timeline.units.len(),
            seconds(together),
            seconds(timeline.unit_seconds)
        );
        body.push_str(&text("head", svg::LEFT, y + 13.0, &heading));
        y += 20.0;
        body.push_str(&format!("<g class=\"{side}\">\n"));
        let critical = lanes::critical(timeline);
        for index in units {
            body.push_str(&row(timeline, index, critical[index], &scale, y));
            y += ROW;
            rows += 1;
        }
        body.push_str("</g>\n");
        y += 14.0;
    }
    let bottom = y - 6.0;
    let name = name(build);
    let description = format!(
        "{} over time, each with its name and its seconds; the tables below hold the costliest of them.",
        count(rows, "bar")
    );
    let alternative = Alternative { id, name: &name, description: &description };
    let grid = svg::time_axis(&scale, 4.0, bottom);
    svg::chart(&alternative, svg::WIDTH, bottom + 24.0, &(grid + &body))
}

fn row(timeline: &Timeline, index: usize, critical: bool, scale: &Scale, y: f64) -> String {
    let unit = &timeline.units[index];
    let (start, end) = (unit.start_seconds, unit.start_seconds + unit.seconds);
    let (x, width) = (scale.at(start), scale.span(start, end).max(1.0));
    let height = ROW - 4.0;
    let class = if critical { "f k" } else { "f" };
    let mut out = rect(class, x, y, width, height, "");
    if let Some(generation) = code_generation(unit).filter(|&seconds| seconds > 0.0) {
        let inset = if critical { 1.0 } else { 0.0 };
        let part = (scale.span(end - generation, end).min(width) - inset).max(0.0);
        let left = x + width - inset - part;
        out.push_str(&rect("g", left, y + inset, part, height - 2.0 * inset, ""));
    }
    let path = if critical { ", critical" } else { "" };
    let label = format!("{}  {}{path}", unit_name(unit), seconds(unit.seconds));
    // Behind the bar, or before it where the chart ends.
    let room = svg::WIDTH - (x + width) - 8.0;
    let (class, at) =
        if svg::fits(&label, room) { ("beside", x + width + 5.0) } else { ("beside end", x - 5.0) };
    out.push_str(&format!(
        "<text class=\"{class}\" x=\"{}\" y=\"{}\">{}</text>\n",
        px(at),
        px(y + 10.0),
        super::escape(&label)
    ));
    out
}
