//! Copies of the workspace in which candidates are resolved, checked, tested and timed.
//!
//! A shadow repeats the original's absolute path below a temporary directory, with the configuration
//! of every ancestor, so that cargo sees the same stack. The user's own files are only read.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Component, Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

use crate::{
    cargo::{self, Cargo},
    disk, interrupt, manifest, paths,
    snapshot::{CONFIG, LOCK_FILE, OLD_CONFIG, Snapshot, is_left_out},
    target_dir::OWN,
};

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
    /// `baseline` or `candidate`.
    pub(crate) name: &'static str,
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
        let temporary = tempfile::Builder::new()
            .prefix("xtask-")
            .permissions(private()?)
            .tempdir()
            .context("failed to create a temporary directory; is TMPDIR writable?")?;
        let base = fs::canonicalize(temporary.path())
            .with_context(|| format!("failed to resolve `{}`", temporary.path().display()))?;
        let make = |name| Shadow::create(snapshot, &base, name, offline);
        Ok(Self {
            baseline: make("baseline")?,
            candidate: make("candidate")?,
            _temporary: temporary,
        })
    }
}

impl Shadow {
    fn create(snapshot: &Snapshot, base: &Path, name: &'static str, offline: bool) -> Result<Self> {
        let top = base.join(name);
        let mut roots = roots(snapshot);
        roots.extend(configured_sources(&snapshot.root, base));
        let roots = outermost(roots);
        for root in &roots {
            copy_tree(root, &top, &roots, &snapshot.target_dir)?;
        }
        copy_configuration(&snapshot.root, &top, base)?;
        let root = below(&top, &snapshot.root);
        let target_dir = snapshot.target_dir.join(OWN).join(name);
        let cargo = Cargo::new(&root, offline).with_target_dir(&target_dir);
        let shadow = Self { name, top, root, target_dir, cargo };
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

    /// Makes the copy of the workspace hold what a git revision holds.
    ///
    /// # Errors
    /// When the workspace is no git checkout or there is no such revision.
    pub(crate) fn check_out(&self, snapshot: &Snapshot, rev: &str) -> Result<()> {
        let git = |args: &[&str]| {
            cargo::git(&snapshot.root, args).with_context(|| {
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
        cargo::git_export(Path::new(top.trim_end_matches('\n')), &tree, &self.root)
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
        let place = below(&self.top, path);
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

/// Directories to copy: the workspace, and each local package outside it. Not their closest common
/// ancestor, which may be a home directory; but the workspace a package belongs to, since it may inherit.
fn roots(snapshot: &Snapshot) -> BTreeSet<PathBuf> {
    let mut roots = BTreeSet::from([snapshot.root.clone()]);
    let local = snapshot.metadata.packages.iter().filter(|package| package.source.is_none());
    for package in local {
        let Some(dir) = package.manifest_path.as_std_path().parent() else {
            continue;
        };
        if !dir.starts_with(&snapshot.root) {
            roots.insert(workspace_of(dir).unwrap_or_else(|| dir.to_path_buf()));
        }
    }
    roots
}

/// Without what lies in another of them.
fn outermost(mut roots: BTreeSet<PathBuf>) -> BTreeSet<PathBuf> {
    let all = roots.clone();
    roots.retain(|root| !all.iter().any(|other| other != root && root.starts_with(other)));
    roots
}

/// Directories of crates that configuration names relative to itself, such as `vendor/` at the top of
/// a repository: from the copy the same words lead into the copy.
fn configured_sources(root: &Path, base: &Path) -> Vec<PathBuf> {
    let ancestors = root.ancestors().filter(|ancestor| !base.starts_with(ancestor));
    let named = ancestors.flat_map(|ancestor| {
        let texts = [CONFIG, OLD_CONFIG].map(|name| fs::read_to_string(ancestor.join(name)));
        // What cannot be read or parsed here, cargo has refused before.
        let documents = texts.into_iter().flatten().filter_map(|text| text.parse().ok());
        documents
            .flat_map(|document| manifest::source_directories(&document))
            .filter(|path| Path::new(path).is_relative())
            .map(|path| ancestor.join(path))
            .collect::<Vec<_>>()
    });
    named.map(|path| paths::without_dots(&path)).filter(|path| path.is_dir()).collect()
}

fn workspace_of(dir: &Path) -> Option<PathBuf> {
    let declares = |dir: &&Path| {
        fs::read_to_string(dir.join("Cargo.toml"))
            .is_ok_and(|text| text.lines().any(|line| line.trim_start().starts_with("[workspace")))
    };
    dir.ancestors().find(declares).map(Path::to_path_buf)
}

/// `path` (absolute) below `top`.
fn below(top: &Path, path: &Path) -> PathBuf {
    let parts = path.components().filter(|part| matches!(part, Component::Normal(_)));
    parts.fold(top.to_path_buf(), |place, part| place.join(part))
}

fn copy_tree(root: &Path, top: &Path, roots: &BTreeSet<PathBuf>, target_dir: &Path) -> Result<()> {
    let target = target_dir.to_path_buf();
    let own = root.to_path_buf();
    let walk = ignore::WalkBuilder::new(root)
        .standard_filters(false)
        .filter_entry(move |entry| {
            let path = entry.path();
            let is_dir = entry.file_type().is_some_and(|kind| kind.is_dir());
            let is_git = path.file_name().is_some_and(|name| name == ".git");
            path == own || !is_git && (!is_dir || !(path == target || is_left_out(path)))
        })
        .build();
    for entry in walk {
        interrupt::check()?;
        let entry = entry.with_context(|| format!("failed to read below `{}`", root.display()))?;
        let (from, to) = (entry.path(), below(top, entry.path()));
        let Some(kind) = entry.file_type() else {
            continue;
        };
        let done = if kind.is_dir() {
            fs::create_dir_all(&to).map_err(Into::into)
        } else if kind.is_symlink() {
            copy_link(from, &to, top, roots)
        } else if kind.is_file() {
            fs::copy(from, &to).map(drop).map_err(Into::into)
        } else {
            // Sockets and pipes are no sources.
            Ok(())
        };
        done.with_context(|| format!("failed to copy `{}` to `{}`", from.display(), to.display()))?;
    }
    Ok(())
}

/// A link that stays within what is copied leads to the same place in the copy. What any other link
/// leads to is copied in its place, so that nothing written in the copy can reach the original.
fn copy_link(from: &Path, to: &Path, top: &Path, roots: &BTreeSet<PathBuf>) -> Result<()> {
    let text = fs::read_link(from)?;
    let Ok(end) = fs::canonicalize(from) else {
        // A dangling link stays what it is, unless it would come to lead somewhere.
        if text.is_relative() {
            symlink(&text, to)?;
        }
        return Ok(());
    };
    let stays = roots.iter().any(|root| end.starts_with(root));
    match (stays, text.is_relative()) {
        (true, true) => Ok(symlink(&text, to)?),
        (true, false) => Ok(symlink(&below(top, &end), to)?),
        (false, _) if end.is_file() => Ok(fs::copy(&end, to).map(drop)?),
        (false, _) if roots.iter().any(|root| root.starts_with(&end)) => {
            Ok(fs::create_dir_all(to)?)
        }
        (false, _) => copy_followed(&end, to),
    }
}

/// Copies a directory outside the workspace that a link leads to, following the links in it.
fn copy_followed(dir: &Path, to: &Path) -> Result<()> {
    let walk = ignore::WalkBuilder::new(dir)
        .standard_filters(false)
        .follow_links(true)
        .filter_entry(|entry| {
            let is_dir = entry.file_type().is_some_and(|kind| kind.is_dir());
            !(is_dir && entry.depth() > 0 && is_left_out(entry.path()))
        })
        .build();
    for entry in walk.flatten() {
        interrupt::check()?;
        let place = entry.path().strip_prefix(dir).map_or(to.to_path_buf(), |rest| to.join(rest));
        match entry.file_type() {
            Some(kind) if kind.is_dir() => fs::create_dir_all(&place)?,
            Some(kind) if kind.is_file() => fs::copy(entry.path(), &place).map(drop)?,
            _ => {}
        }
    }
    Ok(())
}

#[cfg(unix)]
fn symlink(target: &Path, link: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, link)
}

#[cfg(windows)]
fn symlink(target: &Path, link: &Path) -> io::Result<()> {
    if target.is_dir() {
        std::os::windows::fs::symlink_dir(target, link)
    } else {
        std::os::windows::fs::symlink_file(target, link)
    }
}

/// Brings along what cargo and rustup look for in the ancestors of the workspace. What lies above the
/// temporary directory too, or in cargo's home, is found from the copy anyway and would count twice.
fn copy_configuration(root: &Path, top: &Path, base: &Path) -> Result<()> {
    const NAMES: [&str; 4] =
        [".cargo/config.toml", ".cargo/config", "rust-toolchain.toml", "rust-toolchain"];
    let cargo_home = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::home_dir().map(|home| home.join(".cargo")));
    for ancestor in root.ancestors().skip(1).filter(|ancestor| !base.starts_with(ancestor)) {
        for name in NAMES {
            let from = ancestor.join(name);
            let is_home = cargo_home.as_deref().is_some_and(|home| from.starts_with(home));
            if is_home || !from.is_file() {
                continue;
            }
            let bytes =
                fs::read(&from).with_context(|| format!("failed to read `{}`", from.display()))?;
            disk::write(&below(top, &from), &bytes)?;
        }
    }
    Ok(())
}
