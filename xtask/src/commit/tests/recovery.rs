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
    assert_eq!(
        recovered,
        [Recovered::RolledBack { id: id.clone(), edited: Vec::new(), restores: None }]
    );
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
    assert_eq!(
        recovered,
        [Recovered::RolledBack { id, edited: vec!["Cargo.toml".into()], restores: None }]
    );
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
    let before = tree(root.path());
    let error = format!("{:#}", recover(root.path()).unwrap_err());
    assert!(
        error.contains("files/Cargo.toml` is not what was backed up; no file was changed"),
        "{error}"
    );
    assert!(
        error.contains(&format!(
            "hint: mend the copy, or, to keep the files as they are now, move `{id}`"
        )),
        "{error}"
    );
    assert_eq!(tree(root.path()), before, "not even the files whose copies are whole");
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

#[test]
fn a_file_replaced_by_a_link_since_is_left_alone_and_named() {
    let (root, mut old, _) = interrupted();
    fs::rename(root.path().join("Cargo.toml"), root.path().join("real.toml")).unwrap();
    std::os::unix::fs::symlink("real.toml", root.path().join("Cargo.toml")).unwrap();
    let now = tree(root.path());
    let recovered = recover(root.path()).unwrap();
    assert!(recovered[0].to_string().ends_with("left alone: Cargo.toml"), "{}", recovered[0]);
    for path in ["Cargo.toml", "real.toml"] {
        old.insert(path.into(), now[Path::new(path)].clone());
    }
    assert_eq!(tree(root.path()), old);
}

#[test]
fn what_somebody_saves_during_recovery_is_not_lost() {
    let counting = Faulty::counting();
    recover::recover_on(&counting, interrupted().0.path()).unwrap();
    let mut lost = Vec::new();
    for at in 0..counting.operations() {
        let (root, ..) = interrupted();
        let edited = root.path().to_path_buf();
        let edit = move || put(&edited, "crates/a/Cargo.toml", b"edited", 0o600);
        let faulty = Faulty::intruded(at, edit);
        recover::recover_on(&faulty, root.path()).unwrap();
        if fs::read(root.path().join("crates/a/Cargo.toml")).unwrap() != b"edited" {
            lost.push(at);
        }
    }
    // Between the last look and the rename there is no operation.
    assert!(lost.len() <= 1, "{lost:?} of {}", counting.operations());
}

#[test]
fn only_what_a_dying_run_leaves_is_taken_for_an_unfinished_backup() {
    let (root, changes) = fixture();
    let id = commit(root.path(), &changes, &origin()).unwrap();
    let mine = "backup-20240101-000000.tmp";
    type Make = fn(&Path);
    let cases: [Make; 4] = [
        |directory| put(directory, "notes.txt", b"mine", 0o644),
        |directory| put(directory, "deep/notes.txt", b"mine", 0o644),
        |directory| {
            fs::create_dir_all(directory.join("files")).unwrap();
            std::os::unix::fs::symlink("..", directory.join("files/link")).unwrap();
        },
        // A copy that somebody made of a finished backup.
        |directory| {
            let backup = fs::read_dir(directory.parent().unwrap())
                .unwrap()
                .map(|entry| entry.unwrap().path());
            let backup = backup.filter(|path| path.join("manifest.json").exists()).min().unwrap();
            let manifest = fs::read(backup.join("manifest.json")).unwrap();
            put(directory, "manifest.json", &manifest, 0o644);
        },
    ];
    for make in cases {
        let directory = root.path().join(mine);
        fs::create_dir(&directory).unwrap();
        make(&directory);
        assert_eq!(recover(root.path()).unwrap(), [Recovered::Foreign { name: mine.into() }]);
        assert!(directory.exists());
        fs::remove_dir_all(directory).unwrap();
    }
    put(root.path(), &format!("{mine}/files/Cargo.toml"), b"half", 0o644);
    assert_eq!(recover(root.path()).unwrap(), [Recovered::Partial { name: mine.into() }]);
    assert!(!root.path().join(mine).exists());
    load(root.path(), &id);
}
