//! The target directory by parts, before and after.

use crate::{
    record::Record,
    render::{
        figures::change,
        sheet::{Block, Kind, Sheet},
        si_bytes,
    },
};

/// A row for each part, as the record orders them.
pub(in crate::render) fn parts(record: &Record) -> Option<Block> {
    let rows = record.disk.iter().map(|part| {
        vec![
            part.part.clone(),
            si_bytes(part.baseline_bytes),
            si_bytes(part.candidate_bytes),
            change(part.baseline_bytes as f64, part.candidate_bytes as f64),
        ]
    });
    let sheet = Sheet::new(
        "The target directory after the clean dev and release builds",
        &[
            ("part", Kind::Code),
            ("before", Kind::Number),
            ("after", Kind::Number),
            ("change", Kind::Number),
        ],
    );
    let sheet = sheet.with(rows);
    (!sheet.rows.is_empty()).then_some(Block::Sheet(sheet))
}
