//! The walk over a directory tree that counts its files.
//!
//! Links are neither followed nor counted, and each file counts once however many names it has. What is
//! remembered of a single file is forgotten when its last name was seen: memory is taken by directories, not by
//! files. The result is the same in whatever order the threads get along.

use std::{
    collections::{BTreeMap, HashMap, hash_map::Entry},
    ffi::{OsStr, OsString},
    io,
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use super::{
    PACKAGE, Progress,
    crew::locked,
    descent::Descent,
    directory::{Attributes, Directory, Identity, Kind, Names},
    roam::{Visit, roam},
};

/// The regular files of a tree.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// How many there are.
    pub(super) files: u64,
    /// Apparent size of all.
    pub(super) bytes: u64,
    /// How many have a name below a `deps/` or `build/` that is not in `package/`.
    pub(super) artifacts: u64,
    /// Something within that a deletion must not touch: where, and what it is. Of several the first of the alphabet.
    pub(super) obstacle: Option<(PathBuf, &'static str)>,
    /// Entries that could not be looked at; nothing below them is counted.
    pub(super) unread: u64,
    /// Apparent sizes of the files by the directory of each, relative to the root: the one at the first of
    /// [`KINDS`] on its way, else the first alone. A file with names in two counts in the first of the alphabet.
    pub(super) parts: BTreeMap<PathBuf, u64>,
}

/// Directories of cargo's within that of a profile. Source: cargo's `src/cargo/core/compiler/layout.rs`.
const KINDS: [&str; 5] = [".fingerprint", "build", "deps", "examples", "incremental"];

impl Tally {
    /// Counts the files below a directory but for one of its own entries. What vanishes during the walk is
    /// left out.
    ///
    /// # Errors
    /// When the directory itself cannot be read.
    pub(super) fn of(
        root: Directory,
        left_out: Option<&str>,
        progress: &Progress,
    ) -> io::Result<Self> {
        let count = Count::new(left_out, progress);
        let place = count.root();
        roam(&count, root, place);
        count.tally()
    }
}

/// A directory in which sizes are summed.
#[derive(Debug)]
struct Part {
    path: PathBuf,
    bytes: AtomicU64,
}

#[derive(Debug)]
struct Linked {
    bytes: u64,
    unseen: u64,
    is_artifact: bool,
    /// The first of the alphabet.
    part: Arc<Part>,
}

/// What is to be known of a directory for the files in it.
#[derive(Debug, Clone)]
struct Place {
    part: Arc<Part>,
    /// No directory below is a part of its own.
    is_final: bool,
    is_artifact: bool,
    is_package: bool,
}

/// Files of so many threads with several names can be looked up at a time.
const SHELVES: usize = 16;

/// What all threads count into.
struct Count<'a> {
    left_out: Option<&'a str>,
    progress: &'a Progress,
    files: AtomicU64,
    artifacts: AtomicU64,
    parts: Mutex<BTreeMap<PathBuf, Arc<Part>>>,
    /// Files with more names than were seen so far.
    linked: [Mutex<HashMap<Identity, Linked>>; SHELVES],
    troubles: Mutex<Troubles>,
}

#[derive(Debug, Default)]
struct Troubles {
    obstacle: Option<(PathBuf, &'static str)>,
    unread: u64,
    /// Why the root could not be read.
    root: Option<io::Error>,
}

impl<'a> Count<'a> {
    fn new(left_out: Option<&'a str>, progress: &'a Progress) -> Self {
        Self {
            left_out,
            progress,
            files: AtomicU64::new(0),
            artifacts: AtomicU64::new(0),
            parts: Mutex::default(),
            linked: Default::default(),
            troubles: Mutex::default(),
        }
    }

    fn root(&self) -> Place {
        let part = self.part(PathBuf::new());
        Place { part, is_final: false, is_artifact: false, is_package: false }
    }

    fn part(&self, path: PathBuf) -> Arc<Part> {
        let mut parts = locked(&self.parts);
        let part = parts
            .entry(path)
            .or_insert_with_key(|path| Arc::new(Part { path: path.clone(), bytes: 0.into() }));
        Arc::clone(part)
    }

    /// Counts one more name of a file that has several. True if it is the first one seen.
    fn add_linked(&self, found: Attributes, place: &Place) -> bool {
        let mut linked = locked(&self.linked[shelf(&found.identity)]);
        match linked.entry(found.identity) {
            Entry::Vacant(entry) => {
                entry.insert(Linked {
                    bytes: found.bytes,
                    unseen: found.names - 1,
                    is_artifact: place.is_artifact,
                    part: Arc::clone(&place.part),
                });
                true
            }
            Entry::Occupied(mut entry) => {
                let linked = entry.get_mut();
                linked.unseen -= 1;
                linked.is_artifact |= place.is_artifact;
                if place.part.path < linked.part.path {
                    linked.part = Arc::clone(&place.part);
                }
                if linked.unseen == 0 {
                    self.settle(&entry.remove());
                }
                false
            }
        }
    }

