//! `validate --summary markdown`: what a reviewer of a pull request must know, in one screen.

use super::{budget, facts, machine, markdown, rows, title};
use crate::record::Record;

/// The summary, ending with a line feed.
pub(crate) fn markdown(record: &Record) -> String {
    let failed: Vec<&crate::record::Check> =
        record.checks.iter().filter(|check| check.ok == Some(false)).collect();
    let verdict = match failed.as_slice() {
        [] => "Nothing failed and no budget is broken.".to_owned(),
        failed => {
            let names: Vec<&str> = failed.iter().map(|check| check.name.as_str()).collect();
            format!("**Failed:** {}.", names.join(", "))
        }
    };
    let mut parts = vec![format!("## {}", markdown::inline(&title(record))), verdict];
    let budgets = budget::markdown(record);
    if !budgets.is_empty() {
        parts.push(format!("### Budgets\n\n{}", budgets.trim_end()));
    }
    let rows = rows(record);
    if !rows.is_empty() {
        parts.push(format!("### Before and after\n\n{}", markdown::table(&rows).trim_end()));
    }
    if !failed.is_empty() {
        let list: Vec<String> =
            failed.iter().map(|check| format!("{}: {}", check.name, check.detail)).collect();
        parts.push(format!("### What failed\n\n{}", markdown::bullets(&list).trim_end()));
    }
    let mut small = facts::method(record);
    small.extend(record.notes.iter().cloned());
    small.push(format!("machine: {}", machine(&record.machine)));
    parts.push(format!(
        "<details><summary>How it was measured</summary>\n\n{}\n\n</details>",
        markdown::bullets(&small).trim_end()
    ));
    parts.join("\n\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{BudgetKind, BudgetRecord, Check};

    #[test]
    fn a_reviewer_sees_the_verdict_the_broken_budget_and_the_table() {
        let mut record = crate::render::sample::record();
        record.command = "validate".to_owned();
        assert!(markdown(&record).contains("Nothing failed and no budget is broken."));
        record.checks =
            vec![Check::new("budget clean-dev", false, "1.232, <b>at</b> most".to_owned())];
        record.budgets = vec![BudgetRecord {
            budget: "clean-dev".to_owned(),
            what: "clean-dev".to_owned(),
            kind: BudgetKind::Ratio,
            limit: 1.1,
            found: Some(1.232),
            ok: Some(false),
            note: String::new(),
        }];
        let text = markdown(&record);
        for part in [
            "## Validation: AIMDS",
            "**Failed:** budget clean-dev.",
            "| clean dev build | 1.232 | 1.100 | 12.0% | **broken** |",
            "### Before and after",
            "</details>",
        ] {
            assert!(text.contains(part), "{part} is missing in:\n{text}");
        }
        assert!(text.contains("\\<b>at"), "{text}");
    }
}
