//! `report.md`: a run as Markdown, for a pull request or a repository.
//!
//! Text of the record is escaped or fenced: none of it becomes markup.

use super::{Row, Span, facts, machine, rows, spans, title};
use crate::record::Record;

mod changes;
mod graph;
mod inside;

pub(super) use inside::blocks;

/// The headings of the table of before and after; the first is that of the names.
const COLUMNS: [&str; 7] = ["", "before", "after", "change", "uncertainty", "expected", "call"];

/// The whole report; ends with a line feed.
pub(crate) fn report(record: &Record) -> String {
    let sections = [
        ("Checks", bullets(&facts::checks(record))),
        ("Before and after", table(&rows(record))),
        ("Return on investment", blocks(&facts::worth::investment(record))),
        ("What makes the build slow", inside::insights(record)),
        ("Builds unit by unit", inside::builds(record)),
        ("Other numbers of cores", inside::cores(record)),
        ("Packages in several versions", graph::duplicates(record)),
        ("Disk", blocks(&facts::disk::parts(record))),
        ("Impact and effort", inside::impact(record)),
        ("Changes", changes::changes(&record.changes)),
        ("Profile settings tried", blocks(&facts::tuning::blocks(record))),
        ("Notes", bullets(&record.notes)),
        ("Verification", bullets(&facts::verification(record))),
        ("How it was measured", bullets(&facts::method(record))),
        ("Time of the run", bullets(&facts::worth::spent(record))),
        ("Machine and run", bullets(&run(record))),
        ("Files kept", bullets(&kept(record))),
        ("Diff", diff(&record.diff)),
    ];
    let mut report =
        format!("# {}\n\n{}\n", inline(&title(record)), inline(&facts::headline(record)));
    let bottom_line = bullets(&facts::bottom_line(record));
    if !bottom_line.is_empty() {
        report.push_str(&format!("\n{bottom_line}"));
    }
    for (heading, body) in sections {
        if !body.is_empty() {
            report.push_str(&format!("\n## {heading}\n\n{body}"));
        }
    }
    report
}

pub(super) fn table(rows: &[Row<'_>]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    // Where nothing was expected there is no column for it.
    let is_expected = rows.iter().any(|row| row.measurement.expected.is_some());
    let is_shown = |column: usize| is_expected || COLUMNS[column] != "expected";
    let line = |cells: [&str; 7]| {
        let shown = cells.iter().enumerate().filter(|(column, _)| is_shown(*column));
        let shown: Vec<String> = shown.map(|(_, text)| cell(text)).collect();
        format!("| {} |\n", shown.join(" | "))
    };
    let rule = line(["---", "---:", "---:", "---:", "---", "---:", "---"]);
    let cells = |row: &Row<'_>| {
        let Row { label, before, after, change, uncertainty, expected, measurement } = row;
        line([label, before, after, change, uncertainty, expected, &measurement.call])
    };
    let rows: String = rows.iter().map(cells).collect();
    format!("{}{rule}{rows}", line(COLUMNS))
}

/// Without code spans: a `|` within one would end the cell.
fn cell(text: &str) -> String {
    escaped(&text.replace(['\r', '\n'], " "), false)
}

fn run(record: &Record) -> Vec<String> {
    let mut lines = vec![
        machine(&record.machine),
        format!("started {}", record.started),
        format!("workspace `{}`", record.workspace),
        format!("xtask {}, `{}`", record.tool_version, facts::command(record)),
    ];
    let optional =
        [("commit", &record.git_head), ("backup", &record.backup), ("report", &record.report)];
    for (name, value) in optional {
        lines.extend(value.as_ref().map(|value| format!("{name} `{value}`")));
    }
    lines
}

fn kept(record: &Record) -> Vec<String> {
    let kept = record.kept.iter();
    kept.map(|kept| format!("{}: `{}`", kept.what, kept.path)).collect()
}

fn diff(diff: &str) -> String {
    if diff.trim().is_empty() {
        return String::new();
    }
    fenced(diff, "diff") + "\n"
}

/// A list, one item a line; of text with several lines, the rest is fenced beneath the first.
pub(super) fn bullets(lines: &[String]) -> String {
    lines
        .iter()
        .map(|line| match line.trim_end().split_once('\n') {
            Some((first, rest)) => {
                let rest = indented(&fenced(rest, "text"));
                format!("- {}\n\n{rest}\n", inline(first))
            }
            None => format!("- {}\n", inline(line)),
        })
        .collect()
}

/// A fenced block whose fence is longer than any run of backticks inside. No line feed at the end.
pub(super) fn fenced(text: &str, language: &str) -> String {
    let fence = "`".repeat(longest_run(text).max(2) + 1);
    format!("{fence}{language}\n{}\n{fence}", text.trim_end_matches('\n'))
}

fn longest_run(text: &str) -> usize {
    let runs = text.split(|c| c != '`').map(str::len);
    runs.max().unwrap_or_default()
}

/// Within a list item.
fn indented(block: &str) -> String {
    let lines = block.lines().map(|line| match line {
        "" => String::new(),
        line => format!("  {line}"),
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// One line of prose: what stands in backticks is code, everything else is escaped.
pub(super) fn inline(text: &str) -> String {
    let line = text.replace(['\r', '\n'], " ");
    let spans = spans(&line).into_iter().enumerate();
    spans
        .map(|(index, span)| match span {
            Span::Code(text) => code(text),
            Span::Text(text) => escaped(text, index == 0),
        })
        .collect()
}

/// Escapes what Markdown would read; at the start of a line also what begins a list, a heading or
/// a quotation. An underscore within a word (`x86_64`) is left: GitHub's Markdown and CommonMark
/// both take it for a letter.
fn escaped(text: &str, at_start: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut previous = ' ';
    for (index, c) in text.char_indices() {
        let next = text[index + c.len_utf8()..].chars().next().unwrap_or(' ');
        let begins_block = at_start
            && index == 0
            && (matches!(c, '#' | '>' | '=') || (matches!(c, '-' | '+') && next == ' '));
        let in_word = c == '_' && previous.is_alphanumeric() && next.is_alphanumeric();
        if begins_block || ("\\`*_[]<|&~".contains(c) && !in_word) {
            out.push('\\');
        }
        out.push(c);
        previous = c;
    }
    out
}

/// A code span, with as many backticks around it as the text requires.
pub(super) fn code(text: &str) -> String {
    let text = text.replace(['\r', '\n'], " ");
    if text.trim().is_empty() {
        return text;
    }
    let fence = "`".repeat(longest_run(&text) + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}
