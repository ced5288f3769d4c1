//! The diagrams of a build, each beside the sentences that say the same.
//!
//! What has many parts is a picture, in a file of its own; what has few is Mermaid.

use super::{Document, Kind, MARKER, Set, expected, facts, graphs, text};
use crate::render::{
    facts::{builds, cores, disk, duplicates, tuning, worth},
    html::picture,
    markdown,
    sheet::Block,
};

/// Headings that other documents link to.
pub(super) const PIPELINE: &str = "Build pipeline flow diagram";
pub(super) const CONFLICTS: &str = "Dependency graph with conflicts";
pub(super) const WATERFALLS: &str = "Compilation time waterfalls";
pub(super) const PARALLELISM: &str = "LLVM codegen parallelism comparison";
pub(super) const DISK: &str = "Disk space breakdown";
pub(super) const CRITICAL: &str = "Critical path analysis";
pub(super) const IMPACT: &str = "Optimization impact matrix";

pub(super) fn page(set: &Set<'_>) -> String {
    let what = "The build in pictures, before and after the changes. Every picture is drawn from the recorded run; \
                beneath each stand the same facts as a sentence or a table.";
    let mut page = set.page(Kind::Diagrams, what);
    page.section(PIPELINE, &pipeline(set));
    page.section(CONFLICTS, &conflicts(set));
    page.section(WATERFALLS, &waterfalls(set));
    page.section(PARALLELISM, &parallelism(set));
    page.section(DISK, &disk_space(set));
    page.section(CRITICAL, &critical(set));
    page.section(IMPACT, &impact(set));
    page.finish()
}

/// The pictures that the page shows.
pub(super) fn pictures(set: &Set<'_>) -> Vec<Document> {
    let mut all = Vec::new();
    let mut add = |name: String, svg: String| {
        all.push(Document { path: path(set, &name), text: format!("{MARKER}\n{svg}") });
    };
    for (index, build) in builds::builds(set.record).iter().enumerate() {
        add(format!("waterfall-{index}"), picture::waterfall(build));
        add(format!("units-{index}"), picture::steps(build));
        add(format!("processors-{index}"), picture::load(build, set.record.machine.cores));
    }
    if let Some(svg) = picture::impact(set.record) {
        add("impact".to_owned(), svg);
    }
    all
}

fn path(set: &Set<'_>, name: &str) -> String {
    format!("diagrams/{}-{name}.svg", super::stem(set.record))
}

fn image(set: &Set<'_>, name: &str, alternative: &str) -> String {
    format!("![{}]({})", text::inline(alternative), path(set, name))
}

fn word(side: &str) -> String {
    facts::capitalised(side)
}

fn pipeline(set: &Set<'_>) -> Vec<String> {
    let builds = builds::builds(set.record);
    let mut blocks = Vec::new();
    for build in builds.iter().take(1) {
        blocks.push(format!(
            "The stages of the {} with the time that its units spent in each. Units run side by side, so the times add up \
             to more than the wall time. Drawn from the first pair of builds.",
            build.label
        ));
        for (side, timeline) in &build.sides {
            let wall = crate::wording::seconds(timeline.wall_seconds);
            blocks.push(format!("**{}: {wall} of wall time**", word(side)));
            blocks.push(graphs::pipeline(set.record, timeline, *side == "after"));
        }
    }
    blocks
}

fn conflicts(set: &Set<'_>) -> Vec<String> {
    let record = set.record;
    let before = graphs::conflicts(record, false);
    let after = graphs::conflicts(record, true);
    if before.is_empty() && after.is_empty() {
        return vec!["No package was or is there in more than one version.".to_owned()];
    }
    let mut blocks = vec![
        "A box for each package that is in the graph in several versions, with the unit time of each version, and what \
         asks for it directly. Dashed: gone after the changes."
            .to_owned(),
    ];
    if !before.is_empty() {
        blocks.extend(["**Before**".to_owned(), before]);
    }
    blocks.push("**After**".to_owned());
    if after.is_empty() {
        blocks.push("Every package is there in one version.".to_owned());
    } else {
        blocks.push(after);
    }
    blocks.extend(duplicates::table(record).map(|table| markdown::blocks([&table])));
    blocks
}

