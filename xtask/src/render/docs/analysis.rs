//! The whole analysis: where the time goes, what each remedy brought, and how all of it was measured.
//!
//! The sections keep the numbers that the earlier documents gave them, so that old links find them.

use super::{Kind, Set, changes, diagrams, expected, facts, text};
use crate::{
    record::{ChangeRecord, TuneOutcome},
    render::{
        facts::{builds, disk, duplicates, tuning},
        markdown, rows,
        sheet::Block,
    },
};

/// Headings that other documents link to.
pub(super) const BLOAT: &str = "Critical finding: package directory bloat";
pub(super) const DUPLICATES: &str = "1.2 Fix duplicate dependencies";
pub(super) const RELEASE: &str = "1.3 Optimize release profile for CI/development";
/// The setting that the earlier documents wanted for all dependencies in dev builds.
const OPTIMISED: &str = "profile.dev.package.\"*\".opt-level";
pub(super) const UNUSED: &str = "1.4 Remove unused dependencies";

pub(super) fn page(set: &Set<'_>) -> String {
    let record = set.record;
    let what = "What made the builds of this workspace slow, what was changed, and what each change brought when it was \
                measured.";
    let mut page = set.page(Kind::Analysis, what);
    page.section(
        "Summary",
        &[
            text::inline(&facts::headline(record)),
            text::bullets(&facts::bottom_line(record)),
            markdown::table(&rows(record)),
        ],
    );
    page.section("Expected and measured", &promised(set));
    bottlenecks(set, &mut page);
    let inventory = [
        disk::parts(record).map_or_else(String::new, |table| markdown::blocks([&table])),
        format!("As a picture: {}.", set.link_to(Kind::Diagrams, diagrams::DISK)),
    ];
    page.section("Target directory analysis", &inventory);
    page.part(BLOAT, &bloat(set));
    page.say("## Phase 1: what costs most");
    page.part("1.1 Clean the package directory", &[format!(
        "See [above](#{}): `cargo xtask clean` deletes what no current build uses, packages included.",
        text::anchor(BLOAT)
    )]);
    // Links into the earlier document end here; its heading made a promise that was not kept.
    page.say("<a id=\"12-fix-duplicate-dependencies-25-30-faster-builds\"></a>");
    page.part(DUPLICATES, &duplicate_versions(set));
    page.part(RELEASE, &release(set));
    page.part(
        UNUSED,
        &of_pass(set, "unused-dependency", "No dependency was found that nothing names."),
    );
    page.say("## Phase 2: dependencies and features");
    page.part(
        &features_heading(set),
        &of_pass(set, "broad-features", "No umbrella feature was found."),
    );
    page.part(
        "2.2 Inherit from the workspace",
        &of_pass(set, "not-inherited", "Nothing was found to inherit."),
    );
    page.part(
        "2.3 Workspace entries that nobody inherits",
        &of_pass(set, "unused-workspace-dependency", "There are none."),
    );
    page.say("## Phase 3: profiles and configuration");
    page.part("3.1 Profiles", &profiles(set));
    page.part(
        "3.2 Cargo configuration and ignored files",
        &[changes::table(
            &[changes::of(record, "cargo-config"), changes::of(record, "gitignore")].concat(),
        )],
    );
    page.section("Incremental compilation review", &incremental(set));
    let parallel = [
        vec![format!(
            "{} Pictures: {}.",
            "How many units run side by side, and how busy the processors were.",
            set.link_to(Kind::Diagrams, diagrams::PARALLELISM)
        )],
        builds::summary(record).map(|table| markdown::blocks([&table])).into_iter().collect(),
        diagrams::estimates(set),
    ];
    page.section("Parallel build configuration analysis", &parallel.concat());
    page.section("What was rejected or left", &[changes::left(record)]);
    page.section("How it was measured", &method(set));
    page.finish()
}

/// The heading of the section on features; it names the package where there is one only.
pub(super) fn features_heading(set: &Set<'_>) -> String {
    let found = changes::of(set.record, "broad-features");
    let subject = match found.as_slice() {
        [only] => only.id.split_once(':').map_or("", |(_, subject)| subject),
        _ => "",
    };
    let subject = subject.rsplit('/').next().unwrap_or_default();
    let space = if subject.is_empty() { "" } else { " " };
    format!("2.1 Optimize {subject}{space}feature usage")
}

fn promised(set: &Set<'_>) -> Vec<String> {
    let Some(promised) = &set.around.expectations else { return Vec::new() };
    vec![
        format!(
            "What {} expected, beside what this run measured. Absolute figures were those of another machine and \
             another state of the sources; the changes can be compared.",
            text::inline(&promised.source)
        ),
        expected::metrics(set.record, promised),
        expected::claims(set.record, promised),
    ]
}

fn bottlenecks(set: &Set<'_>, page: &mut text::Page) {
    let record = set.record;
    let mut blocks = Vec::new();
    for (side, word) in [("baseline", "before"), ("candidate", "after")] {
        for (heading, lines) in facts::insight::of_side(record, side) {
            blocks.push(format!("**{heading}, {word}**"));
            blocks.push(text::bullets(&lines));
        }
    }
    if blocks.is_empty() {
        blocks.push("No unit times were read in this run.".to_owned());
    }
    page.section("Compilation bottlenecks", &blocks);
    let what = "The time of a unit is all that it takes. The next one on the critical path waits for the metadata only, so \
                the units add up to more than the path.";
    let builds = builds::builds(record);
    let what = (!builds.is_empty()).then(|| what.to_owned());
    let units = builds.iter().map(|build| {
        let summary = format!("Costliest units and critical path: {}", build.label);
        text::folded(&summary, &markdown::blocks(&builds::units(build)))
    });
    let units: Vec<String> = what.into_iter().chain(units).collect();
    page.section("Unit by unit", &units);
}

