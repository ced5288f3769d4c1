//! What no compiler checks of a candidate: what members ask of their dependencies, and in which versions.
//!
//! Pure: compares the metadata of baseline and candidate. An error is the reason to reject the choice.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    path::{Path, PathBuf},
};

use cargo_metadata::{Dependency, Metadata};

use crate::{
    cli::Code,
    graph, paths,
    plan::{Change, Umbrella},
};

/// The invariant that no compiler checks: what a member asks of a dependency never shrinks, unless a
/// change says so, and inheriting alone changes nothing. No request appears, and none disappears but
/// those that a change removes; requirements change only where a change says so, and by inheriting
/// only to the stricter one of the same kind.
pub(super) fn hold_requested_features(
    before: &Metadata,
    after: &Metadata,
    chosen: &[Change],
) -> Result<(), String> {
    let (before, after) = (requested(before), requested(after));
    if let Some(key) = after.keys().find(|key| !before.contains_key(key)) {
        return Err(format!("{key} would be new"));
    }
    for (key, old) in &before {
        match after.get(key) {
            Some(new) => hold_request(key, old, new, chosen)?,
            None if is_removed(key, chosen) => {}
            None => return Err(format!("{key} would be gone")),
        }
    }
    Ok(())
}

fn hold_request(key: &Request, old: &Asked, new: &Asked, chosen: &[Change]) -> Result<(), String> {
    let Request { member, dependency, .. } = key;
    let named = |code: Code, subject: &str| {
        chosen.iter().any(|change| change.code == code && change.subject == subject)
    };
    if old.optional != new.optional {
        let word = if new.optional { "optional" } else { "required" };
        return Err(format!("{key} would become {word}"));
    }
    if !old.origin.is_same(&new.origin) {
        return Err(format!("{key} would come from another source"));
    }
    let may_narrow = named(Code::NotInherited, key.in_manifest())
        && graph::narrows(&old.requirement, &new.requirement);
    // To bring one package to one version, others may be raised.
    let is_stated = chosen.iter().any(|change| {
        change.code == Code::DuplicateVersion
            && (change.subject == *dependency
                || change.edits.iter().any(|edit| edit.key() == Some(key.in_manifest())))
    });
    let is_stated = is_stated || may_narrow;
    if old.requirement != new.requirement && !is_stated {
        return Err(format!("{key} would require {}, not {}", new.requirement, old.requirement));
    }
    let umbrellas: Vec<&Umbrella> = chosen.iter().filter_map(|c| c.umbrella.as_ref()).collect();
    let is_named = |feature: &&String| {
        umbrellas.iter().any(|umbrella| {
            umbrella.package == *dependency
                && (umbrella.feature == **feature || umbrella.all.contains(feature))
        })
    };
    let words = |set: Vec<&String>| set.into_iter().cloned().collect::<Vec<_>>().join(", ");
    let lost: Vec<&String> =
        old.features.difference(&new.features).filter(|name| !is_named(name)).collect();
    if !lost.is_empty() {
        return Err(format!("{member} would no longer ask {dependency} for {}", words(lost)));
    }
    let gained: Vec<&String> = new.features.difference(&old.features).collect();
    let inherits_only = named(Code::NotInherited, key.in_manifest())
        && !umbrellas.iter().any(|umbrella| umbrella.package == *dependency);
    if !gained.is_empty() && inherits_only {
        return Err(format!("{member} would newly ask {dependency} for {}", words(gained)));
    }
    Ok(())
}

/// Whether a change takes the entry of a request out.
fn is_removed(key: &Request, chosen: &[Change]) -> bool {
    let subject = format!("{}/{}", key.member, key.in_manifest());
    chosen.iter().any(|change| change.code == Code::UnusedDependency && change.subject == subject)
}

/// What a change brings to one version is in one version.
pub(super) fn hold_single_versions(metadata: &Metadata, chosen: &[Change]) -> Result<(), String> {
    let aligned: BTreeSet<&str> = chosen
        .iter()
        .filter(|change| change.code == Code::DuplicateVersion)
        .map(|change| change.subject.as_str())
        .collect();
    if aligned.is_empty() {
        return Ok(());
    }
    let packages: BTreeMap<_, _> = metadata.packages.iter().map(|p| (&p.id, p)).collect();
    let mut versions: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let nodes = metadata.resolve.iter().flat_map(|resolve| &resolve.nodes);
    for node in nodes.filter(|node| metadata.workspace_members.contains(&node.id)) {
        for package in node.deps.iter().filter_map(|dep| packages.get(&dep.pkg)) {
            if let Some(name) = aligned.get(package.name.as_str()) {
                versions.entry(name).or_default().insert(package.version.to_string());
            }
        }
    }
    match versions.into_iter().find(|(_, versions)| versions.len() > 1) {
        None => Ok(()),
        Some((name, versions)) => {
            let versions = versions.into_iter().collect::<Vec<_>>().join(" and ");
            Err(format!("members would still get {name} in the versions {versions}"))
        }
    }
}

