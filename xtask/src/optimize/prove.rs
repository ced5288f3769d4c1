//! Which changes of a plan stand: check all, bisect on failure, try alternatives, run the tests.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, bail};

use crate::{
    bisect::{self, Outcome},
    plan::Change,
    record::Impact,
    shell::Shell,
    trial::{self, CANDIDATE, Trial},
    wording,
};

mod lighter;
mod retry;

use lighter::{lightest, useless};
use retry::{reconsider, retry};

/// What stands, and what fell with its evidence.
#[derive(Debug, Clone, Default)]
pub(super) struct Proof {
    /// In the plan's order.
    pub(super) kept: Vec<Change>,
    pub(super) rejected: Vec<(Change, String)>,
    /// Neither for nor against: what was searched for and not found.
    pub(super) idle: Vec<(Change, String)>,
    /// For what compiler or tests rejected, by id: changes without which it might have stood.
    pub(super) adversaries: BTreeMap<String, BTreeSet<String>>,
    /// What the clock decided, by id.
    pub(super) timed: BTreeMap<String, Timed>,
    /// What changes gained or cost, by id.
    pub(super) impacts: BTreeMap<String, Impact>,
    pub(super) notes: Vec<String>,
}

/// What a decision by timed builds is worth later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Timed {
    /// Builds were compared.
    Compared,
    /// A build failed that compiler and tests gave no reason to expect, or the time was up.
    Unfinished,
}

impl Proof {
    /// Notes that a change was judged on top of others.
    fn judged_with(&mut self, change: &Change, others: &[Change]) {
        let ids = others.iter().map(Change::id);
        self.adversaries.entry(change.id()).or_default().extend(ids);
    }
}

/// Whether the workspace's tests are part of the proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tests {
    Run,
    Skip,
}

/// Finds the changes with which everything still compiles, in the candidate shadow.
///
/// # Errors
/// When cargo cannot be run or the run is interrupted.
pub(super) fn compile(trial: &mut Trial<'_>, changes: &[Change], shell: &Shell) -> Result<Proof> {
    trial.order = changes.iter().map(Change::id).collect();
    let mut proof = Proof { kept: changes.to_vec(), ..Proof::default() };
    let free = put_aside(&mut proof);
    if proof.kept.is_empty() && !trial.updates_all() {
        // The copies are the same.
        trial.forget_candidate();
        proof.kept = free;
        return Ok(proof);
    }
    update(trial, &mut proof, shell)?;
    weigh(trial, &mut proof, shell)?;
    shell.status(
        "Checking",
        format!(
            "the candidate with {}; the check of the baseline took {}",
            wording::count(proof.kept.len(), "change"),
            wording::seconds(trial.baseline.wall.as_secs_f64())
        ),
    );
    let first = trial.check(&proof.kept)?;
    reduce(trial, &mut proof, first, shell, |trial, chosen| trial.check(chosen))?;
    retry(trial, &mut proof, shell, |trial, chosen| trial.check(chosen))?;
    weigh_again(trial, &mut proof, shell)?;
    if reconsider(trial, &mut proof, changes, shell)? {
        weigh_again(trial, &mut proof, shell)?;
    }
    proof.kept.extend(free);
    trial.sort(&mut proof.kept);
    Ok(proof)
}

/// Runs the tests with what compiles, and takes back what makes one fail.
///
/// # Errors
/// When cargo cannot be run or the run is interrupted.
pub(super) fn tests(
    trial: &mut Trial<'_>,
    proof: &mut Proof,
    tests: Tests,
    shell: &Shell,
) -> Result<()> {
    if tests == Tests::Skip {
        let note = "tests were not run (`--no-test`)".to_owned();
        if !proof.notes.contains(&note) {
            proof.notes.push(note);
        }
        return Ok(());
    }
    let free = put_aside(proof);
    let mut fallen = proof.rejected.len();
    test(trial, proof, shell)?;
    while proof.rejected.len() > fallen && weigh_again(trial, proof, shell)? {
        fallen = proof.rejected.len();
        test(trial, proof, shell)?;
    }
    proof.kept.extend(free);
    trial.sort(&mut proof.kept);
    Ok(())
}

/// Takes out what can make no difference to a build: it needs no proof.
fn put_aside(proof: &mut Proof) -> Vec<Change> {
    let (kept, free) = std::mem::take(&mut proof.kept).into_iter().partition(Change::affects_build);
    proof.kept = kept;
    free
}

/// A full update of the lock file must stand by itself, or no change could.
fn update(trial: &mut Trial<'_>, proof: &mut Proof, shell: &Shell) -> Result<()> {
    if trial.updates_all() {
        shell.status("Checking", "the update of every dependency");
        if let Outcome::Unsound(why) = trial.check(&[])? {
            give_up_update(trial, proof, &why, shell);
        }
    }
    Ok(())
}

fn give_up_update(trial: &mut Trial<'_>, proof: &mut Proof, why: &str, shell: &Shell) {
    let note = format!("the update of every dependency was rejected: {why}");
    shell.warn(&note);
    proof.notes.push(note);
    trial.update_all(false);
}

/// Resolves every change that is to take a package out of the graph on top of the others, and rejects
/// those that do not: that costs no compiling. A change may do so in another of its ways.
fn weigh(trial: &Trial<'_>, proof: &mut Proof, shell: &Shell) -> Result<()> {
    let (heavy, mut kept): (Vec<Change>, Vec<Change>) =
        std::mem::take(&mut proof.kept).into_iter().partition(|change| !change.removes.is_empty());
    if heavy.is_empty() {
        proof.kept = kept;
        return Ok(());
    }
    shell.status(
        "Weighing",
        format!("what {} would take out of the graph", wording::count(heavy.len(), "change")),
    );
    // Where something else does not resolve, which the check will tell, they are weighed without it.
    let mut base = if trial.resolve(&kept)?.is_ok() { kept.clone() } else { Vec::new() };
    for change in heavy {
        match lightest(trial, &base, &change)? {
            Ok(way) => {
                base.push(way.clone());
                kept.push(way);
            }
            // Its other ways are spent too.
            Err(why) => {
                proof.judged_with(&change, &base);
                proof.rejected.push((Change { alternatives: Vec::new(), ..change }, why));
            }
        }
    }
    proof.kept = kept;
    trial.sort(&mut proof.kept);
    Ok(())
}

