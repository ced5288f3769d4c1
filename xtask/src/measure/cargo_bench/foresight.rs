//! What is known of a timed build before it runs: which one it is of how many, and how long it may take.
//!
//! Pure. An estimate rests on an earlier build; where there was none, there is no estimate.

use std::{collections::BTreeMap, time::Duration};

use crate::{measure::Role, shell::Expected};

/// The builds so far, and how many there will be.
#[derive(Debug, Default)]
pub(super) struct Foresight {
    /// Up to which number builds are foreseen; 0 where nobody said.
    last: usize,
    /// The last build of each kind.
    earlier: BTreeMap<(Role, String), Expected>,
}

impl Foresight {
    /// So many builds are foreseen after the first `made`.
    pub(super) fn expect(&mut self, made: usize, builds: usize) {
        self.last = made + builds;
    }

    /// `3/12 clean dev, baseline`: which build of how many, if that is known.
    pub(super) fn label(&self, number: usize, what: &str) -> String {
        let what = what.replacen(" build,", ",", 1).replacen("after an edit in ", "", 1);
        if number > self.last { what } else { format!("{number}/{} {what}", self.last) }
    }

    /// What an earlier build says of the next: one of the same kind and copy, or of the same kind; of any other the
    /// number of units alone.
    pub(super) fn expected(&self, role: Role, kind: &str) -> Option<Expected> {
        let of_kind = |role| self.earlier.get(&(role, kind.to_owned())).copied();
        let same = Role::BOTH.into_iter().find_map(of_kind);
        let any = || self.earlier.values().next().map(|it| Expected { wall: None, ..*it });
        of_kind(role).or(same).or_else(any)
    }

    /// A build has ended.
    pub(super) fn learn(&mut self, role: Role, kind: String, units: usize, wall: Duration) {
        self.earlier.insert((role, kind), Expected { units, wall: Some(wall) });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_is_counted_while_it_is_foreseen() {
        let mut foresight = Foresight::default();
        let what = "clean dev build, baseline";
        assert_eq!(foresight.label(1, what), "clean dev, baseline");
        foresight.expect(2, 10);
        assert_eq!(foresight.label(3, what), "3/12 clean dev, baseline");
        assert_eq!(
            foresight.label(4, "rebuild after an edit in core, candidate"),
            "4/12 rebuild core, candidate"
        );
        assert_eq!(foresight.label(13, what), "clean dev, baseline");
    }

    #[test]
    fn an_estimate_rests_on_the_nearest_build_before() {
        let mut foresight = Foresight::default();
        let units = |units, seconds: Option<u64>| {
            Some(Expected { units, wall: seconds.map(Duration::from_secs) })
        };
        assert_eq!(foresight.expected(Role::Baseline, "build"), None);
        foresight.learn(Role::Baseline, "build".to_owned(), 247, Duration::from_secs(67));
        assert_eq!(foresight.expected(Role::Candidate, "build"), units(247, Some(67)));
        assert_eq!(foresight.expected(Role::Baseline, "build --release"), units(247, None));
        foresight.learn(Role::Candidate, "build".to_owned(), 136, Duration::from_secs(39));
        assert_eq!(foresight.expected(Role::Candidate, "build"), units(136, Some(39)));
    }
}
