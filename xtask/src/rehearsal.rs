//! A rehearsal: cargo goes through commands in an empty directory, with a stand-in for the compiler, and so shows by
//! which names it would know what the same commands made in the real target directory.
//!
//! Nothing of the workspace is compiled or run, and nothing is written outside of the stage. Two commands that make the
//! same in the real directory make the same names here: they are cargo's own, whatever goes into its hashes.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, anyhow, ensure};
use tempfile::TempDir;

use crate::{cargo::Cargo, interrupt::Interrupted, target_dir::layout::Names};

mod compiler;
mod names;

pub(crate) use compiler::stand_in;
pub(crate) use names::{Uncertain, UnknownLayout, compiler_of};

/// Names the stage to the stand-in. Set: this process is one.
const STAGE: &str = "XTASK_REHEARSAL";
/// The directory with the real intermediate artifacts.
const OF: &str = "XTASK_REHEARSAL_OF";
/// What the stand-ins note, relative to the stage.
const LOG: &str = "compiled.jsonl";
/// Where cargo puts results and intermediate artifacts, relative to the stage.
const RESULTS: &str = "target";
const INTERMEDIATE: &str = "build";

/// Subcommands of cargo's that compile and then at most run what they compiled, with their short forms.
const REHEARSED: [&str; 13] =
    ["build", "b", "check", "c", "clippy", "test", "t", "bench", "run", "r", "rustc", "doc", "d"];

/// Where a rehearsal takes place.
#[derive(Debug)]
pub(crate) struct Stage {
    directory: TempDir,
    /// Without links: rustc and cargo are told of it by this path.
    path: PathBuf,
    /// Whether results and intermediate artifacts lie apart.
    is_split: bool,
}

/// A command line of cargo's, without the word `cargo`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Line {
    words: Vec<String>,
    /// Where cargo is called, if not in the root of the workspace.
    directory: Option<PathBuf>,
}

impl Line {
    /// A command line as a user writes it.
    ///
    /// # Errors
    /// When it is none that can be rehearsed, or leads cargo elsewhere.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let words = shlex::split(text)
            .with_context(|| format!("`{text}` has a quote that is not closed"))?;
        let words: Vec<String> = match words.split_first() {
            Some((first, rest)) if first == "cargo" => rest.to_vec(),
            _ => words,
        };
        let command = words.iter().find(|word| !word.starts_with('+')).cloned().unwrap_or_default();
        ensure!(
            REHEARSED.contains(&command.as_str()),
            "`{text}` is no command that this can go through without compiling\n\
             hint: name one of build, check, clippy, test, bench, run, rustc and doc, for instance `--for 'build --release'`"
        );
        ensure!(
            words.first() == Some(&command),
            "`{text}` names a toolchain\nhint: use `--keep-toolchains` for that"
        );
        const ELSEWHERE: [&str; 8] = [
            "--target-dir",
            "--build-dir",
            "--manifest-path",
            "--artifact-dir",
            "--out-dir",
            "--lockfile-path",
            "--fix",
            "-C",
        ];
        const NOTHING: [&str; 6] =
            ["--help", "-h", "--version", "-V", "--unit-graph", "--build-plan"];
        let own = words.iter().take_while(|word| *word != "--");
        for word in own {
            let flag = word.split('=').next().unwrap_or_default();
            ensure!(
                !ELSEWHERE.contains(&flag)
                    && !word.contains("target-dir")
                    && !word.contains("build-dir"),
                "`{flag}` in `{text}` leads cargo elsewhere\n\
                 hint: leave it out; the workspace is the one of `--manifest-path`, its target directory the configured one"
            );
            ensure!(
                !NOTHING.contains(&word.as_str()),
                "with `{word}`, `{text}` builds nothing, so nothing would be in use\nhint: leave it out"
            );
        }
        Ok(Self { words, directory: None })
    }

    /// One of this program's own.
    pub(crate) fn of(words: &[&str]) -> Self {
        Self { words: words.iter().map(|word| (*word).to_owned()).collect(), directory: None }
    }

    /// The same, called in another directory.
    pub(crate) fn called_in(self, directory: PathBuf) -> Self {
        Self { directory: Some(directory), ..self }
    }

    /// As one would write it.
    pub(crate) fn text(&self) -> String {
        let words = self.words.iter().map(|word| {
            let quoted = shlex::try_quote(word);
            quoted.map_or_else(|_| word.clone(), std::borrow::Cow::into_owned)
        });
        words.collect::<Vec<_>>().join(" ")
    }

    /// What cargo is given: the lock file as it is, and nothing that is run or opened.
    fn arguments(&self) -> Vec<&str> {
        let (own, more) = match self.words.iter().position(|word| word == "--") {
            Some(at) => self.words.split_at(at),
            None => (self.words.as_slice(), [].as_slice()),
        };
        // To test documentation is to run rustdoc; what it needs is a part of what all tests need.
        let own = own.iter().map(String::as_str);
        let mut out: Vec<&str> = own.filter(|word| !matches!(*word, "--doc" | "--open")).collect();
        let command = out[0];
        if matches!(command, "run" | "r") {
            // By itself cargo would start the runner that is configured, a program of the workspace's choice.
            out.truncate(end_of_options(&out));
            out[0] = "build";
        }
        if !out.iter().any(|word| matches!(*word, "--locked" | "--frozen")) {
            out.push("--locked");
        }
        match command {
            "test" | "t" | "bench" if !out.contains(&"--no-run") => out.push("--no-run"),
            "test" | "t" | "bench" | "run" | "r" => {}
            _ => out.extend(more.iter().map(String::as_str)),
        }
        out
    }
}

