//! Finding a sound subset of changes when the whole plan is not: delta debugging over change ids.
//!
//! Pure apart from the test it is given, which sees no set twice. What is kept passed a test or is empty;
//! among up to [`EXHAUSTIVE`] changes it is empty only if no other subset is sound.

use std::collections::BTreeMap;

use anyhow::Result;

/// Up to so many items, every subset is tested before nothing at all is kept.
const EXHAUSTIVE: usize = 6;

/// The most tests that are made after everything was rejected: all subsets of [`EXHAUSTIVE`] items but
/// the empty one.
const LAST_TESTS: usize = (1 << EXHAUSTIVE) - 1;

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
    /// In the order in which they fell, each with the error of the smallest failing set it was in.
    pub(crate) rejected: Vec<(T, String)>,
    /// For each of these, in their order, the sound items without which it might have stood; none if it failed
    /// alone.
    pub(crate) adversaries: Vec<Vec<T>>,
    /// How many subsets were tested, without the first verdict.
    pub(crate) tests: usize,
}

/// Rejects one item after the other, each the last of a minimal set that fails, until the rest is
/// sound; then tries those again whose adversaries fell after them. Where supersets of an unsound set
/// are unsound, the result is maximal: no rejected item could be added to it. Where they are not and
/// nothing was left, other subsets are tried (see [`Search::search`]). `first` is the verdict on all of
/// `items`.
///
/// # Errors
/// Those of `test`.
pub(crate) fn largest_sound<T: Clone>(
    items: &[T],
    first: Outcome,
    mut test: impl FnMut(&[T]) -> Result<Outcome>,
) -> Result<Split<T>> {
    let pick = |set: &[usize]| set.iter().map(|at| items[*at].clone()).collect::<Vec<T>>();
    let all: Vec<usize> = (0..items.len()).collect();
    let mut search = Search {
        test: |set: &[usize]| test(&pick(set)),
        verdicts: BTreeMap::from([(all.clone(), first)]),
        tests: 0,
    };
    let mut sound = all;
    let mut fallen: Vec<Fallen> = Vec::new();
    while !search.is_sound(&sound)? {
        let culprits = search.minimal_failing(&sound)?;
        let item = culprits[culprits.len() - 1];
        sound.retain(|other| *other != item);
        fallen.push(Fallen { item, culprits });
    }
    let has_lost_an_adversary = |one: &Fallen, sound: &[usize]| {
        one.culprits.iter().any(|item| *item != one.item && !sound.contains(item))
    };
    if sound.is_empty() {
        sound = search.search(items.len())?;
        // Its verdicts follow no rule, so everything else is worth a try.
        search.grow(&mut sound, &fallen, |_, _| true)?;
    } else {
        search.grow(&mut sound, &fallen, has_lost_an_adversary)?;
    }
    let rejected: Vec<&Fallen> = fallen.iter().filter(|one| !sound.contains(&one.item)).collect();
    // What fell for something that fell as well was tried once more, with everything that stands.
    let adversaries = |one: &&Fallen| match has_lost_an_adversary(one, &sound) {
        true => pick(&sound),
        false => pick(&without(&one.culprits, &[one.item])),
    };
    Ok(Split {
        adversaries: rejected.iter().map(adversaries).collect(),
        rejected: rejected
            .iter()
            .map(|one| (items[one.item].clone(), search.evidence(one)))
            .collect(),
        sound: pick(&sound),
        tests: search.tests,
    })
}

/// An item that was rejected, and the minimal failing set of which it was the last.
struct Fallen {
    item: usize,
    culprits: Vec<usize>,
}

/// The tests made so far. Sets are ascending positions.
struct Search<F> {
    test: F,
    verdicts: BTreeMap<Vec<usize>, Outcome>,
    tests: usize,
}

impl<F: FnMut(&[usize]) -> Result<Outcome>> Search<F> {
    /// Tests a set unless its verdict is known. Nothing at all is what there was before, and sound.
    fn is_sound(&mut self, set: &[usize]) -> Result<bool> {
        if set.is_empty() {
            return Ok(true);
        }
        if let Some(known) = self.verdicts.get(set) {
            return Ok(*known == Outcome::Sound);
        }
        self.tests += 1;
        let outcome = (self.test)(set)?;
        let is_sound = outcome == Outcome::Sound;
        self.verdicts.insert(set.to_vec(), outcome);
        Ok(is_sound)
    }

