//! Decisions on fixed readings: nothing is built.

use super::*;
use crate::{
    cli::Code,
    record::{TuneOutcome, Verdict},
};

mod scene;

use scene::{Scene, change};

fn two() -> Vec<Change> {
    vec![change(Code::DuplicateVersion, "a"), change(Code::CargoConfig, "b")]
}

#[test]
fn a_quick_run_builds_each_thing_once_and_tests_on_top_of_the_dev_build() {
    let outcome = Scene::new(two())
        .play(|role, _, _| Some(if role == Role::Baseline { 100.0 } else { 50.0 }));
    let expected = [
        "build baseline dev",
        "build candidate dev",
        "rebuild baseline one",
        "rebuild candidate one",
        "test",
        "build baseline release",
        "build candidate release",
    ];
    assert_eq!(outcome.log, expected);
    assert_eq!(outcome.kept().len(), 2);
    let rows =
        measure::compare(&outcome.measured.sides.baseline, &outcome.measured.sides.candidate);
    assert_eq!((rows[0].ratio, rows[0].call.as_str()), (Some(0.5), "better"));
}

#[test]
fn the_pass_that_makes_a_build_slower_is_taken_back_and_the_rest_proved_and_tested_again() {
    let outcome = Scene::new(two()).play(|role, profile, applied| {
        let is_slow = role == Role::Candidate
            && profile == Profile::Dev
            && applied.contains("cargo-config:b");
        Some(if is_slow { 160.0 } else { 100.0 })
    });
    assert_eq!(outcome.kept(), ["duplicate-version:a"]);
    let (rejected, why) = &outcome.proof.rejected[0];
    assert_eq!(rejected.id(), "cargo-config:b");
    assert_eq!(why, "a clean dev build took 160 s with it and 100 s without");
    assert_eq!(outcome.proof.impacts["cargo-config:b"].seconds, -60.0);
    assert_eq!(outcome.log.iter().filter(|line| *line == "check").count(), 1);
    assert_eq!(outcome.log.iter().filter(|line| *line == "test").count(), 2);
    assert!(outcome.builds().contains(&"candidate dev without cargo-config"));
    assert!(!outcome.builds().contains(&"candidate dev without duplicate-version"));
}

#[test]
fn an_update_that_makes_builds_slower_is_taken_back_and_the_changes_stand() {
    let mut scene = Scene::new(two());
    scene.updates_all = true;
    let outcome =
        scene.play(|_, _, applied| Some(if applied.contains("update") { 160.0 } else { 100.0 }));
    assert_eq!(outcome.kept().len(), 2);
    assert!(outcome.proof.rejected.is_empty());
    let told = outcome
        .proof
        .notes
        .iter()
        .any(|note| note.contains("update of every dependency was taken back"));
    assert!(told, "{:?}", outcome.proof.notes);
}

#[test]
fn an_update_alone_that_does_not_build_is_not_kept() {
    let mut scene = Scene::new(Vec::new());
    scene.updates_all = true;
    let outcome = scene.play(|role, _, _| (role == Role::Baseline).then_some(9.0));
    assert!(outcome.log.contains(&"forget".to_owned()));
    assert!(outcome.measured.sides.candidate.clean_dev.is_empty());
    assert!(outcome.proof.notes[0].contains("taken back"), "{:?}", outcome.proof.notes);
}

#[test]
fn one_slow_pair_rejects_nothing_before_a_second_says_the_same() {
    let slow = std::cell::Cell::new(true);
    let outcome = Scene::new(two()).play(|role, profile, _| {
        let is_hit = role == Role::Candidate && profile == Profile::Dev && slow.replace(false);
        Some(if is_hit { 160.0 } else { 100.0 })
    });
    assert_eq!(outcome.kept().len(), 2);
    assert_eq!(outcome.measured.sides.candidate.clean(Profile::Dev), [160.0, 100.0]);
}

#[test]
fn a_slow_build_without_time_to_find_out_why_stands_with_its_figures() {
    let mut scene = Scene::new(two());
    scene.budget = 4;
    let outcome =
        scene.play(|role, _, _| Some(if role == Role::Candidate { 160.0 } else { 100.0 }));
    assert_eq!(outcome.kept().len(), 2);
    assert!(
        outcome.notes.iter().any(|note| note.contains("no time was left")),
        "{:?}",
        outcome.notes
    );
}

#[test]
fn a_command_that_fails_ends_the_search_and_not_the_run() {
    let mut scene = Scene::new(settings());
    scene.depth = Depth::Full;
    scene.command = Some("false".to_owned());
    let outcome = scene.play(|_, _, _| Some(50.0));
    assert!(outcome.notes.iter().any(|note| note.contains("it failed")), "{:?}", outcome.notes);
    assert!(outcome.log.contains(&"run false".to_owned()));
}

#[test]
fn where_no_single_pass_explains_a_slow_build_all_are_taken_back() {
    let outcome = Scene::new(two()).play(|_, profile, applied| {
        Some(if profile == Profile::Dev && !applied.is_empty() { 160.0 } else { 100.0 })
    });
    assert!(outcome.kept().is_empty());
    assert_eq!(outcome.proof.rejected.len(), 2);
    assert!(outcome.proof.rejected[0].1.contains("no single pass explains it"));
    assert!(outcome.proof.timed.values().eq([&Timed::Compared; 2]));
    assert!(outcome.log.contains(&"forget".to_owned()));
    assert!(outcome.measured.sides.candidate.clean_dev.is_empty());
}

