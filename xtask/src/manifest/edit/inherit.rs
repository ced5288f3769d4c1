//! Edits that move what an entry says between `[workspace.dependencies]` and the members that inherit it.

use toml_edit::{
    Array, Decor, DocumentMut, InlineTable, Item, Key, RawString, Table, TableLike, Value,
};

use super::{entries, has_header, lead, replace_value, set_lead, take_closing_space};
use crate::manifest::Site;

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
    let lines = lead(table, key);
    let Some(item) = table.get_mut(key) else {
        return;
    };
    let closing = item.as_inline_table().and_then(last_suffix);
    if item.is_table_like() {
        inherit_table(item, features, default_features);
        if let (Some(suffix), Some(table)) = (closing, item.as_inline_table_mut()) {
            set_last_suffix(table, &suffix);
        }
        return;
    }
    // Of another type: cargo refuses it.
    let Some(value) = item.as_value().filter(|value| value.is_str()) else { return };
    let decor = value.decor().clone();
    let mut flag = Value::from(true);
    if dotted && features.is_empty() && default_features.is_none() {
        *flag.decor_mut() = decor;
        let mut entry = Table::new();
        entry.set_dotted(true);
        entry.insert("workspace", Item::Value(flag));
        *item = Item::Table(entry);
        set_lead(table, key, &lines);
    } else {
        let mut entry = InlineTable::new();
        entry.insert("version", flag);
        *entry.decor_mut() = decor;
        *item = Item::Value(Value::InlineTable(entry));
        inherit_table(item, features, default_features);
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

/// `workspace = true` takes the place of the first plain value that it makes void. Comments of the others move above it.
fn inherit_table(item: &mut Item, features: &[String], default_features: Option<bool>) {
    let is_inline = item.is_inline_table();
    let Some(entry) = item.as_table_like_mut() else { return };
    let keys: Vec<String> = entry.iter().map(|(key, _)| key.to_owned()).collect();
    let mut kept = Vec::new();
    let mut flag_at = None;
    let mut orphans = Vec::new();
    for name in &keys {
        let formatted = entry.key(name).cloned();
        let Some(mut item) = entry.remove(name) else {
            continue;
        };
        let key = formatted.unwrap_or_else(|| Key::new(name.as_str()));
        match name.as_str() {
            "optional" => kept.push((key, item)),
            "features" => {
                let whole = comments(&key, &item);
                let array = item.as_array_mut();
                let array = array.map(|array| {
                    retain(array, |feature| features.iter().any(|name| name == feature));
                    extend(array, features);
                    array.is_empty() && !(is_inline && has_comments(array))
                });
                // There are no comments between the keys of an inline table.
                if array == Some(true) {
                    orphans.extend(whole);
                } else {
                    kept.push((key, item));
                }
            }
            "default-features" | "default_features" => orphans.extend(comments(&key, &item)),
            _ if flag_at.is_none() && is_plain(&item) => {
                flag_at = Some(kept.len());
                let mut flag = Value::from(true);
                if let Some(old) = item.as_value() {
                    *flag.decor_mut() = old.decor().clone();
                }
                let mut word = Key::new("workspace");
                *word.leaf_decor_mut() = key.leaf_decor().clone();
                kept.push((word, Item::Value(flag)));
            }
            _ => orphans.extend(comments(&key, &item)),
        }
    }
    let flag_at = flag_at.unwrap_or_else(|| {
        kept.insert(0, (Key::new("workspace"), Item::Value(Value::from(true))));
        0
    });
    lay_above(kept[flag_at].0.leaf_decor_mut(), &orphans);
    if !features.is_empty() && !keys.iter().any(|key| key == "features") {
        let array = features.iter().map(String::as_str).collect::<Array>();
        kept.push((Key::new("features"), Item::Value(Value::Array(array))));
    }
    if let Some(flag) = default_features {
        kept.push((Key::new("default-features"), Item::Value(Value::from(flag))));
    }
    for (key, value) in kept {
        put(item, &key, value);
    }
}

/// Whether an item is a value in which no comments stand.
fn is_plain(item: &Item) -> bool {
    item.is_value() && !item.is_array() && !item.is_inline_table()
}

/// Inserts a key as it is written: what handles tables of any form forgets how in inline ones.
pub(super) fn put(table: &mut Item, key: &Key, item: Item) {
    match (table, item) {
        (Item::Table(table), item) => _ = table.insert_formatted(key, item),
        (Item::Value(Value::InlineTable(table)), Item::Value(value)) => {
            table.insert_formatted(key, value);
        }
        _ => {}
    }
}

/// Puts comments in the lines above a key.
fn lay_above(key: &mut Decor, comments: &[String]) {
    if !comments.is_empty() {
        key.set_prefix(raw(key.prefix()) + &lines_of(comments));
    }
}

fn lines_of(comments: &[String]) -> String {
    comments.iter().map(|comment| format!("{comment}\n")).collect()
}

/// The comments above a key, beside its value and within it.
fn comments(key: &Key, item: &Item) -> Vec<String> {
    let mut around = Vec::new();
    spaces(key, item, &mut around);
    let lines = around.iter().flat_map(|text| text.lines());
    lines.map(str::trim).filter(|line| line.starts_with('#')).map(str::to_owned).collect()
}

/// What stands between the words of an entry, in order.
fn spaces(key: &Key, item: &Item, out: &mut Vec<String>) {
    out.push(raw(key.leaf_decor().prefix()));
    match item {
        Item::Value(value) => spaces_of(value, out),
        Item::Table(table) => spaces_below(table, out),
        Item::ArrayOfTables(tables) => tables.iter().for_each(|table| spaces_below(table, out)),
        Item::None => {}
    }
}

fn spaces_below(table: &Table, out: &mut Vec<String>) {
    out.extend([table.decor().prefix(), table.decor().suffix()].map(raw));
    let keys = table.iter().filter_map(|(name, item)| Some((table.key(name)?, item)));
    keys.for_each(|(key, item)| spaces(key, item, out));
}

fn spaces_of(value: &Value, out: &mut Vec<String>) {
    out.push(raw(value.decor().prefix()));
    match value {
        Value::Array(array) => {
            array.iter().for_each(|value| spaces_of(value, out));
            out.push(raw(Some(array.trailing())));
        }
        Value::InlineTable(table) => {
            for (name, value) in table {
                out.push(raw(table.key(name).and_then(|key| key.leaf_decor().prefix())));
                spaces_of(value, out);
            }
            out.push(raw(Some(table.trailing())));
        }
        _ => {}
    }
    out.push(raw(value.decor().suffix()));
}

/// Takes features out of an array. The comments around them stay.
pub(super) fn retain(array: &mut Array, keep: impl Fn(&str) -> bool) {
    let mut kept: Vec<Value> = Vec::new();
    // Whole lines of comments that have lost their element, and the space in front of the first one.
    let mut orphan = String::new();
    let mut lead = None;
    let mut end = None;
    for mut value in array.iter().cloned().collect::<Vec<_>>() {
        let (before, behind) = (raw(value.decor().prefix()), raw(value.decor().suffix()));
        if value.as_str().is_none_or(&keep) {
            if !orphan.is_empty() {
                let before = before.strip_prefix('\n').unwrap_or(&before);
                value.decor_mut().set_prefix(std::mem::take(&mut orphan) + before);
            } else if let Some(lead) = lead.take_if(|_| kept.is_empty() && !before.contains('\n')) {
                value.decor_mut().set_prefix(lead);
            }
            end = None;
            kept.push(value);
            continue;
        }
        for text in [&before, &behind].into_iter().filter(|text| text.contains('#')) {
            orphan.push_str(&text[..=text.rfind('\n').unwrap_or(text.len() - 1)]);
        }
        lead.get_or_insert(before);
        end = Some(behind).filter(|space| !space.contains('#'));
    }
    if let (Some(space), Some(last)) = (end, kept.last_mut()) {
        last.decor_mut().set_suffix(space);
    }
    array.clear();
    for value in kept {
        array.push_formatted(value);
    }
    if !orphan.is_empty() {
        let trailing = raw(Some(array.trailing()));
        array.set_trailing(orphan + trailing.strip_prefix('\n').unwrap_or(&trailing));
    }
}

/// Whether there are comments in an array without elements.
fn has_comments(array: &Array) -> bool {
    raw(Some(array.trailing())).contains('#')
}

pub(super) fn raw(text: Option<&RawString>) -> String {
    text.and_then(RawString::as_str).unwrap_or_default().to_owned()
}

/// Adds features to those that an entry asks for, and the default features too if they are wanted.
pub(crate) fn ask(
    doc: &mut DocumentMut,
    site: &Site,
    key: &str,
    features: &[String],
    default_features: bool,
) {
    let Some(item) = entries(doc, site).and_then(|table| table.get_mut(key)) else {
        return;
    };
    let Some(entry) = item.as_table_like_mut() else { return };
    match entry.get_mut("features").map(Item::as_array_mut) {
        Some(Some(array)) => extend(array, features),
        // Of another type: cargo refuses it.
        Some(None) => {}
        None if features.is_empty() => {}
        None => add(item, "features", features.iter().map(String::as_str).collect::<Array>()),
    }
    if default_features {
        set_default_features(item, true);
    }
}

/// Adds the features that are not there.
fn extend(array: &mut Array, features: &[String]) {
    for feature in features {
        if !array.iter().any(|value| value.as_str() == Some(feature)) {
            push(array, feature);
        }
    }
}

/// Adds an element in the manner of the others.
fn push(array: &mut Array, feature: &str) {
    let mut value = Value::from(feature);
    if let Some(last) = array.len().checked_sub(1).and_then(|at| array.get_mut(at)) {
        let before = raw(last.decor().prefix());
        let line = before.rfind('\n').map(|at| before[at..].to_owned());
        // What stands between the last element and the bracket belongs behind the new one.
        let behind = raw(last.decor().suffix());
        last.decor_mut().set_suffix("");
        value.decor_mut().set_prefix(line.unwrap_or_else(|| " ".to_owned()));
        value.decor_mut().set_suffix(behind);
    }
    array.push_formatted(value);
}

fn set_default_features(item: &mut Item, flag: bool) {
    let Some(entry) = item.as_table_like_mut() else { return };
    let old = ["default-features", "default_features"].into_iter().find(|k| entry.contains_key(k));
    match old.and_then(|key| entry.get_mut(key)).map(Item::as_value_mut) {
        Some(Some(slot)) if slot.is_bool() => replace_value(slot, flag),
        Some(_) => {}
        None => add(item, "default-features", flag),
    }
}

/// Adds a key at the end of a table of any form.
pub(super) fn add(item: &mut Item, key: &str, value: impl Into<Item>) {
    let mut value = value.into();
    let is_inline = item.is_inline_table();
    let Some(table) = item.as_table_like_mut() else { return };
    // What was not parsed has no spaces yet, and gets them when it is written.
    let is_written =
        table.iter().last().and_then(|(_, item)| item.as_value()?.decor().suffix()).is_some();
    if let (Some(value), true) = (value.as_value_mut(), is_inline && is_written) {
        value.decor_mut().set_suffix(take_closing_space(table));
    }
    table.insert(key, value);
}

/// Takes features out of what `[workspace.dependencies]` declares, and the default features if they are
/// to go as well.
pub(crate) fn withdraw(
    doc: &mut DocumentMut,
    key: &str,
    features: &[String],
    default_features: bool,
) {
    let Some(item) = entries(doc, &Site::Workspace).and_then(|table| table.get_mut(key)) else {
        return;
    };
    if let Some(mut requirement) = item.as_value().filter(|value| value.is_str()).cloned() {
        if !default_features {
            return;
        }
        let decor = requirement.decor().clone();
        requirement.decor_mut().clear();
        let mut entry = InlineTable::new();
        entry.insert("version", requirement);
        *entry.decor_mut() = decor;
        *item = Item::Value(Value::InlineTable(entry));
    }
    let Some(entry) = item.as_table_like_mut() else { return };
    if let Some(array) = entry.get_mut("features").and_then(Item::as_array_mut) {
        retain(array, |feature| !features.iter().any(|name| name == feature));
    }
    // First what comes to stand there, since comments of what goes may need a place.
    if default_features {
        set_default_features(item, false);
    }
    let features = item.get("features").and_then(Item::as_array);
    if features.is_some_and(|array| array.is_empty() && !has_comments(array)) {
        take_out(item, "features");
    }
}

/// Removes a key of an entry; its comments go above the first that stays, and without one the key stays for their sake.
/// What is then the last of a line takes over the space before the brace.
fn take_out(item: &mut Item, key: &str) {
    let is_inline = item.is_inline_table();
    let Some(entry) = item.as_table_like_mut() else { return };
    let orphans = entry.key(key).zip(entry.get(key)).map(|(key, item)| comments(key, item));
    let orphans = orphans.unwrap_or_default();
    let first = entry
        .iter()
        .find(|(name, item)| *name != key && !has_header(item))
        .map(|(name, _)| name.to_owned());
    if first.is_none() && !orphans.is_empty() {
        return;
    }
    let closing = if is_inline { take_closing_space(entry) } else { String::new() };
    entry.remove(key);
    if let (Some(first), false) = (first, orphans.is_empty()) {
        let lines = lead(entry, &first) + &lines_of(&orphans);
        set_lead(entry, &first, &lines);
    }
    if let Some(last) = entry.iter_mut().last().and_then(|(_, item)| item.as_value_mut())
        && !closing.is_empty()
    {
        last.decor_mut().set_suffix(closing);
    }
}