    /// Zeller's ddmin: a failing subset of a failing set, of which no chunk and no item can be left out.
    fn minimal_failing(&mut self, set: &[usize]) -> Result<Vec<usize>> {
        let mut failing = set.to_vec();
        let mut parts = 2;
        'reduce: while failing.len() > 1 {
            parts = parts.min(failing.len());
            let size = failing.len().div_ceil(parts);
            let chunks: Vec<Vec<usize>> = failing.chunks(size).map(<[usize]>::to_vec).collect();
            for chunk in &chunks {
                if !self.is_sound(chunk)? {
                    (failing, parts) = (chunk.clone(), 2);
                    continue 'reduce;
                }
            }
            if parts > 2 {
                for chunk in &chunks {
                    let rest = without(&failing, chunk);
                    if !self.is_sound(&rest)? {
                        (failing, parts) = (rest, parts - 1);
                        continue 'reduce;
                    }
                }
            }
            if parts >= failing.len() {
                break;
            }
            parts *= 2;
        }
        Ok(failing)
    }

    /// Adds what fell back to a sound set, one after the other in the items' order, where the result
    /// is sound.
    fn grow(
        &mut self,
        sound: &mut Vec<usize>,
        fallen: &[Fallen],
        is_worth_a_test: impl Fn(&Fallen, &[usize]) -> bool,
    ) -> Result<()> {
        let mut fallen: Vec<&Fallen> = fallen.iter().collect();
        fallen.sort_by_key(|one| one.item);
        for one in fallen {
            if sound.is_empty() || sound.contains(&one.item) || !is_worth_a_test(one, sound) {
                continue;
            }
            let mut more = sound.clone();
            more.push(one.item);
            more.sort_unstable();
            if self.is_sound(&more)? {
                *sound = more;
            }
        }
        Ok(())
    }

    /// The last resort: a sound set among those that no test has seen, or nothing. Up to
    /// [`EXHAUSTIVE`] items all of them, the largest first; beyond that what is left when one item, two
    /// or three are left out, and these alone, in turns, with at most [`LAST_TESTS`] tests.
    fn search(&mut self, count: usize) -> Result<Vec<usize>> {
        let all: Vec<usize> = (0..count).collect();
        let sizes: Vec<usize> =
            if count <= EXHAUSTIVE { (0..count).collect() } else { vec![1, 2, 3] };
        let spent = self.tests;
        for size in sizes {
            let mut left_out: Option<Vec<usize>> = Some((0..size).collect());
            while let Some(few) = left_out {
                let rest = without(&all, &few);
                let alone = if count > EXHAUSTIVE { few.clone() } else { Vec::new() };
                for set in [rest, alone] {
                    if self.tests - spent >= LAST_TESTS {
                        return Ok(Vec::new());
                    }
                    if !set.is_empty() && self.is_sound(&set)? {
                        return Ok(set);
                    }
                }
                left_out = next_combination(few, count);
            }
        }
        Ok(Vec::new())
    }

    /// The error of the smallest failing set that an item was in; of equals, the one it fell with.
    fn evidence(&self, fallen: &Fallen) -> String {
        let errors = self.verdicts.iter().filter_map(|(set, outcome)| match outcome {
            Outcome::Unsound(error) if set.contains(&fallen.item) => Some((set, error)),
            _ => None,
        });
        let smallest = errors.min_by_key(|(set, _)| (set.len(), **set != fallen.culprits));
        smallest.map(|(_, error)| error.clone()).unwrap_or_default()
    }
}

fn without(set: &[usize], few: &[usize]) -> Vec<usize> {
    set.iter().filter(|item| !few.contains(item)).copied().collect()
}

