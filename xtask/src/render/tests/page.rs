//! `report.html` and `report.md` as wholes: sections, charts, figures as in JSON, size.

use std::path::Path;

use serde_json::Value;

use crate::{
    record::Record,
    render::{html, markdown, sample, sample::record},
};

const SECTIONS: [&str; 16] = [
    "Before and after",
    "Return on investment",
    "What makes the build slow",
    "Builds unit by unit",
    "Other numbers of cores",
    "Packages in several versions",
    "Disk",
    "Impact and effort",
    "Changes",
    "Profile settings tried",
    "Notes",
    "Verification",
    "How it was measured",
    "Time of the run",
    "Machine and run",
    "Diff",
];

#[test]
fn every_section_has_its_heading_in_both_reports_and_a_link_on_the_page() {
    let (page, report) = (html::report(&record()), markdown::report(&record()));
    for heading in SECTIONS {
        assert!(report.contains(&format!("\n## {heading}\n")), "{heading}");
        let id = heading.to_lowercase().replace(' ', "-");
        assert!(page.contains(&format!("<h2 id=\"{id}\">{heading}</h2>")), "{heading}");
        assert!(page.contains(&format!("<li><a href=\"#{id}\">{heading}</a></li>")), "{heading}");
    }
    assert!(page.contains("<h2 id=\"processors-at-work\">"));
}

#[test]
fn what_a_record_does_not_hold_has_no_section() {
    let bare = Record {
        timelines: Vec::new(),
        duplicates: Vec::new(),
        disk: Vec::new(),
        tuning: Vec::new(),
        return_on_investment: None,
        spent: None,
        ..record()
    };
    let (page, report) = (html::report(&bare), markdown::report(&bare));
    for heading in
        ["Return on investment", "Packages in several versions", "Disk", "Time of the run"]
    {
        assert!(!report.contains(heading) && !page.contains(heading), "{heading}");
    }
    let why = "no unit times were read of 2 kinds of timed builds: no waterfalls are drawn";
    assert!(report.contains(why) && page.contains(why));
}

/// Every figure that is in a table of the one report is in the other: both print the same blocks.
#[test]
fn both_reports_hold_the_same_figures() {
    let (page, report) = (html::report(&record()), markdown::report(&record()));
    for figure in [
        "54,389",
        "23 builds",
        "+10.2 s",
        "-103 s",
        "812 MB",
        "322 MB",
        "-60.4%",
        "59.6 s",
        "-18.5%",
        "+160.1%",
        "was in 2 versions, is in one",
        "790 s in all (13.2 min); 762 s of it (96%)",
        "3 pairs: -37.0% to -33.6%",
        "±22% noise floor",
        "faster, but held back",
    ] {
        assert!(page.contains(figure), "{figure} on the page");
        assert!(report.contains(figure), "{figure} in Markdown");
    }
}

#[test]
fn the_rows_of_before_and_after_carry_the_figures_of_the_json() {
    let json = serde_json::to_value(record()).unwrap();
    let page = html::report(&record());
    for row in json["measurements"].as_array().unwrap() {
        let exact = |key: &str| row[key].to_string();
        let tag = format!(
            "<tr data-what=\"{}\" data-baseline=\"{}\" data-candidate=\"{}\" data-ratio=\"{}\">",
            row["what"].as_str().unwrap(),
            exact("baseline"),
            exact("candidate"),
            exact("ratio")
        );
        assert!(page.contains(&tag), "{tag}");
    }
}

#[test]
fn the_charts_are_named_and_well_formed() {
    let page = html::report(&record());
    assert_well_formed(&page);
    let charts = page.matches("<svg class=\"chart\" role=\"img\" aria-labelledby=").count();
    // Two kinds of builds with four charts each, three duplicates, the scatter.
    assert_eq!(charts, 2 * 4 + 3 + 1);
    let others = page.matches("<svg role=\"img\" aria-label=\"").count();
    let hidden = page.matches("aria-hidden=\"true\"><").count();
    assert!(others > 0 && charts + others + hidden >= page.matches("<svg").count());
    let ids: Vec<&str> =
        page.split(" id=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    for (index, id) in ids.iter().enumerate() {
        assert!(!ids[..index].contains(id), "`{id}` twice");
    }
    for name in page.split("aria-labelledby=\"").skip(1) {
        for id in name.split('"').next().unwrap().split(' ') {
            assert!(ids.contains(&id), "`{id}` names something and is not there");
        }
    }
}

#[test]
fn a_version_that_is_gone_is_struck_and_called_gone() {
    let page = html::report(&record());
    assert!(page.contains("<g class=\"node own gone\">"));
    assert!(page.contains("<code>5.5.3</code> is gone: 1.20 s of unit time; was needed by"));
    let report = markdown::report(&record());
    assert!(report.contains("[\"dashmap 5.5.3 (gone)\"]"));
    assert!(report.contains("- `5.5.3` is gone: 1.20 s of unit time; was needed by"));
}

