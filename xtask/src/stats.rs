//! What a handful of samples is worth: median, range, ratio, and the call on a difference.
//!
//! Pure. A difference is never called from readings that do not show it: where there is doubt, the
//! call is [`Call::Same`]; and swapping the two sides swaps the call, so neither side is favoured.

use std::fmt;

use crate::record::Quantity;

/// Relative difference of timings below which one pair says nothing.
///
/// A policy of this tool, not a law, made from readings: builds of one configuration against itself, in turns
/// on a small virtual machine, differed by up to 18 % in one pair, 15 % in any two and 10 % in any three of
/// five (`stats/recorded.rs`). See [`noise_floor`].
const ONE_PAIR: f64 = 0.22;

/// Relative difference of timings below which nothing is called, however many samples there are.
const SMALLEST_FLOOR: f64 = 0.05;

/// Relative difference of timings below which nothing is called with so many samples on the side that has
/// fewer: [`ONE_PAIR`] by their square root, as the scatter of a mean shrinks, down to [`SMALLEST_FLOOR`].
pub(crate) fn noise_floor(samples: usize) -> f64 {
    (ONE_PAIR / (samples.max(1) as f64).sqrt()).max(SMALLEST_FLOOR)
}

/// Difference of wall times, in seconds, below which nothing is called, however many pairs agree.
///
/// A policy of this tool: starting cargo and reading the manifests alone varies by about this
/// much, and nobody notices it in a build.
pub(crate) const SECONDS_FLOOR: f64 = 0.2;

/// Relative difference of sizes below which nothing is called, however many samples there are.
///
/// A policy of this tool: two clean builds of the same sources differ slightly in bytes, because
/// incremental state is not reproduced exactly and the paths of the two copies differ in length.
pub(crate) const BYTES_FLOOR: f64 = 0.01;

/// Distance from the median, in median absolute deviations, from which a reading is an outlier.
///
/// Ten standard deviations; 1.4826 turns a median absolute deviation into one. The threshold that
/// hyperfine uses (`src/outlier_detection.rs`, after Iglewicz and Hoaglin 1993).
const OUTLIER_DEVIATIONS: f64 = 1.4826 * 10.0;

/// What a difference between two configurations is worth. Less is better for every quantity here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Call {
    /// The candidate needs less than the baseline.
    Better,
    /// The candidate needs more.
    Worse,
    /// No difference beyond noise.
    Same,
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Call::Better => "better",
            Call::Worse => "worse",
            Call::Same => "same",
        })
    }
}

/// Smallest and largest of some samples.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Range {
    pub(crate) min: f64,
    pub(crate) max: f64,
}

impl Range {
    /// Whether the two have a point in common. Touching counts: it is doubt.
    fn overlaps(self, other: Range) -> bool {
        self.min <= other.max && other.min <= self.max
    }
}

/// How much a quantity varies when nothing has changed.
#[derive(Debug, Clone, Copy)]
struct Noise {
    /// Fraction by which the larger median must exceed the smaller.
    relative: f64,
    /// Difference of the medians that is never called, in the quantity's own unit.
    absolute: f64,
}

impl Noise {
    fn of(quantity: Quantity, samples: usize) -> Noise {
        match quantity {
            Quantity::Seconds => Noise { relative: noise_floor(samples), absolute: SECONDS_FLOOR },
            Quantity::Bytes => Noise { relative: BYTES_FLOOR, absolute: 0.0 },
            // Counts are exact.
            Quantity::Count => Noise { relative: 0.0, absolute: 0.0 },
        }
    }
}

/// Median of the samples; `None` when there are none or one is not a finite number.
pub(crate) fn median(samples: &[f64]) -> Option<f64> {
    if samples.is_empty() || samples.iter().any(|sample| !sample.is_finite()) {
        return None;
    }
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    Some(if sorted.len() % 2 == 1 {
        sorted[middle]
    } else {
        f64::midpoint(sorted[middle - 1], sorted[middle])
    })
}

/// Smallest and largest sample; `None` when there are none or one is not a finite number.
pub(crate) fn range(samples: &[f64]) -> Option<Range> {
    if samples.iter().any(|sample| !sample.is_finite()) {
        return None;
    }
    let min = samples.iter().copied().reduce(f64::min)?;
    let max = samples.iter().copied().reduce(f64::max)?;
    Some(Range { min, max })
}

/// `candidate / baseline`: below 1 is better. `None` when the baseline is 0 or the quotient is not
/// a finite number.
pub(crate) fn ratio(baseline: f64, candidate: f64) -> Option<f64> {
    let ratio = candidate / baseline;
    (baseline != 0.0 && ratio.is_finite()).then_some(ratio)
}

