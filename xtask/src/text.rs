//! The bytes of a text file around an edit: byte order mark, line endings, final newline.
//!
//! Lines that an edit did not touch come back byte for byte, whatever mixture of endings they had.

use anyhow::{Result, bail};
use similar::{ChangeTag, TextDiff};

const BOM: &str = "\u{feff}";

/// A text file, split into what an editor may change and what it must keep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Text {
    bom: bool,
    /// Each line with its own ending.
    raw: String,
    /// The same with `\n` endings only: what edits start from.
    normal: String,
}

impl Text {
    /// # Errors
    /// When the bytes are not UTF-8; the message says where.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self> {
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => {
                let line = 1 + bytes[..error.valid_up_to()].iter().filter(|b| **b == b'\n').count();
                bail!("line {line} is not UTF-8\nhint: save the file as UTF-8 and run again");
            }
        };
        let (bom, raw) = match text.strip_prefix(BOM) {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let mut normal = String::with_capacity(raw.len());
        for line in raw.split_inclusive('\n') {
            match line.strip_suffix('\n') {
                // More than one `\r`, as a conversion of what was converted already leaves them, are one ending.
                Some(line) => normal.extend([line.trim_end_matches('\r'), "\n"]),
                None => normal.push_str(line),
            }
        }
        Ok(Self { bom, raw: raw.to_owned(), normal })
    }

    /// The content with `\n` endings and without a byte order mark.
    pub(crate) fn as_str(&self) -> &str {
        &self.normal
    }

    /// The file with `edited` (which has `\n` endings) in place of [`Text::as_str`]. Untouched
    /// lines keep their endings; new ones take the ending that most lines have.
    pub(crate) fn encode(&self, edited: &str) -> Vec<u8> {
        let mut out = String::with_capacity(edited.len() + 16);
        if self.bom {
            out.push_str(BOM);
        }
        if !self.raw.contains("\r\n") {
            out.push_str(edited);
            return out.into_bytes();
        }
        let crlf = self.raw.matches("\r\n").count();
        let lf = self.raw.matches('\n').count() - crlf;
        let ending = if crlf > lf { "\r\n" } else { "\n" };
        let raw: Vec<&str> = self.raw.split_inclusive('\n').collect();
        // Lines end with `\n` alone here; a lone `\r` is part of its line.
        let old: Vec<&str> = self.normal.split_inclusive('\n').collect();
        let new: Vec<&str> = edited.split_inclusive('\n').collect();
        let diff = TextDiff::from_slices(&old, &new);
        for change in diff.iter_all_changes() {
            match change.tag() {
                ChangeTag::Delete => {}
                ChangeTag::Equal => {
                    let old = change.old_index().expect("an equal line has an old place");
                    out.push_str(raw[old]);
                }
                ChangeTag::Insert => match change.value().strip_suffix('\n') {
                    Some(line) => {
                        out.push_str(line);
                        out.push_str(ending);
                    }
                    None => out.push_str(change.value()),
                },
            }
        }
        out.into_bytes()
    }
}

/// Adds lines at the end of a text with `\n` endings.
pub(crate) fn append_lines(text: &str, lines: &[String]) -> String {
    let mut out = text.to_owned();
    if !out.is_empty() && !out.ends_with('\n') {
        out.push('\n');
    }
    for line in lines {
        out.push_str(line);
        out.push('\n');
    }
    out
}

/// A unified diff between two versions of a file; empty when they are equal.
pub(crate) fn unified_diff(path: &str, before: Option<&[u8]>, after: Option<&[u8]>) -> String {
    let old = before.map(String::from_utf8_lossy).unwrap_or_default();
    let new = after.map(String::from_utf8_lossy).unwrap_or_default();
    if old == new && before.is_some() == after.is_some() {
        return String::new();
    }
    let name = |is_there, side| if is_there { quoted(side, path) } else { "/dev/null".to_owned() };
    let (from, to) = (name(before.is_some(), 'a'), name(after.is_some(), 'b'));
    TextDiff::from_lines(old.as_ref(), new.as_ref())
        .unified_diff()
        .context_radius(3)
        .header(&from, &to)
        .to_string()
}

