//! A record put together from the samples of a run that left none: it was interrupted, or failed.
//!
//! Pure. Holds nothing but what the samples say, and says what is missing.

use std::collections::BTreeSet;

use crate::{
    history::{Entry, Side},
    measure,
    record::{Quantity, Record, SCHEMA, Sample},
    render, wording,
};

/// What every run with timed builds reads; a workspace of one member has no leaf.
const TIMED: [&str; 3] = ["clean-dev", "clean-release", "incremental-core"];

/// The record of the run that the samples belong to, in the order they were taken; `None` without any.
pub(super) fn record(entries: &[Entry]) -> Option<Record> {
    let first = entries.first()?;
    let counted = counted(entries);
    let mut notes = vec![format!(
        "this run left no record: it was interrupted, it failed, or it still runs. The figures are those of its \
         {} in the history; changes, verdicts, checks and the diff are not known",
        wording::count(counted.len(), "sample")
    )];
    let mut measurements = Vec::new();
    for (what, unit) in kinds(&counted) {
        let [baseline, candidate] =
            [Side::Baseline, Side::Candidate].map(|side| samples(&counted, what, side));
        match measure::measurement(what, unit, &baseline, &candidate) {
            Some(row) => measurements.push(row),
            None => notes.push(alone(what, unit, &baseline, &candidate)),
        }
    }
    let read: BTreeSet<&str> = counted.iter().map(|entry| entry.what.as_str()).collect();
    let unread: Vec<&str> = TIMED.into_iter().filter(|what| !read.contains(what)).collect();
    if !unread.is_empty() {
        notes.push(format!("not read before it ended: {}", unread.join(", ")));
    }
    let aside = entries.len() - counted.len();
    if aside > 0 {
        let aside = wording::count(aside, "sample");
        notes.push(format!("left out: {aside} of builds on trial or of states that were given up"));
    }
    // What the workspace itself was: `optimize` commits at its end, and compares with what it found.
    let own = if first.command == "optimize" { Side::Baseline } else { Side::Candidate };
    if first.command != "optimize" {
        // What the replaced script promised was said of `optimize`.
        measurements.iter_mut().for_each(|row| row.expected = None);
    }
    let head = entries.iter().find(|entry| entry.side == Side::Candidate).or(Some(first));
    Some(Record {
        schema: SCHEMA,
        command: first.command.clone(),
        workspace: first.workspace.clone(),
        started: first.at.clone(),
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        machine: first.machine.clone(),
        configuration: state(entries, own).unwrap_or_default().to_owned(),
        // The baseline may be another revision.
        git_head: head.and_then(|entry| entry.git_head.clone()),
        measurements,
        interrupted: true,
        notes,
        ..Record::default()
    })
}

/// The readings that count: without a label, of the last state of their side. When changes are taken
/// back, what was read with them says nothing about what is left.
fn counted(entries: &[Entry]) -> Vec<&Entry> {
    let last = [Side::Baseline, Side::Candidate].map(|side| (side, state(entries, side)));
    let counts = |entry: &&Entry| {
        entry.label.is_empty() && last.contains(&(entry.side, Some(entry.configuration.as_str())))
    };
    entries.iter().filter(counts).collect()
}

/// The configuration of a side at its last reading that counts.
fn state(entries: &[Entry], side: Side) -> Option<&str> {
    let mut of_side = entries.iter().filter(|entry| entry.side == side && entry.label.is_empty());
    of_side.next_back().map(|entry| entry.configuration.as_str())
}

/// What was read, in the order of the first samples.
fn kinds<'a>(entries: &[&'a Entry]) -> Vec<(&'a str, Quantity)> {
    let mut kinds: Vec<(&str, Quantity)> = Vec::new();
    for entry in entries {
        if kinds.iter().all(|(what, _)| *what != entry.what) {
            kinds.push((&entry.what, entry.unit));
        }
    }
    kinds
}

fn samples(entries: &[&Entry], what: &str, side: Side) -> Vec<Sample> {
    let chosen = entries.iter().filter(|entry| entry.what == what && entry.side == side);
    chosen.map(|entry| entry.sample.clone()).collect()
}

