//! What cargo says of a choice that it does not resolve.
//!
//! That a registry could not be reached is kept apart: it is no fault of the choice.

use anyhow::{Error, Result};

use super::Trial;
use crate::{cargo, disk, interrupt, verify};

impl Trial<'_> {
    /// The evidence, with everything that cargo said in a log of its own.
    ///
    /// # Errors
    /// When the log cannot be written or the run is interrupted.
    pub(super) fn refused(&self, error: &Error) -> Result<String> {
        interrupt::check()?;
        let log = self.log("resolve");
        let said = format!("{error:#}");
        disk::write(&log, said.as_bytes())?;
        // The first line is the command.
        let words = said.split_once('\n').map_or(said.as_str(), |(_, words)| words);
        let evidence = verify::evidence(words, &log);
        if cargo::is_unreachable(&said) {
            self.unreached.borrow_mut().push(evidence.clone());
        }
        Ok(evidence)
    }
}
