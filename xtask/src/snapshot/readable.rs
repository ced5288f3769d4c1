//! Files that nobody could read to the end, found by name before cargo, rustup or git opens them.
//!
//! A pipe named `Cargo.toml` would be waited for without end, a device or a file of gigabytes would fill the memory.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Result, bail};
use walkdir::WalkDir;

use super::{IGNORE_FILE, LOCK_FILE, ROOT_MANIFEST, is_left_out};
use crate::{interrupt, wording};

/// No manifest, lock file or configuration that people or programs write for cargo comes near.
pub(crate) const MOST_BYTES: u64 = 16 * 1024 * 1024;

/// What is read in every directory from a workspace upwards, by cargo, rustup or git.
const ABOVE: [&str; 10] = [
    ROOT_MANIFEST,
    LOCK_FILE,
    IGNORE_FILE,
    ".cargo/config",
    ".cargo/config.toml",
    "rust-toolchain",
    "rust-toolchain.toml",
    ".git/HEAD",
    ".git/config",
    ".git/index",
];

/// Refuses what cannot be read in `dir` and above.
///
/// # Errors
/// When there is such a file; the error names it.
pub(super) fn hold_above(dir: &Path) -> Result<()> {
    // An index of a large repository is larger than any manifest, and git maps it.
    let places = dir.ancestors().flat_map(|above| ABOVE.map(|name| above.join(name)));
    hold(places.map(|path| {
        let most = if path.ends_with(".git/index") { u64::MAX } else { MOST_BYTES };
        (path, most)
    }))
}

/// Refuses manifests and ignore files below `root` that cannot be read, whoever they belong to.
///
/// # Errors
/// When there is such a file, or on an interrupt.
pub(super) fn hold_below(root: &Path) -> Result<()> {
    let walk = WalkDir::new(root).into_iter().filter_entry(|entry| {
        !entry.file_type().is_dir() || entry.depth() == 0 || !is_left_out(entry.path())
    });
    for entry in walk.flatten() {
        interrupt::check()?;
        if entry.file_name() == ROOT_MANIFEST || entry.file_name() == IGNORE_FILE {
            hold([(entry.into_path(), MOST_BYTES)])?;
        }
    }
    Ok(())
}

fn hold(places: impl IntoIterator<Item = (PathBuf, u64)>) -> Result<()> {
    for (path, most) in places {
        // What is not there, or leads nowhere, cannot hold anybody up.
        let Ok(metadata) = fs::metadata(&path) else { continue };
        if !metadata.is_file() && !metadata.is_dir() {
            bail!(
                "`{}` is no regular file but a pipe, a socket or a device, and reading it may never end\n\
                 hint: remove it, or put the file there that it stands for",
                path.display()
            );
        }
        if metadata.is_file() && metadata.len() > most {
            bail!(
                "`{}` has {}, more than the {} that are read of such a file\n\
                 hint: see what wrote it; no such file needs to be so large",
                path.display(),
                wording::si_bytes(metadata.len()),
                wording::si_bytes(most)
            );
        }
    }
    Ok(())
}
