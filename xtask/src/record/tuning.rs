//! What the search over profile settings tried, what it chose and what lost, with the readings of each.
//!
//! Plain data.

use serde::{Deserialize, Serialize};

/// One setting of a profile and every value that was tried for it, in the order of the search.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct TunedSetting {
    /// `dev` or `release`.
    pub(crate) profile: String,
    /// The key as in the manifest, for instance `profile.dev.package."*".debug`.
    pub(crate) setting: String,
    /// The value before the search, as TOML; `default` where the manifest sets none.
    pub(crate) before: String,
    /// The value after it, in the same form.
    pub(crate) chosen: String,
    /// Processors for which it was chosen.
    pub(crate) cores: usize,
    pub(crate) tried: Vec<TriedValue>,
}

/// One value of a setting, built with everything that was chosen before it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct TriedValue {
    /// As TOML.
    pub(crate) value: String,
    /// Wall times of clean builds with it; empty where it was not built.
    pub(crate) seconds: Vec<f64>,
    /// Wall times of clean builds with the values that it would have replaced.
    pub(crate) seconds_without: Vec<f64>,
    /// Largest ratio of a linked binary to the same binary before the search; none where none is linked.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) binary_ratio: Option<f64>,
    /// Ratio of the benchmark command's wall time to the one with the values that it would have replaced, built
    /// in turn; none without a command, or where it was not built twice.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) bench_ratio: Option<f64>,
    pub(crate) outcome: TuneOutcome,
    /// Why, in words.
    pub(crate) reason: String,
}

/// What became of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum TuneOutcome {
    /// Faster beyond noise, and no guard spoke against it.
    Chosen,
    /// Faster, but another value was faster still.
    Outdone,
    /// No faster beyond noise.
    NotFaster,
    /// Slower beyond noise.
    Slower,
    /// Faster, but a guard spoke against it.
    Guarded,
    /// The build failed with it.
    Failed,
    /// The time budget was spent before it was built, or before it was built a second time.
    NotTried,
}
