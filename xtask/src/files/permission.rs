//! Whether this process may replace files, asked without writing: modes, owners, flags, mounts.
//!
//! Invariant: nothing is created to find out, so a crash leaves no probe behind. What the system does not tell is
//! taken to be permitted; the write itself then says otherwise, and is undone.

use std::{io, path::Path};

#[cfg(unix)]
use std::{
    fs::{self, Metadata},
    os::unix::fs::MetadataExt as _,
};

/// The bit of a directory in which only owners may rename and remove, as in `/tmp`.
#[cfg(unix)]
const STICKY: u32 = 0o1000;

/// Fails if this process may not create, rename and remove files in the directory.
#[cfg(unix)]
pub(super) fn may_write_in(directory: &Path) -> io::Result<()> {
    use rustix::fs::Access;
    // It is also read, to flush it. Immutable directories and read-only file systems are told by this as well.
    rustix::fs::access(directory, Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK)?;
    match flags::of(directory) {
        Some(flag) => Err(io::Error::other(format!("it is {flag}"))),
        None => Ok(()),
    }
}

#[cfg(not(unix))]
pub(super) fn may_write_in(directory: &Path) -> io::Result<()> {
    tempfile::Builder::new().prefix(".xtask-").tempfile_in(directory)?.close()
}

/// Fails if this process may not put another file in the place of this one.
#[cfg(unix)]
pub(super) fn may_replace(file: &Path) -> io::Result<()> {
    let say = |why: String| Err(io::Error::other(why));
    // Before the mode: it would only say that the operation is not permitted.
    if let Some(flag) = flags::of(file) {
        return say(format!("it is {flag}; `chattr -i -a` lets it be written"));
    }
    rustix::fs::access(file, rustix::fs::Access::WRITE_OK)?;
    let directory = file.parent().ok_or(io::ErrorKind::InvalidInput)?;
    let (found, above) = (fs::symlink_metadata(file)?, fs::metadata(directory)?);
    let user = rustix::process::geteuid().as_raw();
    if !may_rename_over(&found, &above, user) {
        return say(format!(
            "it belongs to user {}, and in `{}` only the owner of a file may replace it",
            found.uid(),
            directory.display()
        ));
    }
    if flags::is_mounted_alone(file, directory) {
        return say("it is mounted from elsewhere, and a mount point cannot be replaced".to_owned());
    }
    Ok(())
}

/// Elsewhere a file that its owner may write may be replaced.
#[cfg(not(unix))]
pub(super) fn may_replace(_file: &Path) -> io::Result<()> {
    Ok(())
}

/// What the kernel asks where the directory is sticky.
#[cfg(unix)]
fn may_rename_over(file: &Metadata, directory: &Metadata, user: u32) -> bool {
    directory.mode() & STICKY == 0 || user == 0 || [file.uid(), directory.uid()].contains(&user)
}

#[cfg(any(target_os = "linux", target_os = "android"))]
mod flags {
    //! What only Linux knows of files.

    use std::path::Path;

    use rustix::fs::{AtFlags, CWD, IFlags, Mode, OFlags, StatxFlags, ioctl_getflags, statx};

    /// The flag that keeps a file or directory from being replaced, if it has one.
    pub(super) fn of(path: &Path) -> Option<&'static str> {
        let open = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = rustix::fs::open(path, open, Mode::empty()).ok()?;
        // Many file systems have no such flags.
        let flags = ioctl_getflags(&file).ok()?;
        if flags.contains(IFlags::IMMUTABLE) {
            Some("immutable (`chattr +i`)")
        } else if flags.contains(IFlags::APPEND) {
            Some("append-only (`chattr +a`)")
        } else {
            None
        }
    }

    /// Whether a file is a mount point, as containers make them of single files.
    pub(super) fn is_mounted_alone(file: &Path, directory: &Path) -> bool {
        let mount = |path: &Path| {
            let found = statx(CWD, path, AtFlags::SYMLINK_NOFOLLOW, StatxFlags::MNT_ID).ok()?;
            (found.stx_mask & StatxFlags::MNT_ID.bits() != 0).then_some(found.stx_mnt_id)
        };
        mount(file).zip(mount(directory)).is_some_and(|(file, directory)| file != directory)
    }
}

#[cfg(all(unix, not(any(target_os = "linux", target_os = "android"))))]
mod flags {
    //! Systems whose flags are not looked at.

    use std::path::Path;

    pub(super) fn of(_path: &Path) -> Option<&'static str> {
        None
    }

    pub(super) fn is_mounted_alone(_file: &Path, _directory: &Path) -> bool {
        false
    }
}
