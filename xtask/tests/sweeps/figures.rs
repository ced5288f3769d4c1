//! What a sweep tried and found, as one line for people and for docs/reliability.md.

use std::fmt::Write as _;

/// The figures of one sweep.
pub(crate) struct Figures {
    name: &'static str,
    counts: Vec<(&'static str, usize)>,
    violations: Vec<String>,
}

impl Figures {
    pub(crate) fn of(name: &'static str) -> Self {
        Self { name, counts: Vec::new(), violations: Vec::new() }
    }

    /// Adds to a count, for instance of `kill points`.
    pub(crate) fn count(&mut self, what: &'static str, more: usize) {
        match self.counts.iter_mut().find(|(known, _)| *known == what) {
            Some((_, count)) => *count += more,
            None => self.counts.push((what, more)),
        }
    }

    /// Notes that the promise was broken, where, and how.
    pub(crate) fn violation(&mut self, what: String) {
        eprintln!("violation: {what}");
        self.violations.push(what);
    }

    /// Prints `sweep <name>: <n> <what>, …, <n> violations`, and fails if there was one or nothing was tried.
    #[track_caller]
    pub(crate) fn conclude(self) {
        let mut line = format!("sweep {}:", self.name);
        for (what, count) in &self.counts {
            write!(line, " {count} {what},").unwrap();
        }
        println!("{line} {} violations", self.violations.len());
        assert!(self.counts.iter().any(|(_, count)| *count > 0), "nothing was tried");
        assert!(self.violations.is_empty(), "{}", self.violations.join("\n"));
    }
}
