//! Descendants that left the process groups of the children, as `setsid` does.
//!
//! Invariant: only what descends from this program at the moment of the interrupt is found. A daemon whose starter has
//! ended, such as a server of sccache, has detached itself and is nobody's.

use std::fs;

use rustix::process::{Pid, Signal, kill_process};

/// A process as `/proc/<id>/stat` shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Process {
    id: i32,
    is_over: bool,
    parent: i32,
    group: i32,
    /// When it started, in the system's ticks: numbers of processes are used again.
    started: u64,
}

/// Descendants of this program outside the groups. None where there is no `/proc`.
pub(super) fn outside(groups: &[u32]) -> Vec<Process> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let all: Vec<_> =
        entries.filter_map(|entry| look(entry.file_name().to_str()?.parse().ok()?)).collect();
    descendants(&all, std::process::id().cast_signed())
        .into_iter()
        .filter(|process| !groups.contains(&process.group.cast_unsigned()))
        .collect()
}

/// Sends a signal to those that are still there.
pub(super) fn signal(strays: &[Process], signal: Signal) {
    for stray in strays.iter().filter(|stray| is_there(stray)) {
        if let Some(pid) = Pid::from_raw(stray.id) {
            // It may belong to another user, or be gone by now.
            let _ = kill_process(pid, signal);
        }
    }
}

pub(super) fn is_there(stray: &Process) -> bool {
    look(stray.id).is_some_and(|found| found.started == stray.started && !found.is_over)
}

fn look(id: i32) -> Option<Process> {
    let stat = fs::read(format!("/proc/{id}/stat")).ok()?;
    parse(&String::from_utf8_lossy(&stat))
}

fn parse(stat: &str) -> Option<Process> {
    let (id, rest) = stat.split_once(' ')?;
    // The name stands in parentheses and may hold some, and spaces.
    let fields: Vec<&str> = rest.rsplit_once(')')?.1.split_whitespace().collect();
    Some(Process {
        id: id.parse().ok()?,
        is_over: matches!(*fields.first()?, "Z" | "X" | "x"),
        parent: fields.get(1)?.parse().ok()?,
        group: fields.get(2)?.parse().ok()?,
        started: fields.get(19)?.parse().ok()?,
    })
}

fn descendants(all: &[Process], ancestor: i32) -> Vec<Process> {
    let mut found: Vec<Process> = Vec::new();
    let mut parents = vec![ancestor];
    while let Some(parent) = parents.pop() {
        for child in all.iter().filter(|child| child.parent == parent) {
            // A list that is read while processes come and go may hold a circle.
            if child.id != ancestor && !found.contains(child) {
                found.push(*child);
                parents.push(child.id);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process(id: i32, parent: i32) -> Process {
        Process { id, is_over: false, parent, group: id, started: 0 }
    }

    #[test]
    fn a_name_may_hold_anything() {
        let stat = "42 (a) S 1 (b) Z 7 40 40 0 -1 4194560 1 0 0 0 1 2 0 0 20 0 1 0 99 1000 10 0";
        let found = Process { id: 42, is_over: true, parent: 7, group: 40, started: 99 };
        assert_eq!(parse(stat), Some(found));
        for odd in ["", "42", "42 (a", "42 (a) S", "x (a) S 1 2"] {
            assert_eq!(parse(odd), None, "{odd}");
        }
    }

    #[test]
    fn descendants_are_found_at_any_depth_and_nobody_else() {
        let all = [process(5, 4), process(4, 3), process(3, 1), process(7, 1), process(8, 7)];
        assert_eq!(descendants(&all, 3), [process(4, 3), process(5, 4)]);
        let circle = [process(4, 3), process(3, 4)];
        assert_eq!(descendants(&circle, 3), [process(4, 3)]);
    }
}
