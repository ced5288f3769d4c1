//! Ctrl-C and its relatives: a flag that long work looks at, and the end of every child process.
//!
//! Invariant: the handler never exits by itself, so destructors run and temporary directories go; and once the
//! flag is set no child outlives the wait for it, whatever signals it ignores and whatever group it is in.

use std::{
    fmt,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use anyhow::{Context, Result, bail};

#[cfg(target_os = "linux")]
mod strays;

/// How many signals to end have come.
static SIGNALS: AtomicUsize = AtomicUsize::new(0);
/// Process groups of the running children. Each leader is running or not waited for yet, so that the number is
/// nobody else's.
static CHILDREN: Mutex<Vec<u32>> = Mutex::new(Vec::new());

/// What had left its group when the first signal came.
#[cfg(target_os = "linux")]
static STRAYS: Mutex<Vec<strays::Process>> = Mutex::new(Vec::new());

/// Exit code of an interrupted run: as a shell reports a program ended by Ctrl-C.
pub(crate) const EXIT_CODE: u8 = 130;

/// How long children may take to end by themselves before they are killed; a second interrupt kills them at
/// once. Cargo and rustc take no time. What takes some is a test that stops what it had started.
pub(crate) const GRACE: Duration = Duration::from_secs(2);

/// How long the end of a killed group is waited for: the system needs a moment, and a process in the middle of a
/// write to a failing disk cannot be killed at all.
#[cfg(unix)]
const FAREWELL: Duration = Duration::from_secs(1);

/// How often a question looks whether it was interrupted.
const LOOK: Duration = Duration::from_millis(50);

/// The error of work that was interrupted; `main` turns it into [`EXIT_CODE`].
#[derive(Debug)]
pub(crate) struct Interrupted;

impl fmt::Display for Interrupted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("interrupted; nothing was changed")
    }
}

impl std::error::Error for Interrupted {}

/// Installs the handler for INT, TERM and HUP; a HUP that is ignored, as under `nohup`, stays so.
///
/// # Errors
/// When the operating system refuses the handler.
pub(crate) fn install() -> Result<()> {
    #[cfg(unix)]
    let hangs_up = ignore_hangups();
    ctrlc::set_handler(|| {
        if SIGNALS.fetch_add(1, Ordering::SeqCst) > 0 {
            return kill_all();
        }
        end_all();
        let patience = thread::Builder::new().spawn(|| {
            thread::sleep(GRACE);
            kill_all();
        });
        if patience.is_err() {
            kill_all();
        }
    })
    .context("failed to install the interrupt handler")?;
    #[cfg(unix)]
    if !hangs_up {
        ignore_hangups();
    }
    Ok(())
}

/// Ignores HUP; whether it was not ignored before.
#[cfg(unix)]
fn ignore_hangups() -> bool {
    use nix::sys::signal::{SigHandler, Signal, signal};
    // SAFETY: nothing is called when the signal comes.
    let before = unsafe { signal(Signal::SIGHUP, SigHandler::SigIgn) };
    !matches!(before, Ok(SigHandler::SigIgn))
}

/// Runs a question to the user. On an interrupt it is left unanswered, in a thread that ends with the program:
/// reading a line does not notice a flag.
///
/// # Errors
/// [`Interrupted`], if so.
pub(crate) fn at_question<T: Send + 'static>(
    ask: impl FnOnce() -> T + Send + 'static,
) -> Result<T> {
    let (tell, told) = mpsc::channel();
    let asking = thread::Builder::new().spawn(move || {
        // Nobody listens any more after an interrupt.
        let _ = tell.send(ask());
    });
    asking.context("failed to start a thread")?;
    loop {
        let answer = told.recv_timeout(LOOK);
        check()?;
        match answer {
            Ok(answer) => return Ok(answer),
            Err(mpsc::RecvTimeoutError::Timeout) => {}
            Err(mpsc::RecvTimeoutError::Disconnected) => bail!("the question was not put"),
        }
    }
}

/// Fails once the user has interrupted the run.
///
/// # Errors
/// [`Interrupted`], if so.
pub(crate) fn check() -> Result<()> {
    if is_interrupted() { Err(Interrupted.into()) } else { Ok(()) }
}

