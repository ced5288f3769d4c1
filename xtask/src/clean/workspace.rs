//! What a cleaning has to know of a workspace: where it builds, its members, and whose sources are its own.
//!
//! Reads what cargo says of it, never its manifests.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use anyhow::Result;
use cargo_metadata::Metadata;

use super::usual::Member;
use crate::{
    cargo, snapshot,
    target_dir::{self, profiles::Parts},
};

/// A workspace, as far as it matters what it builds.
#[derive(Debug)]
pub(super) struct Workspace {
    pub(super) root: PathBuf,
    pub(super) target_dir: PathBuf,
    /// Where it is not the target directory.
    pub(super) build_dir: Option<PathBuf>,
    pub(super) members: Vec<Member>,
    /// Cargo chooses others than all of them where it is not told.
    pub(super) has_default: bool,
    /// Directories of members and path dependencies, and those in which packages of registries lie.
    local: Vec<PathBuf>,
    /// Every crate of the graph, as rustc names it.
    crates: BTreeSet<String>,
}

impl Workspace {
    /// Asks cargo of the workspace at `root`.
    ///
    /// # Errors
    /// When cargo rejects it.
    pub(super) fn read(root: &Path, offline: bool) -> Result<Self> {
        Ok(Self::of(&snapshot::metadata(root, offline)?, root))
    }

    pub(super) fn of(metadata: &Metadata, root: &Path) -> Self {
        let target_dir = metadata.target_directory.clone().into_std_path_buf();
        let build_dir = metadata.build_directory.clone().map(Into::into);
        let members = metadata.workspace_packages().into_iter();
        let members = members
            .map(|package| Member {
                spec: package.id.repr.clone(),
                own: package
                    .manifest_path
                    .parent()
                    .map(|directory| directory.as_std_path().to_path_buf())
                    .filter(|directory| is_configured(directory, root)),
            })
            .collect();
        // Of those that are not local, the directory that all of one registry lie in: `vendor/`, for instance.
        let local = metadata.packages.iter().filter_map(|package| {
            let directory = package.manifest_path.parent()?;
            let above = if package.source.is_none() { directory } else { directory.parent()? };
            Some(above.as_std_path().to_path_buf())
        });
        let local = local.collect();
        let targets = metadata.packages.iter().flat_map(|package| &package.targets);
        let names = targets.map(|target| target.name.as_str());
        let names = names.chain(metadata.packages.iter().map(|package| package.name.as_str()));
        let crates = names.map(|name| name.replace('-', "_")).collect();
        let chosen = &metadata.workspace_default_members;
        let has_default = chosen.is_missing() || chosen.len() != metadata.workspace_members.len();
        Self {
            has_default,
            crates,
            root: root.to_path_buf(),
            build_dir: build_dir.filter(|dir: &PathBuf| !target_dir::is_same(dir, &target_dir)),
            target_dir,
            members,
            local,
        }
    }

    /// The directories that it builds into, and what lies in each.
    pub(super) fn directories(&self) -> Vec<(PathBuf, Parts)> {
        match &self.build_dir {
            None => vec![(self.target_dir.clone(), Parts { results: true, units: true })],
            Some(build_dir) => vec![
                (self.target_dir.clone(), Parts { results: true, units: false }),
                (build_dir.clone(), Parts { results: false, units: true }),
            ],
        }
    }

    /// The directory with what units leave.
    pub(super) fn intermediate(&self) -> &Path {
        self.build_dir.as_ref().unwrap_or(&self.target_dir)
    }

    /// Whether a directory lies in the workspace.
    pub(super) fn holds(&self, directory: &Path) -> bool {
        let whole = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
        whole(directory).starts_with(whole(&self.root))
    }

    /// Whether a crate is one of its graph, or one that every package may have.
    pub(super) fn knows(&self, crate_name: &str) -> bool {
        crate_name == "build_script_build" || self.crates.contains(crate_name)
    }

    /// Another checkout of the same repository: it has members of the same names.
    pub(super) fn worktree(&self) -> Option<PathBuf> {
        let listed = cargo::git(&self.root, &["worktree", "list", "--porcelain"])?;
        let paths = listed.lines().filter_map(|line| line.strip_prefix("worktree "));
        let paths: Vec<PathBuf> = paths.map(PathBuf::from).filter(|path| path.is_dir()).collect();
        // A checkout may lie in another.
        let own = paths.iter().filter(|path| self.root.starts_with(path));
        let own = own.max_by_key(|path| path.components().count());
        paths.iter().find(|path| Some(*path) != own).cloned()
    }

    /// Whether a source is one of its own, was downloaded or was generated here.
    pub(super) fn has(&self, source: &Path) -> bool {
        let made = [Some(&self.target_dir), self.build_dir.as_ref()];
        let own = [&self.root].into_iter().chain(&self.local).chain(made.into_iter().flatten());
        // Cargo writes relative paths where it was told to, relative to the workspace.
        source.is_relative()
            || is_downloaded(source)
            || own.into_iter().any(|own| source.starts_with(own))
    }
}

/// Whether something between a directory and the root above it decides builds that are started there.
fn is_configured(directory: &Path, root: &Path) -> bool {
    const FILES: [&str; 4] =
        [".cargo/config.toml", ".cargo/config", "rust-toolchain.toml", "rust-toolchain"];
    let below = directory.ancestors().take_while(|above| *above != root && above.starts_with(root));
    below.into_iter().any(|above| FILES.iter().any(|file| above.join(file).is_file()))
}

/// The directory of the package that a source lies in. What no longer exists is in none.
pub(super) fn package_of(source: &Path) -> Option<PathBuf> {
    let mut above = source.ancestors().skip(1).filter(|_| source.is_file());
    above.find(|dir| dir.join("Cargo.toml").is_file()).map(Path::to_path_buf)
}

/// Whether cargo downloaded a source: it lies in `registry/src` or `git/checkouts` of some cargo's home.
fn is_downloaded(source: &Path) -> bool {
    let steps: Vec<_> = source.iter().collect();
    steps.windows(2).any(|pair| {
        (pair[0] == "registry" && pair[1] == "src") || (pair[0] == "git" && pair[1] == "checkouts")
    })
}
