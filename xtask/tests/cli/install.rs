//! The program as `cargo install` leaves it: on its own, in any directory, with nothing that cargo sets.

use std::{fs, path::Path};

use snapbox::cmd::Command;

use crate::support::Fixture;

const FILES: &str = "\
-- Cargo.toml --
[workspace]
resolver = \"2\"
members = [\"core\"]
-- core/Cargo.toml --
[package]
name = \"core-types\"
version = \"0.1.0\"
edition = \"2021\"
-- core/src/lib.rs --
pub fn one() {}
";

/// Copies the program away from where cargo has built it, and runs it in a directory with next to no environment.
fn installed(fixture: &Fixture, dir: &Path, args: &[&str]) -> (Option<i32>, String, String) {
    let program = fixture.root().parent().unwrap().join("bin").join("xtask");
    fs::create_dir_all(program.parent().unwrap()).unwrap();
    fs::copy(env!("CARGO_BIN_EXE_xtask"), &program).unwrap();
    let mut command = Command::new(&program).env_clear().env("TMPDIR", fixture.temporary());
    for key in ["PATH", "HOME", "CARGO_HOME", "RUSTUP_HOME", "SYSTEMROOT"] {
        if let Some(value) = std::env::var_os(key) {
            command = command.env(key, value);
        }
    }
    let command = command.env("CARGO_NET_OFFLINE", "true");
    let output = command.args(args).current_dir(dir).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn an_installed_program_works_on_the_workspace_around_it() {
    let fixture = Fixture::new(FILES);
    let args = ["optimize", "--dry-run", "--format", "json"];
    for dir in [fixture.root(), fixture.path("core"), fixture.path("core/src")] {
        let (code, out, err) = installed(&fixture, &dir, &args);
        assert_eq!(code, Some(0), "{err}");
        let json: serde_json::Value = serde_json::from_str(&out).unwrap();
        assert_eq!(json["workspace"], fixture.root().display().to_string(), "{err}");
    }
}

#[test]
fn outside_of_a_workspace_it_says_the_next_step() {
    let fixture = Fixture::unlocked("-- Cargo.toml --\n");
    let dir = fixture.temporary();
    let (code, _, err) = installed(&fixture, &dir, &["optimize", "--dry-run"]);
    assert_eq!(code, Some(2), "{err}");
    assert!(err.contains(&format!("there is no Cargo.toml in `{}`", dir.display())), "{err}");
    assert!(err.contains("--manifest-path"), "{err}");
}

#[test]
fn its_messages_name_it_as_it_is_called() {
    let fixture = Fixture::new(FILES);
    let (code, out, err) = installed(&fixture, &fixture.root(), &["report"]);
    assert_eq!((code, out.as_str()), (Some(2), ""), "{err}");
    assert!(err.contains("`xtask optimize` records one"), "{err}");
    let (_, out, _) = installed(&fixture, &fixture.root(), &["optimize", "--help"]);
    assert!(out.contains("Usage: xtask optimize") && !out.contains("cargo xtask"), "{out}");
}

#[test]
fn its_results_name_it_too_but_a_diff_is_what_is_written() {
    let fixture = Fixture::new(FILES);
    let (_, out, err) = installed(&fixture, &fixture.root(), &["cache", "status"]);
    assert!(
        out.contains("`xtask cache setup --backend local`") && !out.contains("cargo xtask"),
        "{out}{err}"
    );
    fixture.replace(
        "Cargo.toml",
        "members = [\"core\"]",
        "members = [\"core\"] # `cargo xtask optimize`",
    );
    let (code, out, err) = installed(&fixture, &fixture.root(), &["optimize", "--dry-run"]);
    assert_eq!(code, Some(0), "{err}");
    assert!(out.contains("\n members = [\"core\"] # `cargo xtask optimize`\n"), "{out}");
}

#[test]
fn a_manifest_that_is_gone_is_restored_from_where_it_was() {
    let fixture = Fixture::unlocked("-- src/lib.rs --\n");
    fixture.put_bytes("backup-20260102-030405/manifest.json", b"{}");
    let (code, out, err) = installed(&fixture, &fixture.path("src"), &["restore", "--list"]);
    assert_eq!(code, Some(0), "{err}");
    assert!(out.contains("backup-20260102-030405"), "{out}{err}");
}
