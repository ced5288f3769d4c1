//! Many entries of one directory are deleted at once.

use std::{ffi::OsString, os::unix::fs::symlink, time::Duration};

use super::*;

fn names(names: &[&str]) -> Vec<OsString> {
    names.iter().map(OsString::from).collect()
}

fn removed(dir: &Path, names: &[OsString]) -> Removed {
    removed_until(dir, names, &Progress::default())
}

fn removed_until(dir: &Path, names: &[OsString], progress: &Progress) -> Removed {
    let dir = Directory::open_itself(&dir.canonicalize().unwrap()).unwrap();
    remove_entries(&dir, names, progress)
}

/// Files, directories of files, and one large one: 2,002 files of 3 bytes in 22 entries but for the 600 alone.
fn filled() -> (TempDir, Vec<OsString>) {
    let dir = TempDir::new().unwrap();
    let mut names = Vec::new();
    for number in 0..600 {
        put_quickly(dir.path(), &format!("file-{number}"), 3);
        names.push(format!("file-{number}").into());
    }
    for number in 0..20 {
        for file in 0..40 {
            put_quickly(dir.path(), &format!("unit-{number}/out/{}/{file}", file % 3), 3);
        }
        names.push(format!("unit-{number}").into());
    }
    for number in 0..600 {
        put_quickly(dir.path(), &format!("large/{number}"), 3);
    }
    names.push("large".into());
    put_quickly(dir.path(), "kept/file", 3);
    (dir, names)
}

fn rest(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn the_named_entries_go_and_the_others_stay() {
    let (dir, names) = filled();
    let progress = Progress::default();
    let removed = removed_until(dir.path(), &names, &progress);
    assert_eq!(removed, Removed { freed_bytes: 2_000 * 3, ..Removed::default() });
    assert_eq!(rest(dir.path()), ["kept"]);
    assert_eq!((progress.files(), progress.bytes()), (2_000, 6_000));
    assert_eq!(removed_until(dir.path(), &names, &progress), Removed::default());
}

#[test]
fn a_file_is_freed_with_the_last_of_its_names_whoever_deletes_it() {
    for _ in 0..20 {
        let dir = TempDir::new().unwrap();
        for number in 0..100 {
            put_quickly(dir.path(), &format!("one/{number}"), 7);
            fs::create_dir_all(dir.path().join("other")).unwrap();
            let [one, other] =
                ["one", "other"].map(|at| dir.path().join(at).join(number.to_string()));
            fs::hard_link(one, other).unwrap();
        }
        fs::hard_link(dir.path().join("one/5"), dir.path().join("kept")).unwrap();
        let removed = removed(dir.path(), &names(&["one", "other"]));
        assert_eq!((removed.freed_bytes, removed.kept.len()), (99 * 7, 0));
        assert_eq!(rest(dir.path()), ["kept"]);
    }
}

#[test]
fn repositories_stay_however_large_and_are_named_with_what_holds_them() {
    let dir = TempDir::new().unwrap();
    put_quickly(dir.path(), "checkout/.git", 1);
    for number in 0..700 {
        put_quickly(dir.path(), &format!("holds/deep/large/{number}"), 1);
    }
    put_quickly(dir.path(), "holds/deep/large/.git/HEAD", 1);
    put_quickly(dir.path(), "holds/goes", 1);
    put_quickly(dir.path(), "goes/file", 1);
    let removed = removed(dir.path(), &names(&["checkout", "goes", "holds", "nowhere"]));
    assert_eq!(removed.kept, names(&["checkout", "holds"]));
    let left: Vec<_> = removed
        .left
        .iter()
        .map(|(path, reason)| (path.to_str().unwrap(), reason.as_str()))
        .collect();
    assert_eq!(left, [("checkout", "a repository"), ("holds/deep/large", "a repository")]);
    assert_eq!(removed.freed_bytes, 2);
    assert_eq!(rest(&dir.path().join("holds/deep/large")).len(), 701);
    assert_eq!(rest(dir.path()), ["checkout", "holds"]);
}

#[test]
fn links_go_without_what_they_lead_to() {
    let (dir, outside) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    put_quickly(outside.path(), "precious/file", 1);
    symlink(outside.path().join("precious"), dir.path().join("link")).unwrap();
    symlink("nowhere", dir.path().join("dangling")).unwrap();
    let removed = removed(dir.path(), &names(&["link", "dangling"]));
    assert_eq!(removed, Removed::default());
    assert_eq!(rest(dir.path()), <[&str; 0]>::default());
    assert!(outside.path().join("precious/file").exists());
}

#[test]
fn a_name_that_leads_elsewhere_is_refused() {
    let dir = TempDir::new().unwrap();
    put_quickly(dir.path(), "beside/file", 1);
    put_quickly(dir.path(), "here/deep/file", 1);
    let odd = names(&["..", ".", "", "../beside", "deep/file", "deep/", "/"]);
    let removed = removed(&dir.path().join("here"), &odd);
    assert_eq!(removed.kept, odd);
    assert!(removed.left.iter().all(|(_, reason)| reason == "not the name of an entry"));
    assert_eq!(inventory(dir.path()).unwrap().files, 2);
}

#[test]
fn a_deletion_that_was_stopped_says_what_is_still_there() {
    let (dir, all) = filled();
    let progress = Progress::default();
    progress.stop();
    let removed = removed_until(dir.path(), &all, &progress);
    assert_eq!((removed.freed_bytes, &removed.kept), (0, &all));
    assert_eq!(removed.left.len() as u64 + removed.unnamed, all.len() as u64);
    assert_eq!(removed.left[0].1, "the deletion was stopped");
    assert_eq!(inventory(dir.path()).unwrap().files, 2_001);

    let progress = Progress::default();
    let removed = progress.watched(Duration::from_micros(200), Progress::stop, |progress| {
        removed_until(dir.path(), &all, progress)
    });
    let mut kept: Vec<_> = removed.kept.iter().map(|name| name.to_str().unwrap()).collect();
    kept.push("kept");
    kept.sort_unstable();
    assert_eq!(rest(dir.path()), kept);
    let left = inventory(dir.path()).unwrap();
    assert_eq!(left.bytes, 2_001 * 3 - removed.freed_bytes);
}
