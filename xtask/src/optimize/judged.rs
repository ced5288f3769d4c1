//! What a proof decided that the next run need not try again, and what is said of it.
//!
//! A judgement is passed on only where everything it was made with stands in the end.

use std::{collections::BTreeSet, path::Path};

use anyhow::Result;

use super::prove::{Proof, Timed};
use crate::{
    cli,
    findings::Plan,
    plan::Change,
    record::{Record, Verdict},
    settled::{self, Asked, Judged, Learnt, Rests, Settled},
    shell::Shell,
    snapshot::Snapshot,
};

/// How the run measures. A check finds nothing out that could speak against an earlier measurement.
fn asked<'a>(args: &'a cli::Optimize, snapshot: &Snapshot) -> Asked<'a> {
    Asked {
        cores: snapshot.machine.cores,
        depth: (!args.check).then_some(args.measure),
        bench: args.bench.as_deref(),
    }
}

/// What of earlier verdicts holds; with other versions of everything anything may stand.
///
/// # Errors
/// When the run is interrupted.
pub(super) fn recall(args: &cli::Optimize, snapshot: &Snapshot, shell: &Shell) -> Result<Settled> {
    if args.retry_rejected || args.update {
        return Ok(Settled::default());
    }
    settled::recall(snapshot, &asked(args, snapshot), shell)
}

/// What a whole proof has to hand on. `sources`: their hash when they were copied; none where what was proved is not
/// what is committed. `unreached`: what cargo said where it could not reach a registry.
pub(super) fn learnt(
    (args, snapshot): (&cli::Optimize, &Snapshot),
    plan: &Plan,
    proof: &mut Proof,
    (sources, unreached): (Option<Result<String>>, &[String]),
) -> Verdicts {
    if let (Some(Err(error)), false) = (&sources, proof.rejected.is_empty()) {
        proof.notes.push(format!("the next run will try again what was rejected: {error:#}"));
    }
    let sources = sources.and_then(Result::ok);
    let sources = (sources.as_deref(), unreached);
    Verdicts::of(plan, proof, &asked(args, snapshot), sources, args.update)
}

/// What the proof of a run has to hand on.
#[derive(Debug, Clone, Default)]
pub(super) struct Verdicts {
    tried: Vec<String>,
    judged: Vec<Judged>,
}

impl Verdicts {
    fn of(
        plan: &Plan,
        proof: &Proof,
        asked: &Asked<'_>,
        (sources, unreached): (Option<&str>, &[String]),
        is_updated: bool,
    ) -> Self {
        // Of several ways only what was said of the first is known.
        let is_of_today = |change: &Change, why: &String| {
            unreached.contains(why) || !unreached.is_empty() && !change.alternatives.is_empty()
        };
        let stands: BTreeSet<String> = proof.kept.iter().map(Change::id).collect();
        let rejected = proof.rejected.iter().map(|(change, why)| (change, why, Verdict::Rejected));
        let idle = proof.idle.iter().map(|(change, why)| (change, why, Verdict::Skipped));
        let judged = rejected.chain(idle).filter_map(|(change, why, verdict)| {
            let id = change.id();
            let change = plan.changes.iter().find(|planned| planned.id() == id)?.clone();
            let (rests, alone) = match (proof.timed.get(&id), proof.adversaries.get(&id)) {
                (Some(Timed::Compared), _) => (asked.clock(), false),
                (None, Some(_)) if is_of_today(&change, why) => return None,
                (None, Some(others)) if others.is_subset(&stands) => {
                    let rests = Rests::Compiler { sources: sources?.to_owned() };
                    (rests, others.is_empty() && !is_updated)
                }
                _ => return None,
            };
            Some(Judged { change, verdict, reason: why.clone(), rests, alone })
        });
        Self { judged: judged.collect(), tried: plan.changes.iter().map(Change::id).collect() }
    }

    /// Hands it on to the next run. That it cannot be is no failure of this one.
    pub(super) fn remember(
        &self,
        snapshot: &Snapshot,
        run_dir: &Path,
        record: &mut Record,
        shell: &Shell,
    ) {
        let run = run_dir.file_name().unwrap_or_default().to_string_lossy();
        let learnt = Learnt { run: &run, tried: &self.tried, judged: &self.judged };
        if let Err(error) = settled::remember(snapshot, record, &learnt) {
            let note = format!("the next run will try again what was rejected: {error:#}");
            shell.warn(&note);
            record.notes.push(note);
        }
    }
}

