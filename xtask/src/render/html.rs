//! `report.html`: a run as one page that needs nothing but itself.
//!
//! Every text of the record goes through [`escape`], and the page forbids itself the network.

use super::{COLUMNS, Row, Span, VERDICTS, count, facts, machine, rows, spans, title};
use crate::record::{ChangeRecord, Record};

mod bars;
mod diff;
mod samples;

/// Light, dark, narrow and printed.
const STYLE: &str = include_str!("html/style.css");

/// The quantities at the head of the page, where they were measured.
const HEADLINES: [&str; 4] = ["clean-dev", "clean-release", "incremental-core", "target-bytes"];

/// The whole page.
pub(crate) fn report(record: &Record) -> String {
    let rows = rows(record);
    let name = escape(&title(record));
    let run = format!("{} · started {}", code(&record.workspace), escape(&record.started));
    let cards = cards(&rows);
    // The cards say the rest.
    let headline = if cards.is_empty() {
        facts::headline(record)
    } else {
        facts::changes(record).unwrap_or_default()
    };
    let headline = text(&headline);
    let body = [
        cards,
        section("Checks", &list(&facts::checks(record))),
        section("Before and after", &before_and_after(&rows)),
        section("Changes", &changes(&record.changes)),
        section("Notes", &list(&record.notes)),
        section("Verification", &list(&facts::verification(record))),
        section("How it was measured", &(list(&facts::method(record)) + &samples::table(&rows))),
        section("Diff", &diff::files(&record.diff)),
        section("Machine and run", &provenance(record)),
    ]
    .concat();
    format!(
        "<!doctype html>\n\
        <html lang=\"en\">\n\
        <head>\n\
        <meta charset=\"utf-8\">\n\
        <meta http-equiv=\"Content-Security-Policy\" \
        content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
        <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
        <meta name=\"color-scheme\" content=\"light dark\">\n\
        <title>{name}</title>\n\
        <style>\n{STYLE}</style>\n\
        </head>\n\
        <body>\n\
        <header>\n<h1>{name}</h1>\n<p class=\"lead\">{headline}</p>\n<p class=\"run\">{run}</p>\n\
        </header>\n\
        <main>\n{body}</main>\n\
        </body>\n\
        </html>\n"
    )
}

/// A section with its heading; nothing where it would be empty.
fn section(heading: &str, body: &str) -> String {
    if body.is_empty() {
        return String::new();
    }
    let id = heading.to_lowercase().replace(' ', "-");
    format!(
        "<section aria-labelledby=\"{id}\">\n<h2 id=\"{id}\">{heading}</h2>\n{body}</section>\n"
    )
}

