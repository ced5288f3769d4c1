//! One run at a time on a workspace.
//!
//! Invariant: the lock is the kernel's, on an open file, so it ends with the process that holds
//! it, however that dies. On Unix it is taken on the workspace directory itself and leaves nothing
//! there. Who holds it is noted in the temporary directory, as a courtesy: nothing relies on it.

use std::{
    env,
    fs::{self, File, TryLockError},
    io::{self, Write as _},
    path::{Path, PathBuf},
    process,
};

use anyhow::{Context as _, Result, bail};
use chrono::{DateTime, FixedOffset, Local};
use serde::{Deserialize, Serialize};

use crate::files::sha256;

#[cfg(test)]
mod tests;

/// More than any note this tool writes.
const MAX_NOTE_BYTES: u64 = 4096;

/// The right to change a workspace; ends when dropped.
#[derive(Debug)]
pub(crate) struct WorkspaceLock {
    note: PathBuf,
    /// Closing it ends the lock.
    _file: File,
}

/// Who holds a lock.
#[derive(Debug, Serialize, Deserialize)]
struct Holder {
    pid: u32,
    command: String,
    since: DateTime<FixedOffset>,
}

impl WorkspaceLock {
    /// Takes the lock of a workspace, or says who has it; does not wait.
    ///
    /// # Errors
    /// When another run holds it: with its process, command and start, as far as known. When the
    /// directory cannot be opened, or the file system knows no locks.
    pub(crate) fn acquire(root: &Path, command: &str) -> Result<Self> {
        let root =
            root.canonicalize().with_context(|| format!("failed to find `{}`", root.display()))?;
        let key = sha256(root.as_os_str().as_encoded_bytes());
        let note = env::temp_dir().join(format!("xtask-{}.holder", &key[..16]));
        let file = match lock(&root, &key) {
            Ok(file) => file,
            Err(TryLockError::WouldBlock) => bail!(occupied(&root, &note)),
            Err(TryLockError::Error(error)) => {
                return Err(error).with_context(|| format!("failed to lock `{}`", root.display()));
            }
        };
        // Best effort: without the note the lock holds all the same, only its error says less.
        let _ = write_note(&note, command);
        Ok(Self { note, _file: file })
    }
}

impl Drop for WorkspaceLock {
    fn drop(&mut self) {
        // Best effort, while the lock still holds: a note left behind names a dead process.
        let _ = fs::remove_file(&self.note);
    }
}

#[cfg(unix)]
fn lock(root: &Path, _key: &str) -> Result<File, TryLockError> {
    let directory = File::open(root).map_err(TryLockError::Error)?;
    directory.try_lock()?;
    Ok(directory)
}

/// Directories cannot be opened as files here.
#[cfg(not(unix))]
fn lock(_root: &Path, key: &str) -> Result<File, TryLockError> {
    let path = env::temp_dir().join(format!("xtask-{}.lock", &key[..16]));
    let options = File::options().write(true).create(true).truncate(false).open(path);
    let file = options.map_err(TryLockError::Error)?;
    file.try_lock()?;
    Ok(file)
}

/// Replaces the note in one step: in a directory that all may write, a link that somebody put
/// under its name must not be followed.
fn write_note(note: &Path, command: &str) -> io::Result<()> {
    let holder = Holder {
        pid: process::id(),
        command: command.to_owned(),
        since: Local::now().fixed_offset(),
    };
    let directory = note.parent().expect("the note is in the temporary directory");
    let mut file = tempfile::NamedTempFile::new_in(directory)?;
    file.write_all(&serde_json::to_vec(&holder)?)?;
    file.persist(note)?;
    Ok(())
}

fn occupied(root: &Path, note: &Path) -> String {
    let holder = match read_note(note) {
        Some(Holder { pid, command, since }) => {
            let command: String = command.chars().filter(|c| !c.is_control()).collect();
            let since = since.format("%Y-%m-%d %H:%M:%S");
            format!("`{command}`, process {pid}, since {since}")
        }
        None => "who that is, it did not say".to_owned(),
    };
    format!(
        "another run is working on `{}`: {holder}\nhint: wait for it, or end it",
        root.display()
    )
}

/// The note, unless it is another user's invention or names a process that is gone.
fn read_note(note: &Path) -> Option<Holder> {
    let metadata = fs::symlink_metadata(note).ok()?;
    if !metadata.is_file() || metadata.len() > MAX_NOTE_BYTES {
        return None;
    }
    let holder: Holder = serde_json::from_slice(&fs::read(note).ok()?).ok()?;
    is_alive(holder.pid).then_some(holder)
}

#[cfg(unix)]
fn is_alive(pid: u32) -> bool {
    use rustix::{io::Errno, process};
    let pid = i32::try_from(pid).ok().and_then(process::Pid::from_raw);
    // A process of another user may not be signalled but is there.
    pid.is_some_and(|pid| matches!(process::test_kill_process(pid), Ok(()) | Err(Errno::PERM)))
}

#[cfg(not(unix))]
fn is_alive(_pid: u32) -> bool {
    true
}
