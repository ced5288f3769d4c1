//! INT, TERM and HUP at random moments of every command that runs anything or writes.
//!
//! The real cargo builds a small workspace with a build script and tests that take their time; one of them starts a
//! process that heeds no signal. Moments lie over the whole length of a run, and close behind what it says.

use std::{
    fs,
    os::unix::process::ExitStatusExt as _,
    thread,
    time::{Duration, Instant},
};

use rustix::process::Signal;

use crate::{
    chance::Chance,
    figures::Figures,
    support::{Fixture, Started, To, Tree},
};

const FILES: &str = r#"
-- Cargo.toml --
[workspace]
resolver = "2"
members = ["core", "app"]
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
    std::thread::sleep(std::time::Duration::from_millis(100));
    std::process::Command::new("sleep").arg("0.1").status().unwrap();
}
-- core/src/lib.rs --
pub fn one() {}

#[test]
fn it_takes_its_time() {
    std::thread::sleep(std::time::Duration::from_millis(300));
}

#[test]
fn its_child_heeds_nothing() {
    let line = "trap '' INT TERM HUP; sleep 0.4; sleep 0.4";
    std::process::Command::new("sh").args(["-c", line]).status().unwrap();
}
-- app/Cargo.toml --
[package]
name = "app"
version = "0.1.0"
edition = "2021"

[dependencies]
core-types = { path = "../core" }
plume = "1"
-- app/src/main.rs --
fn main() {
    core_types::one();
    plume::write();
}
"#;

/// A command, how many moments of it are tried, and whether it starts from the optimised workspace.
const COMMANDS: [(&[&str], usize, bool); 4] = [
    (&["optimize", "--yes", "--measure", "none"], 100, false),
    (&["validate", "--quick"], 24, false),
    // With timed builds in the copies.
    (&["validate", "--no-test"], 24, false),
    (&["restore"], 24, true),
];

/// What the commands say shortly before they write.
const BEFORE_A_WRITE: [&str; 3] = ["Committing", "Committed", "Replaced"];

fn workspace(is_optimised: bool) -> Fixture {
    let fixture = Fixture::new(FILES);
    fixture.put_bytes("target/CACHEDIR.TAG", b"Signature: 8a477f597d28d172789f06886806bc55\n");
    for number in 0..40 {
        let path = format!("target/package/app-0.1.0/src/{number}.rs");
        fixture.put_bytes(&path, b"pub fn packed() {}\n");
    }
    if is_optimised {
        fixture.optimized(&["--only", "unused-dependency,profile,gitignore,cargo-config"]);
    }
    fixture
}

/// What one moment has to be held to.
struct Moment<'a> {
    what: String,
    fixture: &'a Fixture,
    /// Before the run, and after one that was not interrupted.
    trees: (&'a Tree, &'a Tree),
}

impl Moment<'_> {
    /// Ends the run and compares; true if it had written by then.
    fn hold(&self, run: Started, figures: &mut Figures) -> Option<bool> {
        let mut wrong = |what: String| figures.violation(format!("{}: {what}", self.what));
        let mark = run.mark();
        let (run, status) = run.wait_timed();
        let running = mark.running();
        if !running.is_empty() {
            wrong(format!("still running: {running:?}"));
        }
        let left = self.fixture.left_in_temporary();
        if !left.is_empty() {
            wrong(format!("left in the temporary directory: {left:?}"));
            for name in left {
                let path = self.fixture.temporary().join(name);
                let _ = fs::remove_dir_all(&path).or_else(|_| fs::remove_file(&path));
            }
        }
        let own = fs::read_dir(self.fixture.path("target/xtask")).into_iter().flatten();
        let own: Vec<_> = own.map(|entry| entry.unwrap().file_name()).collect();
        if own.iter().any(|name| name != "runs") {
            wrong(format!("left in target/xtask: {own:?}"));
        }
        let tree = self.fixture.tree();
        let (old, new) = (&tree == self.trees.0, &tree == self.trees.1);
        let ended = match (status.code(), status.signal()) {
            // The handler stands a moment after the start; until then nothing has been done.
            (None, Some(_)) if old => return None,
            (Some(130), _) if old && run.stderr.contains("interrupted; nothing was changed") => {
                false
            }
            (Some(0), _) if new => true,
            _ => {
                wrong(format!("{status}, old {old}, new {new}: {run:?}"));
                false
            }
        };
        let listed = self.fixture.run(&["restore", "--list", "--format", "json"]);
        let listed = listed.json()["backups"].as_array().unwrap().clone();
        if listed.iter().any(|backup| !backup["damage"].is_null() || backup["state"] != "committed")
        {
            wrong(format!("backups: {listed:?}"));
        }
        Some(ended)
    }

    /// Holds `restore` to the state before everything.
    fn restores(&self, original: &Tree, figures: &mut Figures) {
        self.fixture.run(&["restore"]).exits(0);
        if &self.fixture.tree() != original {
            figures.violation(format!("{}: `restore` does not put everything back", self.what));
        }
    }
}

#[test]
#[ignore = "takes minutes"]
fn interrupts_at_random_moments_leave_the_old_workspace_or_the_new_one() {
    let mut figures = Figures::of("interrupts");
    let mut chance = Chance::new("interrupts");
    let original = workspace(false).tree();
    for (args, moments, is_optimised) in COMMANDS {
        let whole = workspace(is_optimised);
        let before = whole.tree();
        let start = Instant::now();
        let run = whole.run(args).exits(0);
        let length = start.elapsed();
        let after = whole.tree();
        let cues: Vec<&str> =
            BEFORE_A_WRITE.into_iter().filter(|cue| run.stderr.contains(cue)).collect();
        for number in 0..moments {
            let fixture = workspace(is_optimised);
            let signal = [Signal::INT, Signal::TERM, Signal::HUP][number % 3];
            let to = if number % 2 == 0 { To::Process } else { To::Group };
            let run = fixture.start(args);
            // One in three close behind a cue, where a moment over the whole length would hardly fall.
            let cue = (number % 3 == 2 && !cues.is_empty()).then(|| cues[number / 3 % cues.len()]);
            let delay = chance.moment(if cue.is_some() { length / 40 } else { length });
            if let Some(cue) = cue {
                run.says(cue);
            }
            thread::sleep(delay);
            run.signal(signal, to);
            if number % 5 == 4 {
                thread::sleep(chance.moment(Duration::from_millis(50)));
                run.signal(signal, to);
            }
            let what = format!("{} {signal:?} {to:?} {delay:?} after {cue:?}", args.join(" "));
            let moment = Moment { what, fixture: &fixture, trees: (&before, &after) };
            figures.count("moments", 1);
            match moment.hold(run, &mut figures) {
                None => figures.count("before the handler", 1),
                Some(false) => figures.count("interrupted", 1),
                Some(true) => figures.count("finished first", 1),
            }
            if is_optimised || !fixture.backups().is_empty() {
                moment.restores(&original, &mut figures);
                figures.count("restores", 1);
            }
        }
    }
    figures.conclude();
}
