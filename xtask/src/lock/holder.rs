//! Who holds a lock: what that process noted, held against what the system knows.
//!
//! Invariant: nobody is named who may not be the holder. A note counts only while its process lives, is
//! the one that wrote it and, where the system tells, is the one that has the lock.

use std::{
    fs::{self, File},
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
    process,
};

use chrono::{DateTime, FixedOffset, Local};
use serde::{Deserialize, Serialize};

use super::{place, proc};

/// More than any note this tool writes.
const MAX_NOTE_BYTES: u64 = 4096;

/// Of a command line that the system tells; it may be as long as a book.
const MAX_COMMAND_CHARS: usize = 200;

/// The file in the temporary directory in which the holder of a lock says who it is.
#[derive(Debug, Clone)]
pub(super) struct Note(pub(super) PathBuf);

/// What the file says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Noted {
    pid: u32,
    command: String,
    since: DateTime<FixedOffset>,
    /// When the process started, in the system's ticks: numbers of processes are used again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    started_ticks: Option<u64>,
}

/// What could be found out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    /// It said so itself.
    Noted(Noted),
    /// It left no note here, but the system knows its process.
    Seen(Seen),
    Unknown,
}

/// A process as the system shows it.
#[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "nothing is shown there"))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) pid: u32,
    /// Its arguments, with blanks between them.
    pub(super) command: String,
    /// When the process started; the lock is younger.
    pub(super) started: Option<DateTime<FixedOffset>>,
}

impl Note {
    /// The note of the lock of a workspace.
    pub(super) fn of(root: &Path) -> Self {
        Self(place(root, "holder"))
    }

    /// Replaces the note in one step: in a directory that all may write, a link that somebody put
    /// under its name must not be followed.
    pub(super) fn write(&self, command: &str) -> io::Result<()> {
        let pid = process::id();
        let noted = Noted {
            pid,
            command: command.to_owned(),
            since: Local::now().fixed_offset(),
            started_ticks: proc::status(pid).map(|status| status.started_ticks),
        };
        let directory = self.0.parent().expect("the note is in the temporary directory");
        // Its name goes with the process or becomes the note's.
        let mut file = tempfile::Builder::new().prefix("xtask-").tempfile_in(directory)?;
        file.write_all(&serde_json::to_vec(&noted)?)?;
        file.persist(&self.0)?;
        Ok(())
    }

    pub(super) fn remove(&self) -> io::Result<()> {
        fs::remove_file(&self.0)
    }

    /// What it says, unless it is another user's invention or speaks of a process that is gone.
    fn read(&self) -> Option<Noted> {
        let mut options = File::options();
        options.read(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;
            // Whoever may write in the temporary directory may put a link or a pipe here.
            let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
            options.custom_flags(flags.bits().cast_signed());
        }
        let file = options.open(&self.0).ok()?;
        if !file.metadata().ok()?.is_file() {
            return None;
        }
        let mut bytes = Vec::new();
        file.take(MAX_NOTE_BYTES + 1).read_to_end(&mut bytes).ok()?;
        if bytes.len() as u64 > MAX_NOTE_BYTES {
            return None;
        }
        let noted: Noted = serde_json::from_slice(&bytes).ok()?;
        noted.is_true().then_some(noted)
    }
}

impl Noted {
    fn is_true(&self) -> bool {
        let started = proc::status(self.pid).map(|status| status.started_ticks);
        is_alive(self.pid) && (started.is_none() || started == self.started_ticks)
    }
}

/// Finds out who holds the lock of `root`, which is canonical.
pub(super) fn find(root: &Path, note: &Note) -> Found {
    let noted = note.read();
    match (proc::lock_holders(root), noted) {
        (None, Some(noted)) => Found::Noted(noted),
        (Some(pids), Some(noted)) if pids.contains(&noted.pid) => Found::Noted(noted),
        (Some(pids), _) => {
            pids.into_iter().find_map(proc::seen).map_or(Found::Unknown, Found::Seen)
        }
        (None, None) => Found::Unknown,
    }
}

impl Found {
    /// Whether there is nothing better to wait for.
    pub(super) fn is_noted(&self) -> bool {
        matches!(self, Self::Noted(_))
    }

    /// The error of the run that has to stand back.
    pub(super) fn refusal(&self, root: &Path) -> String {
        let (who, pid) = match self {
            Self::Noted(Noted { pid, command, since, .. }) => {
                let since = since.format("%Y-%m-%d %H:%M:%S");
                (format!("`{}`, process {pid}, since {since}", shown(command)), Some(*pid))
            }
            Self::Seen(Seen { pid, command, started }) => {
                let started = started.map_or(String::new(), |started| {
                    format!(", which runs since {}", started.format("%Y-%m-%d %H:%M:%S"))
                });
                (format!("`{}`, process {pid}{started}", shown(command)), Some(*pid))
            }
            Self::Unknown => ("who that is cannot be seen from here".to_owned(), None),
        };
        let is_stopped =
            pid.and_then(proc::status).is_some_and(|status| matches!(status.state, 'T' | 't'));
        let hint = match pid {
            Some(pid) if is_stopped => format!(
                "it is stopped: continue it with `kill -CONT {pid}`, or end it with `kill -KILL {pid}`"
            ),
            Some(pid) if cfg!(unix) => format!("wait for it, or end it with `kill {pid}`"),
            _ => "wait for it, or end it".to_owned(),
        };
        format!("another run is working on `{}`: {who}\nhint: {hint}", root.display())
    }
}

/// What somebody else wrote, on one line of bearable length.
fn shown(command: &str) -> String {
    let plain = command.chars().filter(|c| !c.is_control());
    let mut shown: String = plain.clone().take(MAX_COMMAND_CHARS).collect();
    if plain.count() > MAX_COMMAND_CHARS {
        shown.push('…');
    }
    shown
}

#[cfg(unix)]
fn is_alive(pid: u32) -> bool {
    use rustix::{io::Errno, process};
    let pid = i32::try_from(pid).ok().and_then(process::Pid::from_raw);
    // A process of another user may not be signalled but is there.
    pid.is_some_and(|pid| matches!(process::test_kill_process(pid), Ok(()) | Err(Errno::PERM)))
}

#[cfg(not(unix))]
fn is_alive(_pid: u32) -> bool {
    true
}