/// Median of the ratios of the pairs `(baseline, candidate)`, each pair taken in turn: drift of
/// the machine during a run cancels within a pair. `None` as for [`ratio`], or without pairs.
pub(crate) fn median_ratio(pairs: &[(f64, f64)]) -> Option<f64> {
    let ratios: Option<Vec<f64>> = pairs.iter().map(|&(b, c)| ratio(b, c)).collect();
    median(&ratios?)
}

/// The call on a difference, from pairs `(baseline, candidate)` in the quantity's own unit: that
/// of [`call_sides`] on the two sides of the pairs.
pub(crate) fn call(quantity: Quantity, pairs: &[(f64, f64)]) -> Option<Call> {
    let (baseline, candidate): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
    call_sides(quantity, &baseline, &candidate)
}

/// The call on a difference between samples that need not come in pairs (a recorded baseline may
/// have more), in the quantity's own unit.
///
/// A difference is called only when the ranges of the two sides do not overlap *and* the larger median exceeds
/// the smaller by more than the noise floor of the quantity ([`noise_floor`], [`BYTES_FLOOR`]; counts are exact).
/// Timings whose medians differ by less than [`SECONDS_FLOOR`] are never called.
///
/// `None`, that is *not measured*, when a side has no sample or one that is negative or not finite.
pub(crate) fn call_sides(quantity: Quantity, baseline: &[f64], candidate: &[f64]) -> Option<Call> {
    let (before, after) = (range(baseline)?, range(candidate)?);
    let (from, to) = (median(baseline)?, median(candidate)?);
    if before.min < 0.0 || after.min < 0.0 {
        return None;
    }
    let noise = Noise::of(quantity, baseline.len().min(candidate.len()));
    let within_noise = from.max(to) <= from.min(to) * (1.0 + noise.relative);
    if before.overlaps(after) || within_noise || (to - from).abs() < noise.absolute {
        return Some(Call::Same);
    }
    Some(if to < from { Call::Better } else { Call::Worse })
}

/// Indices of the samples that stand far apart from the others (see [`OUTLIER_DEVIATIONS`]), in
/// order. None among fewer than three samples, where no majority says what is usual.
pub(crate) fn outliers(samples: &[f64]) -> Vec<usize> {
    let Some(middle) = median(samples).filter(|_| samples.len() >= 3) else {
        return Vec::new();
    };
    let deviations: Vec<f64> = samples.iter().map(|sample| (sample - middle).abs()).collect();
    let Some(usual) = median(&deviations) else {
        return Vec::new();
    };
    deviations
        .iter()
        .enumerate()
        .filter(|&(_, &deviation)| deviation > usual * OUTLIER_DEVIATIONS)
        .map(|(index, _)| index)
        .collect()
}

