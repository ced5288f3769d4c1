//! Everything this crate finds in one text. Pure: the same text gives the same
//! verdict, which the cache relies on.

use aimds_core::{Category, Detection, DetectionConfig, Severity, Verdict};

use crate::encoded::decode_runs;
use crate::matcher::Matcher;
use crate::normalize::Normalized;
use crate::sanitizer::sanitize;
use crate::Result;

/// Rules and sanitizer together.
#[derive(Debug, Clone)]
pub struct Detector {
    matcher: Matcher,
}

impl Detector {
    /// Compiles the rules.
    pub fn new(config: &DetectionConfig) -> Result<Self> {
        Ok(Detector {
            matcher: Matcher::new(config)?,
        })
    }

    /// Examines one text: as it reads, as its tag characters spell, and as its
    /// base64 decodes.
    pub fn examine(&self, text: &str) -> Verdict {
        let sanitized = sanitize(text);
        let mut detections = self.matcher.find(&Normalized::new(text));

        let hidden = self.matcher.find(&Normalized::new(&sanitized.hidden_text));
        let tags = sanitized
            .detections
            .iter()
            .find(|d| d.rule == "tag-characters");
        if let Some(span) = tags.and_then(|d| d.span) {
            detections.extend(concealed(hidden, "hidden", span.start, span.end));
        }
        for run in decode_runs(text) {
            let found = self.matcher.find(&Normalized::new(&run.text));
            if !found.is_empty() {
                detections.push(
                    Detection::new(Category::Obfuscation, Severity::Medium, 0.8, "base64")
                        .at(run.start, run.end),
                );
                detections.extend(concealed(found, "base64", run.start, run.end));
            }
        }
        detections.extend(sanitized.detections);
        detections.sort_by_key(|d| d.span);
        Verdict {
            detections,
            sanitized: (sanitized.text != text).then_some(sanitized.text),
        }
    }
}

/// What was hidden on purpose is held against its sender with more confidence,
/// at the place where it was hidden.
fn concealed(
    found: Vec<Detection>,
    how: &str,
    start: usize,
    end: usize,
) -> impl Iterator<Item = Detection> + '_ {
    found.into_iter().map(move |d| {
        Detection::new(
            d.category,
            d.severity,
            d.confidence + 0.1,
            format!("{how}:{}", d.rule),
        )
        .at(start, end)
    })
}
