//! Copies of the workspace in which candidates are resolved, checked, tested and timed.
//!
//! A shadow repeats the original's absolute path below a temporary directory, with the configuration
//! of every ancestor, so that cargo sees the same stack. The user's own files are only read.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

use crate::{
    cargo::{self, Cargo},
    disk, interrupt,
    snapshot::{LOCK_FILE, Snapshot},
    target_dir,
};

mod copy;
mod digest;

use copy::Content;
pub(crate) use digest::digest;

/// Baseline and candidate, side by side; both go when this is dropped.
#[derive(Debug)]
pub(crate) struct Shadows {
    pub(crate) baseline: Shadow,
    pub(crate) candidate: Shadow,
    _temporary: TempDir,
}

impl Drop for Shadows {
    /// What was built in the copies is as large as the workspace's own builds.
    fn drop(&mut self) {
        for shadow in [&self.baseline, &self.candidate] {
            // What cannot be removed now is overwritten by the next run.
            let _ = shadow.wipe(None);
        }
    }
}

/// One copy of the workspace.
#[derive(Debug)]
pub(crate) struct Shadow {
    /// The directory that stands for `/`.
    top: PathBuf,
    /// The workspace root within the copy.
    pub(crate) root: PathBuf,
    pub(crate) target_dir: PathBuf,
    pub(crate) cargo: Cargo,
}

impl Shadows {
    /// Copies the workspace twice.
    ///
    /// # Errors
    /// When the temporary directory cannot be made, a file cannot be copied or another toolchain
    /// would be chosen in the copy.
    pub(crate) fn create(snapshot: &Snapshot, offline: bool) -> Result<Self> {
        let (temporary, base) = temporary()?;
        let make = |name| Shadow::create(snapshot, &base, (name, Content::Whole), offline);
        Ok(Self {
            baseline: make("baseline")?,
            candidate: make("candidate")?,
            _temporary: temporary,
        })
    }
}

/// The manifests of the workspace with empty sources: cargo resolves there as in the original, and
/// nothing can be built. It goes when this is dropped.
#[derive(Debug)]
pub(crate) struct Sketch {
    pub(crate) shadow: Shadow,
    _temporary: TempDir,
}

impl Sketch {
    /// Copies the manifests.
    ///
    /// # Errors
    /// As [`Shadows::create`].
    pub(crate) fn create(snapshot: &Snapshot, offline: bool) -> Result<Self> {
        let (temporary, base) = temporary()?;
        let mut shadow = Shadow::create(snapshot, &base, ("sketch", Content::Manifests), offline)?;
        shadow.cargo = shadow.cargo.that_looks(&snapshot.stack);
        Ok(Self { shadow, _temporary: temporary })
    }
}

/// A new temporary directory, and its path without links. Others on the machine cannot look into it.
///
/// # Errors
/// When it cannot be made.
pub(crate) fn temporary() -> Result<(TempDir, PathBuf)> {
    let temporary = tempfile::Builder::new()
        .prefix("xtask-")
        .permissions(private()?)
        .tempdir()
        .context("failed to create a temporary directory; is TMPDIR writable?")?;
    let base = fs::canonicalize(temporary.path())
        .with_context(|| format!("failed to resolve `{}`", temporary.path().display()))?;
    Ok((temporary, base))
}

