//! Writes files of a workspace all or not at all: the only place that writes to a workspace.
//!
//! Invariant: at every instant, whatever dies, either all files are old or all are new or a whole
//! and flushed backup says `committing`, from which [`recover()`] puts the old files back.
//!
//! The steps: check everything (`preflight`), make the backup (`journal`), write all new files
//! under temporary names, then rename each, read all back, and mark the backup `committed`. After
//! a crash before that mark the files are rolled *back*, never forward: the backup alone is enough
//! for it, the old state is known to build, and nobody has seen a report of the new one.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Error, Result, anyhow, bail, ensure};

use crate::files::{
    FileSystem, Kind, Links, RealFileSystem, locate,
    named::{create_dir, kind, read, remove_dir_if_empty, remove_file, rename, sync_dir},
    named::{sync_parent, write_new},
    sha256,
};

pub(crate) mod journal;
pub(crate) mod manifest;
pub(crate) mod names;
mod preflight;
mod recover;

#[cfg(unix)]
#[cfg(test)]
pub(crate) mod tests;

pub(crate) use preflight::{Content, Edit, Edits};
pub(crate) use recover::{
    Recovered, interrupted_above, recover, refuse_interrupted, refuse_pending,
};

use journal::Journal;
use manifest::{Entry, State};
use preflight::Prepared;
use recover::roll_back;

/// What is to become of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FileChange {
    /// Relative to the root, normal components only.
    pub(crate) path: PathBuf,
    /// The bytes the change was computed from; none if there was no file.
    pub(crate) before: Option<Vec<u8>>,
    /// The new bytes; none to remove the file.
    pub(crate) after: Option<Vec<u8>>,
}

/// Where a commit comes from, for the manifest of its backup.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    pub(crate) tool_version: String,
    /// The commit checked out in the workspace, if it is a git checkout.
    pub(crate) git_head: Option<String>,
    /// The command without its program, for instance `optimize`.
    pub(crate) command: String,
}

/// Backs up the files that change, then writes all of them or none.
///
/// Returns the backup's id, the name of its directory. The caller holds the workspace's lock and
/// has called [`recover()`]. Changes without effect are left out. A file that is reached through a
/// symbolic link is written where the link leads, if that is in the workspace; the link stays.
/// Hard links, extended attributes and access control lists of replaced files are not kept.
///
/// # Errors
/// Before the first write, with all reasons: a path that leaves the workspace, is no regular file,
/// is read-only, or is not as in `before`; a directory that may not be written; too little space;
/// an interrupted run that was not recovered; no change at all. Afterwards: any failure to write,
/// all files being put back first. If putting back fails too, both errors and the backup's name.
pub(crate) fn commit(root: &Path, changes: &[FileChange], origin: &Origin) -> Result<String> {
    commit_on(&RealFileSystem, root, changes, origin)
}

/// Finds out whether [`commit`] would refuse, before long work is done for it. Writes nothing.
///
/// # Errors
/// Those of [`commit`] before its first write.
pub(crate) fn rehearse(root: &Path, changes: &[FileChange]) -> Result<()> {
    let fs = &RealFileSystem;
    let root = canonical(fs, root)?;
    refuse_pending(fs, &root)?;
    preflight::prepare(fs, &root, edits(changes)).map(drop)
}

pub(crate) fn commit_on(
    fs: &impl FileSystem,
    root: &Path,
    changes: &[FileChange],
    origin: &Origin,
) -> Result<String> {
    write(fs, &canonical(fs, root)?, edits(changes), origin, None)
}

fn edits(changes: &[FileChange]) -> Edits {
    let files = changes.iter().cloned().map(|change| Edit {
        path: change.path,
        before: change.before,
        after: change.after.map(|bytes| Content { bytes, mode: None }),
    });
    Edits { files: files.collect(), create: Vec::new(), remove: Vec::new(), links: Links::Follow }
}

/// The root without links; every other path here is relative to it.
///
/// # Errors
/// When there is no such directory.
pub(crate) fn canonical(fs: &impl FileSystem, root: &Path) -> Result<PathBuf> {
    fs.canonical(root).with_context(|| format!("failed to find `{}`", root.display()))
}