/// Takes back what takes nothing out of the graph any more because something else was rejected, for
/// instance the removal of whoever else asks for the old version. Whether anything was.
fn weigh_again(trial: &mut Trial<'_>, proof: &mut Proof, shell: &Shell) -> Result<bool> {
    let is_heavy = |change: &Change| !change.removes.is_empty();
    if proof.rejected.is_empty() || !proof.kept.iter().any(is_heavy) {
        return Ok(false);
    }
    let before = proof.kept.len();
    while let Some((at, why)) = useless(trial, &proof.kept)? {
        let change = proof.kept.remove(at);
        shell.status("Dropping", format!("{}: {why}", change.title));
        let others = proof.kept.clone();
        proof.judged_with(&change, &others);
        proof.rejected.push((Change { alternatives: Vec::new(), ..change }, why));
    }
    let dropped = proof.kept.len() < before;
    // The copy shows what was weighed last; and others may have leaned on what was dropped.
    let first = trial.check(&proof.kept)?;
    reduce(trial, proof, first, shell, |trial, chosen| trial.check(chosen))?;
    Ok(dropped)
}

/// Rejects changes until `test` finds the rest sound.
fn reduce(
    trial: &mut Trial<'_>,
    proof: &mut Proof,
    first: Outcome,
    shell: &Shell,
    mut test: impl FnMut(&mut Trial<'_>, &[Change]) -> Result<Outcome>,
) -> Result<()> {
    if first == Outcome::Sound {
        return Ok(());
    }
    let ids: Vec<String> = proof.kept.iter().map(Change::id).collect();
    let changes = wording::count(ids.len(), "change");
    shell.status("Bisecting", format!("{changes} to find what stands"));
    let pool = proof.kept.clone();
    let select = |ids: &[String]| -> Vec<Change> {
        pool.iter().filter(|change| ids.contains(&change.id())).cloned().collect()
    };
    let mut choice = 0;
    let split = bisect::largest_sound(&ids, first, |chosen| {
        choice += 1;
        trial.doing = format!("choice {choice}, {} of {} changes", chosen.len(), ids.len());
        test(trial, &select(chosen))
    });
    CANDIDATE.clone_into(&mut trial.doing);
    let split = split?;
    if split.tests > 0 {
        let choices = wording::count(split.tests, "choice");
        proof.notes.push(format!("{choices} of {changes} tried to find those that stand"));
    }
    proof.kept = select(&split.sound);
    for ((id, evidence), adversaries) in split.rejected.into_iter().zip(split.adversaries) {
        proof.adversaries.entry(id.clone()).or_default().extend(adversaries);
        let change = pool.iter().find(|change| change.id() == id);
        proof.rejected.extend(change.map(|change| (change.clone(), evidence)));
    }
    settle(trial, proof)
}

/// Puts what is kept into the candidate shadow again: it shows the last set tried.
fn settle(trial: &mut Trial<'_>, proof: &Proof) -> Result<()> {
    if let Outcome::Unsound(why) = trial.check(&proof.kept)? {
        bail!("the baseline compiled, but its copy does not: {why}\nhint: run again");
    }
    Ok(())
}

/// Runs the tests and rejects what makes one fail.
fn test(trial: &mut Trial<'_>, proof: &mut Proof, shell: &Shell) -> Result<()> {
    let exclude = trial::untestable(trial.snapshot(), &trial.baseline);
    if !exclude.is_empty() {
        let note =
            format!("tests of {} were not run: a target does not compile", exclude.join(", "));
        shell.warn(&note);
        proof.notes.push(note);
    }
    shell.status("Testing", "the candidate: `cargo test --workspace`");
    let (tested, baseline) = trial.test(&exclude)?;
    let Some(before) = baseline else {
        proof.notes.push(format!("{} tests passed with the changes", tested.passed_count()));
        return Ok(());
    };
    for name in &before.failed {
        proof.notes.push(format!("test `{name}` failed before any change"));
    }
    let mut regression = tested.regression(&before);
    if let (Some(why), true) = (&regression, trial.updates_all()) {
        give_up_update(trial, proof, why, shell);
        if let Outcome::Unsound(why) = trial.check(&proof.kept)? {
            bail!(
                "what compiled with updated dependencies does not without: {why}\nhint: leave `--update` out"
            );
        }
        regression = trial.test_candidate(&exclude)?.regression(&before);
    }
    let Some(evidence) = regression else {
        proof.notes.push(format!("{} tests passed with the changes", tested.passed_count()));
        return Ok(());
    };
    let judge = |trial: &mut Trial<'_>, chosen: &[Change]| {
        if let Outcome::Unsound(error) = trial.check(chosen)? {
            return Ok(Outcome::Unsound(error));
        }
        let tested = trial.test_candidate(&exclude)?;
        Ok(tested.regression(&before).map_or(Outcome::Sound, Outcome::Unsound))
    };
    let mut rejected = std::mem::take(&mut proof.rejected);
    reduce(trial, proof, Outcome::Unsound(evidence), shell, judge)?;
    retry(trial, proof, shell, judge)?;
    rejected.append(&mut proof.rejected);
    proof.rejected = rejected;
    Ok(())
}
