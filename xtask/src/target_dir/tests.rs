use std::{
    fs::{self, File},
    io::Write as _,
};

use tempfile::TempDir;

use super::clean::Cleaned;
use super::*;
use crate::disk;

#[cfg(unix)]
mod deletion;
#[cfg(unix)]
mod entries;
mod parallel;
#[cfg(target_os = "linux")]
mod race;
mod refusals;

const TAG: &str = "Signature: 8a477f597d28d172789f06886806bc55\n\
                   # This file is a cache directory tag created by cargo.\n";

/// A target directory as cargo 1.95 leaves it after `cargo package` of two packages.
fn packaged() -> TempDir {
    let dir = TempDir::new().unwrap();
    let files = [
        ("debug/.cargo-lock", 0),
        ("debug/deps/liba-1.rlib", 100),
        ("debug/build/b-2/output", 50),
        ("debug/examples/e", 7),
        ("package/a-0.1.0.crate", 20),
        ("package/a-0.1.0/Cargo.toml", 5),
        ("package/a-0.1.0/src/lib.rs", 6),
        ("package/b-2-0.1.0-rc.1/Cargo.toml", 9),
        ("package/tmp-crate/a-0.1.0.crate", 20),
        ("package/tmp-registry/.cargo-lock", 0),
        ("package/tmp-registry/index/1/a", 3),
    ];
    for (path, bytes) in files {
        put(dir.path(), path, bytes);
    }
    tag(dir.path());
    dir
}

/// As cargo does when it makes the directory.
fn tag(target: &Path) {
    disk::write(&target.join("CACHEDIR.TAG"), TAG.as_bytes()).unwrap();
}

fn put(target: &Path, path: &str, bytes: usize) {
    disk::write(&target.join(path), &vec![b'x'; bytes]).unwrap();
}

/// The same without a flush, for very many files.
fn put_quickly(target: &Path, path: &str, bytes: usize) {
    let path = target.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    File::create(path).unwrap().write_all(&vec![b'x'; bytes]).unwrap();
}

fn cleaned(target: &Path) -> Cleaned {
    clean_package_bloat(target, &Surroundings::default())
}

#[test]
fn space_is_told_by_directory_and_a_file_with_two_names_counts_once() {
    let dir = TempDir::new().unwrap();
    for (path, bytes) in [
        ("CACHEDIR.TAG", 1),
        ("debug/app.d", 2),
        ("debug/deps/app-1", 100),
        ("debug/build/b-1/out/deps/x", 10),
        ("x86_64-unknown-none/release/deps/liba.rlib", 1000),
        ("release/deps/libb.rlib", 50),
        ("xtask/runs/1/report.json", 9),
    ] {
        put(dir.path(), path, bytes);
    }
    #[cfg(unix)]
    fs::hard_link(dir.path().join("debug/deps/app-1"), dir.path().join("debug/app")).unwrap();
    let all = space(dir.path(), Path::new("")).unwrap();
    assert_eq!(all.bytes, 1163);
    assert_eq!(all.artifacts, 4);
    let (linked, unlinked) = if cfg!(unix) { (102, 0) } else { (2, 100) };
    let expected = [
        ("", 1),
        ("debug", linked),
        ("debug/build", 10),
        ("debug/deps", unlinked),
        ("release/deps", 50),
        ("x86_64-unknown-none/release/deps", 1000),
    ];
    let expected: Vec<_> = expected.into_iter().filter(|(_, bytes)| *bytes > 0).collect();
    let parts: Vec<_> = all.parts.iter().map(|(part, bytes)| (part.as_str(), *bytes)).collect();
    assert_eq!(parts, expected);
    let release = space(dir.path(), Path::new("release")).unwrap();
    assert_eq!((release.bytes, release.artifacts), (50, 1));
    assert_eq!(release.parts.keys().collect::<Vec<_>>(), ["release/deps"]);
}

