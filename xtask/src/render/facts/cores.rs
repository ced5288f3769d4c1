//! What the builds would take with other numbers of cores: estimates, and labelled so everywhere.

use std::collections::BTreeSet;

use super::builds::{Build, builds};
use crate::{
    record::{CoreEstimate, Record},
    render::{
        DASH, seconds,
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

/// What the estimates are worth, where there are any.
pub(in crate::render) fn caveat() -> String {
    "estimates, not measurements: the units of the timed build are laid out anew on so many cores, and scaled \
     so that the estimate for this machine equals what it took"
        .to_owned()
}
