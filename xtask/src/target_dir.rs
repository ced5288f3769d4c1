//! What lies in a target directory and how much of it, and ([`clean`]) the part nobody needs.
//!
//! Links are never followed: what is counted, and what is deleted, lies in the directory itself.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

mod clean;
mod walk;

pub(crate) use clean::clean_package_bloat;
use walk::Tally;

/// This tool's own directory within a target directory: shadows' builds, reports, logs.
pub(crate) const OWN: &str = "xtask";

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
}

/// What `cargo package` left in `<target>/package/`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct PackageDir {
    /// Apparent size of everything below `package/`.
    pub(crate) bytes: u64,
    /// Directories that the next `cargo package` would make again, by path.
    pub(crate) unpacked: Vec<Unpacked>,
    /// The `.crate` files at the top, with their sizes in bytes: the result, worth keeping.
    pub(crate) crates: Vec<(PathBuf, u64)>,
}

impl PackageDir {
    /// Adds what lies in another such directory.
    pub(crate) fn extend(&mut self, other: Self) {
        self.bytes += other.bytes;
        self.unpacked.extend(other.unpacked);
        self.crates.extend(other.crates);
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

/// Takes stock of a target directory; of an empty one where there is none. The directory itself
/// may be a link; links within are not followed. Files that vanish meanwhile are left out.
///
/// # Errors
/// When a directory cannot be read.
pub(crate) fn inventory(target: &Path) -> Result<Inventory> {
    let tally = Tally::of(target, |relative| relative == Path::new(OWN))?;
    Ok(Inventory {
        bytes: tally.bytes(),
        files: tally.files(),
        artifacts: tally.artifacts(),
        package: package_dir(&target.join("package"))?,
        own_bytes: Tally::of(&target.join(OWN), |_| false)?.bytes(),
    })
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
    let tally = Tally::of(&target.join(below), |relative| below.join(relative) == Path::new(OWN))?;
    let named = |(part, bytes): (&Path, u64)| {
        let path = below.join(part);
        let names: Vec<_> = path.iter().map(|name| name.to_string_lossy()).collect();
        (names.join("/"), bytes)
    };
    Ok(Space {
        bytes: tally.bytes(),
        artifacts: tally.artifacts(),
        parts: tally.parts().into_iter().map(named).collect(),
    })
}

fn package_dir(package: &Path) -> Result<PackageDir> {
    // A link leads elsewhere: nothing of it lies in the target directory.
    if !is_real_dir(package) {
        return Ok(PackageDir::default());
    }
    let mut found =
        PackageDir { bytes: Tally::of(package, |_| false)?.bytes(), ..PackageDir::default() };
    for entry in sorted_entries(package)? {
        let Ok(metadata) = entry.symlink_metadata() else {
            continue;
        };
        let name = file_name(&entry);
        if metadata.is_dir() && is_bloat(&name) {
            let tally = Tally::of(&entry, |_| false)?;
            found.unpacked.push(Unpacked {
                path: entry,
                bytes: tally.bytes(),
                files: tally.files(),
            });
        } else if metadata.is_file() && is_crate_file(&name) {
            found.crates.push((entry, metadata.len()));
        }
    }
    Ok(found)
}

/// Whether a directory of this name beneath `package/` is `cargo package`'s to make and remove.
///
/// `<name>-<version>` is the unpacked package, which cargo itself removes without a question before
/// it unpacks again (`run_verify` in cargo's `src/cargo/ops/cargo_package/verify.rs`); `tmp-crate`
/// holds the `.crate` files in the making (since 1.91); `tmp-registry` the index that packages of
/// one workspace are verified against when they are packaged together.
fn is_bloat(name: &str) -> bool {
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

fn is_crate_file(name: &str) -> bool {
    name.len() > ".crate".len() && name.ends_with(".crate")
}

fn is_real_dir(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|metadata| metadata.is_dir())
}

/// The last component, with replacement characters where it is not Unicode (which no name of
/// cargo's contains: such an entry is never taken for one).
fn file_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// Paths of the entries of a directory, sorted.
fn sorted_entries(dir: &Path) -> Result<Vec<PathBuf>> {
    let context = || format!("failed to read directory `{}`", dir.display());
    let mut paths = Vec::new();
    for entry in fs::read_dir(dir).with_context(context)? {
        paths.push(entry.with_context(context)?.path());
    }
    paths.sort();
    Ok(paths)
}

#[cfg(test)]
mod tests;
