//! What can be done with backups: list them, and put their files back.
//!
//! Needs neither cargo nor a workspace that parses. Invariant: a backup is validated as a whole,
//! and compared with every file on disk, before the first file is written; and what a restore
//! replaces is backed up first, so that a restore can be undone like any commit.

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use chrono::{DateTime, FixedOffset, NaiveDateTime};
use serde::Serialize;

use crate::{
    commit::{
        Content, Edit, Edits, Origin, canonical,
        journal::Journal,
        manifest::{Entry, State},
        names::{ids, stamp},
        refuse_pending, write,
    },
    files::{FileSystem, Kind, Links, RealFileSystem, locate, named::read, sha256},
    wording,
};

#[cfg(unix)]
#[cfg(test)]
pub(crate) mod tests;

/// The `command` of backups made by a restore.
const RESTORE: &str = "restore";

/// One line of `restore --list`.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct BackupInfo {
    /// Name of the directory.
    pub(crate) id: String,
    /// RFC 3339 with offset.
    pub(crate) created: Option<DateTime<FixedOffset>>,
    pub(crate) files: usize,
    pub(crate) state: Option<State>,
    pub(crate) git_head: Option<String>,
    pub(crate) command: Option<String>,
    /// For a backup made by a restore: the backup that was restored.
    pub(crate) restores: Option<String>,
    /// Why it cannot be restored, if it cannot. If its manifest is the reason, all else is empty.
    pub(crate) damage: Option<String>,
}

/// The backups of a workspace, newest first, each verified.
///
/// # Errors
/// When the workspace directory cannot be read; damage to a backup is part of its entry.
pub(crate) fn list(root: &Path) -> Result<Vec<BackupInfo>> {
    let fs = &RealFileSystem;
    let root = &canonical(fs, root)?;
    let infos = newest_first(fs, root)?.into_iter().map(|(id, journal)| match journal {
        Ok(journal) => {
            let damage = journal.verify(fs).err().map(|error| format!("{error:#}"));
            let manifest = journal.manifest;
            BackupInfo {
                id,
                created: Some(manifest.created),
                files: manifest.files.len(),
                state: Some(manifest.state),
                git_head: manifest.git_head,
                command: Some(manifest.command),
                restores: manifest.restores,
                damage,
            }
        }
        Err(error) => BackupInfo {
            id,
            created: None,
            files: 0,
            state: None,
            git_head: None,
            command: None,
            restores: None,
            damage: Some(format!("{error:#}")),
        },
    });
    Ok(infos.collect())
}

/// How to restore.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RestoreOptions {
    pub(crate) run: Run,
    pub(crate) edited: Edited,
}

/// Whether to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Run {
    Dry,
    Write,
}

/// What to do with files that were edited since the commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Edited {
    Refuse,
    /// Replace them; the backup of the restore keeps the edits.
    Replace,
}

/// What a restore did, or would do.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Restored {
    /// The backup that was restored.
    pub(crate) id: String,
    /// The backup of what was replaced; none in a dry run, or if nothing had to be written.
    pub(crate) backup: Option<String>,
    pub(crate) files: Vec<RestoredFile>,
}

/// What a restore did, or would do, with one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct RestoredFile {
    /// Relative to the root.
    pub(crate) path: String,
    pub(crate) action: Action,
    /// It had been edited since the commit, and the edits are replaced.
    pub(crate) edited: bool,
}

/// What happens to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Action {
    /// It is already as it was.
    Unchanged,
    /// Its old bytes and mode are put back.
    Replaced,
    /// It is gone and is made again.
    Recreated,
    /// It did not exist before and is removed.
    Removed,
}

/// Puts the files of a backup back as they were: bytes, modes, absence, directories.
///
/// Without an id, takes the newest backup whose commit finished and that was not made by a
/// restore. So a second restore in a row finds everything as it was and writes nothing: it is no
/// way to step back through history, nor does it undo the first. For either, name a backup.
///
/// The caller holds the workspace's lock and has called [`crate::commit::recover`]; a dry run
/// needs neither.
///
/// # Errors
/// When there is no such backup, it is damaged, an interrupted run was not recovered, or files
/// were edited since (all of them are named) and are not to be replaced; nothing is written then.
/// Otherwise as [`crate::commit::commit`].
pub(crate) fn restore(root: &Path, id: Option<&str>, options: RestoreOptions) -> Result<Restored> {
    restore_on(&RealFileSystem, root, id, options)
}

