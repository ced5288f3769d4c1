//! INT, TERM and HUP: the children go, the copies go, exit code 130, and the workspace is untouched or committed.
//!
//! The moments are those at which the program says what it does; tests/sweeps/interrupts.rs tries all others.

#![cfg(target_os = "linux")]

use std::{
    fs,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

use crate::support::{Fixture, Started, To, assert_same};

/// A build script, a test that takes its time and a test whose child does not heed TERM.
const SLOW: &str = r#"
-- Cargo.toml --
[workspace]
resolver = "2"
members = ["core"]
-- core/Cargo.toml --
[package]
name = "core-types"
version = "0.1.0"
edition = "2021"

[lib]
doctest = false

[dependencies]
ghoul = "0.3"
-- core/build.rs --
fn main() {
    if let Some(file) = std::env::var_os("XTASK_TEST_BUILD") {
        std::fs::write(file, "").unwrap();
        std::thread::sleep(std::time::Duration::from_secs(600));
    }
}
-- core/src/lib.rs --
#[test]
fn it_takes_its_time() {
    let Some(file) = std::env::var_os("XTASK_TEST_TEST") else { return };
    let mut child = std::process::Command::new("sh")
        .args(["-c", "trap '' INT TERM HUP; : >\"$XTASK_TEST_TEST\"; sleep 600"])
        .spawn()
        .unwrap();
    child.wait().unwrap();
    drop(file);
}
"#;

/// A test that starts something in a session of its own, and waits for it or leaves it behind as a daemon.
const STRAY: &str = r#"
-- core/tests/stray.rs --
use std::process::Command;

fn start(line: &str) -> std::process::Child {
    Command::new("setsid").args(["sh", "-c", line]).spawn().unwrap()
}

#[test]
fn it_waits() {
    if std::env::var_os("XTASK_TEST_STRAY").is_some() {
        start(": >\"$XTASK_TEST_STRAY\"; sleep 600").wait().unwrap();
    }
}

#[test]
fn it_waits_for_one_that_does_not_heed() {
    if std::env::var_os("XTASK_TEST_DEAF").is_some() {
        start("trap '' INT TERM HUP; : >\"$XTASK_TEST_DEAF\"; sleep 600").wait().unwrap();
    }
}

#[test]
fn it_leaves_a_daemon() {
    if std::env::var_os("XTASK_TEST_DAEMON").is_some() {
        start("sleep 600 & echo $! >>\"$XTASK_TEST_DAEMON\"").wait().unwrap();
    }
}
"#;

/// Far beyond what any step takes: a test that waits for it has failed.
const PATIENCE: Duration = Duration::from_secs(120);
const STEP: Duration = Duration::from_millis(5);

const OPTIMIZE: [&str; 4] = ["optimize", "--yes", "--measure", "none"];

/// Starts a run whose build script or test says by a file that it is there, and waits for that.
fn started(fixture: &Fixture, args: &[&str], variable: &str) -> Started {
    let file = fixture.path("../it-runs");
    let run = fixture.start_with(args, |command| {
        command.env(variable, &file);
    });
    let start = Instant::now();
    while !file.exists() {
        assert!(start.elapsed() < PATIENCE, "it does not come to it");
        thread::sleep(STEP);
    }
    fs::remove_file(&file).unwrap();
    run
}

/// Holds an interrupted run to what all of them promise.
#[track_caller]
fn leaves_nothing(fixture: &Fixture, run: Started) {
    let mark = run.mark();
    run.wait().exits(130).says("interrupted; nothing was changed");
    assert_eq!(mark.running(), [""; 0]);
    assert_eq!(fixture.left_in_temporary(), [""; 0]);
    assert_eq!(names(&fixture.path("target/xtask")), ["runs"]);
    assert!(fixture.backups().is_empty());
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).into_iter().flatten();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn a_build_script_that_runs_is_ended_with_the_run() {
    let fixture = Fixture::new(SLOW);
    let before = fixture.tree();
    for (signal, to) in
        [(Signal::INT, To::Group), (Signal::TERM, To::Process), (Signal::HUP, To::Group)]
    {
        let run = started(&fixture, &OPTIMIZE, "XTASK_TEST_BUILD");
        run.signal(signal, to);
        leaves_nothing(&fixture, run);
    }
    assert_same(&before, &fixture.tree());
}

#[test]
fn a_test_that_does_not_heed_the_signal_is_killed_with_its_children() {
    let fixture = Fixture::new(SLOW);
    let before = fixture.tree();
    let run = started(&fixture, &OPTIMIZE, "XTASK_TEST_TEST");
    run.signal(Signal::INT, To::Group);
    leaves_nothing(&fixture, run);
    // A second Ctrl-C does not wait.
    let run = started(&fixture, &OPTIMIZE, "XTASK_TEST_TEST");
    run.signal(Signal::INT, To::Group);
    run.signal(Signal::INT, To::Group);
    leaves_nothing(&fixture, run);
    assert_same(&before, &fixture.tree());
}

#[test]
fn a_descendant_in_a_session_of_its_own_is_ended_as_well() {
    let fixture = Fixture::new(&format!("{SLOW}{STRAY}"));
    let before = fixture.tree();
    for (variable, to) in [("XTASK_TEST_STRAY", To::Group), ("XTASK_TEST_DEAF", To::Process)] {
        let run = started(&fixture, &OPTIMIZE, variable);
        run.signal(Signal::INT, to);
        leaves_nothing(&fixture, run);
    }
    assert_same(&before, &fixture.tree());
}

/// Ends the daemons whose numbers stand in a file; how many there were.
fn end_daemons(file: &Path) -> usize {
    let numbers = fs::read_to_string(file).unwrap();
    for number in numbers.lines() {
        kill_process(Pid::from_raw(number.parse().unwrap()).unwrap(), Signal::KILL).unwrap();
    }
    numbers.lines().count()
}

#[test]
fn a_daemon_that_a_test_leaves_behind_holds_no_run_up() {
    let fixture = Fixture::new(&format!("{SLOW}{STRAY}"));
    let file = fixture.path("../daemons");
    // It has their stdout and stderr, and sleeps for longer than the end of a run is waited for.
    let run = fixture.start_with(&OPTIMIZE, |command| {
        command.env("XTASK_TEST_DAEMON", &file);
    });
    let (run, status) = run.wait_timed();
    assert!(end_daemons(&file) > 0);
    assert!(status.success(), "{run:?}");
    assert_eq!(fixture.left_in_temporary(), [""; 0]);
}

#[test]
fn nor_does_it_hold_up_an_interrupt_which_leaves_it_alone() {
    let fixture = Fixture::new(&format!("{SLOW}{STRAY}"));
    let file = fixture.path("../daemons");
    let run = fixture.start_with(&OPTIMIZE, |command| {
        command.env("XTASK_TEST_DAEMON", &file).env("XTASK_TEST_STRAY", fixture.path("../it-runs"));
    });
    let start = Instant::now();
    let both = ["../daemons", "../it-runs"].map(|name| fixture.path(name));
    while !both.iter().all(|file| file.exists()) {
        assert!(start.elapsed() < PATIENCE, "it does not come to it");
        thread::sleep(STEP);
    }
    run.signal(Signal::TERM, To::Process);
    let run = run.wait().exits(130);
    assert!(end_daemons(&file) > 0, "{run:?}");
    assert_eq!(fixture.left_in_temporary(), [""; 0]);
}

#[test]
fn a_hangup_that_was_to_be_ignored_is_and_other_signals_are_not() {
    let fixture = Fixture::new(SLOW);
    let file = fixture.path("../it-runs");
    let line = format!(
        "trap '' HUP; exec '{}' {} --manifest-path '{}'",
        env!("CARGO_BIN_EXE_xtask"),
        OPTIMIZE.join(" "),
        fixture.path("Cargo.toml").display()
    );
    let run = fixture.start_other_with("sh", &["-c", &line], |command| {
        command.env("XTASK_TEST_BUILD", &file);
    });
    let start = Instant::now();
    while !file.exists() {
        assert!(start.elapsed() < PATIENCE, "it does not come to it");
        thread::sleep(STEP);
    }
    // Of the signals that a program ignores the system keeps a list, and one in it is not even delivered.
    run.signal(Signal::HUP, To::Process);
    let status = fs::read_to_string(format!("/proc/{}/status", run.id())).unwrap();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).unwrap();
    assert_eq!(u64::from_str_radix(ignored.trim(), 16).unwrap() & 1, 1, "{status}");
    run.signal(Signal::TERM, To::Process);
    leaves_nothing(&fixture, run);
}