/// Says what of the policy stands for nothing any more.
pub(super) fn remark(plan: &Plan, record: &mut Record, shell: &Shell) {
    for stale in &plan.stale {
        shell.status("Note", stale.to_string());
        record.notes.push(stale.to_string());
    }
}

/// Says how what was rejected before is silenced for good.
pub(super) fn remind(snapshot: &Snapshot, record: &mut Record, shell: &Shell) {
    if let Some(note) = settled::note(&record.changes, snapshot) {
        shell.status("Note", &note);
        record.notes.push(note);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::{
        cli::{Code, Depth},
        plan::Alternative,
    };

    const ASKED: Asked<'static> = Asked { cores: 2, depth: Some(Depth::Quick), bench: None };

    fn change(subject: &str) -> Change {
        Change::new(Code::UnusedDependency, subject, subject.to_owned(), String::new())
    }

    fn id(subject: &str) -> String {
        change(subject).id()
    }

    /// Of `kept`, `slow` and `bad`: the first stands, the clock or a failed build rejected the second, the compiler the
    /// third, beside `adversaries`.
    fn proof(adversaries: &[&str], timed: Timed) -> (Plan, Proof) {
        let changes = ["kept", "slow", "bad"].map(change).to_vec();
        let rejected = ["slow", "bad"].map(|it| (change(it), format!("{it} it is\nand so on")));
        let beside = adversaries.iter().map(|it| id(it)).collect();
        let proof = Proof {
            kept: vec![change("kept")],
            rejected: rejected.to_vec(),
            adversaries: BTreeMap::from([(id("bad"), beside)]),
            timed: BTreeMap::from([(id("slow"), timed)]),
            ..Proof::default()
        };
        (Plan { changes, ..Plan::default() }, proof)
    }

    /// Subjects of what is handed on, and whether it failed alone.
    fn handed_on(
        (plan, proof): (Plan, Proof),
        sources: Option<&str>,
        is_updated: bool,
    ) -> Vec<(String, bool)> {
        let verdicts = Verdicts::of(&plan, &proof, &ASKED, (sources, &[]), is_updated);
        assert_eq!(verdicts.tried.len(), 3);
        verdicts.judged.into_iter().map(|it| (it.change.subject, it.alone)).collect()
    }

    fn some(all: &[(&str, bool)]) -> Vec<(String, bool)> {
        all.iter().map(|(subject, alone)| ((*subject).to_owned(), *alone)).collect()
    }

    #[test]
    fn what_failed_alone_or_beside_what_stands_is_handed_on() {
        let alone = handed_on(proof(&[], Timed::Compared), Some("s"), false);
        assert_eq!(alone, some(&[("slow", false), ("bad", true)]));
        let beside = handed_on(proof(&["kept"], Timed::Compared), Some("s"), false);
        assert_eq!(beside, some(&[("slow", false), ("bad", false)]));
    }

    #[test]
    fn what_failed_beside_a_change_that_fell_later_is_not() {
        let beside = handed_on(proof(&["kept", "slow"], Timed::Compared), Some("s"), false);
        assert_eq!(beside, some(&[("slow", false)]));
    }

    #[test]
    fn what_a_failed_build_took_back_is_not() {
        let left = handed_on(proof(&[], Timed::Unfinished), Some("s"), false);
        assert_eq!(left, some(&[("bad", true)]));
    }

    #[test]
    fn what_a_registry_out_of_reach_decided_is_not() {
        let (mut plan, proof) = proof(&[], Timed::Compared);
        let subjects = |plan: &Plan, said: &str| {
            let unreached = [said.to_owned()];
            let verdicts = Verdicts::of(plan, &proof, &ASKED, (Some("s"), &unreached), false);
            verdicts.judged.into_iter().map(|it| it.change.subject).collect::<Vec<_>>()
        };
        assert_eq!(subjects(&plan, "bad it is\nand so on"), ["slow"]);
        assert_eq!(subjects(&plan, "something else"), ["slow", "bad"]);
        let other = Alternative { title: String::new(), edits: Vec::new(), removes: Vec::new() };
        plan.changes[2].alternatives.push(other);
        assert_eq!(subjects(&plan, "something else"), ["slow"]);
    }

    #[test]
    fn without_a_hash_of_the_sources_only_the_clock_is_believed() {
        let left = handed_on(proof(&[], Timed::Compared), None, false);
        assert_eq!(left, some(&[("slow", false)]));
    }

    #[test]
    fn with_every_dependency_updated_nothing_failed_in_the_state_before() {
        let left = handed_on(proof(&[], Timed::Compared), Some("s"), true);
        assert_eq!(left, some(&[("slow", false), ("bad", false)]));
    }
}
