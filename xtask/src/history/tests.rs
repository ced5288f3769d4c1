use std::{fs, path::PathBuf, thread};

use serde_json::json;
use tempfile::TempDir;

use super::*;

fn machine() -> Machine {
    Machine {
        os: "linux".to_owned(),
        arch: "x86_64".to_owned(),
        cores: 2,
        rustc: "rustc 1.95.0".to_owned(),
        cargo: "cargo 1.95.0".to_owned(),
        host: "x86_64-unknown-linux-gnu".to_owned(),
    }
}

fn reading(seconds: f64) -> Reading<'static> {
    Reading {
        what: "clean-dev",
        unit: Quantity::Seconds,
        side: Side::Baseline,
        label: "",
        configuration: "c0ffee",
        git_head: Some("7e31976"),
        sample: Sample {
            value: seconds,
            cpu_seconds: Some(2.0 * seconds),
            peak_memory_bytes: None,
        },
    }
}

/// A directory with a workspace's target directory, which is not there yet.
fn target() -> (TempDir, PathBuf) {
    let outer = tempfile::tempdir().unwrap();
    let target = outer.path().join("target");
    (outer, target)
}

fn history(target: &Path, run: &str) -> History {
    History::open(target, Path::new("/home/dev/ws"), "optimize", run, &machine())
}

fn values(target: &Path) -> Vec<f64> {
    entries(target).unwrap().0.iter().map(|entry| entry.sample.value).collect()
}

/// Appends bytes to the samples as they are.
fn scribble(target: &Path, bytes: &[u8]) {
    let path = target.with_file_name(DIR).join(SAMPLES);
    let mut file = File::options().append(true).open(path).unwrap();
    file.write_all(bytes).unwrap();
}

#[test]
fn what_is_appended_is_read_back_whole() {
    let (_outer, target) = target();
    let mut history = history(&target, "20251102-140321");
    assert_eq!(history.append(&reading(65.4)).unwrap(), None);
    let (entries, warnings) = entries(&target).unwrap();
    assert!(warnings.is_empty(), "{warnings:?}");
    let mut found = serde_json::to_value(&entries).unwrap();
    assert!(chrono::DateTime::parse_from_rfc3339(found[0]["at"].as_str().unwrap()).is_ok());
    found[0]["at"] = json!("then");
    let expected = json!([{
        "schema": 1,
        "run": "20251102-140321",
        "at": "then",
        "workspace": "/home/dev/ws",
        "command": "optimize",
        "what": "clean-dev",
        "unit": "seconds",
        "side": "baseline",
        "label": "",
        "sample": { "value": 65.4, "cpu_seconds": 130.8 },
        "machine": machine(),
        "git_head": "7e31976",
        "configuration": "c0ffee",
    }]);
    assert_eq!(found, expected);
}

#[test]
fn without_a_sample_nothing_is_made() {
    let (outer, target) = target();
    let _history = history(&target, "1");
    assert!(entries(&target).unwrap().0.is_empty());
    assert!(records(&target).unwrap().is_empty());
    assert_eq!(fs::read_dir(outer.path()).unwrap().count(), 0);
}

#[test]
fn git_is_told_to_ignore_all_of_it() {
    let (outer, target) = target();
    history(&target, "1").append(&reading(1.0)).unwrap();
    assert_eq!(fs::read(outer.path().join(DIR).join(".gitignore")).unwrap(), b"*\n");
    assert!(!target.exists());
}

#[test]
fn a_torn_last_line_is_passed_over_and_the_next_sample_starts_a_line_of_its_own() {
    let (_outer, target) = target();
    let mut history = history(&target, "1");
    history.append(&reading(1.0)).unwrap();
    scribble(&target, b"{\"schema\":1,\"run\":\"1\",\"wh");
    let (found, warnings) = entries(&target).unwrap();
    assert_eq!((found.len(), warnings), (1, Vec::new()));
    history.append(&reading(2.0)).unwrap();
    assert_eq!(values(&target), [1.0, 2.0]);
    let (_, warnings) = entries(&target).unwrap();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].contains("line 2 of") && warnings[0].contains(SAMPLES), "{warnings:?}");
}

