//! A record as a run leaves one, for the tests of the renderers.
//!
//! Every kind of row, verdict and note occurs in it once.

use crate::record::{
    Basis, ChangeRecord, Effort, Impact, Kept, Machine, Measurement, Quantity, Record, SCHEMA,
    Sample, Samples, Side, Spent, Verdict,
};

mod inside;
mod timeline;

pub(super) use timeline::timeline;

pub(super) fn record() -> Record {
    Record {
        schema: SCHEMA,
        command: "optimize".to_owned(),
        arguments: vec!["--measure".to_owned(), "full".to_owned()],
        workspace: "/home/dev/midstream/AIMDS".to_owned(),
        started: "2025-11-02T14:03:21+01:00".to_owned(),
        tool_version: "0.1.0".to_owned(),
        machine: Machine {
            os: "linux".to_owned(),
            arch: "x86_64".to_owned(),
            cores: 2,
            rustc: "rustc 1.95.0 (59807616e 2026-04-14)".to_owned(),
            cargo: "cargo 1.95.0 (f2d3ce0bd 2026-03-21)".to_owned(),
            host: "x86_64-unknown-linux-gnu".to_owned(),
        },
        configuration: String::new(),
        git_head: Some("7e31976c0ffee".to_owned()),
        changes: changes(),
        baseline: Some(side(244, 13)),
        candidate: Some(side(144, 2)),
        measurements: measurements(),
        checks: Vec::new(),
        budgets: Vec::new(),
        backup: Some("backup-20251102-140321".to_owned()),
        report: Some("target/xtask/runs/20251102-140321".to_owned()),
        kept: vec![Kept {
            what: "cargo timing report, clean dev build, baseline".to_owned(),
            path: "/home/dev/midstream/AIMDS/target/xtask/runs/1/dev-baseline.html".to_owned(),
        }],
        diff: DIFF.to_owned(),
        timelines: timelines(244, 144),
        duplicates: inside::duplicates(),
        dependencies: inside::dependencies(),
        files: inside::files(),
        disk: inside::disk(),
        tuning: inside::tuning(),
        return_on_investment: Some(inside::worth()),
        spent: Some(Spent { wall_seconds: 790.4, cargo_seconds: 761.8 }),
        interrupted: false,
        notes: vec![
            "2 benches did not compile before and do not now; they are held against no change"
                .to_owned(),
            "`tokio` keeps `full`: `../midstream/Cargo.toml` outside the workspace asks for it"
                .to_owned(),
        ],
    }
}

/// Both clean builds of both sides, of so many units before and after.
pub(super) fn timelines(before: usize, after: usize) -> Vec<crate::record::Timeline> {
    vec![
        timeline("clean-dev", "baseline", before, 65.4),
        timeline("clean-dev", "candidate", after, 29.8),
        timeline("clean-release", "baseline", before, 68.6),
        timeline("clean-release", "candidate", after, 44.8),
    ]
}

fn side(units: usize, duplicates: usize) -> Side {
    Side {
        targets_ok: 31,
        targets_failed: vec!["aimds-analysis: bench analysis_bench".to_owned()],
        units,
        duplicates,
    }
}

fn measurements() -> Vec<Measurement> {
    use Quantity::{Bytes, Count, Seconds};
    vec![
        row("target-bytes", Bytes, &[1.421e9], &[6.52e8], Some(0.55)),
        row("package-bytes", Bytes, &[1.9e9], &[1.04e5], Some(0.0001)),
        row("clean-dev", Seconds, &[65.4], &[29.8], Some(0.75)),
        row("clean-release", Seconds, &[68.6, 67.9, 70.2], &[44.8, 45.1, 44.2], Some(0.61)),
        row("incremental-core", Seconds, &[5.2], &[5.1], Some(0.8)),
        row("incremental-leaf", Seconds, &[1.6], &[2.1], None),
        row("artifacts", Count, &[1688.0], &[1110.0], Some(0.83)),
        row("units", Count, &[244.0], &[144.0], None),
        row("duplicates", Count, &[13.0], &[2.0], None),
    ]
}

