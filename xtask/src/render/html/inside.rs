//! The sections with charts: builds unit by unit, processors, cores, duplicates, disk, impact.
//!
//! Each chart stands above the sentences and tables that say the same.

use super::{
    bars, blocks, blocks::blocks as html, cores, graph, load, scatter, steps, svg, waterfall,
};
use crate::{
    record::{DuplicateRecord, Record},
    render::{
        facts::{self, builds, duplicates, worth},
        seconds,
        sheet::Block,
    },
};

/// How many of the drawn duplicates are open at first.
const OPEN: usize = 3;

const STEPS: &str = "The costliest units by name";

/// What makes the build slow, in sentences.
pub(super) fn insights(record: &Record) -> String {
    let sections = facts::insights(record).into_iter();
    sections.map(|(heading, lines)| html(&[Block::Heading(heading), Block::Lines(lines)])).collect()
}

/// Waterfalls, and the units that matter.
pub(super) fn builds(record: &Record) -> String {
    let builds = builds::builds(record);
    let figures = builds.iter().enumerate().map(|(index, build)| {
        let steps = steps::figure(&format!("steps-{index}"), build);
        let waterfall = waterfall::figure(&format!("waterfall-{index}"), build);
        // The first kind is what is built most often.
        let steps = if index == 0 { steps } else { blocks::folded(STEPS, &steps) };
        waterfall + &steps + &html(&builds::units(build))
    });
    let figures: String = figures.collect();
    html(&builds::summary(record)) + &figures + &blocks::list(&builds::missing(record))
}

/// Processors and units over time.
pub(super) fn load(record: &Record) -> String {
    let builds = builds::builds(record);
    let cores = record.machine.cores;
    let figures = builds.iter().enumerate();
    figures.map(|(index, build)| load::figure(&format!("load-{index}"), build, cores)).collect()
}

/// Estimates for other numbers of cores.
pub(super) fn cores(record: &Record) -> String {
    let estimates = facts::cores::estimates(record);
    if estimates.is_empty() {
        return String::new();
    }
    let own = record.machine.cores;
    let figures = estimates.iter().enumerate().map(|(index, (build, table))| {
        let chart = cores::figure(&format!("cores-{index}"), build, own);
        format!("<div>{chart}{}</div>\n", html([table]))
    });
    let figures: String = figures.collect();
    blocks::list(&facts::cores::remarks(record))
        + &format!("<div class=\"pair\">\n{figures}</div>\n")
}

/// The graph around each duplicate.
pub(super) fn duplicates(record: &Record) -> String {
    let all = duplicates::by_cost(record);
    let drawn: String = all
        .iter()
        .take(duplicates::DRAWN)
        .enumerate()
        .map(|(index, duplicate)| drawn(index, duplicate))
        .collect();
    let more = match all.len().saturating_sub(duplicates::DRAWN) {
        0 => String::new(),
        more => format!(
            "<p class=\"small\">{more} more, which cost less, are in the table above only.</p>\n"
        ),
    };
    html(&duplicates::table(record)) + &drawn + &more
}

fn drawn(index: usize, duplicate: &DuplicateRecord) -> String {
    let chart = graph::chart(&format!("duplicate-{index}"), duplicate);
    let name = format!("Ways to {}", duplicate.name);
    let cost = duplicates::cost(duplicate);
    let cost = if cost > 0.0 {
        format!("; versions beyond the costliest: {} of unit time", seconds(cost))
    } else {
        String::new()
    };
    format!(
        "<details class=\"graph\"{}>\n<summary><strong>{}</strong> {}{cost}</summary>\n{}{}</details>\n",
        if index < OPEN { " open" } else { "" },
        super::escape(&duplicate.name),
        duplicates::outcome(duplicate),
        super::scrollable(&name, &chart),
        blocks::list(&duplicates::sentences(duplicate)),
    )
}

/// The target directory by parts.
pub(super) fn disk(record: &Record) -> String {
    let Some(table) = facts::disk::parts(record) else {
        return String::new();
    };
    bars::disk(&record.disk) + &html(&[table.folded()])
}

/// Impact against effort.
pub(super) fn impact(record: &Record) -> String {
    scatter::figure("impact", record)
        + &html(&worth::impacts(record))
        + &blocks::list(&worth::remarks(record))
}

/// The share of the run that was spent in cargo.
pub(super) fn spent(record: &Record) -> String {
    let Some(spent) = record.spent else { return String::new() };
    let scale = svg::Scale::new(spent.wall_seconds, 0.0, 100.0);
    let within = svg::px(scale.at(spent.cargo_seconds));
    let bar = format!(
        "<div class=\"share\"><svg role=\"img\" aria-label=\"{} of {}\" viewBox=\"0 0 100 10\" \
        preserveAspectRatio=\"none\"><rect width=\"{within}\" height=\"10\"/></svg></div>\n",
        seconds(spent.cargo_seconds),
        seconds(spent.wall_seconds)
    );
    bar + &blocks::list(&worth::spent(record))
}
