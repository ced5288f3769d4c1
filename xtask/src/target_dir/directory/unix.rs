//! [`Directory`] as a file descriptor.
//!
//! No call here takes a path of several names but those that open the first directory.

use std::{
    ffi::{OsStr, OsString},
    fs::File,
    io,
    os::{fd::OwnedFd, unix::ffi::OsStrExt as _},
    path::Path,
    time::{Duration, SystemTime},
};

#[cfg(target_os = "linux")]
use rustix::fd::{AsFd as _, BorrowedFd};
use rustix::{
    fs::{self, AtFlags, CWD, FileType, Mode, OFlags},
    io::Errno,
};

use super::{Attributes, Kind};

/// Device and inode: the same for two names of one file or directory.
pub(in super::super) type Identity = (u64, u64);

/// What a directory is read into, to be used for one after the other.
#[derive(Debug, Default)]
pub(in super::super) struct Buffer(#[cfg(target_os = "linux")] Vec<u8>);

/// Bytes of entries that are read at a time: some 500 names as cargo gives them.
#[cfg(target_os = "linux")]
const READ: usize = 32 * 1024;

/// An open directory.
#[derive(Debug)]
pub(crate) struct Directory {
    fd: OwnedFd,
    identity: Identity,
    /// Number of the mount it was reached through, where the system tells.
    mount: Option<u64>,
    /// Use no system call that only newer systems have. Handed on to what is opened from here.
    plain: bool,
    modified: SystemTime,
}

const FLAGS: OFlags =
    OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC).union(OFlags::NONBLOCK);

impl Directory {
    /// Opens the directory that a path leads to, links included.
    pub(in super::super) fn open(path: &Path) -> io::Result<Self> {
        Self::of(fs::open(path, FLAGS, Mode::empty())?, false)
    }

    /// Opens the directory at an absolute path without links. With a link at the end it fails, and on Linux
    /// since 5.6 with one anywhere on the way.
    pub(crate) fn open_itself(path: &Path) -> io::Result<Self> {
        let flags = FLAGS | OFlags::NOFOLLOW;
        #[cfg(target_os = "linux")]
        {
            let through_none = fs::ResolveFlags::NO_SYMLINKS | fs::ResolveFlags::NO_MAGICLINKS;
            let fd = fs::openat2(CWD, path, flags, Mode::empty(), through_none);
            if let Some(fd) = opened(fd) {
                return Self::of(fd?, false);
            }
        }
        Self::of(fs::openat(CWD, path, flags, Mode::empty()).map_err(said)?, true)
    }

    fn of(fd: OwnedFd, plain: bool) -> io::Result<Self> {
        #[cfg(target_os = "linux")]
        if let Some(Described { identity, mount, modified }) = described(fd.as_fd()) {
            return Ok(Self { fd, identity, mount, plain, modified });
        }
        let stat = fs::fstat(&fd)?;
        Ok(Self { fd, identity: identity(&stat), mount: None, plain, modified: modified(&stat) })
    }

    /// The same directory, for another thread. Only one of the two may be read.
    pub(in super::super) fn again(&self) -> io::Result<Self> {
        let fd = rustix::io::fcntl_dupfd_cloexec(&self.fd, 0)?;
        let Self { identity, mount, plain, modified, .. } = *self;
        Ok(Self { fd, identity, mount, plain, modified })
    }

    pub(in super::super) fn rewind(&self) -> io::Result<()> {
        fs::seek(&self.fd, fs::SeekFrom::Start(0))?;
        Ok(())
    }

    /// When an entry had last been made or removed in it when it was opened.
    pub(in super::super) fn modified(&self) -> SystemTime {
        self.modified
    }

    /// The same directory, as a system opens what is in it that has nothing newer than `openat`.
    #[cfg(test)]
    pub(in super::super) fn plain(mut self) -> Self {
        self.plain = true;
        self
    }

    /// Opens a directory in this one. [`io::ErrorKind::NotADirectory`] where it is a link or a file.
    pub(in super::super) fn child(&self, name: &OsStr) -> io::Result<Self> {
        let fd = fs::openat(&self.fd, name, FLAGS | OFlags::NOFOLLOW, Mode::empty());
        Self::of(fd.map_err(said)?, self.plain)
    }

