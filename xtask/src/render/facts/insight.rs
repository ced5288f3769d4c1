//! What makes the build slow, in sentences.
//!
//! The only place of the reports that says it: both ask [`insights`].

use super::builds::{builds, longest, unit_name};
use crate::{
    record::Record,
    render::{figures::share, seconds},
};

/// How many units a sentence names.
const NAMED: usize = 3;

/// Headings, and the sentences beneath each.
pub(in crate::render) fn insights(record: &Record) -> Vec<(String, Vec<String>)> {
    let builds = builds(record);
    let mut sections = Vec::new();
    for build in &builds {
        let Some((side, timeline)) = build.sides.last() else { continue };
        let named = longest(timeline).into_iter().take(NAMED).map(|index| {
            let unit = &timeline.units[index];
            format!("`{}` {}", unit_name(unit), seconds(unit.seconds))
        });
        let named: Vec<String> = named.collect();
        let part = timeline.critical_seconds / timeline.wall_seconds;
        let part = if part.is_finite() {
            format!(", {} of the {} it takes", share(part), seconds(timeline.wall_seconds))
        } else {
            String::new()
        };
        let critical = format!(
            "its critical path is {}{part}: however many cores, it cannot be shorter",
            seconds(timeline.critical_seconds)
        );
        sections.push((
            format!("{}, {side}", super::capitalised(build.label)),
            vec![format!("the costliest units: {}", named.join(", ")), critical],
        ));
    }
    sections
}
