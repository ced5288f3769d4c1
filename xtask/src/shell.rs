//! What people see while the tool works: status lines, warnings, the question before a commit; progress is in
//! `shell/progress.rs`.
//!
//! Everything here goes to stderr; stdout belongs to results. Meaning never depends on colour.

use std::{
    ffi::OsStr,
    io::{self, BufRead as _, IsTerminal as _, Write as _},
    path::Path,
};

use crate::{
    cli::{self, Color, Global},
    paths,
    wording::{self, visible},
};

mod progress;

pub(crate) use progress::Expected;
use progress::Live;

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
    live: Live,
}

/// What stderr is, as far as it decides what may be written there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Surface {
    is_terminal: bool,
    /// `TERM=dumb`: no line can be drawn twice.
    is_dumb: bool,
    /// `CI` is set: what is written is a log.
    is_log: bool,
    /// `NO_COLOR` is set.
    no_colour: bool,
    /// `CLICOLOR_FORCE` is set.
    forced_colour: bool,
}

impl Surface {
    fn of_stderr() -> Self {
        let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| is_yes(&value));
        Self {
            is_terminal: io::stderr().is_terminal(),
            is_dumb: std::env::var_os("TERM").is_some_and(|term| term == "dumb"),
            is_log: is_set("CI"),
            no_colour: std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()),
            forced_colour: is_set("CLICOLOR_FORCE"),
        }
    }

    fn colour(self, wish: Color) -> bool {
        match wish {
            Color::Always => true,
            Color::Never => false,
            Color::Auto if self.no_colour => false,
            Color::Auto => self.forced_colour || self.is_terminal && !self.is_dumb,
        }
    }

    fn live(self, wish: cli::Progress, verbosity: Verbosity) -> Live {
        let is_line = self.is_terminal && !self.is_dumb && !self.is_log;
        match wish {
            _ if verbosity == Verbosity::Quiet => Live::Nothing,
            cli::Progress::Plain => Live::Plain,
            cli::Progress::Auto if is_line => Live::Line,
            cli::Progress::Auto | cli::Progress::None => Live::Nothing,
        }
    }
}

/// Whether the value of a variable means that it is set: `0` and `false` are how people switch one off.
fn is_yes(value: &OsStr) -> bool {
    !value.is_empty() && value != "0" && value != "false"
}

/// The answer to a question that a diff may help with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    Yes,
    No,
    /// To see the diff, and to be asked again.
    Diff,
}

impl Answer {
    /// What is not understood is no.
    fn of(line: &str) -> Self {
        match line.trim().to_ascii_lowercase().as_str() {
            "y" | "yes" => Self::Yes,
            "d" | "diff" => Self::Diff,
            _ => Self::No,
        }
    }
}

impl Shell {
    /// Follows the flags, `NO_COLOR`, `CLICOLOR_FORCE`, `TERM`, `CI` and whether stderr is a terminal.
    pub(crate) fn new(global: &Global) -> Self {
        let surface = Surface::of_stderr();
        let verbosity = if global.quiet {
            Verbosity::Quiet
        } else if global.verbose {
            Verbosity::Verbose
        } else {
            Verbosity::Normal
        };
        let (colour, live) =
            (surface.colour(global.color), surface.live(global.progress, verbosity));
        Self { verbosity, colour, live }
    }

    /// Whether more than usual is to be said.
    pub(crate) fn is_verbose(&self) -> bool {
        self.verbosity == Verbosity::Verbose
    }

