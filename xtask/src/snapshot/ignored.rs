//! Which paths git would not show, asked of git or, outside a checkout, of the ignore file at the root.
//!
//! A pattern that cannot be read ignores nothing.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use glob::{MatchOptions, Pattern};

use super::IGNORE_FILE;
use crate::cargo;

/// Which of the probe paths (relative to `root`, a directory ends with `/`) are ignored already.
pub(super) fn of(
    root: &Path,
    files: &BTreeMap<PathBuf, Option<Vec<u8>>>,
    probes: &[&str],
) -> BTreeSet<String> {
    let is_checkout = cargo::git(root, &["rev-parse", "--is-inside-work-tree"]).is_some();
    let bytes = files.get(Path::new(IGNORE_FILE)).and_then(Option::as_deref).unwrap_or_default();
    let lines = String::from_utf8_lossy(bytes);
    let known = |probe: &&&str| match is_checkout {
        true => cargo::git(root, &["check-ignore", "-q", "--", probe]).is_some(),
        false => ignores(&lines, probe),
    };
    probes.iter().filter(known).map(|probe| (*probe).to_owned()).collect()
}

/// Whether `lines` ignore a path or a directory above it; nothing below that one can be taken back.
/// Source: <https://git-scm.com/docs/gitignore>.
pub(crate) fn ignores(lines: &str, probe: &str) -> bool {
    // Git passes a byte order mark over.
    let lines = lines.strip_prefix('\u{feff}').unwrap_or(lines);
    let path = probe.trim_end_matches('/');
    let above = path.match_indices('/').map(|(end, _)| (&path[..end], true));
    above.chain([(path, probe.ends_with('/'))]).any(|(path, is_dir)| {
        // The last line that says anything of a path decides.
        lines.lines().rev().find_map(|line| rule(line, path, is_dir)) == Some(true)
    })
}

/// Whether the line ignores the path or takes it back; `None` if it says nothing of it.
fn rule(line: &str, path: &str, is_dir: bool) -> Option<bool> {
    const OPTIONS: MatchOptions = MatchOptions {
        case_sensitive: true,
        require_literal_separator: true,
        require_literal_leading_dot: false,
    };
    let line = line.trim_end();
    if line.starts_with('#') {
        return None;
    }
    let (line, ignores) = line.strip_prefix('!').map_or((line, true), |rest| (rest, false));
    let (pattern, fits) = line.strip_suffix('/').map_or((line, true), |rest| (rest, is_dir));
    // Without a slash before its end it is a name, at whatever depth.
    let subject = if pattern.contains('/') { path } else { path.rsplit('/').next()? };
    let pattern = Pattern::new(pattern.strip_prefix('/').unwrap_or(pattern)).ok()?;
    (fits && pattern.matches_with(subject, OPTIONS)).then_some(ignores)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ignore_file_is_read_as_git_reads_it() {
        let package = "target/package/example-0.1.0/";
        for (lines, probe, is_ignored) in [
            ("/target/", package, true),
            ("target", package, true),
            ("target/package/*/", package, true),
            ("**/package/*", package, true),
            ("target/**", package, true),
            ("package/", package, true),
            ("/package/", package, false),
            ("target/*.crate", package, false),
            ("# target", package, false),
            ("", package, false),
            ("target/\n!target/", package, false),
            ("target/\n!target/package/", package, true),
            ("!target/\ntarget/  ", package, true),
            ("*.html", "cargo-timing.html", true),
            ("cargo-timing.html/", "cargo-timing.html", false),
            ("*", "backup-20000101-000000/", true),
            ("\u{feff}/backup-*/", "backup-20000101-000000/", true),
            ("[z-a]\n/backup-*/", "backup-20000101-000000/", true),
        ] {
            assert_eq!(ignores(lines, probe), is_ignored, "{lines:?} for {probe}");
        }
    }
}
