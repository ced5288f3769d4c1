//! `cache` with a stand-in for sccache: what is written, refused, asked and left.

use std::{fs, os::unix::fs::PermissionsExt as _};

use crate::support::{Fixture, Run, assert_same, unfolded};

const FILES: &str = r#"
-- Cargo.toml --
[package]
name = "one"
version = "0.1.0"
edition = "2021"

[dependencies]
ghoul = "0.3"
-- src/lib.rs --
pub fn one() {}
-- .gitignore --
/target
"#;

const REDIS: [&str; 6] =
    ["cache", "setup", "--backend", "redis", "--endpoint", "redis://cache.invalid:6379"];

/// A workspace, and a program `sccache` that answers with a script.
struct Stage {
    fixture: Fixture,
    path: String,
}

impl Stage {
    fn new(script: &str) -> Self {
        let fixture = Fixture::new(FILES);
        fixture.put(&format!("-- ../bin/sccache --\n#!/bin/sh\n{script}"));
        let program = fixture.path("../bin/sccache");
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        let bin = fs::canonicalize(fixture.path("../bin")).unwrap();
        let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
        Self { fixture, path }
    }

    /// One that says its version, has no statistics to tell, and whose server says `said` and ends.
    fn of(version: &str, said: &str) -> Self {
        Self::new(&format!(
            "case \"$1\" in\n--version) echo 'sccache {version}' ;;\n\
             --show-stats) echo '{{\"cache_location\":\"somewhere\"}}' ;;\n\
             '') echo 'sccache: error: {said}' >&2; exit 2 ;;\n*) exec \"$@\" ;;\nesac\n"
        ))
    }

    fn run(&self, args: &[&str]) -> Run {
        // Whoever runs these tests may use sccache himself.
        let variables = [("PATH", self.path.as_str()), ("SCCACHE_SERVER_PORT", "1")];
        self.fixture.run_with(&variables, args)
    }
}

#[test]
fn without_sccache_a_setup_says_how_to_get_it_and_changes_nothing() {
    let stage = Stage::new("exit 1\n");
    let before = stage.fixture.whole_tree();
    let run = stage.run(&["cache", "setup", "--backend", "local", "--yes"]).exits(2);
    run.says("cargo install sccache");
    assert_same(&before, &stage.fixture.whole_tree());
}

#[test]
fn a_sccache_that_is_too_old_is_refused_with_the_version_that_will_do() {
    let stage = Stage::of("0.4.0", "");
    stage.run(&["cache", "setup", "--backend", "local", "--yes"]).exits(2).says("0.8.0");
    let stage = Stage::of("0.10.0", "");
    let run = stage.run(&[&REDIS[..], &["--local-first", "--yes"]].concat()).exits(2);
    run.says("0.15.0");
    let run = stage.run(&[&REDIS[..], &["--yes"]].concat()).exits(0);
    run.says("stops a build after ten seconds");
}

#[test]
fn a_setup_that_nobody_agreed_to_shows_the_diff_and_changes_nothing() {
    let stage = Stage::of("0.19.0", "");
    let before = stage.fixture.whole_tree();
    let run = stage.run(&REDIS).exits(2);
    run.says("+rustc-wrapper = \"sccache\"").says("run again with `--yes`");
    assert_same(&before, &stage.fixture.whole_tree());
    let run = stage.run(&[&REDIS[..], &["--dry-run"]].concat()).exits(0);
    assert!(
        run.stdout.contains("+SCCACHE_REDIS_ENDPOINT = \"redis://cache.invalid:6379\""),
        "{run:?}"
    );
    assert_same(&before, &stage.fixture.whole_tree());
}

#[test]
fn a_setup_is_committed_once_and_both_a_removal_and_a_restore_take_it_back_to_the_byte() {
    let stage = Stage::of("0.19.0", "");
    let before = stage.fixture.tree();
    let yes = [&REDIS[..], &["--yes", "--format", "json"]].concat();
    let run = stage.run(&yes).exits(0);
    let json = run.json();
    assert_eq!((&json["schema"], &json["backend"]), (&1.into(), &"redis".into()));
    assert_eq!(json["settings"]["SCCACHE_REDIS_ENDPOINT"], "redis://cache.invalid:6379");
    let backup = json["backup"].as_str().unwrap().to_owned();
    assert!(stage.fixture.read(".cargo/config.toml").contains("rustc-wrapper = \"sccache\""));
    let again = stage.run(&yes).exits(0);
    again.says("nothing to do");
    assert_eq!(again.json()["backup"], serde_json::Value::Null);
    assert_eq!(stage.fixture.backups(), [backup]);
    stage.run(&["restore"]).exits(0);
    assert_same(&before, &stage.fixture.tree());
    stage.run(&yes).exits(0);
    stage.run(&["cache", "remove", "--dry-run"]).exits(0);
    assert!(stage.fixture.path(".cargo/config.toml").exists());
    stage.run(&["cache", "remove"]).exits(2).says("run again with `--yes`");
    stage.run(&["cache", "remove", "--yes"]).exits(0);
    assert!(!stage.fixture.path(".cargo/config.toml").exists());
    stage.run(&["cache", "remove", "--yes"]).exits(0).says("nothing to do");
}

