//! The only place that starts processes: cargo, rustc and git, with the environment a nested cargo needs.
//!
//! No child ever inherits what `cargo run` exported for this program, and none outlives an interrupt.

use std::{
    collections::VecDeque,
    ffi::{OsStr, OsString},
    fs::File,
    io::{BufRead, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use cargo_metadata::{Message, Metadata};
use wait4::Wait4 as _;

use crate::interrupt;

/// Lines of stderr kept for an error message.
const STDERR_TAIL_LINES: usize = 40;

/// Whether cargo's resolver minds `rust-version`; resolver 2 does not by itself.
/// Source: <https://doc.rust-lang.org/cargo/reference/config.html#resolverincompatible-rust-versions>.
const INCOMPATIBLE: &str = "CARGO_RESOLVER_INCOMPATIBLE_RUST_VERSIONS";

/// Cargo, run in one directory with one target directory.
#[derive(Debug, Clone)]
pub(crate) struct Cargo {
    dir: PathBuf,
    target_dir: Option<PathBuf>,
    toolchain: Option<String>,
    offline: bool,
}

/// How a run of cargo ended.
#[derive(Debug, Clone)]
pub(crate) struct Finished {
    pub(crate) success: bool,
    /// Wall time of the whole process.
    pub(crate) wall: Duration,
    /// User and system time of cargo and every process it waited for.
    pub(crate) cpu: Duration,
    /// Largest resident set of any single process, bytes.
    pub(crate) peak_memory_bytes: u64,
    /// The last lines of stderr.
    pub(crate) stderr: String,
}

impl Cargo {
    /// Cargo in `dir`, with the target directory the configuration there names.
    pub(crate) fn new(dir: impl Into<PathBuf>, offline: bool) -> Self {
        Self { dir: dir.into(), target_dir: None, toolchain: None, offline }
    }

    /// The same cargo with a target directory (and build directory) of its own.
    pub(crate) fn with_target_dir(mut self, target_dir: impl Into<PathBuf>) -> Self {
        self.target_dir = Some(target_dir.into());
        self
    }

    /// The same cargo with a toolchain forced by name.
    pub(crate) fn with_toolchain(mut self, toolchain: Option<String>) -> Self {
        self.toolchain = toolchain;
        self
    }

    /// The directory cargo runs in.
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    fn command<S: AsRef<OsStr>>(&self, program: &str, args: &[S]) -> Result<Command> {
        let mut command = base_command(&self.dir, program, args)?;
        if let Some(dir) = &self.target_dir {
            command.env("CARGO_TARGET_DIR", dir).env("CARGO_BUILD_BUILD_DIR", dir);
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
        if let Some(parent) = log.parent() {
            std::fs::create_dir_all(parent)
                .with_context(|| format!("failed to create `{}`", parent.display()))?;
        }
        let mut file = File::create(log)
            .with_context(|| format!("failed to create the log `{}`", log.display()))?;
        writeln!(file, "$ cargo {}", all.join(" "))
            .with_context(|| format!("failed to write `{}`", log.display()))?;
        let mut out = file
            .try_clone()
            .with_context(|| format!("failed to open `{}` twice", log.display()))?;
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
}

/// Whether what a program said means that a disk is full.
pub(crate) fn is_disk_full(said: &str) -> bool {
    said.contains("No space left on device") || said.contains("os error 28")
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

/// The next step where cargo could not reach a registry; empty where that was not the trouble.
pub(crate) fn network_hint(said: &str) -> &'static str {
    const SIGNS: [&str; 6] = [
        "failed to download",
        "failed to fetch",
        "could not resolve host",
        "Could not resolve host",
        "--offline was specified",
        "you may want to free the network",
    ];
    if SIGNS.iter().any(|sign| said.contains(sign)) {
        "\nhint: a registry could not be reached; run `cargo fetch` where it can be, then come back"
    } else {
        ""
    }
}

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

/// A command without what `cargo run` (and so the alias) exported for this program.
fn base_command<S: AsRef<OsStr>>(dir: &Path, program: &str, args: &[S]) -> Result<Command> {
    let shell = xshell::Shell::new().context("failed to read the current directory")?;
    shell.change_dir(dir);
    let mut command = shell.cmd(program).args(args);
    for (key, _) in std::env::vars_os() {
        if key.to_str().is_some_and(is_exported_by_cargo) {
            command = command.env_remove(key);
        }
    }
    if let Some(paths) = library_path_of_the_user() {
        command = command.env(LIBRARY_PATH, paths);
    }
    Ok(command.into())
}

#[cfg(target_os = "macos")]
const LIBRARY_PATH: &str = "DYLD_FALLBACK_LIBRARY_PATH";
#[cfg(windows)]
const LIBRARY_PATH: &str = "PATH";
#[cfg(not(any(target_os = "macos", windows)))]
const LIBRARY_PATH: &str = "LD_LIBRARY_PATH";

/// Variables that cargo and rustup set for a program run by `cargo run`. With `RUSTUP_TOOLCHAIN`
/// set, another workspace's `rust-toolchain.toml` would be ignored.
fn is_exported_by_cargo(key: &str) -> bool {
    const EXACT: [&str; 9] = [
        "CARGO",
        "CARGO_BIN_NAME",
        "CARGO_CRATE_NAME",
        "CARGO_MANIFEST_DIR",
        "CARGO_MANIFEST_PATH",
        "CARGO_PRIMARY_PACKAGE",
        "RUSTUP_TOOLCHAIN",
        "RUST_RECURSION_COUNT",
        "OUT_DIR",
    ];
    EXACT.contains(&key) || key.starts_with("CARGO_PKG_") || key.starts_with("CARGO_BIN_EXE_")
}

/// The library path without the directories that `cargo run` put in front of it.
fn library_path_of_the_user() -> Option<OsString> {
    let value = std::env::var_os(LIBRARY_PATH)?;
    let own = std::env::current_exe().ok()?.parent()?.to_path_buf();
    let rustup = std::env::var_os("RUSTUP_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::home_dir().map(|home| home.join(".rustup")));
    let kept = std::env::split_paths(&value).filter(|path| {
        let toolchain = rustup
            .as_ref()
            .is_some_and(|home| path.starts_with(home.join("toolchains")) && path.ends_with("lib"));
        !path.starts_with(&own) && !toolchain
    });
    std::env::join_paths(kept).ok()
}

/// Spawns, feeds stdout to `read`, tees stderr into `log`, and waits with resource usage.
#[expect(clippy::disallowed_methods, reason = "the one place that may")]
fn run(
    mut command: Command,
    log: Option<File>,
    read: impl FnOnce(&mut dyn BufRead) -> Result<()>,
) -> Result<Finished> {
    interrupt::check()?;
    let program = command.get_program().to_string_lossy().into_owned();
    command.stdin(Stdio::null()).stderr(Stdio::piped());
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let start = Instant::now();
    let mut child = command.spawn().with_context(|| {
        format!("failed to start `{program}`; is it installed and on the PATH?")
    })?;
    let watched = interrupt::Watched::new(child.id());
    let stderr = child.stderr.take().expect("stderr is piped");
    let tail = thread::spawn(move || tee(stderr, log));
    let outcome = match child.stdout.take() {
        Some(stdout) => read(&mut BufReader::new(stdout)),
        None => Ok(()),
    };
    let used = child.wait4().with_context(|| format!("failed to wait for `{program}`"))?;
    let wall = start.elapsed();
    drop(watched);
    let stderr = tail.join().unwrap_or_default();
    interrupt::check()?;
    outcome?;
    Ok(Finished {
        success: used.status.success(),
        wall,
        cpu: used.rusage.utime + used.rusage.stime,
        peak_memory_bytes: used.rusage.maxrss,
        stderr,
    })
}

/// Copies a stream into the log and keeps its last lines.
fn tee(stream: impl std::io::Read, mut log: Option<File>) -> String {
    let mut tail = VecDeque::with_capacity(STDERR_TAIL_LINES);
    let mut reader = BufReader::new(stream);
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line).is_ok_and(|count| count > 0) {
        if let Some(file) = &mut log {
            // A log that cannot be written must not stop the build it describes.
            let _ = file.write_all(&line);
        }
        if tail.len() == STDERR_TAIL_LINES {
            tail.pop_front();
        }
        tail.push_back(String::from_utf8_lossy(&line).into_owned());
        line.clear();
    }
    tail.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cargo_run_exports_is_not_handed_on() {
        for key in ["CARGO", "RUSTUP_TOOLCHAIN", "CARGO_PKG_NAME", "CARGO_MANIFEST_DIR"] {
            assert!(is_exported_by_cargo(key), "{key}");
        }
        for key in
            ["CARGO_HOME", "CARGO_NET_OFFLINE", "CARGO_INCREMENTAL", "RUSTFLAGS", "RUSTUP_HOME"]
        {
            assert!(!is_exported_by_cargo(key), "{key}");
        }
    }

    #[test]
    fn a_failing_cargo_command_says_what_cargo_said() {
        let empty = tempfile::tempdir().unwrap();
        let error = Cargo::new(empty.path(), true).metadata().unwrap_err();
        assert!(format!("{error:#}").contains("Cargo.toml"), "{error:#}");
    }
}
