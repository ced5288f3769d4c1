//! What the run after an interrupted one does.

use super::{super::recover::Recovered, *};

/// Dies right before the commit would be marked as done.
fn interrupted() -> (TempDir, Tree, String) {
    let (root, changes) = fixture();
    let old = tree(root.path());
    let counting = Faulty::counting();
    commit_on(&counting, root.path(), &changes, &origin()).unwrap();
    let (root, changes) = fixture();
    let faulty = Faulty::new(Fault::Crash, counting.operations() - 2);
    commit_on(&faulty, root.path(), &changes, &origin()).unwrap_err();
    let id = ids(&RealFileSystem, root.path()).unwrap().0.remove(0);
    assert_eq!(load(root.path(), &id).manifest.state, State::Committing);
    assert_ne!(tree(root.path()), old);
    (root, old, id)
}

#[test]
fn an_interrupted_commit_is_undone_and_said() {
    let (root, old, id) = interrupted();
    let again = change("new", None, Some(b""));
    let error = commit_fails(root.path(), std::slice::from_ref(&again));
    assert!(error.contains("has not finished: its run was interrupted"), "{error}");
    let recovered = recover(root.path()).unwrap();
    assert_eq!(recovered, [Recovered::RolledBack { id: id.clone(), edited: Vec::new() }]);
    assert_eq!(
        recovered[0].to_string(),
        format!("undid an interrupted run: the files of `{id}` are as they were")
    );
    assert_eq!(tree(root.path()), old);
    assert_eq!(recover(root.path()).unwrap(), []);
    commit(root.path(), &[again], &origin()).unwrap();
}

#[test]
fn recovery_leaves_edited_files_alone_and_names_them() {
    let (root, old, id) = interrupted();
    put(root.path(), "Cargo.toml", b"edited", 0o644);
    put(root.path(), ".cargo/mine", b"added", 0o644);
    let recovered = recover(root.path()).unwrap();
    assert_eq!(recovered, [Recovered::RolledBack { id, edited: vec!["Cargo.toml".into()] }]);
    assert!(recovered[0].to_string().ends_with("left alone: Cargo.toml"), "{}", recovered[0]);
    let mut expected = old;
    expected.insert("Cargo.toml".into(), Some((b"edited".into(), 0o644)));
    expected.insert(".cargo".into(), None);
    expected.insert(".cargo/mine".into(), Some((b"added".into(), 0o644)));
    assert_eq!(tree(root.path()), expected);
}

#[test]
fn recovery_leaves_the_mode_of_an_old_file_alone() {
    let (root, mut old, _) = interrupted();
    put(root.path(), "Cargo.toml", b"[workspace]\n", 0o755);
    recover(root.path()).unwrap();
    old.insert("Cargo.toml".into(), Some((b"[workspace]\n".into(), 0o755)));
    assert_eq!(tree(root.path()), old);
}

#[test]
fn a_damaged_backup_of_an_interrupted_commit_stops_recovery_but_loses_nothing() {
    let (root, old, id) = interrupted();
    put(root.path(), &format!("{id}/files/Cargo.toml"), b"[workspacE]\n", 0o644);
    let error = format!("{:#}", recover(root.path()).unwrap_err());
    assert!(error.contains(&format!("the old files are in `{id}`")), "{error}");
    assert!(error.contains("files/Cargo.toml` is not what was backed up"), "{error}");
    put(root.path(), &format!("{id}/files/Cargo.toml"), b"[workspace]\n", 0o644);
    recover(root.path()).unwrap();
    assert_eq!(tree(root.path()), old);
}

#[test]
fn recovery_does_not_follow_links_put_in_the_way() {
    let (root, _, _) = interrupted();
    let outside = TempDir::new().unwrap();
    put(outside.path(), "Cargo.toml", b"\r\n", 0o644);
    fs::rename(root.path().join("crates/a"), root.path().join("crates/moved")).unwrap();
    std::os::unix::fs::symlink(outside.path(), root.path().join("crates/a")).unwrap();
    let error = format!("{:#}", recover(root.path()).unwrap_err());
    assert!(error.contains("`crates/a` is a symbolic link"), "{error}");
    assert_eq!(fs::read(outside.path().join("Cargo.toml")).unwrap(), b"\r\n");
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 1);
}
