//! `cache setup` and `cache remove`: the settings in the workspace's `.cargo/config.toml`.
//!
//! Invariant: of the file nothing changes but `build.rustc-wrapper` and the variables that a setup writes.

use std::{path::Path, process::ExitCode};

use anyhow::{Context, Result, anyhow, bail};
use serde_json::json;
use toml_edit::{DocumentMut, Item};

use super::{
    agreed::{Consent, Held, Planned},
    found::{ENVIRONMENT, Found, is_sccache},
    server, status,
};
use crate::{
    cli::{self, Code, Format, Global},
    manifest, output,
    plan::{Change, Edit, config_file},
    record::SCHEMA,
    sccache::{self, CREDENTIALS, HOW_TO_INSTALL, OWN, Version, WITHOUT_CHECK, Wanted},
    shell::Shell,
    snapshot::{CONFIG, OLD_CONFIG, Snapshot},
};

const WRAPPER: &str = "rustc-wrapper";

/// Stands above `[env]` where a setup makes it.
const COMMENT: &str =
    "Read by sccache. Credentials come from the environment: `cargo xtask cache status`";

/// Runs `cache setup`.
///
/// # Errors
/// When what is wanted cannot be set up, nobody agreed, or the commit is refused; nothing is changed then.
pub(super) fn run(args: &cli::CacheSetup, global: &Global, shell: &Shell) -> Result<ExitCode> {
    let wanted = wanted(args);
    // Before anything is read: a credential on a command line has no business here.
    let variables = sccache::variables(&wanted).map_err(|error| anyhow!(error))?;
    let consent = Consent::of(args.yes, args.dry_run);
    let held = Held::read("cache setup", consent, global, shell)?;
    let snapshot = &held.snapshot;
    let found = Found::read(snapshot);
    let Some(version) = found.version else {
        bail!(
            "sccache cannot be run: it is not on the PATH, or no program\nhint: {HOW_TO_INSTALL}"
        );
    };
    if let Some(objection) = version.objection(&wanted) {
        bail!("{objection}\nhint: {HOW_TO_INSTALL}");
    }
    let document = document(snapshot)?;
    let change = set_up(document, &variables).map_err(|error| anyhow!(error))?;
    let planned = Planned::of(snapshot, &change)?;
    let mut notes = notes_of(&wanted, version, &found);
    notes.extend(overrides(&variables, &found));
    if let Some(running) = server::running(&server::that_looks(snapshot, &found), &found)
        && !planned.is_idle()
    {
        notes.push(format!(
            "a server of sccache is running ({}) and keeps its settings until it ends: `sccache --stop-server`",
            running.location().unwrap_or_default()
        ));
    }
    let defeats = status::defeats_of(snapshot, &found, shell)?;
    say_plan(&planned, consent, global, shell)?;
    notes.iter().for_each(|note| shell.status("Note", note));
    for defeat in &defeats {
        shell.status("Costs", &defeat.text);
    }
    let backup = match planned.is_idle() {
        true => None,
        false => planned.commit(snapshot, "cache setup", consent, shell)?,
    };
    if backup.is_some() {
        shell.status("Next", "`cargo xtask cache verify` proves it by builds in copies");
    }
    if global.format == Format::Json {
        let settings: serde_json::Map<String, serde_json::Value> =
            variables.iter().map(|(key, value)| ((*key).to_owned(), json!(value))).collect();
        output::json(&json!({
            "schema": SCHEMA,
            "command": "cache setup",
            "workspace": snapshot.root.display().to_string(),
            "backend": wanted.backend.as_str(),
            "sccache": version.to_string(),
            "settings": settings,
            "pending": !planned.is_idle() && backup.is_none(),
            "diff": planned.diff,
            "backup": backup,
            "defeats": defeats,
            "notes": notes,
        }))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Runs `cache remove`.
///
/// # Errors
/// When nobody agreed or the commit is refused; nothing is changed then.
pub(super) fn remove(args: &cli::CacheRemove, global: &Global, shell: &Shell) -> Result<ExitCode> {
    let consent = Consent::of(args.yes, args.dry_run);
    let held = Held::read("cache remove", consent, global, shell)?;
    let snapshot = &held.snapshot;
    let (change, left) = taken_out(document(snapshot)?);
    let planned = Planned::of(snapshot, &change)?;
    say_plan(&planned, consent, global, shell)?;
    for left in &left {
        shell.status("Left", left);
    }
    let backup = match planned.is_idle() {
        true => None,
        false => planned.commit(snapshot, "cache remove", consent, shell)?,
    };
    if global.format == Format::Json {
        output::json(&json!({
            "schema": SCHEMA,
            "command": "cache remove",
            "workspace": snapshot.root.display().to_string(),
            "pending": !planned.is_idle() && backup.is_none(),
            "diff": planned.diff,
            "backup": backup,
            "left": left,
        }))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What whoever sets up such a cache should know.
fn notes_of(wanted: &Wanted, version: Version, found: &Found) -> Vec<String> {
    let mut notes = vec![format!("sccache {version}; credentials: {}", credentials_of(wanted))];
    if version < WITHOUT_CHECK && wanted.backend != cli::Backend::Local {
        notes.push(format!(
            "sccache {version} stops a build after ten seconds where the server cannot be reached; {WITHOUT_CHECK} \
             goes on. `RUSTC_WRAPPER= cargo build` builds without it"
        ));
    }
    notes.push(
        "everybody who builds here needs sccache from now on; `RUSTC_WRAPPER= cargo build` builds without it".to_owned(),
    );
    if let Some((variable, _)) = &found.taken_back {
        notes.push(format!(
            "{variable} is empty in the environment: builds here run through no wrapper until it is unset"
        ));
    }
    for (name, is_in_the_way) in [
        ("SCCACHE_REDIS", wanted.backend == cli::Backend::Redis),
        ("SCCACHE_REDIS_TTL", wanted.expiration.is_some()),
    ] {
        if is_in_the_way && found.is_set(name) {
            notes.push(format!(
                "`{name}` is set, and sccache does not start with it beside these settings: take it out"
            ));
        }
    }
    for (name, file) in &found.exposed {
        notes
            .push(format!("`{file}` sets `{name}`, a credential: take it out, and make a new one"));
    }
    notes
}

/// What the environment here says otherwise than the settings that are written: of the two it is the one that counts.
fn overrides(variables: &[(&'static str, String)], found: &Found) -> Vec<String> {
    let wrapper = found.wrapper.as_ref().filter(|wrapper| {
        // A file that names another one is refused before.
        wrapper.by.ends_with(ENVIRONMENT) && !is_sccache(&wrapper.value)
    });
    let wrapper = wrapper.map(|wrapper| {
        format!("builds here run through `{}`, set by {}: unset it", wrapper.value, wrapper.by)
    });
    let settings = found.settings.iter().filter(|setting| {
        let written = variables.iter().find(|(name, _)| *name == setting.name);
        // sccache takes an empty one for none.
        let is_same = match written {
            Some((_, value)) => sccache::shown(value) == setting.value,
            None => setting.value.is_empty(),
        };
        setting.by == ENVIRONMENT && OWN.contains(&setting.name.as_str()) && !is_same
    });
    let settings = settings.map(|setting| {
        let what = if setting.value.is_empty() { "empty" } else { &setting.value };
        format!(
            "`{}` is {what} in {ENVIRONMENT}, which counts and not the file: unset it",
            setting.name
        )
    });
    wrapper.into_iter().chain(settings).collect()
}

fn say_plan(planned: &Planned, consent: Consent, global: &Global, shell: &Shell) -> Result<()> {
    if planned.is_idle() {
        shell.status("Finished", "nothing to do");
    } else if consent != Consent::DryRun {
        shell.diff(&planned.diff);
    } else if global.format == Format::Human {
        output::exact(&planned.diff)?;
    }
    Ok(())
}

fn wanted(args: &cli::CacheSetup) -> Wanted {
    Wanted {
        backend: args.backend,
        endpoint: args.endpoint.clone(),
        bucket: args.bucket.clone(),
        region: args.region.clone(),
        key_prefix: args.key_prefix.clone(),
        dir: args.dir.clone(),
        size: args.size.clone(),
        expiration: args.expiration,
        read_only: args.read_only,
        local_first: args.local_first,
    }
}

fn credentials_of(wanted: &Wanted) -> &'static str {
    let found = CREDENTIALS.iter().find(|(backend, _)| *backend == wanted.backend);
    found.map_or("none are needed", |(_, from)| from)
}

/// The workspace's configuration, as far as there is one.
fn document(snapshot: &Snapshot) -> Result<Option<&DocumentMut>> {
    if snapshot.files.get(Path::new(OLD_CONFIG)).is_some_and(Option::is_some) {
        bail!(
            "`{OLD_CONFIG}` is the old name, which cargo prefers\nhint: rename it to `{CONFIG}` first"
        );
    }
    let bytes = snapshot.files.get(Path::new(CONFIG)).and_then(Option::as_ref);
    let document = snapshot.documents.get(Path::new(CONFIG));
    bytes.map(|_| document.with_context(|| format!("failed to read `{CONFIG}`"))).transpose()
}

/// The change that writes settings and takes out those of an earlier setup that are not wanted any more.
///
/// # Errors
/// A sentence: another wrapper is set, or a variable in a form that is not a plain value.
fn set_up(
    document: Option<&DocumentMut>,
    variables: &[(&'static str, String)],
) -> Result<Change, String> {
    let item = |path: &[&str]| document.and_then(|document| manifest::item_at(document, path));
    if let Some(wrapper) = item(&["build", WRAPPER])
        && !wrapper.as_str().is_some_and(is_sccache)
    {
        return Err(format!(
            "`{CONFIG}` sets `build.{WRAPPER}` to {}, and only one program can be the wrapper\n\
             hint: take it out first, if sccache is to take its place",
            wrapper.to_string().trim()
        ));
    }
    let mut change = Change::new(
        Code::CargoConfig,
        "cache",
        "compile through sccache".to_owned(),
        "asked for by `cache setup`".to_owned(),
    );
    if item(&["build", WRAPPER]).is_none() {
        change.edits.push(set("build", WRAPPER, sccache::PROGRAM, None));
    }
    for name in OWN {
        let present = item(&["env", name]);
        if present.is_some_and(|present| present.as_str().is_none()) {
            return Err(format!(
                "`{CONFIG}` sets `env.{name}` in a form that this does not write\nhint: take it out first"
            ));
        }
        if present.is_some() && !variables.iter().any(|(wanted, _)| *wanted == name) {
            change.edits.push(unset("env", name));
        }
    }
    let edits = variables.iter().map(|(name, value)| set("env", name, value, Some(COMMENT)));
    change.edits.extend(edits);
    Ok(change)
}

/// The change that takes out what a setup writes, and a sentence for everything of the kind that is left.
fn taken_out(document: Option<&DocumentMut>) -> (Change, Vec<String>) {
    let mut change = Change::new(
        Code::CargoConfig,
        "cache",
        "compile without sccache".to_owned(),
        "asked for by `cache remove`".to_owned(),
    );
    let mut left = Vec::new();
    let item = |path: &[&str]| document.and_then(|document| manifest::item_at(document, path));
    match item(&["build", WRAPPER]) {
        Some(wrapper) if wrapper.as_str() == Some(sccache::PROGRAM) => {
            change.edits.push(unset("build", WRAPPER));
        }
        Some(wrapper) => left.push(format!(
            "`build.{WRAPPER}` is {}, which `cache setup` does not write",
            wrapper.to_string().trim()
        )),
        None => {}
    }
    let env = item(&["env"]).and_then(Item::as_table_like);
    for (name, value) in env.into_iter().flat_map(|table| table.iter()) {
        let is_own = OWN.contains(&name) && value.as_str().is_some();
        if is_own {
            change.edits.push(unset("env", name));
        } else if name.starts_with("SCCACHE_") {
            left.push(format!("`env.{name}`, which `cache setup` does not write"));
        }
    }
    (change, left)
}

fn set(table: &str, key: &str, value: &str, comment: Option<&str>) -> Edit {
    Edit::Set {
        file: config_file(),
        path: vec![table.to_owned()],
        key: key.to_owned(),
        value: value.into(),
        comment: comment.map(str::to_owned),
    }
}

fn unset(table: &str, key: &str) -> Edit {
    Edit::Unset { file: config_file(), path: vec![table.to_owned()], key: key.to_owned() }
}

#[cfg(test)]
mod tests;
