//! The end of `optimize`: the commit, the cleaning, the last figures and what is said about them.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};

use super::{said_too_late, shadows::Outcome};
use crate::{
    clean,
    cli::Code,
    commit::{self, FileChange, Origin},
    disk, interrupt,
    measure::{self, Readings, Sides},
    plan,
    record::{FileRecord, Measurement, Record, Verdict},
    settled,
    shell::Shell,
    snapshot::{LOCK_FILE, Snapshot},
    target_dir::{self, Surroundings},
    wording,
};

/// Whether the target directory is cleaned once something is committed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cleaning {
    /// By `--only` and `--skip`.
    pub(super) is_wanted: bool,
    pub(super) offline: bool,
}

/// The commit, the cleaning and the last figures. The number of files that were written.
pub(super) fn finish(
    snapshot: &Snapshot,
    outcome: Outcome,
    cleaning: Cleaning,
    run_dir: &Path,
    shell: &Shell,
    record: &mut Record,
) -> Result<usize> {
    let Outcome { kept, files, sides, verdicts } = outcome;
    let Sides { baseline: mut before, candidate: mut after } = sides;
    let package = measure::plain(snapshot.inventory.package.bytes as f64);
    before.package_bytes.push(package.clone());
    after.package_bytes.push(package);
    // From here on something may go wrong; what was measured is in the record whatever happens.
    record.measurements = compared(&before, &after);
    record.diff = plan::diff(snapshot, &files);
    record.configuration = snapshot.configuration(&files);
    let applied = record.changes.iter().filter(|change| change.verdict == Verdict::Applied);
    for change in applied.clone() {
        shell.detail("Stands", format!("{} ({})", change.title, change.id));
    }
    if !files.is_empty() {
        let stands = wording::count(applied.count(), "change");
        shell.status("Committing", format!("{stands} that stood the proof"));
    }
    // The last moment in which an interrupt leaves nothing to undo.
    interrupt::check()?;
    if files.is_empty() {
        shell.status("Finished", "no file changes");
    } else {
        hold_still(snapshot)?;
        let backup = commit_files(snapshot, &files)?;
        shell.status(
            "Committed",
            format!("{}; the old bytes are in `{backup}/`", wording::count(files.len(), "file")),
        );
        record.backup = Some(backup);
        record.files = written(snapshot, &files);
    }
    verdicts.remember(snapshot, run_dir, record, shell);
    if kept.iter().any(|change| change.code == Code::PackageBloat) {
        clean(snapshot, shell, record);
    }
    if cleaning.is_wanted && record.backup.is_some() {
        clean_what_is_unused(snapshot, cleaning, shell, record);
    }
    let left: Vec<u64> = snapshot
        .made_by_cargo()
        .map(target_dir::package_bytes)
        .collect::<Result<_>>()
        .with_context(|| said_too_late(record))?;
    after.package_bytes = vec![measure::plain(left.iter().sum::<u64>() as f64)];
    record.measurements = compared(&before, &after);
    record.report = Some(run_dir.display().to_string());
    let rejected = record.changes.iter().filter(|change| change.verdict == Verdict::Rejected);
    for change in rejected {
        shell.detail("Rejected", format!("{} ({}): {}", change.title, change.id, change.reason));
    }
    if let Some(note) = settled::note(&record.changes, snapshot) {
        shell.detail("Note", &note);
        record.notes.push(note);
    }
    Ok(files.len())
}

/// The files of a commit as text, but for the lock file, which is long and cargo's own.
fn written(snapshot: &Snapshot, files: &BTreeMap<PathBuf, Vec<u8>>) -> Vec<FileRecord> {
    let texts = files.iter().filter(|(path, _)| *path != Path::new(LOCK_FILE));
    let record = |(path, bytes): (&PathBuf, &Vec<u8>)| FileRecord {
        path: path.display().to_string(),
        existed: snapshot.files.get(path).is_some_and(Option::is_some),
        after: String::from_utf8_lossy(bytes).into_owned(),
    };
    texts.map(record).collect()
}

