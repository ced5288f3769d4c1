//! The one read: the files in the order in which cargo lets them win, and the variables.
//!
//! What cannot be read or parsed is left to cargo, which refuses it with its own words.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use toml_edit::{DocumentMut, Item, Value};

use super::{Layer, Stack};
use crate::{disk, paths};

/// Longer configuration is no configuration; cargo itself reads any.
const MOST_BYTES: u64 = 16 * 1024 * 1024;

/// Files that include files that include files: cargo itself has no limit, but refuses a circle.
const MOST_INCLUDED: usize = 64;

impl Stack {
    /// The configuration that counts in `dir`.
    /// Source: <https://doc.rust-lang.org/cargo/reference/config.html#hierarchical-structure>.
    pub(crate) fn read(dir: &Path) -> Self {
        let home = std::env::var_os("CARGO_HOME")
            .map(PathBuf::from)
            .or_else(|| std::env::home_dir().map(|home| home.join(".cargo")));
        let mut seen = BTreeSet::new();
        let mut layers = Vec::new();
        let ancestors = dir.ancestors().map(|ancestor| ancestor.join(".cargo"));
        for place in ancestors.chain(home.clone()) {
            let is_users = home.as_deref() == Some(place.as_path());
            // Of both names cargo takes the old one.
            let found = ["config", "config.toml"].map(|name| place.join(name));
            if let Some(path) = found.into_iter().find(|path| path.is_file()) {
                add(&path, is_users, &mut seen, &mut layers);
            }
        }
        let variables = std::env::vars_os()
            .filter_map(|(key, value)| {
                let key = key.into_string().ok().filter(|key| is_of_builds(key))?;
                Some((key, value.to_string_lossy().into_owned()))
            })
            .collect();
        Self { layers, variables }
    }
}

fn add(path: &Path, is_users: bool, seen: &mut BTreeSet<PathBuf>, layers: &mut Vec<Layer>) {
    if seen.len() > MOST_INCLUDED || !seen.insert(path.to_path_buf()) {
        return;
    }
    let Ok(Some(bytes)) = disk::read_regular(path, MOST_BYTES) else { return };
    let Ok(document) = String::from_utf8_lossy(&bytes).parse::<DocumentMut>() else { return };
    let included = included(&document, path);
    layers.push(Layer { path: path.to_path_buf(), document, is_users });
    // The file itself wins over what it includes, and a later file over one before it.
    for path in included.iter().rev() {
        add(path, is_users, seen, layers);
    }
}

/// The files that `include` names: strings, or tables with a `path`.
fn included(document: &DocumentMut, path: &Path) -> Vec<PathBuf> {
    let from = path.parent().unwrap_or(Path::new("/"));
    let place = |name: &str| paths::without_dots(&from.join(name));
    let array = document.get("include").and_then(Item::as_array);
    let strings = array.into_iter().flatten().filter_map(|one| {
        let path = |value: &Value| value.as_inline_table()?.get("path")?.as_str().map(place);
        one.as_str().map(place).or_else(|| path(one))
    });
    let tables = document.get("include").and_then(Item::as_array_of_tables);
    let tables = tables.into_iter().flat_map(|tables| tables.iter());
    strings.chain(tables.filter_map(|table| table.get("path")?.as_str().map(place))).collect()
}

/// Whether a variable configures how things are built or run.
fn is_of_builds(key: &str) -> bool {
    const EXACT: [&str; 5] = [
        "RUSTFLAGS",
        "CARGO_ENCODED_RUSTFLAGS",
        "RUSTC",
        "RUSTC_WRAPPER",
        "RUSTC_WORKSPACE_WRAPPER",
    ];
    let is_targets = || {
        let rest = key.strip_prefix("CARGO_TARGET_")?;
        let ends = ["_RUNNER", "_LINKER", "_RUSTFLAGS"];
        Some(ends.iter().any(|end| rest.len() > end.len() && rest.ends_with(end)))
    };
    const BUILD: [&str; 5] =
        ["RUSTC", "RUSTC_WRAPPER", "RUSTC_WORKSPACE_WRAPPER", "RUSTFLAGS", "TARGET"];
    EXACT.contains(&key)
        || key.strip_prefix("CARGO_BUILD_").is_some_and(|rest| BUILD.contains(&rest))
        || key.starts_with("CARGO_PROFILE_")
        || is_targets() == Some(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_an_include_is_followed_and_a_circle_ends() {
        let dir = tempfile::tempdir().unwrap();
        let put = |name: &str, text: &str| disk::write(&dir.path().join(name), text.as_bytes());
        put("ws/.cargo/config.toml", "include = ['a.toml', { path = '../b.toml' }]").unwrap();
        put("ws/.cargo/a.toml", "[[include]]\npath = 'config.toml'\n[build]\nrustc = 'a'").unwrap();
        put("ws/b.toml", "[build]\nrustc = 'b'").unwrap();
        put(".cargo/config", "[build]\nrustc = 'old name'").unwrap();
        put(".cargo/config.toml", "[build]\nrustc = 'outdone'").unwrap();
        let stack = Stack::read(&dir.path().join("ws"));
        let found: Vec<_> =
            stack.files().filter_map(|path| path.strip_prefix(dir.path()).ok()).collect();
        let expected = ["ws/.cargo/config.toml", "ws/b.toml", "ws/.cargo/a.toml", ".cargo/config"];
        assert_eq!(found, expected.map(Path::new));
    }

    #[test]
    fn only_variables_that_configure_builds_are_read() {
        for key in ["RUSTC_WRAPPER", "CARGO_PROFILE_DEV_DEBUG", "CARGO_TARGET_A_B_C_RUNNER"] {
            assert!(is_of_builds(key), "{key}");
        }
        for key in ["CARGO_TARGET_DIR", "CARGO_BUILD_JOBS", "CARGO_HOME", "CARGO_INCREMENTAL"] {
            assert!(!is_of_builds(key), "{key}");
        }
    }
}
