//! Workspaces that nobody trusts: what only looks runs nothing of theirs, and nothing of theirs holds it up.

use std::{fs, os::unix::fs::symlink};

use snapbox::cmd::Command;

use crate::support::{
    Fixture, assert_same,
    hostile::{hostile, marks},
};

/// Everything that only looks, and what changes nothing that builds.
const LOOKING: [&[&str]; 10] = [
    &["optimize", "--check"],
    &["optimize", "--dry-run"],
    &["optimize", "--dry-run", "--measure", "full"],
    &["optimize"],
    &["report", "--list"],
    &["restore", "--list"],
    &["restore", "--dry-run"],
    &["cache", "status"],
    &["cache", "setup", "--backend", "local", "--dry-run"],
    &["cache", "remove", "--dry-run"],
];

#[test]
fn a_hostile_workspace_that_is_only_looked_at_runs_nothing() {
    let fixture = hostile();
    // With the workspace itself where programs are looked for.
    let path = format!(".:{}", std::env::var("PATH").unwrap());
    // Without the tool's care, cargo does run what the workspace names.
    let _ = Command::new("cargo")
        .args(["metadata", "--format-version=1", "--offline"])
        .current_dir(fixture.root())
        .output();
    assert_eq!(marks(&fixture), ["tools/wrapper"], "is the trap still one?");
    fs::remove_file(fixture.path("../marks")).unwrap();

    let before = fixture.whole_tree();
    for args in LOOKING {
        let run = fixture.run_with(&[("PATH", &path)], args);
        assert_eq!(marks(&fixture), [""; 0], "{run:?}");
        let pending = args.contains(&"--check")
            || args == ["optimize"]
            || ["restore", "cache"].contains(&args[0]);
        assert!(pending || run.is_success(), "{run:?}");
        assert!(args[0] != "optimize" || run.stderr.contains("tools/wrapper"), "{run:?}");
    }
    assert_same(&before, &fixture.whole_tree());
}

#[test]
fn a_hostile_workspace_is_restored_without_running_anything_of_it() {
    let fixture = hostile();
    let before = fixture.tree();
    fixture.run(&["optimize", "--yes", "--only", "gitignore"]).exits(0);
    assert_eq!(marks(&fixture), [""; 0]);
    assert_ne!(fixture.tree(), before);
    let run = fixture.run(&["restore"]).exits(0);
    assert_eq!(marks(&fixture), [""; 0], "{run:?}");
    assert_same(&before, &fixture.tree());
}

const SMALL: &str = "-- Cargo.toml --\n[package]\nname = \"one\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n\
    [dependencies]\nghoul = \"0.3\"\n-- src/lib.rs --\n";

#[test]
fn a_toolchain_that_lies_in_the_workspace_is_refused_by_what_only_looks() {
    if Command::new("rustup").arg("--version").output().is_err() {
        eprintln!("skipped: there is no rustup, so nobody heeds a toolchain file");
        return;
    }
    let fixture = Fixture::new(SMALL);
    let marks = fixture.path("../marks");
    for program in ["cargo", "rustc"] {
        let name = format!("evil/bin/{program}");
        fixture.put(&format!("-- {name} --\n#!/bin/sh\necho {program} >> '{}'\n", marks.display()));
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(fixture.path(&name), mode).unwrap();
    }
    let evil = fixture.path("evil").display().to_string();
    fixture.put(&format!("-- rust-toolchain.toml --\n[toolchain]\npath = {evil:?}\n"));
    for args in [["optimize", "--check"], ["optimize", "--dry-run"], ["report", "--list"]] {
        let run = fixture.run(&args).exits(2);
        run.says("rust-toolchain.toml` names the toolchain `").says("hint: choose another");
        assert!(!marks.exists(), "{run:?}");
    }
    // It needs no cargo, so it goes on.
    fixture.run(&["restore", "--list"]).exits(0);
    assert!(!marks.exists());
    fixture
        .put("-- rust-toolchain.toml --\n[toolchain]\nchannel = \"no-such-toolchain-of-mine\"\n");
    fixture.run(&["optimize", "--check"]).exits(2).says("no-such-toolchain-of-mine");
}

#[test]
fn a_provider_of_credentials_that_the_workspace_names_is_refused() {
    let fixture = Fixture::new(SMALL);
    fixture
        .put("-- .cargo/config.toml --\n[registry]\nglobal-credential-providers = [\"./steal\"]\n");
    let run = fixture.run(&["optimize", "--dry-run"]).exits(2);
    run.says("config.toml` sets `registry.global-credential-providers`").says("--offline");
    fixture.run(&["optimize", "--dry-run", "--offline"]).exits(0);
}

