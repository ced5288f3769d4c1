//! Which lines of a text an edit may touch, and that all others are there afterwards, in their order, to the byte.
//!
//! Invariant: what a line belongs to is told by the spans of the parsed text.

use std::{collections::BTreeSet, ops::Range};

use toml_edit::{Document, Item, Key, TableLike};

use super::super::*;
use crate::text::Text;

/// Panics unless the lines that the edit does not name, the comments, the endings of lines, the byte order mark and the
/// final newline (or none) survived.
pub(super) fn kept(old: &str, new: &str, edit: &Edit) {
    let bom = |text: &str| text.starts_with('\u{feff}');
    assert!(bom(old) == bom(new), "the byte order mark");
    let (old, new) = (old.trim_start_matches('\u{feff}'), new.trim_start_matches('\u{feff}'));
    if !old.is_empty() && !new.is_empty() {
        assert!(old.ends_with('\n') == new.ends_with('\n'), "the final newline");
    }
    let has_lf_alone = |text: &str| text.replace("\r\n", "").contains('\n');
    assert!(old.contains("\r\n") || !new.contains("\r\n"), "an ending that was not there");
    assert!(!old.contains("\r\n") || has_lf_alone(old) || !has_lf_alone(new), "an LF alone");

    let (touched, lines) = (touched(old, edit), old.split_inclusive('\n').collect::<Vec<_>>());
    let mut after = new.split_inclusive('\n');
    for (at, line) in lines.iter().enumerate().filter(|(at, _)| !touched.contains(at)) {
        let bare = |text: &str| text.trim_end_matches(['\r', '\n']).to_owned();
        let is_last = at + 1 == lines.len();
        // Which of several equal lines has gone cannot be told, so that one may have the ending of another.
        let is_repeated = lines.iter().filter(|other| bare(other) == bare(line)).count() > 1;
        // Where the file ends without an ending, it is another line's turn to have none.
        let may_end = |now: &str| is_last || is_repeated || !now.ends_with('\n');
        let is_same = |now: &str| now == *line || may_end(now) && bare(now) == bare(line);
        assert!(after.any(is_same), "line {} is gone or moved: {line:?}", at + 1);
    }
    if !matches!(edit, Edit::Remove { .. } | Edit::RemoveUninherited { .. }) {
        let mut left = comments(new);
        for comment in comments(old) {
            let at = left.iter().position(|known| *known == comment);
            left.swap_remove(at.unwrap_or_else(|| panic!("{comment:?} is lost")));
        }
        left.retain(|comment| *comment != "# why" || !matches!(edit, Edit::Set { .. }));
        assert!(left.is_empty(), "{left:?} is there twice");
    }
}

/// Numbers of the lines of what the edit names, and of the comments and empty lines above.
fn touched(text: &str, edit: &Edit) -> BTreeSet<usize> {
    let text = Text::decode(text.as_bytes()).expect("the text is UTF-8");
    let text = text.as_str();
    let document = Document::parse(text).expect("the text is TOML");
    let mut spans = Vec::new();
    for path in edit.touches() {
        collect(document.as_table(), &path, &mut spans);
    }
    let line_of = |offset: usize| text[..offset].matches('\n').count();
    let lines: Vec<&str> = text.split('\n').collect();
    let is_between = |line: &str| line.trim().is_empty() || line.trim().starts_with('#');
    let mut touched = BTreeSet::new();
    for span in spans {
        let first = line_of(span.start);
        let above = (0..first).rev().take_while(|at| is_between(lines[*at])).count();
        touched.extend(first - above..=line_of(span.end.saturating_sub(1).max(span.start)));
    }
    touched
}

/// The spans of what is at the path: all of a table that stands in one value with it.
fn collect(table: &dyn TableLike, path: &[String], out: &mut Vec<Range<usize>>) {
    let Some((step, rest)) = path.split_first() else { return };
    let Some((key, item)) = table.key(step).zip(table.get(step)) else { return };
    match item.as_table_like() {
        Some(next) if !rest.is_empty() && item.is_table() => collect(next, rest, out),
        _ => {
            let inside = item.as_table_like().filter(|_| item.is_table());
            if inside.is_none_or(|table| !table.is_dotted()) {
                out.extend(key.span().into_iter().chain(item.span()));
            }
            all(item, out);
        }
    }
}

/// The spans of everything in a table with a header, or with dotted keys.
fn all(item: &Item, out: &mut Vec<Range<usize>>) {
    if let Some(tables) = item.as_array_of_tables() {
        for table in tables {
            out.extend(table.span());
            all(&Item::Table(table.clone()), out);
        }
    }
    let Some(table) = item.as_table() else { return };
    for (name, item) in table.iter() {
        out.extend(table.key(name).and_then(Key::span).into_iter().chain(item.span()));
        all(item, out);
    }
}

/// Every comment, by a reading of the text for strings and comments alone.
fn comments(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['#', '"', '\'']) {
        let (quote, from) = (&rest[at..=at], &rest[at..]);
        if quote == "#" {
            let end = from.find('\n').unwrap_or(from.len());
            found.push(from[..end].trim_end());
            rest = &from[end..];
            continue;
        }
        let triple = quote.repeat(3);
        let mark = if from.starts_with(&triple) { triple.as_str() } else { quote };
        let mut end = mark.len();
        while !from[end..].starts_with(mark) {
            let is_escape = quote == "\"" && from[end..].starts_with('\\');
            end += if is_escape { 1 } else { 0 };
            end += from[end..].chars().next().map_or(0, char::len_utf8);
            if end >= from.len() {
                return found;
            }
        }
        // Up to two more quotes belong to the text of a string in triple ones.
        let more = from[end..].chars().take_while(|c| quote.starts_with(*c)).count();
        rest = &from[end + if mark.len() == 3 { more } else { 1 }..];
    }
    found
}
