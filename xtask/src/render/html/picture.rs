//! Charts as files of their own, for documents that cannot hold SVG.
//!
//! A picture has its own ground and follows the light or dark scheme of whoever looks, so that it can be read on
//! any page.

use super::{
    load, scatter, steps,
    svg::{self, px, text},
    waterfall,
};
use crate::record::Record;
use crate::render::facts::builds::Build;

const COLOURS: &str = include_str!("colours.css");
const CHARTS: &str = include_str!("charts.css");

/// Space around a chart.
const MARGIN: f64 = 12.0;

/// Height of a line of the legend.
const ENTRY: f64 = 20.0;

/// Both builds of a kind, unit by unit.
pub(in crate::render) fn waterfall(build: &Build<'_>) -> String {
    standalone(&waterfall::chart("chart", build).0, &waterfall::LEGEND)
}

/// The costliest units of both builds by name.
pub(in crate::render) fn steps(build: &Build<'_>) -> String {
    // What is critical says so beside its bar.
    standalone(&steps::chart("chart", build), &waterfall::LEGEND[..2])
}

/// Processors and units at work over time.
pub(in crate::render) fn load(build: &Build<'_>, cores: usize) -> String {
    standalone(&load::chart("chart", build, cores), &load::LEGEND)
}

/// Seconds saved against edits to review; nothing where no change has both.
pub(in crate::render) fn impact(record: &Record) -> Option<String> {
    let chart = scatter::chart("chart", record);
    (!chart.is_empty()).then(|| standalone(&chart, &scatter::LEGEND))
}

/// A chart with its style, its legend and a ground, as a whole file.
fn standalone(chart: &str, legend: &[(&str, &str)]) -> String {
    let side = |name: &str| -> f64 {
        let value =
            chart.split_once(&format!(" {name}=\"")).and_then(|(_, rest)| rest.split_once('"'));
        value.and_then(|(value, _)| value.parse().ok()).unwrap_or_default()
    };
    let below = side("height") + ENTRY / 2.0;
    let (width, height) = (side("width") + 2.0 * MARGIN, side("height") + 2.0 * MARGIN);
    let height = height + ENTRY * (legend.len() as f64 + 0.5);
    let entries: String = legend
        .iter()
        .enumerate()
        .map(|(index, (swatch, meaning))| {
            format!(
                "<g class=\"swatch\" transform=\"translate({} {})\">{swatch}{}</g>\n",
                svg::LEFT,
                px(below + ENTRY * index as f64),
                text("tick", 24.0, 10.5, meaning)
            )
        })
        .collect();
    let inner = chart.split_once('\n').map_or(chart, |(_, rest)| rest);
    let inner = inner.trim_end().trim_end_matches("</svg>");
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"chart\" role=\"img\" \
        aria-labelledby=\"chart-name chart-text\" viewBox=\"-{MARGIN} -{MARGIN} {width} {height}\" \
        width=\"{width}\" height=\"{height}\">\n\
        <style>\n{COLOURS}{CHARTS}\
        svg.chart {{ width: {width}px; height: {height}px; font-family: system-ui, -apple-system, \"Segoe UI\", \
        Roboto, \"DejaVu Sans\", sans-serif; }}\n</style>\n\
        <rect x=\"-{MARGIN}\" y=\"-{MARGIN}\" width=\"{width}\" height=\"{height}\" fill=\"var(--page)\"/>\n\
        {inner}{entries}</svg>\n"
    )
}
