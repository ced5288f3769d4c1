//! Small reads and writes of files that are *not* the user's: reports, logs, shadow copies.
//!
//! Every error names the path. The workspace itself is written by `commit.rs` alone.

use std::{
    fs,
    io::{self, Read as _, Write as _},
    path::Path,
};

use anyhow::{Context, Result, bail};

/// Larger than any file this tool has a reason to read whole.
const MOST_BYTES: u64 = 256 << 20;

/// Reads a file of at most [`MOST_BYTES`]; `None` where there is none.
///
/// # Errors
/// When it cannot be read, is larger, or is no regular file.
pub(crate) fn read_optional(path: &Path) -> Result<Option<Vec<u8>>> {
    read_regular(path, MOST_BYTES)
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
    let file = open(path).with_context(failed)?;
    // Somebody may have put something else there since.
    if !file.metadata().with_context(failed)?.is_file() {
        bail!("`{}` is no regular file", path.display());
    }
    file.take(most_bytes.saturating_add(1)).read_to_end(&mut bytes).with_context(failed)?;
    if bytes.len() as u64 > most_bytes {
        bail!("`{}` has more than {} MiB", path.display(), most_bytes / (1024 * 1024));
    }
    Ok(Some(bytes))
}

/// Opens for reading without waiting for anybody.
fn open(path: &Path) -> io::Result<fs::File> {
    let mut options = fs::OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.custom_flags(rustix::fs::OFlags::NONBLOCK.bits().cast_signed());
    }
    options.open(path)
}

/// Puts a new file in the place of whatever file or link has the name: in one step, and never through a link.
///
/// # Errors
/// When it cannot be written or named.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    let context = || format!("failed to write `{}`", path.display());
    let directory = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(directory).with_context(context)?;
    let mut options = tempfile::Builder::new();
    #[cfg(unix)]
    {
        // Less the umask, as for every new file; without this only the owner could read it.
        let permissions: fs::Permissions = std::os::unix::fs::PermissionsExt::from_mode(0o644);
        options.permissions(permissions);
    }
    let mut file = options.prefix(".xtask-").tempfile_in(directory).with_context(context)?;
    file.write_all(bytes).and_then(|()| file.as_file().sync_all()).with_context(context)?;
    file.persist(path).with_context(context)?;
    sync_dir(directory).with_context(context)
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
    match fs::File::open(path)?.sync_all() {
        // Some network file systems flush no directories: there is nothing to be done about it.
        Err(error)
            if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) =>
        {
            Ok(())
        }
        flushed => flushed,
    }
}

/// Directories cannot be flushed here: the system orders their changes itself.
///
/// # Errors
/// None.
#[cfg(not(unix))]
pub(crate) fn sync_dir(_path: &Path) -> io::Result<()> {
    Ok(())
}
