//! What is remembered of one user: a baseline and the last events. No text is
//! kept, and the number of events is bounded.

use std::collections::VecDeque;

use aimds_core::{AnalysisConfig, Prompt, PromptId, Verdict};
use chrono::{DateTime, Utc};

use crate::baseline::Baseline;
use crate::features::{features, FEATURES};
use crate::ltl::Event;

/// The memory of one user.
#[derive(Debug, Clone)]
pub struct Profile {
    baseline: Baseline,
    events: VecDeque<(PromptId, Event)>,
    history: usize,
    warm_up: usize,
    last_seen: Option<DateTime<Utc>>,
}

impl Profile {
    /// The profile of somebody new.
    pub fn new(config: &AnalysisConfig) -> Self {
        Profile {
            baseline: Baseline::new(FEATURES.len(), config.learning_rate),
            events: VecDeque::new(),
            history: config.history,
            warm_up: config.warm_up,
            last_seen: None,
        }
    }

    /// Scores a prompt against what was usual before it, then learns from it.
    /// `None` until the warm-up is over.
    pub fn score(&mut self, prompt: &Prompt, verdict: &Verdict) -> Option<f64> {
        let pause = self.last_seen.map(|last| prompt.received_at - last);
        let observation = features(prompt, verdict, pause);
        let warm = self.baseline.count() >= self.warm_up;
        let score = warm.then(|| self.baseline.anomaly(&observation));
        self.baseline.learn(&observation);
        self.last_seen = self.last_seen.max(Some(prompt.received_at));
        score
    }

    /// Adds an event, forgetting the oldest where there are too many.
    pub fn push(&mut self, id: PromptId, event: Event) {
        self.events.push_back((id, event));
        while self.events.len() > self.history {
            self.events.pop_front();
        }
    }

    /// Adds a name to the event of a prompt; `false` when it is forgotten.
    pub fn annotate(&mut self, id: PromptId, name: &str) -> bool {
        let event = self.events.iter_mut().rev().find(|(known, _)| *known == id);
        match event {
            Some((_, event)) => {
                event.add(name);
                true
            }
            None => false,
        }
    }

    /// The events that are remembered, oldest first.
    pub fn trace(&self) -> Vec<Event> {
        self.events.iter().map(|(_, event)| event.clone()).collect()
    }

    /// When the newest prompt came in.
    pub fn last_seen(&self) -> Option<DateTime<Utc>> {
        self.last_seen
    }
}
