//! Deletes what `cargo package` leaves unpacked in a target directory.
//!
//! Only real directories directly beneath `<target>/package/` are deleted, never through a link,
//! and never in a directory that nothing shows to be cargo's. What is not deleted is named, with
//! the reason.

use std::{
    env,
    fs::{self, File, TryLockError},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

use super::{
    Unpacked, file_name, is_bloat, is_crate_file, is_real_dir, sorted_entries,
    walk::{Tally, device},
};

/// What a cleaning did. The same call once more removes nothing and frees nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Cleaned {
    /// Apparent size of the deleted files; those that have a name elsewhere as well (a hard link)
    /// do not count, as nothing was freed with them.
    pub(crate) freed_bytes: u64,
    pub(crate) removed: Vec<Unpacked>,
    /// What was left although it lies in the way, and why. `.crate` files are meant to stay and
    /// are not listed. When the whole cleaning was refused: the directory it was refused for.
    pub(crate) left: Vec<(PathBuf, String)>,
}

impl Cleaned {
    fn refused(path: &Path, reason: impl Into<String>) -> Cleaned {
        Cleaned { left: vec![(path.to_path_buf(), reason.into())], ..Cleaned::default() }
    }
}

/// Deletes the unpacked packages in `<target>/package/` and cargo's temporaries beside them
/// (`tmp-crate/`, `tmp-registry/`), and keeps the `.crate` files. Nothing to do, and no error,
/// where there is no such directory.
///
/// Refused, with the reason in [`Cleaned::left`], when `target` is the root, holds the home
/// directory, is a link, or shows no sign of being cargo's; when `package` is a link or another
/// file system; and while a `cargo package` runs there. A directory that holds a `.git` or another
/// file system is left alone as a whole.
///
/// A directory swapped for a link while it is being deleted is not followed:
/// [`fs::remove_dir_all`] opens each level relative to the one above, without following links
/// (`openat` and `unlinkat` with `O_NOFOLLOW` on Unix, the like on Windows). Three things it cannot
/// see: `target` or `package` itself swapped for a link in the moment after they were looked at; a
/// bind mount of the same file system; and a `cargo package` that starts after the locks were
/// looked at, which fails and can be repeated, as with `cargo clean`.
///
/// With `build.build-dir` set, cargo unpacks below that directory instead: call this for both.
///
/// # Errors
/// When a directory cannot be read. One that cannot be deleted is in [`Cleaned::left`].
pub(crate) fn clean_package_bloat(target: &Path) -> Result<Cleaned> {
    clean(target, env::home_dir().as_deref())
}

pub(super) fn clean(target: &Path, home: Option<&Path>) -> Result<Cleaned> {
    if target.symlink_metadata().is_err() {
        return Ok(Cleaned::default());
    }
    if !is_real_dir(target) {
        let reason = "the target directory is a link or not a directory";
        return Ok(Cleaned::refused(target, reason));
    }
    let target = target
        .canonicalize()
        .with_context(|| format!("failed to resolve `{}`", target.display()))?;
    let package = target.join("package");
    if package.symlink_metadata().is_err() {
        return Ok(Cleaned::default());
    }
    if let Some(reason) = refusal(&target, home)? {
        return Ok(Cleaned::refused(&target, reason));
    }
    if !is_real_dir(&package) {
        return Ok(Cleaned::refused(&package, "a link or not a directory"));
    }
    let device_of = |path: &Path| fs::metadata(path).ok().and_then(|found| device(&found));
    if device_of(&package) != device_of(&target) {
        return Ok(Cleaned::refused(&package, "another file system"));
    }
    if let Some(lock) = held_lock(&package)? {
        let reason = format!("a running cargo holds `{}`", lock.display());
        return Ok(Cleaned::refused(&package, reason));
    }
    let mut cleaned = Cleaned::default();
    for entry in sorted_entries(&package)? {
        remove(&entry, device_of(&package), &mut cleaned)?;
    }
    Ok(cleaned)
}

