//! What earlier runs rejected, and whether that still holds: then it is not tried again.
//!
//! A judgement is remembered with hashes of all that it depended on, and holds only while every one of them is the
//! same. Where a hash cannot be made nothing is remembered, and nothing holds.

use std::{collections::BTreeSet, path::Path};

use anyhow::Result;
use serde::{Deserialize, Serialize};

use crate::{
    cli::Depth,
    interrupt,
    plan::Change,
    policy,
    record::{ChangeRecord, Record, Verdict},
    shadow,
    shell::Shell,
    snapshot::Snapshot,
};

mod key;
mod store;

/// One judgement of an earlier run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Judgement {
    pub(crate) id: String,
    /// Absolute path of the workspace root.
    workspace: String,
    /// `rejected`, or `skipped` where nothing was gained.
    pub(crate) verdict: Verdict,
    /// First line of the reason.
    why: String,
    /// The run that judged.
    pub(crate) run: String,
    /// When it started, RFC 3339 with offset.
    at: String,
    /// Hashes of toolchain, environment and configuration with which it holds.
    states: Vec<String>,
    /// Hashes of every way to the change's end that was judged.
    ways: BTreeSet<String>,
    rests: Rests,
}

/// What a judgement depends on besides that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "lowercase")]
pub(crate) enum Rests {
    /// Of compiler or tests: on the sources, by their hash.
    Compiler { sources: String },
    /// Of timed builds: on the machine, on how much was measured, and in a search on the command of `--bench`.
    Clock { cores: usize, full: bool, bench: Option<String> },
}

/// How a run measures.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) cores: usize,
    /// None for what measures nothing, such as `--check`.
    pub(crate) depth: Option<Depth>,
    pub(crate) bench: Option<&'a str>,
}

impl Asked<'_> {
    fn is_full(&self) -> bool {
        self.depth == Some(Depth::Full)
    }

    /// Whether timed builds said of this machine what they would say of it again. Less measuring says nothing better.
    fn bears(&self, cores: usize, full: bool, bench: Option<&str>) -> bool {
        cores == self.cores && (!self.is_full() || full && bench == self.bench)
    }

    /// What a judgement of this run by timed builds rests on.
    pub(crate) fn clock(&self) -> Rests {
        let bench = self.bench.map(str::to_owned);
        Rests::Clock { cores: self.cores, full: self.is_full(), bench }
    }
}

/// The judgements that hold for a workspace as it is.
#[derive(Debug, Clone, Default)]
pub(crate) struct Settled {
    holding: Vec<Judgement>,
}

impl Settled {
    /// The newest judgement on a change, if each of its ways was judged.
    pub(crate) fn of(&self, change: &Change) -> Option<&Judgement> {
        if self.holding.is_empty() {
            return None;
        }
        let ways = key::ways(change);
        let is_about = |it: &&Judgement| it.id == change.id() && ways.is_subset(&it.ways);
        self.holding.iter().rev().find(is_about)
    }
}

impl Judgement {
    /// Why the change is not tried, in one line.
    pub(crate) fn reason(&self) -> String {
        let did = if self.verdict == Verdict::Rejected { "rejected" } else { "left out" };
        let (run, why) = (&self.run, &self.why);
        format!(
            "{did} by the run {run}: {why}; nothing that this depended on has changed since \
             (`--retry-rejected` tries it again)"
        )
    }

    /// Whether it holds. The hash of the sources is asked for last, and only where all else is the same.
    fn holds(
        &self,
        state: &str,
        asked: &Asked<'_>,
        sources: impl FnOnce() -> Option<String>,
    ) -> bool {
        self.states.iter().any(|known| known == state)
            && match &self.rests {
                Rests::Compiler { sources: judged } => sources().as_ref() == Some(judged),
                Rests::Clock { cores, full, bench } => asked.bears(*cores, *full, bench.as_deref()),
            }
    }
}

