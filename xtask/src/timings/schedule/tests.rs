use proptest::{collection::vec, prelude::*};

use super::*;

fn work(takes: u128, metadata: u128, unblocks: &[usize], by_metadata: &[usize]) -> Work {
    Work {
        takes,
        metadata,
        unblocks: unblocks.to_vec(),
        unblocks_by_metadata: by_metadata.to_vec(),
    }
}

/// Units that wait only for earlier ones, in any way.
fn works() -> impl Strategy<Value = Vec<Work>> {
    let unit = (0..1_000_u128, 0..=100_u128, vec((1..6_usize, any::<bool>()), 0..4));
    vec(unit, 1..40).prop_map(|units| {
        let count = units.len();
        let made = units.into_iter().enumerate().map(|(at, (takes, part, edges))| {
            let mut made = work(takes, takes * part / 100, &[], &[]);
            for (distance, by_metadata) in edges {
                let later = at + distance;
                let known =
                    made.unblocks.contains(&later) || made.unblocks_by_metadata.contains(&later);
                if later < count && !known {
                    let list = if by_metadata {
                        &mut made.unblocks_by_metadata
                    } else {
                        &mut made.unblocks
                    };
                    list.push(later);
                }
            }
            made
        });
        made.collect()
    })
}

fn sum(works: &[Work]) -> u128 {
    works.iter().map(|work| work.takes).sum()
}

#[test]
fn what_needs_the_metadata_alone_starts_while_code_is_generated() {
    let works = [work(10, 4, &[], &[1]), work(5, 5, &[], &[])];
    let rest = Rest::of(&works);
    assert_eq!((rest.critical(), rest.critical_path()), (10, vec![0]));
    assert_eq!(simulate(&works, &rest, 2), 10);
    assert_eq!(simulate(&works, &rest, 1), 15);
    let longer = [work(10, 4, &[], &[1]), work(7, 7, &[], &[])];
    let rest = Rest::of(&longer);
    assert_eq!((rest.critical(), rest.critical_path()), (11, vec![0, 1]));
    assert_eq!(simulate(&longer, &rest, 2), 11);
}

#[test]
fn a_free_core_takes_the_unit_with_the_longest_way_on() {
    // The short unit 2 has a long one behind it: it goes before 1.
    let works =
        [work(2, 2, &[], &[]), work(6, 6, &[], &[]), work(1, 1, &[3], &[]), work(9, 9, &[], &[])];
    let rest = Rest::of(&works);
    assert_eq!(rest.critical_path(), [2, 3]);
    assert_eq!(simulate(&works, &rest, 2), 10);
}

#[test]
fn nothing_takes_no_time() {
    let rest = Rest::of(&[]);
    assert_eq!((rest.critical(), rest.critical_path()), (0, Vec::new()));
    assert_eq!(simulate(&[], &rest, 4), 0);
}

#[test]
fn a_long_chain_neither_recurses_nor_takes_long() {
    let last = 100_000;
    let works: Vec<Work> = (0..=last)
        .map(|at| work(1, 1, if at < last { vec![at + 1] } else { Vec::new() }.as_slice(), &[]))
        .collect();
    let rest = Rest::of(&works);
    assert_eq!(rest.critical_path().len(), works.len());
    assert_eq!(simulate(&works, &rest, 2), sum(&works));
}

proptest! {
    #[test]
    fn one_core_takes_the_sum_of_the_units(works in works()) {
        prop_assert_eq!(simulate(&works, &Rest::of(&works), 1), sum(&works));
    }

    #[test]
    fn no_number_of_cores_beats_the_critical_path_or_an_even_share(
        works in works(), cores in 1..64_usize
    ) {
        let rest = Rest::of(&works);
        let takes = simulate(&works, &rest, cores);
        prop_assert!(takes >= rest.critical());
        prop_assert!(takes * cores as u128 >= sum(&works));
    }

    #[test]
    fn more_cores_never_take_longer(works in works(), numbers in vec(1..40_usize, 1..8)) {
        let simulated = with_cores(&works, &Rest::of(&works), &numbers);
        prop_assert!(simulated.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 >= pair[1].1));
        prop_assert!(numbers.iter().all(|asked| simulated.iter().any(|(cores, _)| cores == asked)));
    }

    #[test]
    fn the_critical_path_is_a_chain_of_its_own_length(works in works()) {
        let rest = Rest::of(&works);
        let path = rest.critical_path();
        let mut length = 0;
        for pair in path.windows(2) {
            let from = &works[pair[0]];
            if from.unblocks.contains(&pair[1]) {
                length += from.takes;
            } else {
                prop_assert!(from.unblocks_by_metadata.contains(&pair[1]));
                length += from.metadata;
            }
        }
        length += works[*path.last().unwrap()].takes;
        prop_assert_eq!(length, rest.critical());
        prop_assert!(works.iter().all(|work| work.takes <= length));
    }
}
