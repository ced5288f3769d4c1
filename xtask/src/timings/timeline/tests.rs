use proptest::{collection::vec, prelude::*};

use super::*;

/// Cut from a report that cargo 1.95 wrote, see the tests of the parser.
const REPORT: &str = include_str!("../cargo-1.95.html");

fn no_graph() -> Metadata {
    serde_json::from_value(serde_json::json!({
        "packages": [], "workspace_members": [], "resolve": null, "version": 1,
        "target_directory": "/w/target", "workspace_root": "/w",
    }))
    .unwrap()
}

fn of(timings: &Timings, wall: f64, cores: usize) -> Timeline {
    let wall = Duration::from_secs_f64(wall);
    timeline("clean-dev", "baseline", wall, cores, timings, &no_graph())
}

/// Whatever a report may hold: numbers of units that are there or not, times that fit or not.
fn damaged() -> impl Strategy<Value = Timings> {
    let duration = prop_oneof![
        (0..100_000_u64).prop_map(Duration::from_millis),
        Just(Duration::MAX),
        Just(Duration::ZERO),
    ];
    let unit = (
        0..12_u64,
        duration.clone(),
        duration.clone(),
        proptest::option::of(duration),
        vec(0..14_u64, 0..5),
        vec(0..14_u64, 0..5),
        prop_oneof![Just(""), Just("build-script"), Just("a \"bin\"")],
    );
    let unit =
        unit.prop_map(|(index, start, duration, metadata, unblocked, by_metadata, target)| Unit {
            index,
            name: format!("p{}", index % 3),
            version: String::new(),
            mode: "todo".to_owned(),
            target: target.to_owned(),
            start,
            duration,
            metadata: metadata.map(|written| written.min(duration)),
            unblocked,
            unblocked_by_metadata: by_metadata,
            sections: Vec::new(),
        });
    let jobs = proptest::option::of(1..5_usize);
    (vec(unit, 0..12), jobs).prop_map(|(units, jobs)| Timings { units, cpu: Vec::new(), jobs })
}

#[test]
fn a_report_of_cargo_1_95_becomes_a_timeline() {
    let timeline = of(&super::super::parse(REPORT).unwrap(), 7.0, 4);
    let started: Vec<f64> = timeline.units.iter().map(|unit| unit.start_seconds).collect();
    assert!(started.is_sorted());
    // The build script, its run, the library: 0.78 s, 0.16 s, 2.89 s.
    let chain: Vec<(&str, &str)> = timeline
        .critical_path
        .iter()
        .map(|at| (timeline.units[*at].package.as_str(), timeline.units[*at].target.as_str()))
        .collect();
    let libc = [("libc", "build-script"), ("libc", "build-script (run)"), ("libc", "")];
    assert_eq!(chain, libc);
    assert!((timeline.critical_seconds - 3.83).abs() < 1e-9);
    assert!((timeline.unit_seconds - 6.12).abs() < 1e-9);
    assert_eq!(timeline.units[0].unblocks, [1]);
    assert_eq!(timeline.units[2].metadata_seconds, Some(1.01));
    assert_eq!(timeline.cpu.len(), 2);
    // The report says `jobs=2`, whatever the machine has; that estimate is the measured time.
    let calibration = timeline.calibration.unwrap();
    assert_eq!(calibration.cores, 2);
    assert!((calibration.simulated_seconds - 3.83).abs() < 1e-9);
    let cores: Vec<usize> = timeline.estimates.iter().map(|estimate| estimate.cores).collect();
    assert_eq!(cores, [1, 2, 4, 8, 16, 32]);
    assert!((timeline.estimates[1].seconds - 7.0).abs() < 1e-9);
    assert!((timeline.estimates[0].seconds - 7.0 * 6.12 / 3.83).abs() < 1e-9);
}

#[test]
fn the_own_number_of_cores_is_among_the_estimates() {
    let mut timings = super::super::parse(REPORT).unwrap();
    timings.jobs = None;
    let timeline = of(&timings, 10.0, 6);
    let own = timeline.estimates.iter().find(|estimate| estimate.cores == 6).unwrap();
    assert!((own.seconds - 10.0).abs() < 1e-9);
    assert_eq!(timeline.calibration.map(|own| own.cores), Some(6));
}

#[test]
fn a_build_of_nothing_has_no_estimates() {
    let timeline = of(&Timings::default(), 1.0, 2);
    assert!(timeline.estimates.is_empty() && timeline.critical_path.is_empty());
    assert_eq!(timeline.calibration, None);
    assert_eq!(timeline.critical_seconds, 0.0);
}

proptest! {
    #[test]
    fn whatever_a_report_holds_the_timeline_holds_together(
        timings in damaged(), wall in 0.0..1e4_f64, cores in 0..40_usize
    ) {
        let timeline = of(&timings, wall, cores);
        super::super::fuzzed::holds_together(&timings, &timeline);
    }
}
