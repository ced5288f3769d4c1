//! Copying a workspace into a shadow: what belongs to it, links, and the configuration above it.
//!
//! Reads the user's files and writes below the top of the copy only.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Component, Path, PathBuf},
};

use anyhow::{Context, Result};
use toml_edit::DocumentMut;
use walkdir::{DirEntry, WalkDir};

use crate::{
    disk, interrupt, manifest, paths,
    snapshot::{CONFIG, OLD_CONFIG, Snapshot, is_left_out},
};

/// What of the files is copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    /// Everything.
    Whole,
    /// What cargo resolves by. Sources that it looks for are there, and empty.
    Manifests,
}

/// Copies the workspace and every local package it depends on to below `top`, which stands for `/`.
/// `base` is the temporary directory.
///
/// # Errors
/// When a file cannot be read or written.
pub(super) fn copy_workspace(
    snapshot: &Snapshot,
    top: &Path,
    base: &Path,
    content: Content,
) -> Result<()> {
    let (roots, sources) = everything(snapshot, base);
    for root in &roots {
        let tree = Tree { root, top, roots: &roots, sources: &sources, content };
        let made: Vec<&Path> = snapshot.made_by_cargo().collect();
        tree.copy(&made)?;
    }
    Ok(())
}

/// Directories to copy, none within another; and those among or within them that stand for a registry.
pub(super) fn everything(snapshot: &Snapshot, base: &Path) -> (BTreeSet<PathBuf>, Vec<PathBuf>) {
    let sources = configured(&snapshot.root, base, manifest::source_directories);
    let mut roots = roots(snapshot, base);
    roots.extend(sources.iter().cloned());
    (outermost(roots), sources)
}

/// Whether an entry below `root` is copied: all but target directories, `made` among them, version control and backups.
pub(super) fn is_copied(entry: &DirEntry, root: &Path, made: &[&Path]) -> bool {
    let (path, is_dir) = (entry.path(), entry.file_type().is_dir());
    let is_git = entry.file_name() == ".git";
    path == root || !is_git && (!is_dir || !(made.contains(&path) || is_left_out(path)))
}

/// Directories to copy: the workspace, and each local package outside it. Not their closest common
/// ancestor, which may be a home directory; but the workspace a package belongs to, since it may inherit.
fn roots(snapshot: &Snapshot, base: &Path) -> BTreeSet<PathBuf> {
    let root = &snapshot.root;
    let local = snapshot.metadata.packages.iter().filter(|package| package.source.is_none());
    let local = local.filter_map(|package| package.manifest_path.as_std_path().parent());
    // What is used of these is in the metadata; the rest cargo reads all the same.
    let patched = directories(root, manifest::patched_directories(snapshot.root_document()));
    let patched = patched.chain(configured(root, base, manifest::patched_directories));
    let all = local.map(Path::to_path_buf).chain(patched);
    let outside = all.filter(|dir| !dir.starts_with(root));
    let mut roots: BTreeSet<PathBuf> =
        outside.map(|dir| workspace_of(&dir).unwrap_or(dir)).collect();
    roots.insert(root.clone());
    roots
}

/// Those of some paths, written relative to a directory, that are there. From the copy absolute ones lead
/// to where they always did.
fn directories(from: &Path, paths: Vec<String>) -> impl Iterator<Item = PathBuf> {
    let relative = paths.into_iter().filter(|path| Path::new(path).is_relative());
    let joined = relative.map(|path| paths::without_dots(&from.join(path)));
    joined.filter(|path| path.is_dir())
}

/// Without what lies in another of them.
fn outermost(mut roots: BTreeSet<PathBuf>) -> BTreeSet<PathBuf> {
    let all = roots.clone();
    roots.retain(|root| !all.iter().any(|other| other != root && root.starts_with(other)));
    roots
}

