//! The sentences beneath the table: how many samples, what a call needs, what happened.
//!
//! Every figure of the method comes from `stats`, so that the text cannot drift from the decision.

use super::{Row, VERDICTS, count, figures::share, rows, seconds, stats};
use crate::{
    cli,
    record::{Check, Quantity, Record, Sample},
};

pub(super) mod builds;
pub(super) mod cores;
pub(super) mod disk;
pub(super) mod duplicates;
pub(super) mod insight;
pub(super) mod tuning;
pub(super) mod worth;

pub(super) use insight::insights;

/// What happened, in one or two sentences of plain text.
pub(super) fn headline(record: &Record) -> String {
    let builds = builds(record).unwrap_or_else(|| "No build was timed.".to_owned());
    let sentences = [changes(record), Some(builds)];
    sentences.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// The command with its flags, as it is typed behind the name of the program.
pub(super) fn command(record: &Record) -> String {
    // An older record has no flags. Only this one makes a run search.
    let is_silent = record.arguments.is_empty() && !record.tuning.is_empty();
    let known: &[&str] = if is_silent { &["--measure", "full"] } else { &[] };
    let given = record.arguments.iter().map(String::as_str).chain(known.iter().copied());
    let words = std::iter::once(record.command.as_str()).chain(given);
    // A word that cannot be quoted cannot have been typed.
    shlex::try_join(words).unwrap_or_else(|_| record.command.clone())
}

/// How many changes there are of each verdict; `None` where a command makes no changes.
pub(super) fn changes(record: &Record) -> Option<String> {
    let verdicts: Vec<String> = VERDICTS
        .iter()
        .filter_map(|(verdict, heading)| {
            let changes = record.changes.iter();
            match changes.filter(|change| change.verdict == *verdict).count() {
                0 => None,
                number => Some(format!("{number} {}", heading.to_lowercase())),
            }
        })
        .collect();
    match (record.changes.len(), record.command.as_str()) {
        (0, "validate") => None,
        (0, _) => Some("No changes.".to_owned()),
        (number, _) => Some(format!("{}: {}.", count(number, "change"), verdicts.join(", "))),
    }
}

/// What `validate` looked at, a line each: `ok check: 15 targets compile`.
pub(crate) fn checks(record: &Record) -> Vec<String> {
    let line = |check: &Check| {
        let word = match check.ok {
            Some(true) => "ok",
            Some(false) => "FAILED",
            None => "skipped",
        };
        format!("{word}: {}: {}", check.name, check.detail)
    };
    record.checks.iter().map(line).collect()
}

/// The clean builds before and after; `None` when none was timed.
fn builds(record: &Record) -> Option<String> {
    let builds: Vec<String> = rows(record)
        .iter()
        .filter(|row| matches!(row.measurement.what.as_str(), "clean-dev" | "clean-release"))
        .map(|row| format!("{}: {}", row.label, difference(row)))
        .collect();
    (!builds.is_empty()).then(|| capitalised(&format!("{}.", builds.join("; "))))
}

/// What a reader in a hurry must know besides the headline: what is worse, what it is worth, how to undo it.
pub(super) fn bottom_line(record: &Record) -> Vec<String> {
    let worse = rows(record).into_iter().filter(|row| row.measurement.call == "worse");
    let mut lines: Vec<String> =
        worse.map(|row| format!("{}: {}", row.label, difference(&row))).collect();
    lines.extend(worth::a_day(record));
    if record.backup.is_some() && record.command == "optimize" {
        lines.push(format!("`{} restore` puts everything back as it was", cli::called()));
    }
    lines
}

/// `65.4 s before, 31.4 s after (-52.0%, better)`
fn difference(row: &Row<'_>) -> String {
    let Row { before, after, change, measurement, .. } = row;
    format!("{before} before, {after} after ({change}, {})", measurement.call)
}

/// What a reader needs to weigh the figures, a line each. Empty when nothing was measured.
pub(super) fn method(record: &Record) -> Vec<String> {
    let rows = rows(record);
    let mut facts = Vec::new();
    let timed: Vec<&Row<'_>> =
        rows.iter().filter(|row| row.measurement.unit == Quantity::Seconds).collect();
    let sides = |row: &Row<'_>| {
        let samples = &row.measurement.samples;
        [samples.baseline.len(), samples.candidate.len()]
    };
    let several = timed.iter().filter(|row| sides(row).iter().any(|&n| n > 1));
    let several: Vec<String> = several.map(|row| ranges(row)).collect();
    if !several.is_empty() {
        facts.extend(several);
        facts.push(
            "several samples a side: a difference is called only where the ranges do not overlap"
                .to_owned(),
        );
    }
    let single = timed.iter().filter(|row| sides(row).contains(&1));
    let single: Vec<&str> = single.map(|row| row.label).collect();
    if !single.is_empty() {
        facts.push(format!("a single sample on a side shows no spread: {}", single.join(", ")));
    }
    if !timed.is_empty() {
        let fewest = timed.iter().map(|row| sides(row).into_iter().min().unwrap_or(1)).min();
        let (part, floor) =
            (share(stats::noise_floor(fewest.unwrap_or(1))), seconds(stats::SECONDS_FLOOR));
        facts.push(format!("timings less than {part} or {floor} apart are called same"));
    }
    if rows.iter().any(|row| row.measurement.unit == Quantity::Bytes) {
        let floor = share(stats::BYTES_FLOOR);
        facts.push(format!("sizes less than {floor} apart are called same"));
    }
    if rows.iter().any(|row| row.measurement.expected.is_some()) {
        facts.push("expected: what the documents of the replaced script promised".to_owned());
    }
    facts
}

fn ranges(row: &Row<'_>) -> String {
    let samples = &row.measurement.samples;
    let before = spread(&samples.baseline, "before");
    let after = spread(&samples.candidate, "after");
    format!("{}: {before}; {after}", row.label)
}

/// `3 samples before, 64.1 s to 66.0 s`, and which of them stand apart.
fn spread(samples: &[Sample], side: &str) -> String {
    let values: Vec<f64> = samples.iter().map(|sample| sample.value).collect();
    let number = count(samples.len(), "sample");
    let Some(range) = stats::range(&values) else {
        return format!("{number} {side}");
    };
    let (min, max) = (seconds(range.min), seconds(range.max));
    let outliers: Vec<String> = stats::outliers(&values)
        .into_iter()
        .map(|index| format!("#{} ({})", index + 1, seconds(values[index])))
        .collect();
    let apart = if outliers.is_empty() {
        String::new()
    } else {
        format!(", far from the rest: {}", outliers.join(", "))
    };
    format!("{number} {side}, {min} to {max}{apart}")
}

/// What compiles, a line for each side and one for each target that does not; empty when neither
/// side was verified.
pub(super) fn verification(record: &Record) -> Vec<String> {
    let sides = [("before", &record.baseline), ("after", &record.candidate)];
    let mut lines = Vec::new();
    for (name, side) in sides {
        let Some(side) = side else { continue };
        let ok = count(side.targets_ok, "target");
        let failed = match side.targets_failed.as_slice() {
            [] => "none fails".to_owned(),
            failed => {
                let quoted: Vec<String> = failed.iter().map(|it| format!("`{it}`")).collect();
                format!("{} failing: {}", failed.len(), quoted.join(", "))
            }
        };
        let units = count(side.units, "unit");
        let duplicates = count(side.duplicates, "package");
        lines.push(format!(
            "{name}: {ok} compiling, {failed}; {units} in a check of all targets; {duplicates} in more than one version"
        ));
    }
    lines
}

/// With a capital at the start.
pub(super) fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(chars).collect()
}
