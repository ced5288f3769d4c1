//! Every single reading of the timed builds, folded away beneath the method.
//!
//! In the order they were taken, unrounded beyond what the units round: the evidence for the call.

use super::{Row, escape, scrollable};
use crate::{
    record::{Quantity, Sample},
    render::DASH,
    wording::{seconds, si_bytes},
};

/// The table; nothing when no build was timed.
pub(super) fn table(rows: &[Row<'_>]) -> String {
    let body: String = rows
        .iter()
        .filter(|row| row.measurement.unit == Quantity::Seconds)
        .map(|row| {
            let samples = &row.measurement.samples;
            lines(row.label, "before", &samples.baseline)
                + &lines(row.label, "after", &samples.candidate)
        })
        .collect();
    if body.is_empty() {
        return body;
    }
    let headings: String = ["build", "side", "sample", "wall time", "CPU time", "peak memory"]
        .iter()
        .map(|heading| format!("<th scope=\"col\">{heading}</th>"))
        .collect();
    let table =
        format!("<table>\n<thead><tr>{headings}</tr></thead>\n<tbody>\n{body}</tbody>\n</table>\n");
    format!(
        "<details>\n<summary>All samples</summary>\n{}</details>\n",
        scrollable("All samples", &table)
    )
}

fn lines(build: &str, side: &str, samples: &[Sample]) -> String {
    let lines = samples.iter().enumerate().map(|(index, sample)| {
        let cpu = sample.cpu_seconds.map_or(DASH.to_owned(), seconds);
        let memory = sample.peak_memory_bytes;
        let memory = memory.map_or(DASH.to_owned(), si_bytes);
        format!(
            "<tr><th scope=\"row\">{}</th><td>{side}</td><td class=\"number\">{}</td>\
            <td class=\"number\">{}</td><td class=\"number\">{cpu}</td>\
            <td class=\"number\">{memory}</td></tr>\n",
            escape(build),
            index + 1,
            seconds(sample.value)
        )
    });
    lines.collect()
}
