//! Undoes commits that did not finish.
//!
//! Invariant: a file is only replaced if its content is known, that is, old or new according to
//! the manifest; anything else was edited by somebody and is left alone. Doing it twice, or dying
//! in the middle and doing it again, gives the same result.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, anyhow, bail};

use super::{
    canonical,
    journal::{FILES, Journal, PARTS},
    manifest::{Entry, State},
    names::ids,
};
use crate::files::{
    FileSystem, Kind, Links, RealFileSystem, locate,
    named::{create_dir, kind, read, remove_dir_if_empty, remove_file, rename, sync_dir},
    named::{sync_parent, write_new},
    sha256,
};

/// Something that an earlier run left behind, and what was done about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Recovered {
    /// A backup that was not finished; no file had been changed yet. It was removed.
    Partial { name: String },
    /// A commit that had not finished; its files are old again.
    RolledBack {
        id: String,
        /// Files that had been edited since and were left alone.
        edited: Vec<String>,
        /// The backup that was being restored, if it was a restore that had not finished.
        restores: Option<String>,
    },
    /// A directory with the name of an unfinished backup that is not one; it was left alone.
    Foreign { name: String },
    /// A backup whose manifest cannot be read, so that nobody knows whether its commit finished; it was left alone.
    Unreadable { id: String, reason: String },
}

impl fmt::Display for Recovered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Partial { name } => {
                write!(f, "removed `{name}`, a backup that an interrupted run had not finished")
            }
            Self::RolledBack { id, edited, .. } => {
                write!(f, "undid an interrupted run: the files of `{id}` are as they were")?;
                if !edited.is_empty() {
                    let edited = edited.join(", ");
                    write!(f, " but for those edited since, which were left alone: {edited}")?;
                }
                Ok(())
            }
            Self::Foreign { name } => {
                write!(f, "left `{name}` alone: it is no backup that was being made")
            }
            Self::Unreadable { id, reason } => write!(f, "skipped `{id}`: {reason}"),
        }
    }
}

/// Rolls back what a crash left behind. Every command that writes calls this first, with the lock.
///
/// Directories named like a backup but without a manifest are another tool's and not looked at.
///
/// # Errors
/// When a file cannot be put back, or the backup of an unfinished commit is damaged.
pub(crate) fn recover(root: &Path) -> Result<Vec<Recovered>> {
    recover_on(&RealFileSystem, root)
}

pub(crate) fn recover_on(fs: &impl FileSystem, root: &Path) -> Result<Vec<Recovered>> {
    let root = &canonical(fs, root)?;
    let mut recovered = Vec::new();
    let (ids, partial) = ids(fs, root)?;
    for name in partial {
        let path = root.join(&name);
        if kind(fs, &path)? != Kind::Directory {
            continue;
        }
        if !is_unfinished(fs, root, &name)? {
            recovered.push(Recovered::Foreign { name });
        } else {
            fs.remove_tree(&path)
                .with_context(|| format!("failed to remove `{}`", path.display()))?;
            sync_dir(fs, root)?;
            recovered.push(Recovered::Partial { name });
        }
    }
    for id in ids {
        match Journal::load(fs, root, &id) {
            Ok(Some(mut journal)) if journal.manifest.state == State::Committing => {
                // As a whole, before the first file: a damaged copy must not leave the rest half undone.
                journal.verify(fs).map_err(|error| {
                    anyhow!(
                        "an interrupted run cannot be undone, as its backup is damaged: {error:#}; no file was changed\n\
                         hint: mend the copy, or, to keep the files as they are now, move `{id}` away"
                    )
                })?;
                let edited = roll_back(fs, root, &mut journal).with_context(|| {
                    format!("failed to undo an interrupted run; the old files are in `{id}`")
                })?;
                let restores = journal.manifest.restores;
                recovered.push(Recovered::RolledBack { id, edited, restores });
            }
            Ok(_) => {}
            Err(error) => {
                recovered.push(Recovered::Unreadable { id, reason: format!("{error:#}") });
            }
        }
    }
    Ok(recovered)
}

