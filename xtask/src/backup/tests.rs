use std::{fs, os::unix::fs::PermissionsExt as _};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;
use crate::commit::{
    FileChange, commit, recover,
    tests::{Tree, change, fixture, origin, put, tree},
};

const CAREFUL: RestoreOptions = RestoreOptions { run: Run::Write, edited: Edited::Refuse };
const FORCED: RestoreOptions = RestoreOptions { run: Run::Write, edited: Edited::Replace };
const DRY: RestoreOptions = RestoreOptions { run: Run::Dry, edited: Edited::Refuse };

pub(crate) fn restore_newest_on(fs: &impl FileSystem, root: &Path) -> Result<Restored> {
    restore_on(fs, root, None, CAREFUL)
}

/// Restores what a restore replaced; it is looked for on `look`, without faults.
pub(crate) fn restore_the_restore_on(
    fs: &impl FileSystem,
    look: &impl FileSystem,
    root: &Path,
) -> Result<Restored> {
    let ids = ids(look, root)?.0;
    let id = ids.into_iter().find(|id| {
        let journal = Journal::load(look, root, id).unwrap().unwrap();
        journal.manifest.command == RESTORE
    });
    restore_on(fs, root, id.as_deref(), CAREFUL)
}

mod hostile;

/// A committed workspace: its directory, old and new files, and the backup's id.
fn committed() -> (TempDir, Tree, Tree, String) {
    let (root, changes) = fixture();
    let old = tree(root.path());
    let id = commit(root.path(), &changes, &origin()).unwrap();
    let new = tree(root.path());
    (root, old, new, id)
}

fn refused(root: &Path, id: Option<&str>, options: RestoreOptions) -> String {
    let before = tree(root);
    let names = ids(&RealFileSystem, root).unwrap();
    let error = format!("{:#}", restore(root, id, options).unwrap_err());
    assert_eq!(tree(root), before, "a refusal changes nothing");
    assert_eq!(ids(&RealFileSystem, root).unwrap(), names, "a refusal makes no backup");
    error
}

#[test]
fn a_restore_puts_everything_back_to_the_byte() {
    let (root, old, _, id) = committed();
    let restored = restore(root.path(), None, CAREFUL).unwrap();
    assert_eq!(tree(root.path()), old);
    assert_eq!(restored.id, id);
    let actions: Vec<_> =
        restored.files.iter().map(|file| (file.path.as_str(), file.action)).collect();
    assert_eq!(
        actions,
        [
            ("Cargo.toml", Action::Replaced),
            ("crates/a/Cargo.toml", Action::Replaced),
            (".cargo/deep/config.toml", Action::Removed),
            ("crates/a/data", Action::Recreated),
        ]
    );
    assert!(restored.files.iter().all(|file| !file.edited));
}

#[test]
fn a_second_restore_finds_everything_as_it_was() {
    let (root, old, _, id) = committed();
    restore(root.path(), None, CAREFUL).unwrap();
    let again = restore(root.path(), None, CAREFUL).unwrap();
    assert_eq!((again.id, again.backup), (id, None));
    assert!(again.files.iter().all(|file| file.action == Action::Unchanged));
    assert_eq!(tree(root.path()), old);
}

#[test]
fn a_restore_can_itself_be_restored() {
    let (root, old, new, _) = committed();
    let first = restore(root.path(), None, CAREFUL).unwrap().backup.unwrap();
    let second = restore(root.path(), Some(&format!("{first}/")), CAREFUL).unwrap();
    assert_eq!(second.id, first);
    assert_eq!(tree(root.path()), new);
    restore(root.path(), None, CAREFUL).unwrap();
    assert_eq!(tree(root.path()), old);
}

#[test]
fn a_dry_run_says_what_a_restore_does_and_writes_nothing() {
    let (root, _, new, _) = committed();
    let dry = restore(root.path(), None, DRY).unwrap();
    assert_eq!(tree(root.path()), new);
    assert_eq!(dry.backup, None);
    assert_eq!(ids(&RealFileSystem, root.path()).unwrap().0.len(), 1);
    assert_eq!(dry.files, restore(root.path(), None, CAREFUL).unwrap().files);
}

