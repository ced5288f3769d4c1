//! What makes the build slow, in sentences.
//!
//! The only place of the reports that says it: all ask [`insights`], which asks `insight`.

use crate::{
    insight::{self, Duplicates},
    record::Record,
};

/// Headings, and the sentences beneath each: the builds as they are now, and what duplicates cost in them.
pub(crate) fn insights(record: &Record) -> Vec<(String, Vec<String>)> {
    let mut sections = Vec::new();
    for build in insight::all(&record.timelines, &record.measurements) {
        if build.side == "candidate" {
            let label = crate::render::label(&build.what);
            sections.push((super::capitalised(label), build.on_this_machine()));
        }
    }
    let duplicates = Duplicates::after(&record.duplicates).sentences();
    if !duplicates.is_empty() {
        sections.push(("Packages in several versions".to_owned(), duplicates));
    }
    sections
}
