//! Deletes entries of a directory with everything in them, and nothing that lies elsewhere.
//!
//! A directory swapped for a link, or moved, while this goes on is never followed. What cannot be deleted stays,
//! with the directories that hold it, and is named; the rest goes.

use std::{
    ffi::{OsStr, OsString},
    io,
    path::{Component, Path, PathBuf},
};

#[cfg(unix)]
use super::directory::Names;
use super::{Progress, directory::Directory};

#[cfg(not(unix))]
mod elsewhere;
#[cfg(unix)]
mod rest;
#[cfg(unix)]
mod sweep;

#[cfg(not(unix))]
pub(super) use elsewhere::remove;
#[cfg(not(unix))]
use elsewhere::remove_entry;
#[cfg(unix)]
use rest::remove_entry;

/// How many of the things that stay are named. A directory may hold a million of them.
pub(super) const NAMED: usize = 10;

/// Why something stays when the deletion was asked to stop.
const STOPPED: &str = "the deletion was stopped";

/// What a deletion did.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Removal {
    /// Apparent size of the deleted files that had no other name.
    pub(super) freed_bytes: u64,
    /// Whether the directory itself is gone.
    pub(super) is_gone: bool,
    /// What stayed, and why: the first [`NAMED`]. Paths are relative to the directory; an empty one is its own.
    pub(super) left: Vec<(PathBuf, String)>,
    /// How much else stayed.
    pub(super) unnamed: u64,
}

impl Removal {
    /// Of an entry that stays as a whole.
    fn kept(reason: &str) -> Self {
        Self { left: vec![(PathBuf::new(), reason.to_owned())], ..Self::default() }
    }

    fn leave(&mut self, path: impl FnOnce() -> PathBuf, reason: &str) {
        if self.left.len() < NAMED {
            self.left.push((path(), reason.to_owned()));
        } else {
            self.unnamed += 1;
        }
    }
}

/// Deletes the directory `name` in `parent`, which was opened as `directory`. If another one has that name by now,
/// that one stays unless it is empty.
///
/// First several threads delete what gives no trouble, and then this one what they left, and the directory.
#[cfg(unix)]
pub(super) fn remove(
    parent: &Directory,
    name: &OsStr,
    directory: Directory,
    progress: &Progress,
) -> Removal {
    let swept = sweep::below(&directory, progress);
    let mut removal = rest::remove(parent, name, directory, progress);
    removal.freed_bytes += swept;
    removal
}

/// What the deletion of entries of one directory did.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Removed {
    /// Apparent size of the deleted files that had no other name.
    pub(crate) freed_bytes: u64,
    /// The entries that are still there, whole or in part, in the order in which they were named. All others are gone.
    pub(crate) kept: Vec<OsString>,
    /// What stayed of them, and why: the first few. Paths are relative to the directory.
    pub(crate) left: Vec<(PathBuf, String)>,
    /// How much else stayed.
    pub(crate) unnamed: u64,
}

/// Deletes entries of a directory, files and directories with everything in them. What is mounted and what shows
/// itself to be a repository stays, and a link goes without what it leads to. Names that are not there are gone.
///
/// If it is [stopped](Progress::stop), what is there then stays. Progress counts deleted files, and freed bytes.
pub(crate) fn remove_entries(
    directory: &Directory,
    names: &[OsString],
    progress: &Progress,
) -> Removed {
    let mut removed = Removed::default();
    #[cfg(unix)]
    {
        let mut packed = Names::default();
        names.iter().filter(|name| is_entry(name)).for_each(|name| packed.push(name));
        let swept = sweep::entries(directory, packed, progress);
        removed.freed_bytes = swept.freed_bytes;
        if swept.gone == names.len() as u64 {
            return removed;
        }
    }
    for name in names {
        let removal = if !is_entry(name) {
            Removal::kept("not the name of an entry")
        } else if directory.attributes_of(name).is_err_and(|error| is_gone(&error)) {
            continue;
        } else if progress.is_stopped() {
            Removal::kept(STOPPED)
        } else {
            remove_entry(directory, name, progress)
        };
        removed.freed_bytes += removal.freed_bytes;
        removed.unnamed += removal.unnamed;
        if !removal.is_gone {
            removed.kept.push(name.clone());
        }
        for (path, reason) in removal.left {
            if removed.left.len() < NAMED {
                let top = PathBuf::from(name);
                let path = if path.as_os_str().is_empty() { top } else { top.join(path) };
                removed.left.push((path, reason));
            } else {
                removed.unnamed += 1;
            }
        }
    }
    removed
}

/// Whether a name leads to an entry of the directory itself, if to anything.
fn is_entry(name: &OsStr) -> bool {
    let mut components = Path::new(name).components();
    matches!(components.next(), Some(Component::Normal(first)) if first == name)
        && components.next().is_none()
}

fn is_gone(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound
}
