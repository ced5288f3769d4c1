//! Several runs at once on one workspace: one works, the others say who does. Cargo beside them goes on.
//!
//! tests/sweeps/concurrent.rs has fifty of them race, many times.

#![cfg(target_os = "linux")]

use std::{
    fs, thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

use crate::support::{Fixture, Run, Started, To, assert_same};

/// A workspace whose build script waits, if it is told to, for a file to go.
const WAITING: &str = r#"
-- Cargo.toml --
[workspace]
resolver = "2"
members = ["core"]
-- core/Cargo.toml --
[package]
name = "core-types"
version = "0.1.0"
edition = "2021"

[dependencies]
ghoul = "0.3"
-- core/build.rs --
fn main() {
    let Some(file) = std::env::var_os("XTASK_TEST_WAIT").map(std::path::PathBuf::from) else { return };
    // Only the first that comes: the run goes on when it is let go.
    if std::fs::File::create_new(file.with_extension("once")).is_err() {
        return;
    }
    std::fs::write(&file, "").unwrap();
    while file.exists() {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}
-- core/src/lib.rs --
"#;

const OPTIMIZE: [&str; 5] = ["optimize", "--yes", "--measure", "none", "--no-test"];

/// Far beyond what any step takes: a test that waits for it has failed.
const PATIENCE: Duration = Duration::from_secs(120);

fn wait_until(what: &str, holds: impl Fn() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < PATIENCE, "{what} does not come");
        thread::sleep(Duration::from_millis(5));
    }
}

/// An `optimize` in the middle of its work, until the file `waits` beside the workspace goes.
fn working(fixture: &Fixture) -> Started {
    let file = fixture.path("../waits");
    let run = fixture.start_with(&OPTIMIZE, |command| {
        command.env("XTASK_TEST_WAIT", &file);
    });
    wait_until("the build script", || file.exists());
    run
}

fn let_go(fixture: &Fixture) {
    fs::remove_file(fixture.path("../waits")).unwrap();
}

/// Holds a run that stood back to what it has to say.
#[track_caller]
fn stood_back(fixture: &Fixture, run: Run, holder: u32) {
    let run = run.exits(2);
    run.says(&format!("another run is working on `{}`: ", fixture.root().display()));
    run.says(&format!("`optimize`, process {holder}, since 2"));
    run.says("\nhint: ");
    assert!(run.stdout.is_empty(), "{run:?}");
}

#[test]
fn of_two_runs_one_works_and_the_other_says_who_does() {
    let fixture = Fixture::new(WAITING);
    let before = fixture.tree();
    let first = working(&fixture);
    for command in [OPTIMIZE.as_slice(), &["restore"], &["validate", "--no-test"]] {
        // `validate` takes the lock for its timed builds only; what comes before, it does.
        stood_back(&fixture, fixture.start(command).wait(), first.id());
    }
    for looking in [["optimize", "--check"].as_slice(), &["restore", "--list"]] {
        let run = fixture.start(looking).wait();
        assert!(!run.stderr.contains("another run"), "{run:?}");
    }
    assert_same(&before, &fixture.tree());
    let_go(&fixture);
    first.wait().exits(0);
    assert_ne!(before, fixture.tree());
    fixture.run(&["restore"]).exits(0);
    assert_same(&before, &fixture.tree());
}

#[test]
fn a_stopped_run_still_works_on_the_workspace() {
    let fixture = Fixture::new(WAITING);
    let first = working(&fixture);
    first.signal(Signal::STOP, To::Process);
    let second = fixture.start(&["restore"]).wait();
    second.says(&format!("hint: it is stopped: continue it with `kill -CONT {}`", first.id()));
    stood_back(&fixture, second, first.id());
    first.signal(Signal::CONT, To::Process);
    let_go(&fixture);
    first.wait().exits(0);
}

#[test]
fn the_lock_of_a_run_that_was_killed_is_free_at_once() {
    let fixture = Fixture::new(WAITING);
    let before = fixture.tree();
    let first = working(&fixture);
    let mark = first.mark();
    first.signal(Signal::KILL, To::Process);
    first.wait_timed();
    // Its note stays, and names nobody any more.
    let next = fixture.start(&["restore"]).wait().exits(2);
    next.says("there is no backup to restore");
    // What it had started goes on, and builds where the next run builds.
    let_go(&fixture);
    wait_until("the end of what it had started", || mark.running().is_empty());
    fixture.start(&OPTIMIZE).wait().exits(0);
    fixture.start(&["restore"]).wait().exits(0);
    assert_same(&before, &fixture.tree());
}

