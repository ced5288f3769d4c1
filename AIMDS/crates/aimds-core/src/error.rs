//! Errors of reading configurations, policies and prompts. Each names what was
//! read and keeps the cause as its source.

use std::path::PathBuf;

/// The result of a fallible operation of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a configuration, a policy or a prompt was refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file could not be read.
    #[error("failed to read `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// A configuration is not valid TOML, or not of the expected shape.
    #[error("failed to parse the configuration as TOML")]
    Toml(#[from] toml::de::Error),
    /// A configuration or a prompt is not valid JSON, or not of the expected shape.
    #[error("failed to parse JSON")]
    Json(#[from] serde_json::Error),
    /// The extension of a configuration file is neither `toml` nor `json`.
    #[error("unknown configuration format `{0}`, expected `toml` or `json`")]
    UnknownFormat(String),
    /// A value is outside its range.
    #[error("`{key}` is {value}, expected {expected}")]
    OutOfRange {
        /// The dotted key of the configuration.
        key: &'static str,
        /// The value found.
        value: String,
        /// The range in words.
        expected: &'static str,
    },
    /// A prompt without any text.
    #[error("the prompt is empty")]
    EmptyPrompt,
    /// A prompt longer than the configured limit.
    #[error("the prompt has {len_bytes} bytes, the limit is {limit_bytes}")]
    PromptTooLong {
        /// Length of the prompt.
        len_bytes: usize,
        /// Limit of the configuration.
        limit_bytes: usize,
    },
}