/// What was expected of a remedy beside what came of it; empty without expectations.
fn beside(set: &Set<'_>, subject: &str) -> String {
    let Some(promised) = &set.around.expectations else { return String::new() };
    let of_subject = promised.claims.iter().filter(|claim| {
        claim.subject == subject || claim.subject.split(':').next() == Some(subject)
    });
    let lines: Vec<String> = of_subject
        .map(|claim| {
            format!(
                "Expected: {}. Measured: {}.",
                claim.claim,
                expected::measured(set.record, claim)
            )
        })
        .collect();
    text::bullets(&lines)
}

fn bloat(set: &Set<'_>) -> Vec<String> {
    let row = rows(set.record).into_iter().find(|row| row.measurement.what == "package-bytes");
    let found = match row {
        Some(row) if row.measurement.baseline > 0.0 => {
            format!("In this run: {} before, {} after.", row.before, row.after)
        }
        Some(_) => {
            "In this run there was nothing of it: 0 B before. A fresh checkout has none.".to_owned()
        }
        None => "It was not measured in this run.".to_owned(),
    };
    let mut blocks = vec![
        "`cargo package` unpacks what it packed into `target/package/` and builds it there; older versions of cargo left \
         whole builds of the dependencies. Only the `.crate` files are worth keeping."
            .to_owned(),
        found,
        beside(set, "package-bloat"),
        changes::table(&changes::of(set.record, "package-bloat")),
    ];
    blocks.push(format!("More: {}.", set.beside("cleaning.md", "cleaning")));
    blocks
}

fn duplicate_versions(set: &Set<'_>) -> Vec<String> {
    let record = set.record;
    let found = changes::of(record, "duplicate-version");
    vec![
        beside(set, "duplicate-version"),
        duplicates::table(record).map_or_else(String::new, |table| markdown::blocks([&table])),
        changes::table(&found),
        format!("As a picture: {}.", set.link_to(Kind::Diagrams, diagrams::CONFLICTS)),
    ]
}

fn tuned(set: &Set<'_>, profile: &str) -> Vec<String> {
    let settings = set.record.tuning.iter().filter(|it| it.profile == profile);
    let blocks: Vec<Block> = settings
        .flat_map(|it| [Block::Lines(vec![tuning::sentence(it)]), Block::Sheet(tuning::table(it))])
        .collect();
    if blocks.is_empty() {
        return vec![format!(
            "No setting of the {profile} profile was searched in this run: `cargo xtask optimize --measure full` does."
        )];
    }
    vec![tuning::COLUMNS.to_owned(), markdown::blocks(&blocks)]
}

fn release(set: &Set<'_>) -> Vec<String> {
    let mut blocks = vec![
        "Which values build fastest depends on the machine, so they are tried by clean builds rather than prescribed."
            .to_owned(),
        beside(set, "profile.release.codegen-units"),
    ];
    blocks.extend(tuned(set, "release"));
    blocks
}

fn profiles(set: &Set<'_>) -> Vec<String> {
    let mut blocks =
        vec![changes::table(&changes::of(set.record, "profile")), beside(set, OPTIMISED)];
    let advised = set.record.tuning.iter().filter(|it| it.setting == OPTIMISED);
    if advised.flat_map(|it| &it.tried).any(|it| it.outcome == TuneOutcome::NotTried) {
        blocks.push(format!(
            "So this run says nothing for or against optimised dependencies in dev builds, and they were not adopted. What \
             a manifest with that setting cost on another workspace is in {}.",
            set.beside("passes.md#profile", "passes")
        ));
    }
    blocks.extend(tuned(set, "dev"));
    blocks
}

fn of_pass(set: &Set<'_>, code: &str, none: &str) -> Vec<String> {
    let found: Vec<&ChangeRecord> = changes::of(set.record, code);
    if found.is_empty() {
        return vec![none.to_owned(), beside(set, code)];
    }
    vec![beside(set, code), changes::table(&found)]
}

fn incremental(set: &Set<'_>) -> Vec<String> {
    let mut rows = rows(set.record);
    rows.retain(|row| row.measurement.what.starts_with("incremental-"));
    if rows.is_empty() {
        return vec!["No rebuild after an edit was timed in this run.".to_owned()];
    }
    vec![
        "A function is added to the member that most others depend on (core), then to one that none depends on (leaf); \
         each time the dev build is timed again."
            .to_owned(),
        markdown::table(&rows),
    ]
}

fn method(set: &Set<'_>) -> Vec<String> {
    let record = set.record;
    vec![
        text::bullets(&set.caveats()),
        "**What compiles and what was tested**".to_owned(),
        text::bullets(&facts::verification(record)),
        text::bullets(&record.notes),
        text::bullets(&facts::worth::spent(record)),
        format!("In general: {}.", set.beside("measuring.md", "measuring")),
    ]
}
