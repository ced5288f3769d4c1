//! Deletion where the standard library has no descriptors to offer.
//!
//! [`std::fs::remove_dir_all`] holds each directory open while it deletes in it, and follows no link. It ends at the
//! first thing that cannot be deleted.

use std::{ffi::OsStr, io, path::PathBuf};

use super::{
    super::{
        Progress,
        directory::{Directory, Kind},
        walk::Tally,
    },
    Removal, is_gone,
};

/// Deletes the entry `name` of a directory, whatever it is.
pub(super) fn remove_entry(parent: &Directory, name: &OsStr, progress: &Progress) -> Removal {
    let found = match parent.attributes_of(name) {
        Ok(found) if found.kind == Kind::Directory => {
            return match parent.child(name) {
                Ok(directory) => remove(parent, name, directory, progress),
                Err(error) => Removal::kept(&error.to_string()),
            };
        }
        found => found,
    };
    match found.and_then(|found| parent.remove_file(name).map(|()| found)) {
        Ok(found) => {
            let freed_bytes = if found.kind == Kind::File { found.bytes } else { 0 };
            progress.add(1, freed_bytes);
            Removal { freed_bytes, is_gone: true, ..Removal::default() }
        }
        Err(error) if is_gone(&error) => Removal { is_gone: true, ..Removal::default() },
        Err(error) => Removal::kept(&error.to_string()),
    }
}

/// Deletes the directory `name` in `parent`.
pub(in super::super) fn remove(
    parent: &Directory,
    name: &OsStr,
    directory: Directory,
    progress: &Progress,
) -> Removal {
    let count = |found: io::Result<Directory>| {
        let tally = found.and_then(|found| Tally::of(found, None, &Progress::default()));
        tally.unwrap_or_default()
    };
    let before = count(Ok(directory));
    let mut removal = Removal::default();
    match parent.remove_all(name) {
        Ok(()) => removal.is_gone = true,
        Err(error) => removal.leave(PathBuf::new, &error.to_string()),
    }
    let after = count(parent.child(name));
    removal.freed_bytes = before.bytes.saturating_sub(after.bytes);
    progress.add(before.files.saturating_sub(after.files), removal.freed_bytes);
    removal
}
