//! Packages in several versions: what became of each version, what it cost, who needs it.
//!
//! Ordered by cost, so that what matters is drawn and read first.

use std::cmp::Ordering;

use crate::{
    insight,
    record::{DuplicateRecord, DuplicateVersion, Record},
    render::{
        DASH, seconds,
        sheet::{Block, Kind, Sheet},
    },
    wording::{count, some_of},
};

/// How many are drawn, the costliest.
pub(in crate::render) const DRAWN: usize = 12;

/// What became of a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::render) enum Fate {
    Stays,
    Gone,
    New,
}

impl Fate {
    pub(in crate::render) fn word(self) -> &'static str {
        match self {
            Self::Stays => "stays",
            Self::Gone => "gone",
            Self::New => "new",
        }
    }
}

/// The duplicates, costliest first.
pub(in crate::render) fn by_cost(record: &Record) -> Vec<&DuplicateRecord> {
    let mut all: Vec<&DuplicateRecord> = record.duplicates.iter().collect();
    all.sort_by(|a, b| match cost(b).total_cmp(&cost(a)) {
        Ordering::Equal => a.name.cmp(&b.name),
        other => other,
    });
    all
}

/// Unit time of all its versions but the costliest, before; after, where it was no duplicate before. Zero
/// where it is not known.
pub(in crate::render) fn cost(duplicate: &DuplicateRecord) -> f64 {
    let versions = if duplicate.before.len() > 1 { &duplicate.before } else { &duplicate.after };
    insight::beyond_the_costliest(versions).filter(|time| time.is_finite()).unwrap_or_default()
}

/// Every version before, then those that are there only after; what stays is as it is after.
pub(in crate::render) fn versions(duplicate: &DuplicateRecord) -> Vec<(&DuplicateVersion, Fate)> {
    let find = |versions: &'_ [DuplicateVersion], version: &DuplicateVersion| {
        versions.iter().position(|other| other.version == version.version)
    };
    let before = duplicate.before.iter().map(|version| match find(&duplicate.after, version) {
        Some(at) => (&duplicate.after[at], Fate::Stays),
        None => (version, Fate::Gone),
    });
    let new = duplicate.after.iter().filter(|it| find(&duplicate.before, it).is_none());
    before.chain(new.map(|version| (version, Fate::New))).collect()
}

/// `was in 2 versions, is in one`
pub(in crate::render) fn outcome(duplicate: &DuplicateRecord) -> String {
    let (before, after) = (duplicate.before.len(), duplicate.after.len());
    let after = match after {
        0 => "is built no more".to_owned(),
        1 => "is in one".to_owned(),
        _ if after == before => "still is".to_owned(),
        _ => format!("is in {after}"),
    };
    format!("was in {}, {after}", count(before, "version"))
}

/// A sentence for each version: `` `5.5.3` is gone: 1.20 s of unit time, needed by … ``.
pub(in crate::render) fn sentences(duplicate: &DuplicateRecord) -> Vec<String> {
    let sentence = |(version, fate): &(&DuplicateVersion, Fate)| {
        let verb = match fate {
            Fate::Stays => "stays",
            Fate::Gone => "is gone",
            Fate::New => "is new",
        };
        let time = version.unit_seconds.map_or_else(
            || "no unit time read in the clean dev build".to_owned(),
            |it| seconds(it) + " of unit time",
        );
        let needed = match version.required_by.as_slice() {
            [] => String::new(),
            all => {
                let quoted: Vec<String> = all.iter().map(|it| format!("`{it}`")).collect();
                let tense = if *fate == Fate::Gone { "was" } else { "is" };
                format!("; {tense} needed by {}", some_of(&quoted))
            }
        };
        format!("`{}` {verb}: {time}{needed}", version.version)
    };
    versions(duplicate).iter().map(sentence).collect()
}

/// All of them, a row each.
pub(in crate::render) fn table(record: &Record) -> Option<Block> {
    let list = |versions: &[DuplicateVersion]| match versions {
        [] => DASH.to_owned(),
        some => some.iter().map(|it| it.version.clone()).collect::<Vec<_>>().join(", "),
    };
    let rows = by_cost(record).into_iter().map(|duplicate| {
        let known = duplicate.before.iter().chain(&duplicate.after);
        let known = known.map(|version| version.unit_seconds).any(|time| time.is_some());
        let cost = if known { seconds(cost(duplicate)) } else { DASH.to_owned() };
        vec![
            duplicate.name.clone(),
            list(&duplicate.before),
            list(&duplicate.after),
            cost,
            outcome(duplicate),
        ]
    });
    let sheet = Sheet::new(
        "Packages in several versions, costliest first",
        &[
            ("package", Kind::Code),
            ("before", Kind::Text),
            ("after", Kind::Text),
            ("unit time beyond the costliest", Kind::Number),
            ("outcome", Kind::Text),
        ],
    );
    let sheet = sheet.with(rows);
    (!sheet.rows.is_empty()).then_some(Block::Sheet(sheet))
}
