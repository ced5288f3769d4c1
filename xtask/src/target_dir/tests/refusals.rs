//! Directories in which nothing is deleted, each for its reason.

use super::*;

/// Holds a cleaning to having deleted nothing for one reason.
#[track_caller]
fn refused(target: &Path, surroundings: &Surroundings, path: &Path, reason: &str) {
    let before = fs::read_dir(target.join("package")).unwrap().count();
    let refusal = refusal(target, surroundings).unwrap();
    assert_eq!((refusal.path.as_path(), refusal.reason.as_str()), (path, reason));
    let done = clean_package_bloat(target, surroundings);
    assert_eq!(done, Cleaned { left: vec![refusal], ..Cleaned::default() });
    assert_eq!(fs::read_dir(target.join("package")).unwrap().count(), before);
    assert!(target.join("package/a-0.1.0/src/lib.rs").exists());
}

fn resolved(target: &TempDir) -> PathBuf {
    target.path().canonicalize().unwrap()
}

#[test]
fn a_home_and_what_holds_one() {
    let target = packaged();
    let (path, below) = (resolved(&target), target.path().join("debug"));
    for home in [target.path(), &below] {
        let homes = vec!["/nowhere/at/all".into(), home.to_path_buf()];
        let surroundings = Surroundings { homes, ..Surroundings::default() };
        refused(&path, &surroundings, &path, "a home directory, or above one");
    }
}

#[test]
fn the_workspace_and_what_holds_it() {
    let target = packaged();
    let (path, below) = (resolved(&target), target.path().join("debug"));
    for workspace in [target.path(), &below] {
        let workspace = workspace.to_path_buf();
        let surroundings = Surroundings { workspace, ..Surroundings::default() };
        refused(&path, &surroundings, &path, "the workspace itself, or above it");
    }
}

#[test]
fn a_workspace_above_or_beside_is_no_obstacle() {
    let outer = TempDir::new().unwrap();
    fs::rename(packaged().keep(), outer.path().join("target")).unwrap();
    fs::create_dir(outer.path().join("ws")).unwrap();
    for workspace in ["", "ws"] {
        let workspace = outer.path().join(workspace);
        let surroundings = Surroundings { homes: vec![workspace.clone()], workspace };
        assert_eq!(refusal(&outer.path().join("target"), &surroundings), None);
    }
}

#[test]
fn a_repository_whatever_keeps_it() {
    for sign in [".git/HEAD", ".git", ".hg/x", ".svn/x", ".jj/x"] {
        let target = packaged();
        let path = resolved(&target);
        put(&path, sign, 1);
        refused(&path, &Surroundings::default(), &path, "a repository");
        let target = packaged();
        let path = resolved(&target);
        put(&path, &format!("package/{sign}"), 1);
        refused(&path, &Surroundings::default(), &path.join("package"), "a repository");
    }
}

#[test]
fn an_unpacked_package_that_holds_a_repository_is_left_as_a_whole() {
    for (sign, place) in [
        ("a-0.1.0/.git/HEAD", ".git"),
        ("a-0.1.0/vendor/x/.git", "vendor/x/.git"),
        ("a-0.1.0/target/debug/build/y/out/.git/HEAD", "target/debug/build/y/out/.git"),
    ] {
        let target = packaged();
        put(target.path(), &format!("package/{sign}"), 1);
        let done = cleaned(target.path());
        let reason = format!("holds a repository: `{place}`");
        assert_eq!(left(&done), [("a-0.1.0".to_owned(), reason.as_str())]);
        assert!(target.path().join("package/a-0.1.0/src/lib.rs").exists());
        assert!(target.path().join("package").join(sign).exists());
        assert_eq!(done.removed.len(), 3, "the others go");
    }
}

#[test]
fn a_directory_that_shows_no_sign_of_cargo() {
    let dir = TempDir::new().unwrap();
    let path = resolved(&dir);
    put(&path, "package/a-0.1.0/src/lib.rs", 1);
    let reason = "no sign of being a target directory of cargo's";
    refused(&path, &Surroundings::default(), &path, reason);
    // The tag of another program's cache, something of the same name, and a packed package alone.
    put(&path, "CACHEDIR.TAG", 100);
    put(&path, ".rustc_info.json", 100);
    put(&path, "debug/.fingerprint", 1);
    put(&path, "package/b-0.1.0.crate", 1);
    refused(&path, &Surroundings::default(), &path, reason);
}

#[test]
fn each_sign_of_cargo_will_do() {
    for (sign, text) in [
        ("CACHEDIR.TAG", TAG),
        (".rustc_info.json", "{\"rustc_fingerprint\":1}"),
        ("release/.fingerprint/x/y", ""),
        ("package/a-0.1.0.crate", ""),
    ] {
        let dir = TempDir::new().unwrap();
        put(dir.path(), "package/a-0.1.0/Cargo.toml", 1);
        disk::write(&dir.path().join(sign), text.as_bytes()).unwrap();
        assert_eq!(cleaned(dir.path()).removed.len(), 1, "{sign}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn the_root_and_mount_points() {
    let ask = |path: &str| {
        let directory = Directory::open_itself(Path::new(path)).unwrap();
        guard::refusal(&directory, Path::new(path), &Surroundings::default())
    };
    assert_eq!(ask("/"), Some("the root directory"));
    assert_eq!(ask("/proc"), Some("a mount point"));
    assert_eq!(ask("/usr"), Some("no sign of being a target directory of cargo's"));
}

#[cfg(target_os = "linux")]
#[test]
fn no_directory_is_opened_across_a_mount_point() {
    let root = || Directory::open_itself(Path::new("/")).unwrap();
    for root in [root(), root().plain()] {
        let crossed = root.child_of_this_mount("proc".as_ref()).unwrap_err();
        assert_eq!(crossed.kind(), io::ErrorKind::CrossesDevices);
        assert!(!root.shares_mount_with(&root.child("proc".as_ref()).unwrap()));
        assert!(root.child_of_this_mount("usr".as_ref()).is_ok());
    }
}
