//! Deletion by several threads at once of whatever gives no trouble.
//!
//! Nothing is said of what stays: whoever deletes the rest finds it, and why. So a thread never waits for another: a
//! directory of which another thread has not emptied its share stays, too.

use std::{
    ffi::{OsStr, OsString},
    io,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use super::super::{
    Progress,
    crew::locked,
    descent::Descent,
    directory::{Attributes, Directory, Identity, Kind, Names},
    roam::{Visit, roam, roam_entries},
};

/// Files with several names that can be deleted at a time.
const SHELVES: usize = 16;

/// What the threads did.
#[derive(Debug)]
pub(super) struct Swept {
    /// Apparent size of the deleted files that had no other name.
    pub(super) freed_bytes: u64,
    /// How many of the entries that were named are gone.
    pub(super) gone: u64,
}

/// Deletes what lies in a directory. Returns the apparent size of the deleted files that had no other name.
pub(super) fn below(directory: &Directory, progress: &Progress) -> u64 {
    let sweep = Sweep::new(progress);
    if let Ok(directory) = directory.again() {
        roam(&sweep, directory, Place::Below);
    }
    sweep.swept().freed_bytes
}

/// Deletes entries of a directory.
pub(super) fn entries(directory: &Directory, names: Names, progress: &Progress) -> Swept {
    let sweep = Sweep::new(progress);
    // If it cannot be opened once more, all is left to whoever deletes the rest.
    let _ = roam_entries(&sweep, directory, Place::Top, names);
    sweep.swept()
}

/// Whether a directory is the one whose entries were named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Top,
    Below,
}

struct Sweep<'a> {
    progress: &'a Progress,
    freed_bytes: AtomicU64,
    gone: AtomicU64,
    /// Of two threads that each delete a name of one file, one deletes the last.
    linked: [Mutex<()>; SHELVES],
}

impl<'a> Sweep<'a> {
    fn new(progress: &'a Progress) -> Self {
        let (freed_bytes, gone) = (AtomicU64::new(0), AtomicU64::new(0));
        Self { progress, freed_bytes, gone, linked: Default::default() }
    }

    fn swept(self) -> Swept {
        let Self { freed_bytes, gone, .. } = self;
        Swept { freed_bytes: freed_bytes.into_inner(), gone: gone.into_inner() }
    }

    /// Deletes what is no directory. Returns what it frees.
    fn delete(&self, directory: &Directory, name: &OsStr, found: &Attributes) -> io::Result<u64> {
        let is_file = found.kind == Kind::File;
        if !is_file || found.names <= 1 {
            directory.remove_file(name)?;
            return Ok(if is_file { found.bytes } else { 0 });
        }
        let shelf = &self.linked[shelf(&found.identity)];
        let _one_at_a_time = locked(shelf);
        let found = directory.attributes_of(name)?;
        directory.remove_file(name)?;
        Ok(if found.names <= 1 { found.bytes } else { 0 })
    }
}

impl Visit for Sweep<'_> {
    type Place = Place;

    fn open(&self, above: &Descent<Place>, name: &OsStr) -> Option<(Directory, Place)> {
        let directory = above.directory().child_of_this_mount(name).ok()?;
        Some((directory, Place::Below))
    }

    fn wants(&self, _: Kind) -> bool {
        true
    }

    fn files(
        &self,
        directory: &Directory,
        place: &Place,
        names: &Names,
        directories: &mut Vec<OsString>,
    ) {
        let (mut gone, mut freed_bytes) = (0, 0);
        for name in names.iter() {
            match directory.attributes_of(name) {
                Ok(found) if found.kind == Kind::Directory => directories.push(name.to_os_string()),
                Ok(found) => {
                    if let Ok(freed) = self.delete(directory, name, &found) {
                        gone += 1;
                        freed_bytes += freed;
                    }
                }
                Err(_) => {}
            }
        }
        if *place == Place::Top {
            self.gone.fetch_add(gone, Ordering::Relaxed);
        }
        self.freed_bytes.fetch_add(freed_bytes, Ordering::Relaxed);
        self.progress.add(gone, freed_bytes);
    }

    fn goes_on_in_repository(&self, _: &Descent<Place>, _: &OsStr) -> bool {
        false
    }

    fn note_unread(&self, _: &Descent<Place>, _: io::Error) {}

    fn leave(&self, above: &Descent<Place>, name: &OsStr) {
        let is_gone = above.directory().remove_directory(name).is_ok();
        if is_gone && *above.state() == Place::Top {
            self.gone.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn note_moved(&self, _: &Descent<Place>) {}

    fn is_stopped(&self) -> bool {
        self.progress.is_stopped()
    }
}

fn shelf(identity: &Identity) -> usize {
    // The numbers of files that are made one after the other follow each other.
    (identity.1 % SHELVES as u64) as usize
}