#[cfg(test)]
mod recorded;
#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn quantity() -> impl Strategy<Value = Quantity> {
        prop_oneof![Just(Quantity::Seconds), Just(Quantity::Bytes), Just(Quantity::Count)]
    }

    fn pairs() -> impl Strategy<Value = Vec<(f64, f64)>> {
        vec((0.0..1e6_f64, 0.0..1e6_f64), 1..6)
    }

    proptest! {
        #[test]
        fn a_configuration_against_itself_is_never_called_different(
            quantity in quantity(), samples in vec(0.0..1e9_f64, 1..8)
        ) {
            let pairs: Vec<_> = samples.iter().map(|&sample| (sample, sample)).collect();
            prop_assert_eq!(call(quantity, &pairs), Some(Call::Same));
        }

        #[test]
        fn samples_of_one_configuration_shared_out_to_both_sides_need_a_gap_to_be_called(
            mut samples in vec(10.0..20.0_f64, 4..12)
        ) {
            // The extremes go to one side: its range spans the other.
            samples.sort_by(f64::total_cmp);
            let last = samples.len() - 1;
            let pairs = [(samples[0], samples[1]), (samples[last], samples[last - 1])];
            prop_assert_eq!(call(Quantity::Seconds, &pairs), Some(Call::Same));
        }

        #[test]
        fn swapping_the_sides_swaps_the_call(quantity in quantity(), pairs in pairs()) {
            let swapped: Vec<_> = pairs.iter().map(|&(b, c)| (c, b)).collect();
            let expected = call(quantity, &pairs).map(|call| match call {
                Call::Better => Call::Worse,
                Call::Worse => Call::Better,
                Call::Same => Call::Same,
            });
            prop_assert_eq!(call(quantity, &swapped), expected);
        }

        #[test]
        fn the_median_lies_within_the_range(samples in vec(-1e300..1e300_f64, 1..20)) {
            let (median, range) = (median(&samples).unwrap(), range(&samples).unwrap());
            prop_assert!(range.min <= median && median <= range.max);
        }

        #[test]
        fn the_order_of_the_samples_does_not_matter_to_the_median(
            samples in vec(0.0..1e3_f64, 1..9)
        ) {
            let reversed: Vec<_> = samples.iter().rev().copied().collect();
            prop_assert_eq!(median(&samples), median(&reversed));
        }

        #[test]
        fn any_numbers_at_all_give_a_call_or_none(
            pairs in vec((any::<f64>(), any::<f64>()), 0..4)
        ) {
            let finite = pairs.iter().all(|(b, c)| b.is_finite() && c.is_finite());
            let sound = !pairs.is_empty() && finite && pairs.iter().all(|&(b, c)| b >= 0.0 && c >= 0.0);
            prop_assert_eq!(call(Quantity::Seconds, &pairs).is_some(), sound);
            let _ = median_ratio(&pairs);
        }
    }

    #[test]
    fn one_pair_within_the_noise_floor_is_the_same() {
        assert_eq!(call(Quantity::Seconds, &[(100.0, 121.9)]), Some(Call::Same));
        assert_eq!(call(Quantity::Seconds, &[(100.0, 122.1)]), Some(Call::Worse));
        assert_eq!(call(Quantity::Seconds, &[(65.4, 31.4)]), Some(Call::Better));
    }

    #[test]
    fn a_short_build_is_not_called_by_its_ratio_alone() {
        assert_eq!(call(Quantity::Seconds, &[(0.30, 0.15)]), Some(Call::Same));
        assert_eq!(call(Quantity::Seconds, &[(0.30, 0.15), (0.31, 0.14)]), Some(Call::Same));
    }

    #[test]
    fn overlapping_ranges_are_the_same_however_far_apart_the_medians() {
        let pairs = [(60.0, 40.0), (60.0, 40.0), (40.0, 40.0)];
        assert_eq!(call(Quantity::Seconds, &pairs), Some(Call::Same));
    }

    #[test]
    fn ranges_apart_are_the_same_below_the_floor_and_called_above_it() {
        let close = [(60.0, 56.0), (60.2, 56.1), (60.1, 55.9)];
        assert_eq!(call(Quantity::Seconds, &close), Some(Call::Same));
        let apart = [(60.0, 50.0), (60.2, 50.1), (60.1, 49.9)];
        assert_eq!(call(Quantity::Seconds, &apart), Some(Call::Better));
        let sizes = [(1000.0, 1009.0), (1000.0, 1009.0)];
        assert_eq!(call(Quantity::Bytes, &sizes), Some(Call::Same));
    }

    #[test]
    fn one_sample_against_a_recorded_range_needs_a_gap_and_the_floor() {
        let recorded = [60.0, 62.0, 61.0];
        let call = |now| call_sides(Quantity::Seconds, &recorded, &[now]).unwrap();
        assert_eq!(call(61.5), Call::Same);
        assert_eq!(call(63.0), Call::Same);
        assert_eq!(call(76.0), Call::Worse);
        assert_eq!(call_sides(Quantity::Seconds, &recorded, &[]), None);
    }

    #[test]
    fn a_count_is_exact() {
        assert_eq!(call(Quantity::Count, &[(244.0, 243.0)]), Some(Call::Better));
        assert_eq!(call(Quantity::Count, &[(0.0, 1.0)]), Some(Call::Worse));
    }

    #[test]
    fn more_samples_show_smaller_differences() {
        assert_eq!(noise_floor(1), 0.22);
        assert!((noise_floor(4) - 0.11).abs() < 1e-12);
        assert_eq!(noise_floor(100), SMALLEST_FLOOR);
        assert_eq!(noise_floor(0), noise_floor(1));
    }

    #[test]
    fn a_ratio_needs_a_baseline() {
        assert_eq!(ratio(0.0, 3.0), None);
        assert_eq!(ratio(2.0, 1.0), Some(0.5));
        assert_eq!(median_ratio(&[(10.0, 5.0), (10.0, 8.0)]), Some(0.65));
        assert_eq!(median_ratio(&[]), None);
    }

    #[test]
    fn a_reading_far_from_the_rest_is_named() {
        assert_eq!(outliers(&[0.5, 0.30, 0.29, 0.31, 0.30]), [0]);
        assert_eq!(outliers(&[30.0, 30.2, 45.0]), [2]);
        assert!(outliers(&[0.0, 1000.0]).is_empty());
        assert!(outliers(&[-0.2, 0.0, 0.2]).is_empty());
    }

    #[test]
    fn the_call_is_padded_like_text() {
        assert_eq!(format!("{:>8}", Call::Same), "    same");
    }
}
