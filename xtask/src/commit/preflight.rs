//! Everything that can be refused before the first write.
//!
//! Invariant: nothing is written here, and all problems are reported at once.

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail, ensure};

use super::{
    journal::FILES,
    manifest::{Entry, Version, check_path},
};
use crate::files::{
    FileSystem, Kind, Links, Located, MAX_FILE_BYTES, locate,
    named::{kind, read},
    relative,
};

/// Space asked for beyond the bytes of the files: the manifest, directories, rounding up to
/// blocks. Generous for any usual file system; only a disk that is full anyway is refused.
const SPARE_BYTES: u64 = 64 << 10;

/// As long as the name of a backup in the making gets: paths below it are the longest that are needed.
const LONGEST_ID: &str = "backup-00000000-000000-99.tmp";

/// What a transaction is to do.
#[derive(Debug)]
pub(crate) struct Edits {
    pub(crate) files: Vec<Edit>,
    /// Directories to create beyond those that the files need, outermost first.
    pub(crate) create: Vec<String>,
    /// Directories to remove if they are empty after all files are written, innermost first.
    pub(crate) remove: Vec<String>,
    pub(crate) links: Links,
}

/// What is to become of one file.
#[derive(Debug)]
pub(crate) struct Edit {
    /// Relative to the root.
    pub(crate) path: PathBuf,
    /// What must be there; none if nothing may be there.
    pub(crate) before: Option<Vec<u8>>,
    pub(crate) after: Option<Content>,
}

/// New content.
#[derive(Debug)]
pub(crate) struct Content {
    pub(crate) bytes: Vec<u8>,
    /// None keeps the mode of the old file.
    pub(crate) mode: Option<u32>,
}

/// Edits that passed.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) entries: Vec<Entry>,
    /// The new bytes of each entry.
    pub(super) new: Vec<Option<Vec<u8>>>,
    /// Directories to create, outermost first.
    pub(super) create: Vec<String>,
    /// Directories to remove, innermost first.
    pub(super) remove: Vec<String>,
}

/// Checks edits against what is on disk. Edits that change nothing are left out.
///
/// # Errors
/// When any edit cannot be made, with all the reasons; or when none is left.
pub(super) fn prepare(fs: &impl FileSystem, root: &Path, edits: Edits) -> Result<Prepared> {
    let mut problems = Vec::new();
    let mut note = |error: anyhow::Error| problems.push(format!("{error:#}"));
    let mut prepared =
        Prepared { entries: Vec::new(), new: Vec::new(), create: Vec::new(), remove: Vec::new() };
    let mut seen = BTreeSet::new();
    let mut writable = BTreeSet::new();
    let mut create = BTreeSet::new();

    for edit in edits.files {
        let (located, entry) = match check(fs, root, &edit, edits.links) {
            Ok(checked) => checked,
            Err(error) => {
                note(error);
                continue;
            }
        };
        if !seen.insert(entry.path.clone()) {
            note(anyhow::anyhow!("`{}` is to be changed twice", entry.path));
        }
        if entry.before == entry.after {
            continue;
        }
        if entry.after.is_some() {
            create.extend(located.missing.iter().cloned());
        }
        writable.insert(existing_parent(root, &located));
        prepared.entries.push(entry);
        prepared.new.push(edit.after.map(|content| content.bytes));
    }
    for path in edits.create {
        match directory(fs, root, &path) {
            Ok(Located { kind: Kind::Absent, missing, .. }) => {
                create.extend(missing);
                create.insert(path);
            }
            Ok(_) => {}
            Err(error) => note(error),
        }
    }
    for path in edits.remove {
        match directory(fs, root, &path) {
            Ok(Located { kind: Kind::Directory, .. }) => prepared.remove.push(path),
            Ok(_) => {}
            Err(error) => note(error),
        }
    }
    // The backup itself is made in the root.
    writable.insert(root.to_path_buf());
    for directory in writable {
        if let Err(error) = fs.may_write_in(&directory) {
            note(anyhow::anyhow!("`{}` cannot be written in: {error}", directory.display()));
        }
    }
    if let Err(error) = enough_space(fs, root, &prepared.entries) {
        note(error);
    }
    // Sorted as paths, parents come first.
    let create: BTreeSet<PathBuf> = create.into_iter().map(PathBuf::from).collect();
    prepared.create = create.iter().map(|path| relative(path)).collect::<Result<_>>()?;
    refuse(&problems)?;
    ensure!(!prepared.entries.is_empty(), "there is nothing to write");
    Ok(prepared)
}

