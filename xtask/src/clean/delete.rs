//! The deletion of what was chosen, and what is gone of it as a whole.

use std::{
    collections::BTreeSet,
    ffi::OsStr,
    path::{Path, PathBuf},
};

use super::{
    describe::Outcome,
    found::{Found, Place, Spot},
    watched,
};
use crate::{
    shell::Shell,
    target_dir::{
        self, Refusal, Surroundings,
        profiles::{Base, Parts},
        stale::Stale,
    },
};

/// Deletes what was chosen, the packages first. Returns what is gone as a whole.
pub(super) fn delete<'a>(
    bases: &[(Base, Parts)],
    places: &[Place],
    going: Vec<(&'a Found<'a>, u64)>,
    surroundings: &Surroundings,
    shell: &Shell,
    outcome: &mut Outcome,
) -> Vec<(&'a Found<'a>, u64)> {
    let mut stays: BTreeSet<(usize, PathBuf)> = BTreeSet::new();
    for (at, (base, _)) in bases.iter().enumerate() {
        let chosen: BTreeSet<&OsStr> = going
            .iter()
            .filter(|(found, _)| matches!(found.at, Spot::Package(base) if base == at))
            .flat_map(|(found, _)| found.stale.entries.iter().map(|(_, name)| name.as_os_str()))
            .collect();
        if chosen.is_empty() {
            continue;
        }
        let cleaned =
            target_dir::clean_packages(&base.path, surroundings, |name| chosen.contains(name));
        outcome.freed_bytes += cleaned.freed_bytes;
        outcome.unnamed += cleaned.unnamed;
        let gone: BTreeSet<&OsStr> =
            cleaned.removed.iter().filter_map(|unpacked| unpacked.path.file_name()).collect();
        stays.extend(chosen.difference(&gone).map(|name| (at, Path::new("package").join(name))));
        outcome.left.extend(cleaned.left);
    }
    for place in places {
        let is_here =
            |at: Spot<'_>| matches!(at, Spot::Profile(other) if std::ptr::eq(other, place));
        let here: Vec<&Stale> = going
            .iter()
            .filter(|(found, _)| is_here(found.at))
            .map(|(found, _)| &found.stale)
            .collect();
        if here.is_empty() && place.abandoned.is_none() {
            continue;
        }
        let base = &bases[place.base].0;
        shell.detail("Deleting", format!("in `{}`", base.path.join(&place.profile.path).display()));
        let removed =
            watched(shell, "Deleting", |progress| base.remove(&place.profile, &here, progress));
        outcome.freed_bytes += removed.freed_bytes;
        outcome.unnamed += removed.unnamed;
        let kept = removed.kept.into_iter().map(|path| (place.base, place.profile.path.join(path)));
        stays.extend(kept);
        for (path, reason) in removed.left {
            outcome.left.push(Refusal::of(&path, format!("failed to delete: {reason}")));
        }
        base.tidy(&place.profile, &here, place.abandoned.is_some());
    }
    let is_gone = |(found, _): &(&Found, u64)| {
        let (base, directory) = match found.at {
            Spot::Profile(place) => (place.base, place.profile.path.as_path()),
            Spot::Package(base) => (base, Path::new("")),
        };
        let mut paths =
            found.stale.entries.iter().map(|(place, name)| directory.join(place).join(name));
        paths.all(|path| !stays.contains(&(base, path)))
    };
    going.into_iter().filter(is_gone).collect()
}
