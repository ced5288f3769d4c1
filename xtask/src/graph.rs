//! Which member uses which dependency, in which version: manifests and resolve put together.
//!
//! Pure: reads a [`Snapshot`], never the disk.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    path::{Path, PathBuf},
};

use cargo_metadata::{
    DependencyKind, Node, Package, PackageId,
    semver::{Version, VersionReq},
};
use toml_edit::DocumentMut;

use crate::{
    lockfile,
    manifest::{self, Declaration, DepTable, Kind, Site},
    paths,
    policy::Policy,
    snapshot::{Member, ROOT_MANIFEST, Snapshot},
};

pub(crate) mod builds;
mod doubles;
mod host;
mod loss;
pub(crate) mod requests;
mod requirement;
mod table;

pub(crate) use doubles::duplicates;
pub(crate) use host::HostGraph;
pub(crate) use loss::{Losses, links};
use requirement::is_open;
pub(crate) use requirement::{is_caret, merged, narrows, stricter};
pub(crate) use table::{Moment, dependencies};

/// One dependency of one member.
#[derive(Debug, Clone)]
pub(crate) struct Use<'a> {
    pub(crate) member: &'a Member,
    /// Manifest of the member, relative to the workspace root.
    pub(crate) manifest: &'a Path,
    pub(crate) table: DepTable,
    /// What the member's manifest says.
    pub(crate) declared: Declaration,
    /// The same with what it inherits filled in.
    pub(crate) effective: Declaration,
    /// What it resolved to; none for an optional or target-specific dependency that is not active.
    pub(crate) package: Option<&'a Package>,
}

impl Use<'_> {
    /// Where it is declared.
    pub(crate) fn site(&self) -> Site {
        Site::Member { manifest: self.manifest.to_path_buf(), table: self.table.clone() }
    }

    /// The requirement as cargo reads it.
    pub(crate) fn requirement(&self) -> Option<VersionReq> {
        VersionReq::parse(self.effective.requirement.as_deref()?).ok()
    }

    /// Whether it comes from the default registry by version alone. What a `[patch]` puts in its place
    /// does not.
    pub(crate) fn is_plain(&self) -> bool {
        self.effective.source.is_empty() && self.package.is_none_or(is_of_registry)
    }

    /// Whether somebody chose its version: neither a plain requirement (`1.2`) nor an open one (`>=1`, `*`).
    pub(crate) fn is_pinned(&self) -> bool {
        let requirement = self.effective.requirement.as_deref();
        requirement.is_some_and(|requirement| !is_caret(requirement) && !is_open(requirement))
    }

    /// Where its requirement is written.
    pub(crate) fn declaring_site(&self) -> Site {
        if self.declared.inherits { Site::Workspace } else { self.site() }
    }

    /// Whether the requirement may be replaced by that of a newer release: it is a plain one of the
    /// default registry, nobody pinned it, and no other name says that this version is wanted.
    pub(crate) fn can_be_raised(&self, policy: &Policy) -> bool {
        self.is_plain()
            && self.effective.rename_of.is_none()
            && self.effective.requirement.as_deref().is_some_and(is_caret)
            && !policy.pin.contains_key(self.effective.package())
    }

    /// The name that code uses for the crate.
    pub(crate) fn crate_name(&self) -> String {
        let renamed = self.effective.rename_of.is_some();
        let library = self.package.filter(|_| !renamed).and_then(|package| {
            package.targets.iter().find(|target| {
                target.is_lib()
                    || target.is_rlib()
                    || target.is_proc_macro()
                    || target.is_dylib()
                    || target.is_cdylib()
            })
        });
        let name = library.map_or(self.declared.key.as_str(), |target| target.name.as_str());
        name.replace('-', "_")
    }
}

/// Every dependency of every member whose manifest lies in the workspace.
pub(crate) fn uses(snapshot: &Snapshot) -> Vec<Use<'_>> {
    uses_in(&snapshot.documents, &snapshot.members, |member, table, effective| {
        fitting(snapshot.node(&member.id)?, table, effective, |id| snapshot.package(id))
    })
}

/// The same of any documents; `resolve` finds the package that a dependency resolved to.
pub(crate) fn uses_in<'a>(
    documents: &BTreeMap<PathBuf, DocumentMut>,
    members: &'a [Member],
    resolve: impl Fn(&Member, &DepTable, &Declaration) -> Option<&'a Package>,
) -> Vec<Use<'a>> {
    let root = documents.get(Path::new(ROOT_MANIFEST));
    let shared = root.map(manifest::workspace_declarations).unwrap_or_default();
    let shared: HashMap<&str, &Declaration> =
        shared.iter().map(|entry| (entry.key.as_str(), entry)).collect();
    let mut out = Vec::new();
    for member in members {
        let Some(path) = member.manifest.as_deref() else {
            continue;
        };
        for (table, declared) in manifest::declarations(&documents[path]) {
            let base = shared.get(declared.key.as_str()).filter(|_| declared.inherits);
            let effective = match base {
                Some(base) => inherited(&declared, base),
                None => declared.clone(),
            };
            let package = resolve(member, &table, &effective);
            out.push(Use { member, manifest: path, table, declared, effective, package });
        }
    }
    out
}

