//! Before and after as pairs of bars: inline SVG, each with its value as text beside it.
//!
//! The bars only repeat what a table says; to a screen reader each is its text.

use super::{Row, escape};
use crate::{
    record::{DiskPart, Quantity},
    render::{figures::change, si_bytes},
};

/// Width of the drawing area in its own units: a bar is so many hundredths of the longest one.
const FULL: f64 = 100.0;

/// A pair of bars for each timing and size, each pair on its own scale. Counts and
/// what is 0 on both sides are left to the table.
pub(super) fn figures(rows: &[Row<'_>]) -> String {
    let is_drawn = |row: &&Row<'_>| {
        let measured = row.measurement;
        measured.unit != Quantity::Count && measured.baseline.max(measured.candidate) > 0.0
    };
    let figures: String = rows.iter().filter(is_drawn).map(figure).collect();
    if figures.is_empty() {
        return figures;
    }
    format!("<div class=\"figures\">\n{figures}</div>\n")
}

fn figure(row: &Row<'_>) -> String {
    let measured = row.measurement;
    let longest = measured.baseline.max(measured.candidate);
    let caption = format!("{} ({})", row.label, row.change);
    let before = (measured.baseline, row.before.as_str());
    let after = (measured.candidate, row.after.as_str());
    pair(&caption, before, after, longest)
}

/// The parts of the target directory, all on one scale.
pub(super) fn disk(parts: &[DiskPart]) -> String {
    let sizes = parts.iter().flat_map(|part| [part.baseline_bytes, part.candidate_bytes]);
    let longest = sizes.max().unwrap_or_default() as f64;
    let figures = parts.iter().map(|part| {
        let (before, after) = (part.baseline_bytes, part.candidate_bytes);
        let caption = format!("{} ({})", part.part, change(before as f64, after as f64));
        let shown = [si_bytes(before), si_bytes(after)];
        pair(&caption, (before as f64, &shown[0]), (after as f64, &shown[1]), longest)
    });
    let figures: String = figures.collect();
    format!("<div class=\"figures parts\">\n{figures}</div>\n")
}

fn pair(caption: &str, before: (f64, &str), after: (f64, &str), longest: f64) -> String {
    let before = bar("before", before.0, longest, before.1);
    let after = bar("after", after.0, longest, after.1);
    format!("<figure>\n<figcaption>{}</figcaption>\n{before}{after}</figure>\n", escape(caption))
}

fn bar(side: &str, value: f64, longest: f64, shown: &str) -> String {
    let width = if longest > 0.0 && value > 0.0 {
        // What is there is seen, however little.
        (value / longest * FULL).clamp(0.4, FULL)
    } else {
        0.0
    };
    let shown = escape(shown);
    format!(
        "<div class=\"bar {side}\"><span aria-hidden=\"true\">{side}</span>\
        <svg role=\"img\" aria-label=\"{side}: {shown}\" viewBox=\"0 0 {FULL} 10\" \
        preserveAspectRatio=\"none\"><rect width=\"{width:.2}\" height=\"10\"/></svg>\
        <span aria-hidden=\"true\">{shown}</span></div>\n"
    )
}