#[test]
fn a_last_line_that_lacks_its_end_alone_counts() {
    let (_outer, target) = target();
    let mut history = history(&target, "1");
    history.append(&reading(1.0)).unwrap();
    let path = target.with_file_name(DIR).join(SAMPLES);
    let bytes = fs::read(&path).unwrap();
    scribble(&target, bytes.trim_ascii_end());
    assert_eq!(values(&target), [1.0, 1.0]);
    history.append(&reading(2.0)).unwrap();
    assert_eq!(values(&target), [1.0, 1.0, 2.0]);
    assert!(entries(&target).unwrap().1.is_empty());
}

#[test]
fn lines_that_cannot_be_read_are_named_and_stay() {
    let (_outer, target) = target();
    let mut history = history(&target, "1");
    history.append(&reading(1.0)).unwrap();
    scribble(&target, b"\xff\xfe\n{\"schema\":2,\"run\":7}\n{\"schema\":1}\n\n");
    history.append(&reading(2.0)).unwrap();
    assert_eq!(values(&target), [1.0, 2.0]);
    let (_, warnings) = entries(&target).unwrap();
    let names = ["line 2 of", "line 3 of", "line 4 of"];
    assert_eq!(warnings.len(), names.len(), "{warnings:?}");
    for (warning, name) in warnings.iter().zip(names) {
        assert!(warning.contains(name), "{warning}");
    }
    assert!(warnings[1].contains("schema 2; this version reads 1"), "{}", warnings[1]);
    let bytes = fs::read(target.with_file_name(DIR).join(SAMPLES)).unwrap();
    assert!(bytes.windows(3).any(|three| three == b"\xff\xfe\n"));
}

#[test]
fn runs_that_append_at_the_same_time_do_not_mix_their_lines() {
    let (_outer, target) = target();
    thread::scope(|scope| {
        for run in 0..8 {
            let mut history = history(&target, &run.to_string());
            scope.spawn(move || {
                for number in 0..25 {
                    history.append(&reading(f64::from(number))).unwrap();
                }
            });
        }
    });
    let (found, warnings) = entries(&target).unwrap();
    assert!(warnings.is_empty(), "{warnings:?}");
    for run in 0..8 {
        let of_run = found.iter().filter(|entry| entry.run == run.to_string());
        let values: Vec<f64> = of_run.map(|entry| entry.sample.value).collect();
        assert_eq!(values, (0..25).map(f64::from).collect::<Vec<_>>(), "run {run}");
    }
}

#[test]
fn where_nothing_can_be_written_beside_the_target_it_lies_within_and_that_is_said_once() {
    let (outer, target) = target();
    // A file in its place is refused to everybody, whatever the rights.
    disk::write(&outer.path().join(DIR), b"").unwrap();
    let mut history = history(&target, "1");
    let warning = history.append(&reading(1.0)).unwrap().unwrap();
    let within = target.join("xtask/history");
    assert!(warning.contains(&within.display().to_string()), "{warning}");
    assert!(warning.contains("cargo clean"), "{warning}");
    assert_eq!(history.append(&reading(2.0)).unwrap(), None);
    assert_eq!(values(&target), [1.0, 2.0]);
    // What lies within is still read once there is a better place.
    fs::remove_file(outer.path().join(DIR)).unwrap();
    assert_eq!(history.append(&reading(3.0)).unwrap(), None);
    assert_eq!(values(&target), [3.0, 1.0, 2.0]);
}

#[test]
fn where_nothing_can_be_written_at_all_the_path_is_named() {
    let (outer, target) = target();
    disk::write(&outer.path().join(DIR), b"").unwrap();
    disk::write(&target, b"").unwrap();
    let error = history(&target, "1").append(&reading(1.0)).unwrap_err();
    assert!(format!("{error:#}").contains("xtask/history"), "{error:#}");
}

#[test]
fn records_are_found_by_their_run_oldest_first() {
    let (outer, target) = target();
    let runs = outer.path().join(DIR).join(RUNS);
    for name in ["2-2.json", "2.json", "1.json", "3.json.tmp"] {
        disk::write(&runs.join(name), b"{}").unwrap();
    }
    let found: Vec<String> = records(&target).unwrap().into_keys().collect();
    assert_eq!(found, ["1", "2", "2-2"]);
}