/// A declaration with what it inherits, by cargo's rules: features add up, and `default-features`
/// of the member counts only where the workspace turned them off.
fn inherited(own: &Declaration, base: &Declaration) -> Declaration {
    let mut features = base.features.clone();
    features.extend(own.features.iter().filter(|f| !base.features.contains(f)).cloned());
    let default_features = match (base.default_features, own.default_features) {
        (Some(false), Some(true)) => None,
        (base, _) => base,
    };
    Declaration {
        features,
        default_features,
        optional: own.optional,
        inherits: true,
        ..base.clone()
    }
}

/// The package that a declaration of a member, whose node this is, resolved to.
fn fitting<'a>(
    node: &Node,
    table: &DepTable,
    effective: &Declaration,
    package: impl Fn(&PackageId) -> Option<&'a Package>,
) -> Option<&'a Package> {
    let kind = dependency_kind(table.kind);
    let requirement =
        effective.requirement.as_deref().and_then(|text| VersionReq::parse(text).ok());
    let fits = |version: &Version| requirement.as_ref().is_none_or(|req| req.matches(version));
    node.deps
        .iter()
        .filter(|dep| dep.dep_kinds.iter().any(|info| info.kind == kind))
        .filter_map(|dep| package(&dep.pkg))
        .find(|package| package.name == effective.package() && fits(&package.version))
}

/// The kind of a table as cargo's metadata calls it.
pub(crate) fn dependency_kind(kind: Kind) -> DependencyKind {
    match kind {
        Kind::Normal => DependencyKind::Normal,
        Kind::Dev => DependencyKind::Development,
        Kind::Build => DependencyKind::Build,
    }
}

/// Why a member's entry cannot inherit a workspace entry without changing what it gets; none if it can.
pub(crate) fn obstacle(snapshot: &Snapshot, usage: &Use<'_>, base: &Declaration) -> Option<String> {
    difference(&snapshot.root, usage, base)
        .or_else(|| Surplus::of(&usage.declared, base).map(|surplus| surplus.to_string()))
}

/// Why a member's entry and a workspace entry are not the same dependency; versions and features aside.
pub(crate) fn difference(root: &Path, usage: &Use<'_>, base: &Declaration) -> Option<String> {
    let own = &usage.declared;
    if let Some(key) = own.unknown.first() {
        return Some(format!("it has the key `{key}`, which an heir cannot keep"));
    }
    if let Some(key) = base.unknown.first() {
        return Some(format!("the workspace's entry has the key `{key}`"));
    }
    if base.package() != own.package() {
        return Some(format!("the workspace's `{}` is another package", base.key));
    }
    if base.rename_of != own.rename_of {
        // With `package = "…"` the name in code is the key, whatever the library calls itself.
        return Some("only one of the two says `package`, which sets its name in code".to_owned());
    }
    if origin(root, usage.manifest, own) != origin(root, Path::new(ROOT_MANIFEST), base) {
        return Some("it comes from another source than the workspace's".to_owned());
    }
    if base.requirement.is_some() != own.requirement.is_some() {
        return Some("only one of the two names a version".to_owned());
    }
    None
}

/// What an entry would get by inheriting, and does not ask for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Surplus {
    /// The default features.
    pub(crate) default_features: bool,
    pub(crate) features: Vec<String>,
}

impl Surplus {
    pub(crate) fn of(own: &Declaration, base: &Declaration) -> Option<Self> {
        let default_features =
            own.default_features == Some(false) && base.default_features != Some(false);
        let is_extra = |feature: &&String| !own.features.contains(feature);
        let features: Vec<String> = base.features.iter().filter(is_extra).cloned().collect();
        (default_features || !features.is_empty()).then_some(Self { default_features, features })
    }
}

impl fmt::Display for Surplus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.default_features, self.features.as_slice()) {
            (true, []) => f.write_str("it turns default features off, which an heir cannot"),
            (true, extra) => write!(
                f,
                "it turns default features off, which an heir cannot, and would gain the features {}",
                extra.join(", ")
            ),
            (false, extra) => write!(f, "it would gain the features {}", extra.join(", ")),
        }
    }
}

/// Where an entry's crate comes from, whichever manifest it is written in. Paths become absolute.
pub(crate) fn origin(
    root: &Path,
    manifest: &Path,
    declared: &Declaration,
) -> Vec<(String, String)> {
    let place = |(key, value): &(String, String)| match key.as_str() {
        "path" => (key.clone(), absolute(root, manifest, value).display().to_string()),
        _ => (key.clone(), value.clone()),
    };
    declared.source.iter().map(place).collect()
}

/// A path as a manifest means it. `manifest` is relative to the root.
fn absolute(root: &Path, manifest: &Path, path: &str) -> PathBuf {
    paths::without_dots(&root.join(manifest.parent().unwrap_or(Path::new(""))).join(path))
}

/// The source of a member's entry as the root manifest has to write it.
pub(crate) fn source_at_root(root: &Path, usage: &Use<'_>) -> Vec<(String, String)> {
    let moved = |(key, value): &(String, String)| {
        if key != "path" || Path::new(value).is_absolute() {
            return (key.clone(), value.clone());
        }
        let path = paths::relative(root, &absolute(root, usage.manifest, value));
        let steps: Vec<_> = path.iter().map(|step| step.to_string_lossy()).collect();
        (key.clone(), if steps.is_empty() { ".".to_owned() } else { steps.join("/") })
    };
    usage.declared.source.iter().map(moved).collect()
}

/// Whether a package comes from a registry, and not from a path or a repository.
pub(crate) fn is_of_registry(package: &Package) -> bool {
    package.source.as_ref().is_some_and(|source| lockfile::is_registry(&source.repr))
}
