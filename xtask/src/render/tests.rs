//! What the renderers say of the test record; by subject in the files below.

mod figures;
mod hostile;
mod page;

use super::{sample::record, *};
use crate::record::Quantity;

#[test]
fn bytes_are_counted_in_powers_of_ten() {
    for (bytes, text) in [
        (0, "0 B"),
        (999, "999 B"),
        (1_000, "1.0 kB"),
        (999_949, "999.9 kB"),
        (999_950, "1.0 MB"),
        (99_949_999, "99.9 MB"),
        (99_950_000, "100 MB"),
        (1_421_000_000, "1421 MB"),
        (12_400_000_000, "12.4 GB"),
        (u64::MAX, "18446744073.7 GB"),
    ] {
        assert_eq!(si_bytes(bytes), text);
    }
}

#[test]
fn seconds_have_three_digits_or_more() {
    for (value, text) in [
        (0.0, "0.00 s"),
        (1.534, "1.53 s"),
        (9.994, "9.99 s"),
        (9.996, "10.0 s"),
        (65.44, "65.4 s"),
        (99.949, "99.9 s"),
        (99.96, "100 s"),
        (168.5, "168 s"),
    ] {
        assert_eq!(seconds(value), text);
    }
}

#[test]
fn a_ratio_is_shown_as_the_change_it_means() {
    for (ratio, text) in [
        (0.48, "-52.0%"),
        (1.031, "+3.1%"),
        (0.9999, "0.0%"),
        (1.0, "0.0%"),
        (0.0, "-100.0%"),
        (0.0001, "-99.99%"),
        (2.576, "+157.6%"),
    ] {
        assert_eq!(percent(ratio), text);
    }
}

#[test]
fn quoted_names_are_told_from_text() {
    let found = spans("`a` and `b`, not `c");
    let expected = [Span::Code("a"), Span::Text(" and "), Span::Code("b"), Span::Text(", not `c")];
    assert_eq!(found, expected);
}

#[test]
fn the_table_is_aligned_and_says_how_it_was_measured() {
    let expected = "\
\x20                     before     after   change  expected  call
clean dev build       65.4 s    29.8 s   -54.4%    -25.0%  better
clean release build   68.6 s    44.8 s   -34.7%    -39.0%  better
incremental (core)    5.20 s    5.10 s    -1.9%    -20.0%  same
incremental (leaf)    1.60 s    2.10 s   +31.2%         -  worse
target size          1421 MB    652 MB   -54.1%    -45.0%  better
package directory    1900 MB  104.0 kB  -99.99%   -99.99%  better
artifacts               1688      1110   -34.2%    -17.0%  better
units                    244       144   -41.0%         -  better
duplicates                13         2   -84.6%         -  better

clean release build: 3 samples before, 67.9 s to 70.2 s; 3 samples after,
\x20 44.2 s to 45.1 s
several samples a side: a difference is called only where the ranges do not
\x20 overlap
a single sample on a side shows no spread: clean dev build, incremental
\x20 (core), incremental (leaf)
timings less than 22% or 0.20 s apart are called same
sizes less than 1% apart are called same
expected: what the documents of the replaced script promised
machine: 2 cores, linux x86_64, rustc 1.95.0 (59807616e 2026-04-14), cargo
\x20 1.95.0 (f2d3ce0bd 2026-03-21)
";
    assert_eq!(table::human(&record()), expected);
}

#[test]
fn what_was_not_measured_is_left_out() {
    let mut record = record();
    record.measurements = vec![sample::row("clean-dev", Quantity::Seconds, &[], &[], None)];
    assert!(table::human(&record).starts_with("nothing was measured\n"));
    assert!(!markdown::report(&record).contains("## Before and after"));
    assert!(html::report(&record).contains("Nothing was measured"));
}

#[test]
fn a_side_without_a_reading_is_a_dash() {
    let mut record = record();
    record.measurements = vec![sample::row("clean-dev", Quantity::Seconds, &[], &[31.4], None)];
    let table = table::human(&record);
    let row = table.lines().nth(1).unwrap();
    let cells: Vec<&str> = row.split_whitespace().collect();
    assert_eq!(&cells[3..6], ["-", "31.4", "s"]);
}

#[test]
fn an_unknown_quantity_is_shown_last_under_its_own_name() {
    let mut record = record();
    let unknown = sample::row("wasm-bytes", Quantity::Bytes, &[2e6], &[1e6], None);
    record.measurements.insert(0, unknown);
    assert_eq!(rows(&record).last().unwrap().label, "wasm-bytes");
}

#[test]
fn the_page_needs_nothing_but_itself() {
    let page = html::report(&record());
    for outside in ["http://", "https://", "url(", "@import", "src=", "<script", "<link"] {
        assert!(!page.contains(outside), "{outside}");
    }
}

