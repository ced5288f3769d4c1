//! Power failures: at every operation, with every part of what was not flushed lost.
//!
//! On a file system in memory ([`Model`]), so that millions can be tried. The fast forms try some of the parts, the
//! sweep all of them where they are few.

use super::{super::recover::recover_on, *};
use crate::{
    backup::tests::{restore_newest_on, restore_the_restore_on},
    files::model::{Contents, Model, Torn},
};

const ROOT: &str = "/home/w";

/// Everything outside backups.
fn seen(model: &Model) -> Contents {
    let is_backups = |path: &Path| {
        path.strip_prefix(ROOT).is_ok_and(|path| path.to_string_lossy().starts_with("backup-"))
    };
    model.contents().into_iter().filter(|(path, _)| !is_backups(path)).collect()
}

fn workspace() -> (Model, Vec<FileChange>) {
    let mut contents = Contents::new();
    for directory in ["/home", ROOT, "/home/w/crates", "/home/w/crates/a"] {
        contents.insert(directory.into(), None);
    }
    let (root, changes) = fixture();
    for (path, found) in tree(root.path()) {
        contents.insert(Path::new(ROOT).join(path), found);
    }
    (Model::new(&contents), changes)
}

/// Which of the pending changes survive, as one bit each; every choice if there are at most 2^`bits`.
fn survivors(pending: usize, bits: usize) -> Vec<u64> {
    let all = u64::MAX;
    if pending <= bits {
        return (0..1 << pending).collect();
    }
    let mut chosen = vec![0, all];
    for at in 0..pending.min(64) {
        // One alone survives, one alone is lost, all before one survive, all from one on.
        chosen.extend([1 << at, !(1 << at), (1 << at) - 1, all << at]);
    }
    // And some without any order, always the same ones.
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    for _ in 0..1 << bits {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        chosen.push(random ^ (random >> 29));
    }
    chosen
}

/// Every way in which the power can fail now, but for those left out as more than 2^`bits`.
fn failures(model: &Model, bits: usize) -> impl Iterator<Item = Model> {
    let torn = if model.has_unflushed_bytes() { &Torn::ALL[..] } else { &Torn::ALL[..1] };
    let chosen = survivors(model.pending(), bits);
    chosen.into_iter().flat_map(move |bits| {
        torn.iter()
            .map(move |torn| model.after_power_failure(|at| at >= 64 || bits >> at & 1 == 1, *torn))
    })
}

/// What was tried.
#[derive(Debug, Default)]
struct Tried {
    failures: usize,
    failures_in_recovery: usize,
}

/// Holds the workspace to one of the two states, recovered or to be recovered; mends it first.
fn recovered(model: &Model, old: &Contents, new: &Contents, is_done: bool, context: &str) {
    recover_on(model, Path::new(ROOT)).unwrap_or_else(|error| panic!("{context}: {error:#}"));
    let now = seen(model);
    assert!(now == *new || now == *old && !is_done, "{context}: {now:#?}");
    let (ids, partial) = ids(model, Path::new(ROOT)).unwrap();
    assert!(partial.is_empty(), "{context}: {partial:?}");
    for id in ids {
        let journal = Journal::load(model, Path::new(ROOT), &id).unwrap().unwrap();
        journal.verify(model).unwrap_or_else(|error| panic!("{context}: {error:#}"));
        assert_ne!(journal.manifest.state, State::Committing, "{context}");
    }
}

/// Lets the power fail at each operation of `act`, and again in the recovery from some of these failures.
fn survives_power_failures<T>(
    start: &Model,
    act: impl Fn(&Model, &Path) -> Result<T>,
    (bits, bits_in_recovery): (usize, Option<usize>),
) -> Tried {
    let root = Path::new(ROOT);
    let old = seen(start);
    let counting = start.dying(usize::MAX);
    act(&counting, root).unwrap();
    let new = seen(&counting);
    assert_ne!(old, new);
    let operations = counting.operations();
    let mut tried = Tried::default();
    // Past the last operation the power fails right after all is said to be done.
    for at in 0..=operations + 4 {
        let model = start.dying(at);
        let is_done = act(&model, root).is_ok();
        for (number, failed) in failures(&model, bits).enumerate() {
            let context = format!("power failure {number} at operation {at}");
            tried.failures += 1;
            if let Some(bits) = bits_in_recovery {
                let counting = failed.dying(usize::MAX);
                recover_on(&counting, root).unwrap();
                for again in 0..=counting.operations() {
                    let recovering = failed.dying(again);
                    let _ = recover_on(&recovering, root);
                    for twice in failures(&recovering, bits) {
                        let context = format!("{context}, and at operation {again} of recovery");
                        recovered(&twice, &old, &new, is_done, &context);
                        tried.failures_in_recovery += 1;
                    }
                }
            }
            recovered(&failed, &old, &new, is_done, &context);
        }
    }
    tried
}

fn committed() -> Model {
    let (model, changes) = workspace();
    commit_on(&model, Path::new(ROOT), &changes, &origin()).unwrap();
    model.after_power_failure(|_| true, Torn::Empty)
}

fn restored() -> Model {
    let model = committed();
    restore_newest_on(&model, Path::new(ROOT)).unwrap();
    model.after_power_failure(|_| true, Torn::Empty)
}

/// The three transactions, with power failures in each.
fn all(bits: usize, bits_in_recovery: Option<usize>) -> Tried {
    let (start, changes) = workspace();
    let commit = |fs: &Model, root: &Path| commit_on(fs, root, &changes, &origin());
    let twice = restored();
    let restore_again = |fs: &Model, root: &Path| restore_the_restore_on(fs, &twice, root);
    let depth = (bits, bits_in_recovery);
    let tried = [
        survives_power_failures(&start, commit, depth),
        survives_power_failures(&committed(), restore_newest_on, depth),
        survives_power_failures(&twice, restore_again, depth),
    ];
    tried.into_iter().fold(Tried::default(), |sum, more| Tried {
        failures: sum.failures + more.failures,
        failures_in_recovery: sum.failures_in_recovery + more.failures_in_recovery,
    })
}

#[test]
fn commits_and_restores_survive_a_power_failure_at_any_operation() {
    let tried = all(3, None);
    assert!(tried.failures > 1_000, "{tried:?}");
}

#[test]
fn recovery_survives_a_power_failure_at_any_operation() {
    let (start, mut changes) = workspace();
    changes.truncate(1);
    let commit = |fs: &Model, root: &Path| commit_on(fs, root, &changes, &origin());
    let tried = survives_power_failures(&start, commit, (0, Some(0)));
    assert!(tried.failures_in_recovery > 1_000, "{tried:?}");
}

/// The slow form of both tests above.
#[test]
#[ignore = "takes minutes; .ci/nightly runs it"]
fn sweep_of_power_failures() {
    let tried = all(8, Some(3));
    println!(
        "sweep power failures: {} failures, {} failures in recovery, 0 violations",
        tried.failures, tried.failures_in_recovery
    );
}
