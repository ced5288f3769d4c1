//! What two versions of a document say: that they differ only where an edit may, and that it did what it is for.
//!
//! Invariant: a document is taken apart here into its values, and not compared by the code that edits.

use std::collections::BTreeMap;

use toml_edit::{DocumentMut, Item, Value};

use super::super::*;
use crate::{manifest, text::Text};

/// The values of a document by the path of their keys; a table is a value, too.
type Values = BTreeMap<Vec<String>, String>;

fn values(document: &DocumentMut) -> Values {
    let mut out = Values::new();
    take_apart(document.as_item(), Vec::new(), &mut out);
    out
}

fn take_apart(item: &Item, path: Vec<String>, out: &mut Values) {
    let below = |step: String| [path.clone(), vec![step]].concat();
    if let Some(table) = item.as_table_like() {
        for (key, item) in table.iter() {
            take_apart(item, below(key.to_owned()), out);
        }
        out.insert(path, "table".to_owned());
        return;
    }
    if let Item::ArrayOfTables(tables) = item {
        for (at, table) in tables.iter().enumerate() {
            take_apart(&Item::Table(table.clone()), below(at.to_string()), out);
        }
        out.insert(path, "array".to_owned());
        return;
    }
    let value = match item.as_value() {
        Some(Value::Array(array)) => {
            for (at, value) in array.iter().enumerate() {
                take_apart(&Item::Value(value.clone()), below(at.to_string()), out);
            }
            "array".to_owned()
        }
        Some(Value::String(text)) => format!("{:?}", text.value()),
        Some(Value::Integer(number)) => number.value().to_string(),
        Some(Value::Float(number)) => format!("{:?}", number.value()),
        Some(Value::Boolean(flag)) => flag.value().to_string(),
        Some(Value::Datetime(time)) => format!("time {}", time.value()),
        Some(Value::InlineTable(_)) | None => unreachable!("a table is no value"),
    };
    out.insert(path, value);
}

/// Panics unless the two files say the same.
pub(super) fn same(one: Option<&[u8]>, other: Option<&[u8]>) {
    let read = |bytes: Option<&[u8]>| {
        let text = Text::decode(bytes.unwrap_or_default()).expect("it is UTF-8");
        values(&text.as_str().parse().expect("it is TOML"))
    };
    assert_eq!(read(one), read(other));
}

/// Panics unless the documents differ only at what the edit names.
pub(super) fn confined(old: &DocumentMut, new: &DocumentMut, edit: &Edit) {
    let (old, new) = (values(old), values(new));
    let named = edit.touches();
    let is_named = |path: &[String]| named.iter().any(|named| path.starts_with(named));
    let is_above = |path: &[String]| named.iter().any(|named| named.starts_with(path));
    for (path, value) in &old {
        // A table that no line of its own names goes with the last of what is in it.
        let is_gone = value == "table" && is_above(path) && !new.contains_key(path);
        let is_same = new.get(path) == Some(value);
        assert!(is_same || is_gone || is_named(path), "{path:?} was changed");
    }
    for (path, value) in &new {
        let is_made = value == "table" && is_above(path);
        assert!(old.contains_key(path) || is_named(path) || is_made, "{path:?} is new");
    }
}

