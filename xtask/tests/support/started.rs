//! The program started and not waited for: what it says as it says it, signals to it, and what it left running.

use std::{
    fs,
    io::{self, BufRead as _, BufReader, Read as _},
    os::unix::process::CommandExt as _,
    path::Path,
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use super::{Fixture, Run, run};

/// In the environment of everything that a run started.
const MARK: &str = "XTASK_TEST_RUN";

/// Far beyond what any step of a test takes: a test that waits for it has failed.
const PATIENCE: Duration = Duration::from_secs(120);

/// Whom a signal is sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum To {
    /// The program alone, as by `kill`.
    Process,
    /// Its process group, as by a terminal.
    Group,
}

/// A run of the program that may not have ended.
pub(crate) struct Started {
    what: String,
    mark: String,
    child: Child,
    stdout: JoinHandle<Vec<u8>>,
    stderr: JoinHandle<()>,
    said: Arc<Said>,
}

/// Lines on stderr so far.
#[derive(Default)]
struct Said {
    text: Mutex<(Vec<u8>, bool)>,
    more: Condvar,
}

impl Fixture {
    /// Starts any command on the workspace.
    pub(crate) fn start(&self, args: &[&str]) -> Started {
        self.start_with(args, |_| {})
    }

    /// The same with more said about the process.
    pub(crate) fn start_with(&self, args: &[&str], more: impl FnOnce(&mut Command)) -> Started {
        let mut command = command(self, env!("CARGO_BIN_EXE_xtask").as_ref());
        command.args(args).arg("--manifest-path").arg(self.path("Cargo.toml"));
        command.stdin(Stdio::null());
        more(&mut command);
        Started::new(args.join(" "), command)
    }

    /// Starts another program in the directory of the workspace, with the environment of all and a stdin on which
    /// nothing comes.
    pub(crate) fn start_other(&self, program: &str, args: &[&str]) -> Started {
        self.start_other_with(program, args, |_| {})
    }

    /// The same with more said about the process.
    pub(crate) fn start_other_with(
        &self,
        program: &str,
        args: &[&str],
        more: impl FnOnce(&mut Command),
    ) -> Started {
        let mut command = command(self, program.as_ref());
        command.args(args).stdin(Stdio::piped()).current_dir(self.root());
        more(&mut command);
        Started::new(format!("{program} {}", args.join(" ")), command)
    }

    /// Names in the temporary directory that the program was given.
    pub(crate) fn left_in_temporary(&self) -> Vec<String> {
        let entries = fs::read_dir(self.temporary()).unwrap();
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect()
    }
}

#[expect(clippy::disallowed_methods, reason = "the program under test")]
fn command(fixture: &Fixture, program: &Path) -> Command {
    let mut command = Command::new(program);
    for key in run::exported() {
        command.env_remove(key);
    }
    command.envs(run::environment(fixture)).current_dir(fixture.root().parent().unwrap());
    command
}

/// Signals to end mean what they mean by default, also where the tests themselves run under `nohup` or in the
/// background of a script, which ignore some of them and hand that on.
fn heed_signals() -> io::Result<()> {
    use nix::sys::signal::{SigHandler, Signal, signal};
    for each in [Signal::SIGHUP, Signal::SIGINT, Signal::SIGTERM] {
        // SAFETY: no handler is installed, one is taken away.
        unsafe { signal(each, SigHandler::SigDfl) }?;
    }
    Ok(())
}

