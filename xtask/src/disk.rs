//! Small reads and writes of files that are *not* the user's: reports, logs, shadow copies.
//!
//! Every error names the path. The workspace itself is written by `commit.rs` alone.

use std::{
    fs,
    io::{self, Read as _},
    path::Path,
};

use anyhow::{Context, Result, bail};

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

/// Reads a file of at most `most_bytes`; `None` where there is none. Links are followed.
///
/// # Errors
/// When it cannot be read, is larger, or is something that has no end, such as a pipe or a device.
pub(crate) fn read_regular(path: &Path, most_bytes: u64) -> Result<Option<Vec<u8>>> {
    let failed = || format!("failed to read `{}`", path.display());
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(failed),
    };
    // To open a pipe is to wait for somebody who writes.
    if !metadata.is_file() {
        bail!("`{}` is no regular file", path.display());
    }
    let mut bytes = Vec::new();
    let file = fs::File::open(path).with_context(failed)?;
    file.take(most_bytes.saturating_add(1)).read_to_end(&mut bytes).with_context(failed)?;
    if bytes.len() as u64 > most_bytes {
        bail!("`{}` has more than {} MiB", path.display(), most_bytes / (1024 * 1024));
    }
    Ok(Some(bytes))
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
