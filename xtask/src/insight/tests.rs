use super::*;
use crate::record::{
    Calibration, CoreEstimate, DuplicateRecord, DuplicateVersion, Measurement, Quantity, Samples,
};

fn unit(package: &str, start: f64, seconds: f64, metadata: Option<f64>) -> TimelineUnit {
    TimelineUnit {
        package: package.to_owned(),
        version: "1.0.0".to_owned(),
        target: String::new(),
        mode: "todo".to_owned(),
        start_seconds: start,
        seconds,
        metadata_seconds: metadata,
        unblocks: Vec::new(),
        unblocks_by_metadata: Vec::new(),
    }
}

fn estimate(cores: usize, seconds: f64) -> CoreEstimate {
    CoreEstimate { cores, seconds }
}

/// Two cores: `base` holds up `derive` and `other`, and `derive` the binary.
fn sample() -> Timeline {
    let mut base = unit("base", 0.0, 4.0, Some(3.0));
    base.unblocks_by_metadata = vec![1, 2];
    let mut derive = unit("derive", 3.0, 5.0, None);
    derive.unblocks = vec![3];
    let other = unit("other", 4.0, 2.0, None);
    let mut app = unit("app", 8.0, 2.0, None);
    app.target = "app \"bin\"".to_owned();
    Timeline {
        what: "clean-dev".to_owned(),
        side: "candidate".to_owned(),
        wall_seconds: 12.5,
        unit_seconds: 13.0,
        units: vec![base, derive, other, app],
        critical_path: vec![0, 1, 3],
        critical_seconds: 10.0,
        cpu: vec![CpuReading { seconds: 1.0, busy: 1.0 }, CpuReading { seconds: 5.0, busy: 0.5 }],
        estimates: vec![
            estimate(1, 16.25),
            estimate(2, 12.5),
            estimate(4, 12.4),
            estimate(8, 12.4),
        ],
        calibration: Some(Calibration { cores: 2, simulated_seconds: 10.0 }),
    }
}

#[test]
fn the_critical_path_is_told_by_what_each_unit_adds_to_it() {
    let critical = of(&sample(), None).critical.unwrap();
    assert_eq!(critical.units, 3);
    assert_eq!(
        critical.to_string(),
        "The critical path takes 10.0 s, 80 % of the wall time: base 1.0.0 3.00 s → derive 1.0.0 5.00 s → \
         app 1.0.0 (app \"bin\") 2.00 s. With units as long as these, no number of cores makes the build \
         shorter."
    );
}

#[test]
fn short_units_of_a_long_critical_path_are_counted() {
    let mut timeline = sample();
    timeline.units = (0..10)
        .map(|at| unit(&format!("u{at}"), 0.0, if at == 5 { 91.0 } else { 1.0 }, None))
        .collect();
    timeline.critical_path = (0..10).collect();
    timeline.critical_seconds = 100.0;
    let critical = of(&timeline, None).critical.unwrap();
    let steps: Vec<String> = critical.steps.iter().map(ToString::to_string).collect();
    assert_eq!(steps, ["5 short units 5.00 s", "u5 1.0.0 91.0 s", "4 short units 4.00 s"]);
    let sum: f64 = critical.steps.iter().map(|step| step.seconds).sum();
    assert!((sum - 100.0).abs() < 1e-9);
    // One alone between two that are named is named as well.
    timeline.units[7].seconds = 50.0;
    let critical = of(&timeline, None).critical.unwrap();
    let names: Vec<Option<&str>> = critical.steps.iter().map(|step| step.name.as_deref()).collect();
    assert_eq!(names, [None, Some("u5 1.0.0"), Some("u6 1.0.0"), Some("u7 1.0.0"), None]);
}

#[test]
fn the_costliest_units_come_with_their_share_of_the_unit_time() {
    let costliest = of(&sample(), None).costliest.unwrap();
    assert_eq!(
        costliest.to_string(),
        "Of 13.0 s of unit time, the costliest units take: derive 1.0.0 5.00 s (38 %), base 1.0.0 4.00 s \
         (31 %), other 1.0.0 2.00 s (15 %), app 1.0.0 (app \"bin\") 2.00 s (15 %)."
    );
}

