use std::{collections::BTreeMap, fs, os::unix::fs::PermissionsExt as _};

use tempfile::TempDir;

use super::{names::ids, *};
use crate::files::faulty::{Fault, Faulty};

mod faults;
mod power;
mod recovery;

/// Everything in a workspace but its backups: directories (`None`), files and links.
pub(crate) type Tree = BTreeMap<PathBuf, Option<(Vec<u8>, u32)>>;

pub(crate) fn tree(root: &Path) -> Tree {
    let mut tree = Tree::new();
    let mut open = vec![root.to_path_buf()];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let entry = entry.unwrap();
            let path = entry.path();
            let relative = path.strip_prefix(root).unwrap().to_path_buf();
            let metadata = fs::symlink_metadata(&path).unwrap();
            let mode = metadata.permissions().mode() & 0o7777;
            if metadata.is_symlink() {
                let end = fs::read_link(&path).unwrap().into_os_string().into_encoded_bytes();
                tree.insert(relative, Some((end, mode)));
            } else if metadata.is_file() {
                tree.insert(relative, Some((fs::read(&path).unwrap(), mode)));
            } else if !entry.file_name().to_str().unwrap().starts_with("backup-") {
                tree.insert(relative, None);
                open.push(path);
            }
        }
    }
    tree
}

#[expect(clippy::disallowed_methods, reason = "makes fixtures")]
pub(crate) fn put(root: &Path, path: &str, bytes: &[u8], mode: u32) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, bytes).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

pub(crate) fn origin() -> Origin {
    Origin {
        tool_version: "0.1.0".into(),
        git_head: Some("c0ffee".into()),
        command: "optimize".into(),
    }
}

pub(crate) fn change(path: &str, before: Option<&[u8]>, after: Option<&[u8]>) -> FileChange {
    FileChange { path: path.into(), before: before.map(Into::into), after: after.map(Into::into) }
}

/// A workspace with odd files, and changes of every kind to it.
pub(crate) fn fixture() -> (TempDir, Vec<FileChange>) {
    let root = TempDir::new().unwrap();
    put(root.path(), "Cargo.toml", b"[workspace]\n", 0o644);
    put(root.path(), "crates/a/Cargo.toml", b"[package]\r\nname = \"a\"\r\n", 0o600);
    put(root.path(), "crates/a/data", b"\0\xff\xfe", 0o755);
    put(root.path(), "stays", b"", 0o444);
    let changes = vec![
        change("Cargo.toml", Some(b"[workspace]\n"), Some(b"[workspace]\nresolver = \"3\"\n")),
        change("crates/a/Cargo.toml", Some(b"[package]\r\nname = \"a\"\r\n"), Some(b"\r\n")),
        change(".cargo/deep/config.toml", None, Some(b"[build]\n")),
        change("crates/a/data", Some(b"\0\xff\xfe"), None),
    ];
    (root, changes)
}

fn commit_fails(root: &Path, changes: &[FileChange]) -> String {
    let before = tree(root);
    let names = ids(&RealFileSystem, root).unwrap();
    let error = format!("{:#}", commit(root, changes, &origin()).unwrap_err());
    assert_eq!(tree(root), before, "a refusal changes nothing");
    assert_eq!(ids(&RealFileSystem, root).unwrap(), names, "a refusal makes no backup");
    error
}

fn load(root: &Path, id: &str) -> Journal {
    Journal::load(&RealFileSystem, root, id).unwrap().unwrap()
}