#[test]
fn files_edited_since_are_all_named_and_kept() {
    let (root, _, _, _) = committed();
    put(root.path(), "Cargo.toml", b"mine", 0o644);
    put(root.path(), "crates/a/data", b"mine", 0o644);
    fs::remove_file(root.path().join(".cargo/deep/config.toml")).unwrap();
    fs::remove_file(root.path().join("crates/a/Cargo.toml")).unwrap();
    for options in [CAREFUL, DRY] {
        let error = refused(root.path(), None, options);
        for line in [
            "`Cargo.toml` was edited",
            "`crates/a/data` was edited",
            "`crates/a/Cargo.toml` was removed",
        ] {
            assert!(error.contains(line), "{error}");
        }
        assert!(!error.contains("config.toml"), "a new file that is gone is as before: {error}");
    }
}

#[test]
fn a_forced_restore_replaces_edits_and_can_be_restored() {
    let (root, old, _, _) = committed();
    put(root.path(), "Cargo.toml", b"mine", 0o600);
    fs::remove_file(root.path().join("crates/a/Cargo.toml")).unwrap();
    let edited = tree(root.path());
    let restored = restore(root.path(), None, FORCED).unwrap();
    assert_eq!(tree(root.path()), old);
    assert_eq!(restored.files.iter().filter(|file| file.edited).count(), 2);
    restore(root.path(), restored.backup.as_deref(), CAREFUL).unwrap();
    assert_eq!(tree(root.path()), edited);
}

#[test]
fn a_changed_mode_is_noticed_and_put_back_by_force() {
    let (root, old, _, _) = committed();
    restore(root.path(), None, CAREFUL).unwrap();
    let manifest = root.path().join("Cargo.toml");
    fs::set_permissions(&manifest, fs::Permissions::from_mode(0o755)).unwrap();
    assert!(refused(root.path(), None, CAREFUL).contains("`Cargo.toml` has another mode"));
    let restored = restore(root.path(), None, FORCED).unwrap();
    assert_eq!((restored.files[0].action, restored.files[0].edited), (Action::Replaced, true));
    assert_eq!(tree(root.path()), old);
    restore(root.path(), restored.backup.as_deref(), CAREFUL).unwrap();
    assert_eq!(fs::metadata(manifest).unwrap().permissions().mode() & 0o777, 0o755);
}

#[test]
fn an_edit_made_by_a_later_commit_is_explained() {
    let (root, _, new, first) = committed();
    let old = new[Path::new("Cargo.toml")].clone().unwrap().0;
    let changes = [change("Cargo.toml", Some(&old), Some(b"second"))];
    let second = commit(root.path(), &changes, &origin()).unwrap();
    let error = refused(root.path(), Some(&first), CAREFUL);
    let expected = format!("`Cargo.toml` was edited by the commit of `{second}`");
    assert!(error.contains(&expected), "{error}");
    restore(root.path(), None, CAREFUL).unwrap();
    assert_eq!(tree(root.path()), new, "the newest commit is undone first");
    restore(root.path(), Some(&first), CAREFUL).unwrap();
}

#[test]
fn created_directories_stay_while_something_is_in_them() {
    let (root, _, _, _) = committed();
    put(root.path(), ".cargo/mine", b"", 0o644);
    restore(root.path(), None, CAREFUL).unwrap();
    assert!(root.path().join(".cargo/mine").is_file());
    assert!(!root.path().join(".cargo/deep").exists());
}

#[test]
fn a_workspace_whose_manifest_is_garbage_can_be_restored() {
    let (root, old, _, _) = committed();
    put(root.path(), "Cargo.toml", b"\0[[[", 0o644);
    restore(root.path(), None, FORCED).unwrap();
    assert_eq!(tree(root.path()), old);
}

