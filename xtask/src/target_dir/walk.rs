//! The walk over a directory tree that counts its files.
//!
//! Links are neither followed nor counted, and each file counts once however many names it has. What is
//! remembered of a single file is forgotten when its last name was seen: memory is taken by directories, not by
//! files.

use std::{
    collections::{BTreeMap, HashMap, hash_map::Entry},
    ffi::OsStr,
    io,
    path::{Path, PathBuf},
};

use super::{
    PACKAGE,
    descent::{Descent, Level},
    directory::{self, Attributes, Directory, Identity, Kind},
};

/// The regular files of a tree.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// How many there are.
    pub(super) files: u64,
    /// Apparent size of all.
    pub(super) bytes: u64,
    /// How many have a name below a `deps/` or `build/` that is not in `package/`.
    pub(super) artifacts: u64,
    /// The first thing within that a deletion must not touch: where, and what it is.
    pub(super) obstacle: Option<(PathBuf, &'static str)>,
    /// Entries that could not be looked at; nothing below them is counted.
    pub(super) unread: u64,
    parts: Parts,
    /// Files with more names than were seen so far.
    linked: HashMap<Identity, Linked>,
}

/// Sizes by directory; each directory is named by its position.
#[derive(Debug, Default)]
struct Parts {
    positions: HashMap<PathBuf, usize>,
    sizes: Vec<(PathBuf, u64)>,
}

#[derive(Debug)]
struct Linked {
    bytes: u64,
    unseen: u64,
    is_artifact: bool,
    /// The first of the alphabet.
    part: usize,
}

/// What is to be known of a directory for the files in it.
#[derive(Debug, Clone, Copy)]
struct Place {
    part: usize,
    /// No directory below is a part of its own.
    is_final: bool,
    is_artifact: bool,
    is_package: bool,
}

impl Tally {
    /// Counts the files below a directory but for one of its own entries. What vanishes during the walk is
    /// left out.
    ///
    /// # Errors
    /// When the directory itself cannot be read.
    pub(super) fn of(root: Directory, left_out: Option<&str>) -> io::Result<Tally> {
        let mut tally = Tally::default();
        let part = tally.parts.position(PathBuf::new());
        let place = Place { part, is_final: false, is_artifact: false, is_package: false };
        let mut descent = Descent::new(OsStr::new(""), root, place);
        tally.read(&mut descent)?;
        if let Some(left_out) = left_out {
            descent.level().pending.retain(|name| name != left_out);
        }
        loop {
            let Some(name) = descent.level().pending.pop() else {
                match descent.leave() {
                    Ok(Some(_)) => continue,
                    Ok(None) => break,
                    // Somebody moved it: what is above was counted, what lies beside it was not.
                    Err(_) => {
                        tally.unread += 1;
                        break;
                    }
                }
            };
            let directory = match descent.directory().child(&name) {
                Ok(directory) => directory,
                Err(error) => {
                    tally.note_unread(&error);
                    continue;
                }
            };
            if !descent.directory().shares_mount_with(&directory) {
                tally.note_obstacle(&descent, &name, "a mount point");
            }
            let place = tally.place(&mut descent, &name);
            descent.enter(Level::new(name, directory, place));
            if let Err(error) = tally.read(&mut descent) {
                tally.note_unread(&error);
            }
        }
        let rest: Vec<Linked> = tally.linked.drain().map(|(_, linked)| linked).collect();
        for linked in rest {
            tally.settle(linked.bytes, linked.is_artifact, linked.part);
        }
        Ok(tally)
    }

    /// Counts the files of the directory being looked at and notes its directories.
    fn read(&mut self, descent: &mut Descent<Place>) -> io::Result<()> {
        let place = descent.level().state;
        let mut pending = Vec::new();
        for entry in descent.directory().entries()? {
            let (name, kind) = entry?;
            if directory::is_repository(&name) {
                self.note_obstacle(descent, &name, "a repository");
            }
            match kind {
                Some(Kind::Directory) => pending.push(name),
                Some(Kind::Link | Kind::Other) => {}
                Some(Kind::File) | None => match descent.directory().attributes_of(&name) {
                    Ok(found) if found.kind == Kind::File => self.add(found, place),
                    Ok(found) if found.kind == Kind::Directory => pending.push(name),
                    Ok(_) => {}
                    Err(error) => self.note_unread(&error),
                },
            }
        }
        descent.level().pending = pending;
        Ok(())
    }

    fn add(&mut self, found: Attributes, place: Place) {
        if found.names <= 1 {
            self.files += 1;
            self.bytes += found.bytes;
            self.settle(found.bytes, place.is_artifact, place.part);
            return;
        }
        match self.linked.entry(found.identity) {
            Entry::Vacant(entry) => {
                self.files += 1;
                self.bytes += found.bytes;
                let Place { part, is_artifact, .. } = place;
                let unseen = found.names - 1;
                entry.insert(Linked { bytes: found.bytes, unseen, is_artifact, part });
            }
            Entry::Occupied(mut entry) => {
                let linked = entry.get_mut();
                linked.unseen -= 1;
                linked.is_artifact |= place.is_artifact;
                if self.parts.sizes[place.part].0 < self.parts.sizes[linked.part].0 {
                    linked.part = place.part;
                }
                if linked.unseen == 0 {
                    let linked = entry.remove();
                    self.settle(linked.bytes, linked.is_artifact, linked.part);
                }
            }
        }
    }

    fn settle(&mut self, bytes: u64, is_artifact: bool, part: usize) {
        self.artifacts += u64::from(is_artifact);
        self.parts.sizes[part].1 += bytes;
    }

    fn note_obstacle(&mut self, descent: &Descent<Place>, name: &OsStr, what: &'static str) {
        self.obstacle.get_or_insert_with(|| (descent.path_of(name), what));
    }

    fn note_unread(&mut self, error: &io::Error) {
        let is_gone = matches!(
            error.kind(),
            // In the second case something else took its place.
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
        );
        self.unread += u64::from(!is_gone);
    }

    /// A directory that is about to be entered.
    fn place(&mut self, descent: &mut Descent<Place>, name: &OsStr) -> Place {
        let is_first = descent.depth() == 0;
        let above = descent.level().state;
        let is_kind = KINDS.iter().any(|kind| name == *kind);
        let is_own = !above.is_final && (is_kind || is_first);
        let is_package = above.is_package || is_first && name == PACKAGE;
        let is_unit = name == "deps" || name == "build";
        Place {
            part: match is_own {
                true => self.parts.position(descent.path_of(name)),
                false => above.part,
            },
            is_final: above.is_final || is_kind,
            is_artifact: above.is_artifact || is_unit && !is_package,
            is_package,
        }
    }

    /// Apparent sizes of the files by the directory of each, relative to the root: the one at the first of
    /// [`KINDS`] on its way, else the first alone. A file with names in two counts in the first of the alphabet.
    pub(super) fn parts(&self) -> BTreeMap<&Path, u64> {
        let sizes = self.parts.sizes.iter().filter(|(_, bytes)| *bytes > 0);
        sizes.map(|(path, bytes)| (path.as_path(), *bytes)).collect()
    }
}

/// Directories of cargo's within that of a profile. Source: cargo's `src/cargo/core/compiler/layout.rs`.
const KINDS: [&str; 5] = [".fingerprint", "build", "deps", "examples", "incremental"];

impl Parts {
    fn position(&mut self, path: PathBuf) -> usize {
        *self.positions.entry(path).or_insert_with_key(|path| {
            self.sizes.push((path.clone(), 0));
            self.sizes.len() - 1
        })
    }
}
