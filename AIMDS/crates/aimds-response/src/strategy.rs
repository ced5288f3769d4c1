//! What a mitigation strategy is. Strategies decide without waiting; the waiting
//! that some of them ask for is done here, in one place.

use std::time::Duration;

use aimds_core::{Action, Decision, Prompt, Verdict};

use crate::restrictions::Restriction;

/// Everything a strategy may look at.
#[derive(Debug, Clone, Copy)]
pub struct Situation<'a> {
    /// The prompt.
    pub prompt: &'a Prompt,
    /// What was found in it.
    pub verdict: &'a Verdict,
    /// What the policy decided.
    pub decision: &'a Decision,
}

/// What a strategy makes of a prompt.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Mitigation {
    /// The text to pass on; `None` to pass nothing on.
    pub text: Option<String>,
    /// What to tell the sender.
    pub notice: Option<String>,
    /// A restriction on the sender from now on.
    pub restriction: Option<Restriction>,
}

/// One way of carrying out an action.
#[async_trait::async_trait]
pub trait Strategy: Send + Sync {
    /// A name of its own, for the audit log and for learning.
    fn name(&self) -> &'static str;

    /// The action it carries out.
    fn action(&self) -> Action;

    /// What it makes of the prompt.
    fn mitigate(&self, situation: Situation<'_>) -> Mitigation;

    /// How long the sender is kept waiting.
    fn delay(&self, _situation: Situation<'_>) -> Duration {
        Duration::ZERO
    }

    /// Carries it out, waiting first where that is part of it.
    async fn carry_out(&self, situation: Situation<'_>) -> Mitigation {
        let delay = self.delay(situation);
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        self.mitigate(situation)
    }
}
