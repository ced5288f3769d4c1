//! The way of several threads through a directory tree.
//!
//! Each follows a [`Descent`] of its own. Where another thread has nothing to do, it gets half of the directories that
//! are pending furthest up, or a batch of the files of a large directory: what is to be done there is done relative to
//! the same open directory. So whatever is true of one descent is true of all: how many directories are open, that
//! no link is followed, and that memory is taken by directories and not by files.

use std::{
    ffi::{OsStr, OsString},
    io,
};

use super::{
    crew::{self, Crew, Trade},
    descent::{Descent, Level, Share},
    directory::{Buffer, Directory, Kind, Names, is_repository},
};
use crate::processors;

/// Files that are looked at in one go, and may be by another thread than the one that read the directory.
pub(super) const BATCH: usize = 256;

/// What is done on the way. All threads do it at once.
pub(super) trait Visit: Sync {
    /// What is to be known of a directory.
    type Place: Clone + Send;

    /// Opens a directory in the one being looked at, unless it is to be left out.
    fn open(&self, above: &Descent<Self::Place>, name: &OsStr) -> Option<(Directory, Self::Place)>;

    /// Whether entries that are no directories are wanted if they are known to be of this kind.
    fn wants(&self, kind: Kind) -> bool;

    /// Deals with entries of a directory. What turns out to be a directory is put into `directories`.
    fn files(
        &self,
        directory: &Directory,
        place: &Self::Place,
        names: &Names,
        directories: &mut Vec<OsString>,
    );

    /// The directory being looked at has an entry that shows it to be the top of a checkout. Returns whether to go on
    /// in it all the same.
    fn goes_on_in_repository(&self, descent: &Descent<Self::Place>, name: &OsStr) -> bool;

    /// The directory being looked at could not be read to its end.
    fn note_unread(&self, descent: &Descent<Self::Place>, error: io::Error);

    /// The directory `name` was left; this thread has nothing more to do in it.
    fn leave(&self, _: &Descent<Self::Place>, _: &OsStr) {}

    /// The directory above the one that was left is no longer above it.
    fn note_moved(&self, descent: &Descent<Self::Place>);

    /// Whether to stop.
    fn is_stopped(&self) -> bool {
        false
    }
}

/// Something to do in an open directory.
pub(super) struct Errand<P> {
    share: Share<P>,
    files: Names,
    /// Whether the directory is to be read first.
    unread: bool,
}

/// Visits a directory and all below it.
pub(super) fn roam<V: Visit>(visit: &V, root: Directory, place: V::Place) {
    // Somebody may have read it before. If it cannot be read once more, that is said when it is.
    let _ = root.rewind();
    let share = Share::new(root, place);
    let errand = Errand { share, files: Names::default(), unread: true };
    crew::employ(&Roam(visit), errand, threads());
}

/// Visits some entries of a directory and all below them.
pub(super) fn roam_entries<V: Visit>(
    visit: &V,
    directory: &Directory,
    place: V::Place,
    files: Names,
) -> io::Result<()> {
    let share = Share::new(directory.again()?, place);
    crew::employ(&Roam(visit), Errand { share, files, unread: false }, threads());
    Ok(())
}

/// As many as processors may be used. Tests have several on a machine with one, too.
fn threads() -> usize {
    if cfg!(test) { processors::count().max(4) } else { processors::count() }
}

struct Roam<'a, V>(&'a V);

type Others<'a, P> = &'a dyn Crew<Errand<P>>;

impl<V: Visit> Trade for Roam<'_, V> {
    type Job = Errand<V::Place>;

    fn work(&self, errand: Self::Job, crew: Others<'_, V::Place>) {
        let Errand { share, files, unread } = errand;
        let mut tools = Tools::default();
        let mut descent = Descent::of(share);
        if unread {
            self.read(&mut descent, &mut tools, crew);
        } else {
            self.deal_with(&mut descent, &files, crew);
        }
        self.descend(&mut descent, &mut tools, crew);
    }
}

/// What a thread needs in every directory.
#[derive(Default)]
struct Tools {
    buffer: Buffer,
    names: Names,
}

impl<V: Visit> Roam<'_, V> {
    fn descend(
        &self,
        descent: &mut Descent<V::Place>,
        tools: &mut Tools,
        crew: Others<'_, V::Place>,
    ) {
        while !self.0.is_stopped() {
            if crew.is_idle()
                && let Some(share) = descent.split()
            {
                crew.give(Errand { share, files: Names::default(), unread: false });
            }
            if let Some(name) = descent.level().pending.pop() {
                if let Some((directory, place)) = self.0.open(descent, &name) {
                    descent.enter(Level::new(name, directory, place));
                    self.read(descent, tools, crew);
                }
                continue;
            }
            match descent.leave() {
                Ok(Some(level)) => self.0.leave(descent, &level.name),
                Ok(None) => return,
                // Somebody moved it: what is above was read, what lies beside it was not.
                Err(_) => return self.0.note_moved(descent),
            }
        }
    }

    /// Reads the directory being looked at, deals with its files and notes its directories.
    fn read(&self, descent: &mut Descent<V::Place>, tools: &mut Tools, crew: Others<'_, V::Place>) {
        let Tools { buffer, names } = tools;
        let mut pending = Vec::new();
        let (mut is_barred, mut is_large) = (false, false);
        names.clear();
        let result = descent.directory().read(buffer, |name, kind| {
            if is_repository(name) && !self.0.goes_on_in_repository(descent, name) {
                is_barred = true;
            }
            match kind {
                _ if is_barred => {}
                Some(Kind::Directory) => pending.push(name.to_os_string()),
                Some(kind) if !self.0.wants(kind) => {}
                _ => names.push(name),
            }
            if names.len() == BATCH {
                // What shows a repository may be the last that is read.
                if !is_large && let Some(name) = descent.directory().repository() {
                    is_barred |= !self.0.goes_on_in_repository(descent, name);
                }
                is_large = true;
                if is_barred {
                    names.clear();
                } else {
                    self.batch(descent, names, &mut pending, crew);
                }
            }
        });
        if is_barred {
            return;
        }
        self.here(descent, names, &mut pending);
        match result {
            Ok(()) => descent.level().pending.append(&mut pending),
            Err(error) => self.0.note_unread(descent, error),
        }
    }

    /// Deals with a batch of files, or has it dealt with.
    fn batch(
        &self,
        descent: &Descent<V::Place>,
        names: &mut Names,
        pending: &mut Vec<OsString>,
        crew: Others<'_, V::Place>,
    ) {
        if crew.is_idle()
            && let Ok(share) = descent.share()
        {
            let files = std::mem::take(names);
            crew.give(Errand { share, files, unread: false });
        } else {
            self.here(descent, names, pending);
        }
        names.clear();
    }

    fn here(&self, descent: &Descent<V::Place>, names: &Names, pending: &mut Vec<OsString>) {
        if names.len() > 0 && !self.0.is_stopped() {
            self.0.files(descent.directory(), descent.state(), names, pending);
        }
    }

    /// Deals with any number of files of the directory being looked at.
    fn deal_with(
        &self,
        descent: &mut Descent<V::Place>,
        files: &Names,
        crew: Others<'_, V::Place>,
    ) {
        let mut pending = Vec::new();
        let mut names = Names::default();
        for (position, name) in files.iter().enumerate() {
            names.push(name);
            // The last one stays here: it would go round and round.
            if names.len() == BATCH && position + 1 < files.len() {
                self.batch(descent, &mut names, &mut pending, crew);
            }
        }
        self.here(descent, &names, &mut pending);
        descent.level().pending.append(&mut pending);
    }
}
