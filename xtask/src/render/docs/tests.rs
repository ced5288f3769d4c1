//! The documents of the made-up run: whole, linked, and without anything that no record backs.

use super::*;
use crate::render::sample;

const EXPECTED: &str = include_str!("../../../../docs/records/aimds-expected.json");

fn surroundings(expectations: Option<Expectations>) -> Surroundings {
    let pages = vec![("measuring.md".to_owned(), "Measuring".to_owned())];
    Surroundings { index: "README.md".to_owned(), expectations, pages }
}

fn all(record: &Record) -> Vec<Document> {
    documents(record, &surroundings(Some(serde_json::from_str(EXPECTED).unwrap())))
}

fn named<'a>(documents: &'a [Document], end: &str) -> &'a str {
    &documents.iter().find(|document| document.path.ends_with(end)).unwrap().text
}

#[test]
fn the_set_is_whole_and_every_file_says_that_it_is_generated() {
    let documents = all(&sample::record());
    let paths: Vec<&str> = documents.iter().map(|document| document.path.as_str()).collect();
    for (_, suffix, ..) in KINDS {
        assert!(paths.contains(&format!("AIMDS_{suffix}.md").as_str()), "{paths:?}");
    }
    assert_eq!(paths[0], "README.md");
    assert!(paths.contains(&"diagrams/aimds-waterfall-0.svg"), "{paths:?}");
    assert!(paths.contains(&"diagrams/aimds-impact.svg"), "{paths:?}");
    for document in &documents {
        assert!(document.text.starts_with(MARKER), "{}", document.path);
        assert!(
            document.text.ends_with('\n') && !document.text.contains("\n\n\n"),
            "{}",
            document.path
        );
    }
}

#[test]
fn every_figure_of_the_table_is_in_the_summary_with_its_expectation() {
    let documents = all(&sample::record());
    let summary = named(&documents, "BUILD_OPTIMIZATION_SUMMARY.md");
    for figure in ["65.4 s", "29.8 s", "-54.4%", "-25.0%"] {
        assert!(summary.contains(figure), "{figure}: {summary}");
    }
    let index = named(&documents, "README.md");
    assert!(
        index.contains("| clean dev build | 28 s | 21 s | -25% | 65.4 s | 29.8 s | -54.4% | yes |"),
        "{index}"
    );
}

#[test]
fn what_was_promised_and_did_not_come_true_is_said() {
    let documents = all(&sample::record());
    let analysis = named(&documents, "BUILD_PERFORMANCE_ANALYSIS.md");
    // The sample: 16 codegen units were faster and too large; optimised dependencies were far slower.
    assert!(analysis.contains("faster, but held back; the setting is 1"), "{analysis}");
    assert!(analysis.contains("+160.1%, slower; the setting is default"), "{analysis}");
}

#[test]
fn without_expectations_nothing_is_called_expected_of_anybody() {
    let documents = documents(&sample::record(), &surroundings(None));
    for document in &documents {
        assert!(
            !document.text.contains("shell script that this tool replaces"),
            "{}",
            document.path
        );
        assert!(!document.text.contains("Expected:"), "{}", document.path);
    }
}

#[test]
fn a_search_that_was_not_made_is_not_made_up() {
    let mut record = sample::record();
    record.tuning.clear();
    let documents = all(&record);
    assert!(named(&documents, "BOTTLENECK_DIAGRAM.md").contains("Not searched in this run"));
    assert!(named(&documents, "QUICK_REFERENCE.md").contains("profile settings were not searched"));
}

#[test]
fn the_headings_of_the_earlier_documents_are_found_by_their_links() {
    let documents = all(&sample::record());
    let has = |end: &str, wanted: &str| {
        let headings = named(&documents, end).lines().filter(|line| line.starts_with('#'));
        let mut anchors = headings.map(|line| text::anchor(line.trim_start_matches('#')));
        assert!(anchors.any(|it| it == wanted), "{end}#{wanted}");
    };
    let analysis = "BUILD_PERFORMANCE_ANALYSIS.md";
    has(analysis, "critical-finding-package-directory-bloat");
    has(analysis, "12-fix-duplicate-dependencies");
    has(analysis, "13-optimize-release-profile-for-cidevelopment");
    has(analysis, "21-optimize-tokio-feature-usage");
    for anchor in [
        "dependency-graph-with-conflicts",
        "llvm-codegen-parallelism-comparison",
        "build-pipeline-flow-diagram",
    ] {
        has("BOTTLENECK_DIAGRAM.md", anchor);
    }
}

#[test]
fn pictures_are_whole_files_that_need_nothing_else() {
    // Within a comment of XML there are no two hyphens.
    assert_eq!(MARKER.matches("--").count(), 2);
    for document in all(&sample::record()).iter().filter(|it| it.path.ends_with(".svg")) {
        let svg = &document.text;
        assert_eq!(svg.matches("<svg").count(), 1, "{}", document.path);
        assert_eq!(svg.matches("</svg>").count(), 1, "{}", document.path);
        assert!(!svg.contains("href") && !svg.contains("NaN"), "{}", document.path);
    }
}

#[test]
fn hostile_names_become_no_markup() {
    let mut record = sample::record();
    for change in &mut record.changes {
        change.title = "x](javascript:y) <script> | \" ``` ".to_owned();
    }
    for duplicate in &mut record.duplicates {
        duplicate.name = "a\"] --> b[<img>\n```".to_owned();
    }
    for dependency in &mut record.dependencies {
        dependency.name = "a|b`c".to_owned();
    }
    for document in all(&record).iter().filter(|it| it.path.ends_with(".md")) {
        let unescaped = document.text.replace("\\](", "").replace("\\<", "");
        assert!(!unescaped.contains("](javascript"), "{}", document.path);
    }
    // In a diagram nothing is quoted by backticks.
    let documents = all(&record);
    let diagrams = named(&documents, "BOTTLENECK_DIAGRAM.md");
    assert!(!diagrams.contains("b[<img"), "{diagrams}");
}

#[test]
fn a_record_without_inside_still_makes_documents() {
    let mut record = sample::record();
    record.timelines.clear();
    record.duplicates.clear();
    record.disk.clear();
    record.tuning.clear();
    record.dependencies.clear();
    record.files.clear();
    record.return_on_investment = None;
    record.spent = None;
    record.git_head = None;
    for document in all(&record) {
        assert!(document.text.len() > MARKER.len() + 200, "{}", document.path);
        assert!(!document.text.contains("NaN"), "{}", document.path);
    }
}
