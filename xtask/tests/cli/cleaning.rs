//! The cleaning of `package/`: where it is done, where it is refused, and what stays.

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    time::Duration,
};

use crate::support::{Fixture, Run, StandIns, Tree, assert_same, tree};

const ONE: &str = r#"
-- Cargo.toml --
[package]
name = "one"
version = "0.1.0"
edition = "2021"
description = "One"
license = "MIT"

[lib]
doctest = false
-- src/lib.rs --
pub fn one() {}
"#;

type Environment<'a> = &'a [(&'a str, &'a str)];

fn package(fixture: &Fixture, environment: Environment) {
    let arguments = ["package", "--allow-dirty", "--offline", "--quiet"];
    fixture.real("cargo", environment, &arguments);
}

fn run(fixture: &Fixture, environment: Environment, more: &[&str]) -> Run {
    let fixed = ["optimize", "--format", "json", "--only", "package-bloat", "--measure", "none"];
    let run = fixture.run_with(environment, &[&fixed, more].concat());
    run.exits(0)
}

fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Holds a workspace to being cleaned where cargo unpacks, and that directory to being named beforehand.
#[track_caller]
fn cleaned_in(fixture: &Fixture, environment: Environment, target: &Path, build: &Path) {
    package(fixture, environment);
    let (packed, unpacked) = (target.join("package"), build.join("package"));
    assert!(unpacked.join("one-0.1.0/Cargo.toml").is_file(), "cargo unpacks to verify");
    let planned = run(fixture, environment, &["--dry-run"]);
    let change = planned.change("package-bloat:package");
    let title = change["title"].as_str().unwrap();
    let place = title.rsplit_once(" in ").unwrap().1.trim_matches('`');
    assert_eq!(Path::new(place).canonicalize().unwrap(), unpacked.canonicalize().unwrap());
    assert!(!title.contains(" and "), "only where something is unpacked: {title}");
    let crate_file = fs::read(packed.join("one-0.1.0.crate")).unwrap();
    let done = run(fixture, environment, &["--yes"]);
    done.holds("package-bloat:package", "applied", "freed");
    assert!(done.notes().is_empty(), "{done:?}");
    assert_eq!(fs::read(packed.join("one-0.1.0.crate")).unwrap(), crate_file);
    assert_eq!(names(&packed), ["one-0.1.0.crate"]);
    assert!(!unpacked.join("one-0.1.0").exists());
    let row = done.json()["measurements"].as_array().unwrap().clone();
    let row = row.into_iter().find(|row| row["what"] == "package-bytes").unwrap();
    assert!(row["baseline"].as_f64() > row["candidate"].as_f64(), "{row:#}");
    run(fixture, environment, &["--yes"]).says("nothing to do");
}

#[test]
fn the_target_directory_that_the_environment_names_is_cleaned() {
    let fixture = Fixture::new(ONE);
    for (name, place) in [("../elsewhere", "../elsewhere"), ("deep/../out", "out")] {
        fixture.put_bytes("deep/kept", b"");
        let place = fixture.path(place);
        cleaned_in(&fixture, &[("CARGO_TARGET_DIR", name)], &place, &place);
    }
    assert!(!fixture.path("target").exists());
}

#[test]
fn the_target_directory_that_the_configuration_names_is_cleaned() {
    let fixture = Fixture::new(ONE);
    fixture.put("-- .cargo/config.toml --\n[build]\ntarget-dir = \"made by cargo\"\n");
    let place = fixture.path("made by cargo");
    cleaned_in(&fixture, &[], &place, &place);
    assert!(!fixture.path("target").exists());
}

#[test]
fn the_build_directory_that_the_configuration_names_is_cleaned() {
    let fixture = Fixture::new(ONE);
    let config = "-- .cargo/config.toml --\n[build]\n\
                  build-dir = \"{workspace-root}/../built/{workspace-path-hash}\"\n";
    fixture.put(config);
    fixture.put_bytes("target/kept", b"");
    let target = fixture.path("target");
    package(&fixture, &[]);
    let build = two_down(&fixture.path("../built"));
    cleaned_in(&fixture, &[], &target, &build);
    assert!(target.join("kept").exists());
}

/// The template for the hash makes two directories, one in the other.
fn two_down(dir: &Path) -> PathBuf {
    let first = dir.join(&names(dir)[0]);
    first.join(&names(&first)[0])
}

