//! `clean`: delete from the target directory what no current build would use, and nothing else.
//!
//! What is in use is what cargo names when it rehearses the builds ([`crate::rehearsal`]), with nothing compiled. Only
//! artifacts go that a build makes again; a directory in which a build runs is left alone.

use std::{
    collections::BTreeSet,
    ffi::OsStr,
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, SystemTime},
};

use anyhow::Result;

use crate::{
    cli::{self, Format, Global},
    commit, interrupt,
    lock::WorkspaceLock,
    output,
    shell::Shell,
    snapshot::{self, Intent, Snapshot},
    target_dir::{
        self, Progress, Refusal, Surroundings, Unpacked,
        profiles::{Base, BuildLock, Parts, Profile},
        stale::{Freed, Kind, Stale, Use, sort},
    },
    wording,
};

mod choose;
mod describe;
mod living;
mod usual;
mod workspace;

use choose::{Candidate, Limits, choose};
use describe::Outcome;
use living::{Answer, Asked, Living};
use workspace::Workspace;

/// Ticks of the clock by which file systems date what is written. Source: `CONFIG_HZ` of Linux is 100 at least.
const TICK: Duration = Duration::from_millis(10);

/// The coarsest dates that file systems in use keep; such dates have no fraction of a second.
const COARSE: Duration = Duration::from_secs(2);

/// Runs the command.
///
/// # Errors
/// When cargo could not be asked, or the target directory not be read; nothing was deleted then.
pub(crate) fn run(args: &cli::Clean, global: &Global, shell: &Shell) -> Result<ExitCode> {
    let manifest = snapshot::manifest_path(global)?;
    commit::refuse_interrupted(manifest.parent().unwrap_or(&manifest))?;
    let root = snapshot::find_root(&manifest, global.offline, Intent::Run)?;
    let _lock = if args.dry_run { None } else { Some(WorkspaceLock::acquire(&root, "clean")?) };
    let workspace = Workspace::read(&root, global.offline)?;
    let order = Order {
        asked: Asked::of(args, &workspace, global.offline)?,
        limits: Limits { keep_days: args.keep_days, max_size: args.max_size },
        is_dry: args.dry_run,
        may_be_shared: !args.not_shared,
    };
    let outcome = clean(&workspace, &order, shell)?;
    outcome.say(shell);
    match global.format {
        Format::Json => output::json(&outcome.json())?,
        Format::Human => output::text(&outcome.table())?,
    }
    interrupt::check()?;
    Ok(ExitCode::SUCCESS)
}

/// Cleans after a commit, by which units may have come to be of no use any more.
///
/// # Errors
/// As [`run`].
pub(crate) fn after_commit(snapshot: &Snapshot, offline: bool, shell: &Shell) -> Result<Outcome> {
    let workspace = Workspace::of(&snapshot.metadata, &snapshot.root);
    let order = Order {
        asked: Asked::usual(&workspace, offline)?,
        limits: Limits::default(),
        is_dry: false,
        may_be_shared: true,
    };
    let outcome = clean(&workspace, &order, shell)?;
    outcome.say(shell);
    Ok(outcome)
}

/// What is to be done.
struct Order {
    asked: Asked,
    limits: Limits,
    is_dry: bool,
    /// Nobody has said whether other workspaces build into the directory.
    may_be_shared: bool,
}

/// Something stale, and where.
struct Found<'a> {
    at: Spot<'a>,
    stale: Stale,
}

/// Where something stale lies.
#[derive(Clone, Copy)]
enum Spot<'a> {
    Profile(&'a Place),
    /// In `package/` of the base with this position.
    Package(usize),
}

/// The directory of a profile within one of the workspace's directories.
struct Place {
    /// Position among the bases.
    base: usize,
    profile: Profile,
    parts: Parts,
    /// Nothing in it can be in use, and why.
    abandoned: Option<Kind>,
}

