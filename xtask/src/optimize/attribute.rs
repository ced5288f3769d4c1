//! Which change the saved time is attributed to: packages that come back without it, by the time their
//! units took. Attributed, never measured: no change was built alone.

use std::collections::{BTreeSet, HashMap};

use anyhow::Result;

use super::{prove::Proof, stage::Stage};
use crate::{
    cli::Code,
    measure::Sides,
    plan::Change,
    record::{Basis, Impact},
    timings, wording,
};

/// Passes that can take packages out of the graph.
const REMOVING: [Code; 3] = [Code::UnusedDependency, Code::DuplicateVersion, Code::BroadFeatures];

/// Packages named in the note on what vanished.
const NAMED: usize = 5;

/// Notes the unit time of the packages that are no longer built, and gives each change that took some of
/// them out of the graph by itself its part.
///
/// # Errors
/// When cargo cannot be run or the run is interrupted.
pub(super) fn attribute(stage: &mut dyn Stage, sides: &Sides, proof: &mut Proof) -> Result<()> {
    let (Some(before), Some(after)) = (sides.baseline.dev_timings(), sides.candidate.dev_timings())
    else {
        return Ok(());
    };
    let gone = timings::vanished(before, after);
    if gone.is_empty() {
        return Ok(());
    }
    let total: f64 = gone.iter().map(|package| package.unit_time.as_secs_f64()).sum();
    let top: Vec<String> = gone
        .iter()
        .take(NAMED)
        .map(|p| format!("{} {} ({:.1} s)", p.name, p.version, p.unit_time.as_secs_f64()))
        .collect();
    proof.notes.push(format!(
        "attributed, not measured: the clean dev build no longer compiles {}, {total:.1} s of unit time \
         in the baseline, most of it in {}",
        wording::count(gone.len(), "package"),
        top.join(", ")
    ));
    let seconds: HashMap<(String, String), f64> = gone
        .into_iter()
        .map(|package| ((package.name, package.version), package.unit_time.as_secs_f64()))
        .collect();
    let Some(all) = stage.packages(&proof.kept)? else { return Ok(()) };
    let mut shared: BTreeSet<(String, String)> = seconds.keys().cloned().collect();
    for change in &proof.kept {
        if !REMOVING.contains(&change.code) || proof.impacts.contains_key(&change.id()) {
            continue;
        }
        let others: Vec<Change> =
            proof.kept.iter().filter(|kept| kept.id() != change.id()).cloned().collect();
        let Some(without) = stage.packages(&others)? else { continue };
        let back: Vec<&(String, String)> =
            without.difference(&all).filter(|package| seconds.contains_key(package)).collect();
        if back.is_empty() {
            continue;
        }
        let impact = Impact {
            seconds: back.iter().map(|package| seconds[*package]).sum(),
            basis: Basis::Attributed,
            packages: back.iter().map(|(name, version)| format!("{name} {version}")).collect(),
        };
        back.iter().for_each(|package| {
            shared.remove(*package);
        });
        proof.impacts.insert(change.id(), impact);
    }
    // The copy shows what was weighed last.
    stage.apply(&proof.kept)?.map_err(anyhow::Error::msg)?;
    let rest: f64 = shared.iter().map(|package| seconds[package]).sum();
    if !shared.is_empty() {
        proof.notes.push(format!(
            "of these, {} ({rest:.1} s of unit time) went by several changes together or by the lock file, so that \
             no single change has them to its credit",
            wording::count(shared.len(), "package")
        ));
    }
    Ok(())
}
