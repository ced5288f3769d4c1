//! Looking at a workspace that nobody has agreed to run: refusals before the first process.
//!
//! Rustup runs the cargo of the toolchain that a file of the workspace names, and that may be a directory.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use toml_edit::DocumentMut;

use super::Cargo;
use crate::{configuration::Stack, disk};

/// Longer files of this kind are none; rustup itself reads any.
const MOST_BYTES: u64 = 1024 * 1024;

/// Refuses where looking at the workspace in `dir` could run a program that lies in it or that it names, and no
/// setting of the environment prevents it.
///
/// # Errors
/// When that is so; the error names the file and the next step.
pub(crate) fn hold_harmless(dir: &Path, offline: bool) -> Result<()> {
    if let Some(refusal) = Stack::read(dir).refusal_to_look(offline) {
        bail!(refusal);
    }
    let files = dir.ancestors().flat_map(|ancestor| {
        ["rust-toolchain", "rust-toolchain.toml"].map(|name| ancestor.join(name))
    });
    for file in files {
        let Ok(Some(bytes)) = disk::read_regular(&file, MOST_BYTES) else { continue };
        let Some(path) = directory(&String::from_utf8_lossy(&bytes)) else { continue };
        // Without rustup nobody heeds the file, and `rustup override` or a nearer file may outdo it.
        let asked = Cargo::new(dir, true).capture("rustup", &["show", "active-toolchain"]);
        if asked.is_ok_and(|active| active.starts_with('/') || active.starts_with(&path)) {
            bail!(
                "`{}` names the toolchain `{}`, whose programs would be run, and this command only looks\n\
                 hint: choose another for this directory with `rustup override set stable --path {}`, or, if you \
                 trust it, run `optimize --yes`",
                file.display(),
                path.escape_debug(),
                dir.display()
            );
        }
    }
    Ok(())
}

/// The directory that a toolchain file names, if it names one; rustup refuses relative ones.
/// Source: <https://rust-lang.github.io/rustup/overrides.html#the-toolchain-file>.
fn directory(text: &str) -> Option<String> {
    let path = match text.parse::<DocumentMut>() {
        Ok(document) => {
            document.get("toolchain")?.as_table_like()?.get("path")?.as_str()?.to_owned()
        }
        // The old form: nothing but a name, or a directory.
        Err(_) => text.trim().to_owned(),
    };
    PathBuf::from(&path).is_absolute().then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_toolchain_by_directory_is_told_from_one_by_name() {
        for by_directory in ["[toolchain]\npath = '/x/t'\n", "toolchain.path = '/x/t'", "/x/t\n"] {
            assert_eq!(directory(by_directory).as_deref(), Some("/x/t"), "{by_directory}");
        }
        for by_name in
            ["[toolchain]\nchannel = '1.95'\n", "stable\n", "[toolchain]\npath = 't'", ""]
        {
            assert_eq!(directory(by_name), None, "{by_name}");
        }
    }
}
