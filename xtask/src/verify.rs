//! What compiles and which tests pass in a shadow, and whether a candidate is as sound as the baseline.
//!
//! What failed in the baseline is held against nobody.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Result, bail};
use cargo_metadata::{
    Message, Metadata, Target,
    diagnostic::{Diagnostic, DiagnosticLevel},
};

use crate::{
    cargo::{self, Cargo},
    paths,
    shell::{Expected, Shell},
};

/// A target of a member, named so that it is the same in every shadow.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TargetId {
    /// Source file relative to the shadow's workspace root.
    pub(crate) source: PathBuf,
    pub(crate) kind: String,
    pub(crate) name: String,
}

/// What a `cargo check` found.
#[derive(Debug, Clone, Default)]
pub(crate) struct Checked {
    /// Targets of members that compiled; `true` for their test form.
    pub(crate) ok: BTreeSet<(TargetId, bool)>,
    /// First error of each target of a member that failed.
    pub(crate) failed: BTreeMap<TargetId, String>,
    /// Units compiled or found fresh, build script runs included.
    pub(crate) units: usize,
    /// Names in backticks that errors call a feature, in the order they came.
    pub(crate) features_asked_for: Vec<String>,
    /// Where everything that cargo and rustc said is kept.
    pub(crate) log: PathBuf,
    /// Wall time of the check.
    pub(crate) wall: Duration,
    /// Cargo's own error when it did not come to compiling.
    pub(crate) refused: Option<String>,
}

/// What a reader sees while cargo works.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Watch<'a> {
    pub(crate) shell: &'a Shell,
    /// What is checked or tested, for instance `baseline`.
    pub(crate) what: &'a str,
    /// Units of an earlier build of the same, if there was one.
    pub(crate) units: Option<usize>,
}

/// Checks with the given arguments after `cargo check --keep-going`.
///
/// # Errors
/// When cargo cannot be run or the run is interrupted; errors in code are part of the result.
pub(crate) fn check(
    cargo: &Cargo,
    members: &Members,
    args: &[&str],
    log: &Path,
    watch: Watch<'_>,
) -> Result<Checked> {
    let mut all = vec!["check", "--keep-going", "--quiet"];
    all.extend_from_slice(args);
    let expected = watch.units.map(|units| Expected { units, wall: None });
    let progress = watch.shell.progress("Checking", watch.what, expected);
    let mut checked = Checked::default();
    let mut built = false;
    let mut is_full = false;
    let finished = cargo.messages(&all, log, |message| match message {
        Message::CompilerArtifact(artifact) => {
            checked.units += 1;
            progress.unit(crate_name(&artifact.target), artifact.fresh);
            if let Some(id) = members.id(cargo.dir(), &artifact.target) {
                checked.ok.insert((id, artifact.profile.test));
            }
        }
        Message::BuildScriptExecuted(_) => {
            checked.units += 1;
            progress.unit(None, false);
        }
        Message::CompilerMessage(note) if is_error(&note.message) => {
            is_full |= cargo::is_disk_full(&note.message.message);
            collect_features(&note.message, &mut checked.features_asked_for);
            let id = members.id(cargo.dir(), &note.target);
            let id = id.unwrap_or_else(|| TargetId {
                source: note.target.src_path.clone().into_std_path_buf(),
                kind: kind(&note.target),
                name: note.target.name.clone(),
            });
            checked.failed.entry(id).or_insert_with(|| located(&note.message));
        }
        Message::BuildFinished(_) => built = true,
        _ => {}
    });
    progress.finish_and_clear();
    let finished = finished?;
    if is_full || cargo::is_disk_full(&finished.stderr) {
        bail!("{}", cargo::disk_full(cargo.dir(), log));
    }
    checked.wall = finished.wall;
    checked.log = log.to_path_buf();
    if !finished.success && (!built || checked.failed.is_empty()) {
        checked.refused = Some(finished.stderr.trim().to_owned());
    }
    Ok(checked)
}

/// The name to show for a unit; none of a build script, which are all called the same.
pub(crate) fn crate_name(target: &Target) -> Option<&str> {
    (!target.is_custom_build()).then_some(target.name.as_str())
}

/// Whether a message is an error with a place of its own.
pub(crate) fn is_error(message: &Diagnostic) -> bool {
    // The closing "aborting due to …" has no place in the code.
    matches!(message.level, DiagnosticLevel::Error | DiagnosticLevel::Ice)
        && !message.message.starts_with("aborting due to")
}

