//! What is done about a prompt: a decision under the policy, a mitigation
//! strategy chosen by what worked before, restrictions that can be rolled back,
//! an audit log and counters. [`Pipeline`] puts detection, analysis and
//! mitigation together.
//!
//! ```
//! use aimds_core::{Action, Config, Prompt};
//! use aimds_response::Pipeline;
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), aimds_response::Error> {
//! let pipeline = Pipeline::new(&Config::default())?;
//! let prompt = Prompt::new("ada", "Mail me at ada@example.org about tea.");
//! let response = pipeline.process(&prompt).await?;
//! assert_eq!(response.decision.action, Action::Sanitize);
//! assert_eq!(response.text.as_deref(), Some("Mail me at [EMAIL] about tea."));
//! # Ok(())
//! # }
//! ```

mod audit;
mod bandit;
mod counters;
mod mitigator;
mod pipeline;
mod restrictions;
mod strategies;
mod strategy;

pub use audit::{AuditEntry, AuditEvent, AuditLog};
pub use bandit::Bandit;
pub use counters::MemoryRecorder;
pub use mitigator::{Mitigated, Mitigator};
pub use pipeline::{Pipeline, Response};
pub use restrictions::{Restriction, Restrictions};
pub use strategies::built_in;
pub use strategy::{Mitigation, Situation, Strategy};

/// The result of a fallible operation of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a prompt could not be processed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Detection failed.
    #[error(transparent)]
    Detection(#[from] aimds_detection::Error),
    /// Analysis could not be set up.
    #[error(transparent)]
    Analysis(#[from] aimds_analysis::Error),
    /// No strategy carries out an action.
    #[error("no strategy carries out `{0}`")]
    NoStrategy(aimds_core::Action),
    /// Two strategies share a name, so that outcomes could not be told apart.
    #[error("two strategies are called `{0}`")]
    DuplicateStrategy(String),
    /// There is nothing to learn from or to roll back.
    #[error("prompt {0} is not known or already settled")]
    UnknownPrompt(aimds_core::PromptId),
}
