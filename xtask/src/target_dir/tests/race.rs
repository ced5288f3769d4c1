//! Somebody who swaps directories for links to elsewhere while they are cleaned.

use std::{
    collections::BTreeMap,
    os::unix::fs::symlink,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
};

use rustix::fs::{CWD, RenameFlags, renameat_with};

use super::*;

/// Cleanings for each directory that is swapped. The sweep `cleaning` tries many more.
const ROUNDS: usize = 40;

/// Every file of a tree with its bytes.
fn files(root: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut pending = vec![root.to_path_buf()];
    while let Some(dir) = pending.pop() {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                pending.push(path);
            } else {
                found.insert(path.clone(), fs::read(path).unwrap());
            }
        }
    }
    found
}

/// A target directory with a few more levels, and its twin elsewhere, which is as much cargo's by all signs.
fn twins() -> (TempDir, TempDir) {
    let both = [TempDir::new().unwrap(), TempDir::new().unwrap()];
    for dir in &both {
        fs::rename(packaged().keep(), dir.path().join("target")).unwrap();
        for number in 0..20 {
            put(dir.path(), &format!("target/package/a-0.1.0/src/deep/down/{number}"), 3);
        }
    }
    let [one, other] = both;
    (one, other)
}

#[test]
fn a_directory_swapped_for_a_link_is_never_deleted_through() {
    for swapped in [
        "target",
        "target/package",
        "target/package/a-0.1.0",
        "target/package/a-0.1.0/src",
        "target/package/a-0.1.0/src/deep/down",
    ] {
        let swaps = AtomicUsize::new(0);
        for _ in 0..ROUNDS {
            let (inside, outside) = twins();
            let before = files(outside.path());
            let (place, aside) = (inside.path().join(swapped), inside.path().join("aside"));
            symlink(outside.path().join(swapped), &aside).unwrap();
            let done = AtomicBool::new(false);
            std::thread::scope(|scope| {
                let swap = scope.spawn(|| {
                    // Each exchange is one step: there is no moment at which nothing is there.
                    while !done.load(Ordering::Relaxed) {
                        let both = (CWD, &place, CWD, &aside);
                        let exchanged =
                            renameat_with(both.0, both.1, both.2, both.3, RenameFlags::EXCHANGE);
                        swaps.fetch_add(usize::from(exchanged.is_ok()), Ordering::Relaxed);
                    }
                });
                for _ in 0..3 {
                    cleaned(&inside.path().join("target"));
                }
                done.store(true, Ordering::Relaxed);
                swap.join().unwrap();
            });
            assert!(files(outside.path()) == before, "something outside is gone: {swapped}");
        }
        assert!(swaps.load(Ordering::Relaxed) > 2 * ROUNDS, "it was hardly ever swapped");
    }
}