#[test]
fn the_build_directory_that_the_environment_names_is_cleaned() {
    let fixture = Fixture::new(ONE);
    let environment = [("CARGO_BUILD_BUILD_DIR", "../built"), ("CARGO_TARGET_DIR", "../final")];
    cleaned_in(&fixture, &environment, &fixture.path("../final"), &fixture.path("../built"));
    assert!(!fixture.path("target").exists());
}

#[test]
fn what_was_unpacked_before_there_was_a_build_directory_goes_too() {
    let fixture = Fixture::new(ONE);
    package(&fixture, &[]);
    let environment = [("CARGO_BUILD_BUILD_DIR", "../built")];
    package(&fixture, &environment);
    let planned = run(&fixture, &environment, &["--dry-run"]);
    let title = planned.change("package-bloat:package")["title"].as_str().unwrap().to_owned();
    for dir in ["target/package", "built/package"] {
        assert!(title.contains(dir), "{title}");
    }
    run(&fixture, &environment, &["--yes"]);
    assert_eq!(names(&fixture.path("target/package")), ["one-0.1.0.crate"]);
    assert_eq!(names(&fixture.path("../built/package")), [""; 0]);
}

#[test]
fn a_build_directory_in_the_workspace_is_measured_and_not_copied() {
    let fixture = Fixture::new(ONE);
    fixture.put("-- .cargo/config.toml --\n[build]\nbuild-dir = \"built\"\n");
    // Made by somebody else, so that it has no tag.
    fixture.put_bytes("built/kept", b"");
    fixture.put_bytes(
        "build.rs",
        b"fn main() {\n    assert!(std::fs::metadata(\"built/kept\").is_err());\n}\n",
    );
    fixture.replace("Cargo.toml", "[lib]", "[dependencies]\nghoul = \"0.3\"\n\n[lib]");
    fixture.lock();
    let run = fixture.optimized(&["--only", "unused-dependency"]);
    assert_eq!(run.json()["baseline"]["targets_failed"].as_array().unwrap().len(), 0, "{run:?}");
    assert_eq!(run.ids("applied"), ["unused-dependency:one/ghoul"], "{run:?}");
    fixture.put_bytes("built/debug/deps/large", &[0; 5_000_000]);
    fixture.put_bytes("build.rs", b"fn main() {}\n");
    let run = fixture.run(&["validate", "--quick", "--no-test", "--format", "json"]).exits(0);
    let checks = run.json()["checks"].as_array().unwrap().clone();
    let check = checks.iter().find(|check| check["name"] == "target directory").unwrap();
    let detail = check["detail"].as_str().unwrap();
    let (target, built) = detail.split_once(", ").unwrap();
    assert!(target.ends_with(&format!(" in `{}`", fixture.path("target").display())), "{detail}");
    assert_eq!(built, format!("5.0 MB in `{}`", fixture.path("built").display()));
}

/// Holds a run to leaving everything, and to saying in plan and run what is left and why.
#[track_caller]
fn refused(fixture: &Fixture, environment: Environment, path: &Path, reason: &str) {
    let before = fixture.whole_tree();
    let said = format!("`{}`: {reason}", path.display());
    for more in ["--dry-run", "--yes"] {
        let run = run(fixture, environment, &[more]);
        let ids = run.ids("skipped");
        assert_eq!(ids.len(), 1, "{run:?}");
        assert_eq!(run.change(&ids[0])["reason"], said.as_str(), "{run:?}");
        assert!(run.ids("planned").is_empty() && run.ids("applied").is_empty(), "{run:?}");
        assert!(run.stderr.contains("nothing to do") || more == "--dry-run", "{run:?}");
    }
    assert_same(&before, &fixture.whole_tree());
}

#[test]
fn the_workspace_and_what_holds_it_are_refused() {
    let fixture = Fixture::new(ONE);
    for (name, path) in [(".", fixture.root()), ("..", fixture.path("..").canonicalize().unwrap())]
    {
        let environment = [("CARGO_TARGET_DIR", name)];
        package(&fixture, &environment);
        refused(&fixture, &environment, &path, "the workspace itself, or above it");
    }
}