fn kind(target: &Target) -> String {
    target.kind.first().map(ToString::to_string).unwrap_or_default()
}

/// The targets of the members, by their source files: what a check is about. Path dependencies that are
/// no members, and vendored packages, may lie in the workspace too, and are none of them.
#[derive(Debug, Clone)]
pub(crate) struct Members(BTreeSet<PathBuf>);

impl Members {
    /// The members of the workspace at `root`; sources are kept relative to it.
    pub(crate) fn of(metadata: &Metadata, root: &Path) -> Self {
        let targets =
            metadata.workspace_packages().into_iter().flat_map(|package| &package.targets);
        Self(targets.map(|target| paths::relative(root, target.src_path.as_std_path())).collect())
    }

    fn id(&self, root: &Path, target: &Target) -> Option<TargetId> {
        let source = paths::relative(root, target.src_path.as_std_path());
        self.0.contains(&source).then(|| TargetId {
            source,
            kind: kind(target),
            name: target.name.clone(),
        })
    }
}

/// The message with the place of its first span, `file:line:column: text`, and what the compiler says at
/// that place in a second line, if it says something there.
pub(crate) fn located(message: &Diagnostic) -> String {
    let first = message.message.lines().next().unwrap_or_default();
    let text = match &message.code {
        Some(code) => format!("error[{}]: {first}", code.code),
        None => format!("error: {first}"),
    };
    let primary = message.spans.iter().find(|span| span.is_primary).or(message.spans.first());
    let Some(span) = primary else { return text };
    let place = format!("{}:{}:{}", span.file_name, span.line_start, span.column_start);
    match span.label.as_deref().and_then(|label| label.lines().next()) {
        Some(label) => format!("{place}: {text}\n  {label}"),
        None => format!("{place}: {text}"),
    }
}

/// What a change is rejected with: two lines of what was said, and where all of it is kept.
pub(crate) fn evidence(said: &str, log: &Path) -> String {
    let lines: Vec<&str> = said.lines().filter(|line| !line.trim().is_empty()).take(2).collect();
    let said = lines.join("\n");
    if log.as_os_str().is_empty() { said } else { format!("{said}\nfull log: `{}`", log.display()) }
}

fn collect_features(message: &Diagnostic, out: &mut Vec<String>) {
    // rustc says "the item is gated behind the `net` feature" at a span, tokio's macros in the message.
    let labels = message.spans.iter().filter_map(|span| span.label.as_deref());
    for name in labels.chain([message.message.as_str()]).flat_map(features_named) {
        if !out.contains(&name) {
            out.push(name);
        }
    }
    for child in &message.children {
        collect_features(child, out);
    }
}

/// Names that a message calls a feature: "the item is gated behind the `net` feature",
/// "the `rt-multi-thread` feature is disabled", "The `#[tokio::main]` macro requires rt or rt-multi-thread."
fn features_named(text: &str) -> Vec<String> {
    let pieces: Vec<&str> = text.split('`').collect();
    let quoted = (1..pieces.len()).step_by(2).filter(|at| {
        let after = pieces.get(at + 1).unwrap_or(&"").trim_start();
        let before = pieces[at - 1].trim_end();
        after.starts_with("feature") || before.ends_with("feature") || before.ends_with("features")
    });
    let mut names: Vec<String> = quoted.map(|at| pieces[at].to_owned()).collect();
    if let Some((_, needs)) = text.split_once(" requires ") {
        // Of "rt or rt-multi-thread" the first will do.
        let words = needs.split(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_');
        let words = words.filter(|word| !word.is_empty()).take_while(|word| *word != "or");
        names.extend(words.map(str::to_owned));
    }
    names
}

impl Checked {
    /// Why this is less sound than `baseline`, and the full log's path in a line of its own; none if
    /// every target that compiled there compiles here.
    pub(crate) fn regression(&self, baseline: &Self) -> Option<String> {
        Some(evidence(&self.lost(baseline)?, &self.log))
    }

    fn lost(&self, baseline: &Self) -> Option<String> {
        if let (Some(refused), None) = (&self.refused, &baseline.refused) {
            return Some(refused.clone());
        }
        let lost: Vec<&TargetId> =
            baseline.ok.difference(&self.ok).map(|(target, _)| target).collect();
        let first = lost.first()?;
        let error = lost.iter().find_map(|target| self.failed.get(*target));
        let is_new = |target: &TargetId| !baseline.failed.contains_key(target);
        let new = self.failed.iter().find(|(target, _)| is_new(target)).map(|(_, error)| error);
        let anywhere = error.or(new);
        Some(anywhere.cloned().unwrap_or_else(|| {
            let why = match self.failed.is_empty() {
                true => "is no longer built: its package is no member any more, or a feature that it requires is off",
                false => "no longer compiles",
            };
            format!("{} `{}` ({}) {why}", first.kind, first.name, first.source.display())
        }))
    }

    /// Number of targets that compile, their test forms not counted again.
    pub(crate) fn targets_ok(&self) -> usize {
        let failed = |target: &TargetId| self.failed.contains_key(target);
        self.ok
            .iter()
            .map(|(target, _)| target)
            .filter(|t| !failed(t))
            .collect::<BTreeSet<_>>()
            .len()
    }

    /// The targets that fail, as text.
    pub(crate) fn targets_failed(&self) -> Vec<String> {
        let line = |target: &TargetId| {
            format!("{} {} ({})", target.kind, target.name, target.source.display())
        };
        self.failed.keys().map(line).collect()
    }
}

/// What a `cargo test` found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Tested {
    /// How often a test of that name passed: several binaries may have one.
    pub(crate) passed: BTreeMap<String, usize>,
    pub(crate) failed: BTreeSet<String>,
    /// Whether cargo itself was content.
    pub(crate) success: bool,
    /// The end of cargo's own output, for when nothing else explains a failure.
    pub(crate) stderr: String,
    /// Where everything that was said is kept.
    pub(crate) log: PathBuf,
}

