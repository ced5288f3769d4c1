//! Edits of single entries; each leaves the rest of the document as it was.
//!
//! An edit whose subject is not there does nothing: which changes a plan keeps must not matter.

use toml_edit::{Array, DocumentMut, InlineTable, Item, Table, TableLike, Value};

use super::{DepTable, Site};

/// The dependency table at a site, if it is there.
fn entries<'a>(doc: &'a mut DocumentMut, site: &Site) -> Option<&'a mut dyn TableLike> {
    match site {
        Site::Workspace => doc
            .get_mut("workspace")?
            .as_table_like_mut()?
            .get_mut("dependencies")?
            .as_table_like_mut(),
        Site::Member { table, .. } => member_entries(doc, table),
    }
}

fn member_entries<'a>(doc: &'a mut DocumentMut, table: &DepTable) -> Option<&'a mut dyn TableLike> {
    let parent: &mut dyn TableLike = match &table.target {
        Some(target) => {
            doc.get_mut("target")?.as_table_like_mut()?.get_mut(target)?.as_table_like_mut()?
        }
        None => doc.as_table_mut(),
    };
    let name = table.kind.names().iter().find(|name| parent.contains_key(name))?;
    parent.get_mut(name)?.as_table_like_mut()
}

/// Replaces a value and keeps the space and comments around it.
fn replace_value(slot: &mut Value, new: impl Into<Value>) {
    let decor = slot.decor().clone();
    *slot = new.into();
    *slot.decor_mut() = decor;
}

/// Gives an entry another version requirement.
pub(crate) fn set_requirement(doc: &mut DocumentMut, site: &Site, key: &str, requirement: &str) {
    let Some(item) = entries(doc, site).and_then(|table| table.get_mut(key)) else {
        return;
    };
    let slot = if item.is_str() {
        item.as_value_mut()
    } else {
        item.as_table_like_mut().and_then(|table| table.get_mut("version")?.as_value_mut())
    };
    if let Some(slot) = slot {
        replace_value(slot, requirement);
    }
}

/// Replaces one feature of an entry by others, at its place; features already there are not repeated.
pub(crate) fn replace_feature(
    doc: &mut DocumentMut,
    site: &Site,
    key: &str,
    feature: &str,
    by: &[String],
) {
    let Some(array) = entries(doc, site).and_then(|table| {
        table.get_mut(key)?.as_table_like_mut()?.get_mut("features")?.as_array_mut()
    }) else {
        return;
    };
    let Some(at) = array.iter().position(|value| value.as_str() == Some(feature)) else {
        return;
    };
    let decor = array.get(at).map(|value| value.decor().clone()).unwrap_or_default();
    array.remove(at);
    let present: Vec<String> = array.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    let new = by.iter().filter(|feature| !present.contains(feature));
    for (offset, feature) in new.enumerate() {
        let mut value = Value::from(feature.as_str());
        *value.decor_mut() = decor.clone();
        // In a one-line array the first element has no space in front and the others one.
        if offset + at > 0 && decor.prefix().and_then(|p| p.as_str()).is_none_or(str::is_empty) {
            value.decor_mut().set_prefix(" ");
        }
        array.insert_formatted(at + offset, value);
    }
}

/// Makes an entry inherit from `[workspace.dependencies]`, keeping `optional` and asking for
/// `features` on top of what the workspace declares.
pub(crate) fn inherit(
    doc: &mut DocumentMut,
    site: &Site,
    key: &str,
    features: &[String],
    default_features: Option<bool>,
) {
    let Some(table) = entries(doc, site) else {
        return;
    };
    let dotted = prefers_dotted(table);
    let Some(item) = table.get_mut(key) else {
        return;
    };
    let closing = item.as_inline_table().and_then(last_suffix);
    if let Some(entry) = item.as_table_like_mut() {
        inherit_table(entry, features, default_features);
        if let (Some(suffix), Some(table)) = (closing, item.as_inline_table_mut()) {
            set_last_suffix(table, &suffix);
        }
        return;
    }
    let decor = item.as_value().map(|value| value.decor().clone()).unwrap_or_default();
    let mut flag = Value::from(true);
    if dotted && features.is_empty() && default_features.is_none() {
        *flag.decor_mut() = decor;
        let mut entry = Table::new();
        entry.set_dotted(true);
        entry.insert("workspace", Item::Value(flag));
        *item = Item::Table(entry);
    } else {
        let mut entry = InlineTable::new();
        entry.insert("version", flag);
        inherit_table(&mut entry, features, default_features);
        *entry.decor_mut() = decor;
        *item = Item::Value(Value::InlineTable(entry));
    }
}

