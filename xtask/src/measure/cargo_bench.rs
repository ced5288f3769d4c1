//! Timed builds of the two copies by cargo, with their logs and timing reports kept.
//!
//! Times are whole-process readings of cargo and everything it waited for.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use cargo_metadata::{Artifact, CrateType, Message};

use super::{Bench, Build, BuildFailed, Edited, Left, Profile, Role, bench::COMMAND_RUNS, plain};
use crate::{
    cargo, disk,
    history::{History, Reading, Side},
    record::{Kept, Quantity, Sample},
    shadow::{Shadow, Shadows},
    shell::Shell,
    snapshot::Snapshot,
    stats, target_dir,
    timings::{self, Timings},
    verify, wording,
};

mod foresight;
mod names;

use foresight::Foresight;
use names::{told, words};

/// Builds the shadows and keeps their timing reports and logs.
#[derive(Debug)]
pub(crate) struct CargoBench<'a> {
    snapshot: &'a Snapshot,
    shadows: &'a Shadows,
    history: History,
    /// Commits of the sources of both copies.
    heads: [Option<String>; 2],
    /// What the last clean dev build that counts left, for each role.
    dev_left: [Left; 2],
    shell: &'a Shell,
    run_dir: PathBuf,
    budget: Option<Duration>,
    /// Of the budget, what may be spent now.
    share: f64,
    started: Instant,
    builds: usize,
    foresight: Foresight,
    /// Source files of the shadows as they were before an edit.
    edited: BTreeMap<PathBuf, Vec<u8>>,
    pub(crate) kept: Vec<Kept>,
    pub(crate) notes: Vec<String>,
}

