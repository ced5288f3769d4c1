//! [`Directory`] as a file descriptor.
//!
//! No call here takes a path of several names but those that open the first directory.

use std::{
    ffi::{OsStr, OsString},
    fs::File,
    io,
    os::{
        fd::{AsFd, BorrowedFd, OwnedFd},
        unix::ffi::OsStrExt as _,
    },
    path::Path,
};

use rustix::{
    fs::{self, AtFlags, CWD, FileType, Mode, OFlags},
    io::Errno,
};

use super::{Attributes, Kind};

/// Device and inode: the same for two names of one file or directory.
pub(in crate::target_dir) type Identity = (u64, u64);

/// An open directory.
#[derive(Debug)]
pub(in crate::target_dir) struct Directory {
    fd: OwnedFd,
    identity: Identity,
    /// Number of the mount it was reached through, where the system tells.
    mount: Option<u64>,
    /// Use no system call that only newer systems have. Handed on to what is opened from here.
    plain: bool,
}

const FLAGS: OFlags =
    OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC).union(OFlags::NONBLOCK);

impl Directory {
    /// Opens the directory that a path leads to, links included.
    pub(in crate::target_dir) fn open(path: &Path) -> io::Result<Self> {
        Self::of(fs::open(path, FLAGS, Mode::empty())?, false)
    }

    /// Opens the directory at an absolute path without links. With a link at the end it fails, and on Linux
    /// since 5.6 with one anywhere on the way.
    pub(in crate::target_dir) fn open_itself(path: &Path) -> io::Result<Self> {
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
        let stat = fs::fstat(&fd)?;
        #[allow(clippy::unnecessary_cast, reason = "these are of other types on other systems")]
        let identity = (stat.st_dev as u64, stat.st_ino as u64);
        let mount = mount(fd.as_fd());
        Ok(Self { fd, identity, mount, plain })
    }

    /// The same directory, as a system opens what is in it that has nothing newer than `openat`.
    #[cfg(test)]
    pub(in crate::target_dir) fn plain(mut self) -> Self {
        self.plain = true;
        self
    }

    /// Opens a directory in this one. [`io::ErrorKind::NotADirectory`] where it is a link or a file.
    pub(in crate::target_dir) fn child(&self, name: &OsStr) -> io::Result<Self> {
        let fd = fs::openat(&self.fd, name, FLAGS | OFlags::NOFOLLOW, Mode::empty());
        Self::of(fd.map_err(said)?, self.plain)
    }

    /// The same, but [`io::ErrorKind::CrossesDevices`] where something else is mounted: another file system,
    /// or, as far as the system tells (Linux since 5.6), another part of this one.
    pub(in crate::target_dir) fn child_of_this_mount(&self, name: &OsStr) -> io::Result<Self> {
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
    pub(in crate::target_dir) fn parent(&self) -> io::Result<Self> {
        Self::of(fs::openat(&self.fd, "..", FLAGS, Mode::empty())?, self.plain)
    }

    /// Names of the entries, with what they are where the directory itself says so.
    pub(in crate::target_dir) fn entries(
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

    /// What is known of an entry.
    pub(in crate::target_dir) fn attributes_of(&self, name: &OsStr) -> io::Result<Attributes> {
        let stat = fs::statat(&self.fd, name, AtFlags::SYMLINK_NOFOLLOW)?;
        #[allow(clippy::unnecessary_cast, reason = "these are of other types on other systems")]
        Ok(Attributes {
            kind: kind(FileType::from_raw_mode(stat.st_mode)).unwrap_or(Kind::Other),
            bytes: u64::try_from(stat.st_size).unwrap_or(0),
            names: stat.st_nlink as u64,
            identity: (stat.st_dev as u64, stat.st_ino as u64),
        })
    }

    /// Opens a file for reading, without waiting for anything.
    pub(in crate::target_dir) fn open_file(&self, name: &OsStr) -> io::Result<File> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        Ok(fs::openat(&self.fd, name, flags, Mode::empty())?.into())
    }

    /// Removes anything but a directory.
    pub(in crate::target_dir) fn remove_file(&self, name: &OsStr) -> io::Result<()> {
        Ok(fs::unlinkat(&self.fd, name, AtFlags::empty())?)
    }

    /// Removes an empty directory.
    pub(in crate::target_dir) fn remove_directory(&self, name: &OsStr) -> io::Result<()> {
        Ok(fs::unlinkat(&self.fd, name, AtFlags::REMOVEDIR)?)
    }

    pub(in crate::target_dir) fn identity(&self) -> Identity {
        self.identity
    }

    /// Whether both were reached through one mount; where the system does not number them, whether both lie
    /// on one file system.
    pub(in crate::target_dir) fn shares_mount_with(&self, other: &Self) -> bool {
        self.identity.0 == other.identity.0 && self.mount == other.mount
    }

    /// Whether something is mounted here.
    pub(in crate::target_dir) fn is_mount_point(&self) -> bool {
        // The root of the system is its own parent.
        self.parent().is_ok_and(|parent| {
            !self.shares_mount_with(&parent) || self.identity == parent.identity
        })
    }
}

/// Of what a path leads to, links included.
pub(in crate::target_dir) fn identity_of(path: &Path) -> Option<Identity> {
    let stat = fs::stat(path).ok()?;
    #[allow(clippy::unnecessary_cast, reason = "these are of other types on other systems")]
    Some((stat.st_dev as u64, stat.st_ino as u64))
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

/// Source of the flag and the version (Linux 5.8): statx(2).
#[cfg(target_os = "linux")]
fn mount(fd: BorrowedFd<'_>) -> Option<u64> {
    let found = fs::statx(fd, "", AtFlags::EMPTY_PATH, fs::StatxFlags::MNT_ID).ok()?;
    let told = fs::StatxFlags::from_bits_retain(found.stx_mask);
    told.contains(fs::StatxFlags::MNT_ID).then_some(found.stx_mnt_id)
}

#[cfg(not(target_os = "linux"))]
fn mount(_: BorrowedFd<'_>) -> Option<u64> {
    None
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
