//! One timed build from the inside: its units on one scale, who waited for whom, how busy the machine was.
//!
//! Plain data. Read from cargo's timing report; a report in an unknown format leaves no timeline.

use serde::{Deserialize, Serialize};

/// A timed build, unit by unit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Timeline {
    /// `clean-dev` or `clean-release`.
    pub(crate) what: String,
    /// `baseline` or `candidate`.
    pub(crate) side: String,
    /// Wall time of the whole build, as in the sample it belongs to.
    pub(crate) wall_seconds: f64,
    /// Sum over the units. They run side by side: this is not wall time.
    pub(crate) unit_seconds: f64,
    /// In the order in which they started.
    pub(crate) units: Vec<TimelineUnit>,
    /// The chain of units that each need the one before and that takes longest, as positions in `units`,
    /// first to last. However many cores, the build cannot be shorter than it with units as long as these.
    pub(crate) critical_path: Vec<usize>,
    /// Length of that chain, seconds.
    pub(crate) critical_seconds: f64,
    /// Share of the processors of the whole machine that were busy, by time; empty where cargo recorded none.
    pub(crate) cpu: Vec<CpuReading>,
    /// What the same units would take with other numbers of cores, fewest first: estimates, never measured.
    pub(crate) estimates: Vec<CoreEstimate>,
    /// How well the simulation behind the estimates fits this build; none where there are none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) calibration: Option<Calibration>,
}

/// One unit: one run of rustc, or of a build script.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct TimelineUnit {
    pub(crate) package: String,
    pub(crate) version: String,
    /// Empty for a library, else `build-script`, `bin "x"`, …
    pub(crate) target: String,
    /// `todo` is a build, `run-custom-build` the run of a build script.
    pub(crate) mode: String,
    /// Since the start of the build.
    pub(crate) start_seconds: f64,
    pub(crate) seconds: f64,
    /// From the unit's own start until its metadata was written, where the report or the start of what
    /// waited for it says so: what needs the metadata alone starts then, while code is still generated.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) metadata_seconds: Option<f64>,
    /// Positions of the units, all of them later ones, that need this one to be done. The last of all that
    /// a unit needs is the one that it waited for.
    pub(crate) unblocks: Vec<usize>,
    /// Positions of the later units that need only the metadata of this one.
    pub(crate) unblocks_by_metadata: Vec<usize>,
}

/// How busy the machine was at one moment of a build.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct CpuReading {
    /// Since the start of the build.
    pub(crate) seconds: f64,
    /// Busy share of all processors, 0 to 1, whoever kept them busy.
    pub(crate) busy: f64,
}

/// What a build would take with another number of cores.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct CoreEstimate {
    /// Units that run side by side.
    pub(crate) cores: usize,
    /// Of the simulated build, scaled so that the simulation with the machine's own cores gives the
    /// measured wall time.
    pub(crate) seconds: f64,
}

/// What the simulation makes of the build as it was: the nearer to the wall time, the better it is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Calibration {
    /// Units that the build ran side by side.
    pub(crate) cores: usize,
    /// Of the simulation with as many cores, before it is scaled.
    pub(crate) simulated_seconds: f64,
}
