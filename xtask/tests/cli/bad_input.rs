//! What cannot be worked on: exit code 2, one error that says where and what to do, no write.

use std::path::Path;

use crate::support::{Fixture, assert_same};

const SOUND: &str = r#"
-- Cargo.toml --
[workspace]
resolver = "2"
members = ["core"]
-- core/Cargo.toml --
[package]
name = "core-types"
version = "0.1.0"
edition = "2021"

[dependencies]
ghoul = "0.3"
-- core/src/lib.rs --
"#;

/// Holds both commands that read a workspace to an error with these texts, and to writing nothing.
#[track_caller]
fn refused(fixture: &Fixture, manifest: &Path, texts: &[&str]) {
    let before = fixture.whole_tree();
    let commands =
        [["optimize", "--yes", "--measure", "none"].as_slice(), &["validate", "--quick"]];
    for command in commands {
        let run = fixture.run_on(manifest, command).exits(2);
        assert!(run.stderr.starts_with("error: "), "{run:?}");
        assert!(run.stdout.is_empty(), "{run:?}");
        for text in texts {
            run.says(text);
        }
    }
    assert_same(&before, &fixture.whole_tree());
}

#[test]
fn a_path_without_a_manifest() {
    let fixture = Fixture::new(SOUND);
    let path = fixture.path("nowhere/Cargo.toml");
    refused(
        &fixture,
        &path,
        &["there is no manifest at", path.to_str().unwrap(), "--manifest-path"],
    );
    let below_a_file = fixture.path("Cargo.toml/Cargo.toml");
    refused(&fixture, &below_a_file, &["there is no manifest at", below_a_file.to_str().unwrap()]);
    let directory = fixture.root();
    refused(&fixture, &directory, &["there is no manifest at", directory.to_str().unwrap()]);
}

#[test]
fn a_manifest_with_a_syntax_error() {
    let fixture = Fixture::new(SOUND);
    fixture.replace("Cargo.toml", "members = [\"core\"]", "members = \"core\"]");
    let manifest = fixture.path("Cargo.toml");
    let place = format!("failed to parse `{}`: line 3, column 17: ", manifest.display());
    refused(&fixture, &manifest, &[&place]);
}

#[test]
fn a_manifest_that_is_not_utf8() {
    let fixture = Fixture::new(SOUND);
    fixture.put_bytes("Cargo.toml", b"[workspace]\n# caf\xe9\n");
    let manifest = fixture.path("Cargo.toml");
    refused(&fixture, &manifest, &[manifest.to_str().unwrap(), "line 2", "save the file as UTF-8"]);
}

#[test]
fn a_member_with_a_syntax_error() {
    let fixture = Fixture::new(SOUND);
    fixture.replace("core/Cargo.toml", "name = ", "name ");
    let root = fixture.root().display().to_string();
    refused(&fixture, &fixture.path("Cargo.toml"), &[&root, "core/Cargo.toml:2:6"]);
}

#[test]
fn a_workspace_that_cargo_rejects() {
    let fixture = Fixture::new(SOUND);
    fixture.replace("Cargo.toml", "[\"core\"]", "[\"core\", \"missing\"]");
    let member = fixture.path("missing/Cargo.toml");
    refused(&fixture, &fixture.path("Cargo.toml"), &["cargo rejects", member.to_str().unwrap()]);
}

#[test]
fn a_workspace_without_lock_file() {
    let fixture = Fixture::unlocked(SOUND);
    let texts = [fixture.root().display().to_string(), "cargo generate-lockfile".to_owned()];
    refused(&fixture, &fixture.path("Cargo.toml"), &[&texts[0], "Cargo.lock", &texts[1]]);
}

#[test]
fn a_lock_file_that_is_behind_its_manifests() {
    let fixture = Fixture::new(SOUND);
    fixture.replace("core/Cargo.toml", "ghoul = \"0.3\"", "ghoul = \"0.3\"\nghost = \"1\"");
    refused(&fixture, &fixture.path("Cargo.toml"), &["Cargo.lock", "cargo update --workspace"]);
}

#[test]
fn a_target_directory_that_is_a_file() {
    let fixture = Fixture::new(SOUND);
    fixture.put_bytes("target", b"");
    refused(&fixture, &fixture.path("Cargo.toml"), &[fixture.path("target").to_str().unwrap()]);
}

#[test]
fn a_pass_that_does_not_exist() {
    let fixture = Fixture::new(SOUND);
    let before = fixture.whole_tree();
    let run = fixture.run(&["optimize", "--yes", "--only", "fast"]).exits(2);
    run.says("'fast'").says("unused-dependency");
    assert_same(&before, &fixture.whole_tree());
}

#[cfg(unix)]
#[test]
fn a_file_that_may_not_be_written() {
    use std::os::unix::fs::PermissionsExt as _;
    // Held to for everybody, since a mode does not stop a privileged user.
    let fixture = Fixture::new(SOUND);
    let mode = std::fs::Permissions::from_mode(0o444);
    std::fs::set_permissions(fixture.path("core/Cargo.toml"), mode).unwrap();
    let before = fixture.tree();
    let arguments = ["optimize", "--yes", "--measure", "none", "--no-test"];
    let run = fixture.run(&arguments).exits(2);
    run.says("`core/Cargo.toml` is read-only").says("chmod u+w");
    assert_same(&before, &fixture.tree());
    assert!(fixture.backups().is_empty());
}
