//! Timed builds of a shadow, with their logs and cargo's timing reports kept.
//!
//! Times are whole-process readings of cargo and everything it waited for.

use std::{
    collections::BTreeMap,
    fmt, fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use cargo_metadata::Message;

use crate::{
    cargo, disk,
    record::{Kept, Sample},
    shadow::Shadow,
    shell::Shell,
    timings::{self, Timings},
};

/// What is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    Dev,
    Release,
}

impl Profile {
    fn args(self) -> &'static [&'static str] {
        match self {
            Self::Dev => &["build", "--workspace", "--timings"],
            Self::Release => &["build", "--workspace", "--timings", "--release"],
        }
    }

    /// As in the measurement's name.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Dev => "dev",
            Self::Release => "release",
        }
    }
}

/// One timed build.
#[derive(Debug, Clone)]
pub(crate) struct Build {
    pub(crate) sample: Sample,
    /// Units of the build, build script runs included.
    pub(crate) units: usize,
    pub(crate) timings: Option<Timings>,
}

/// Builds shadows and keeps their timing reports and logs.
#[derive(Debug)]
pub(crate) struct Bench<'a> {
    shell: &'a Shell,
    run_dir: PathBuf,
    budget: Option<Duration>,
    started: Instant,
    builds: usize,
    expected_units: Option<usize>,
    /// Source files of the shadows as they were before an edit.
    edited: BTreeMap<PathBuf, Vec<u8>>,
    pub(crate) kept: Vec<Kept>,
    pub(crate) notes: Vec<String>,
}

impl<'a> Bench<'a> {
    /// A bench that keeps its files in `run_dir` and starts no build once `budget` is spent.
    pub(crate) fn new(shell: &'a Shell, run_dir: &Path, budget: Option<Duration>) -> Self {
        Self {
            shell,
            run_dir: run_dir.to_path_buf(),
            budget,
            started: Instant::now(),
            builds: 0,
            expected_units: None,
            edited: BTreeMap::new(),
            kept: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Whether another build may start.
    pub(crate) fn has_time(&mut self, what: &str) -> bool {
        let spent = self.budget.is_some_and(|budget| self.started.elapsed() >= budget);
        if spent {
            self.notes.push(format!("skipped {what}: the time budget was spent"));
        }
        !spent
    }

    /// A clean build; `label` tells several of the same kind apart.
    ///
    /// # Errors
    /// When the build fails or is interrupted.
    pub(crate) fn clean(
        &mut self,
        shadow: &Shadow,
        profile: Profile,
        label: &str,
    ) -> Result<Build> {
        match profile {
            Profile::Dev => shadow.wipe(None)?,
            Profile::Release => wipe_release(shadow)?,
        }
        let what = format!("clean {} build, {}{label}", profile.as_str(), shadow.name);
        let mut build = self.build(shadow, profile.args(), &what)?;
        build.timings = self.keep_timings(shadow, &what)?;
        self.shell.status("Measured", format!("{what}: {}", spoken(&build)));
        Ok(build)
    }

    /// A rebuild after an edit of one source file, which stays edited until [`Bench::unedit`]: putting
    /// it back at once would make the next rebuild compile it again.
    ///
    /// # Errors
    /// When the file cannot be edited, the build fails or is interrupted.
    pub(crate) fn incremental(
        &mut self,
        shadow: &Shadow,
        source: &Path,
        which: &str,
    ) -> Result<Build> {
        let place = shadow.place(source)?;
        let original =
            fs::read(&place).with_context(|| format!("failed to read `{}`", place.display()))?;
        let probe = format!(
            "\n#[allow(dead_code)]\nfn xtask_edit_{n}() -> u32 {{\n    {n}\n}}\n",
            n = self.builds + 1
        );
        disk::write(&place, &[original.as_slice(), probe.as_bytes()].concat())?;
        self.edited.entry(place).or_insert(original);
        let what = format!("rebuild after an edit in {which}, {}", shadow.name);
        let build = self.build(shadow, &["build", "--workspace"], &what)?;
        self.shell.status("Measured", format!("{what}: {}", spoken(&build)));
        Ok(build)
    }

    /// Puts every edited source file back.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub(crate) fn unedit(&mut self) -> Result<()> {
        for (place, original) in std::mem::take(&mut self.edited) {
            disk::write(&place, &original)?;
        }
        Ok(())
    }

    fn build(&mut self, shadow: &Shadow, args: &[&str], what: &str) -> Result<Build> {
        self.builds += 1;
        let log = self.run_dir.join("logs").join(self.file_name(what, "log"));
        let progress = self.shell.progress("Measuring", what, self.expected_units);
        let mut units = 0;
        let finished = shadow.cargo.messages(args, &log, |message| {
            if matches!(message, Message::CompilerArtifact(_) | Message::BuildScriptExecuted(_)) {
                units += 1;
                progress.inc(1);
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
            return Err(BuildFailed { shadow: shadow.name, reason }.into());
        }
        self.keep(format!("log of the {what}"), &log);
        self.expected_units.get_or_insert(units);
        let sample = Sample {
            value: finished.wall.as_secs_f64(),
            cpu_seconds: Some(finished.cpu.as_secs_f64()),
            peak_memory_bytes: Some(finished.peak_memory_bytes),
        };
        Ok(Build { sample, units, timings: None })
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
}

/// The error of a timed build that failed: no reading, but a finding about its side.
#[derive(Debug)]
pub(crate) struct BuildFailed {
    /// `baseline` or `candidate`.
    pub(crate) shadow: &'static str,
    pub(crate) reason: String,
}

impl fmt::Display for BuildFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl std::error::Error for BuildFailed {}

/// Removes what release builds left, also below the directory of a target triple.
fn wipe_release(shadow: &Shadow) -> Result<()> {
    shadow.wipe(Some("release"))?;
    let Ok(entries) = fs::read_dir(&shadow.target_dir) else {
        return Ok(());
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let nested = Path::new(&name).join("release");
        if let (true, Some(nested)) = (shadow.target_dir.join(&nested).is_dir(), nested.to_str()) {
            shadow.wipe(Some(nested))?;
        }
    }
    Ok(())
}

fn words(what: &str) -> String {
    let word = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let name: String = what.chars().map(word).collect();
    name.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-")
}

fn spoken(build: &Build) -> String {
    let cpu = build.sample.cpu_seconds.unwrap_or_default();
    format!("{:.1} s, {cpu:.1} s of CPU, {} units", build.sample.value, build.units)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_is_made_of_words() {
        assert_eq!(words("clean dev build, baseline (1)"), "clean-dev-build-baseline-1");
    }
}
