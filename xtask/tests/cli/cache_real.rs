//! `cache` with a real sccache, where there is one: `XTASK_SCCACHE` names it, or it lies on the PATH.

use std::path::PathBuf;

use snapbox::cmd::Command;

use crate::support::{Fixture, assert_same};

/// Three members and crates of the registry.
const FILES: &str = r#"
-- Cargo.toml --
[workspace]
resolver = "2"
members = ["one", "two"]
-- one/Cargo.toml --
[package]
name = "one"
version = "0.1.0"
edition = "2021"

[dependencies]
ghoul = "0.3"
shelf = "6"
mimic = "2"
-- one/src/lib.rs --
pub fn one() {
    ghoul::boo();
}
-- two/Cargo.toml --
[package]
name = "two"
version = "0.1.0"
edition = "2021"

[dependencies]
one = { path = "../one" }
-- two/src/main.rs --
fn main() {
    one::one();
}
-- .gitignore --
/target
"#;

/// The directory of a sccache that runs; none, and a line that says so, where there is none.
fn directory() -> Option<String> {
    let named = std::env::var_os("XTASK_SCCACHE").map(PathBuf::from);
    let is_named = named.is_some();
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let on_path =
        || std::env::split_paths(&paths).map(|dir| dir.join("sccache")).find(|it| it.is_file());
    let program = named.or_else(on_path);
    let runs = |program: &PathBuf| {
        Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success())
    };
    let found =
        program.filter(runs).and_then(|program| Some(program.parent()?.display().to_string()));
    assert!(found.is_some() || !is_named, "XTASK_SCCACHE names no sccache that runs");
    if found.is_none() {
        eprintln!("skipped: there is no sccache; XTASK_SCCACHE=<path> names one");
    }
    found
}

#[test]
fn a_real_cache_gives_another_directory_what_one_build_has_filled() {
    let Some(directory) = directory() else { return };
    let fixture = Fixture::new(FILES);
    let path = format!("{directory}:{}", std::env::var("PATH").unwrap());
    let variables = [("PATH", path.as_str()), ("SCCACHE_SERVER_PORT", "1")];
    let run = |args: &[&str]| fixture.run_with(&variables, args);
    run(&["cache", "setup", "--backend", "local", "--yes"]).exits(0);
    let status = run(&["cache", "status", "--format", "json"]).exits(0);
    assert_eq!(status.json()["usable"], true, "{status:?}");
    let before = fixture.tree();
    let json = run(&["cache", "verify", "--format", "json"]).exits(0).json();
    assert_same(&before, &fixture.tree());
    let builds = json["builds"].as_array().unwrap();
    let places: Vec<&str> = builds.iter().map(|built| built["place"].as_str().unwrap()).collect();
    assert_eq!(places, ["fill", "same-directory", "other-directory", "other-home"]);
    let hits = |at: usize| builds[at]["statistics"]["hits"].as_u64().unwrap();
    let misses = |at: usize| builds[at]["statistics"]["misses"].as_u64().unwrap();
    assert_eq!(hits(0), 0, "{json:#}");
    assert!(misses(0) >= 2, "{json:#}");
    assert_eq!(misses(1), 0, "{json:#}");
    // The registry lies at one place for both; members are found again in a directory of the same name only.
    assert!(hits(2) >= 2 && misses(2) >= 1, "{json:#}");
    assert!(builds[2]["missed"].as_array().unwrap().contains(&"one".into()), "{json:#}");
    assert!(json["bytes"].as_u64().is_some_and(|bytes| bytes > 0), "{json:#}");
    let text = run(&["cache", "verify", "--no-incremental"]).exits(0).stdout;
    assert!(text.contains("another directory"), "{text}");
    // No server stays, and no cache of a proof.
    let left = std::fs::read_dir(fixture.path("target/xtask")).unwrap();
    let left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["runs"]);
}

#[test]
fn a_real_cache_whose_server_is_not_there_is_named_and_the_build_works() {
    let Some(directory) = directory() else { return };
    let fixture = Fixture::new(FILES);
    let path = format!("{directory}:{}", std::env::var("PATH").unwrap());
    let variables = [("PATH", path.as_str()), ("SCCACHE_SERVER_PORT", "1")];
    let endpoint = "redis://127.0.0.1:1";
    let setup = ["cache", "setup", "--backend", "redis", "--endpoint", endpoint, "--yes"];
    fixture.run_with(&variables, &setup).exits(0);
    let run = fixture.run_with(&variables, &["cache", "verify", "--format", "json"]).exits(1);
    assert_eq!(run.json()["reach"]["trouble"], "unreachable", "{run:?}");
    assert!(run.json()["without_seconds"].as_f64().is_some(), "{run:?}");
}
