//! The walk over a directory tree that counts its files.
//!
//! Links are neither followed nor counted, and each file counts once however many names it has.

use std::{
    collections::{BTreeMap, HashMap},
    fs::{self, Metadata},
    io,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

/// The regular files of a tree.
#[derive(Debug, Default)]
pub(super) struct Tally {
    files: HashMap<Identity, Found>,
    /// The first thing within that a deletion must not touch: where, and what it is.
    pub(super) obstacle: Option<(PathBuf, &'static str)>,
}

#[derive(Debug)]
struct Found {
    bytes: u64,
    /// Names seen in the tree, and names there are in all.
    names: u64,
    links: u64,
    artifact: bool,
    /// The first of the alphabet, where it has names in several.
    part: PathBuf,
}

/// What tells files apart: device and inode, or the path where a system has no such numbers.
#[derive(Debug, PartialEq, Eq, Hash)]
#[cfg_attr(unix, expect(dead_code, reason = "the variant of other systems"))]
enum Identity {
    Inode(u64, u64),
    Path(PathBuf),
}

impl Tally {
    /// Counts the files below `root`, leaving out entries for which `skip(path relative to root)`
    /// holds. Nothing where `root` does not exist; what vanishes during the walk is left out.
    pub(super) fn of(root: &Path, skip: impl Fn(&Path) -> bool) -> Result<Tally> {
        let mut tally = Tally::default();
        let device = fs::metadata(root).ok().and_then(|root| device(&root));
        // Directories yet to be read, relative to the root.
        let mut pending = vec![PathBuf::new()];
        while let Some(dir) = pending.pop() {
            let path = root.join(&dir);
            let entries = match fs::read_dir(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                entries => entries,
            };
            let context = || format!("failed to read directory `{}`", path.display());
            for entry in entries.with_context(context)? {
                let entry = entry.with_context(context)?;
                let relative = dir.join(entry.file_name());
                if skip(&relative) {
                    continue;
                }
                // Of the entry itself, not of what it may link to.
                let metadata = match entry.metadata() {
                    Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                    metadata => metadata
                        .with_context(|| format!("failed to read `{}`", entry.path().display()))?,
                };
                tally.note_obstacle(&relative, &metadata, device);
                if metadata.is_dir() {
                    pending.push(relative);
                } else if metadata.is_file() {
                    tally.add(&entry.path(), &relative, &metadata);
                }
            }
        }
        Ok(tally)
    }

    fn add(&mut self, path: &Path, relative: &Path, metadata: &Metadata) {
        let (identity, links) = identity(path, metadata);
        let part = part(relative);
        let found = self.files.entry(identity).or_insert_with(|| Found {
            bytes: metadata.len(),
            names: 0,
            links,
            artifact: false,
            part: part.to_path_buf(),
        });
        if part < found.part.as_path() {
            found.part = part.to_path_buf();
        }
        found.names += 1;
        found.artifact |= is_artifact(relative);
    }

    fn note_obstacle(&mut self, relative: &Path, metadata: &Metadata, root: Option<u64>) {
        let is_repository = relative.file_name().is_some_and(|name| name == ".git")
            // A build script's checkout is as disposable as the rest of a build.
            && !relative.starts_with("target");
        let is_mount = metadata.is_dir() && device(metadata) != root;
        let what = match (is_repository, is_mount) {
            (true, _) => "a git checkout",
            (_, true) => "another file system",
            _ => return,
        };
        self.obstacle.get_or_insert_with(|| (relative.to_path_buf(), what));
    }

    /// Apparent size of the files.
    pub(super) fn bytes(&self) -> u64 {
        self.files.values().map(|found| found.bytes).sum()
    }

    /// Size of the files that have no name outside the tree: what deleting the tree frees.
    pub(super) fn bytes_only_here(&self) -> u64 {
        let only_here = |found: &&Found| found.names >= found.links;
        let found = self.files.values().filter(only_here);
        found.map(|found| found.bytes).sum()
    }

    pub(super) fn files(&self) -> u64 {
        self.files.len() as u64
    }

    /// Apparent sizes of the files by the directory of each (see [`part`]), relative to the root.
    pub(super) fn parts(&self) -> BTreeMap<&Path, u64> {
        let mut parts = BTreeMap::new();
        for found in self.files.values() {
            *parts.entry(found.part.as_path()).or_default() += found.bytes;
        }
        parts
    }

    /// Number of files with a name below a `deps/` or `build/` that is not in `package/`.
    pub(super) fn artifacts(&self) -> u64 {
        self.files.values().filter(|found| found.artifact).count() as u64
    }
}

/// Directories of cargo's within that of a profile. Source: cargo's `src/cargo/core/compiler/layout.rs`.
const KINDS: [&str; 5] = [".fingerprint", "build", "deps", "examples", "incremental"];

/// The directory that a file counts to: up to the first of [`KINDS`] on its way, else the first alone.
fn part(relative: &Path) -> &Path {
    let parent = relative.parent().unwrap_or(Path::new(""));
    let is_kind =
        |path: &&Path| path.file_name().is_some_and(|name| KINDS.iter().any(|kind| name == *kind));
    let outwards: Vec<&Path> = parent.ancestors().collect();
    let mut inwards = outwards.iter().rev().copied().filter(|path| !path.as_os_str().is_empty());
    let first = inwards.clone().next();
    inwards.find(is_kind).or(first).unwrap_or(Path::new(""))
}

fn is_artifact(relative: &Path) -> bool {
    !relative.starts_with("package")
        && relative.parent().is_some_and(|parent| {
            parent
                .components()
                .any(|dir| matches!(dir.as_os_str().to_str(), Some("deps" | "build")))
        })
}

#[cfg(unix)]
fn identity(_: &Path, metadata: &Metadata) -> (Identity, u64) {
    use std::os::unix::fs::MetadataExt;
    let inode = Identity::Inode(metadata.dev(), metadata.ino());
    (inode, metadata.nlink())
}

#[cfg(not(unix))]
fn identity(path: &Path, _: &Metadata) -> (Identity, u64) {
    (Identity::Path(path.to_path_buf()), 1)
}

/// The file system something lies on; `None` where it has no number.
#[cfg(unix)]
pub(super) fn device(metadata: &Metadata) -> Option<u64> {
    use std::os::unix::fs::MetadataExt;
    Some(metadata.dev())
}

#[cfg(not(unix))]
pub(super) fn device(_: &Metadata) -> Option<u64> {
    None
}
