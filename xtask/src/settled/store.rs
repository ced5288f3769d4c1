//! The file of the judgements, `verdicts.json` in the history.
//!
//! Replaced in one step. Somebody else may have written it: nothing of it reaches a terminal but printable text.

use std::{collections::BTreeMap, path::Path};

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use super::Judgement;
use crate::{history, record::Verdict};

const FILE: &str = "verdicts.json";

const SCHEMA: u32 = 1;

/// More than [`MOST`] judgements of the usual size take.
const MOST_BYTES: u64 = 16 * 1024 * 1024;

/// The most that is kept, the newest.
const MOST: usize = 1000;

/// The most that is kept of one change: a few branches of a repository, not every state that it ever was in.
const MOST_OF_ONE: usize = 4;

/// Longer reasons are cut off, in characters.
const SHOWN_CHARS: usize = 300;

#[derive(Serialize, Deserialize)]
struct File {
    schema: u32,
    /// The oldest first.
    verdicts: Vec<Judgement>,
}

/// Every judgement, the oldest first; none where there is no file.
///
/// # Errors
/// When it cannot be read or is none of ours.
pub(super) fn read(target_dir: &Path) -> Result<Vec<Judgement>> {
    let Some(bytes) = history::read_other(target_dir, FILE, MOST_BYTES)? else {
        return Ok(Vec::new());
    };
    let failed = || {
        format!(
            "`{FILE}` in the history is damaged; the next run that rejects something writes it anew"
        )
    };
    let file: File = serde_json::from_slice(&bytes).with_context(failed)?;
    ensure!(file.schema == SCHEMA, "`{FILE}` in the history has schema {}", file.schema);
    let mut verdicts = file.verdicts;
    verdicts.retain(|it| matches!(it.verdict, Verdict::Rejected | Verdict::Skipped));
    for judgement in &mut verdicts {
        judgement.why = printable(&judgement.why);
        judgement.run = printable(&judgement.run);
    }
    Ok(verdicts)
}

/// Puts these in the place of what is there.
///
/// # Errors
/// When the history cannot be written.
pub(super) fn write(target_dir: &Path, verdicts: Vec<Judgement>) -> Result<()> {
    let json = serde_json::to_vec_pretty(&File { schema: SCHEMA, verdicts });
    history::replace_other(target_dir, FILE, &json.context("failed to write JSON")?)
}

/// The newest of all, and of each change.
pub(super) fn bounded(mut all: Vec<Judgement>) -> Vec<Judgement> {
    let mut seen: BTreeMap<(String, String), usize> = BTreeMap::new();
    all.reverse();
    all.retain(|it| {
        let count = seen.entry((it.workspace.clone(), it.id.clone())).or_default();
        *count += 1;
        *count <= MOST_OF_ONE
    });
    all.truncate(MOST);
    all.reverse();
    all
}

fn printable(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(SHOWN_CHARS).collect()
}
