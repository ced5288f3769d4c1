//! What speaks against settings that build faster: larger binaries, a slower command, slower rebuilds.

use super::Reading;
use crate::{
    record::Quantity,
    stats::{self, Call},
    wording,
};

/// How much larger a linked binary may get: a ratio to the same binary before the search.
const LARGEST_BINARY: f64 = 1.05;

/// How much slower the user's benchmark command may get: a ratio to its time with the settings that were built in turn.
const SLOWEST_BENCH: f64 = 1.03;

/// What a guard says against settings that build faster: sizes against `reference`, the rest against
/// `current`, which was built in turn with them.
pub(super) fn objection(
    reference: &Reading,
    current: &Reading,
    reading: &Reading,
) -> Option<String> {
    if let Some((name, ratio)) = largest(reference, reading)
        && ratio > LARGEST_BINARY
    {
        return Some(format!(
            "`{name}` is {ratio:.2} times as large as before, more than {LARGEST_BINARY:.2}"
        ));
    }
    if let Some(ratio) = bench_ratio(current, reading)
        && ratio > SLOWEST_BENCH
    {
        return Some(format!(
            "the command of `--bench` takes {ratio:.2} times as long, more than {SLOWEST_BENCH:.2}"
        ));
    }
    let (before, after) = (current.rebuild_seconds?, reading.rebuild_seconds?);
    let is_worse = stats::call_sides(Quantity::Seconds, &[before], &[after]) == Some(Call::Worse);
    let (before, after) = (wording::seconds(before), wording::seconds(after));
    is_worse.then(|| format!("a rebuild after an edit takes {after} in place of {before}"))
}

/// The binary that grew most, and its ratio to the same binary before.
pub(super) fn largest<'r>(before: &Reading, after: &'r Reading) -> Option<(&'r str, f64)> {
    let ratios = after.binaries.iter().filter_map(|(name, size)| {
        let ratio = stats::ratio(*before.binaries.get(name)? as f64, *size as f64)?;
        Some((name.as_str(), ratio))
    });
    ratios.max_by(|a, b| a.1.total_cmp(&b.1))
}

pub(super) fn bench_ratio(before: &Reading, after: &Reading) -> Option<f64> {
    stats::ratio(before.bench_seconds?, after.bench_seconds?)
}
