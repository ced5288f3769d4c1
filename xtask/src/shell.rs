//! What people see while the tool works: status lines, warnings, progress, the question before a commit.
//!
//! Everything here goes to stderr; stdout belongs to results. Meaning never depends on colour.

use std::{
    io::{self, BufRead as _, IsTerminal as _, Write as _},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::{
    cli::{self, Color, Global},
    wording::visible,
};

/// Width of the verb column, as in cargo's own output.
const VERB_COLUMNS: usize = 12;

/// How much is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verbosity {
    Quiet,
    Normal,
    Verbose,
}

/// The terminal, as the user wants it addressed.
#[derive(Debug, Clone)]
pub(crate) struct Shell {
    verbosity: Verbosity,
    colour: bool,
}

impl Shell {
    /// Follows the flags, `NO_COLOR` and whether stderr is a terminal.
    pub(crate) fn new(global: &Global) -> Self {
        let colour = match global.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => {
                io::stderr().is_terminal()
                    && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
                    && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
            }
        };
        let verbosity = if global.quiet {
            Verbosity::Quiet
        } else if global.verbose {
            Verbosity::Verbose
        } else {
            Verbosity::Normal
        };
        Self { verbosity, colour }
    }

    fn paint(&self, code: &str, text: &str) -> String {
        if self.colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    /// One line of progress: a right-aligned verb and what it concerns.
    pub(crate) fn status(&self, verb: &str, message: impl AsRef<str>) {
        if self.verbosity > Verbosity::Quiet {
            let verb = self.paint("1;32", &format!("{verb:>VERB_COLUMNS$}"));
            self.line(&format!("{verb} {}", visible(message.as_ref())));
        }
    }

    /// A status line for those who asked for more.
    pub(crate) fn detail(&self, verb: &str, message: impl AsRef<str>) {
        if self.verbosity == Verbosity::Verbose {
            self.status(verb, message);
        }
    }

    /// Something the user must know although the work goes on.
    pub(crate) fn warn(&self, message: impl AsRef<str>) {
        self.line(&format!("{}: {}", self.paint("1;33", "warning"), visible(message.as_ref())));
    }

    /// Why the work stopped; what follows a line break and `hint: ` is the next step.
    pub(crate) fn error(&self, message: impl AsRef<str>) {
        let (message, hint) = match message.as_ref().rsplit_once("\nhint: ") {
            Some((message, hint)) => (message, Some(hint)),
            None => (message.as_ref(), None),
        };
        self.line(&format!("{}: {}", self.paint("1;31", "error"), visible(message)));
        if let Some(hint) = hint {
            self.hint(hint);
        }
    }

    /// The next step after an error.
    pub(crate) fn hint(&self, message: impl AsRef<str>) {
        self.line(&format!("{}: {}", self.paint("1;36", "hint"), visible(message.as_ref())));
    }

    /// A block of text for people, such as the plan.
    pub(crate) fn block(&self, text: &str) {
        self.painted(&visible(text));
    }

    fn painted(&self, text: &str) {
        if self.verbosity > Verbosity::Quiet {
            self.line(text.trim_end_matches('\n'));
        }
    }

    /// A unified diff, coloured by line.
    pub(crate) fn diff(&self, diff: &str) {
        let lines: Vec<String> = visible(diff)
            .lines()
            .map(|line| match line.as_bytes().first() {
                Some(b'+') if !line.starts_with("+++") => self.paint("32", line),
                Some(b'-') if !line.starts_with("---") => self.paint("31", line),
                Some(b'@') => self.paint("36", line),
                _ => line.to_owned(),
            })
            .collect();
        self.painted(&lines.join("\n"));
    }

    fn line(&self, text: &str) {
        // A closed stderr must not stop the work, least of all a commit.
        let _ = writeln!(io::stderr().lock(), "{}", cli::in_words_of(cli::called(), text));
    }

    /// Whether there is a person to ask.
    pub(crate) fn can_ask(&self) -> bool {
        io::stdin().is_terminal() && io::stderr().is_terminal()
    }

    /// Asks a yes/no question; anything but `y` or `yes` is no.
    pub(crate) fn confirm(&self, question: &str) -> bool {
        let _ = write!(io::stderr().lock(), "{question} [y/N] ");
        let _ = io::stderr().flush();
        let mut answer = String::new();
        match io::stdin().lock().read_line(&mut answer) {
            Ok(_) => matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"),
            Err(_) => false,
        }
    }

    /// A progress line for work on units, of which `expected` are foreseen if that is known.
    /// Drawn on a terminal only.
    pub(crate) fn progress(&self, verb: &str, what: &str, expected: Option<usize>) -> ProgressBar {
        let (bar, template) = match expected {
            Some(total) => (
                ProgressBar::new(total as u64),
                "{prefix} {msg} {pos}/{len} units, {elapsed}, about {eta} left",
            ),
            None => (ProgressBar::no_length(), "{prefix} {msg} {pos} units, {elapsed}"),
        };
        self.drawn(bar, template, verb, what)
    }

    /// A progress line for steps of which there are so many. Drawn on a terminal only.
    pub(crate) fn steps(&self, verb: &str, what: &str, total: usize) -> ProgressBar {
        let template = "{prefix} {msg} {pos}/{len}, {elapsed}, about {eta} left";
        self.drawn(ProgressBar::new(total as u64), template, verb, what)
    }

    /// A progress line for work of which nobody knows how much there is: [`ProgressBar::set_message`] says how far it
    /// has come. Drawn on a terminal only.
    pub(crate) fn activity(&self, verb: &str, what: &str) -> ProgressBar {
        self.drawn(ProgressBar::no_length(), "{prefix} {msg}, {elapsed}", verb, what)
    }

    fn drawn(&self, bar: ProgressBar, template: &str, verb: &str, what: &str) -> ProgressBar {
        if self.verbosity == Verbosity::Quiet || !io::stderr().is_terminal() {
            return ProgressBar::hidden();
        }
        bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(8));
        let style = ProgressStyle::with_template(template).expect("the templates are well-formed");
        bar.set_style(style);
        bar.set_prefix(self.paint("1;36", &format!("{verb:>VERB_COLUMNS$}")));
        bar.set_message(what.to_owned());
        bar.enable_steady_tick(Duration::from_millis(250));
        bar
    }
}