#[test]
fn it_is_said_what_needs_the_units_of_the_critical_path() {
    let waits: Vec<String> = of(&sample(), None).waits.iter().map(ToString::to_string).collect();
    assert_eq!(
        waits,
        [
            "1 unit needs derive 1.0.0, which takes 5.00 s: app 1.0.0 (app \"bin\").",
            "2 units need base 1.0.0, which takes 4.00 s (3.00 s to its metadata): derive 1.0.0, other \
             1.0.0. With those that need them, 3 of 4 units wait."
        ]
    );
}

#[test]
fn a_reading_of_the_processors_counts_for_the_time_before_it() {
    // One second fully busy, four seconds half.
    let insight = of(&sample(), None);
    assert!((insight.idle.unwrap() - 0.4).abs() < 1e-9);
    let said = insight.on_this_machine();
    let idle = "The processors were idle 40 % of the time; what other programs did counts as busy.";
    assert!(said.iter().any(|sentence| sentence == idle), "{said:?}");
}

#[test]
fn estimates_are_called_so_and_come_with_how_well_they_fit() {
    let cores = of(&sample(), None).cores.unwrap();
    assert_eq!(cores.enough, Some(2));
    assert!((cores.missed_by().unwrap() + 0.2).abs() < 1e-9);
    let said: Vec<String> = std::iter::once(cores.estimated()).chain(cores.remarks()).collect();
    assert_eq!(
        said,
        [
            "Estimated wall time with other numbers of cores: 1 core 16.2 s, 2 cores 12.5 s (measured), \
             4 cores 12.4 s, 8 cores 12.4 s.",
            "By the same estimate, more than 2 cores would gain less than 5 %.",
            "The estimates play the recorded units again, each on one core. They leave out that rustc \
             and the linker use several cores for one unit, and that cores share memory bandwidth.",
            "For 2 cores the simulation gives 10.0 s, 20 % less than the 12.5 s that were measured; all \
             estimates are scaled by that.",
        ]
    );
}

#[test]
fn where_every_step_gains_no_number_of_cores_is_called_enough() {
    let mut timeline = sample();
    timeline.estimates = vec![estimate(1, 40.0), estimate(2, 20.0), estimate(4, 10.0)];
    assert_eq!(of(&timeline, None).cores.unwrap().enough, None);
}

#[test]
fn units_that_were_held_up_are_named_by_the_processor_time_of_the_same_build() {
    let sample_of =
        |value: f64, cpu: f64| Sample { value, cpu_seconds: Some(cpu), peak_memory_bytes: None };
    let mut timelines = vec![sample()];
    let measurements = [Measurement {
        what: "clean-dev".to_owned(),
        unit: Quantity::Seconds,
        baseline: 12.5,
        candidate: 12.5,
        ratio: Some(1.0),
        samples: Samples {
            baseline: vec![sample_of(12.5, 12.9)],
            candidate: vec![sample_of(13.0, 12.8), sample_of(12.5, 6.5)],
        },
        call: "same".to_owned(),
        expected: None,
    }];
    let insights = all(&timelines, &measurements);
    assert_eq!(insights.len(), 1);
    assert_eq!(insights[0].cores.as_ref().unwrap().held_up(), Some(6.5));
    let said = insights[0].cores.as_ref().unwrap().remarks();
    assert!(said.last().unwrap().starts_with("Of 13.0 s of unit time only 6.50 s was processor"));
    timelines[0].side = "baseline".to_owned();
    assert_eq!(all(&timelines, &measurements)[0].cores.as_ref().unwrap().held_up(), None);
}