    fn settle(&self, linked: &Linked) {
        self.artifacts.fetch_add(linked.is_artifact.into(), Ordering::Relaxed);
        linked.part.bytes.fetch_add(linked.bytes, Ordering::Relaxed);
    }

    fn note_obstacle(&self, descent: &Descent<Place>, name: &OsStr, what: &'static str) {
        let found = (descent.path_of(name), what);
        let obstacle = &mut locked(&self.troubles).obstacle;
        if obstacle.as_ref().is_none_or(|known| found < *known) {
            *obstacle = Some(found);
        }
    }

    fn note_error(&self, error: &io::Error) {
        let is_gone = matches!(
            error.kind(),
            // In the second case something else took its place.
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
        );
        locked(&self.troubles).unread += u64::from(!is_gone);
    }

    /// A directory that is about to be entered.
    fn place(&self, descent: &Descent<Place>, name: &OsStr) -> Place {
        let is_first = descent.depth() == 0;
        let above = descent.state();
        let is_kind = KINDS.iter().any(|kind| name == *kind);
        let is_own = !above.is_final && (is_kind || is_first);
        let is_package = above.is_package || is_first && name == PACKAGE;
        let is_unit = name == "deps" || name == "build";
        Place {
            part: match is_own {
                true => self.part(descent.path_of(name)),
                false => Arc::clone(&above.part),
            },
            is_final: above.is_final || is_kind,
            is_artifact: above.is_artifact || is_unit && !is_package,
            is_package,
        }
    }

    fn tally(self) -> io::Result<Tally> {
        for shelf in &self.linked {
            for (_, linked) in locked(shelf).drain() {
                self.settle(&linked);
            }
        }
        let Troubles { obstacle, unread, root } = std::mem::take(&mut *locked(&self.troubles));
        if let Some(error) = root {
            return Err(error);
        }
        let parts = locked(&self.parts);
        let sizes = parts.values().map(|part| (&part.path, part.bytes.load(Ordering::Relaxed)));
        let parts: BTreeMap<_, _> = sizes
            .filter(|(_, bytes)| *bytes > 0)
            .map(|(path, bytes)| (path.clone(), bytes))
            .collect();
        Ok(Tally {
            files: self.files.load(Ordering::Relaxed),
            bytes: parts.values().sum(),
            artifacts: self.artifacts.load(Ordering::Relaxed),
            obstacle,
            unread,
            parts,
        })
    }
}

impl Visit for Count<'_> {
    type Place = Place;

    fn open(&self, above: &Descent<Place>, name: &OsStr) -> Option<(Directory, Place)> {
        if above.depth() == 0 && self.left_out.is_some_and(|left_out| name == left_out) {
            return None;
        }
        let directory = match above.directory().child(name) {
            Ok(directory) => directory,
            Err(error) => {
                self.note_error(&error);
                return None;
            }
        };
        if !above.directory().shares_mount_with(&directory) {
            self.note_obstacle(above, name, "a mount point");
        }
        let place = self.place(above, name);
        Some((directory, place))
    }

    fn wants(&self, kind: Kind) -> bool {
        kind == Kind::File
    }

    fn files(
        &self,
        directory: &Directory,
        place: &Place,
        names: &Names,
        directories: &mut Vec<OsString>,
    ) {
        let (mut files, mut alone, mut bytes, mut bytes_alone) = (0, 0, 0, 0);
        for name in names.iter() {
            let found = match directory.attributes_of(name) {
                Ok(found) => found,
                Err(error) => {
                    self.note_error(&error);
                    continue;
                }
            };
            match found.kind {
                Kind::File if found.names <= 1 => {
                    alone += 1;
                    bytes_alone += found.bytes;
                }
                Kind::File => {
                    let size = found.bytes;
                    if self.add_linked(found, place) {
                        files += 1;
                        bytes += size;
                    }
                }
                Kind::Directory => directories.push(name.to_os_string()),
                Kind::Link | Kind::Other => {}
            }
        }
        self.files.fetch_add(files + alone, Ordering::Relaxed);
        place.part.bytes.fetch_add(bytes_alone, Ordering::Relaxed);
        if place.is_artifact {
            self.artifacts.fetch_add(alone, Ordering::Relaxed);
        }
        self.progress.add(files + alone, bytes + bytes_alone);
    }

    fn goes_on_in_repository(&self, descent: &Descent<Place>, name: &OsStr) -> bool {
        self.note_obstacle(descent, name, "a repository");
        true
    }

    fn note_unread(&self, descent: &Descent<Place>, error: io::Error) {
        if descent.depth() == 0 {
            locked(&self.troubles).root = Some(error);
        } else {
            self.note_error(&error);
        }
    }

    fn note_moved(&self, _: &Descent<Place>) {
        locked(&self.troubles).unread += 1;
    }

    fn is_stopped(&self) -> bool {
        self.progress.is_stopped()
    }
}

fn shelf(identity: &Identity) -> usize {
    use std::hash::{DefaultHasher, Hash as _, Hasher as _};
    let mut hasher = DefaultHasher::new();
    identity.hash(&mut hasher);
    (hasher.finish() % SHELVES as u64) as usize
}
