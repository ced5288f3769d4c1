//! Git, which is only read from.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};

use super::process::{Finished, base_command, run};

/// Runs git in `dir`; `None` when git is missing or says no.
pub(crate) fn git(dir: &Path, args: &[&str]) -> Option<String> {
    let command = base_command(dir, "git", args).ok()?;
    let mut text = String::new();
    let finished = run_piped(command, &mut text).ok()?;
    finished.success.then_some(text)
}

/// Writes the files of a tree into a directory, through an index of its own: the repository is only read.
///
/// # Errors
/// When git fails.
pub(crate) fn git_export(dir: &Path, tree: &str, to: &Path) -> Result<()> {
    let index = to.with_extension("xtask-index");
    let prefix = format!("--prefix={}/", to.display());
    for args in [["read-tree", tree].as_slice(), &["checkout-index", "--all", &prefix]] {
        let mut command = base_command(dir, "git", args)?;
        command.env("GIT_INDEX_FILE", &index);
        let finished = run_piped(command, &mut String::new())?;
        if !finished.success {
            bail!("`git {}` failed: {}", args.join(" "), finished.stderr.trim_end());
        }
    }
    std::fs::remove_file(&index).with_context(|| format!("failed to remove `{}`", index.display()))
}

fn run_piped(mut command: Command, text: &mut String) -> Result<Finished> {
    command.stdout(Stdio::piped());
    run(command, None, |reader| {
        reader.read_to_string(text).context("failed to read what git printed")?;
        Ok(())
    })
}
