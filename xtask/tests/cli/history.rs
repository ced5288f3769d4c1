//! What is left of runs when the target directory is gone, or when they did not come to their end.

use std::{fs, path::PathBuf};

use serde_json::{Value, json};
use snapbox::cmd::Command;

use crate::support::{Fixture, Run};

const ONE: &str = r#"
-- Cargo.toml --
[package]
name = "one"
version = "0.1.0"
edition = "2021"

[lib]
doctest = false

[dependencies]
ghoul = "0.3"
-- src/lib.rs --
"#;

const SAMPLES: &str = ".xtask-history/samples.jsonl";
const RUN: &str = "20251102-140321";

/// A line of the history.
fn sample(run: &str, what: &str, side: &str, label: &str, seconds: f64) -> String {
    let line = json!({
        "schema": 1,
        "run": run,
        "at": "2025-11-02T14:05:00+01:00",
        "workspace": "/home/dev/ws",
        "command": "optimize",
        "what": what,
        "unit": "seconds",
        "side": side,
        "label": label,
        "sample": { "value": seconds, "cpu_seconds": 2.0 * seconds },
        "machine": {
            "os": "linux", "arch": "x86_64", "cores": 2, "rustc": "rustc 1.95.0",
            "cargo": "cargo 1.95.0", "host": "x86_64-unknown-linux-gnu"
        },
        "git_head": "7e31976c0ffee",
        "configuration": side,
    });
    format!("{line}\n")
}

/// A workspace with the samples of a run that was interrupted after three timed builds.
fn interrupted() -> Fixture {
    let fixture = Fixture::new(ONE);
    let samples = [
        sample(RUN, "clean-dev", "baseline", "", 65.0),
        sample(RUN, "clean-dev", "candidate", "", 29.0),
        sample(RUN, "clean-dev", "candidate", "without profile", 12.0),
        sample(RUN, "clean-release", "baseline", "", 68.0),
    ];
    fixture.put_bytes(SAMPLES, samples.concat().as_bytes());
    fixture
}

fn run_dir(fixture: &Fixture, id: &str) -> PathBuf {
    fixture.path("target/xtask/runs").join(id)
}

/// The runs that `report --list` names.
#[track_caller]
fn listed(fixture: &Fixture) -> Vec<Value> {
    let run = fixture.run(&["report", "--list", "--format", "json"]).exits(0);
    assert_eq!(run.json()["schema"], 1);
    run.json()["runs"].as_array().unwrap().clone()
}

fn report(fixture: &Fixture, args: &[&str]) -> Run {
    fixture.run(&[&["report", "--format", "json"], args].concat())
}

#[test]
fn a_timed_run_outlives_its_target_directory() {
    let fixture = Fixture::new(ONE);
    let git = |arguments: &[&str]| {
        let command = Command::new("git").args(arguments).current_dir(fixture.root());
        String::from_utf8(command.assert().success().get_output().stdout.clone()).unwrap()
    };
    git(&["init", "--quiet"]);
    let run = fixture.optimize(&["--yes", "--no-test"]).exits(0).json();
    let dir = PathBuf::from(run["report"].as_str().unwrap());
    let id = dir.file_name().unwrap().to_str().unwrap();
    let copy = fixture.path(".xtask-history/runs").join(format!("{id}.json"));
    let stored = fs::read(&copy).unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&stored).unwrap(), run);
    assert!(!run["kept"].as_array().unwrap().is_empty());
    let status = git(&["status", "--porcelain", "--untracked-files=all"]);
    assert!(!status.contains("xtask-history"), "{status}");

    fs::remove_dir_all(fixture.path("target")).unwrap();
    let again = report(&fixture, &[]).exits(0);
    assert_eq!(again.json()["measurements"], run["measurements"]);
    assert_eq!(again.json()["changes"], run["changes"]);
    assert_eq!(again.json()["kept"], json!([]));
    let notes = again.notes();
    assert!(notes.iter().any(|note| note.contains("no longer where the run left")), "{notes:?}");
    for name in ["report.json", "report.md", "report.html", "changes.diff"] {
        assert!(dir.join(name).is_file(), "{name}");
    }
    assert!(fixture.path("target/CACHEDIR.TAG").is_file());
    assert_eq!(fs::read(&copy).unwrap(), stored, "a report changes no history");
    assert_eq!(listed(&fixture).len(), 1, "a run that is kept twice is one run");

    let team = |run: &Run| run.json()["return_on_investment"]["team"].clone();
    assert_eq!(team(&again)["people"], 5);
    let nobody = report(&fixture, &["--team-size", "0"]).exits(0);
    assert_eq!(team(&nobody)["people"], 0);
    for row in nobody.json()["return_on_investment"]["rows"].as_array().unwrap() {
        assert_eq!(row["value_per_year"].as_f64().unwrap().abs(), 0.0, "{row:#}");
    }
    assert_eq!(team(&report(&fixture, &[]).exits(0)), team(&nobody), "the team is recorded");
}

