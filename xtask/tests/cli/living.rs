//! `clean`: what is alive stays and is not compiled again, what is not goes, and where nothing is known nothing goes.
//!
//! `goes`: what is deleted, and that a build right after compiles nothing; `stays`: what is left, by whom and when.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::support::{Fixture, Run, Started, Tree, tree};

mod goes;
mod stays;

/// Two members with a dependency each that the other widens, a build script, tests and an example.
const TWO: &str = r#"
-- Cargo.toml --
[workspace]
resolver = "2"
members = ["app", "lib"]

[profile.dist]
inherits = "release"
-- app/Cargo.toml --
[package]
name = "app"
version = "0.1.0"
edition = "2021"

[features]
more = []

[dependencies]
lib = { path = "../lib" }
plume = { version = "1", features = ["ink"] }

[dev-dependencies]
shelf = "6"
-- app/build.rs --
fn main() {
    println!("cargo::rerun-if-changed=build.rs");
}
-- app/src/main.rs --
fn main() {
    lib::write();
    plume::ink();
}
-- app/tests/shelf.rs --
#[test]
fn pine() {
    shelf::pine();
}
-- app/examples/look.rs --
fn main() {
    lib::write();
}
-- lib/Cargo.toml --
[package]
name = "lib"
version = "0.1.0"
edition = "2021"

[lib]
doctest = false

[dependencies]
plume = "1"
-- lib/src/lib.rs --
pub fn write() {
    plume::write();
}
"#;

type Environment<'a> = &'a [(&'a str, &'a str)];
const INCREMENTAL: Environment = &[("CARGO_INCREMENTAL", "1")];

fn whole(directory: &Path) -> Tree {
    tree(directory, &|_| false)
}

fn cargo(fixture: &Fixture, line: &str) -> String {
    let words: Vec<&str> = line.split(' ').collect();
    fixture.real("cargo", INCREMENTAL, &words)
}

/// Units that cargo finds up to date, and those that it compiles or runs.
fn units(fixture: &Fixture, line: &str) -> (usize, usize) {
    let said = cargo(fixture, &format!("{line} --message-format=json"));
    let count = |text: &str| said.matches(text).count();
    (count(r#""fresh":true"#), count(r#""fresh":false"#))
}

/// Holds a build to finding everything that it needs.
#[track_caller]
fn nothing_is_compiled(fixture: &Fixture, line: &str) {
    let (fresh, compiled) = units(fixture, line);
    assert!(fresh > 0, "`cargo {line}` has units");
    assert_eq!(compiled, 0, "`cargo {line}` compiles something again");
}

#[track_caller]
fn clean(fixture: &Fixture, more: &[&str]) -> Run {
    clean_with(fixture, INCREMENTAL, more)
}

#[track_caller]
fn clean_with(fixture: &Fixture, environment: Environment, more: &[&str]) -> Run {
    let run = fixture.run_with(environment, &[&["clean", "--format", "json"], more].concat());
    run.exits(0)
}

/// Bytes of a kind that go.
fn bytes_of(run: &Run, kind: &str) -> u64 {
    let kinds = run.json()["kinds"].as_array().unwrap().clone();
    let found = kinds.iter().find(|found| found["kind"] == kind);
    found.map_or(0, |found| found["bytes"].as_u64().unwrap())
}

fn labels(run: &Run, kind: &str) -> Vec<String> {
    let items = run.json()["items"].as_array().unwrap().clone();
    let of_kind = items.iter().filter(|item| item["kind"] == kind);
    let mut labels: Vec<String> =
        of_kind.map(|item| item["label"].as_str().unwrap().to_owned()).collect();
    labels.sort();
    labels.dedup();
    labels
}

fn left(run: &Run) -> String {
    run.json()["left"].to_string()
}

/// Files below a directory of the target directory that have a text in their path.
fn found(fixture: &Fixture, below: &str, text: &str) -> Vec<PathBuf> {
    let mut open = vec![fixture.path("target").join(below)];
    let mut out = Vec::new();
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(directory).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path.clone());
            }
            if path.file_name().unwrap().to_string_lossy().contains(text) {
                out.push(path);
            }
        }
    }
    out
}

const BUILDS: [&str; 9] = [
    "build",
    "check --workspace --all-targets",
    "test --workspace --no-run",
    "build --package lib",
    "build --workspace --examples",
    "build --release",
    "build --profile dist",
    "clippy --workspace",
    "doc --workspace",
];

/// `clean`, having begun to ask cargo.
fn asking(fixture: &Fixture) -> Started {
    let run = fixture.start_with(&["clean", "--verbose", "--format", "json"], |command| {
        command.env("CARGO_INCREMENTAL", "1");
    });
    assert!(run.says("Asking"), "{:?}", run.wait());
    run
}