#[test]
fn a_link_in_the_way_is_not_followed_even_by_force() {
    let (root, _, _, _) = committed();
    let outside = TempDir::new().unwrap();
    put(outside.path(), "config.toml", b"[build]\n", 0o644);
    fs::remove_dir_all(root.path().join(".cargo/deep")).unwrap();
    std::os::unix::fs::symlink(outside.path(), root.path().join(".cargo/deep")).unwrap();
    assert!(refused(root.path(), None, FORCED).contains("`.cargo/deep` is a symbolic link"));
    assert!(outside.path().join("config.toml").exists());
}

#[test]
fn backups_are_listed_newest_first_and_damaged_ones_with_the_reason() {
    let (root, _, _, first) = committed();
    put(root.path(), "backup-20200101-000000/Cargo.toml", b"of the shell script", 0o644);
    let second = restore(root.path(), None, CAREFUL).unwrap().backup.unwrap();
    put(root.path(), &format!("{first}/files/Cargo.toml"), b"[workspacE]\n", 0o644);
    let list = list(root.path()).unwrap();
    let ids: Vec<_> = list.iter().map(|info| info.id.as_str()).collect();
    assert_eq!(ids, [&*second, &*first, "backup-20200101-000000"]);
    assert_eq!(list[0].restores.as_ref(), Some(&first));
    assert_eq!((list[0].command.as_deref(), list[0].files), (Some("restore"), 4));
    assert_eq!((list[0].state, &list[0].damage), (Some(State::Committed), &None));
    assert_eq!((list[1].command.as_deref(), list[1].files), (Some("optimize"), 4));
    assert!(list[1].damage.as_ref().unwrap().contains("is not what was backed up"));
    assert!(list[2].damage.as_ref().unwrap().contains("not made by this tool"));
    let json = serde_json::to_value(&list[0]).unwrap();
    assert_eq!((&json["state"], &json["git_head"]), (&json!("committed"), &Value::Null));
}

#[test]
fn only_names_of_backups_are_taken() {
    let (root, ..) = committed();
    for id in ["../elsewhere", "/etc", "crates", ""] {
        assert!(refused(root.path(), Some(id), CAREFUL).contains("is not the name of a backup"));
    }
    let error = refused(root.path(), Some("backup-20200101-000000"), CAREFUL);
    assert!(error.contains("there is no backup `backup-20200101-000000`"), "{error}");
    let error = refused(TempDir::new().unwrap().path(), None, CAREFUL);
    assert!(error.contains("there is no backup to restore"), "{error}");
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(64))]

    #[test]
    fn a_commit_and_its_restore_are_the_identity(
        files in proptest::collection::btree_map(
            "[ab]/[cd]{1,2}|[e-h]", // no name is both a file and a directory
            (
                proptest::option::of((proptest::collection::vec(0_u8.., 0..40), 0_u32..0o200)),
                proptest::option::of(proptest::collection::vec(0_u8.., 0..40)),
            ),
            1..8,
        )
    ) {
        let root = TempDir::new().unwrap();
        let mut changes = Vec::new();
        for (path, (before, after)) in files {
            if let Some((bytes, mode)) = &before {
                put(root.path(), &path, bytes, 0o600 | mode);
            }
            let before = before.map(|(bytes, _)| bytes);
            changes.push(FileChange { path: path.into(), before, after });
        }
        let old = tree(root.path());
        if changes.iter().any(|change| change.before != change.after) {
            commit(root.path(), &changes, &origin()).unwrap();
            let new = tree(root.path());
            for FileChange { path, after, .. } in &changes {
                let found = new.get(path).cloned().flatten().map(|(bytes, _)| bytes);
                proptest::prop_assert_eq!(&found, after);
            }
            restore(root.path(), None, CAREFUL).unwrap();
        }
        proptest::prop_assert_eq!(tree(root.path()), old);
    }
}
