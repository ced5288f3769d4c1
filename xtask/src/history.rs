//! The history beside a target directory: every sample as it was read, and a copy of every timed record.
//!
//! The samples are append-only: a line that was written is never changed and never deleted, and each is on the disk
//! before the next build starts, so that a run that is interrupted loses nothing.

use std::{
    fs::File,
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use chrono::SecondsFormat;
use serde::{Deserialize, Serialize};

use crate::{
    disk,
    record::{Machine, Quantity, Record, Sample},
};

mod place;
mod read;

pub(crate) use place::DIR;
pub(crate) use read::{entries, records};

/// Version of the JSON that [`Entry`] serialises to.
const SCHEMA: u32 = 1;

/// The samples, an [`Entry`] a line.
const SAMPLES: &str = "samples.jsonl";

/// The copies of records, `<run>.json`.
const RUNS: &str = "runs";

/// One line of the history.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) schema: u32,
    /// Name of the run's directory below `<target>/xtask/runs`.
    pub(crate) run: String,
    /// When it was written, RFC 3339 with offset.
    pub(crate) at: String,
    /// Absolute path of the workspace root.
    pub(crate) workspace: String,
    /// `optimize` or `validate`.
    pub(crate) command: String,
    /// As in [`crate::record::Measurement::what`].
    pub(crate) what: String,
    pub(crate) unit: Quantity,
    pub(crate) side: Side,
    /// Tells special builds apart, for instance `without profile`; empty for the readings that count.
    pub(crate) label: String,
    pub(crate) sample: Sample,
    pub(crate) machine: Machine,
    /// Commit checked out in the workspace, if it is a git checkout.
    pub(crate) git_head: Option<String>,
    /// Hash of manifests, lock file and configuration of the copy that was built.
    pub(crate) configuration: String,
}

/// Which copy was built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Side {
    Baseline,
    Candidate,
}

/// What is new with each sample of a run.
#[derive(Debug, Clone)]
pub(crate) struct Reading<'a> {
    /// As in [`crate::record::Measurement::what`].
    pub(crate) what: &'a str,
    pub(crate) unit: Quantity,
    pub(crate) side: Side,
    /// Empty for the readings that count.
    pub(crate) label: &'a str,
    /// Hash of manifests, lock file and configuration of that side's copy.
    pub(crate) configuration: &'a str,
    /// Commit of that side's sources, if they are of a git checkout.
    pub(crate) git_head: Option<&'a str>,
    pub(crate) sample: Sample,
}

/// The history as one run writes it.
#[derive(Debug)]
pub(crate) struct History {
    target_dir: PathBuf,
    run: String,
    workspace: String,
    command: String,
    machine: Machine,
    is_warned: bool,
}

impl History {
    /// For one run of a command. Touches no file: what never appends leaves nothing.
    pub(crate) fn open(
        target_dir: &Path,
        workspace: &Path,
        command: &str,
        run_id: &str,
        machine: &Machine,
    ) -> Self {
        Self {
            target_dir: target_dir.to_path_buf(),
            run: run_id.to_owned(),
            workspace: workspace.display().to_string(),
            command: command.to_owned(),
            machine: machine.clone(),
            is_warned: false,
        }
    }

    /// Appends a sample; it is on the disk when this returns. Returns, once, a warning for the user
    /// if the history cannot lie where it is safe from `cargo clean`.
    ///
    /// # Errors
    /// When no place for the history can be written.
    pub(crate) fn append(&mut self, reading: &Reading<'_>) -> Result<Option<String>> {
        let place = place::writable(&self.target_dir)?;
        let entry = Entry {
            schema: SCHEMA,
            run: self.run.clone(),
            at: chrono::Local::now().to_rfc3339_opts(SecondsFormat::Secs, false),
            workspace: self.workspace.clone(),
            command: self.command.clone(),
            what: reading.what.to_owned(),
            unit: reading.unit,
            side: reading.side,
            label: reading.label.to_owned(),
            sample: reading.sample.clone(),
            machine: self.machine.clone(),
            git_head: reading.git_head.map(str::to_owned),
            configuration: reading.configuration.to_owned(),
        };
        let line = serde_json::to_vec(&entry).context("failed to write JSON")?;
        let path = place.dir.join(SAMPLES);
        append_line(&path, &line)
            .with_context(|| format!("failed to append to `{}`", path.display()))?;
        let warning = place.warning.filter(|_| !self.is_warned);
        self.is_warned |= warning.is_some();
        Ok(warning)
    }
}

/// Appends a line with a single write, so that lines of several runs do not mix. Where the last line
/// was torn, it starts on a new one.
fn append_line(path: &Path, line: &[u8]) -> io::Result<()> {
    let mut options = File::options();
    options.create(true).read(true).append(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        // Not through a link that somebody put there.
        options.custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed());
    }
    let mut file = options.open(path)?;
    let mut last = *b"\n";
    let is_new = file.metadata()?.len() == 0;
    if !is_new {
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
    }
    let start: &[u8] = if last == *b"\n" { b"" } else { b"\n" };
    file.write_all(&[start, line, b"\n"].concat())?;
    file.sync_all()?;
    // The name of a new file, and of the directory that may have been made for it, must last as well.
    let above = path.ancestors().skip(1).take(if is_new { 2 } else { 0 });
    above.filter(|path| path.is_dir()).try_for_each(disk::sync_dir)
}

/// Appends readings of another kind than builds of two sides, as a line of JSON, to a file of their own.
///
/// # Errors
/// When no place for the history can be written.
pub(crate) fn append_other(target_dir: &Path, file: &str, reading: &impl Serialize) -> Result<()> {
    let path = place::writable(target_dir)?.dir.join(file);
    let line = serde_json::to_vec(reading).context("failed to write JSON")?;
    append_line(&path, &line).with_context(|| format!("failed to append to `{}`", path.display()))
}

/// Puts a file of another kind in the place of an earlier one, in one step.
///
/// # Errors
/// When no place for the history can be written.
pub(crate) fn replace_other(target_dir: &Path, file: &str, bytes: &[u8]) -> Result<()> {
    disk::replace(&place::writable(target_dir)?.dir.join(file), bytes)
}

/// Reads such a file, of at most `most_bytes`; none where there is none.
///
/// # Errors
/// When it is there and cannot be read, or is larger.
pub(crate) fn read_other(
    target_dir: &Path,
    file: &str,
    most_bytes: u64,
) -> Result<Option<Vec<u8>>> {
    for dir in place::places(target_dir).into_iter().filter(|dir| dir.is_dir()) {
        if let Some(bytes) = disk::read_regular(&dir.join(file), most_bytes)? {
            return Ok(Some(bytes));
        }
    }
    Ok(None)
}

/// Keeps a copy of a record, in place of an earlier one of the same run.
///
/// # Errors
/// When no place for the history can be written.
pub(crate) fn store(record: &Record, target_dir: &Path, run_id: &str) -> Result<()> {
    // Where it lies was said with the first sample.
    let runs = place::writable(target_dir)?.dir.join(RUNS);
    let json = serde_json::to_vec_pretty(record).context("failed to write JSON")?;
    disk::replace(&runs.join(format!("{run_id}.json")), &json)
}

#[cfg(test)]
mod tests;
