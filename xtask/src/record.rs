//! The data of one run: what `--format json` prints and `report.json` holds.
//!
//! Plain data with serde; nothing here reads, writes or decides. Field names are a contract with
//! whoever reads the JSON: add fields, never rename them (a rename raises [`SCHEMA`]).

use serde::{Deserialize, Serialize};

mod inside;
mod manifests;
mod timeline;
mod tuning;
mod worth;

pub(crate) use inside::{DiskPart, DuplicateRecord, DuplicateVersion};
pub(crate) use manifests::{DependencyRecord, DependencySide, FileRecord};
pub(crate) use timeline::{Calibration, CoreEstimate, CpuReading, Timeline, TimelineUnit};
pub(crate) use tuning::{TriedValue, TuneOutcome, TunedSetting};
pub(crate) use worth::{
    Basis, BudgetKind, BudgetRecord, Effort, Impact, Return, ReturnRow, Spent, Team,
};

/// Version of the JSON that [`Record`] serialises to.
pub(crate) const SCHEMA: u32 = 1;

/// One run of `optimize` or `validate`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) schema: u32,
    /// The command that made this record: `optimize` or `validate`.
    pub(crate) command: String,
    /// The flags it was given, a word each, without `--manifest-path`.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub(crate) arguments: Vec<String>,
    /// Absolute path of the workspace root.
    pub(crate) workspace: String,
    /// Start of the run, RFC 3339 with offset.
    pub(crate) started: String,
    pub(crate) tool_version: String,
    pub(crate) machine: Machine,
    /// SHA-256 over the names and bytes of the manifests, the lock file and cargo's configuration as
    /// they were when the run ended; empty in records that have none.
    #[serde(default)]
    pub(crate) configuration: String,
    /// Commit checked out in the workspace, if it is a git checkout.
    pub(crate) git_head: Option<String>,
    pub(crate) changes: Vec<ChangeRecord>,
    pub(crate) baseline: Option<Side>,
    pub(crate) candidate: Option<Side>,
    pub(crate) measurements: Vec<Measurement>,
    /// The first clean build of each kind and side, unit by unit.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub(crate) timelines: Vec<Timeline>,
    /// Packages in several versions, before or after.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub(crate) duplicates: Vec<DuplicateRecord>,
    /// The direct dependencies of the members, before and after.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub(crate) dependencies: Vec<DependencyRecord>,
    /// The files that were committed, but for the lock file.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub(crate) files: Vec<FileRecord>,
    /// The target directory by parts, largest first.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub(crate) disk: Vec<DiskPart>,
    /// What the search over profile settings tried.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub(crate) tuning: Vec<TunedSetting>,
    /// What the measured gains are worth; none where nothing was timed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) return_on_investment: Option<Return>,
    /// Where the time of the run went.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) spent: Option<Spent>,
    /// What `validate` looked at; empty for `optimize`.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub(crate) checks: Vec<Check>,
    /// The limits that `validate` held the workspace to.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub(crate) budgets: Vec<BudgetRecord>,
    /// Directory of the backup relative to the workspace root; none when nothing was committed.
    pub(crate) backup: Option<String>,
    /// Directory with this record, the rendered reports, timing reports and logs.
    pub(crate) report: Option<String>,
    /// Files kept for the reader: timing reports and build logs.
    pub(crate) kept: Vec<Kept>,
    /// Unified diff of everything committed (or, in a dry run, planned).
    pub(crate) diff: String,
    /// Whether it was put together from the samples of a run that left no record of its own.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub(crate) interrupted: bool,
    /// Sentences a reader must know: skipped steps, pre-existing failures, what blocks what.
    pub(crate) notes: Vec<String>,
}

/// The machine the figures were obtained on.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Machine {
    pub(crate) os: String,
    pub(crate) arch: String,
    /// Processors this process may use.
    pub(crate) cores: usize,
    /// First line of `rustc --version`.
    pub(crate) rustc: String,
    pub(crate) cargo: String,
    /// Host triple, as rustc names it.
    pub(crate) host: String,
}

