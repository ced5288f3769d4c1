//! What is done about a prompt. Actions are ordered from mild to strict, so that
//! the strictest of several is their maximum.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What happens to a prompt.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Passed on as it is.
    #[default]
    Allow,
    /// Passed on as it is and recorded for review.
    Flag,
    /// Passed on with the offending parts masked.
    Sanitize,
    /// Not passed on.
    Block,
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Action::Allow => "allow",
            Action::Flag => "flag",
            Action::Sanitize => "sanitize",
            Action::Block => "block",
        })
    }
}

/// An action with the reasons for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// What to do.
    pub action: Action,
    /// Combined risk of everything found, between 0 and 1.
    pub risk: f64,
    /// One sentence fragment for each thing that asked for more than `allow`.
    pub reasons: Vec<String>,
}

impl Decision {
    /// The decision when nothing was found.
    pub fn allow() -> Self {
        Decision {
            action: Action::Allow,
            risk: 0.0,
            reasons: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strictest_action_is_the_maximum() {
        let strictest = [Action::Flag, Action::Block, Action::Allow]
            .into_iter()
            .max();
        assert_eq!(strictest, Some(Action::Block));
    }
}
