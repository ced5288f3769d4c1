//! Edits of single entries; each leaves the rest of the document as it was.
//!
//! An edit whose subject is not there does nothing: which changes a plan keeps must not matter.

use toml_edit::{DocumentMut, Item, Table, TableLike, Value};

use super::{DepTable, Site};

mod declare;
mod inherit;

pub(crate) use declare::declare;
pub(crate) use inherit::{ask, inherit, withdraw};
use inherit::{raw, retain};

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
    if let Some(slot) = slot.filter(|slot| slot.is_str()) {
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
    let mut new: Vec<&String> = Vec::new();
    for name in by {
        let is_there = array.iter().any(|value| value.as_str() == Some(name)) && name != feature;
        if !is_there && !new.contains(&name) {
            new.push(name);
        }
    }
    if let (Some((last, others)), Some(old)) = (new.split_last(), array.get(at)) {
        let (before, behind) = (raw(old.decor().prefix()), raw(old.decor().suffix()));
        // Comments above stay above the first, and those behind stay behind the last.
        let line = before.rfind('\n').map_or(" ", |at| &before[at..]);
        let first = if at > 0 && before.is_empty() { " " } else { &before };
        array.remove(at);
        for (offset, feature) in others.iter().chain([last]).enumerate() {
            let prefix = if offset == 0 { first } else { line };
            let suffix = if offset == others.len() { behind.as_str() } else { "" };
            let value = Value::from(feature.as_str()).decorated(prefix, suffix);
            array.insert_formatted(at + offset, value);
        }
    }
    // It was there twice, or what replaces it is there already.
    if !by.iter().any(|name| name == feature) {
        retain(array, |name| name != feature);
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
    let heading = lead(table, key);
    if let (Some(next), true) = (next, heading.contains('#'))
        && !mentions(&heading, key)
        && lead(table, next).trim().is_empty()
        && !lead(table, next).contains('\n')
        && table.get(next).is_some_and(|next| !has_header(next))
    {
        // Each line keeps its own indentation.
        let lines = heading.rfind('\n').map_or("", |end| &heading[..=end]);
        let indented = lines.to_owned() + &lead(table, next);
        set_lead(table, next, &indented);
    }
    table.remove(key);
}

fn has_header(item: &Item) -> bool {
    item.is_array_of_tables() || item.as_table().is_some_and(|table| !table.is_dotted())
}

/// The lines between an entry and the one before it. In an entry of dotted keys they belong to the first of them.
fn lead(table: &dyn TableLike, key: &str) -> String {
    let dotted = table.get(key).and_then(Item::as_table_like).filter(|entry| entry.is_dotted());
    let first = dotted.and_then(|entry| Some((entry, entry.iter().next()?.0)));
    match first {
        Some((entry, first)) => lead(entry, first),
        None => raw(table.key(key).and_then(|key| key.leaf_decor().prefix())),
    }
}

/// Puts lines between an entry and the one before it, in place of those that are there.
fn set_lead(table: &mut dyn TableLike, key: &str, lines: &str) {
    let dotted = table.get(key).and_then(Item::as_table_like).filter(|entry| entry.is_dotted());
    if let Some(first) = dotted.and_then(|entry| Some(entry.iter().next()?.0.to_owned())) {
        let entry = table.get_mut(key).and_then(Item::as_table_like_mut);
        return set_lead(entry.expect("it is a table"), &first, lines);
    }
    if let Some(mut key) = table.key_mut(key) {
        key.leaf_decor_mut().set_prefix(lines);
    }
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
    match table.get_mut(key).map(Item::as_value_mut) {
        Some(Some(slot)) if !slot.is_array() && !slot.is_inline_table() => {
            replace_value(slot, value);
        }
        // A list or a table is no setting, and has comments of its own.
        Some(_) => {}
        None => {
            let closing = take_closing_space(table);
            let mut value = value;
            value.decor_mut().set_suffix(closing);
            table.insert(key, Item::Value(value));
        }
    }
}

/// Takes a key out, and the table that held it if that is empty by then.
pub(crate) fn unset(doc: &mut DocumentMut, path: &[String], key: &str) {
    let mut table: &mut dyn TableLike = doc.as_table_mut();
    for step in path {
        match table.get_mut(step).and_then(Item::as_table_like_mut) {
            Some(next) => table = next,
            None => return,
        }
    }
    table.remove(key);
    let is_empty = table.is_empty();
    if let (true, [above @ .., last]) = (is_empty, path) {
        unset(doc, above, last);
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