/// What became of one change.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ChangeRecord {
    /// Stable: `<code>:<subject>`, for instance `duplicate-version:dashmap`.
    pub(crate) id: String,
    /// The pass, for instance `duplicate-version`.
    pub(crate) code: String,
    pub(crate) title: String,
    pub(crate) verdict: Verdict,
    /// Why: the evidence for the finding, or the error that rejected it.
    pub(crate) reason: String,
    /// Files it edits, relative to the workspace root.
    pub(crate) files: Vec<String>,
    /// What it gained, where that is known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) impact: Option<Impact>,
    /// What it asks of a reviewer; none for changes that were not tried.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) effort: Option<Effort>,
    /// The earlier run that judged it; it was not tried again, since nothing that the judgement depended on had changed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) remembered: Option<String>,
}

/// Verdict of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Verdict {
    /// Only planned: a dry run, or nobody agreed to it.
    Planned,
    Applied,
    /// The compiler, a test or a measurement spoke against it.
    Rejected,
    /// Not tried; the reason says why.
    Skipped,
    /// Something outside the workspace would have to change first.
    Blocked,
}

/// One side of the comparison, as verified (not measured).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Side {
    /// Targets of the members that compile.
    pub(crate) targets_ok: usize,
    /// Targets of the members that do not compile, as `kind name (source file)`.
    pub(crate) targets_failed: Vec<String>,
    /// Units of `cargo check --workspace --all-targets`, build script runs included.
    pub(crate) units: usize,
    /// Packages that the lock file holds in more than one version and the host build uses.
    pub(crate) duplicates: usize,
}

/// One quantity on both sides.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Measurement {
    /// `clean-dev`, `clean-release`, `incremental-core`, `incremental-leaf` (seconds of wall time),
    /// `target-bytes`, `binary-bytes`, `package-bytes` (bytes), `artifacts`, `units`, `duplicates` (counts).
    pub(crate) what: String,
    pub(crate) unit: Quantity,
    /// Median of the samples.
    pub(crate) baseline: f64,
    pub(crate) candidate: f64,
    /// `candidate / baseline`: below 1 is better. None when the baseline is 0.
    pub(crate) ratio: Option<f64>,
    pub(crate) samples: Samples,
    /// What the difference is worth: `better`, `worse`, `same` (within noise) or `not measured`.
    pub(crate) call: String,
    /// The ratio that the documents of the replaced script promised, where they promised one.
    pub(crate) expected: Option<f64>,
}

/// The unit of a [`Measurement`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Quantity {
    Seconds,
    Bytes,
    Count,
}

/// The samples behind a [`Measurement`], in the order they were taken.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Samples {
    pub(crate) baseline: Vec<Sample>,
    pub(crate) candidate: Vec<Sample>,
}

/// One reading.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Sample {
    /// In the measurement's unit.
    pub(crate) value: f64,
    /// User and system time of the whole process tree, seconds; timed builds only.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) cpu_seconds: Option<f64>,
    /// Largest resident set of a single process of the tree, bytes; timed builds only.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) peak_memory_bytes: Option<u64>,
}

/// A file kept from the run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Kept {
    /// What it is, for instance `cargo timing report, clean dev build, baseline`.
    pub(crate) what: String,
    /// Absolute path.
    pub(crate) path: String,
}

/// One thing that `validate` looked at.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Check {
    pub(crate) name: String,
    /// None when it was skipped.
    pub(crate) ok: Option<bool>,
    pub(crate) detail: String,
}

impl Check {
    /// A check that was made.
    pub(crate) fn new(name: &str, ok: bool, detail: String) -> Self {
        Self { name: name.to_owned(), ok: Some(ok), detail }
    }

    /// A check that was not made, and why.
    pub(crate) fn skipped(name: &str, reason: &str) -> Self {
        Self { name: name.to_owned(), ok: None, detail: reason.to_owned() }
    }
}
