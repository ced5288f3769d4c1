//! The backup directory: the old bytes of every file of a commit, and how far the commit got.
//!
//! Invariant: a directory under its final name is whole. It is built, flushed and verified under
//! `backup-<time>.tmp` and renamed last; from then on only `state` changes, by replacing
//! `manifest.json` in one step.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail, ensure};
use chrono::Local;

use super::{
    Origin,
    manifest::{Entry, Manifest, SCHEMA, State},
    names::{PARTIAL, free_id, ids},
};
use crate::files::{
    FileSystem, Kind, Links, locate,
    named::{create_dir, kind, read, remove_file, rename, sync_dir, write_new},
    sha256,
};

/// The only file of a backup that changes after it was made.
const MANIFEST: &str = "manifest.json";
const NEW_MANIFEST: &str = "manifest.json.new";

/// Directory with the old files, under their paths.
pub(super) const FILES: &str = "files";

/// The files beside [`FILES`]: what may lie at the top of a backup that is being made.
pub(super) const PARTS: [&str; 2] = [IGNORE, MANIFEST];

/// Keeps the backup out of git and out of `cargo package`, whatever the ignore files say.
const IGNORE: &str = ".gitignore";

/// Larger than any manifest this tool writes: 20,000 files take about 8 MB.
const MAX_MANIFEST_BYTES: u64 = 16 << 20;

/// A backup directory and its manifest.
#[derive(Debug)]
pub(crate) struct Journal {
    /// Name of the directory.
    pub(crate) id: String,
    directory: PathBuf,
    pub(crate) manifest: Manifest,
}

impl Journal {
    /// Builds a backup of the old files and gives it its name; nothing else is touched.
    ///
    /// `root` must be canonical, the entries located. The caller flushes `root`.
    ///
    /// # Errors
    /// When anything cannot be written, or a copy differs from what the entry says. Nothing is
    /// left then, or only a partial directory that the next run removes.
    pub(crate) fn create(
        fs: &impl FileSystem,
        root: &Path,
        origin: &Origin,
        restores: Option<&str>,
        files: Vec<Entry>,
        directories: (Vec<String>, Vec<String>),
    ) -> Result<Self> {
        let now = Local::now();
        let id = free_id(fs, root, now.naive_local())?;
        let manifest = Manifest {
            schema: SCHEMA,
            tool_version: origin.tool_version.clone(),
            created: now.fixed_offset(),
            sequence: next_in_sequence(fs, root)?,
            git_head: origin.git_head.clone(),
            command: origin.command.clone(),
            restores: restores.map(str::to_owned),
            state: State::Committing,
            files,
            created_directories: directories.0,
            removed_directories: directories.1,
        };
        let partial = root.join(format!("{id}{PARTIAL}"));
        let journal = Self { directory: root.join(&id), id, manifest };
        let built = journal.build(fs, root, &partial).and_then(|()| {
            fs.rename(&partial, &journal.directory)
                .with_context(|| format!("failed to name `{}`", journal.directory.display()))
        });
        if let Err(error) = built {
            // Best effort: what cannot be removed now, on a failing disk, the next run removes.
            let _ = fs.remove_tree(&partial);
            return Err(error.context("failed to make the backup; no file was changed"));
        }
        Ok(journal)
    }

    fn build(&self, fs: &impl FileSystem, root: &Path, partial: &Path) -> Result<()> {
        let files = partial.join(FILES);
        for directory in [partial, &files] {
            create_dir(fs, directory)?;
        }
        write_new(fs, &partial.join(IGNORE), b"*\n", None, None)?;
        let kept = || self.manifest.files.iter().filter(|entry| entry.before.is_some());
        let directories: BTreeSet<&Path> = kept()
            .flat_map(|entry| Path::new(&entry.path).ancestors().skip(1))
            .filter(|directory| !directory.as_os_str().is_empty())
            .collect();
        // A set of paths is sorted with parents before children.
        for directory in &directories {
            create_dir(fs, &files.join(directory))?;
        }
        for entry in kept() {
            let (from, to) = (root.join(&entry.path), files.join(&entry.path));
            fs.copy_new(&from, &to).with_context(|| format!("failed to copy `{}`", entry.path))?;
            let copy = read(fs, &to)?;
            if entry.before.as_ref().is_none_or(|before| before.sha256 != sha256(&copy)) {
                bail!("`{}` changed while it was copied; run again", entry.path);
            }
        }
        let json = self.manifest.to_json()?;
        // What could not be read back must not be relied upon.
        Manifest::parse(&json)?;
        ensure!(json.len() as u64 <= MAX_MANIFEST_BYTES, "too many files for one commit");
        write_new(fs, &partial.join(MANIFEST), &json, None, None)?;
        for directory in directories.iter().rev() {
            sync_dir(fs, &files.join(directory))?;
        }
        sync_dir(fs, &files)?;
        sync_dir(fs, partial)
    }

