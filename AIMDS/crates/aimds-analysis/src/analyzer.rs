//! Profiles and formulas of all users. Locks are held for one user at a time
//! and never while another is taken.

use std::sync::Arc;

use aimds_core::{
    Action, AnalysisConfig, Category, Detection, Prompt, PromptId, Severity, Verdict,
};
use chrono::{DateTime, Utc};
use dashmap::DashMap;
use parking_lot::Mutex;
use serde::Serialize;

use crate::ltl::{Event, Formula, Truth};
use crate::profile::Profile;
use crate::{Error, Result};

/// What analysis adds to a verdict.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Analysis {
    /// How unlike its sender the prompt is, between 0 and 1; `None` while the
    /// sender is not known well enough.
    pub anomaly: Option<f64>,
    /// Formulas that this prompt broke, as detections.
    pub violations: Vec<Detection>,
}

/// Keeps a profile of each user and checks the formulas of the configuration.
#[derive(Debug)]
pub struct Analyzer {
    config: AnalysisConfig,
    formulas: Vec<Formula>,
    profiles: DashMap<String, Arc<Mutex<Profile>>>,
}

impl Analyzer {
    /// Parses the formulas.
    ///
    /// # Errors
    /// When a formula is not well formed or uses a name that no event has. Events
    /// have the categories found (`prompt_injection`, …) and, once it is decided,
    /// what was done (`allowed`, `flagged`, `sanitized`, `blocked`).
    pub fn new(config: &AnalysisConfig) -> Result<Self> {
        let formulas = config
            .formulas
            .iter()
            .map(|text| parse(text))
            .collect::<Result<Vec<_>>>()?;
        Ok(Analyzer {
            config: config.clone(),
            formulas,
            profiles: DashMap::new(),
        })
    }

    /// Scores a prompt and checks the formulas, remembering it as an event.
    pub fn observe(&self, prompt: &Prompt, verdict: &Verdict) -> Analysis {
        let profile = self.profile(&prompt.user);
        let mut profile = profile.lock();
        let anomaly = profile.score(prompt, verdict);

        let before = profile.trace();
        let categories = verdict.detections.iter().map(|d| category_name(d.category));
        let event = Event::of(categories);
        let mut after = before.clone();
        after.push(event.clone());
        profile.push(prompt.id, event);

        // What was broken before is not this prompt's doing.
        let violations: Vec<Detection> = self
            .formulas
            .iter()
            .filter(|f| f.so_far(&after) == Truth::False && f.so_far(&before) != Truth::False)
            .map(|formula| {
                Detection::new(
                    Category::PolicyViolation,
                    Severity::High,
                    1.0,
                    formula.to_string(),
                )
            })
            .collect();
        if !violations.is_empty() {
            tracing::debug!(prompt = %prompt.id, count = violations.len(), "formulas broken");
        }
        Analysis {
            anomaly,
            violations,
        }
    }

    /// Remembers what was done about a prompt that was observed; `false` when it
    /// is not remembered.
    pub fn record(&self, user: &str, prompt: PromptId, action: Action) -> bool {
        let profile = self.profiles.get(user).map(|entry| Arc::clone(&entry));
        profile.is_some_and(|profile| profile.lock().annotate(prompt, action_name(action)))
    }

    /// Users who are remembered.
    pub fn user_count(&self) -> usize {
        self.profiles.len()
    }

    /// Forgets users who were last seen before a time, and says how many.
    pub fn forget_idle(&self, before: DateTime<Utc>) -> usize {
        let count = self.profiles.len();
        self.profiles
            .retain(|_, profile| profile.lock().last_seen() >= Some(before));
        count.saturating_sub(self.profiles.len())
    }

    fn profile(&self, user: &str) -> Arc<Mutex<Profile>> {
        if let Some(known) = self.profiles.get(user) {
            return Arc::clone(&known);
        }
        let entry = self.profiles.entry(user.to_owned());
        Arc::clone(&entry.or_insert_with(|| Arc::new(Mutex::new(Profile::new(&self.config)))))
    }
}

fn parse(text: &str) -> Result<Formula> {
    let formula: Formula = text.parse().map_err(|source| Error::Formula {
        formula: text.to_owned(),
        source,
    })?;
    let unknown = formula.atoms().into_iter().find(|atom| !is_known(atom));
    match unknown {
        Some(atom) => Err(Error::UnknownAtom {
            formula: text.to_owned(),
            atom: atom.to_owned(),
        }),
        None => Ok(formula),
    }
}

fn is_known(atom: &str) -> bool {
    let actions = [Action::Allow, Action::Flag, Action::Sanitize, Action::Block];
    Category::ALL.map(category_name).contains(&atom) || actions.map(action_name).contains(&atom)
}

fn category_name(category: Category) -> &'static str {
    match category {
        Category::PromptInjection => "prompt_injection",
        Category::Jailbreak => "jailbreak",
        Category::Exfiltration => "exfiltration",
        Category::PersonalData => "personal_data",
        Category::Obfuscation => "obfuscation",
        Category::Anomaly => "anomaly",
        Category::PolicyViolation => "policy_violation",
    }
}

fn action_name(action: Action) -> &'static str {
    match action {
        Action::Allow => "allowed",
        Action::Flag => "flagged",
        Action::Sanitize => "sanitized",
        Action::Block => "blocked",
    }
}