fn restore_on(
    fs: &impl FileSystem,
    root: &Path,
    id: Option<&str>,
    options: RestoreOptions,
) -> Result<Restored> {
    let root = &canonical(fs, root)?;
    refuse_pending(fs, root)?;
    let journal = match id {
        Some(id) => load(fs, root, id.trim_end_matches(['/', '\\']))?,
        None => newest(fs, root)?,
    };
    let id = journal.id.clone();
    journal.verify(fs).with_context(|| format!("`{id}` is damaged; no file was changed"))?;

    let mut files = Vec::new();
    let mut edits = Vec::new();
    let mut edited = Vec::new();
    for entry in &journal.manifest.files {
        let current = current(fs, root, &entry.path)?;
        let file = decide(entry, current.as_ref());
        if file.edited {
            edited.push((entry, current.as_ref().map(|(bytes, _)| sha256(bytes))));
        }
        if file.action != Action::Unchanged {
            let mode = entry.before.as_ref().and_then(|before| before.mode);
            edits.push(Edit {
                path: entry.path.clone().into(),
                before: current.map(|(bytes, _)| bytes),
                after: journal.old_bytes(fs, entry)?.map(|bytes| Content { bytes, mode }),
            });
        }
        files.push(file);
    }
    if options.edited == Edited::Refuse && !edited.is_empty() {
        bail!(explain(fs, root, &id, &edited)?);
    }
    if options.run == Run::Dry || edits.is_empty() {
        return Ok(Restored { id, backup: None, files });
    }
    let edits = Edits {
        files: edits,
        create: journal.manifest.removed_directories.iter().rev().cloned().collect(),
        remove: journal.manifest.created_directories.iter().rev().cloned().collect(),
        links: Links::Refuse,
    };
    let origin = Origin {
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        git_head: None,
        command: RESTORE.to_owned(),
    };
    let backup = write(fs, root, edits, &origin, Some(&id))?;
    Ok(Restored { id, backup: Some(backup), files })
}

/// Bytes and mode of a file on disk.
type OnDisk = (Vec<u8>, Option<u32>);

fn current(fs: &impl FileSystem, root: &Path, path: &str) -> Result<Option<OnDisk>> {
    match locate(fs, root, path, Links::Refuse)?.kind {
        Kind::Absent => Ok(None),
        Kind::File(meta) => Ok(Some((read(fs, &root.join(path))?, meta.mode))),
        _ => bail!("`{path}` is no longer a regular file; no file was changed"),
    }
}

fn decide(entry: &Entry, current: Option<&OnDisk>) -> RestoredFile {
    let hash = current.map(|(bytes, _)| sha256(bytes));
    let before = entry.before.as_ref().map(|version| version.sha256.clone());
    let after = entry.after.as_ref().map(|version| version.sha256.clone());
    let old_mode = entry.before.as_ref().and_then(|version| version.mode);
    let as_before = hash == before && current.and_then(|(_, mode)| *mode) == old_mode;
    let action = match (current, &entry.before) {
        _ if as_before => Action::Unchanged,
        (Some(_), Some(_)) => Action::Replaced,
        (None, _) => Action::Recreated,
        (Some(_), None) => Action::Removed,
    };
    let new_mode = entry.after.as_ref().and_then(|version| version.mode);
    let has_known_bytes = hash == before || hash == after;
    // A mode that the commit did not leave is somebody's choice, like other bytes.
    let has_other_mode = current.is_some_and(|(_, mode)| new_mode.is_some() && *mode != new_mode);
    let edited = !has_known_bytes || !as_before && has_other_mode;
    RestoredFile { path: entry.path.clone(), action, edited }
}

/// Why edited files stop a restore; names a later backup where one explains the edit.
fn explain(
    fs: &impl FileSystem,
    root: &Path,
    id: &str,
    edited: &[(&Entry, Option<String>)],
) -> Result<String> {
    let backups = newest_first(fs, root)?;
    let later: Vec<_> = backups
        .iter()
        .take_while(|(other, _)| other != id)
        .filter_map(|(_, journal)| journal.as_ref().ok())
        .collect();
    let lines = edited.iter().map(|(entry, hash)| {
        let by = later.iter().find(|journal| {
            journal.manifest.files.iter().any(|other| {
                let after = other.after.as_ref().map(|after| &after.sha256);
                other.path == entry.path && after == hash.as_ref()
            })
        });
        let versions = [&entry.before, &entry.after];
        let is_known =
            |hash: &String| versions.iter().any(|v| v.as_ref().is_some_and(|v| v.sha256 == *hash));
        let what = match hash {
            None => "was removed",
            Some(hash) if is_known(hash) => {
                return format!("\n  `{}` has another mode", entry.path);
            }
            Some(_) => "was edited",
        };
        match by {
            Some(journal) => {
                format!("\n  `{}` {what} by the commit of `{}`", entry.path, journal.id)
            }
            None => format!("\n  `{}` {what}", entry.path),
        }
    });
    let lines: String = lines.collect();
    Ok(format!(
        "no file was changed: since `{id}` was made,{lines}\n\
         hint: `--force` replaces them, and backs them up first"
    ))
}