/// Directories of crates that configuration names relative to itself, such as `vendor/` at the top of
/// a repository: from the copy the same words lead into the copy.
fn configured(
    root: &Path,
    base: &Path,
    named: impl Fn(&DocumentMut) -> Vec<String>,
) -> Vec<PathBuf> {
    let ancestors = root.ancestors().filter(|ancestor| !base.starts_with(ancestor));
    let all = ancestors.flat_map(|ancestor| {
        let texts = [CONFIG, OLD_CONFIG].map(|name| fs::read_to_string(ancestor.join(name)));
        // What cannot be read or parsed here, cargo has refused before.
        let documents = texts.into_iter().flatten().filter_map(|text| text.parse().ok());
        documents.flat_map(|document| directories(ancestor, named(&document))).collect::<Vec<_>>()
    });
    all.collect()
}

fn workspace_of(dir: &Path) -> Option<PathBuf> {
    let declares = |dir: &&Path| {
        fs::read_to_string(dir.join("Cargo.toml"))
            .is_ok_and(|text| text.lines().any(|line| line.trim_start().starts_with("[workspace")))
    };
    dir.ancestors().find(declares).map(Path::to_path_buf)
}

/// `path` (absolute) below `top`.
pub(super) fn below(top: &Path, path: &Path) -> PathBuf {
    let parts = path.components().filter(|part| matches!(part, Component::Normal(_)));
    parts.fold(top.to_path_buf(), |place, part| place.join(part))
}

/// One directory to copy, and where to.
struct Tree<'a> {
    root: &'a Path,
    /// Stands for `/`.
    top: &'a Path,
    /// Every directory that is copied.
    roots: &'a BTreeSet<PathBuf>,
    /// Crates that stand for a registry: cargo checks them as they are, so they are copied whole.
    sources: &'a [PathBuf],
    content: Content,
}

impl Tree<'_> {
    /// Copies what [`is_copied`].
    fn copy(&self, made: &[&Path]) -> Result<()> {
        let (root, top) = (self.root, self.top);
        let walk =
            WalkDir::new(root).into_iter().filter_entry(|entry| is_copied(entry, root, made));
        for entry in walk {
            interrupt::check()?;
            let entry =
                entry.with_context(|| format!("failed to read below `{}`", root.display()))?;
            let (from, to) = (entry.path(), below(top, entry.path()));
            let kind = entry.file_type();
            let done = if kind.is_dir() {
                // Of a sketch only those that hold something are made.
                let is_made = self.content == Content::Whole || self.is_source(from);
                if is_made { fs::create_dir_all(&to).map_err(Into::into) } else { Ok(()) }
            } else if kind.is_symlink() {
                make_parent(&to).and_then(|()| self.copy_link(from, &to))
            } else if kind.is_file() {
                self.copy_file(from, &to)
            } else {
                // Sockets and pipes are no sources.
                Ok(())
            };
            done.with_context(|| {
                format!("failed to copy `{}` to `{}`", from.display(), to.display())
            })?;
        }
        Ok(())
    }

    fn copy_file(&self, from: &Path, to: &Path) -> Result<()> {
        copy_file(from, to, self.content == Content::Whole || self.is_source(from))
    }

    /// A link that stays within what is copied leads to the same place in the copy. What any other link
    /// leads to is copied in its place, so that nothing written in the copy can reach the original.
    fn copy_link(&self, from: &Path, to: &Path) -> Result<()> {
        let text = fs::read_link(from)?;
        let Ok(end) = fs::canonicalize(from) else {
            // A dangling link stays what it is, unless it would come to lead somewhere.
            if text.is_relative() {
                symlink(&text, to)?;
            }
            return Ok(());
        };
        let is_whole = self.content == Content::Whole || self.is_source(from);
        let stays = self.roots.iter().any(|root| end.starts_with(root));
        match (stays, text.is_relative()) {
            (true, true) => Ok(symlink(&text, to)?),
            (true, false) => Ok(symlink(&below(self.top, &end), to)?),
            (false, _) if end.is_file() => copy_file(&end, to, is_whole),
            (false, _) if self.roots.iter().any(|root| root.starts_with(&end)) => {
                Ok(fs::create_dir_all(to)?)
            }
            (false, _) => copy_followed(&end, to, is_whole),
        }
    }

    /// Whether it belongs to crates that stand for a registry.
    fn is_source(&self, path: &Path) -> bool {
        self.sources.iter().any(|source| path.starts_with(source))
    }
}

