//! A file system for tests on which the n-th operation goes wrong.
//!
//! Invariant: with no fault reached it behaves like the real one, only without flushing.

use std::{
    cell::{Cell, RefCell},
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
};

use super::{FileSystem, Kind, RealFileSystem, copy_unflushed, write_unflushed};

/// What happens at the n-th operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It reports an error; what it would have done is half done (writes) or not done.
    Error,
    /// It is done but reports an error all the same.
    LateError,
    /// It is half done or not done, and every later operation fails: the process died.
    Crash,
    /// Like a crash, and names that were not flushed are as they were before.
    PowerLoss,
    /// Like a crash, and of the names that were not flushed the oldest is as it was before.
    Reordering,
}

impl Fault {
    pub(crate) const ALL: [Self; 5] =
        [Self::Error, Self::LateError, Self::Crash, Self::PowerLoss, Self::Reordering];

    pub(crate) fn is_fatal(self) -> bool {
        matches!(self, Self::Crash | Self::PowerLoss | Self::Reordering)
    }
}

/// Fails at one operation.
pub(crate) struct Faulty {
    fault: Fault,
    at: usize,
    done: Cell<usize>,
    /// For names not flushed yet: their directory and how to take the operation back.
    unflushed: RefCell<Vec<(PathBuf, Vec<Undo>)>>,
    /// What somebody else does at that operation, instead of a fault.
    intruder: Option<Box<dyn Fn()>>,
}

enum Undo {
    Remove(PathBuf),
    RenameBack(PathBuf, PathBuf),
    PutBack(PathBuf, Vec<u8>, fs::Permissions),
    MakeDir(PathBuf),
}

impl Faulty {
    /// Fails at operation number `at`, counted from 0.
    pub(crate) fn new(fault: Fault, at: usize) -> Self {
        Self { fault, at, done: Cell::new(0), unflushed: RefCell::default(), intruder: None }
    }

    /// Counts operations and never fails.
    pub(crate) fn counting() -> Self {
        Self::new(Fault::Error, usize::MAX)
    }

    /// Never fails; right before operation number `at` somebody else does something.
    pub(crate) fn intruded(at: usize, intruder: impl Fn() + 'static) -> Self {
        Self { intruder: Some(Box::new(intruder)), ..Self::new(Fault::Error, at) }
    }

    /// Operations so far.
    pub(crate) fn operations(&self) -> usize {
        self.done.get()
    }

    /// Whether the fault was reached.
    pub(crate) fn struck(&self) -> bool {
        self.done.get() > self.at
    }

    /// Takes back what a power failure would lose; call after the operation under test.
    pub(crate) fn lose_unflushed(&self) {
        let lost = match self.fault {
            Fault::PowerLoss => usize::MAX,
            Fault::Reordering => 1,
            _ => 0,
        };
        let lost: Vec<_> = self.unflushed.take().into_iter().take(lost).collect();
        for undo in lost.into_iter().rev().flat_map(|(_, undo)| undo) {
            match undo {
                Undo::Remove(path) if path.is_dir() => fs::remove_dir_all(path).unwrap(),
                Undo::Remove(path) => drop(fs::remove_file(path)),
                Undo::RenameBack(from, to) => fs::rename(from, to).unwrap(),
                Undo::PutBack(path, bytes, permissions) => {
                    let _ = fs::remove_file(&path);
                    write_unflushed(&path, &bytes, None, None).unwrap();
                    fs::set_permissions(path, permissions).unwrap();
                }
                Undo::MakeDir(path) => fs::create_dir(path).unwrap(),
            }
        }
    }

    fn error() -> io::Error {
        io::Error::other("injected fault")
    }

    /// Runs an operation, or half of it.
    fn step<T>(&self, half: impl FnOnce(), whole: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        let number = self.done.replace(self.done.get() + 1);
        if number > self.at && self.fault.is_fatal() {
            return Err(Self::error());
        }
        if number != self.at {
            return whole();
        }
        if let Some(intruder) = &self.intruder {
            intruder();
            return whole();
        }
        if self.fault == Fault::LateError {
            whole()?;
        } else {
            half();
        }
        Err(Self::error())
    }