impl<'a> CargoBench<'a> {
    /// A bench that keeps its files in `run_dir` and starts no build once `budget` is spent.
    pub(crate) fn new(
        command: &str,
        (snapshot, shadows): (&'a Snapshot, &'a Shadows),
        shell: &'a Shell,
        run_dir: &Path,
        budget: Option<Duration>,
    ) -> Self {
        let run = run_dir.file_name().unwrap_or_default().to_string_lossy();
        let history =
            History::open(&snapshot.target_dir, &snapshot.root, command, &run, &snapshot.machine);
        Self {
            snapshot,
            shadows,
            history,
            heads: [snapshot.git_head.clone(), snapshot.git_head.clone()],
            dev_left: Default::default(),
            shell,
            run_dir: run_dir.to_path_buf(),
            budget,
            share: 1.0,
            started: Instant::now(),
            builds: 0,
            foresight: Foresight::default(),
            edited: BTreeMap::new(),
            kept: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Says that the baseline is another commit than the one that is checked out.
    pub(crate) fn with_baseline_head(mut self, commit: Option<String>) -> Self {
        self.heads[Role::Baseline as usize] = commit;
        self
    }

    fn shadow(&self, role: Role) -> &'a Shadow {
        match role {
            Role::Baseline => &self.shadows.baseline,
            Role::Candidate => &self.shadows.candidate,
        }
    }

    fn build(&mut self, role: Role, args: &[&str], what: &str) -> Result<Build> {
        self.builds += 1;
        let shadow = self.shadow(role);
        let log = self.run_dir.join("logs").join(self.file_name(what, "log"));
        let kind = args.join(" ");
        let label = self.foresight.label(self.builds, what);
        let expected = self.foresight.expected(role, &kind);
        let progress = self.shell.progress("Measuring", &label, expected);
        let mut units = 0;
        let mut binaries = BTreeMap::new();
        let finished = shadow.cargo.messages(args, &log, |message| {
            if let Message::CompilerArtifact(artifact) = &message {
                binaries.extend(linked(artifact));
            }
            match &message {
                Message::CompilerArtifact(artifact) => {
                    units += 1;
                    progress.unit(verify::crate_name(&artifact.target), artifact.fresh);
                }
                Message::BuildScriptExecuted(_) => {
                    units += 1;
                    progress.unit(None, false);
                }
                _ => {}
            }
        });
        progress.finish_and_clear();
        let finished = finished?;
        if !finished.success {
            if cargo::is_disk_full(&finished.stderr) {
                bail!("{}", cargo::disk_full(&shadow.root, &log));
            }
            let said = finished.stderr.trim_end();
            let reason = format!("the {what} failed, see `{}`:\n{said}", log.display());
            return Err(BuildFailed { role, reason }.into());
        }
        self.keep(format!("log of the {what}"), &log);
        self.foresight.learn(role, kind, units, finished.wall);
        let sample = Sample {
            value: finished.wall.as_secs_f64(),
            cpu_seconds: Some(finished.cpu.as_secs_f64()),
            peak_memory_bytes: Some(finished.peak_memory_bytes),
        };
        Ok(Build { sample, units, timings: None, left: Left { binaries, ..Left::default() } })
    }

    /// Copies cargo's timing report out of the shadow's target directory and reads it.
    fn keep_timings(&mut self, shadow: &Shadow, what: &str) -> Result<Option<Timings>> {
        let from = shadow.target_dir.join("cargo-timings").join("cargo-timing.html");
        let Some(html) = disk::read_optional(&from)? else {
            return Ok(None);
        };
        let to = self.run_dir.join("timings").join(self.file_name(what, "html"));
        disk::write(&to, &html)?;
        self.keep(format!("cargo's timing report of the {what}"), &to);
        // It is no artifact, and must not count as one.
        shadow.wipe(Some("cargo-timings"))?;
        match timings::parse(&String::from_utf8_lossy(&html)) {
            Ok(timings) => Ok(Some(timings)),
            Err(changed) => {
                let note = format!("no times of single units: {changed}");
                if !self.notes.contains(&note) {
                    self.shell.warn(&note);
                    self.notes.push(note);
                }
                Ok(None)
            }
        }
    }

    /// The files of later builds of the same kind do not replace those of earlier ones.
    fn file_name(&self, what: &str, extension: &str) -> String {
        format!("{:02}-{}.{extension}", self.builds, words(what))
    }

    fn keep(&mut self, what: String, path: &Path) {
        self.kept.retain(|kept| kept.path != path.display().to_string());
        self.kept.push(Kept { what, path: path.display().to_string() });
    }

    /// Keeps the readings of a clean build in the history, at once: an interrupted run loses none.
    fn remember_clean(&mut self, role: Role, profile: Profile, label: &str, build: &Build) {
        let bytes = |bytes: u64| plain(bytes as f64);
        let mut readings = vec![(profile.what(), Quantity::Seconds, build.sample.clone())];
        match profile {
            Profile::Dev => {
                readings.push(("units", Quantity::Count, plain(build.units as f64)));
                if label.is_empty() {
                    self.dev_left[role as usize] = build.left.clone();
                }
            }
            Profile::Release => {
                let binaries = build.left.binaries.values().sum();
                if binaries > 0 {
                    readings.push(("binary-bytes", Quantity::Bytes, bytes(binaries)));
                }
                if label.is_empty() {
                    let dev = &self.dev_left[role as usize];
                    let all = dev.bytes + build.left.bytes;
                    readings.push(("target-bytes", Quantity::Bytes, bytes(all)));
                    let artifacts = (dev.artifacts + build.left.artifacts) as f64;
                    readings.push(("artifacts", Quantity::Count, plain(artifacts)));
                }
            }
        }
        self.remember(role, label, &readings);
    }

    fn remember(&mut self, role: Role, label: &str, readings: &[(&str, Quantity, Sample)]) {
        let side = match role {
            Role::Baseline => Side::Baseline,
            Role::Candidate => Side::Candidate,
        };
        let appended = self.snapshot.configuration_at(&self.shadow(role).root).and_then(|hash| {
            let mut said = Vec::new();
            for (what, unit, sample) in readings.iter().cloned() {
                let git_head = self.heads[role as usize].as_deref();
                let configuration = hash.as_str();
                let reading = Reading { what, unit, side, label, configuration, git_head, sample };
                said.extend(self.history.append(&reading)?);
            }
            Ok(said)
        });
        // A build of minutes is not thrown away because its copy in the history cannot be written.
        let said = appended.unwrap_or_else(|error| vec![format!("not in the history: {error:#}")]);
        for warning in said {
            if !self.notes.contains(&warning) {
                self.shell.warn(&warning);
                self.notes.push(warning);
            }
        }
    }

    fn measured(&self, what: &str, build: &Build) {
        let wall = wording::seconds(build.sample.value);
        let cpu = wording::seconds(build.sample.cpu_seconds.unwrap_or_default());
        let spoken = format!("{wall}, {cpu} of CPU, {} units", build.units);
        self.shell.status("Measured", format!("{what}: {spoken}"));
    }
}

impl Bench for CargoBench<'_> {
    fn has_time(&mut self, what: &str) -> bool {
        let spent =
            self.budget.is_some_and(|budget| self.started.elapsed() >= budget.mul_f64(self.share));
        if spent {
            let part = if self.share < 1.0 { "the search's share of " } else { "" };
            self.notes.push(format!("skipped {what}: {part}the time budget was spent"));
        }
        !spent
    }

    fn expect(&mut self, builds: usize) {
        self.foresight.expect(self.builds, builds);
    }

    fn share(&mut self, share: f64) {
        self.share = share;
    }

