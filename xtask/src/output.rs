//! Results on stdout. Everything else that is said goes to stderr, through `shell.rs`.

use std::io::{self, IsTerminal as _, Write as _};

use anyhow::{Context, Result};
use serde::Serialize;

use crate::{cli, wording::visible};

/// Prints a result as one JSON object.
///
/// # Errors
/// When stdout cannot be written.
pub(crate) fn json(result: &impl Serialize) -> Result<()> {
    exact(&serde_json::to_string_pretty(result).context("failed to write JSON")?)
}

/// Prints a result for people; commands in it name the program as it was called.
///
/// # Errors
/// When stdout cannot be written.
pub(crate) fn text(result: &str) -> Result<()> {
    exact(&cli::in_words_of(cli::called(), result))
}

/// Prints a result that is to stay as it is, such as a diff, with one line feed at its end; nothing if it is empty.
///
/// # Errors
/// When stdout cannot be written.
pub(crate) fn exact(result: &str) -> Result<()> {
    let result = result.trim_end();
    if result.is_empty() {
        return Ok(());
    }
    let mut stdout = io::stdout().lock();
    // What goes into a file or a pipe is left as it is.
    let result = if stdout.is_terminal() { visible(result) } else { result.into() };
    writeln!(stdout, "{result}").context("failed to write to stdout")
}

/// Whether results go to a person, not into a file or a pipe.
pub(crate) fn is_terminal() -> bool {
    io::stdout().is_terminal()
}
