//! Small reads and writes of files that are *not* the user's: reports, logs, shadow copies.
//!
//! Every error names the path. The workspace itself is written by `commit.rs` alone.

use std::{fs, io, path::Path};

use anyhow::{Context, Result};

/// Reads a file; `None` where there is none.
///
/// # Errors
/// When the file exists and cannot be read.
pub(crate) fn read_optional(path: &Path) -> Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("failed to read `{}`", path.display())),
    }
}

/// Writes a file outside the user's workspace files, creating its directory.
///
/// # Errors
/// When the directory or the file cannot be written.
#[expect(clippy::disallowed_methods, reason = "not a file of the user's")]
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)
            .with_context(|| format!("failed to create `{}`", parent.display()))?;
    }
    fs::write(path, bytes).with_context(|| format!("failed to write `{}`", path.display()))
}

/// Makes creations and renames in a directory durable.
///
/// # Errors
/// When the directory cannot be opened or flushed.
#[cfg(unix)]
pub(crate) fn sync_dir(path: &Path) -> io::Result<()> {
    fs::File::open(path)?.sync_all()
}

/// Directories cannot be flushed here: the system orders their changes itself.
///
/// # Errors
/// None.
#[cfg(not(unix))]
pub(crate) fn sync_dir(_path: &Path) -> io::Result<()> {
    Ok(())
}
