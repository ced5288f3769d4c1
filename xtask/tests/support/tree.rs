//! What lies in a directory: bytes, modes, links, empty directories.

use std::{collections::BTreeMap, fs, path::Path};

/// Path relative to the root, and what is there: kind or mode, then content.
pub(crate) type Tree = BTreeMap<String, (String, Vec<u8>)>;

/// Everything below `root` but entries directly in it whose name is left out.
pub(crate) fn tree(root: &Path, left_out: &dyn Fn(&str) -> bool) -> Tree {
    let mut out = Tree::new();
    let mut pending = vec![root.to_path_buf()];
    while let Some(directory) = pending.pop() {
        for entry in fs::read_dir(&directory).unwrap() {
            let path = entry.unwrap().path();
            let relative = name(path.strip_prefix(root).unwrap());
            if left_out(&relative) {
                continue;
            }
            let metadata = fs::symlink_metadata(&path).unwrap();
            let mode = mode(&metadata);
            let found = if metadata.is_symlink() {
                let end = fs::read_link(&path).unwrap().into_os_string().into_encoded_bytes();
                ("link".to_owned(), end)
            } else if metadata.is_dir() {
                pending.push(path);
                (format!("directory {mode}"), Vec::new())
            } else {
                (format!("file {mode}"), fs::read(&path).unwrap())
            };
            out.insert(relative, found);
        }
    }
    out
}

/// A path as text; one that is none has its odd bytes escaped, so that two of them stay two.
fn name(path: &Path) -> String {
    path.to_str().map_or_else(|| format!("{path:?}"), str::to_owned)
}

#[cfg(unix)]
fn mode(metadata: &fs::Metadata) -> String {
    use std::os::unix::fs::PermissionsExt as _;
    format!("{:o}", metadata.permissions().mode() & 0o7777)
}

#[cfg(not(unix))]
fn mode(metadata: &fs::Metadata) -> String {
    format!("{}", metadata.permissions().readonly())
}

/// Holds one state of a directory to another, naming what differs.
#[track_caller]
pub(crate) fn assert_same(before: &Tree, after: &Tree) {
    let paths: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let word = |found: Option<&(String, Vec<u8>)>| match found {
        Some((kind, bytes)) => format!("{kind}\n{}", String::from_utf8_lossy(bytes)),
        None => "absent".to_owned(),
    };
    let differing: Vec<String> = paths
        .into_iter()
        .filter(|path| before.get(*path) != after.get(*path))
        .map(|path| {
            let (old, new) = (word(before.get(path)), word(after.get(path)));
            format!("`{path}` was {old}\n`{path}` is {new}")
        })
        .collect();
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}
