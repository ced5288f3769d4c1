//! One page to keep open: commands, settings, figures, and what to do when something is wrong.
//!
//! The commands are those of this tool; a test parses each of them.

use super::{Kind, Set, facts, mapping, text};
use crate::{
    record::{ChangeRecord, Verdict},
    render::{facts::tuning, markdown, rows},
};

pub(super) fn page(set: &Set<'_>) -> String {
    let what =
        "The commands, the settings that are in force, the figures to compare with, and help.";
    let mut page = set.page(Kind::Reference, what);
    page.section("Commands", &[text::commands(&[
        "cargo xtask optimize --dry-run          # the plan, with `--diff` every line of it; writes nothing",
        "cargo xtask optimize --yes              # prove, measure, commit what paid",
        "cargo xtask optimize --measure full     # three pairs of builds, and a search over profile settings",
        "cargo xtask optimize --check            # for CI: 1 if changes are pending",
        "cargo xtask validate --quick            # compiles? tests pass? duplicates, sizes, budgets",
        "cargo xtask validate                    # the same with timed builds, against the last ones",
        "cargo xtask validate --against main     # side by side with a git revision",
        "cargo xtask report --open               # the last report; --list shows all runs",
        "cargo xtask report --docs               # these documents, from the last run",
        "cargo xtask clean --dry-run             # what no current build uses; without the flag it goes",
        "cargo xtask restore                     # undo, byte for byte; --list shows the backups",
    ])]);
    page.section("Settings", &settings(set));
    page.section(
        "Figures",
        &[text::inline(&facts::headline(set.record)), markdown::table(&rows(set.record))],
    );
    page.section("Troubleshooting", &[mapping::troubleshooting_in_short(set)]);
    page.section("More", &[format!(
        "[The index]({}) leads to all documents; {} says what to look for when a build is slow.",
        set.around.index,
        set.link(Kind::Analysis)
    )]);
    page.finish()
}

/// What the run set in profiles and in cargo's configuration.
fn settings(set: &Set<'_>) -> Vec<String> {
    let record = set.record;
    let is_setting = |change: &&ChangeRecord| {
        matches!(change.code.as_str(), "profile" | "cargo-config")
            && change.verdict == Verdict::Applied
    };
    let mut lines: Vec<String> = record
        .changes
        .iter()
        .filter(is_setting)
        .map(|change| format!("{} (`{}`)", change.title, change.id))
        .collect();
    lines.extend(record.tuning.iter().map(tuning::sentence));
    if lines.is_empty() {
        return vec!["The run set nothing in profiles or in cargo's configuration.".to_owned()];
    }
    let config = record.files.iter().find(|file| file.path == ".cargo/config.toml");
    let config = config.map_or_else(String::new, |file| {
        format!("`.cargo/config.toml`:\n\n{}", text::fenced(&file.after, "toml"))
    });
    vec![text::bullets(&lines), config]
}