/// What is said of a kind that has no row.
fn alone(what: &str, unit: Quantity, baseline: &[Sample], candidate: &[Sample]) -> String {
    let (side, samples) = match (baseline, candidate) {
        ([], samples) => ("candidate", samples),
        (samples, []) => ("baseline", samples),
        _ => return format!("{what} cannot be compared: a sample of it is no number"),
    };
    let values: Vec<String> =
        samples.iter().map(|sample| render::value(unit, sample.value)).collect();
    format!("{what} was read for the {side} only ({}), so it has no row", values.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Machine;

    fn entry(what: &str, side: Side, value: f64) -> Entry {
        let unit = if what == "units" { Quantity::Count } else { Quantity::Seconds };
        Entry {
            schema: 1,
            run: "20251102-140321".to_owned(),
            at: "2025-11-02T14:05:00+01:00".to_owned(),
            workspace: "/home/dev/ws".to_owned(),
            command: "optimize".to_owned(),
            what: what.to_owned(),
            unit,
            side,
            label: String::new(),
            sample: Sample { value, cpu_seconds: None, peak_memory_bytes: None },
            machine: Machine {
                os: "linux".to_owned(),
                arch: "x86_64".to_owned(),
                cores: 2,
                rustc: "rustc 1.95.0".to_owned(),
                cargo: "cargo 1.95.0".to_owned(),
                host: "x86_64-unknown-linux-gnu".to_owned(),
            },
            git_head: None,
            configuration: format!("{side:?}"),
        }
    }

    #[test]
    fn both_sides_make_a_row_and_one_side_a_note() {
        let entries = [
            entry("clean-dev", Side::Baseline, 65.0),
            entry("units", Side::Baseline, 244.0),
            entry("clean-dev", Side::Candidate, 29.0),
            entry("units", Side::Candidate, 144.0),
            entry("clean-release", Side::Baseline, 68.0),
        ];
        let record = record(&entries).unwrap();
        let rows = record.measurements.iter().map(|row| (row.what.as_str(), row.call.as_str()));
        assert_eq!(rows.collect::<Vec<_>>(), [("clean-dev", "better"), ("units", "better")]);
        assert_eq!(
            (record.measurements[0].baseline, record.measurements[0].candidate),
            (65.0, 29.0)
        );
        assert!(record.interrupted);
        assert_eq!(record.configuration, "Baseline");
        let notes = record.notes.join("\n");
        assert!(notes.contains("its 5 samples"), "{notes}");
        assert!(notes.contains("clean-release was read for the baseline only (68.0 s)"), "{notes}");
        assert!(notes.contains("not read before it ended: incremental-core"), "{notes}");
    }

    #[test]
    fn labelled_builds_and_states_that_were_given_up_do_not_count() {
        let given_up = entry("clean-dev", Side::Candidate, 90.0);
        let given_up = Entry { configuration: "with all changes".to_owned(), ..given_up };
        let trial = entry("clean-dev", Side::Candidate, 10.0);
        let trial = Entry { label: "without profile".to_owned(), ..trial };
        let entries = [
            entry("clean-dev", Side::Baseline, 65.0),
            given_up,
            entry("clean-dev", Side::Candidate, 29.0),
            trial,
        ];
        let record = record(&entries).unwrap();
        let samples = &record.measurements[0].samples;
        assert_eq!((samples.baseline.len(), samples.candidate.len()), (1, 1));
        assert_eq!(samples.candidate[0].value, 29.0);
        let notes = record.notes.join("\n");
        assert!(notes.contains("left out: 2 samples"), "{notes}");
    }

    #[test]
    fn what_was_promised_of_optimize_is_not_expected_of_validate() {
        let sides = [Side::Baseline, Side::Candidate];
        let of = |command: &str| {
            let entries = sides.map(|side| Entry {
                command: command.to_owned(),
                ..entry("clean-dev", side, 60.0)
            });
            record(&entries).unwrap()
        };
        assert_eq!(of("optimize").measurements[0].expected, Some(0.75));
        assert_eq!(of("validate").measurements[0].expected, None);
        assert_eq!(of("validate").configuration, "Candidate");
    }

    #[test]
    fn without_samples_there_is_no_record() {
        assert!(record(&[]).is_none());
    }
}
