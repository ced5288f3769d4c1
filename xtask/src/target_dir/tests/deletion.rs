//! What a deletion does with trees that are deep, wide, oddly named or partly closed to it.

use std::{
    ffi::OsStr,
    os::unix::{ffi::OsStrExt as _, fs::symlink},
};

use rustix::fs::{CWD, Mode, OFlags};

use super::*;
use crate::target_dir::remove::{NAMED, remove};

/// Makes directories one in the other, far beyond what a path may be long, with a file in the last.
fn dig(below: &Path, depth: usize) {
    let flags = OFlags::DIRECTORY | OFlags::CLOEXEC;
    let mut directory = rustix::fs::openat(CWD, below, flags, Mode::empty()).unwrap();
    for _ in 0..depth {
        rustix::fs::mkdirat(&directory, "deeper", Mode::RWXU).unwrap();
        directory = rustix::fs::openat(&directory, "deeper", flags, Mode::empty()).unwrap();
    }
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::CLOEXEC;
    let file = rustix::fs::openat(&directory, "last", flags, Mode::RWXU).unwrap();
    assert_eq!(rustix::io::write(&file, b"1234567").unwrap(), 7);
}

#[test]
fn however_deep_a_tree_is_it_is_counted_and_goes() {
    let target = packaged();
    dig(&target.path().join("package/a-0.1.0"), 3_000);
    let before = inventory(target.path()).unwrap();
    assert_eq!((before.package.bytes, before.unread), (63 + 7, 0));
    let done = cleaned(target.path());
    assert_eq!((done.freed_bytes, done.removed.len()), (43 + 7, 4), "{:?}", done.left);
    assert_eq!(left_in_package(target.path()), ["a-0.1.0.crate"]);
}

#[test]
fn a_directory_moved_out_while_it_is_deleted_ends_the_deletion() {
    // The ones far above are closed by the time that the last one is reached, and this moves one of those.
    let (target, outside) = (packaged(), TempDir::new().unwrap());
    put(outside.path(), "precious", 5);
    dig(&target.path().join("package/a-0.1.0"), 100);
    let open = |path: &Path| Directory::open_itself(&path.canonicalize().unwrap()).unwrap();
    let mut way = descent::Descent::new(OsStr::new("a"), open(target.path()), ());
    let mut path = target.path().join("package/a-0.1.0");
    for _ in 0..60 {
        path.push("deeper");
        way.enter(descent::Level::new("deeper".into(), open(&path), ()));
    }
    let moved: PathBuf = path.ancestors().nth(40).unwrap().to_path_buf();
    fs::rename(moved, outside.path().join("moved")).unwrap();
    let mut steps = 0;
    let error = loop {
        match way.leave() {
            Ok(Some(_)) => steps += 1,
            Ok(None) => panic!("the top was reached"),
            Err(error) => break error,
        }
    };
    assert_eq!((steps, error.to_string().as_str()), (40, "a directory was moved meanwhile"));
}

#[test]
fn odd_names_are_no_obstacle_and_never_taken_for_cargos() {
    let target = packaged();
    let inside: [&[u8]; 5] = [b"two words", b"line\nbreak", b"\xff\xfe", b"-rf", b"*"];
    for name in inside {
        let dir = target.path().join("package/a-0.1.0").join(OsStr::from_bytes(name));
        disk::write(&dir.join("x"), b"1").unwrap();
        disk::write(&target.path().join("debug").join(OsStr::from_bytes(name)), b"1").unwrap();
    }
    let beside: [&[u8]; 4] = [b"c\xff-1.0.0", b"c-1.0.0\xff", b"c-1.0.0\n", b"c d-1.0.0"];
    for name in beside {
        let dir = target.path().join("package").join(OsStr::from_bytes(name));
        disk::write(&dir.join("mine"), b"1").unwrap();
    }
    assert_eq!(inventory(target.path()).unwrap().files, 12 + 5 + 5 + 4);
    let done = cleaned(target.path());
    assert_eq!((done.removed.len(), done.left.len()), (4, beside.len()));
    for name in beside {
        let dir = target.path().join("package").join(OsStr::from_bytes(name));
        assert!(dir.join("mine").exists());
        let left = done.left.iter().find(|left| left.path.file_name() == dir.file_name());
        assert_eq!(left.unwrap().reason, "not something `cargo package` leaves");
    }
}

#[test]
fn of_very_many_foreign_things_a_few_are_named() {
    let target = packaged();
    for number in 0..50 {
        put(target.path(), &format!("package/note {number}"), 1);
    }
    let done = cleaned(target.path());
    assert_eq!((done.left.len(), done.unnamed), (NAMED, 50 - NAMED as u64));
}

#[test]
fn what_was_made_by_somebody_meanwhile_goes_as_well() {
    // As if it had been made after the directory was read: `remove` starts from what is open.
    let target = packaged();
    let package = target.path().join("package").canonicalize().unwrap();
    let parent = Directory::open_itself(&package).unwrap();
    let name = OsStr::new("a-0.1.0");
    let opened = parent.child(name).unwrap();
    put(&package, "a-0.1.0/late/one", 1);
    assert!(remove(&parent, name, opened, &Progress::default()).is_gone);
}

