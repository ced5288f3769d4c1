//! Text as the rules see it: compatibility forms unified (NFKC), accents off,
//! lower case, look-alike letters folded, invisible characters dropped, white
//! space collapsed. Each byte remembers the byte of the original it came from.

use unicode_normalization::char::is_combining_mark;
use unicode_normalization::UnicodeNormalization;

use crate::invisible::is_invisible;

/// Normalized text with a way back to the original.
#[derive(Debug, Clone, Default)]
pub struct Normalized {
    text: String,
    /// For each byte of `text`, the start of its original character.
    origin: Vec<usize>,
    original_len: usize,
}

impl Normalized {
    /// Normalizes.
    ///
    /// ```
    /// use aimds_detection::Normalized;
    ///
    /// let normalized = Normalized::new("Ｉgn\u{200b}ore   ALL\nrules");
    /// assert_eq!(normalized.text(), "ignore all rules");
    /// ```
    pub fn new(original: &str) -> Self {
        let mut normalized = Normalized {
            text: String::with_capacity(original.len()),
            origin: Vec::with_capacity(original.len()),
            original_len: original.len(),
        };
        for (offset, c) in original.char_indices() {
            if is_invisible(c) {
                continue;
            }
            if c.is_whitespace() {
                if !normalized.text.is_empty() && !normalized.text.ends_with(' ') {
                    normalized.push(' ', offset);
                }
                continue;
            }
            for decomposed in std::iter::once(c).nfkd() {
                if is_combining_mark(decomposed) {
                    continue;
                }
                for lower in decomposed.to_lowercase() {
                    normalized.push(fold_look_alike(lower), offset);
                }
            }
        }
        normalized
    }

    /// The normalized text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Maps a range of bytes of the normalized text to one of the original.
    pub fn original_span(&self, start: usize, end: usize) -> (usize, usize) {
        let at = |index: usize| self.origin.get(index).copied().unwrap_or(self.original_len);
        let start = at(start);
        // A character that decomposes into several belongs to the range whole.
        let last = if end == 0 { 0 } else { at(end - 1) };
        let next = self.origin[end.min(self.origin.len())..]
            .iter()
            .copied()
            .find(|origin| *origin > last)
            .unwrap_or(self.original_len);
        (start, next.max(start))
    }

    fn push(&mut self, c: char, offset: usize) {
        self.text.push(c);
        self.origin.resize(self.text.len(), offset);
    }
}

/// Cyrillic and Greek letters that look like Latin ones, and typographic quotes.
fn fold_look_alike(c: char) -> char {
    match c {
        'а' | 'α' => 'a',
        'е' | 'ε' => 'e',
        'о' | 'ο' => 'o',
        'р' | 'ρ' => 'p',
        'с' => 'c',
        'у' => 'y',
        'х' | 'χ' => 'x',
        'і' | 'ι' => 'i',
        'ѕ' => 's',
        'ј' => 'j',
        'ԁ' => 'd',
        'ν' => 'v',
        'τ' => 't',
        '‘' | '’' => '\'',
        '“' | '”' => '"',
        '–' | '—' | '‐' => '-',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn look_alikes_accents_and_full_width_letters_are_folded() {
        assert_eq!(
            Normalized::new("іgnоrе ｐｒévïous").text(),
            "ignore previous"
        );
    }

    #[test]
    fn a_span_leads_back_to_the_original() {
        let original = "Ça: ig\u{200d}nore  it";
        let normalized = Normalized::new(original);
        let start = normalized.text().find("ignore").unwrap();
        let (start, end) = normalized.original_span(start, start + "ignore".len());
        assert_eq!(&original[start..end], "ig\u{200d}nore");
    }

    #[test]
    fn a_span_at_the_end_stops_at_the_end() {
        let normalized = Normalized::new("ﬁ");
        assert_eq!(normalized.text(), "fi");
        assert_eq!(normalized.original_span(1, 2), (0, 3));
        assert_eq!(Normalized::new("").original_span(0, 0), (0, 0));
    }
}