#[test]
fn a_home_is_refused() {
    let fixture = Fixture::new(ONE);
    package(&fixture, &[("CARGO_TARGET_DIR", "../ann")]);
    let home = fixture.path("../ann").canonicalize().unwrap();
    let cargo_home = std::env::home_dir().unwrap().join(".cargo");
    let known = |name: &str, otherwise: PathBuf| {
        std::env::var(name).unwrap_or_else(|_| otherwise.to_str().unwrap().to_owned())
    };
    let cargo_home = known("CARGO_HOME", cargo_home);
    let rustup_home = known("RUSTUP_HOME", std::env::home_dir().unwrap().join(".rustup"));
    let environment = [
        ("CARGO_TARGET_DIR", "../ann"),
        ("HOME", home.to_str().unwrap()),
        ("CARGO_HOME", &cargo_home),
        ("RUSTUP_HOME", &rustup_home),
    ];
    refused(&fixture, &environment, &home, "a home directory, or above one");
}

#[test]
fn a_repository_is_refused() {
    let fixture = Fixture::new(ONE);
    package(&fixture, &[]);
    fixture.put_bytes("target/.git/HEAD", b"");
    refused(&fixture, &[], &fixture.path("target"), "a repository");
    fs::rename(fixture.path("target/.git"), fixture.path("target/package/.git")).unwrap();
    refused(&fixture, &[], &fixture.path("target/package"), "a repository");
}

#[test]
fn a_directory_of_somebody_elses_is_refused() {
    let fixture = Fixture::new(ONE);
    fixture.put(
        "-- ../mail/CACHEDIR.TAG --\nSignature: 8a477f597d28d172789f06886806bc55\n\
         -- ../mail/package/letter-1.0.0/text --\nto Ann\n",
    );
    let path = fixture.path("../mail").canonicalize().unwrap();
    let reason = "no sign of being a target directory of cargo's";
    refused(&fixture, &[("CARGO_TARGET_DIR", "../mail")], &path, reason);
}

#[test]
fn a_target_directory_that_is_a_link_is_refused() {
    let fixture = Fixture::new(ONE);
    package(&fixture, &[("CARGO_TARGET_DIR", "../elsewhere")]);
    symlink("../elsewhere", fixture.path("target")).unwrap();
    let before = tree(&fixture.path("../elsewhere/package"), &|_| false);
    let run = run(&fixture, &[], &["--yes"]);
    let ids = run.ids("skipped");
    let reason = run.change(&ids[0])["reason"].as_str().unwrap().to_owned();
    let expected = format!("`{}`: a link or not a directory", fixture.path("target").display());
    assert_eq!(reason, expected);
    assert_same(&before, &tree(&fixture.path("../elsewhere/package"), &|_| false));
}

#[test]
fn what_cannot_be_deleted_is_named_and_the_rest_goes() {
    let fixture = Fixture::new(ONE);
    package(&fixture, &[]);
    fixture.put_bytes("target/package/one-0.1.0/a/kept\nhere", b"1234");
    fixture.put_bytes("target/package/one-0.1.0/b/goes", b"");
    let held = fixture.path("target/package/one-0.1.0/a/kept\nhere");
    let Some(_immutable) = Immutable::set(&held) else {
        println!("skipped: this file system or user cannot make a file immutable");
        return;
    };
    let run = run(&fixture, &[], &["--yes"]);
    run.holds("package-bloat:package", "applied", "freed");
    let left = fixture.path("target/package/one-0.1.0/a/kept\\nhere");
    let notes = run.notes();
    assert_eq!(notes.len(), 1, "{notes:?}");
    let beginning = format!("left `{}`: failed to delete: ", left.display());
    assert!(notes[0].starts_with(&beginning), "{notes:?}");
    assert!(run.stderr.contains(&notes[0]), "{run:?}");
    assert_eq!(names(&fixture.path("target/package")), ["one-0.1.0", "one-0.1.0.crate"]);
    assert_eq!(names(&fixture.path("target/package/one-0.1.0")), ["a"]);
}

/// A file that nobody can delete, until this goes.
struct Immutable(fs::File);

impl Immutable {
    fn set(path: &Path) -> Option<Self> {
        let file = fs::File::open(path).unwrap();
        let flags = rustix::fs::ioctl_getflags(&file).ok()?;
        rustix::fs::ioctl_setflags(&file, flags | rustix::fs::IFlags::IMMUTABLE).ok()?;
        Some(Self(file))
    }
}

impl Drop for Immutable {
    fn drop(&mut self) {
        let flags = rustix::fs::ioctl_getflags(&self.0).unwrap();
        rustix::fs::ioctl_setflags(&self.0, flags - rustix::fs::IFlags::IMMUTABLE).unwrap();
    }
}