#[test]
fn without_timed_builds_no_history_is_made() {
    let fixture = Fixture::new(ONE);
    fixture.optimized(&[]);
    fixture.run(&["validate", "--quick", "--no-test"]).exits(0);
    fixture.run(&["report", "--list"]).exits(0);
    assert!(!fixture.path(".xtask-history").exists());
}

#[test]
fn a_run_that_was_interrupted_is_put_together_from_its_samples() {
    let fixture = interrupted();
    let before = fixture.whole_tree();
    for args in [&[][..], &[RUN]] {
        let run = report(&fixture, args).exits(0);
        let record = run.json();
        assert_eq!(
            (&record["command"], &record["interrupted"]),
            (&json!("optimize"), &json!(true))
        );
        assert_eq!(record["workspace"], "/home/dev/ws");
        assert_eq!(record["started"], "2025-11-02T14:05:00+01:00");
        assert_eq!(record["git_head"], "7e31976c0ffee");
        assert_eq!(record["machine"]["cores"], 2);
        let rows = record["measurements"].as_array().unwrap();
        assert_eq!(rows.len(), 1, "{rows:?}");
        assert_eq!((&rows[0]["what"], &rows[0]["call"]), (&json!("clean-dev"), &json!("better")));
        assert_eq!(
            rows[0]["samples"]["candidate"],
            json!([{ "value": 29.0, "cpu_seconds": 58.0 }])
        );
        let notes = run.notes().join("\n");
        for said in ["left no record", "clean-release was read for the baseline only (68.0 s)"] {
            assert!(notes.contains(said), "`{said}` in\n{notes}");
        }
        assert!(record.get("return_on_investment").is_none(), "nothing was committed");
    }
    fixture.run(&["report"]).exits(0).says("left no record");
    let written = fs::read(run_dir(&fixture, RUN).join("report.json")).unwrap();
    let written: Value = serde_json::from_slice(&written).unwrap();
    assert_eq!(written["interrupted"], true);
    let after = fixture.whole_tree();
    assert_eq!(before.get(SAMPLES), after.get(SAMPLES));
    assert!(!fixture.path(".xtask-history/runs").exists(), "it is no record");

    // What was read since counts the next time.
    let more = fixture.read(SAMPLES) + &sample(RUN, "clean-release", "candidate", "", 44.0);
    fixture.put_bytes(SAMPLES, more.as_bytes());
    let rows = report(&fixture, &[]).exits(0).json()["measurements"].clone();
    assert_eq!(rows.as_array().unwrap().len(), 2, "{rows:#}");
}

#[test]
fn the_newest_run_with_a_record_goes_before_later_ones_without() {
    let fixture = interrupted();
    let run = fixture.optimized(&["--only", "unused-dependency"]).json();
    let later = sample("29991231-235959", "clean-dev", "baseline", "", 1.0);
    fixture.put_bytes(SAMPLES, (fixture.read(SAMPLES) + &later).as_bytes());
    let reported = report(&fixture, &[]).exits(0);
    assert_eq!(reported.json()["report"], run["report"]);
    reported.says("29991231-235959");
    // Nor does it become one by being reported on.
    report(&fixture, &["29991231-235959"]).exits(0);
    assert_eq!(report(&fixture, &[]).exits(0).json()["report"], run["report"]);
}

#[test]
fn runs_are_listed_with_what_it_takes_to_choose_one() {
    let fixture = interrupted();
    let run = fixture.optimized(&["--only", "unused-dependency"]).json();
    let rows = listed(&fixture);
    assert_eq!(rows.len(), 2, "{rows:?}");
    assert!(run["report"].as_str().unwrap().ends_with(rows[0]["id"].as_str().unwrap()));
    assert_eq!((&rows[0]["interrupted"], &rows[0]["clean_dev"]), (&json!(false), &Value::Null));
    let expected = json!({
        "id": RUN,
        "command": "optimize",
        "started": "2025-11-02T14:05:00+01:00",
        "git_head": "7e31976c0ffee",
        "workspace": "/home/dev/ws",
        "clean_dev": { "baseline": 65.0, "candidate": 29.0 },
        "clean_release": null,
        "interrupted": true,
    });
    assert_eq!(rows[1], expected);
    let text = fixture.run(&["report", "--list"]).exits(0).stdout;
    for word in [RUN, "65.0 s -> 29.0 s", "7e31976c0", "interrupted"] {
        assert!(text.contains(word), "`{word}` in\n{text}");
    }
    fixture.run(&["report", "--list", RUN]).exits(2).says("--list");
}

