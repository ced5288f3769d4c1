//! Deletes a directory with everything in it, and nothing that lies elsewhere.
//!
//! A directory swapped for a link, or moved, while this goes on is never followed. What cannot be deleted stays,
//! with the directories that hold it, and is named; the rest goes.

use std::path::PathBuf;

#[cfg(not(unix))]
mod elsewhere;
#[cfg(unix)]
mod unix;

#[cfg(not(unix))]
pub(super) use elsewhere::remove;
#[cfg(unix)]
pub(super) use unix::remove;

/// How many of the things that stay are named. A directory may hold a million of them.
pub(super) const NAMED: usize = 10;

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
    fn leave(&mut self, path: impl FnOnce() -> PathBuf, reason: &str) {
        if self.left.len() < NAMED {
            self.left.push((path(), reason.to_owned()));
        } else {
            self.unnamed += 1;
        }
    }
}