fn check(fs: &impl FileSystem, root: &Path, edit: &Edit, links: Links) -> Result<(Located, Entry)> {
    let asked = relative(&edit.path)?;
    let located = locate(fs, root, &asked, links)?;
    let path = &located.path;
    check_path(path)?;
    // Also of a file that is new: the restore that removes it backs it up first.
    kind(fs, &root.join(LONGEST_ID).join(FILES).join(path)).with_context(|| {
        format!("no backup can hold `{path}`; move the workspace to a shorter path")
    })?;
    let link = (*path != asked).then(|| asked.clone());
    let before = match located.kind {
        Kind::Absent => {
            ensure!(edit.before.is_none(), "`{path}` was removed since it was read; run again");
            None
        }
        Kind::File(meta) => {
            if meta.read_only {
                bail!("`{path}` is read-only; `chmod u+w {path}` lets it be written");
            }
            fs.may_replace(&root.join(path))
                .map_err(|error| anyhow::anyhow!("`{path}` cannot be replaced: {error}"))?;
            ensure!(meta.bytes <= MAX_FILE_BYTES, "`{path}` has {} bytes: too many", meta.bytes);
            let bytes = read(fs, &root.join(path))?;
            match &edit.before {
                None => bail!("`{path}` was created since the workspace was read; run again"),
                Some(before) if *before != bytes => {
                    bail!("`{path}` changed since it was read; run again")
                }
                Some(_) => Some(Version::of(&bytes, meta.mode)),
            }
        }
        Kind::Directory => bail!("`{path}` is a directory"),
        Kind::Link | Kind::Other => bail!("`{path}` is not a regular file"),
    };
    if edit.after.is_none() && kind(fs, &root.join(&asked))? == Kind::Link {
        bail!("`{asked}` is a symbolic link: what it leads to is not removed");
    }
    let after = edit.after.as_ref().map(|content| {
        let kept = before.as_ref().and_then(|before| before.mode);
        Version::of(&content.bytes, content.mode.or(kept))
    });
    let entry = Entry { path: path.clone(), link, before, after };
    Ok((located, entry))
}

fn directory(fs: &impl FileSystem, root: &Path, path: &str) -> Result<Located> {
    check_path(path)?;
    let located = locate(fs, root, path, Links::Refuse)?;
    let fits = matches!(located.kind, Kind::Absent | Kind::Directory);
    ensure!(fits, "`{path}` is not a directory");
    Ok(located)
}

/// The directory in which the first new name for this file appears.
fn existing_parent(root: &Path, located: &Located) -> PathBuf {
    let first = located.missing.first().unwrap_or(&located.path);
    let parent = Path::new(first).parent().expect("a located path is not empty");
    root.join(parent)
}

fn enough_space(fs: &impl FileSystem, root: &Path, entries: &[Entry]) -> Result<()> {
    let versions = entries.iter().flat_map(|entry| [&entry.before, &entry.after]).flatten();
    let needed = versions.map(|version| version.bytes).sum::<u64>() + SPARE_BYTES;
    match fs.free_bytes(root) {
        Some(free) if free < needed => {
            bail!("`{}` has {free} bytes free; {needed} are needed", root.display())
        }
        _ => Ok(()),
    }
}

fn refuse(problems: &[String]) -> Result<()> {
    match problems {
        [] => Ok(()),
        [problem] => Err(anyhow::anyhow!("{problem}")).context("no file was changed"),
        _ => {
            let mut text = format!("no file was changed, for {} reasons", problems.len());
            for problem in problems {
                write!(text, "\n  {problem}").expect("writing to a string cannot fail");
            }
            bail!(text)
        }
    }
}
