//! [`Directory`] as a path, where the standard library has no descriptors to offer.
//!
//! A swap between two calls is not seen here; what deletes is [`fs::remove_dir_all`], which sees it.

use std::{
    ffi::{OsStr, OsString},
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use super::{Attributes, Kind};

/// The path without links.
pub(in crate::target_dir) type Identity = PathBuf;

/// A directory by its path.
#[derive(Debug)]
pub(in crate::target_dir) struct Directory {
    path: PathBuf,
}

impl Directory {
    /// The directory that a path leads to, links included.
    pub(in crate::target_dir) fn open(path: &Path) -> io::Result<Self> {
        if fs::metadata(path)?.is_dir() {
            Ok(Self { path: path.to_path_buf() })
        } else {
            Err(io::ErrorKind::NotADirectory.into())
        }
    }

    /// The directory at a path, which no link may end.
    pub(in crate::target_dir) fn open_itself(path: &Path) -> io::Result<Self> {
        if path.symlink_metadata()?.is_dir() {
            Ok(Self { path: path.to_path_buf() })
        } else {
            Err(io::ErrorKind::NotADirectory.into())
        }
    }

    pub(in crate::target_dir) fn child(&self, name: &OsStr) -> io::Result<Self> {
        Self::open_itself(&self.path.join(name))
    }

    pub(in crate::target_dir) fn child_of_this_mount(&self, name: &OsStr) -> io::Result<Self> {
        self.child(name)
    }

    pub(in crate::target_dir) fn entries(
        &self,
    ) -> io::Result<impl Iterator<Item = io::Result<(OsString, Option<Kind>)>> + use<>> {
        let entries = fs::read_dir(&self.path)?;
        Ok(entries.map(|entry| {
            let entry = entry?;
            Ok((entry.file_name(), entry.file_type().ok().map(kind)))
        }))
    }

    pub(in crate::target_dir) fn attributes_of(&self, name: &OsStr) -> io::Result<Attributes> {
        let path = self.path.join(name);
        let found = path.symlink_metadata()?;
        let kind = kind(found.file_type());
        Ok(Attributes { kind, bytes: found.len(), names: 1, identity: path })
    }

    pub(in crate::target_dir) fn open_file(&self, name: &OsStr) -> io::Result<File> {
        File::open(self.path.join(name))
    }

    pub(in crate::target_dir) fn remove_all(&self, name: &OsStr) -> io::Result<()> {
        fs::remove_dir_all(self.path.join(name))
    }

    pub(in crate::target_dir) fn identity(&self) -> Identity {
        self.path.canonicalize().unwrap_or_else(|_| self.path.clone())
    }

    pub(in crate::target_dir) fn shares_mount_with(&self, _: &Self) -> bool {
        true
    }

    pub(in crate::target_dir) fn is_mount_point(&self) -> bool {
        self.path.parent().is_none()
    }
}

/// Of what a path leads to, links included.
pub(in crate::target_dir) fn identity_of(path: &Path) -> Option<Identity> {
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
