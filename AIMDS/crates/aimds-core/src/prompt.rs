//! A prompt: the text a user sent, who sent it and when. Fields that a caller
//! leaves out are filled in, so that `{"text": "…"}` is a complete prompt.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::{Error, Result};

/// Identity of a prompt, the key between decisions, audit and rollback.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PromptId(Uuid);

impl PromptId {
    /// A fresh random identity.
    pub fn random() -> Self {
        PromptId(Uuid::new_v4())
    }
}

impl fmt::Display for PromptId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One message on its way to a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prompt {
    /// Identity; random unless given.
    #[serde(default = "PromptId::random")]
    pub id: PromptId,
    /// The sender; `anonymous` unless given.
    #[serde(default = "anonymous")]
    pub user: String,
    /// The message itself.
    pub text: String,
    /// When it came in; now unless given.
    #[serde(default = "Utc::now")]
    pub received_at: DateTime<Utc>,
}

impl Prompt {
    /// A prompt that came in now.
    pub fn new(user: impl Into<String>, text: impl Into<String>) -> Self {
        Prompt {
            id: PromptId::random(),
            user: user.into(),
            text: text.into(),
            received_at: Utc::now(),
        }
    }

    /// Reads one JSON object.
    ///
    /// # Errors
    /// [`Error::Json`] when it is not a JSON object of the expected shape.
    pub fn from_json(json: &str) -> Result<Self> {
        Ok(serde_json::from_str(json)?)
    }

    /// Refuses a prompt that is blank or longer than `limit_bytes`.
    pub fn check_length(&self, limit_bytes: usize) -> Result<()> {
        if self.text.trim().is_empty() {
            return Err(Error::EmptyPrompt);
        }
        if self.text.len() > limit_bytes {
            return Err(Error::PromptTooLong {
                len_bytes: self.text.len(),
                limit_bytes,
            });
        }
        Ok(())
    }
}

fn anonymous() -> String {
    "anonymous".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_alone_is_a_complete_prompt() {
        let prompt = Prompt::from_json(r#"{"text": "What is the capital of Peru?"}"#).unwrap();
        assert_eq!(prompt.user, "anonymous");
        assert!(prompt.received_at <= Utc::now());
    }

    #[test]
    fn an_unknown_field_is_refused() {
        let error = Prompt::from_json(r#"{"text": "hi", "roel": "system"}"#).unwrap_err();
        assert!(matches!(error, Error::Json(_)));
    }

    #[test]
    fn blank_and_overlong_prompts_are_refused() {
        let blank = Prompt::new("ada", " \n\t");
        assert!(matches!(blank.check_length(10), Err(Error::EmptyPrompt)));
        let long = Prompt::new("ada", "x".repeat(11));
        assert!(matches!(
            long.check_length(10),
            Err(Error::PromptTooLong {
                len_bytes: 11,
                limit_bytes: 10
            })
        ));
        assert!(long.check_length(11).is_ok());
    }

    #[test]
    fn a_prompt_survives_a_round_trip() {
        let prompt = Prompt::new("ada", "Bonjour, ça va ?");
        let json = serde_json::to_string(&prompt).unwrap();
        assert_eq!(Prompt::from_json(&json).unwrap(), prompt);
    }
}
