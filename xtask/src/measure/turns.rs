//! Readings in turns: baseline, candidate, baseline, candidate, so that what drifts slowly cancels.

use anyhow::Result;

use super::{Bench, Edited, EditedKind, Profile, Role, Sides};

/// A clean dev build of each role in turn, then for each edit a rebuild of each; what the time budget
/// leaves no room for is left out and noted. Whether the clean builds were made.
///
/// # Errors
/// As [`Bench::clean`].
pub(crate) fn dev(
    bench: &mut dyn Bench,
    roles: &[Role],
    edits: &[Edited],
    sides: &mut Sides,
) -> Result<bool> {
    if !clean(bench, roles, Profile::Dev, sides)? {
        return Ok(false);
    }
    let rebuilt = rebuild(bench, roles, edits, sides);
    bench.unedit()?;
    rebuilt.map(|()| true)
}

fn rebuild(
    bench: &mut dyn Bench,
    roles: &[Role],
    edits: &[Edited],
    sides: &mut Sides,
) -> Result<()> {
    for edited in edits {
        if !bench.has_time(&format!("rebuilds after an edit in {}", edited.member)) {
            break;
        }
        for &role in roles {
            let sample = bench.incremental(role, edited, "")?.sample;
            let side = sides.of(role);
            match edited.kind {
                EditedKind::Core => side.incremental_core.push(sample),
                EditedKind::Leaf => side.incremental_leaf.push(sample),
            }
        }
    }
    Ok(())
}

/// A clean release build of each role in turn. Whether they were made.
///
/// # Errors
/// As [`Bench::clean`].
pub(crate) fn release(bench: &mut dyn Bench, roles: &[Role], sides: &mut Sides) -> Result<bool> {
    clean(bench, roles, Profile::Release, sides)
}

fn clean(
    bench: &mut dyn Bench,
    roles: &[Role],
    profile: Profile,
    sides: &mut Sides,
) -> Result<bool> {
    if !bench.has_time(&format!("clean {} builds", profile.as_str())) {
        return Ok(false);
    }
    for &role in roles {
        let build = bench.clean(role, profile, "")?;
        sides.of(role).take(profile, build);
    }
    Ok(true)
}
