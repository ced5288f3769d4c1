//! A stage and a clock that build nothing, and a scene that is played on them.

use std::{cell::RefCell, collections::BTreeSet, path::Path, rc::Rc, time::Duration};

use super::super::*;
use crate::{
    cli::{Code, Color, Format, Global, Progress},
    disk,
    measure::{Build, Edited},
    record::Sample,
    snapshot::Snapshot,
};

/// What the candidate holds: ids of changes and, with `=`, the profile settings that they make.
pub(super) type Applied = Rc<RefCell<BTreeSet<String>>>;

/// A stage on which everything stands but what fails its tests.
struct Fake {
    applied: Applied,
    log: Rc<RefCell<Vec<String>>>,
    pub(super) fails_tests: Vec<String>,
    pub(super) updates_all: bool,
}

impl Stage for Fake {
    fn apply(&mut self, chosen: &[Change]) -> Result<std::result::Result<(), String>> {
        let settings =
            chosen.iter().flat_map(|change| &change.edits).filter_map(|edit| match edit {
                crate::plan::Edit::Set { path, key, value, .. } => {
                    Some(format!("{}.{key} = {}", path.join("."), value.to_string().trim()))
                }
                _ => None,
            });
        let update = self.updates_all.then(|| "update".to_owned());
        *self.applied.borrow_mut() =
            chosen.iter().map(Change::id).chain(settings).chain(update).collect();
        Ok(Ok(()))
    }

    fn compile(&mut self, chosen: &[Change]) -> Result<Proof> {
        self.log.borrow_mut().push("check".to_owned());
        self.apply(chosen)?.unwrap();
        Ok(Proof { kept: chosen.to_vec(), ..Proof::default() })
    }

    fn test(&mut self, proof: &mut Proof) -> Result<()> {
        self.log.borrow_mut().push("test".to_owned());
        let fails = |change: &Change| self.fails_tests.contains(&change.id());
        reject(proof, ("test `it_works` fails", Timed::Unfinished), fails);
        Ok(())
    }

    fn updates_all(&self) -> bool {
        self.updates_all
    }

    fn update_all(&mut self, all: bool) {
        self.updates_all = all;
    }

    fn forget_candidate(&mut self) {
        self.log.borrow_mut().push("forget".to_owned());
    }

    fn packages(&mut self, _: &[Change]) -> Result<Option<BTreeSet<(String, String)>>> {
        Ok(None)
    }
}

/// Builds that take as long as `seconds` says of what is applied.
struct Clock<F> {
    applied: Applied,
    log: Rc<RefCell<Vec<String>>>,
    seconds: F,
    pub(super) budget: usize,
    pub(super) notes: Vec<String>,
}

impl<F: Fn(Role, Profile, &BTreeSet<String>) -> Option<f64>> Bench for Clock<F> {
    fn has_time(&mut self, what: &str) -> bool {
        let builds = self.log.borrow().iter().filter(|line| line.contains("build")).count();
        if builds >= self.budget {
            self.notes.push(format!("skipped {what}"));
        }
        builds < self.budget
    }

    fn share(&mut self, _: f64) {}

    fn clean(&mut self, role: Role, profile: Profile, label: &str) -> Result<Build> {
        let line = format!("build {} {} {label}", role.as_str(), profile.as_str());
        self.log.borrow_mut().push(line.trim_end().to_owned());
        let applied = match role {
            Role::Baseline => BTreeSet::new(),
            Role::Candidate => self.applied.borrow().clone(),
        };
        let Some(value) = (self.seconds)(role, profile, &applied) else {
            return Err(BuildFailed { role, reason: "error: no linker".to_owned() }.into());
        };
        Ok(Build { sample: Sample { value, ..Sample::default() }, ..Build::default() })
    }

