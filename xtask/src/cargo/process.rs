//! Child processes: the environment they get, their end on an interrupt, and what they used.
//!
//! No child ever inherits what `cargo run` exported for this program.

use std::{
    collections::VecDeque,
    ffi::{OsStr, OsString},
    fs::File,
    io::{self, BufRead, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Child, Command, ExitCode, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use wait4::Wait4 as _;

#[cfg(unix)]
use rustix::process::Pid;

#[cfg(unix)]
use super::stream::Bell;
use crate::{interrupt, processors};

/// Lines of stderr kept for an error message.
const STDERR_TAIL_LINES: usize = 40;

/// Nanoseconds that this program has waited for child processes.
static WAITED: AtomicU64 = AtomicU64::new(0);

/// How long this program has waited for cargo, rustc and git in all.
pub(crate) fn waited() -> Duration {
    Duration::from_nanos(WAITED.load(Ordering::Relaxed))
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

/// A command without what `cargo run` (and so the alias) exported for this program.
pub(super) fn base_command<S: AsRef<OsStr>>(
    dir: &Path,
    program: &str,
    args: &[S],
) -> Result<Command> {
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
    if let (true, Some(path)) = (cfg!(unix), std::env::var_os("PATH")) {
        // `.` there would be the workspace, and a `cargo` lying in it would be run.
        command = command.env("PATH", absolute_only(&path));
    }
    if let Some(jobs) = processors::limit() {
        command = command.env("CARGO_BUILD_JOBS", jobs.to_string());
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
        path.is_absolute() && !path.starts_with(&own) && !toolchain
    });
    std::env::join_paths(kept).ok()
}

/// A list of directories without those that depend on the current one.
fn absolute_only(path: &OsStr) -> OsString {
    let kept = std::env::split_paths(path).filter(|path| path.is_absolute());
    std::env::join_paths(kept).unwrap_or_else(|_| path.to_owned())
}

/// Spawns, feeds stdout to `read`, tees stderr into `log`, and waits with resource usage.
pub(super) fn run(
    command: Command,
    log: Option<File>,
    read: impl FnOnce(&mut dyn BufRead) -> Result<()>,
) -> Result<Finished> {
    run_known(command, log, &AtomicU32::new(NO_PROCESS), read)
}

/// In place of the number of a process that does not run.
const NO_PROCESS: u32 = 0;

/// A program that runs beside this one, until it is ended: at the latest when this is dropped, or by an interrupt.
#[derive(Debug)]
pub(crate) struct Background {
    /// Its number while it may be signalled.
    number: Arc<AtomicU32>,
    thread: Option<JoinHandle<Result<Finished>>>,
}

impl Background {
    /// Starts it; what it prints goes to `log`.
    pub(super) fn start(mut command: Command, log: File, out: File) -> Self {
        let number = Arc::new(AtomicU32::new(NO_PROCESS));
        let known = Arc::clone(&number);
        command.stdout(Stdio::piped());
        let thread = thread::spawn(move || {
            let mut out = out;
            run_known(command, Some(log), &known, |reader| {
                io::copy(reader, &mut out).context("failed to write a log").map(drop)
            })
        });
        Self { number, thread: Some(thread) }
    }

    /// Whether it has ended by itself, or never started.
    pub(crate) fn has_ended(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }
}

impl Drop for Background {
    /// Asks it to end and, after two seconds, ends it.
    fn drop(&mut self) {
        const STEP: Duration = Duration::from_millis(10);
        const GRACE_STEPS: u32 = 200;
        for step in 0..2 * GRACE_STEPS {
            if self.has_ended() {
                break;
            }
            let number = self.number.load(Ordering::SeqCst);
            if number != NO_PROCESS && step % GRACE_STEPS == 0 {
                interrupt::end_of_its_own(number, step > 0);
            }
            thread::sleep(STEP);
        }
        if let Some(thread) = self.thread.take().filter(JoinHandle::is_finished) {
            // How it ended is of no account by then.
            let _ = thread.join();
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place that may")]
fn run_known(
    mut command: Command,
    log: Option<File>,
    number: &AtomicU32,
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
    number.store(child.id(), Ordering::SeqCst);
    let (outcome, stderr, ended) = listen(&mut child, log, read);
    let wall = ended.as_ref().map_or_else(|_| start.elapsed(), |end| end.duration_since(start));
    WAITED.fetch_add(u64::try_from(wall.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
    // What cargo started may outlive it; an interrupt ends that too, as long as the number of the group is taken by
    // the leader that was not waited for.
    drop(watched);
    number.store(NO_PROCESS, Ordering::SeqCst);
    let leader = child.id();
    let used = child.wait4().and_then(|used| ended.map(|_| used));
    let used = used.with_context(|| format!("failed to wait for `{program}`"))?;
    if interrupt::is_interrupted() {
        interrupt::wait_for_the_end_of_group(leader);
    }
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

/// Hears a child to its end: what `read` made of its stdout, the last lines of its stderr, and when it ended. Its number
/// stays taken.
#[cfg(unix)]
fn listen(
    child: &mut Child,
    log: Option<File>,
    read: impl FnOnce(&mut dyn BufRead) -> Result<()>,
) -> (Result<()>, String, io::Result<Instant>) {
    let mut streams = || {
        let bell = Bell::new()?;
        let stdout = child.stdout.take().map(|stdout| bell.stream(stdout)).transpose()?;
        let stderr = child.stderr.take().map(|stderr| bell.stream(stderr)).transpose()?;
        Ok::<_, io::Error>((bell, stdout, stderr))
    };
    let streams = streams();
    let leader = Pid::from_child(child);
    let (bell, stdout, stderr) = match streams {
        Ok(streams) => streams,
        // Its pipes are closed, and it ends when it next speaks.
        Err(error) => {
            (child.stdout, child.stderr) = (None, None);
            let failed = Err(error).context("failed to make a pipe");
            return (failed, String::new(), wait_unreaped(leader));
        }
    };
    let tail = thread::spawn(move || stderr.map(|stderr| tee(stderr, log)).unwrap_or_default());
    let end = thread::spawn(move || {
        let ended = wait_unreaped(leader);
        drop(bell);
        ended
    });
    let outcome = match stdout {
        Some(stdout) => read(&mut BufReader::new(stdout)),
        None => Ok(()),
    };
    let ended = end.join().unwrap_or_else(|_| wait_unreaped(leader));
    (outcome, tail.join().unwrap_or_default(), ended)
}

/// Waits for the end of a process and leaves its number taken.
#[cfg(unix)]
fn wait_unreaped(leader: Pid) -> io::Result<Instant> {
    use rustix::process::{WaitId, WaitIdOptions, waitid};
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    rustix::io::retry_on_intr(|| waitid(WaitId::Pid(leader), options))?;
    Ok(Instant::now())
}

/// The same, to the end of the pipes. A handle keeps the number here.
#[cfg(not(unix))]
fn listen(
    child: &mut Child,
    log: Option<File>,
    read: impl FnOnce(&mut dyn BufRead) -> Result<()>,
) -> (Result<()>, String, io::Result<Instant>) {
    let stderr = child.stderr.take();
    let tail = thread::spawn(move || stderr.map(|stderr| tee(stderr, log)).unwrap_or_default());
    let outcome = match child.stdout.take() {
        Some(stdout) => read(&mut BufReader::new(stdout)),
        None => Ok(()),
    };
    let ended = child.wait().map(|_| Instant::now());
    (outcome, tail.join().unwrap_or_default(), ended)
}

/// Copies a stream into the log and keeps its last lines.
fn tee(stream: impl io::Read, mut log: Option<File>) -> String {
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

/// Becomes another program, or runs it and returns its exit code: for a process that was started in its place and adds
/// nothing. It keeps environment, streams and all.
///
/// # Errors
/// When it cannot be started.
#[expect(clippy::disallowed_methods, reason = "the one place that may")]
pub(crate) fn hand_over(program: &OsStr, args: &[OsString]) -> io::Result<ExitCode> {
    let mut command = Command::new(program);
    command.args(args);
    #[cfg(unix)]
    return Err(std::os::unix::process::CommandExt::exec(&mut command));
    #[cfg(not(unix))]
    {
        let code = command.status()?.code().and_then(|code| u8::try_from(code).ok());
        Ok(ExitCode::from(code.unwrap_or(1)))
    }
}

/// Runs a program in such a process, unheard. True: it succeeded.
///
/// # Errors
/// When it cannot be started.
#[expect(clippy::disallowed_methods, reason = "the one place that may")]
pub(crate) fn run_unheard(program: &OsStr, args: &[OsString]) -> io::Result<bool> {
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    Ok(command.status()?.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn programs_are_looked_for_in_absolute_directories_only() {
        for (path, kept) in [(".:/usr/bin::bin:/bin:", "/usr/bin:/bin"), ("/bin", "/bin"), ("", "")]
        {
            assert_eq!(absolute_only(OsStr::new(path)), kept, "{path}");
        }
    }

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
}
