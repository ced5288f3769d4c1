//! A kill or an error at every system call of commit, restore and recovery, in the real program.

use std::path::PathBuf;

use crate::{
    figures::Figures,
    support::{Fixture, Tree},
    traced::{CALLS, Disturbance, TAKING_SPACE, Traced, is_there, replace},
};

/// Names no backup: recovers, and then finds that there is none.
const RECOVER: [&str; 2] = ["restore", "backup-19700101-000000"];

/// A workspace, a copy of its first state, and the states that it may be in.
struct Scene {
    fixture: Fixture,
    template: PathBuf,
    before: Tree,
    after: Tree,
}

impl Scene {
    fn new(fixture: Fixture, after: Tree) -> Self {
        let template = fixture.root().with_file_name("template");
        replace(&template, &fixture.root());
        Self { before: fixture.tree(), fixture, template, after }
    }

    fn reset(&self) {
        replace(&self.fixture.root(), &self.template);
        for left in std::fs::read_dir(self.fixture.temporary()).unwrap() {
            let left = left.unwrap().path();
            let _ = std::fs::remove_file(&left).or_else(|_| std::fs::remove_dir_all(&left));
        }
    }

    /// What is wrong after a disturbed run and the recovery by the next.
    fn violation(&self) -> Option<String> {
        self.fixture.run(&RECOVER);
        let now = self.fixture.tree();
        if now != self.before && now != self.after {
            let paths: Vec<&String> =
                now.keys().filter(|path| now.get(*path) != self.before.get(*path)).collect();
            return Some(format!("a mixture: {paths:?} are not as before"));
        }
        let list = self.fixture.run(&["restore", "--list", "--format", "json"]).json();
        for backup in list["backups"].as_array().unwrap() {
            if !backup["damage"].is_null() || backup["state"] == "committing" {
                return Some(format!("after recovery: {backup}"));
            }
        }
        let names =
            std::fs::read_dir(self.fixture.root()).unwrap().map(|entry| entry.unwrap().file_name());
        let left =
            names.filter(|name| name.to_string_lossy().ends_with(".tmp")).collect::<Vec<_>>();
        (!left.is_empty()).then(|| format!("left behind: {left:?}"))
    }

    /// Disturbs each call of a command in turn.
    fn sweep(&self, args: &[&str], how: Disturbance, figures: &mut Figures, what: &'static str) {
        let traced = Traced { fixture: &self.fixture, args };
        self.reset();
        let counts = traced.counted();
        let calls: &[&str] = match how {
            Disturbance::Kill => &CALLS,
            _ => &TAKING_SPACE,
        };
        for (call, (before, all)) in counts.into_iter().filter(|(call, _)| calls.contains(call)) {
            for number in before + 1..=all {
                self.reset();
                let output = traced.disturbed(call, number, how);
                figures.count(what, 1);
                let violation = self.violation();
                // Both must occur, or nothing was put to the test.
                let is_done = self.fixture.tree() == self.after;
                figures.count(if is_done { "ended new" } else { "ended old" }, 1);
                if let Some(violation) = violation {
                    let said = String::from_utf8_lossy(&output.stderr).into_owned();
                    figures.violation(format!(
                        "{args:?}, {how:?} at {call} {number}: {violation}\n{said}"
                    ));
                }
                let is_full =
                    matches!(how, Disturbance::Fail("ENOSPC") | Disturbance::KeepFailing("ENOSPC"));
                let said = String::from_utf8_lossy(&output.stderr);
                if is_full
                    && !output.status.success()
                    && said.contains("error: ")
                    && !said.contains("No space left")
                {
                    figures.violation(format!(
                        "{args:?}, {how:?} at {call} {number}: the cause is not named: {said}"
                    ));
                }
            }
        }
    }
}

/// A workspace to be restored.
fn optimized() -> Scene {
    let (fixture, original) = Fixture::of_optimized_members();
    Scene::new(fixture, original)
}

/// A workspace to be optimised by what needs no builds.
fn plain(args: &[&str]) -> Scene {
    let fixture = Fixture::of_members();
    let saved = fixture.root().with_file_name("saved");
    replace(&saved, &fixture.root());
    let before = fixture.tree();
    fixture.run(args).exits(0);
    let after = fixture.tree();
    assert_ne!(before, after);
    replace(&fixture.root(), &saved);
    Scene::new(fixture, after)
}

const OPTIMIZE: [&str; 7] =
    ["optimize", "--yes", "--measure", "none", "--no-test", "--only", "gitignore"];

#[test]
#[ignore = "takes minutes; .ci/nightly runs it"]
fn killed_at_any_system_call() {
    if !is_there() {
        return;
    }
    let mut figures = Figures::of("kills");
    let mut scene = optimized();
    let killed = scene.fixture.root().with_file_name("killed");
    scene.sweep(&["restore"], Disturbance::Kill, &mut figures, "kill points in restore");
    plain(&OPTIMIZE).sweep(&OPTIMIZE, Disturbance::Kill, &mut figures, "kill points in optimize");
    // A recovery is killed too: each from a restore that was killed at another instant.
    scene.reset();
    let counted = Traced { fixture: &scene.fixture, args: &["restore"] }.counted();
    for (call, (before, all)) in counted {
        if !matches!(call, "rename" | "fsync") {
            continue;
        }
        for number in (before + 1..=all).step_by(5) {
            scene.reset();
            Traced { fixture: &scene.fixture, args: &["restore"] }.disturbed(
                call,
                number,
                Disturbance::Kill,
            );
            replace(&killed, &scene.fixture.root());
            let template = std::mem::replace(&mut scene.template, killed.clone());
            scene.sweep(&RECOVER, Disturbance::Kill, &mut figures, "kill points in recovery");
            scene.template = template;
        }
    }
    figures.conclude();
}

#[test]
#[ignore = "takes minutes; .ci/nightly runs it"]
fn an_error_at_any_system_call() {
    if !is_there() {
        return;
    }
    let mut figures = Figures::of("errors");
    let (restore, optimize) = (optimized(), plain(&OPTIMIZE));
    for error in ["ENOSPC", "EIO", "EDQUOT"] {
        for how in [Disturbance::Fail(error), Disturbance::KeepFailing(error)] {
            restore.sweep(&["restore"], how, &mut figures, "errors in restore");
            optimize.sweep(&OPTIMIZE, how, &mut figures, "errors in optimize");
        }
    }
    figures.conclude();
}
