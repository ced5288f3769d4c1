//! The audit log: what was done about each prompt and what became of it. Entries
//! are numbered without gaps and hold no text of a prompt; the oldest are dropped
//! when there are too many.

use std::collections::VecDeque;

use aimds_core::{Action, PromptId};
use chrono::{DateTime, Utc};
use parking_lot::Mutex;
use serde::Serialize;

/// One line of the log.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AuditEntry {
    /// Number of the entry, from 1.
    pub number: u64,
    /// When it was written.
    pub at: DateTime<Utc>,
    /// The prompt it is about.
    pub prompt: PromptId,
    /// Its sender.
    pub user: String,
    /// What happened.
    #[serde(flatten)]
    pub event: AuditEvent,
}

/// What an entry records.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum AuditEvent {
    /// A prompt was decided about.
    Decided {
        /// What was done.
        action: Action,
        /// How.
        strategy: &'static str,
        /// Why.
        reasons: Vec<String>,
    },
    /// Somebody said whether that was right.
    Learned {
        /// From 0, wrong, to 1, right.
        reward: f64,
    },
    /// It was taken back.
    RolledBack,
}

/// A bounded log that many threads write to.
#[derive(Debug)]
pub struct AuditLog {
    state: Mutex<State>,
    capacity: usize,
}

#[derive(Debug, Default)]
struct State {
    entries: VecDeque<AuditEntry>,
    written: u64,
}

impl AuditLog {
    /// An empty log that keeps so many entries.
    pub fn new(capacity: usize) -> Self {
        AuditLog {
            state: Mutex::default(),
            capacity,
        }
    }

    /// Writes an entry and gives its number.
    pub fn write(&self, prompt: PromptId, user: &str, event: AuditEvent) -> u64 {
        let mut state = self.state.lock();
        state.written += 1;
        let number = state.written;
        state.entries.push_back(AuditEntry {
            number,
            at: Utc::now(),
            prompt,
            user: user.to_owned(),
            event,
        });
        while state.entries.len() > self.capacity {
            state.entries.pop_front();
        }
        number
    }

    /// The entries kept that come after a number, oldest first.
    pub fn after(&self, number: u64) -> Vec<AuditEntry> {
        let state = self.state.lock();
        let newer = state.entries.iter().filter(|e| e.number > number);
        newer.cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_no_gaps_and_the_oldest_go_first() {
        let log = AuditLog::new(3);
        for _ in 0..5 {
            log.write(PromptId::random(), "ada", AuditEvent::RolledBack);
        }
        let numbers: Vec<u64> = log.after(0).iter().map(|e| e.number).collect();
        assert_eq!(numbers, [3, 4, 5]);
        assert_eq!(log.after(4).len(), 1);
    }

    #[test]
    fn an_entry_is_one_flat_object() {
        let log = AuditLog::new(3);
        log.write(
            PromptId::random(),
            "ada",
            AuditEvent::Learned { reward: 1.0 },
        );
        let json = serde_json::to_value(&log.after(0)[0]).unwrap();
        assert_eq!(json["event"], "learned");
        assert_eq!(json["reward"], 1.0);
        assert_eq!(json["number"], 1);
    }
}
