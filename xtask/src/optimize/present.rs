//! The plan before the eyes of whoever decides: how much of it is shown where, and the question.
//!
//! Nothing is agreed to where nobody was asked.

use anyhow::{Result, bail};

use super::describe;
use crate::{
    cli::{self, Format},
    findings::Plan,
    interrupt, output,
    shell::{Answer, Shell},
    snapshot::Snapshot,
    wording,
};

/// A plan, and what it would make of the files.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shown<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) plan: &'a Plan,
    pub(super) diff: &'a str,
    /// What a commit leaves no use for is deleted after it.
    pub(super) cleans: bool,
}

impl Shown<'_> {
    fn in_full(&self) -> String {
        describe::in_full(self.snapshot, self.plan, self.cleans)
    }

    fn short(&self) -> String {
        describe::short(self.snapshot, self.plan, self.cleans)
    }

    /// Prints the plan. Of a dry run it is the result: in a file or a pipe it is whole.
    ///
    /// # Errors
    /// When stdout cannot be written.
    pub(super) fn print(&self, args: &cli::Optimize, format: Format, shell: &Shell) -> Result<()> {
        let is_idle = self.plan.changes.is_empty();
        if args.dry_run {
            return match format {
                Format::Json => Ok(()),
                Format::Human if args.diff || !output::is_terminal() => {
                    let plan = self.in_full();
                    let plan = cli::in_words_of(cli::called(), &plan);
                    output::exact(&format!("{plan}\n{}", self.diff))
                }
                Format::Human if shell.is_verbose() => output::text(&self.in_full()),
                // The one line that says so is enough.
                Format::Human if is_idle => Ok(()),
                Format::Human => output::text(&self.short()),
            };
        }
        match (args.diff || shell.is_verbose(), is_idle && !args.update) {
            (true, _) => shell.block(&self.in_full()),
            (false, true) => {}
            (false, false) => shell.block(&self.short()),
        }
        if args.diff {
            shell.diff(self.diff);
            shell.block("");
        }
        Ok(())
    }

    /// Asks, or refuses to go on where nobody can be asked.
    ///
    /// # Errors
    /// When there is nobody to ask, and on an interrupt.
    pub(super) fn agreed(&self, shell: &Shell) -> Result<bool> {
        if !shell.can_ask() {
            bail!(
                "there is no terminal to ask on, so nothing was changed\n\
                 hint: run again with `--yes` to agree, or with `--dry-run` to look only"
            );
        }
        let count = wording::count(self.plan.changes.len(), "change");
        let question = format!("Prove {count} in a copy and commit what stands?");
        loop {
            let (asked, question) = (shell.clone(), question.clone());
            let answer = interrupt::at_question(move || asked.confirm_or_diff(&question));
            if answer.is_err() {
                // The question stands on a line that nobody ended.
                shell.block("");
            }
            match answer? {
                Answer::Yes => return Ok(true),
                Answer::No => return Ok(false),
                Answer::Diff => {
                    shell.block(&self.in_full());
                    shell.diff(self.diff);
                    shell.block("");
                }
            }
        }
    }
}
