//! The dependencies of the workspace: tree, duplicates, what nobody used, what blocks; and what this tool does not
//! look at.
//!
//! From the manifests and the graph of the host as the record has them.

use std::collections::BTreeSet;

use super::{Kind, Set, analysis, changes, diagrams, text};
use crate::{
    insight::Duplicates,
    record::{ChangeRecord, DependencyRecord, DependencySide, Record, Verdict},
    render::{facts::duplicates, markdown, sheet::Kind as Align},
    wording::count,
};

use text::Cell;

pub(super) fn page(set: &Set<'_>) -> String {
    let record = set.record;
    let what = "What the members depend on, which packages are there more than once and why, which dependencies nothing \
                used, and what could not be solved from inside the workspace.";
    let mut page = set.page(Kind::Dependencies, what);
    page.section("Overview", &[overview(set)]);
    page.section("Direct dependencies by member", &tree(set));
    page.section("Duplicate versions", &duplicate_versions(set));
    page.section("What blocks the rest", &blocked(record));
    page.section("Version alignment", &[aligned(record)]);
    page.section("Unused dependencies", &unused(set));
    let audit = [
        "Not done by this tool: it looks at build time and disk, not at advisories or licences. The next step for \
         those is [cargo-audit](https://crates.io/crates/cargo-audit), or \
         [cargo-deny](https://crates.io/crates/cargo-deny) for licences and bans too:",
        &text::fenced("cargo install cargo-audit\ncargo audit --file Cargo.lock", "sh"),
        "Fewer packages are fewer to audit: the packages that are built no more are named with each change above.",
    ];
    page.section("Security audit", &audit);
    let next = [format!(
        "{} has every dependency of every member; {} has the reasons.",
        set.link(Kind::Usage),
        set.link_to(Kind::Analysis, analysis::DUPLICATES)
    )];
    page.section("More", &next);
    page.finish()
}

/// The members with dependencies, in the order of their names.
pub(super) fn members(record: &Record) -> Vec<&str> {
    let members: BTreeSet<&str> = record.dependencies.iter().map(|it| it.member.as_str()).collect();
    members.into_iter().collect()
}

fn overview(set: &Set<'_>) -> String {
    let record = set.record;
    let rows = members(record).into_iter().map(|member| {
        let of_member = || record.dependencies.iter().filter(move |it| it.member == member);
        let number = |side: fn(&DependencyRecord) -> Option<&DependencySide>| {
            let sides: Vec<&DependencySide> = of_member().filter_map(side).collect();
            (sides.len(), sides.iter().filter(|it| it.inherits).count())
        };
        let (before, inherited_before) = number(|it| it.before.as_ref());
        let (after, inherited_after) = number(|it| it.after.as_ref());
        let numbers = [before, after, inherited_before, inherited_after];
        let mut cells = vec![Cell::Code(member.to_owned())];
        cells.extend(numbers.map(|number| Cell::Text(number.to_string())));
        cells
    });
    let columns = [
        ("member", Align::Code),
        ("direct dependencies before", Align::Number),
        ("after", Align::Number),
        ("inherited before", Align::Number),
        ("after", Align::Number),
    ];
    let mut out = text::table(&columns, rows);
    let sides = [("before", &record.baseline), ("after", &record.candidate)];
    let lines: Vec<String> = sides
        .into_iter()
        .filter_map(|(word, side)| {
            let side = side.as_ref()?;
            let units = count(side.units, "unit");
            let several = count(side.duplicates, "package");
            Some(format!(
                "{word}: {several} in more than one version; {units} in a check of all targets"
            ))
        })
        .collect();
    if out.is_empty() {
        out.push_str("The record has no dependencies.\n");
    }
    format!("{out}\n{}", text::bullets(&lines))
}

/// The direct dependencies of each member after the changes, as a tree; what went is named below it.
fn tree(set: &Set<'_>) -> Vec<String> {
    let record = set.record;
    let mut lines = Vec::new();
    for member in members(record) {
        lines.push(member.to_owned());
        let mut shown: Vec<String> = record
            .dependencies
            .iter()
            .filter(|it| it.member == member)
            .filter_map(|it| Some((it, it.after.as_ref()?)))
            .map(|(it, side)| format!("{}{}{}", it.name, version(side), kind(it)))
            .collect();
        shown.dedup();
        let last = shown.len().saturating_sub(1);
        for (index, dependency) in shown.iter().enumerate() {
            lines.push(format!("{} {dependency}", if index == last { "└──" } else { "├──" }));
        }
    }
    if lines.is_empty() {
        return Vec::new();
    }
    vec![
        "After the changes, with the version in the lock file; the whole graph is what `cargo tree` prints.".to_owned(),
        text::fenced(&lines.join("\n"), "text"),
    ]
}