#[test]
fn a_build_of_nothing_says_nothing() {
    let timeline = Timeline {
        units: Vec::new(),
        critical_path: Vec::new(),
        cpu: Vec::new(),
        estimates: Vec::new(),
        calibration: None,
        unit_seconds: 0.0,
        critical_seconds: 0.0,
        ..sample()
    };
    let insight = of(&timeline, None);
    assert_eq!(insight.on_this_machine(), Vec::<String>::new());
    assert_eq!(insight.cores, None);
}

#[test]
fn positions_that_do_not_exist_do_not_matter() {
    let mut timeline = sample();
    timeline.critical_path = vec![0, 77, 1];
    timeline.units[1].unblocks = vec![0, 99];
    let insight = of(&timeline, None);
    assert_eq!(insight.critical.unwrap().units, 2);
    // A circle: each needs the other, and both are counted once.
    assert_eq!(insight.waits[0].in_all, 2);
}

#[test]
fn a_build_script_and_its_run_have_names_of_their_own() {
    let mut script = unit("libc", 0.0, 1.0, None);
    script.target = "build-script".to_owned();
    assert_eq!(unit_name(&script), "libc 1.0.0 (build-script)");
    script.mode = "run-custom-build".to_owned();
    script.target = "build-script (run)".to_owned();
    assert_eq!(unit_name(&script), "libc 1.0.0 (build-script, run)");
    assert_eq!(
        unit_name(&TimelineUnit { version: String::new(), ..unit("a", 0.0, 1.0, None) }),
        "a"
    );
}

fn version(version: &str, unit_seconds: Option<f64>) -> DuplicateVersion {
    DuplicateVersion {
        version: version.to_owned(),
        unit_seconds,
        path: Vec::new(),
        required_by: Vec::new(),
    }
}

#[test]
fn a_duplicate_costs_all_versions_but_the_costliest() {
    let record = |name: &str, before: Vec<DuplicateVersion>, after: Vec<DuplicateVersion>| {
        DuplicateRecord { name: name.to_owned(), before, after }
    };
    let records = [
        record(
            "rand",
            vec![
                version("0.7.0", Some(0.5)),
                version("0.8.0", Some(3.0)),
                version("0.9.0", Some(2.0)),
            ],
            vec![version("0.9.0", Some(2.0))],
        ),
        record(
            "syn",
            vec![version("1.0.0", Some(4.0)), version("2.0.0", Some(6.0))],
            vec![version("1.0.0", None), version("2.0.0", Some(6.0))],
        ),
    ];
    assert_eq!(
        Duplicates::after(&swapped(&records)).sentences(),
        [
            "2 packages are there in more than one version. All versions but the costliest of each take \
             6.50 s of unit time; units run side by side, so this is not wall time.",
            "syn: 1.0.0 4.00 s, 2.0.0 6.00 s; 4.00 s beyond the costliest (unit time).",
            "rand: 0.7.0 0.50 s, 0.8.0 3.00 s, 0.9.0 2.00 s; 2.50 s beyond the costliest (unit time).",
        ]
    );
    let after = Duplicates::after(&records);
    assert_eq!(after.packages.len(), 1);
    assert_eq!(after.packages[0].seconds, Some(0.0), "what is not built costs nothing");
    assert_eq!(after.sentences().len(), 1, "and has no line");
}

#[test]
fn nothing_is_said_of_what_duplicates_cost_without_unit_times() {
    let before = vec![version("1.0.0", None), version("2.0.0", None)];
    let records = [DuplicateRecord { name: "syn".to_owned(), before, after: Vec::new() }];
    let duplicates = Duplicates::after(&swapped(&records));
    assert_eq!((duplicates.packages.len(), duplicates.seconds()), (1, None));
    assert!(duplicates.sentences().is_empty());
}

/// With before and after in each other's place.
fn swapped(records: &[DuplicateRecord]) -> Vec<DuplicateRecord> {
    let swap = |record: &DuplicateRecord| DuplicateRecord {
        name: record.name.clone(),
        before: record.after.clone(),
        after: record.before.clone(),
    };
    records.iter().map(swap).collect()
}
