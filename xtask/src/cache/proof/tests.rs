//! When a proof counts as one, and what is said of it.

use super::*;
use crate::sccache::{Trouble, course};

fn built(round: usize, place: Place, seconds: f64, (hits, misses): (u64, u64)) -> Built {
    let could = hits + misses;
    let statistics = Statistics {
        hits,
        misses,
        hit_rate: (could > 0).then(|| hits as f64 / could as f64),
        ..Statistics::default()
    };
    let sample = Sample { value: seconds, ..Sample::default() };
    Built {
        round,
        place,
        sample,
        ratio: None,
        units: 10,
        statistics,
        missed: vec!["serde".to_owned()],
    }
}

fn proof(builds: Vec<Built>) -> Proof {
    Proof {
        schema: 1,
        command: "cache verify",
        workspace: "/w".to_owned(),
        started: String::new(),
        machine: Machine::default(),
        git_head: None,
        configuration: String::new(),
        sccache: "0.19.0".to_owned(),
        backend: "redis",
        location: None,
        incremental: true,
        reach: Reach { ok: Some(true), trouble: None, text: "fine".to_owned() },
        builds: with_ratios(builds),
        bytes: Some(1_500_000),
        without_seconds: None,
        logs: String::new(),
        notes: vec!["a note".to_owned(), "a long one, ".repeat(12)],
    }
}

#[test]
fn a_ratio_is_to_the_fill_of_the_same_round() {
    let proof = proof(vec![
        built(1, Place::Fill, 10.0, (0, 8)),
        built(1, Place::OtherDirectory, 4.0, (6, 2)),
        built(2, Place::Fill, 20.0, (0, 8)),
        built(2, Place::OtherDirectory, 4.0, (6, 2)),
    ]);
    assert_eq!(proof.ratios(Place::OtherDirectory), [0.4, 0.2]);
    assert_eq!(proof.ratios(Place::OtherHome), [0.0; 0]);
    let text = proof.text();
    assert!(text.contains("another directory: 0.30 of the first build (median of 2)"), "{text}");
    assert!(text.contains("compiled again in another directory: serde"), "{text}");
    assert!(text.contains("75 %") && text.contains("1.5 MB") && text.contains("a note"), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= wording::COLUMNS), "{text}");
}

#[test]
fn nothing_is_proved_without_a_hit_in_another_directory() {
    let fill = || built(1, Place::Fill, 10.0, (0, 8));
    assert!(proof(vec![fill(), built(1, Place::OtherDirectory, 9.0, (1, 7))]).is_proved());
    assert!(!proof(vec![fill(), built(1, Place::OtherDirectory, 9.0, (0, 8))]).is_proved());
    assert!(!proof(vec![fill()]).is_proved());
    let mut refused = proof(vec![fill(), built(1, Place::OtherDirectory, 9.0, (1, 7))]);
    refused.reach = Reach { ok: Some(false), trouble: Some(Trouble::Refused), text: String::new() };
    assert!(!refused.is_proved());
}

#[test]
fn the_crates_that_were_compiled_again_come_from_the_log() {
    let log = "x] [serde]: Cache miss in 0.1 s\nx] [anyhow]: Cache hit in 0.1 s\n";
    assert_eq!(missed(&course(log)), ["serde"]);
}
