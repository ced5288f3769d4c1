//! A record made readable: what the terminal table, `report.md` and `report.html` have in common.
//!
//! Pure. All three say the same thing in the same words, because they are given the same rows and
//! facts; nothing is shown that the record does not hold.

use std::path::Path;

use crate::wording::{count, seconds, si_bytes};
use crate::{
    record::{Machine, Measurement, Record, Sample, Verdict},
    stats,
};

pub(crate) mod budget;
pub(crate) mod docs;
pub(crate) mod facts;
mod figures;
mod gains;
pub(crate) mod html;
mod lanes;
pub(crate) mod markdown;
mod sheet;
pub(crate) mod slow;
pub(crate) mod summary;
pub(crate) mod table;

pub(crate) use figures::value;
use figures::{percent, uncertainty};
pub(crate) use gains::gains;

/// What a cell shows where there is nothing to show.
const DASH: &str = "-";

/// The quantities in the order they are shown, and their names.
const LABELS: [(&str, &str); 10] = [
    ("clean-dev", "clean dev build"),
    ("clean-release", "clean release build"),
    ("incremental-core", "incremental (core)"),
    ("incremental-leaf", "incremental (leaf)"),
    ("target-bytes", "target size"),
    ("binary-bytes", "linked binaries"),
    ("package-bytes", "package directory"),
    ("artifacts", "artifacts"),
    ("units", "units"),
    ("duplicates", "duplicates"),
];

/// The verdicts in the order their changes are shown, with the heading of each.
const VERDICTS: [(Verdict, &str); 5] = [
    (Verdict::Applied, "Applied"),
    (Verdict::Planned, "Planned"),
    (Verdict::Rejected, "Rejected"),
    (Verdict::Blocked, "Blocked"),
    (Verdict::Skipped, "Skipped"),
];

/// The headings of the table; the first is that of the names.
const COLUMNS: [&str; 6] = ["", "before", "after", "change", "expected", "call"];

/// One line of the table of before and after, as text.
struct Row<'a> {
    label: &'a str,
    before: String,
    after: String,
    change: String,
    /// How sure the change is.
    uncertainty: String,
    expected: String,
    measurement: &'a Measurement,
}

impl Row<'_> {
    fn of(measurement: &Measurement) -> Row<'_> {
        let percentage = |ratio: Option<f64>| ratio.map_or_else(|| DASH.to_owned(), percent);
        let side = |samples: &[Sample], median: f64| {
            if samples.is_empty() && measurement.call == "not measured" {
                DASH.to_owned()
            } else {
                value(measurement.unit, median)
            }
        };
        Row {
            label: label(&measurement.what),
            before: side(&measurement.samples.baseline, measurement.baseline),
            after: side(&measurement.samples.candidate, measurement.candidate),
            change: percentage(measurement.ratio),
            uncertainty: uncertainty(measurement),
            expected: percentage(measurement.expected),
            measurement,
        }
    }

    /// In the order of [`COLUMNS`].
    fn cells(&self) -> [&str; 6] {
        [
            self.label,
            &self.before,
            &self.after,
            &self.change,
            &self.expected,
            &self.measurement.call,
        ]
    }
}

/// The rows of the table: in the order of [`LABELS`], quantities that it does not know last. Those
/// of which neither side was measured are left out.
fn rows(record: &Record) -> Vec<Row<'_>> {
    let mut rows: Vec<Row<'_>> = record
        .measurements
        .iter()
        .map(Row::of)
        .filter(|row| row.before != DASH || row.after != DASH)
        .collect();
    rows.sort_by_key(|row| {
        let known = LABELS.iter().position(|(what, _)| *what == row.measurement.what);
        known.unwrap_or(LABELS.len())
    });
    rows
}

fn label(what: &str) -> &str {
    LABELS.iter().find(|(known, _)| *known == what).map_or(what, |(_, label)| label)
}

/// The last component of the workspace's path: what a reader calls it.
fn workspace_name(record: &Record) -> &str {
    let name = Path::new(&record.workspace).file_name();
    name.and_then(|name| name.to_str()).unwrap_or(&record.workspace)
}

fn title(record: &Record) -> String {
    let what = match record.command.as_str() {
        "optimize" => "Build optimization",
        "validate" => "Validation",
        command => command,
    };
    format!("{what}: {}", workspace_name(record))
}

fn machine(machine: &Machine) -> String {
    let cores = count(machine.cores, "core");
    let Machine { os, arch, rustc, cargo, .. } = machine;
    format!("{cores}, {os} {arch}, {rustc}, {cargo}")
}

/// A piece of a sentence: messages quote names in backticks.
#[derive(Debug, PartialEq, Eq)]
enum Span<'a> {
    Text(&'a str),
    Code(&'a str),
}

/// Splits a sentence at its pairs of backticks. A backtick without a partner is text.
fn spans(text: &str) -> Vec<Span<'_>> {
    let mut spans = Vec::new();
    let mut rest = text;
    while let Some((before, code, after)) = rest.split_once('`').and_then(|(before, tail)| {
        let (code, after) = tail.split_once('`')?;
        Some((before, code, after))
    }) {
        spans.extend([Span::Text(before), Span::Code(code)]);
        rest = after;
    }
    spans.push(Span::Text(rest));
    spans.retain(|span| *span != Span::Text(""));
    spans
}

#[cfg(test)]
mod sample;
#[cfg(test)]
mod tests;