/// A `[patch]` that took effect goes on doing so: cargo only warns where it no longer does.
pub(super) fn patch_left_unused(before: Option<&[u8]>, after: &[u8]) -> Option<String> {
    let unused = |lock: &[u8]| -> BTreeSet<String> {
        let text = String::from_utf8_lossy(lock);
        let entries = text.split("[[patch.unused]]").skip(1);
        let name = |entry: &str| {
            entry
                .lines()
                .find_map(|line| Some(line.strip_prefix("name = ")?.trim_matches('"').to_owned()))
        };
        entries.filter_map(name).collect()
    };
    let (before, after) = (unused(before.unwrap_or_default()), unused(after));
    let new = after.difference(&before).next()?;
    Some(format!("the `[patch]` of `{new}` would no longer be used"))
}

/// A dependency of a member: what stays the same however it is written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Request {
    member: String,
    dependency: String,
    rename: Option<String>,
    kind: String,
    target: Option<String>,
}

impl Request {
    /// The key of its entry.
    fn in_manifest(&self) -> &str {
        self.rename.as_deref().unwrap_or(&self.dependency)
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the {} dependency of {} on {}", self.kind, self.member, self.in_manifest())?;
        self.target.as_ref().map_or(Ok(()), |target| write!(f, " for {target}"))
    }
}

/// What a member asks of a dependency.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Asked {
    /// `default` stands for the default features.
    features: BTreeSet<String>,
    optional: bool,
    requirement: String,
    origin: Origin,
}

/// Where the crate comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Origin {
    source: Option<String>,
    registry: Option<String>,
    path: Option<PathBuf>,
    /// The path as seen from the workspace root.
    relative: Option<PathBuf>,
}

impl Origin {
    /// A copy of the workspace has its path dependencies beside it, or where they have always been.
    fn is_same(&self, other: &Self) -> bool {
        self.source == other.source
            && self.registry == other.registry
            && (self.path == other.path || self.relative == other.relative)
    }
}

