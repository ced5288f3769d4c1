//! What the builds would take with other numbers of cores: estimates, and labelled so everywhere.

use std::collections::BTreeSet;

use super::builds::{Build, builds};
use crate::{
    insight,
    record::{CoreEstimate, Record},
    render::{
        DASH, label, seconds,
        sheet::{Block, Kind, Sheet},
    },
    wording::count,
};

/// A table for each kind of build, a row for each number of cores.
pub(in crate::render) fn estimates(record: &Record) -> Vec<(Build<'_>, Block)> {
    let builds = builds(record).into_iter();
    builds.filter_map(|build| table(&build, record.machine.cores).map(|it| (build, it))).collect()
}

fn table(build: &Build<'_>, own: usize) -> Option<Block> {
    let numbers: BTreeSet<usize> = build
        .sides
        .iter()
        .flat_map(|(_, timeline)| timeline.estimates.iter().map(|estimate| estimate.cores))
        .collect();
    let rows = numbers.into_iter().map(|cores| {
        let cell = |side: &str| {
            let timeline = build.sides.iter().find(|(word, _)| *word == side);
            let estimate = timeline
                .and_then(|(_, timeline)| timeline.estimates.iter().find(|it| it.cores == cores));
            estimate.map_or_else(|| DASH.to_owned(), |it: &CoreEstimate| seconds(it.seconds))
        };
        let here = if cores == own { ", this machine" } else { "" };
        vec![count(cores, "core") + here, cell("before"), cell("after")]
    });
    let sheet = Sheet::new(
        format!("Estimated wall time, {}", build.label),
        &[("cores", Kind::Text), ("before", Kind::Number), ("after", Kind::Number)],
    );
    let sheet = sheet.with(rows);
    (!sheet.rows.is_empty()).then_some(Block::Sheet(sheet))
}

/// What the estimates for the builds as they are now are worth: a heading for each, and the sentences.
pub(in crate::render) fn remarks(record: &Record) -> Vec<String> {
    let all = insight::all(&record.timelines, &record.measurements);
    let now = all.iter().filter(|build| build.side == "candidate");
    let mut said: Vec<String> = Vec::new();
    for (build, cores) in now.filter_map(|build| Some((build, build.cores.as_ref()?))) {
        for remark in cores.remarks() {
            let line = format!("{}: {remark}", label(&build.what));
            // What is the same for every build is said once.
            if insight::Cores::is_general(&remark) {
                if !said.contains(&remark) {
                    said.push(remark);
                }
            } else {
                said.push(line);
            }
        }
    }
    said
}
