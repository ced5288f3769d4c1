//! A fault at every single operation: afterwards, all files are old or all are new.

use super::{super::recover::recover_on, *};
use crate::backup::tests::{restore_newest_on, restore_the_restore_on};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Old,
    New,
}

/// Which of two states the workspace is in; a mixture of both, or a left-over, fails.
fn outcome(root: &Path, old: &Tree, new: &Tree, context: &str) -> Outcome {
    let now = tree(root);
    if now == *old {
        Outcome::Old
    } else if now == *new {
        Outcome::New
    } else {
        panic!("{context}: neither old nor new: {now:#?}")
    }
}

fn backups_are_whole(root: &Path, context: &str) {
    let (ids, partial) = ids(&RealFileSystem, root).unwrap();
    assert!(partial.is_empty(), "{context}: {partial:?}");
    for id in ids {
        let journal = load(root, &id);
        journal.verify(&RealFileSystem).unwrap();
        assert_ne!(journal.manifest.state, State::Committing, "{context}");
    }
}

/// The search for a free name takes more looks when an earlier backup is of the same second.
const SLACK: usize = 4;

/// Runs `act` on fresh workspaces from `make`, failing at each operation in turn, and recovers.
fn survives_a_fault_anywhere<T>(
    make: impl Fn() -> TempDir,
    act: impl Fn(&Faulty, &Path) -> Result<T>,
) {
    let root = make();
    let old = tree(root.path());
    let counting = Faulty::counting();
    act(&counting, root.path()).unwrap();
    let new = tree(root.path());
    let operations = counting.operations();
    assert!(operations > 20);
    for fault in Fault::ALL {
        let mut outcomes = Vec::new();
        for at in 0..operations + SLACK {
            let context = format!("{fault:?} at operation {at}");
            let root = make();
            let root = root.path();
            let faulty = Faulty::new(fault, at);
            let result = act(&faulty, root);
            assert!(faulty.struck() || at + SLACK >= operations, "{context}");
            if let (Fault::FULL, Err(error)) = (fault, &result) {
                let error = format!("{error:#}");
                let says_what_and_where = error.contains("no storage space") && error.contains('`');
                assert!(says_what_and_where, "{context}: {error}");
            }
            if matches!(fault, Fault::Error | Fault::LateError) {
                let expected = if result.is_ok() { Outcome::New } else { Outcome::Old };
                assert_eq!(outcome(root, &old, &new, &context), expected, "{context}");
            }
            recover_on(&Faulty::counting(), root).unwrap();
            let outcome = outcome(root, &old, &new, &context);
            if result.is_ok() {
                assert_eq!(outcome, Outcome::New, "{context}");
            }
            backups_are_whole(root, &context);
            outcomes.push(outcome);
        }
        assert!(outcomes.contains(&Outcome::Old), "{fault:?}");
    }
}

#[test]
fn a_commit_survives_a_fault_at_any_operation() {
    let (_, changes) = fixture();
    survives_a_fault_anywhere(|| fixture().0, |fs, root| commit_on(fs, root, &changes, &origin()));
}

#[test]
fn a_commit_of_files_below_the_root_survives_a_fault_at_any_operation() {
    // Nothing here flushes the root by the way, and with it the name of the backup.
    let (_, mut changes) = fixture();
    changes.retain(|change| change.path.starts_with("crates"));
    assert_eq!(changes.len(), 2);
    survives_a_fault_anywhere(|| fixture().0, |fs, root| commit_on(fs, root, &changes, &origin()));
}

#[test]
fn a_restore_that_removes_an_empty_directory_survives_a_fault_at_any_operation() {
    survives_a_fault_anywhere(
        || {
            let (root, changes) = fixture();
            commit_on(&Faulty::counting(), root.path(), &changes, &origin()).unwrap();
            fs::remove_file(root.path().join(".cargo/deep/config.toml")).unwrap();
            root
        },
        restore_newest_on,
    );
}

#[test]
fn a_restore_survives_a_fault_at_any_operation() {
    survives_a_fault_anywhere(
        || {
            let (root, changes) = fixture();
            commit_on(&Faulty::counting(), root.path(), &changes, &origin()).unwrap();
            root
        },
        restore_newest_on,
    );
}