#[test]
fn a_difference_within_noise_rejects_nothing() {
    let outcome = Scene::new(two())
        .play(|role, _, _| Some(if role == Role::Baseline { 100.0 } else { 104.0 }));
    assert_eq!(outcome.kept().len(), 2);
    assert_eq!(outcome.builds().len(), 4);
}

#[test]
fn what_fails_a_test_makes_the_readings_void_and_the_rest_is_timed() {
    let mut scene = Scene::new(two());
    scene.fails_tests = vec!["duplicate-version:a".to_owned()];
    let outcome = scene.play(|_, _, applied| {
        Some(if applied.contains("duplicate-version:a") { 10.0 } else { 100.0 })
    });
    assert_eq!(outcome.kept(), ["cargo-config:b"]);
    assert_eq!(outcome.measured.sides.candidate.clean(Profile::Dev), [100.0]);
    assert_eq!(outcome.log.iter().filter(|line| *line == "test").count(), 1);
}

#[test]
fn a_baseline_that_does_not_build_leaves_what_was_proved_and_the_tests_are_still_run() {
    let outcome = Scene::new(two()).play(|_, _, _| None);
    assert_eq!(outcome.kept().len(), 2);
    assert!(outcome.notes[0].contains("does not build"), "{:?}", outcome.notes);
    assert_eq!(outcome.log, ["build baseline dev", "test"]);
}

#[test]
fn a_candidate_that_does_not_build_is_not_sound() {
    let outcome = Scene::new(two()).play(|role, _, _| (role == Role::Baseline).then_some(9.0));
    assert!(outcome.kept().is_empty());
    assert!(outcome.proof.rejected.iter().all(|(_, why)| why.contains("no linker")));
    assert!(outcome.proof.timed.values().eq([&Timed::Unfinished; 2]));
}

#[test]
fn without_time_nothing_is_built_and_the_tests_are_still_run() {
    let mut scene = Scene::new(two());
    scene.budget = 0;
    let outcome = scene.play(|_, _, _| Some(1.0));
    assert_eq!(outcome.log, ["test"]);
    assert!(!outcome.notes.is_empty());
}

fn settings() -> Vec<Change> {
    vec![change(Code::Profile, "dev"), change(Code::Profile, "release")]
}

#[test]
fn a_full_run_searches_proves_what_it_found_and_takes_three_pairs() {
    let mut scene = Scene::new(settings());
    scene.depth = Depth::Full;
    let outcome = scene.play(|role, profile, applied| {
        let has = |setting: &str| applied.contains(setting);
        Some(match (role, profile) {
            (Role::Candidate, Profile::Dev) if has("profile.dev.package.*.opt-level = 1") => 260.0,
            (Role::Candidate, Profile::Release) if has("profile.release.lto = \"off\"") => 60.0,
            (_, Profile::Release) => 90.0,
            (Role::Baseline, _) => 100.0,
            _ => 80.0,
        })
    });
    let lost = outcome
        .measured
        .tuning
        .iter()
        .find(|tuned| tuned.setting == "profile.dev.package.\"*\".opt-level");
    let lost = &lost.expect("it was tried").tried[0];
    assert_eq!((lost.outcome, lost.seconds.as_slice()), (TuneOutcome::Slower, [260.0].as_slice()));
    let lto = outcome.measured.tuning.iter().find(|tuned| tuned.setting == "profile.release.lto");
    let lto = lto.expect("it was tried");
    assert_eq!((lto.before.as_str(), lto.chosen.as_str()), ("default", "\"off\""));
    let release = outcome.proof.kept.iter().find(|kept| kept.subject == "release");
    let release = release.expect("it stands");
    assert!(release.title.contains("profile.release.lto = \"off\""), "{}", release.title);
    assert!(release.reason.contains("took 60.0 s and 90.0 s without"), "{}", release.reason);
    let dev = outcome.proof.kept.iter().find(|kept| kept.id() == "profile:dev").unwrap();
    assert!(dev.reason.starts_with("no other value was faster beyond noise"), "{}", dev.reason);
    assert_eq!(outcome.proof.impacts["profile:release"].seconds, 30.0);
    // Once for what the search found.
    assert_eq!(outcome.log.iter().filter(|line| *line == "check").count(), 1);
    assert_eq!(outcome.log.iter().filter(|line| *line == "test").count(), 1);
    assert_eq!(outcome.measured.sides.candidate.clean(Profile::Release), [60.0; 3]);
    assert_eq!(outcome.measured.sides.baseline.clean(Profile::Dev), [100.0; 3]);
}

#[test]
fn a_search_that_finds_nothing_changes_nothing_and_is_no_rejection() {
    let mut scene = Scene::new(vec![change(Code::Profile, "release")]);
    scene.depth = Depth::Full;
    let outcome = scene.play(|_, _, _| Some(50.0));
    assert!(outcome.kept().is_empty());
    assert!(outcome.proof.rejected.is_empty());
    let (change, why) = &outcome.proof.idle[0];
    assert!(why.starts_with("no value was faster beyond noise"), "{why}");
    assert!(outcome.proof.timed.values().eq([&Timed::Compared]));
    let record = findings::record(change, Verdict::Skipped, why);
    assert_eq!(record.id, "profile:release");
    // Nothing is left that could affect a build, so nothing is timed.
    assert!(outcome.measured.sides.candidate.clean_dev.is_empty());
    assert!(outcome.measured.tuning.iter().any(|tuned| tuned.setting == "profile.release.lto"));
}
