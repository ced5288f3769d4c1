//! The only place that starts processes: cargo, rustc and git, with the environment a nested cargo needs.
//!
//! No child ever inherits what `cargo run` exported for this program, and none outlives an interrupt.

use std::{
    ffi::{OsStr, OsString},
    fs::File,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};
use cargo_metadata::{Message, Metadata};

mod git;
mod look;
mod process;
mod stream;

pub(crate) use git::{git, git_export};
pub(crate) use look::hold_harmless;
pub(crate) use process::{Background, Finished, hand_over, run_unheard, waited};

use process::{base_command, run};

use crate::configuration::Stack;

/// Whether cargo's resolver minds `rust-version`; resolver 2 does not by itself.
/// Source: <https://doc.rust-lang.org/cargo/reference/config.html#resolverincompatible-rust-versions>.
const INCOMPATIBLE: &str = "CARGO_RESOLVER_INCOMPATIBLE_RUST_VERSIONS";

/// Cargo, run in one directory with one target directory.
#[derive(Debug, Clone)]
pub(crate) struct Cargo {
    dir: PathBuf,
    target_dir: Option<PathBuf>,
    build_dir: Option<PathBuf>,
    temporary: Option<PathBuf>,
    toolchain: Option<String>,
    offline: bool,
    /// Variables besides, the last of a name winning.
    variables: Vec<(String, OsString)>,
    /// Set where it only looks.
    look: Option<Look>,
}

/// What keeps cargo from running what the workspace configures.
#[derive(Debug, Clone)]
struct Look {
    variables: Vec<(&'static str, &'static str)>,
    /// Values for `--config`.
    overrides: Vec<String>,
}

impl Cargo {
    /// Cargo in `dir`, with the target directory the configuration there names.
    pub(crate) fn new(dir: impl Into<PathBuf>, offline: bool) -> Self {
        Self {
            dir: dir.into(),
            target_dir: None,
            build_dir: None,
            temporary: None,
            toolchain: None,
            offline,
            variables: Vec::new(),
            look: None,
        }
    }

    /// The same cargo for a workspace that nobody has agreed to run: it asks the compiler itself about itself,
    /// and hands it no variable that `stack`, the configuration there, sets. For what compiles nothing.
    pub(crate) fn that_looks(mut self, stack: &Stack) -> Self {
        let (variables, overrides) = (stack.variables_to_look(), stack.overrides_to_look());
        self.look = Some(Look { variables, overrides });
        self
    }

    /// The same cargo with a target directory (and build directory) of its own.
    pub(crate) fn with_target_dir(mut self, target_dir: impl Into<PathBuf>) -> Self {
        self.target_dir = Some(target_dir.into());
        self
    }

    /// The same cargo with a build directory other than its target directory.
    pub(crate) fn with_build_dir(mut self, build_dir: impl Into<PathBuf>) -> Self {
        self.build_dir = Some(build_dir.into());
        self
    }

    /// The same cargo without the variables that name its target directory, for a command that names it by a flag:
    /// sccache makes every variable that begins with `CARGO_` a part of its keys.
    pub(crate) fn without_target_variables(mut self) -> Self {
        self.target_dir = None;
        self
    }

    /// The same cargo with a temporary directory of its own: a linker or a test that is killed leaves files there.
    pub(crate) fn with_temporary(mut self, directory: impl Into<PathBuf>) -> Self {
        self.temporary = Some(directory.into());
        self
    }

    /// The same cargo with a toolchain forced by name.
    pub(crate) fn with_toolchain(mut self, toolchain: Option<String>) -> Self {
        self.toolchain = toolchain;
        self
    }

    /// The same cargo with these variables besides; nothing that it sets itself is outdone by them.
    pub(crate) fn with_variables<K: Into<String>, V: Into<OsString>>(
        mut self,
        variables: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        let variables = variables.into_iter().map(|(key, value)| (key.into(), value.into()));
        self.variables.extend(variables);
        self
    }