#[test]
fn a_removal_leaves_and_names_what_it_did_not_write() {
    let stage = Stage::of("0.19.0", "");
    let own = "[alias]\nmine = \"check\"\n\n[env]\nSCCACHE_LOG = \"info\"\n";
    stage.fixture.put(&format!("-- .cargo/config.toml --\n{own}"));
    stage.run(&[&REDIS[..], &["--yes"]].concat()).exits(0);
    let run = stage.run(&["cache", "remove", "--yes", "--format", "json"]).exits(0);
    assert!(run.json()["left"][0].as_str().unwrap().contains("SCCACHE_LOG"), "{run:?}");
    stage.fixture.assert_files(&format!("-- .cargo/config.toml --\n{own}"));
}

#[test]
fn a_credential_is_refused_before_anything_is_read_and_is_not_repeated() {
    let stage = Stage::of("0.19.0", "");
    let before = stage.fixture.whole_tree();
    for endpoint in ["redis://u:hunter2@h:6379", "redis://h/?password=hunter2"] {
        let args = ["cache", "setup", "--backend", "redis", "--endpoint", endpoint, "--yes"];
        let run = stage.run(&args).exits(2);
        run.says("SCCACHE_REDIS_PASSWORD");
        assert!(!run.stderr.contains("hunter2") && run.stdout.is_empty(), "{run:?}");
    }
    assert_same(&before, &stage.fixture.whole_tree());
}

#[test]
fn another_wrapper_is_left_in_its_place() {
    let stage = Stage::of("0.19.0", "");
    stage.fixture.put("-- .cargo/config.toml --\n[build]\nrustc-wrapper = \"/opt/other\"\n");
    let before = stage.fixture.whole_tree();
    stage.run(&[&REDIS[..], &["--yes"]].concat()).exits(2).says("/opt/other");
    assert_same(&before, &stage.fixture.whole_tree());
}

#[test]
fn the_status_tells_a_cache_that_is_not_there_from_one_that_cannot_be_used() {
    let stage = Stage::of("0.19.0", "cache storage failed to read: authentication failed");
    let before = stage.fixture.whole_tree();
    let run = stage.run(&["cache", "status", "--format", "json"]).exits(1);
    assert_eq!(
        (&run.json()["usable"], &run.json()["wrapper"]),
        (&false.into(), &serde_json::Value::Null)
    );
    assert_same(&before, &stage.fixture.whole_tree());
    stage.run(&[&REDIS[..], &["--yes"]].concat()).exits(0);
    let run = stage.run(&["cache", "status", "--format", "json"]).exits(1);
    let json = run.json();
    assert_eq!(json["reach"]["trouble"], "refused", "{json:#}");
    let text = json["reach"]["text"].as_str().unwrap().to_owned();
    assert!(
        text.contains("SCCACHE_REDIS_PASSWORD") && text.contains("RUSTC_WRAPPER= cargo build"),
        "{text}"
    );
    let codes: Vec<&str> =
        json["defeats"].as_array().unwrap().iter().map(|it| it["code"].as_str().unwrap()).collect();
    assert!(codes.contains(&"paths") && codes.contains(&"cargo-home"), "{codes:?}");
    // Without the network nothing is tried.
    let run = stage.run(&["cache", "status", "--offline", "--format", "json"]).exits(0);
    assert_eq!(run.json()["reach"]["ok"], serde_json::Value::Null);
}

#[test]
fn an_empty_variable_that_takes_the_wrapper_back_is_named_and_no_setup_is_asked_for() {
    let stage = Stage::of("0.19.0", "");
    stage.run(&[&REDIS[..], &["--yes"]].concat()).exits(0);
    let variables =
        [("PATH", stage.path.as_str()), ("SCCACHE_SERVER_PORT", "1"), ("RUSTC_WRAPPER", "")];
    let status = stage.fixture.run_with(&variables, &["cache", "status"]).exits(1);
    // The text behind the names of the rows begins at the thirteenth column.
    let said = unfolded(&status.stdout, 12);
    assert!(!said.contains("cache setup"), "{status:?}");
    assert!(said.contains("unset RUSTC_WRAPPER"), "{status:?}");
    let verify = stage.fixture.run_with(&variables, &["cache", "verify"]).exits(2);
    verify.says("hint: unset RUSTC_WRAPPER");
    let setup = [&REDIS[..], &["--key-prefix", "team", "--yes"]].concat();
    stage.fixture.run_with(&variables, &setup).exits(0).says("RUSTC_WRAPPER is empty");
}

