//! Fifty runs at once on one workspace, many times; and cargo building it beside them.
//!
//! That only one works at a time is seen by the build script of the workspace: it makes a directory, and finds out
//! whether there was one.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

use crate::{
    chance::Chance,
    figures::Figures,
    support::{Fixture, Run, Started, To, Tree},
};

/// How many race, and how many races there are.
const RACING: usize = 50;
const RACES: usize = 24;

/// How often `optimize` and `restore` run while cargo builds.
const BUILDS: usize = 12;

const FILES: &str = r#"
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
use std::{env, fs, path::PathBuf, thread::sleep, time::Duration};

fn main() {
    let Some(busy) = env::var_os("XTASK_TEST_BUSY").map(PathBuf::from) else { return };
    if fs::create_dir(&busy).is_err() {
        fs::write(busy.with_extension("overlap"), "").unwrap();
        return;
    }
    sleep(Duration::from_millis(150));
    fs::remove_dir(&busy).unwrap();
}
-- core/src/lib.rs --
"#;

const OPTIMIZE: [&str; 7] = [
    "optimize",
    "--yes",
    "--measure",
    "none",
    "--no-test",
    "--only",
    "unused-dependency,gitignore,cargo-config",
];

/// The workspace before and after `optimize`.
fn states() -> (Tree, Tree) {
    let fixture = Fixture::new(FILES);
    let before = fixture.tree();
    fixture.run(&OPTIMIZE).exits(0);
    (before, fixture.tree())
}

/// Whether a run that stood back said everything: the workspace, a command and process that raced, since when, and
/// what can be done.
fn is_complete(run: &Run, fixture: &Fixture, racing: &BTreeMap<u32, &str>) -> bool {
    let start = format!("error: another run is working on `{}`: `", fixture.root().display());
    let Some((who, rest)) =
        run.stderr.split_once(&start).and_then(|(_, rest)| rest.split_once("`, process "))
    else {
        return false;
    };
    let Some((pid, rest)) = rest.split_once(", ") else { return false };
    let named = pid.parse().ok().and_then(|pid: u32| racing.get(&pid));
    let is_its_command =
        named.is_some_and(|command| who == *command || who.contains(&format!(" {command} ")));
    let since = rest.strip_prefix("since 20").or_else(|| rest.strip_prefix("which runs since 20"));
    is_its_command
        && since.is_some()
        && rest.contains(&format!("\nhint: wait for it, or end it with `kill {pid}`"))
}

fn race(chance: &mut Chance, fixture: &Fixture, round: usize, figures: &mut Figures) {
    let busy = fixture.path("../busy");
    let racing: Vec<(&str, Started)> = (0..RACING)
        .map(|_| {
            // Races of one command alone, and of both.
            let is_optimize = match round % 3 {
                0 => true,
                1 => chance.below(2) == 0,
                _ => false,
            };
            let args: &[&str] = if is_optimize { &OPTIMIZE } else { &["restore"] };
            let run = fixture.start_with(args, |command| {
                command.env("XTASK_TEST_BUSY", &busy);
            });
            thread::sleep(chance.moment(Duration::from_millis(4)));
            (args[0], run)
        })
        .collect();
    let ids: BTreeMap<u32, &str> =
        racing.iter().map(|(command, run)| (run.id(), *command)).collect();
    let mut worked = 0;
    for (command, run) in racing {
        let mark = run.mark();
        let (run, status) = run.wait_timed();
        figures.count("runs", 1);
        if status.success() {
            worked += 1;
            figures.count("worked", 1);
        } else if status.code() == Some(2) && is_complete(&run, fixture, &ids) {
            figures.count("stood back and said why", 1);
        } else if run.stderr.contains("there is no backup to restore in") && command == "restore" {
            worked += 1;
            figures.count("had nothing to restore yet", 1);
        } else {
            figures.violation(format!("race {round}: {run:?}"));
        }
        let running = mark.running();
        if !running.is_empty() {
            figures.violation(format!("race {round}: still running: {running:?}"));
        }
    }
    if worked == 0 {
        figures.violation(format!("race {round}: nobody worked"));
    }
    if busy.with_extension("overlap").exists() {
        figures.violation(format!("race {round}: two worked at the same time"));
    }
    let left = fixture.left_in_temporary();
    if !left.is_empty() {
        figures.violation(format!("race {round}: left in the temporary directory: {left:?}"));
    }
}

fn hold_to_backups(fixture: &Fixture, what: &str, figures: &mut Figures) {
    let listed = fixture.run(&["restore", "--list", "--format", "json"]).exits(0).json();
    let backups = listed["backups"].as_array().unwrap();
    figures.count("backups", backups.len());
    for backup in backups {
        if !backup["damage"].is_null() || backup["state"] != "committed" {
            figures.violation(format!("{what}: {backup:#}"));
        }
    }
}

fn hold_to_states(
    fixture: &Fixture,
    (before, after): &(Tree, Tree),
    what: &str,
    figures: &mut Figures,
) {
    let found = fixture.tree();
    if found != *before && found != *after {
        figures.violation(format!("{what}: neither the old workspace nor the new one"));
    }
}

