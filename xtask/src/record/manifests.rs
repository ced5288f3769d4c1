//! What the manifests say before and after: the dependencies of each member, and the text of what was written.
//!
//! Plain data.

use serde::{Deserialize, Serialize};

/// A direct dependency of a member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DependencyRecord {
    /// Name of the package, whatever the manifest calls it.
    pub(crate) name: String,
    /// Name of the member.
    pub(crate) member: String,
    /// `normal`, `dev` or `build`.
    pub(crate) kind: String,
    /// The platform of a `[target.….dependencies]` table, as the manifest writes it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) target: Option<String>,
    /// None where a change added it.
    pub(crate) before: Option<DependencySide>,
    /// None where a change removed it.
    pub(crate) after: Option<DependencySide>,
}

/// How a member asks for a dependency, with what it inherits filled in, and what it gets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DependencySide {
    /// None for a dependency by path or git alone.
    pub(crate) requirement: Option<String>,
    /// The version in the graph of this host; none where it is not in it.
    pub(crate) version: Option<String>,
    /// `workspace = true`.
    pub(crate) inherits: bool,
    pub(crate) features: Vec<String>,
    pub(crate) default_features: bool,
    pub(crate) optional: bool,
}

/// A file that a run wrote, but for the lock file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FileRecord {
    /// Relative to the workspace root.
    pub(crate) path: String,
    /// Whether it was there before.
    pub(crate) existed: bool,
    /// Its text as written. What is not UTF-8 is replaced.
    pub(crate) after: String,
}
