//! What a run was worth: gain and effort of each change, the return on the time spent, and that time.
//!
//! Plain data; the sums are made in `worth`.

use serde::{Deserialize, Serialize};

/// What a change gained, and how that is known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Impact {
    /// Seconds saved in a clean dev build (release build for release settings); negative where it cost time.
    pub(crate) seconds: f64,
    pub(crate) basis: Basis,
    /// Packages, as `name version`, that are no longer built because of it alone.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub(crate) packages: Vec<String>,
}

/// How an [`Impact`] is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Basis {
    /// Wall time of builds with and without it.
    Measured,
    /// Time of the units that vanished with it. Units run side by side: this is not wall time.
    Attributed,
}

/// One limit of `[workspace.metadata.optimize.budget]` and how it was kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct BudgetRecord {
    /// The key, for instance `clean-dev`.
    pub(crate) budget: String,
    /// What was measured: `clean-dev`, `incremental-leaf`, `duplicates`, ….
    pub(crate) what: String,
    pub(crate) kind: BudgetKind,
    pub(crate) limit: f64,
    /// The ratio or the count; none where it was not measured.
    pub(crate) found: Option<f64>,
    /// None where it was not measured.
    pub(crate) ok: Option<bool>,
    /// Why it is kept although the figure is above the limit, or why it was not measured.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub(crate) note: String,
}

/// What a limit is held against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum BudgetKind {
    /// Candidate to baseline.
    Ratio,
    /// Of the candidate alone.
    Count,
}

/// What a change asks of whoever reviews it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Effort {
    /// Files that it edits.
    pub(crate) files: usize,
    /// Keys that it sets, removes or replaces in them.
    pub(crate) edits: usize,
}

/// Who builds, how often, and what an hour costs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Team {
    pub(crate) people: u32,
    /// Builds of one person in a day.
    pub(crate) builds_per_day: u32,
    /// In whatever currency.
    pub(crate) hourly_rate: f64,
    pub(crate) working_days_per_year: u32,
}

/// The return on a run, from measured seconds only.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Return {
    pub(crate) team: Team,
    /// How the figures come about, in words and symbols.
    pub(crate) formula: String,
    /// One for each kind of timed build: what a year is worth if every build were of that kind.
    pub(crate) rows: Vec<ReturnRow>,
}

/// The return if every build were of one kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ReturnRow {
    /// The measurement, for instance `clean-dev`.
    pub(crate) what: String,
    /// Difference of the medians; 0 where none was called.
    pub(crate) seconds_saved_per_build: f64,
    pub(crate) hours_per_year: f64,
    pub(crate) value_per_year: f64,
    /// Builds of one person after which the run has paid for its own wall time; none if it never does.
    pub(crate) builds_to_pay_back: Option<f64>,
}

/// Where the time of the run itself went.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Spent {
    /// Of the whole command, without waiting for an answer.
    pub(crate) wall_seconds: f64,
    /// Of it, waiting for cargo, rustc and git.
    pub(crate) cargo_seconds: f64,
}
