//! Which runs there are: those with a record, below the target directory or in the history, and those of
//! which nothing but samples is left.
//!
//! Reads only. Of a run that is kept twice, the record in its own directory goes first.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Component, Path, PathBuf},
};

use anyhow::{Result, bail};

use super::{RECORD, all, read_file, rebuild, runs_dir};
use crate::{
    history::{self, Entry},
    record::Record,
};

/// Where the records of runs are, by id, so that the oldest run comes first; the better place first.
pub(super) fn recorded(target_dir: &Path) -> Result<BTreeMap<String, Vec<PathBuf>>> {
    let mut found: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for dir in all(&runs_dir(target_dir))? {
        if let Some(id) = dir.file_name().and_then(|name| name.to_str()) {
            found.entry(id.to_owned()).or_default().push(dir.join(RECORD));
        }
    }
    for (id, path) in history::records(target_dir)? {
        found.entry(id).or_default().push(path);
    }
    Ok(found)
}

/// Every run that can be reported on.
#[derive(Debug)]
pub(super) struct Runs {
    /// The workspace that is asked about: others may share its target directory.
    workspace: String,
    records: BTreeMap<String, Vec<PathBuf>>,
    samples: BTreeMap<String, Vec<Entry>>,
    /// A sentence for each thing that could not be read.
    pub(super) warnings: Vec<String>,
}

impl Runs {
    /// Looks at the runs of a target directory.
    ///
    /// # Errors
    /// When a directory or the samples cannot be read.
    pub(super) fn of(target_dir: &Path, workspace: &Path) -> Result<Self> {
        let (entries, mut warnings) = history::entries(target_dir)?;
        let mut samples: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
        for entry in entries {
            samples.entry(entry.run.clone()).or_default().push(entry);
        }
        // A run names a directory that reports are written to.
        samples.retain(|id, _| {
            let is_name = is_plain(id);
            if !is_name {
                warnings.push(format!("skipped samples of `{id}`, which is no name of a run"));
            }
            is_name
        });
        let workspace = workspace.display().to_string();
        Ok(Self { workspace, records: recorded(target_dir)?, samples, warnings })
    }

    /// Every id, oldest first.
    pub(super) fn ids(&self) -> BTreeSet<&str> {
        self.records.keys().chain(self.samples.keys()).map(String::as_str).collect()
    }

    /// The newest run of the workspace that ended with a record; where none did, the newest of all.
    pub(super) fn newest(&self) -> Option<&str> {
        let finished = |id: &&String| {
            // What cannot be read is not passed over in silence: whoever reads it next says why.
            self.read(id)
                .map_or(true, |record| !record.interrupted && record.workspace == self.workspace)
        };
        let newest = self.records.keys().rev().find(finished).map(String::as_str);
        newest.or_else(|| self.ids().last().copied())
    }

    /// Runs after this one of which only samples are left.
    pub(super) fn interrupted_after(&self, id: &str) -> Vec<&str> {
        let later = self.samples.keys().map(String::as_str).filter(|other| *other > id);
        later.filter(|other| !self.records.contains_key(*other)).collect()
    }

    /// The record of a run, put together from its samples where it left none.
    ///
    /// # Errors
    /// When there is no such run, or its record cannot be read.
    pub(super) fn read(&self, id: &str) -> Result<Record> {
        let mut refused = None;
        for path in self.records.get(id).into_iter().flatten() {
            match read_file(path) {
                // It was made of the samples there were then.
                Ok(record) if record.interrupted && self.samples.contains_key(id) => break,
                Ok(record) => return Ok(record),
                Err(error) => refused = refused.or(Some(error)),
            }
        }
        match (refused, self.samples.get(id).and_then(|samples| rebuild::record(samples))) {
            (Some(error), _) => Err(error),
            (None, Some(record)) => Ok(record),
            (None, None) => bail!("no run `{id}` is recorded"),
        }
    }
}

/// Whether it is the name of something that lies directly in a directory.
fn is_plain(id: &str) -> bool {
    let mut parts = Path::new(id).components();
    matches!((parts.next(), parts.next()), (Some(Component::Normal(name)), None) if name == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_name_is_a_run() {
        assert!(is_plain("20251102-140321-2"));
        for id in ["", ".", "..", "../x", "a/b", "/", "/etc", "a/"] {
            assert!(!is_plain(id), "{id}");
        }
    }
}