/// What is left beneath `package/`, names only.
fn left_in_package(target: &Path) -> Vec<String> {
    let entries = fs::read_dir(target.join("package")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

/// Name and reason of what a cleaning left.
fn left(cleaned: &Cleaned) -> Vec<(String, &str)> {
    let left = cleaned.left.iter();
    left.map(|left| (file_name(&left.path), left.reason.as_str())).collect()
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

#[test]
fn names_that_cargo_package_gives_are_bloat() {
    for name in [
        "a-0.1.0",
        "b-2-0.1.0",
        "tiny-pkg-0.1.0-rc.1",
        "x86_64-1.2.3+build-7.1",
        "_a-1.0.0",
        "a-1-2-3.0.0",
        "tmp-crate",
        "tmp-registry",
    ] {
        assert!(is_bloat(name.as_ref()), "{name}");
    }
    for name in [
        "a",
        "a-1",
        "a-1.0",
        "-1.0.0",
        "1.0.0",
        "2a-x",
        "notes",
        ".a-1.0.0",
        "a b-1.0.0",
        "a-1.0.0 ",
        "a-1.0.0\n",
        "a\n-1.0.0",
        "a-01.0.0",
        "tmp",
        "",
    ] {
        assert!(!is_bloat(name.as_ref()), "{name}");
    }
}

#[test]
fn an_inventory_counts_files_artifacts_and_the_package_directory() {
    let target = packaged();
    put(target.path(), "xtask/shadow/debug/deps/y", 1000);
    let found = inventory(target.path()).unwrap();
    assert_eq!(found.bytes, TAG.len() as u64 + 100 + 50 + 7 + 63);
    assert_eq!(found.files, 12);
    assert_eq!(found.artifacts, 2);
    assert_eq!(found.own_bytes, 1000);
    assert_eq!(found.package.bytes, 63);
    assert_eq!(found.package.crates, 1);
    let unpacked: Vec<_> = found
        .package
        .unpacked
        .iter()
        .map(|found| (file_name(&found.path), found.bytes, found.files))
        .collect();
    let expected = [
        ("a-0.1.0", 11, 2),
        ("b-2-0.1.0-rc.1", 9, 1),
        ("tmp-crate", 20, 1),
        ("tmp-registry", 3, 2),
    ];
    assert_eq!(unpacked, expected.map(|(name, bytes, files)| (name.to_owned(), bytes, files)));
}

#[test]
fn no_target_directory_is_an_empty_one() {
    let dir = TempDir::new().unwrap();
    let missing = dir.path().join("target");
    assert_eq!(inventory(&missing).unwrap(), Inventory::default());
    assert_eq!(cleaned(&missing), Cleaned::default());
}

#[test]
fn bloat_goes_and_the_crate_files_stay() {
    let target = packaged();
    let done = cleaned(target.path());
    assert_eq!(left_in_package(target.path()), ["a-0.1.0.crate"]);
    assert_eq!(done.freed_bytes, 11 + 9 + 20 + 3);
    assert_eq!(done.removed.len(), 4);
    assert_eq!(done.left, []);
    assert!(target.path().join("debug/deps/liba-1.rlib").exists());
}

#[test]
fn cleaning_agrees_with_the_inventory() {
    let target = packaged();
    let before = inventory(target.path()).unwrap();
    let resolved = target.path().canonicalize().unwrap();
    let done = cleaned(target.path());
    let after = inventory(target.path()).unwrap();
    assert_eq!(before.bytes - after.bytes, done.freed_bytes);
    let relative = |root: &Path, found: &[Unpacked]| -> Vec<PathBuf> {
        let paths = found.iter().map(|found| found.path.strip_prefix(root));
        paths.map(|path| path.unwrap().to_path_buf()).collect()
    };
    assert_eq!(
        relative(target.path(), &before.package.unpacked),
        relative(&resolved, &done.removed)
    );
}

#[test]
fn cleaning_twice_does_nothing_the_second_time() {
    let target = packaged();
    cleaned(target.path());
    assert_eq!(cleaned(target.path()), Cleaned::default());
}

#[test]
fn dependency_builds_of_older_cargos_go_too() {
    let target = packaged();
    put(target.path(), "package/a-0.1.0/target/debug/deps/x", 1_000_000);
    assert_eq!(cleaned(target.path()).freed_bytes, 1_000_000 + 43);
}

#[test]
fn foreign_things_are_left_and_named() {
    let target = packaged();
    put(target.path(), "package/notes/a", 1);
    put(target.path(), "package/readme.txt", 1);
    put(target.path(), "package/c-1.0.0", 1);
    let done = cleaned(target.path());
    let foreign = "not something `cargo package` leaves";
    assert_eq!(
        left(&done),
        ["c-1.0.0", "notes", "readme.txt"].map(|name| (name.to_owned(), foreign))
    );
    assert!(target.path().join("package/notes/a").exists());
}

#[test]
fn nothing_is_deleted_while_cargo_package_holds_its_lock() {
    for lock in ["tmp-crate/a-0.1.0.crate", "tmp-registry/.cargo-lock"] {
        let target = packaged();
        let held = File::open(target.path().join("package").join(lock)).unwrap();
        held.lock().unwrap();
        let done = cleaned(target.path());
        assert_eq!(done.removed, []);
        assert!(done.left[0].reason.contains("a running cargo holds"), "{done:?}");
        drop(held);
        assert_eq!(cleaned(target.path()).removed.len(), 4);
    }
}

#[cfg(unix)]
mod on_unix {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_file_with_two_names_counts_once() {
        let target = packaged();
        let (name, other) = ("debug/deps/liba-1.rlib", "debug/liba.rlib");
        fs::hard_link(target.path().join(name), target.path().join(other)).unwrap();
        let found = inventory(target.path()).unwrap();
        assert_eq!((found.bytes, found.files, found.artifacts), (TAG.len() as u64 + 220, 12, 2));
    }

    #[test]
    fn what_has_a_name_elsewhere_is_not_freed() {
        let target = packaged();
        let (name, other) = ("package/a-0.1.0/src/lib.rs", "kept.rs");
        fs::hard_link(target.path().join(name), target.path().join(other)).unwrap();
        assert_eq!(cleaned(target.path()).freed_bytes, 43 - 6);
    }

    #[test]
    fn links_are_not_counted() {
        let target = packaged();
        let before = inventory(target.path()).unwrap();
        symlink("/", target.path().join("debug/root")).unwrap();
        symlink("deps/liba-1.rlib", target.path().join("debug/deps/other.rlib")).unwrap();
        assert_eq!(inventory(target.path()).unwrap(), before);
    }

    #[test]
    fn a_link_named_like_bloat_is_left_and_so_is_what_it_leads_to() {
        let (target, elsewhere) = (packaged(), TempDir::new().unwrap());
        put(elsewhere.path(), "precious", 1);
        symlink(elsewhere.path(), target.path().join("package/c-1.0.0")).unwrap();
        let done = cleaned(target.path());
        assert_eq!(left(&done), [("c-1.0.0".to_owned(), "a link")]);
        assert!(target.path().join("package/c-1.0.0/precious").exists());
    }

    #[test]
    fn a_link_within_bloat_goes_without_what_it_leads_to() {
        let (target, elsewhere) = (packaged(), TempDir::new().unwrap());
        put(elsewhere.path(), "precious", 1);
        symlink(elsewhere.path(), target.path().join("package/a-0.1.0/out")).unwrap();
        assert_eq!(cleaned(target.path()).removed.len(), 4);
        assert!(elsewhere.path().join("precious").exists());
    }

    #[test]
    fn a_package_directory_that_is_a_link_is_refused_and_not_counted() {
        let (target, elsewhere) = (packaged(), packaged());
        let package = target.path().join("package");
        fs::remove_dir_all(&package).unwrap();
        symlink(elsewhere.path().join("package"), &package).unwrap();
        let done = cleaned(target.path());
        assert_eq!(done.left[0].reason, "a link or not a directory");
        assert!(elsewhere.path().join("package/a-0.1.0/src/lib.rs").exists());
        let found = inventory(target.path()).unwrap();
        assert_eq!(found.package, PackageDir::default());
    }

    #[test]
    fn a_target_directory_that_is_a_link_is_refused_and_counted() {
        let (dir, elsewhere) = (TempDir::new().unwrap(), packaged());
        let target = dir.path().join("target");
        symlink(elsewhere.path(), &target).unwrap();
        assert_eq!(cleaned(&target).removed, []);
        assert_eq!(cleaned(&target).left.len(), 1);
        assert_eq!(inventory(&target).unwrap().files, 12);
    }

    #[test]
    fn a_link_above_the_target_directory_is_no_obstacle() {
        let (dir, real) = (TempDir::new().unwrap(), TempDir::new().unwrap());
        fs::rename(packaged().keep(), real.path().join("target")).unwrap();
        symlink(real.path(), dir.path().join("checkout")).unwrap();
        let target = dir.path().join("checkout/target");
        assert_eq!(cleaned(&target).removed.len(), 4);
    }
}