/// Whether a directory is what [`Journal::create`] leaves when it dies, and nothing else.
fn is_unfinished(fs: &impl FileSystem, root: &Path, name: &str) -> Result<bool> {
    // With a whole manifest it must say so itself: people copy backups and rename the copies.
    match Journal::load(fs, root, name) {
        Ok(Some(journal)) if journal.manifest.state != State::Committing => return Ok(false),
        _ => {}
    }
    let mut open = vec![root.join(name)];
    while let Some(directory) = open.pop() {
        for entry in fs.names(&directory)? {
            let path = directory.join(&entry);
            let is_at_top = directory.parent() == Some(root);
            match kind(fs, &path)? {
                Kind::File(_) if !is_at_top || PARTS.iter().any(|part| entry == *part) => {}
                Kind::Directory if !is_at_top || entry == FILES => open.push(path),
                _ => return Ok(false),
            }
        }
    }
    Ok(true)
}

/// The nearest directory from `directory` upwards in which a commit has not finished.
///
/// Needs no cargo: files that are in part new and in part old may be more than cargo can read.
pub(crate) fn interrupted_above(directory: &Path) -> Option<PathBuf> {
    pending_above(directory).map(|pending| pending.root)
}

/// Refuses to look at files that [`recover`] would still change, for commands that change nothing themselves.
///
/// # Errors
/// When in the directory or above it a backup says that its commit has not finished.
pub(crate) fn refuse_interrupted(directory: &Path) -> Result<()> {
    pending_above(directory).map_or(Ok(()), |pending| Err(pending.into()))
}

fn pending_above(directory: &Path) -> Option<Pending> {
    directory.ancestors().find_map(|root| pending(&RealFileSystem, root).ok().flatten())
}

/// The error of a workspace in which a commit has not finished.
#[derive(Debug)]
struct Pending {
    root: PathBuf,
    id: String,
}

impl fmt::Display for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the commit of `{}` has not finished: its run was interrupted, or is still at work\n\
             hint: if none is, run `cargo xtask restore` without `--dry-run`, which undoes it",
            self.root.join(&self.id).display()
        )
    }
}

impl std::error::Error for Pending {}

/// Refuses to build upon files that [`recover`] would still change.
///
/// # Errors
/// When a backup says that its commit has not finished.
pub(crate) fn refuse_pending(fs: &impl FileSystem, root: &Path) -> Result<()> {
    pending(fs, root)?.map_or(Ok(()), |pending| Err(pending.into()))
}

fn pending(fs: &impl FileSystem, root: &Path) -> Result<Option<Pending>> {
    for id in ids(fs, root)?.0 {
        if let Ok(Some(journal)) = Journal::load(fs, root, &id)
            && journal.manifest.state == State::Committing
        {
            return Ok(Some(Pending { root: root.to_path_buf(), id }));
        }
    }
    Ok(None)
}

/// Puts the old files back. Returns those that were edited meanwhile and left alone.
///
/// # Errors
/// When any file could not be put back; all others are. The state then stays as it was, so that
/// it is tried again.
pub(super) fn roll_back(
    fs: &impl FileSystem,
    root: &Path,
    journal: &mut Journal,
) -> Result<Vec<String>> {
    let mut edited = Vec::new();
    let mut failures = Vec::new();
    for directory in journal.manifest.removed_directories.iter().rev() {
        if let Err(error) = create_with_parents(fs, root, directory) {
            failures.push(format!("{error:#}"));
        }
    }
    for (index, entry) in journal.manifest.files.iter().enumerate().rev() {
        match put_back(fs, root, journal, index) {
            Ok(Outcome::Old) => {}
            Ok(Outcome::Edited) => edited.push(entry.path.clone()),
            Err(error) => failures.push(format!("`{}`: {error:#}", entry.path)),
        }
    }
    for directory in journal.manifest.created_directories.iter().rev() {
        if let Err(error) = remove_created(fs, root, directory) {
            failures.push(format!("{error:#}"));
        }
    }
    if !failures.is_empty() {
        return Err(anyhow!(failures.join("; ")));
    }
    journal.set_state(fs, State::RolledBack)?;
    edited.reverse();
    Ok(edited)
}