/// Makes edits as one transaction; `restores` marks the backup as made by a restore.
///
/// # Errors
/// As [`commit`].
pub(crate) fn write(
    fs: &impl FileSystem,
    root: &Path,
    edits: Edits,
    origin: &Origin,
    restores: Option<&str>,
) -> Result<String> {
    refuse_pending(fs, root)?;
    let prepared = preflight::prepare(fs, root, edits)?;
    let Prepared { entries, new, create, remove } = prepared;
    let mut journal = Journal::create(fs, root, origin, restores, entries, (create, remove))?;
    let error = match apply(fs, root, &journal, &new) {
        Err(error) => error,
        Ok(()) => match journal.set_state(fs, State::Committed) {
            Ok(()) => return Ok(journal.id),
            Err(error) => unmark(fs, &mut journal, error)?,
        },
    };
    let id = journal.id.clone();
    match roll_back(fs, root, &mut journal) {
        Ok(edited) if edited.is_empty() => {
            Err(error.context("failed to write; every file is as it was"))
        }
        Ok(edited) => Err(error.context(format!(
            "failed to write; files are as they were but for those edited meanwhile, which were \
             left alone: {}",
            edited.join(", ")
        ))),
        Err(second) => Err(anyhow!(
            "failed to write: {error:#}; putting the files back failed as well: {second:#}; the \
             old files are in `{id}`, and the next run tries again"
        )),
    }
}

/// Makes sure that a backup does not say `committed` before files of it are put back: the mark may be on disk although
/// setting it failed, and a run that dies, or fails, among the files would pass for a finished one. Returns why
/// setting it failed.
///
/// # Errors
/// When the mark cannot be taken back either. All files are new then and stay so.
fn unmark(fs: &impl FileSystem, journal: &mut Journal, error: Error) -> Result<Error> {
    match journal.set_state(fs, State::Committing) {
        Ok(()) => Ok(error),
        Err(second) => Err(anyhow!(
            "every file was written, but `{id}` could not be marked as committed: {error:#}; nor could the mark be \
             taken back: {second:#}\n\
             hint: when the disk is sound again, `cargo xtask restore {id}` puts the old files back",
            id = journal.id
        )),
    }
}

fn apply(
    fs: &impl FileSystem,
    root: &Path,
    journal: &Journal,
    new: &[Option<Vec<u8>>],
) -> Result<()> {
    // Makes the backup's name durable: the last thing before the workspace is touched.
    sync_dir(fs, root)?;
    let manifest = &journal.manifest;
    for directory in &manifest.created_directories {
        let path = root.join(directory);
        create_dir(fs, &path)?;
        sync_parent(fs, &path)?;
    }
    // All new bytes are on disk before the first file is replaced: a full disk is found here.
    for (index, (entry, bytes)) in manifest.files.iter().zip(new).enumerate() {
        if let (Some(after), Some(bytes)) = (&entry.after, bytes) {
            let target = root.join(&entry.path);
            let like = entry.before.is_some().then_some(&*target);
            write_new(fs, &journal.temporary(root, index), bytes, after.mode, like)?;
        }
    }
    for (index, entry) in manifest.files.iter().enumerate() {
        still_as_before(fs, root, entry)?;
        let target = root.join(&entry.path);
        match entry.after {
            Some(_) => rename(fs, &journal.temporary(root, index), &target)?,
            None => remove_file(fs, &target)?,
        }
        sync_parent(fs, &target)?;
    }
    for directory in &manifest.removed_directories {
        remove_dir_if_empty(fs, &root.join(directory))?;
    }
    manifest.files.iter().try_for_each(|entry| verify(fs, root, entry))
}

/// Somebody may have saved a file since the preflight: the last look before it is replaced.
fn still_as_before(fs: &impl FileSystem, root: &Path, entry: &Entry) -> Result<()> {
    let path = &entry.path;
    let found = match locate(fs, root, path, Links::Refuse)?.kind {
        Kind::Absent => None,
        Kind::File(meta) => Some((sha256(&read(fs, &root.join(path))?), meta.mode)),
        _ => bail!("`{path}` is no longer a regular file"),
    };
    let expected = entry.before.as_ref().map(|before| (before.sha256.clone(), before.mode));
    ensure!(found == expected, "`{path}` changed while the backup was made; run again");
    Ok(())
}

fn verify(fs: &impl FileSystem, root: &Path, entry: &Entry) -> Result<()> {
    let path = root.join(&entry.path);
    let as_written = match (kind(fs, &path)?, &entry.after) {
        (Kind::Absent, None) => true,
        (Kind::File(meta), Some(after)) => {
            (after.mode.is_none() || after.mode == meta.mode)
                && sha256(&read(fs, &path)?) == after.sha256
        }
        _ => false,
    };
    ensure!(as_written, "`{}` is not what was written", entry.path);
    Ok(())
}
