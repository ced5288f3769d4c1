//! The root of the workspace that a command works on, and whether its programs may be run.
//!
//! Every file that is read on the way was found readable before, and harmless where nobody has agreed to run
//! anything.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use cargo_metadata::Metadata;

use super::{ROOT_MANIFEST, parse, readable};
use crate::{
    cargo::{self, Cargo},
    cli::{self, Global},
    configuration::Stack,
    disk,
};

/// What somebody who starts a command agrees to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Intent {
    /// Nothing of the workspace is to be run.
    Look,
    /// Build scripts, macros and tests of the workspace are run anyway.
    Run,
}

/// The manifest that the user named; else, through the alias or for what cargo has built in the repository around the
/// current directory, AIMDS/Cargo.toml of the repository that `xtask/` lies in, or where it has none, its own manifest;
/// else the nearest one around the current directory. Never that of the
/// checkout in which an installed program was compiled.
///
/// # Errors
/// When there is none to be found.
pub(crate) fn manifest_path(global: &Global) -> Result<PathBuf> {
    if let Some(path) = &global.manifest_path {
        return std::path::absolute(path)
            .with_context(|| format!("failed to resolve `{}`", path.display()));
    }
    let own = cli::own_package(|key| std::env::var_os(key));
    if let Some(manifest) = own.as_deref().and_then(of_repository) {
        return Ok(manifest);
    }
    let dir = std::env::current_dir().context("failed to find out the current directory")?;
    if let Some(own) = cli::built_in(&dir)
        && let Some(manifest) = of_repository(own)
    {
        return Ok(manifest);
    }
    nearest(&dir).with_context(|| {
        format!(
            "there is no {ROOT_MANIFEST} in `{}` or above it\n\
             hint: go to a workspace, or name one with `--manifest-path <PATH>/{ROOT_MANIFEST}`",
            dir.display()
        )
    })
}

/// The manifest to work on in the repository that the package in `own` is part of.
fn of_repository(own: &Path) -> Option<PathBuf> {
    let dir = own.parent()?;
    let sample = dir.join("AIMDS").join(ROOT_MANIFEST);
    if sample.is_file() { Some(sample) } else { nearest(dir) }
}

/// The manifest of a directory or of the nearest one above that has one. A backup will do: `restore` may have to put
/// the manifest back.
fn nearest(dir: &Path) -> Option<PathBuf> {
    let has_one = |dir: &&Path| dir.join(ROOT_MANIFEST).is_file() || has_backups(dir);
    Some(dir.ancestors().find(has_one)?.join(ROOT_MANIFEST))
}

/// Whether a directory holds a backup of this tool.
pub(crate) fn has_backups(dir: &Path) -> bool {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    entries.into_iter().any(|entry| {
        super::is_backup_name(&entry.file_name().to_string_lossy())
            && entry.path().join("manifest.json").is_file()
    })
}

/// The root of the workspace that a manifest belongs to. The manifest is parsed before cargo sees it,
/// for an error with file, line and column.
///
/// # Errors
/// When there is no manifest, it does not parse, cargo finds no workspace for it, or looking at the workspace
/// could run what nobody agreed to.
pub(crate) fn find_root(manifest: &Path, offline: bool, intent: Intent) -> Result<PathBuf> {
    let dir = manifest.parent().unwrap_or(Path::new("/"));
    readable::hold_above(dir)?;
    if !manifest.is_file() {
        bail!(
            "there is no manifest at `{}`\nhint: name one with `--manifest-path <PATH>/Cargo.toml`",
            manifest.display()
        );
    }
    let bytes = disk::read_regular(manifest, readable::MOST_BYTES)?.unwrap_or_default();
    parse(manifest, &bytes)?;
    if intent == Intent::Look {
        cargo::hold_harmless(dir, offline)?;
    }
    let root = workspace_root(&Cargo::new(dir, offline), dir)?;
    if root != dir {
        readable::hold_above(&root)?;
        if intent == Intent::Look {
            cargo::hold_harmless(&root, offline)?;
        }
    }
    Ok(root)
}

/// What cargo says of the workspace at `root`, with nothing run that its configuration names.
///
/// # Errors
/// When cargo rejects the workspace.
pub(crate) fn metadata(root: &Path, offline: bool) -> Result<Metadata> {
    readable::hold_below(root)?;
    Cargo::new(root, offline).that_looks(&Stack::read(root)).metadata()
}

fn workspace_root(cargo: &Cargo, dir: &Path) -> Result<PathBuf> {
    let located = cargo
        .capture("cargo", &["locate-project", "--workspace", "--message-format=plain"])
        .with_context(|| format!("cargo finds no workspace at `{}`", dir.display()))?;
    let manifest = PathBuf::from(located.trim_end_matches(['\r', '\n']));
    Ok(manifest.parent().unwrap_or(dir).to_path_buf())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repository(files: &[&str]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for file in files {
            disk::write(&dir.path().join(file), b"").unwrap();
        }
        dir
    }

    #[test]
    fn a_copied_xtask_works_on_the_repository_that_it_was_copied_into() {
        for own in ["xtask", "tools/xtask"] {
            let dir = repository(&["Cargo.toml", &format!("{own}/Cargo.toml")]);
            let found = of_repository(&dir.path().join(own)).unwrap();
            assert_eq!(found, dir.path().join("Cargo.toml"), "{own}");
        }
    }

    #[test]
    fn this_repository_works_on_its_sample() {
        let dir = repository(&["Cargo.toml", "xtask/Cargo.toml", "AIMDS/Cargo.toml"]);
        let found = of_repository(&dir.path().join("xtask")).unwrap();
        assert_eq!(found, dir.path().join("AIMDS/Cargo.toml"));
    }

    #[test]
    fn the_nearest_manifest_is_taken_or_where_one_was() {
        let dir = repository(&["Cargo.toml", "member/Cargo.toml", "member/src/lib.rs"]);
        let member = dir.path().join("member");
        assert_eq!(nearest(&member.join("src")), Some(member.join("Cargo.toml")));
        let dir = repository(&["backup-20260102-030405/manifest.json", "src/lib.rs"]);
        assert_eq!(nearest(&dir.path().join("src")), Some(dir.path().join("Cargo.toml")));
    }
}