#[test]
fn a_commit_writes_all_files_and_backs_up_the_old_ones() {
    let (root, changes) = fixture();
    let root = root.path();
    let id = commit(root, &changes, &origin()).unwrap();
    let tree = tree(root);
    let file = |path: &str| tree.get(Path::new(path)).cloned().flatten();
    assert_eq!(file("Cargo.toml"), Some((b"[workspace]\nresolver = \"3\"\n".into(), 0o644)));
    assert_eq!(file("crates/a/Cargo.toml"), Some((b"\r\n".into(), 0o600)), "mode kept");
    assert_eq!(file(".cargo/deep/config.toml").unwrap().0, b"[build]\n");
    assert_eq!(file("crates/a/data"), None);
    assert_eq!(tree.len(), 8, "no temporary file is left: {:?}", tree.keys());

    let journal = load(root, &id);
    journal.verify(&RealFileSystem).unwrap();
    assert_eq!(journal.manifest.state, State::Committed);
    assert_eq!(journal.manifest.created_directories, [".cargo", ".cargo/deep"]);
    let copy = root.join(&id).join("files/crates/a/data");
    assert_eq!(fs::read(&copy).unwrap(), b"\0\xff\xfe");
    assert_eq!(fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o755);
}

#[test]
fn new_files_get_the_mode_that_other_programs_give_them() {
    let (root, changes) = fixture();
    let probe = root.path().join("probe");
    fs::File::create(&probe).unwrap();
    let expected = fs::metadata(&probe).unwrap().permissions().mode() & 0o644;
    commit(root.path(), &changes, &origin()).unwrap();
    let new = fs::metadata(root.path().join(".cargo/deep/config.toml")).unwrap();
    assert_eq!(new.permissions().mode() & 0o777, expected);
}

#[test]
fn all_reasons_to_refuse_are_named_at_once() {
    let (root, _) = fixture();
    let changes = [
        change("../outside", None, Some(b"")),
        change("/etc/passwd", None, Some(b"")),
        change("a//b", None, Some(b"")),
        change(".git/hooks/pre-commit", None, Some(b"")),
        change("backup-20250101-000000/x", None, Some(b"")),
        change("Cargo.toml", Some(b"stale"), Some(b"")),
        change("crates/a/data", None, Some(b"")),
        change("gone", Some(b""), Some(b"1")),
        change("crates", None, Some(b"")),
        change("stays", Some(b""), Some(b"1")),
        change("stays/below", None, Some(b"1")),
        change("new", None, Some(b"1")),
        change("new", None, Some(b"2")),
    ];
    let error = commit_fails(root.path(), &changes);
    for expected in [
        "for 12 reasons",
        "`../outside` is not a plain relative path",
        "`/etc/passwd` is not a plain relative path",
        "`a//b` is not a plain relative path",
        "`.git/hooks/pre-commit` lies in a `.git` directory",
        "`backup-20250101-000000/x` lies in a backup",
        "`Cargo.toml` changed since it was read; run again",
        "`crates/a/data` was created since",
        "`gone` was removed since",
        "`crates` is a directory",
        "`stays` is read-only; `chmod u+w stays`",
        "`stays` is not a directory",
        "`new` is to be changed twice",
    ] {
        assert!(error.contains(expected), "{expected:?} in {error}");
    }
}

#[test]
fn nothing_to_write_is_refused() {
    let (root, _) = fixture();
    let same = change("Cargo.toml", Some(b"[workspace]\n"), Some(b"[workspace]\n"));
    assert!(commit_fails(root.path(), &[same]).contains("nothing to write"));
}

#[test]
fn a_link_inside_the_workspace_is_written_through_and_stays() {
    let (root, _) = fixture();
    let root = root.path();
    put(root, "real/manifest", b"old", 0o640);
    std::os::unix::fs::symlink("../real/manifest", root.join("crates/link")).unwrap();
    std::os::unix::fs::symlink("crates", root.join("members")).unwrap();
    let before = tree(root);
    let id =
        commit(root, &[change("members/link", Some(b"old"), Some(b"new"))], &origin()).unwrap();
    let mut expected = before.clone();
    expected.insert("real/manifest".into(), Some((b"new".into(), 0o640)));
    assert_eq!(tree(root), expected);
    let entry = &load(root, &id).manifest.files[0];
    assert_eq!((&*entry.path, entry.link.as_deref()), ("real/manifest", Some("members/link")));
}

