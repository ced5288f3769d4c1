//! Records that somebody else wrote: no text of one becomes markup, and no figure breaks a chart.

use proptest::prelude::*;
use serde_json::Value;

use crate::{
    record::{Record, Timeline},
    render::{html, markdown, sample, table},
};

/// Fields that are no free text.
const WORDS: [&str; 6] = ["verdict", "unit", "basis", "outcome", "side", "diff"];

/// The sample with few units: what is tested does not depend on their number.
fn small() -> Record {
    Record { timelines: sample::timelines(12, 9), ..sample::record() }
}

/// Every text of the sample, replaced; new fields too.
fn filled_with(text: &str) -> Record {
    fn fill(value: &mut Value, text: &str) {
        match value {
            Value::String(own) => *own = text.to_owned(),
            Value::Array(values) => values.iter_mut().for_each(|value| fill(value, text)),
            Value::Object(fields) => {
                let free = fields.iter_mut().filter(|(key, _)| !WORDS.contains(&key.as_str()));
                free.for_each(|(_, value)| fill(value, text));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    let mut record = serde_json::to_value(small()).unwrap();
    fill(&mut record, text);
    let mut record: Record = serde_json::from_value(record).unwrap();
    record.diff = format!("--- a/{text}\n+++ b/{text}\n@@ -1 +1 @@\n-{text}\n+{text}\n");
    record
}

/// Many figures of a record, replaced.
fn counted_with(number: f64, record: &mut Record) {
    for measurement in &mut record.measurements {
        measurement.baseline = number;
        measurement.candidate = -number;
        measurement.ratio = Some(number);
        let samples = &mut measurement.samples;
        samples.baseline.iter_mut().for_each(|sample| sample.value = number);
    }
    for (index, timeline) in record.timelines.iter_mut().enumerate() {
        let Timeline { wall_seconds, unit_seconds, critical_path, critical_seconds, .. } = timeline;
        (*wall_seconds, *unit_seconds, *critical_seconds) = (number, -number, number);
        critical_path.push(usize::MAX);
        for unit in timeline.units.iter_mut().skip(index) {
            (unit.start_seconds, unit.seconds) = (-number, number);
            unit.metadata_seconds = Some(number);
        }
        timeline.cpu.iter_mut().for_each(|reading| reading.busy = number);
        timeline.cpu.iter_mut().step_by(2).for_each(|reading| reading.seconds = number);
        timeline.estimates.iter_mut().for_each(|estimate| estimate.seconds = number);
    }
    for change in &mut record.changes {
        change.impact.iter_mut().for_each(|impact| impact.seconds = number);
    }
    for tried in record.tuning.iter_mut().flat_map(|setting| &mut setting.tried) {
        tried.seconds.iter_mut().for_each(|seconds| *seconds = number);
        tried.binary_ratio = Some(number);
    }
    for version in record.duplicates.iter_mut().flat_map(|duplicate| &mut duplicate.before) {
        version.unit_seconds = Some(number);
        version.path.clear();
    }
    let worth = record.return_on_investment.as_mut().unwrap();
    for row in &mut worth.rows {
        (row.hours_per_year, row.value_per_year) = (number, -number);
        row.builds_to_pay_back = Some(number);
    }
    record.spent.as_mut().unwrap().cargo_seconds = number;
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_text_of_a_record_becomes_markup(text in "[<>&\"'a-z/!= -]{1,24}") {
        // The same page as for harmless text of the same length: not one tag or quote more.
        let harmless = text.replace(['<', '>', '&', '"', '\''], "x");
        let page = html::report(&filled_with(&text));
        let plain = html::report(&filled_with(&harmless));
        for mark in ['<', '>', '"'] {
            prop_assert_eq!(page.matches(mark).count(), plain.matches(mark).count());
        }
        super::page::assert_well_formed(&page);
        let unescaped = page.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"")
            .replace("&#39;", "'").replace("&amp;", "&");
        prop_assert!(unescaped.contains(&text));
    }

    #[test]
    fn any_record_can_be_rendered(text in "\\PC{0,40}|[`|\n\\-+@ ]{0,20}", number in any::<f64>()) {
        let mut record = filled_with(&text);
        record.diff = text.repeat(3);
        counted_with(number, &mut record);
        prop_assert!(table::human(&record).is_ascii());
        prop_assert!(markdown::report(&record).ends_with('\n'));
        let page = html::report(&record);
        prop_assert!(page.ends_with("</html>\n"));
        super::page::assert_well_formed(&page);
        for coordinate in super::page::coordinates(&page) {
            prop_assert!(coordinate.is_finite() && coordinate.abs() < 1e5, "{coordinate}");
        }
    }

    #[test]
    fn a_diff_cannot_leave_its_fence(diff in "[`\n a-]{1,40}") {
        let mut record = small();
        record.diff.clone_from(&diff);
        let report = markdown::report(&record);
        if let Some((_, section)) = report.split_once("\n## Diff\n\n") {
            let fence = section.split("diff").next().unwrap();
            let inside = &section[fence.len() + "diff".len()..];
            let end = inside.find(&format!("\n{fence}")).unwrap();
            prop_assert_eq!(&inside[end + 1..], format!("{fence}\n"));
        }
    }

    #[test]
    fn a_name_cannot_leave_its_node_in_a_graph(name in "[`\"\\[\\]{}<>;%a-z\n ]{1,24}") {
        let report = markdown::report(&filled_with(&name));
        let graphs = report.split("```mermaid\n").skip(1);
        for line in graphs.flat_map(|graph| graph.split("```").next().unwrap().lines().skip(1)) {
            let node = line.trim_start().trim_start_matches(|c: char| c.is_alphanumeric());
            let inside = node.strip_prefix("[\"").and_then(|rest| rest.strip_suffix("\"]"));
            let is_edge = node.starts_with(" -") && !node.contains('"');
            let is_plain = |text: &str| !text.contains(['"', '[', '<', ';', '`', '%']);
            prop_assert!(is_edge || inside.is_some_and(is_plain), "{line}");
        }
    }
}
