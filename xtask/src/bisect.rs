//! Finding a sound subset of changes when the whole plan is not: delta debugging over change ids.
//!
//! Pure apart from the test it is given. Every change it drops is a member of a minimal failing set.

use anyhow::Result;

/// What a test of a subset says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    Sound,
    /// The evidence, for instance a compiler error.
    Unsound(String),
}

/// The changes to keep, in their order, and those rejected with the error that each causes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Split<T> {
    pub(crate) sound: Vec<T>,
    pub(crate) rejected: Vec<(T, String)>,
}

/// Rejects one change after the other, each the last of a minimal set that fails together with its
/// evidence, until the rest is sound. `first` is the verdict on all of `items`.
///
/// # Errors
/// Those of `test`.
pub(crate) fn largest_sound<T: Clone + PartialEq>(
    items: &[T],
    first: Outcome,
    mut test: impl FnMut(&[T]) -> Result<Outcome>,
) -> Result<Split<T>> {
    let mut sound = items.to_vec();
    let mut rejected = Vec::new();
    let mut outcome = first;
    while let Outcome::Unsound(evidence) = outcome {
        if sound.is_empty() {
            break;
        }
        let (culprits, evidence) = minimal_failing(&sound, evidence, &mut test)?;
        let last = culprits.last().cloned().unwrap_or_else(|| sound[sound.len() - 1].clone());
        sound.retain(|item| *item != last);
        rejected.push((last, evidence));
        outcome = if sound.is_empty() { Outcome::Sound } else { test(&sound)? };
    }
    Ok(Split { sound, rejected })
}

/// Zeller's ddmin: a failing subset of which every part is needed for the failure.
fn minimal_failing<T: Clone + PartialEq>(
    items: &[T],
    evidence: String,
    test: &mut impl FnMut(&[T]) -> Result<Outcome>,
) -> Result<(Vec<T>, String)> {
    let mut failing = items.to_vec();
    let mut evidence = evidence;
    let mut parts = 2;
    'reduce: while failing.len() > 1 {
        parts = parts.min(failing.len());
        let size = failing.len().div_ceil(parts);
        let chunks: Vec<Vec<T>> = failing.chunks(size).map(<[T]>::to_vec).collect();
        for chunk in &chunks {
            if let Outcome::Unsound(error) = test(chunk)? {
                (failing, evidence, parts) = (chunk.clone(), error, 2);
                continue 'reduce;
            }
        }
        if parts > 2 {
            for chunk in &chunks {
                let rest: Vec<T> = failing.iter().filter(|i| !chunk.contains(i)).cloned().collect();
                if let Outcome::Unsound(error) = test(&rest)? {
                    (failing, evidence, parts) = (rest, error, parts - 1);
                    continue 'reduce;
                }
            }
        }
        if parts >= failing.len() {
            break;
        }
        parts *= 2;
    }
    Ok((failing, evidence))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn run(items: &[u8], bad: impl Fn(&[u8]) -> Option<String>) -> (Split<u8>, usize) {
        let mut count = 0;
        let verdict = |set: &[u8]| bad(set).map_or(Outcome::Sound, Outcome::Unsound);
        let split = largest_sound(items, verdict(items), |set| {
            count += 1;
            Ok(verdict(set))
        });
        (split.unwrap(), count)
    }

    #[test]
    fn a_sound_plan_is_tested_no_further() {
        let (split, count) = run(&[1, 2, 3], |_| None);
        assert_eq!(split.sound, [1, 2, 3]);
        assert_eq!(count, 0);
    }

    #[test]
    fn a_single_culprit_is_rejected_with_its_own_error() {
        let (split, _) = run(&[1, 2, 3, 4, 5], |set| set.contains(&4).then(|| "four".to_owned()));
        assert_eq!(split.sound, [1, 2, 3, 5]);
        assert_eq!(split.rejected, [(4, "four".to_owned())]);
    }

    #[test]
    fn of_a_pair_that_conflicts_the_later_goes() {
        let bad = |set: &[u8]| (set.contains(&2) && set.contains(&5)).then(|| "both".to_owned());
        let (split, _) = run(&[1, 2, 3, 4, 5, 6], bad);
        assert_eq!(split.sound, [1, 2, 3, 4, 6]);
    }

    #[test]
    fn a_failure_that_no_change_causes_rejects_them_all_and_ends() {
        let (split, _) = run(&[1, 2], |_| Some("always".to_owned()));
        assert_eq!(split.sound, Vec::<u8>::new());
        assert_eq!(split.rejected.len(), 2);
    }

    proptest! {
        #[test]
        fn exactly_the_independent_culprits_are_rejected(
            bad in proptest::collection::btree_set(0_u8..20, 0..6),
        ) {
            let items: Vec<u8> = (0..20).collect();
            let (split, _) = run(&items, |set| {
                set.iter().find(|item| bad.contains(item)).map(u8::to_string)
            });
            let rejected: std::collections::BTreeSet<u8> =
                split.rejected.iter().map(|(item, _)| *item).collect();
            prop_assert_eq!(&rejected, &bad);
            for (item, error) in &split.rejected {
                prop_assert_eq!(&item.to_string(), error);
            }
        }
    }
}
