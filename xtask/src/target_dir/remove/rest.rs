//! Deletion by one thread, which says what stays.
//!
//! Each directory is opened once, in the one that holds it, through no link and into nothing that is mounted; what
//! is deleted is deleted in what was opened.

use std::{
    ffi::{OsStr, OsString},
    io,
    path::PathBuf,
};

use super::{
    super::{
        Progress,
        descent::{Descent, Level},
        directory::{Directory, Kind},
    },
    Removal, STOPPED, is_gone,
};

/// How often a directory is read while somebody goes on making files in it.
const READINGS: u32 = 16;

/// How far the deletion of one directory has come.
#[derive(Debug, Default)]
pub(super) struct Stage {
    readings: u32,
    /// Whether something in it stays.
    holds_something: bool,
}

type Way = Descent<Stage>;

/// Deletes the entry `name` of a directory, whatever it is.
pub(super) fn remove_entry(parent: &Directory, name: &OsStr, progress: &Progress) -> Removal {
    let error = match parent.child_of_this_mount(name) {
        Ok(directory) if directory.is_repository() => return Removal::kept("a repository"),
        Ok(directory) => return remove(parent, name, directory, progress),
        Err(error) => error,
    };
    let (deleted, freed_bytes) = match error.kind() {
        io::ErrorKind::CrossesDevices => return Removal::kept("a mount point"),
        io::ErrorKind::NotADirectory => {
            let found = parent.attributes_of(name).ok();
            let freed = found.filter(|found| found.kind == Kind::File && found.names <= 1);
            (parent.remove_file(name), freed.map_or(0, |found| found.bytes))
        }
        // What may not be read can be removed if it is empty.
        _ => (parent.remove_directory(name).map_err(|_| error), 0),
    };
    match deleted {
        Ok(()) => {
            progress.add(1, freed_bytes);
            Removal { freed_bytes, is_gone: true, ..Removal::default() }
        }
        Err(error) if is_gone(&error) => Removal { is_gone: true, ..Removal::default() },
        Err(error) => Removal::kept(&error.to_string()),
    }
}

/// Deletes the directory `name` in `parent`, which was opened as `directory`.
pub(super) fn remove(
    parent: &Directory,
    name: &OsStr,
    directory: Directory,
    progress: &Progress,
) -> Removal {
    let mut removal = Removal::default();
    let mut way = Descent::new(name, directory, Stage::default());
    removal.read(&mut way, progress);
    loop {
        if progress.is_stopped() {
            removal.leave(PathBuf::new, STOPPED);
            return removal;
        }
        if let Some(child) = way.level().pending.pop() {
            removal.enter(&mut way, child, progress);
            continue;
        }
        match way.leave() {
            Ok(Some(level)) => removal.close(&mut way, level, progress),
            Ok(None) => match emptied(parent, way.level()) {
                Ok(true) => {
                    removal.is_gone = true;
                    return removal;
                }
                Ok(false) => removal.read(&mut way, progress),
                Err(error) => {
                    if !way.level().state.holds_something {
                        removal.leave(PathBuf::new, &error.to_string());
                    }
                    return removal;
                }
            },
            Err(error) => {
                removal.stays(&mut way, OsStr::new(""), &error);
                return removal;
            }
        }
    }
}

/// Removes a directory from the one above it. False: it has to be read once more.
fn emptied(above: &Directory, level: &Level<Stage>) -> io::Result<bool> {
    match above.remove_directory(&level.name) {
        Err(error) if is_gone(&error) => Ok(true),
        Err(error)
            if error.kind() == io::ErrorKind::DirectoryNotEmpty
                && !level.state.holds_something
                && level.state.readings < READINGS =>
        {
            Ok(false)
        }
        result => result.map(|()| true),
    }
}

impl Removal {
    /// Deletes from the directory being looked at what is no directory, and notes what is one.
    fn read(&mut self, way: &mut Way, progress: &Progress) {
        way.level().state.readings += 1;
        let before = self.freed_bytes;
        let mut files = 0;
        let entries = match way.directory().entries() {
            Ok(entries) => entries,
            Err(error) => return self.stays(way, OsStr::new(""), &error),
        };
        for entry in entries {
            match entry {
                Ok((name, Some(Kind::Directory))) => way.level().pending.push(name),
                Ok((name, _)) => {
                    self.delete(way, name);
                    files += 1;
                }
                Err(error) => self.stays(way, OsStr::new(""), &error),
            }
        }
        progress.add(files, self.freed_bytes - before);
    }

    fn delete(&mut self, way: &mut Way, name: OsString) {
        let found = match way.directory().attributes_of(&name) {
            Ok(found) if found.kind == Kind::Directory => return way.level().pending.push(name),
            Ok(found) => found,
            Err(error) if is_gone(&error) => return,
            Err(error) => return self.stays(way, &name, &error),
        };
        match way.directory().remove_file(&name) {
            // With another name left, nothing is freed yet.
            Ok(()) if found.kind == Kind::File && found.names <= 1 => {
                self.freed_bytes += found.bytes;
            }
            Err(error) if !is_gone(&error) => self.stays(way, &name, &error),
            _ => {}
        }
    }

    fn enter(&mut self, way: &mut Way, name: OsString, progress: &Progress) {
        match way.directory().child_of_this_mount(&name) {
            Ok(directory) if directory.is_repository() => {
                self.stays(way, &name, &io::Error::other("a repository"));
            }
            Ok(directory) => {
                way.enter(Level::new(name, directory, Stage::default()));
                self.read(way, progress);
            }
            Err(error) if is_gone(&error) => {}
            // It was a directory a moment ago.
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => self.delete(way, name),
            Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
                self.stays(way, &name, &io::Error::other("a mount point"));
            }
            // What may not be read can be removed if it is empty.
            Err(error) => match way.directory().remove_directory(&name) {
                Ok(()) => {}
                Err(other) if is_gone(&other) => {}
                Err(_) => self.stays(way, &name, &error),
            },
        }
    }

    /// Removes a directory that was left, now that what could be deleted in it is gone.
    fn close(&mut self, way: &mut Way, level: Level<Stage>, progress: &Progress) {
        match emptied(way.directory(), &level) {
            Ok(true) => {}
            Ok(false) => {
                way.enter(level);
                self.read(way, progress);
            }
            Err(_) if level.state.holds_something => way.level().state.holds_something = true,
            Err(error) => self.stays(way, &level.name, &error),
        }
    }

    /// Notes an entry of the directory being looked at that stays; with an empty name, the directory itself.
    fn stays(&mut self, way: &mut Way, name: &OsStr, error: &io::Error) {
        way.level().state.holds_something = true;
        self.leave(|| way.path_of(name), &error.to_string());
    }
}
