//! The file operations that commits, backups and restores are made of, behind a trait.
//!
//! Everything that changes a workspace goes through [`FileSystem`], so that tests can make any
//! single operation fail, or stop the world there. Invariant: no operation follows a link in the
//! last component of its path, and none but `rename` replaces anything.

use std::{
    ffi::OsString,
    fmt::Write as _,
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
};

use crate::disk;

mod locate;
pub(crate) mod named;
mod permission;

#[cfg(unix)]
#[cfg(test)]
pub(crate) mod faulty;
#[cfg(unix)]
#[cfg(test)]
pub(crate) mod model;
#[cfg(unix)]
#[cfg(test)]
mod tests;

pub(crate) use locate::{Links, Located, locate, relative};

/// Permissions of a file that did not exist before, less the umask: what `open` in the C library
/// and every editor ask for.
#[cfg(any(unix, test))]
const NEW_FILE_MODE: u32 = 0o644;

/// Larger than any file this tool edits; the largest lock files known have a few megabytes.
pub(crate) const MAX_FILE_BYTES: u64 = 256 << 20;

/// The bits of `st_mode` that a backup keeps: permissions, set-id and sticky bits.
pub(crate) const MODE_BITS: u32 = 0o7777;

/// What a path is, links not followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Absent,
    File(FileMeta),
    Directory,
    Link,
    /// A device, a socket, a pipe.
    Other,
}

/// What is known of a regular file without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileMeta {
    pub(crate) bytes: u64,
    /// Within [`MODE_BITS`]; none where the system has no such thing.
    pub(crate) mode: Option<u32>,
    /// The owner may not write it.
    pub(crate) read_only: bool,
}

/// File operations; each either happens or reports why not.
pub(crate) trait FileSystem {
    /// What `path` is.
    fn kind(&self, path: &Path) -> io::Result<Kind>;
    /// The path with every link resolved.
    fn canonical(&self, path: &Path) -> io::Result<PathBuf>;
    /// Names in a directory, in no order.
    fn names(&self, directory: &Path) -> io::Result<Vec<OsString>>;
    /// The bytes of a regular file; a link or anything else is an error.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;
    /// Creates a file that must not exist and makes its content durable. With `like`, the owner
    /// is taken from that file as far as this process may.
    fn write_new(
        &self,
        path: &Path,
        bytes: &[u8],
        mode: Option<u32>,
        like: Option<&Path>,
    ) -> io::Result<()>;
    /// Copies a file and its permissions to a path that must not exist, durably.
    fn copy_new(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Renames within one directory; a file at `to` is replaced in one step.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    fn remove_file(&self, path: &Path) -> io::Result<()>;
    fn create_dir(&self, path: &Path) -> io::Result<()>;
    /// Removes an empty directory.
    fn remove_dir(&self, path: &Path) -> io::Result<()>;
    /// Removes a directory with everything in it; links are removed, not followed.
    fn remove_tree(&self, path: &Path) -> io::Result<()>;
    /// Makes creations, renames and removals in a directory durable.
    fn sync_dir(&self, path: &Path) -> io::Result<()>;
    /// Fails if this process may not create files in the directory. Leaves nothing behind.
    fn may_write_in(&self, directory: &Path) -> io::Result<()>;
    /// Fails if this process may not put another file in the place of this one. Writes nothing.
    fn may_replace(&self, file: &Path) -> io::Result<()>;
    /// Space left for this process on the file system of `path`; none where it cannot be told.
    fn free_bytes(&self, path: &Path) -> Option<u64>;
}

/// The file system itself.
pub(crate) struct RealFileSystem;

impl FileSystem for RealFileSystem {
    fn kind(&self, path: &Path) -> io::Result<Kind> {
        let metadata = match fs::symlink_metadata(path) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Kind::Absent),
            Err(error) => return Err(error),
        };
        let file_type = metadata.file_type();
        Ok(if file_type.is_symlink() {
            Kind::Link
        } else if file_type.is_dir() {
            Kind::Directory
        } else if file_type.is_file() {
            Kind::File(meta(&metadata))
        } else {
            Kind::Other
        })
    }

    fn canonical(&self, path: &Path) -> io::Result<PathBuf> {
        fs::canonicalize(path)
    }

    fn names(&self, directory: &Path) -> io::Result<Vec<OsString>> {
        fs::read_dir(directory)?.map(|entry| Ok(entry?.file_name())).collect()
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let mut options = OpenOptions::new();
        options.read(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;
            // Between the check and the opening somebody may have put a link or a pipe here.
            let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
            options.custom_flags(flags.bits().cast_signed());
        }
        let file = options.open(path)?;
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(io::Error::other("not a regular file"));
        }
        if metadata.len() > MAX_FILE_BYTES {
            let found = metadata.len();
            return Err(io::Error::other(format!(
                "{found} bytes, more than the {MAX_FILE_BYTES} that are read"
            )));
        }
        let mut bytes = Vec::new();
        file.take(MAX_FILE_BYTES).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn write_new(
        &self,
        path: &Path,
        bytes: &[u8],
        mode: Option<u32>,
        like: Option<&Path>,
    ) -> io::Result<()> {
        write_unflushed(path, bytes, mode, like)?.sync_all()
    }

    fn copy_new(&self, from: &Path, to: &Path) -> io::Result<()> {
        copy_unflushed(from, to)?;
        // Windows flushes only through a handle that may write; elsewhere a copy of a file that
        // its owner may not write must still be flushed.
        OpenOptions::new().read(true).write(cfg!(windows)).open(to)?.sync_all()
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn create_dir(&self, path: &Path) -> io::Result<()> {
        fs::create_dir(path)
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        fs::remove_dir(path)
    }

    fn remove_tree(&self, path: &Path) -> io::Result<()> {
        fs::remove_dir_all(path)
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        disk::sync_dir(path)
    }

    fn may_write_in(&self, directory: &Path) -> io::Result<()> {
        permission::may_write_in(directory)
    }

    fn may_replace(&self, file: &Path) -> io::Result<()> {
        permission::may_replace(file)
    }

    #[cfg(unix)]
    fn free_bytes(&self, path: &Path) -> Option<u64> {
        let stat = rustix::fs::statvfs(path).ok()?;
        stat.f_bavail.checked_mul(stat.f_frsize)
    }

    #[cfg(not(unix))]
    fn free_bytes(&self, _path: &Path) -> Option<u64> {
        None
    }
}

