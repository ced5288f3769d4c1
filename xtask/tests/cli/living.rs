//! `clean`: what is alive stays and is not compiled again, what is not goes, and where nothing is known nothing goes.

use std::{
    fs,
    path::{Path, PathBuf},
};

use rustix::process::Signal;

use crate::support::{Fixture, Run, Started, To, Tree, assert_same, tree};

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

#[test]
fn what_the_usual_builds_use_stays_and_is_not_compiled_again() {
    let fixture = Fixture::new(TWO);
    BUILDS.iter().for_each(|line| drop(cargo(&fixture, line)));
    let before = whole(&fixture.path("target"));
    let run = clean(&fixture, &[]);
    assert_eq!(run.json()["items"], serde_json::json!([]), "{run:?}");
    assert_eq!(run.json()["unknown"], serde_json::json!([]), "{run:?}");
    assert!(run.json()["used_units"].as_u64().unwrap() > 20, "{run:?}");
    assert_same(&before, &whole(&fixture.path("target")));
    BUILDS.iter().for_each(|line| nothing_is_compiled(&fixture, line));
}

#[test]
fn what_a_changed_graph_left_behind_goes_and_the_rest_is_not_compiled_again() {
    let fixture = Fixture::new(TWO);
    cargo(&fixture, "build");
    cargo(&fixture, "build --package app --features more");
    fixture.replace("app/Cargo.toml", r#"plume = { version = "1", features = ["ink"] }"#, "");
    fixture.replace("app/Cargo.toml", "shelf = \"6\"\n", "");
    fixture.replace("app/src/main.rs", "plume::ink();", "");
    fs::remove_file(fixture.path("app/tests/shelf.rs")).unwrap();
    cargo(&fixture, "build --offline");
    let plan = clean(&fixture, &["--dry-run"]);
    let before = whole(&fixture.path("target"));
    assert_eq!(labels(&plan, "unused-unit"), ["app", "lib", "plume"]);
    assert_eq!(labels(&plan, "incremental"), ["app", "build_script_build", "lib"]);
    assert_eq!(plan.json()["freed_bytes"], 0);
    let done = clean(&fixture, &[]);
    assert_ne!(before, whole(&fixture.path("target")));
    assert_eq!(done.json()["kinds"], plan.json()["kinds"], "the plan is what is done");
    assert_eq!(done.json()["bytes"], plan.json()["bytes"], "a dry run deletes nothing");
    let freed = done.json()["freed_bytes"].as_u64().unwrap();
    let planned = plan.json()["stale_bytes"].as_u64().unwrap();
    assert!(freed > 0 && freed <= planned, "{freed} of {planned}");
    nothing_is_compiled(&fixture, "build");
    let again = clean(&fixture, &[]);
    assert_eq!(again.json()["items"], serde_json::json!([]), "{again:?}");
}

#[test]
fn a_unit_that_has_to_be_compiled_again_keeps_what_makes_that_fast() {
    let fixture = Fixture::new(TWO);
    cargo(&fixture, "build");
    let state = found(&fixture, "debug/incremental", "app-");
    assert_eq!(state.len(), 1);
    fixture.replace("app/src/main.rs", "fn main() {", "fn main() {\n    println!(\"edited\");");
    let run = clean(&fixture, &["--for", "build"]);
    assert_eq!(run.json()["items"], serde_json::json!([]), "{run:?}");
    assert!(state[0].is_dir());
    let (_, compiled) = units(&fixture, "build");
    assert_eq!(compiled, 1, "the one whose source was edited");
}

#[test]
fn only_what_named_commands_use_stays() {
    let fixture = Fixture::new(TWO);
    BUILDS.iter().for_each(|line| drop(cargo(&fixture, line)));
    let run = clean(&fixture, &["--for", "build", "--for", "cargo build --profile 'dist'"]);
    assert_eq!(run.json()["commands"], serde_json::json!(["build", "build --profile dist"]));
    assert!(bytes_of(&run, "profile") > 0, "nothing builds in `release` any more: {run:?}");
    assert!(!fixture.path("target/release").exists());
    for line in ["build", "build --profile dist"] {
        nothing_is_compiled(&fixture, line);
    }
    let (_, compiled) = units(&fixture, "check");
    assert!(compiled > 0, "what checks left is gone");
}

#[test]
fn a_profile_that_is_no_longer_defined_goes_with_its_directory() {
    let fixture = Fixture::new(TWO);
    cargo(&fixture, "build");
    cargo(&fixture, "build --profile dist");
    fixture.put_bytes("target/dist/mine.txt", b"mine");
    fixture.replace("Cargo.toml", "[profile.dist]\ninherits = \"release\"\n", "");
    let run = clean(&fixture, &[]);
    assert!(bytes_of(&run, "profile") > 0, "{run:?}");
    // A file that is nobody's that is known stays, and so its directory.
    assert_eq!(fixture.read("target/dist/mine.txt"), "mine");
    assert!(run.json()["unknown"].to_string().contains("mine.txt"), "{run:?}");
    assert_eq!(found(&fixture, "dist", "lib"), Vec::<PathBuf>::new());
    nothing_is_compiled(&fixture, "build");
    fs::remove_file(fixture.path("target/dist/mine.txt")).unwrap();
    clean(&fixture, &[]);
    assert!(!fixture.path("target/dist").exists());
}

#[test]
fn a_target_that_cannot_be_built_for_goes_and_what_is_no_target_stays() {
    let fixture = Fixture::new(TWO);
    cargo(&fixture, "build");
    let host = cargo(&fixture, "-vV");
    let host = host.lines().find_map(|line| line.strip_prefix("host: ")).unwrap().to_owned();
    cargo(&fixture, &format!("build --target {host}"));
    // As another toolchain left it.
    let copy = |from: &str, to: &str| {
        fixture.real("cp", &[], &["-a", from, to]);
    };
    copy(&format!("target/{host}"), "target/sparc-unknown-none-elf");
    copy(&format!("target/{host}"), "target/editor");
    for (directory, file) in [("debug", "app.d"), ("debug", "liblib.d")] {
        let path = format!("target/sparc-unknown-none-elf/{directory}/{file}");
        fixture.replace(&path, &host, "sparc-unknown-none-elf");
    }
    let editor = whole(&fixture.path("target/editor"));
    let run = clean(&fixture, &[]);
    assert!(bytes_of(&run, "triple") > 0, "{run:?}");
    assert!(!fixture.path("target/sparc-unknown-none-elf").exists());
    assert_same(&editor, &whole(&fixture.path("target/editor")));
    assert!(left(&run).contains("target/editor/debug"), "{run:?}");
    nothing_is_compiled(&fixture, "build");
    nothing_is_compiled(&fixture, &format!("build --target {host}"));
    // Nor does it go where only named commands count; what is a target goes.
    let run = clean(&fixture, &["--for", "build"]);
    assert!(!fixture.path("target").join(&host).exists(), "{run:?}");
    assert_same(&editor, &whole(&fixture.path("target/editor")));
}

#[test]
fn results_of_programs_that_are_gone_go_and_files_of_the_users_stay() {
    let fixture = Fixture::new(TWO);
    cargo(&fixture, "build --workspace --examples");
    cargo(&fixture, "build");
    let mine =
        [("target/debug/notes.txt", "n"), ("target/debug/deps/mine", "d"), ("target/own/x", "o")];
    mine.iter().for_each(|(path, text)| fixture.put_bytes(path, text.as_bytes()));
    fs::rename(fixture.path("app/examples/look.rs"), fixture.path("app/examples/see.rs")).unwrap();
    fixture.replace("app/Cargo.toml", "name = \"app\"", "name = \"tool\"");
    fixture.cargo(&["generate-lockfile"]);
    cargo(&fixture, "build --workspace --examples");
    cargo(&fixture, "build");
    let run = clean(&fixture, &["--for", "build --workspace --examples", "--for", "build"]);
    assert_eq!(labels(&run, "result"), ["app", "look"]);
    for gone in ["target/debug/app", "target/debug/app.d", "target/debug/examples/look"] {
        assert!(!fixture.path(gone).exists(), "{gone}");
    }
    mine.iter().for_each(|(path, text)| assert_eq!(fixture.read(path), *text));
    assert!(fixture.path("target/debug/tool").is_file());
    nothing_is_compiled(&fixture, "build --workspace --examples");
}

#[test]
fn what_a_compiler_was_cut_off_at_goes() {
    let fixture = Fixture::new(TWO);
    cargo(&fixture, "build");
    let state = found(&fixture, "debug/incremental", "lib-").remove(0);
    fs::create_dir(state.join("s-h0abc-1def-working")).unwrap();
    fs::copy(fixture.path("lib/src/lib.rs"), state.join("s-h0abc-1def-working/query-cache.bin"))
        .unwrap();
    fixture.put_bytes("target/debug/.fingerprint/odd-0123456789abcdef/lib-odd", b"x");
    let run = clean(&fixture, &["--for", "build"]);
    assert_eq!(
        (labels(&run, "incremental"), labels(&run, "fingerprint")),
        (vec!["lib".into()], vec!["odd".into()])
    );
    assert!(!state.join("s-h0abc-1def-working").exists());
    assert!(!fixture.path("target/debug/.fingerprint/odd-0123456789abcdef").exists());
    nothing_is_compiled(&fixture, "build");
}

#[test]
fn limits_keep_what_is_young_and_what_fits() {
    let fixture = Fixture::new(TWO);
    cargo(&fixture, "build --package app --features more");
    cargo(&fixture, "build");
    let all = clean(&fixture, &["--for", "build", "--dry-run"]);
    let stale = all.json()["stale_bytes"].as_u64().unwrap();
    let bytes = all.json()["bytes"].as_u64().unwrap();
    assert!(stale > 0);
    fixture.put_bytes("target/package/lib-0.1.0/src/lib.rs", b"young");
    let young = clean(&fixture, &["--for", "build", "--keep-days", "1"]);
    assert_eq!(fixture.read("target/package/lib-0.1.0/src/lib.rs"), "young");
    fs::remove_dir_all(fixture.path("target/package")).unwrap();
    assert_eq!(young.json()["items"], serde_json::json!([]), "{young:?}");
    assert_eq!(young.json()["kept_bytes"].as_u64().unwrap(), stale + 5);
    young.says("`--keep-days`");
    let fits = clean(&fixture, &["--for", "build", "--max-size", &bytes.to_string()]);
    assert_eq!(fits.json()["items"], serde_json::json!([]), "{fits:?}");
    let some =
        clean(&fixture, &["--for", "build", "--dry-run", "--max-size", &(bytes - 1).to_string()]);
    let chosen = some.json()["items"].as_array().unwrap().len();
    assert_eq!(chosen, 1, "the oldest is enough: {some:?}");
    let none = clean(&fixture, &["--for", "build", "--max-size", "0"]);
    assert!(none.json()["over_bytes"].as_u64().unwrap() > 0, "what is in use stays: {none:?}");
    none.says("above `--max-size`");
    nothing_is_compiled(&fixture, "build");
}

/// Holds cargo's lock on a directory of the target directory, as a running build does.
fn build_runs(fixture: &Fixture, profile: &str) -> fs::File {
    let file = fs::File::open(fixture.path("target").join(profile).join(".cargo-lock")).unwrap();
    file.try_lock().unwrap();
    file
}

#[test]
fn where_a_build_runs_nothing_is_deleted() {
    let fixture = Fixture::new(TWO);
    for line in [
        "build --package app --features more",
        "build",
        "build --release --package app --features more",
    ] {
        cargo(&fixture, line);
    }
    let lock = build_runs(&fixture, "debug");
    let before = whole(&fixture.path("target/debug"));
    let run = clean(&fixture, &["--for", "build", "--for", "build --release"]);
    assert_same(&before, &whole(&fixture.path("target/debug")));
    assert!(left(&run).contains("a build is running there"), "{run:?}");
    assert!(
        labels(&run, "unused-unit").contains(&"app".to_owned()),
        "`release` is cleaned: {run:?}"
    );
    drop(lock);
    assert!(
        !labels(&clean(&fixture, &["--for", "build", "--for", "build --release"]), "unused-unit")
            .is_empty()
    );
    nothing_is_compiled(&fixture, "build");
}

#[test]
fn a_directory_that_others_build_into_is_left_alone_until_they_are_named() {
    let fixture = Fixture::new(TWO);
    fixture.put(
        "-- ../other/Cargo.toml --\n[package]\nname = \"other\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n\
         [dependencies]\nghost = \"1\"\n-- ../other/src/main.rs --\nfn main() {\n    ghost::boo();\n}\n",
    );
    let shared = fixture.path("../shared");
    let shared = shared.to_str().unwrap();
    let environment: Environment = &[("CARGO_TARGET_DIR", shared), ("CARGO_INCREMENTAL", "1")];
    let other = fixture.path("../other/Cargo.toml");
    let other = other.to_str().unwrap();
    let build = |words: &[&str]| fixture.real("cargo", environment, words);
    build(&["build", "--package", "app", "--features", "more"]);
    build(&["build"]);
    let before = whole(Path::new(shared));
    let alone = clean_with(&fixture, environment, &[]);
    assert!(left(&alone).contains("outside of the workspace"), "{alone:?}");
    alone.says("--not-shared");
    build(&["build", "--manifest-path", other]);
    fixture.put_bytes("../shared/package/other-0.1.0/src/lib.rs", b"x");
    let named = clean_with(&fixture, environment, &[]);
    assert!(left(&named).contains("builds into it as well"), "{named:?}");
    named.says("--shared-with");
    assert!(before.iter().all(|file| Path::new(shared).join(file.0).exists()));
    assert_eq!(fixture.read("../shared/package/other-0.1.0/src/lib.rs"), "x");
    let done = clean_with(&fixture, environment, &["--shared-with", other]);
    assert_eq!(left(&done), "[]", "{done:?}");
    assert!(labels(&done, "unused-unit").contains(&"app".to_owned()), "{done:?}");
    for words in [
        ["build", "--message-format=json"].as_slice(),
        &["build", "--message-format=json", "--manifest-path", other],
    ] {
        assert!(!build(words).contains(r#""fresh":false"#), "{words:?}");
    }
    // Commands are named for one of them; what the other uses stays all the same.
    clean_with(&fixture, environment, &["--shared-with", other, "--for", "build --package lib"]);
    let words = ["build", "--message-format=json", "--manifest-path", other];
    assert!(!build(&words).contains(r#""fresh":false"#), "{words:?}");
}

#[test]
fn results_and_intermediate_artifacts_may_lie_apart() {
    let fixture = Fixture::new(TWO);
    fixture.put_bytes(".cargo/config.toml", b"[build]\nbuild-dir = \"made\"\n");
    cargo(&fixture, "build --package app --features more");
    cargo(&fixture, "build");
    assert!(
        fixture.path("made/debug/deps").is_dir() && !fixture.path("target/debug/deps").exists()
    );
    let run = clean(&fixture, &["--for", "build"]);
    assert_eq!(labels(&run, "unused-unit"), ["app"]);
    assert_eq!(run.json()["directories"].as_array().unwrap().len(), 2);
    nothing_is_compiled(&fixture, "build");
    assert!(fixture.path("target/debug/app").is_file());
}

#[test]
fn units_of_the_newer_layout_are_told_apart_too() {
    let fixture = Fixture::new(TWO);
    let nightly = |line: &str| -> Option<String> {
        let words: Vec<&str> = line.split(' ').collect();
        let environment = [
            ("CARGO_INCREMENTAL", "1"),
            ("CARGO_UNSTABLE_BUILD_DIR_NEW_LAYOUT", "true"),
            ("RUSTC_BOOTSTRAP", "1"),
        ];
        Some(fixture.real("cargo", &environment, &words))
    };
    // The stable cargo knows the layout too, where it is told to be a nightly one.
    nightly("build --package app --features more");
    nightly("build");
    assert!(found(&fixture, "debug/build", "lib").iter().any(|path| path.is_dir()));
    assert!(!fixture.path("target/debug/.fingerprint").exists(), "this is the newer layout");
    let environment: Environment = &[
        ("CARGO_INCREMENTAL", "1"),
        ("CARGO_UNSTABLE_BUILD_DIR_NEW_LAYOUT", "true"),
        ("RUSTC_BOOTSTRAP", "1"),
    ];
    let run = clean_with(&fixture, environment, &["--for", "build"]);
    assert_eq!(labels(&run, "unused-unit"), ["app"], "{run:?}");
    let said = nightly("build --message-format=json").unwrap();
    assert!(said.contains(r#""fresh":true"#) && !said.contains(r#""fresh":false"#), "{said}");
    // And the other way: with today's layout nothing of it is used any more.
    let run = clean(&fixture, &["--for", "build"]);
    assert!(labels(&run, "unused-unit").contains(&"plume".to_owned()), "{run:?}");
}

#[test]
fn nothing_is_deleted_where_cargo_cannot_be_asked() {
    let fixture = Fixture::new(TWO);
    cargo(&fixture, "build --package app --features more");
    // Nor a package, which is no matter of cargo's answer.
    fixture.put_bytes("target/package/lib-0.1.0/src/lib.rs", b"x");
    let before = whole(&fixture.path("target"));
    let run = fixture.run(&["clean", "--for", "build --features nonsense"]).exits(2);
    run.says("could not be found out, and nothing was deleted");
    run.says("nonsense");
    fixture.run(&["clean", "--for", "fix"]).exits(2).says("--for 'build --release'");
    fixture.run(&["clean", "--keep-toolchains", "no-such-toolchain"]).exits(2);
    assert_same(&before, &whole(&fixture.path("target")));
}

#[test]
fn nothing_of_the_workspace_is_run_and_nothing_is_left_of_the_rehearsal() {
    let fixture = Fixture::new(TWO);
    cargo(&fixture, "build");
    let proof = fixture.path("ran");
    let script = format!("fn main() {{\n    std::fs::write({:?}, \"\").unwrap();\n}}\n", proof);
    fixture.put_bytes("app/build.rs", script.as_bytes());
    let before = whole(&fixture.root());
    clean(&fixture, &["--dry-run"]);
    assert!(!proof.exists(), "the build script was run");
    assert_same(&before, &whole(&fixture.root()));
}

#[test]
fn unpacked_packages_go_in_the_same_run_and_packed_ones_stay() {
    let fixture = Fixture::new(TWO);
    cargo(&fixture, "build");
    fixture.cargo(&["package", "--allow-dirty", "--no-verify", "--package", "lib"]);
    let packed = fs::read(fixture.path("target/package/lib-0.1.0.crate")).unwrap();
    fixture.put_bytes("target/package/lib-0.1.0/src/lib.rs", &vec![b'x'; 100_000]);
    let plan = clean(&fixture, &["--for", "build", "--dry-run"]);
    let planned = bytes_of(&plan, "package");
    assert!(planned >= 100_000, "{plan:?}");
    let done = clean(&fixture, &["--for", "build"]);
    assert_eq!(done.json()["freed_bytes"].as_u64().unwrap(), planned);
    assert!(!fixture.path("target/package/lib-0.1.0").exists());
    assert_eq!(fs::read(fixture.path("target/package/lib-0.1.0.crate")).unwrap(), packed);
}

#[test]
fn the_cleaning_of_optimize_deletes_what_its_commit_left_no_use_for() {
    let fixture = Fixture::new(TWO);
    fixture.replace("lib/Cargo.toml", "plume = \"1\"\n", "plume = \"1\"\nghoul = \"0.3\"\n");
    fixture.lock();
    cargo(&fixture, "build");
    assert!(!found(&fixture, "debug/deps", "ghoul").is_empty());
    let run = fixture.optimize(&[
        "--yes",
        "--only",
        "unused-dependency,package-bloat",
        "--measure",
        "none",
    ]);
    let run = run.exits(0);
    run.holds("unused-dependency:lib/ghoul", "applied", "");
    assert!(run.notes().iter().any(|note| note.contains("no build uses any more")), "{run:?}");
    assert_eq!(found(&fixture, "debug/deps", "ghoul"), Vec::<PathBuf>::new());
}

/// 1.9 GB in four packages, as cargo before 1.91 left it: each with a target directory of its own, in which all
/// dependencies were built to verify it.
#[test]
fn the_bloat_that_an_older_cargo_left_goes_in_one_run_and_packed_packages_stay() {
    const BYTES: u64 = 1_900_000_000;
    const FILES: u64 = 500;
    let fixture = Fixture::new(TWO);
    cargo(&fixture, "build");
    let names = ["aimds-core", "aimds-detection", "aimds-analysis", "aimds-response"];
    for name in names {
        fixture.put_bytes(&format!("target/package/{name}-0.1.0.crate"), name.as_bytes());
        let unpacked = format!("target/package/{name}-0.1.0");
        for number in 0..FILES {
            let path = format!("{unpacked}/target/debug/deps/libdep{number}-0123456789abcdef.rlib");
            fixture.put_bytes(&path, b"");
            let file = fs::File::options().write(true).open(fixture.path(&path)).unwrap();
            file.set_len(BYTES / 4 / FILES).unwrap();
        }
    }
    let plan = clean(&fixture, &["--for", "build", "--dry-run"]);
    assert_eq!(bytes_of(&plan, "package"), BYTES);
    let done = clean(&fixture, &["--for", "build"]);
    assert_eq!(done.json()["freed_bytes"], BYTES);
    assert_eq!(left(&done), "[]", "{done:?}");
    let mut packages: Vec<PathBuf> = fs::read_dir(fixture.path("target/package"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    packages.sort();
    let mut kept = names.map(|name| fixture.path(&format!("target/package/{name}-0.1.0.crate")));
    kept.sort();
    assert_eq!(packages, kept);
    for (name, path) in names.iter().zip(names.map(|n| format!("target/package/{n}-0.1.0.crate"))) {
        assert_eq!(fixture.read(&path), *name);
    }
    nothing_is_compiled(&fixture, "build");
}

#[test]
fn what_another_toolchain_made_goes_and_is_said_to_be_so() {
    let fixture = Fixture::new(TWO);
    cargo(&fixture, "build");
    // As a compiler of another number would have left the same unit.
    let made = found(&fixture, "debug/.fingerprint", "lib-lib.json").remove(0);
    let text = fs::read_to_string(made).unwrap();
    let number = text.split_once(r#""rustc":"#).unwrap().1.split(',').next().unwrap().to_owned();
    assert!(number.parse::<u64>().is_ok(), "{number}");
    let other = text.replace(&format!(r#""rustc":{number}"#), r#""rustc":1"#);
    let unit = "target/debug/.fingerprint/lib-00112233aabbccdd";
    fixture.put_bytes(&format!("{unit}/lib-lib.json"), other.as_bytes());
    fixture.put_bytes("target/debug/deps/liblib-00112233aabbccdd.rlib", &[0; 1000]);
    let run = clean(&fixture, &["--for", "build"]);
    assert_eq!(labels(&run, "other-toolchain"), ["lib"], "{run:?}");
    assert_eq!(labels(&run, "unused-unit"), Vec::<String>::new());
    assert!(!fixture.path("target/debug/deps/liblib-00112233aabbccdd.rlib").exists());
    nothing_is_compiled(&fixture, "build");
}

#[test]
fn what_a_toolchain_that_is_kept_would_use_is_asked_of_that_toolchain() {
    let fixture = Fixture::new(TWO);
    let Ok(shown) =
        snapbox::cmd::Command::new("rustup").args(["show", "active-toolchain"]).output()
    else {
        return eprintln!("skipped: there is no rustup here");
    };
    let name = String::from_utf8(shown.stdout).unwrap();
    let Some(name) = name.split_whitespace().next() else {
        return eprintln!("skipped: rustup names no toolchain");
    };
    cargo(&fixture, "build");
    let run = clean(&fixture, &["--keep-toolchains", name, "--for", "build"]);
    assert_eq!(run.json()["toolchains"], serde_json::json!([name]));
    assert_eq!(run.json()["items"], serde_json::json!([]), "{run:?}");
    nothing_is_compiled(&fixture, "build");
}

/// `clean`, having begun to ask cargo.
fn asking(fixture: &Fixture) -> Started {
    let run = fixture.start_with(&["clean", "--verbose", "--format", "json"], |command| {
        command.env("CARGO_INCREMENTAL", "1");
    });
    assert!(run.says("Asking"), "{:?}", run.wait());
    run
}

#[test]
fn an_interrupt_while_cargo_is_asked_deletes_nothing_and_leaves_nothing() {
    let fixture = Fixture::new(TWO);
    cargo(&fixture, "build --package app --features more");
    let before = whole(&fixture.root());
    for (signal, to) in [(Signal::INT, To::Group), (Signal::TERM, To::Process)] {
        let run = asking(&fixture);
        let mark = run.mark();
        run.signal(signal, to);
        run.wait().exits(130);
        assert_eq!(mark.running(), [""; 0]);
        assert_eq!(fixture.left_in_temporary(), [""; 0]);
    }
    assert_same(&before, &whole(&fixture.root()));
}

#[test]
fn what_is_built_while_cargo_is_asked_stays() {
    let fixture = Fixture::new(TWO);
    cargo(&fixture, "build");
    let run = asking(&fixture);
    cargo(&fixture, "build --package app --features more");
    let run = run.wait().exits(0);
    nothing_is_compiled(&fixture, "build --package app --features more");
    assert_eq!(bytes_of(&run, "unused-unit"), 0, "{run:?}");
    let later = clean(&fixture, &[]);
    assert!(bytes_of(&later, "unused-unit") > 0, "{later:?}");
}

#[test]
fn builds_and_cleanings_at_the_same_time_do_not_hurt_each_other() {
    let fixture = Fixture::new(TWO);
    cargo(&fixture, "build");
    for round in 0..4 {
        let run = asking(&fixture);
        for features in ["more", ""] {
            fixture.put_bytes("lib/src/more.rs", format!("// {round} {features}\n").as_bytes());
            cargo(&fixture, &format!("build --package app --features={features}"));
        }
        run.wait().exits(0);
        nothing_is_compiled(&fixture, "build --package app");
    }
}

#[test]
fn what_is_configured_in_the_directory_of_a_member_counts_where_it_is_built_there() {
    let fixture = Fixture::new(TWO);
    fixture.put_bytes("lib/.cargo/config.toml", b"[build]\nrustflags = [\"--cfg\", \"inside\"]\n");
    let inside = |words: &str| {
        let directory = fixture.path("lib");
        let line = format!("cd '{}' && cargo {words}", directory.display());
        fixture.real("sh", INCREMENTAL, &["-c", &line])
    };
    cargo(&fixture, "build");
    inside("build");
    let run = clean(&fixture, &[]);
    assert_eq!(run.json()["items"], serde_json::json!([]), "{run:?}");
    assert!(!inside("build --message-format=json").contains(r#""fresh":false"#));
    nothing_is_compiled(&fixture, "build");
}

#[test]
fn a_target_directory_that_is_a_link_is_left_with_the_next_step() {
    let fixture = Fixture::new(TWO);
    cargo(&fixture, "build");
    fs::rename(fixture.path("target"), fixture.path("../real")).unwrap();
    std::os::unix::fs::symlink(fixture.path("../real"), fixture.path("target")).unwrap();
    let before = whole(&fixture.path("../real"));
    let run = clean(&fixture, &["--for", "check"]);
    run.says("a symbolic link").says("CARGO_TARGET_DIR");
    assert_same(&before, &whole(&fixture.path("../real")));
}

#[test]
fn flags_that_a_command_has_already_are_not_repeated() {
    let fixture = Fixture::new(TWO);
    cargo(&fixture, "build");
    let run =
        clean(&fixture, &["--offline", "--for", "build --offline", "--for", "test --doc --frozen"]);
    assert!(run.json()["used_units"].as_u64().unwrap() > 0, "{run:?}");
    nothing_is_compiled(&fixture, "build");
}

#[test]
fn an_interrupt_while_it_deletes_leaves_a_directory_that_builds_as_before() {
    let fixture = Fixture::new(TWO);
    cargo(&fixture, "build");
    for number in 0..20_000 {
        let name = format!("target/debug/build/odd-{number:016x}/out/made");
        fixture.put_bytes(&name, b"");
    }
    let run = fixture.start_with(&["clean", "--verbose", "--for", "build"], |command| {
        command.env("CARGO_INCREMENTAL", "1");
    });
    assert!(run.says("Deleting"), "{:?}", run.wait());
    run.signal(Signal::INT, To::Process);
    let run = run.wait();
    // It may have been done already.
    assert!(matches!(run.code(), Some(0 | 130)), "{run:?}");
    assert_eq!(fixture.left_in_temporary(), [""; 0]);
    nothing_is_compiled(&fixture, "build");
    clean(&fixture, &["--for", "build"]);
    assert_eq!(found(&fixture, "debug/build", "odd-"), Vec::<PathBuf>::new());
    nothing_is_compiled(&fixture, "build");
}

/// Names of everything in the directories in which units leave something, of one profile.
fn names_of_units(profile: &Path) -> Vec<PathBuf> {
    let mut names = Vec::new();
    for section in [".fingerprint", "build", "deps", "examples", "incremental"] {
        for entry in fs::read_dir(profile.join(section)).unwrap() {
            names.push(Path::new(section).join(entry.unwrap().file_name()));
        }
    }
    names.sort();
    names
}

#[test]
fn a_cleaned_directory_holds_what_a_fresh_one_would_and_nothing_else() {
    let fixture = Fixture::new(TWO);
    let lines =
        ["build --workspace --examples", "test --workspace --no-run", "check --package lib"];
    // What came and went: features, members, programs, profiles, a dependency.
    cargo(&fixture, "build --package app --features more");
    cargo(&fixture, "check --workspace --all-targets --all-features");
    fixture.replace("app/Cargo.toml", r#"features = ["ink"]"#, r#"features = ["quill"]"#);
    fixture.replace("app/src/main.rs", "plume::ink();", "");
    cargo(&fixture, "build --config profile.dev.debug=1");
    fixture.put_bytes("app/src/bin/second.rs", b"fn main() {}\n");
    cargo(&fixture, "build --config profile.dev.opt-level=1");
    fs::remove_file(fixture.path("app/src/bin/second.rs")).unwrap();
    lines.iter().for_each(|line| drop(cargo(&fixture, line)));
    let named: Vec<&str> = lines.iter().flat_map(|line| ["--for", line]).collect();
    clean(&fixture, &named);
    let fresh = fixture.path("../fresh");
    for line in lines {
        let words: Vec<&str> = line.split(' ').collect();
        let environment = [INCREMENTAL[0], ("CARGO_TARGET_DIR", fresh.to_str().unwrap())];
        fixture.real("cargo", &environment, &words);
    }
    assert_eq!(names_of_units(&fixture.path("target/debug")), names_of_units(&fresh.join("debug")));
    lines.iter().for_each(|line| nothing_is_compiled(&fixture, line));
}
