//! An open directory, and what is done in it.
//!
//! On Unix everything is done relative to a descriptor, one name at a time and through no link: whatever is
//! renamed or swapped meanwhile, what is done is done in the directory that was opened. Elsewhere by path.

use std::{ffi::OsStr, time::SystemTime};

#[cfg(not(unix))]
mod elsewhere;
#[cfg(unix)]
mod names;
#[cfg(unix)]
mod unix;

#[cfg(not(unix))]
pub(crate) use elsewhere::Directory;
#[cfg(not(unix))]
pub(super) use elsewhere::{Buffer, Identity, Names, identity_of};
#[cfg(unix)]
pub(super) use names::Names;
#[cfg(unix)]
pub(crate) use unix::Directory;
#[cfg(unix)]
pub(super) use unix::{Buffer, Identity, identity_of};

/// What an entry of a directory is itself, not what it may link to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Directory,
    File,
    Link,
    Other,
}

/// What is known of an entry of a directory.
#[derive(Debug, Clone)]
pub(super) struct Attributes {
    pub(super) kind: Kind,
    /// Apparent size.
    pub(super) bytes: u64,
    /// How many names it has; 1 where that is not known.
    pub(super) names: u64,
    /// When it was last written; of a directory, when an entry was last made or removed in it.
    pub(super) modified: SystemTime,
    pub(super) identity: Identity,
}

/// What version control keeps at the top of a checkout. `.git` may be a file.
const REPOSITORIES: [&str; 4] = [".git", ".hg", ".svn", ".jj"];

/// Whether an entry of this name shows a directory to be the top of a checkout.
pub(super) fn is_repository(name: &OsStr) -> bool {
    // It is asked of every file there is.
    name.as_encoded_bytes().starts_with(b".") && REPOSITORIES.iter().any(|known| name == *known)
}

impl Directory {
    /// Whether this is the top of a checkout.
    pub(super) fn is_repository(&self) -> bool {
        self.repository().is_some()
    }

    /// An entry that shows this to be the top of a checkout.
    pub(super) fn repository(&self) -> Option<&'static OsStr> {
        let mut names = REPOSITORIES.iter().map(OsStr::new);
        names.find(|name| self.attributes_of(name).is_ok())
    }

    /// Whether there is a regular file of this name.
    pub(super) fn has_file(&self, name: &str) -> bool {
        self.attributes_of(name.as_ref()).is_ok_and(|found| found.kind == Kind::File)
    }
}