/// Panics unless the edit came to what it is for, where its subject is an entry as cargo reads one.
pub(super) fn done(
    old: &BTreeMap<PathBuf, DocumentMut>,
    new: &BTreeMap<PathBuf, DocumentMut>,
    edit: &Edit,
) {
    let entry = |documents: &BTreeMap<PathBuf, DocumentMut>, site: &Site, key: &str| {
        manifest::declaration_at(documents.get(&file_of(site))?, site, key)
    };
    let both = |site: &Site, key: &str| {
        let sound = is_sound(old.get(&file_of(site))?, site, key);
        Some((entry(old, site, key).filter(|_| sound)?, entry(new, site, key)))
    };
    let has = |declared: &Declaration, feature: &String| declared.features.contains(feature);
    match edit {
        Edit::Remove { site, key } => assert!(entry(new, site, key).is_none()),
        Edit::SetRequirement { site, key, requirement } => {
            let Some((before, after)) = both(site, key) else { return };
            let requirement = before.requirement.as_ref().map(|_| requirement.clone());
            assert_eq!(after, Some(Declaration { requirement, ..before }));
        }
        Edit::Inherit { site, key } => {
            let Some((before, Some(after))) = both(site, key) else { return };
            let Some((shared, _)) = both(&Site::Workspace, key) else { return };
            assert!(after.inherits);
            if before.inherits {
                return assert_eq!(after, before);
            }
            assert_eq!((&after.requirement, &after.rename_of), (&None, &None));
            assert!(after.source.is_empty() && after.unknown.is_empty());
            assert_eq!(after.optional, before.optional);
            assert!(before.features.iter().all(|name| has(&after, name) || has(&shared, name)));
            assert!(after.features.iter().all(|name| has(&before, name)));
            let has_default =
                shared.default_features != Some(false) || after.default_features == Some(true);
            assert!(has_default || before.default_features == Some(false));
        }
        Edit::Declare { entry: declared, heirs } => {
            let after = entry(new, &Site::Workspace, &declared.key);
            match entry(old, &Site::Workspace, &declared.key) {
                Some(before) => assert_eq!(after, Some(before)),
                None if heirs.is_empty() => {
                    assert!(after.is_none_or(|after| after == *declared));
                }
                None => {}
            }
        }
        Edit::Withdraw { key, features, default_features } => {
            let Some((before, Some(after))) = both(&Site::Workspace, key) else { return };
            let mut left = before.features.clone();
            left.retain(|name| !features.contains(name));
            assert_eq!(after.features, left);
            let flag = if *default_features { Some(false) } else { before.default_features };
            assert_eq!(after.default_features, flag);
            assert_eq!(after.requirement, before.requirement);
        }
        Edit::Ask { site, key, features, default_features } => {
            let Some((before, Some(after))) = both(site, key) else { return };
            if !before.inherits {
                return;
            }
            assert!(features.iter().chain(&before.features).all(|name| has(&after, name)));
            let wanted = |name: &String| features.contains(name) || has(&before, name);
            assert!(after.features.iter().all(wanted));
            let flag = if *default_features { Some(true) } else { before.default_features };
            assert_eq!(after.default_features, flag);
        }
        Edit::ReplaceFeature { site, key, feature, by } => {
            let Some((before, Some(after))) = both(site, key) else { return };
            if has(&before, feature) {
                let wanted = |name: &String| by.contains(name) || has(&before, name);
                assert!(by.contains(feature) || !has(&after, feature));
                assert!(after.features.iter().all(wanted));
                assert!(by.iter().all(|name| has(&after, name)));
                let others = before.features.iter().filter(|name| *name != feature);
                assert!(others.clone().all(|name| has(&after, name)));
            }
        }
        Edit::RemoveUninherited { key } => {
            let inherited = old.values().flat_map(manifest::declarations);
            let is_inherited =
                inherited.filter(|(_, declared)| declared.inherits).any(|(_, it)| it.key == *key);
            let (before, after) =
                (entry(old, &Site::Workspace, key), entry(new, &Site::Workspace, key));
            assert_eq!(after, before.filter(|_| is_inherited));
        }
        Edit::Set { file, path, key, value, .. } => {
            let Some(before) = old.get(file) else { return };
            let path: Vec<&str> = path.iter().map(String::as_str).collect();
            let steps = (1..=path.len()).map(|end| manifest::item_at(before, &path[..end]));
            let is_free = steps.flatten().all(Item::is_table_like);
            let whole = [path.as_slice(), &[key]].concat();
            let is_table = manifest::item_at(before, &whole)
                .is_some_and(|item| !item.is_value() || item.is_array() || item.is_table_like());
            if is_free && !is_table {
                let after = manifest::item_at(&new[file], &whole).and_then(Item::as_value);
                let plain = |value: &Value| value.clone().decorated("", "").to_string();
                assert_eq!(after.map(plain), Some(plain(value)));
            }
        }
        Edit::Unset { file, path, key } => {
            let Some(after) = new.get(file) else { return };
            let path: Vec<&str> = path.iter().map(String::as_str).collect();
            assert!(manifest::item_at(after, &[path.as_slice(), &[key]].concat()).is_none());
        }
        Edit::Ignore { .. } | Edit::Lock { .. } => {}
    }
}

/// Whether an entry has the types that cargo asks for.
fn is_sound(document: &DocumentMut, site: &Site, key: &str) -> bool {
    let paths = match site {
        Site::Workspace => vec![vec!["workspace".to_owned(), "dependencies".to_owned()]],
        Site::Member { table, .. } => table.key_paths(),
    };
    let found = paths.iter().find_map(|path| {
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        manifest::item_at(document, &path).filter(|item| item.is_table_like())
    });
    let Some(item) = found.and_then(|entries| entries.as_table_like()?.get(key)) else {
        return false;
    };
    let Some(entry) = item.as_table_like() else { return item.is_str() };
    let all = |names: &[&str], fits: fn(&Item) -> bool| {
        names.iter().filter_map(|name| entry.get(name)).all(fits)
    };
    let are_strings =
        |item: &Item| item.as_array().is_some_and(|array| array.iter().all(Value::is_str));
    all(&["version", "package", "path", "git", "branch", "tag", "rev", "registry"], Item::is_str)
        && all(&["optional", "workspace", "default-features", "default_features"], Item::is_bool)
        && !(entry.contains_key("default-features") && entry.contains_key("default_features"))
        && all(&["features"], are_strings)
}
