//! Which member uses which dependency: a matrix of versions before and after, and what each entry asks for.
//!
//! From the manifests and the graph of the host as the record has them.

use std::collections::BTreeSet;

use super::{Kind, Set, dependencies, text};
use crate::{
    record::{DependencyRecord, DependencySide, Record},
    render::{DASH, sheet::Kind as Align},
};

use text::Cell;

pub(super) fn page(set: &Set<'_>) -> String {
    let what = "Every direct dependency of every member, before and after: version, inheritance from the workspace, \
                features.";
    let mut page = set.page(Kind::Usage, what);
    let record = set.record;
    if record.dependencies.is_empty() {
        page.say(
            "The record of this run has no dependencies: a newer version of the tool records them.",
        );
        return page.finish();
    }
    let reading = "Each cell has the version that the member gets. An asterisk: inherited from the workspace. [dev] and \
                   [build]: not needed to build what depends on the member.";
    page.section("Matrix before", &[reading.to_owned(), matrix(record, |it| it.before.as_ref())]);
    page.section("Matrix after", &[reading.to_owned(), matrix(record, |it| it.after.as_ref())]);
    page.section("What changed", &[changed(record)]);
    page.section("Features", &features(set));
    let practice = [
        "- Declare a dependency once, in `[workspace.dependencies]`, and inherit it: `x.workspace = true`. Members then \
         cannot drift apart."
            .to_owned(),
        "- Name the features that are used; features of one package unify over all that ask for it, so a single `full` \
         switches all of them on for everybody."
            .to_owned(),
        "- A member that turns default features off must say so where it inherits, too: `default-features = false` counts \
         only if the workspace has it."
            .to_owned(),
        format!("- {} says how each of these is found and proved.", set.beside("passes.md", "The page on passes")),
    ];
    page.section("Good practice", &[practice.join("\n")]);
    page.finish()
}

type Side = fn(&DependencyRecord) -> Option<&DependencySide>;

/// A row for each dependency, a column for each member.
fn matrix(record: &Record, side: Side) -> String {
    let members = dependencies::members(record);
    let names: BTreeSet<&str> = record.dependencies.iter().map(|it| it.name.as_str()).collect();
    let mut columns = vec![("dependency", Align::Code)];
    columns.extend(members.iter().map(|member| (*member, Align::Text)));
    let rows = names.into_iter().filter_map(|name| {
        let mut cells = vec![Cell::Code(name.to_owned())];
        let mut is_used = false;
        for member in &members {
            let uses =
                record.dependencies.iter().filter(|it| it.name == name && it.member == *member);
            let shown: Vec<String> = uses.filter_map(|it| Some(short(it, side(it)?))).collect();
            is_used |= !shown.is_empty();
            cells.push(Cell::Text(if shown.is_empty() {
                DASH.to_owned()
            } else {
                shown.join("; ")
            }));
        }
        is_used.then_some(cells)
    });
    text::table(&columns, rows)
}

/// `6.1.0*`, `1.0.3 [dev]`
fn short(dependency: &DependencyRecord, side: &DependencySide) -> String {
    let version = side.version.as_deref().or(side.requirement.as_deref()).unwrap_or("path");
    let inherited = if side.inherits { "*" } else { "" };
    let optional = if side.optional { " optional" } else { "" };
    format!("{version}{inherited}{optional}{}", dependencies::kind(dependency))
}

/// What an entry asks for, in words.
fn asks(side: Option<&DependencySide>) -> String {
    let Some(side) = side else { return "not there".to_owned() };
    let mut said = vec![side.requirement.clone().unwrap_or_else(|| "path".to_owned())];
    if side.inherits {
        said.push("inherited".to_owned());
    }
    if !side.default_features {
        said.push("no default features".to_owned());
    }
    if side.optional {
        said.push("optional".to_owned());
    }
    if !side.features.is_empty() {
        said.push(listed(&side.features));
    }
    said.join(", ")
}

fn listed(features: &[String]) -> String {
    features.iter().map(|feature| format!("`{feature}`")).collect::<Vec<_>>().join(" ")
}

fn row(dependency: &DependencyRecord, cells: [String; 2]) -> Vec<Cell> {
    let member = format!(
        "{}{}",
        text::code(&dependency.member),
        text::inline(&dependencies::kind(dependency))
    );
    let mut row = vec![Cell::Code(dependency.name.clone()), Cell::Markdown(member)];
    row.extend(cells.map(Cell::Text));
    row
}

const COLUMNS: [(&str, Align); 4] = [
    ("dependency", Align::Code),
    ("member", Align::Text),
    ("before", Align::Text),
    ("after", Align::Text),
];

fn changed(record: &Record) -> String {
    let changed = record.dependencies.iter().filter(|it| it.before != it.after);
    let rows = changed.map(|it| row(it, [asks(it.before.as_ref()), asks(it.after.as_ref())]));
    let table = text::table(&COLUMNS, rows);
    if table.is_empty() { "Nothing.".to_owned() } else { table }
}

/// Entries that name features, or go without the default ones.
fn features(set: &Set<'_>) -> Vec<String> {
    let says = |side: &Option<DependencySide>| {
        side.as_ref().is_some_and(|it| !it.features.is_empty() || !it.default_features)
    };
    let named = |side: &Option<DependencySide>| match side {
        None => "not there".to_owned(),
        Some(side) => {
            let defaults = if side.default_features { "defaults" } else { "no defaults" };
            [defaults.to_owned(), listed(&side.features)].join(" ").trim_end().to_owned()
        }
    };
    let rows = set.record.dependencies.iter().filter(|it| says(&it.before) || says(&it.after));
    let table =
        text::table(&COLUMNS, rows.map(|it| row(it, [named(&it.before), named(&it.after)])));
    let heading = super::analysis::features_heading(set);
    vec![table, format!("Why: {}.", set.link_to(Kind::Analysis, &heading))]
}
