//! The figures at the head of the page, and the table of before and after.
//!
//! Each row of the table carries its figures as the record has them, to the last digit, in `data-`
//! attributes: what reads the page by machine needs not parse `65.4 s`.

use super::{bars, escape, scrollable};
use crate::render::Row;

/// The quantities at the head of the page, where they were measured.
const HEADLINES: [&str; 4] = ["clean-dev", "clean-release", "incremental-core", "target-bytes"];

/// The headings of the table; the first is that of the names.
const COLUMNS: [&str; 7] = ["", "before", "after", "change", "call", "uncertainty", "expected"];

pub(super) fn cards(rows: &[Row<'_>]) -> String {
    let cards: String = rows
        .iter()
        .filter(|row| HEADLINES.contains(&row.measurement.what.as_str()))
        .map(|row| {
            format!(
                "<li class=\"card {class}\"><span class=\"what\">{}</span> \
                <strong>{}</strong> \
                <span class=\"sides\">{} → {}</span> \
                <span class=\"sure\">{} · {}</span></li>\n",
                escape(row.label),
                escape(&row.change),
                escape(&row.before),
                escape(&row.after),
                call(row),
                escape(&row.uncertainty),
                class = call_class(row),
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

pub(super) fn before_and_after(rows: &[Row<'_>]) -> String {
    if rows.is_empty() {
        return "<p>Nothing was measured.</p>\n".to_owned();
    }
    let headings: String = COLUMNS
        .iter()
        .map(|column| match *column {
            "" => "<td></td>".to_owned(),
            "call" | "uncertainty" => format!("<th scope=\"col\">{column}</th>"),
            column => format!("<th scope=\"col\" class=\"number\">{column}</th>"),
        })
        .collect();
    let body: String = rows.iter().map(table_row).collect();
    let table = format!(
        "<table class=\"figures-table\">\n<thead><tr>{headings}</tr></thead>\n<tbody>\n{body}</tbody>\n</table>\n"
    );
    scrollable("Table of before and after", &table) + &bars::figures(rows)
}

fn table_row(row: &Row<'_>) -> String {
    let measured = row.measurement;
    let cell = |text: &str| format!("<td class=\"number\">{}</td>", escape(text));
    format!(
        "<tr data-what=\"{}\" data-baseline=\"{}\" data-candidate=\"{}\" data-ratio=\"{}\">\
        <th scope=\"row\">{}</th>{}{}{}<td>{}</td><td class=\"sure\">{}</td>{}</tr>\n",
        escape(&measured.what),
        exact(Some(measured.baseline)),
        exact(Some(measured.candidate)),
        exact(measured.ratio),
        escape(row.label),
        cell(&row.before),
        cell(&row.after),
        cell(&row.change),
        call(row),
        escape(&row.uncertainty),
        cell(&row.expected),
    )
}

/// As JSON has it.
fn exact(value: Option<f64>) -> String {
    serde_json::Value::from(value).to_string()
}