/// The backups with their manifests, or with the reason why there is none.
///
/// In the order in which they were made, which the manifests tell; one that cannot be read comes where its name would
/// have it.
fn newest_first(fs: &impl FileSystem, root: &Path) -> Result<Vec<(String, Result<Journal>)>> {
    let loaded = ids(fs, root)?.0.into_iter().map(|id| {
        let journal = load(fs, root, &id);
        (age(&id, journal.as_ref().ok()), id, journal)
    });
    let (mut backups, mut unreadable): (Vec<_>, Vec<_>) =
        loaded.partition(|(_, _, journal)| journal.is_ok());
    backups.sort_by(|(left, ..), (right, ..)| right.cmp(left));
    unreadable.sort_by_key(|(age, ..)| *age);
    for backup in unreadable {
        let Age { made, number, .. } = backup.0;
        let is_older = |(age, ..): &(Age, String, _)| (age.made, age.number) <= (made, number);
        let place = backups.iter().position(is_older).unwrap_or(backups.len());
        backups.insert(place, backup);
    }
    Ok(backups.into_iter().map(|(_, id, journal)| (id, journal)).collect())
}

/// What tells which of two backups is newer: the number that each got, since clocks are set back; among those without
/// one the clock in UTC, which a change to winter time does not set back, and the number within one second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Age {
    sequence: u64,
    made: NaiveDateTime,
    number: u32,
}

fn age(id: &str, journal: Option<&Journal>) -> Age {
    let (named, number) = stamp(id).unwrap_or_default();
    let local = named.and_local_timezone(chrono::Local).earliest();
    let by_name = local.map_or(named, |local| local.naive_utc());
    let made = journal.map_or(by_name, |journal| journal.manifest.created.naive_utc());
    Age { sequence: journal.map_or(0, |journal| journal.manifest.sequence), made, number }
}

fn load(fs: &impl FileSystem, root: &Path, id: &str) -> Result<Journal> {
    if stamp(id).is_none() {
        bail!(
            "`{id}` is not the name of a backup, `backup-<date>-<time>`{}",
            instead(fs, root, id)
        );
    }
    if fs.kind(&root.join(id))? == Kind::Absent {
        bail!("there is no backup `{id}`{}", instead(fs, root, id));
    }
    match Journal::load(fs, root, id)? {
        Some(journal) => Ok(journal),
        None => bail!("`{id}` has no `manifest.json`: it was not made by this tool"),
    }
}

/// The next step for whoever has named a backup that is none.
fn instead(fs: &impl FileSystem, root: &Path, id: &str) -> String {
    let known = ids(fs, root).map(|(ids, _)| ids).unwrap_or_default();
    match wording::nearest(id, known.iter().map(String::as_str)) {
        Some(near) => format!("\nhint: did you mean `{near}`? `--list` names the backups"),
        None => "\nhint: `--list` names the backups".to_owned(),
    }
}

fn newest(fs: &impl FileSystem, root: &Path) -> Result<Journal> {
    let mut damaged = Vec::new();
    let mut newest = None;
    for (id, journal) in newest_first(fs, root)? {
        match journal {
            Ok(journal) => {
                let manifest = &journal.manifest;
                let undoes_a_commit =
                    manifest.state == State::Committed && manifest.restores.is_none();
                if undoes_a_commit {
                    newest = newest.or(Some(journal));
                }
            }
            // Directories of the shell script that this tool replaces have no manifest.
            Err(error) if has_manifest(fs, root, &id) => damaged.push(format!("{error:#}")),
            Err(_) => {}
        }
    }
    match (newest, damaged.first()) {
        (Some(journal), None) => Ok(journal),
        // An older one must not silently be taken for a damaged newest one, and only its manifest would say which is
        // newer: the clock may have been set back.
        (Some(_), Some(damage)) => bail!(
            "{damage}\nhint: name the backup to restore (`--list` shows them), or move the damaged one away"
        ),
        (None, Some(damage)) => bail!(
            "{damage}; there is no other backup in `{}`\nhint: what is left of the old files is in its `files/`",
            root.display()
        ),
        (None, None) => bail!(
            "there is no backup to restore in `{}`\nhint: nothing was committed there, or the backups were deleted",
            root.display()
        ),
    }
}

fn has_manifest(fs: &impl FileSystem, root: &Path, id: &str) -> bool {
    !matches!(Journal::load(fs, root, id), Ok(None))
}
