//! What is in use: every build that counts, rehearsed by cargo, and the names it would know its own by.
//!
//! Nothing is compiled. Where cargo cannot be asked, nothing is known and nothing may be deleted.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use anyhow::{Context as _, Result, anyhow, ensure};

use super::{usual, workspace::Workspace};
use crate::{
    cargo::Cargo,
    cli,
    configuration::Stack,
    interrupt::{self, Interrupted},
    processors,
    rehearsal::{self, Line, Stage, Uncertain, UnknownLayout},
    shell::Shell,
    snapshot::{self, Intent},
    target_dir::{self, Refusal, layout::Names, profiles::Profile, stale::Kind},
};

/// The builds that count.
#[derive(Debug, Default)]
pub(super) struct Asked {
    /// Those that the user named; empty: the usual ones.
    pub(super) lines: Vec<Line>,
    /// Toolchains beside the one that cargo chooses.
    pub(super) toolchains: Vec<String>,
    /// Workspaces that build into the same directory.
    pub(super) shared_with: Vec<Workspace>,
    offline: bool,
}

impl Asked {
    /// What the flags say.
    ///
    /// # Errors
    /// When a command cannot be rehearsed, or a workspace is none or builds elsewhere.
    pub(super) fn of(args: &cli::Clean, workspace: &Workspace, offline: bool) -> Result<Self> {
        for name in &args.keep_toolchains {
            let cargo = Cargo::new(&workspace.root, offline).with_toolchain(Some(name.clone()));
            let asked = cargo.capture("rustc", &["-vV"]);
            asked.map(drop).map_err(|error| match error.is::<Interrupted>() {
                true => error,
                false => anyhow!(
                    "the toolchain `{name}` of `--keep-toolchains` cannot be asked: {error:#}\n\
                     hint: name those that stay as `rustup toolchain list` shows them"
                ),
            })?;
        }
        let lines = args.commands.iter().map(|text| Line::parse(text)).collect::<Result<_>>()?;
        let mut shared_with = Vec::new();
        for path in &args.shared_with {
            shared_with.push(sharing(path, workspace, offline)?);
        }
        let mut toolchains = args.keep_toolchains.clone();
        toolchains
            .extend(of_environment(workspace, offline)?.filter(|name| !toolchains.contains(name)));
        Ok(Self { lines, toolchains, shared_with, offline })
    }

    /// The usual builds of a workspace.
    ///
    /// # Errors
    /// When rustc cannot be asked for its version.
    pub(super) fn usual(workspace: &Workspace, offline: bool) -> Result<Self> {
        let toolchains = of_environment(workspace, offline)?.into_iter().collect();
        Ok(Self { toolchains, offline, ..Self::default() })
    }
}

/// The toolchain that rustup was told to use when this program was started (`cargo +nightly xtask`), if it is not the one
/// that builds in the workspace use. Whoever started it so may build so as well.
fn of_environment(workspace: &Workspace, offline: bool) -> Result<Option<String>> {
    let Ok(name) = std::env::var("RUSTUP_TOOLCHAIN") else { return Ok(None) };
    let cargo = Cargo::new(&workspace.root, offline);
    let usual = cargo.capture("rustc", &["-vV"])?;
    let named = cargo.with_toolchain(Some(name.clone())).capture("rustc", &["-vV"]);
    interrupt::check()?;
    // One that is not there has made nothing that it could use.
    Ok(named.ok().filter(|named| *named != usual).map(|_| name))
}

fn sharing(path: &Path, workspace: &Workspace, offline: bool) -> Result<Workspace> {
    let manifest = if path.is_dir() { path.join("Cargo.toml") } else { path.to_path_buf() };
    let manifest = std::path::absolute(&manifest)
        .with_context(|| format!("failed to resolve `{}`", manifest.display()))?;
    let root = snapshot::find_root(&manifest, offline, Intent::Run)?;
    let other = Workspace::read(&root, offline)?;
    ensure!(
        target_dir::is_same(other.intermediate(), workspace.intermediate()),
        "`{}` builds into `{}`, not into `{}`\n\
         hint: leave it out of `--shared-with`; it is not touched by this",
        root.display(),
        other.intermediate().display(),
        workspace.intermediate().display()
    );
    Ok(other)
}

/// What is known of a profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// What is in use in it.
    Known,
    /// That nothing in it can be in use, and why.
    Abandoned(Kind),
    /// Nothing, and why.
    Unknown(&'static str),
}