    fn clean(&mut self, role: Role, profile: Profile, label: &str) -> Result<Build> {
        let shadow = self.shadow(role);
        match profile {
            Profile::Dev => shadow.wipe(None)?,
            Profile::Release => {
                for dir in release_dirs(shadow) {
                    shadow.wipe(Some(&dir))?;
                }
            }
        }
        let args: &[&str] = match profile {
            Profile::Dev => &["build", "--workspace", "--timings"],
            Profile::Release => &["build", "--workspace", "--timings", "--release"],
        };
        let what = format!("clean {} build, {}{}", profile.as_str(), role.as_str(), told(label));
        let mut build = self.build(role, args, &what)?;
        build.timings = self.keep_timings(shadow, &what)?;
        let dirs = match profile {
            Profile::Dev => vec![String::new()],
            Profile::Release => release_dirs(shadow),
        };
        for dir in dirs {
            let space = target_dir::space(&shadow.target_dir, Path::new(&dir))?;
            build.left.bytes += space.bytes;
            build.left.artifacts += space.artifacts;
            build.left.parts.extend(space.parts);
        }
        self.measured(&what, &build);
        self.remember_clean(role, profile, label, &build);
        Ok(build)
    }

    fn incremental(&mut self, role: Role, edited: &Edited, label: &str) -> Result<Build> {
        let place = self.shadow(role).place(&edited.source)?;
        let original =
            fs::read(&place).with_context(|| format!("failed to read `{}`", place.display()))?;
        let probe = format!(
            "\n#[allow(dead_code)]\nfn xtask_edit_{n}() -> u32 {{\n    {n}\n}}\n",
            n = self.builds + 1
        );
        disk::write(&place, &[original.as_slice(), probe.as_bytes()].concat())?;
        self.edited.entry(place).or_insert(original);
        let (member, side) = (&edited.member, role.as_str());
        let what = format!("rebuild after an edit in {member}, {side}{}", told(label));
        let build = self.build(role, &["build", "--workspace"], &what)?;
        self.measured(&what, &build);
        let reading = (edited.kind.what(), Quantity::Seconds, build.sample.clone());
        self.remember(role, label, &[reading]);
        Ok(build)
    }

    fn unedit(&mut self) -> Result<()> {
        for (place, original) in std::mem::take(&mut self.edited) {
            disk::write(&place, &original)?;
        }
        Ok(())
    }

    fn command(
        &mut self,
        role: Role,
        command: &str,
        label: &str,
    ) -> Result<std::result::Result<f64, String>> {
        let mut seconds = Vec::new();
        for run in 0..=COMMAND_RUNS {
            self.builds += 1;
            let log = self.run_dir.join("logs").join(self.file_name("bench command", "log"));
            let finished = self.shadow(role).cargo.shell_command(command, &log)?;
            if !finished.success {
                return Ok(Err(format!(
                    "the command of `--bench` failed, see `{}`: {}",
                    log.display(),
                    finished.stderr.trim_end()
                )));
            }
            // The first run may build, and fills caches.
            if run > 0 {
                let value = finished.wall.as_secs_f64();
                seconds.push(value);
                let sample = Sample {
                    value,
                    cpu_seconds: Some(finished.cpu.as_secs_f64()),
                    peak_memory_bytes: Some(finished.peak_memory_bytes),
                };
                self.remember(role, label, &[("bench-command", Quantity::Seconds, sample)]);
            }
        }
        let median =
            stats::median(&seconds).context("the command of `--bench` has no wall time")?;
        let spoken = wording::seconds(median);
        self.shell.status("Measured", format!("the command of `--bench`, {label}: {spoken}"));
        Ok(Ok(median))
    }

    fn note(&mut self, note: String) {
        self.notes.push(note);
    }
}

/// What a target of a local package was linked to: names and sizes. Cargo names such packages by a path, as
/// `path+file:///ws#a@1.0.0` or, before 1.77, `a 1.0.0 (path+file:///ws)`.
fn linked(artifact: &Artifact) -> Vec<(String, u64)> {
    if !artifact.package_id.repr.contains("path+file:") {
        return Vec::new();
    }
    let is_linked =
        artifact.target.crate_types.iter().any(|kind| {
            matches!(kind, CrateType::CDyLib | CrateType::DyLib | CrateType::StaticLib)
        });
    let libraries = artifact.filenames.iter().filter(|path| {
        is_linked && matches!(path.extension(), Some("so" | "dylib" | "dll" | "a" | "lib"))
    });
    let files = artifact.executable.iter().chain(libraries);
    files
        .filter_map(|path| Some((path.file_name()?.to_owned(), fs::metadata(path).ok()?.len())))
        .collect()
}

/// Where release builds leave what they make, also below the directory of a target triple.
fn release_dirs(shadow: &Shadow) -> Vec<String> {
    let entries = fs::read_dir(&shadow.target_dir).into_iter().flatten().flatten();
    let nested = entries.filter_map(|entry| {
        let nested = Path::new(&entry.file_name()).join("release");
        let is_there = shadow.target_dir.join(&nested).is_dir();
        nested.to_str().filter(|_| is_there).map(str::to_owned)
    });
    let mut dirs: Vec<String> = std::iter::once("release".to_owned()).chain(nested).collect();
    dirs.sort();
    dirs
}
