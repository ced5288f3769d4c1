//! Every flag of every command; the doc comments here are the help text.
//!
//! Nothing is decided here beyond what the parser can check.

use std::{num::NonZeroUsize, path::PathBuf, time::Duration};

use clap::{Args, Parser, Subcommand, ValueEnum};

mod cache;
mod clean;
mod help;
mod program;

pub(crate) use cache::{Backend, Cache, CacheCommand, CacheRemove, CacheSetup, CacheVerify};
pub(crate) use clean::Clean;
pub(crate) use program::{INSTALLED, built_in, called, command, in_words_of, own_package, parse};

pub(crate) use crate::passes::Code;

/// Makes a Cargo workspace build faster, proves each gain, and can be undone to the byte.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version, propagate_version = true)]
#[command(max_term_width = 80, after_long_help = help::TOP)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Flags that every command takes.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Options of every command")]
pub(crate) struct Global {
    /// Manifest of the workspace to work on [default: of the workspace around the current directory; through the alias,
    /// AIMDS/Cargo.toml of the repository, or the repository's own]
    #[arg(long, global = true, value_name = "PATH")]
    pub(crate) manifest_path: Option<PathBuf>,
    /// Text for people, or one JSON object on stdout
    #[arg(long, global = true, value_enum, default_value_t = Format::Human)]
    pub(crate) format: Format,
    /// When to colour status lines
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto)]
    pub(crate) color: Color,
    /// How work that takes time shows how far it is
    #[arg(long, global = true, value_enum, default_value_t = Progress::Auto, value_name = "HOW")]
    pub(crate) progress: Progress,
    /// Print results, warnings and errors only
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// Say more about what is tried
    #[arg(short, long, global = true)]
    pub(crate) verbose: bool,
    /// Do not access the network
    #[arg(long, global = true)]
    pub(crate) offline: bool,
    /// The flags that were given, a word each, for the record; without the manifest, which is a path of this machine.
    #[arg(skip)]
    pub(crate) given: Vec<String>,
}

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Human,
    Json,
}

/// When to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    Auto,
    Always,
    Never,
}

/// How progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Progress {
    /// A live line on a terminal; nothing elsewhere, or where CI or TERM=dumb is set
    Auto,
    /// Nothing but the status lines, each once: for screen readers
    None,
    /// A whole line every ten seconds and at the end of each step
    Plain,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Find what slows the workspace down, prove the remedies in a copy, commit what paid
    #[command(after_long_help = help::OPTIMIZE)]
    Optimize(Optimize),
    /// Say whether the workspace is sound and as fast as it was
    #[command(after_long_help = help::VALIDATE)]
    Validate(Validate),
    /// Delete from the target directory what no current build would use
    #[command(after_long_help = help::CLEAN)]
    Clean(Clean),
    /// Put back the files of a backup, byte for byte
    #[command(after_long_help = help::RESTORE)]
    Restore(Restore),
    /// Rebuild the reports of a recorded run
    #[command(after_long_help = help::REPORT)]
    Report(Report),
    /// Share compiled crates with a team, through sccache
    #[command(after_long_help = help::CACHE)]
    Cache(Cache),
    /// Print the completions of a shell for the installed program
    #[command(after_long_help = help::COMPLETIONS)]
    Completions(Completions),
    /// Print the manual, or write a page for each command
    #[command(after_long_help = help::MAN)]
    Man(Man),
}

#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// The shell
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}