#[test]
fn a_credential_in_the_configuration_is_named_and_not_shown() {
    let stage = Stage::of("0.19.0", "authentication failed for redis://u:hunter2@h");
    stage.fixture.put(
        "-- .cargo/config.toml --\n[build]\nrustc-wrapper = \"sccache\"\n[env]\n\
         SCCACHE_REDIS = \"redis://u:hunter2@h\"\nSCCACHE_REDIS_PASSWORD = \"hunter2\"\n",
    );
    for args in [&["cache", "status"][..], &["cache", "status", "--format", "json"]] {
        let run = stage.run(args).exits(1);
        let all = format!("{}{}", run.stdout, run.stderr);
        assert!(all.contains("SCCACHE_REDIS_PASSWORD") && !all.contains("hunter2"), "{run:?}");
    }
}

#[test]
fn neither_a_diff_nor_a_log_that_is_kept_holds_a_credential() {
    let stage = Stage::of("0.19.0", "no such database at redis://u:hunter2@h");
    stage.fixture.put(
        "-- .cargo/config.toml --\n[build]\nrustc-wrapper = \"sccache\"\n[env]\n\
         SCCACHE_REDIS_ENDPOINT = \"redis://u:hunter2@h\"\nSCCACHE_REDIS_PASSWORD = \"hunter2\"\n",
    );
    for args in [&[&REDIS[..], &["--dry-run"]].concat()[..], &["cache", "remove", "--dry-run"]] {
        let run = stage.run(args).exits(0);
        let all = format!("{}{}", run.stdout, run.stderr);
        assert!(all.contains("-SCCACHE_REDIS_ENDPOINT") && !all.contains("hunter2"), "{run:?}");
    }
    let json = stage.run(&["cache", "verify", "--format", "json"]).exits(1).json();
    let log = format!("{}/1-server.log", json["logs"].as_str().unwrap());
    let log = fs::read_to_string(log).unwrap();
    assert!(log.contains("no such database") && !log.contains("hunter2"), "{log}");
}

#[test]
fn a_cache_that_no_setup_writes_is_neither_called_local_nor_filled_by_a_proof() {
    let stage = Stage::of("0.19.0", "");
    let config = "-- .cargo/config.toml --\n[build]\nrustc-wrapper = \"sccache\"\n[env]\n";
    stage.fixture.put(&format!("{config}SCCACHE_GHA_ENABLED = \"true\"\n"));
    let json = stage.run(&["cache", "status", "--format", "json"]).exits(0).json();
    assert_eq!((&json["backend"], &json["reach"]["ok"]), (&"other".into(), &().into()));
    assert!(json["reach"]["text"].as_str().unwrap().contains("SCCACHE_GHA_ENABLED"), "{json:#}");
    stage.run(&["cache", "verify"]).exits(2).says("hint: unset it for this command");
    // By a file of sccache's own, which this does not read.
    stage.fixture.put(config);
    let json = stage.run(&["cache", "status", "--format", "json"]).exits(0).json();
    assert!(json["reach"]["text"].as_str().unwrap().contains("(somewhere)"), "{json:#}");
}

#[test]
fn no_proof_is_made_where_its_builds_would_find_another_server() {
    let stage = Stage::of("0.19.0", "");
    let config = "-- .cargo/config.toml --\n[build]\nrustc-wrapper = \"sccache\"\n[env]\n";
    for (line, name) in [
        ("SCCACHE_SERVER_UDS = \"/run/s\"", "SCCACHE_SERVER_UDS"),
        ("SCCACHE_SERVER_PORT = { value = \"7\", force = true }", "SCCACHE_SERVER_PORT"),
    ] {
        stage.fixture.put(&format!("{config}{line}\n"));
        stage.run(&["cache", "verify"]).exits(2).says(&format!("{name} is set"));
    }
}