#[test]
fn an_empty_list_is_no_error_and_an_unknown_run_is() {
    let fixture = Fixture::new(ONE);
    let before = fixture.whole_tree();
    assert!(listed(&fixture).is_empty());
    fixture.run(&["report", "--list"]).exits(0).says("no run is recorded");
    fixture.run(&["report", "20000101-000000"]).exits(2).says("hint: `cargo xtask optimize`");
    crate::support::assert_same(&before, &fixture.whole_tree());
    let fixture = interrupted();
    for unknown in ["20000101-000000", "../runs", "/etc"] {
        fixture.run(&["report", unknown]).exits(2).says(unknown).says(RUN);
    }
}

#[test]
fn lines_that_cannot_be_read_are_named_once_and_the_rest_counts() {
    let fixture = interrupted();
    let outside = sample("../../../outside", "clean-dev", "baseline", "", 1.0);
    let text = format!("not a sample\n{outside}{}{{\"schema\":1,\"ru", fixture.read(SAMPLES));
    fixture.put_bytes(SAMPLES, text.as_bytes());
    let run = report(&fixture, &[]).exits(0);
    assert_eq!(run.json()["measurements"].as_array().unwrap().len(), 1);
    assert_eq!(run.stderr.matches("warning: ").count(), 2, "{run:?}");
    run.says("line 1 of").says("samples.jsonl").says("../../../outside");
    assert_eq!(fixture.read(SAMPLES), text);
}

#[test]
fn what_lies_in_the_history_is_no_source() {
    let fixture = Fixture::new(ONE);
    fixture.put("-- .xtask-history/used.rs --\npub use ghoul::boo;\n");
    fixture.optimized(&[]).holds("unused-dependency:one/ghoul", "applied", "ghoul");
}

#[test]
fn validate_compares_with_a_run_that_only_the_history_has() {
    let fixture = Fixture::new(ONE);
    let first = fixture.run(&["validate", "--no-test", "--format", "json"]).exits(0).json();
    fs::remove_dir_all(fixture.path("target")).unwrap();
    let second = fixture.run(&["validate", "--no-test", "--format", "json"]);
    let notes = second.notes().join("\n");
    let started = first["started"].as_str().unwrap();
    assert!(notes.contains(&format!("the earlier readings are of {started}")), "{notes}");
}

#[test]
#[cfg(target_os = "linux")]
fn the_page_is_opened_and_where_that_fails_its_path_is_named() {
    use std::os::unix::fs::PermissionsExt as _;
    // Whatever may open a page where this runs must not.
    const OPENERS: [&str; 9] = [
        "xdg-open",
        "gio",
        "gnome-open",
        "kde-open",
        "kde-open5",
        "kde-open6",
        "wslview",
        "powershell.exe",
        "cmd.exe",
    ];
    let fixture = interrupted();
    let opened = fixture.path("../opened");
    let programs = fixture.path("../programs");
    let open = |script: &str| {
        for name in OPENERS {
            fixture.put_bytes(&format!("../programs/{name}"), script.as_bytes());
            let path = programs.join(name);
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        let path = std::env::var("PATH").unwrap();
        Command::new(env!("CARGO_BIN_EXE_xtask"))
            .args(["report", "--open", "--manifest-path"])
            .arg(fixture.path("Cargo.toml"))
            .env("PATH", format!("{}:{path}", programs.display()))
            .env("CARGO_NET_OFFLINE", "true")
            .env("TMPDIR", fixture.temporary())
            .current_dir(fixture.root())
            .assert()
            .success()
    };
    let page = run_dir(&fixture, RUN).join("report.html");
    open(&format!("#!/bin/sh\nfor last; do :; done\necho \"$last\" >> '{}'\n", opened.display()));
    assert_eq!(fs::read_to_string(&opened).unwrap().trim_end(), page.display().to_string());
    let failed = open("#!/bin/sh\nexit 3\n");
    let said = String::from_utf8_lossy(&failed.get_output().stderr).into_owned();
    assert!(said.contains("warning: "), "{said}");
    assert!(said.contains(&format!("`{}` could not be opened", page.display())), "{said}");
}
