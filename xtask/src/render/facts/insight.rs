//! What makes the build slow, in sentences.
//!
//! The only place of the reports that says it: all ask [`insights`], which asks `insight`.

use crate::{
    insight::{self, Duplicates},
    record::Record,
};

/// Headings, and the sentences beneath each: the builds as they are now, and what duplicates cost in them.
pub(crate) fn insights(record: &Record) -> Vec<(String, Vec<String>)> {
    let mut sections = of_side(record, "candidate");
    let duplicates = Duplicates::after(&record.duplicates).sentences();
    if !duplicates.is_empty() {
        sections.push(("Packages in several versions".to_owned(), duplicates));
    }
    sections
}

/// The builds of one side, `baseline` or `candidate`: a heading for each, and the sentences beneath it.
pub(in crate::render) fn of_side(record: &Record, side: &str) -> Vec<(String, Vec<String>)> {
    let builds = insight::all(&record.timelines, &record.measurements).into_iter();
    let builds = builds.filter(|build| build.side == side);
    let section = |build: insight::Insight| {
        (super::capitalised(crate::render::label(&build.what)), build.on_this_machine())
    };
    builds.map(section).collect()
}