#[test]
fn a_child_that_is_stopped_is_ended_as_well() {
    let fixture = Fixture::new(SLOW);
    let run = started(&fixture, &OPTIMIZE, "XTASK_TEST_BUILD");
    for process in run.mark().running() {
        let id: i32 = process.split(' ').next().unwrap().parse().unwrap();
        if id.cast_unsigned() != run.id() {
            // What was there a moment ago may be gone by now.
            let _ = kill_process(Pid::from_raw(id).unwrap(), Signal::STOP);
        }
    }
    run.signal(Signal::TERM, To::Process);
    leaves_nothing(&fixture, run);
}

#[test]
fn an_interrupted_validate_leaves_nothing_either() {
    let fixture = Fixture::new(SLOW);
    let before = fixture.tree();
    for (variable, signal) in [("XTASK_TEST_BUILD", Signal::HUP), ("XTASK_TEST_TEST", Signal::INT)]
    {
        let run = started(&fixture, &["validate", "--quick"], variable);
        run.signal(signal, To::Group);
        leaves_nothing(&fixture, run);
    }
    assert_same(&before, &fixture.tree());
}

#[test]
fn an_interrupt_between_two_steps_is_heeded_at_the_next() {
    let fixture = Fixture::new(SLOW);
    let before = fixture.tree();
    for text in ["Copying", "Checking", "Testing"] {
        let run = fixture.start(&OPTIMIZE);
        assert!(run.says(text), "{text}");
        run.signal(Signal::TERM, To::Process);
        leaves_nothing(&fixture, run);
    }
    assert_same(&before, &fixture.tree());
}

