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

/// Directories kept open, counted from the deepest. A process may often have no more than 256 open files, and each
/// thread is on a way of its own.
const OPEN: usize = if cfg!(unix) { 8 } else { usize::MAX };

/// Directories one in the other; there is always at least one, and the deepest is open.
#[derive(Debug)]
pub(super) struct Descent<T> {
    /// The way to the first of them from where somebody else set out, and how many directories that is.
    start: PathBuf,
    start_depth: usize,
    above: Vec<Level<T>>,
    deepest: Level<T>,
}

/// Directories yet to be entered, for another thread: a part of those in one directory.
#[derive(Debug)]
pub(super) struct Share<T> {
    pub(super) directory: Directory,
    pub(super) state: T,
    pub(super) pending: Vec<OsString>,
    start: PathBuf,
    start_depth: usize,
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

impl<T> Share<T> {
    /// A directory, in which nothing is pending yet.
    pub(super) fn new(directory: Directory, state: T) -> Self {
        Self { directory, state, pending: Vec::new(), start: PathBuf::new(), start_depth: 0 }
    }
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
        Self { start: PathBuf::new(), start_depth: 0, above: Vec::new(), deepest }
    }

    /// Takes over a share.
    pub(super) fn of(share: Share<T>) -> Self {
        let Share { directory, state, pending, start, start_depth } = share;
        let mut deepest = Level::new(OsString::new(), directory, state);
        deepest.pending = pending;
        Self { start, start_depth, above: Vec::new(), deepest }
    }

    /// The directory being looked at.
    pub(super) fn directory(&self) -> &Directory {
        self.deepest.directory.as_ref().expect("the deepest directory is open")
    }

    pub(super) fn level(&mut self) -> &mut Level<T> {
        &mut self.deepest
    }

    pub(super) fn state(&self) -> &T {
        &self.deepest.state
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
        self.start_depth + self.above.len()
    }

    /// How many directories are open.
    #[cfg(all(test, unix))]
    pub(super) fn open(&self) -> usize {
        self.above.iter().filter(|level| level.directory.is_some()).count() + 1
    }

    /// The way to an entry of the directory being looked at, from the first one down.
    pub(super) fn path_of(&self, name: &OsStr) -> PathBuf {
        let mut path = self.path_of_level(self.above.len());
        path.push(name);
        path
    }

    fn path_of_level(&self, position: usize) -> PathBuf {
        let below = self.above.iter().chain([&self.deepest]).take(position + 1).skip(1);
        let mut path = self.start.clone();
        path.extend(below.map(|level| &level.name));
        path
    }
}

impl<T: Clone> Descent<T> {
    /// What another thread may do of what is pending: half of it in the directory furthest up that is open.
    /// `None` where there is nothing to spare.
    pub(super) fn split(&mut self) -> Option<Share<T>> {
        let first = self.above.len().saturating_sub(OPEN);
        let last = self.above.len();
        let position = (first..=last).find(|position| {
            let least = if *position == last { 2 } else { 1 };
            self.at(*position).pending.len() >= least
        })?;
        let start = self.path_of_level(position);
        let level = self.at_mut(position);
        let directory = level.directory.as_ref()?.again().ok()?;
        let half = level.pending.len() / 2;
        let pending = level.pending.split_off(half);
        let state = level.state.clone();
        Some(Share { directory, state, pending, start, start_depth: self.start_depth + position })
    }

    /// The directory being looked at for another thread, with nothing pending.
    ///
    /// # Errors
    /// When the process has too many files open.
    pub(super) fn share(&self) -> io::Result<Share<T>> {
        Ok(Share {
            directory: self.directory().again()?,
            state: self.deepest.state.clone(),
            pending: Vec::new(),
            start: self.path_of_level(self.above.len()),
            start_depth: self.depth(),
        })
    }

    fn at(&self, position: usize) -> &Level<T> {
        self.above.get(position).unwrap_or(&self.deepest)
    }

    fn at_mut(&mut self, position: usize) -> &mut Level<T> {
        self.above.get_mut(position).unwrap_or(&mut self.deepest)
    }
}
