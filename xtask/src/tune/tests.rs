//! The search over fixed readings.

use super::*;

/// Readings made up from the chosen values; counts the builds.
struct Fixed<F: FnMut(&[usize], usize) -> Option<Reading>> {
    reading: F,
    builds: usize,
    budget: usize,
}

impl<F: FnMut(&[usize], usize) -> Option<Reading>> Yard for Fixed<F> {
    fn has_time(&mut self, _: &str) -> bool {
        self.builds < self.budget
    }

    fn build(
        &mut self,
        values: &[usize],
        _: &str,
        thorough: bool,
    ) -> Result<std::result::Result<Reading, String>> {
        self.builds += 1;
        let reading = (self.reading)(values, self.builds);
        let trimmed = |reading: Reading| match thorough {
            true => reading,
            false => Reading { bench_seconds: None, rebuild_seconds: None, ..reading },
        };
        Ok(reading.map(trimmed).ok_or_else(|| "error: no such linker\nmore".to_owned()))
    }
}

fn seconds(seconds: f64) -> Option<Reading> {
    let binaries = BTreeMap::from([("app".to_owned(), 1000)]);
    Some(Reading { seconds, rebuild_seconds: Some(2.0), bench_seconds: Some(1.0), binaries })
}

fn coordinate(setting: &str, values: &[&str]) -> Coordinate {
    let values = values.iter().map(|value| (*value).to_owned()).collect();
    Coordinate { setting: setting.to_owned(), values, before: 0, start: 0 }
}

fn two() -> Vec<Coordinate> {
    vec![coordinate("debug", &["default", "false"]), coordinate("units", &["default", "1", "4"])]
}

#[track_caller]
fn found(
    coordinates: &[Coordinate],
    reading: impl FnMut(&[usize], usize) -> Option<Reading>,
) -> (Found, usize) {
    let mut yard = Fixed { reading, builds: 0, budget: usize::MAX };
    let found = search(Profile::Dev, coordinates, 2, &mut yard).unwrap().unwrap();
    (found, yard.builds)
}

fn outcomes(found: &Found) -> Vec<Vec<TuneOutcome>> {
    let tried = found.settings.iter().map(|setting| &setting.tried);
    tried.map(|tried| tried.iter().map(|value| value.outcome).collect()).collect()
}

#[test]
fn the_fastest_value_of_each_coordinate_is_chosen_with_what_was_chosen_before_it() {
    // `units = 4` helps only without debug info.
    let time = |values: &[usize], _| {
        seconds(match values {
            [0, _] => 100.0,
            [1, 0] => 80.0,
            [1, 1] => 60.0,
            _ => 50.0,
        })
    };
    let (found, _) = found(&two(), time);
    assert_eq!(found.chosen, [1, 2]);
    assert_eq!(found.settings[1].chosen, "4");
    assert_eq!(found.settings[1].before, "default");
    use TuneOutcome::{Chosen, Outdone, Slower};
    assert_eq!(outcomes(&found), [vec![Chosen, Slower], vec![Outdone, Chosen]]);
    assert!(found.settings[1].tried[0].reason.contains("4 was faster still"));
    assert_eq!(found.saved_seconds, Some(50.0));
}

#[test]
fn what_helps_only_with_a_later_choice_is_tried_again_after_it() {
    let time = |values: &[usize], _| {
        seconds(match values {
            [0, 0] => 100.0,
            [1, 0] => 101.0,
            [0, _] => 80.0,
            _ => 60.0,
        })
    };
    let (found, _) = found(&two(), time);
    assert_eq!(found.chosen[0], 1);
}

#[test]
fn nothing_is_chosen_where_nothing_differs_and_each_value_is_built_once() {
    let (found, builds) = found(&two(), |_, build| seconds(100.0 + build as f64 / 2.0));
    assert_eq!(found.chosen, [0, 0]);
    assert_eq!(builds, 4);
    let all: Vec<_> = outcomes(&found).concat();
    assert!(all.iter().all(|outcome| *outcome == TuneOutcome::NotFaster), "{all:?}");
}

