//! The members of a workspace and the words of their sources.
//!
//! Each file is read once, by as many threads as there are cores; what comes out does not depend on
//! their order.

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use anyhow::{Context, Result};
use cargo_metadata::{Metadata, Package, PackageId};
use walkdir::WalkDir;

use super::is_left_out;
use crate::{disk, paths, usage::Usage};

/// Stack of a reading thread: that of a main thread, for sources nested as deep as that one bears.
const STACK_BYTES: usize = 8 * 1024 * 1024;

/// A member of the workspace.
#[derive(Debug, Clone)]
pub(crate) struct Member {
    pub(crate) id: PackageId,
    pub(crate) name: String,
    /// Relative to the workspace root; `None` for a member that lies outside it.
    pub(crate) manifest: Option<PathBuf>,
    /// Words of its own sources.
    pub(crate) usage: Usage,
}

/// Reads every member.
///
/// # Errors
/// When a source cannot be read.
pub(super) fn read_members(metadata: &Metadata, root: &Path) -> Result<Vec<Member>> {
    // Directories that belong to no member around them.
    let mut left_out: HashSet<PathBuf> =
        metadata.packages.iter().map(|package| directory(package).to_path_buf()).collect();
    let made = std::iter::once(&metadata.target_directory).chain(&metadata.build_directory);
    left_out.extend(made.map(|dir| dir.clone().into_std_path_buf()));
    let packages = metadata.workspace_packages();
    let usages = in_parallel(&packages, |package| read_usage(directory(package), &left_out))?;
    let members = packages.iter().zip(usages).map(|(package, usage)| {
        Ok(Member {
            id: package.id.clone(),
            name: package.name.to_string(),
            manifest: paths::inside(root, package.manifest_path.as_std_path()),
            usage: usage?,
        })
    });
    members.collect()
}

fn directory(package: &Package) -> &Path {
    let manifest = package.manifest_path.as_std_path();
    manifest.parent().unwrap_or(manifest)
}

/// What `work` makes of each item, in the items' order.
fn in_parallel<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Result<Vec<R>> {
    let threads = thread::available_parallelism().map_or(1, usize::from).min(items.len());
    let next = AtomicUsize::new(0);
    let take = || -> Vec<(usize, R)> {
        let numbers = std::iter::from_fn(|| Some(next.fetch_add(1, Ordering::Relaxed)));
        let mine = numbers.map_while(|at| Some((at, items.get(at)?)));
        mine.map(|(at, item)| (at, work(item))).collect()
    };
    let mut done = thread::scope(|scope| -> Result<Vec<(usize, R)>> {
        let started: Vec<_> = (0..threads)
            .map(|_| {
                let builder = thread::Builder::new().stack_size(STACK_BYTES);
                builder.spawn_scoped(scope, take).context("failed to start a thread")
            })
            .collect::<Result<_>>()?;
        let parts = started.into_iter().map(|one| match one.join() {
            Ok(part) => part,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        Ok(parts.flatten().collect())
    })?;
    done.sort_unstable_by_key(|(at, _)| *at);
    Ok(done.into_iter().map(|(_, result)| result).collect())
}

/// Words of every Rust file below `dir` that lies in none of the directories left out.
fn read_usage(dir: &Path, left_out: &HashSet<PathBuf>) -> Result<Usage> {
    let walk = WalkDir::new(dir).follow_links(true).into_iter().filter_entry(|entry| {
        let (path, is_dir) = (entry.path(), entry.file_type().is_dir());
        path == dir || !is_dir || !(left_out.contains(path) || is_left_out(path))
    });
    let mut usage = Usage::default();
    for entry in walk {
        let entry = match entry {
            Ok(entry) => entry,
            // A link that leads nowhere or in a circle holds no source.
            Err(_) => continue,
        };
        if entry.path().extension().is_some_and(|extension| extension == "rs")
            && entry.file_type().is_file()
        {
            let bytes = std::fs::read(entry.path())
                .with_context(|| format!("failed to read `{}`", entry.path().display()))?;
            let text = String::from_utf8_lossy(&bytes);
            usage.add(&text);
            for path in included_markdown(&text, entry.path()) {
                // Doc examples; what is not there, the compiler misses as well.
                usage.add_text(&disk::read_optional(&path)?.map_or_else(String::new, |bytes| {
                    String::from_utf8_lossy(&bytes).into_owned()
                }));
            }
        }
    }
    Ok(usage)
}

/// Files that a source may take its documentation from: `include_str!("../README.md")`.
fn included_markdown(text: &str, source: &Path) -> Vec<PathBuf> {
    if !text.contains("include_str!") {
        return Vec::new();
    }
    let dir = source.parent().unwrap_or(Path::new("/"));
    let literals = text.split('"').filter(|literal| literal.ends_with(".md"));
    literals.map(|name| paths::without_dots(&dir.join(name))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_threads_make_comes_in_the_order_of_the_items() {
        let items: Vec<usize> = (0..500).collect();
        let doubled = in_parallel(&items, |item| item * 2).unwrap();
        assert_eq!(doubled, (0..1000).step_by(2).collect::<Vec<_>>());
        assert!(in_parallel(&[], |item: &usize| *item).unwrap().is_empty());
    }

    #[test]
    fn only_markdown_that_is_included_is_read() {
        let source = Path::new("/p/src/lib.rs");
        let with = "#![doc = include_str!(\"../README.md\")]";
        assert_eq!(included_markdown(with, source), [Path::new("/p/README.md")]);
        assert!(included_markdown("const NAME: &str = \"README.md\";", source).is_empty());
    }
}
