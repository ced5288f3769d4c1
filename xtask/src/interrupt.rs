//! Ctrl-C and its relatives: a flag that long work looks at, and the end of every child process.
//!
//! The handler never exits by itself, so destructors run and temporary directories go.

use std::{
    fmt,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use anyhow::{Context, Result};

static INTERRUPTED: AtomicBool = AtomicBool::new(false);
/// Whether the user is being asked: reading a line does not notice a flag.
static ASKING: AtomicBool = AtomicBool::new(false);
/// Process groups of the running children.
static CHILDREN: Mutex<Vec<u32>> = Mutex::new(Vec::new());

/// Exit code of an interrupted run: as a shell reports a program ended by Ctrl-C.
pub(crate) const EXIT_CODE: u8 = 130;

/// The error of work that was interrupted; `main` turns it into [`EXIT_CODE`].
#[derive(Debug)]
pub(crate) struct Interrupted;

impl fmt::Display for Interrupted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("interrupted; nothing was changed")
    }
}

impl std::error::Error for Interrupted {}

/// Installs the handler for INT, TERM and HUP.
///
/// # Errors
/// When the operating system refuses the handler.
pub(crate) fn install() -> Result<()> {
    ctrlc::set_handler(|| {
        if ASKING.load(Ordering::SeqCst) {
            end_at_question();
        }
        INTERRUPTED.store(true, Ordering::SeqCst);
        for group in children().iter() {
            kill_group(*group);
        }
    })
    .context("failed to install the interrupt handler")
}

/// Runs a question to the user, at which an interrupt ends the program at once: nothing has been made
/// yet that would have to go.
pub(crate) fn at_question<T>(ask: impl FnOnce() -> T) -> T {
    ASKING.store(true, Ordering::SeqCst);
    let answer = ask();
    ASKING.store(false, Ordering::SeqCst);
    answer
}

#[expect(clippy::exit, reason = "the main thread is blocked on reading a line")]
fn end_at_question() -> ! {
    std::process::exit(i32::from(EXIT_CODE))
}

/// Fails once the user has interrupted the run.
///
/// # Errors
/// [`Interrupted`], if so.
pub(crate) fn check() -> Result<()> {
    if INTERRUPTED.load(Ordering::SeqCst) { Err(Interrupted.into()) } else { Ok(()) }
}

/// A child process whose group is ended on an interrupt; forget it by dropping.
#[derive(Debug)]
pub(crate) struct Watched(u32);

impl Watched {
    /// Watches the process group led by `pid`.
    pub(crate) fn new(pid: u32) -> Self {
        children().push(pid);
        // An interrupt between the spawn and the line above saw no child to end.
        if INTERRUPTED.load(Ordering::SeqCst) {
            kill_group(pid);
        }
        Self(pid)
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        children().retain(|pid| *pid != self.0);
    }
}

fn children() -> std::sync::MutexGuard<'static, Vec<u32>> {
    CHILDREN.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

#[cfg(unix)]
fn kill_group(leader: u32) {
    let pid = i32::try_from(leader).ok().and_then(rustix::process::Pid::from_raw);
    if let Some(pid) = pid {
        // The group may be gone already; then there is nothing to end.
        let _ = rustix::process::kill_process_group(pid, rustix::process::Signal::TERM);
    }
}

#[cfg(not(unix))]
fn kill_group(_leader: u32) {
    // Children share the console: they receive Ctrl-C themselves.
}