fn cards(rows: &[Row<'_>]) -> String {
    let cards: String = rows
        .iter()
        .filter(|row| HEADLINES.contains(&row.measurement.what.as_str()))
        .map(|row| {
            format!(
                "<li class=\"card\"><span class=\"what\">{}</span> \
                <strong class=\"{}\">{}</strong> \
                <span>{} to {}</span> {}</li>\n",
                escape(row.label),
                call_class(row),
                escape(&row.change),
                escape(&row.before),
                escape(&row.after),
                call(row),
            )
        })
        .collect();
    if cards.is_empty() {
        return String::new();
    }
    format!("<ul class=\"cards\" aria-label=\"Headline figures\">\n{cards}</ul>\n")
}

/// The call as a word in its colour.
fn call(row: &Row<'_>) -> String {
    let word = escape(&row.measurement.call);
    format!("<span class=\"call {}\">{word}</span>", call_class(row))
}

/// Only known words become class names.
fn call_class(row: &Row<'_>) -> &'static str {
    match row.measurement.call.as_str() {
        "better" => "better",
        "worse" => "worse",
        _ => "same",
    }
}

fn before_and_after(rows: &[Row<'_>]) -> String {
    if rows.is_empty() {
        return "<p>Nothing was measured.</p>\n".to_owned();
    }
    let headings: String = COLUMNS
        .iter()
        .map(|column| match *column {
            "" => "<td></td>".to_owned(),
            column => format!("<th scope=\"col\">{column}</th>"),
        })
        .collect();
    let body: String = rows.iter().map(table_row).collect();
    let table =
        format!("<table>\n<thead><tr>{headings}</tr></thead>\n<tbody>\n{body}</tbody>\n</table>\n");
    scrollable("Table of before and after", &table) + &bars::figures(rows)
}

fn table_row(row: &Row<'_>) -> String {
    let numbers = [&row.before, &row.after, &row.change, &row.expected];
    let cells: String =
        numbers.iter().map(|cell| format!("<td class=\"number\">{}</td>", escape(cell))).collect();
    format!("<tr><th scope=\"row\">{}</th>{cells}<td>{}</td></tr>\n", escape(row.label), call(row))
}

/// Something that may be wider than the screen: it scrolls by itself, with the keyboard too.
fn scrollable(name: &str, body: &str) -> String {
    let name = escape(name);
    format!(
        "<div class=\"scroll\" role=\"region\" aria-label=\"{name}\" tabindex=\"0\">\n{body}</div>\n"
    )
}

fn changes(changes: &[ChangeRecord]) -> String {
    let groups = VERDICTS.iter().map(|(verdict, heading)| {
        let items: Vec<String> = changes
            .iter()
            .filter(|change| change.verdict == *verdict)
            .map(|change| change_item(change, heading))
            .collect();
        if items.is_empty() {
            return String::new();
        }
        let (number, items) = (items.len(), items.concat());
        format!("<h3>{heading} ({number})</h3>\n<ul class=\"changes\">\n{items}</ul>\n")
    });
    groups.collect()
}

fn change_item(change: &ChangeRecord, verdict: &str) -> String {
    let reason = change.reason.trim_end();
    let reason = if reason.contains('\n') {
        let evidence = format!("<pre>{}</pre>\n", escape(reason));
        scrollable("Evidence", &evidence)
    } else if reason.is_empty() {
        String::new()
    } else {
        format!("<p>{}</p>\n", text(reason))
    };
    let files: Vec<String> = change.files.iter().map(|file| code(file)).collect();
    let files = if files.is_empty() {
        String::new()
    } else {
        let number = count(files.len(), "file");
        format!("<p class=\"files\">{number}: {}</p>\n", files.join(", "))
    };
    format!(
        "<li class=\"{class}\"><h4>{}</h4>\n\
        <p class=\"id\"><span class=\"verdict\">{class}</span> {}</p>\n{reason}{files}</li>\n",
        text(&change.title),
        code(&change.id),
        class = verdict.to_lowercase(),
    )
}

fn provenance(record: &Record) -> String {
    let mut pairs = vec![
        ("machine", escape(&machine(&record.machine))),
        ("host", code(&record.machine.host)),
        ("made by", format!("xtask {}, {}", escape(&record.tool_version), code(&record.command))),
    ];
    let optional =
        [("commit", &record.git_head), ("backup", &record.backup), ("report", &record.report)];
    for (name, value) in optional {
        pairs.extend(value.as_ref().map(|value| (name, code(value))));
    }
    let kept = record.kept.iter();
    pairs.extend(kept.map(|kept| {
        let description = format!("{}: {}", escape(&kept.what), code(&kept.path));
        ("kept", description)
    }));
    let pairs: String =
        pairs.iter().map(|(name, value)| format!("<dt>{name}</dt><dd>{value}</dd>\n")).collect();
    format!("<dl>\n{pairs}</dl>\n")
}

/// A list of sentences; line feeds within one are kept.
fn list(lines: &[String]) -> String {
    if lines.is_empty() {
        return String::new();
    }
    let items: String =
        lines.iter().map(|line| format!("<li class=\"note\">{}</li>\n", text(line))).collect();
    format!("<ul>\n{items}</ul>\n")
}

/// Prose: what stands in backticks is code.
fn text(text: &str) -> String {
    let spans = spans(text).into_iter();
    spans
        .map(|span| match span {
            Span::Text(text) => escape(text),
            Span::Code(text) => code(text),
        })
        .collect()
}

fn code(text: &str) -> String {
    format!("<code>{}</code>", escape(text))
}

/// Text as it must be written between tags and in quoted attributes. Control characters, which no
/// page may hold, become the replacement character.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\t' => out.push(c),
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}