#[test]
fn a_url_that_would_make_git_run_a_program_is_refused_by_cargo() {
    for url in ["ext::sh -c 'touch ../marks'", "ext://sh", "ssh://-oProxyCommand=touch%20marks/x"] {
        let fixture = Fixture::new(SMALL);
        fixture.replace("Cargo.toml", "ghoul = \"0.3\"", "ghoul = \"0.3\"\nx = { git = \"URL\" }");
        fixture.replace("Cargo.toml", "URL", url);
        fixture.put("-- .cargo/config.toml --\n[net]\ngit-fetch-with-cli = true\nretry = 0\noffline = false\n");
        let run = fixture.run(&["optimize", "--dry-run"]).exits(2);
        run.says("error: ");
        assert!(!fixture.path("../marks").exists() && !fixture.path("marks").exists(), "{run:?}");
    }
}

/// What ends by itself, or did not in two minutes.
fn ends(fixture: &Fixture, args: &[&str]) -> std::process::Output {
    let program = Command::new("timeout").args(["--kill-after=1", "120"]);
    let program = program.arg(env!("CARGO_BIN_EXE_xtask")).args(args);
    let program = program.arg("--manifest-path").arg(fixture.path("Cargo.toml"));
    let program = program.env("CARGO_NET_OFFLINE", "true").env_remove("CARGO_TARGET_DIR");
    let program = program.env("TMPDIR", fixture.temporary()).env_remove("RUSTUP_TOOLCHAIN");
    program.current_dir(fixture.root()).output().unwrap()
}

#[test]
fn pipes_devices_and_endless_files_are_named_and_hold_nobody_up() {
    let cases = [
        "Cargo.toml",
        "Cargo.lock",
        ".gitignore",
        ".cargo/config.toml",
        "rust-toolchain.toml",
        "member/Cargo.toml",
    ];
    for name in cases {
        for kind in ["pipe", "device", "large"] {
            let fixture = Fixture::new(SMALL);
            fixture.replace(
                "Cargo.toml",
                "[dependencies]",
                "[workspace]\nmembers = [\"member\"]\n\n[dependencies]",
            );
            let path = fixture.path(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            let _ = fs::remove_file(&path);
            match kind {
                "pipe" => {
                    assert!(Command::new("mkfifo").arg(&path).output().unwrap().status.success())
                }
                "device" => symlink("/dev/zero", &path).unwrap(),
                // Sparse: as large as it says, and no more than its name on the disk.
                _ => fs::File::create(&path).unwrap().set_len(1 << 30).unwrap(),
            }
            let output = ends(&fixture, &["optimize", "--check"]);
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(2), "{kind} at {name}: {said}");
            let named = said.contains(&format!("{name}` is no regular file"))
                || said.contains(&format!("{name}` has 1074 MB, more than the 16.8 MB"));
            assert!(named, "{kind} at {name}: {said}");
        }
    }
}

#[test]
fn sources_that_cannot_be_read_are_passed_over_with_a_line_and_nothing_of_them_counts_as_unused() {
    let fixture = Fixture::new(SMALL);
    fs::remove_file(fixture.path("src/lib.rs")).unwrap();
    assert!(
        Command::new("mkfifo").arg(fixture.path("src/lib.rs")).output().unwrap().status.success()
    );
    fs::File::create(fixture.path("src/large.rs")).unwrap().set_len(1 << 30).unwrap();
    symlink("../src", fixture.path("src/circle")).unwrap();
    symlink("/", fixture.path("src/everything")).unwrap();
    let output = ends(&fixture, &["optimize", "--check", "--only", "unused-dependency"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{said}");
    for part in
        ["src/lib.rs` is no regular file, so it was not read", "src/large.rs` has more than 64 MiB"]
    {
        assert!(said.contains(part), "`{part}` in {said}");
    }
}

#[test]
fn a_dry_run_copies_only_manifests_of_what_a_link_leads_to() {
    let fixture = Fixture::new(SMALL);
    // Two versions of one crate, so that the registry is asked in a copy.
    fixture.replace(
        "Cargo.toml",
        "ghoul",
        "shelf = \"6\"\nold = { package = \"shelf\", version = \"5\" }\nghoul",
    );
    fixture.lock();
    fixture.put("-- ../outside/inner/x.rs --\n-- ../outside/Cargo.toml --\n");
    fs::File::create(fixture.path("../outside/large")).unwrap().set_len(1 << 40).unwrap();
    symlink("../outside", fixture.path("link")).unwrap();
    symlink("/", fixture.path("everything")).unwrap();
    symlink("..", fixture.path("../outside/inner/circle")).unwrap();
    let output = ends(&fixture, &["optimize", "--dry-run"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("Resolving") && !said.contains("were not looked for"), "{said}");
}
