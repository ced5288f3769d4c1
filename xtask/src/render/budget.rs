//! Budgets in words and as a table: what was found, what is allowed, by how much it is broken.

use crate::{
    record::{BudgetKind, BudgetRecord, Record},
    wording,
};

/// The headings of the table.
const COLUMNS: [&str; 5] = ["budget", "found", "allowed", "over", "verdict"];

/// `1.12, at most 1.10 allowed: 1.8% over`
pub(crate) fn sentence(row: &BudgetRecord) -> String {
    let found = row.found.map_or_else(|| super::DASH.to_owned(), |found| figure(row.kind, found));
    let mut out = format!("{found}, at most {} allowed", figure(row.kind, row.limit));
    let over = over(row);
    if over != super::DASH {
        out = format!("{out}: {over} over");
    }
    if !row.note.is_empty() {
        out = format!("{out} ({})", row.note);
    }
    out
}

fn figure(kind: BudgetKind, value: f64) -> String {
    match kind {
        BudgetKind::Ratio => format!("{value:.3}"),
        BudgetKind::Count => format!("{}", value.round()),
    }
}

/// By how much the limit is exceeded: a share of it, or a number.
fn over(row: &BudgetRecord) -> String {
    let Some(found) = row.found.filter(|found| *found > row.limit) else {
        return super::DASH.to_owned();
    };
    match row.kind {
        BudgetKind::Ratio => format!("{:.1}%", (found / row.limit - 1.0) * 100.0),
        BudgetKind::Count => format!("{}", (found - row.limit).round()),
    }
}

/// What a row says of its limit.
fn verdict(row: &BudgetRecord) -> String {
    let word = match row.ok {
        Some(true) => "kept",
        Some(false) => "BROKEN",
        None => "skipped",
    };
    if row.note.is_empty() { word.to_owned() } else { format!("{word} ({})", row.note) }
}

/// The rows as text, broken ones first. Empty without budgets.
pub(super) fn cells(record: &Record) -> Vec<[String; 5]> {
    let mut rows: Vec<&BudgetRecord> = record.budgets.iter().collect();
    rows.sort_by_key(|row| row.ok != Some(false));
    let cells = |row: &BudgetRecord| {
        [
            super::label(&row.what).to_owned(),
            row.found.map_or_else(|| super::DASH.to_owned(), |found| figure(row.kind, found)),
            figure(row.kind, row.limit),
            over(row),
            verdict(row),
        ]
    };
    rows.into_iter().map(cells).collect()
}

/// The table for a terminal; empty without budgets.
pub(crate) fn human(record: &Record) -> String {
    let rows = cells(record);
    if rows.is_empty() {
        return String::new();
    }
    let table: Vec<[String; 5]> = std::iter::once(COLUMNS.map(str::to_owned)).chain(rows).collect();
    let lines = wording::aligned(&table, |column| matches!(column, 0 | 4));
    lines.into_iter().map(|line| line + "\n").collect()
}

/// The table in Markdown; empty without budgets.
pub(crate) fn markdown(record: &Record) -> String {
    let rows = cells(record);
    if rows.is_empty() {
        return String::new();
    }
    let mut out = format!("| {} |\n|---|---:|---:|---:|---|\n", COLUMNS.join(" | "));
    for row in rows {
        let row = row.map(|cell| cell.replace("BROKEN", "**broken**"));
        out.push_str(&format!("| {} |\n", row.join(" | ")));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(kind: BudgetKind, found: Option<f64>, limit: f64, ok: Option<bool>) -> BudgetRecord {
        BudgetRecord {
            budget: "clean-dev".to_owned(),
            what: "clean-dev".to_owned(),
            kind,
            limit,
            found,
            ok,
            note: String::new(),
        }
    }

    #[test]
    fn a_broken_budget_says_by_how_much_and_comes_first() {
        let broken = row(BudgetKind::Ratio, Some(1.232), 1.10, Some(false));
        assert_eq!(sentence(&broken), "1.232, at most 1.100 allowed: 12.0% over");
        let count = row(BudgetKind::Count, Some(7.0), 5.0, Some(false));
        assert_eq!(sentence(&count), "7, at most 5 allowed: 2 over");
        let mut record = crate::render::sample::record();
        record.budgets = vec![row(BudgetKind::Ratio, Some(0.9), 1.1, Some(true)), broken];
        let table = human(&record);
        let lines: Vec<&str> = table.lines().collect();
        assert_eq!(lines[0], "budget           found  allowed   over  verdict");
        assert_eq!(lines[1], "clean dev build  1.232    1.100  12.0%  BROKEN");
        assert_eq!(lines[2], "clean dev build  0.900    1.100      -  kept");
        assert!(
            markdown(&record).contains("| clean dev build | 1.232 | 1.100 | 12.0% | **broken** |")
        );
    }

    #[test]
    fn what_was_not_measured_has_no_figure() {
        let mut record = crate::render::sample::record();
        record.budgets = vec![row(BudgetKind::Ratio, None, 1.1, None)];
        assert!(
            human(&record).contains("clean dev build      -    1.100     -  skipped"),
            "{}",
            human(&record)
        );
    }
}
