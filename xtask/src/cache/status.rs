//! `cache status`: what is set up, who has set it, whether it can be reached, what it has done, what defeats it.
//!
//! Only looks: it runs sccache and nothing of the workspace. The storage is tried as every start of sccache tries it.

use std::{
    collections::{BTreeMap, BTreeSet},
    process::ExitCode,
};

use anyhow::Result;
use serde::Serialize;
use serde_json::json;

use super::{
    defeats::{self, Defeat, Surroundings},
    found::Found,
    server::{self, NotStarted, OwnServer},
};
use crate::{
    cli::{Backend, Format, Global},
    commit, output,
    record::SCHEMA,
    report,
    sccache::{self, Answer, CREDENTIALS, HOW_TO_INSTALL, Trouble, Version},
    shadow,
    shell::Shell,
    snapshot::{self, Intent, Snapshot},
    wording,
};

/// Whether a cache can be used, and why not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Reach {
    /// None where it was not tried.
    pub(super) ok: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) trouble: Option<Trouble>,
    pub(super) text: String,
}

/// Runs the command. Exit code 1 where builds get nothing from a cache.
///
/// # Errors
/// When the workspace cannot be read.
pub(super) fn run(global: &Global, shell: &Shell) -> Result<ExitCode> {
    let manifest = snapshot::manifest_path(global)?;
    commit::refuse_interrupted(manifest.parent().unwrap_or(&manifest))?;
    let root = snapshot::find_root(&manifest, global.offline, Intent::Look)?;
    let snapshot = Snapshot::read(&root, global.offline, &[])?;
    let found = Found::read(&snapshot);
    let cargo = server::that_looks(&snapshot, &found);
    let running = found.version.and_then(|_| server::running(&cargo));
    let configured = found.version.and_then(|_| server::as_configured(&cargo));
    let reach = reach(&snapshot, &found, global, shell)?;
    let defeats = defeats_of(&snapshot, &found, shell)?;
    let location = location(&found, configured.as_ref());
    let warnings = warnings(&found, running.as_ref(), location.as_deref());
    let is_usable = found.is_wrapped() && found.version.is_some() && reach.ok != Some(false);
    let statistics = running.as_ref().map(Answer::statistics);
    if global.format == Format::Json {
        output::json(&json!({
            "schema": SCHEMA,
            "command": "cache status",
            "workspace": snapshot.root.display().to_string(),
            "usable": is_usable,
            "sccache": found.version.map(|version| version.to_string()),
            "wrapper": found.wrapper,
            "backend": found.backend().as_str(),
            "settings": found.settings,
            "credentials": found.credentials,
            "location": location,
            "reach": reach,
            "server": running.as_ref().map(|answer| json!({
                "port": server::port_of_builds(),
                "location": answer.location(),
                "bytes": answer.bytes(),
                "most_bytes": answer.most_bytes(),
                "statistics": statistics,
            })),
            "defeats": defeats,
            "warnings": warnings,
        }))?;
    } else {
        let lines = lines(&found, &reach, running.as_ref(), location, &defeats);
        output::text(&lines.join("\n"))?;
        warnings.iter().for_each(|warning| shell.warn(warning));
    }
    Ok(if is_usable { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// Tries the storage with a server of our own, unless nothing is set up or the network is not to be used.
fn reach(snapshot: &Snapshot, found: &Found, global: &Global, shell: &Shell) -> Result<Reach> {
    let untried = |text: &str| Reach { ok: None, trouble: None, text: text.to_owned() };
    if found.version.is_none() {
        return Ok(untried("not tried: sccache cannot be run"));
    }
    if !found.is_wrapped() {
        return Ok(untried("not tried: builds do not run through sccache"));
    }
    if found.backend() == Backend::Local {
        return Ok(untried("a local directory: nothing to reach; `cache verify` tries it"));
    }
    if global.offline {
        return Ok(untried("not tried: `--offline`"));
    }
    shell.status("Trying", "the storage, with a server of its own");
    let (_temporary, dir) = shadow::temporary()?;
    let cargo = server::that_looks(snapshot, found);
    Ok(match OwnServer::start(cargo, &dir.join("server.log"))? {
        Err(refused) => refusal(found, &refused),
        Ok(server) => reached(sccache::trouble(&server.log()?)),
    })
}

/// What a server that started makes of its storage.
pub(super) fn reached(trouble: Option<Trouble>) -> Reach {
    match trouble {
        Some(only_gives @ (Trouble::Full | Trouble::WriteRefused)) => {
            Reach { ok: Some(true), trouble, text: only_gives.sentence().to_owned() }
        }
        _ => Reach {
            ok: Some(true),
            trouble: None,
            text: "the storage can be read and written".to_owned(),
        },
    }
}

/// What a server that did not start means.
pub(super) fn refusal(found: &Found, refused: &NotStarted) -> Reach {
    let mut trouble = refused.trouble;
    let endpoint = ["SCCACHE_REDIS_ENDPOINT", "SCCACHE_WEBDAV_ENDPOINT", "SCCACHE_ENDPOINT"]
        .into_iter()
        .find_map(|name| found.value(name));
    // Whether anybody is there tells a server that does not answer from one that is not running.
    trouble = match (trouble, endpoint.and_then(server::is_there)) {
        (Trouble::Slow | Trouble::Other, Some(false)) => Trouble::Unreachable,
        (Trouble::Unreachable, Some(true)) => Trouble::Slow,
        (trouble, _) => trouble,
    };
    let credentials = match trouble {
        Trouble::Refused => {
            let from = CREDENTIALS.iter().find(|(backend, _)| *backend == found.backend());
            from.map(|(_, from)| format!(" They are read from {from}.")).unwrap_or_default()
        }
        _ => String::new(),
    };
    let said = match refused.said.trim() {
        "" => String::new(),
        said => format!(" It says: {said}"),
    };
    let text = format!(
        "{}{credentials}{said}\n`RUSTC_WRAPPER= cargo build` builds without the cache",
        trouble.sentence()
    );
    Reach { ok: Some(false), trouble: Some(trouble), text }
}

/// What defeats the cache in this workspace.
///
/// # Errors
/// When the recorded runs cannot be looked for.
pub(super) fn defeats_of(snapshot: &Snapshot, found: &Found, shell: &Shell) -> Result<Vec<Defeat>> {
    let root = snapshot.root.display().to_string();
    let (record, warnings) = report::newest(&snapshot.target_dir, |record| {
        record.workspace == root && record.timelines.iter().any(|it| it.what == "clean-dev")
    })?;
    warnings.iter().for_each(|warning| shell.warn(warning));
    let timeline = record.as_ref().and_then(|record| {
        record.timelines.iter().rev().find(|timeline| timeline.what == "clean-dev")
    });
    let environment: BTreeMap<String, String> = ["CARGO_INCREMENTAL", "CARGO_BUILD_INCREMENTAL"]
        .into_iter()
        .filter_map(|name| Some((name.to_owned(), std::env::var(name).ok()?)))
        .collect();
    Ok(defeats::defeats(&Surroundings {
        found,
        kinds: defeats::kinds(snapshot),
        incremental: defeats::incremental(snapshot, &environment),
        members: snapshot.members.iter().map(|member| member.name.clone()).collect::<BTreeSet<_>>(),
        macros: defeats::macros(snapshot),
        root,
        cargo_home: cargo_home(),
        hashed: hashed(),
        timeline,
    }))
}

/// Names of variables of the environment that are part of every key.
fn hashed() -> Vec<String> {
    let names = std::env::vars_os().filter_map(|(key, _)| key.into_string().ok());
    let mut names: Vec<String> = names.filter(|name| defeats::is_hashed(name)).collect();
    names.sort();
    names
}

/// Where cargo keeps the sources of dependencies.
pub(super) fn cargo_home() -> String {
    let set = std::env::var_os("CARGO_HOME").map(std::path::PathBuf::from);
    let home = set.or_else(|| std::env::home_dir().map(|home| home.join(".cargo")));
    home.unwrap_or_default().display().to_string()
}

/// Where the cache is by the settings. Sccache was not told of a directory that a file names.
fn location(found: &Found, configured: Option<&Answer>) -> Option<String> {
    match (found.backend(), found.value("SCCACHE_DIR")) {
        (Backend::Local, Some(dir)) => Some(format!("Local disk: {dir:?}")),
        _ if found.value("SCCACHE_MULTILEVEL_CHAIN").is_some() => None,
        _ => configured.and_then(Answer::location),
    }
}

/// What must be known although it is no obstacle.
fn warnings(found: &Found, running: Option<&Answer>, configured: Option<&str>) -> Vec<String> {
    let mut out: Vec<String> = found
        .exposed
        .iter()
        .map(|(name, file)| {
            format!("`{file}` sets `{name}`, a credential that everybody who reads the file has")
        })
        .collect();
    out.extend(found.version.and_then(Version::outdated));
    if let (Some(running), Some(configured)) = (running.and_then(Answer::location), configured)
        && running != configured
    {
        out.push(format!(
            "the running server keeps another cache ({running}) than the one configured here ({configured}): \
             `sccache --stop-server` ends it, and the next build starts one with these settings"
        ));
    }
    out
}

fn lines(
    found: &Found,
    reach: &Reach,
    running: Option<&Answer>,
    location: Option<String>,
    defeats: &[Defeat],
) -> Vec<String> {
    let mut out = Vec::new();
    let mut say =
        |name: &str, text: String| out.push(format!("{name:<12}{}", wording::folded(&text, 12)));
    say(
        "sccache",
        match found.version {
            Some(version) => format!("{version}"),
            None => format!("cannot be run; {HOW_TO_INSTALL}"),
        },
    );
    say(
        "wrapper",
        match &found.wrapper {
            Some(wrapper) => format!("`{}`, set by {}", wrapper.value, wrapper.by),
            None => {
                "none: builds do not use a cache; `cargo xtask cache setup` sets one up".to_owned()
            }
        },
    );
    say("backend", found.backend().as_str().to_owned());
    for setting in &found.settings {
        say("setting", format!("{} = {} ({})", setting.name, setting.value, setting.by));
    }
    if let Some(location) = location {
        say("location", location);
    }
    say("storage", reach.text.clone());
    match running {
        None => say("server", "none is running; the first build starts one".to_owned()),
        Some(answer) => {
            say("server", format!("running on port {}", server::port_of_builds()));
            let statistics = answer.statistics();
            say("since start", statistics.sentence());
            for reason in statistics.reasons_in_words() {
                say("", reason);
            }
            if let Some(bytes) = answer.bytes() {
                let most =
                    answer.most_bytes().map(|most| format!(" of {}", wording::si_bytes(most)));
                say("size", format!("{}{}", wording::si_bytes(bytes), most.unwrap_or_default()));
            }
        }
    }
    for defeat in defeats {
        say("costs", defeat.text.clone());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(location: &str) -> Answer {
        Answer::parse(&format!("{{\"cache_location\":{location:?}}}")).unwrap()
    }

    #[test]
    fn a_running_server_with_another_cache_is_named_with_what_to_do() {
        let (a, b) = (answer("redis, name: redis://h:1"), answer("Local disk: /c"));
        let configured = Some("redis, name: redis://h:1");
        let said = warnings(&Found::default(), Some(&b), configured);
        assert!(said.len() == 1 && said[0].contains("sccache --stop-server"), "{said:?}");
        assert!(warnings(&Found::default(), Some(&a), configured).is_empty());
        assert!(warnings(&Found::default(), None, configured).is_empty());
    }

    #[test]
    fn every_trouble_is_said_with_a_build_that_works() {
        for trouble in [Trouble::Refused, Trouble::Slow, Trouble::Unreachable, Trouble::Other] {
            let refused = NotStarted { trouble, said: "words".to_owned() };
            let reach = refusal(&Found::default(), &refused);
            assert_eq!((reach.ok, reach.trouble), (Some(false), Some(trouble)));
            assert!(reach.text.contains("RUSTC_WRAPPER= cargo build"), "{}", reach.text);
            assert!(reach.text.contains("It says: words"), "{}", reach.text);
        }
    }

    #[test]
    fn long_lines_are_folded_beside_their_names() {
        let reach = Reach { ok: None, trouble: None, text: "not tried ".repeat(12) };
        let lines = lines(&Found::default(), &reach, None, None, &[]);
        let storage = lines.iter().find(|line| line.starts_with("storage     not")).unwrap();
        assert!(storage.contains("\n            tried"), "{storage}");
        assert!(storage.lines().all(|line| line.chars().count() <= wording::COLUMNS), "{storage}");
    }

    #[test]
    fn a_storage_that_only_gives_can_still_be_used() {
        let reach = reached(Some(Trouble::Full));
        assert_eq!((reach.ok, reach.trouble), (Some(true), Some(Trouble::Full)));
        assert_eq!(reached(None).trouble, None);
    }
}