#[test]
#[ignore = "takes minutes"]
fn of_fifty_runs_each_works_alone_or_says_who_does() {
    let mut figures = Figures::of("concurrent runs");
    let mut chance = Chance::new("concurrent runs");
    let states = states();
    for round in 0..RACES {
        let fixture = Fixture::new(FILES);
        if round % 3 == 2 {
            fixture.run(&OPTIMIZE).exits(0);
        }
        race(&mut chance, &fixture, round, &mut figures);
        let what = format!("race {round}");
        hold_to_states(&fixture, &states, &what, &mut figures);
        hold_to_backups(&fixture, &what, &mut figures);
        figures.count("races", 1);
    }
    figures.conclude();
}

/// Cargo, building again and again until it is dropped.
struct Builds {
    stop: PathBuf,
    run: Option<Started>,
}

impl Builds {
    fn start(fixture: &Fixture, args: &str) -> Self {
        let stop = fixture.path("../stop");
        let line = format!(
            "while ! test -e '{}'; do cargo build --workspace --quiet {args} && echo built || echo failed; done",
            stop.display()
        );
        Self { run: Some(fixture.start_other("sh", &["-c", &line])), stop }
    }

    fn end(mut self) -> Run {
        fs::File::create_new(&self.stop).unwrap();
        self.run.take().unwrap().wait()
    }
}

#[test]
#[ignore = "takes minutes"]
fn cargo_builds_beside_optimize_and_restore() {
    let mut figures = Figures::of("beside cargo build");
    let states = states();
    for (round, args) in (0..BUILDS).flat_map(|round| [(round, "--locked"), (round, "")]) {
        let fixture = Fixture::new(FILES);
        let builds = Builds::start(&fixture, args);
        for command in [&OPTIMIZE[..], &["restore"], &OPTIMIZE, &["restore"]] {
            let (run, status) = fixture.start(command).wait_timed();
            figures.count("runs beside cargo", 1);
            // Without `--locked` cargo may write the lock file between plan and commit.
            let said = ["edited", "changed while", "as they were", "no backup to restore"];
            if !status.success() && !said.iter().any(|text| run.stderr.contains(text)) {
                figures.violation(format!("round {round}: {run:?}"));
            }
            if !status.success() {
                figures.count("runs refused", 1);
            }
        }
        let built = builds.end();
        figures.count("builds", built.stdout.matches("built").count());
        let failed = built.stdout.matches("failed").count();
        figures.count("builds that failed", failed);
        if failed > 0 && !built.stderr.contains("error") {
            figures.violation(format!("round {round}: cargo failed and did not say why"));
        }
        // Whatever cargo saw, what it left builds, and builds to the same as from nothing.
        fixture.cargo(&["build", "--workspace", "--quiet"]);
        fixture.cargo(&["build", "--workspace", "--quiet", "--locked"]);
        let what = format!("round {round} with `{args}`");
        hold_to_states(&fixture, &states, &what, &mut figures);
        hold_to_backups(&fixture, &what, &mut figures);
        is_sound(&fixture.path("target"), &fixture, &what, &mut figures);
    }
    figures.conclude();
}

/// A build in the same target directory has nothing to do, and gives what a build from nothing gives.
fn is_sound(target: &Path, fixture: &Fixture, what: &str, figures: &mut Figures) {
    let messages = fixture.cargo(&["build", "--workspace", "--quiet", "--message-format=json"]);
    if messages.lines().any(|line| line.contains("\"fresh\":false")) {
        figures.violation(format!("{what}: the target directory is not fresh"));
    }
    if !target.join("debug/libcore_types.rlib").is_file() {
        figures.violation(format!("{what}: what was built is gone"));
    }
}

#[test]
#[ignore = "takes minutes"]
fn the_lock_of_a_holder_that_was_killed_at_any_moment_is_free() {
    let mut figures = Figures::of("killed holders");
    let mut chance = Chance::new("killed holders");
    let start = Instant::now();
    let states = states();
    let length = start.elapsed();
    let fixture = Fixture::new(FILES);
    for round in 0..60 {
        let run = fixture.start(&OPTIMIZE);
        let mark = run.mark();
        thread::sleep(chance.moment(length));
        run.signal(Signal::KILL, To::Process);
        run.wait_timed();
        // What is killed itself ends nobody.
        for process in mark.running() {
            let id = process.split(' ').next().unwrap().parse().unwrap();
            let _ = kill_process(Pid::from_raw(id).unwrap(), Signal::KILL);
        }
        figures.count("killed holders", 1);
        let next = fixture.start(&["restore"]).wait();
        let is_free = next.stderr.contains("there is no backup to restore")
            || next.stderr.contains("Restored")
            || next.stderr.contains("everything is as in");
        if !is_free {
            figures.violation(format!("round {round}: {next:?}"));
        }
        hold_to_states(&fixture, &states, &format!("round {round}"), &mut figures);
    }
    figures.conclude();
}
