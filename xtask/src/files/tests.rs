use std::os::unix::fs::{PermissionsExt as _, symlink};

use tempfile::TempDir;

use super::*;

#[test]
fn only_plain_relative_paths_pass() {
    for good in
        ["Cargo.toml", "crates/a/Cargo.toml", ".cargo/config.toml", "a b/ü", "...", "a\nb/\u{1b}"]
    {
        assert_eq!(relative(Path::new(good)).unwrap(), good);
    }
    for bad in ["", ".", "..", "/", "/a", "a/..", "../a", "a/./b", "a//b", "a/", ".GIT/x"] {
        assert!(relative(Path::new(bad)).is_err(), "{bad:?}");
    }
}

#[test]
fn a_link_is_followed_inside_the_root_and_never_out_of_it() {
    let (root, outside) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let root = root.path().canonicalize().unwrap();
    fs::create_dir(root.join("real")).unwrap();
    symlink("real", root.join("link")).unwrap();
    symlink(outside.path(), root.join("out")).unwrap();
    symlink("loop", root.join("loop")).unwrap();
    let found = |path, links| locate(&RealFileSystem, &root, path, links);
    let located = found("link/a/b", Links::Follow).unwrap();
    assert_eq!((&*located.path, located.kind), ("real/a/b", Kind::Absent));
    assert_eq!(located.missing, ["real/a"]);
    for path in ["link/a", "link"] {
        assert!(found(path, Links::Refuse).is_err(), "{path}");
    }
    for path in ["out/a", "out", "loop/a"] {
        assert!(found(path, Links::Follow).is_err(), "{path}");
    }
}

#[test]
fn links_and_pipes_are_not_read() {
    let root = TempDir::new().unwrap();
    RealFileSystem.write_new(&root.path().join("file"), b"bytes", None, None).unwrap();
    symlink("file", root.path().join("link")).unwrap();
    let pipe = root.path().join("pipe");
    let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, mode, 0).unwrap();
    assert_eq!(RealFileSystem.read(&root.path().join("file")).unwrap(), b"bytes");
    RealFileSystem.read(&root.path().join("link")).unwrap_err();
    RealFileSystem.read(&pipe).unwrap_err();
    assert_eq!(RealFileSystem.kind(&pipe).unwrap(), Kind::Other);
}

#[test]
fn a_new_file_replaces_nothing_and_has_its_mode_whatever_the_umask() {
    let root = TempDir::new().unwrap();
    let path = root.path().join("file");
    RealFileSystem.write_new(&path, b"one", Some(0o666), None).unwrap();
    RealFileSystem.write_new(&path, b"two", None, None).unwrap_err();
    assert_eq!(fs::read(&path).unwrap(), b"one");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o666);
}

#[test]
fn hashes_are_those_of_sha256sum() {
    let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(sha256(b""), empty);
}