/// Runs the tests of all members but `exclude` (packages of which a target does not compile).
///
/// # Errors
/// When cargo cannot be run or the run is interrupted; failing tests are part of the result.
pub(crate) fn test(
    cargo: &Cargo,
    exclude: &[String],
    log: &Path,
    watch: Watch<'_>,
) -> Result<Tested> {
    let mut args = vec!["test", "--workspace", "--no-fail-fast"];
    for package in exclude {
        args.extend(["--exclude", package]);
    }
    let progress = watch.shell.progress("Testing", watch.what, None);
    let mut tested = Tested::default();
    let mut run = 0;
    let finished = cargo.messages(&args, log, |message| match message {
        Message::CompilerArtifact(artifact) => {
            progress.unit(crate_name(&artifact.target), artifact.fresh);
        }
        Message::TextLine(line) => {
            if let Some(name) = tested.read_line(&line) {
                run += 1;
                progress.set_message(format!("{run} tests, {name}"));
            }
        }
        _ => {}
    });
    progress.finish_and_clear();
    let finished = finished?;
    tested.success = finished.success;
    tested.stderr = finished.stderr;
    tested.log = log.to_path_buf();
    Ok(tested)
}

impl Tested {
    /// Reads a line of libtest's output, such as `test a::b ... ok`. The name of the test, if it is about one.
    fn read_line<'a>(&mut self, line: &'a str) -> Option<&'a str> {
        let (name, verdict) =
            line.strip_prefix("test ").and_then(|rest| rest.rsplit_once(" ... "))?;
        if verdict.starts_with("ok") {
            *self.passed.entry(name.to_owned()).or_default() += 1;
        } else if verdict.starts_with("FAILED") {
            self.failed.insert(name.to_owned());
        }
        Some(name)
    }

    /// Number of tests that passed.
    pub(crate) fn passed_count(&self) -> usize {
        self.passed.values().sum()
    }

    /// Why this is less sound than `baseline`; none if every test that passed there passes here.
    pub(crate) fn regression(&self, baseline: &Self) -> Option<String> {
        let lost: Vec<&str> = baseline
            .passed
            .iter()
            .filter(|(name, count)| self.passed.get(*name).unwrap_or(&0) < count)
            .map(|(name, _)| name.as_str())
            .collect();
        let said = match lost.as_slice() {
            [] if self.success || !baseline.success => return None,
            [] => {
                let error = self.stderr.lines().find(|line| line.starts_with("error"));
                format!("`cargo test` fails:\n{}", error.unwrap_or(self.stderr.trim()))
            }
            [one] => format!("test `{one}` passed before and does not now"),
            [one, rest @ ..] => {
                format!("test `{one}` and {} more passed before and do not now", rest.len())
            }
        };
        Some(evidence(&said, &self.log))
    }
}

#[cfg(test)]
mod tests;