/// The space before the closing brace of an inline table.
fn last_suffix(table: &InlineTable) -> Option<String> {
    let (_, value) = table.iter().last()?;
    Some(value.decor().suffix()?.as_str()?.to_owned())
}

fn set_last_suffix(table: &mut InlineTable, suffix: &str) {
    let count = table.len();
    for (at, (_, value)) in table.iter_mut().enumerate() {
        value.decor_mut().set_suffix(if at + 1 == count { suffix } else { "" });
    }
}

/// Whether the entries of a table that inherit do so as `name.workspace = true`.
fn prefers_dotted(table: &dyn TableLike) -> bool {
    let inherits = |item: &Item| item.as_table_like().is_some_and(|t| t.contains_key("workspace"));
    let dotted = table
        .iter()
        .filter(|(_, item)| inherits(item) && item.as_table().is_some_and(Table::is_dotted));
    let inline = table.iter().filter(|(_, item)| inherits(item) && item.is_inline_table());
    dotted.count() > inline.count()
}

/// `workspace = true` takes the place of the first key that it makes void.
fn inherit_table(entry: &mut dyn TableLike, features: &[String], default_features: Option<bool>) {
    let keys: Vec<String> = entry.iter().map(|(key, _)| key.to_owned()).collect();
    let mut kept = Vec::new();
    let mut placed = false;
    for name in &keys {
        let formatted = entry.key(name).cloned();
        let Some(item) = entry.remove(name) else {
            continue;
        };
        let key = formatted.unwrap_or_else(|| toml_edit::Key::new(name.as_str()));
        match name.as_str() {
            "optional" | "public" => kept.push((key, item)),
            "features" if features.is_empty() => {}
            "features" => {
                let mut item = item;
                if let Some(slot) = item.as_value_mut() {
                    replace_value(slot, features.iter().map(String::as_str).collect::<Array>());
                }
                kept.push((key, item));
            }
            _ if !placed => {
                placed = true;
                let mut flag = Value::from(true);
                if let Some(old) = item.as_value() {
                    *flag.decor_mut() = old.decor().clone();
                }
                let mut word = toml_edit::Key::new("workspace");
                *word.leaf_decor_mut() = key.leaf_decor().clone();
                kept.push((word, Item::Value(flag)));
            }
            _ => {}
        }
    }
    let spaced = |name: &str| {
        let mut key = toml_edit::Key::new(name);
        key.leaf_decor_mut().clear();
        key
    };
    if !placed {
        kept.insert(0, (spaced("workspace"), Item::Value(Value::from(true))));
    }
    if !features.is_empty() && !keys.iter().any(|key| key == "features") {
        let array = features.iter().map(String::as_str).collect::<Array>();
        kept.push((spaced("features"), Item::Value(Value::Array(array))));
    }
    if let Some(flag) = default_features {
        kept.push((spaced("default-features"), Item::Value(Value::from(flag))));
    }
    for (key, item) in kept {
        entry.entry_format(&key).or_insert(item);
    }
}

/// Declares a dependency in `[workspace.dependencies]`, unless it is there.
pub(crate) fn declare(
    doc: &mut DocumentMut,
    key: &str,
    requirement: &str,
    features: &[String],
    default_features: Option<bool>,
) {
    let workspace = table_entry(doc.as_table_mut(), "workspace");
    let Some(workspace) = workspace else { return };
    let Some(table) = table_entry(workspace, "dependencies") else {
        return;
    };
    if table.contains_key(key) {
        return;
    }
    let value = if features.is_empty() && default_features.is_none() {
        Value::from(requirement)
    } else {
        let mut entry = InlineTable::new();
        entry.insert("version", requirement.into());
        if let Some(flag) = default_features {
            entry.insert("default-features", flag.into());
        }
        if !features.is_empty() {
            entry.insert("features", features.iter().map(String::as_str).collect::<Array>().into());
        }
        Value::InlineTable(entry)
    };
    table.insert(key, Item::Value(value));
}

