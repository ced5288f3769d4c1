//! What makes the build slow and what other cores would change, for a terminal.
//!
//! ASCII and folded like the notes of the table above it.

use super::facts;
use crate::{insight, record::Record, wording};

/// The sections, each ending with a line feed; empty where no unit was timed.
pub(crate) fn human(record: &Record) -> String {
    if record.timelines.is_empty() {
        return String::new();
    }
    let mut out = String::new();
    for (heading, lines) in facts::insight::insights(record) {
        out.push_str(&section(&format!("what makes the build slow: {heading}"), &lines));
    }
    for build in insight::all(&record.timelines, &record.measurements) {
        if let (Some(cores), "candidate") = (build.cores, build.side.as_str()) {
            let lines: Vec<String> =
                std::iter::once(cores.estimated()).chain(cores.remarks()).collect();
            let heading = format!("what more cores would change: {}", super::label(&build.what));
            out.push_str(&section(&heading, &lines));
        }
    }
    out
}

fn section(heading: &str, lines: &[String]) -> String {
    let lines: String = lines.iter().map(|line| wrapped(line)).collect();
    format!("\n{heading}\n{lines}")
}

/// A sentence behind a dash, folded.
fn wrapped(line: &str) -> String {
    format!("  - {}\n", wording::folded(line, 4))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_questions_are_answered_for_the_builds_as_they_are_now() {
        let record = crate::render::sample::record();
        let text = human(&record);
        for part in [
            "what makes the build slow: Clean dev build",
            "what makes the build slow: Packages in several versions",
            "what more cores would change: clean release build",
            "critical path",
        ] {
            assert!(text.contains(part), "{part} is missing in\n{text}");
        }
        assert!(text.lines().all(|line| line.chars().count() <= wording::COLUMNS), "{text}");
    }

    #[test]
    fn without_unit_times_nothing_is_said() {
        let mut record = crate::render::sample::record();
        record.timelines.clear();
        assert_eq!(human(&record), "");
    }
}
