//! Edits of single entries; each leaves the rest of the document as it was.
//!
//! An edit whose subject is not there does nothing: which changes a plan keeps must not matter.

use toml_edit::{DocumentMut, Item, Table, TableLike, Value};

use super::{DepTable, Site};

mod declare;
mod inherit;

pub(crate) use declare::declare;
pub(crate) use inherit::{ask, inherit, withdraw};

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
