//! The one table of before and after, for a terminal.
//!
//! ASCII only and without colour: nothing is lost in a log file or a narrow font.

use super::{COLUMNS, Row, facts, machine, rows};
use crate::{record::Record, wording};

/// The table, and beneath it what a reader needs to weigh it. Ends with a line feed.
pub(crate) fn human(record: &Record) -> String {
    let rows = rows(record);
    let mut lines =
        if rows.is_empty() { vec!["nothing was measured".to_owned()] } else { aligned(&rows) };
    lines.push(String::new());
    let mut notes = facts::method(record);
    notes.push(format!("machine: {}", machine(&record.machine)));
    lines.extend(notes.iter().map(|note| hanging(note)));
    let lines = lines.iter().map(|line| ascii(line.trim_end()) + "\n");
    lines.collect()
}

fn aligned(rows: &[Row<'_>]) -> Vec<String> {
    let table: Vec<[&str; 6]> =
        std::iter::once(COLUMNS).chain(rows.iter().map(Row::cells)).collect();
    wording::aligned(&table, |column| matches!(column, 0 | 5))
}

/// Folded, with what is below the first line two columns in.
fn hanging(text: &str) -> String {
    wording::folded(text, 2)
}

/// With a question mark for whatever is not printable ASCII.
fn ascii(text: &str) -> String {
    let plain = |c: char| if matches!(c, ' '..='~' | '\n') { c } else { '?' };
    text.chars().map(plain).collect()
}
