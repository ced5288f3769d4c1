//! The one table of before and after, for a terminal.
//!
//! ASCII only and without colour: nothing is lost in a log file or a narrow font.

use super::{COLUMNS, Row, facts, machine, rows};
use crate::record::Record;

/// The table, and beneath it what a reader needs to weigh it. Ends with a line feed.
pub(crate) fn human(record: &Record) -> String {
    let rows = rows(record);
    let mut lines =
        if rows.is_empty() { vec!["nothing was measured".to_owned()] } else { aligned(&rows) };
    lines.push(String::new());
    lines.extend(facts::method(record));
    lines.push(format!("machine: {}", machine(&record.machine)));
    let lines = lines.iter().map(|line| ascii(line.trim_end()) + "\n");
    lines.collect()
}

fn aligned(rows: &[Row<'_>]) -> Vec<String> {
    let table: Vec<[&str; 6]> =
        std::iter::once(COLUMNS).chain(rows.iter().map(Row::cells)).collect();
    let width = |column: usize| {
        let cells = table.iter().map(|row| row[column].chars().count());
        cells.max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..COLUMNS.len()).map(width).collect();
    table
        .iter()
        .map(|row| {
            let cells = row.iter().zip(&widths).enumerate();
            let cells: Vec<String> = cells
                .map(|(column, (cell, width))| match column {
                    0 | 5 => format!("{cell:<width$}"),
                    _ => format!("{cell:>width$}"),
                })
                .collect();
            cells.join("  ")
        })
        .collect()
}

/// With a question mark for whatever is not printable ASCII.
fn ascii(text: &str) -> String {
    let plain = |c: char| if matches!(c, ' '..='~') { c } else { '?' };
    text.chars().map(plain).collect()
}