fn version(side: &DependencySide) -> String {
    side.version.as_ref().map_or_else(String::new, |version| format!(" {version}"))
}

/// ` [dev]`, ` [build]`; nothing for the usual kind.
pub(super) fn kind(dependency: &DependencyRecord) -> String {
    let mut words = Vec::new();
    if dependency.kind != "normal" {
        words.push(dependency.kind.clone());
    }
    words.extend(dependency.target.clone());
    if words.is_empty() { String::new() } else { format!(" [{}]", words.join(", ")) }
}

fn duplicate_versions(set: &Set<'_>) -> Vec<String> {
    let record = set.record;
    let Some(table) = duplicates::table(record) else {
        return vec!["No package was or is there in more than one version.".to_owned()];
    };
    let mut blocks = vec![markdown::blocks([&table])];
    let left = Duplicates::after(&record.duplicates).sentences();
    if !left.is_empty() {
        blocks.push("What is still there in several versions, and what it costs:".to_owned());
        blocks.push(text::bullets(&left));
    }
    let all: Vec<String> = duplicates::by_cost(record)
        .into_iter()
        .map(|it| {
            format!("**{}**\n\n{}", text::code(&it.name), text::bullets(&duplicates::sentences(it)))
        })
        .collect();
    blocks.push(text::folded("Each version and who needs it", &all.join("\n")));
    blocks.push(format!("As a graph: {}.", set.link_to(Kind::Diagrams, diagrams::CONFLICTS)));
    blocks
}

/// What would have to change outside of the workspace.
fn blocked(record: &Record) -> Vec<String> {
    let blocked: Vec<&ChangeRecord> =
        record.changes.iter().filter(|change| change.verdict == Verdict::Blocked).collect();
    if blocked.is_empty() {
        return vec!["Nothing is blocked by anything outside of the workspace.".to_owned()];
    }
    vec![
        "Something outside of the workspace would have to change first; the newest releases were asked.".to_owned(),
        changes::table(&blocked),
    ]
}

/// Dependencies whose version in a member differs from before.
fn aligned(record: &Record) -> String {
    let requirement = |side: &DependencySide| side.requirement.clone().unwrap_or_default();
    let rows = record.dependencies.iter().filter_map(|it| {
        let (before, after) = (it.before.as_ref()?, it.after.as_ref()?);
        let changed = before.version != after.version || before.requirement != after.requirement;
        changed.then(|| {
            vec![
                Cell::Code(it.name.clone()),
                Cell::Code(it.member.clone()),
                Cell::Text(format!("{}{}", requirement(before), resolved(before))),
                Cell::Text(format!("{}{}", requirement(after), resolved(after))),
            ]
        })
    });
    let columns = [
        ("dependency", Align::Code),
        ("member", Align::Code),
        ("required before (got)", Align::Text),
        ("required after (got)", Align::Text),
    ];
    let table = text::table(&columns, rows);
    if table.is_empty() {
        "No member asks for another version than before.".to_owned()
    } else {
        table
    }
}

fn resolved(side: &DependencySide) -> String {
    side.version.as_ref().map_or_else(String::new, |version| format!(" ({version})"))
}

fn unused(set: &Set<'_>) -> Vec<String> {
    let removed = changes::of(set.record, "unused-dependency");
    let entries = changes::of(set.record, "unused-workspace-dependency");
    let mut blocks = Vec::new();
    if removed.is_empty() {
        blocks.push("No dependency was found that nothing names.".to_owned());
    } else {
        blocks.push(
            "Nothing in the sources names them, and every target compiles without them; both are needed for a removal."
                .to_owned(),
        );
        blocks.push(changes::table(&removed));
        let gone: Vec<String> = removed
            .iter()
            .filter_map(|change| {
                let packages = &change.impact.as_ref()?.packages;
                let quoted: Vec<String> = packages.iter().map(|it| format!("`{it}`")).collect();
                (!quoted.is_empty()).then(|| format!("`{}`: {}", change.id, quoted.join(", ")))
            })
            .collect();
        blocks.push(text::folded("Packages that are built no more", &text::bullets(&gone)));
    }
    if !entries.is_empty() {
        blocks.push("Entries of `[workspace.dependencies]` that no member inherits; they cost no build time:".to_owned());
        blocks.push(changes::table(&entries));
    }
    blocks
}
