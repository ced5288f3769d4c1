//! Backups that are damaged, or were made to do damage.

use super::*;

/// The reason for which a backup is refused after `spoil` had its way with it; named and by
/// default, and also by force.
fn damage(spoil: impl Fn(&Path)) -> String {
    let (root, _, _, id) = committed();
    spoil(&root.path().join(&id));
    refused(root.path(), None, CAREFUL);
    refused(root.path(), Some(&id), FORCED)
}

/// Edits a manifest and makes its digest fit again, as an attacker would.
fn forge(backup: &Path, edit: impl Fn(&mut Value)) {
    let path = backup.join("manifest.json");
    let mut value: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    value.as_object_mut().unwrap().shift_remove("digest");
    edit(&mut value);
    let digest = sha256(&serde_json::to_vec(&value).unwrap());
    value["digest"] = digest.into();
    let text = serde_json::to_string_pretty(&value).unwrap() + "\n";
    put(backup, "manifest.json", text.as_bytes(), 0o644);
}

#[test]
fn hostile_manifests_are_refused() {
    let deep = "[".repeat(10_000);
    for (key, value, reason) in [
        ("path", json!("../x"), "not a plain relative path"),
        ("path", json!("/etc/passwd"), "not a plain relative path"),
        ("path", json!("a/../../x"), "not a plain relative path"),
        ("path", json!("a/./x"), "not a plain relative path"),
        ("path", json!("a\0b"), "not a plain relative path"),
        ("path", json!(""), "not a plain relative path"),
        ("path", json!(".git/hooks/post-checkout"), "`.git` directory"),
        ("path", json!("backup-20200101-000000/x"), "lies in a backup"),
        ("path", json!("crates/a/Cargo.toml"), "twice"),
        ("path", json!("crates"), "both a file and a directory"),
        ("link", json!("../x"), "not a plain relative path"),
        ("before", json!({"sha256": "", "bytes": 12, "mode": 0o644}), "not what was backed up"),
        ("before", json!({"sha256": "", "bytes": 1, "mode": 0o644}), "12 bytes, not the 1"),
        ("before", json!({"sha256": "", "bytes": u64::MAX, "mode": 0}), "too many"),
        ("before", json!({"sha256": "", "bytes": 12, "mode": 0o100644}), "is no mode"),
        ("before", json!({"sha256": "", "bytes": -1, "mode": 0}), "invalid value"),
    ] {
        let error =
            damage(|backup| forge(backup, |manifest| manifest["files"][0][key] = value.clone()));
        assert!(error.contains(reason), "{key} = {value}: {error}");
    }
    for (key, value, reason) in [
        ("schema", json!(2), "its schema is 2; this tool knows 1"),
        ("schema", json!("1"), "it has no schema"),
        ("state", json!("finished"), "unknown variant"),
        ("created_directories", json!(["../x"]), "not a plain relative path"),
        ("removed_directories", json!(["Cargo.toml"]), "also a file"),
        ("removed_directories", json!(["Cargo.toml/x"]), "both a file and a directory"),
        ("removed_directories", json!(["old", "old"]), "twice"),
    ] {
        let error = damage(|backup| forge(backup, |manifest| manifest[key] = value.clone()));
        assert!(error.contains(reason), "{key} = {value}: {error}");
    }
    let error = damage(|backup| put(backup, "manifest.json", deep.as_bytes(), 0o644));
    assert!(error.contains("recursion limit"), "{error}");
}

#[test]
fn any_truncation_and_any_flipped_bit_of_the_manifest_is_found() {
    let (root, _, _, id) = committed();
    let path = format!("{id}/manifest.json");
    let whole = fs::read(root.path().join(&path)).unwrap();
    let spoilt = |bytes: &[u8]| {
        put(root.path(), &path, bytes, 0o644);
        Journal::load(&RealFileSystem, root.path(), &id).unwrap_err()
    };
    for length in 0..whole.len() {
        spoilt(&whole[..length]);
    }
    for index in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[index] ^= 1 << (index % 8);
        spoilt(&bytes);
    }
}

#[test]
fn damaged_copies_are_refused() {
    type Spoil = fn(&Path);
    let cases: [(Spoil, &str); 6] = [
        (
            |backup| put(backup, "files/Cargo.toml", b"[workspacE]\n", 0o644),
            "not what was backed up",
        ),
        (|backup| put(backup, "files/Cargo.toml", b"", 0o644), "0 bytes, not the 12 backed up"),
        (|backup| fs::remove_file(backup.join("files/Cargo.toml")).unwrap(), "is missing"),
        (|backup| fs::remove_dir_all(backup.join("files")).unwrap(), "is missing"),
        (
            |backup| {
                fs::remove_file(backup.join("files/Cargo.toml")).unwrap();
                fs::create_dir(backup.join("files/Cargo.toml")).unwrap();
            },
            "not a regular file",
        ),
        (
            |backup| {
                fs::rename(backup.join("files"), backup.join("moved")).unwrap();
                std::os::unix::fs::symlink("moved", backup.join("files")).unwrap();
            },
            "`files` is a symbolic link",
        ),
    ];
    for (spoil, reason) in cases {
        let error = damage(spoil);
        assert!(error.contains(reason), "{reason}: {error}");
        assert!(error.contains("no file was changed"), "{error}");
    }
    let error = damage(|backup| {
        fs::rename(backup.join("manifest.json"), backup.join("moved")).unwrap();
        std::os::unix::fs::symlink("moved", backup.join("manifest.json")).unwrap();
    });
    assert!(error.contains("manifest.json` is not a regular file"), "{error}");
}

