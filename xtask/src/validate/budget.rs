//! Budgets of `[workspace.metadata.optimize.budget]`: ratios against the baseline, and counts.

use crate::{
    policy::Budget,
    record::{Check, Record},
};

use super::{TIMED, is_worse};

/// Adds a check for each budget that is set.
pub(super) fn hold(budget: &Budget, record: &mut Record) {
    let ratios = [
        ("clean-dev", budget.clean_dev),
        ("clean-release", budget.clean_release),
        ("incremental-core", budget.incremental),
        ("incremental-leaf", budget.incremental),
        ("target-bytes", budget.target),
    ];
    // Readings that were found not to be comparable, or had nothing to be compared with, hold no ratio.
    let is_comparable = record.checks.iter().any(|c| c.name == TIMED && c.ok.is_some());
    let mut checks: Vec<Check> = ratios
        .into_iter()
        .filter_map(|(what, limit)| Some(ratio(record, what, limit?, is_comparable)))
        .collect();
    let side = record.candidate.clone().unwrap_or_default();
    let counts =
        [("duplicates", side.duplicates, budget.duplicates), ("units", side.units, budget.units)];
    checks.extend(counts.into_iter().filter_map(|(what, found, limit)| {
        let limit = limit?;
        Some(Check::new(
            &format!("budget {what}"),
            found <= limit,
            format!("{found}, at most {limit} allowed"),
        ))
    }));
    record.checks.append(&mut checks);
}

fn ratio(record: &Record, what: &str, limit: f64, is_comparable: bool) -> Check {
    let name = format!("budget {what}");
    let row = record.measurements.iter().find(|row| row.what == what && is_comparable);
    match row.and_then(|row| Some((row, row.ratio?))) {
        Some((row, found)) => {
            let ok = found <= limit || !is_worse(row);
            Check::new(&name, ok, format!("{found:.2}, at most {limit:.2} allowed"))
        }
        None => Check::skipped(&name, "nothing measured to compare with"),
    }
}
