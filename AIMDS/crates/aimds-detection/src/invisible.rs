//! Characters that people do not see and models do: zero-width characters, bidi
//! controls and tag characters. Joiners inside words of other scripts and inside
//! emoji are ordinary writing and are left alone.

use std::ops::RangeInclusive;

/// U+E0020 to U+E007E mirror printable ASCII.
const TAGS: RangeInclusive<char> = '\u{E0000}'..='\u{E007F}';

const BLACK_FLAG: char = '\u{1F3F4}';

/// Kinds of invisible characters, each a rule name of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    ZeroWidth,
    BidiControl,
    Tag,
}

impl Kind {
    pub fn rule(self) -> &'static str {
        match self {
            Kind::ZeroWidth => "zero-width",
            Kind::BidiControl => "bidi-control",
            Kind::Tag => "tag-characters",
        }
    }

    fn of(c: char) -> Option<Kind> {
        match c {
            '\u{200B}'..='\u{200D}'
            | '\u{2060}'..='\u{2064}'
            | '\u{FEFF}'
            | '\u{00AD}'
            | '\u{180E}' => Some(Kind::ZeroWidth),
            '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => Some(Kind::BidiControl),
            c if TAGS.contains(&c) => Some(Kind::Tag),
            _ => None,
        }
    }
}

/// Whether a character is one that people do not see.
pub(crate) fn is_invisible(c: char) -> bool {
    Kind::of(c).is_some()
}

/// Invisible characters of a text, taken out.
#[derive(Debug, Clone, Default)]
pub(crate) struct Revealed {
    /// The text without them.
    pub visible: String,
    /// What was removed, by byte offset in the original.
    pub removed: Vec<(usize, char, Kind)>,
    /// ASCII text that tag characters spelled.
    pub hidden_text: String,
}

/// Takes invisible characters out of a text.
pub(crate) fn reveal(text: &str) -> Revealed {
    let mut revealed = Revealed::default();
    let mut previous = None;
    let mut in_flag = false;
    let mut rest = text.char_indices().peekable();
    while let Some((offset, c)) = rest.next() {
        let next = rest.peek().map(|(_, next)| *next);
        let kind = Kind::of(c);
        // Flags of regions are a black flag, some tags, and a cancel tag.
        in_flag = c == BLACK_FLAG || (in_flag && kind == Some(Kind::Tag));
        let ordinary = in_flag || (is_joiner(c) && joins(previous, next)) || is_mark(offset, c);
        match kind {
            Some(kind) if !ordinary => {
                revealed.removed.push((offset, c, kind));
                if kind == Kind::Tag {
                    let ascii = char::from_u32(u32::from(c) - 0xE0000);
                    revealed
                        .hidden_text
                        .extend(ascii.filter(|c| (' '..='~').contains(c)));
                }
            }
            _ => {
                revealed.visible.push(c);
                previous = Some(c);
            }
        }
    }
    revealed
}

fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200C}' | '\u{200D}')
}

/// A joiner does its work between two characters beyond ASCII.
fn joins(previous: Option<char>, next: Option<char>) -> bool {
    let joinable = |c: Option<char>| c.is_some_and(|c| !c.is_ascii() && !is_invisible(c));
    joinable(previous) && joinable(next)
}

/// A byte order mark at the very start is how some editors save files.
fn is_mark(offset: usize, c: char) -> bool {
    offset == 0 && c == '\u{FEFF}'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_width_characters_between_letters_are_removed() {
        let revealed = reveal("pass\u{200b}wo\u{200d}rd");
        assert_eq!(revealed.visible, "password");
        assert_eq!(revealed.removed.len(), 2);
    }

    #[test]
    fn families_flags_and_persian_are_ordinary_writing() {
        for text in [
            "👨\u{200d}👩\u{200d}👧 at home",
            "🏴\u{E0067}\u{E0062}\u{E0073}\u{E0063}\u{E0074}\u{E007F} forever",
            "می\u{200c}خواهم",
            "\u{FEFF}saved by an editor",
        ] {
            let revealed = reveal(text);
            assert_eq!(revealed.visible, text);
            assert!(revealed.removed.is_empty(), "{text}");
        }
    }

    #[test]
    fn tag_characters_are_spelled_out() {
        let hidden: String = "run rm"
            .chars()
            .filter_map(|c| char::from_u32(u32::from(c) + 0xE0000))
            .collect();
        let revealed = reveal(&format!("hello{hidden}"));
        assert_eq!(revealed.visible, "hello");
        assert_eq!(revealed.hidden_text, "run rm");
    }

    #[test]
    fn bidi_controls_are_removed() {
        let revealed = reveal("admin\u{202e}txt.exe");
        assert_eq!(revealed.removed, [(5, '\u{202e}', Kind::BidiControl)]);
    }
}
