//! The pieces that both reports share, as HTML: lists of sentences and tables.

use super::{code, escape, scrollable, text};
use crate::render::sheet::{Block, Kind, Sheet};

/// Blocks one after the other.
pub(super) fn blocks<'a>(blocks: impl IntoIterator<Item = &'a Block>) -> String {
    blocks.into_iter().map(block).collect()
}

fn block(block: &Block) -> String {
    match block {
        Block::Lines(lines) => list(lines),
        Block::Heading(heading) => format!("<h3>{}</h3>\n", text(heading)),
        Block::Sheet(sheet) => table(sheet),
        Block::Folded(sheet) => folded(&sheet.caption, &table(sheet)),
    }
}

/// Something that is opened when wanted; in print it always is.
pub(super) fn folded(summary: &str, body: &str) -> String {
    format!("<details>\n<summary>{}</summary>\n{body}</details>\n", text(summary))
}

/// A list of sentences; line feeds within one are kept.
pub(super) fn list(lines: &[String]) -> String {
    if lines.is_empty() {
        return String::new();
    }
    let items: String =
        lines.iter().map(|line| format!("<li class=\"note\">{}</li>\n", text(line))).collect();
    format!("<ul>\n{items}</ul>\n")
}

/// A table in a box of its own that scrolls.
pub(super) fn table(sheet: &Sheet) -> String {
    let class = |kind: Kind| if kind == Kind::Number { " class=\"number\"" } else { "" };
    let headings: String = sheet
        .columns
        .iter()
        .map(|(name, kind)| format!("<th scope=\"col\"{}>{}</th>", class(*kind), escape(name)))
        .collect();
    let row = |row: &Vec<String>| {
        let cells = row.iter().zip(&sheet.columns).enumerate().map(|(index, (cell, (_, kind)))| {
            let content = if *kind == Kind::Code { code(cell) } else { escape(cell) };
            if index == 0 {
                format!("<th scope=\"row\"{}>{content}</th>", class(*kind))
            } else {
                format!("<td{}>{content}</td>", class(*kind))
            }
        });
        format!("<tr>{}</tr>\n", cells.collect::<String>())
    };
    let body: String = sheet.rows.iter().map(row).collect();
    let table =
        format!("<table>\n<thead><tr>{headings}</tr></thead>\n<tbody>\n{body}</tbody>\n</table>\n");
    scrollable(&sheet.caption, &table)
}