#[test]
fn every_change_is_on_the_page_with_its_verdict_and_evidence() {
    let page = html::report(&record());
    for change in record().changes {
        assert!(page.contains(&change.id));
    }
    assert!(page.contains("<span class=\"verdict\">rejected</span>"));
    assert!(page.contains("error[E0432]: unresolved import `async_trait`\n"));
    assert!(page.contains("align <code>dashmap</code> on 6.1"));
}

#[test]
fn the_diff_is_shown_file_by_file_and_line_by_line() {
    let page = html::report(&record());
    assert_eq!(page.matches("<details open>").count(), 2);
    assert!(
        page.contains("<code>crates/aimds-core/Cargo.toml</code> 0 lines added, 1 line removed")
    );
    assert!(page.contains("<span class=\"removed\">-dashmap = &quot;5.5&quot;\n</span>"));
}

#[test]
fn bars_have_their_value_as_text() {
    let page = html::report(&record());
    let bar = "aria-label=\"after: 29.8 s\" viewBox=\"0 0 100 10\" preserveAspectRatio=\"none\">\
        <rect width=\"45.57\"";
    assert!(page.contains(bar));
}

#[test]
fn the_markdown_report_groups_changes_by_verdict() {
    let report = markdown::report(&record());
    let headings: Vec<&str> = report.lines().filter(|line| line.starts_with("### ")).collect();
    assert_eq!(
        headings,
        ["### Applied (3)", "### Rejected (2)", "### Blocked (1)", "### Skipped (1)"]
    );
    assert!(
        report.contains("- **align `dashmap` on 6.1** (`duplicate-version:dashmap`): 2 members")
    );
    assert!(report.contains(
        "| clean dev build | 65.4 s | 29.8 s | -54.4% | ±22% noise floor | -25.0% | better |\n"
    ));
    assert!(report.contains("\n````diff\n--- a/Cargo.toml\n"));
}

#[test]
fn the_command_is_shown_as_it_is_typed() {
    let with = |words: &[&str], tuning| {
        let arguments = words.iter().map(|&word| word.to_owned()).collect();
        facts::command(&Record { arguments, tuning, ..record() })
    };
    assert_eq!(
        with(&["--bench", "cargo bench -p core"], record().tuning),
        "optimize --bench 'cargo bench -p core'"
    );
    assert_eq!(with(&[], record().tuning), "optimize --measure full", "an older record");
    assert_eq!(with(&[], Vec::new()), "optimize");
}

#[test]
fn the_headline_counts_changes_and_names_both_builds() {
    assert_eq!(
        facts::headline(&record()),
        "7 changes: 3 applied, 2 rejected, 1 blocked, 1 skipped. Clean dev build: 65.4 s before, \
        29.8 s after (-54.4%, better); clean release build: 68.6 s before, 44.8 s after (-34.7%, \
        better)."
    );
}

#[test]
fn markup_in_a_markdown_report_is_escaped() {
    let mut record = record();
    record.notes = vec!["# <b>x</b> *a* x86_64 _b_ `c|d` -> [e](f)\nsecond".to_owned()];
    let report = markdown::report(&record);
    let note =
        "- \\# \\<b>x\\</b> \\*a\\* x86_64 \\_b\\_ `c|d` -> \\[e\\](f)\n\n  ```text\n  second\n";
    assert!(report.contains(note), "{report}");
}

/// Writes the sample where `RENDER_SAMPLE_DIR` says, to be looked at.
#[test]
#[ignore = "writes files for a person to look at"]
fn the_sample_is_written_to_look_at() {
    let dir = std::env::var_os("RENDER_SAMPLE_DIR").unwrap();
    let dir = Path::new(&dir);
    let many = Record { timelines: sample::timelines(1000, 700), ..record() };
    for (name, sample) in [("report", record()), ("many", many)] {
        let (page, text) = (html::report(&sample), markdown::report(&sample));
        crate::disk::write(&dir.join(format!("{name}.html")), page.as_bytes()).unwrap();
        crate::disk::write(&dir.join(format!("{name}.md")), text.as_bytes()).unwrap();
    }
}

/// Every name of a field in a JSON value.
fn keys(value: &serde_json::Value, found: &mut std::collections::BTreeSet<String>) {
    match value {
        serde_json::Value::Object(fields) => {
            for (name, value) in fields {
                found.insert(name.clone());
                keys(value, found);
            }
        }
        serde_json::Value::Array(values) => values.iter().for_each(|value| keys(value, found)),
        _ => {}
    }
}

#[test]
fn every_field_of_the_record_is_documented() {
    let documented = include_str!("../../../docs/json.md");
    let mut found = std::collections::BTreeSet::new();
    keys(&serde_json::to_value(record()).unwrap(), &mut found);
    assert!(found.len() > 60, "only {} fields", found.len());
    for name in found {
        let is_named = documented.contains(&format!("`{name}`"))
            || documented.contains(&format!("`{name}["))
            || documented.contains(&format!("`{name}."))
            || documented.contains(&format!(".{name}`"))
            || documented.contains(&format!("{{{name},"))
            || documented.contains(&format!(", {name}}}"));
        assert!(is_named, "docs/json.md does not name `{name}`");
    }
}