/// What is in use.
#[derive(Debug)]
pub(super) struct Living {
    profiles: BTreeMap<PathBuf, (Verdict, Names)>,
    uncertain: BTreeSet<Uncertain>,
}

impl Living {
    pub(super) fn of(&self, profile: &Profile) -> Verdict {
        self.profiles
            .get(&profile.path)
            .map_or(Verdict::Unknown("it was not asked for"), |(verdict, _)| verdict.clone())
    }

    pub(super) fn names(&self, profile: &Profile) -> Cow<'_, Names> {
        self.profiles
            .get(&profile.path)
            .map_or_else(|| Cow::Owned(Names::default()), |(_, names)| Cow::Borrowed(names))
    }

    /// Crates of a profile of which all incremental state may be in use.
    pub(super) fn uncertain(&self, profile: &Profile) -> BTreeSet<String> {
        let here = self.uncertain.iter().filter(|(place, _)| place.starts_with(&profile.path));
        here.map(|(_, name)| name.clone()).collect()
    }
}

/// What came of asking.
pub(super) enum Answer {
    Known(Living),
    /// Nothing is known, and why.
    Unknown(Refusal),
}

/// Has cargo rehearse the builds that count, for the profiles that have a directory.
///
/// # Errors
/// When cargo cannot go through with one of them.
pub(super) fn ask(
    asked: &Asked,
    workspace: &Workspace,
    all: &[(usize, Profile)],
    shell: &Shell,
) -> Result<Answer> {
    let stage = Stage::new(workspace.build_dir.is_some())?;
    let cargo = Cargo::new(&workspace.root, asked.offline);
    let profiles: BTreeSet<&Profile> = all.iter().map(|(_, profile)| profile).collect();
    let mut verdicts: BTreeMap<PathBuf, Verdict> = BTreeMap::new();
    let mut rehearsals: Vec<Rehearsals<'_>> = Vec::new();
    let has_clippy =
        !profiles.is_empty() && cargo.capture("cargo", &["clippy", "--version"]).is_ok();
    for profile in &profiles {
        let verdict = match &profile.triple {
            Some(triple) => of_triple(triple, asked, &cargo)?,
            None => Verdict::Known,
        };
        // Commands are named for one workspace; of the others the usual builds count all the same.
        let own = Some(workspace).filter(|_| asked.lines.is_empty());
        if verdict == Verdict::Known {
            let of = |workspace| Rehearsals {
                workspace,
                lines: usual_lines(workspace, profile, has_clippy),
                profile: Some(*profile),
            };
            rehearsals.extend(own.into_iter().chain(&asked.shared_with).map(of));
        }
        verdicts.insert(profile.path.clone(), verdict);
    }
    if !profiles.is_empty() && !asked.lines.is_empty() {
        rehearsals.push(Rehearsals { workspace, lines: asked.lines.clone(), profile: None });
    }
    let undefined = rehearse_all(&stage, asked, &rehearsals, shell)?;
    for profile in undefined {
        verdicts.insert(profile, Verdict::Abandoned(Kind::Profile));
    }
    let uncertain = match stage.hold_known() {
        Ok(uncertain) => uncertain,
        Err(error) if error.is::<UnknownLayout>() => {
            return Ok(Answer::Unknown(Refusal::of(workspace.intermediate(), error)));
        }
        Err(error) => return Err(error),
    };
    let mut living = Living { profiles: BTreeMap::new(), uncertain };
    for profile in profiles {
        let names = stage.names(&profile.path)?;
        let verdict = verdicts.remove(&profile.path).unwrap_or(Verdict::Known);
        let verdict = match (verdict, names == Names::default()) {
            (Verdict::Unknown(reason), _) => Verdict::Unknown(reason),
            // One of the workspaces may define a profile that another does not.
            (_, false) => Verdict::Known,
            (Verdict::Abandoned(kind), true) => Verdict::Abandoned(kind),
            // With commands of the user's, a profile that none of them builds in is of no use to them.
            (Verdict::Known, true) if profile.triple.is_some() => Verdict::Abandoned(Kind::Triple),
            (Verdict::Known, true) => Verdict::Abandoned(Kind::Profile),
        };
        living.profiles.insert(profile.path.clone(), (verdict, names));
    }
    stage.close()?;
    Ok(Answer::Known(living))
}

