//! What timing needs to know and needs of the proof: a choice of changes put into the candidate, proved and tested. A
//! trait, so that the decisions on timed builds can be tested without building.

use std::{collections::BTreeSet, time::Duration};

use anyhow::Result;

use super::prove::{self, Proof, Tests};
use crate::{
    cli::Depth, measure::Edited, plan::Change, shell::Shell, snapshot::Snapshot, trial::Trial,
};

/// What is to be measured.
#[derive(Debug, Clone)]
pub(super) struct Course<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) depth: Depth,
    pub(super) edits: Vec<Edited>,
    /// How long the check of the baseline took.
    pub(super) check: Duration,
    /// The command of `--bench`.
    pub(super) command: Option<String>,
}

/// Where choices of changes are put to the proof.
pub(super) trait Stage {
    /// Puts a choice of changes into the candidate. The inner error is why it does not resolve.
    ///
    /// # Errors
    /// When cargo cannot be run or the run is interrupted.
    fn apply(&mut self, chosen: &[Change]) -> Result<std::result::Result<(), String>>;

    /// Finds the changes of a choice with which everything compiles.
    ///
    /// # Errors
    /// When cargo cannot be run or the run is interrupted.
    fn compile(&mut self, chosen: &[Change]) -> Result<Proof>;

    /// Runs the tests, and takes back what makes one fail.
    ///
    /// # Errors
    /// When cargo cannot be run or the run is interrupted.
    fn test(&mut self, proof: &mut Proof) -> Result<()>;

    /// Whether every dependency is updated, so that builds differ even without a change.
    fn updates_all(&self) -> bool;

    /// Sets whether every dependency is updated whenever changes are applied from now on.
    fn update_all(&mut self, all: bool);

    /// Says that the candidate is the baseline, after everything was rejected.
    fn forget_candidate(&mut self);

    /// Name and version of every package in the graph of the host with a choice of changes; none where it
    /// does not resolve.
    ///
    /// # Errors
    /// When cargo cannot be run or the run is interrupted.
    fn packages(&mut self, chosen: &[Change]) -> Result<Option<BTreeSet<(String, String)>>>;
}

/// Proves what is kept once more, after something was taken back or settings were found.
pub(super) fn again(stage: &mut dyn Stage, proof: &mut Proof) -> Result<()> {
    let mut again = stage.compile(&proof.kept)?;
    proof.kept = again.kept;
    proof.rejected.append(&mut again.rejected);
    proof.adversaries.append(&mut again.adversaries);
    proof.notes.append(&mut again.notes);
    Ok(())
}

/// The stage of a real run: the shadows.
pub(super) struct Shadowed<'a, 't> {
    pub(super) trial: &'a mut Trial<'t>,
    pub(super) tests: Tests,
    pub(super) shell: &'a Shell,
}

impl Stage for Shadowed<'_, '_> {
    fn apply(&mut self, chosen: &[Change]) -> Result<std::result::Result<(), String>> {
        Ok(self.trial.resolve(chosen)?.map(drop))
    }

    fn compile(&mut self, chosen: &[Change]) -> Result<Proof> {
        prove::compile(self.trial, chosen, self.shell)
    }

    fn test(&mut self, proof: &mut Proof) -> Result<()> {
        prove::tests(self.trial, proof, self.tests, self.shell)
    }

    fn updates_all(&self) -> bool {
        self.trial.updates_all()
    }

    fn update_all(&mut self, all: bool) {
        self.trial.update_all(all);
    }

    fn forget_candidate(&mut self) {
        self.trial.forget_candidate();
    }

    fn packages(&mut self, chosen: &[Change]) -> Result<Option<BTreeSet<(String, String)>>> {
        Ok(self.trial.weigh(chosen)?.ok().map(|weight| weight.named()))
    }
}