#[test]
fn a_restore_of_a_restore_survives_a_fault_at_any_operation() {
    survives_a_fault_anywhere(
        || {
            let (root, changes) = fixture();
            commit_on(&Faulty::counting(), root.path(), &changes, &origin()).unwrap();
            restore_newest_on(&Faulty::counting(), root.path()).unwrap();
            root
        },
        |fs, root| restore_the_restore_on(fs, &RealFileSystem, root),
    );
}

#[test]
fn recovery_survives_a_fault_at_any_operation() {
    let (root, changes) = fixture();
    let old = tree(root.path());
    let counting = Faulty::counting();
    commit_on(&counting, root.path(), &changes, &origin()).unwrap();
    let new = tree(root.path());
    // Every seventh instant of the crash, then every instant of the recovery from it.
    for crash in (0..counting.operations()).step_by(7) {
        let make = || {
            let root = fixture().0;
            let faulty = Faulty::new(Fault::Crash, crash);
            commit_on(&faulty, root.path(), &changes, &origin()).unwrap_err();
            root
        };
        let counting = Faulty::counting();
        recover_on(&counting, make().path()).unwrap();
        for at in 0..counting.operations() {
            let fault = Fault::ALL[at % Fault::ALL.len()];
            let context = format!("crash at {crash}, then {fault:?} at {at}");
            let root = make();
            let faulty = Faulty::new(fault, at);
            // A file that cannot be told to be unneeded is an error, never passed over.
            let _ = recover_on(&faulty, root.path());
            recover_on(&Faulty::counting(), root.path()).unwrap();
            outcome(root.path(), &old, &new, &context);
            backups_are_whole(root.path(), &context);
        }
    }
}

#[test]
fn what_somebody_saves_during_a_commit_is_not_lost() {
    let (root, changes) = fixture();
    let old = tree(root.path());
    let counting = Faulty::counting();
    commit_on(&counting, root.path(), &changes, &origin()).unwrap();
    let new = tree(root.path());
    let mut lost = Vec::new();
    let mut noticed_last = 0;
    for at in 0..counting.operations() {
        let root = fixture().0;
        let edited = root.path().to_path_buf();
        let edit = move || put(&edited, "crates/a/Cargo.toml", b"edited", 0o600);
        let faulty = Faulty::intruded(at, edit);
        let result = commit_on(&faulty, root.path(), &changes, &origin());
        let mut now = tree(root.path());
        let file = now.get_mut(Path::new("crates/a/Cargo.toml")).unwrap().as_mut().unwrap();
        if file.0 != b"edited" {
            lost.push(at);
        }
        noticed_last = if result.is_err() { at } else { noticed_last };
        let expected = if result.is_ok() { &new } else { &old };
        *file = expected[Path::new("crates/a/Cargo.toml")].clone().unwrap();
        assert_eq!(now, *expected, "at operation {at}: {result:?}");
        backups_are_whole(root.path(), &format!("edited at operation {at}"));
    }
    // Between the last look and the rename there is no operation.
    assert!(lost.len() <= 1, "{lost:?}");
    assert!(lost.iter().all(|at| noticed_last > *at), "all files are read back at the end");
}

#[test]
fn both_errors_are_reported_when_putting_back_fails_too() {
    let (_, changes) = fixture();
    let counting = Faulty::counting();
    commit_on(&counting, fixture().0.path(), &changes, &origin()).unwrap();
    let root = fixture().0;
    let faulty = Faulty::new(Fault::Crash, counting.operations() / 2 + 20);
    let error = commit_on(&faulty, root.path(), &changes, &origin()).unwrap_err();
    let error = format!("{error:#}");
    let id = ids(&RealFileSystem, root.path()).unwrap().0.remove(0);
    assert!(error.starts_with("failed to write: "), "{error}");
    assert!(error.contains("putting the files back failed as well: "), "{error}");
    assert!(error.contains(&format!("the old files are in `{id}`")), "{error}");
}
