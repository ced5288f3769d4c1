//! A run that died in the middle of its commit, seen by every command that comes next.

use serde_json::Value;

use crate::support::{Fixture, Tree, assert_same};

/// As `commit/manifest.rs` makes it.
fn digest(value: &Value) -> String {
    let hash = hmac_sha256::Hash::hash(&serde_json::to_vec(value).unwrap());
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Makes a backup say that its commit has not finished.
fn unfinish(fixture: &Fixture, id: &str) {
    let path = format!("{id}/manifest.json");
    let mut manifest: Value = serde_json::from_str(&fixture.read(&path)).unwrap();
    manifest.as_object_mut().unwrap().shift_remove("digest");
    manifest["state"] = "committing".into();
    manifest["digest"] = digest(&manifest).into();
    let text = serde_json::to_string_pretty(&manifest).unwrap() + "\n";
    fixture.put_bytes(&path, text.as_bytes());
}

/// A workspace in which members inherit what the root does not offer yet: cargo cannot read it.
fn half_committed() -> (Fixture, Tree) {
    let mut files = "-- Cargo.toml --\n[workspace]\nresolver = \"2\"\nmembers = [\"a\", \"b\"]\n\n\
                     [workspace.dependencies]\nghost = \"1\"\n-- .gitignore --\n/target\n"
        .to_owned();
    for name in ["a", "b"] {
        files += &format!(
            "-- {name}/Cargo.toml --\n[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n\
             [dependencies]\nghost.workspace = true\nplume = \"1\"\n\
             -- {name}/src/lib.rs --\npub use {{ghost::boo, plume::write}};\n"
        );
    }
    let fixture = Fixture::new(&files);
    let before = fixture.tree();
    fixture.optimized(&["--only", "not-inherited"]);
    assert!(fixture.read("a/Cargo.toml").contains("plume.workspace = true"));
    // The root was not replaced yet when the run died.
    fixture.put_bytes("Cargo.toml", &before["Cargo.toml"].1);
    let [id] = &fixture.backups()[..] else { panic!("one backup") };
    unfinish(&fixture, id);
    (fixture, before)
}

#[test]
fn commands_that_only_look_refuse_it_and_change_nothing() {
    let (fixture, _) = half_committed();
    let whole = fixture.whole_tree();
    let member = fixture.path("a/Cargo.toml");
    for args in [
        &["optimize", "--check"][..],
        &["optimize", "--dry-run"],
        &["validate", "--quick"],
        &["restore", "--dry-run"],
    ] {
        for manifest in [&fixture.path("Cargo.toml"), &member] {
            let run = fixture.run_on(manifest, args).exits(2);
            run.says("has not finished: its run was interrupted").says("cargo xtask restore");
        }
    }
    assert_same(&whole, &fixture.whole_tree());
}

#[test]
fn restore_undoes_it() {
    let (fixture, before) = half_committed();
    fixture.run(&["restore"]).exits(0).says("which had been interrupted");
    assert_same(&before, &fixture.tree());
}

#[test]
fn optimize_undoes_it_first_although_cargo_cannot_read_it() {
    let (fixture, before) = half_committed();
    let arguments =
        ["optimize", "--yes", "--measure", "none", "--no-test", "--only", "not-inherited"];
    let run = fixture.run_on(&fixture.path("b/Cargo.toml"), &arguments).exits(0);
    run.says("undid an interrupted run");
    assert!(fixture.read("Cargo.toml").contains("plume"), "and then it did its work");
    fixture.run(&["restore"]).exits(0);
    assert_same(&before, &fixture.tree());
}

#[test]
fn a_restore_that_was_interrupted_is_undone_and_done_again() {
    let (fixture, before) = Fixture::of_optimized_members();
    fixture.run(&["restore"]).exits(0);
    unfinish(&fixture, &fixture.backups()[1]);
    fixture.run(&["restore"]).exits(0).says("undid an interrupted run");
    assert_same(&before, &fixture.tree());
}

#[test]
fn a_backup_that_cannot_be_read_stops_optimize_before_it_reads_anything() {
    let (fixture, _) = half_committed();
    let id = fixture.backups().remove(0);
    fixture.put_bytes(&format!("{id}/manifest.json"), b"{}");
    let whole = fixture.whole_tree();
    for args in [&["optimize", "--yes", "--measure", "none"][..], &["restore"]] {
        fixture.run(args).exits(2).says(&id).says("hint: ");
    }
    assert_same(&whole, &fixture.whole_tree());
}