fn write_unflushed(
    path: &Path,
    bytes: &[u8],
    mode: Option<u32>,
    like: Option<&Path>,
) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        // A private file must not be readable by others even while it is being written.
        options.mode(if mode.is_some() { 0o600 } else { NEW_FILE_MODE });
    }
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    set_owner_and_mode(&file, mode, like)?;
    Ok(file)
}

fn copy_unflushed(from: &Path, to: &Path) -> io::Result<u64> {
    let options = fs_extra::file::CopyOptions::new();
    fs_extra::file::copy(from, to, &options).map_err(|error| match error.kind {
        fs_extra::error::ErrorKind::Io(error) => error,
        _ => io::Error::other(error),
    })
}

fn meta(metadata: &fs::Metadata) -> FileMeta {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let mode = metadata.mode() & MODE_BITS;
        FileMeta { bytes: metadata.len(), mode: Some(mode), read_only: mode & 0o200 == 0 }
    }
    #[cfg(not(unix))]
    FileMeta { bytes: metadata.len(), mode: None, read_only: metadata.permissions().readonly() }
}

#[cfg(unix)]
fn set_owner_and_mode(file: &File, mode: Option<u32>, like: Option<&Path>) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    if let Some(like) = like {
        let (old, new) = (fs::symlink_metadata(like)?, file.metadata()?);
        if (old.uid(), old.gid()) != (new.uid(), new.gid()) {
            // Only a privileged process may give files away. For all others the file becomes
            // theirs, as with every editor that replaces files.
            let _ = std::os::unix::fs::fchown(file, Some(old.uid()), Some(old.gid()));
        }
    }
    match mode {
        Some(mode) => file.set_permissions(fs::Permissions::from_mode(mode)),
        None => Ok(()),
    }
}

#[cfg(not(unix))]
fn set_owner_and_mode(_file: &File, _mode: Option<u32>, _like: Option<&Path>) -> io::Result<()> {
    Ok(())
}

/// SHA-256 in lower-case hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hmac_sha256::Hash::hash(bytes).iter().fold(String::with_capacity(64), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("writing to a string cannot fail");
        hex
    })
}