/// With the call that `stats` makes of the samples.
pub(super) fn row(
    what: &str,
    unit: Quantity,
    baseline: &[f64],
    candidate: &[f64],
    expected: Option<f64>,
) -> Measurement {
    let pairs: Vec<(f64, f64)> = baseline.iter().copied().zip(candidate.iter().copied()).collect();
    let side = |values: &[f64]| -> Vec<Sample> {
        let samples = values.iter().map(|&value| Sample {
            value,
            cpu_seconds: (unit == Quantity::Seconds).then_some(value * 1.8),
            peak_memory_bytes: (unit == Quantity::Seconds).then_some(612_000_000),
        });
        samples.collect()
    };
    Measurement {
        what: what.to_owned(),
        unit,
        baseline: crate::stats::median(baseline).unwrap_or_default(),
        candidate: crate::stats::median(candidate).unwrap_or_default(),
        ratio: crate::stats::median_ratio(&pairs),
        samples: Samples { baseline: side(baseline), candidate: side(candidate) },
        call: crate::stats::call(unit, &pairs)
            .map_or("not measured".to_owned(), |call| call.to_string()),
        expected,
    }
}

fn changes() -> Vec<ChangeRecord> {
    let change = |id: &str, title: &str, verdict, reason: &str, files: &[&str]| ChangeRecord {
        id: id.to_owned(),
        code: id.split(':').next().unwrap_or_default().to_owned(),
        title: title.to_owned(),
        verdict,
        reason: reason.to_owned(),
        files: files.iter().map(|&file| file.to_owned()).collect(),
        impact: None,
        effort: None,
        remembered: None,
    };
    let weighed = |mut change: ChangeRecord, seconds, basis, packages: &[&str], edits| {
        let packages = packages.iter().map(|&it| it.to_owned()).collect();
        change.impact = Some(Impact { seconds, basis, packages });
        change.effort = Some(Effort { files: change.files.len(), edits });
        change
    };
    vec![
        weighed(
            change(
                "duplicate-version:dashmap",
                "align `dashmap` on 6.1",
                Verdict::Applied,
                "2 members ask for 5.5, one for 6.1: 4 units less, attributed 1.2 s of unit time",
                &["Cargo.toml", "crates/aimds-detection/Cargo.toml"],
            ),
            1.2,
            Basis::Attributed,
            &["dashmap 5.5.3"],
            3,
        ),
        weighed(
            change(
                "unused-dependency:validator",
                "remove `validator` from aimds-core",
                Verdict::Applied,
                "no source of the package mentions it, and every target compiles without",
                &["crates/aimds-core/Cargo.toml"],
            ),
            9.4,
            Basis::Attributed,
            &["validator 0.18.1", "validator_derive 0.18.2", "syn 1.0.109"],
            1,
        ),
        change(
            "unused-dependency:async-trait",
            "remove `async-trait` from aimds-response",
            Verdict::Rejected,
            "error[E0432]: unresolved import `async_trait`\n --> crates/aimds-response/src/lib.rs:4:5\n  |\n4 | use async_trait::async_trait;\n  |     ^^^^^^^^^^^ use of unresolved module",
            &["crates/aimds-response/Cargo.toml"],
        ),
        weighed(
            change(
                "profile:dev-package-opt-level",
                "optimise dependencies in the dev profile",
                Verdict::Rejected,
                "clean dev build 65.4 s -> 168.5 s (+157.6%, worse)",
                &["Cargo.toml"],
            ),
            -103.1,
            Basis::Measured,
            &[],
            1,
        ),
        weighed(
            change(
                "profile:release",
                "release settings as timed: `lto = \"off\"`",
                Verdict::Applied,
                "clean release build 55.0 s -> 44.8 s in 3 pairs",
                &["Cargo.toml"],
            ),
            10.2,
            Basis::Measured,
            &[],
            6,
        ),
        change(
            "broad-features:tokio",
            "name the features of `tokio` in use",
            Verdict::Blocked,
            "`../midstream/Cargo.toml` asks for `full`, and features unify",
            &[],
        ),
        change(
            "cargo-config:jobs",
            "set the number of jobs",
            Verdict::Skipped,
            "cargo uses all 2 cores already",
            &[],
        ),
    ]
}

const DIFF: &str = "\
--- a/Cargo.toml
+++ b/Cargo.toml
@@ -10,7 +10,7 @@
 [workspace.dependencies]
 # a comment with ``` in it
-dashmap = \"5.5\"
+dashmap = \"6.1\"
 serde = { version = \"1.0\", features = [\"derive\"] }
--- a/crates/aimds-core/Cargo.toml
+++ b/crates/aimds-core/Cargo.toml
@@ -12,7 +12,6 @@
 thiserror.workspace = true
-validator = \"0.18\"
 uuid.workspace = true
";