#[derive(Debug, Args)]
pub(crate) struct Man {
    /// Write a page for each command to this directory, which is made if it is missing
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Optimize {
    /// Do not ask before the changes are proved and what stands is committed
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// Print the plan, into a file or a pipe with reasons and diff; build nothing of the workspace and write nothing
    #[arg(long, conflicts_with_all = ["yes", "check"])]
    pub(crate) dry_run: bool,
    /// Show reasons and the unified diff with the plan
    #[arg(long)]
    pub(crate) diff: bool,
    /// For CI: exit with 1 if changes are pending; write nothing
    #[arg(long, conflicts_with = "yes")]
    pub(crate) check: bool,
    /// Run these passes only
    #[arg(long, value_enum, value_delimiter = ',', value_name = "CODE,…")]
    pub(crate) only: Vec<Code>,
    /// Leave these passes out; the codes are those of `--only`
    #[arg(
        long,
        value_enum,
        value_delimiter = ',',
        value_name = "CODE,…",
        hide_possible_values = true
    )]
    pub(crate) skip: Vec<Code>,
    /// How much to measure: nothing, one pair of builds, or three pairs and a search over profile settings
    #[arg(long, value_enum, default_value_t = Depth::Quick, value_name = "DEPTH")]
    pub(crate) measure: Depth,
    /// Start no further timed build once this much time went into measuring, for instance 90s, 20m or 1h
    #[arg(long, value_parser = duration, value_name = "TIME")]
    pub(crate) time_budget: Option<Duration>,
    /// Measure as on a machine with this many processors: limits jobs and the processors used
    #[arg(long, value_name = "N")]
    pub(crate) cores: Option<NonZeroUsize>,
    /// A command whose speed the search over profile settings may not cost (with `--measure full`). It is run by
    /// the shell in the copy of the workspace, with CARGO_TARGET_DIR set, for instance `cargo bench -p core`
    #[arg(long, value_name = "COMMAND")]
    pub(crate) bench: Option<String>,
    #[command(flatten)]
    pub(crate) team: TeamFlags,
    /// Do not run the tests of the workspace
    #[arg(long)]
    pub(crate) no_test: bool,
    /// Try again what an earlier run rejected, although nothing that this depended on has changed
    #[arg(long)]
    pub(crate) retry_rejected: bool,
    /// Also update every dependency in the lock file (`cargo update`)
    #[arg(long)]
    pub(crate) update: bool,
    /// Also set sccache as the compiler wrapper, if it is installed
    #[arg(long)]
    pub(crate) sccache: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Validate {
    /// Leave the timed builds out
    #[arg(long, conflicts_with = "against")]
    pub(crate) quick: bool,
    /// Build this git revision side by side and compare with it
    #[arg(long, value_name = "REV")]
    pub(crate) against: Option<String>,
    /// Pairs of timed builds
    #[arg(long, value_name = "N", default_value = "1", conflicts_with = "quick")]
    pub(crate) pairs: NonZeroUsize,
    /// Measure as on a machine with this many processors: limits jobs and the processors used
    #[arg(long, value_name = "N")]
    pub(crate) cores: Option<NonZeroUsize>,
    /// Print a summary in this form instead, for instance for a pull request
    #[arg(long, value_enum, value_name = "FORM", conflicts_with = "format")]
    pub(crate) summary: Option<Summary>,
    /// Also run `cargo bench`
    #[arg(long)]
    pub(crate) bench: bool,
    /// Do not run the tests of the workspace
    #[arg(long)]
    pub(crate) no_test: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Restore {
    /// The backup to restore, as `--list` names it [default: the newest]
    pub(crate) id: Option<String>,
    /// List the backups
    #[arg(long, conflicts_with_all = ["id", "dry_run", "force"])]
    pub(crate) list: bool,
    /// Say what would be done, and do nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Overwrite files that were edited since (they are backed up first)
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Report {
    /// The run to report on, as `--list` names it, or a record: a file ending in .json [default: the newest with a
    /// record]
    pub(crate) run: Option<String>,
    /// List the runs
    #[arg(long, conflicts_with_all = ["run", "open"])]
    pub(crate) list: bool,
    /// Open report.html in the browser
    #[arg(long)]
    pub(crate) open: bool,
    /// Write documents about the run, and the record they are made from, into a directory [default: docs]
    #[arg(long, value_name = "DIR", num_args = 0..=1, require_equals = true, default_missing_value = "docs")]
    #[arg(conflicts_with_all = ["list", "open"])]
    pub(crate) docs: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) team: TeamFlags,
}

/// Who builds, how often, and what an hour costs: what the return on investment is reckoned with.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct TeamFlags {
    /// People who build the workspace [default: 5]
    #[arg(long, value_name = "PEOPLE")]
    pub(crate) team_size: Option<u32>,
    /// Builds of one person in a working day [default: 50]
    #[arg(long, value_name = "BUILDS")]
    pub(crate) builds_per_day: Option<u32>,
    /// What an hour of one person costs, in whatever currency [default: 100]
    #[arg(long, value_name = "AMOUNT", value_parser = amount)]
    pub(crate) hourly_rate: Option<f64>,
}

/// Forms of a summary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Summary {
    /// GitHub-flavoured Markdown
    Markdown,
}

/// How much to measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Depth {
    /// No timed builds
    None,
    /// One pair of timed builds
    Quick,
    /// Three pairs, and a search over profile settings
    Full,
}

/// Parses an amount of money.
fn amount(text: &str) -> Result<f64, String> {
    // Beyond that, a year of a large team is no finite number any more.
    let amount = text.parse::<f64>().ok().filter(|amount| (0.0..=1e12).contains(amount));
    amount.ok_or_else(|| "expected a number from 0 to 1e12, for instance 100".to_owned())
}

/// Parses `90s`, `20m`, `1h` or a plain number of seconds.
fn duration(text: &str) -> Result<Duration, String> {
    let (digits, scale) = match text.char_indices().last() {
        Some((at, 's')) => (&text[..at], 1),
        Some((at, 'm')) => (&text[..at], 60),
        Some((at, 'h')) => (&text[..at], 3600),
        _ => (text, 1),
    };
    digits
        .parse::<u64>()
        .ok()
        .and_then(|count| count.checked_mul(scale))
        .map(Duration::from_secs)
        .ok_or_else(|| {
            "expected a whole number with s, m or h behind it, for instance 20m".to_owned()
        })
}

#[cfg(test)]
mod tests;
