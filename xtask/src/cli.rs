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
pub(crate) use program::{INSTALLED, called, command, in_words_of, own_package, parse};

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
    /// Print findings, plan and diff; build nothing of the workspace and write nothing
    #[arg(long, conflicts_with_all = ["yes", "check"])]
    pub(crate) dry_run: bool,
    /// Show reasons and the unified diff with the plan (a dry run does into a file or a pipe)
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
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    /// The command lines of a page: what follows a prompt, or a workflow's `run:`, up to a pipe or a file.
    fn command_lines(page: &str) -> Vec<Vec<String>> {
        let folded = page
            .replace(">\n          cargo xtask", " cargo xtask")
            .replace("\n          --", " --");
        let lines = folded.lines().filter_map(|line| {
            let line = line.trim_start().trim_start_matches("- ");
            let rest = line.strip_prefix("$ ").or_else(|| line.strip_prefix("run:"))?.trim_start();
            let words = rest.strip_prefix("cargo xtask")?;
            let words = words.split(" | ").next()?.split(" > ").next()?.split(" #").next()?;
            // What stands in single quotes is one word.
            let parts = words.split('\'').enumerate().map(|(at, part)| match at % 2 {
                0 => part.split_whitespace().map(|it| it.trim_matches('"').to_owned()).collect(),
                _ => vec![part.to_owned()],
            });
            Some(parts.collect::<Vec<Vec<String>>>().concat())
        });
        lines.collect()
    }

    /// A command and everything below it.
    fn all_of(command: &clap::Command) -> Vec<clap::Command> {
        let below = command.get_subcommands().filter(|it| it.get_name() != "help").flat_map(all_of);
        std::iter::once(command.clone()).chain(below).collect()
    }

    #[test]
    fn every_help_ends_with_examples_that_parse_and_names_exit_codes() {
        for program in ["cargo xtask", "xtask"] {
            let mut top = command(program);
            top.build();
            for mut it in all_of(&top) {
                let help = it.render_long_help().to_string();
                let name = it.get_name().to_owned();
                let has_heading =
                    help.contains("\nExamples:\n") || help.contains("Where to begin:");
                assert!(has_heading && help.contains("Exit codes: 0 "), "{name}: {help}");
                let end = help.rsplit_once("Options").map_or("", |(_, end)| end);
                assert!(end.contains("Exit codes: "), "{name}: not at the end of {help}");
                if let Some(wide) = help.lines().find(|line| line.chars().count() > 80) {
                    panic!("{name}: wider than 80 columns: {wide}");
                }
                let as_alias = help.replace(&format!("$ {program} "), "$ cargo xtask ");
                let lines = command_lines(&as_alias);
                assert!((2..=5).contains(&lines.len()), "{name}: {lines:?}");
                for words in lines {
                    let line = std::iter::once("xtask".to_owned()).chain(words);
                    Cli::try_parse_from(line).unwrap_or_else(|error| panic!("{name}: {error}"));
                }
            }
        }
    }

    #[test]
    fn the_codes_are_listed_once_and_the_short_help_is_short() {
        let mut top = command("xtask");
        let optimize = top.find_subcommand_mut("optimize").unwrap();
        let long = optimize.render_long_help().to_string();
        assert_eq!(long.matches("unused-workspace-dependency").count(), 1, "{long}");
        let short = optimize.render_help().to_string();
        assert!(!short.contains("Examples:") && short.lines().count() < long.lines().count());
    }

    #[test]
    fn an_installed_program_is_called_by_its_own_name() {
        let help = command("xtask").render_long_help().to_string();
        assert!(help.contains("Usage: xtask ") && !help.contains("cargo xtask"), "{help}");
        let help = command("cargo xtask").render_long_help().to_string();
        assert!(help.contains("Usage: cargo xtask "), "{help}");
    }

    #[test]
    fn every_command_line_in_the_documents_is_one() {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
        let mut found = 0;
        for dir in [root.to_owned(), format!("{root}/docs"), format!("{root}/docs/workflows")] {
            for entry in std::fs::read_dir(dir).unwrap() {
                let path = entry.unwrap().path();
                if !path.extension().is_some_and(|it| it == "md" || it == "yml") {
                    continue;
                }
                for words in command_lines(&std::fs::read_to_string(&path).unwrap()) {
                    let line = std::iter::once("xtask".to_owned()).chain(words.clone());
                    if let Err(error) = Cli::try_parse_from(line) {
                        let is_text = !error.use_stderr();
                        assert!(is_text, "{}: {words:?}: {error}", path.display());
                    }
                    found += 1;
                }
            }
        }
        assert!(found > 10, "only {found} command lines were found: is the search broken?");
    }

    #[test]
    fn durations_take_a_unit() {
        assert_eq!(duration("90"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("20m"), Ok(Duration::from_secs(1200)));
        assert_eq!(duration("1h"), Ok(Duration::from_secs(3600)));
        assert!(duration("soon").is_err());
        assert!(duration("").is_err());
        assert!(duration("99999999999999999999h").is_err());
    }
}
