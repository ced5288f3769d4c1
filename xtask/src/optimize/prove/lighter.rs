//! Whether changes that are to take packages out of the graph do, on top of others.
//!
//! Asks the resolver in the candidate; nothing is compiled and nothing decided.

use anyhow::Result;

use crate::{
    plan::Change,
    trial::{Trial, Weight},
};

/// The last change that makes the graph no smaller on top of the others, and why.
pub(super) fn useless(trial: &Trial<'_>, kept: &[Change]) -> Result<Option<(usize, String)>> {
    for (at, change) in kept.iter().enumerate().rev() {
        let others = [&kept[..at], &kept[at + 1..]].concat();
        if let Some(why) = objection(trial, &others, change)? {
            return Ok(Some((at, why)));
        }
    }
    Ok(None)
}

/// The first way of a change that makes the graph smaller, or why none does.
pub(super) fn lightest(
    trial: &Trial<'_>,
    others: &[Change],
    change: &Change,
) -> Result<std::result::Result<Change, String>> {
    let before = match trial.weigh(others)? {
        Ok(before) => before,
        Err(why) => return Ok(Err(why)),
    };
    let mut evidence = None;
    let mut way = Some(change.clone());
    while let Some(this) = way {
        match objection_to(trial, (others, &before), &this)? {
            None => return Ok(Ok(this)),
            Some(why) => evidence.get_or_insert(why),
        };
        way = this.next_alternative();
    }
    Ok(Err(evidence.unwrap_or_default()))
}

/// Why a change makes the graph no smaller on top of others; none if it does, or is not meant to.
pub(super) fn objection(
    trial: &Trial<'_>,
    others: &[Change],
    change: &Change,
) -> Result<Option<String>> {
    if change.removes.is_empty() {
        return Ok(None);
    }
    let before = match trial.weigh(others)? {
        Ok(before) => before,
        Err(why) => return Ok(Some(why)),
    };
    objection_to(trial, (others, &before), change)
}

/// The same where the graph with the others is known.
fn objection_to(
    trial: &Trial<'_>,
    (others, before): (&[Change], &Weight),
    change: &Change,
) -> Result<Option<String>> {
    let all = [others, std::slice::from_ref(change)].concat();
    Ok(match trial.weigh(&all)? {
        Ok(after) => after.objection(before, change),
        Err(why) => Some(why),
    })
}
