//! The directories of profiles in a target directory: which there are, what lies in them, and the lock by which cargo
//! keeps each to one build at a time.
//!
//! Such a directory is known by cargo's lock file in it, not by its name. Everything is read and deleted relative to
//! opened directories, through no link.

use std::{
    ffi::{OsStr, OsString},
    fs::{File, TryLockError},
    io,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};

use super::{
    OWN, PACKAGE, Refusal, Surroundings, clean,
    directory::{Directory, Kind},
    failed_to_read, guard,
    layout::LOCKS,
};

mod contents;
mod makers;
mod remove;

pub(crate) use makers::Makers;

/// A target or build directory in which things may be deleted.
#[derive(Debug)]
pub(crate) struct Base {
    directory: Directory,
    /// Without links.
    pub(crate) path: PathBuf,
}

/// The directory of a profile, for the host or for another target.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Profile {
    /// Relative to the target directory.
    pub(crate) path: PathBuf,
    /// Name of the directory, for instance `debug`.
    pub(crate) name: String,
    /// The directory above it, if there is one: `<triple>/<profile>`.
    pub(crate) triple: Option<String>,
}

/// Cargo's lock on a profile; ends when dropped.
#[derive(Debug)]
pub(crate) struct BuildLock {
    _file: File,
}

impl Base {
    /// Opens a target or build directory; `None` where there is none.
    ///
    /// # Errors
    /// As [`super::refusal`], and when it cannot be read.
    pub(crate) fn open(path: &Path, surroundings: &Surroundings) -> Result<Option<Self>, Refusal> {
        let refuse = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound => Ok(None),
            io::ErrorKind::NotADirectory if path.is_symlink() => Err(Refusal::of(
                path,
                "a symbolic link, and nothing is deleted through one; let `build.target-dir` or CARGO_TARGET_DIR name \
                 the directory it leads to",
            )),
            io::ErrorKind::NotADirectory => Err(Refusal::of(path, "not a directory")),
            _ => Err(Refusal::of(path, error)),
        };
        let itself = match clean::without_links_above(path) {
            Ok(itself) => itself,
            Err(error) => return refuse(error),
        };
        let directory = match Directory::open_itself(&itself) {
            Ok(directory) => directory,
            Err(error) => return refuse(error),
        };
        match guard::refusal(&directory, &itself, surroundings) {
            Some(reason) => Err(Refusal::of(&itself, reason)),
            None => Ok(Some(Self { directory, path: itself })),
        }
    }

    /// The directories of profiles, by path.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub(crate) fn profiles(&self) -> Result<Vec<Profile>> {
        let mut out = Vec::new();
        for name in directories(&self.directory).with_context(|| failed_to_read(&self.path))? {
            let Some(text) = name.to_str().map(str::to_owned) else { continue };
            if matches!(text.as_str(), OWN | PACKAGE | "doc" | "tmp") {
                continue;
            }
            let Ok(child) = self.directory.child_of_this_mount(&name) else { continue };
            if child.has_file(LOCKS[0]) {
                out.push(Profile { path: text.clone().into(), name: text, triple: None });
                continue;
            }
            for inner in directories(&child).unwrap_or_default() {
                let Some(profile) = inner.to_str() else { continue };
                let has_lock = child
                    .child_of_this_mount(&inner)
                    .is_ok_and(|directory| directory.has_file(LOCKS[0]));
                if has_lock {
                    out.push(Profile {
                        path: Path::new(&text).join(profile),
                        name: profile.to_owned(),
                        triple: Some(text.clone()),
                    });
                }
            }
        }
        out.sort();
        Ok(out)
    }

    /// Takes the lock that every build in a profile takes; `None`: a build is running there. Where a file system knows no
    /// locks, cargo takes none either.
    ///
    /// # Errors
    /// When the lock file cannot be opened.
    pub(crate) fn lock(&self, profile: &Profile) -> Result<Option<BuildLock>> {
        let context = || {
            format!("failed to lock `{}`", self.path.join(&profile.path).join(LOCKS[0]).display())
        };
        let directory = self.at(&profile.path).with_context(context)?;
        let file = directory.open_file(LOCKS[0].as_ref()).with_context(context)?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) if error.kind() != io::ErrorKind::Unsupported => {
                Err(error).with_context(context)
            }
            _ => Ok(Some(BuildLock { _file: file })),
        }
    }

    /// A directory within, given by its path.
    fn at(&self, path: &Path) -> io::Result<Directory> {
        let mut steps = path.iter();
        let first = steps.next().ok_or(io::ErrorKind::InvalidInput)?;
        steps.try_fold(self.directory.child_of_this_mount(first)?, |directory, step| {
            directory.child_of_this_mount(step)
        })
    }
}

/// Which parts of a profile lie in a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Parts {
    /// Programs and libraries: in the target directory.
    pub(crate) results: bool,
    /// What units left: in the build directory.
    pub(crate) units: bool,
}

fn is_lock(name: &OsStr) -> bool {
    LOCKS.iter().any(|lock| name == *lock)
}

fn directories(directory: &Directory) -> io::Result<Vec<OsString>> {
    let mut out = Vec::new();
    for entry in directory.entries()? {
        let (name, kind) = entry?;
        let is_directory = match kind {
            Some(kind) => kind == Kind::Directory,
            None => directory.attributes_of(&name).is_ok_and(|found| found.kind == Kind::Directory),
        };
        if is_directory {
            out.push(name);
        }
    }
    out.sort();
    Ok(out)
}
