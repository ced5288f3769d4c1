//! What is in use: every build that counts, rehearsed by cargo, and the names it would know its own by.
//!
//! Nothing is compiled. Where cargo cannot be asked, nothing is known and nothing may be deleted.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, ensure};

use super::{usual, workspace::Workspace};
use crate::{
    cargo::Cargo,
    cli, interrupt,
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
        let lines = args.commands.iter().map(|text| Line::parse(text)).collect::<Result<_>>()?;
        let mut shared_with = Vec::new();
        for path in &args.shared_with {
            shared_with.push(sharing(path, workspace, offline)?);
        }
        Ok(Self { lines, toolchains: args.keep_toolchains.clone(), shared_with, offline })
    }

    /// The usual builds of a workspace.
    pub(super) fn usual(_: &Workspace, offline: bool) -> Self {
        Self { offline, ..Self::default() }
    }
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

/// Has cargo rehearse the builds that count, for the profiles that have a directory. The inner error: nothing may be deleted.
///
/// # Errors
/// When cargo cannot go through with one of them.
pub(super) fn ask(
    asked: &Asked,
    workspace: &Workspace,
    all: &[(usize, Profile)],
    shell: &Shell,
) -> Result<Result<Living, Refusal>> {
    let stage = Stage::new(workspace.build_dir.is_some())?;
    let cargo = Cargo::new(&workspace.root, asked.offline);
    let profiles: BTreeSet<&Profile> = all.iter().map(|(_, profile)| profile).collect();
    let mut verdicts: BTreeMap<PathBuf, Verdict> = BTreeMap::new();
    let mut rehearsals: Vec<(&Workspace, Line, Option<&Profile>)> = Vec::new();
    let workspaces = || std::iter::once(workspace).chain(&asked.shared_with);
    let has_clippy =
        profiles.is_empty() || cargo.capture("cargo", &["clippy", "--version"]).is_ok();
    for profile in &profiles {
        let verdict = match &profile.triple {
            Some(triple) if asked.lines.is_empty() => of_triple(triple, &cargo)?,
            _ => Verdict::Known,
        };
        if verdict == Verdict::Known && asked.lines.is_empty() {
            for workspace in workspaces() {
                let triple = profile.triple.as_deref();
                let lines = usual::lines(&profile.name, triple, &workspace.members, has_clippy);
                rehearsals.extend(lines.into_iter().map(|line| (workspace, line, Some(*profile))));
            }
        }
        verdicts.insert(profile.path.clone(), verdict);
    }
    if !profiles.is_empty() {
        rehearsals.extend(asked.lines.iter().map(|line| (workspace, line.clone(), None)));
    }
    let toolchains: Vec<Option<&str>> = std::iter::once(None)
        .chain(asked.toolchains.iter().map(|name| Some(name.as_str())))
        .collect();
    let bar =
        shell.progress("Asking", "cargo what it uses", Some(rehearsals.len() * toolchains.len()));
    for (workspace, line, profile) in &rehearsals {
        for toolchain in &toolchains {
            interrupt::check()?;
            bar.inc(1);
            if profile.is_some_and(|profile| verdicts[&profile.path] != Verdict::Known) {
                continue;
            }
            shell.detail("Asking", format!("`cargo {}`", line.text()));
            let done = stage.rehearse(
                &workspace.root,
                workspace.intermediate(),
                line,
                *toolchain,
                asked.offline,
            );
            match (done, profile) {
                (Ok(()), _) => {}
                (Err(error), Some(profile))
                    if rehearsal::is_unknown_profile(&error, &profile.name) =>
                {
                    verdicts.insert(profile.path.clone(), Verdict::Abandoned(Kind::Profile));
                }
                (Err(error), _) => {
                    return Err(error)
                        .context("what is in use could not be found out, and nothing was deleted");
                }
            }
        }
    }
    bar.finish_and_clear();
    let uncertain = match stage.hold_known() {
        Ok(uncertain) => uncertain,
        Err(error) if error.is::<UnknownLayout>() => {
            return Ok(Err(Refusal::of(workspace.intermediate(), error)));
        }
        Err(error) => return Err(error),
    };
    let mut living = Living { profiles: BTreeMap::new(), uncertain };
    for profile in profiles {
        let names = stage.names(&profile.path)?;
        let verdict = verdicts.remove(&profile.path).unwrap_or(Verdict::Known);
        // With commands of the user's, a profile that none of them builds in is of no use to them.
        let verdict = match (&profile.triple, verdict) {
            (triple, Verdict::Known) if names == Names::default() => {
                Verdict::Abandoned(if triple.is_some() { Kind::Triple } else { Kind::Profile })
            }
            (_, verdict) => verdict,
        };
        living.profiles.insert(profile.path.clone(), (verdict, names));
    }
    stage.close()?;
    Ok(Ok(living))
}

/// Whether the toolchain can build for a target.
fn of_triple(triple: &str, cargo: &Cargo) -> Result<Verdict> {
    let known = cargo.capture("rustc", &["--print", "target-list"])?;
    if !known.lines().any(|line| line == triple) {
        return Ok(Verdict::Unknown(
            "it is named like no target of this compiler, so it may not be cargo's",
        ));
    }
    let sysroot = cargo.capture("rustc", &["--print", "sysroot"])?;
    let libraries = Path::new(sysroot.trim_end()).join("lib/rustlib").join(triple).join("lib");
    Ok(if libraries.is_dir() { Verdict::Known } else { Verdict::Abandoned(Kind::Triple) })
}
