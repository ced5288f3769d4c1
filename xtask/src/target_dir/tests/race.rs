//! Somebody who swaps directories for links to elsewhere while they are cleaned.

use std::{
    collections::BTreeMap,
    io::Write as _,
    os::unix::fs::symlink,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
};

use rustix::fs::{CWD, RenameFlags, renameat_with};

use super::*;
use crate::target_dir::remove::remove;

/// Cleanings for each directory that is swapped. The sweep `cleaning` tries many more.
const ROUNDS: usize = 20;

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

/// A target directory with little more in it than what goes.
fn small() -> TempDir {
    let dir = TempDir::new().unwrap();
    let files = (0..8).map(|number| format!("target/package/a-0.1.0/src/deep/down/{number}"));
    for path in files.chain(["target/CACHEDIR.TAG".to_owned()]) {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        File::create(path).unwrap().write_all(TAG.as_bytes()).unwrap();
    }
    dir
}

/// Cleans again and again while `swapped` and a link to its twin change places, and compares what lies elsewhere.
fn race(swapped: &str, clean: &dyn Fn(&Path)) {
    let swaps = AtomicUsize::new(0);
    // As much cargo's by all signs as what is to be cleaned.
    let outside = small();
    let before = files(outside.path());
    assert_eq!(before.len(), 9);
    for _ in 0..ROUNDS {
        let inside = small();
        let (place, aside) = (inside.path().join(swapped), inside.path().join("aside"));
        symlink(outside.path().join(swapped), &aside).unwrap();
        let done = AtomicBool::new(false);
        // Each exchange is one step: there is no moment at which nothing is there.
        let exchange = || renameat_with(CWD, &place, CWD, &aside, RenameFlags::EXCHANGE);
        exchange().and_then(|()| exchange()).unwrap();
        let earlier = swaps.load(Ordering::Relaxed);
        std::thread::scope(|scope| {
            let swap = scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    swaps.fetch_add(usize::from(exchange().is_ok()), Ordering::Relaxed);
                }
            });
            // It swaps already when the cleaning begins, however the threads are scheduled.
            while swaps.load(Ordering::Relaxed) < earlier + 2 {
                std::thread::yield_now();
            }
            for _ in 0..3 {
                clean(&inside.path().join("target"));
            }
            done.store(true, Ordering::Relaxed);
            swap.join().unwrap();
        });
        assert!(files(outside.path()) == before, "something outside is gone: {swapped}");
    }
    assert!(swaps.load(Ordering::Relaxed) > ROUNDS, "it was hardly ever swapped");
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
        race(swapped, &|target| {
            cleaned(target);
        });
    }
}

#[test]
fn nor_is_it_where_the_system_has_no_newer_call_than_openat() {
    for swapped in ["target/package/a-0.1.0", "target/package/a-0.1.0/src/deep"] {
        race(swapped, &|target| {
            let target = Directory::open(target).unwrap().plain();
            let package = target.child("package".as_ref()).unwrap();
            let name = OsStr::new("a-0.1.0");
            if let Ok(directory) = package.child_of_this_mount(name) {
                remove(&package, name, directory, &Progress::default());
            }
        });
    }
}

#[test]
fn nor_are_entries_deleted_or_looked_into_through_one() {
    for swapped in ["target/package/a-0.1.0", "target/package/a-0.1.0/src/deep"] {
        race(swapped, &|target| {
            let target = Directory::open(target).unwrap();
            let package = target.child("package".as_ref()).unwrap();
            let progress = Progress::default();
            let held = holdings(&package, &progress).unwrap();
            assert!(held.iter().all(|entry| entry.files <= 8), "{held:?}");
            remove_entries(&package, &["a-0.1.0".into()], &progress);
        });
    }
}