/// Commands of one workspace that are rehearsed one after the other.
struct Rehearsals<'a> {
    workspace: &'a Workspace,
    lines: Vec<Line>,
    /// The one they all build in, if they are the usual ones.
    profile: Option<&'a Profile>,
}

fn usual_lines(workspace: &Workspace, profile: &Profile, has_clippy: bool) -> Vec<Line> {
    let Workspace { members, has_default, .. } = workspace;
    let triple = profile.triple.as_deref();
    let docs = workspace.target_dir.join(triple.unwrap_or_default()).join("doc");
    usual::lines(&profile.name, triple, members, *has_default, has_clippy, docs.is_dir())
}

/// Rehearses everything, as many at a time as there are processors: cargo lets one at a time build in a profile. Returns
/// the profiles that are not defined.
fn rehearse_all(
    stage: &Stage,
    asked: &Asked,
    rehearsals: &[Rehearsals<'_>],
    shell: &Shell,
) -> Result<BTreeSet<PathBuf>> {
    let toolchains: Vec<Option<&str>> = std::iter::once(None)
        .chain(asked.toolchains.iter().map(|name| Some(name.as_str())))
        .collect();
    let number = rehearsals.iter().map(|these| these.lines.len()).sum::<usize>() * toolchains.len();
    let bar = shell.steps("Asking", "cargo what builds use", number);
    let undefined = Mutex::new(BTreeSet::new());
    let failed = Mutex::new(None);
    let next = AtomicUsize::new(0);
    let in_turn = |these: &Rehearsals<'_>| -> Result<()> {
        for line in &these.lines {
            for toolchain in &toolchains {
                interrupt::check()?;
                shell.detail("Asking", format!("`cargo {}`", line.text()));
                let Workspace { root, .. } = these.workspace;
                let real = these.workspace.intermediate();
                let done = stage.rehearse(root, real, line, *toolchain, asked.offline);
                bar.inc(1);
                match (done, these.profile) {
                    (Err(error), Some(profile))
                        if rehearsal::is_unknown_profile(&error, &profile.name) =>
                    {
                        locked(&undefined).insert(profile.path.clone());
                        return Ok(());
                    }
                    (done, _) => done.context(
                        "what is in use could not be found out, and nothing was deleted",
                    )?,
                }
            }
        }
        Ok(())
    };
    let work = || {
        while let Some(these) = rehearsals.get(next.fetch_add(1, Ordering::Relaxed)) {
            if locked(&failed).is_some() {
                return;
            }
            if let Err(error) = in_turn(these) {
                locked(&failed).get_or_insert(error);
            }
        }
    };
    thread::scope(|scope| {
        for _ in 1..processors::count().min(rehearsals.len()) {
            scope.spawn(work);
        }
        work();
    });
    bar.finish_and_clear();
    match failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(error) => Err(error),
        None => Ok(undefined.into_inner().unwrap_or_else(PoisonError::into_inner)),
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether one of the toolchains can build for a target. Without its standard library only those can that bring their own
/// or do without; where the configuration has cargo build it, its absence says nothing.
fn of_triple(triple: &str, asked: &Asked, cargo: &Cargo) -> Result<Verdict> {
    const BUILT: [&str; 2] = ["unstable", "build-std"];
    const BUILT_BY: &str = "CARGO_UNSTABLE_BUILD_STD";
    let chosen = asked.toolchains.iter().map(|name| Some(name.clone()));
    let mut is_known = false;
    for toolchain in std::iter::once(None).chain(chosen) {
        let cargo = cargo.clone().with_toolchain(toolchain);
        let list = cargo.capture("rustc", &["--print", "target-list"])?;
        is_known |= list.lines().any(|line| line == triple);
        let sysroot = cargo.capture("rustc", &["--print", "sysroot"])?;
        let libraries = Path::new(sysroot.trim_end()).join("lib/rustlib").join(triple).join("lib");
        if is_known && libraries.is_dir() {
            return Ok(Verdict::Known);
        }
    }
    if !is_known {
        return Ok(Verdict::Unknown("it has the name of no target, so it may not be cargo's"));
    }
    let is_built =
        std::env::var_os(BUILT_BY).is_some() || Stack::read(cargo.dir()).value_of(&BUILT).is_some();
    Ok(if is_built { Verdict::Known } else { Verdict::Abandoned(Kind::Triple) })
}
