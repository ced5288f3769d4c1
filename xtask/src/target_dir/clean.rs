//! Deletes what `cargo package` leaves unpacked in a target directory.
//!
//! Only real directories directly beneath `<target>/package/` are deleted, never through a link,
//! and never in a directory that nothing shows to be cargo's. What is not deleted is named, with
//! the reason.

use std::{
    ffi::{OsStr, OsString},
    fs::TryLockError,
    io,
    path::{Path, PathBuf},
};

use super::{
    PACKAGE, Progress, Surroundings, Unpacked,
    directory::{Directory, Kind},
    guard, is_bloat, is_crate_file,
    remove::{self, NAMED, Removal},
    walk::Tally,
};

/// What a cleaning did. The same call once more removes nothing and frees nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Cleaned {
    /// Apparent size of the deleted files; those that have a name elsewhere as well (a hard link)
    /// do not count, as nothing was freed with them.
    pub(crate) freed_bytes: u64,
    /// The directories that are gone.
    pub(crate) removed: Vec<Unpacked>,
    /// What was left although it lies in the way, and why: the first few of each kind. `.crate` files are meant
    /// to stay and are not listed. When the whole cleaning was refused: the directory it was refused for.
    pub(crate) left: Vec<Refusal>,
    /// How much else was left.
    pub(crate) unnamed: u64,
}

/// Something in which nothing is deleted, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) path: PathBuf,
    pub(crate) reason: String,
}

impl Refusal {
    pub(crate) fn of(path: &Path, reason: impl ToString) -> Self {
        Self { path: path.to_path_buf(), reason: reason.to_string() }
    }
}

impl Cleaned {
    fn leave(&mut self, path: &Path, reason: impl ToString) {
        self.left.push(Refusal::of(path, reason));
    }
}

/// Deletes the unpacked packages in `<target>/package/` and cargo's temporaries beside them
/// (`tmp-crate/`, `tmp-registry/`), and keeps the `.crate` files. Nothing to do where there is no such directory.
///
/// Refused, with the reason in [`Cleaned::left`], as [`refusal`] says and while a `cargo package` runs there. A
/// directory that holds a repository or a mount point is left alone as a whole. Of one that holds something that
/// cannot be deleted, that stays and is named.
///
/// `target` and `package` are opened once; everything that is asked and deleted after that is asked and deleted
/// relative to what was opened, see [`remove`]. So none of the directories can be swapped for a link or another
/// directory in between. What it does not see: a directory that somebody moves into `package/` under a name of
/// cargo's, which is cargo's by all signs; and a `cargo package` that starts after the locks were looked at, which
/// fails and can be repeated, as with `cargo clean`.
///
/// With `build.build-dir` set, cargo unpacks below that directory instead: call this for both.
pub(crate) fn clean_package_bloat(target: &Path, surroundings: &Surroundings) -> Cleaned {
    clean_packages(target, surroundings, |_| true)
}

/// The same for those of the unpacked packages whose names are chosen.
pub(crate) fn clean_packages(
    target: &Path,
    surroundings: &Surroundings,
    is_chosen: impl Fn(&OsStr) -> bool,
) -> Cleaned {
    match opened(target, surroundings) {
        Ok(Some((path, package))) => clean(&path.join(PACKAGE), &package, is_chosen),
        Ok(None) => Cleaned::default(),
        Err(refusal) => Cleaned { left: vec![refusal], ..Cleaned::default() },
    }
}

/// Why nothing in a target directory may be deleted. `None` where something may be, and where there is no `package/`.
///
/// It may not where the target directory is the root, a home or above one, the workspace or above it, a mount
/// point, a repository, a link, or shows no sign of being cargo's; and where `package` is a link, a mount point
/// or a repository.
pub(crate) fn refusal(target: &Path, surroundings: &Surroundings) -> Option<Refusal> {
    opened(target, surroundings).err()
}

/// The target directory's path without links, and its `package/`, if there is one.
fn opened(
    target: &Path,
    surroundings: &Surroundings,
) -> Result<Option<(PathBuf, Directory)>, Refusal> {
    let refused = |error: io::Error, path: &Path| match error.kind() {
        io::ErrorKind::NotFound => Ok(None),
        io::ErrorKind::NotADirectory => Err(Refusal::of(path, "a link or not a directory")),
        io::ErrorKind::CrossesDevices => Err(Refusal::of(path, "a mount point")),
        _ => Err(Refusal::of(path, error)),
    };
    let path = match without_links_above(target) {
        Ok(path) => path,
        Err(error) => return refused(error, target),
    };
    let directory = match Directory::open_itself(&path) {
        Ok(directory) => directory,
        Err(error) => return refused(error, &path),
    };
    if directory.attributes_of(PACKAGE.as_ref()).is_err() {
        return Ok(None);
    }
    if let Some(reason) = guard::refusal(&directory, &path, surroundings) {
        return Err(Refusal::of(&path, reason));
    }
    match directory.child_of_this_mount(PACKAGE.as_ref()) {
        Ok(package) if package.is_repository() => {
            Err(Refusal::of(&path.join(PACKAGE), "a repository"))
        }
        Ok(package) => Ok(Some((path, package))),
        Err(error) => refused(error, &path.join(PACKAGE)),
    }
}

