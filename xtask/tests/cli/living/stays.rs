//! What a cleaning leaves alone: what others use, what is not known, what a build is at work on.

use rustix::process::Signal;

use super::*;
use crate::support::{To, assert_same};

/// Holds cargo's lock on a directory of the target directory, as a running build does.
fn build_runs(fixture: &Fixture, profile: &str) -> fs::File {
    let file = fs::File::open(fixture.path("target").join(profile).join(".cargo-lock")).unwrap();
    file.try_lock().unwrap();
    file
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
    // A check leaves no result that would name its sources.
    build(&["check", "--manifest-path", other]);
    let checked = clean_with(&fixture, environment, &["--for", "build"]);
    assert!(left(&checked).contains("the crate `other` in it is of another"), "{checked:?}");
    checked.says("--not-shared");
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

#[test]
fn a_directory_outside_that_nobody_else_builds_into_is_cleaned() {
    let fixture = Fixture::new(TWO);
    let outside = fixture.path("../outside");
    let environment: Environment =
        &[("CARGO_TARGET_DIR", outside.to_str().unwrap()), ("CARGO_INCREMENTAL", "1")];
    let build = |words: &[&str]| fixture.real("cargo", environment, words);
    build(&["build", "--package", "app", "--features", "more"]);
    build(&["build"]);
    let run = clean_with(&fixture, environment, &["--for", "build"]);
    assert_eq!(left(&run), "[]", "{run:?}");
    assert!(labels(&run, "unused-unit").contains(&"app".to_owned()), "{run:?}");
    assert!(!build(&["build", "--message-format=json"]).contains(r#""fresh":false"#));
    // Another checkout has members of the same names, and what it checks tells nothing of it.
    fixture.commit();
    fixture.real("git", &[], &["worktree", "add", "--quiet", "--detach", "../../other-checkout"]);
    build(&["build", "--package", "app", "--features", "more"]);
    let run = clean_with(&fixture, environment, &["--for", "build"]);
    assert!(left(&run).contains("another checkout, may build into it"), "{run:?}");
    assert_eq!(run.json()["items"], serde_json::json!([]), "{run:?}");
}

#[test]
fn what_cargo_run_uses_stays_and_neither_the_program_nor_a_runner_is_started() {
    let fixture = Fixture::new(TWO);
    let ran = fixture.path("ran");
    let runner = format!("runner = [\"touch\", \"{}\"]", ran.display());
    fixture.put(&format!("-- .cargo/config.toml --\n[target.'cfg(all())']\n{runner}\n"));
    cargo(&fixture, "build -p app");
    let run = clean(&fixture, &["--for", "run -p app", "--for", "run --bin app serve --port 80"]);
    assert!(!ran.exists(), "{run:?}");
    nothing_is_compiled(&fixture, "build -p app");
    fixture.run(&["clean", "--for", "build --help"]).exits(2).says("builds nothing");
}