enum Outcome {
    Old,
    Edited,
}

fn put_back(fs: &impl FileSystem, root: &Path, journal: &Journal, index: usize) -> Result<Outcome> {
    let entry = &journal.manifest.files[index];
    // A link in the place of the file is somebody's edit; one on the way to it leads elsewhere.
    let located = locate(fs, root, &entry.path, Links::Show)?;
    let target = root.join(&entry.path);
    let temporary = journal.temporary(root, index);
    if located.missing.is_empty() && kind(fs, &temporary)? != Kind::Absent {
        remove_file(fs, &temporary)?;
        sync_parent(fs, &target)?;
    }
    let current = match located.kind {
        Kind::Absent => None,
        Kind::File(meta) => Some((sha256(&read(fs, &target)?), meta.mode)),
        _ => return Ok(Outcome::Edited),
    };
    match compare(entry, current.as_ref()) {
        Content::Old => return Ok(Outcome::Old),
        Content::Unknown => return Ok(Outcome::Edited),
        Content::New => {}
    }
    let Some(bytes) = journal.old_bytes(fs, entry)? else {
        remove_file(fs, &target)?;
        sync_parent(fs, &target)?;
        return Ok(Outcome::Old);
    };
    for directory in &located.missing {
        create_with_parents(fs, root, directory)?;
    }
    let mode = entry.before.as_ref().and_then(|before| before.mode);
    let like = current.is_some().then_some(&*target);
    write_new(fs, &temporary, &bytes, mode, like)?;
    // Writing may have taken its time. The last look before the file is replaced.
    let now = match kind(fs, &target)? {
        Kind::Absent => None,
        Kind::File(_) => Some(sha256(&read(fs, &target)?)),
        _ => Some(String::new()),
    };
    if now != current.map(|(hash, _)| hash) {
        remove_file(fs, &temporary)?;
        return Ok(Outcome::Edited);
    }
    rename(fs, &temporary, &target)?;
    sync_parent(fs, &target)?;
    Ok(Outcome::Old)
}

/// A file on disk against its manifest entry.
enum Content {
    Old,
    New,
    Unknown,
}

fn compare(entry: &Entry, current: Option<&(String, Option<u32>)>) -> Content {
    let hash = current.map(|(hash, _)| hash.as_str());
    let before = entry.before.as_ref().map(|version| version.sha256.as_str());
    let after = entry.after.as_ref().map(|version| version.sha256.as_str());
    let old_mode = entry.before.as_ref().and_then(|version| version.mode);
    // A commit that changes nothing but the mode is told by the mode. In any other a file with
    // the old bytes was not touched by it, and a mode of another's choice stays.
    let mode_is_old = before != after || current.and_then(|(_, mode)| *mode) == old_mode;
    if hash == before && mode_is_old {
        Content::Old
    } else if hash == before || hash == after {
        Content::New
    } else {
        Content::Unknown
    }
}

fn create_with_parents(fs: &impl FileSystem, root: &Path, directory: &str) -> Result<()> {
    let located = locate(fs, root, directory, Links::Refuse)?;
    match located.kind {
        Kind::Directory => Ok(()),
        Kind::Absent => located.missing.iter().chain([&located.path]).try_for_each(|directory| {
            let path = root.join(directory);
            create_dir(fs, &path)?;
            sync_parent(fs, &path)
        }),
        _ => bail!("`{directory}` is not a directory"),
    }
}

fn remove_created(fs: &impl FileSystem, root: &Path, directory: &str) -> Result<()> {
    match locate(fs, root, directory, Links::Refuse)?.kind {
        Kind::Directory => remove_dir_if_empty(fs, &root.join(directory)),
        _ => Ok(()),
    }
}
