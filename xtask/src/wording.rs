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

/// Seconds with two decimals below 10 s, one below 100 s and none from there on: `1.53 s`, `65.4 s`, `168 s`. A ratio
/// beside them can be followed, and nothing pretends to be more exact than builds are.
pub(crate) fn seconds(seconds: f64) -> String {
    // What would round up to 10.00 or 100.0 belongs to the other side.
    let decimals = match seconds.abs() {
        ..9.995 => 2,
        ..99.95 => 1,
        _ => 0,
    };
    format!("{seconds:.decimals$} s")
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

/// Columns of a terminal that lines are fitted to, whatever the terminal is: what is printed is also read in logs.
pub(crate) const COLUMNS: usize = 80;

/// A text folded by words so that no line passes [`COLUMNS`], if it begins `indent` columns from the left; the lines
/// below the first are indented as far. What stands in backticks is one word, and so is a number with its unit: paths,
/// commands and quantities are not broken.
pub(crate) fn folded(text: &str, indent: usize) -> String {
    let room = COLUMNS.saturating_sub(indent);
    let mut lines: Vec<String> = Vec::new();
    for part in text.split('\n') {
        let mut line = String::new();
        let mut columns = 0;
        for word in words(part) {
            let width = word.chars().count();
            if columns > 0 && columns + 1 + width > room {
                lines.push(std::mem::take(&mut line));
                columns = 0;
            }
            if columns > 0 {
                line.push(' ');
                columns += 1;
            }
            line.push_str(&word);
            columns += width;
        }
        lines.push(line);
    }
    lines.join(&format!("\n{}", " ".repeat(indent)))
}

/// Units that stand behind a number in what is printed.
const UNITS: [&str; 8] = ["s", "min", "h", "B", "kB", "MB", "GB", "%"];

/// Whether two words are a number and its unit.
fn is_quantity(number: &str, unit: &str) -> bool {
    number.ends_with(|c: char| c.is_ascii_digit())
        && UNITS.contains(&unit.trim_end_matches(|c: char| ",;.:)".contains(c)))
}

/// The words of a line; a pair of backticks and what touches it is one, and a number with its unit.
fn words(line: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let pairs = line.matches('`').count().is_multiple_of(2);
    let mut is_open = false;
    for piece in line.split(' ').filter(|piece| !piece.is_empty()) {
        match words.last_mut() {
            Some(word) if is_open || is_quantity(word, piece) => {
                word.push(' ');
                word.push_str(piece);
            }
            _ => words.push(piece.to_owned()),
        }
        is_open ^= pairs && !piece.matches('`').count().is_multiple_of(2);
    }
    words
}

/// A text of at most so many columns, with an ellipsis where it was cut: between words, unless that loses much.
pub(crate) fn shortened(text: &str, columns: usize) -> String {
    if text.chars().count() <= columns {
        return text.to_owned();
    }
    let Some(room) = columns.checked_sub(1) else { return String::new() };
    let kept: String = text.chars().take(room).collect();
    let is_between = text.chars().nth(room) == Some(' ');
    let words = kept.rsplit_once(' ').map(|(words, _)| words).filter(|_| !is_between);
    let words = words.filter(|words| 3 * words.chars().count() > 2 * columns);
    format!("{}…", words.unwrap_or(&kept).trim_end())
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
    fn a_long_text_is_folded_under_itself() {
        let text = "word ".repeat(30);
        let folded = folded(&text, 13);
        let lines: Vec<&str> = folded.lines().collect();
        assert_eq!(lines.len(), 3, "{folded}");
        assert!(lines[1].starts_with("             word"), "{folded}");
        assert!(lines[1..].iter().all(|line| line.chars().count() <= COLUMNS), "{folded}");
        assert!(lines[0].chars().count() <= COLUMNS - 13, "{folded}");
    }

    #[test]
    fn paths_and_commands_are_not_broken() {
        let command = format!("`cargo xtask {}`", "and more ".repeat(9).trim_end());
        let folded = folded(&format!("run {command}, then look"), 13);
        assert!(folded.contains(&command), "{folded}");
        assert_eq!(folded.lines().count(), 3, "{folded}");
        assert_eq!(
            super::folded("a `b", 78),
            "a\n                                                                              `b"
        );
    }

    #[test]
    fn a_number_stays_with_its_unit() {
        let before = "x".repeat(COLUMNS - 5);
        assert_eq!(folded(&format!("{before} 54.5 s, then"), 0), format!("{before}\n54.5 s, then"));
        assert_eq!(folded(&format!("{before} (12 %)"), 0), format!("{before}\n(12 %)"));
        assert_eq!(folded(&format!("{before} 1,2 so"), 0), format!("{before} 1,2\nso"));
    }

    #[test]
    fn a_line_break_is_kept_and_a_cut_is_shown() {
        assert_eq!(folded("a\nb", 2), "a\n  b");
        assert_eq!(shortened("abcdef", 6), "abcdef");
        assert_eq!(shortened("abc def", 5), "abc…");
        assert_eq!(shortened("one two three four", 16), "one two three…");
        assert_eq!(shortened("one two", 4), "one…");
        assert_eq!(shortened("abc", 0), "");
    }

    #[test]
    fn nothing_but_line_breaks_and_tabs_takes_effect() {
        assert_eq!(visible("a\n\tb ü"), "a\n\tb ü");
        assert_eq!(visible("\x1b[2J\r\u{9b}x"), "\\u{1b}[2J\\r\\u{9b}x");
    }
}
