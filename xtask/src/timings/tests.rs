use proptest::prelude::*;

use super::*;

/// Cut from a report that cargo 1.95 wrote: 7 units of three packages.
const REPORT: &str = include_str!("cargo-1.95.html");

fn report(units: &str) -> Timings {
    parse(&format!("<script>\nconst UNIT_DATA = {units};\n</script>")).unwrap()
}

fn unit(name: &str, version: &str, seconds: f64) -> String {
    format!(r#"{{"name":"{name}","version":"{version}","start":0,"duration":{seconds}}}"#)
}

#[test]
fn a_report_of_cargo_1_95_is_read() {
    let timings = parse(REPORT).unwrap();
    assert_eq!(timings.units.len(), 7);
    assert_eq!(sum(timings.units.iter()), Duration::from_millis(6120));
    let library = &timings.units.iter().find(|unit| unit.target.is_empty()).unwrap();
    assert_eq!((library.index, library.name.as_str()), (3, "proc-macro2"));
    assert_eq!((library.target.as_str(), library.mode.as_str()), ("", "todo"));
    assert_eq!(library.start, Duration::from_millis(1260));
    assert_eq!(library.sections[1].name, "codegen");
    assert_eq!(library.sections[1].end, Duration::from_millis(1470));
    assert_eq!(library.metadata, Some(Duration::from_millis(1010)));
    let script = &timings.units[0];
    assert_eq!(script.target, "build-script");
    assert_eq!(script.unblocked, [4]);
    assert_eq!(script.metadata, None);
    assert_eq!(timings.jobs, Some(2));
    assert_eq!(timings.cpu.len(), 2);
    assert_eq!(timings.cpu[0].at, Duration::from_nanos(959_077_984));
    assert!((timings.cpu[0].busy - 0.9902).abs() < 1e-4);
    assert_eq!(timings.cpu[1].busy, 1.0);
}

#[test]
fn readings_of_the_processors_that_make_no_sense_are_left_out_and_the_units_are_read() {
    let cpu = |readings: &str| -> Vec<(f64, f64)> {
        let unit = unit("a", "1.0.0", 1.0);
        let html = format!("const UNIT_DATA = [{unit}];\nconst CPU_USAGE = {readings};");
        let timings = parse(&html).unwrap();
        assert_eq!(timings.units.len(), 1);
        timings.cpu.iter().map(|cpu| (cpu.at.as_secs_f64(), cpu.busy)).collect()
    };
    assert_eq!(cpu("[[2.0, 50.0], [1.0, 100.000001]]"), [(1.0, 1.0), (2.0, 0.5)]);
    assert_eq!(
        cpu("[[1.0, null], [2.0, -7], [3.0, 1e9], [-1, 5], [4], 5, [5.0, 25]]"),
        [(5.0, 0.25)]
    );
    for odd in ["", "null", "{}", "[[1.0, 50.0]", "3"] {
        assert_eq!(cpu(odd), [], "{odd}");
    }
}

#[test]
fn an_older_report_names_the_time_of_the_metadata_and_calls_unblocking_unlocking() {
    let units = r#"[{"name":"a","start":0,"duration":2,"rmeta_time":0.75,"unlocked_units":[1],
        "unlocked_rmeta_units":[2]}]"#;
    let unit = &report(units).units[0];
    assert_eq!(unit.metadata, Some(Duration::from_millis(750)));
    assert_eq!(
        (unit.unblocked.as_slice(), unit.unblocked_by_metadata.as_slice()),
        (&[1][..], &[2][..])
    );
}

#[test]
fn metadata_is_there_at_the_end_of_the_unit_at_the_latest() {
    let units =
        r#"[{"name":"a","start":0,"duration":2,"sections":[["codegen",{"start":9,"end":9}]]}]"#;
    assert_eq!(report(units).units[0].metadata, Some(Duration::from_secs(2)));
}

#[test]
fn the_number_of_jobs_is_read_where_it_is_one() {
    assert_eq!(jobs("<td>1 (jobs=16 ncpu=8)</td>"), Some(16));
    assert_eq!(jobs("(jobs=0 ncpu=8)"), None);
    assert_eq!(jobs("(jobs=n/a)"), None);
    assert_eq!(jobs("2 jobs"), None);
}

#[test]
fn what_is_not_required_may_be_missing_or_of_another_type() {
    let units = r#"[{"name":"a","start":0.5,"duration":1,"version":3,"sections":"x","i":"?"}]"#;
    let timings = report(units);
    assert_eq!(timings.units[0].index, 0);
    assert_eq!(timings.units[0].version, "");
    assert!(timings.units[0].sections.is_empty());
}

#[test]
fn a_build_of_nothing_has_no_units() {
    assert_eq!(report("[]"), Timings::default());
}

#[test]
fn another_format_is_an_error_that_says_what_is_missing() {
    let error = |html: &str| parse(html).unwrap_err().to_string();
    assert!(error("<html></html>").contains("`const UNIT_DATA =` is missing"));
    assert!(error("const UNIT_DATA =").contains("nothing follows"));
    assert!(error("const UNIT_DATA = [{}];").contains("unit 0 lacks a name"));
    assert!(
        error(r#"const UNIT_DATA = [{"name":"a","start":0,"duration":-1}]"#).contains("duration")
    );
}

#[test]
fn packages_that_the_candidate_no_longer_builds_have_vanished() {
    let baseline = [
        unit("a", "1.0.0", 1.5),
        unit("a", "1.0.0", 0.5),
        unit("a", "2.0.0", 9.0),
        unit("b", "1.0.0", 3.0),
    ];
    let baseline = report(&format!("[{}]", baseline.join(",")));
    let candidate = report(&format!("[{}]", unit("a", "2.0.0", 8.0)));
    let vanished: Vec<_> = vanished(&baseline, &candidate)
        .into_iter()
        .map(|package| (package.name, package.version, package.units, package.unit_time.as_secs()))
        .collect();
    assert_eq!(
        vanished,
        [("b".to_owned(), "1.0.0".to_owned(), 1, 3), ("a".to_owned(), "1.0.0".to_owned(), 2, 2)]
    );
}

#[test]
fn nothing_vanishes_between_a_report_and_itself() {
    let timings = parse(REPORT).unwrap();
    assert_eq!(vanished(&timings, &timings), []);
}

#[test]
fn absurd_durations_do_not_overflow() {
    let units = [unit("a", "1.0.0", 1e19), unit("a", "1.0.0", 1e19)];
    let timings = report(&format!("[{}]", units.join(",")));
    assert_eq!(sum(timings.units.iter()), Duration::MAX);
}

proptest! {
    #[test]
    fn a_truncated_report_does_not_panic(end in 0..REPORT.len()) {
        if let Some(start) = REPORT.get(..end) {
            let _ = parse(start);
        }
    }

    #[test]
    fn a_damaged_report_does_not_panic(
        at in 0..REPORT.len(), length in 0..40_usize, insert in "\\PC{0,8}|[\\[\\]{}\",:0-9e.-]{0,8}"
    ) {
        let mut bytes = REPORT.as_bytes().to_vec();
        let end = (at + length).min(bytes.len());
        bytes.splice(at..end, insert.bytes());
        if let Ok(timings) = parse(&String::from_utf8_lossy(&bytes)) {
            let _ = sum(timings.units.iter());
            let _ = vanished(&timings, &Timings::default());
        }
    }

    #[test]
    fn any_text_does_not_panic(text in "\\PC*") {
        let _ = parse(&text);
        let _ = parse(&format!("{MARKER}{text}"));
    }
}