/// A name in a diff as git writes it: in quotes if it holds a character that would end the line or the name, and with
/// a tab behind it if it holds a space, so that `patch` does not take what follows for a date.
fn quoted(side: char, path: &str) -> String {
    let is_plain = |c: char| !c.is_control() && c != '"' && c != '\\';
    if path.chars().all(is_plain) {
        let end = if path.contains(' ') { "\t" } else { "" };
        return format!("{side}/{path}{end}");
    }
    let mut out = format!("\"{side}/");
    for c in path.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => {
                let mut bytes = [0; 4];
                c.encode_utf8(&mut bytes)
                    .bytes()
                    .for_each(|byte| out.push_str(&format!("\\{byte:03o}")));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn edit(before: &str, edit: impl Fn(&str) -> String) -> String {
        let text = Text::decode(before.as_bytes()).unwrap();
        String::from_utf8(text.encode(&edit(text.as_str()))).unwrap()
    }

    #[test]
    fn names_in_a_diff_are_written_as_git_writes_them() {
        let head = |path: &str| {
            unified_diff(path, Some(b"a\n"), Some(b"b\n")).lines().next().map(str::to_owned)
        };
        for (path, line) in [
            ("crates/a/Cargo.toml", "--- a/crates/a/Cargo.toml"),
            ("a b/Cargo.toml", "--- a/a b/Cargo.toml\t"),
            ("a\nb/ü", "--- \"a/a\\nb/ü\""),
            ("\u{1b}[1m\"\\", "--- \"a/\\033[1m\\\"\\\\\""),
        ] {
            assert_eq!(head(path).as_deref(), Some(line));
        }
    }

    #[test]
    fn untouched_lines_keep_their_endings() {
        let after = edit("a\r\nb\nc\r\nd\r\n", |text| text.replace('b', "x\ny"));
        assert_eq!(after, "a\r\nx\r\ny\r\nc\r\nd\r\n");
    }

    #[test]
    fn endings_that_were_converted_twice_are_endings() {
        assert_eq!(Text::decode(b"a\r\r\nb\r").unwrap().as_str(), "a\nb\r");
        assert_eq!(edit("a\r\r\nb\r\n", |text| text.replace('b', "c")), "a\r\r\nc\r\n");
    }

    #[test]
    fn a_byte_order_mark_and_a_missing_final_newline_survive() {
        let after = edit("\u{feff}a\r\nb", |text| text.replace('a', "z"));
        assert_eq!(after, "\u{feff}z\r\nb");
    }

    #[test]
    fn a_file_that_is_not_utf8_is_refused_with_its_line() {
        let error = Text::decode(b"a\n\xff\n").unwrap_err().to_string();
        assert!(error.contains("line 2"), "{error}");
    }

    #[test]
    fn lines_are_appended_after_a_missing_final_newline() {
        assert_eq!(append_lines("a", &["b".to_owned()]), "a\nb\n");
        assert_eq!(append_lines("", &["b".to_owned()]), "b\n");
    }

    #[test]
    fn a_new_file_is_diffed_against_nothing() {
        let diff = unified_diff("x", None, Some(b"a\n"));
        assert!(diff.starts_with("--- /dev/null\n+++ b/x\n"), "{diff}");
        assert_eq!(unified_diff("x", Some(b"a"), Some(b"a")), "");
    }

    proptest! {
        #[test]
        fn encoding_an_unedited_text_is_the_identity(text in "[ab\u{feff}\r\n]{0,40}") {
            let decoded = Text::decode(text.as_bytes()).unwrap();
            prop_assert_eq!(decoded.encode(decoded.as_str()), text.into_bytes());
        }
    }
}
