//! `manifest.json` of a backup: what a commit changes and how far it got.
//!
//! Invariant: a manifest that was read is undamaged, as its digest shows, and names no path that
//! leaves the workspace or lies in `.git` or a backup, and none twice.

use std::{collections::BTreeSet, path::Path};

use anyhow::{Result, bail, ensure};
use chrono::{DateTime, FixedOffset};
use serde::{Deserialize, Serialize};

use super::names::is_backup_name;
use crate::files::{MAX_FILE_BYTES, MODE_BITS, relative, sha256};

#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzed;

/// Version of `manifest.json`. Raise it when an older tool could misread the file.
pub(super) const SCHEMA: u64 = 1;

/// How far a commit got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum State {
    /// Files may be old or new: the run is under way, or it died.
    Committing,
    /// Every file is new.
    Committed,
    /// The commit failed or died, and every file of it is old again.
    RolledBack,
}

/// `manifest.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    pub(crate) schema: u64,
    pub(crate) tool_version: String,
    pub(crate) created: DateTime<FixedOffset>,
    /// One more than the highest of the backups that were there: the order in which they were made, whatever the
    /// clock said. 0 in backups from before there was this.
    #[serde(default)]
    pub(crate) sequence: u64,
    pub(crate) git_head: Option<String>,
    pub(crate) command: String,
    /// The backup that was being restored, if this is the backup of what a restore replaced.
    pub(crate) restores: Option<String>,
    pub(crate) state: State,
    pub(crate) files: Vec<Entry>,
    /// Directories that the commit creates, outermost first.
    pub(crate) created_directories: Vec<String>,
    /// Directories that the commit removes if they are empty by then, innermost first.
    pub(crate) removed_directories: Vec<String>,
}

/// One file of a commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// Relative to the root, with `/`, links resolved.
    pub(crate) path: String,
    /// The path that was asked for, if a link led from there.
    pub(crate) link: Option<String>,
    /// None: the file did not exist.
    pub(crate) before: Option<Version>,
    /// None: the commit removes the file.
    pub(crate) after: Option<Version>,
}

/// A file's content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Version {
    pub(crate) sha256: String,
    pub(crate) bytes: u64,
    /// None: whatever new files get.
    pub(crate) mode: Option<u32>,
}

impl Version {
    pub(crate) fn of(bytes: &[u8], mode: Option<u32>) -> Self {
        Self { sha256: sha256(bytes), bytes: bytes.len() as u64, mode }
    }
}

impl Manifest {
    /// The file's text. `digest` covers everything else, so that no damage passes unnoticed.
    pub(super) fn to_json(&self) -> Result<Vec<u8>> {
        let mut value = serde_json::to_value(self)?;
        let digest = sha256(&serde_json::to_vec(&value)?);
        value["digest"] = digest.into();
        Self::written(&value)
    }

    fn written(value: &serde_json::Value) -> Result<Vec<u8>> {
        let mut json = serde_json::to_vec_pretty(value)?;
        json.push(b'\n');
        Ok(json)
    }

    /// Reads the file's text.
    ///
    /// # Errors
    /// When it is damaged, hostile or of another schema.
    pub(super) fn parse(json: &[u8]) -> Result<Self> {
        let mut value: serde_json::Value = serde_json::from_slice(json)?;
        let schema = value.get("schema").and_then(serde_json::Value::as_u64);
        match schema {
            Some(SCHEMA) => {}
            Some(other) => bail!("its schema is {other}; this tool knows {SCHEMA}"),
            None => bail!("it has no schema"),
        }
        // A key that is there twice, or white space of another's making: what was read is not all that it says.
        ensure!(Self::written(&value)? == json, "it is not as this tool wrote it");
        let digest = value.as_object_mut().and_then(|object| object.shift_remove("digest"));
        let expected = sha256(&serde_json::to_vec(&value)?);
        ensure!(digest.is_some_and(|digest| digest == expected), "its digest does not fit it");
        let manifest: Self = serde_json::from_value(value)?;
        manifest.check()?;
        Ok(manifest)
    }

    /// A digest proves that the manifest is whole, not that it means well.
    fn check(&self) -> Result<()> {
        let mut paths = BTreeSet::new();
        for entry in &self.files {
            check_path(&entry.path)?;
            if !paths.insert(Path::new(&entry.path)) {
                bail!("it lists `{}` twice", entry.path);
            }
            if let Some(link) = &entry.link {
                ensure!(
                    relative(Path::new(link))? == *link,
                    "`{link}` is not a plain relative path"
                );
            }
            for version in [&entry.before, &entry.after].into_iter().flatten() {
                let mode = version.mode.unwrap_or(0);
                ensure!(mode & !MODE_BITS == 0, "mode {mode:o} of `{}` is no mode", entry.path);
                let bytes = version.bytes;
                ensure!(bytes <= MAX_FILE_BYTES, "`{}` has {bytes} bytes: too many", entry.path);
            }
        }
        let mut directories = BTreeSet::new();
        for directory in self.created_directories.iter().chain(&self.removed_directories) {
            check_path(directory)?;
            ensure!(!paths.contains(Path::new(directory)), "`{directory}` is also a file");
            ensure!(directories.insert(Path::new(directory)), "it lists `{directory}` twice");
        }
        for path in paths.iter().chain(&directories) {
            let above = path.ancestors().skip(1).find(|ancestor| paths.contains(ancestor));
            if let Some(above) = above {
                bail!("`{}` is both a file and a directory", above.display());
            }
        }
        Ok(())
    }
}

/// A path that may be written: plain, and not in a backup.
pub(super) fn check_path(path: &str) -> Result<()> {
    ensure!(relative(Path::new(path))? == path, "`{path}` is not a plain relative path");
    let first = path.split('/').next().unwrap_or_default();
    ensure!(!is_backup_name(first), "`{path}` lies in a backup, which is never written");
    Ok(())
}
