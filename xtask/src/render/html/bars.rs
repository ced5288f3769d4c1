//! Before and after as bars: inline SVG, each with its value as text beside it.
//!
//! The bars only repeat what the table says; to a screen reader each is its text.

use super::{Row, escape};
use crate::record::Quantity;

/// Width of the drawing area in its own units: a bar is so many hundredths of the longer one.
const FULL: f64 = 100.0;

/// A pair of bars for each timing and size. Counts are left to the table.
pub(super) fn figures(rows: &[Row<'_>]) -> String {
    let figures: String =
        rows.iter().filter(|row| row.measurement.unit != Quantity::Count).map(figure).collect();
    if figures.is_empty() {
        return figures;
    }
    format!("<div class=\"figures\">\n{figures}</div>\n")
}

fn figure(row: &Row<'_>) -> String {
    let measured = row.measurement;
    let longest = measured.baseline.max(measured.candidate);
    let before = bar("before", measured.baseline, longest, &row.before);
    let after = bar("after", measured.candidate, longest, &row.after);
    let caption = format!("{} ({})", row.label, row.change);
    format!("<figure>\n<figcaption>{}</figcaption>\n{before}{after}</figure>\n", escape(&caption))
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
