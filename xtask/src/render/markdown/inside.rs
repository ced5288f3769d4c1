//! The sections that the page has charts for, as sentences and tables.
//!
//! The same blocks as on the page: nothing is computed here.

use super::{bullets, cell, inline};
use crate::{
    record::Record,
    render::{
        facts::{self, builds, worth},
        sheet::{Block, Kind, Sheet, lines},
    },
};

/// Blocks one after the other, an empty line between them.
pub(in crate::render) fn blocks<'a>(blocks: impl IntoIterator<Item = &'a Block>) -> String {
    let blocks: Vec<String> = blocks.into_iter().map(block).collect();
    blocks.join("\n")
}

fn block(block: &Block) -> String {
    match block {
        Block::Lines(lines) => bullets(lines),
        Block::Heading(heading) => format!("**{}**\n", inline(heading)),
        Block::Sheet(sheet) | Block::Folded(sheet) => {
            format!("**{}**\n\n{}", inline(&sheet.caption), table(sheet))
        }
    }
}

fn table(sheet: &Sheet) -> String {
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let names = sheet.columns.iter().map(|(name, _)| cell(name)).collect();
    let rules = sheet.columns.iter().map(|(_, kind)| match kind {
        Kind::Number => "---:".to_owned(),
        Kind::Text | Kind::Code => "---".to_owned(),
    });
    let rules = rules.collect();
    let rows = sheet.rows.iter().map(|row| line(row.iter().map(|it| cell(it)).collect()));
    line(names) + &line(rules) + &rows.collect::<String>()
}

pub(super) fn insights(record: &Record) -> String {
    let sections = facts::insights(record).into_iter();
    let all: Vec<Block> = sections
        .flat_map(|(heading, lines)| [Block::Heading(heading), Block::Lines(lines)])
        .collect();
    blocks(&all)
}

pub(super) fn builds(record: &Record) -> String {
    let mut all: Vec<Block> = builds::summary(record).into_iter().collect();
    all.extend(builds::builds(record).iter().flat_map(builds::units));
    all.extend(lines(builds::missing(record)));
    blocks(&all)
}

pub(super) fn cores(record: &Record) -> String {
    let mut all: Vec<Block> =
        facts::cores::estimates(record).into_iter().map(|(_, table)| table).collect();
    if !all.is_empty() {
        all.insert(0, Block::Lines(facts::cores::remarks(record)));
    }
    blocks(&all)
}

pub(super) fn impact(record: &Record) -> String {
    let mut all: Vec<Block> = worth::impacts(record).into_iter().collect();
    all.extend(lines(worth::remarks(record)));
    blocks(&all)
}