#[test]
fn a_directory_swapped_for_another_before_it_was_deleted_in_is_not_deleted_in() {
    let (target, outside) = (packaged(), TempDir::new().unwrap());
    put(outside.path(), "home/precious", 5);
    let package = target.path().join("package").canonicalize().unwrap();
    for link in [true, false] {
        let parent = Directory::open_itself(&package).unwrap();
        put(&package, "b-2-0.1.0-rc.1/x", 1);
        let name = OsStr::new("b-2-0.1.0-rc.1");
        let opened = parent.child(name).unwrap();
        fs::rename(package.join(name), outside.path().join("aside")).unwrap();
        if link {
            symlink(outside.path().join("home"), package.join(name)).unwrap();
        } else {
            fs::rename(outside.path().join("home"), package.join(name)).unwrap();
        }
        let removal = remove(&parent, name, opened, &Progress::default());
        assert!(!removal.is_gone && removal.left.len() == 1, "{removal:?}");
        assert!(package.join(name).join("precious").exists());
        // What had been opened is empty, wherever it is now.
        assert_eq!(fs::read_dir(outside.path().join("aside")).unwrap().count(), 0);
        fs::remove_dir(outside.path().join("aside")).unwrap();
        if link {
            fs::remove_file(package.join(name)).unwrap();
        }
    }
}

#[test]
fn links_inside_go_and_what_they_lead_to_stays() {
    let (target, outside) = (packaged(), TempDir::new().unwrap());
    put(outside.path(), "dir/precious", 5);
    let inside = target.path().join("package/a-0.1.0");
    symlink(outside.path().join("dir"), inside.join("absolute")).unwrap();
    symlink("../../../../nowhere", inside.join("dangling")).unwrap();
    symlink("loop", inside.join("loop")).unwrap();
    symlink("..", inside.join("up")).unwrap();
    fs::hard_link(outside.path().join("dir/precious"), inside.join("linked")).unwrap();
    let done = cleaned(target.path());
    assert_eq!((done.freed_bytes, done.removed.len()), (43, 4), "{:?}", done.left);
    assert_eq!(fs::read(outside.path().join("dir/precious")).unwrap(), b"xxxxx");
}

#[test]
fn a_file_with_two_names_inside_is_freed_once() {
    let target = packaged();
    let inside = target.path().join("package/a-0.1.0");
    fs::hard_link(inside.join("src/lib.rs"), inside.join("other.rs")).unwrap();
    assert_eq!(cleaned(target.path()).freed_bytes, 43);
}

#[test]
fn few_directories_are_open_at_a_time() {
    let target = packaged();
    dig(target.path(), 200);
    let mut way =
        descent::Descent::new(OsStr::new(""), Directory::open(target.path()).unwrap(), ());
    let mut most = 0;
    for _ in 0..200 {
        let directory = way.directory().child("deeper".as_ref()).unwrap();
        way.enter(descent::Level::new("deeper".into(), directory, ()));
        most = most.max(way.open());
    }
    assert!((2..=40).contains(&most), "{most}");
}

/// Runs something as a user whom modes stop. They do not stop root.
#[cfg(target_os = "linux")]
fn as_somebody(owner_of: &Path, run: impl FnOnce() + Send) {
    use rustix::process::{Uid, geteuid};

    if !geteuid().is_root() {
        return run();
    }
    let somebody = Uid::from_raw(65534);
    let mut pending = vec![owner_of.to_path_buf()];
    while let Some(path) = pending.pop() {
        rustix::fs::chown(&path, Some(somebody), None).unwrap();
        if path.is_dir() {
            pending.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        }
    }
    // Of this thread alone, which ends.
    std::thread::scope(|scope| {
        scope.spawn(|| {
            rustix::thread::set_thread_res_uid(somebody, somebody, somebody).unwrap();
            run();
        });
    });
}

#[cfg(target_os = "linux")]
#[test]
fn what_may_not_be_deleted_is_named_and_the_rest_goes() {
    use std::os::unix::fs::PermissionsExt as _;

    let target = packaged();
    let package = target.path().join("package");
    for place in ["read-only/kept", "closed/kept", "closed-and-empty/goes", "open/goes"] {
        put(&package, &format!("a-0.1.0/{place}"), 3);
    }
    fs::remove_file(package.join("a-0.1.0/closed-and-empty/goes")).unwrap();
    let set_mode = |dir: &str, mode: u32| {
        let dir = package.join("a-0.1.0").join(dir);
        fs::set_permissions(dir, fs::Permissions::from_mode(mode)).unwrap();
    };
    as_somebody(target.path(), || {
        for (dir, mode) in [("read-only", 0o555), ("closed", 0), ("closed-and-empty", 0)] {
            set_mode(dir, mode);
        }
        let before = inventory(target.path()).unwrap();
        assert_eq!((before.unread, before.package.unpacked.len()), (2, 4));
        let done = cleaned(target.path());
        let denied = "failed to delete: Permission denied (os error 13)";
        assert_eq!(left(&done), [("closed".to_owned(), denied), ("kept".to_owned(), denied)]);
        assert_eq!((done.freed_bytes, done.removed.len()), (43 + 3, 3));
        set_mode("closed", 0o755);
    });
    let rest = fs::read_dir(package.join("a-0.1.0")).unwrap();
    let mut rest: Vec<_> = rest.map(|entry| entry.unwrap().file_name()).collect();
    rest.sort();
    assert_eq!(rest, ["closed", "read-only"]);
    set_mode("read-only", 0o755);
}