    /// The directory cargo runs in.
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    fn command<S: AsRef<OsStr>>(&self, program: &str, args: &[S]) -> Result<Command> {
        let mut command = base_command(&self.dir, program, args)?;
        command.envs(self.variables.iter().map(|(key, value)| (key, value)));
        if let Some(dir) = &self.target_dir {
            let build_dir = self.build_dir.as_ref().unwrap_or(dir);
            command.env("CARGO_TARGET_DIR", dir).env("CARGO_BUILD_BUILD_DIR", build_dir);
        }
        if let Some(dir) = &self.temporary {
            let names: &[&str] = if cfg!(windows) { &["TMP", "TEMP"] } else { &["TMPDIR"] };
            command.envs(names.iter().map(|name| (name, dir)));
        }
        if let Some(toolchain) = &self.toolchain {
            command.env("RUSTUP_TOOLCHAIN", toolchain);
        }
        if args.first().is_some_and(|arg| arg.as_ref() == "metadata") {
            // Without this, cargo keeps a cache in the target directory: looking writes nothing.
            command.env("CARGO_CACHE_RUSTC_INFO", "0");
        }
        if args.first().is_some_and(|arg| arg.as_ref() == "update")
            && std::env::var_os(INCOMPATIBLE).is_none()
        {
            // No release that this toolchain, or the one a member states, cannot compile.
            command.env(INCOMPATIBLE, "fallback");
        }
        if program == "cargo" && self.offline {
            command.arg("--offline");
        }
        if let ("cargo", Some(look)) = (program, &self.look) {
            command.envs(look.variables.iter().copied());
            command.args(look.overrides.iter().flat_map(|value| ["--config", value]));
        }
        Ok(command)
    }

    /// `cargo metadata` with the lock file as it is, for every platform.
    ///
    /// # Errors
    /// When cargo rejects the workspace; the error carries cargo's own words.
    pub(crate) fn metadata(&self) -> Result<Metadata> {
        self.read_metadata(&[])
    }

    /// The same with the graph of one host triple only.
    ///
    /// # Errors
    /// As [`Cargo::metadata`].
    pub(crate) fn metadata_for(&self, host: &str) -> Result<Metadata> {
        self.read_metadata(&["--filter-platform", host])
    }

    fn read_metadata(&self, more: &[&str]) -> Result<Metadata> {
        let args = [&["metadata", "--format-version=1", "--locked"], more].concat();
        let text = self.capture("cargo", &args)?;
        serde_json::from_str(&text).context("failed to read the output of `cargo metadata`")
    }

    /// Runs a program to its end and returns what it printed.
    ///
    /// # Errors
    /// When it cannot be started or fails; the error carries its stderr.
    pub(crate) fn capture(&self, program: &str, args: &[&str]) -> Result<String> {
        let mut text = String::new();
        let mut command = self.command(program, args)?;
        command.stdout(Stdio::piped());
        let finished = run(command, None, |reader| {
            reader
                .read_to_string(&mut text)
                .with_context(|| format!("failed to read what `{program}` printed"))?;
            Ok(())
        })?;
        if !finished.success {
            let said = finished.stderr.trim_end();
            bail!("`{program} {}` failed:\n{said}{}", args.join(" "), network_hint(said));
        }
        Ok(text)
    }

    /// Runs cargo with `--message-format=json`, handing each message on and keeping stderr and
    /// rendered diagnostics in `log`.
    ///
    /// # Errors
    /// When cargo cannot be started or the log cannot be written; a failing build is not an error.
    pub(crate) fn messages(
        &self,
        args: &[&str],
        log: &Path,
        mut on_message: impl FnMut(Message),
    ) -> Result<Finished> {
        let mut all = args.to_vec();
        let split = all.iter().position(|arg| *arg == "--").unwrap_or(all.len());
        all.insert(split, "--message-format=json");
        if self.offline {
            all.insert(split, "--offline");
        }
        let online = Self { offline: false, ..self.clone() };
        let mut command = online.command("cargo", &all)?;
        command.stdout(Stdio::piped());
        let (file, mut out) = new_log(log, &format!("cargo {}", all.join(" ")))?;
        let failed = || format!("failed to write the log `{}`", log.display());
        run(command, Some(file), |reader| {
            for message in Message::parse_stream(reader) {
                let message = message.with_context(|| {
                    format!("failed to read the messages of `cargo {}`", all.join(" "))
                })?;
                match &message {
                    Message::CompilerMessage(note) => {
                        if let Some(text) = &note.message.rendered {
                            out.write_all(text.as_bytes()).with_context(failed)?;
                        }
                    }
                    Message::TextLine(line) => {
                        writeln!(out, "{line}").with_context(failed)?;
                    }
                    _ => {}
                }
                on_message(message);
            }
            Ok(())
        })
    }