#[test]
fn a_variable_with_which_sccache_refuses_to_compile_makes_the_cache_unusable() {
    let stage = Stage::of("0.19.0", "");
    stage.run(&["cache", "setup", "--backend", "local", "--yes"]).exits(0);
    let variables =
        [("PATH", stage.path.as_str()), ("SCCACHE_SERVER_PORT", "1"), ("CARGO_INCREMENTAL", "1")];
    let status = ["cache", "status", "--format", "json"];
    let json = stage.fixture.run_with(&variables, &status).exits(1).json();
    assert_eq!((&json["usable"], &json["defeats"][0]["code"]), (&false.into(), &"refused".into()));
    stage.run(&status).exits(0);
    stage.fixture.run_with(&variables, &["cache", "verify"]).exits(2).says("hint: unset it");
}

#[test]
fn members_are_not_compiled_incrementally_where_that_is_asked_for_whatever_the_configuration_says()
{
    let stage = Stage::of("0.19.0", "authentication failed");
    stage.run(&[&REDIS[..], &["--yes"]].concat()).exits(0);
    let config = stage.fixture.read(".cargo/config.toml");
    let config = config.replace("[build]\n", "[build]\nincremental = true\n");
    stage.fixture.put(&format!("-- .cargo/config.toml --\n{config}"));
    let verify = ["cache", "verify", "--no-incremental", "--format", "json"];
    let json = stage.run(&verify).exits(1).json();
    let log = format!("{}/without.log", json["logs"].as_str().unwrap());
    let log = fs::read_to_string(log).unwrap();
    assert!(log.contains("build.incremental=false"), "{log}");
}

#[test]
fn what_a_server_says_is_read_and_not_written_where_the_user_has_his_own_write() {
    // As sccache does: what it says goes to the file that is named, if one is.
    let stage = Stage::new(
        "case \"$1\" in\n--version) echo 'sccache 0.19.0' ;;\n\
         '') echo 'authentication failed' >> \"${SCCACHE_ERROR_LOG:-/dev/stderr}\"; exit 2 ;;\n*) exit 1 ;;\nesac\n",
    );
    stage.run(&[&REDIS[..], &["--yes"]].concat()).exits(0);
    let log = stage.fixture.path("sccache.log");
    let variables = [
        ("PATH", stage.path.as_str()),
        ("SCCACHE_SERVER_PORT", "1"),
        ("SCCACHE_ERROR_LOG", log.to_str().unwrap()),
    ];
    let run = stage.fixture.run_with(&variables, &["cache", "status", "--format", "json"]).exits(1);
    assert_eq!(run.json()["reach"]["trouble"], "refused", "{run:?}");
    assert!(!log.exists());
}

#[test]
fn nothing_is_verified_where_nothing_is_set_up() {
    let stage = Stage::of("0.19.0", "");
    stage.run(&["cache", "verify"]).exits(2).says("cargo xtask cache setup");
}

#[test]
fn where_the_cache_cannot_be_used_a_proof_says_why_and_that_the_build_works_without() {
    let stage = Stage::of("0.19.0", "cache storage failed to read: authentication failed");
    stage.run(&[&REDIS[..], &["--yes"]].concat()).exits(0);
    let before = stage.fixture.tree();
    let run = stage.run(&["cache", "verify", "--format", "json"]).exits(1);
    let json = run.json();
    assert_eq!(json["reach"]["trouble"], "refused", "{json:#}");
    assert!(json["without_seconds"].as_f64().is_some_and(|seconds| seconds > 0.0), "{json:#}");
    assert_eq!(json["builds"].as_array().map(Vec::len), Some(0));
    assert_same(&before, &stage.fixture.tree());
    let history = stage.fixture.read(".xtask-history/cache.jsonl");
    assert_eq!(history.lines().count(), 1);
    // It is no run that `report` could render.
    stage.run(&["report", "--list"]).exits(0);
}

#[cfg(target_os = "linux")]
#[test]
fn an_interrupt_ends_the_server_of_a_proof_and_leaves_nothing() {
    use crate::support::To;

    let stage = Stage::new(
        "case \"$1\" in\n--version) echo 'sccache 0.19.0' ;;\n'') exec sleep 600 ;;\nesac\n",
    );
    stage.run(&[&REDIS[..], &["--yes"]].concat()).exits(0);
    let before = stage.fixture.tree();
    let started = stage.fixture.start_with(&["cache", "verify"], |command| {
        command.env("PATH", &stage.path);
    });
    assert!(started.says("Starting a server of sccache"));
    let mark = started.mark();
    started.signal(rustix::process::Signal::INT, To::Process);
    started.wait().exits(130);
    assert_eq!(mark.running(), [""; 0]);
    assert_eq!(stage.fixture.left_in_temporary(), [""; 0]);
    assert_same(&before, &stage.fixture.tree());
}