impl Started {
    #[expect(clippy::disallowed_methods, reason = "the program under test")]
    fn new(what: String, mut command: Command) -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let mark = format!("{}-{number}", std::process::id());
        command.env(MARK, &mark).process_group(0);
        // SAFETY: the function only makes system calls, which a process just forked may do.
        unsafe { command.pre_exec(heed_signals) };
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut out = child.stdout.take().unwrap();
        let stdout = thread::spawn(move || {
            let mut bytes = Vec::new();
            out.read_to_end(&mut bytes).unwrap();
            bytes
        });
        let said = Arc::new(Said::default());
        let (heard, err) = (Arc::clone(&said), child.stderr.take().unwrap());
        let stderr = thread::spawn(move || {
            let mut reader = BufReader::new(err);
            let mut line = Vec::new();
            while reader.read_until(b'\n', &mut line).unwrap() > 0 {
                heard.text.lock().unwrap().0.append(&mut line);
                heard.more.notify_all();
            }
            heard.text.lock().unwrap().1 = true;
            heard.more.notify_all();
        });
        Self { what, mark, child, stdout, stderr, said }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits until a text stands on stderr; false if it ended without.
    pub(crate) fn says(&self, text: &str) -> bool {
        let has = |said: &Vec<u8>| String::from_utf8_lossy(said).contains(text);
        let said = self.said.text.lock().unwrap();
        let wait = |said: &mut (Vec<u8>, bool)| !said.1 && !has(&said.0);
        let (said, out) = self.said.more.wait_timeout_while(said, PATIENCE, wait).unwrap();
        assert!(!out.timed_out(), "`{}` never says `{text}`", self.what);
        has(&said.0)
    }

    /// Gives what was asked for on stdin, if the program was started with one. What it asks later is answered by it too.
    pub(crate) fn answer(&self, answers: &str) {
        use std::io::Write as _;
        let mut stdin = self.child.stdin.as_ref();
        if let Some(stdin) = &mut stdin {
            stdin.write_all(answers.as_bytes()).unwrap();
        }
    }

    /// Sends a signal. The process has not been waited for, so the number is its own.
    pub(crate) fn signal(&self, signal: Signal, to: To) {
        let pid = Pid::from_child(&self.child);
        let sent = match to {
            To::Process => kill_process(pid, signal),
            To::Group => kill_process_group(pid, signal),
        };
        sent.unwrap();
    }

    /// Waits for the end.
    pub(crate) fn wait(self) -> Run {
        self.wait_timed().0
    }

    /// Waits for the end, which must come. Also how it ended, for one that died by a signal.
    pub(crate) fn wait_timed(mut self) -> (Run, ExitStatus) {
        let start = Instant::now();
        let status = loop {
            match self.child.try_wait().unwrap() {
                Some(status) => break status,
                None if start.elapsed() > PATIENCE => {
                    let _ = self.child.kill();
                    let said = std::mem::take(&mut self.said.text.lock().unwrap().0);
                    panic!("`{}` does not end: {}", self.what, String::from_utf8_lossy(&said));
                }
                None => thread::sleep(Duration::from_millis(2)),
            }
        };
        let stdout = self.stdout.join().unwrap();
        self.stderr.join().unwrap();
        let stderr = std::mem::take(&mut self.said.text.lock().unwrap().0);
        (Run::new(&[&self.what], Output { status, stdout, stderr }), status)
    }

    /// What tells the processes that it started from others.
    pub(crate) fn mark(&self) -> Mark {
        Mark(format!("{MARK}={}", self.mark).into_bytes())
    }
}

/// Stands in the environment of everything that one run started.
pub(crate) struct Mark(Vec<u8>);

impl Mark {
    /// Processes that are still there, with their arguments. A zombie has no environment any more.
    pub(crate) fn running(&self) -> Vec<String> {
        let processes = fs::read_dir("/proc").unwrap().flatten();
        let processes = processes.filter(|entry| {
            let environment = fs::read(entry.path().join("environ")).unwrap_or_default();
            environment.split(|byte| *byte == 0).any(|variable| variable == self.0)
        });
        let shown = processes.map(|entry| {
            let arguments = fs::read(entry.path().join("cmdline")).unwrap_or_default();
            let arguments = String::from_utf8_lossy(&arguments).replace('\0', " ");
            format!("{} {arguments}", entry.file_name().to_string_lossy())
        });
        shown.collect()
    }
}