/// What of the earlier judgements holds now. What cannot be read is warned of and counts as nothing.
///
/// # Errors
/// When the run is interrupted.
pub(crate) fn recall(snapshot: &Snapshot, asked: &Asked<'_>, shell: &Shell) -> Result<Settled> {
    let known = match store::read(&snapshot.target_dir) {
        Ok(known) => known,
        Err(error) => {
            shell.warn(format!("what was rejected before is not known: {error:#}"));
            Vec::new()
        }
    };
    if known.is_empty() {
        return Ok(Settled::default());
    }
    let state = state(snapshot, &snapshot.configuration(&Default::default()));
    let mut sources: Option<Option<String>> = None;
    let mut ask = || {
        sources
            .get_or_insert_with(|| {
                let digest = shadow::digest(snapshot);
                let said = |error: anyhow::Error| {
                    shell.warn(format!("what was rejected is tried again: {error:#}"))
                };
                digest.map_err(said).ok()
            })
            .clone()
    };
    let mut holding = known;
    holding.retain(|it| it.holds(&state, asked, &mut ask));
    interrupt::check()?;
    Ok(Settled { holding })
}

/// Hash of toolchain, environment and of a configuration of the workspace.
fn state(snapshot: &Snapshot, configuration: &str) -> String {
    let is_known = |path: &Path| {
        path.strip_prefix(&snapshot.root).is_ok_and(|path| snapshot.files.contains_key(path))
    };
    let mut texts = snapshot.stack.texts(is_known);
    texts.extend(key::environment(std::env::vars_os()));
    key::state(&snapshot.machine, configuration, &texts)
}

/// What one run decided on a change that does not stand.
#[derive(Debug, Clone)]
pub(crate) struct Judged {
    /// As it was planned, with every way that it had.
    pub(crate) change: Change,
    pub(crate) verdict: Verdict,
    pub(crate) reason: String,
    pub(crate) rests: Rests,
    /// It failed by itself, so that it would have without the changes that stood, too.
    pub(crate) alone: bool,
}

/// What a run has to remember.
#[derive(Debug, Clone)]
pub(crate) struct Learnt<'a> {
    pub(crate) run: &'a str,
    /// Ids of everything that was tried: what earlier runs said of it counts no more.
    pub(crate) tried: &'a [String],
    pub(crate) judged: &'a [Judged],
}

/// Remembers the judgements of a run, for the configuration that it left and, of what failed by itself, for the one
/// that it began with.
///
/// # Errors
/// When the history cannot be written.
pub(crate) fn remember(snapshot: &Snapshot, record: &Record, learnt: &Learnt<'_>) -> Result<()> {
    let before = state(snapshot, &snapshot.configuration(&Default::default()));
    let after = state(snapshot, &record.configuration);
    let new = learnt.judged.iter().map(|judged| {
        let mut states = vec![after.clone()];
        states.extend((judged.alone && before != after).then(|| before.clone()));
        Judgement {
            id: judged.change.id(),
            workspace: record.workspace.clone(),
            verdict: judged.verdict,
            why: judged.reason.lines().next().unwrap_or_default().to_owned(),
            run: learnt.run.to_owned(),
            at: record.started.clone(),
            states,
            ways: key::ways(&judged.change),
            rests: judged.rests.clone(),
        }
    });
    let new: Vec<Judgement> = new.collect();
    // What was damaged is lost, and was warned of at the start.
    let known = store::read(&snapshot.target_dir).unwrap_or_default();
    let is_tried =
        |it: &Judgement| it.workspace == record.workspace && learnt.tried.contains(&it.id);
    let stale = |it: &Judgement| {
        is_tried(it) && (it.states.contains(&before) || it.states.contains(&after))
    };
    if new.is_empty() && !known.iter().any(stale) {
        return Ok(());
    }
    let mut all: Vec<Judgement> = known.iter().filter(|it| !stale(it)).cloned().collect();
    all.extend(new);
    store::write(&snapshot.target_dir, store::bounded(all))
}

/// What to say of changes that were not tried again, or are not to be: the line that silences them for good.
pub(crate) fn note(changes: &[ChangeRecord], snapshot: &Snapshot) -> Option<String> {
    let is_settled =
        |it: &&ChangeRecord| it.verdict == Verdict::Rejected || it.remembered.is_some();
    let ids: BTreeSet<&str> = changes.iter().filter(is_settled).map(|it| it.id.as_str()).collect();
    if ids.is_empty() {
        return None;
    }
    let known = &snapshot.policy.ignore;
    let all: BTreeSet<&str> = known.iter().map(String::as_str).chain(ids).collect();
    let list: toml_edit::Array = all.into_iter().collect();
    let instead = if known.is_empty() { "" } else { ", in place of the `ignore` that is there" };
    let table = policy::table(snapshot.root_document());
    Some(format!(
        "to silence for good what was rejected, put `ignore = {list}` into `[{table}]`{instead}"
    ))
}

#[cfg(test)]
mod tests;
