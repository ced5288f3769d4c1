//! What is said to defeat the cache, and with which numbers.

use super::*;
use crate::{cache::found::Setting, record::TimelineUnit};

fn unit(package: &str, target: &str, seconds: f64) -> TimelineUnit {
    TimelineUnit {
        package: package.to_owned(),
        version: "1.0.0".to_owned(),
        target: target.to_owned(),
        mode: "todo".to_owned(),
        start_seconds: 0.0,
        seconds,
        metadata_seconds: None,
        unblocks: Vec::new(),
        unblocks_by_metadata: Vec::new(),
    }
}

fn said(found: &Found, timeline: Option<&Timeline>) -> Vec<Defeat> {
    defeats(&Surroundings {
        found,
        kinds: Kinds { libraries: 9, members: 2, macros: 1, scripts: 2, programs: 0, dynamic: 0 },
        incremental: Some("cargo's default for the dev profile".to_owned()),
        members: ["mine".to_owned()].into(),
        macros: ["derive".to_owned()].into(),
        root: "/ws".to_owned(),
        cargo_home: "/home/u/.cargo".to_owned(),
        hashed: Vec::new(),
        timeline,
    })
}

fn codes(defeats: &[Defeat]) -> Vec<&str> {
    defeats.iter().map(|defeat| defeat.code).collect()
}

#[test]
fn without_a_recorded_build_no_cost_is_given_in_numbers() {
    let all = said(&Found::default(), None);
    assert_eq!(codes(&all), ["linked", "incremental", "paths", "cargo-home"]);
    let linked = "3 units are linked, which sccache does not cache (2 build scripts, 1 macro);";
    assert!(all[0].text.starts_with(linked), "{:?}", all[0]);
    assert!(all[1].text.starts_with("2 members are compiled incrementally"), "{:?}", all[1]);
    assert!(all.iter().all(|defeat| defeat.share.is_none() && !defeat.text.contains('%')));
    assert!(all[2].text.contains("`/ws`") && all[3].text.contains("`/home/u/.cargo`"));
}

#[test]
fn a_recorded_build_gives_the_share_of_the_time() {
    let timeline = Timeline {
        what: "clean-dev".to_owned(),
        side: "baseline".to_owned(),
        wall_seconds: 10.0,
        unit_seconds: 10.0,
        units: vec![
            unit("serde", "", 4.0),
            unit("serde", "build-script", 1.0),
            unit("derive", "", 2.0),
            unit("mine", "", 3.0),
        ],
        critical_path: Vec::new(),
        critical_seconds: 0.0,
        cpu: Vec::new(),
        estimates: Vec::new(),
        calibration: None,
    };
    let all = said(&Found::default(), Some(&timeline));
    let share = |at: usize| all[at].share.unwrap();
    assert!((share(0) - 0.3).abs() < 1e-9 && (share(1) - 0.3).abs() < 1e-9, "{all:?}");
    assert!(all[0].text.contains("(30 % of the unit time of the last recorded build)"));
    let idle = Timeline { units: timeline.units[..1].to_vec(), ..timeline };
    assert!(said(&Found::default(), Some(&idle))[0].text.contains("(0 % of"));
}

#[test]
fn other_wrappers_come_first_with_who_has_set_them() {
    let wrapper = |name: &str| Setting {
        name: name.to_owned(),
        value: "/opt/w".to_owned(),
        by: "RUSTC_WRAPPER in the environment".to_owned(),
    };
    let found = Found {
        wrapper: Some(wrapper("build.rustc-wrapper")),
        workspace_wrapper: Some(wrapper("build.rustc-workspace-wrapper")),
        ..Found::default()
    };
    let all = said(&found, None);
    assert_eq!(codes(&all)[..2], ["wrapper", "workspace-wrapper"]);
    assert!(all[0].text.contains("RUSTC_WRAPPER in the environment sets the wrapper `/opt/w`"));
}

#[test]
fn variables_that_are_part_of_keys_are_told_from_those_that_are_not() {
    for name in ["CARGO_TERM_COLOR", "CARGO_TARGET_DIR", "CARGO_INCREMENTAL", "CARGO_NET_OFFLINE"] {
        assert!(is_hashed(name), "{name}");
    }
    for name in [
        "CARGO",
        "CARGO_BUILD_JOBS",
        "CARGO_MANIFEST_DIR",
        "CARGO_PKG_NAME",
        "RUSTFLAGS",
        "CARGO_MAKEFLAGS",
    ] {
        assert!(!is_hashed(name), "{name}");
    }
}
