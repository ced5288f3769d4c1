//! Budgets of `[workspace.metadata.optimize.budget]`: ratios against the baseline, and counts.

use crate::{
    policy::Budget,
    record::{BudgetKind, BudgetRecord, Check, Measurement, Record, Side},
    render,
};

use super::{TIMED, timed::is_worse};

/// Holds the record to each budget that is set: a row, and a check.
pub(super) fn hold(budget: &Budget, record: &mut Record) {
    let ratios = [
        ("clean-dev", "clean-dev", budget.clean_dev),
        ("clean-release", "clean-release", budget.clean_release),
        ("incremental", "incremental-core", budget.incremental),
        ("incremental", "incremental-leaf", budget.incremental),
        ("target", "target-bytes", budget.target),
        ("binary", "binary-bytes", budget.binary),
    ];
    // Readings that were found not to be comparable, or had nothing to be compared with, hold no ratio.
    let is_comparable = record.checks.iter().any(|c| c.name == TIMED && c.ok.is_some());
    let mut rows: Vec<BudgetRecord> = Vec::new();
    for (key, what, limit) in ratios {
        let Some(limit) = limit else { continue };
        let row = record.measurements.iter().find(|row| row.what == what && is_comparable);
        rows.push(ratio((key, what), limit, row));
    }
    if let Some(Side { duplicates, units, .. }) = record.candidate {
        for (what, found, limit) in
            [("duplicates", duplicates, budget.duplicates), ("units", units, budget.units)]
        {
            rows.extend(limit.map(|limit| count(what, found, limit)));
        }
    }
    record.checks.extend(rows.iter().map(check));
    record.budgets = rows;
}

fn ratio((key, what): (&str, &str), limit: f64, row: Option<&Measurement>) -> BudgetRecord {
    let found = row.and_then(|row| row.ratio);
    let is_above = found.is_some_and(|found| found > limit);
    let is_worse = row.is_some_and(is_worse);
    let note = match found {
        None => "nothing measured to compare with",
        Some(_) if is_above && !is_worse => "above it, but within noise",
        Some(_) => "",
    };
    BudgetRecord {
        budget: key.to_owned(),
        what: what.to_owned(),
        kind: BudgetKind::Ratio,
        limit,
        found,
        ok: found.map(|_| !(is_above && is_worse)),
        note: note.to_owned(),
    }
}

fn count(what: &str, found: usize, limit: usize) -> BudgetRecord {
    BudgetRecord {
        budget: what.to_owned(),
        what: what.to_owned(),
        kind: BudgetKind::Count,
        limit: limit as f64,
        found: Some(found as f64),
        ok: Some(found <= limit),
        note: String::new(),
    }
}

fn check(row: &BudgetRecord) -> Check {
    let name = format!("budget {}", row.what);
    match row.ok {
        None => Check::skipped(&name, &row.note),
        Some(ok) => Check::new(&name, ok, render::budget::sentence(row)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        measure,
        record::{Quantity, Sample},
    };

    fn row(what: &str, unit: Quantity, before: &[f64], after: &[f64]) -> Measurement {
        let samples = |values: &[f64]| -> Vec<Sample> {
            values.iter().map(|&value| Sample { value, ..Sample::default() }).collect()
        };
        measure::measurement(what, unit, &samples(before), &samples(after)).unwrap()
    }

    #[test]
    fn a_ratio_breaks_its_budget_only_if_it_is_above_it_and_worse_beyond_noise() {
        let held = |limit, before: &[f64], after: &[f64]| {
            ratio(
                ("clean-dev", "clean-dev"),
                limit,
                Some(&row("clean-dev", Quantity::Seconds, before, after)),
            )
        };
        assert_eq!(held(1.10, &[100.0], &[125.0]).ok, Some(false));
        assert_eq!(held(1.10, &[100.0; 5], &[112.0; 5]).ok, Some(false));
        assert_eq!(held(1.10, &[100.0], &[109.0]).ok, Some(true));
        let noisy = held(1.01, &[100.0], &[104.0]);
        assert_eq!((noisy.ok, noisy.note.as_str()), (Some(true), "above it, but within noise"));
        assert_eq!(held(1.10, &[100.0, 125.0], &[112.0, 124.0]).ok, Some(true));
        assert_eq!(held(0.50, &[100.0], &[60.0]).ok, Some(true), "it is no worse than before");
    }

    #[test]
    fn sizes_and_counts_have_budgets_of_their_own() {
        let size = row("binary-bytes", Quantity::Bytes, &[1000.0], &[1060.0]);
        let held = ratio(("binary", "binary-bytes"), 1.05, Some(&size));
        assert_eq!((held.ok, held.found), (Some(false), Some(1.06)));
        assert_eq!(count("duplicates", 6, 5).ok, Some(false));
        assert_eq!(count("units", 5, 5).ok, Some(true));
    }

    #[test]
    fn what_was_not_measured_is_skipped_and_says_so() {
        let held = ratio(("clean-dev", "clean-dev"), 1.10, None);
        assert_eq!(check(&held).ok, None);
        assert_eq!(check(&held).detail, "nothing measured to compare with");
    }
}
