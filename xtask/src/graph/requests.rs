//! Who asks which package for which features, as the resolved graph has it.
//!
//! Pure. Only entries that resolved to the version in question count.

use std::collections::{BTreeSet, HashMap};

use cargo_metadata::{Dependency, DependencyKind, Package, PackageId, semver::VersionReq};

use crate::snapshot::Snapshot;

/// Features of a package, by name.
pub(crate) type Features = BTreeSet<String>;

/// Everything that `asked` switches on in a package, as its `[features]` has it.
pub(crate) fn expanded<'a>(
    package: &Package,
    asked: impl IntoIterator<Item = &'a str>,
) -> Features {
    let mut out = Features::new();
    let mut queue: Vec<&str> = asked.into_iter().collect();
    while let Some(name) = queue.pop() {
        // Another package's, or `default` where the package has none.
        let Some(values) = package.features.get(name) else { continue };
        if out.insert(name.to_owned()) {
            queue.extend(values.iter().map(|value| match value.split_once('/') {
                // `x/y` switches on the optional `x`, `x?/y` does not.
                Some((head, _)) if !head.ends_with('?') => head,
                _ => value,
            }));
        }
    }
    out
}

/// Names among `features` that no other of them switches on.
pub(crate) fn roots<'a>(package: &Package, features: &'a Features) -> Vec<&'a str> {
    let implied_by = |name: &str, other: &str| {
        // Of two that imply each other, the first stands for both.
        expanded(package, [other]).contains(name)
            && (other < name || !expanded(package, [name]).contains(other))
    };
    features
        .iter()
        .map(String::as_str)
        .filter(|name| !features.iter().any(|other| other != name && implied_by(name, other)))
        .collect()
}

/// What one dependency entry of a package asks of another package.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    pub(crate) kind: DependencyKind,
    /// The platform, where the entry is for one.
    pub(crate) target: Option<String>,
    /// As written, and `default` unless it is turned off.
    pub(crate) features: Features,
    /// What the switched-on features of the asking package add.
    pub(crate) forwarded: Features,
}

impl Ask {
    pub(crate) fn all(&self) -> impl Iterator<Item = &String> {
        self.features.union(&self.forwarded)
    }
}

/// What the active entries of `from` that resolved to `to` ask it for.
pub(crate) fn asks(snapshot: &Snapshot, from: &Package, to: &Package) -> Vec<Ask> {
    let Some(node) = snapshot.node(&from.id) else { return Vec::new() };
    let Some(edge) = node.deps.iter().find(|dep| dep.pkg == to.id) else { return Vec::new() };
    let is_active = |entry: &&Dependency| {
        leads_to(entry, to)
            && edge.dep_kinds.iter().any(|kind| {
                kind.kind == entry.kind
                    && kind.target.as_ref().map(ToString::to_string)
                        == entry.target.as_ref().map(ToString::to_string)
            })
    };
    let active = from.dependencies.iter().filter(is_active);
    active
        .map(|entry| {
            let mut features: Features = entry.features.iter().cloned().collect();
            if entry.uses_default_features {
                features.insert("default".to_owned());
            }
            let on = node.features.iter().map(|name| name.as_str());
            let forwarded = forwarded(from, on, entry).map(str::to_owned).collect();
            let target = entry.target.as_ref().map(ToString::to_string);
            Ask { kind: entry.kind, target, features, forwarded }
        })
        .collect()
}

/// What features of a package ask of the dependency an entry leads to: `entry/feature`, `entry?/feature`.
pub(super) fn forwarded<'a>(
    from: &'a Package,
    features: impl Iterator<Item = &'a str>,
    entry: &Dependency,
) -> impl Iterator<Item = &'a str> {
    let key = entry.rename.clone().unwrap_or_else(|| entry.name.clone());
    let values = features.filter_map(|name| from.features.get(name)).flatten();
    values.filter_map(move |value| {
        let (head, feature) = value.split_once('/')?;
        (head.strip_suffix('?').unwrap_or(head) == key).then_some(feature)
    })
}

pub(super) fn leads_to(entry: &Dependency, to: &Package) -> bool {
    let here = || to.manifest_path.parent();
    to.name.as_str() == entry.name
        // `*`, which paths without a version have, matches no pre-release by itself.
        && (entry.req == VersionReq::STAR || entry.req.matches(&to.version))
        && entry.path.as_deref().is_none_or(|path| here() == Some(path))
}

/// The packages that depend on each package, by whatever entry.
pub(crate) fn dependents(snapshot: &Snapshot) -> HashMap<&PackageId, Vec<&Package>> {
    let mut out: HashMap<&PackageId, Vec<&Package>> = HashMap::new();
    for node in snapshot.metadata.resolve.iter().flat_map(|resolve| &resolve.nodes) {
        let Some(package) = snapshot.package(&node.id) else { continue };
        for dep in &node.deps {
            out.entry(&dep.pkg).or_default().push(package);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package() -> Package {
        serde_json::from_value(serde_json::json!({
            "name": "plume", "version": "1.0.0", "id": "plume", "dependencies": [], "targets": [],
            "manifest_path": "/plume/Cargo.toml",
            "features": {
                "default": ["std"], "std": ["alloc", "dep:io"], "alloc": [],
                "serde": ["dep:serde"], "json": ["serde/std"], "weak": ["serde?/std"],
                "this": ["that"], "that": ["this"],
            },
        }))
        .unwrap()
    }

    #[test]
    fn a_feature_switches_on_what_it_lists_and_what_that_lists() {
        let package = package();
        let on = |asked: &[&str]| {
            expanded(&package, asked.iter().copied()).into_iter().collect::<Vec<_>>()
        };
        assert_eq!(on(&["default"]), ["alloc", "default", "std"]);
        assert_eq!(on(&["json"]), ["json", "serde"]);
        assert_eq!(on(&["weak", "unknown"]), ["weak"]);
        assert_eq!(on(&["this"]), ["that", "this"]);
    }

    #[test]
    fn what_another_feature_implies_is_no_root() {
        let package = package();
        let all = expanded(&package, ["default", "json", "this"]);
        assert_eq!(roots(&package, &all), ["default", "json", "that"]);
    }
}
