//! Every change with its verdict, evidence, impact and effort; grouped by verdict.

use super::{blocks, code, count, escape, scrollable, text};
use crate::{
    record::{ChangeRecord, Verdict},
    render::{VERDICTS, facts::worth::in_short},
};

/// More changes that were not made than this are folded away, verdict by verdict.
const OPEN: usize = 8;

/// More lines of evidence than this are folded away.
const SHOWN: usize = 6;

pub(super) fn changes(changes: &[ChangeRecord]) -> String {
    let groups = VERDICTS.iter().map(|(verdict, heading)| {
        let items: Vec<String> = changes
            .iter()
            .filter(|change| change.verdict == *verdict)
            .map(|change| item(change, heading))
            .collect();
        if items.is_empty() {
            return String::new();
        }
        let (number, items) = (items.len(), items.concat());
        let items = format!("<ul class=\"changes\">\n{items}</ul>\n");
        let is_done = matches!(verdict, Verdict::Applied | Verdict::Planned);
        let items = if is_done || number <= OPEN {
            items
        } else {
            blocks::folded(&format!("All {number}"), &items)
        };
        format!("<h3>{heading} ({number})</h3>\n{items}")
    });
    groups.collect()
}

fn item(change: &ChangeRecord, verdict: &str) -> String {
    let worth = in_short(change);
    let worth =
        worth.map_or(String::new(), |it| format!("<p class=\"worth\">{}</p>\n", escape(&it)));
    let packages = change.impact.as_ref().map_or(&[][..], |impact| &impact.packages);
    let packages: Vec<String> = packages.iter().map(|package| code(package)).collect();
    let packages = match packages.as_slice() {
        [] => String::new(),
        some => format!("<p class=\"files\">built no more: {}</p>\n", some.join(", ")),
    };
    let files: Vec<String> = change.files.iter().map(|file| code(file)).collect();
    let files = if files.is_empty() {
        String::new()
    } else {
        let number = count(files.len(), "file");
        format!("<p class=\"files\">{number}: {}</p>\n", files.join(", "))
    };
    format!(
        "<li class=\"{class}\"><h4>{}</h4>\n\
        <p class=\"id\"><span class=\"verdict\">{class}</span> {}</p>\n{worth}{}{packages}{files}</li>\n",
        text(&change.title),
        code(&change.id),
        evidence(change.reason.trim_end()),
        class = verdict.to_lowercase(),
    )
}

fn evidence(reason: &str) -> String {
    if reason.is_empty() {
        return String::new();
    }
    let Some((first, _)) = reason.split_once('\n') else {
        return format!("<p>{}</p>\n", text(reason));
    };
    let whole = scrollable("Evidence", &format!("<pre>{}</pre>\n", escape(reason)));
    if reason.lines().count() <= SHOWN {
        return whole;
    }
    format!("<details>\n<summary>{}</summary>\n{whole}</details>\n", text(first))
}
