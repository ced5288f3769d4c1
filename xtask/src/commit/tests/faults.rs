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
            if !fault.is_fatal() {
                let expected = if result.is_ok() {
                    Outcome::New
                } else {
                    Outcome::Old
                };
                assert_eq!(outcome(root, &old, &new, &context), expected, "{context}");
            }
            faulty.lose_unflushed();
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
    survives_a_fault_anywhere(
        || fixture().0,
        |fs, root| commit_on(fs, root, &changes, &origin()),
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
        restore_the_restore_on,
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
            faulty.lose_unflushed();
            recover_on(&Faulty::counting(), root.path()).unwrap();
            outcome(root.path(), &old, &new, &context);
            backups_are_whole(root.path(), &context);
        }
    }
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
    assert!(
        error.contains("putting the files back failed as well: "),
        "{error}"
    );
    assert!(
        error.contains(&format!("the old files are in `{id}`")),
        "{error}"
    );
}