/// Whether the user has interrupted the run.
pub(crate) fn is_interrupted() -> bool {
    SIGNALS.load(Ordering::SeqCst) > 0
}

/// A child process whose group is ended on an interrupt; forget it by dropping, before it is waited for.
#[derive(Debug)]
pub(crate) struct Watched(u32);

impl Watched {
    /// Watches the process group led by `pid`.
    pub(crate) fn new(pid: u32) -> Self {
        children().push(pid);
        // An interrupt between the spawn and the line above saw no child to end. It has done nothing yet.
        if is_interrupted() {
            kill_group(pid);
        }
        Self(pid)
    }
}

impl Drop for Watched {
    /// After an interrupt, what is left of the group is killed.
    fn drop(&mut self) {
        let mut children = children();
        if is_interrupted() {
            kill_group(self.0);
        }
        children.retain(|pid| *pid != self.0);
    }
}

/// Asks the process group of a program that this one started to end, or ends it at once.
pub(crate) fn end_of_its_own(leader: u32, at_once: bool) {
    match at_once {
        true => kill_group(leader),
        false => end_group(leader),
    }
}

/// Waits for the end of a group that was killed, after its leader was waited for, and of what had left its group, which
/// may take its time: whoever still writes stands in the way of the removal of the copies.
pub(crate) fn wait_for_the_end_of_group(leader: u32) {
    #[cfg(unix)]
    {
        const STEP: Duration = Duration::from_millis(5);
        let Some(pid) = pid(leader) else { return };
        let is_there = || rustix::process::test_kill_process_group(pid).is_ok();
        let mut waited = Duration::ZERO;
        while waited < FAREWELL && is_there() {
            thread::sleep(STEP);
            waited += STEP;
        }
        while waited < GRACE + FAREWELL && strays_are_there() {
            thread::sleep(STEP);
            waited += STEP;
        }
    }
    #[cfg(not(unix))]
    let _ = leader;
}

/// Asks all to end, and keeps in mind who has left its group: once its parent is gone, nobody can tell whose it is.
fn end_all() {
    let groups = children();
    #[cfg(target_os = "linux")]
    {
        *kept_strays() = strays::outside(&groups);
    }
    for group in groups.iter() {
        end_group(*group);
    }
    #[cfg(target_os = "linux")]
    {
        use rustix::process::Signal;
        strays::signal(&kept_strays(), Signal::TERM);
        strays::signal(&kept_strays(), Signal::CONT);
    }
}

fn kill_all() {
    for group in children().iter() {
        kill_group(*group);
    }
    #[cfg(target_os = "linux")]
    strays::signal(&kept_strays(), rustix::process::Signal::KILL);
}

#[cfg(target_os = "linux")]
fn kept_strays() -> std::sync::MutexGuard<'static, Vec<strays::Process>> {
    STRAYS.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

#[cfg(target_os = "linux")]
fn strays_are_there() -> bool {
    kept_strays().iter().any(strays::is_there)
}

#[cfg(all(unix, not(target_os = "linux")))]
fn strays_are_there() -> bool {
    false
}

fn children() -> std::sync::MutexGuard<'static, Vec<u32>> {
    CHILDREN.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

#[cfg(unix)]
fn pid(leader: u32) -> Option<rustix::process::Pid> {
    i32::try_from(leader).ok().and_then(rustix::process::Pid::from_raw)
}

/// Asks a group to end; one that is stopped goes on, to hear it.
#[cfg(unix)]
fn end_group(leader: u32) {
    use rustix::process::Signal;
    signal_group(leader, Signal::TERM);
    signal_group(leader, Signal::CONT);
}

#[cfg(unix)]
fn kill_group(leader: u32) {
    signal_group(leader, rustix::process::Signal::KILL);
}

#[cfg(unix)]
fn signal_group(leader: u32, signal: rustix::process::Signal) {
    if let Some(pid) = pid(leader) {
        // The group may be gone already; then there is nothing to end.
        let _ = rustix::process::kill_process_group(pid, signal);
    }
}

#[cfg(not(unix))]
fn end_group(_leader: u32) {
    // Children share the console: they receive Ctrl-C themselves.
}

#[cfg(not(unix))]
fn kill_group(_leader: u32) {}
