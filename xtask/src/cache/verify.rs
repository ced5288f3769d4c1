//! `cache verify`: builds in copies that show what another directory and another user get from the cache.
//!
//! Invariant: the cache of a proof is empty at its start and nobody else's; the user's target directory, server and
//! local cache are not touched.

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, Result, bail};
use cargo_metadata::Message;
use chrono::SecondsFormat;
use tempfile::TempDir;

use super::{
    defeats,
    found::Found,
    fresh::{Fresh, Variables},
    proof::{self, Built, Place, Proof},
    server::{self, OwnServer},
    status::{self, Reach},
};
use crate::{
    cargo,
    cli::{self, Format, Global},
    commit, disk, history,
    lock::WorkspaceLock,
    output,
    record::{SCHEMA, Sample},
    report,
    sccache::{self, Answer, HOW_TO_INSTALL},
    shadow::{Shadow, Shadows},
    shell::Shell,
    snapshot::{self, Intent, Snapshot},
    wording,
};

/// The history of proofs, a [`Proof`] a line.
const PROOFS: &str = "cache.jsonl";

/// Runs the command. Exit code 1 where the cache cannot be used, or another directory gets nothing from it.
///
/// # Errors
/// When no cache is set up, or a build fails.
pub(super) fn run(args: &cli::CacheVerify, global: &Global, shell: &Shell) -> Result<ExitCode> {
    let manifest = snapshot::manifest_path(global)?;
    commit::refuse_interrupted(manifest.parent().unwrap_or(&manifest))?;
    let root = snapshot::find_root(&manifest, global.offline, Intent::Run)?;
    let _lock = WorkspaceLock::acquire(&root, "cache verify")?;
    let snapshot = Snapshot::read(&root, global.offline, &[])?;
    snapshot.announce(shell);
    let found = Found::read(&snapshot);
    let Some(version) = found.version else {
        bail!("sccache cannot be run, so there is nothing to prove\nhint: {HOW_TO_INSTALL}");
    };
    if !found.is_wrapped() {
        let (why, next) = found.why_not_wrapped();
        bail!("there is nothing to prove: {why}\nhint: {next}");
    }
    hold_provable(&snapshot, &found)?;
    let run_dir = report::new_run_dir(&snapshot.target_dir)?;
    let mut proof = Proof {
        schema: SCHEMA,
        command: "cache verify",
        workspace: root.display().to_string(),
        started: chrono::Local::now().to_rfc3339_opts(SecondsFormat::Secs, false),
        machine: snapshot.machine.clone(),
        git_head: snapshot.git_head.clone(),
        configuration: snapshot.configuration(&std::collections::BTreeMap::new()),
        sccache: version.to_string(),
        backend: found.backend().as_str(),
        location: None,
        incremental: !args.no_incremental
            && defeats::incremental(&snapshot, &defeats::environment()).is_some(),
        reach: Reach { ok: None, trouble: None, text: String::new() },
        builds: Vec::new(),
        bytes: None,
        without_seconds: None,
        logs: run_dir.join("logs").display().to_string(),
        notes: Vec::new(),
    };
    shell.status("Copying", "the workspace twice, for two directories");
    let shadows = Shadows::create(&snapshot, global.offline)?;
    let stage = Stage {
        snapshot: &snapshot,
        found: &found,
        shadows: &shadows,
        args,
        run_dir: &run_dir,
        shell,
    };
    for round in 1..=args.rounds.get() {
        if !stage.round(round, &mut proof)? {
            break;
        }
    }
    proof.builds = proof::with_ratios(std::mem::take(&mut proof.builds));
    let json = serde_json::to_vec_pretty(&proof).context("failed to write JSON")?;
    disk::write(&run_dir.join("cache.json"), &json)?;
    history::append_other(&snapshot.target_dir, PROOFS, &proof)?;
    shell.status(
        "Reported",
        format!("`{}`; logs are beside it", run_dir.join("cache.json").display()),
    );
    match global.format {
        Format::Json => output::json(&proof)?,
        Format::Human => output::text(&proof.text())?,
    }
    Ok(if proof.is_proved() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// Holds that a server of our own with an empty cache can take the place of the one that builds use.
fn hold_provable(snapshot: &Snapshot, found: &Found) -> Result<()> {
    if let Some(variable) = found.foreign() {
        bail!(
            "`{variable}` has sccache keep its cache where this cannot give a proof an empty one of its own\n\
             hint: unset it for this command, and the proof is made with the settings of `cache setup`"
        );
    }
    if let Some(variable) = defeats::refused(found.version, &defeats::environment()) {
        bail!(
            "{variable}=1 is in the environment, with which sccache refuses to compile anything\nhint: unset it"
        );
    }
    if let Some(why) = found.read_only() {
        bail!("{why}, so nothing can be filled\nhint: verify where the cache is written, as in CI");
    }
    let by_env = snapshot.stack.env();
    let is_forced = |name| by_env.iter().any(|(known, _, entry)| known == name && entry.force);
    let other = ["SCCACHE_SERVER_UDS", "SCCACHE_SERVER_PORT"].into_iter().find(|name| {
        is_forced(*name) || *name == "SCCACHE_SERVER_UDS" && found.value(name).is_some()
    });
    match other {
        Some(name) => {
            bail!(
                "{name} is set, by which builds find another server\nhint: unset it for this command"
            )
        }
        None => Ok(()),
    }
}

struct Stage<'a> {
    snapshot: &'a Snapshot,
    found: &'a Found,
    shadows: &'a Shadows,
    args: &'a cli::CacheVerify,
    run_dir: &'a Path,
    shell: &'a Shell,
}

impl Stage<'_> {
    /// Four builds. False where the cache cannot be used.
    fn round(&self, round: usize, proof: &mut Proof) -> Result<bool> {
        let fresh = Fresh::new(self.snapshot, self.found, round)?;
        let log = self.run_dir.join("logs").join(format!("{round}-server.log"));
        self.shell.status("Starting", "a server of sccache with an empty cache");
        let cargo = server::cargo(self.snapshot, self.found, &fresh.variables);
        let server = match OwnServer::start(cargo, Some(&log))? {
            Ok(server) => server,
            Err(refused) => {
                proof.reach = status::refusal(self.found, &refused);
                self.shell.warn(&proof.reach.text);
                proof.without_seconds = Some(self.without()?);
                return Ok(false);
            }
        };
        if let Some(location) = status::elsewhere(self.found, &server.answer()?) {
            bail!(
                "sccache keeps its cache elsewhere ({location}), by a configuration file of its own, and a proof needs \
                 an empty one\nhint: point SCCACHE_CONF to an empty file for this command"
            );
        }
        proof.reach = status::reached(sccache::trouble(&server.log()?));
        if proof.reach.trouble.is_some() {
            self.shell.warn(&proof.reach.text);
        }
        let mut server = server;
        let home = OtherHome::new(&self.shadows.candidate)?;
        if home.is_none() && round == 1 {
            proof
                .notes
                .push("cargo's home was not moved: this system or home knows no links".to_owned());
        }
        let mut kept = Vec::new();
        for place in Place::ALL {
            let (shadow, home) = match place {
                Place::Fill | Place::SameDirectory => (&self.shadows.baseline, None),
                Place::OtherDirectory => (&self.shadows.candidate, None),
                Place::OtherHome if home.is_none() => continue,
                Place::OtherHome => (&self.shadows.candidate, home.as_ref()),
            };
            if place == Place::OtherDirectory
                && let Some((dir, variables)) = fresh.on_another_machine()?
            {
                drop(server);
                kept.push(dir);
                let log = self.run_dir.join("logs").join(format!("{round}-server-2.log"));
                let cargo = server::cargo(self.snapshot, self.found, &variables);
                let Ok(second) = OwnServer::start(cargo, Some(&log))? else {
                    bail!("the server of sccache did not start again, see `{}`", log.display());
                };
                server = second;
            }
            let (built, answer) = self.build(round, place, (shadow, home), &server)?;
            if place == Place::Fill {
                proof.bytes = answer.bytes();
                proof.location = answer.location();
            }
            proof.builds.push(built);
        }
        if let Some(left) = &fresh.left {
            proof.notes.push(left.clone());
        }
        Ok(true)
    }

    fn build(
        &self,
        round: usize,
        place: Place,
        (shadow, home): (&Shadow, Option<&OtherHome>),
        server: &OwnServer,
    ) -> Result<(Built, Answer)> {
        shadow.wipe(None)?;
        let before = server.log()?.len();
        let mut variables = server.variables();
        if let Some(home) = home {
            variables.push(("CARGO_HOME".to_owned(), home.dir.display().to_string()));
        }
        let name = format!("{round}-{}", place.title().replace([' ', '\''], "-"));
        let (sample, units) = self.timed(shadow, &name, place.title(), variables)?;
        let answer = server.take()?;
        let log = server.log()?;
        let course = sccache::course(log.get(before..).unwrap_or_default());
        let statistics = answer.statistics();
        self.shell.status(
            "Built",
            format!(
                "{}: {}; {}",
                place.title(),
                wording::seconds(sample.value),
                statistics.sentence()
            ),
        );
        let missed = proof::missed(&course);
        Ok((Built { round, place, sample, ratio: None, units, statistics, missed }, answer))
    }

    /// One clean dev build of everything.
    fn timed(
        &self,
        shadow: &Shadow,
        name: &str,
        title: &str,
        variables: Variables,
    ) -> Result<(Sample, usize)> {
        let dir = shadow.target_dir.display().to_string();
        let mut args = vec!["build", "--workspace", "--locked", "--target-dir", &dir];
        let build_dir = format!("build.build-dir={}", toml_edit::Value::from(dir.as_str()));
        if self.snapshot.build_dir.is_some() {
            args.extend(["--config", &build_dir]);
        }
        // By a flag: the variable would be a part of every key. It wins over profiles and whatever `build.incremental` says.
        if self.args.no_incremental {
            args.extend(["--config", "build.incremental=false"]);
        }
        let log = self.run_dir.join("logs").join(format!("{name}.log"));
        let progress = self.shell.progress("Building", title, None);
        let mut units = 0;
        let cargo = shadow.cargo.clone().without_target_variables().with_variables(variables);
        let finished = cargo.messages(&args, &log, |message| {
            if matches!(message, Message::CompilerArtifact(_) | Message::BuildScriptExecuted(_)) {
                units += 1;
                progress.inc(1);
            }
        });
        progress.finish_and_clear();
        let finished = finished?;
        if !finished.success {
            if cargo::is_disk_full(&finished.stderr) {
                bail!("{}", cargo::disk_full(&shadow.root, &log));
            }
            bail!(
                "the build in {title} failed, see `{}`:\n{}",
                log.display(),
                finished.stderr.trim_end()
            );
        }
        let sample = Sample {
            value: finished.wall.as_secs_f64(),
            cpu_seconds: Some(finished.cpu.as_secs_f64()),
            peak_memory_bytes: Some(finished.peak_memory_bytes),
        };
        Ok((sample, units))
    }

    /// The build that works where the cache does not. Seconds.
    fn without(&self) -> Result<f64> {
        let shadow = &self.shadows.baseline;
        shadow.wipe(None)?;
        self.shell.status("Building", "without the cache: `RUSTC_WRAPPER= cargo build`");
        let variables = vec![("RUSTC_WRAPPER".to_owned(), String::new())];
        Ok(self.timed(shadow, "without", "a build without the cache", variables)?.0.value)
    }
}

/// Cargo's home under another name, with the same content.
struct OtherHome {
    dir: PathBuf,
    _temporary: TempDir,
}

impl OtherHome {
    /// None where links cannot be made.
    fn new(beside: &Shadow) -> Result<Option<Self>> {
        let above = beside.target_dir.parent().unwrap_or(&beside.target_dir);
        let temporary = tempfile::Builder::new().prefix("home-").tempdir_in(above);
        let temporary =
            temporary.with_context(|| format!("failed to write in `{}`", above.display()))?;
        let dir = temporary.path().join(".cargo");
        fs::create_dir(&dir).with_context(|| format!("failed to create `{}`", dir.display()))?;
        let Ok(entries) = fs::read_dir(status::cargo_home()) else { return Ok(None) };
        for entry in entries.flatten() {
            if !link(&entry.path(), &dir.join(entry.file_name())) {
                return Ok(None);
            }
        }
        Ok(Some(Self { dir, _temporary: temporary }))
    }
}

#[cfg(unix)]
fn link(from: &Path, to: &Path) -> bool {
    std::os::unix::fs::symlink(from, to).is_ok()
}

#[cfg(not(unix))]
fn link(_: &Path, _: &Path) -> bool {
    false
}
