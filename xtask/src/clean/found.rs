//! What is stale in one place, and where that is.
//!
//! Looks and decides; nothing is deleted here.

use std::{
    path::PathBuf,
    time::{Duration, SystemTime},
};

use anyhow::Result;

use super::{describe::Outcome, living::Living, watched};
use crate::{
    interrupt, rehearsal,
    shell::Shell,
    target_dir::{
        Progress, Unpacked,
        profiles::{Base, Parts, Profile},
        stale::{Kind, Stale, Use, sort},
    },
};

/// Ticks of the clock by which file systems date what is written. Source: `CONFIG_HZ` of Linux is 100 at least.
const TICK: Duration = Duration::from_millis(10);

/// The coarsest dates that file systems in use keep; such dates have no fraction of a second.
const COARSE: Duration = Duration::from_secs(2);

/// Something stale, and where.
pub(super) struct Found<'a> {
    pub(super) at: Spot<'a>,
    pub(super) stale: Stale,
}

/// Where something stale lies.
#[derive(Clone, Copy)]
pub(super) enum Spot<'a> {
    Profile(&'a Place),
    /// In `package/` of the base with this position.
    Package(usize),
}

/// The directory of a profile within one of the workspace's directories.
pub(super) struct Place {
    /// Position among the bases.
    pub(super) base: usize,
    pub(super) profile: Profile,
    pub(super) parts: Parts,
    /// Nothing in it can be in use, and why.
    pub(super) abandoned: Option<Kind>,
}

/// An unpacked package as something stale.
pub(super) fn package(unpacked: &Unpacked) -> Stale {
    let name = unpacked.path.file_name().unwrap_or_default();
    let written = unpacked.path.symlink_metadata().and_then(|found| found.modified());
    Stale {
        kind: Kind::Package,
        label: name.to_string_lossy().into_owned(),
        entries: vec![(PathBuf::from("package"), name.to_os_string())],
        fingerprint: None,
        bytes: unpacked.bytes,
        linked: Vec::new(),
        files: unpacked.files,
        newest: written.unwrap_or(SystemTime::UNIX_EPOCH),
    }
}

/// Whether something may have been written since a moment, by a clock that is no finer than the file system keeps.
fn is_young(written: SystemTime, since: SystemTime) -> bool {
    let fraction =
        written.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |age| age.subsec_nanos());
    let step = if fraction == 0 { COARSE } else { TICK };
    written.checked_add(step).is_none_or(|written| written >= since)
}

/// What is stale in one profile.
pub(super) fn look<'a>(
    base: &Base,
    place: &'a Place,
    living: &Living,
    started: SystemTime,
    shell: &Shell,
    outcome: &mut Outcome,
) -> Result<Vec<Found<'a>>> {
    let list = |progress: &Progress| base.list(&place.profile, place.parts, progress);
    let contents = watched(shell, "Looking", list)?;
    interrupt::check()?;
    let names = living.names(&place.profile);
    let uncertain = living.uncertain(&place.profile);
    let usage = Use { names: &names, uncertain: &uncertain, dep_info: &contents.dep_info };
    outcome.sources.extend(contents.sources);
    let sorted = sort(contents.listed, usage);
    outcome.used_units += sorted.used.len();
    let directory = base.path.join(&place.profile.path);
    for path in contents.unknown.iter().chain(&sorted.unknown) {
        outcome.unknown.push(directory.join(path));
    }
    let (young, stale): (Vec<Stale>, Vec<Stale>) =
        sorted.stale.into_iter().partition(|stale| is_young(stale.newest, started));
    outcome.young += young.len();
    let found = stale.into_iter().map(|mut stale| {
        stale.kind = match (place.abandoned, stale.kind) {
            (Some(kind), _) => kind,
            (None, Kind::Unit | Kind::Fingerprint)
                if is_of_another(base, place, &stale, living) =>
            {
                Kind::Toolchain
            }
            (None, kind) => kind,
        };
        Found { at: Spot::Profile(place), stale }
    });
    Ok(found.collect())
}

/// Whether a unit's fingerprint names another compiler. For the words alone.
fn is_of_another(base: &Base, place: &Place, stale: &Stale, living: &Living) -> bool {
    let Some(fingerprint) = &stale.fingerprint else { return false };
    let compilers = &living.names(&place.profile).compilers;
    let found = base.fingerprints(&place.profile, fingerprint);
    let named: Vec<u64> = found.iter().filter_map(|bytes| rehearsal::compiler_of(bytes)).collect();
    !compilers.is_empty()
        && !named.is_empty()
        && named.iter().all(|number| !compilers.contains(number))
}