/// The next ascending choice of as many positions below `count`, in lexicographic order.
fn next_combination(mut chosen: Vec<usize>, count: usize) -> Option<Vec<usize>> {
    let size = chosen.len();
    let at = (0..size).rev().find(|at| chosen[*at] < count - (size - at))?;
    let next = chosen[at] + 1;
    for (offset, item) in chosen[at..].iter_mut().enumerate() {
        *item = next + offset;
    }
    Some(chosen)
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::*;

    /// Runs the search; fails if a set is tested twice or the count of tests is wrong.
    fn run(items: &[u8], bad: impl Fn(&[u8]) -> Option<String>) -> Split<u8> {
        let verdict = |set: &[u8]| bad(set).map_or(Outcome::Sound, Outcome::Unsound);
        let mut seen = BTreeSet::from([items.to_vec()]);
        let split = largest_sound(items, verdict(items), |set| {
            assert!(seen.insert(set.to_vec()), "{set:?} is tested twice");
            Ok(verdict(set))
        })
        .unwrap();
        assert_eq!(split.tests, seen.len() - 1);
        let mut parts: Vec<u8> = split.rejected.iter().map(|(item, _)| *item).collect();
        parts.extend(&split.sound);
        parts.sort_unstable();
        assert_eq!(parts, items, "each item is either kept or rejected");
        split
    }

    fn together(pairs: &BTreeSet<(u8, u8)>, set: &[u8]) -> Option<String> {
        let pair = pairs.iter().find(|(a, b)| set.contains(a) && set.contains(b))?;
        Some(format!("{pair:?}"))
    }

    #[test]
    fn a_sound_plan_is_tested_no_further() {
        let split = run(&[1, 2, 3], |_| None);
        assert_eq!(split.sound, [1, 2, 3]);
        assert_eq!(split.tests, 0);
    }

    #[test]
    fn a_single_culprit_is_rejected_with_its_own_error() {
        let split = run(&[1, 2, 3, 4, 5], |set| set.contains(&4).then(|| "four".to_owned()));
        assert_eq!(split.sound, [1, 2, 3, 5]);
        assert_eq!(split.rejected, [(4, "four".to_owned())]);
        assert_eq!(split.adversaries, [[0_u8; 0]], "it fails alone");
    }

    #[test]
    fn of_a_pair_that_conflicts_the_later_goes() {
        let bad = |set: &[u8]| (set.contains(&2) && set.contains(&5)).then(|| "both".to_owned());
        let split = run(&[1, 2, 3, 4, 5, 6], bad);
        assert_eq!(split.sound, [1, 2, 3, 4, 6]);
        assert_eq!(split.adversaries, [[2]]);
    }

    #[test]
    fn what_fell_for_an_adversary_that_fell_later_comes_back() {
        // The second half fails for 2 and 3, so 3 falls; then 2 for 0: 3 has no adversary left.
        let pairs = BTreeSet::from([(0, 2), (2, 3)]);
        let split = run(&[0, 1, 2, 3], |set| together(&pairs, set));
        assert_eq!(split.sound, [0, 1, 3]);
        assert_eq!(split.rejected, [(2, "(0, 2)".to_owned())]);
    }

    #[test]
    fn a_failure_that_no_change_causes_rejects_them_all_within_the_bound() {
        let split = run(&[1, 2], |_| Some("always".to_owned()));
        assert_eq!(split.sound, Vec::<u8>::new());
        assert_eq!(split.rejected.len(), 2);
        let many: Vec<u8> = (0..40).collect();
        let split = run(&many, |_| Some("always".to_owned()));
        assert_eq!(split.rejected.len(), 40);
        // Halving finds a single one of k in about log2(k) tests.
        assert!(split.tests <= 40 * 6 + LAST_TESTS, "{}", split.tests);
    }

    #[test]
    fn of_many_that_only_stand_together_all_but_a_culprit_are_found() {
        let items: Vec<u8> = (0..12).collect();
        let split = run(&items, |set| (set.len() != 11 || set.contains(&7)).then(String::new));
        assert_eq!(split.rejected.len(), 1);
        assert_eq!(split.rejected[0].0, 7);
    }

    #[test]
    fn choices_follow_one_another_to_the_last() {
        let mut all = vec![vec![0, 1]];
        while let Some(next) = next_combination(all[all.len() - 1].clone(), 4) {
            all.push(next);
        }
        assert_eq!(all, [[0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]]);
        assert_eq!(next_combination(Vec::new(), 3), None);
    }

    proptest! {
        #[test]
        fn exactly_the_independent_culprits_are_rejected(
            bad in proptest::collection::btree_set(0_u8..20, 0..6),
        ) {
            let items: Vec<u8> = (0..20).collect();
            let split = run(&items, |set| {
                set.iter().find(|item| bad.contains(item)).map(u8::to_string)
            });
            let rejected: BTreeSet<u8> = split.rejected.iter().map(|(item, _)| *item).collect();
            prop_assert_eq!(&rejected, &bad);
            for (item, error) in &split.rejected {
                prop_assert_eq!(&item.to_string(), error);
            }
        }

        #[test]
        fn of_conflicting_pairs_a_maximal_set_is_kept(
            pairs in proptest::collection::btree_set((0_u8..12, 0_u8..12), 0..12),
        ) {
            let items: Vec<u8> = (0..12).collect();
            let split = run(&items, |set| together(&pairs, set));
            prop_assert_eq!(together(&pairs, &split.sound), None);
            for (item, error) in &split.rejected {
                let more = [split.sound.as_slice(), &[*item]].concat();
                prop_assert!(together(&pairs, &more).is_some(), "{item} could be kept");
                prop_assert!(error.contains(&item.to_string()), "{error} is not about {item}");
            }
        }

        #[test]
        fn whatever_the_verdicts_a_sound_set_is_found_if_there_is_one(
            count in 1_usize..=5,
            sound in proptest::collection::btree_set(1_u32..32, 0..8),
        ) {
            let items: Vec<u8> = (0..count as u8).collect();
            let mask = |set: &[u8]| set.iter().map(|item| 1 << item).sum::<u32>();
            let split = run(&items, |set| (!sound.contains(&mask(set))).then(|| format!("{set:?}")));
            let exists = sound.range(1..1 << count).next().is_some();
            prop_assert_eq!(exists, !split.sound.is_empty());
            prop_assert!(split.sound.is_empty() || sound.contains(&mask(&split.sound)));
            // Each error is that of a set which the item was in.
            let errors: BTreeMap<u8, &String> =
                split.rejected.iter().map(|(item, error)| (*item, error)).collect();
            prop_assert!(errors.iter().all(|(item, error)| error.contains(&item.to_string())));
        }
    }
}
