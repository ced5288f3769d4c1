//! The plan as text.
//!
//! Pure.

use crate::{findings::Plan, record::Verdict, snapshot::Snapshot, wording};

/// The plan as text: what would be done and why, and what is left with its reason.
/// `cleans`: what a commit leaves no use for is deleted after it.
pub(super) fn described(snapshot: &Snapshot, plan: &Plan, cleans: bool) -> String {
    let count = wording::count(plan.changes.len(), "change");
    let mut text = format!("{:>12} {count} in `{}`\n", "Planned", snapshot.root.display());
    for change in &plan.changes {
        text.push_str(&format!("{:>12} {} ({})\n", "", change.title, change.id()));
        text.push_str(&format!("{:>14} {}\n", "", change.reason));
    }
    for left in &plan.left {
        let verdict = match left.verdict {
            Verdict::Blocked => "Blocked",
            Verdict::Rejected => "Rejected",
            _ => "Skipped",
        };
        text.push_str(&format!("{verdict:>12} {} ({}): {}\n", left.title, left.id, left.reason));
    }
    if cleans && !plan.files.is_empty() {
        text.push_str(&format!(
            "{:>12} after a commit: what no build uses any more in `{}` (not with `--skip package-bloat`)\n",
            "Deletes",
            snapshot.target_dir.display()
        ));
    }
    text
}