/// The rows to show: none where nothing was timed and no package directory was there.
fn compared(before: &Readings, after: &Readings) -> Vec<Measurement> {
    let has_package = before.package_bytes.iter().any(|sample| sample.value > 0.0);
    if has_package || !before.clean_dev.is_empty() {
        measure::compare(before, after)
    } else {
        Vec::new()
    }
}

/// Cleans where the plan said that something lies. What is left is said and changes nothing else: the commit stands.
fn clean(snapshot: &Snapshot, shell: &Shell, record: &mut Record) {
    let surroundings = Surroundings::of(&snapshot.root);
    let (mut freed, mut removed) = (0, 0);
    let package = &snapshot.inventory.package;
    let is_planned = |dir: &&Path| {
        package.unpacked.iter().any(|unpacked| unpacked.is_in(dir))
            && package.refused.iter().all(|(refused, _)| refused != *dir)
    };
    for dir in snapshot.made_by_cargo().filter(is_planned) {
        let cleaned = target_dir::clean_package_bloat(dir, &surroundings);
        freed += cleaned.freed_bytes;
        removed += cleaned.removed.len();
        let left = cleaned.left.iter();
        let left = left.map(|left| format!("left `{}`: {}", left.path.display(), left.reason));
        let more = (cleaned.unnamed > 0)
            .then(|| format!("left {} more in `{}`", cleaned.unnamed, dir.display()));
        for note in left.chain(more) {
            let note = on_one_line(&note);
            shell.warn(&note);
            record.notes.push(note);
        }
    }
    let is_nothing = removed == 0 && freed == 0;
    let freed = wording::si_bytes(freed);
    let directories = if removed == 1 { "directory" } else { "directories" };
    shell.status("Cleaned", format!("{removed} unpacked {directories}, {freed}"));
    let code = Code::PackageBloat.as_str();
    for change in record.changes.iter_mut().filter(|change| change.code == code) {
        if change.verdict == Verdict::Applied {
            change.reason = format!("{freed} freed; {}", change.reason);
            if is_nothing {
                change.verdict = Verdict::Skipped;
            }
        }
    }
}

/// Deletes what the committed files left no use for. Whatever becomes of that, the commit stands.
fn clean_what_is_unused(
    snapshot: &Snapshot,
    cleaning: Cleaning,
    shell: &Shell,
    record: &mut Record,
) {
    let note = match clean::after_commit(snapshot, cleaning.offline, shell) {
        Ok(outcome) => outcome.note(),
        Err(error) => {
            let note = format!("the target directory was not cleaned: {error:#}");
            shell.warn(&note);
            Some(note)
        }
    };
    record.notes.extend(note.map(|note| on_one_line(&note)));
}

/// Names of files may hold line breaks and what a terminal obeys.
fn on_one_line(text: &str) -> String {
    let shown = |c: char| match c.is_control() {
        true => c.escape_default().to_string(),
        false => c.to_string(),
    };
    text.chars().map(shown).collect()
}

/// Refuses a plan that was made from files that changed since.
fn hold_still(snapshot: &Snapshot) -> Result<()> {
    let mut edited = Vec::new();
    for (path, bytes) in &snapshot.files {
        if disk::read_optional(&snapshot.root.join(path))? != *bytes {
            edited.push(format!("`{}`", snapshot.root.join(path).display()));
        }
    }
    ensure!(
        edited.is_empty(),
        "edited while the changes were proved: {}; nothing was written\nhint: run again",
        edited.join(", ")
    );
    Ok(())
}

pub(super) fn file_changes(
    snapshot: &Snapshot,
    files: &BTreeMap<PathBuf, Vec<u8>>,
) -> Vec<FileChange> {
    let change = |(path, bytes): (&PathBuf, &Vec<u8>)| FileChange {
        path: path.clone(),
        before: snapshot.files.get(path).cloned().flatten(),
        after: Some(bytes.clone()),
    };
    files.iter().map(change).collect()
}

fn commit_files(snapshot: &Snapshot, files: &BTreeMap<PathBuf, Vec<u8>>) -> Result<String> {
    let origin = Origin {
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        git_head: snapshot.git_head.clone(),
        command: "optimize".to_owned(),
    };
    commit::commit(&snapshot.root, &file_changes(snapshot, files), &origin)
}
