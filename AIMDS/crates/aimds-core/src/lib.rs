//! The shared vocabulary of AIMDS: what comes in (a [`Prompt`]), what is found
//! in it (a [`Detection`]), and what is done about it (a [`Decision`] under a
//! [`Policy`]).
//!
//! This crate does no matching and no I/O but for reading a configuration file;
//! everything in it can be serialized.
//!
//! ```
//! use aimds_core::{Action, Category, Detection, Policy, Severity};
//!
//! let policy = Policy::default();
//! let found = [Detection::new(Category::Jailbreak, Severity::High, 0.9, "persona-override")];
//! assert_eq!(policy.decide(&found, None).action, Action::Block);
//! ```

mod config;
mod decision;
mod detection;
mod error;
mod policy;
mod prompt;
mod threat;

pub use config::{AnalysisConfig, Config, DetectionConfig, ResponseConfig};
pub use decision::{Action, Decision};
pub use detection::{Detection, Span, Verdict};
pub use error::{Error, Result};
pub use policy::{Policy, Thresholds};
pub use prompt::{Prompt, PromptId};
pub use threat::{Category, Severity};
