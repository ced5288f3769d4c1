//! Threat categories and severities. Severities are ordered: a comparison is
//! all that a policy needs.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What kind of harm a prompt tries to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Category {
    /// Overrides or replaces the instructions of the system.
    PromptInjection,
    /// Talks the model out of its rules, by a persona or a pretext.
    Jailbreak,
    /// Asks for hidden instructions, secrets or other people's data.
    Exfiltration,
    /// Carries personal data or credentials of its own.
    PersonalData,
    /// Hides text from people: invisible characters or encodings.
    Obfuscation,
    /// Is unlike what this user does otherwise.
    Anomaly,
    /// Breaks a temporal policy together with what came before.
    PolicyViolation,
}

impl Category {
    /// All categories, in declaration order.
    pub const ALL: [Category; 7] = [
        Category::PromptInjection,
        Category::Jailbreak,
        Category::Exfiltration,
        Category::PersonalData,
        Category::Obfuscation,
        Category::Anomaly,
        Category::PolicyViolation,
    ];

    /// The name used in configurations, logs and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Category::PromptInjection => "prompt-injection",
            Category::Jailbreak => "jailbreak",
            Category::Exfiltration => "exfiltration",
            Category::PersonalData => "personal-data",
            Category::Obfuscation => "obfuscation",
            Category::Anomaly => "anomaly",
            Category::PolicyViolation => "policy-violation",
        }
    }

    /// Position in [`Category::ALL`], for feature vectors.
    pub fn index(self) -> usize {
        self as usize
    }
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// How bad a detection is, from worth noting to never acceptable.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Worth noting.
    #[default]
    Low,
    /// Suspicious on its own.
    Medium,
    /// An attack, as far as one message can tell.
    High,
    /// An attack whatever else is true.
    Critical,
}

impl Severity {
    /// Weight in a risk score, between 0 and 1.
    pub fn weight(self) -> f64 {
        match self {
            Severity::Low => 0.2,
            Severity::Medium => 0.5,
            Severity::High => 0.8,
            Severity::Critical => 1.0,
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Severity::Low => "low",
            Severity::Medium => "medium",
            Severity::High => "high",
            Severity::Critical => "critical",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn severities_are_ordered_like_their_weights() {
        let all = [
            Severity::Low,
            Severity::Medium,
            Severity::High,
            Severity::Critical,
        ];
        assert!(all
            .windows(2)
            .all(|w| w[0] < w[1] && w[0].weight() < w[1].weight()));
    }

    #[test]
    fn the_serialized_name_is_the_displayed_name() {
        for (index, category) in Category::ALL.into_iter().enumerate() {
            assert_eq!(category.index(), index);
            let json = serde_json::to_string(&category).unwrap();
            assert_eq!(json, format!("\"{category}\""));
        }
    }
}