#[test]
fn an_older_backup_is_not_silently_taken_for_a_damaged_newest_one() {
    let (root, _, _, first) = committed();
    let second = commit(root.path(), &[change("new", None, Some(b""))], &origin()).unwrap();
    put(root.path(), &format!("{second}/manifest.json"), b"{", 0o644);
    // Without its manifest the backup is dated by its name, to the second.
    let later = first.replacen("backup-20", "backup-30", 1);
    fs::rename(root.path().join(&second), root.path().join(&later)).unwrap();
    let error = refused(root.path(), None, CAREFUL);
    assert!(error.contains(&format!("`{later}/manifest.json` is damaged")), "{error}");
    restore(root.path(), Some(&first), CAREFUL).unwrap();
    let recovered = recover(root.path()).unwrap();
    assert!(recovered[0].to_string().starts_with(&format!("skipped `{later}`: ")));
}

/// Makes a backup say that it was made at another time; its digest fits.
fn redate(root: &Path, id: &str, created: &str) {
    forge(&root.join(id), |manifest| manifest["created"] = created.into());
}

#[test]
fn the_newest_backup_is_the_newest_even_if_the_clock_was_set_back() {
    let (root, old, new, first) = committed();
    let second = commit(root.path(), &[change("later", None, Some(b""))], &origin()).unwrap();
    redate(root.path(), &first, "2099-01-01T00:00:00+00:00");
    let order: Vec<String> = list(root.path()).unwrap().into_iter().map(|info| info.id).collect();
    assert_eq!(order, [second.clone(), first.clone()]);
    assert_eq!(restore(root.path(), None, CAREFUL).unwrap().id, second);
    assert_eq!(tree(root.path()), new);
    restore(root.path(), Some(&first), CAREFUL).unwrap();
    assert_eq!(tree(root.path()), old);
}

#[test]
fn backups_without_a_number_are_ordered_by_their_time_and_are_older_than_all_others() {
    let (root, .., first) = committed();
    let second = commit(root.path(), &[change("later", None, Some(b""))], &origin()).unwrap();
    let third = commit(root.path(), &[change("last", None, Some(b""))], &origin()).unwrap();
    for (id, year) in [(&first, "2098"), (&second, "2099")] {
        let created = format!("{year}-01-01T00:00:00+00:00");
        forge(&root.path().join(id), |manifest| {
            manifest["created"] = created.clone().into();
            manifest.as_object_mut().unwrap().shift_remove("sequence");
        });
    }
    let order: Vec<String> = list(root.path()).unwrap().into_iter().map(|info| info.id).collect();
    assert_eq!(order, [third, second, first]);
}

#[test]
fn files_of_any_size_are_refused_without_being_read() {
    const TIB: u64 = 1 << 40;
    let grow =
        |path: &Path| fs::File::options().write(true).open(path).unwrap().set_len(TIB).unwrap();
    // Sparse: they take no space, but would not fit into memory.
    let error = damage(|backup| grow(&backup.join("manifest.json")));
    assert!(error.contains(&format!("manifest.json` has {TIB} bytes: too many")), "{error}");
    let error = damage(|backup| grow(&backup.join("files/Cargo.toml")));
    assert!(error.contains(&format!("has {TIB} bytes, not the 12 backed up")), "{error}");
}

#[test]
fn a_manifest_that_says_a_thing_twice_is_refused() {
    let error = damage(|backup| {
        let text = fs::read_to_string(backup.join("manifest.json")).unwrap();
        let twice = text.replacen("\"state\": ", "\"state\": \"rolled-back\",\n  \"state\": ", 1);
        assert_ne!(text, twice);
        put(backup, "manifest.json", twice.as_bytes(), 0o644);
    });
    assert!(error.contains("it is not as this tool wrote it"), "{error}");
}

#[test]
fn a_damaged_backup_is_never_silently_passed_over_whatever_the_clock_said() {
    let (root, .., first) = committed();
    let second = commit(root.path(), &[change("later", None, Some(b""))], &origin()).unwrap();
    redate(root.path(), &first, "2099-01-01T00:00:00+00:00");
    put(root.path(), &format!("{second}/manifest.json"), b"{", 0o644);
    let error = refused(root.path(), None, CAREFUL);
    assert!(error.contains(&format!("`{second}/manifest.json` is damaged")), "{error}");
    assert!(error.contains("hint: name the backup to restore"), "{error}");
    restore(root.path(), Some(&first), CAREFUL).unwrap();
}
