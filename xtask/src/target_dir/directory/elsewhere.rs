//! [`Directory`] as a path, where the standard library has no descriptors to offer.
//!
//! A swap between two calls is not seen here; what deletes is [`fs::remove_dir_all`], which sees it.

use std::{
    ffi::{OsStr, OsString},
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    time::SystemTime,
};

use super::{Attributes, Kind};

/// The path without links.
pub(in super::super) type Identity = PathBuf;

/// Nothing is needed here to read a directory.
#[derive(Debug, Default)]
pub(in super::super) struct Buffer;

/// Names of entries.
#[derive(Debug, Default)]
pub(in super::super) struct Names(Vec<OsString>);

impl Names {
    pub(in super::super) fn push(&mut self, name: &OsStr) {
        self.0.push(name.to_os_string());
    }

    pub(in super::super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(in super::super) fn clear(&mut self) {
        self.0.clear();
    }

    pub(in super::super) fn iter(&self) -> impl Iterator<Item = &OsStr> {
        self.0.iter().map(OsString::as_os_str)
    }
}

/// A directory by its path.
#[derive(Debug)]
pub(crate) struct Directory {
    path: PathBuf,
}

impl Directory {
    /// The directory that a path leads to, links included.
    pub(in super::super) fn open(path: &Path) -> io::Result<Self> {
        if fs::metadata(path)?.is_dir() {
            Ok(Self { path: path.to_path_buf() })
        } else {
            Err(io::ErrorKind::NotADirectory.into())
        }
    }

    /// The directory at a path, which no link may end.
    pub(crate) fn open_itself(path: &Path) -> io::Result<Self> {
        if path.symlink_metadata()?.is_dir() {
            Ok(Self { path: path.to_path_buf() })
        } else {
            Err(io::ErrorKind::NotADirectory.into())
        }
    }

    pub(in super::super) fn child(&self, name: &OsStr) -> io::Result<Self> {
        Self::open_itself(&self.path.join(name))
    }

    pub(crate) fn child_of_this_mount(&self, name: &OsStr) -> io::Result<Self> {
        self.child(name)
    }

    pub(in super::super) fn entries(
        &self,
    ) -> io::Result<impl Iterator<Item = io::Result<(OsString, Option<Kind>)>> + use<>> {
        let entries = fs::read_dir(&self.path)?;
        Ok(entries.map(|entry| {
            let entry = entry?;
            Ok((entry.file_name(), entry.file_type().ok().map(kind)))
        }))
    }

    /// As [`Directory::entries`], by the name.
    pub(in super::super) fn read(
        &self,
        _: &mut Buffer,
        mut each: impl FnMut(&OsStr, Option<Kind>),
    ) -> io::Result<()> {
        for entry in self.entries()? {
            let (name, kind) = entry?;
            each(&name, kind);
        }
        Ok(())
    }

    /// The same directory, for another thread.
    pub(in super::super) fn again(&self) -> io::Result<Self> {
        Ok(Self { path: self.path.clone() })
    }

    pub(in super::super) fn rewind(&self) -> io::Result<()> {
        Ok(())
    }

    /// When an entry was last made or removed in it.
    pub(in super::super) fn modified(&self) -> SystemTime {
        let modified = fs::metadata(&self.path).and_then(|found| found.modified());
        modified.unwrap_or(SystemTime::UNIX_EPOCH)
    }

    pub(in super::super) fn attributes_of(&self, name: &OsStr) -> io::Result<Attributes> {
        let path = self.path.join(name);
        let found = path.symlink_metadata()?;
        let kind = kind(found.file_type());
        let modified = found.modified().unwrap_or(SystemTime::UNIX_EPOCH);
        Ok(Attributes { kind, bytes: found.len(), names: 1, modified, identity: path })
    }

    pub(in super::super) fn open_file(&self, name: &OsStr) -> io::Result<File> {
        File::open(self.path.join(name))
    }

    pub(in super::super) fn remove_file(&self, name: &OsStr) -> io::Result<()> {
        fs::remove_file(self.path.join(name))
    }

    pub(in super::super) fn remove_all(&self, name: &OsStr) -> io::Result<()> {
        fs::remove_dir_all(self.path.join(name))
    }

    pub(in super::super) fn identity(&self) -> Identity {
        self.path.canonicalize().unwrap_or_else(|_| self.path.clone())
    }

    pub(in super::super) fn shares_mount_with(&self, _: &Self) -> bool {
        true
    }

    pub(in super::super) fn is_mount_point(&self) -> bool {
        self.path.parent().is_none()
    }
}

/// Of what a path leads to, links included.
pub(in super::super) fn identity_of(path: &Path) -> Option<Identity> {
    path.canonicalize().ok()
}

fn kind(kind: fs::FileType) -> Kind {
    if kind.is_symlink() {
        Kind::Link
    } else if kind.is_dir() {
        Kind::Directory
    } else if kind.is_file() {
        Kind::File
    } else {
        Kind::Other
    }
}
