//! The configuration of the whole system, as TOML or JSON. Every key has a
//! default: an empty file is a valid configuration. Values are checked when
//! they are read, never when they are used.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::policy::Policy;

/// Everything that can be set.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Matching and sanitizing.
    pub detection: DetectionConfig,
    /// Profiles and temporal policies.
    pub analysis: AnalysisConfig,
    /// Mitigation.
    pub response: ResponseConfig,
    /// From detections to a decision.
    pub policy: Policy,
}

/// Settings of matching and sanitizing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DetectionConfig {
    /// Longest prompt that is looked at.
    pub max_prompt_bytes: usize,
    /// Verdicts kept; 0 turns the cache off.
    pub cache_entries: usize,
    /// Prompts examined at the same time.
    pub concurrency: usize,
    /// How long one prompt may take.
    pub timeout_ms: u64,
    /// Phrases of the deployment's own that count as prompt injection.
    pub extra_phrases: Vec<String>,
}

impl Default for DetectionConfig {
    fn default() -> Self {
        DetectionConfig {
            max_prompt_bytes: 64 * 1024,
            cache_entries: 4096,
            concurrency: 8,
            timeout_ms: 2000,
            extra_phrases: Vec::new(),
        }
    }
}

/// Settings of profiles and temporal policies.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AnalysisConfig {
    /// Observations of a user before a score is given.
    pub warm_up: usize,
    /// Weight of the newest observation in the baseline, above 0, at most 1.
    pub learning_rate: f64,
    /// Events kept of each user for temporal policies.
    pub history: usize,
    /// Formulas that each user's history has to satisfy.
    pub formulas: Vec<String>,
}

impl Default for AnalysisConfig {
    fn default() -> Self {
        AnalysisConfig {
            warm_up: 20,
            learning_rate: 0.05,
            history: 64,
            // After a blocked prompt, no request for secrets right away.
            formulas: vec!["G (blocked -> X !exfiltration)".to_owned()],
        }
    }
}

/// Settings of mitigation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ResponseConfig {
    /// Share of choices made at random in order to learn, between 0 and 1.
    pub exploration: f64,
    /// Seed of those choices, so that a run can be repeated.
    pub seed: u64,
    /// Entries kept in the audit log.
    pub audit_entries: usize,
}

impl Default for ResponseConfig {
    fn default() -> Self {
        ResponseConfig {
            exploration: 0.05,
            seed: 7,
            audit_entries: 1000,
        }
    }
}

impl Config {
    /// Reads a file; its extension says whether it is TOML or JSON.
    pub fn from_path(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(|source| Error::Read {
            path: path.to_owned(),
            source,
        })?;
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("toml") => Self::from_toml(&text),
            Some("json") => Self::from_json(&text),
            other => Err(Error::UnknownFormat(other.unwrap_or("").to_owned())),
        }
    }

    /// Parses and checks TOML.
    ///
    /// ```
    /// let config = aimds_core::Config::from_toml("[policy]\nmin_confidence = 0.5")?;
    /// assert_eq!(config.policy.min_confidence, 0.5);
    /// assert_eq!(config.detection.cache_entries, 4096);
    /// # Ok::<(), aimds_core::Error>(())
    /// ```
    pub fn from_toml(text: &str) -> Result<Self> {
        let config: Config = toml::from_str(text)?;
        config.check()?;
        Ok(config)
    }

    /// Parses and checks JSON.
    pub fn from_json(text: &str) -> Result<Self> {
        let config: Config = serde_json::from_str(text)?;
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<()> {
        self.policy.check()?;
        in_range(
            "analysis.learning_rate",
            self.analysis.learning_rate,
            |rate| *rate > 0.0 && *rate <= 1.0,
            "above 0 and at most 1",
        )?;
        in_range(
            "response.exploration",
            self.response.exploration,
            |share| (0.0..=1.0).contains(share),
            "a number between 0 and 1",
        )?;
        for (key, value) in [
            (
                "detection.max_prompt_bytes",
                self.detection.max_prompt_bytes,
            ),
            ("detection.concurrency", self.detection.concurrency),
            ("analysis.history", self.analysis.history),
        ] {
            in_range(key, value, |n| *n > 0, "at least 1")?;
        }
        in_range(
            "detection.timeout_ms",
            self.detection.timeout_ms,
            |ms| *ms > 0,
            "at least 1",
        )
    }
}

fn in_range<T: ToString>(
    key: &'static str,
    value: T,
    holds: impl Fn(&T) -> bool,
    expected: &'static str,
) -> Result<()> {
    if holds(&value) {
        return Ok(());
    }
    Err(Error::OutOfRange {
        key,
        value: value.to_string(),
        expected,
    })
}
