//! What `optimize` says at its end, in five lines: what changed, what was gained, what was rejected, how to undo it,
//! where the report is.
//!
//! Pure but for the current directory, from which paths are shown. A gain is a measured one, with its call.

use std::{collections::BTreeMap, path::Path};

use crate::{
    cli::Depth,
    record::{ChangeRecord, Record, Side, Verdict},
    render, shell, wording,
};

/// What the record does not hold.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ended<'a> {
    /// Number of files that were written.
    pub(super) files: usize,
    pub(super) depth: Depth,
    /// As it was given by `--manifest-path`.
    pub(super) manifest: Option<&'a Path>,
    /// With the reports.
    pub(super) run_dir: &'a Path,
}

/// Verbs, and what stands behind them.
pub(super) fn lines(record: &Record, ended: Ended<'_>) -> [(&'static str, String); 5] {
    [
        ("Changed", changed(record, ended.files)),
        ("Gained", gained(record, ended.depth)),
        ("Rejected", rejected(record)),
        ("Undo", undo(record, ended.manifest)),
        ("Reported", reported(record, ended.run_dir)),
    ]
}

fn with(record: &Record, verdict: Verdict) -> Vec<&ChangeRecord> {
    record.changes.iter().filter(|change| change.verdict == verdict).collect()
}

/// `9 changes in 6 files: 5 unused-dependency, 4 profile`.
fn changed(record: &Record, files: usize) -> String {
    let applied = with(record, Verdict::Applied);
    if applied.is_empty() {
        return "nothing: no change stood the proof".to_owned();
    }
    let mut codes: BTreeMap<&str, usize> = BTreeMap::new();
    for change in &applied {
        *codes.entry(&change.code).or_default() += 1;
    }
    let codes: Vec<String> =
        codes.into_iter().map(|(code, number)| format!("{number} {code}")).collect();
    let files = match files {
        0 => String::new(),
        files => format!(" in {}", wording::count(files, "file")),
    };
    format!("{}{files}: {}", wording::count(applied.len(), "change"), codes.join(", "))
}

/// What was measured, and what was counted where nothing was.
fn gained(record: &Record, depth: Depth) -> String {
    let mut said = render::gains(record);
    if !is_timed(record) {
        let why = match depth {
            Depth::None => "nothing timed (`--measure none`)",
            Depth::Quick | Depth::Full => "nothing timed; the report says why",
        };
        said.insert(0, why.to_owned());
        if let (Some(before), Some(after)) = (&record.baseline, &record.candidate) {
            said.extend(fewer(before, after));
        }
    }
    said.join("; ")
}

fn is_timed(record: &Record) -> bool {
    record.measurements.iter().any(|it| it.what.starts_with("clean-"))
}

fn fewer(before: &Side, after: &Side) -> Option<String> {
    let pairs = [
        ("units", before.units, after.units),
        ("packages in several versions", before.duplicates, after.duplicates),
    ];
    let parts: Vec<String> = pairs
        .into_iter()
        .filter(|(_, before, after)| before != after)
        .map(|(what, before, after)| format!("{what} {before} -> {after}"))
        .collect();
    (!parts.is_empty()).then(|| format!("counted in a check: {}", parts.join(", ")))
}

fn rejected(record: &Record) -> String {
    let rejected = with(record, Verdict::Rejected);
    let Some(first) = rejected.first() else { return "nothing".to_owned() };
    let reason = first.reason.lines().next().unwrap_or_default();
    let (which, rest) = match rejected.len() {
        1 => (String::new(), "why in full, and how to settle it, is in the report"),
        _ => {
            (", the first of them".to_owned(), "the rest, and how to settle them, is in the report")
        }
    };
    let count = wording::count(rejected.len(), "change");
    format!("{count}{which}: {} ({}): {reason}; {rest}", first.title, first.id)
}

