//! Figures as text, beyond those of `wording`: changes, shares, ranges, money.
//!
//! Every renderer and every chart label goes through these, so that a figure reads the same wherever it
//! stands.

use super::{DASH, seconds, si_bytes, stats};
use crate::record::{Measurement, Quantity, Sample};

/// A quantity with its unit.
pub(crate) fn value(unit: Quantity, value: f64) -> String {
    match unit {
        Quantity::Seconds => seconds(value),
        // `as` saturates, and no directory holds 2^53 bytes.
        Quantity::Bytes => si_bytes(value.max(0.0).round() as u64),
        Quantity::Count => format!("{}", value.round()),
    }
}

/// The change that a ratio of candidate to baseline means: `-52.0%`, `+3.1%`, `0.0%`. A second
/// decimal where the first would claim that nothing is left.
pub(super) fn percent(ratio: f64) -> String {
    let change = (ratio - 1.0) * 100.0;
    match format!("{change:+.1}%") {
        zero if zero == "+0.0%" || zero == "-0.0%" => "0.0%".to_owned(),
        all if all == "-100.0%" && ratio > 0.0 => format!("{change:+.2}%"),
        change => change,
    }
}

/// The change between two quantities; a dash where there was nothing before.
pub(super) fn change(before: f64, after: f64) -> String {
    stats::ratio(before, after).map_or_else(|| DASH.to_owned(), percent)
}

/// A share of a whole, 0 to 1: `47%`.
pub(super) fn share(fraction: f64) -> String {
    format!("{}%", (fraction * 100.0).round())
}

/// Seconds with a sign: what was saved, or cost.
pub(super) fn signed_seconds(value: f64) -> String {
    let sign = if value < 0.0 { "-" } else { "+" };
    match seconds(value.abs()) {
        zero if zero == seconds(0.0) => zero,
        size => format!("{sign}{size}"),
    }
}

/// One decimal: how many units run side by side.
pub(super) fn decimal(value: f64) -> String {
    format!("{value:.1}")
}

/// A whole number in groups of three: `315,600`.
pub(super) fn grouped(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return format!("{value}");
    }
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    let negative = value < 0.0 && digits != "0";
    if negative { format!("-{out}") } else { out }
}

/// How sure a difference is: the range of the pairs or of the samples where there are several, else
/// the noise floor of the quantity. Empty where a side was not measured.
pub(super) fn uncertainty(measurement: &Measurement) -> String {
    let values = |samples: &[Sample]| -> Vec<f64> { samples.iter().map(|it| it.value).collect() };
    let before = values(&measurement.samples.baseline);
    let after = values(&measurement.samples.candidate);
    let floor = |floor: f64| format!("±{} noise floor", share(floor));
    match (before.len(), after.len(), measurement.unit) {
        (0, _, _) | (_, 0, _) => String::new(),
        (_, _, Quantity::Count) => "exact".to_owned(),
        (1, 1, Quantity::Seconds)
            if before[0].min(after[0]) * stats::noise_floor(1) < stats::SECONDS_FLOOR =>
        {
            format!("±{} noise floor", seconds(stats::SECONDS_FLOOR))
        }
        (1, 1, Quantity::Seconds) => floor(stats::noise_floor(1)),
        (1, 1, Quantity::Bytes) => floor(stats::BYTES_FLOOR),
        (pairs, others, _) if pairs == others => {
            let ratios: Option<Vec<f64>> =
                before.iter().zip(&after).map(|(&b, &a)| stats::ratio(b, a)).collect();
            let range = ratios.and_then(|ratios| stats::range(&ratios));
            range.map_or_else(String::new, |range| {
                format!("{pairs} pairs: {} to {}", percent(range.min), percent(range.max))
            })
        }
        _ => {
            let side = |samples: &[f64], side: &str| {
                let range = stats::range(samples)?;
                let text = |edge: f64| value(measurement.unit, edge);
                Some(if samples.len() == 1 {
                    format!("{} {side}", text(range.min))
                } else {
                    format!("{} to {} {side}", text(range.min), text(range.max))
                })
            };
            let sides = [side(&before, "before"), side(&after, "after")];
            sides.into_iter().flatten().collect::<Vec<_>>().join(", ")
        }
    }
}
