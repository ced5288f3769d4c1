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
    cli::Global,
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

/// The manifest the user named, or that of this repository's AIMDS.
///
/// # Errors
/// When there is no file at the path.
pub(crate) fn manifest_path(global: &Global) -> Result<PathBuf> {
    let path = global.manifest_path.clone().unwrap_or_else(|| {
        // Set by `cargo run`, which the alias goes through; the other is where this was compiled.
        let own = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
        let own = own.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")));
        own.parent().unwrap_or(&own).join("AIMDS").join(ROOT_MANIFEST)
    });
    std::path::absolute(&path).with_context(|| format!("failed to resolve `{}`", path.display()))
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
