//! Git, which is only read from: no lock is taken, and no hook or monitor of the repository runs.
//!
//! It is asked about the repository that the directory is in, whatever repository the caller was called for.

use std::{
    ffi::OsStr,
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};

use super::process::{Finished, base_command, run};

/// Variables by which a hook, or a shell set up for one repository, leads git to another place.
/// Source: `git rev-parse --local-env-vars`.
const OF_A_REPOSITORY: [&str; 11] = [
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_DIR",
    "GIT_GRAFT_FILE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_NO_REPLACE_OBJECTS",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
];

/// What the configuration of a repository may name as a program even for commands that only read.
const HARMLESS: [&str; 4] = ["-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"];

fn command_in<S: AsRef<OsStr>>(dir: &Path, args: &[S]) -> Result<Command> {
    let fixed = HARMLESS.iter().map(OsStr::new);
    let all: Vec<&OsStr> = fixed.chain(args.iter().map(AsRef::as_ref)).collect();
    let mut command = base_command(dir, "git", &all)?;
    for variable in OF_A_REPOSITORY {
        command.env_remove(variable);
    }
    command.env("GIT_OPTIONAL_LOCKS", "0").env("GIT_TERMINAL_PROMPT", "0");
    Ok(command)
}

/// Runs git in `dir`; `None` when git is missing or says no.
pub(crate) fn git(dir: &Path, args: &[&str]) -> Option<String> {
    let mut command = command_in(dir, args).ok()?;
    // Of a partial clone git would fetch what is missing, by a program that the repository may name.
    command.env("GIT_NO_LAZY_FETCH", "1");
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
        let mut command = command_in(dir, args)?;
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
