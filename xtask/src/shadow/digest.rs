//! One hash over everything that a copy of the workspace would hold besides the files that changes may edit.
//!
//! Where it is the same twice, the compiler gets the same; what cannot be followed has no hash, never a guess.

use std::{
    collections::BTreeSet,
    fs::{self, Metadata},
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

use anyhow::{Context, Result, bail};
use walkdir::{DirEntry, WalkDir};

use super::copy;
use crate::{disk, interrupt, snapshot::Snapshot};

/// Larger files count by their length and the time of their last change, as they do for cargo: few of them are
/// sources, and all of them would have to be read before anything else.
const MOST_READ_BYTES: u64 = 1024 * 1024;

/// SHA-256, in hexadecimal digits, over names, modes and contents of all files but those of the snapshot.
///
/// # Errors
/// When something cannot be read, or a link leads to a directory that is not copied as a part of the workspace.
pub(crate) fn digest(snapshot: &Snapshot) -> Result<String> {
    let base = std::env::temp_dir();
    let base = fs::canonicalize(&base).unwrap_or(base);
    let (roots, _) = copy::everything(snapshot, &base);
    let made: Vec<&Path> = snapshot.made_by_cargo().collect();
    of(&roots, &made, |path| {
        path.strip_prefix(&snapshot.root).is_ok_and(|path| snapshot.files.contains_key(path))
    })
}

fn of(
    roots: &BTreeSet<PathBuf>,
    made: &[&Path],
    is_edited: impl Fn(&Path) -> bool,
) -> Result<String> {
    let mut hash = hmac_sha256::Hash::new();
    for root in roots {
        let walk = WalkDir::new(root).sort_by_file_name().into_iter();
        for entry in walk.filter_entry(|entry| copy::is_copied(entry, root, made)) {
            interrupt::check()?;
            let entry =
                entry.with_context(|| format!("failed to read below `{}`", root.display()))?;
            if !is_edited(entry.path()) {
                add(&mut hash, &entry, roots)
                    .with_context(|| format!("failed to read `{}`", entry.path().display()))?;
            }
        }
    }
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

fn add(hash: &mut hmac_sha256::Hash, entry: &DirEntry, roots: &BTreeSet<PathBuf>) -> Result<()> {
    let (path, kind) = (entry.path(), entry.file_type());
    if kind.is_file() {
        put(hash, b'f', path.as_os_str().as_encoded_bytes());
        add_file(hash, path, &entry.metadata()?)?;
    } else if kind.is_symlink() {
        put(hash, b'l', path.as_os_str().as_encoded_bytes());
        put(hash, b't', fs::read_link(path)?.as_os_str().as_encoded_bytes());
        // One that leads nowhere is copied as it is.
        let Ok(end) = fs::canonicalize(path) else { return Ok(()) };
        let is_covered = roots.iter().any(|root| end.starts_with(root) || root.starts_with(&end));
        if end.is_dir() && !is_covered {
            bail!("it is a link to a directory outside of the workspace, `{}`", end.display());
        }
        if end.is_file() && !is_covered {
            add_file(hash, &end, &fs::metadata(&end)?)?;
        }
    }
    Ok(())
}

fn add_file(hash: &mut hmac_sha256::Hash, path: &Path, metadata: &Metadata) -> Result<()> {
    put(hash, b'm', &mode(metadata).to_le_bytes());
    if metadata.len() <= MOST_READ_BYTES
        && let Some(bytes) = disk::read_regular(path, MOST_READ_BYTES)?
    {
        put(hash, b'c', &bytes);
        return Ok(());
    }
    let changed = metadata.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
    put(hash, b's', &[metadata.len().to_le_bytes(), changed.as_secs().to_le_bytes()].concat());
    put(hash, b'n', &changed.subsec_nanos().to_le_bytes());
    Ok(())
}

/// Kind and length before the bytes: no two lists of parts look alike.
fn put(hash: &mut hmac_sha256::Hash, kind: u8, bytes: &[u8]) {
    hash.update([kind]);
    hash.update((bytes.len() as u64).to_le_bytes());
    hash.update(bytes);
}

#[cfg(unix)]
fn mode(metadata: &Metadata) -> u32 {
    std::os::unix::fs::PermissionsExt::mode(&metadata.permissions())
}

#[cfg(not(unix))]
fn mode(metadata: &Metadata) -> u32 {
    u32::from(metadata.permissions().readonly())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The digest of a directory `ws`, of which `Cargo.toml` is edited and `target` made by cargo.
    fn digest_in(dir: &Path) -> Result<String> {
        let root = fs::canonicalize(dir).unwrap().join("ws");
        let (manifest, target) = (root.join("Cargo.toml"), root.join("target"));
        of(&BTreeSet::from([root]), &[&target], |path| path == manifest)
    }

    fn put(dir: &Path, name: &str, bytes: &[u8]) {
        disk::write(&dir.join("ws").join(name), bytes).unwrap();
    }

    #[test]
    fn whatever_the_compiler_could_read_makes_another_digest() {
        let dir = tempfile::tempdir().unwrap();
        let mut seen = BTreeSet::new();
        put(dir.path(), "src/lib.rs", b"fn f() {}");
        put(dir.path(), "large.bin", &vec![0; MOST_READ_BYTES as usize + 1]);
        assert!(seen.insert(digest_in(dir.path()).unwrap()));
        put(dir.path(), "src/lib.rs", b"fn g() {}");
        assert!(seen.insert(digest_in(dir.path()).unwrap()), "contents of the same length");
        put(dir.path(), "src/data.txt", b"");
        assert!(seen.insert(digest_in(dir.path()).unwrap()), "an empty file more");
        fs::rename(dir.path().join("ws/src/data.txt"), dir.path().join("ws/src/date.txt")).unwrap();
        assert!(seen.insert(digest_in(dir.path()).unwrap()), "another name");
        let large = fs::File::options().write(true).open(dir.path().join("ws/large.bin")).unwrap();
        large.set_modified(UNIX_EPOCH).unwrap();
        assert!(seen.insert(digest_in(dir.path()).unwrap()), "a large file that was written again");
    }

    #[test]
    fn what_is_not_copied_or_judged_by_its_bytes_elsewhere_makes_none() {
        let dir = tempfile::tempdir().unwrap();
        put(dir.path(), "src/lib.rs", b"fn f() {}");
        let before = digest_in(dir.path()).unwrap();
        for name in [
            "Cargo.toml",
            "target/debug/x",
            ".git/index",
            "backup-20261122-101112/manifest.json",
            ".xtask-history/verdicts.json",
        ] {
            put(dir.path(), name, b"x");
            assert_eq!(digest_in(dir.path()).unwrap(), before, "{name}");
        }
        // Touched, and the same: a checkout of another branch and back.
        put(dir.path(), "src/lib.rs", b"fn f() {}");
        assert_eq!(digest_in(dir.path()).unwrap(), before);
    }

    #[cfg(unix)]
    #[test]
    fn links_count_by_what_they_lead_to_and_one_to_a_foreign_directory_has_no_digest() {
        use std::os::unix::fs::symlink;
        let dir = tempfile::tempdir().unwrap();
        put(dir.path(), "src/lib.rs", b"fn f() {}");
        disk::write(&dir.path().join("shared.rs"), b"fn a() {}").unwrap();
        symlink("../../shared.rs", dir.path().join("ws/src/shared.rs")).unwrap();
        symlink("nowhere", dir.path().join("ws/src/dangling.rs")).unwrap();
        symlink("../..", dir.path().join("ws/src/up")).unwrap();
        let before = digest_in(dir.path()).unwrap();
        disk::write(&dir.path().join("shared.rs"), b"fn b() {}").unwrap();
        assert_ne!(digest_in(dir.path()).unwrap(), before);
        fs::create_dir(dir.path().join("foreign")).unwrap();
        symlink("../../foreign", dir.path().join("ws/src/foreign")).unwrap();
        let error = format!("{:#}", digest_in(dir.path()).unwrap_err());
        assert!(error.contains("a directory outside of the workspace"), "{error}");
    }
}