#[test]
fn one_lucky_reading_is_not_believed() {
    // The second build is fast by chance.
    let (found, _) = found(&two(), |_, build| seconds(if build == 2 { 50.0 } else { 100.0 }));
    assert_eq!(found.chosen, [0, 0]);
    let first = &found.settings[0].tried[0];
    assert_eq!(first.outcome, TuneOutcome::NotFaster);
    assert!(first.reason.contains("in turns"), "{}", first.reason);
    assert_eq!((first.seconds.len(), first.seconds_without.len()), (3, 3));
}

#[test]
fn a_gain_of_a_tenth_is_built_until_it_is_certain() {
    // 10.5 % beyond the faster: above the floor of five readings and below that of four.
    let (found, _) = found(&two(), |values, build| {
        seconds(if values[0] == 1 { 100.0 } else { 110.5 } + (build % 3) as f64 / 100.0)
    });
    assert_eq!(found.chosen, [1, 0]);
    let taken = &found.settings[0].tried[0];
    assert_eq!((taken.seconds.len(), taken.seconds_without.len()), (5, 5));
}

#[test]
fn a_gain_that_so_many_pairs_do_not_show_is_none() {
    let time = |values: &[usize], _| seconds(if values[0] == 1 { 100.0 } else { 109.0 });
    let (found, _) = found(&two(), time);
    assert_eq!(found.chosen, [0, 0]);
    let left = &found.settings[0].tried[0];
    assert_eq!((left.outcome, left.seconds.len()), (TuneOutcome::NotFaster, 5));
    assert!(left.reason.contains("not beyond noise"), "{}", left.reason);
}

#[test]
fn what_loses_keeps_its_number() {
    let (found, _) = found(&two(), |values, _| seconds(if values[1] == 1 { 260.0 } else { 100.0 }));
    let lost = &found.settings[1].tried[0];
    assert_eq!((lost.outcome, lost.seconds.as_slice()), (TuneOutcome::Slower, [260.0].as_slice()));
    assert_eq!(lost.seconds_without, [100.0]);
}

#[test]
fn a_binary_that_grows_a_slower_command_and_a_slower_rebuild_are_guarded_against() {
    let guarded = |change: fn(&mut Reading)| {
        let time = move |values: &[usize], _| {
            let mut reading = seconds(if values[0] == 1 { 50.0 } else { 100.0 })?;
            if values[0] == 1 {
                change(&mut reading);
            }
            Some(reading)
        };
        let (found, _) = found(&two()[..1], time);
        (found.chosen[0], found.settings[0].tried[0].clone())
    };
    let (chosen, tried) = guarded(|reading| {
        reading.binaries.insert("app".to_owned(), 1051);
    });
    assert_eq!((chosen, tried.outcome), (0, TuneOutcome::Guarded));
    assert_eq!(tried.binary_ratio, Some(1.051));
    assert!(tried.reason.contains("`app` is 1.05 times as large"), "{}", tried.reason);
    let (chosen, tried) = guarded(|reading| reading.bench_seconds = Some(1.04));
    assert_eq!((chosen, tried.outcome), (0, TuneOutcome::Guarded));
    assert_eq!(tried.bench_ratio, Some(1.04));
    let (chosen, tried) = guarded(|reading| reading.rebuild_seconds = Some(3.0));
    assert_eq!((chosen, tried.outcome), (0, TuneOutcome::Guarded));
    let (chosen, _) = guarded(|reading| {
        reading.binaries.insert("app".to_owned(), 1049);
        reading.bench_seconds = Some(1.02);
        reading.rebuild_seconds = Some(2.05);
    });
    assert_eq!(chosen, 1);
}

