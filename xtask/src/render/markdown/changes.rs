//! Every change with its verdict, evidence, impact and effort, as lists.
//!
//! Evidence of several lines is fenced, so that nothing in it becomes markup.

use super::{code, fenced, indented, inline};
use crate::{
    record::ChangeRecord,
    render::{VERDICTS, facts::worth::in_short},
};

pub(super) fn changes(changes: &[ChangeRecord]) -> String {
    let groups = VERDICTS.iter().filter_map(|(verdict, heading)| {
        let items: Vec<&ChangeRecord> =
            changes.iter().filter(|change| change.verdict == *verdict).collect();
        let body: String = items.iter().map(|change| item(change)).collect();
        (!items.is_empty()).then(|| format!("### {heading} ({})\n\n{body}", items.len()))
    });
    groups.collect::<Vec<_>>().join("\n")
}

fn item(change: &ChangeRecord) -> String {
    let mut item = format!("- **{}** ({})", inline(&change.title), code(&change.id));
    let reason = change.reason.trim_end();
    if reason.contains('\n') {
        item.push_str(&format!(":\n\n{}\n", indented(&fenced(reason, "text"))));
    } else if !reason.is_empty() {
        item.push_str(&format!(": {}\n", inline(reason)));
    } else {
        item.push('\n');
    }
    if let Some(worth) = in_short(change) {
        item.push_str(&format!("  - {}\n", inline(&worth)));
    }
    let packages = change.impact.as_ref().map_or(&[][..], |impact| &impact.packages);
    if !packages.is_empty() {
        let packages: Vec<String> = packages.iter().map(|package| code(package)).collect();
        item.push_str(&format!("  - built no more: {}\n", packages.join(", ")));
    }
    if !change.files.is_empty() {
        let files: Vec<String> = change.files.iter().map(|file| code(file)).collect();
        item.push_str(&format!("  - {}\n", files.join(", ")));
    }
    item
}