/// Where in the words of `cargo run` those begin that are for the program.
fn end_of_options(words: &[&str]) -> usize {
    /// Options that take the word after them.
    const WITH_VALUE: [&str; 14] = [
        "--bin",
        "--color",
        "--config",
        "--example",
        "--features",
        "--jobs",
        "--message-format",
        "--package",
        "--profile",
        "--target",
        "-F",
        "-Z",
        "-j",
        "-p",
    ];
    let mut at = 1;
    while let Some(word) = words.get(at).filter(|word| word.starts_with('-')) {
        at += if WITH_VALUE.contains(word) { 2 } else { 1 };
    }
    at.min(words.len())
}

impl Stage {
    /// An empty stage. `is_split`: the workspace has a build directory that is not its target directory.
    ///
    /// # Errors
    /// When there is no room for one in the temporary directory.
    pub(crate) fn new(is_split: bool) -> Result<Self> {
        let mut options = tempfile::Builder::new();
        let directory = options.prefix("xtask-rehearsal-").tempdir();
        let directory = directory.context("failed to make a temporary directory")?;
        let path = directory.path().canonicalize();
        let path =
            path.with_context(|| format!("failed to find `{}`", directory.path().display()))?;
        // Cargo puts directories of it into lists of paths.
        std::env::join_paths([&path]).with_context(|| {
            format!(
                "`{}` cannot be used by cargo\nhint: point TMPDIR to a path without a colon or quotes",
                path.display()
            )
        })?;
        Ok(Self { directory, path, is_split })
    }

    /// Where results come to lie.
    pub(crate) fn results(&self) -> PathBuf {
        self.path.join(RESULTS)
    }

    /// Where intermediate artifacts come to lie.
    pub(crate) fn intermediate(&self) -> PathBuf {
        if self.is_split { self.path.join(INTERMEDIATE) } else { self.results() }
    }

