//! What was found in a prompt. A [`Verdict`] is the outcome of detection for one
//! text and depends on nothing but that text, which is what makes it cacheable.

use serde::{Deserialize, Serialize};

use crate::threat::{Category, Severity};

/// A half-open range of bytes in the text a detection speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Span {
    /// Whether the two ranges share a byte.
    pub fn overlaps(self, other: Span) -> bool {
        self.start < other.end && other.start < self.end
    }
}

/// One sign of a threat.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Detection {
    /// Kind of harm.
    pub category: Category,
    /// How bad it would be.
    pub severity: Severity,
    /// How sure the rule is, between 0 and 1.
    pub confidence: f64,
    /// Name of the rule that fired.
    pub rule: String,
    /// Where, if the rule points at a place in the text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span: Option<Span>,
}

impl Detection {
    /// A detection without a place. The confidence is clamped into 0 to 1.
    pub fn new(
        category: Category,
        severity: Severity,
        confidence: f64,
        rule: impl Into<String>,
    ) -> Self {
        Detection {
            category,
            severity,
            confidence: confidence.clamp(0.0, 1.0),
            rule: rule.into(),
            span: None,
        }
    }

    /// The same detection at a place in the text.
    #[must_use]
    pub fn at(mut self, start: usize, end: usize) -> Self {
        self.span = Some(Span { start, end });
        self
    }

    /// Severity weighed by confidence, between 0 and 1.
    pub fn risk(&self) -> f64 {
        self.severity.weight() * self.confidence
    }
}

/// The outcome of detection for one text.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// Everything found, in order of place.
    pub detections: Vec<Detection>,
    /// The text with personal data masked and invisible characters removed;
    /// `None` when there was nothing to change.
    pub sanitized: Option<String>,
}

impl Verdict {
    /// Whether nothing at all was found.
    pub fn is_clean(&self) -> bool {
        self.detections.is_empty() && self.sanitized.is_none()
    }

    /// The combined risk: independent signs add up without passing 1.
    pub fn risk(&self) -> f64 {
        combined_risk(&self.detections)
    }
}

/// One minus the product of what each detection leaves over.
pub(crate) fn combined_risk(detections: &[Detection]) -> f64 {
    1.0 - detections.iter().map(|d| 1.0 - d.risk()).product::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn risk_grows_with_each_sign_and_stays_below_one() {
        let mut verdict = Verdict::default();
        assert!(verdict.is_clean());
        let mut last = verdict.risk();
        assert_eq!(last, 0.0);
        for _ in 0..8 {
            verdict.detections.push(Detection::new(
                Category::Jailbreak,
                Severity::Medium,
                0.8,
                "r",
            ));
            assert!(verdict.risk() > last && verdict.risk() < 1.0);
            last = verdict.risk();
        }
    }

    #[test]
    fn confidence_is_clamped() {
        let d = Detection::new(Category::Anomaly, Severity::Critical, 7.0, "r");
        assert_eq!(d.risk(), 1.0);
    }

    #[test]
    fn touching_spans_do_not_overlap() {
        let left = Span { start: 0, end: 4 };
        assert!(!left.overlaps(Span { start: 4, end: 8 }));
        assert!(left.overlaps(Span { start: 3, end: 8 }));
    }
}
