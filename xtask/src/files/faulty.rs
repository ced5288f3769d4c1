//! A file system for tests on which the n-th operation goes wrong, over a real one.
//!
//! Invariant: with no fault reached it behaves like the real one, only without flushing. What a power failure loses
//! is told by `model`.

use std::{
    cell::Cell,
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
    /// It and every later operation of this kind are half done and fail: a full disk, a broken one.
    Lasting(Operation),
}

/// Kinds of operations that go wrong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    Look,
    Read,
    /// Whatever takes space: a full disk, a reached quota.
    Space,
    Rename,
    Remove,
    Flush,
}

impl Fault {
    pub(crate) const FULL: Self = Self::Lasting(Operation::Space);

    pub(crate) const ALL: [Self; 9] = [
        Self::Error,
        Self::LateError,
        Self::Crash,
        Self::FULL,
        Self::Lasting(Operation::Look),
        Self::Lasting(Operation::Read),
        Self::Lasting(Operation::Rename),
        Self::Lasting(Operation::Remove),
        Self::Lasting(Operation::Flush),
    ];
}

/// Fails at one operation.
pub(crate) struct Faulty {
    fault: Fault,
    at: usize,
    done: Cell<usize>,
    /// What somebody else does at that operation, instead of a fault.
    intruder: Option<Box<dyn Fn()>>,
}

impl Faulty {
    /// Fails at operation number `at`, counted from 0.
    pub(crate) fn new(fault: Fault, at: usize) -> Self {
        Self { fault, at, done: Cell::new(0), intruder: None }
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

    fn error(&self) -> io::Error {
        match self.fault {
            Fault::FULL => io::ErrorKind::StorageFull.into(),
            _ => io::Error::other("injected fault"),
        }
    }

    /// Runs an operation, or half of it.
    fn step<T>(
        &self,
        operation: Operation,
        half: impl FnOnce(),
        whole: impl FnOnce() -> io::Result<T>,
    ) -> io::Result<T> {
        let number = self.done.replace(self.done.get() + 1);
        match self.fault {
            Fault::Crash if number > self.at => return Err(self.error()),
            Fault::Lasting(broken) if number >= self.at && broken == operation => {}
            Fault::Lasting(_) => return whole(),
            _ if number != self.at => return whole(),
            _ => {}
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
        Err(self.error())
    }
}

impl FileSystem for Faulty {
    fn kind(&self, path: &Path) -> io::Result<Kind> {
        self.step(Operation::Look, || {}, || RealFileSystem.kind(path))
    }

    fn canonical(&self, path: &Path) -> io::Result<PathBuf> {
        self.step(Operation::Look, || {}, || RealFileSystem.canonical(path))
    }

    fn names(&self, directory: &Path) -> io::Result<Vec<OsString>> {
        self.step(Operation::Look, || {}, || RealFileSystem.names(directory))
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.step(Operation::Read, || {}, || RealFileSystem.read(path))
    }

    fn write_new(
        &self,
        path: &Path,
        bytes: &[u8],
        mode: Option<u32>,
        like: Option<&Path>,
    ) -> io::Result<()> {
        let write = |bytes: &[u8]| write_unflushed(path, bytes, mode, like).map(drop);
        self.step(Operation::Space, || {}, || Ok(()))?;
        self.step(Operation::Space, || drop(write(&bytes[..bytes.len() / 2])), || write(bytes))?;
        self.step(Operation::Flush, || {}, || Ok(()))
    }

    fn copy_new(&self, from: &Path, to: &Path) -> io::Result<()> {
        let half = || {
            let bytes = fs::read(from).unwrap();
            drop(write_unflushed(to, &bytes[..bytes.len() / 2], None, None));
        };
        self.step(Operation::Space, || {}, || Ok(()))?;
        self.step(Operation::Space, half, || copy_unflushed(from, to).map(drop))?;
        self.step(Operation::Flush, || {}, || Ok(()))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        assert_eq!(from.parent(), to.parent(), "renames stay in their directory");
        self.step(Operation::Rename, || {}, || RealFileSystem.rename(from, to))
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        self.step(Operation::Remove, || {}, || RealFileSystem.remove_file(path))
    }

    fn create_dir(&self, path: &Path) -> io::Result<()> {
        self.step(Operation::Space, || {}, || RealFileSystem.create_dir(path))
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        self.step(Operation::Remove, || {}, || RealFileSystem.remove_dir(path))
    }

    fn remove_tree(&self, path: &Path) -> io::Result<()> {
        let half = || {
            for entry in fs::read_dir(path).into_iter().flatten().take(1) {
                let entry = entry.unwrap().path();
                let _ = fs::remove_file(&entry).or_else(|_| fs::remove_dir_all(&entry));
            }
        };
        self.step(Operation::Remove, half, || RealFileSystem.remove_tree(path))
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        assert!(path.is_dir(), "`{}` is flushed as a directory", path.display());
        self.step(Operation::Flush, || {}, || Ok(()))
    }

    fn may_write_in(&self, directory: &Path) -> io::Result<()> {
        self.step(Operation::Look, || {}, || RealFileSystem.may_write_in(directory))
    }

    fn may_replace(&self, file: &Path) -> io::Result<()> {
        self.step(Operation::Look, || {}, || RealFileSystem.may_replace(file))
    }

    fn free_bytes(&self, path: &Path) -> Option<u64> {
        self.step(Operation::Look, || {}, || Ok(RealFileSystem.free_bytes(path))).ok().flatten()
    }
}