    /// The same, but [`io::ErrorKind::CrossesDevices`] where something else is mounted: another file system,
    /// or, as far as the system tells (Linux since 5.6), another part of this one.
    pub(crate) fn child_of_this_mount(&self, name: &OsStr) -> io::Result<Self> {
        #[cfg(target_os = "linux")]
        if !self.plain {
            let within = fs::ResolveFlags::BENEATH
                | fs::ResolveFlags::NO_XDEV
                | fs::ResolveFlags::NO_SYMLINKS
                | fs::ResolveFlags::NO_MAGICLINKS;
            let flags = FLAGS | OFlags::NOFOLLOW;
            if let Some(fd) = opened(fs::openat2(&self.fd, name, flags, Mode::empty(), within)) {
                return self.of_this_mount(Self::of(fd?, false)?);
            }
        }
        self.of_this_mount(self.child(name)?)
    }

    fn of_this_mount(&self, other: Self) -> io::Result<Self> {
        if self.shares_mount_with(&other) { Ok(other) } else { Err(Errno::XDEV.into()) }
    }

    /// The directory that this one lies in now.
    pub(in super::super) fn parent(&self) -> io::Result<Self> {
        Self::of(fs::openat(&self.fd, "..", FLAGS, Mode::empty())?, self.plain)
    }

    /// Names of the entries, with what they are where the directory itself says so.
    pub(in super::super) fn entries(
        &self,
    ) -> io::Result<impl Iterator<Item = io::Result<(OsString, Option<Kind>)>> + use<>> {
        let entries = fs::Dir::read_from(&self.fd)?;
        Ok(entries.filter_map(|entry| match entry {
            Err(error) => Some(Err(error.into())),
            Ok(entry) if matches!(entry.file_name().to_bytes(), b"." | b"..") => None,
            Ok(entry) => {
                let name = OsStr::from_bytes(entry.file_name().to_bytes()).to_os_string();
                Some(Ok((name, kind(entry.file_type()))))
            }
        }))
    }

    /// As [`Directory::entries`], without an allocation for each name. To be done once; for the second time,
    /// [rewind](Directory::rewind) it.
    pub(in super::super) fn read(
        &self,
        buffer: &mut Buffer,
        mut each: impl FnMut(&OsStr, Option<Kind>),
    ) -> io::Result<()> {
        #[cfg(target_os = "linux")]
        {
            buffer.0.reserve(READ);
            let mut entries = fs::RawDir::new(&self.fd, buffer.0.spare_capacity_mut());
            while let Some(entry) = entries.next() {
                let entry = entry?;
                let name = entry.file_name().to_bytes();
                if !matches!(name, b"." | b"..") {
                    each(OsStr::from_bytes(name), kind(entry.file_type()));
                }
            }
        }
        #[cfg(not(target_os = "linux"))]
        {
            let Buffer() = buffer;
            for entry in self.entries()? {
                let (name, kind) = entry?;
                each(&name, kind);
            }
        }
        Ok(())
    }

    /// What is known of an entry.
    pub(in super::super) fn attributes_of(&self, name: &OsStr) -> io::Result<Attributes> {
        let stat = fs::statat(&self.fd, name, AtFlags::SYMLINK_NOFOLLOW)?;
        #[allow(clippy::unnecessary_cast, reason = "these are of other types on other systems")]
        Ok(Attributes {
            kind: kind(FileType::from_raw_mode(stat.st_mode)).unwrap_or(Kind::Other),
            bytes: u64::try_from(stat.st_size).unwrap_or(0),
            names: stat.st_nlink as u64,
            modified: modified(&stat),
            identity: identity(&stat),
        })
    }

