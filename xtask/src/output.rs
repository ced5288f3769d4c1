//! Results on stdout. Everything else that is said goes to stderr, through `shell.rs`.

use std::io::{self, Write as _};

use anyhow::{Context, Result};
use serde::Serialize;

/// Prints a result as one JSON object.
///
/// # Errors
/// When stdout cannot be written.
pub(crate) fn json(result: &impl Serialize) -> Result<()> {
    text(&serde_json::to_string_pretty(result).context("failed to write JSON")?)
}

/// Prints a result for people, with one line feed at its end; nothing if it is empty.
///
/// # Errors
/// When stdout cannot be written.
pub(crate) fn text(result: &str) -> Result<()> {
    let result = result.trim_end();
    if result.is_empty() {
        return Ok(());
    }
    writeln!(io::stdout().lock(), "{result}").context("failed to write to stdout")
}
