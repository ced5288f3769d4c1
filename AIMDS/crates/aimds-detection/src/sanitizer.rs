//! Masks personal data and removes invisible characters. Sanitizing twice
//! changes nothing the second time.

use std::collections::BTreeMap;

use aimds_core::{Category, Detection, Severity};

use crate::invisible::{self, Kind};
use crate::personal;

/// A text fit to be passed on, and what it took.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sanitized {
    /// The text after masking.
    pub text: String,
    /// What was masked or removed, with places in the original text where they
    /// are known.
    pub detections: Vec<Detection>,
    /// Text that was spelled in tag characters.
    pub hidden_text: String,
}

/// Masks and removes.
///
/// ```
/// let clean = aimds_detection::sanitize("Mail ada@example.org about 4111 1111 1111 1111");
/// assert_eq!(clean.text, "Mail [EMAIL] about [CARD]");
/// ```
pub fn sanitize(text: &str) -> Sanitized {
    let revealed = invisible::reveal(text);
    let mut detections = invisible_detections(&revealed.removed);

    // Masked in the visible text, or a zero-width space would hide an address.
    let mut masked = String::with_capacity(revealed.visible.len());
    let mut copied = 0;
    for finding in personal::find(&revealed.visible) {
        masked.push_str(&revealed.visible[copied..finding.span.start]);
        masked.push_str(finding.mask);
        copied = finding.span.end;
        let start = original_offset(&revealed.removed, finding.span.start);
        let end = original_offset(&revealed.removed, finding.span.end - 1) + 1;
        detections.push(
            Detection::new(Category::PersonalData, finding.severity, 0.95, finding.rule)
                .at(start, end),
        );
    }
    masked.push_str(&revealed.visible[copied..]);
    detections.sort_by_key(|d| d.span);
    Sanitized {
        text: masked,
        detections,
        hidden_text: revealed.hidden_text,
    }
}

/// One detection for each kind, at the first place; many small ones say no more.
fn invisible_detections(removed: &[(usize, char, Kind)]) -> Vec<Detection> {
    let mut first: BTreeMap<&'static str, (usize, char, Kind)> = BTreeMap::new();
    for &(offset, c, kind) in removed {
        first.entry(kind.rule()).or_insert((offset, c, kind));
    }
    first
        .into_iter()
        .map(|(rule, (offset, c, kind))| {
            let severity = match kind {
                Kind::ZeroWidth => Severity::Low,
                Kind::BidiControl => Severity::Medium,
                Kind::Tag => Severity::High,
            };
            Detection::new(Category::Obfuscation, severity, 0.8, rule)
                .at(offset, offset + c.len_utf8())
        })
        .collect()
}

/// Offset in the original of a byte of the visible text.
fn original_offset(removed: &[(usize, char, Kind)], visible: usize) -> usize {
    let mut offset = visible;
    for (at, c, _) in removed {
        if *at > offset {
            break;
        }
        offset += c.len_utf8();
    }
    offset
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_split_by_a_zero_width_space_is_still_masked() {
        let text = "to ada\u{200b}@example.org!";
        let clean = sanitize(text);
        assert_eq!(clean.text, "to [EMAIL]!");
        let email = clean.detections.iter().find(|d| d.rule == "email").unwrap();
        let span = email.span.unwrap();
        assert_eq!(&text[span.start..span.end], "ada\u{200b}@example.org");
    }

    #[test]
    fn a_second_pass_changes_nothing() {
        let once = sanitize("a@b.example, 4242424242424242, pwd=abcdefgh, x\u{202e}y");
        assert_eq!(once.text, "[EMAIL], [CARD], [PASSWORD], xy");
        let twice = sanitize(&once.text);
        assert_eq!(twice.text, once.text);
        assert!(twice.detections.is_empty());
    }

    #[test]
    fn each_kind_of_invisible_character_is_reported_once() {
        let clean = sanitize("a\u{200b}b\u{200b}c\u{2066}d");
        let rules: Vec<_> = clean.detections.iter().map(|d| d.rule.as_str()).collect();
        assert_eq!(rules, ["zero-width", "bidi-control"]);
    }
}
