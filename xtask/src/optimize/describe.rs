//! The plan as text: in full, and short enough for a screen.
//!
//! Pure but for the current directory, from which paths are shown.

use std::collections::BTreeMap;

use crate::{
    findings::Plan,
    plan::Change,
    record::{ChangeRecord, Verdict},
    shell,
    snapshot::Snapshot,
    wording::{self, COLUMNS, folded, shortened},
};

/// Columns in front of what stands behind a verb.
const INDENT: usize = 13;

/// Up to so many changes have a line each.
const LINES: usize = 12;

/// In longer plans, up to so many changes of a pass have a line each.
const LINES_OF_A_PASS: usize = 2;

/// So many findings that are left are named in a short plan.
const TELLING: usize = 3;

/// What is left, in the order in which it is counted: the most telling first.
const LEFT: [(Verdict, &str, &str); 3] = [
    (Verdict::Rejected, "Rejected", "rejected by an earlier run"),
    (Verdict::Blocked, "Blocked", "blocked"),
    (Verdict::Skipped, "Skipped", "skipped"),
];

/// The plan with all reasons: what would be done and why, and what is left with its reason.
/// `cleans`: what a commit leaves no use for is deleted after it.
pub(super) fn in_full(snapshot: &Snapshot, plan: &Plan, cleans: bool) -> String {
    let count = wording::count(plan.changes.len(), "change");
    let mut text = line("Planned", &format!("{count} in `{}`", shell::shown(&snapshot.root)));
    for change in &plan.changes {
        text.push_str(&line("", &format!("{} ({})", change.title, change.id())));
        let reason = folded(&change.reason, INDENT + 2);
        text.push_str(&format!("{:INDENT$}  {reason}\n", ""));
    }
    for left in &plan.left {
        let said = format!("{} ({}): {}", left.title, left.id, left.reason);
        text.push_str(&line(verb(left), &said));
    }
    text + &deletes(snapshot, plan, cleans)
}

/// The plan on one screen: a line for each change, or for each pass where there are many.
pub(super) fn short(snapshot: &Snapshot, plan: &Plan, cleans: bool) -> String {
    let count = wording::count(plan.changes.len(), "change");
    let files = match plan.files.len() {
        0 => String::new(),
        files => format!(" to {}", wording::count(files, "file")),
    };
    let root = shell::shown(&snapshot.root);
    let mut text = line("Planned", &format!("{count}{files} in `{root}`"));
    text.push_str(&by_pass(&plan.changes));
    if !plan.left.is_empty() {
        let (count, parts) = counted(&plan.left);
        let so = if plan.left.len() == 1 { "as it is" } else { "as they are" };
        text.push_str(&line("Left", &format!("{count} {so}: {parts}")));
        for left in telling(&plan.left) {
            let said = format!("{}: {}", left.title, left.reason.replace('\n', " "));
            let said = shortened(&said, COLUMNS - INDENT);
            text.push_str(&format!("{:>12} {said}\n", verb(left)));
        }
    }
    text.push_str(&deletes(snapshot, plan, cleans));
    text + &line("Note", "`--diff` shows every line and the reasons, `-v` the reasons")
}

/// Why there is nothing to do.
pub(super) fn idle(plan: &Plan) -> String {
    let (count, parts) = counted(&plan.left);
    match plan.left.len() {
        0 => "nothing to do: nothing was found that costs build time or disk".to_owned(),
        1 => format!("nothing to do: {count} is left as it is ({parts}); `-v` says why"),
        _ => format!("nothing to do: {count} are left as they are ({parts}); `-v` says why"),
    }
}

fn line(verb: &str, text: &str) -> String {
    format!("{verb:>12} {}\n", folded(text, INDENT))
}

fn verb(left: &ChangeRecord) -> &'static str {
    let known = LEFT.iter().find(|(verdict, ..)| *verdict == left.verdict);
    known.map_or("Skipped", |(_, verb, _)| verb)
}

fn deletes(snapshot: &Snapshot, plan: &Plan, cleans: bool) -> String {
    if !cleans || plan.files.is_empty() {
        return String::new();
    }
    let target = shell::shown(&snapshot.target_dir);
    let text = format!(
        "after a commit: what no build uses any more in `{target}` (not with `--skip package-bloat`)"
    );
    line("Deletes", &text)
}

/// `14 findings`, and `3 blocked, 11 skipped`.
fn counted(left: &[ChangeRecord]) -> (String, String) {
    let parts: Vec<String> = LEFT
        .iter()
        .map(|(verdict, _, name)| (left.iter().filter(|it| it.verdict == *verdict).count(), name))
        .filter(|(number, _)| *number > 0)
        .map(|(number, name)| format!("{number} {name}"))
        .collect();
    (wording::count(left.len(), "finding"), parts.join(", "))
}

