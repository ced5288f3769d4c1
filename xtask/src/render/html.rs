//! `report.html`: a run as one page that needs nothing but itself.
//!
//! Every text of the record goes through [`escape`], and the page forbids itself the network and scripts.

use super::{Row, Span, count, facts, machine, rows, spans, title, workspace_name};
use crate::record::Record;

mod bars;
mod blocks;
mod changes;
mod cores;
mod diff;
mod graph;
mod headlines;
mod inside;
mod load;
pub(super) mod picture;
mod samples;
mod scatter;
mod steps;
mod svg;
mod tuning;
mod waterfall;

use facts::capitalised;

/// Light, dark, narrow and printed.
const STYLE: &str = concat!(
    include_str!("html/colours.css"),
    include_str!("html/style.css"),
    include_str!("html/charts.css")
);

/// The sections in their order: heading and content.
fn sections(record: &Record, rows: &[Row<'_>]) -> Vec<(&'static str, String)> {
    let mut sections = vec![
        ("Checks", blocks::list(&facts::checks(record))),
        ("Before and after", headlines::before_and_after(rows)),
        ("Return on investment", blocks::blocks(&facts::worth::investment(record))),
        ("What makes the build slow", inside::insights(record)),
        ("Builds unit by unit", inside::builds(record)),
        ("Processors at work", inside::load(record)),
        ("Other numbers of cores", inside::cores(record)),
        ("Packages in several versions", inside::duplicates(record)),
        ("Disk", inside::disk(record)),
        ("Impact and effort", inside::impact(record)),
        ("Changes", changes::changes(&record.changes)),
        ("Profile settings tried", tuning::settings(record)),
        ("Notes", blocks::list(&record.notes)),
        ("Verification", blocks::list(&facts::verification(record))),
        ("How it was measured", blocks::list(&facts::method(record)) + &samples::table(rows)),
        ("Time of the run", inside::spent(record)),
        ("Diff", diff::files(&record.diff)),
        ("Machine and run", provenance(record)),
    ];
    sections.retain(|(_, body)| !body.is_empty());
    sections
}

/// The whole page.
pub(crate) fn report(record: &Record) -> String {
    let rows = rows(record);
    let name = escape(&title(record));
    let run = format!(
        "{} · {} · started <time>{}</time>",
        code(workspace_name(record)),
        escape(&machine(&record.machine)),
        escape(&record.started)
    );
    let cards = headlines::cards(&rows);
    // The cards say the rest.
    let headline = if cards.is_empty() {
        facts::headline(record)
    } else {
        facts::changes(record).unwrap_or_default()
    };
    let headline = text(&headline);
    let bottom_line = blocks::list(&facts::bottom_line(record));
    let sections = sections(record, &rows);
    let links: String = sections
        .iter()
        .map(|(heading, _)| format!("<li><a href=\"#{}\">{heading}</a></li>\n", id(heading)))
        .collect();
    let body: String = sections.iter().map(|(heading, body)| section(heading, body)).collect();
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
        <a class=\"skip\" href=\"#content\">Skip to the content</a>\n\
        <header>\n<h1>{name}</h1>\n<p class=\"lead\">{headline}</p>\n<p class=\"run\">{run}</p>\n\
        {cards}{bottom_line}</header>\n\
        <nav aria-label=\"Sections\">\n<ul>\n{links}</ul>\n</nav>\n\
        <main id=\"content\" tabindex=\"-1\">\n{body}</main>\n\
        </body>\n\
        </html>\n"
    )
}

fn section(heading: &str, body: &str) -> String {
    let id = id(heading);
    format!(
        "<section aria-labelledby=\"{id}\">\n<h2 id=\"{id}\">{heading}</h2>\n{body}</section>\n"
    )
}

/// What links to a section name.
fn id(heading: &str) -> String {
    heading.to_lowercase().replace(' ', "-")
}

/// Something that may be wider than the screen: it scrolls by itself, with the keyboard too.
fn scrollable(name: &str, body: &str) -> String {
    let name = escape(name);
    format!(
        "<div class=\"scroll\" role=\"region\" aria-label=\"{name}\" tabindex=\"0\">\n{body}</div>\n"
    )
}

fn provenance(record: &Record) -> String {
    let mut pairs = vec![
        ("workspace", code(&record.workspace)),
        ("machine", escape(&machine(&record.machine))),
        ("host", code(&record.machine.host)),
        (
            "made by",
            format!("xtask {}, {}", escape(&record.tool_version), code(&facts::command(record))),
        ),
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