    /// Opens a file for reading, without waiting for anything.
    pub(in super::super) fn open_file(&self, name: &OsStr) -> io::Result<File> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        Ok(fs::openat(&self.fd, name, flags, Mode::empty())?.into())
    }

    /// Removes anything but a directory.
    pub(in super::super) fn remove_file(&self, name: &OsStr) -> io::Result<()> {
        Ok(fs::unlinkat(&self.fd, name, AtFlags::empty())?)
    }

    /// Removes an empty directory.
    pub(in super::super) fn remove_directory(&self, name: &OsStr) -> io::Result<()> {
        Ok(fs::unlinkat(&self.fd, name, AtFlags::REMOVEDIR)?)
    }

    pub(in super::super) fn identity(&self) -> Identity {
        self.identity
    }

    /// Whether both were reached through one mount; where the system does not number them, whether both lie
    /// on one file system.
    pub(in super::super) fn shares_mount_with(&self, other: &Self) -> bool {
        self.identity.0 == other.identity.0 && self.mount == other.mount
    }

    /// Whether something is mounted here.
    pub(in super::super) fn is_mount_point(&self) -> bool {
        // The root of the system is its own parent.
        self.parent().is_ok_and(|parent| {
            !self.shares_mount_with(&parent) || self.identity == parent.identity
        })
    }
}

/// Of what a path leads to, links included.
pub(in super::super) fn identity_of(path: &Path) -> Option<Identity> {
    Some(identity(&fs::stat(path).ok()?))
}

#[allow(clippy::unnecessary_cast, reason = "these are of other types on other systems")]
fn identity(stat: &fs::Stat) -> Identity {
    (stat.st_dev as u64, stat.st_ino as u64)
}

#[allow(clippy::unnecessary_cast, reason = "these are of other types on other systems")]
fn modified(stat: &fs::Stat) -> SystemTime {
    time(stat.st_mtime as i64, stat.st_mtime_nsec as u32)
}

/// A time that this system cannot represent is the beginning of its count.
fn time(seconds: i64, nanoseconds: u32) -> SystemTime {
    let whole = Duration::from_secs(seconds.unsigned_abs());
    let start = SystemTime::UNIX_EPOCH;
    let time = if seconds < 0 { start.checked_sub(whole) } else { start.checked_add(whole) };
    let time = time.and_then(|time| time.checked_add(Duration::from_nanos(nanoseconds.into())));
    time.unwrap_or(start)
}

/// `None` where the system does not know the call. Containers may answer so with EPERM.
#[cfg(target_os = "linux")]
fn opened(result: rustix::io::Result<OwnedFd>) -> Option<io::Result<OwnedFd>> {
    match result {
        Err(Errno::NOSYS | Errno::PERM) => None,
        result => Some(result.map_err(said)),
    }
}

/// What stands for a link in place of a directory differs between systems.
fn said(error: Errno) -> io::Error {
    match error {
        Errno::LOOP | Errno::MLINK => Errno::NOTDIR.into(),
        error => error.into(),
    }
}

/// What one call tells of an open directory.
#[cfg(target_os = "linux")]
struct Described {
    identity: Identity,
    mount: Option<u64>,
    modified: SystemTime,
}

/// `None` where the system does not know the call. Source of the flag for the mount and its version (Linux 5.8):
/// statx(2).
#[cfg(target_os = "linux")]
fn described(fd: BorrowedFd<'_>) -> Option<Described> {
    use fs::StatxFlags;
    let asked = StatxFlags::INO | StatxFlags::MTIME;
    let found = fs::statx(fd, "", AtFlags::EMPTY_PATH, asked | StatxFlags::MNT_ID).ok()?;
    let told = StatxFlags::from_bits_retain(found.stx_mask);
    let device = fs::makedev(found.stx_dev_major, found.stx_dev_minor);
    told.contains(asked).then(|| Described {
        identity: (device, found.stx_ino),
        mount: told.contains(StatxFlags::MNT_ID).then_some(found.stx_mnt_id),
        modified: time(found.stx_mtime.tv_sec, found.stx_mtime.tv_nsec),
    })
}

/// `None` where the file system does not tell.
fn kind(kind: FileType) -> Option<Kind> {
    match kind {
        FileType::Unknown => None,
        FileType::Directory => Some(Kind::Directory),
        FileType::RegularFile => Some(Kind::File),
        FileType::Symlink => Some(Kind::Link),
        _ => Some(Kind::Other),
    }
}