/// What a reader had better know without asking for more: what was rejected, and what stands in the way of others.
fn telling(left: &[ChangeRecord]) -> impl Iterator<Item = &ChangeRecord> {
    let of = |verdict| left.iter().filter(move |it| it.verdict == verdict);
    of(Verdict::Rejected).chain(of(Verdict::Blocked)).take(TELLING)
}

/// Changes in their order, pass by pass: the pass and the number of its changes, and what they are.
fn by_pass(changes: &[Change]) -> String {
    let mut passes: Vec<(&str, Vec<&Change>)> = Vec::new();
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    for change in changes {
        let code = change.code.as_str();
        let at = *places.entry(code).or_insert_with(|| {
            passes.push((code, Vec::new()));
            passes.len() - 1
        });
        passes[at].1.push(change);
    }
    let code_columns = passes.iter().map(|(code, _)| code.len()).max().unwrap_or_default();
    let count = |changes: &[&Change]| changes.len().to_string();
    let count_columns = passes.iter().map(|(_, it)| count(it).len()).max().unwrap_or_default();
    let indent = 2 + code_columns + 2 + count_columns + 2;
    let mut text = String::new();
    for (code, of_pass) in &passes {
        let has_lines = changes.len() <= LINES || of_pass.len() <= LINES_OF_A_PASS;
        let lines: Vec<String> = if has_lines {
            let room = COLUMNS.saturating_sub(indent);
            of_pass.iter().map(|change| shortened(&change.title, room)).collect()
        } else {
            let subjects: Vec<&str> = of_pass.iter().map(|it| it.subject.as_str()).collect();
            vec![listed(&subjects, indent)]
        };
        let head = format!("  {code:<code_columns$}  {:>count_columns$}", count(of_pass));
        for (at, said) in lines.iter().enumerate() {
            let head = if at == 0 { head.clone() } else { " ".repeat(indent - 2) };
            text.push_str(&format!("{head}  {said}\n"));
        }
    }
    text
}

/// As many names as two lines hold, and how many more there are.
fn listed(names: &[&str], indent: usize) -> String {
    let with = |shown: usize| {
        let more = match names.len() - shown {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        folded(&format!("{}{more}", names[..shown].join(", ")), indent)
    };
    let fits = |shown: &usize| with(*shown).lines().count() <= 2;
    with((1..=names.len()).rev().find(fits).unwrap_or(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Code;

    fn change(code: Code, subject: &str) -> Change {
        let title = format!("do something about {subject}");
        Change::new(code, subject, title, "it costs".to_owned())
    }

    fn left(verdict: Verdict, title: &str) -> ChangeRecord {
        ChangeRecord {
            id: format!("profile:{title}"),
            code: "profile".to_owned(),
            title: title.to_owned(),
            verdict,
            reason: "so it is".to_owned(),
            files: Vec::new(),
            impact: None,
            effort: None,
            remembered: None,
        }
    }

    #[test]
    fn few_changes_have_a_line_each_and_many_one_a_pass() {
        let few = [
            change(Code::UnusedDependency, "a/x"),
            change(Code::UnusedDependency, "b/x"),
            change(Code::Profile, "dev"),
        ];
        assert_eq!(
            by_pass(&few),
            "  unused-dependency  2  do something about a/x\n\
             \x20                       do something about b/x\n  \
             profile            1  do something about dev\n"
        );
        let many: Vec<Change> =
            (0..40).map(|at| change(Code::UnusedDependency, &format!("member-{at}/x"))).collect();
        let text = by_pass(&[many.as_slice(), &few[2..]].concat());
        assert!(text.starts_with("  unused-dependency  40  member-0/x, member-1/x, "), "{text}");
        assert!(text.contains(" more\n  profile             1  do something about dev"), "{text}");
        assert_eq!(text.lines().count(), 3, "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= COLUMNS), "{text}");
    }

    #[test]
    fn what_is_left_is_counted_and_the_telling_is_named() {
        let all = [
            left(Verdict::Skipped, "s"),
            left(Verdict::Blocked, "b1"),
            left(Verdict::Blocked, "b2"),
            left(Verdict::Rejected, "r"),
            left(Verdict::Blocked, "b3"),
        ];
        let (count, parts) = counted(&all);
        assert_eq!(count, "5 findings");
        assert_eq!(parts, "1 rejected by an earlier run, 3 blocked, 1 skipped");
        let named: Vec<&str> = telling(&all).map(|left| left.title.as_str()).collect();
        assert_eq!(named, ["r", "b1", "b2"]);
    }

    #[test]
    fn nothing_to_do_says_why() {
        let mut plan = Plan::default();
        assert!(idle(&plan).ends_with("nothing was found that costs build time or disk"));
        plan.left.push(left(Verdict::Skipped, "s"));
        assert_eq!(
            idle(&plan),
            "nothing to do: 1 finding is left as it is (1 skipped); `-v` says why"
        );
    }
}
