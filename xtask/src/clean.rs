//! `clean`: delete from the target directory what no current build would use, and nothing else.
//!
//! What is in use is what cargo names when it rehearses the builds ([`crate::rehearsal`]), with nothing compiled. Only
//! artifacts go that a build makes again; a directory in which a build runs is left alone.

use std::{
    collections::BTreeSet,
    path::Path,
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
        self, Progress, Refusal, Surroundings,
        profiles::{Base, BuildLock, Makers, Parts, Profile},
        stale::Freed,
    },
    wording,
};

mod choose;
mod delete;
mod describe;
mod found;
mod living;
mod usual;
mod workspace;

use choose::{Candidate, Limits, choose};
use delete::delete;
use describe::Outcome;
use found::{Found, Place, Spot, look, package};
use living::{Answer, Asked, Living};
use workspace::Workspace;

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
    // What was deleted until then is said; the result is that of a whole run.
    interrupt::check()?;
    match global.format {
        Format::Json => output::json(&outcome.json())?,
        Format::Human => output::text(&outcome.table())?,
    }
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
    if order.may_be_shared && hold_unshared(workspace, order, &bases, &places, &mut outcome) {
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

/// Works on a directory with a progress line, and stops on an interrupt.
fn watched<T: Send>(shell: &Shell, verb: &str, work: impl FnOnce(&Progress) -> T + Send) -> T {
    const PAUSE: Duration = Duration::from_millis(100);
    let bar = shell.activity(verb, "in the target directory");
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

/// Leaves everything alone where other workspaces build into the directory, or may. True: so it is.
fn hold_unshared(
    workspace: &Workspace,
    order: &Order,
    bases: &[(Base, Parts)],
    places: &[Place],
    outcome: &mut Outcome,
) -> bool {
    let known = || std::iter::once(workspace).chain(&order.asked.shared_with);
    let strangers = outcome.sources.iter().filter(|source| !known().any(|one| one.has(source)));
    let other = strangers.filter_map(|source| workspace::package_of(source)).min();
    if let Some(other) = other {
        let reason = format!("`{}` builds into it as well", other.display());
        outcome.leave_shared(workspace.intermediate(), reason, Some(other));
        return true;
    }
    if !order.asked.shared_with.is_empty() {
        return false;
    }
    for (base, _) in bases.iter().filter(|(base, _)| !workspace.holds(&base.path)) {
        if let Some(reason) = may_be_shared(workspace, base, places) {
            outcome.leave_shared(
                &base.path,
                format!("it lies outside of the workspace, and {reason}"),
                None,
            );
            return true;
        }
    }
    false
}

/// What shows that a directory outside of the workspace may have been built into by others.
fn may_be_shared(workspace: &Workspace, base: &Base, places: &[Place]) -> Option<String> {
    if let Some(other) = workspace.worktree() {
        return Some(format!("`{}`, another checkout, may build into it", other.display()));
    }
    places.iter().find_map(|place| {
        let Makers { crates, sources } = base.makers(&place.profile);
        let stranger = crates.into_iter().find(|name| !workspace.knows(name));
        let source = sources
            .iter()
            .filter(|source| !workspace.has(source))
            .find_map(|it| workspace::package_of(it));
        let source =
            source.map(|directory| format!("`{}` is built into it as well", directory.display()));
        stranger.map(|name| format!("the crate `{name}` in it is of another")).or(source)
    })
}
