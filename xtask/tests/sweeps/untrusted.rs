//! Every program that is started while a hostile workspace is looked at, as the kernel tells it.

use std::{collections::BTreeSet, fs, path::Path};

use snapbox::cmd::Command;

use crate::{
    figures::Figures,
    support::{
        assert_same,
        hostile::{hostile, marks},
    },
};

#[test]
#[ignore = "slow: run by `.ci/nightly`"]
fn nothing_that_lies_in_a_hostile_workspace_is_started_while_it_is_looked_at() {
    if Command::new("strace").arg("--version").output().is_err() {
        eprintln!("skipped: there is no strace");
        return;
    }
    let mut figures = Figures::of("untrusted");
    let fixture = hostile();
    let path = format!(".:tools:{}", std::env::var("PATH").unwrap());
    // The first makes the backup that the others find; it compiles nothing, so nothing may run either.
    let commands: [&[&str]; 9] = [
        &["optimize", "--yes", "--only", "gitignore"],
        &["optimize", "--check"],
        &["optimize", "--dry-run"],
        &["optimize", "--dry-run", "--update", "--measure", "full"],
        &["optimize"],
        &["report", "--list"],
        &["restore", "--list"],
        &["restore", "--dry-run"],
        &["restore"],
    ];
    let before = fixture.tree();
    let base = fs::canonicalize(fixture.path("..")).unwrap();
    let mut programs = BTreeSet::new();
    for args in commands {
        // A file for each process, so that no call is torn by another's.
        let logs = fixture.path("../strace");
        let _ = fs::remove_dir_all(&logs);
        fs::create_dir(&logs).unwrap();
        let run = Command::new("strace").args([
            "-ff",
            "-y",
            "-s",
            "4096",
            "-e",
            "trace=execve,execveat,openat",
            "-o",
        ]);
        let run = run.arg(logs.join("of")).arg(env!("CARGO_BIN_EXE_xtask")).args(args);
        let run = run.arg("--manifest-path").arg(fixture.path("Cargo.toml"));
        let run = run
            .env("PATH", &path)
            .env("TMPDIR", fixture.temporary())
            .env("CARGO_NET_OFFLINE", "true");
        let run = run.env("GIT_CEILING_DIRECTORIES", base.parent().unwrap());
        let run = run.env_remove("RUSTUP_TOOLCHAIN").env_remove("CARGO_MANIFEST_DIR");
        let output = run.current_dir(fixture.root()).output().unwrap();
        figures.count("commands", 1);
        let (started, opened) = calls(&logs);
        if opened.iter().any(|call| call.contains("library.so")) {
            figures.violation(format!("`{}` loaded `library.so`", args.join(" ")));
        }
        for program in started {
            figures.count("programs started", 1);
            // A relative path would start from the workspace, or from its copy.
            let lies_within = Path::new(&program).starts_with(&base)
                || Path::new(&program).starts_with(fixture.temporary())
                || !program.starts_with('/');
            if lies_within {
                figures.violation(format!("`{}` started `{program}`", args.join(" ")));
            }
            programs.insert(program);
        }
        for mark in marks(&fixture) {
            let said = String::from_utf8_lossy(&output.stderr);
            figures.violation(format!("`{}` ran `{mark}`: {said}", args.join(" ")));
        }
    }
    assert_same(&before, &fixture.tree());
    println!("started: {}", programs.into_iter().collect::<Vec<_>>().join(", "));
    figures.conclude();
}

/// The programs that were started, not only looked for, and every call that opened or looked for a file.
fn calls(logs: &Path) -> (Vec<String>, Vec<String>) {
    let (mut started, mut opened) = (Vec::new(), Vec::new());
    for log in fs::read_dir(logs).unwrap() {
        let text = String::from_utf8_lossy(&fs::read(log.unwrap().path()).unwrap()).into_owned();
        for line in text.lines() {
            match line.starts_with("execve") {
                true if line.ends_with("= 0") => {
                    started.push(line.split('"').nth(1).unwrap_or(line).to_owned());
                }
                true => {}
                false => opened.push(line.to_owned()),
            }
        }
    }
    (started, opened)
}