#[test]
fn links_that_leave_the_workspace_or_lead_nowhere_are_refused() {
    let (root, _) = fixture();
    let outside = TempDir::new().unwrap();
    put(outside.path(), "file", b"old", 0o644);
    let link = |end: &Path, name: &str| {
        std::os::unix::fs::symlink(end, root.path().join(name)).unwrap();
    };
    link(outside.path(), "directory");
    link(&outside.path().join("file"), "file");
    link(Path::new("nowhere"), "dangling");
    link(Path::new("Cargo.toml"), "inside");
    for path in ["directory/file", "file"] {
        let error = commit_fails(root.path(), &[change(path, Some(b"old"), Some(b"new"))]);
        assert!(error.contains("leaves the workspace"), "{error}");
    }
    let error = commit_fails(root.path(), &[change("dangling", None, Some(b"new"))]);
    assert!(error.contains("failed to follow the symbolic link `dangling`"), "{error}");
    let error = commit_fails(root.path(), &[change("inside", Some(b"[workspace]\n"), None)]);
    assert!(error.contains("`inside` is a symbolic link"), "{error}");
    assert_eq!(fs::read(outside.path().join("file")).unwrap(), b"old");
}

#[test]
fn two_names_of_one_file_are_refused() {
    let (root, _) = fixture();
    std::os::unix::fs::symlink("Cargo.toml", root.path().join("alias")).unwrap();
    let old: Option<&[u8]> = Some(b"[workspace]\n");
    let changes = [change("Cargo.toml", old, Some(b"1")), change("alias", old, Some(b"2"))];
    assert!(commit_fails(root.path(), &changes).contains("`Cargo.toml` is to be changed twice"));
}

#[test]
fn a_file_below_a_new_file_is_refused() {
    let (root, _) = fixture();
    let changes = [change("new", None, Some(b"1")), change("new/below", None, Some(b"2"))];
    assert!(commit_fails(root.path(), &changes).contains("also a file"));
}

#[test]
fn backups_of_one_second_have_different_names() {
    let (root, _) = fixture();
    let mut seen = Vec::new();
    for number in 0..5_u8 {
        let changes = [change(&format!("new-{number}"), None, Some(&[number]))];
        seen.push(commit(root.path(), &changes, &origin()).unwrap());
    }
    let mut found = ids(&RealFileSystem, root.path()).unwrap().0;
    assert_eq!(found.len(), 5);
    found.sort();
    seen.sort();
    assert_eq!(found, seen);
}

#[test]
fn only_names_that_this_tool_writes_are_backups() {
    for good in ["backup-20250102-030405", "backup-20250102-030405-2", "backup-20250102-030405-10"]
    {
        assert!(names::stamp(good).is_some(), "{good}");
    }
    for bad in [
        "backup-",
        "backup-20250102-030405-1",
        "backup-20250102-030405-02",
        "backup-20251302-030405",
        "backup-20250102-030405-",
        "backup-20250102-030405x",
        "backup-20250102-030405.tmp",
        "backup-20250102-03040ä",
        "backup-20250102-030405-+2",
        "other-20250102-030405",
    ] {
        assert!(names::stamp(bad).is_none(), "{bad}");
    }
}

#[test]
fn recovering_a_sound_workspace_does_nothing() {
    let (root, changes) = fixture();
    put(root.path(), "backup-20240101-000000/Cargo.toml", b"of the shell script", 0o644);
    put(root.path(), "backup-20240101-000000.tmp", b"a file, not ours", 0o644);
    put(root.path(), "crates/.xtask-foreign.tmp", b"not ours", 0o644);
    commit(root.path(), &changes, &origin()).unwrap();
    let before = tree(root.path());
    assert_eq!(recover(root.path()).unwrap(), []);
    assert_eq!(tree(root.path()), before);
}