    /// Runs a command line of the user's through the shell of the system, with the target directory of
    /// this cargo in `CARGO_TARGET_DIR` and what it prints in `log`.
    ///
    /// # Errors
    /// When the shell cannot be started or the log cannot be written; a failing command is not an error.
    pub(crate) fn shell_command(&self, line: &str, log: &Path) -> Result<Finished> {
        let (program, flag) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
        let mut command = self.command(program, &[flag, line])?;
        command.stdout(Stdio::piped());
        let (file, mut out) = new_log(log, line)?;
        run(command, Some(file), |reader| {
            std::io::copy(reader, &mut out)
                .with_context(|| format!("failed to write the log `{}`", log.display()))?;
            Ok(())
        })
    }

    /// Starts a program that runs beside this one, with what it prints in `log`.
    ///
    /// # Errors
    /// When the log cannot be written. That the program cannot be started shows in its end.
    pub(crate) fn background(&self, program: &str, log: &Path) -> Result<Background> {
        let (file, out) = new_log(log, program)?;
        Ok(Background::start(self.command::<&str>(program, &[])?, file, out))
    }
}

/// A new log that begins with the command; twice, for what is said on stdout and on stderr.
fn new_log(log: &Path, command: &str) -> Result<(File, File)> {
    if let Some(parent) = log.parent() {
        std::fs::create_dir_all(parent)
            .with_context(|| format!("failed to create `{}`", parent.display()))?;
    }
    let mut file = File::create(log)
        .with_context(|| format!("failed to create the log `{}`", log.display()))?;
    writeln!(file, "$ {command}")
        .with_context(|| format!("failed to write `{}`", log.display()))?;
    let other =
        file.try_clone().with_context(|| format!("failed to open `{}` twice", log.display()))?;
    Ok((file, other))
}

/// Whether what a program said means that a disk is full, or what this user may have of it.
pub(crate) fn is_disk_full(said: &str) -> bool {
    const SAID: [&str; 4] =
        ["No space left on device", "os error 28", "Disk quota exceeded", "os error 122"];
    SAID.iter().any(|text| said.contains(text))
}

/// The error for a full disk: neither the workspace's fault nor a change's.
pub(crate) fn disk_full(dir: &Path, log: &Path) -> String {
    format!(
        "no space was left on the disk while building `{}`, see `{}`\n\
         hint: make room on the disk of the target directory and of TMPDIR, then run again",
        dir.display(),
        log.display()
    )
}

/// Whether cargo says that it could not reach a registry, or was not to.
pub(crate) fn is_unreachable(said: &str) -> bool {
    const SIGNS: [&str; 7] = [
        "failed to download",
        "failed to fetch",
        "could not resolve host",
        "Could not resolve host",
        "--offline was specified",
        "using offline mode",
        "you may want to free the network",
    ];
    SIGNS.iter().any(|sign| said.contains(sign))
}

/// The next step where cargo could not reach a registry; empty where that was not the trouble.
pub(crate) fn network_hint(said: &str) -> &'static str {
    if is_unreachable(said) {
        "\nhint: a registry could not be reached; run `cargo fetch` where it can be, then come back"
    } else {
        ""
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_cargo_command_says_what_cargo_said() {
        let empty = tempfile::tempdir().unwrap();
        let error = Cargo::new(empty.path(), true).metadata().unwrap_err();
        assert!(format!("{error:#}").contains("Cargo.toml"), "{error:#}");
    }
}
