//! Which directories nothing may be deleted in, whatever their name.
//!
//! Decided of the directory that was opened, not of a path: the same directory by another name is the same.

use std::{
    env,
    ffi::OsString,
    io::Read as _,
    path::{Path, PathBuf},
};

use super::{
    PACKAGE,
    directory::{self, Directory},
    is_bloat, is_crate_file,
};

/// What must not lie in a directory that is cleaned.
#[derive(Debug, Clone, Default)]
pub(crate) struct Surroundings {
    pub(super) workspace: PathBuf,
    pub(super) homes: Vec<PathBuf>,
}

impl Surroundings {
    /// Those of a workspace: its root, and the homes of all users this system lists.
    pub(crate) fn of(workspace: &Path) -> Self {
        let mut homes: Vec<PathBuf> = env::home_dir().into_iter().collect();
        let users = std::fs::read("/etc/passwd").unwrap_or_default();
        homes.extend(listed_homes(&String::from_utf8_lossy(&users)));
        Self { workspace: workspace.to_path_buf(), homes }
    }
}

/// The sixth field of each line. Accounts of the system have `/` there, or nothing that exists.
fn listed_homes(passwd: &str) -> Vec<PathBuf> {
    let homes = passwd.lines().filter_map(|line| line.split(':').nth(5));
    homes.filter(|home| home.starts_with('/') && *home != "/").map(PathBuf::from).collect()
}

/// Why nothing below a target directory may be deleted. `path` is its own, without links.
pub(super) fn refusal(
    target: &Directory,
    path: &Path,
    surroundings: &Surroundings,
) -> Option<&'static str> {
    let holds = |inner: &Path| holds(target, inner);
    if path.parent().is_none() {
        Some("the root directory")
    } else if surroundings.homes.iter().any(|home| holds(home)) {
        Some("a home directory, or above one")
    } else if holds(&surroundings.workspace) {
        Some("the workspace itself, or above it")
    } else if target.is_mount_point() {
        Some("a mount point")
    } else if target.is_repository() {
        Some("a repository")
    } else if !is_cargos(target) {
        Some("no sign of being a target directory of cargo's")
    } else {
        None
    }
}

/// Whether a directory is `inner` or one of those above it.
fn holds(directory: &Directory, inner: &Path) -> bool {
    let inner = inner.canonicalize().unwrap_or_else(|_| inner.to_path_buf());
    let own = Some(directory.identity());
    inner.ancestors().any(|path| directory::identity_of(path) == own)
}

/// Whether cargo left a sign: the tag it writes when it makes a target directory, what it remembers of rustc, the
/// fingerprints of a profile, or a package both packed and unpacked. A tag alone shows a cache, not whose.
fn is_cargos(target: &Directory) -> bool {
    let child = |name: &str| target.child(name.as_ref()).ok();
    says(target, "CACHEDIR.TAG", "created by cargo")
        || says(target, ".rustc_info.json", "\"rustc_fingerprint\"")
        || ["debug", "release"]
            .into_iter()
            .filter_map(child)
            .any(|profile| profile.child(".fingerprint".as_ref()).is_ok())
        || child(PACKAGE).is_some_and(|package| holds_a_pair(&package))
}

/// Whether the beginning of a file holds a text.
fn says(directory: &Directory, name: &str, text: &str) -> bool {
    const BEGINNING: u64 = 512;
    let mut bytes = Vec::new();
    directory.has_file(name)
        && directory
            .open_file(name.as_ref())
            .is_ok_and(|file| file.take(BEGINNING).read_to_end(&mut bytes).is_ok())
        && String::from_utf8_lossy(&bytes).contains(text)
}

/// Whether there are `<name>-<version>.crate` and `<name>-<version>/`.
fn holds_a_pair(package: &Directory) -> bool {
    let Ok(entries) = package.entries() else {
        return false;
    };
    let names = entries.filter_map(|entry| Some(entry.ok()?.0));
    let unpacked = |name: &OsString| Some(name.to_str()?.strip_suffix(".crate")?.to_owned());
    names
        .filter(|name| is_crate_file(name) && package.has_file(&name.to_string_lossy()))
        .filter_map(|name| unpacked(&name))
        .any(|name| is_bloat(name.as_ref()) && package.child(name.as_ref()).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn homes_are_those_of_people() {
        let passwd = "root:x:0:0:root:/root:/bin/sh\nsync:x:4:65534::/:/bin/sync\n\
                      ann:x:1000:1000:Ann,,,:/home/ann:/bin/bash\nodd\nlast:x:1:1::home:\n";
        assert_eq!(listed_homes(passwd), [Path::new("/root"), Path::new("/home/ann")]);
    }
}
