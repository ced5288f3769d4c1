use std::{
    env, fs,
    io::{self, BufRead as _, BufReader, Write as _},
    process::{self, Child, Command, Stdio},
};

use tempfile::TempDir;

use super::*;

const ROOT: &str = "XTASK_TEST_LOCK_ROOT";

fn refused(root: &Path) -> String {
    WorkspaceLock::acquire(root, "restore").unwrap_err().to_string()
}

/// A process that another test starts at this moment holds the lock too, until it is a program of its own.
#[track_caller]
fn comes_free(root: &Path) {
    let mut tries = (0..10).map(|_| WorkspaceLock::acquire(root, "restore"));
    assert!(tries.any(|tried| tried.is_ok()), "the lock stays");
}

fn put(note: &Note, text: &str) {
    let _ = fs::remove_file(&note.0);
    File::create_new(&note.0).unwrap().write_all(text.as_bytes()).unwrap();
}

#[test]
fn a_second_run_is_refused_until_the_first_is_over() {
    let root = TempDir::new().unwrap();
    let lock = WorkspaceLock::acquire(root.path(), "optimize").unwrap();
    let error = refused(root.path());
    let expected = format!("`optimize`, process {}, since 2", process::id());
    assert!(error.contains("another run is working on"), "{error}");
    assert!(error.contains(&expected), "{error}");
    assert!(error.contains("\nhint: wait for it, or end it"), "{error}");
    let note = lock.note.0.clone();
    drop(lock);
    assert!(!note.exists());
    comes_free(root.path());
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

/// Notes that nobody wrote who holds the lock: garbage, a process that is gone, numbers that were used again.
fn untrue() -> Vec<String> {
    let of = |pid: u32, more: &str| {
        format!("{{\"pid\":{pid},\"command\":\"x\",\"since\":\"2025-01-01T00:00:00Z\"{more}}}")
    };
    #[cfg_attr(not(target_os = "linux"), expect(unused_mut, reason = "there are more elsewhere"))]
    let mut notes = vec![String::new(), "{}".to_owned(), of(2_147_483_647, "")];
    #[cfg(target_os = "linux")]
    {
        let ticks = |pid| proc::status(pid).unwrap().started_ticks;
        notes.push(of(process::id(), &format!(",\"started_ticks\":{}", ticks(process::id()) - 1)));
        // It lives, and it wrote the note, but the lock is another's.
        let other = std::os::unix::process::parent_id();
        notes.push(of(other, &format!(",\"started_ticks\":{}", ticks(other))));
        notes.push(of(other, ",\"started_ticks\":7"));
    }
    notes
}

#[test]
fn a_note_that_cannot_be_true_is_not_repeated() {
    let root = TempDir::new().unwrap();
    let lock = WorkspaceLock::acquire(root.path(), "optimize").unwrap();
    for note in untrue() {
        put(&lock.note, &note);
        let error = refused(root.path());
        assert!(!error.contains("`x`"), "{note}: {error}");
        if cfg!(target_os = "linux") {
            assert!(error.contains(&format!("process {}, which runs since 2", process::id())));
        }
    }
}

#[cfg(unix)]
#[test]
fn a_pipe_or_a_link_in_the_place_of_the_note_is_not_opened() {
    let root = TempDir::new().unwrap();
    let lock = WorkspaceLock::acquire(root.path(), "optimize").unwrap();
    let other = root.path().join("other");
    fs::copy(&lock.note.0, &other).unwrap();
    fs::remove_file(&lock.note.0).unwrap();
    std::os::unix::fs::symlink(&other, &lock.note.0).unwrap();
    assert!(!refused(root.path()).contains("`optimize`"));
    fs::remove_file(&lock.note.0).unwrap();
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    let fifo = rustix::fs::FileType::Fifo;
    if rustix::fs::mknodat(rustix::fs::CWD, &lock.note.0, fifo, mode, 0).is_ok() {
        assert!(!refused(root.path()).contains("`optimize`"));
    }
}

#[test]
fn a_run_that_has_not_said_yet_who_it_is_is_waited_for() {
    let root = TempDir::new().unwrap();
    let canonical = root.path().canonicalize().unwrap();
    let _file = lock(&canonical).unwrap();
    let note = Note::of(&canonical);
    let writer = thread::spawn(move || {
        thread::sleep(PAUSE * 3);
        note.write("optimize").unwrap();
        note
    });
    let error = refused(root.path());
    assert!(error.contains(&format!("`optimize`, process {}, since 2", process::id())), "{error}");
    writer.join().unwrap().remove().unwrap();
}

#[cfg(target_os = "linux")]
#[test]
fn a_run_with_another_temporary_directory_is_found_by_what_the_system_knows() {
    let (root, elsewhere) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let _lock = WorkspaceLock::acquire(root.path(), "optimize").unwrap();
    let note = Note(elsewhere.path().join("note"));
    let canonical = root.path().canonicalize().unwrap();
    let error = WorkspaceLock::acquire_with(&canonical, note, "restore").unwrap_err().to_string();
    let program = env::args().next().unwrap();
    let expected = format!(", process {}, which runs since 2", process::id());
    assert!(error.contains(&expected) && error.contains(&program), "{error}");
}

#[test]
fn what_somebody_wrote_into_a_note_stays_on_one_line() {
    let root = TempDir::new().unwrap();
    let lock = WorkspaceLock::acquire(root.path(), "x\nhint: \x1b[2J").unwrap();
    let error = refused(root.path());
    assert!(error.contains("`xhint: [2J`"), "{error}");
    put(&lock.note, &" ".repeat(5000));
    assert!(!refused(root.path()).contains("`x"));
}

#[test]
fn a_holder_nobody_can_see_is_said_to_be_one() {
    let text = holder::Found::Unknown.refusal(Path::new("/w"));
    assert!(text.contains("`/w`: who that is cannot be seen from here\nhint: "), "{text}");
}

/// Not a test but the other process of the next ones.
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
    let error = refused(root.path());
    let expected = format!("`optimize --yes`, process {}, since ", child.id());
    assert!(error.contains(&expected), "{error}");
    child.kill().unwrap();
    child.wait().unwrap();
    WorkspaceLock::acquire(root.path(), "restore").unwrap();
}

#[cfg(target_os = "linux")]
#[test]
fn a_process_that_is_stopped_still_has_its_lock_and_the_hint_says_so() {
    let root = TempDir::new().unwrap();
    let mut child = holder(root.path());
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::STOP).unwrap();
    let stopped = || proc::status(child.id()).is_some_and(|status| status.state == 'T');
    assert!((0..500).any(|_| stopped() || (thread::sleep(PAUSE), false).1), "it goes on");
    let error = refused(root.path());
    assert!(error.contains(&format!("process {}, since ", child.id())), "{error}");
    assert!(error.contains(&format!("continue it with `kill -CONT {}`", child.id())), "{error}");
    child.kill().unwrap();
    child.wait().unwrap();
}
