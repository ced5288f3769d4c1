//! What lies in a target directory and how much of it, and ([`clean_package_bloat`]) the part nobody needs.
//!
//! Links are never followed: what is counted, and what is deleted, lies in the directory itself.

use std::{
    collections::BTreeMap,
    ffi::OsStr,
    io,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};

mod census;
mod clean;
mod crew;
mod descent;
mod directory;
mod guard;
pub(crate) mod layout;
pub(crate) mod profiles;
mod progress;
mod remove;
mod roam;
pub(crate) mod stale;
mod walk;

#[allow(unused_imports, reason = "for examples/bench-clean.rs")]
pub(crate) use census::holdings;
pub(crate) use clean::{Refusal, clean_package_bloat, clean_packages, refusal};
pub(crate) use directory::{Directory, Kind};
pub(crate) use guard::Surroundings;
pub(crate) use progress::Progress;
pub(crate) use remove::{Removed, remove_entries};
use walk::Tally;

/// This tool's own directory within a target directory: shadows' builds, reports, logs.
pub(crate) const OWN: &str = "xtask";

/// Where cargo packages, within a target or build directory.
const PACKAGE: &str = "package";

/// The directory that this tool writes and deletes in, [`OWN`] in a target directory. It need not exist.
///
/// # Errors
/// As [`refuse_link`].
pub(crate) fn own(target: &Path) -> Result<PathBuf> {
    let own = target.join(OWN);
    refuse_link(&own)?;
    Ok(own)
}

/// Refuses a link where this tool writes and deletes: what lies at its end is somebody else's.
///
/// # Errors
/// When it is one.
pub(crate) fn refuse_link(path: &Path) -> Result<()> {
    ensure!(
        !path.is_symlink(),
        "`{}` is a symbolic link, and builds of this tool are made and deleted there\n\
         hint: remove the link; to keep builds elsewhere, let the target directory be there",
        path.display()
    );
    Ok(())
}

/// What a target directory holds at one moment. All zero where there is none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Inventory {
    /// Apparent size of all regular files, `package/` included, `xtask/` (see
    /// [`Inventory::own_bytes`]) not. A file with several names (cargo hard-links what it uplifts
    /// out of `deps/`) counts once, on Unix; elsewhere each name counts.
    pub(crate) bytes: u64,
    /// Number of the files that `bytes` sums.
    pub(crate) files: u64,
    /// Those of the files with a name below a directory `deps/` or `build/`, wherever it lies
    /// (`<profile>/deps`, `<triple>/<profile>/build`), `package/` excepted: what units left behind.
    pub(crate) artifacts: u64,
    pub(crate) package: PackageDir,
    /// Apparent size of `xtask/`: what this tool keeps there. Not part of `bytes`.
    pub(crate) own_bytes: u64,
    /// Entries that this process may not look into; what lies below them is not counted.
    pub(crate) unread: u64,
}

/// What `cargo package` left in `<target>/package/`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct PackageDir {
    /// Apparent size of everything below `package/`.
    pub(crate) bytes: u64,
    /// Directories that the next `cargo package` would make again, by path.
    pub(crate) unpacked: Vec<Unpacked>,
    /// Number of the `.crate` files at the top: the result, worth keeping.
    pub(crate) crates: u64,
    /// Target directories in which none of this may be deleted, and why. Filled in by who asks [`refusal`].
    pub(crate) refused: Vec<(PathBuf, Refusal)>,
}

impl PackageDir {
    /// Adds what lies in another such directory.
    pub(crate) fn extend(&mut self, other: Self) {
        self.bytes += other.bytes;
        self.unpacked.extend(other.unpacked);
        self.crates += other.crates;
        self.refused.extend(other.refused);
    }
}

/// A directory beneath `<target>/package/` that can be made again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unpacked {
    pub(crate) path: PathBuf,
    /// Apparent size of its regular files, each counted once.
    pub(crate) bytes: u64,
    pub(crate) files: u64,
}

impl Unpacked {
    /// Whether it lies in the `package/` of this target directory.
    pub(crate) fn is_in(&self, target: &Path) -> bool {
        self.path.parent() == Some(&target.join(PACKAGE))
    }
}

/// Takes stock of a target directory; of an empty one where there is none. The directory itself
/// may be a link; links within are not followed. Files that vanish meanwhile are left out.
///
/// Memory is taken by the directories on the way and beside it, and by files with several names of which not all
/// were seen yet; not by the number of files.
///
/// # Errors
/// When the directory cannot be read.
pub(crate) fn inventory(target: &Path) -> Result<Inventory> {
    watched_inventory(target, &Progress::default())
}

/// The same, telling how far it is. If it is [stopped](Progress::stop), what was not seen yet is not counted.
///
/// # Errors
/// As [`inventory`].
pub(crate) fn watched_inventory(target: &Path, progress: &Progress) -> Result<Inventory> {
    let Some(directory) = open(target)? else {
        return Ok(Inventory::default());
    };
    let package = package_dir(target, &directory)?;
    let own = directory.child(OWN.as_ref()).ok();
    let own_bytes =
        own.and_then(|own| Tally::of(own, None, progress).ok()).map_or(0, |own| own.bytes);
    let tally = Tally::of(directory, Some(OWN), progress);
    let tally = tally.with_context(|| failed_to_read(target))?;
    let Tally { bytes, files, artifacts, unread, .. } = tally;
    Ok(Inventory { bytes, files, artifacts, package, own_bytes, unread })
}