    fn incremental(&mut self, role: Role, edited: &Edited, _: &str) -> Result<Build> {
        self.log.borrow_mut().push(format!("rebuild {} {}", role.as_str(), edited.member));
        Ok(Build { sample: Sample { value: 1.0, ..Sample::default() }, ..Build::default() })
    }

    fn unedit(&mut self) -> Result<()> {
        Ok(())
    }

    fn command(
        &mut self,
        _: Role,
        command: &str,
        _: &str,
    ) -> Result<std::result::Result<f64, String>> {
        self.log.borrow_mut().push(format!("run {command}"));
        Ok(if command == "false" { Err("it failed".to_owned()) } else { Ok(1.0) })
    }

    fn note(&mut self, note: String) {
        self.notes.push(note);
    }
}

pub(super) fn change(code: Code, subject: &str) -> Change {
    Change::new(code, subject, format!("{subject} changed"), String::new())
}

/// A package of one crate, read as the tool reads it.
fn snapshot(dir: &Path) -> Snapshot {
    let lock = "version = 4\n\n[[package]]\nname = \"one\"\nversion = \"0.1.0\"\n";
    let manifest = "[package]\nname = \"one\"\nversion = \"0.1.0\"\nedition = \"2021\"\n";
    for (file, text) in [("Cargo.toml", manifest), ("Cargo.lock", lock), ("src/lib.rs", "")] {
        disk::write(&dir.join(file), text.as_bytes()).unwrap();
    }
    Snapshot::read(dir, true, &[]).unwrap()
}

pub(super) struct Outcome {
    pub(super) measured: Measured,
    pub(super) proof: Proof,
    pub(super) log: Vec<String>,
    pub(super) notes: Vec<String>,
}

impl Outcome {
    pub(super) fn builds(&self) -> Vec<&str> {
        let lines = self.log.iter().filter_map(|line| line.strip_prefix("build "));
        lines.collect()
    }

    pub(super) fn kept(&self) -> Vec<String> {
        self.proof.kept.iter().map(Change::id).collect()
    }
}

pub(super) struct Scene {
    pub(super) kept: Vec<Change>,
    pub(super) depth: Depth,
    pub(super) fails_tests: Vec<String>,
    pub(super) budget: usize,
    pub(super) updates_all: bool,
    pub(super) command: Option<String>,
}

impl Scene {
    pub(super) fn new(kept: Vec<Change>) -> Self {
        Self {
            kept,
            depth: Depth::Quick,
            fails_tests: Vec::new(),
            budget: usize::MAX,
            updates_all: false,
            command: None,
        }
    }

    pub(super) fn play(
        self,
        seconds: impl Fn(Role, Profile, &BTreeSet<String>) -> Option<f64>,
    ) -> Outcome {
        let dir = tempfile::tempdir().unwrap();
        let snapshot = snapshot(&std::fs::canonicalize(dir.path()).unwrap());
        let global = Global {
            manifest_path: None,
            format: Format::Human,
            color: Color::Never,
            progress: Progress::None,
            quiet: true,
            verbose: false,
            offline: true,
            given: Vec::new(),
        };
        let (applied, log) = (Applied::default(), Rc::new(RefCell::new(Vec::new())));
        let mut stage = Fake {
            applied: applied.clone(),
            log: log.clone(),
            fails_tests: self.fails_tests,
            updates_all: self.updates_all,
        };
        let mut bench =
            Clock { applied, log: log.clone(), seconds, budget: self.budget, notes: Vec::new() };
        let course = Course {
            edits: measure::edited(&snapshot),
            snapshot: &snapshot,
            depth: self.depth,
            check: Duration::from_secs(1),
            command: self.command,
        };
        let mut proof = Proof { kept: self.kept, ..Proof::default() };
        let shell = Shell::new(&global);
        let measured = measure(&mut stage, &mut bench, &mut proof, &course, &shell).unwrap();
        let notes = bench.notes;
        drop(stage);
        let log = log.borrow().clone();
        Outcome { measured, proof, log, notes }
    }
}