/// The path of a directory that may be reached through links, not followed if it is one itself.
pub(super) fn without_links_above(path: &Path) -> io::Result<PathBuf> {
    match (path.parent(), path.file_name()) {
        (Some(parent), Some(name)) => parent.canonicalize().map(|parent| parent.join(name)),
        // With `..` at the end there is none to come.
        _ => path.canonicalize(),
    }
}

fn clean(path: &Path, package: &Directory, is_chosen: impl Fn(&OsStr) -> bool) -> Cleaned {
    let mut cleaned = Cleaned::default();
    if let Some(lock) = held_lock(package) {
        cleaned.leave(path, format!("a running cargo holds `{}`", path.join(lock).display()));
        return cleaned;
    }
    let entries = match package.entries() {
        Ok(entries) => entries,
        Err(error) => {
            cleaned.leave(path, error);
            return cleaned;
        }
    };
    let (mut bloat, mut foreign) = (Vec::new(), Vec::new());
    for (name, _) in entries.flatten() {
        let Ok(found) = package.attributes_of(&name) else {
            continue;
        };
        match found.kind {
            Kind::File if is_crate_file(&name) => {}
            Kind::Directory if is_bloat(&name) => {
                bloat.extend(Some(name).filter(|name| is_chosen(name)))
            }
            kind if foreign.len() < NAMED => foreign.push((name, kind)),
            _ => cleaned.unnamed += 1,
        }
    }
    bloat.sort();
    for name in bloat {
        remove_entry(path, package, &name, &mut cleaned);
    }
    for (name, kind) in foreign {
        let reason = match kind {
            Kind::Link => "a link",
            _ => "not something `cargo package` leaves",
        };
        cleaned.leave(&path.join(name), reason);
    }
    cleaned.left.sort_by(|one, other| one.path.cmp(&other.path));
    cleaned
}

/// Deletes one directory in `package/`, or says why not.
fn remove_entry(path: &Path, package: &Directory, name: &OsStr, cleaned: &mut Cleaned) {
    let path = path.join(name);
    let open = || package.child_of_this_mount(name);
    let (looked_at, directory) = match open().and_then(|directory| Ok((open()?, directory))) {
        Ok(both) => both,
        Err(error) => {
            return match error.kind() {
                io::ErrorKind::NotFound => {}
                io::ErrorKind::NotADirectory => cleaned.leave(&path, "a link"),
                io::ErrorKind::CrossesDevices => cleaned.leave(&path, "a mount point"),
                _ => cleaned.leave(&path, error),
            };
        }
    };
    let progress = Progress::default();
    let before = match Tally::of(looked_at, None, &progress) {
        Ok(before) => before,
        Err(error) => return cleaned.leave(&path, error),
    };
    if let Some((place, what)) = &before.obstacle {
        return cleaned.leave(&path, format!("holds {what}: `{}`", place.display()));
    }
    let Removal { freed_bytes, is_gone, left, unnamed } =
        remove::remove(package, name, directory, &progress);
    cleaned.freed_bytes += freed_bytes;
    cleaned.unnamed += unnamed;
    for (place, reason) in left {
        let path = if place.as_os_str().is_empty() { path.clone() } else { path.join(place) };
        cleaned.leave(&path, format!("failed to delete: {reason}"));
    }
    if is_gone {
        cleaned.removed.push(Unpacked { path, bytes: before.bytes, files: before.files });
    }
}

/// The lock that a running `cargo package` holds, if one does.
///
/// Cargo keeps an exclusive `flock` on the `.crate` it is making until the verification is over:
/// `tmp-crate/<name>-<version>.crate` (seen with cargo 1.95), `.<name>-<version>.crate` at the top
/// with older ones; and on `tmp-registry/.cargo-lock` where it packages several. The lock of a
/// profile (`debug/.cargo-lock`) is not looked at: an ordinary build does not touch `package/`.
fn held_lock(package: &Directory) -> Option<PathBuf> {
    let held_in = |directory: &Directory| -> Option<OsString> {
        let names = directory.entries().ok()?.filter_map(|entry| Some(entry.ok()?.0));
        names.filter(|name| is_crate_file(name)).find(|name| is_held(directory, name))
    };
    let registry = package.child("tmp-registry".as_ref()).ok();
    let lock = OsStr::new(".cargo-lock");
    if registry.is_some_and(|registry| is_held(&registry, lock)) {
        return Some(Path::new("tmp-registry").join(lock));
    }
    let making = package.child("tmp-crate".as_ref()).ok();
    let made = making.and_then(|making| held_in(&making));
    made.map(|name| Path::new("tmp-crate").join(name)).or_else(|| held_in(package).map(Into::into))
}

/// Shared suffices to notice an exclusive lock, and needs no right to write. Where locks do not
/// work (some network file systems) cargo does not lock either.
fn is_held(directory: &Directory, name: &OsStr) -> bool {
    let is_file = directory.attributes_of(name).is_ok_and(|found| found.kind == Kind::File);
    is_file
        && directory
            .open_file(name)
            .is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
}
