//! What each entry of one directory holds.
//!
//! Only the entries of that directory are remembered, nothing of what lies below them, by however many threads it is
//! counted. Links are not followed.

use std::{
    ffi::{OsStr, OsString},
    io,
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

use super::{
    Progress,
    crew::locked,
    descent::Descent,
    directory::{Attributes, Directory, Identity, Kind, Names},
    roam::{Visit, roam},
};

/// An entry of a directory, with everything in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Holding {
    pub(crate) name: OsString,
    pub(crate) kind: Kind,
    /// Regular files: one, if it is one itself. Each name counts.
    pub(crate) files: u64,
    /// Their apparent size.
    pub(crate) bytes: u64,
    /// Those that have several names, here or elsewhere: to delete one of the names frees nothing.
    pub(crate) linked: Vec<Linked>,
    /// The newest modification time of it and of anything in it.
    pub(crate) newest: SystemTime,
    /// Entries that could not be looked at. Nothing in them is counted.
    pub(crate) unread: u64,
}

/// One name of a file that has several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Linked {
    pub(crate) identity: Identity,
    /// How many names it has.
    pub(crate) names: u64,
    pub(crate) bytes: u64,
}

impl Linked {
    /// One name of a file with these attributes, if it has several.
    pub(super) fn of(found: &Attributes) -> Option<Self> {
        let Attributes { kind, identity, names, bytes, .. } = *found;
        (kind == Kind::File && names > 1).then_some(Self { identity, names, bytes })
    }
}

/// Looks at every entry of a directory and at what is in it, in the order of their names. What vanishes meanwhile is
/// left out. If it is [stopped](Progress::stop), what was not seen yet is not there.
///
/// Memory is taken by the entries, by the directories on the way and beside it, and by names of files that have
/// several; not by the number of files.
///
/// # Errors
/// When the directory itself cannot be read.
pub(crate) fn holdings(directory: &Directory, progress: &Progress) -> io::Result<Vec<Holding>> {
    let census = Census {
        progress,
        found: Mutex::default(),
        entered: Mutex::default(),
        failed: Mutex::default(),
    };
    roam(&census, directory.again()?, None);
    let Census { found, entered, failed, .. } = census;
    if let Some(error) = inner(failed) {
        return Err(error);
    }
    let mut found = inner(found);
    // The threads are gone, and with them all others that held these.
    found.extend(
        inner(entered).into_iter().filter_map(|entry| Some(inner(Arc::into_inner(entry)?))),
    );
    found.sort_unstable_by(|one, other| one.name.cmp(&other.name));
    Ok(found)
}

/// The entry that a directory lies in; `None` for the one whose entries these are.
type Place = Option<Arc<Mutex<Holding>>>;

struct Census<'a> {
    progress: &'a Progress,
    /// What is no directory.
    found: Mutex<Vec<Holding>>,
    /// What is one.
    entered: Mutex<Vec<Arc<Mutex<Holding>>>>,
    /// Why the directory itself could not be read.
    failed: Mutex<Option<io::Error>>,
}

impl Holding {
    fn of(name: &OsStr, found: &Attributes) -> Self {
        let mut holding = Self::empty(name, found.kind, found.modified);
        holding.add(found);
        holding
    }

    fn empty(name: &OsStr, kind: Kind, newest: SystemTime) -> Self {
        let name = name.to_os_string();
        Self { name, kind, files: 0, bytes: 0, linked: Vec::new(), newest, unread: 0 }
    }

    fn add(&mut self, found: &Attributes) {
        self.newest = self.newest.max(found.modified);
        if found.kind == Kind::File {
            self.files += 1;
            self.bytes += found.bytes;
            self.linked.extend(Linked::of(found));
        }
    }

    fn note_error(&mut self, error: &io::Error) {
        // In the second case something else took its place.
        let gone = [io::ErrorKind::NotFound, io::ErrorKind::NotADirectory];
        self.unread += u64::from(!gone.contains(&error.kind()));
    }
}

impl Census<'_> {
    /// An entry that cannot be looked into is listed all the same.
    fn note_closed(&self, above: &Descent<Place>, name: &OsStr, error: &io::Error) {
        if let Some(entry) = above.state() {
            return locked(entry).note_error(error);
        }
        if let Ok(found) = above.directory().attributes_of(name) {
            let mut holding = Holding::of(name, &found);
            holding.unread = u64::from(found.kind == Kind::Directory);
            locked(&self.found).push(holding);
        }
    }
}

impl Visit for Census<'_> {
    type Place = Place;

    fn open(&self, above: &Descent<Place>, name: &OsStr) -> Option<(Directory, Place)> {
        let directory = match above.directory().child(name) {
            Ok(directory) => directory,
            Err(error) => {
                self.note_closed(above, name, &error);
                return None;
            }
        };
        let modified = directory.modified();
        let entry = match above.state() {
            Some(entry) => {
                let mut holding = locked(entry);
                holding.newest = holding.newest.max(modified);
                Arc::clone(entry)
            }
            None => {
                let holding = Holding::empty(name, Kind::Directory, modified);
                let entry = Arc::new(Mutex::new(holding));
                locked(&self.entered).push(Arc::clone(&entry));
                entry
            }
        };
        Some((directory, Some(entry)))
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
        let mut sum = Holding::empty(OsStr::new(""), Kind::Directory, SystemTime::UNIX_EPOCH);
        let mut own = Vec::new();
        for name in names.iter() {
            match directory.attributes_of(name) {
                Ok(found) if found.kind == Kind::Directory => directories.push(name.to_os_string()),
                Ok(found) => {
                    sum.add(&found);
                    if place.is_none() {
                        own.push(Holding::of(name, &found));
                    }
                }
                Err(error) => sum.note_error(&error),
            }
        }
        self.progress.add(sum.files, sum.bytes);
        let Some(entry) = place else {
            return locked(&self.found).append(&mut own);
        };
        let mut holding = locked(entry);
        holding.files += sum.files;
        holding.bytes += sum.bytes;
        holding.linked.append(&mut sum.linked);
        holding.newest = holding.newest.max(sum.newest);
        holding.unread += sum.unread;
    }

    fn goes_on_in_repository(&self, _: &Descent<Place>, _: &OsStr) -> bool {
        true
    }

    fn note_unread(&self, descent: &Descent<Place>, error: io::Error) {
        match descent.state() {
            Some(entry) => locked(entry).note_error(&error),
            None => *locked(&self.failed) = Some(error),
        }
    }

    fn note_moved(&self, descent: &Descent<Place>) {
        if let Some(entry) = descent.state() {
            locked(entry).unread += 1;
        }
    }

    fn is_stopped(&self) -> bool {
        self.progress.is_stopped()
    }
}

fn inner<T>(mutex: Mutex<T>) -> T {
    mutex.into_inner().unwrap_or_else(PoisonError::into_inner)
}
