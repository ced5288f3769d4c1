//! How busy the machine was during both builds, and how many units ran side by side.
//!
//! On the time scale of the waterfalls; every panel of a kind has the same scale on both sides.

use super::svg::{self, Alternative, Scale, line, px, text};
use crate::render::{
    facts::builds::{Build, end_seconds, side_by_side},
    figures::share,
    lanes,
};

const PANEL: f64 = 64.0;
const GAP: f64 = 30.0;

/// A step each two units of the chart: finer cannot be seen.
const BUCKETS: f64 = 444.0;

/// A panel: its heading, and areas one above the other, each with its class.
struct Panel {
    side: &'static str,
    heading: String,
    areas: Vec<(&'static str, Vec<f64>)>,
    /// How far the values reach.
    end: f64,
    is_share: bool,
}

/// The chart alone. `cores` are those of the machine.
pub(super) fn chart(id: &str, build: &Build<'_>, cores: usize) -> String {
    let panels = panels(build);
    let most = panels.iter().filter(|panel| !panel.is_share);
    let most = most.flat_map(highest).chain([cores as f64]).fold(1.0, f64::max);
    let time = Scale::of_time(build.longest_seconds());
    let mut y = 4.0;
    let mut body = String::new();
    for panel in &panels {
        let limit = if panel.is_share { 1.0 } else { most };
        let (top, bottom) = (y + 20.0, y + 20.0 + PANEL);
        let scale = Scale::new(limit, bottom, -PANEL);
        body.push_str(&text("head", svg::LEFT, y + 13.0, &panel.heading));
        let labels = if panel.is_share {
            vec![(0.0, "0%".to_owned()), (1.0, "100%".to_owned())]
        } else {
            vec![(0.0, "0".to_owned()), (cores as f64, cores.to_string())]
        };
        body.push_str(&format!("<g class=\"{}\">\n", panel.side));
        for (class, area) in areas(panel, &time, &scale, bottom) {
            body.push_str(&format!("<path class=\"{class}\" d=\"{area}\"/>\n"));
        }
        body.push_str("</g>\n");
        for (value, label) in labels {
            let at = scale.at(value);
            let class = if value > 0.0 { "limit" } else { "base" };
            body.push_str(&line(class, (svg::LEFT, at), (svg::WIDTH - svg::RIGHT, at)));
            body.push_str(&text("tick end", svg::LEFT - 6.0, at + 4.0, &label));
        }
        y = top + PANEL + GAP - 20.0;
    }
    let bottom = y - GAP + 20.0;
    let headings: Vec<&str> = panels.iter().map(|panel| panel.heading.as_str()).collect();
    let name = format!("Processors and units over time, {}", build.label);
    let description = format!("Areas over time. {}.", headings.join("; "));
    let alternative = Alternative { id, name: &name, description: &description };
    let grid = svg::time_axis(&time, 4.0, bottom);
    svg::chart(&alternative, svg::WIDTH, bottom + 24.0, &(grid + &body))
}

/// What the areas mean: a swatch of 16 by 12, and words.
pub(super) const LEGEND: [(&str, &str); 3] = [
    (
        "<g class=\"before\"><rect class=\"f\" width=\"8\" height=\"12\"/></g><g class=\"after\">\
      <rect class=\"f\" x=\"8\" width=\"8\" height=\"12\"/></g>",
        "processors busy; units until metadata",
    ),
    (
        "<g class=\"before\"><rect class=\"g\" width=\"8\" height=\"12\"/></g><g class=\"after\">\
      <rect class=\"g\" x=\"8\" width=\"8\" height=\"12\"/></g>",
        "on top: units generating code after it",
    ),
    ("<line class=\"limit\" x1=\"0\" y1=\"6\" x2=\"16\" y2=\"6\"/>", "dashed: all processors"),
];

/// The figure; `id` is unique on the page. `cores` are those of the machine.
pub(super) fn figure(id: &str, build: &Build<'_>, cores: usize) -> String {
    let chart = chart(id, build, cores);
    let legend = svg::legend(&LEGEND);
    let caption = format!("{}: processors and units at work", super::capitalised(build.label));
    let note = if panels(build).iter().any(|panel| panel.is_share) {
        ""
    } else {
        "<p class=\"small\">How busy the processors were was not recorded.</p>\n"
    };
    svg::figure("wide", &caption, &legend, &chart) + note
}

fn panels(build: &Build<'_>) -> Vec<Panel> {
    let mut panels = Vec::new();
    for (side, timeline) in &build.sides {
        let steps = lanes::busy(&timeline.cpu);
        if let Some(mean) = lanes::mean(&steps) {
            let end = steps.last().map_or(0.0, |step| step.to);
            panels.push(Panel {
                side,
                heading: format!(
                    "{side}: share of all processors that were busy, {} on average",
                    share(mean)
                ),
                areas: vec![("f", averages(&steps, end, build))],
                end,
                is_share: true,
            });
        }
    }
    for (side, timeline) in &build.sides {
        let end = end_seconds(timeline);
        let front = averages(&lanes::front_ends(&timeline.units), end, build);
        let generation = averages(&lanes::code_generation(&timeline.units), end, build);
        panels.push(Panel {
            side,
            heading: format!("{side}: units side by side, {} on average", side_by_side(timeline)),
            areas: vec![("f", front), ("g", generation)],
            end,
            is_share: false,
        });
    }
    panels
}

/// As many steps as the part of the chart has room for.
fn averages(steps: &[lanes::Step], end: f64, build: &Build<'_>) -> Vec<f64> {
    let part = (end / build.longest_seconds()).clamp(0.0, 1.0);
    let buckets = (part * BUCKETS).round().max(1.0) as usize;
    lanes::averaged(steps, end, buckets)
}

/// The sums of the areas.
fn highest(panel: &Panel) -> Vec<f64> {
    let longest = panel.areas.iter().map(|(_, values)| values.len()).max().unwrap_or_default();
    let sum = |index: usize| -> f64 {
        panel.areas.iter().filter_map(|(_, values)| values.get(index)).sum()
    };
    (0..longest).map(sum).collect()
}

/// Paths of the areas, each on top of the one before.
fn areas(panel: &Panel, time: &Scale, scale: &Scale, bottom: f64) -> Vec<(&'static str, String)> {
    let mut base: Vec<f64> = Vec::new();
    let mut paths = Vec::new();
    for (class, values) in &panel.areas {
        base.resize(values.len().max(base.len()), 0.0);
        let tops: Vec<f64> = values.iter().zip(&base).map(|(value, base)| value + base).collect();
        let width = panel.end / values.len().max(1) as f64;
        let edge = |index: usize| px(time.at(index as f64 * width));
        let mut path = format!("M{} {}", edge(0), px(bottom));
        for (index, top) in tops.iter().enumerate() {
            path.push_str(&format!("V{}H{}", px(scale.at(*top)), edge(index + 1)));
        }
        // Back along the area beneath, so that the tones do not mix.
        for (index, base) in base.iter().enumerate().rev() {
            path.push_str(&format!("V{}H{}", px(scale.at(*base)), edge(index)));
        }
        path.push('z');
        paths.push((*class, path));
        base = tops;
    }
    paths
}