fn undo(record: &Record, manifest: Option<&Path>) -> String {
    let Some(backup) = &record.backup else {
        return "nothing, as no file changed".to_owned();
    };
    let quoted = manifest.map(|path| path.display().to_string());
    let quoted = quoted.as_deref().map(shlex::try_quote);
    match quoted {
        Some(Ok(manifest)) => format!(
            "by `cargo xtask restore --manifest-path {manifest}`, which puts every byte of `{backup}` back"
        ),
        _ => format!("by `cargo xtask restore {backup}`, which puts every byte back"),
    }
}

/// Where the report is, and what was kept beside it.
fn reported(record: &Record, run_dir: &Path) -> String {
    let report = shell::shown(&run_dir.join("report.html"));
    let beside = match (is_timed(record), &record.baseline) {
        (true, _) => "report.md, report.json, timing reports and logs",
        (false, Some(_)) => "report.md, report.json and logs",
        (false, None) => "report.md and report.json",
    };
    format!("in `{report}`; {beside} are beside it")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(id: &str, verdict: Verdict) -> ChangeRecord {
        ChangeRecord {
            id: id.to_owned(),
            code: id.split(':').next().unwrap_or_default().to_owned(),
            title: format!("title of {id}"),
            verdict,
            reason: "first line\nsecond line".to_owned(),
            files: Vec::new(),
            impact: None,
            effort: None,
            remembered: None,
        }
    }

    fn said(record: &Record, depth: Depth) -> Vec<String> {
        let ended = Ended { files: 2, depth, manifest: None, run_dir: Path::new("/runs/1") };
        let line = |(verb, text): &(&str, String)| format!("{verb}: {text}");
        lines(record, ended).iter().map(line).collect()
    }

    #[test]
    fn five_lines_say_what_changed_what_it_gained_what_fell_how_to_undo_and_where_to_read() {
        let record = Record {
            changes: vec![
                change("profile:dev", Verdict::Applied),
                change("unused-dependency:a/b", Verdict::Applied),
                change("profile:dev-opt", Verdict::Applied),
                change("broad-features:x", Verdict::Rejected),
                change("gitignore:patterns", Verdict::Skipped),
            ],
            baseline: Some(Side { units: 20, duplicates: 1, ..Side::default() }),
            candidate: Some(Side { units: 12, duplicates: 1, ..Side::default() }),
            backup: Some("backup-1".to_owned()),
            ..Record::default()
        };
        assert_eq!(
            said(&record, Depth::None),
            [
                "Changed: 3 changes in 2 files: 2 profile, 1 unused-dependency",
                "Gained: nothing timed (`--measure none`); counted in a check: units 20 -> 12",
                "Rejected: 1 change: title of broad-features:x (broad-features:x): first line; \
                 why in full, and how to settle it, is in the report",
                "Undo: by `cargo xtask restore backup-1`, which puts every byte back",
                "Reported: in `/runs/1/report.html`; report.md, report.json and logs are beside it",
            ]
        );
    }

    #[test]
    fn a_run_of_which_nothing_stood_says_so() {
        let said = said(&Record::default(), Depth::Quick);
        assert_eq!(said[0], "Changed: nothing: no change stood the proof");
        assert_eq!(said[1], "Gained: nothing timed; the report says why");
        assert_eq!(said[2], "Rejected: nothing");
        assert_eq!(said[3], "Undo: nothing, as no file changed");
        assert!(said[4].ends_with("; report.md and report.json are beside it"), "{}", said[4]);
    }

    #[test]
    fn the_way_back_names_the_manifest_that_was_given() {
        let record = Record { backup: Some("backup-1".to_owned()), ..Record::default() };
        let manifest = Path::new("my ws/Cargo.toml");
        assert_eq!(
            undo(&record, Some(manifest)),
            "by `cargo xtask restore --manifest-path 'my ws/Cargo.toml'`, which puts every byte of `backup-1` back"
        );
    }
}