#[test]
fn a_value_that_does_not_build_is_told_and_passed_over() {
    let (found, _) = found(&two(), |values, _| if values[0] == 1 { None } else { seconds(9.0) });
    let failed = &found.settings[0].tried[0];
    assert_eq!(failed.outcome, TuneOutcome::Failed);
    assert_eq!(failed.reason, "error: no such linker");
    assert_eq!(found.saved_seconds, None);
    assert_eq!(found.settings[1].tried.len(), 2);
}

#[test]
fn settings_that_do_not_build_to_start_with_end_the_search() {
    let mut yard = Fixed { reading: |_: &[usize], _| None, builds: 0, budget: 9 };
    let ended = search(Profile::Release, &two(), 2, &mut yard).unwrap();
    assert!(ended.unwrap_err().contains("no such linker"));
    assert_eq!(yard.builds, 1);
}

#[test]
fn when_the_time_is_up_what_was_found_stays_and_what_was_not_tried_says_so() {
    let reading = |values: &[usize], _| seconds(if values[0] == 1 { 50.0 } else { 100.0 });
    let mut yard = Fixed { reading, builds: 0, budget: 4 };
    let found = search(Profile::Dev, &two(), 2, &mut yard).unwrap().unwrap();
    assert_eq!(found.chosen, [1, 0]);
    let tried = &found.settings[1].tried;
    assert_eq!((tried.len(), tried[0].outcome), (1, TuneOutcome::NotTried));
    assert!(tried[0].seconds.is_empty());
}

#[test]
fn a_start_that_is_slower_than_what_the_workspace_has_is_given_up() {
    let mut coordinates = two();
    coordinates[0].start = 1;
    let time = |values: &[usize], _| seconds(if values[0] == 0 { 50.0 } else { 100.0 });
    let (found, _) = found(&coordinates, time);
    assert_eq!(found.chosen, [0, 0]);
}

#[test]
fn a_start_is_kept_unless_something_is_faster_and_its_gain_is_told() {
    let mut coordinates = two();
    coordinates[0].start = 1;
    let time = |values: &[usize], _| {
        let mut reading = seconds(if values[0] == 0 { 100.0 } else { 90.0 })?;
        reading.binaries.insert("app".to_owned(), if values[0] == 0 { 1000 } else { 700 });
        Some(reading)
    };
    let (found, _) = found(&coordinates, time);
    assert_eq!(found.chosen, [1, 0]);
    assert_eq!(found.settings[0].chosen, "false");
    assert_eq!(found.saved_seconds, Some(10.0));
}

#[test]
fn losses_that_are_small_alone_and_not_together_send_the_search_back() {
    let time = |values: &[usize], _| {
        let steps = values.iter().filter(|value| **value == 1).count() as f64;
        let mut reading = seconds(100.0 - 20.0 * steps)?;
        reading.bench_seconds = Some(1.0 + 0.02 * steps);
        Some(reading)
    };
    let coordinates = vec![coordinate("a", &["default", "1"]), coordinate("b", &["default", "1"])];
    let (found, _) = found(&coordinates, time);
    assert_eq!(found.chosen, [0, 0]);
    assert_eq!(found.saved_seconds, None);
    let tried = found.settings.iter().flat_map(|setting| &setting.tried);
    for tried in tried.filter(|tried| tried.value == "1") {
        assert_eq!(tried.outcome, TuneOutcome::Guarded);
        assert!(tried.reason.contains("everything that was chosen"), "{}", tried.reason);
    }
}

#[test]
fn a_gain_that_could_not_be_confirmed_in_time_is_none() {
    let reading = |values: &[usize], _| seconds(if values[0] == 1 { 50.0 } else { 100.0 });
    let mut yard = Fixed { reading, builds: 0, budget: 2 };
    let found = search(Profile::Dev, &two(), 2, &mut yard).unwrap().unwrap();
    assert_eq!(found.chosen, [0, 0]);
    let tried = &found.settings[0].tried[0];
    assert_eq!(
        (tried.outcome, tried.seconds.as_slice()),
        (TuneOutcome::NotTried, [50.0].as_slice())
    );
}