/// What each member asks of each dependency.
fn requested(metadata: &Metadata) -> BTreeMap<Request, Asked> {
    let request = |member: &str, dependency: &Dependency| Request {
        member: member.to_owned(),
        dependency: dependency.name.clone(),
        rename: dependency.rename.clone(),
        kind: dependency.kind.to_string(),
        target: dependency.target.as_ref().map(ToString::to_string),
    };
    let root = metadata.workspace_root.as_std_path();
    let origin = |dependency: &Dependency| {
        let path = dependency.path.as_ref().map(|path| path.as_std_path());
        Origin {
            source: dependency.source.as_ref().map(ToString::to_string),
            registry: dependency.registry.clone(),
            path: path.map(Path::to_path_buf),
            relative: path.map(|path| paths::relative(root, path)),
        }
    };
    let mut out: BTreeMap<Request, Asked> = BTreeMap::new();
    for package in metadata.workspace_packages() {
        for dependency in &package.dependencies {
            // Two tables may be for one target, spelled in two ways: features add up.
            let asked = out.entry(request(&package.name, dependency)).or_default();
            asked.features.extend(dependency.features.iter().cloned());
            if dependency.uses_default_features {
                asked.features.insert("default".to_owned());
            }
            asked.optional = dependency.optional;
            asked.requirement = dependency.req.to_string();
            asked.origin = origin(dependency);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// Metadata of one member `m` with these dependencies.
    fn member(dependencies: &[Value]) -> Metadata {
        let package = json!({
            "name": "m", "version": "0.1.0", "id": "m", "manifest_path": "/w/m/Cargo.toml",
            "targets": [], "features": {}, "dependencies": dependencies,
        });
        let metadata = json!({
            "packages": [package], "workspace_members": ["m"], "resolve": null,
            "workspace_root": "/w", "target_directory": "/w/target", "version": 1,
        });
        serde_json::from_value(metadata).unwrap()
    }

    fn tokio() -> Value {
        json!({
            "name": "tokio", "req": "^1", "kind": null, "optional": false,
            "uses_default_features": true, "features": [], "target": null,
            "rename": null, "registry": null, "source": null,
        })
    }

    /// The same with some of its fields replaced.
    fn with(fields: &[(&str, Value)]) -> Metadata {
        let mut dependency = tokio();
        for (name, value) in fields {
            dependency[name] = value.clone();
        }
        member(&[dependency])
    }

    /// `m` asks `tokio` for `features`, and for the default ones.
    fn asking(features: &[&str]) -> Metadata {
        with(&[("features", json!(features))])
    }

    fn of(code: Code, subject: &str) -> Change {
        Change::new(code, subject, String::new(), String::new())
    }

    fn trimming(all: &[&str]) -> Change {
        let mut change = of(Code::BroadFeatures, "tokio");
        change.umbrella = Some(Umbrella {
            package: "tokio".to_owned(),
            feature: "full".to_owned(),
            all: all.iter().map(|name| (*name).to_owned()).collect(),
            chosen: Vec::new(),
            members: Vec::new(),
        });
        change
    }

    #[test]
    fn what_a_member_asks_for_never_shrinks_unsaid() {
        let (before, after) = (asking(&["full", "tracing"]), asking(&["rt"]));
        let lost = hold_requested_features(&before, &after, &[]).unwrap_err();
        assert!(lost.contains("full, tracing"), "{lost}");
        // The umbrella is named by the change; what it does not list is not.
        let lost = hold_requested_features(&before, &after, &[trimming(&["rt"])]).unwrap_err();
        assert_eq!(lost, "m would no longer ask tokio for tracing");
        let before = asking(&["full"]);
        assert_eq!(hold_requested_features(&before, &after, &[trimming(&["rt"])]), Ok(()));
    }

    #[test]
    fn a_patch_goes_on_being_used() {
        let unused =
            |name: &str| format!("[[patch.unused]]\nname = \"{name}\"\nversion = \"1.0.0\"\n");
        let (one, two) = (unused("a"), unused("a") + &unused("b"));
        assert_eq!(patch_left_unused(Some(one.as_bytes()), one.as_bytes()), None);
        assert_eq!(patch_left_unused(Some(two.as_bytes()), one.as_bytes()), None);
        let said = patch_left_unused(Some(one.as_bytes()), two.as_bytes()).unwrap();
        assert_eq!(said, "the `[patch]` of `b` would no longer be used");
    }

    #[test]
    fn inheriting_alone_adds_nothing() {
        let inherit = of(Code::NotInherited, "tokio");
        let (before, after) = (asking(&["rt"]), asking(&["rt", "net"]));
        let gained = hold_requested_features(&before, &after, &[inherit]).unwrap_err();
        assert_eq!(gained, "m would newly ask tokio for net");
        assert_eq!(hold_requested_features(&before, &after, &[]), Ok(()));
    }

    #[test]
    fn inheriting_alone_changes_nothing_else_either() {
        let inherit = [of(Code::NotInherited, "tokio")];
        for (field, value, complaint) in [
            ("optional", json!(true), "would become optional"),
            ("uses_default_features", json!(false), "would no longer ask tokio for default"),
            ("source", json!("git+https://example.com/tokio"), "would come from another source"),
            ("registry", json!("https://example.com/index"), "would come from another source"),
            ("path", json!("/w/tokio"), "would come from another source"),
            ("rename", json!("runtime"), "on runtime would be new"),
            ("kind", json!("dev"), "the dev dependency of m on tokio would be new"),
            ("target", json!("cfg(unix)"), "on tokio for cfg(unix) would be new"),
            ("req", json!("^2"), "would require ^2, not ^1"),
        ] {
            let after = with(&[(field, value)]);
            let error = hold_requested_features(&asking(&[]), &after, &inherit).unwrap_err();
            assert!(error.contains(complaint), "{field}: {error}");
        }
    }

    #[test]
    fn a_request_disappears_only_where_a_change_removes_it() {
        let (before, after) = (asking(&[]), member(&[]));
        let gone = hold_requested_features(&before, &after, &[of(Code::NotInherited, "tokio")]);
        assert_eq!(gone.unwrap_err(), "the normal dependency of m on tokio would be gone");
        let removal = [of(Code::UnusedDependency, "m/tokio")];
        assert_eq!(hold_requested_features(&before, &after, &removal), Ok(()));
        let other = [of(Code::UnusedDependency, "n/tokio")];
        assert!(hold_requested_features(&before, &after, &other).is_err());
    }

    #[test]
    fn a_requirement_changes_only_where_a_change_says_so() {
        let requiring = |text: &str| with(&[("req", json!(text))]);
        let hold = |new: &str, code| {
            hold_requested_features(&requiring("^1.2"), &requiring(new), &[of(code, "tokio")])
        };
        assert_eq!(hold("^1.40", Code::NotInherited), Ok(()));
        assert!(hold("^1.1", Code::NotInherited).is_err(), "less is no merge");
        assert!(hold("^2", Code::NotInherited).is_err());
        assert_eq!(hold("^2", Code::DuplicateVersion), Ok(()));
        assert!(hold("^1.40", Code::BroadFeatures).is_err());
    }

    #[test]
    fn a_path_may_move_with_the_workspace() {
        let before = with(&[("path", json!("/w/tokio"))]);
        let mut after = with(&[("path", json!("/copy/w/tokio"))]);
        after.workspace_root = "/copy/w".into();
        assert_eq!(hold_requested_features(&before, &after, &[]), Ok(()));
        after.workspace_root = "/copy".into();
        assert!(hold_requested_features(&before, &after, &[]).is_err());
    }
}
