use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
};

use tempfile::TempDir;

use super::*;

const ROOT: &str = "XTASK_TEST_LOCK_ROOT";

#[test]
fn a_second_run_is_refused_until_the_first_is_over() {
    let root = TempDir::new().unwrap();
    let lock = WorkspaceLock::acquire(root.path(), "optimize").unwrap();
    let error = format!("{:#}", WorkspaceLock::acquire(root.path(), "restore").unwrap_err());
    let expected = format!("`optimize`, process {}, since 2", process::id());
    assert!(error.contains("another run is working on"), "{error}");
    assert!(error.contains(&expected), "{error}");
    let note = lock.note.clone();
    drop(lock);
    assert!(!note.exists());
    // A process that another test starts at this moment holds the lock too, until it is a program of its own.
    let again = (0..100).find_map(|_| {
        std::thread::sleep(std::time::Duration::from_millis(20));
        WorkspaceLock::acquire(root.path(), "restore").ok()
    });
    assert!(again.is_some());
}

#[test]
fn workspaces_do_not_share_a_lock_but_two_names_of_one_do() {
    let (one, two) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let _one = WorkspaceLock::acquire(one.path(), "optimize").unwrap();
    let _two = WorkspaceLock::acquire(two.path(), "optimize").unwrap();
    let roundabout = one.path().join("..").join(one.path().file_name().unwrap());
    WorkspaceLock::acquire(&roundabout, "optimize").unwrap_err();
}

#[test]
fn a_lock_leaves_nothing_in_the_workspace() {
    let root = TempDir::new().unwrap();
    let _lock = WorkspaceLock::acquire(root.path(), "optimize").unwrap();
    assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0);
}

#[test]
fn a_note_that_cannot_be_true_is_not_repeated() {
    let root = TempDir::new().unwrap();
    let lock = WorkspaceLock::acquire(root.path(), "optimize").unwrap();
    for note in
        ["", "{}", "{\"pid\":2147483647,\"command\":\"x\",\"since\":\"2025-01-01T00:00:00Z\"}"]
    {
        fs::remove_file(&lock.note).unwrap();
        File::create_new(&lock.note).unwrap().write_all(note.as_bytes()).unwrap();
        let error = WorkspaceLock::acquire(root.path(), "restore").unwrap_err().to_string();
        assert!(error.contains("who that is, it did not say"), "{error}");
    }
}

/// Not a test but the other process of the next one.
#[test]
#[ignore = "started by another test"]
fn holds_a_lock_until_killed() {
    let Some(root) = env::var_os(ROOT) else {
        return;
    };
    let _lock = WorkspaceLock::acquire(Path::new(&root), "optimize --yes").unwrap();
    println!("\nlocked");
    let _ = io::stdin().read_line(&mut String::new());
}

#[expect(clippy::disallowed_methods, reason = "needs a second process of this very program")]
fn holder(root: &Path) -> Child {
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--ignored", "--exact", "--nocapture", "lock::tests::holds_a_lock_until_killed"])
        .env(ROOT, root)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.map_while(Result::ok).any(|line| line == "locked"), "the child has no lock");
    child
}

#[test]
fn the_lock_of_a_killed_process_is_free() {
    let root = TempDir::new().unwrap();
    let mut child = holder(root.path());
    let error = WorkspaceLock::acquire(root.path(), "restore").unwrap_err().to_string();
    let expected = format!("`optimize --yes`, process {}, since ", child.id());
    assert!(error.contains(&expected), "{error}");
    child.kill().unwrap();
    child.wait().unwrap();
    WorkspaceLock::acquire(root.path(), "restore").unwrap();
}