fn clean(workspace: &Workspace, order: &Order, shell: &Shell) -> Result<Outcome> {
    let mut outcome = Outcome::new(workspace, &order.asked, order.is_dry);
    let surroundings = Surroundings::of(&workspace.root);
    let mut bases = Vec::new();
    for (path, parts) in workspace.directories() {
        match Base::open(&path, &surroundings) {
            Ok(base) => bases.extend(base.map(|base| (base, parts))),
            Err(refusal) => outcome.left.push(refusal),
        }
    }
    let mut found = Vec::new();
    for (at, (base, _)) in bases.iter().enumerate() {
        let inventory = watched(shell, "Looking", |progress| {
            target_dir::watched_inventory(&base.path, progress)
        })?;
        interrupt::check()?;
        outcome.bytes += inventory.bytes;
        let unpacked = inventory.package.unpacked.iter().map(package);
        found.extend(unpacked.map(|stale| Found { at: Spot::Package(at), stale }));
    }
    // What is written from here on was not there when cargo was asked.
    let started = SystemTime::now();
    let all = profiles(&bases)?;
    let mut places = Vec::new();
    let mut living = None;
    if !all.is_empty() {
        match living::ask(&order.asked, workspace, &all, shell)? {
            Answer::Known(known) => {
                places = places_of(all, &known, &mut outcome, &bases);
                living = Some(known);
            }
            Answer::Unknown(refusal) => outcome.left.push(refusal),
        }
    }
    let mut locks: Vec<BuildLock> = Vec::new();
    for place in &places {
        interrupt::check()?;
        let base = &bases[place.base].0;
        if !order.is_dry {
            match base.lock(&place.profile)? {
                Some(lock) => locks.push(lock),
                None => {
                    let path = base.path.join(&place.profile.path);
                    outcome
                        .left
                        .push(Refusal::of(&path, "a build is running there; run again after it"));
                    continue;
                }
            }
        }
        if let Some(living) = &living {
            found.extend(look(base, place, living, started, shell, &mut outcome)?);
        }
    }
    if order.may_be_shared && hold_unshared(workspace, order, &mut outcome) {
        return Ok(outcome);
    }
    // In the order in which they would go: what a file takes is free with its last name.
    found.sort_by_key(|found| found.stale.newest);
    let mut freed = Freed::default();
    let candidates: Vec<Candidate> = found
        .iter()
        .map(|Found { stale, .. }| Candidate { bytes: freed.with(stale), newest: stale.newest })
        .collect();
    let chosen = choose(&candidates, outcome.bytes, order.limits, SystemTime::now());
    let mut freed = Freed::default();
    let going: Vec<(&Found, u64)> =
        chosen.iter().map(|at| (&found[*at], freed.with(&found[*at].stale))).collect();
    let goes: BTreeSet<usize> = chosen.into_iter().collect();
    let kept = found.iter().enumerate().filter(|(at, _)| !goes.contains(at));
    outcome.kept_bytes = kept.map(|(_, found)| freed.with(&found.stale)).sum();
    let gone = match order.is_dry {
        true => going,
        false => delete(&bases, &places, going, &surroundings, shell, &mut outcome),
    };
    for (Found { at, stale }, bytes) in gone {
        match at {
            Spot::Profile(place) => {
                outcome.add(&bases[place.base].0.path, &place.profile.path, stale, bytes);
            }
            Spot::Package(base) => {
                outcome.add(&bases[*base].0.path, Path::new(""), stale, bytes);
            }
        }
    }
    outcome.over = order
        .limits
        .max_size
        .map(|size| outcome.bytes.saturating_sub(outcome.stale_bytes()).saturating_sub(size))
        .filter(|over| *over > 0);
    Ok(outcome)
}

/// An unpacked package as something stale.
fn package(unpacked: &Unpacked) -> Stale {
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

/// Works on a directory with a progress line, and stops on an interrupt.
fn watched<T: Send>(shell: &Shell, verb: &str, work: impl FnOnce(&Progress) -> T + Send) -> T {
    const PAUSE: Duration = Duration::from_millis(100);
    let bar = shell.activity(verb, "the target directory");
    let look = |progress: &Progress| {
        if interrupt::is_interrupted() {
            progress.stop();
        }
        let [files, bytes] = [progress.files(), progress.bytes()];
        bar.set_message(format!("{files} files, {}", wording::si_bytes(bytes)));
    };
    let done = Progress::default().watched(PAUSE, look, work);
    bar.finish_and_clear();
    done
}

/// Deletes what was chosen, the packages first. Returns what is gone as a whole.
fn delete<'a>(
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

fn profiles(bases: &[(Base, Parts)]) -> Result<Vec<(usize, Profile)>> {
    let mut out = Vec::new();
    for (at, (base, _)) in bases.iter().enumerate() {
        out.extend(base.profiles()?.into_iter().map(|profile| (at, profile)));
    }
    Ok(out)
}

/// The profiles in which something may be stale; the others are named.
fn places_of(
    all: Vec<(usize, Profile)>,
    living: &Living,
    outcome: &mut Outcome,
    bases: &[(Base, Parts)],
) -> Vec<Place> {
    let mut out = Vec::new();
    for (base, profile) in all {
        let (opened, parts) = &bases[base];
        match living.of(&profile) {
            living::Verdict::Known => {
                out.push(Place { base, profile, parts: *parts, abandoned: None });
            }
            living::Verdict::Abandoned(kind) => {
                out.push(Place { base, profile, parts: *parts, abandoned: Some(kind) });
            }
            living::Verdict::Unknown(reason) => {
                outcome.left.push(Refusal::of(&opened.path.join(&profile.path), reason));
            }
        }
    }
    out
}

/// Whether something may have been written since a moment, by a clock that is no finer than the file system keeps.
fn is_young(written: SystemTime, since: SystemTime) -> bool {
    let fraction =
        written.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |age| age.subsec_nanos());
    let step = if fraction == 0 { COARSE } else { TICK };
    written.checked_add(step).is_none_or(|written| written >= since)
}

/// What is stale in one profile.
fn look<'a>(
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
    let named: Vec<u64> =
        found.iter().filter_map(|bytes| crate::rehearsal::compiler_of(bytes)).collect();
    !compilers.is_empty()
        && !named.is_empty()
        && named.iter().all(|number| !compilers.contains(number))
}

/// Leaves everything alone where other workspaces build into the directory, or may. True: so it is.
fn hold_unshared(workspace: &Workspace, order: &Order, outcome: &mut Outcome) -> bool {
    let known = || std::iter::once(workspace).chain(&order.asked.shared_with);
    let strangers = outcome.sources.iter().filter(|source| !known().any(|one| one.has(source)));
    let other = strangers.filter_map(|source| workspace::package_of(source)).min();
    if let Some(other) = other {
        let reason = format!("`{}` builds into it as well", other.display());
        outcome.leave_shared(workspace.intermediate(), reason, Some(other));
        return true;
    }
    let mut outside = workspace.directories().into_iter().map(|(path, _)| path);
    let outside = outside.find(|path| path.exists() && !workspace.holds(path));
    match outside {
        Some(path) if order.asked.shared_with.is_empty() => {
            let reason =
                "it lies outside of the workspace, and others may build into it".to_owned();
            outcome.leave_shared(&path, reason, None);
            true
        }
        _ => false,
    }
}