/// Deletes one entry of `package/`, or says why not.
fn remove(entry: &Path, package_device: Option<u64>, cleaned: &mut Cleaned) -> Result<()> {
    let mut leave = |reason: String| cleaned.left.push((entry.to_path_buf(), reason));
    let Ok(metadata) = entry.symlink_metadata() else {
        return Ok(());
    };
    let name = file_name(entry);
    if metadata.is_file() && is_crate_file(&name) {
        return Ok(());
    }
    if metadata.is_symlink() {
        leave("a link".to_owned());
    } else if !is_bloat(&name) || !metadata.is_dir() {
        leave("not something `cargo package` leaves".to_owned());
    } else if device(&metadata) != package_device {
        leave("another file system".to_owned());
    } else {
        let before = Tally::of(entry, |_| false)?;
        if let Some((place, what)) = &before.obstacle {
            leave(format!("holds {what}: `{}`", place.display()));
            return Ok(());
        }
        // On an error part of it may be gone: what is left is counted again.
        let error = fs::remove_dir_all(entry).err();
        let after = Tally::of(entry, |_| false)?;
        let freed = before.bytes_only_here().saturating_sub(after.bytes_only_here());
        match error {
            Some(error) => leave(format!("failed to delete: {error}")),
            None => cleaned.removed.push(Unpacked {
                path: entry.to_path_buf(),
                bytes: before.bytes(),
                files: before.files(),
            }),
        }
        cleaned.freed_bytes += freed;
    }
    Ok(())
}

/// Why nothing below this directory may be deleted. The path is resolved already.
fn refusal(target: &Path, home: Option<&Path>) -> Result<Option<&'static str>> {
    let home = home.map(|home| home.canonicalize().unwrap_or_else(|_| home.to_path_buf()));
    Ok(if target.parent().is_none() {
        Some("the root directory")
    } else if home.is_some_and(|home| home.starts_with(target)) {
        Some("the home directory, or above it")
    } else if !is_cargos(target)? {
        Some("no sign of being a target directory of cargo's")
    } else {
        None
    })
}

/// Whether cargo left a sign: `CACHEDIR.TAG` and `.rustc_info.json` are written into every target
/// directory, `.fingerprint` into every profile's, and `package/` holds packaged crates.
fn is_cargos(target: &Path) -> Result<bool> {
    let signs = ["CACHEDIR.TAG", ".rustc_info.json"];
    let profiles = ["debug/.fingerprint", "release/.fingerprint"];
    Ok(signs.iter().any(|sign| target.join(sign).is_file())
        || profiles.iter().any(|profile| target.join(profile).is_dir())
        || sorted_entries(&target.join("package"))
            .unwrap_or_default()
            .iter()
            .any(|entry| is_crate_file(&file_name(entry)) && entry.is_file()))
}

/// The lock that a running `cargo package` holds, if one does.
///
/// Cargo keeps an exclusive `flock` on the `.crate` it is making until the verification is over:
/// `tmp-crate/<name>-<version>.crate` (seen with cargo 1.95), `.<name>-<version>.crate` at the top
/// with older ones; and on `tmp-registry/.cargo-lock` where it packages several. The lock of a
/// profile (`debug/.cargo-lock`) is not looked at: an ordinary build does not touch `package/`.
fn held_lock(package: &Path) -> Result<Option<PathBuf>> {
    let mut locks = vec![package.join("tmp-registry/.cargo-lock")];
    for dir in [package.to_path_buf(), package.join("tmp-crate")] {
        if is_real_dir(&dir) {
            let entries = sorted_entries(&dir)?.into_iter();
            locks.extend(entries.filter(|entry| is_crate_file(&file_name(entry))));
        }
    }
    Ok(locks.into_iter().find(|lock| is_held(lock)))
}

/// Shared suffices to notice an exclusive lock, and needs no right to write. Where locks do not
/// work (some network file systems) cargo does not lock either.
fn is_held(lock: &Path) -> bool {
    let is_file = lock.symlink_metadata().is_ok_and(|found| found.is_file());
    is_file
        && File::open(lock)
            .is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
}
