//! Where a history lies: beside the target directory or, where nothing can be written there, within it.
//!
//! Nothing is made by looking.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

use crate::{disk, target_dir::OWN};

/// Name of the directory, next to the target directory.
pub(crate) const DIR: &str = ".xtask-history";

/// A place that can be written.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) dir: PathBuf,
    /// What the user must know about it.
    pub(super) warning: Option<String>,
}

/// Where the history of a target directory may lie, the better place first.
pub(super) fn places(target_dir: &Path) -> Vec<PathBuf> {
    let beside = target_dir.parent().map(|parent| parent.join(DIR));
    beside.into_iter().chain([target_dir.join(OWN).join("history")]).collect()
}

/// The first place that can be written; made if it is not there.
///
/// # Errors
/// When none can be.
pub(super) fn writable(target_dir: &Path) -> Result<Place> {
    let mut refused: Option<(PathBuf, anyhow::Error)> = None;
    for dir in places(target_dir) {
        match make(&dir) {
            Ok(()) => {
                let warning = refused.map(|(better, error)| {
                    format!(
                        "`{}` cannot be written ({:#}), so the history of the samples is kept in `{}`, \
                         where `cargo clean` deletes it",
                        better.display(),
                        error.root_cause(),
                        dir.display()
                    )
                });
                return Ok(Place { dir, warning });
            }
            Err(error) => refused = Some((dir, error)),
        }
    }
    let (_, error) = refused.expect("there is a place within the target directory");
    Err(error.context("failed to keep the history of the samples"))
}

/// Makes the directory, hides it from git and tries whether files can be made in it.
fn make(dir: &Path) -> Result<()> {
    let context = || format!("failed to write in `{}`", dir.display());
    fs::create_dir_all(dir).with_context(context)?;
    tempfile::Builder::new().prefix(".probe-").tempfile_in(dir).with_context(context)?;
    let ignore = dir.join(".gitignore");
    if !ignore.exists() {
        // It covers itself as well.
        disk::write(&ignore, b"*\n")?;
    }
    Ok(())
}