    fn later(&self, path: &Path, undo: Vec<Undo>) {
        let directory = path.parent().unwrap().to_path_buf();
        self.unflushed.borrow_mut().push((directory, undo));
    }

    fn keep(path: &Path) -> Option<Undo> {
        let metadata = fs::symlink_metadata(path).ok().filter(fs::Metadata::is_file)?;
        Some(Undo::PutBack(path.into(), fs::read(path).unwrap(), metadata.permissions()))
    }
}

impl FileSystem for Faulty {
    fn kind(&self, path: &Path) -> io::Result<Kind> {
        self.step(|| {}, || RealFileSystem.kind(path))
    }

    fn canonical(&self, path: &Path) -> io::Result<PathBuf> {
        self.step(|| {}, || RealFileSystem.canonical(path))
    }

    fn names(&self, directory: &Path) -> io::Result<Vec<OsString>> {
        self.step(|| {}, || RealFileSystem.names(directory))
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.step(|| {}, || RealFileSystem.read(path))
    }

    fn write_new(
        &self,
        path: &Path,
        bytes: &[u8],
        mode: Option<u32>,
        like: Option<&Path>,
    ) -> io::Result<()> {
        let write = |bytes: &[u8]| {
            write_unflushed(path, bytes, mode, like)?;
            self.later(path, vec![Undo::Remove(path.into())]);
            Ok(())
        };
        self.step(|| {}, || Ok(()))?;
        self.step(|| drop(write(&bytes[..bytes.len() / 2])), || write(bytes))
    }

    fn copy_new(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.step(|| {}, || Ok(()))?;
        let half = || drop(self.half_copy(from, to));
        self.step(half, || {
            copy_unflushed(from, to)?;
            self.later(to, vec![Undo::Remove(to.into())]);
            Ok(())
        })
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.step(
            || {},
            || {
                assert_eq!(from.parent(), to.parent(), "renames stay in their directory");
                if from.is_dir() {
                    for (directory, _) in &*self.unflushed.borrow() {
                        assert!(!directory.starts_with(from), "all of it is flushed by then");
                    }
                    self.later(to, vec![Undo::RenameBack(to.into(), from.into())]);
                    return RealFileSystem.rename(from, to);
                }
                let undo = [Some(Undo::Remove(to.into())), Self::keep(from), Self::keep(to)];
                self.later(to, undo.into_iter().flatten().collect());
                RealFileSystem.rename(from, to)
            },
        )
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        self.step(
            || {},
            || {
                self.later(path, Self::keep(path).into_iter().collect());
                RealFileSystem.remove_file(path)
            },
        )
    }

    fn create_dir(&self, path: &Path) -> io::Result<()> {
        self.step(
            || {},
            || {
                RealFileSystem.create_dir(path)?;
                self.later(path, vec![Undo::Remove(path.into())]);
                Ok(())
            },
        )
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        self.step(
            || {},
            || {
                RealFileSystem.remove_dir(path)?;
                self.later(path, vec![Undo::MakeDir(path.into())]);
                Ok(())
            },
        )
    }

    fn remove_tree(&self, path: &Path) -> io::Result<()> {
        let half = || {
            for entry in fs::read_dir(path).into_iter().flatten().take(1) {
                let entry = entry.unwrap().path();
                let _ = fs::remove_file(&entry).or_else(|_| fs::remove_dir_all(&entry));
            }
        };
        self.step(half, || RealFileSystem.remove_tree(path))
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.step(
            || {},
            || {
                assert!(path.is_dir(), "`{}` is flushed as a directory", path.display());
                self.unflushed.borrow_mut().retain(|(directory, _)| directory != path);
                Ok(())
            },
        )
    }

    fn may_write_in(&self, directory: &Path) -> io::Result<()> {
        self.step(|| {}, || RealFileSystem.may_write_in(directory))
    }

    fn free_bytes(&self, path: &Path) -> Option<u64> {
        self.step(|| {}, || Ok(RealFileSystem.free_bytes(path))).ok().flatten()
    }
}

impl Faulty {
    fn half_copy(&self, from: &Path, to: &Path) -> io::Result<()> {
        let bytes = fs::read(from)?;
        write_unflushed(to, &bytes[..bytes.len() / 2], None, None)?;
        self.later(to, vec![Undo::Remove(to.into())]);
        Ok(())
    }
}
