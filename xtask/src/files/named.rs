//! The operations of [`FileSystem`] with errors that name the operation and the path.
//!
//! Invariant: nothing is decided here but what an error says.

use std::{io, path::Path};

use anyhow::{Context as _, Result};

use super::{FileSystem, Kind};

pub(crate) fn kind(fs: &impl FileSystem, path: &Path) -> Result<Kind> {
    fs.kind(path).with_context(|| format!("failed to look at `{}`", path.display()))
}

pub(crate) fn read(fs: &impl FileSystem, path: &Path) -> Result<Vec<u8>> {
    fs.read(path).with_context(|| format!("failed to read `{}`", path.display()))
}

pub(crate) fn write_new(
    fs: &impl FileSystem,
    path: &Path,
    bytes: &[u8],
    mode: Option<u32>,
    like: Option<&Path>,
) -> Result<()> {
    fs.write_new(path, bytes, mode, like)
        .with_context(|| format!("failed to write `{}`", path.display()))
}

pub(crate) fn rename(fs: &impl FileSystem, from: &Path, to: &Path) -> Result<()> {
    fs.rename(from, to)
        .with_context(|| format!("failed to rename `{}` to `{}`", from.display(), to.display()))
}

pub(crate) fn remove_file(fs: &impl FileSystem, path: &Path) -> Result<()> {
    fs.remove_file(path).with_context(|| format!("failed to remove `{}`", path.display()))
}

pub(crate) fn create_dir(fs: &impl FileSystem, path: &Path) -> Result<()> {
    fs.create_dir(path)
        .with_context(|| format!("failed to create the directory `{}`", path.display()))
}

/// Removes a directory unless something is in it, or it is gone already.
pub(crate) fn remove_dir_if_empty(fs: &impl FileSystem, path: &Path) -> Result<()> {
    match fs.remove_dir(path) {
        Ok(()) => sync_parent(fs, path),
        Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error)
            .with_context(|| format!("failed to remove the directory `{}`", path.display())),
    }
}

pub(crate) fn sync_dir(fs: &impl FileSystem, path: &Path) -> Result<()> {
    fs.sync_dir(path).with_context(|| format!("failed to flush the directory `{}`", path.display()))
}

/// Flushes the directory that `path` is in.
pub(crate) fn sync_parent(fs: &impl FileSystem, path: &Path) -> Result<()> {
    sync_dir(fs, path.parent().expect("a file of a workspace is in a directory"))
}
