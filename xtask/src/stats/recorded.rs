//! Readings of one configuration against itself, as they were taken: what the noise floors are made from.

use super::{Call, call};
use crate::record::Quantity;

/// Wall times in seconds, baseline and candidate, five pairs in turns: `cargo xtask validate --against HEAD
/// --pairs 5 --no-test` on a fresh checkout of mini-redis (commit 3d93b42), 2026-11-22, 2 cores, Linux x86_64,
/// rustc and cargo 1.95.0.
const RECORDED: [(&str, [f64; 5], [f64; 5]); 3] = [
    ("clean-dev", [22.856, 22.095, 24.633, 23.716, 19.27], [24.865, 23.945, 24.16, 22.749, 19.601]),
    (
        "clean-release",
        [43.573, 42.644, 45.927, 49.223, 35.244],
        [39.155, 47.041, 43.53, 41.724, 33.198],
    ),
    ("incremental-core", [1.094, 1.072, 1.036, 1.077, 0.87], [0.997, 1.057, 1.14, 0.988, 0.889]),
];

/// Every choice of some of five, as a list of positions.
fn choices() -> impl Iterator<Item = Vec<usize>> {
    (1_u32..1 << 5).map(|bits| (0..5).filter(|at| bits & (1 << at) != 0).collect())
}

#[test]
fn one_configuration_against_itself_is_not_called_different_by_any_of_its_pairs() {
    for (what, baseline, candidate) in RECORDED {
        for chosen in choices() {
            let pairs: Vec<(f64, f64)> =
                chosen.iter().map(|at| (baseline[*at], candidate[*at])).collect();
            assert_eq!(
                call(Quantity::Seconds, &pairs),
                Some(Call::Same),
                "{what}, pairs {chosen:?}: {pairs:?}"
            );
        }
    }
}

#[test]
fn a_difference_of_half_is_called_by_every_choice_of_the_same_pairs() {
    for (what, baseline, candidate) in RECORDED {
        // Rebuilds are too short for their differences to be called at all.
        for chosen in choices().filter(|_| what != "incremental-core") {
            let halved: Vec<(f64, f64)> =
                chosen.iter().map(|at| (baseline[*at], candidate[*at] / 2.0)).collect();
            assert_eq!(call(Quantity::Seconds, &halved), Some(Call::Better), "{what}, {chosen:?}");
        }
    }
}
