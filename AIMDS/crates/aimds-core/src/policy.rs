//! From detections to a decision. A policy only ever gets stricter with more
//! detections: adding one never lowers the action.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};

use crate::decision::{Action, Decision};
use crate::detection::{combined_risk, Detection};
use crate::error::{Error, Result};
use crate::threat::{Category, Severity};

/// The severity from which on each action is taken. What is left out is never
/// taken: TOML has no null to say so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Thresholds {
    /// Record for review.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flag: Option<Severity>,
    /// Mask the offending parts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sanitize: Option<Severity>,
    /// Refuse.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub block: Option<Severity>,
}

impl Default for Thresholds {
    fn default() -> Self {
        Thresholds {
            flag: Some(Severity::Low),
            sanitize: None,
            block: Some(Severity::High),
        }
    }
}

impl Thresholds {
    /// The strictest action that `severity` reaches.
    pub fn action(self, severity: Severity) -> Action {
        let reached = |threshold: Option<Severity>| threshold.is_some_and(|t| severity >= t);
        if reached(self.block) {
            Action::Block
        } else if reached(self.sanitize) {
            Action::Sanitize
        } else if reached(self.flag) {
            Action::Flag
        } else {
            Action::Allow
        }
    }
}

/// What to do about which category.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// Thresholds of every category without an entry in `categories`.
    pub default: Thresholds,
    /// Thresholds of single categories. Those that a configuration names are
    /// added to the built-in ones.
    #[serde(deserialize_with = "with_built_in_categories")]
    pub categories: BTreeMap<Category, Thresholds>,
    /// Detections below this confidence are ignored.
    pub min_confidence: f64,
    /// Combined risk from which on a prompt is blocked whatever its parts.
    pub block_risk: f64,
    /// Anomaly score (a probability) from which on a prompt is flagged.
    pub flag_anomaly: f64,
}

impl Default for Policy {
    fn default() -> Self {
        Policy {
            default: Thresholds::default(),
            categories: built_in_categories(),
            min_confidence: 0.3,
            block_risk: 0.95,
            flag_anomaly: 0.99,
        }
    }
}

impl Policy {
    /// Thresholds in force for a category.
    pub fn thresholds(&self, category: Category) -> Thresholds {
        self.categories
            .get(&category)
            .copied()
            .unwrap_or(self.default)
    }

    /// Decides about a prompt from what was found in it and, where known, how
    /// unlike its sender it is (a probability between 0 and 1).
    pub fn decide(&self, detections: &[Detection], anomaly: Option<f64>) -> Decision {
        let considered: Vec<Detection> = detections
            .iter()
            .filter(|d| d.confidence >= self.min_confidence)
            .cloned()
            .collect();
        // Personal data is masked, not held against its sender.
        let hostile: Vec<Detection> = considered
            .iter()
            .filter(|d| self.thresholds(d.category).block.is_some())
            .cloned()
            .collect();

        let mut decision = Decision::allow();
        decision.risk = combined_risk(&considered);
        for detection in &considered {
            let action = self
                .thresholds(detection.category)
                .action(detection.severity);
            if action > Action::Allow {
                decision.action = decision.action.max(action);
                decision.reasons.push(format!(
                    "{} ({}): {}",
                    detection.category, detection.severity, detection.rule
                ));
            }
        }
        let hostile_risk = combined_risk(&hostile);
        if hostile_risk >= self.block_risk {
            decision.action = Action::Block;
            decision.reasons.push(format!(
                "combined risk {hostile_risk:.2} is at least {:.2}",
                self.block_risk
            ));
        }
        if let Some(score) = anomaly.filter(|score| *score >= self.flag_anomaly) {
            decision.action = decision.action.max(Action::Flag);
            decision.reasons.push(format!(
                "anomaly score {score:.3} is at least {:.3}",
                self.flag_anomaly
            ));
        }
        decision
    }

    /// Refuses probabilities outside 0 to 1.
    pub fn check(&self) -> Result<()> {
        for (key, value) in [
            ("policy.min_confidence", self.min_confidence),
            ("policy.block_risk", self.block_risk),
            ("policy.flag_anomaly", self.flag_anomaly),
        ] {
            if !(0.0..=1.0).contains(&value) {
                return Err(Error::OutOfRange {
                    key,
                    value: value.to_string(),
                    expected: "a number between 0 and 1",
                });
            }
        }
        Ok(())
    }
}

fn built_in_categories() -> BTreeMap<Category, Thresholds> {
    let sanitize = Thresholds {
        flag: Some(Severity::Low),
        sanitize: Some(Severity::Low),
        block: None,
    };
    let review = Thresholds {
        flag: Some(Severity::Low),
        sanitize: None,
        block: Some(Severity::Critical),
    };
    BTreeMap::from([
        (Category::PersonalData, sanitize),
        (Category::Obfuscation, sanitize),
        (Category::Anomaly, review),
    ])
}

/// A configuration that sets one category must not silently lose the others.
fn with_built_in_categories<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> std::result::Result<BTreeMap<Category, Thresholds>, D::Error> {
    let mut categories = built_in_categories();
    categories.extend(BTreeMap::<Category, Thresholds>::deserialize(deserializer)?);
    Ok(categories)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detection(category: Category, severity: Severity) -> Detection {
        Detection::new(category, severity, 0.9, "rule")
    }

    #[test]
    fn nothing_found_is_allowed() {
        assert_eq!(Policy::default().decide(&[], None), Decision::allow());
    }

    #[test]
    fn personal_data_is_masked_however_much_there_is() {
        let found = vec![detection(Category::PersonalData, Severity::Critical); 12];
        assert_eq!(
            Policy::default().decide(&found, None).action,
            Action::Sanitize
        );
    }

    #[test]
    fn many_medium_signs_block_together() {
        let policy = Policy::default();
        let one = detection(Category::PromptInjection, Severity::Medium);
        assert_eq!(
            policy.decide(std::slice::from_ref(&one), None).action,
            Action::Flag
        );
        let decision = policy.decide(&vec![one; 6], None);
        assert_eq!(decision.action, Action::Block);
        assert!(decision
            .reasons
            .last()
            .unwrap()
            .starts_with("combined risk"));
    }

    #[test]
    fn more_detections_never_lower_the_action() {
        let policy = Policy::default();
        let mut found = Vec::new();
        let mut last = Action::Allow;
        for category in Category::ALL {
            for severity in [Severity::Low, Severity::High] {
                found.push(detection(category, severity));
                let action = policy.decide(&found, Some(0.5)).action;
                assert!(action >= last);
                last = action;
            }
        }
    }

    #[test]
    fn an_anomaly_alone_is_flagged() {
        let decision = Policy::default().decide(&[], Some(0.999));
        assert_eq!(decision.action, Action::Flag);
    }

    #[test]
    fn unsure_rules_are_ignored() {
        let unsure = Detection::new(Category::Jailbreak, Severity::Critical, 0.1, "guess");
        assert_eq!(
            Policy::default().decide(&[unsure], None).action,
            Action::Allow
        );
    }
}
