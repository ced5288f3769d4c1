//! How much of what is stale goes: what is older than some days, or the oldest until the rest fits. Pure.

use std::time::{Duration, SystemTime};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// What the user limits a cleaning by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Limits {
    /// What was written within so many days stays.
    pub(super) keep_days: Option<u32>,
    /// Nothing goes beyond what brings the whole to so many bytes.
    pub(super) max_size: Option<u64>,
}

/// What is to be known of something that may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Candidate {
    pub(super) bytes: u64,
    pub(super) newest: SystemTime,
}

/// Which of the candidates go, by position and the oldest first; `all` is the size of everything, candidates included.
pub(super) fn choose(
    candidates: &[Candidate],
    all: u64,
    limits: Limits,
    now: SystemTime,
) -> Vec<usize> {
    let is_recent = |candidate: &Candidate| {
        let kept = limits.keep_days.map(|days| DAY.saturating_mul(days));
        // What was written in the future is recent.
        kept.is_some_and(|kept| now.duration_since(candidate.newest).map_or(true, |age| age < kept))
    };
    let mut order: Vec<usize> =
        (0..candidates.len()).filter(|at| !is_recent(&candidates[*at])).collect();
    order.sort_by_key(|at| candidates[*at].newest);
    let Some(max_size) = limits.max_size else { return order };
    let mut left = all;
    let needed = order.iter().take_while(|at| {
        let is_needed = left > max_size;
        left = left.saturating_sub(candidates[**at].bytes);
        is_needed
    });
    needed.copied().collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(days: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + DAY * 1000 + DAY * u32::try_from(days).unwrap()
    }

    fn three() -> [Candidate; 3] {
        [(10, 5), (20, 1), (30, 3)].map(|(bytes, day)| Candidate { bytes, newest: at(day) })
    }

    #[test]
    fn without_limits_all_go_the_oldest_first() {
        assert_eq!(choose(&three(), 100, Limits::default(), at(6)), [1, 2, 0]);
    }

    #[test]
    fn what_is_recent_stays() {
        let limits = |days| Limits { keep_days: Some(days), max_size: None };
        assert_eq!(choose(&three(), 100, limits(3), at(6)), [1, 2]);
        assert_eq!(choose(&three(), 100, limits(10), at(6)), [0; 0]);
        assert_eq!(choose(&three(), 100, limits(0), at(6)), [1, 2, 0]);
        // The clock may have been set back.
        assert_eq!(choose(&three(), 100, limits(1), at(0)), [0; 0]);
    }

    #[test]
    fn no_more_goes_than_brings_the_rest_to_the_size() {
        let limits = |size| Limits { keep_days: None, max_size: Some(size) };
        assert_eq!(choose(&three(), 100, limits(100), at(6)), [0; 0]);
        assert_eq!(choose(&three(), 100, limits(99), at(6)), [1]);
        assert_eq!(choose(&three(), 100, limits(80), at(6)), [1]);
        assert_eq!(choose(&three(), 100, limits(79), at(6)), [1, 2]);
        assert_eq!(choose(&three(), 100, limits(0), at(6)), [1, 2, 0]);
    }

    proptest! {
        #[test]
        fn what_goes_is_enough_or_everything_and_one_less_would_not_be(
            sizes in proptest::collection::vec((0_u64..1000, 0_u64..30), 0..20),
            other in 0_u64..5000,
            max_size in 0_u64..20_000,
        ) {
            let candidates: Vec<Candidate> =
                sizes.iter().map(|(bytes, day)| Candidate { bytes: *bytes, newest: at(*day) }).collect();
            let all = other + candidates.iter().map(|candidate| candidate.bytes).sum::<u64>();
            let limits = Limits { keep_days: None, max_size: Some(max_size) };
            let chosen = choose(&candidates, all, limits, at(100));
            let gone = |chosen: &[usize]| chosen.iter().map(|at| candidates[*at].bytes).sum::<u64>();
            prop_assert!(all - gone(&chosen) <= max_size || chosen.len() == candidates.len());
            if let Some((_, but_one)) = chosen.split_last() {
                prop_assert!(all - gone(but_one) > max_size);
            }
        }
    }
}
