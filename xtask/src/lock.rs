//! One run at a time on a workspace.
//!
//! Invariant: the lock is the kernel's, on an open file, so it ends with the process that holds
//! it, however that dies. On Unix it is taken on the workspace directory itself and leaves nothing
//! there. Who holds it is for the message alone: nothing relies on it.

use std::{
    fs::File,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use anyhow::{Context as _, Result, bail};

use crate::{files::sha256, interrupt};

mod holder;
mod proc;

#[cfg(test)]
mod tests;

use holder::Note;

/// How often it is looked who holds the lock, and the pause between two looks: a run that has taken the
/// lock writes its note a moment later, and one that has just ended leaves the lock free.
const LOOKS: u32 = 20;
const PAUSE: Duration = Duration::from_millis(25);

/// The right to change a workspace; ends when dropped.
#[derive(Debug)]
pub(crate) struct WorkspaceLock {
    note: Note,
    /// Closing it ends the lock.
    _file: File,
}

impl WorkspaceLock {
    /// Takes the lock of a workspace, or says who has it. Does not wait for a run to end, but for half a
    /// second to learn who it is.
    ///
    /// # Errors
    /// When another run holds it: with its process, command and start, as far as known. When the
    /// directory cannot be opened, or the file system knows no locks. When the user interrupts.
    pub(crate) fn acquire(root: &Path, command: &str) -> Result<Self> {
        let root =
            root.canonicalize().with_context(|| format!("failed to find `{}`", root.display()))?;
        Self::acquire_with(&root, Note::of(&root), command)
    }

    /// The same with the place of the note. `root` is canonical.
    fn acquire_with(root: &Path, note: Note, command: &str) -> Result<Self> {
        let mut looks = 0;
        loop {
            interrupt::check()?;
            let tried = lock(root);
            if let Ok(file) = tried {
                // Best effort: without the note the lock holds all the same, only its error says less.
                let _ = note.write(command);
                return Ok(Self { note, _file: file });
            }
            if let Err(std::fs::TryLockError::Error(error)) = tried {
                return Err(error).with_context(|| format!("failed to lock `{}`", root.display()));
            }
            let found = holder::find(root, &note);
            looks += 1;
            if found.is_noted() || looks == LOOKS {
                bail!(found.refusal(root));
            }
            thread::sleep(PAUSE);
        }
    }
}

impl Drop for WorkspaceLock {
    fn drop(&mut self) {
        // Best effort, while the lock still holds: a note left behind names a dead process.
        let _ = self.note.remove();
    }
}

#[cfg(unix)]
fn lock(root: &Path) -> Result<File, std::fs::TryLockError> {
    let directory = File::open(root).map_err(std::fs::TryLockError::Error)?;
    directory.try_lock()?;
    Ok(directory)
}

/// Directories cannot be opened as files here.
#[cfg(not(unix))]
fn lock(root: &Path) -> Result<File, std::fs::TryLockError> {
    let options =
        File::options().write(true).create(true).truncate(false).open(place(root, "lock"));
    let file = options.map_err(std::fs::TryLockError::Error)?;
    file.try_lock()?;
    Ok(file)
}

/// A file in the temporary directory that belongs to one workspace.
fn place(root: &Path, extension: &str) -> PathBuf {
    let key = sha256(root.as_os_str().as_encoded_bytes());
    std::env::temp_dir().join(format!("xtask-{}.{extension}", &key[..16]))
}
