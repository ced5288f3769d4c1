//! Restrictions on senders. Each is filed under the prompt that caused it, so
//! that rolling that prompt back lifts its restriction and no other.

use aimds_core::{Action, PromptId};
use chrono::{DateTime, Utc};
use dashmap::DashMap;
use serde::{Deserialize, Serialize};

/// For a while, whatever a user sends is treated at least this strictly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restriction {
    /// The mildest action that is still possible.
    pub at_least: Action,
    /// When it ends.
    pub until: DateTime<Utc>,
}

/// The restrictions of all users.
#[derive(Debug, Default)]
pub struct Restrictions {
    by_user: DashMap<String, Vec<(PromptId, Restriction)>>,
}

impl Restrictions {
    /// Restricts a user because of a prompt.
    pub fn impose(&self, user: &str, cause: PromptId, restriction: Restriction) {
        let mut entry = self.by_user.entry(user.to_owned()).or_default();
        entry.push((cause, restriction));
    }

    /// The mildest action possible for a user at a time. Restrictions that have
    /// ended by then are dropped.
    pub fn at_least(&self, user: &str, now: DateTime<Utc>) -> Action {
        let strictest = match self.by_user.get_mut(user) {
            None => return Action::Allow,
            Some(mut entry) => {
                entry.retain(|(_, restriction)| restriction.until > now);
                entry.iter().map(|(_, r)| r.at_least).max()
            }
        };
        self.by_user.remove_if(user, |_, left| left.is_empty());
        strictest.unwrap_or_default()
    }

    /// Lifts what a prompt caused; `false` when it caused nothing.
    pub fn lift(&self, user: &str, cause: PromptId) -> bool {
        let lifted = match self.by_user.get_mut(user) {
            None => false,
            Some(mut entry) => {
                let before = entry.len();
                entry.retain(|(id, _)| *id != cause);
                entry.len() < before
            }
        };
        self.by_user.remove_if(user, |_, left| left.is_empty());
        lifted
    }

    /// Users with a restriction that was not yet found to have ended.
    pub fn user_count(&self) -> usize {
        self.by_user.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;

    fn restriction(at_least: Action, minutes: i64) -> Restriction {
        Restriction {
            at_least,
            until: DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes),
        }
    }

    #[test]
    fn the_strictest_counts_until_it_ends() {
        let restrictions = Restrictions::default();
        let at = |minutes| {
            restrictions.at_least("eve", DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes))
        };
        restrictions.impose("eve", PromptId::random(), restriction(Action::Flag, 30));
        restrictions.impose("eve", PromptId::random(), restriction(Action::Block, 10));
        assert_eq!(at(5), Action::Block);
        assert_eq!(at(15), Action::Flag);
        assert_eq!(at(30), Action::Allow);
        assert_eq!(restrictions.user_count(), 0);
    }

    #[test]
    fn lifting_one_leaves_the_others() {
        let restrictions = Restrictions::default();
        let (first, second) = (PromptId::random(), PromptId::random());
        restrictions.impose("eve", first, restriction(Action::Block, 10));
        restrictions.impose("eve", second, restriction(Action::Flag, 10));
        assert!(restrictions.lift("eve", first));
        assert!(!restrictions.lift("eve", first));
        assert_eq!(
            restrictions.at_least("eve", DateTime::UNIX_EPOCH),
            Action::Flag
        );
        assert!(!restrictions.lift("ada", second));
    }
}