/// A table below another, made when missing; `None` when the key holds something else.
fn table_entry<'a>(parent: &'a mut dyn TableLike, key: &str) -> Option<&'a mut dyn TableLike> {
    if !parent.contains_key(key) {
        parent.insert(key, Item::Table(Table::new()));
    }
    parent.get_mut(key)?.as_table_like_mut()
}

/// Removes an entry. A comment above it that heads a group of entries moves to the next one.
pub(crate) fn remove(doc: &mut DocumentMut, site: &Site, key: &str) {
    let Some(table) = entries(doc, site) else {
        return;
    };
    let names: Vec<String> = table.iter().map(|(key, _)| key.to_owned()).collect();
    let Some(at) = names.iter().position(|name| name == key) else {
        return;
    };
    let next = names.get(at + 1);
    let heading = prefix(table, key);
    if let (Some(next), true) = (next, heading.contains('#'))
        && !mentions(&heading, key)
        && prefix(table, next).trim().is_empty()
        && !prefix(table, next).contains('\n')
        && let Some(mut slot) = table.key_mut(next)
    {
        slot.leaf_decor_mut().set_prefix(heading);
    }
    table.remove(key);
}

/// The lines between an entry and the one before it.
fn prefix(table: &dyn TableLike, key: &str) -> String {
    table
        .key(key)
        .and_then(|key| key.leaf_decor().prefix()?.as_str().map(str::to_owned))
        .unwrap_or_default()
}

fn mentions(comment: &str, name: &str) -> bool {
    let fold = |text: &str| text.to_ascii_lowercase().replace('_', "-");
    fold(comment)
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '-')
        .any(|word| word == fold(name))
}

/// Sets `path.key = value`, creating tables on the way; a value that is there keeps its comments.
pub(crate) fn set(doc: &mut DocumentMut, path: &[String], key: &str, value: Value) {
    let mut table: &mut dyn TableLike = doc.as_table_mut();
    for (depth, step) in path.iter().enumerate() {
        if !table.contains_key(step) {
            let mut new = Table::new();
            // `[profile]` alone on a line says nothing; `[profile.dev]` does.
            new.set_implicit(depth + 1 < path.len());
            table.insert(step, Item::Table(new));
        }
        match table.get_mut(step).and_then(Item::as_table_like_mut) {
            Some(next) => table = next,
            None => return,
        }
    }
    match table.get_mut(key).and_then(Item::as_value_mut) {
        Some(slot) => replace_value(slot, value),
        None => {
            let closing = take_closing_space(table);
            let mut value = value;
            value.decor_mut().set_suffix(closing);
            table.insert(key, Item::Value(value));
        }
    }
}

/// In a table written in one line, the space before the brace belongs to the last value.
fn take_closing_space(table: &mut dyn TableLike) -> String {
    let last = table.iter_mut().last().and_then(|(_, item)| item.as_value_mut());
    let suffix = last.and_then(|value| {
        let space = value.decor().suffix()?.as_str()?.to_owned();
        (space == " ").then(|| {
            value.decor_mut().set_suffix("");
            space
        })
    });
    suffix.unwrap_or_default()
}

/// Puts a comment line above a table header that an edit created.
pub(crate) fn comment_table(doc: &mut DocumentMut, path: &[String], comment: &str) {
    let mut item = doc.as_item_mut();
    for key in path {
        let Some(next) = item.as_table_like_mut().and_then(|table| table.get_mut(key)) else {
            return;
        };
        item = next;
    }
    if let Some(table) = item.as_table_mut() {
        table.decor_mut().set_prefix(format!("\n# {comment}\n"));
    }
}

#[cfg(test)]
mod tests;
