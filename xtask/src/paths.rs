//! Paths by their text alone: no function here looks at a disk.

use std::path::{Component, Path, PathBuf};

/// A path without `.` and `..`, as cargo joins it. A `..` above the root stays at the root.
pub(crate) fn without_dots(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                out.pop();
            }
            part => out.push(part),
        }
    }
    out
}

/// `path` as seen from `root`, with `..` where it lies outside. Both are absolute.
pub(crate) fn relative(root: &Path, path: &Path) -> PathBuf {
    let common = root.components().zip(path.components()).take_while(|(a, b)| a == b).count();
    let up = root.components().skip(common).map(|_| Component::ParentDir);
    up.chain(path.components().skip(common)).collect()
}

/// `path` relative to `root`, if it lies inside.
pub(crate) fn inside(root: &Path, path: &Path) -> Option<PathBuf> {
    let relative = path.strip_prefix(root).ok()?;
    let is_plain = relative.components().all(|part| matches!(part, Component::Normal(_)));
    is_plain.then(|| relative.to_path_buf())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_are_resolved_by_the_text() {
        assert_eq!(without_dots(Path::new("/a/./b/../c")), Path::new("/a/c"));
        assert_eq!(without_dots(Path::new("/../a")), Path::new("/a"));
    }

    #[test]
    fn a_path_outside_is_seen_through_its_parents() {
        assert_eq!(relative(Path::new("/w/a"), Path::new("/w/b/c")), Path::new("../b/c"));
        assert_eq!(relative(Path::new("/w"), Path::new("/w/b")), Path::new("b"));
    }

    #[test]
    fn only_paths_below_the_root_are_inside() {
        assert_eq!(inside(Path::new("/w"), Path::new("/w/a/b")), Some(PathBuf::from("a/b")));
        assert_eq!(inside(Path::new("/w"), Path::new("/v/a")), None);
        assert_eq!(inside(Path::new("/w"), Path::new("/w/../v")), None);
    }
}
