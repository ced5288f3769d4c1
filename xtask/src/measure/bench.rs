//! What measuring needs of the world: timed builds of the two copies, as a trait, so that decisions can
//! be tested with fixed readings. The builds themselves are made by [`CargoBench`](super::CargoBench).

use std::{collections::BTreeMap, fmt, path::Path};

use anyhow::Result;

use crate::{record::Sample, timings::Timings};

/// One of the two copies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Role {
    /// The workspace as it was read, or another revision of it.
    Baseline,
    /// The workspace with the changes, or as it is.
    Candidate,
}

impl Role {
    /// Both, in the order of a pair.
    pub(crate) const BOTH: [Self; 2] = [Self::Baseline, Self::Candidate];

    /// As in the record.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Baseline => "baseline",
            Self::Candidate => "candidate",
        }
    }
}

/// What is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Profile {
    Dev,
    Release,
}

impl Profile {
    /// As in the manifest.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Dev => "dev",
            Self::Release => "release",
        }
    }

    /// As in the record.
    pub(crate) fn what(self) -> &'static str {
        match self {
            Self::Dev => "clean-dev",
            Self::Release => "clean-release",
        }
    }
}

/// One timed build.
#[derive(Debug, Clone, Default)]
pub(crate) struct Build {
    pub(crate) sample: Sample,
    /// Units of the build, build script runs included.
    pub(crate) units: usize,
    pub(crate) timings: Option<Timings>,
    /// What a clean build left behind.
    pub(crate) left: Left,
}

/// What a clean build left in the target directory; for a release build, below its own directories only.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Left {
    /// Apparent size of all files.
    pub(crate) bytes: u64,
    pub(crate) artifacts: u64,
    /// Apparent sizes by directory, for instance `debug/deps`. A file with names in two of them counts
    /// in the first of the alphabet.
    pub(crate) parts: BTreeMap<String, u64>,
    /// Apparent sizes of what the members' targets were linked to (programs, shared and static
    /// libraries), by file name.
    pub(crate) binaries: BTreeMap<String, u64>,
}

/// Makes timed builds of the copies as they stand.
pub(crate) trait Bench {
    /// Whether another build may start; if not, notes that `what` was left out.
    fn has_time(&mut self, what: &str) -> bool;

    /// Says how many builds are foreseen, for a reader who waits for them.
    fn expect(&mut self, _builds: usize) {}

    /// From now on only this share of the time budget may be spent, 0 to 1.
    fn share(&mut self, share: f64);

    /// A clean build; `label` tells those that are no reading of the whole comparison from those that are.
    ///
    /// # Errors
    /// [`BuildFailed`] when the build fails; another when it could not be made or was interrupted.
    fn clean(&mut self, role: Role, profile: Profile, label: &str) -> Result<Build>;

    /// A rebuild after an edit of one source file, which stays edited until [`Bench::unedit`]: putting it
    /// back at once would make the next rebuild compile it again.
    ///
    /// # Errors
    /// As [`Bench::clean`], and when the file cannot be edited.
    fn incremental(&mut self, role: Role, edited: &Edited, label: &str) -> Result<Build>;

    /// Puts every edited source file back.
    ///
    /// # Errors
    /// When a file cannot be written.
    fn unedit(&mut self) -> Result<()>;

    /// Wall time in seconds of a command of the user's in one of the copies: the median of [`COMMAND_RUNS`]
    /// runs after one that is not counted. The inner error is what it said when it failed.
    ///
    /// # Errors
    /// When it cannot be started or was interrupted.
    fn command(
        &mut self,
        role: Role,
        command: &str,
        label: &str,
    ) -> Result<std::result::Result<f64, String>>;

    /// Notes something that a reader of the record must know.
    fn note(&mut self, note: String);
}

/// Runs of the user's command for one reading.
pub(crate) const COMMAND_RUNS: usize = 3;

/// A source file to edit before a rebuild.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Edited {
    pub(crate) kind: EditedKind,
    /// Name of the member.
    pub(crate) member: String,
    /// Root source of one of its targets, in the original.
    pub(crate) source: Box<Path>,
}

/// Which kind of member is edited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EditedKind {
    /// The one that most members depend on.
    Core,
    /// One that no member depends on.
    Leaf,
}

impl EditedKind {
    /// As in the record.
    pub(crate) fn what(self) -> &'static str {
        match self {
            Self::Core => "incremental-core",
            Self::Leaf => "incremental-leaf",
        }
    }
}

/// The error of a timed build that failed: no reading, but a finding about its side.
#[derive(Debug)]
pub(crate) struct BuildFailed {
    pub(crate) role: Role,
    pub(crate) reason: String,
}

impl fmt::Display for BuildFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl std::error::Error for BuildFailed {}
