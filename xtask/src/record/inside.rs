//! What lies inside the workspace before and after: packages in several versions, and bytes on disk.
//!
//! Plain data.

use serde::{Deserialize, Serialize};

/// A package that is, or was, in the graph in more than one version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct DuplicateRecord {
    pub(crate) name: String,
    /// Its versions in the graph before, oldest first.
    pub(crate) before: Vec<DuplicateVersion>,
    /// Its versions in the graph after; one version means that it is a duplicate no more.
    pub(crate) after: Vec<DuplicateVersion>,
}

/// One of the versions, and why it is there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct DuplicateVersion {
    pub(crate) version: String,
    /// Time of its units in the clean dev build of that side; none where no unit times were read.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) unit_seconds: Option<f64>,
    /// The shortest way to it: a member first, then each package as `name version`, itself last.
    pub(crate) path: Vec<String>,
    /// Everything that depends on it directly, as `name version`; members by name alone.
    pub(crate) required_by: Vec<String>,
}

/// A part of the target directory after the clean dev and release builds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DiskPart {
    /// Below the target directory, for instance `debug/deps`; `other` for what is too small to name.
    pub(crate) part: String,
    pub(crate) baseline_bytes: u64,
    pub(crate) candidate_bytes: u64,
}