/// Apparent size of what lies in `package/` of a target directory.
///
/// # Errors
/// When the target directory cannot be read.
pub(crate) fn package_bytes(target: &Path) -> Result<u64> {
    let package = open(target)?.and_then(|directory| directory.child(PACKAGE.as_ref()).ok());
    let tally = package.map(|package| counted(package, None)).transpose();
    Ok(tally.with_context(|| failed_to_read(&target.join(PACKAGE)))?.map_or(0, |found| found.bytes))
}

/// Whether two paths lead to one directory.
pub(crate) fn is_same(one: &Path, other: &Path) -> bool {
    let identity = directory::identity_of(one);
    one == other || identity.is_some() && identity == directory::identity_of(other)
}

fn open(path: &Path) -> Result<Option<Directory>> {
    match Directory::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        opened => opened.map(Some).with_context(|| failed_to_read(path)),
    }
}

fn failed_to_read(path: &Path) -> String {
    format!("failed to read directory `{}`", path.display())
}

/// What builds left in a target directory, or below one of its directories.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Space {
    /// As [`Inventory::bytes`].
    pub(crate) bytes: u64,
    /// As [`Inventory::artifacts`].
    pub(crate) artifacts: u64,
    /// `bytes` by directory, relative to the target directory with `/` between names, for instance
    /// `debug/deps`. A file with names in two of them counts in the first of the alphabet.
    pub(crate) parts: BTreeMap<String, u64>,
}

/// Measures what lies in `below`, a directory within `target` or, if empty, `target` itself.
///
/// # Errors
/// When a directory cannot be read.
pub(crate) fn space(target: &Path, below: &Path) -> Result<Space> {
    let path = target.join(below);
    let Some(directory) = open(&path)? else {
        return Ok(Space::default());
    };
    let left_out = below.as_os_str().is_empty().then_some(OWN);
    let tally = counted(directory, left_out).with_context(|| failed_to_read(&path))?;
    let named = |(part, bytes): (PathBuf, u64)| {
        let path = below.join(part);
        let names: Vec<_> = path.iter().map(|name| name.to_string_lossy()).collect();
        (names.join("/"), bytes)
    };
    Ok(Space {
        bytes: tally.bytes,
        artifacts: tally.artifacts,
        parts: tally.parts.into_iter().map(named).collect(),
    })
}

/// Counts for somebody who does not look on. Progress counts each file once, and the whole counts what is part of it.
fn counted(root: Directory, left_out: Option<&str>) -> io::Result<Tally> {
    Tally::of(root, left_out, &Progress::default())
}

fn package_dir(target: &Path, directory: &Directory) -> Result<PackageDir> {
    // A link leads elsewhere: nothing of it lies in the target directory.
    let Ok(package) = directory.child(PACKAGE.as_ref()) else {
        return Ok(PackageDir::default());
    };
    let path = target.join(PACKAGE);
    let mut found = PackageDir::default();
    for entry in package.entries().with_context(|| failed_to_read(&path))? {
        let (name, _) = entry.with_context(|| failed_to_read(&path))?;
        if is_bloat(&name)
            && let Ok(directory) = package.child(&name)
            && let Ok(tally) = counted(directory, None)
        {
            let Tally { bytes, files, .. } = tally;
            found.unpacked.push(Unpacked { path: path.join(name), bytes, files });
        } else if is_crate_file(&name)
            && package.attributes_of(&name).is_ok_and(|found| found.kind == Kind::File)
        {
            found.crates += 1;
        }
    }
    found.unpacked.sort_by(|one, other| one.path.cmp(&other.path));
    found.bytes = counted(package, None).with_context(|| failed_to_read(&path))?.bytes;
    Ok(found)
}

/// Whether a directory of this name beneath `package/` is `cargo package`'s to make and remove.
///
/// `<name>-<version>` is the unpacked package, which cargo itself removes without a question before
/// it unpacks again (`run_verify` in cargo's `src/cargo/ops/cargo_package/verify.rs`); `tmp-crate`
/// holds the `.crate` files in the making (since 1.91); `tmp-registry` the index that packages of
/// one workspace are verified against when they are packaged together.
///
/// No name of cargo's is other than Unicode.
fn is_bloat(name: &OsStr) -> bool {
    let Some(name) = name.to_str() else {
        return false;
    };
    matches!(name, "tmp-crate" | "tmp-registry")
        || name
            .match_indices('-')
            .any(|(dash, _)| is_package_name(&name[..dash]) && is_version(&name[dash + 1..]))
}

/// A package name as cargo accepts it on `cargo package`: it may hold dashes and digits.
fn is_package_name(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|first| first == '_' || first.is_alphabetic())
        && chars.all(|c| c == '-' || c == '_' || c.is_alphanumeric())
}

fn is_version(text: &str) -> bool {
    semver::Version::parse(text).is_ok()
}

fn is_crate_file(name: &OsStr) -> bool {
    name.len() > ".crate".len() && name.as_encoded_bytes().ends_with(b".crate")
}

#[cfg(test)]
mod tests;
