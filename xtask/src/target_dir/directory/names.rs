//! Names of entries, packed: a directory may hold a hundred thousand of them, and each would be an allocation.

use std::{ffi::OsStr, os::unix::ffi::OsStrExt as _};

/// Names one after the other, in the order in which they were put in.
#[derive(Debug, Default)]
pub(in super::super) struct Names {
    bytes: Vec<u8>,
    /// Where each ends.
    ends: Vec<usize>,
}

impl Names {
    pub(in super::super) fn push(&mut self, name: &OsStr) {
        self.bytes.extend_from_slice(name.as_bytes());
        self.ends.push(self.bytes.len());
    }

    pub(in super::super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(in super::super) fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }

    pub(in super::super) fn iter(&self) -> impl Iterator<Item = &OsStr> {
        let starts = [0].into_iter().chain(self.ends.iter().copied());
        let range = starts.zip(&self.ends);
        range.map(|(start, end)| OsStr::from_bytes(&self.bytes[start..*end]))
    }
}
