//! From a prompt to a response: detect, analyze, decide, mitigate, record. A
//! prompt that cannot be examined is an error and never passed on.

use std::sync::atomic::{AtomicU64, Ordering};

use aimds_analysis::Analyzer;
use aimds_core::{Action, Config, Decision, Detection, Policy, Prompt, PromptId};
use aimds_detection::DetectionService;
use chrono::TimeDelta;
use serde::Serialize;

use crate::counters;
use crate::mitigator::Mitigator;
use crate::strategies::built_in;
use crate::strategy::Situation;
use crate::Result;

/// Every so many prompts, what is old is forgotten.
const FORGET_EVERY: u64 = 1024;

/// What is old: users without a prompt and choices without an outcome since.
const MEMORY: TimeDelta = TimeDelta::days(7);

/// What became of a prompt.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Response {
    /// The prompt.
    pub id: PromptId,
    /// Its sender.
    pub user: String,
    /// What was decided and why.
    #[serde(flatten)]
    pub decision: Decision,
    /// How unlike its sender the prompt is, between 0 and 1, once known.
    pub anomaly: Option<f64>,
    /// Everything that was found.
    pub detections: Vec<Detection>,
    /// How the decision was carried out.
    pub strategy: &'static str,
    /// The text to pass on; `None` when the prompt is blocked.
    pub text: Option<String>,
    /// What to tell the sender.
    pub notice: Option<String>,
}

/// The whole system.
pub struct Pipeline {
    detection: DetectionService,
    analyzer: Analyzer,
    mitigator: Mitigator,
    policy: Policy,
    processed: AtomicU64,
}

impl Pipeline {
    /// Sets everything up with the built-in strategies.
    pub fn new(config: &Config) -> Result<Self> {
        Ok(Pipeline {
            detection: DetectionService::new(&config.detection)?,
            analyzer: Analyzer::new(&config.analysis)?,
            mitigator: Mitigator::new(&config.response, built_in())?,
            policy: config.policy.clone(),
            processed: AtomicU64::new(0),
        })
    }

    /// Processes one prompt.
    pub async fn process(&self, prompt: &Prompt) -> Result<Response> {
        let verdict = match self.detection.examine(prompt).await {
            Ok(verdict) => verdict,
            Err(error) => {
                counters::count_failure();
                return Err(error.into());
            }
        };
        let analysis = self.analyzer.observe(prompt, &verdict);
        if self.processed.fetch_add(1, Ordering::Relaxed) % FORGET_EVERY == FORGET_EVERY - 1 {
            let before = prompt.received_at - MEMORY;
            let users = self.analyzer.forget_idle(before);
            let choices = self.mitigator.forget_unsettled(before);
            tracing::debug!(users, choices, "forgotten");
        }

        let mut detections = verdict.detections.clone();
        detections.extend(analysis.violations);
        for detection in &detections {
            counters::count_detection(detection.category);
        }
        let mut decision = self.policy.decide(&detections, analysis.anomaly);
        let at_least = self.mitigator.at_least(prompt);
        if at_least > decision.action {
            decision.action = at_least;
            decision
                .reasons
                .push(format!("the sender is restricted to `{at_least}`"));
        }

        let situation = Situation {
            prompt,
            verdict: &verdict,
            decision: &decision,
        };
        let mitigated = self.mitigator.mitigate(situation).await?;
        self.analyzer
            .record(&prompt.user, prompt.id, decision.action);
        if decision.action == Action::Block {
            tracing::info!(prompt = %prompt.id, user = prompt.user, "prompt blocked");
        }
        Ok(Response {
            id: prompt.id,
            user: prompt.user.clone(),
            decision,
            anomaly: analysis.anomaly,
            detections,
            strategy: mitigated.strategy,
            text: mitigated.mitigation.text,
            notice: mitigated.mitigation.notice,
        })
    }

    /// Outcomes, rollback and the audit log.
    pub fn mitigator(&self) -> &Mitigator {
        &self.mitigator
    }
}
