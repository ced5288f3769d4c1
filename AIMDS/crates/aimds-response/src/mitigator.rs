//! Chooses a strategy for a decision, carries it out, and learns from what became
//! of it. A prompt is settled once: either learned from or rolled back.

use std::collections::BTreeSet;
use std::sync::Arc;

use aimds_core::{Action, Category, Prompt, PromptId, ResponseConfig};
use chrono::{DateTime, Utc};
use dashmap::DashMap;
use ndarray::Array1;
use parking_lot::Mutex;

use crate::audit::{AuditEvent, AuditLog};
use crate::bandit::Bandit;
use crate::counters;
use crate::restrictions::Restrictions;
use crate::strategy::{Mitigation, Situation, Strategy};
use crate::{Error, Result};

/// One for the bias, one for the risk, one for each category.
const DIMENSIONS: usize = 2 + Category::ALL.len();

/// A mitigation that was carried out.
#[derive(Debug, Clone, PartialEq)]
pub struct Mitigated {
    /// Name of the strategy.
    pub strategy: &'static str,
    /// What it made of the prompt.
    pub mitigation: Mitigation,
}

/// A choice that waits for its outcome.
#[derive(Debug)]
struct Choice {
    user: String,
    strategy: &'static str,
    context: Array1<f64>,
    made_at: DateTime<Utc>,
}

/// Carries out decisions.
pub struct Mitigator {
    strategies: Vec<Arc<dyn Strategy>>,
    bandit: Mutex<Bandit>,
    choices: DashMap<PromptId, Choice>,
    restrictions: Restrictions,
    audit: AuditLog,
}

impl Mitigator {
    /// A mitigator that chooses among these strategies.
    ///
    /// # Errors
    /// When two share a name or an action has none.
    pub fn new(config: &ResponseConfig, strategies: Vec<Arc<dyn Strategy>>) -> Result<Self> {
        let mut names = BTreeSet::new();
        for strategy in &strategies {
            if !names.insert(strategy.name()) {
                return Err(Error::DuplicateStrategy(strategy.name().to_owned()));
            }
        }
        for action in [Action::Allow, Action::Flag, Action::Sanitize, Action::Block] {
            if !strategies.iter().any(|s| s.action() == action) {
                return Err(Error::NoStrategy(action));
            }
        }
        Ok(Mitigator {
            strategies,
            bandit: Mutex::new(Bandit::new(DIMENSIONS, config.exploration, config.seed)),
            choices: DashMap::new(),
            restrictions: Restrictions::default(),
            audit: AuditLog::new(config.audit_entries),
        })
    }

    /// The mildest action possible for the sender of a prompt right now.
    pub fn at_least(&self, prompt: &Prompt) -> Action {
        self.restrictions.at_least(&prompt.user, prompt.received_at)
    }

    /// Carries out a decision by the most promising strategy.
    pub async fn mitigate(&self, situation: Situation<'_>) -> Result<Mitigated> {
        let action = situation.decision.action;
        let context = context(situation);
        let strategy = self
            .choose(action, &context)
            .ok_or(Error::NoStrategy(action))?;
        let mitigation = strategy.carry_out(situation).await;

        let prompt = situation.prompt;
        if let Some(restriction) = mitigation.restriction {
            self.restrictions
                .impose(&prompt.user, prompt.id, restriction);
        }
        self.audit.write(
            prompt.id,
            &prompt.user,
            AuditEvent::Decided {
                action,
                strategy: strategy.name(),
                reasons: situation.decision.reasons.clone(),
            },
        );
        self.choices.insert(
            prompt.id,
            Choice {
                user: prompt.user.clone(),
                strategy: strategy.name(),
                context,
                made_at: prompt.received_at,
            },
        );
        counters::count_decision(action, strategy.name());
        Ok(Mitigated {
            strategy: strategy.name(),
            mitigation,
        })
    }

    /// Learns how right the treatment of a prompt was, from 0 to 1.
    ///
    /// # Errors
    /// When the prompt is not known or already settled.
    pub fn learn(&self, prompt: PromptId, reward: f64) -> Result<()> {
        let choice = self.settle(prompt)?;
        self.reward(&choice, reward);
        self.audit
            .write(prompt, &choice.user, AuditEvent::Learned { reward });
        Ok(())
    }

    /// Takes the treatment of a prompt back: its restriction is lifted, and its
    /// strategy learns that it was wrong.
    ///
    /// # Errors
    /// When the prompt is not known or already settled.
    pub fn roll_back(&self, prompt: PromptId) -> Result<()> {
        let choice = self.settle(prompt)?;
        self.restrictions.lift(&choice.user, prompt);
        self.reward(&choice, 0.0);
        self.audit
            .write(prompt, &choice.user, AuditEvent::RolledBack);
        counters::count_rollback();
        Ok(())
    }

    /// Gives up waiting for outcomes of prompts from before a time, and says of
    /// how many.
    pub fn forget_unsettled(&self, before: DateTime<Utc>) -> usize {
        let count = self.choices.len();
        self.choices.retain(|_, choice| choice.made_at >= before);
        count.saturating_sub(self.choices.len())
    }

    /// The audit log.
    pub fn audit(&self) -> &AuditLog {
        &self.audit
    }

    fn choose(&self, action: Action, context: &Array1<f64>) -> Option<Arc<dyn Strategy>> {
        let candidates = || self.strategies.iter().filter(|s| s.action() == action);
        let names: Vec<&'static str> = candidates().map(|s| s.name()).collect();
        let chosen = self.bandit.lock().choose(context, &names)?;
        candidates().find(|s| s.name() == chosen).map(Arc::clone)
    }

    fn settle(&self, prompt: PromptId) -> Result<Choice> {
        let settled = self.choices.remove(&prompt);
        settled
            .map(|(_, choice)| choice)
            .ok_or(Error::UnknownPrompt(prompt))
    }

    fn reward(&self, choice: &Choice, reward: f64) {
        self.bandit
            .lock()
            .learn(choice.strategy, &choice.context, reward);
    }
}

/// What the bandit sees of a situation; every number is between 0 and 1.
fn context(situation: Situation<'_>) -> Array1<f64> {
    let mut context = Array1::zeros(DIMENSIONS);
    context[0] = 1.0;
    context[1] = situation.decision.risk;
    for detection in &situation.verdict.detections {
        let place = 2 + detection.category.index();
        context[place] = detection.risk().max(context[place]);
    }
    context
}
