//! Which member uses which dependency, in which version: manifests and resolve put together.
//!
//! Pure: reads a [`Snapshot`], never the disk.

use std::{collections::HashMap, path::Path};

use cargo_metadata::{
    DependencyKind, Node, Package,
    semver::{Op, Version, VersionReq},
};

use crate::{
    manifest::{self, Declaration, DepTable, Kind, Site},
    paths,
    snapshot::{Member, Snapshot},
};

pub(crate) mod builds;
mod loss;
pub(crate) mod requests;

pub(crate) use loss::{Losses, links};

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

    /// Whether it comes from the default registry by version alone.
    pub(crate) fn is_plain(&self) -> bool {
        self.effective.source.is_empty()
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
    let shared = manifest::workspace_declarations(snapshot.root_document());
    let shared: HashMap<&str, &Declaration> =
        shared.iter().map(|entry| (entry.key.as_str(), entry)).collect();
    let mut out = Vec::new();
    for member in &snapshot.members {
        let Some(path) = member.manifest.as_deref() else {
            continue;
        };
        let node = snapshot.node(&member.id);
        for (table, declared) in manifest::declarations(&snapshot.documents[path]) {
            let base = shared.get(declared.key.as_str()).filter(|_| declared.inherits);
            let effective = match base {
                Some(base) => inherited(&declared, base),
                None => declared.clone(),
            };
            let package = node.and_then(|node| resolved(snapshot, node, &table, &effective));
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

fn resolved<'a>(
    snapshot: &'a Snapshot,
    node: &Node,
    table: &DepTable,
    effective: &Declaration,
) -> Option<&'a Package> {
    let kind = dependency_kind(table.kind);
    let requirement =
        effective.requirement.as_deref().and_then(|text| VersionReq::parse(text).ok());
    let fits = |version: &Version| requirement.as_ref().is_none_or(|req| req.matches(version));
    node.deps
        .iter()
        .filter(|dep| dep.dep_kinds.iter().any(|info| info.kind == kind))
        .filter_map(|dep| snapshot.package(&dep.pkg))
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
    let own = &usage.declared;
    if base.package() != own.package() {
        return Some(format!("the workspace's `{}` is another package", base.key));
    }
    if !same_source(snapshot, usage, base) {
        return Some("it comes from another source than the workspace's".to_owned());
    }
    if own.default_features == Some(false) && base.default_features != Some(false) {
        return Some("it turns default features off, which an heir cannot".to_owned());
    }
    let extra: Vec<&str> = base
        .features
        .iter()
        .filter(|feature| !own.features.contains(feature))
        .map(String::as_str)
        .collect();
    (!extra.is_empty()).then(|| format!("it would gain the features {}", extra.join(", ")))
}

fn same_source(snapshot: &Snapshot, usage: &Use<'_>, base: &Declaration) -> bool {
    match (usage.declared.path(), base.path()) {
        (None, None) => usage.declared.source == base.source,
        (Some(_), Some(path)) => usage.package.is_some_and(|package| {
            paths::without_dots(&snapshot.root.join(path).join("Cargo.toml"))
                == package.manifest_path.as_std_path()
        }),
        _ => false,
    }
}

/// Whether a requirement is a plain one (`1`, `1.2`, `^1.2.3`), which two majors cannot both satisfy.
pub(crate) fn is_caret(requirement: &str) -> bool {
    floor(requirement).is_some()
}

/// The lowest version that a plain requirement allows.
fn floor(requirement: &str) -> Option<(u64, u64, u64)> {
    let parsed = VersionReq::parse(requirement).ok()?;
    let [one] = parsed.comparators.as_slice() else { return None };
    (one.op == Op::Caret && one.pre.is_empty())
        .then(|| (one.major, one.minor.unwrap_or(0), one.patch.unwrap_or(0)))
}

/// The more demanding of two plain requirements that one version satisfies; none where they differ and
/// either is anything else.
pub(crate) fn stricter<'a>(a: &'a str, b: &'a str) -> Option<&'a str> {
    if a == b {
        return Some(a);
    }
    Some(if floor(a)? >= floor(b)? { a } else { b })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_more_demanding_requirement_wins() {
        assert_eq!(stricter("1.0", "1.35"), Some("1.35"));
        assert_eq!(stricter("1.10.2", "1.9"), Some("1.10.2"));
        assert_eq!(stricter("=1.0.3", "=1.0.3"), Some("=1.0.3"));
        assert_eq!(stricter("=1.0.3", "1.0"), None);
        assert_eq!(stricter(">=1, <3", "1"), None);
    }
}
