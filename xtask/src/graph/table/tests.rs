use std::path::Path;

use serde_json::json;

use super::*;

/// A member `a` of which the lock file holds these versions of `x`.
fn metadata(root: &str, versions: &[&str]) -> Metadata {
    let own = format!("path+file://{root}/a#0.1.0");
    let package = |name: &str, version: &str, id: &str| {
        json!({
            "name": name, "version": version, "id": id, "dependencies": [], "features": {},
            "targets": [], "manifest_path": format!("{root}/{name}/Cargo.toml"),
        })
    };
    let id = |version: &str| format!("registry+https://example.invalid#x@{version}");
    let mut packages = vec![package("a", "0.1.0", &own)];
    packages.extend(versions.iter().map(|version| package("x", version, &id(version))));
    let dep = |version: &&str| json!({ "name": "x", "pkg": id(version), "dep_kinds": [{ "kind": null, "target": null }] });
    let deps: Vec<_> = versions.iter().map(dep).collect();
    let node = |id: &str, deps: Vec<serde_json::Value>| json!({ "id": id, "dependencies": [], "deps": deps, "features": [] });
    let mut nodes = vec![node(&own, deps)];
    nodes.extend(versions.iter().map(|version| node(&id(version), Vec::new())));
    serde_json::from_value(json!({
        "packages": packages, "workspace_members": [own], "target_directory": "/t",
        "workspace_root": root, "version": 1, "resolve": { "nodes": nodes, "root": null },
    }))
    .unwrap()
}

fn documents(root: &str, member: &str) -> BTreeMap<PathBuf, DocumentMut> {
    let parsed = |(path, text): (&str, &str)| (PathBuf::from(path), text.parse().unwrap());
    [("Cargo.toml", root), ("a/Cargo.toml", member)].map(parsed).into()
}

#[test]
fn a_dependency_is_followed_from_before_to_after_though_the_copies_lie_elsewhere() {
    let manifest = Some(Path::new("a/Cargo.toml").to_path_buf());
    let old = metadata("/old", &["1.2.0"]);
    let new = metadata("/new", &["2.1.0"]);
    let id = old.workspace_members[0].clone();
    let member = Member { id, name: "a".to_owned(), manifest, usage: Default::default() };
    let before = documents(
        "[workspace]",
        "[dependencies]\nx = { version = \"1\", features = [\"q\", \"p\"], optional = true }\ngone = \"1\"",
    );
    let after = documents(
        "[workspace.dependencies]\nx = { version = \"2\", default-features = false }",
        "[dependencies]\nx.workspace = true\n[target.'cfg(unix)'.dev-dependencies]\nhere = \"3\"",
    );
    let rows = dependencies(
        &[member],
        Moment { documents: &before, metadata: &old },
        Moment { documents: &after, metadata: &new },
    );
    let row = |name: &str| rows.iter().find(|row| row.name == name).unwrap();
    assert_eq!(rows.len(), 3);
    let gone = row("gone");
    assert!(gone.before.is_some() && gone.after.is_none());
    let here = row("here");
    assert_eq!((here.kind.as_str(), here.target.as_deref()), ("dev", Some("cfg(unix)")));
    assert!(here.before.is_none() && here.after.as_ref().unwrap().version.is_none());
    let x = row("x");
    assert_eq!(
        x.before,
        Some(DependencySide {
            requirement: Some("1".to_owned()),
            version: Some("1.2.0".to_owned()),
            inherits: false,
            features: vec!["p".to_owned(), "q".to_owned()],
            default_features: true,
            optional: true,
        })
    );
    assert_eq!(
        x.after,
        Some(DependencySide {
            requirement: Some("2".to_owned()),
            version: Some("2.1.0".to_owned()),
            inherits: true,
            features: Vec::new(),
            default_features: false,
            optional: false,
        })
    );
}