    fn paint(&self, code: &str, text: &str) -> String {
        if self.colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    /// One line of progress: a right-aligned verb and what it concerns, with what is beyond the last column under it.
    pub(crate) fn status(&self, verb: &str, message: impl AsRef<str>) {
        if self.verbosity > Verbosity::Quiet {
            let verb = self.paint("1;32", &format!("{verb:>VERB_COLUMNS$}"));
            let indent = VERB_COLUMNS + 1;
            self.line(&format!("{verb} {}", wording::folded(&visible(message.as_ref()), indent)));
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
        if self.verbosity > Verbosity::Quiet {
            self.line(visible(text).trim_end_matches('\n'));
        }
    }

    /// A unified diff, coloured by line and otherwise as it is.
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
        if self.verbosity > Verbosity::Quiet {
            written(lines.join("\n").trim_end_matches('\n'));
        }
    }

    /// In it the program is named as it was called.
    fn line(&self, text: &str) {
        written(&cli::in_words_of(cli::called(), text));
    }

    /// Whether there is a person to ask.
    pub(crate) fn can_ask(&self) -> bool {
        io::stdin().is_terminal() && io::stderr().is_terminal()
    }

    /// Asks a yes/no question; anything but `y` or `yes` is no.
    pub(crate) fn confirm(&self, question: &str) -> bool {
        Answer::of(&self.answer(&format!("{question} [y/N] "))) == Answer::Yes
    }

    /// The same where a diff can be asked for.
    pub(crate) fn confirm_or_diff(&self, question: &str) -> Answer {
        Answer::of(&self.answer(&format!("{question} (d shows the diff) [y/N/d] ")))
    }

    /// The line behind a question; empty where nobody can answer.
    fn answer(&self, question: &str) -> String {
        let _ = write!(io::stderr().lock(), "{question}");
        let _ = io::stderr().flush();
        let mut answer = String::new();
        match io::stdin().lock().read_line(&mut answer) {
            Ok(_) => answer,
            Err(_) => String::new(),
        }
    }
}

fn written(text: &str) {
    // A closed stderr must not stop the work, least of all a commit.
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// A path as a reader of the terminal finds it soonest: from the current directory on, if it lies below that.
pub(crate) fn shown(path: &Path) -> String {
    let here = std::env::current_dir().ok();
    let inside = here.and_then(|here| paths::inside(&here, path));
    let inside = inside.filter(|inside| !inside.as_os_str().is_empty());
    inside.as_deref().unwrap_or(path).display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TERMINAL: Surface = Surface {
        is_terminal: true,
        is_dumb: false,
        is_log: false,
        no_colour: false,
        forced_colour: false,
    };

    #[test]
    fn a_live_line_is_for_terminals_that_are_no_log() {
        let live = |surface: Surface, wish| surface.live(wish, Verbosity::Normal);
        assert_eq!(live(TERMINAL, cli::Progress::Auto), Live::Line);
        assert_eq!(live(TERMINAL, cli::Progress::None), Live::Nothing);
        assert_eq!(live(TERMINAL, cli::Progress::Plain), Live::Plain);
        for other in [
            Surface { is_terminal: false, ..TERMINAL },
            Surface { is_dumb: true, ..TERMINAL },
            Surface { is_log: true, ..TERMINAL },
        ] {
            assert_eq!(live(other, cli::Progress::Auto), Live::Nothing, "{other:?}");
            assert_eq!(live(other, cli::Progress::Plain), Live::Plain, "{other:?}");
        }
        assert_eq!(TERMINAL.live(cli::Progress::Plain, Verbosity::Quiet), Live::Nothing);
    }

    #[test]
    fn a_wish_for_colour_goes_before_variables_and_no_colour_before_force() {
        let auto = |surface: Surface| surface.colour(Color::Auto);
        assert!(auto(TERMINAL));
        assert!(!auto(Surface { is_dumb: true, ..TERMINAL }));
        let pipe = Surface { is_terminal: false, ..TERMINAL };
        assert!(!auto(pipe) && auto(Surface { forced_colour: true, ..pipe }));
        let both = Surface { forced_colour: true, no_colour: true, ..TERMINAL };
        assert!(!auto(both) && both.colour(Color::Always) && !TERMINAL.colour(Color::Never));
    }

    #[test]
    fn only_yes_is_yes() {
        assert_eq!(Answer::of(" Yes\n"), Answer::Yes);
        assert_eq!(Answer::of("d\n"), Answer::Diff);
        for other in ["", "\n", "n", "ja", "yesno"] {
            assert_eq!(Answer::of(other), Answer::No, "{other}");
        }
    }

    #[test]
    fn variables_are_switched_off_by_nothing_zero_and_false() {
        assert!(is_yes(OsStr::new("1")) && is_yes(OsStr::new("true")));
        assert!(!["", "0", "false"].iter().any(|value| is_yes(OsStr::new(value))));
    }
}
