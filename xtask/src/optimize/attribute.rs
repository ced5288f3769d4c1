//! Which change the saved time is attributed to: packages that come back without it alone, by the time their
//! units took. Attributed, never measured: no change was built alone.

use std::collections::{BTreeMap, HashMap};

use anyhow::Result;

use super::{prove::Proof, stage::Stage};
use crate::{
    findings,
    measure::Sides,
    plan::Change,
    record::{Basis, Impact},
    timings, wording,
};

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
        .map(|p| {
            let time = wording::seconds(p.unit_time.as_secs_f64());
            format!("{} {} ({time})", p.name, p.version)
        })
        .collect();
    proof.notes.push(format!(
        "attributed, not measured: the clean dev build no longer compiles {}, {} of unit time \
         in the baseline, most of it in {}",
        wording::count(gone.len(), "package"),
        wording::seconds(total),
        top.join(", ")
    ));
    let seconds: HashMap<Package, f64> = gone
        .into_iter()
        .map(|package| ((package.name, package.version), package.unit_time.as_secs_f64()))
        .collect();
    let Some(all) = stage.packages(&proof.kept)? else { return Ok(()) };
    let mut returning: Vec<(String, Vec<Package>)> = Vec::new();
    for change in &proof.kept {
        let removes = findings::pass(change.code).removes_packages;
        if !removes || proof.impacts.contains_key(&change.id()) {
            continue;
        }
        let others: Vec<Change> =
            proof.kept.iter().filter(|kept| kept.id() != change.id()).cloned().collect();
        let Some(without) = stage.packages(&others)? else { continue };
        let back = without.difference(&all).filter(|package| seconds.contains_key(package));
        returning.push((change.id(), back.cloned().collect()));
    }
    // The copy shows what was weighed last.
    stage.apply(&proof.kept)?.map_err(anyhow::Error::msg)?;
    let (credits, shared) = credit(returning, &seconds);
    proof.impacts.extend(credits);
    if shared.packages > 0 {
        proof.notes.push(format!(
            "of these, {} ({} of unit time) went by several changes together or by the lock file, so that \
             no single change has them to its credit",
            wording::count(shared.packages, "package"),
            wording::seconds(shared.seconds)
        ));
    }
    Ok(())
}

/// Name and version.
type Package = (String, String);

/// What no single change has to its credit.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Shared {
    packages: usize,
    seconds: f64,
}

/// Gives each change the packages that come back without it, unless they come back without another one too:
/// what needs several changes to go, or goes by any of several, is nobody's.
fn credit(
    returning: Vec<(String, Vec<Package>)>,
    seconds: &HashMap<Package, f64>,
) -> (BTreeMap<String, Impact>, Shared) {
    let mut times: HashMap<&Package, usize> = HashMap::new();
    for package in returning.iter().flat_map(|(_, packages)| packages) {
        *times.entry(package).or_default() += 1;
    }
    let is_alone = |package: &&Package| times.get(*package) == Some(&1);
    let mut impacts = BTreeMap::new();
    for (id, packages) in &returning {
        let own: Vec<&Package> = packages.iter().filter(is_alone).collect();
        if own.is_empty() {
            continue;
        }
        let impact = Impact {
            seconds: own.iter().map(|package| seconds[*package]).sum(),
            basis: Basis::Attributed,
            packages: own.iter().map(|(name, version)| format!("{name} {version}")).collect(),
        };
        impacts.insert(id.clone(), impact);
    }
    let rest: Vec<f64> = seconds
        .iter()
        .filter(|(package, _)| !is_alone(package))
        .map(|(_, seconds)| *seconds)
        .collect();
    (impacts, Shared { packages: rest.len(), seconds: rest.iter().sum() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str) -> Package {
        (name.to_owned(), "1.0.0".to_owned())
    }

    #[test]
    fn what_several_changes_are_needed_for_is_to_nobodys_credit() {
        let seconds = [("a", 4.0), ("b", 2.0), ("both", 8.0), ("either", 16.0)];
        let seconds = seconds.map(|(name, seconds)| (package(name), seconds)).into();
        let returning = vec![
            ("first".to_owned(), vec![package("a"), package("both")]),
            ("second".to_owned(), vec![package("b"), package("both")]),
            ("third".to_owned(), Vec::new()),
        ];
        let (impacts, shared) = credit(returning, &seconds);
        assert_eq!(impacts.len(), 2);
        assert_eq!(impacts["first"].seconds, 4.0);
        assert_eq!(impacts["first"].packages, ["a 1.0.0"]);
        assert_eq!(impacts["second"].seconds, 2.0);
        assert_eq!(shared, Shared { packages: 2, seconds: 24.0 });
        let credited: f64 = impacts.values().map(|impact| impact.seconds).sum();
        assert_eq!(credited + shared.seconds, seconds.values().sum::<f64>());
    }
}
