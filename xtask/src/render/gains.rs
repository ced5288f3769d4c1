//! The measured gains in a few words, for the end of a run.
//!
//! Pure. What was not measured on both sides is no gain.

use super::{DASH, rows};
use crate::record::Record;

/// What people wait for or pay for, in this order; the rest is in the table.
const TOLD: [&str; 4] = ["clean-dev", "clean-release", "target-bytes", "package-bytes"];

/// `clean dev build 67.4 s -> 39.1 s (-42.0%, better)`, for each that was measured on both sides.
pub(crate) fn gains(record: &Record) -> Vec<String> {
    rows(record)
        .iter()
        .filter(|row| TOLD.contains(&row.measurement.what.as_str()))
        .filter(|row| row.before != DASH && row.after != DASH)
        .map(|row| {
            let super::Row { label, before, after, change, measurement, .. } = row;
            format!("{label} {before} -> {after} ({change}, {})", measurement.call)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gain_has_both_sides_and_its_call() {
        let gains = gains(&crate::render::sample::record());
        assert!(gains[0].starts_with("clean dev build "), "{gains:?}");
        assert!(gains[0].contains(" -> ") && gains[0].ends_with("better)"), "{gains:?}");
        assert!(gains.len() <= TOLD.len(), "{gains:?}");
        assert!(super::gains(&Record::default()).is_empty());
    }
}
