//! What the workspace's owner decided: `[workspace.metadata.optimize]`, and the ignore lists already
//! written for cargo-machete and cargo-shear.
//!
//! Pure: reads parsed metadata, never files. An unknown key is an error, so that a typo is not a silent default.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use cargo_metadata::Metadata;
use serde::Deserialize;

/// Policy of a workspace.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub(crate) struct Policy {
    /// Changes (by id) and passes (by code) that are not wanted.
    pub(crate) ignore: BTreeSet<String>,
    /// Requirement that a package's members are to share.
    pub(crate) pin: BTreeMap<String, String>,
    /// Packages that are never removed as unused.
    pub(crate) keep: BTreeSet<String>,
    /// Limits that `validate` holds the workspace to.
    pub(crate) budget: Budget,
}

/// Limits: ratios against the recorded or given baseline, and counts.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub(crate) struct Budget {
    /// Highest ratio allowed for the clean dev build.
    pub(crate) clean_dev: Option<f64>,
    /// Highest ratio allowed for the clean release build.
    pub(crate) clean_release: Option<f64>,
    /// Highest ratio allowed for an incremental rebuild.
    pub(crate) incremental: Option<f64>,
    /// Highest ratio allowed for the size of the target directory.
    pub(crate) target: Option<f64>,
    /// Highest ratio allowed for the size of what a release build links.
    pub(crate) binary: Option<f64>,
    /// Most packages allowed in more than one version.
    pub(crate) duplicates: Option<usize>,
    /// Most units allowed in `cargo check --workspace --all-targets`.
    pub(crate) units: Option<usize>,
}

impl Policy {
    /// Reads the policy from the metadata of the workspace and its members.
    ///
    /// # Errors
    /// When `[workspace.metadata.optimize]` has an unknown key or a value of the wrong type.
    pub(crate) fn read(metadata: &Metadata) -> Result<Self> {
        let own = metadata.workspace_metadata.get("optimize").cloned();
        let mut policy = match own {
            Some(value) => serde_json::from_value(value)
                .context("failed to read `[workspace.metadata.optimize]`")?,
            None => Self::default(),
        };
        let members = metadata.workspace_packages();
        let tables = members.iter().map(|package| &package.metadata);
        for table in tables.chain([&metadata.workspace_metadata]) {
            for tool in ["cargo-machete", "cargo-shear"] {
                let listed = table.get(tool).and_then(|table| table.get("ignored")?.as_array());
                let names = listed.into_iter().flatten().filter_map(|name| name.as_str());
                policy.keep.extend(names.map(str::to_owned));
            }
        }
        Ok(policy)
    }
}
