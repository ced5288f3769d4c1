//! The way from a directory down to the one being looked at.
//!
//! However deep it gets, few directories of it are open at a time, and none is reached twice by different ways:
//! one that was closed is opened again from the one below it, and must be the same.

use std::{
    ffi::{OsStr, OsString},
    io,
    path::PathBuf,
};

use super::directory::Directory;

/// Directories kept open, counted from the deepest. A process may often have no more than 256 open files.
const OPEN: usize = if cfg!(unix) { 32 } else { usize::MAX };

/// Directories one in the other; there is always at least one, and the deepest is open.
#[derive(Debug)]
pub(super) struct Descent<T> {
    above: Vec<Level<T>>,
    deepest: Level<T>,
}

/// One directory on the way.
#[derive(Debug)]
pub(super) struct Level<T> {
    pub(super) name: OsString,
    directory: Option<Directory>,
    #[cfg(unix)]
    identity: super::directory::Identity,
    /// Directories in it that are yet to be entered.
    pub(super) pending: Vec<OsString>,
    pub(super) state: T,
}

impl<T> Level<T> {
    pub(super) fn new(name: OsString, directory: Directory, state: T) -> Self {
        Self {
            name,
            #[cfg(unix)]
            identity: directory.identity(),
            directory: Some(directory),
            pending: Vec::new(),
            state,
        }
    }
}

impl<T> Descent<T> {
    pub(super) fn new(name: &OsStr, directory: Directory, state: T) -> Self {
        let deepest = Level::new(name.to_os_string(), directory, state);
        Self { above: Vec::new(), deepest }
    }

    /// The directory being looked at.
    pub(super) fn directory(&self) -> &Directory {
        self.deepest.directory.as_ref().expect("the deepest directory is open")
    }

    pub(super) fn level(&mut self) -> &mut Level<T> {
        &mut self.deepest
    }

    /// Steps down.
    pub(super) fn enter(&mut self, level: Level<T>) {
        self.above.push(std::mem::replace(&mut self.deepest, level));
        if let Some(distant) = self.above.len().checked_sub(OPEN) {
            self.above[distant].directory = None;
        }
    }

    /// Steps up and returns what was left; `None` at the top, where it stays.
    ///
    /// # Errors
    /// When the directory above was closed and the one below lies in it no more.
    pub(super) fn leave(&mut self) -> io::Result<Option<Level<T>>> {
        let Some(level) = self.above.pop() else {
            return Ok(None);
        };
        #[cfg(unix)]
        let mut level = level;
        #[cfg(unix)]
        if level.directory.is_none() {
            let parent = self.directory().parent()?;
            if parent.identity() != level.identity {
                return Err(io::Error::other("a directory was moved meanwhile"));
            }
            level.directory = Some(parent);
        }
        Ok(Some(std::mem::replace(&mut self.deepest, level)))
    }

    /// How many directories lie above the one being looked at.
    pub(super) fn depth(&self) -> usize {
        self.above.len()
    }

    /// How many directories are open.
    #[cfg(all(test, unix))]
    pub(super) fn open(&self) -> usize {
        self.above.iter().filter(|level| level.directory.is_some()).count() + 1
    }

    /// The way to an entry of the directory being looked at, from the first one down.
    pub(super) fn path_of(&self, name: &OsStr) -> PathBuf {
        let below = self.above.iter().chain([&self.deepest]).skip(1);
        below.map(|level| level.name.as_os_str()).chain([name]).collect()
    }
}