#[test]
fn an_interrupt_around_the_commit_finds_the_old_workspace_or_the_new_one() {
    let fixture = Fixture::new(SLOW);
    let before = fixture.tree();
    let mut after = None;
    for (text, milliseconds) in
        [("Committed", 0), ("Committing", 0), ("Committing", 3), ("Committing", 6)]
    {
        let run = fixture.start(&[&OPTIMIZE[..], &["--no-test"]].concat());
        assert!(run.says(text), "{text}");
        thread::sleep(Duration::from_millis(milliseconds));
        run.signal(Signal::INT, To::Group);
        let mark = run.mark();
        let (run, status) = run.wait_timed();
        assert_eq!(mark.running(), [""; 0]);
        assert_eq!(fixture.left_in_temporary(), [""; 0]);
        let found = fixture.tree();
        if found == before {
            run.exits(130).says("interrupted; nothing was changed");
        } else {
            // What was committed is said as always.
            assert!(status.success(), "{run:?}");
            assert_same(after.get_or_insert_with(|| found.clone()), &found);
            fixture.run(&["restore"]).exits(0);
            assert_same(&before, &fixture.tree());
        }
    }
    assert!(after.is_some(), "nothing was committed");
}

/// The program at its question, under a terminal of its own, by `script` of util-linux; and the number of its
/// process. None where there is no `script`.
fn at_the_question(fixture: &Fixture) -> Option<(Started, Pid)> {
    if snapbox::cmd::Command::new("script").arg("--version").output().is_err() {
        eprintln!("skipped: there is no `script` to make a terminal with");
        return None;
    }
    let (program, manifest) = (env!("CARGO_BIN_EXE_xtask"), fixture.path("Cargo.toml"));
    let line = format!("exec '{program}' optimize --manifest-path '{}'", manifest.display());
    let log = fixture.path("../log");
    let _ = fs::remove_file(&log);
    let run = fixture.start_other("script", &["-qefc", &line, log.to_str().unwrap()]);
    let start = Instant::now();
    while !fs::read_to_string(&log).is_ok_and(|text| text.contains("[y/N/d]")) {
        assert!(start.elapsed() < PATIENCE, "it does not ask");
        thread::sleep(STEP);
    }
    let started = run.mark().running();
    let own = started.iter().find_map(|line| {
        let (pid, arguments) = line.split_once(' ')?;
        arguments.starts_with(program).then(|| Pid::from_raw(pid.parse().unwrap()))?
    });
    Some((run, own.unwrap_or_else(|| panic!("{started:?}"))))
}

#[test]
fn at_the_question_an_interrupt_ends_the_run_and_its_note() {
    let fixture = Fixture::new(SLOW);
    let before = fixture.whole_tree();
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        let Some((run, own)) = at_the_question(&fixture) else { return };
        let mark = run.mark();
        kill_process(own, signal).unwrap();
        let run = run.wait().exits(130);
        assert!(run.stdout.contains("interrupted; nothing was changed"), "{run:?}");
        assert_eq!(mark.running(), [""; 0]);
        assert_eq!(fixture.left_in_temporary(), [""; 0]);
    }
    assert_same(&before, &fixture.whole_tree());
}

#[test]
fn a_terminal_that_goes_while_the_question_stands_ends_the_run() {
    let fixture = Fixture::new(SLOW);
    let before = fixture.whole_tree();
    let Some((run, _)) = at_the_question(&fixture) else { return };
    let mark = run.mark();
    // With `script` its end of the terminal goes, and the system hangs up.
    run.signal(Signal::KILL, To::Process);
    run.wait_timed();
    let start = Instant::now();
    while !mark.running().is_empty() {
        assert!(start.elapsed() < PATIENCE, "still there: {:?}", mark.running());
        thread::sleep(STEP);
    }
    assert_eq!(fixture.left_in_temporary(), [""; 0]);
    assert_same(&before, &fixture.whole_tree());
}

#[test]
fn a_reader_that_closes_its_pipe_stops_no_commit() {
    let fixture = Fixture::new(SLOW);
    let before = fixture.tree();
    let (program, manifest) = (env!("CARGO_BIN_EXE_xtask"), fixture.path("Cargo.toml"));
    let shared = format!("--manifest-path '{}'", manifest.display());
    let optimize = format!(
        "{{ '{program}' {} --no-test --format json {shared}; echo $? >code; }} 2>&1 | true",
        OPTIMIZE.join(" ")
    );
    fixture.start_other("sh", &["-c", &optimize]).wait().exits(0);
    // Committed, but nobody heard the result.
    assert_eq!(fixture.read("code"), "2\n");
    fs::remove_file(fixture.path("code")).unwrap();
    assert_eq!(fixture.left_in_temporary(), [""; 0]);
    let listed = fixture.run(&["restore", "--list", "--format", "json"]).exits(0).json();
    assert_eq!(listed["backups"][0]["state"], "committed", "{listed:#}");
    let restore = format!("'{program}' restore {shared} >&- 2>&-");
    fixture.start_other("sh", &["-c", &restore]).wait().exits(0);
    assert_same(&before, &fixture.tree());
}