impl Shadow {
    fn create(
        snapshot: &Snapshot,
        base: &Path,
        (name, content): (&'static str, Content),
        offline: bool,
    ) -> Result<Self> {
        let top = base.join(name);
        copy::copy_workspace(snapshot, &top, base, content)?;
        copy::copy_configuration(snapshot, &top, base)?;
        let root = copy::below(&top, &snapshot.root);
        let target_dir = target_dir::own(&snapshot.target_dir)?.join(name);
        target_dir::refuse_link(&target_dir)?;
        let tmp = base.join("tmp");
        fs::create_dir_all(&tmp)
            .with_context(|| format!("failed to create `{}`", tmp.display()))?;
        let cargo = Cargo::new(&root, offline).with_target_dir(&target_dir).with_temporary(tmp);
        let shadow = Self { top, root, target_dir, cargo };
        shadow.with_the_same_toolchain(snapshot)
    }

    /// A toolchain chosen by directory (`rustup override`) does not follow the copy: name it.
    fn with_the_same_toolchain(mut self, snapshot: &Snapshot) -> Result<Self> {
        let version = |cargo: &Cargo| cargo.capture("rustc", &["--version"]);
        if version(&self.cargo)?.trim() == snapshot.machine.rustc {
            return Ok(self);
        }
        let original = Cargo::new(&snapshot.root, true);
        let active = original.capture("rustup", &["show", "active-toolchain"]).unwrap_or_default();
        let toolchain = active.split_whitespace().next().map(str::to_owned);
        self.cargo = self.cargo.with_toolchain(toolchain);
        let found = version(&self.cargo)?;
        if found.trim() != snapshot.machine.rustc {
            bail!(
                "the copy of the workspace would be built by `{}` and not by `{}`\n\
                 hint: name the toolchain in `rust-toolchain.toml`",
                found.trim(),
                snapshot.machine.rustc
            );
        }
        Ok(self)
    }

    /// Makes the copy hold `files` in place of the snapshot's, and the snapshot's everywhere else.
    /// Files that have the right bytes already are not touched.
    ///
    /// # Errors
    /// When a file of the copy cannot be written.
    pub(crate) fn set(
        &self,
        snapshot: &Snapshot,
        files: &BTreeMap<PathBuf, Vec<u8>>,
    ) -> Result<()> {
        let paths: BTreeSet<&PathBuf> = snapshot.files.keys().chain(files.keys()).collect();
        for path in paths {
            let wanted =
                files.get(path).or_else(|| snapshot.files.get(path).and_then(Option::as_ref));
            let place = self.root.join(path);
            let present = disk::read_optional(&place)?;
            match wanted {
                Some(bytes) if present.as_ref() != Some(bytes) => disk::write(&place, bytes)?,
                None if present.is_some() => fs::remove_file(&place)
                    .with_context(|| format!("failed to remove `{}`", place.display()))?,
                _ => {}
            }
        }
        Ok(())
    }

    /// Makes the copy of the workspace hold what a git revision holds. False where that has no lock file
    /// and those of the snapshot's versions that fit it are locked instead.
    ///
    /// # Errors
    /// When the workspace is no git checkout or there is no such revision.
    pub(crate) fn check_out(&self, snapshot: &Snapshot, rev: &str) -> Result<bool> {
        let git = |args: &[&str]| {
            let said = cargo::git(&snapshot.root, args);
            // Not the repository's fault.
            interrupt::check()?;
            said.with_context(|| {
                format!(
                    "`git {}` failed in `{}`; is it a git checkout with the revision `{rev}`?",
                    args.join(" "),
                    snapshot.root.display()
                )
            })
        };
        let prefix = git(&["rev-parse", "--show-prefix"])?;
        let tree = format!("{rev}:{}", prefix.trim_end_matches(['\n', '/']));
        git(&["rev-parse", "--verify", "--quiet", &tree])?;
        fs::remove_dir_all(&self.root)
            .and_then(|()| fs::create_dir_all(&self.root))
            .with_context(|| format!("failed to empty `{}`", self.root.display()))?;
        // From the top: below it, git writes only what lies there in the index.
        let top = git(&["rev-parse", "--show-toplevel"])?;
        cargo::git_export(Path::new(top.trim_end_matches('\n')), &tree, &self.root)?;
        let lock = self.root.join(LOCK_FILE);
        let is_there = lock.is_file();
        if let (false, Some(Some(bytes))) = (is_there, snapshot.files.get(Path::new(LOCK_FILE))) {
            disk::write(&lock, bytes)?;
        }
        // Every build is locked to the same versions from the start, the first one included.
        self.cargo.capture("cargo", &["update", "--workspace", "--quiet"])?;
        Ok(is_there)
    }

    /// The lock file of the copy.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) fn lock_file(&self) -> Result<Option<Vec<u8>>> {
        disk::read_optional(&self.root.join(LOCK_FILE))
    }

    /// Removes everything built, or what was built with one profile only.
    ///
    /// # Errors
    /// When a directory cannot be removed.
    pub(crate) fn wipe(&self, profile_dir: Option<&str>) -> Result<()> {
        let dir = profile_dir.map_or(self.target_dir.clone(), |name| self.target_dir.join(name));
        // Looked at once more: a run takes long.
        self.target_dir.ancestors().take(2).try_for_each(target_dir::refuse_link)?;
        match fs::remove_dir_all(&dir) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(error).with_context(|| format!("failed to remove `{}`", dir.display()))
            }
            _ => Ok(()),
        }
    }

    /// Where a file of the original lies in the copy.
    ///
    /// # Errors
    /// When it is not in the copy, so that writing there would write elsewhere.
    pub(crate) fn place(&self, path: &Path) -> Result<PathBuf> {
        let place = copy::below(&self.top, path);
        let real = fs::canonicalize(&place)
            .with_context(|| format!("failed to find `{}` in the copy", path.display()))?;
        if !real.starts_with(&self.top) {
            bail!("`{}` leads out of the copy of the workspace", path.display());
        }
        Ok(place)
    }
}

/// Sources may be secret: others on the machine must not read the copies.
fn private() -> Result<fs::Permissions> {
    #[cfg(unix)]
    return Ok(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    #[cfg(not(unix))]
    // A user's temporary directory is the user's own here.
    Ok(fs::metadata(std::env::temp_dir())
        .context("failed to find the temporary directory")?
        .permissions())
}