#[test]
fn of_many_duplicates_the_costliest_are_drawn_and_all_are_listed() {
    let cheap = |index: usize| {
        let mut duplicate = record().duplicates[0].clone();
        duplicate.name = format!("cheap-{index}");
        duplicate.before[0].unit_seconds = Some(0.01);
        duplicate
    };
    let many =
        Record { duplicates: (0..20).map(cheap).chain(record().duplicates).collect(), ..record() };
    let page = html::report(&many);
    assert_eq!(page.matches("<details class=\"graph\"").count(), 12);
    assert!(page.contains("11 more, which cost less, are in the table above only."));
    assert!(page.contains("Ways to syn before and after"));
    for index in 0..20 {
        assert!(page.contains(&format!("<code>cheap-{index}</code>")), "{index}");
    }
    assert_eq!(markdown::report(&many).matches("```mermaid").count(), 12);
}

#[test]
fn builds_without_readings_of_the_processors_say_so() {
    let mut bare = record();
    bare.timelines.iter_mut().for_each(|timeline| timeline.cpu.clear());
    let page = html::report(&bare);
    assert_eq!(page.matches("How busy the processors were was not recorded.").count(), 2);
    assert!(!page.contains("share of all processors that were busy"));
}

#[test]
fn what_is_too_short_to_be_seen_is_counted() {
    let page = html::report(&record());
    assert!(
        page.contains("units too short to be seen alone: drawn together with their neighbours")
    );
}

#[test]
fn a_thousand_units_still_make_a_page_of_sane_size() {
    let many = Record { timelines: sample::timelines(1000, 1000), ..record() };
    let page = html::report(&many);
    assert!(page.len() < 800_000, "{} bytes", page.len());
    assert_well_formed(&page);
}

/// Integration tests read the sample from this file: `UPDATE_FIXTURES=1` writes it anew.
#[test]
fn the_fixture_of_the_integration_tests_is_the_sample() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/report.json");
    if std::env::var_os("UPDATE_FIXTURES").is_some() {
        // A unit or a reading a line, so that differences can be read.
        let json = serde_json::to_string(&record()).unwrap();
        let json = json.replace("},{", "},\n{") + "\n";
        crate::disk::write(&path, json.as_bytes()).unwrap();
    }
    let fixture = std::fs::read_to_string(&path).unwrap();
    let fixture: Value = serde_json::from_str(&fixture).unwrap();
    let same = fixture == serde_json::to_value(record()).unwrap();
    assert!(same, "UPDATE_FIXTURES=1 cargo test -p xtask --bin xtask fixture writes it anew");
}

/// Everything that is drawn: numbers in attributes of coordinates.
pub(super) fn coordinates(page: &str) -> Vec<f64> {
    let mut found = Vec::new();
    for name in [" x=\"", " y=\"", " width=\"", " height=\"", " x1=\"", " y1=\"", " d=\""] {
        for rest in page.split(name).skip(1) {
            let value = rest.split('"').next().unwrap();
            let numbers =
                value.split(|c: char| !(c.is_ascii_alphanumeric() || c == '.' || c == '-'));
            let numbers = numbers.flat_map(|part| part.split(['M', 'H', 'V', 'h', 'v', 'l', 'z']));
            found.extend(numbers.filter(|part| !part.is_empty()).filter_map(|part| {
                // `NaN` and `inf` are numbers to Rust, device-width is none.
                part.parse::<f64>().ok()
            }));
        }
    }
    found
}

/// Holds every SVG of a page to the rules of XML: tags closed in order, attributes quoted and named
/// once, no bare ampersand.
#[track_caller]
pub(super) fn assert_well_formed(page: &str) {
    let drawings = page.split("<svg").skip(1);
    for rest in drawings {
        let (drawing, _) = rest.split_once("</svg>").expect("a drawing ends");
        let drawing = format!("<svg{drawing}</svg>");
        let mut open: Vec<&str> = Vec::new();
        for part in drawing.split('<').skip(1) {
            let (tag, text) = part.split_once('>').unwrap_or_else(|| panic!("`<{part}` is open"));
            assert!(!text.contains('>'), "`>` in `{text}`");
            for entity in part.split('&').skip(1) {
                let name = entity.split(';').next().unwrap();
                assert!(["lt", "gt", "amp", "quot", "#39"].contains(&name), "`&{name}`");
            }
            if let Some(name) = tag.strip_prefix('/') {
                assert_eq!(open.pop(), Some(name));
                continue;
            }
            let (tag, closed) = tag.strip_suffix('/').map_or((tag, false), |tag| (tag, true));
            let name = tag.split_whitespace().next().unwrap();
            assert_attributes(&tag[name.len()..]);
            if !closed {
                open.push(name);
            }
        }
        assert!(open.is_empty(), "{open:?} stay open");
    }
}

#[track_caller]
fn assert_attributes(attributes: &str) {
    let mut names: Vec<&str> = Vec::new();
    let mut rest = attributes.trim();
    while !rest.is_empty() {
        let (name, value) = rest.split_once("=\"").unwrap_or_else(|| panic!("`{rest}`"));
        assert!(name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'), "`{name}`");
        assert!(!names.contains(&name), "`{name}` twice");
        names.push(name);
        let (_, next) = value.split_once('"').unwrap_or_else(|| panic!("`{value}`"));
        rest = next.trim_start();
    }
}
