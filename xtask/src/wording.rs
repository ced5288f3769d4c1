//! Numbers as text, the same in status lines and reports.
//!
//! Pure. Every unit is written out.

use std::borrow::Cow;

/// A number of bytes in powers of ten, as `999 B`, `12.3 kB`, `87.5 MB`, `1421 MB`, `12.4 GB`:
/// megabytes up to ten thousand of them, so that before and after read in one unit.
pub(crate) fn si_bytes(bytes: u64) -> String {
    let count = bytes as f64;
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..999_950 => format!("{:.1} kB", count / 1e3),
        999_950..99_950_000 => format!("{:.1} MB", count / 1e6),
        99_950_000..10_000_000_000 => format!("{:.0} MB", count / 1e6),
        _ => format!("{:.1} GB", count / 1e9),
    }
}

/// Seconds with one decimal below 100 s and none from there on: `65.4 s`, `168 s`.
pub(crate) fn seconds(seconds: f64) -> String {
    // What would round up to 100.0 belongs to the other side.
    if seconds < 99.95 { format!("{seconds:.1} s") } else { format!("{seconds:.0} s") }
}

/// `1 core`, `2 cores`.
pub(crate) fn count(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

/// What somebody who wrote `wrong` may have meant: the nearest name, if it is no further away than a third of the letters.
pub(crate) fn nearest<'a>(
    wrong: &str,
    names: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let far = |name: &str| strsim::osa_distance(wrong, name);
    let (distance, name) = names.into_iter().map(|name| (far(name), name)).min()?;
    (distance <= (wrong.chars().count() / 3).max(1)).then_some(name)
}

/// The first three of a list, and how many more there are: `a, b, c and 4 more`.
pub(crate) fn some_of(names: &[String]) -> String {
    const SHOWN: usize = 3;
    let shown = names[..names.len().min(SHOWN)].join(", ");
    match names.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// Rows with their cells one below the other, two spaces between columns and none at the ends of lines. Columns
/// for which `is_left` holds start at the left, the others end at the right.
pub(crate) fn aligned<T: AsRef<str>, const N: usize>(
    rows: &[[T; N]],
    is_left: impl Fn(usize) -> bool,
) -> Vec<String> {
    let width = |column: usize| rows.iter().map(|row| row[column].as_ref().chars().count()).max();
    let widths: [usize; N] = std::array::from_fn(|column| width(column).unwrap_or_default());
    let line = |row: &[T; N]| {
        let cells = row.iter().zip(widths).enumerate().map(|(column, (cell, width))| {
            let cell = cell.as_ref();
            if is_left(column) { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

/// A text for a terminal in which nothing but line breaks and tabs takes effect: a name or a message that somebody
/// else made may hold escape sequences.
pub(crate) fn visible(text: &str) -> Cow<'_, str> {
    let acts = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    if !text.contains(acts) {
        return Cow::Borrowed(text);
    }
    let shown = |c: char| if acts(c) { c.escape_default().collect() } else { String::from(c) };
    text.chars().map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_line_breaks_and_tabs_takes_effect() {
        assert_eq!(visible("a\n\tb ü"), "a\n\tb ü");
        assert_eq!(visible("\x1b[2J\r\u{9b}x"), "\\u{1b}[2J\\r\\u{9b}x");
    }
}
