//! The record of a run: what timed builds leave in it, and the reports made from it.

use std::path::PathBuf;

use serde_json::Value;

use crate::support::{Fixture, Run};

const ONE: &str = r#"
-- Cargo.toml --
[package]
name = "one"
version = "0.1.0"
edition = "2021"

[lib]
doctest = false

[dependencies]
ghoul = "0.3"

[profile.release]
codegen-units = 1
-- src/lib.rs --
"#;

fn directory(run: &Run) -> PathBuf {
    PathBuf::from(run.json()["report"].as_str().unwrap())
}

#[test]
fn timed_builds_leave_the_samples_of_both_sides() {
    let fixture = Fixture::new(ONE);
    let run = fixture.optimize(&["--yes", "--no-test", "--measure", "quick"]).exits(0);
    let rows = run.json()["measurements"].as_array().unwrap().clone();
    for what in ["clean-dev", "clean-release", "incremental-core"] {
        let row = rows.iter().find(|row| row["what"] == what);
        let row = row.unwrap_or_else(|| panic!("no `{what}` in {rows:?}"));
        for side in ["baseline", "candidate"] {
            let samples = row["samples"][side].as_array().unwrap();
            assert!(!samples.is_empty(), "{row:#}");
            for sample in samples {
                assert!(sample["value"].as_f64().unwrap() > 0.0, "{row:#}");
                assert!(sample["cpu_seconds"].is_number(), "{row:#}");
                assert!(sample["peak_memory_bytes"].is_u64(), "{row:#}");
            }
        }
        let calls = ["better", "worse", "same", "not measured"];
        assert!(calls.contains(&row["call"].as_str().unwrap()), "{row:#}");
    }
    let samples = std::fs::read_to_string(fixture.path(".xtask-history/samples.jsonl")).unwrap();
    let kept: Vec<Value> =
        samples.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for what in ["clean-dev", "clean-release", "incremental-core", "units", "target-bytes"] {
        for side in ["baseline", "candidate"] {
            let is_kept = |entry: &Value| entry["what"] == what && entry["side"] == side;
            assert!(kept.iter().any(is_kept), "no sample of `{what}`, {side}: {samples}");
        }
    }
    // Which release settings are fastest takes more builds than a quick run makes.
    run.holds("profile:release", "skipped", "--measure full");
    let spent = run.json()["spent"].clone();
    assert!(spent["cargo_seconds"].as_f64().unwrap() <= spent["wall_seconds"].as_f64().unwrap());
    let kept = run.json()["kept"].as_array().unwrap().clone();
    assert!(!kept.is_empty());
    for file in &kept {
        assert!(PathBuf::from(file["path"].as_str().unwrap()).is_file(), "{file:#}");
    }
}

#[test]
fn reports_are_rebuilt_from_the_record() {
    let fixture = Fixture::new(ONE);
    let run = fixture.optimized(&["--only", "unused-dependency"]);
    let directory = directory(&run);
    let page = directory.join("report.html");
    let before = std::fs::read_to_string(&page).unwrap();
    assert!(before.contains("unused-dependency:one/ghoul"), "{before}");
    std::fs::remove_file(&page).unwrap();
    let again = fixture.run(&["report", "--format", "json"]).exits(0);
    assert_eq!(std::fs::read_to_string(&page).unwrap(), before);
    assert_eq!(again.json(), run.json());
    let name = directory.file_name().unwrap().to_str().unwrap();
    fixture.run(&["report", name]).exits(0);
    fixture.run(&["report", "20000101-000000"]).exits(2).says("20000101-000000");
}

#[test]
fn without_a_run_there_is_nothing_to_report() {
    let fixture = Fixture::new(ONE);
    let before = fixture.whole_tree();
    let run = fixture.run(&["report"]).exits(2);
    run.says("holds no recorded run").says("cargo xtask optimize");
    crate::support::assert_same(&before, &fixture.whole_tree());
}

#[test]
fn what_was_rejected_or_left_is_in_the_report_with_its_reason() {
    let fixture = Fixture::new(ONE);
    fixture.put(
        "-- build.rs --\nfn main() {\n    \
         let path = std::env::var(\"OUT_DIR\").unwrap() + \"/made.rs\";\n    \
         std::fs::write(path, [\"pub use ghou\", \"l::boo as _;\"].concat()).unwrap();\n}\n\
         -- src/lib.rs --\ninclude!(concat!(env!(\"OUT_DIR\"), \"/made.rs\"));\n",
    );
    let run = fixture.optimized(&["--only", "unused-dependency,profile"]);
    run.holds("unused-dependency:one/ghoul", "rejected", "made.rs:1:9");
    run.holds("profile:release", "skipped", "--measure full");
    let text = std::fs::read_to_string(directory(&run).join("report.md")).unwrap();
    for change in run.json()["changes"].as_array().unwrap() {
        let id = change["id"].as_str().unwrap();
        assert!(text.contains(&format!("`{id}`")), "{id} in\n{text}");
    }
    assert!(text.contains("made.rs:1:9"), "{text}");
    let recorded = std::fs::read(directory(&run).join("report.json")).unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&recorded).unwrap(), run.json());
}

#[test]
fn documents_are_made_from_a_timed_run_or_from_the_one_that_is_named() {
    let fixture = Fixture::new(ONE);
    let run = fixture.optimized(&["--only", "unused-dependency"]);
    let docs = fixture.path("pages");
    let flag = format!("--docs={}", docs.display());
    let nothing = fixture.run(&["report", &flag]).exits(2);
    nothing.says("no run of `optimize` with measurements").says("hint:");
    assert!(!docs.exists());

    let directory = directory(&run);
    let name = directory.file_name().unwrap().to_str().unwrap();
    fixture.run(&["report", name, &flag]).exits(0).says("Documented");
    let index = std::fs::read_to_string(docs.join("README.md")).unwrap();
    assert!(index.contains("no build was timed"), "{index}");
    let records: Vec<_> = std::fs::read_dir(docs.join("records")).unwrap().collect();
    assert_eq!(records.len(), 1);
    let record = std::fs::read_to_string(records[0].as_ref().unwrap().path()).unwrap();
    assert!(!record.contains(&fixture.path("").display().to_string()), "{record}");
    assert!(record.contains("unused-dependency:one/ghoul"), "{record}");
}
