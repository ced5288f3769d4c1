//! Deletion where the standard library has no descriptors to offer.
//!
//! [`std::fs::remove_dir_all`] holds each directory open while it deletes in it, and follows no link. It ends at the
//! first thing that cannot be deleted.

use std::{ffi::OsStr, path::PathBuf};

use super::{
    super::{directory::Directory, walk::Tally},
    Removal,
};

/// Deletes the directory `name` in `parent`.
pub(in crate::target_dir) fn remove(
    parent: &Directory,
    name: &OsStr,
    directory: Directory,
) -> Removal {
    let bytes = |found: std::io::Result<Tally>| found.map_or(0, |tally| tally.bytes);
    let before = bytes(Tally::of(directory, None));
    let mut removal = Removal::default();
    match parent.remove_all(name) {
        Ok(()) => removal.is_gone = true,
        Err(error) => removal.leave(PathBuf::new, &error.to_string()),
    }
    let after = bytes(parent.child(name).and_then(|left| Tally::of(left, None)));
    removal.freed_bytes = before.saturating_sub(after);
    removal
}