fn waterfalls(set: &Set<'_>) -> Vec<String> {
    let mut blocks = vec![
        "One bar is one unit: a run of rustc or of a build script. Before and after stand on one time scale. The first \
         part of a bar lasts until the metadata is written, from when on other units can start; the second part is code \
         generation. The first pair of builds is drawn; the medians of all pairs are in the other documents."
            .to_owned(),
    ];
    let builds = builds::builds(set.record);
    for (index, build) in builds.iter().enumerate() {
        blocks.push(format!("### Waterfall of the {}", build.label));
        blocks.push(image(
            set,
            &format!("waterfall-{index}"),
            &format!("Waterfall of the {}", build.label),
        ));
        blocks.push(
            "The costliest units of both sides, in the order in which they start:".to_owned(),
        );
        let name = format!("The costliest units of the {}", build.label);
        blocks.push(image(set, &format!("units-{index}"), &name));
    }
    if builds.is_empty() {
        return builds::missing(set.record);
    }
    blocks.extend(builds::summary(set.record).map(|table| markdown::blocks([&table])));
    blocks
}

fn parallelism(set: &Set<'_>) -> Vec<String> {
    let record = set.record;
    let tried = record.tuning.iter().filter(|it| it.setting.ends_with("codegen-units"));
    let tried: Vec<Block> = tried
        .flat_map(|it| [Block::Lines(vec![tuning::sentence(it)]), Block::Sheet(tuning::table(it))])
        .collect();
    let mut blocks = vec![
        "`codegen-units` says into how many parts rustc divides a crate so that LLVM can work on them side by side. More \
         parts cost more processor time in all; whether they save wall time depends on the processors that are free."
            .to_owned(),
    ];
    if tried.is_empty() {
        blocks.push(
            "Not searched in this run, so nothing is claimed: `cargo xtask optimize --measure full` tries the values by \
             clean builds."
                .to_owned(),
        );
    } else {
        blocks.push(tuning::COLUMNS.to_owned());
        blocks.push(markdown::blocks(&tried));
    }
    if let Some(promised) = &set.around.expectations {
        for claim in promised.claims.iter().filter(|it| it.subject.ends_with("codegen-units")) {
            blocks.push(format!(
                "Expected by {}: {}. Measured: {}.",
                text::inline(&promised.source),
                text::inline(&claim.claim),
                text::inline(&expected::measured(record, claim))
            ));
        }
    }
    let builds = builds::builds(record);
    if !builds.is_empty() {
        blocks.push(
            "The pictures show the first pair of builds: above, the share of the processors that was busy; below, how many \
             units ran side by side. More parts can use processors that are idle; they cost time where none is."
                .to_owned(),
        );
    }
    for (index, build) in builds.iter().enumerate() {
        let name = format!("Processors and units at work during the {}", build.label);
        blocks.push(format!("### Processors at work: {}", build.label));
        blocks.push(image(set, &format!("processors-{index}"), &name));
    }
    blocks.extend(estimates(set));
    blocks
}

/// Estimates for other numbers of cores, called so.
pub(super) fn estimates(set: &Set<'_>) -> Vec<String> {
    let mut blocks: Vec<Block> =
        cores::estimates(set.record).into_iter().map(|(_, table)| table).collect();
    if blocks.is_empty() {
        return Vec::new();
    }
    blocks.push(Block::Lines(cores::remarks(set.record)));
    vec!["### Estimates for other numbers of cores".to_owned(), markdown::blocks(&blocks)]
}

fn disk_space(set: &Set<'_>) -> Vec<String> {
    let mut blocks = vec![graphs::disk(set.record, false), graphs::disk(set.record, true)];
    blocks.extend(disk::parts(set.record).map(|table| markdown::blocks([&table])));
    blocks
}

fn critical(set: &Set<'_>) -> Vec<String> {
    let builds = builds::builds(set.record);
    if builds.is_empty() {
        return Vec::new();
    }
    let mut blocks = vec![
        "The chain of units that each waited for the one before and that takes longest. With units as long as these the \
         build cannot be shorter than it, however many cores there are. The time in a box is all that the unit takes; the next \
         one waits for the metadata only, so the boxes add up to more than the path."
            .to_owned(),
    ];
    for build in &builds {
        blocks.push(format!("### Critical path of the {}", build.label));
        for (side, timeline) in &build.sides {
            let length = crate::wording::seconds(timeline.critical_seconds);
            let wall = crate::wording::seconds(timeline.wall_seconds);
            blocks.push(format!("**{}: {length} of {wall} of wall time**", word(side)));
            blocks.push(graphs::critical_path(timeline));
        }
    }
    blocks
}

fn impact(set: &Set<'_>) -> Vec<String> {
    let table = worth::impacts(set.record);
    let Some(table) = table else {
        return vec!["No change has both a known gain and a known effort.".to_owned()];
    };
    vec![
        "To the right more edits to review, further up more seconds saved; both axes are logarithmic beyond 1. A diamond \
         is measured, a ring is attributed. The numbers are those of the table."
            .to_owned(),
        image(set, "impact", "Impact of each change against its effort"),
        markdown::blocks([&table]),
        text::bullets(&worth::remarks(set.record)),
    ]
}