#[test]
fn a_run_with_another_temporary_directory_is_named_as_well() {
    let fixture = Fixture::new(WAITING);
    let first = working(&fixture);
    let elsewhere = fixture.path("../elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    let second = fixture.start_with(&["restore"], |command| {
        command.env("TMPDIR", &elsewhere);
    });
    let second = second.wait().exits(2);
    let manifest = fixture.path("Cargo.toml");
    second.says(&format!("{} --manifest-path {}`, ", OPTIMIZE.join(" "), manifest.display()));
    second.says(&format!("`, process {}, which runs since 2", first.id()));
    let_go(&fixture);
    first.wait().exits(0);
}

#[test]
fn another_user_is_told_who_it_is_as_well() {
    use std::os::unix::{fs::PermissionsExt as _, process::CommandExt as _};
    const NOBODY: u32 = 65534;
    if !rustix::process::geteuid().is_root() {
        eprintln!("skipped: only root can start a program as another user");
        return;
    }
    let fixture = Fixture::new(WAITING);
    let outer = fixture.temporary().parent().unwrap().to_path_buf();
    fs::set_permissions(outer, fs::Permissions::from_mode(0o755)).unwrap();
    let first = working(&fixture);
    // The program has to lie where another user may start it.
    let program = fixture.path("../xtask");
    fs::copy(env!("CARGO_BIN_EXE_xtask"), &program).unwrap();
    let line = format!("exec '{}' restore --manifest-path ws/Cargo.toml", program.display());
    let second = fixture.start_other_with("sh", &["-c", &line], |command| {
        command.uid(NOBODY).gid(NOBODY).current_dir(fixture.path(".."));
    });
    let second = second.wait().exits(2);
    // The note is for its owner's eyes; what the system knows is for all.
    second.says(&format!("`, process {}, which runs since 2", first.id())).says("optimize --yes");
    let_go(&fixture);
    first.wait().exits(0);
}

#[test]
fn of_several_that_race_each_works_alone_or_stands_back() {
    let (fixture, before) = Fixture::of_optimized_members();
    let after = fixture.tree();
    let only = ["--only", "unused-dependency,gitignore,cargo-config"];
    let optimize = [&OPTIMIZE[..], &only].concat();
    for round in 0..3 {
        let racing: Vec<Started> = (0..8)
            .map(|number| match (round + number) % 4 {
                0 => fixture.start(&optimize),
                _ => fixture.start(&["restore"]),
            })
            .collect();
        let ids: Vec<u32> = racing.iter().map(Started::id).collect();
        let mut worked = 0;
        for run in racing {
            let (run, status) = run.wait_timed();
            if status.success() {
                worked += 1;
            } else {
                let run = run.exits(2);
                run.says("another run is working on").says("\nhint: ");
                let named = |id: &u32| run.stderr.contains(&format!("process {id}, "));
                assert!(ids.iter().any(named), "{run:?}");
            }
        }
        assert!(worked > 0);
        let found = fixture.tree();
        assert!(found == before || found == after, "neither old nor new");
    }
    let listed = fixture.run(&["restore", "--list", "--format", "json"]).exits(0).json();
    for backup in listed["backups"].as_array().unwrap() {
        assert!(backup["damage"].is_null() && backup["state"] == "committed", "{backup:#}");
    }
}

#[test]
fn cargo_may_build_the_workspace_meanwhile() {
    let fixture = Fixture::of_members();
    let before = fixture.tree();
    let build = ["build", "--workspace", "--locked", "--quiet"];
    let line = format!("while :; do cargo {} || exit; echo built; done", build.join(" "));
    let builds = fixture.start_other("sh", &["-c", &line]);
    let mark = builds.mark();
    let run = fixture.start(&OPTIMIZE).wait();
    for process in mark.running() {
        let id = process.split(' ').next().unwrap().parse().unwrap();
        let _ = kill_process(Pid::from_raw(id).unwrap(), Signal::TERM);
    }
    let (built, _) = builds.wait_timed();
    wait_until("the end of cargo", || mark.running().is_empty());
    // Cargo looked either at the old manifests or at the new ones, or at some of both, and said so.
    assert!(built.stdout.contains("built") || built.stderr.contains("error"), "{built:?}");
    run.exits(0);
    fixture.cargo(&build);
    fixture.cargo(&[&build[..], &["--frozen"]].concat());
    fixture.run(&["restore"]).exits(0);
    assert_same(&before, &fixture.tree());
    fixture.cargo(&build);
}
