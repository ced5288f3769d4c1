//! The program under strace: its system calls counted, and one of them disturbed.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use crate::support::Fixture;

/// Every call by which the program looks at, makes, changes or removes files, or makes them durable.
pub(crate) const CALLS: [&str; 31] = [
    "open",
    "openat",
    "openat2",
    "creat",
    "read",
    "write",
    "writev",
    "pwrite64",
    "sendfile",
    "copy_file_range",
    "rename",
    "renameat",
    "renameat2",
    "link",
    "linkat",
    "symlink",
    "symlinkat",
    "unlink",
    "unlinkat",
    "rmdir",
    "mkdir",
    "mkdirat",
    "chmod",
    "fchmod",
    "fchmodat",
    "fchown",
    "ftruncate",
    "fsync",
    "fdatasync",
    "flock",
    "close",
];

/// Those of the calls that take space, and may therefore meet a full disk or a quota.
pub(crate) const TAKING_SPACE: [&str; 12] = [
    "openat",
    "write",
    "writev",
    "pwrite64",
    "sendfile",
    "copy_file_range",
    "rename",
    "renameat",
    "renameat2",
    "mkdir",
    "mkdirat",
    "fsync",
];

/// One way to disturb a call.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Disturbance {
    /// The process is killed as it makes the call.
    Kill,
    /// The call fails once.
    Fail(&'static str),
    /// It and every later one of its kind fail.
    KeepFailing(&'static str),
}

/// Whether there is a strace that may trace.
pub(crate) fn is_there() -> bool {
    let tried = Command::new("strace")
        .args(["-qq", "-o", "/dev/null", "true"])
        .stderr(Stdio::null())
        .status();
    let works = tried.is_ok_and(|status| status.success());
    if !works {
        println!("skipped: there is no strace, or it may not trace");
    }
    works
}

/// A command on the workspace of a fixture.
pub(crate) struct Traced<'a> {
    pub(crate) fixture: &'a Fixture,
    pub(crate) args: &'a [&'a str],
}

impl Traced<'_> {
    fn run(&self, options: &[String]) -> Output {
        let mut command = Command::new("strace");
        // Only the first thread is traced: it makes every change.
        command.arg("-qq").args(options).arg("--").arg(env!("CARGO_BIN_EXE_xtask"));
        command.args(self.args).arg("--manifest-path").arg(self.fixture.path("Cargo.toml"));
        command
            .env("TMPDIR", self.fixture.temporary())
            .env("NO_COLOR", "1")
            .env("CARGO_NET_OFFLINE", "true");
        command
            .env_remove("CARGO")
            .env_remove("RUSTUP_TOOLCHAIN")
            .current_dir(self.fixture.root().parent().unwrap());
        command.stdin(Stdio::null()).output().unwrap()
    }

    /// How often each call is made: before the first that names a backup, and in all.
    pub(crate) fn counted(&self) -> BTreeMap<&'static str, (usize, usize)> {
        let log = self.log();
        let output = self.run(&[
            "-o".into(),
            log.display().to_string(),
            "-e".into(),
            format!("trace={}", known().join(",")),
        ]);
        let text = fs::read_to_string(&log).unwrap();
        assert!(!text.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
        fs::remove_file(&log).unwrap();
        let mut counts: BTreeMap<&'static str, (usize, usize)> = BTreeMap::new();
        let mut has_begun = false;
        for line in text.lines() {
            has_begun |= line.contains("/backup-");
            let Some(call) = CALLS.iter().find(|call| line.starts_with(&format!("{call}("))) else {
                continue;
            };
            let (before, all) = counts.entry(call).or_default();
            *before += usize::from(!has_begun);
            *all += 1;
        }
        counts
    }

    /// Runs it with the `number`-th call of a kind, counted from 1, disturbed.
    pub(crate) fn disturbed(&self, call: &str, number: usize, how: Disturbance) -> Output {
        let inject = match how {
            Disturbance::Kill => format!("inject={call}:signal=SIGKILL:when={number}"),
            Disturbance::Fail(error) => format!("inject={call}:error={error}:when={number}"),
            Disturbance::KeepFailing(error) => {
                format!("inject={call}:error={error}:when={number}+")
            }
        };
        self.run(&[
            "-o".into(),
            "/dev/null".into(),
            "-e".into(),
            format!("trace={call}"),
            "-e".into(),
            inject,
        ])
    }

    fn log(&self) -> PathBuf {
        self.fixture.root().with_file_name("calls")
    }
}

/// Calls that the kernel of this machine has; some have only the newer ones.
fn known() -> Vec<&'static str> {
    let is_known = |call: &&str| {
        let trace = format!("trace={call}");
        let tried =
            Command::new("strace").args(["-qq", "-o", "/dev/null", "-e", &trace, "true"]).output();
        tried.is_ok_and(|output| output.status.success())
    };
    CALLS.into_iter().filter(is_known).collect()
}

/// Puts a directory in the place of another one, with modes and links.
pub(crate) fn replace(directory: &Path, with: &Path) {
    if directory.exists() {
        fs::remove_dir_all(directory).unwrap();
    }
    let done = Command::new("cp").arg("-a").args([with, directory]).status().unwrap();
    assert!(done.success(), "failed to copy `{}`", with.display());
}