    /// Goes through a command in the workspace at `root`, with the toolchain that cargo chooses there or with `toolchain`.
    /// `real` is the directory with its intermediate artifacts.
    ///
    /// # Errors
    /// When cargo cannot go through with it; the error carries its words.
    pub(crate) fn rehearse(
        &self,
        root: &Path,
        real: &Path,
        line: &Line,
        toolchain: Option<&str>,
        offline: bool,
    ) -> Result<()> {
        let own = std::env::current_exe().context("failed to find this program")?;
        let is_said =
            line.words.iter().any(|word| matches!(word.as_str(), "--offline" | "--frozen"));
        let cargo = Cargo::new(line.directory.as_deref().unwrap_or(root), offline && !is_said)
            .with_target_dir(self.results())
            .with_build_dir(self.intermediate())
            .with_toolchain(toolchain.map(str::to_owned))
            .with_variables([
                ("RUSTC_WRAPPER", own.as_path()),
                ("RUSTDOC", own.as_path()),
                (STAGE, self.path.as_path()),
                (OF, real),
            ]);
        cargo.capture("cargo", &line.arguments()).map(drop).map_err(|error| {
            if error.is::<Interrupted>() {
                return error;
            }
            let said = format!("{error:#}");
            let hint = if said.contains("--locked") {
                "\nhint: the lock file does not fit the manifests; run any build, or `cargo update --workspace`, first"
            } else {
                ""
            };
            anyhow!("cargo cannot go through `cargo {}`: {said}{hint}", line.text())
        })
    }

    /// The names that were made in the directory of a profile, given relative to the target directory.
    ///
    /// # Errors
    /// When the stage cannot be read, or cargo arranges what it makes in a way that is not known here.
    pub(crate) fn names(&self, profile: &Path) -> Result<Names> {
        names::read(&self.results().join(profile), &self.intermediate().join(profile))
    }

    /// Holds that everything went where this program knows cargo to put it.
    ///
    /// # Errors
    /// [`UnknownLayout`]; others when the notes of the stand-ins cannot be read.
    pub(crate) fn hold_known(&self) -> Result<BTreeSet<Uncertain>> {
        names::hold_known(&self.path.join(LOG), &self.intermediate())
    }

    /// Removes the stage; without this it goes as well, but silently.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub(crate) fn close(self) -> Result<()> {
        let path = self.path;
        self.directory.close().with_context(|| format!("failed to remove `{}`", path.display()))
    }
}

/// Whether cargo's error says that there is no profile of this name.
pub(crate) fn is_unknown_profile(error: &anyhow::Error, profile: &str) -> bool {
    format!("{error:#}").contains(&format!("profile `{profile}` is not defined"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_lines_are_read_as_a_shell_reads_them() {
        let line = Line::parse("cargo build --features 'a b' -p app").unwrap();
        assert_eq!(line.text(), "build --features 'a b' -p app");
        assert_eq!(line.arguments(), ["build", "--features", "a b", "-p", "app", "--locked"]);
    }

    #[test]
    fn what_would_run_programs_is_told_not_to() {
        let arguments = |text| Line::parse(text).unwrap().arguments().join(" ");
        assert_eq!(arguments("test --release -- --nocapture"), "test --release --locked --no-run");
        assert_eq!(arguments("bench --no-run"), "bench --no-run --locked");
        assert_eq!(arguments("run -- x"), "build --locked");
        assert_eq!(
            arguments("run --release -p app --features=a serve --port 80"),
            "build --release -p app --features=a --locked"
        );
        assert_eq!(arguments("r --bin x -- --bin y"), "build --bin x --locked");
        assert_eq!(arguments("run --bin"), "build --bin --locked");
        assert_eq!(arguments("doc --open --no-deps"), "doc --no-deps --locked");
        assert_eq!(arguments("clippy -- -D warnings"), "clippy --locked -- -D warnings");
    }

    #[test]
    fn what_leads_elsewhere_or_changes_sources_is_refused() {
        for (text, said) in [
            ("fix --allow-dirty", "is no command"),
            ("clippy --fix", "`--fix`"),
            ("build --target-dir=/x", "`--target-dir`"),
            ("build --config build.build-dir='x'", "build.build-dir"),
            ("+nightly build", "--keep-toolchains"),
            ("install ripgrep", "is no command"),
            ("build --help", "builds nothing"),
            ("run --unit-graph", "builds nothing"),
            ("build '", "quote"),
            ("", "is no command"),
        ] {
            let error = format!("{:#}", Line::parse(text).unwrap_err());
            assert!(error.contains(said), "{text}: {error}");
        }
        // What a program is given says nothing to cargo.
        Line::parse("run -- --target-dir x").unwrap();
    }
}
