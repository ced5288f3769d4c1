//! The members of a workspace and the words of their sources.
//!
//! What is too large to be source, or no file at all, is passed over and named; then the package may mention
//! anything. Each file is read once, by as many threads as there are cores; what comes out does not depend on
//! their order.

use std::{
    collections::{BTreeSet, HashSet},
    fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use anyhow::{Context, Result};
use cargo_metadata::{Metadata, Package, PackageId};
use walkdir::WalkDir;

use super::is_left_out;
use crate::{disk, paths, usage::Usage};

/// No source that people or programs write comes near.
const MOST_BYTES: u64 = 64 * 1024 * 1024;

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

/// Reads every member; and why sources were passed over, a sentence each.
///
/// # Errors
/// When a source cannot be read.
pub(super) fn read_members(
    metadata: &Metadata,
    root: &Path,
) -> Result<(Vec<Member>, BTreeSet<String>)> {
    // Directories that belong to no member around them.
    let mut left_out: HashSet<PathBuf> =
        metadata.packages.iter().map(|package| directory(package).to_path_buf()).collect();
    let made = std::iter::once(&metadata.target_directory).chain(&metadata.build_directory);
    left_out.extend(made.map(|dir| dir.clone().into_std_path_buf()));
    let packages = metadata.workspace_packages();
    let usages = in_parallel(&packages, |package| read_usage(directory(package), &left_out))?;
    let mut all_unread = BTreeSet::new();
    let members = packages.iter().zip(usages).map(|(package, usage)| {
        let (usage, unread) = usage?;
        all_unread.extend(unread);
        Ok(Member {
            id: package.id.clone(),
            name: package.name.to_string(),
            manifest: paths::inside(root, package.manifest_path.as_std_path()),
            usage,
        })
    });
    let members = members.collect::<Result<_>>()?;
    Ok((members, all_unread))
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
fn read_usage(dir: &Path, left_out: &HashSet<PathBuf>) -> Result<(Usage, Vec<String>)> {
    let mut entered = HashSet::new();
    let walk = WalkDir::new(dir).follow_links(true).into_iter().filter_entry(|entry| {
        let (path, is_dir) = (entry.path(), entry.file_type().is_dir());
        if path == dir || !is_dir {
            return true;
        }
        !(left_out.contains(path) || is_left_out(path))
            && (!entry.path_is_symlink() || leads_on(path, dir, &mut entered))
    });
    let (mut usage, mut unread) = (Usage::default(), Vec::new());
    let read = |path: &Path, usage: &mut Usage, unread: &mut Vec<String>| {
        let bytes = match disk::read_regular(path, MOST_BYTES) {
            // Whoever may not read it cannot build it either.
            Err(error) if error.downcast_ref::<std::io::Error>().is_some() => return Err(error),
            Err(error) => {
                let note = format!("{error}, so it was not read, and its package may use anything");
                unread.push(note);
                usage.add_unknown();
                None
            }
            Ok(bytes) => bytes,
        };
        Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default())
    };
    for entry in walk {
        let entry = match entry {
            Ok(entry) => entry,
            // A link that leads nowhere or in a circle holds no source.
            Err(_) => continue,
        };
        let is_rust = entry.path().extension().is_some_and(|extension| extension == "rs");
        if is_rust && !entry.file_type().is_dir() {
            let text = read(entry.path(), &mut usage, &mut unread)?;
            usage.add(&text);
            for path in included_markdown(&text, entry.path()) {
                // Doc examples; what is not there, the compiler misses as well.
                let text = read(&path, &mut usage, &mut unread)?;
                usage.add_text(&text);
            }
        }
    }
    Ok((usage, unread))
}

/// Whether a link to a directory is to be followed: not to where another link led before, and not upwards. Links to
/// directories of links can make more ways than there are particles, without a circle.
fn leads_on(link: &Path, dir: &Path, entered: &mut HashSet<PathBuf>) -> bool {
    let Ok(end) = fs::canonicalize(link) else { return false };
    let is_above = fs::canonicalize(dir).is_ok_and(|dir| dir.starts_with(&end));
    !is_above && entered.insert(end)
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

    #[cfg(unix)]
    #[test]
    fn links_that_multiply_or_lead_upwards_are_followed_once_and_pipes_are_named() {
        use std::os::unix::fs::symlink;
        let dir = tempfile::tempdir().unwrap();
        let put = |name: &str, text: &str| disk::write(&dir.path().join(name), text.as_bytes());
        put("p/src/lib.rs", "fn own() {}").unwrap();
        put("elsewhere/shared.rs", "fn shared() {}").unwrap();
        for level in 0..30 {
            fs::create_dir_all(dir.path().join(format!("maze/{level}"))).unwrap();
            for side in ["l", "r"] {
                let next = if level == 29 {
                    "../../elsewhere".into()
                } else {
                    format!("../{}", level + 1)
                };
                symlink(next, dir.path().join(format!("maze/{level}/{side}"))).unwrap();
            }
        }
        symlink("../../maze/0", dir.path().join("p/src/maze")).unwrap();
        symlink("/", dir.path().join("p/src/everything")).unwrap();
        symlink("circle", dir.path().join("p/src/circle")).unwrap();
        let (usage, unread) = read_usage(&dir.path().join("p"), &HashSet::new()).unwrap();
        assert!(usage.mentions("own") && usage.mentions("shared"));
        assert_eq!((usage.mentions("anything"), unread.len()), (false, 0));
        symlink("/dev/zero", dir.path().join("p/src/endless.rs")).unwrap();
        let (usage, unread) = read_usage(&dir.path().join("p"), &HashSet::new()).unwrap();
        assert!(usage.mentions("anything"));
        assert_eq!(unread.len(), 1);
        assert!(unread[0].contains("endless.rs` is no regular file"), "{unread:?}");
    }

    #[test]
    fn only_markdown_that_is_included_is_read() {
        let source = Path::new("/p/src/lib.rs");
        let with = "#![doc = include_str!(\"../README.md\")]";
        assert_eq!(included_markdown(with, source), [Path::new("/p/README.md")]);
        assert!(included_markdown("const NAME: &str = \"README.md\";", source).is_empty());
    }
}
