//! Personal data and credentials in a text: e-mail addresses, payment cards,
//! keys and tokens. A number is a card only when its length, prefix and Luhn
//! check digit all agree.

use std::sync::LazyLock;

use aimds_core::{Severity, Span};
use regex::Regex;

/// A place to be masked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    pub span: Span,
    pub rule: &'static str,
    pub mask: &'static str,
    pub severity: Severity,
}

struct Pattern {
    rule: &'static str,
    mask: &'static str,
    severity: Severity,
    regex: Regex,
}

static PATTERNS: LazyLock<Vec<Pattern>> = LazyLock::new(|| {
    let pattern = |rule, mask, severity, regex: &str| Pattern {
        rule,
        mask,
        severity,
        regex: Regex::new(regex).expect("the built-in patterns are valid"),
    };
    vec![
        pattern(
            "private-key",
            "[KEY]",
            Severity::Critical,
            r"-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----(?s:.{0,8192}?-----END [A-Z ]{0,20}PRIVATE KEY-----)?",
        ),
        pattern(
            "token",
            "[TOKEN]",
            Severity::High,
            r"\b(?:eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}|gh[pousr]_[A-Za-z0-9]{36,}|xox[abps]-[A-Za-z0-9-]{10,})",
        ),
        pattern(
            "api-key",
            "[KEY]",
            Severity::High,
            r"\b(?:AKIA[0-9A-Z]{16}|AIza[0-9A-Za-z_-]{35}|sk-[A-Za-z0-9_-]{20,})",
        ),
        pattern(
            "password",
            "[PASSWORD]",
            Severity::High,
            r"(?i)\b(?:password|passwd|pwd)\s*[:=]\s*[^\s,;]{6,}",
        ),
        pattern(
            "email",
            "[EMAIL]",
            Severity::Low,
            r"(?i)\b[a-z0-9][a-z0-9._%+-]{0,63}@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,24}\b",
        ),
        pattern(
            "card-number",
            "[CARD]",
            Severity::Medium,
            r"\b[3-6](?:[ -]?[0-9]){12,18}\b",
        ),
    ]
});

/// Everything to be masked, in order of place, without overlaps. Where two
/// rules claim the same place, the earlier one in the table wins.
pub(crate) fn find(text: &str) -> Vec<Finding> {
    let mut found: Vec<Finding> = Vec::new();
    for pattern in PATTERNS.iter() {
        for hit in pattern.regex.find_iter(text) {
            let span = Span {
                start: hit.start(),
                end: hit.end(),
            };
            if pattern.rule == "card-number" && !is_card(hit.as_str()) {
                continue;
            }
            if found.iter().any(|other| other.span.overlaps(span)) {
                continue;
            }
            found.push(Finding {
                span,
                rule: pattern.rule,
                mask: pattern.mask,
                severity: pattern.severity,
            });
        }
    }
    found.sort_by_key(|finding| finding.span);
    found
}

fn is_card(text: &str) -> bool {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let length_fits = match digits.as_bytes() {
        [b'3', b'4' | b'7', ..] => digits.len() == 15,
        [b'3', ..] => (14..=16).contains(&digits.len()),
        [b'4', ..] => matches!(digits.len(), 13 | 16 | 19),
        [b'5', ..] => digits.len() == 16,
        _ => (16..=19).contains(&digits.len()),
    };
    length_fits && passes_luhn(&digits)
}

/// Whether the last digit is the Luhn check digit of the others. Anything but a
/// string of at least two ASCII digits fails.
///
/// ```
/// use aimds_detection::passes_luhn;
///
/// assert!(passes_luhn("4242424242424242"));
/// assert!(!passes_luhn("4242424242424241"));
/// ```
pub fn passes_luhn(digits: &str) -> bool {
    if digits.len() < 2 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return false;
    }
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, byte)| match (place % 2, u32::from(byte - b'0')) {
            (0, digit) => digit,
            (_, digit) if digit > 4 => digit * 2 - 9,
            (_, digit) => digit * 2,
        })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules_of(text: &str) -> Vec<&'static str> {
        find(text).into_iter().map(|finding| finding.rule).collect()
    }

    #[test]
    fn well_known_test_cards_are_found_with_and_without_separators() {
        for card in [
            "4111111111111111",
            "4111 1111 1111 1111",
            "5555-5555-5555-4444",
            "378282246310005",
            "6011111111111117",
            "30569309025904",
        ] {
            assert_eq!(
                rules_of(&format!("pay with {card}.")),
                ["card-number"],
                "{card}"
            );
        }
    }

    #[test]
    fn other_long_numbers_are_left_alone() {
        for text in [
            "order 4111111111111112",
            "call +49 30 1234567890",
            "timestamp 1700000000000",
            "3.14159265358979323846",
        ] {
            assert!(find(text).is_empty(), "{text}");
        }
    }

    #[test]
    fn addresses_are_found_and_handles_are_not() {
        assert_eq!(rules_of("ada.lovelace+math@example.co.uk wrote"), ["email"]);
        assert!(find("thanks @ada, see you @ 5").is_empty());
    }

    #[test]
    fn keys_and_tokens_are_found() {
        // Made up: the right shape, and nothing behind it.
        let token = format!("ghp_{}", "x1".repeat(18));
        assert_eq!(rules_of(&format!("use {token}")), ["token"]);
        assert_eq!(rules_of("AKIAIOSFODNN7EXAMPLE"), ["api-key"]);
        assert_eq!(rules_of("password: hunter2hunter2"), ["password"]);
        assert_eq!(
            rules_of("-----BEGIN RSA PRIVATE KEY-----\nMIIx\n-----END RSA PRIVATE KEY-----"),
            ["private-key"]
        );
    }

    #[test]
    fn luhn_refuses_what_is_not_digits() {
        assert!(passes_luhn("79927398713"));
        for text in ["", "0", "79927398710", "4242 4242 4242 4242", "٤٢"] {
            assert!(!passes_luhn(text), "{text}");
        }
    }
}
