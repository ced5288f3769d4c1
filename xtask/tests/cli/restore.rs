//! `restore`: to the byte, whatever became of the workspace meanwhile, and never over an edit.

use crate::support::{Fixture, Tree, assert_same};

/// A workspace that `optimize` changed, and the files from before.
fn changed() -> (Fixture, Tree) {
    let fixture = Fixture::new(
        "-- Cargo.toml --\n[package]\nname = \"one\"\nversion = \"0.1.0\"\n\n[dependencies]\n\
         ghoul = \"0.3\"\n-- src/lib.rs --\n",
    );
    let before = fixture.tree();
    fixture.optimized(&["--only", "unused-dependency,gitignore,cargo-config"]);
    assert_ne!(before, fixture.tree());
    (fixture, before)
}

#[test]
fn a_restore_needs_no_manifest_that_parses() {
    let (fixture, before) = changed();
    for garbage in ["", "[dependencies\n\0"] {
        fixture.put_bytes("Cargo.toml", garbage.as_bytes());
        let edited = fixture.tree();
        fixture.run(&["restore"]).exits(2).says("`Cargo.toml` was edited").says("--force");
        assert_same(&edited, &fixture.tree());
    }
    fixture.run(&["restore", "--force"]).exits(0);
    assert_same(&before, &fixture.tree());
}

#[test]
fn a_removed_file_counts_as_edited_and_comes_back() {
    let (fixture, before) = changed();
    std::fs::remove_file(fixture.path("Cargo.toml")).unwrap();
    fixture.run(&["restore"]).exits(2).says("`Cargo.toml` was removed");
    fixture.run(&["restore", "--force"]).exits(0);
    assert_same(&before, &fixture.tree());
}

#[test]
fn what_force_replaced_can_be_had_back() {
    let (fixture, before) = changed();
    fixture.put_bytes(".gitignore", b"mine\n");
    let edited = fixture.tree();
    fixture.run(&["restore", "--force"]).exits(0).says("edited");
    assert_same(&before, &fixture.tree());
    let backups = fixture.backups();
    assert_eq!(backups.len(), 2, "the restore made one of what it replaced");
    fixture.run(&["restore", &backups[1]]).exits(0);
    assert_same(&edited, &fixture.tree());
}

#[test]
fn looking_at_backups_changes_nothing() {
    let (fixture, _) = changed();
    let after = fixture.whole_tree();
    let listed = fixture.run(&["restore", "--list"]).exits(0);
    let id = &fixture.backups()[0];
    assert!(listed.stdout.starts_with(&format!("{id}  ")), "{listed:?}");
    assert!(listed.stdout.contains("by optimize  committed"), "{listed:?}");
    let json = fixture.run(&["restore", "--list", "--format", "json"]).exits(0).json();
    assert_eq!(json["backups"][0]["id"], id.as_str());
    assert_eq!(json["backups"][0]["damage"], serde_json::Value::Null);
    let dry = fixture.run(&["restore", "--dry-run", "--format", "json"]).exits(0);
    dry.says("nothing was done");
    let files = dry.json()["restored"]["files"].as_array().unwrap().clone();
    let action = |path: &str| {
        let found = files.iter().find(|file| file["path"] == path);
        found.unwrap_or_else(|| panic!("{path} in {files:?}"))["action"].clone()
    };
    assert_eq!(action("Cargo.toml"), "replaced");
    assert_eq!(action(".gitignore"), "removed");
    assert_same(&after, &fixture.whole_tree());
}

#[test]
fn a_second_restore_finds_everything_as_it_was() {
    let (fixture, before) = changed();
    fixture.run(&["restore"]).exits(0);
    fixture.run(&["restore"]).exits(0).says("everything is as in");
    assert_same(&before, &fixture.tree());
    assert_eq!(fixture.backups().len(), 2);
}

#[test]
fn without_a_backup_there_is_nothing_to_restore() {
    let fixture = Fixture::new("-- Cargo.toml --\n[package]\nname = \"one\"\n-- src/lib.rs --\n");
    let before = fixture.whole_tree();
    fixture.run(&["restore"]).exits(2).says("there is no backup to restore in");
    fixture.run(&["restore", "backup-20000101-000000"]).exits(2).says("there is no backup");
    fixture.run(&["restore", "../elsewhere"]).exits(2).says("is not the name of a backup");
    assert_same(&before, &fixture.whole_tree());
}

#[test]
fn a_damaged_backup_is_refused_as_a_whole() {
    let (fixture, _) = changed();
    let id = fixture.backups().remove(0);
    fixture.put_bytes(&format!("{id}/files/Cargo.toml"), b"[package]\nname = \"other\"\n");
    let after = fixture.tree();
    fixture.run(&["restore"]).exits(2).says("damaged").says(&id);
    assert_same(&after, &fixture.tree());
}
