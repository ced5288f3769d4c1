//! What this user may not write: found before the first write, all of it at once.
//!
//! The tests run the program as another user, for which they have to be started by root.

#![cfg(target_os = "linux")]

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use crate::support::{Fixture, assert_same};

/// The user that owns nothing.
const NOBODY: u32 = 65534;

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn own(path: &Path, user: u32) {
    std::os::unix::fs::lchown(path, Some(user), Some(user)).unwrap();
}

fn own_all(path: &Path, user: u32) {
    own(path, user);
    if path.symlink_metadata().unwrap().is_dir() {
        fs::read_dir(path).unwrap().for_each(|entry| own_all(&entry.unwrap().path(), user));
    }
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// Sets a flag of a file by `chattr`; false where the file system has none.
fn change_flag(flag: &str, path: &Path) -> bool {
    let done = snapbox::cmd::Command::new("chattr").arg(flag).arg(path).output();
    done.is_ok_and(|output| output.status.success())
}

#[test]
fn everything_that_another_user_may_not_write_is_named_at_once() {
    if !is_root() {
        eprintln!("skipped: only root can start a program as another user");
        return;
    }
    let (fixture, _) = Fixture::of_optimized_members();
    own_all(&fixture.temporary().parent().unwrap().join("base"), NOBODY);
    set_mode(fixture.temporary().parent().unwrap(), 0o755);
    own(&fixture.temporary(), NOBODY);
    own(&fixture.path("a/Cargo.toml"), 0);
    set_mode(&fixture.path("b/Cargo.toml"), 0o444);
    own(&fixture.path("c"), 0);
    let sticky = fixture.path("deep/er/d");
    own(&sticky, 0);
    set_mode(&sticky, 0o1777);
    own(&sticky.join("Cargo.toml"), 0);
    set_mode(&sticky.join("Cargo.toml"), 0o666);
    let has_flags = change_flag("+i", &fixture.path(".gitignore"));
    let before = fixture.whole_tree();
    // By force: a mode that the commit did not leave counts as an edit.
    let run = fixture.run_as(NOBODY, &["restore", "--force"]);
    if has_flags {
        assert!(change_flag("-i", &fixture.path(".gitignore")));
        run.says("`.gitignore` cannot be replaced: it is immutable");
    }
    let run = run.exits(2);
    run.says(&format!("for {} reasons", 4 + usize::from(has_flags)))
        .says("`a/Cargo.toml` cannot be replaced: Permission denied")
        .says("`b/Cargo.toml` is read-only; `chmod u+w b/Cargo.toml`")
        .says(&format!("`{}` cannot be written in: Permission denied", fixture.path("c").display()))
        .says("`deep/er/d/Cargo.toml` cannot be replaced: it belongs to user 0");
    assert_same(&before, &fixture.whole_tree());
}

#[test]
fn another_user_who_may_write_everything_restores_to_the_byte() {
    if !is_root() {
        eprintln!("skipped: only root can start a program as another user");
        return;
    }
    let (fixture, before) = Fixture::of_optimized_members();
    own_all(&fixture.temporary().parent().unwrap().join("base"), NOBODY);
    set_mode(fixture.temporary().parent().unwrap(), 0o755);
    own(&fixture.temporary(), NOBODY);
    fixture.run_as(NOBODY, &["restore"]).exits(0);
    assert_same(&before, &fixture.tree());
}

#[test]
fn root_too_is_stopped_by_what_cannot_be_replaced() {
    let (fixture, _) = Fixture::of_optimized_members();
    let flags = [("+i", "a/Cargo.toml"), ("+a", "b/Cargo.toml"), ("+i", "c"), ("+a", ".cargo")];
    if !flags.iter().all(|(flag, path)| change_flag(flag, &fixture.path(path))) {
        eprintln!("skipped: no flags can be set in `{}`", fixture.root().display());
    } else {
        let before = fixture.whole_tree();
        let run = fixture.run(&["restore"]);
        for (flag, path) in flags {
            assert!(change_flag(&flag.replace('+', "-"), &fixture.path(path)));
        }
        let run = run.exits(2);
        run.says("`a/Cargo.toml` cannot be replaced: it is immutable")
            .says("`b/Cargo.toml` cannot be replaced: it is append-only")
            .says(&format!("`{}` cannot be written in: ", fixture.path("c").display()))
            .says(&format!(
                "`{}` cannot be written in: it is append-only",
                fixture.path(".cargo").display()
            ));
        assert_same(&before, &fixture.whole_tree());
    }
    fixture.run(&["restore"]).exits(0);
}