    /// Reads the manifest of a backup; none if the directory has no manifest and therefore was
    /// not made by this tool.
    ///
    /// # Errors
    /// When the manifest is damaged, hostile or of another version.
    pub(crate) fn load(fs: &impl FileSystem, root: &Path, id: &str) -> Result<Option<Self>> {
        let directory = root.join(id);
        ensure!(kind(fs, &directory)? == Kind::Directory, "`{id}` is not a directory");
        let path = directory.join(MANIFEST);
        match kind(fs, &path)? {
            Kind::Absent => return Ok(None),
            Kind::File(meta) if meta.bytes <= MAX_MANIFEST_BYTES => {}
            Kind::File(meta) => bail!("`{id}/{MANIFEST}` has {} bytes: too many", meta.bytes),
            _ => bail!("`{id}/{MANIFEST}` is not a regular file"),
        }
        let manifest = Manifest::parse(&read(fs, &path)?)
            .with_context(|| format!("`{id}/{MANIFEST}` is damaged"))?;
        Ok(Some(Self { id: id.to_owned(), directory, manifest }))
    }

    /// The old bytes of one file, verified against the manifest; none if it did not exist.
    ///
    /// # Errors
    /// When the copy is missing, is no regular file or differs from what was backed up.
    pub(crate) fn old_bytes(&self, fs: &impl FileSystem, entry: &Entry) -> Result<Option<Vec<u8>>> {
        let Some(before) = &entry.before else {
            return Ok(None);
        };
        let path = format!("{FILES}/{}", entry.path);
        let shown = format!("{}/{path}", self.id);
        let located = locate(fs, &self.directory, &path, Links::Refuse)
            .with_context(|| format!("`{shown}` is damaged"))?;
        match located.kind {
            Kind::File(meta) if meta.bytes == before.bytes => {}
            Kind::File(meta) => {
                bail!("`{shown}` has {} bytes, not the {} backed up", meta.bytes, before.bytes)
            }
            Kind::Absent => bail!("`{shown}` is missing"),
            _ => bail!("`{shown}` is not a regular file"),
        }
        let bytes = read(fs, &self.directory.join(&path))?;
        ensure!(sha256(&bytes) == before.sha256, "`{shown}` is not what was backed up");
        Ok(Some(bytes))
    }

    /// Verifies every copy.
    ///
    /// # Errors
    /// As [`Self::old_bytes`], for the first file that fails.
    pub(crate) fn verify(&self, fs: &impl FileSystem) -> Result<()> {
        self.manifest.files.iter().try_for_each(|entry| self.old_bytes(fs, entry).map(drop))
    }

    /// Records how far the commit got, durably and in one step.
    ///
    /// # Errors
    /// When the manifest cannot be replaced.
    pub(crate) fn set_state(&mut self, fs: &impl FileSystem, state: State) -> Result<()> {
        let manifest = Manifest { state, ..self.manifest.clone() };
        let new = self.directory.join(NEW_MANIFEST);
        if kind(fs, &new)? != Kind::Absent {
            remove_file(fs, &new)?;
        }
        write_new(fs, &new, &manifest.to_json()?, None, None)?;
        rename(fs, &new, &self.directory.join(MANIFEST))?;
        self.manifest = manifest;
        sync_dir(fs, &self.directory)
    }

    /// The temporary file next to the `index`-th file of the manifest.
    pub(crate) fn temporary(&self, root: &Path, index: usize) -> PathBuf {
        let file = root.join(&self.manifest.files[index].path);
        file.with_file_name(format!(".xtask-{}-{index}.tmp", self.id))
    }
}

/// What comes after every backup that can be read.
fn next_in_sequence(fs: &impl FileSystem, root: &Path) -> Result<u64> {
    let journals = ids(fs, root)?.0.into_iter().map(|id| Journal::load(fs, root, &id));
    let known = journals.filter_map(|journal| Some(journal.ok()??.manifest.sequence));
    known.max().unwrap_or(0).checked_add(1).context("the backups there are numbered to the end")
}