/// What builds left: everything but what is cleaned and what this tool keeps.
fn built(fixture: &Fixture) -> Tree {
    tree(&fixture.path("target"), &|name| ["package", "xtask"].contains(&name))
}

#[test]
fn what_was_built_stays_and_is_still_fresh() {
    let fixture = Fixture::new(ONE);
    // Verifying a package builds it, too.
    package(&fixture, &[]);
    fixture.cargo(&["build"]);
    fixture.cargo(&["build", "--release"]);
    let before = built(&fixture);
    run(&fixture, &[], &["--yes"]);
    assert_same(&before, &built(&fixture));
    let messages = fixture.cargo(&["build", "--message-format=json"]);
    assert!(messages.contains("\"fresh\":true") && !messages.contains("\"fresh\":false"));
}

#[test]
fn builds_that_run_meanwhile_are_not_hurt() {
    let fixture = Fixture::new(ONE);
    let (rounds, sources) = (6, "pub fn one() {}\n");
    std::thread::scope(|scope| {
        let builds = scope.spawn(|| {
            for round in 0..rounds {
                let source = format!("{sources}pub const ROUND: u32 = {round};\n");
                fixture.put_bytes("src/lib.rs", source.as_bytes());
                // It must succeed.
                fixture.cargo(&["build"]);
            }
        });
        let mut cleanings = 0;
        while !builds.is_finished() || cleanings == 0 {
            fixture.put_bytes("target/package/one-0.1.0/src/lib.rs", b"old");
            fixture.put_bytes("target/package/one-0.1.0.crate", b"packed");
            run(&fixture, &[], &["--yes"]).holds("package-bloat:package", "applied", "freed");
            assert_eq!(names(&fixture.path("target/package")), ["one-0.1.0.crate"]);
            cleanings += 1;
        }
        builds.join().unwrap();
    });
    let messages = fixture.cargo(&["build", "--message-format=json"]);
    assert!(messages.contains("\"fresh\":true") && !messages.contains("\"fresh\":false"));
}

#[test]
fn a_cargo_package_that_runs_meanwhile_is_noticed_and_succeeds() {
    let fixture = Fixture::new(ONE);
    let (running, go) = (fixture.path("../running"), fixture.path("../go"));
    fixture.put_bytes(
        "build.rs",
        format!(
            "fn main() {{\n    std::fs::File::create({running:?}).unwrap();\n    \
             while !std::path::Path::new({go:?}).exists() {{\n        \
             std::thread::sleep(std::time::Duration::from_millis(5));\n    }}\n}}\n"
        )
        .as_bytes(),
    );
    std::thread::scope(|scope| {
        let packing = scope.spawn(|| package(&fixture, &[]));
        while !running.exists() {
            assert!(!packing.is_finished(), "it waits for the file");
            std::thread::sleep(Duration::from_millis(5));
        }
        let run = run(&fixture, &[], &["--yes"]);
        fixture.put_bytes("../go", b"");
        run.holds("package-bloat:package", "skipped", "0 B freed");
        assert!(run.notes()[0].contains("a running cargo holds"), "{run:?}");
        packing.join().unwrap();
    });
    assert!(fixture.path("target/package/one-0.1.0.crate").is_file());
}

#[test]
fn memory_does_not_grow_with_the_number_of_files() {
    let fixture = Fixture::new(ONE);
    package(&fixture, &[]);
    let stand_ins = StandIns::record(&fixture);
    let arguments = ["optimize", "--only", "package-bloat", "--measure", "none", "--yes"];
    let arguments = [&arguments[..], &["--format", "json"]].concat();
    let peak = |files: usize| {
        for number in 0..files {
            let dir = format!("target/package/one-0.1.0/many/{}", number % 16);
            let dir = fixture.path(&dir);
            if number < 16 {
                fs::create_dir_all(&dir).unwrap();
            }
            fs::File::create(dir.join(number.to_string())).unwrap();
        }
        let (run, peak) = stand_ins.watched(&arguments);
        run.exits(0).holds("package-bloat:package", "applied", "freed");
        assert_eq!(names(&fixture.path("target/package")), ["one-0.1.0.crate"]);
        peak
    };
    let (few, many) = (peak(200), peak(20_000));
    // What is remembered of a file would be a hundred bytes or more.
    let more = many.saturating_sub(few);
    assert!(more < 1024 * 1024, "{few} bytes with 200 files, {many} with 20000");
}
