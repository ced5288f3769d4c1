//! Keeps the lines of a text in their order where the document that was parsed from it prints them in another.
//!
//! Dotted keys of one entry that do not follow each other, and arrays of tables with other tables in between, are printed
//! together. Invariant: of the lines that were not edited, none moves.

use std::collections::HashMap;

use similar::{DiffOp, TextDiff};

/// `text` with the difference between `printed`, its document before an edit, and `edited`, the same after it. All have
/// `\n` endings, and so has every line of what comes of it. None where a line of `text` is not printed as it stands, so
/// that it cannot be found again.
pub(super) fn in_place(text: &str, printed: &str, edited: &str) -> Option<String> {
    if printed.strip_suffix('\n').unwrap_or(printed) == text.strip_suffix('\n').unwrap_or(text) {
        return Some(edited.to_owned());
    }
    let [text, printed, edited] = [text, printed, edited].map(|text| match text.ends_with('\n') {
        true => text.to_owned(),
        false => format!("{text}\n"),
    });
    let (text, printed, edited) = (lines(&text), lines(&printed), lines(&edited));
    let places = places(&text, &printed)?;
    let mut is_gone = vec![false; text.len()];
    // What is inserted in front of each line, and at the end.
    let mut added = vec![Vec::new(); text.len() + 1];
    for op in TextDiff::from_slices(&printed, &edited).ops() {
        let (old, new) = (op.old_range(), op.new_range());
        if matches!(op, DiffOp::Equal { .. }) {
            continue;
        }
        // What is in a table stays in it; another table comes before the next one.
        let (inside, tables) = edited[new.clone()].split_at(first_table(&edited[new]));
        let above = old.start.checked_sub(1).filter(|_| old.is_empty());
        let place = |line: usize| places.get(line).copied().unwrap_or(text.len());
        added[above.map_or_else(|| place(old.start), |above| place(above) + 1)].extend(inside);
        added[place(old.end)].extend(tables);
        old.for_each(|line| is_gone[places[line]] = true);
    }
    let kept = text.iter().zip(is_gone).map(|(line, is_gone)| (!is_gone).then_some(*line));
    let mut out = String::new();
    for (added, kept) in added.iter().zip(kept.chain([None])) {
        out.extend(added.iter().copied().chain(kept));
    }
    Some(out)
}

/// Where the lines begin a table, with the comments and empty lines above its header; their number if they begin none.
fn first_table(lines: &[&str]) -> usize {
    let header = lines.iter().position(|line| line.trim().starts_with('['));
    let Some(header) = header else { return lines.len() };
    let is_between = |line: &&&str| line.trim().is_empty() || line.trim().starts_with('#');
    header - lines[..header].iter().rev().take_while(is_between).count()
}

/// The lines, each with its ending.
fn lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

/// The place in `text` of each printed line; none unless both have the same lines. What is in the same order in both is
/// taken for the same.
fn places(text: &[&str], printed: &[&str]) -> Option<Vec<usize>> {
    let mut places = vec![None; printed.len()];
    let mut is_free = vec![true; text.len()];
    for op in TextDiff::from_slices(text, printed).ops() {
        if let DiffOp::Equal { old_index, new_index, len } = *op {
            for offset in 0..len {
                places[new_index + offset] = Some(old_index + offset);
                is_free[old_index + offset] = false;
            }
        }
    }
    let mut free: HashMap<&str, Vec<usize>> = HashMap::new();
    for at in (0..text.len()).rev().filter(|at| is_free[*at]) {
        free.entry(text[at]).or_default().push(at);
    }
    for (line, place) in printed.iter().zip(&mut places).filter(|(_, place)| place.is_none()) {
        *place = free.get_mut(line).and_then(Vec::pop);
    }
    (text.len() == printed.len()).then_some(())?;
    places.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_are_printed_elsewhere_stay_where_they_are() {
        let text = "a.version = 1\n\n# b\nb = 1\na.features = []\n";
        let printed = "a.version = 1\na.features = []\n\n# b\nb = 1\n";
        for (edited, expected) in [
            (printed.to_owned(), text.to_owned()),
            (printed.replace("b = 1", "b = 2"), text.replace("b = 1", "b = 2")),
            (printed.replace("[]", "[1]"), text.replace("[]", "[1]")),
            (format!("{printed}c = 1\n"), text.replace("b = 1\n", "b = 1\nc = 1\n")),
            (printed.replace("a.features = []\n", ""), text.replace("a.features = []\n", "")),
            (format!("{printed}\n# d\n[d]\n"), format!("{text}\n# d\n[d]\n")),
        ] {
            assert_eq!(in_place(text, printed, &edited), Some(expected));
        }
    }

    #[test]
    fn a_last_line_without_an_ending_gets_one_where_another_follows() {
        let edited = in_place(
            "a.b = 1\nc = 1\na.d = 1",
            "a.b = 1\na.d = 1\nc = 1\n",
            "a.b = 1\na.d = 1\na.e = 1\nc = 1\n",
        );
        assert_eq!(edited.as_deref(), Some("a.b = 1\nc = 1\na.d = 1\na.e = 1\n"));
    }

    #[test]
    fn a_line_that_is_printed_otherwise_is_not_found_again() {
        assert_eq!(in_place("a = 1\nb = 1\n", "a = 1\nb = 01\n", "b = 01\n"), None);
    }
}
