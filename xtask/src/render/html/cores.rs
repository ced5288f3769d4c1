//! Estimated wall times with other numbers of cores, as columns.
//!
//! The word "estimated" stands in every caption: nothing here was measured.

use super::svg::{self, Alternative, Scale, rect, text};
use crate::{
    record::Timeline,
    render::{facts::builds::Build, seconds},
};

const HEIGHT: f64 = 170.0;
const COLUMN: f64 = 34.0;
const LEFT: f64 = 12.0;

/// The figure; `id` is unique on the page. `own` are the cores of the machine.
pub(super) fn figure(id: &str, build: &Build<'_>, own: usize) -> String {
    let estimates = |timeline: &Timeline| timeline.estimates.clone();
    let all: Vec<_> = build.sides.iter().flat_map(|(_, timeline)| estimates(timeline)).collect();
    let mut numbers: Vec<usize> = all.iter().map(|estimate| estimate.cores).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let most = all.iter().map(|estimate| estimate.seconds).fold(0.0, f64::max);
    let bottom = 20.0 + HEIGHT;
    let scale = Scale::new(most, bottom, -HEIGHT);
    let group = 2.0 * COLUMN + 24.0;
    let width = LEFT * 2.0 + group * numbers.len() as f64;
    let mut body = svg::line("base", (LEFT, bottom), (width - LEFT, bottom));
    for (index, cores) in numbers.iter().enumerate() {
        let x = LEFT + group * index as f64 + 12.0;
        for (position, (side, timeline)) in build.sides.iter().enumerate() {
            let mut found = timeline.estimates.iter();
            let Some(estimate) = found.find(|estimate| estimate.cores == *cores) else { continue };
            let left = x + position as f64 * COLUMN;
            let at = scale.at(estimate.seconds);
            let value = seconds(estimate.seconds);
            let tip = format!("{side}, {cores} cores: about {value}");
            let column = rect("f", left + 2.0, at, COLUMN - 4.0, bottom - at, &tip);
            body.push_str(&format!("<g class=\"{side}\">{column}</g>\n"));
            let short = value.trim_end_matches(" s");
            body.push_str(&text("tick mid", left + COLUMN / 2.0, at - 5.0, short));
        }
        let class = if *cores == own { "tick mid own" } else { "tick mid" };
        let label = if *cores == own { format!("{cores} (this)") } else { cores.to_string() };
        body.push_str(&text(class, x + COLUMN, bottom + 17.0, &label));
    }
    body.push_str(&text("tick mid", width / 2.0, bottom + 35.0, "cores"));
    let name = format!("Estimated wall time by cores, {}", build.label);
    let description =
        "Two columns for each number of cores, before and after; the table has the figures.";
    let alternative = Alternative { id, name: &name, description };
    let chart = svg::chart(&alternative, width, bottom + 42.0, &body);
    let legend = svg::legend(&[
        ("<g class=\"before\"><rect class=\"f\" width=\"16\" height=\"12\"/></g>", "left: before"),
        ("<g class=\"after\"><rect class=\"f\" width=\"16\" height=\"12\"/></g>", "right: after"),
    ]);
    let caption = format!("{}: estimated seconds", super::capitalised(build.label));
    svg::figure("narrow", &caption, &legend, &chart)
}
