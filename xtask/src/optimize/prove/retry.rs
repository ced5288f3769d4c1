//! Another try for what was rejected: in its other ways, or without what fell after it.
//!
//! What is kept always stands in the candidate at the end.

use std::collections::BTreeSet;

use anyhow::Result;

use super::{Proof, lighter::objection, settle};
use crate::{bisect::Outcome, plan::Change, shell::Shell, trial::Trial};

/// Tries what rejected changes have left: another version, or features found by leaving out.
pub(super) fn retry(
    trial: &mut Trial<'_>,
    proof: &mut Proof,
    shell: &Shell,
    mut test: impl FnMut(&mut Trial<'_>, &[Change]) -> Result<Outcome>,
) -> Result<()> {
    let mut last = Outcome::Sound;
    for (change, evidence) in std::mem::take(&mut proof.rejected) {
        if !change.alternatives.is_empty() || change.umbrella.is_some() {
            let others = proof.kept.clone();
            proof.judged_with(&change, &others);
        }
        let other = change.next_alternative();
        let mut stands = first_sound(trial, &proof.kept, other, &mut last, shell, &mut test)?;
        if let Some(other) = &mut stands {
            let first = evidence.lines().next().unwrap_or_default();
            other.reason = format!("{}; rejected: {} ({first})", other.reason, change.title);
        }
        if stands.is_none() && change.umbrella.is_some() {
            shell.status("Narrowing", &change.title);
            let all = [proof.kept.as_slice(), std::slice::from_ref(&change)].concat();
            last = Outcome::Unsound(evidence.clone());
            if trial.narrow(&proof.kept, &change)? {
                last = test(trial, &all)?;
            }
            if last == Outcome::Sound {
                stands = Some(change.clone());
            }
        }
        match stands {
            Some(other) => proof.kept.push(other),
            None => proof.rejected.push((change, evidence)),
        }
    }
    trial.sort(&mut proof.kept);
    if last == Outcome::Sound { Ok(()) } else { settle(trial, proof) }
}

/// Judges those again that were judged beside a change that fell after them: without it they may stand, and of what
/// fails once more it is known. `planned`: the changes with all their ways. Whether any stands.
///
/// # Errors
/// When cargo cannot be run or the run is interrupted.
pub(super) fn reconsider(
    trial: &mut Trial<'_>,
    proof: &mut Proof,
    planned: &[Change],
    shell: &Shell,
) -> Result<bool> {
    let mut last = Outcome::Sound;
    let before = proof.kept.len();
    for (change, evidence) in std::mem::take(&mut proof.rejected) {
        let id = change.id();
        let stand: BTreeSet<String> = proof.kept.iter().map(Change::id).collect();
        let has_lost = proof.adversaries.get(&id).is_some_and(|others| !others.is_subset(&stand));
        let way = planned.iter().find(|planned| has_lost && planned.id() == id);
        let Some(way) = way.cloned() else {
            proof.rejected.push((change, evidence));
            continue;
        };
        proof.adversaries.insert(id, stand);
        let check = |trial: &mut Trial<'_>, chosen: &[Change]| trial.check(chosen);
        match first_sound(trial, &proof.kept, Some(way), &mut last, shell, check)? {
            Some(way) => proof.kept.push(way),
            None => proof.rejected.push((change, evidence)),
        }
    }
    trial.sort(&mut proof.kept);
    if last != Outcome::Sound {
        settle(trial, proof)?;
    }
    Ok(proof.kept.len() > before)
}

/// The first way of a change, from this one on, that stands on top of what is kept. `last` is what the candidate
/// shows.
fn first_sound(
    trial: &mut Trial<'_>,
    kept: &[Change],
    mut way: Option<Change>,
    last: &mut Outcome,
    shell: &Shell,
    mut test: impl FnMut(&mut Trial<'_>, &[Change]) -> Result<Outcome>,
) -> Result<Option<Change>> {
    while let Some(this) = way {
        shell.status("Trying", &this.title);
        if let Some(why) = objection(trial, kept, &this)? {
            *last = Outcome::Unsound(why);
        } else {
            *last = test(trial, &[kept, std::slice::from_ref(&this)].concat())?;
            if *last == Outcome::Sound {
                return Ok(Some(this));
            }
        }
        way = this.next_alternative();
    }
    Ok(None)
}
