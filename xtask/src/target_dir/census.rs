//! What each entry of a directory holds. (To be replaced by the parallel one.)

use std::{ffi::OsString, io, time::SystemTime};

use super::{
    directory::{Directory, Kind},
    remove,
    walk::Tally,
};

#[derive(Debug, Default)]
pub(crate) struct Progress;

#[derive(Debug)]
pub(crate) struct Holding {
    pub(super) name: OsString,
    pub(super) kind: Kind,
    pub(super) bytes: u64,
    pub(super) files: u64,
    pub(super) newest: SystemTime,
}

pub(super) fn census(directory: &Directory, _: &Progress) -> io::Result<Vec<Holding>> {
    let mut out = Vec::new();
    for entry in directory.entries()? {
        let (name, _) = entry?;
        let Ok(found) = directory.attributes_of(&name) else { continue };
        let (mut bytes, mut files) = (found.bytes, 1);
        if found.kind == Kind::Directory {
            let tally = Tally::of(directory.child(&name)?, None)?;
            (bytes, files) = (tally.bytes, tally.files);
        }
        out.push(Holding { name, kind: found.kind, bytes, files, newest: SystemTime::UNIX_EPOCH });
    }
    Ok(out)
}

#[derive(Debug, Default)]
pub(crate) struct Removed {
    pub(crate) freed_bytes: u64,
    pub(crate) gone: u64,
    pub(crate) left: Vec<(std::path::PathBuf, String)>,
    pub(crate) unnamed: u64,
}

impl Removed {
    pub(super) fn add(&mut self, other: Self, place: &std::path::Path) {
        self.freed_bytes += other.freed_bytes;
        self.gone += other.gone;
        self.unnamed += other.unnamed;
        self.left.extend(other.left.into_iter().map(|(path, reason)| (place.join(path), reason)));
    }
}

impl Progress {
    pub(super) fn is_stopped(&self) -> bool {
        false
    }
}

pub(super) fn remove_entries(directory: &Directory, names: &[OsString], _: &Progress) -> Removed {
    let mut out = Removed::default();
    for name in names {
        let Ok(found) = directory.attributes_of(name) else { continue };
        if found.kind == Kind::Directory {
            let Ok(child) = directory.child_of_this_mount(name) else { continue };
            let removal = remove::remove(directory, name, child);
            out.freed_bytes += removal.freed_bytes;
            out.gone += u64::from(removal.is_gone);
        } else if directory.remove_file(name).is_ok() {
            out.gone += 1;
            out.freed_bytes += if found.names <= 1 { found.bytes } else { 0 };
        }
    }
    out
}
