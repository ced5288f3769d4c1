//! What Linux tells of processes and of locks. Elsewhere nothing is known.
//!
//! Source: proc(5), `/proc/locks`, `/proc/pid/stat`, `/proc/pid/cmdline`, `/proc/uptime`.

use std::path::Path;

use super::holder::Seen;

/// What `/proc/<pid>/stat` says of a process.
#[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "nothing is known there"))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Status {
    /// `T` for one that is stopped.
    pub(super) state: char,
    /// Since the machine started.
    pub(super) started_ticks: u64,
}

/// Reads the state of a process; none where there is no such process or the system does not tell.
#[cfg(target_os = "linux")]
pub(super) fn status(pid: u32) -> Option<Status> {
    parse_status(&std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// The processes that hold a `flock` lock on a directory; none where the system does not tell, or hides the
/// holder because it lives in another container.
#[cfg(target_os = "linux")]
pub(super) fn lock_holders(directory: &Path) -> Option<Vec<u32>> {
    use std::os::unix::fs::MetadataExt as _;
    let metadata = std::fs::metadata(directory).ok()?;
    let (device, inode) = (metadata.dev(), metadata.ino());
    let locks = std::fs::read_to_string("/proc/locks").ok()?;
    let number = (rustix::fs::major(device), rustix::fs::minor(device));
    let on_it = |lock: &Lock| lock.device == number || has_open(lock.pid, device, inode);
    let pids = parse_locks(&locks).filter(|lock| lock.inode == inode).filter(on_it);
    let pids: Vec<u32> = pids.map(|lock| lock.pid).collect();
    (!pids.is_empty()).then_some(pids)
}

/// Whether a process has a file open. On some file systems (btrfs) the device of a lock is not the device
/// that `stat` tells.
#[cfg(target_os = "linux")]
fn has_open(pid: u32, device: u64, inode: u64) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let descriptors = std::fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
    let mut files = descriptors.filter_map(|entry| std::fs::metadata(entry.path()).ok());
    files.any(|file| (file.dev(), file.ino()) == (device, inode))
}

/// A process as the system shows it; none if it is gone.
#[cfg(target_os = "linux")]
pub(super) fn seen(pid: u32) -> Option<Seen> {
    let Status { started_ticks, .. } = status(pid)?;
    let arguments = std::fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    let arguments = String::from_utf8_lossy(&arguments).into_owned();
    let uptime = std::fs::read_to_string("/proc/uptime").ok();
    let uptime: Option<f64> = uptime.and_then(|text| text.split_whitespace().next()?.parse().ok());
    let started = uptime.and_then(|uptime| {
        let age = uptime - started_ticks as f64 / rustix::param::clock_ticks_per_second() as f64;
        let age = chrono::Duration::from_std(std::time::Duration::try_from_secs_f64(age).ok()?);
        Some(chrono::Local::now().fixed_offset() - age.ok()?)
    });
    Some(Seen { pid, command: arguments.trim_end_matches('\0').replace('\0', " "), started })
}

#[cfg(not(target_os = "linux"))]
pub(super) fn status(_pid: u32) -> Option<Status> {
    None
}

#[cfg(not(target_os = "linux"))]
pub(super) fn lock_holders(_directory: &Path) -> Option<Vec<u32>> {
    None
}

#[cfg(not(target_os = "linux"))]
pub(super) fn seen(_pid: u32) -> Option<Seen> {
    None
}

/// A `flock` lock that is held.
#[cfg(any(target_os = "linux", test))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Lock {
    pid: u32,
    /// Major and minor number.
    device: (u32, u32),
    inode: u64,
}

/// The lines `1: FLOCK  ADVISORY  WRITE 359 00:13:11691 0 EOF`; those who wait stand behind `->`.
#[cfg(any(target_os = "linux", test))]
fn parse_locks(text: &str) -> impl Iterator<Item = Lock> {
    text.lines().filter_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [_, "FLOCK", _, _, pid, file, ..] = words.as_slice() else {
            return None;
        };
        let mut parts = file.split(':');
        let mut number = || u32::from_str_radix(parts.next()?, 16).ok();
        let device = (number()?, number()?);
        Some(Lock { pid: pid.parse().ok()?, device, inode: parts.next()?.parse().ok()? })
    })
}

/// The name of the program stands in parentheses and may have any character in it.
#[cfg(any(target_os = "linux", test))]
fn parse_status(text: &str) -> Option<Status> {
    let (_, fields) = text.rsplit_once(')')?;
    let mut fields = fields.split_whitespace();
    let state = fields.next()?.chars().next()?;
    // The state is the third field, the start the 22nd.
    Some(Status { state, started_ticks: fields.nth(18)?.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locks_are_told_from_waiters_and_from_other_kinds() {
        let text = "1: FLOCK  ADVISORY  WRITE 359 fd:01:11691 0 EOF\n\
            1: -> FLOCK  ADVISORY  WRITE 360 fd:01:11691 0 EOF\n\
            2: POSIX  ADVISORY  READ 5433 08:01:7864448 128 128\n\
            3: FLOCK  ADVISORY  READ 77 00:2a:9 0 EOF\n4: FLOCK\n";
        let found: Vec<Lock> = parse_locks(text).collect();
        let held = |pid, device, inode| Lock { pid, device, inode };
        assert_eq!(found, [held(359, (0xfd, 1), 11691), held(77, (0, 0x2a), 9)]);
    }

    #[test]
    fn the_start_of_a_process_is_found_behind_any_name() {
        let text = "42 (a) R (b c) T 1 42 42 0 -1 4194560 1 0 0 0 2 3 0 0 20 0 1 0 98765 1 2 3";
        assert_eq!(parse_status(text), Some(Status { state: 'T', started_ticks: 98765 }));
        assert_eq!(parse_status("42 (cut"), None);
    }
}
