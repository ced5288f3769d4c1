//! The changes of a run by pass: what each pass is called, and what it brought.
//!
//! Measured and attributed seconds are never added; the order alone looks at both.

use super::{expected, text};
use crate::{
    record::{ChangeRecord, Record, Verdict},
    render::{
        DASH, VERDICTS,
        facts::worth::{in_short, verdict},
        sheet::Kind,
    },
    wording::count,
};

use text::Cell;

/// Passes with a name for headings and what they do, the order where nothing else decides.
const PASSES: [(&str, &str, &str); 10] = [
    (
        "unused-dependency",
        "Remove unused dependencies",
        "what no code names, if everything compiles without it",
    ),
    (
        "duplicate-version",
        "Fix duplicate dependencies",
        "one version of each package in place of several",
    ),
    ("broad-features", "Name the features in use", "in place of umbrella features such as `full`"),
    ("profile", "Profile settings", "debug information, code generation, optimisation"),
    (
        "not-inherited",
        "Inherit from the workspace",
        "what members repeat, where that changes nothing they get",
    ),
    ("package-bloat", "Package directory bloat", "unpacked directories that `cargo package` left"),
    ("gitignore", "Ignore generated files", "what git would show as untracked"),
    (
        "unused-workspace-dependency",
        "Remove workspace entries that nobody inherits",
        "tidiness: such entries cost no build time",
    ),
    ("cargo-config", "Cargo configuration", "aliases, and a compiler cache where it was asked for"),
    (
        "wasm",
        "WebAssembly builds",
        "a profile and an alias for members that are built for WebAssembly",
    ),
];

/// All changes of one pass.
pub(super) struct Group<'a> {
    pub(super) code: &'a str,
    pub(super) name: &'a str,
    pub(super) what: &'a str,
    pub(super) changes: Vec<&'a ChangeRecord>,
}

impl<'a> Group<'a> {
    pub(super) fn applied(&self) -> Vec<&'a ChangeRecord> {
        let changes = self.changes.iter().copied();
        changes.filter(|change| change.verdict == Verdict::Applied).collect()
    }

    fn seconds(&self) -> f64 {
        let impacts = self.applied().into_iter().filter_map(|change| change.impact.as_ref());
        impacts.map(|impact| impact.seconds).sum()
    }

    /// Packages that are no longer built because of single changes of it.
    pub(super) fn packages(&self) -> usize {
        let impacts = self.applied().into_iter().filter_map(|change| change.impact.as_ref());
        let mut packages: Vec<&String> = impacts.flat_map(|impact| &impact.packages).collect();
        packages.sort_unstable();
        packages.dedup();
        packages.len()
    }

    fn edits(&self) -> usize {
        self.applied().into_iter().filter_map(|it| it.effort).map(|it| it.edits).sum()
    }

    /// `11 applied, 2 blocked`
    pub(super) fn verdicts(&self) -> String {
        let said: Vec<String> = VERDICTS
            .iter()
            .filter_map(|(verdict, heading)| {
                let number = self.changes.iter().filter(|it| it.verdict == *verdict).count();
                (number > 0).then(|| format!("{number} {}", heading.to_lowercase()))
            })
            .collect();
        said.join(", ")
    }
}

/// The passes that found something, those first that gained most.
pub(super) fn groups(record: &Record) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for change in &record.changes {
        if let Some(group) = groups.iter_mut().find(|group| group.code == change.code) {
            group.changes.push(change);
            continue;
        }
        let known = PASSES.iter().find(|(code, ..)| *code == change.code);
        let (name, what) =
            known.map_or((change.code.as_str(), ""), |(_, name, what)| (*name, *what));
        groups.push(Group { code: &change.code, name, what, changes: vec![change] });
    }
    let place = |code: &str| PASSES.iter().position(|(known, ..)| *known == code);
    groups.sort_by(|a, b| {
        let order = b.seconds().total_cmp(&a.seconds());
        let places = |group: &Group<'_>| place(group.code).unwrap_or(PASSES.len());
        order.then_with(|| places(a).cmp(&places(b)))
    });
    groups
}

/// Those of one pass; none where it found nothing.
pub(super) fn of<'a>(record: &'a Record, code: &str) -> Vec<&'a ChangeRecord> {
    record.changes.iter().filter(|change| change.code == code).collect()
}

/// A row for each pass: what became of it, what it gained, what there is to review.
pub(super) fn table_of_passes(record: &Record) -> String {
    let rows = groups(record).into_iter().map(|group| {
        let applied = group.applied();
        let gain =
            if applied.is_empty() { DASH.to_owned() } else { expected::gains(record, &applied) };
        let packages = match group.packages() {
            0 => DASH.to_owned(),
            number => number.to_string(),
        };
        vec![
            Cell::Text(group.name.to_owned()),
            Cell::Code(group.code.to_owned()),
            Cell::Text(group.verdicts()),
            Cell::Text(gain),
            Cell::Text(packages),
            Cell::Text(group.edits().to_string()),
        ]
    });
    let columns = [
        ("remedy", Kind::Text),
        ("pass", Kind::Code),
        ("changes", Kind::Text),
        ("known gain", Kind::Text),
        ("packages built no more", Kind::Number),
        ("edits to review", Kind::Number),
    ];
    text::table(&columns, rows)
}

/// Changes as a table: what, verdict, why, what it gained.
pub(super) fn table(changes: &[&ChangeRecord]) -> String {
    let rows = changes.iter().map(|change| {
        vec![
            Cell::Text(change.title.clone()),
            Cell::Code(change.id.clone()),
            Cell::Text(verdict(change)),
            Cell::Text(expected::first_line(&change.reason).to_owned()),
            Cell::Text(in_short(change).unwrap_or_else(|| DASH.to_owned())),
        ]
    });
    let columns = [
        ("change", Kind::Text),
        ("id", Kind::Code),
        ("verdict", Kind::Text),
        ("why", Kind::Text),
        ("known gain; effort", Kind::Text),
    ];
    text::table(&columns, rows)
}

/// Changes that were not made, each with the whole reason.
pub(super) fn left(record: &Record) -> String {
    let left: Vec<&ChangeRecord> =
        record.changes.iter().filter(|change| change.verdict != Verdict::Applied).collect();
    let mut lines: Vec<String> = left
        .iter()
        .map(|change| {
            format!("{} (`{}`), {}: {}", change.title, change.id, verdict(change), change.reason)
        })
        .collect();
    if lines.is_empty() {
        let applied = count(record.changes.len(), "change");
        lines.push(format!("Nothing: of {applied} none was rejected, blocked or skipped."));
    }
    text::bullets(&lines)
}