/// Copies a file, or of a sketch only what cargo resolves by.
fn copy_file(from: &Path, to: &Path, is_whole: bool) -> Result<()> {
    const READ_BY_CARGO: [&str; 6] = [
        "Cargo.toml",
        "Cargo.lock",
        "config.toml",
        "config",
        "rust-toolchain.toml",
        "rust-toolchain",
    ];
    let name = to.file_name().unwrap_or_default();
    if is_whole || READ_BY_CARGO.iter().any(|known| name == *known) {
        make_parent(to)?;
        fs::copy(from, to)?;
    } else if is_found_by_name(to) {
        disk::write(to, b"")?;
    }
    Ok(())
}

/// Whether cargo takes a file for a target without being told: a manifest without any is an error.
/// Source: <https://doc.rust-lang.org/cargo/guide/project-layout.html>.
fn is_found_by_name(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default();
    let is_rust = path.extension().is_some_and(|extension| extension == "rs");
    let directory = path.parent().and_then(Path::file_name).unwrap_or_default();
    name == "lib.rs" || name == "main.rs" || name == "build.rs" || is_rust && directory == "bin"
}

fn make_parent(path: &Path) -> Result<()> {
    let parent = path.parent().unwrap_or(path);
    fs::create_dir_all(parent).with_context(|| format!("failed to create `{}`", parent.display()))
}

/// Copies a directory outside the workspace that a link leads to, following the links in it; for a sketch, which is
/// made before anybody agreed to anything, each link to a directory at most once.
fn copy_followed(dir: &Path, to: &Path, is_whole: bool) -> Result<()> {
    let mut entered = BTreeSet::new();
    let walk = WalkDir::new(dir).follow_links(true).into_iter().filter_entry(|entry| {
        let (path, is_below) = (entry.path(), entry.file_type().is_dir() && entry.depth() > 0);
        let mut is_again = || {
            let end = fs::canonicalize(path).unwrap_or_default();
            !is_whole && entry.path_is_symlink() && !entered.insert(end)
        };
        !is_below || !(is_left_out(path) || is_again())
    });
    for entry in walk.flatten() {
        interrupt::check()?;
        let place = entry.path().strip_prefix(dir).map_or(to.to_path_buf(), |rest| to.join(rest));
        match entry.file_type() {
            kind if kind.is_dir() && is_whole => fs::create_dir_all(&place)?,
            kind if kind.is_file() => copy_file(entry.path(), &place, is_whole)?,
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
pub(super) fn copy_configuration(snapshot: &Snapshot, top: &Path, base: &Path) -> Result<()> {
    const NAMES: [&str; 4] =
        [".cargo/config.toml", ".cargo/config", "rust-toolchain.toml", "rust-toolchain"];
    let cargo_home = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::home_dir().map(|home| home.join(".cargo")));
    let above = snapshot.root.ancestors().skip(1).filter(|ancestor| !base.starts_with(ancestor));
    let named = above.flat_map(|ancestor| NAMES.map(|name| ancestor.join(name)));
    // What these include may have any name and lie anywhere.
    let included = snapshot.stack.files().map(Path::to_path_buf);
    for from in named.chain(included) {
        let to = below(top, &from);
        let is_home = cargo_home.as_deref().is_some_and(|home| from.starts_with(home));
        let is_named = NAMES[..2].iter().any(|name| from.ends_with(name));
        let is_found = is_named && from.ancestors().nth(2).is_some_and(|dir| base.starts_with(dir));
        if is_home || is_found || !from.is_file() || to.exists() {
            continue;
        }
        let bytes =
            fs::read(&from).with_context(|| format!("failed to read `{}`", from.display()))?;
        disk::write(&to, &bytes)?;
    }
    Ok(())
}
