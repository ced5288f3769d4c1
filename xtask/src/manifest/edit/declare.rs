//! Declares a dependency in `[workspace.dependencies]`, at its place and in the form of its neighbours.

use toml_edit::{Array, DocumentMut, Item, Key, Table, Value};

use super::inherit::{add, put};
use crate::manifest::Declaration;

/// Declares a dependency in `[workspace.dependencies]`, unless it is there: at its place in a sorted
/// table, else at the end.
pub(crate) fn declare(doc: &mut DocumentMut, declared: &Declaration) {
    let workspace = table_entry(doc.as_item_mut(), "workspace");
    let Some(entries) = workspace.and_then(|workspace| table_entry(workspace, "dependencies"))
    else {
        return;
    };
    let Some(table) = entries.as_table_like_mut() else { return };
    if table.contains_key(&declared.key) {
        return;
    }
    let is_standard = |item: &Item| item.as_table().is_some_and(|table| !table.is_dotted());
    let in_tables = !table.is_empty() && table.iter().all(|(_, item)| is_standard(item));
    let item = written(declared, in_tables);
    // Entries with a header of their own stand behind all others, whatever their name.
    let names: Vec<String> = table
        .iter()
        .filter(|(_, item)| in_tables || !is_standard(item))
        .map(|(name, _)| name.to_owned())
        .collect();
    let place = names.iter().find(|name| **name > declared.key).filter(|_| names.is_sorted());
    match place {
        Some(next) => insert_before(entries, next, &declared.key, item),
        None => add(entries, &declared.key, item),
    }
}

/// An entry as `cargo add` would order it.
fn written(declared: &Declaration, in_tables: bool) -> Item {
    let mut pairs: Vec<(&str, Value)> = Vec::new();
    pairs.extend(declared.requirement.as_deref().map(|text| ("version", text.into())));
    pairs.extend(declared.source.iter().map(|(key, value)| (key.as_str(), value.into())));
    pairs.extend(declared.rename_of.as_deref().map(|name| ("package", name.into())));
    pairs.extend(declared.default_features.map(|flag| ("default-features", flag.into())));
    if !declared.features.is_empty() {
        let array = declared.features.iter().map(String::as_str).collect::<Array>();
        pairs.push(("features", array.into()));
    }
    match pairs.as_slice() {
        [("version", version)] if !in_tables => Item::Value(version.clone()),
        _ if in_tables => Item::Table(
            pairs.into_iter().map(|(key, value)| (Key::new(key), Item::Value(value))).collect(),
        ),
        _ => Item::Value(Value::InlineTable(pairs.into_iter().collect())),
    }
}

/// Inserts an entry before another.
fn insert_before(entries: &mut Item, next: &str, key: &str, item: Item) {
    let Some(table) = entries.as_table_like_mut() else { return };
    let names: Vec<String> = table.iter().map(|(name, _)| name.to_owned()).collect();
    let behind = names.into_iter().skip_while(|name| name != next);
    let behind: Vec<(Key, Item)> =
        behind.filter_map(|name| Some((table.key(&name)?.clone(), table.remove(&name)?))).collect();
    table.insert(key, item);
    for (key, item) in behind {
        put(entries, &key, item);
    }
}

/// A table below another, made when missing; `None` when the parent holds something else.
fn table_entry<'a>(parent: &'a mut Item, key: &str) -> Option<&'a mut Item> {
    let parent = parent.as_table_like_mut()?;
    if !parent.contains_key(key) {
        parent.insert(key, Item::Table(Table::new()));
    }
    parent.get_mut(key)
}
