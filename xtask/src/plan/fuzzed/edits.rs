//! Which edit four bytes stand for: what, where, and two for how. Subjects are mostly entries that are there.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use toml_edit::DocumentMut;

use super::super::*;
use crate::manifest::{self, DepTable, Kind};

const REQUIREMENTS: [&str; 8] =
    ["1.2", "=1.0.0", ">=0.3, <2", "*", "", "\"", "a\\\n'''#", "\u{e4}"];
const FEATURES: [&str; 6] = ["full", "std", "x-y", "dep/feature", "odd \"one\"", ""];

/// The edit that the bytes stand for.
pub(super) fn edit(
    [what, place, how, more]: [u8; 4],
    documents: &BTreeMap<PathBuf, DocumentMut>,
) -> Edit {
    let subjects = subjects(documents);
    let (site, key) = subjects[usize::from(place) % subjects.len()].clone();
    let own = documents.get(&file_of(&site));
    let own = own.and_then(|document| manifest::declaration_at(document, &site, &key));
    let own = own.unwrap_or_else(|| Declaration { key: key.clone(), ..Declaration::default() });
    let pool: Vec<&str> = own.features.iter().map(String::as_str).chain(FEATURES).collect();
    let features: BTreeSet<String> = (0..8)
        .filter(|bit| how & (1 << bit) != 0)
        .filter_map(|bit| pool.get(bit))
        .map(|name| (*name).to_owned())
        .collect();
    let features: Vec<String> = features.into_iter().collect();
    let default_features = more & 1 != 0;
    match what % 10 {
        0 => Edit::Remove { site, key },
        1 => {
            let requirement = REQUIREMENTS[usize::from(how) % REQUIREMENTS.len()].to_owned();
            Edit::SetRequirement { site, key, requirement }
        }
        // The workspace has nobody to inherit from.
        2 | 5 if site == Site::Workspace => set(how, &key),
        2 => Edit::Inherit { site, key },
        3 => {
            let requirement =
                own.requirement.filter(|_| how & 64 == 0).unwrap_or_else(|| "1".to_owned());
            let heirs =
                subjects.iter().filter(|(site, name)| *name == key && *site != Site::Workspace);
            let heirs = heirs.map(|(site, _)| site.clone()).filter(|_| more & 2 != 0).collect();
            let key = if more & 4 == 0 { key } else { "m".to_owned() };
            let rename_of = (more & 8 != 0).then(|| "real".to_owned());
            let default_features = (more & 16 != 0).then_some(default_features);
            let entry = Declaration {
                key,
                rename_of,
                default_features,
                features,
                requirement: Some(requirement),
                source: if more & 32 == 0 { Vec::new() } else { own.source },
                ..Declaration::default()
            };
            Edit::Declare { entry, heirs }
        }
        4 => Edit::Withdraw { key, features, default_features },
        5 => Edit::Ask { site, key, features, default_features },
        6 => {
            let feature = pool[usize::from(more) % pool.len()].to_owned();
            Edit::ReplaceFeature { site, key, feature, by: features }
        }
        7 => Edit::RemoveUninherited { key },
        _ => set(how, &key),
    }
}

/// Settings as the passes write them, and one below an entry.
fn set(how: u8, name: &str) -> Edit {
    let (file, path, key, value): (&str, &[&str], &str, Value) = match how % 7 {
        0 => (ROOT_MANIFEST, &["profile", "dev"], "debug", "line-tables-only".into()),
        1 => (ROOT_MANIFEST, &["profile", "dev", "package", "*"], "debug", false.into()),
        2 => (ROOT_MANIFEST, &["profile", "release-final"], "inherits", "release".into()),
        3 => (ROOT_MANIFEST, &["profile", "dev", "build-override"], "opt-level", 3.into()),
        4 => (CONFIG, &["alias"], "check-all", "check --workspace".into()),
        5 => (CONFIG, &["build"], "rustc-wrapper", "sccache".into()),
        _ => (ROOT_MANIFEST, &["profile"], name, 1.into()),
    };
    Edit::Set {
        file: PathBuf::from(file),
        path: path.iter().map(|step| (*step).to_owned()).collect(),
        key: key.to_owned(),
        value,
        comment: (how & 128 == 0).then(|| "why".to_owned()),
    }
}

/// Every entry, and one that is nowhere, in the workspace and in each file.
fn subjects(documents: &BTreeMap<PathBuf, DocumentMut>) -> Vec<(Site, String)> {
    let mut found = Vec::new();
    let root = documents.get(Path::new(ROOT_MANIFEST));
    for declared in root.map(manifest::workspace_declarations).unwrap_or_default() {
        found.push((Site::Workspace, declared.key));
    }
    for (path, document) in documents {
        let site = |table| Site::Member { manifest: path.clone(), table };
        for (table, declared) in manifest::declarations(document) {
            found.push((site(table), declared.key));
        }
        let table = DepTable { target: None, kind: Kind::Normal };
        found.push((site(table), "nowhere".to_owned()));
    }
    found.push((Site::Workspace, "nowhere".to_owned()));
    found
}
