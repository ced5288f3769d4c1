//! Duplicates, disk, tuning and worth of the made-up run.

use crate::record::{
    DependencyRecord, DependencySide, DiskPart, DuplicateRecord, DuplicateVersion, FileRecord,
    Return, ReturnRow, Team, TriedValue, TuneOutcome, TunedSetting,
};

pub(super) fn duplicates() -> Vec<DuplicateRecord> {
    let version =
        |version: &str, seconds: Option<f64>, path: &[&str], by: &[&str]| DuplicateVersion {
            version: version.to_owned(),
            unit_seconds: seconds,
            path: path.iter().map(|&step| step.to_owned()).collect(),
            required_by: by.iter().map(|&name| name.to_owned()).collect(),
        };
    let old = version(
        "5.5.3",
        Some(1.2),
        &["aimds-detection", "dashmap 5.5.3"],
        &["aimds-detection", "aimds-analysis"],
    );
    let new =
        version("6.1.0", Some(1.1), &["aimds-response", "dashmap 6.1.0"], &["aimds-response"]);
    let syn_1 = version(
        "1.0.109",
        Some(4.6),
        &[
            "aimds-core",
            "validator 0.18.1",
            "validator_derive 0.18.2",
            "proc-macro-error 1.0.4",
            "syn 1.0.109",
        ],
        &["proc-macro-error 1.0.4"],
    );
    let syn_2 = version(
        "2.0.111",
        Some(5.9),
        &["aimds-core", "serde 1.0.228", "serde_derive 1.0.228", "syn 2.0.111"],
        &[
            "serde_derive 1.0.228",
            "thiserror-impl 2.0.17",
            "tokio-macros 2.6.0",
            "tracing-attributes 0.1.31",
        ],
    );
    let rand_8 = version(
        "0.8.5",
        Some(0.9),
        &["aimds-analysis", "statrs 0.17.1", "rand 0.8.5"],
        &["statrs 0.17.1"],
    );
    let rand_9 = version("0.9.2", None, &["aimds-core", "rand 0.9.2"], &["aimds-core"]);
    vec![
        DuplicateRecord {
            name: "dashmap".to_owned(),
            before: vec![old, new.clone()],
            after: vec![DuplicateVersion {
                required_by: ["aimds-analysis", "aimds-detection", "aimds-response"]
                    .map(str::to_owned)
                    .to_vec(),
                ..new
            }],
        },
        DuplicateRecord {
            name: "syn".to_owned(),
            before: vec![syn_1, syn_2.clone()],
            after: vec![syn_2],
        },
        DuplicateRecord {
            name: "rand".to_owned(),
            before: vec![rand_8.clone(), rand_9.clone()],
            after: vec![rand_8, rand_9],
        },
    ]
}

pub(super) fn disk() -> Vec<DiskPart> {
    let part = |part: &str, baseline_bytes, candidate_bytes| DiskPart {
        part: part.to_owned(),
        baseline_bytes,
        candidate_bytes,
    };
    vec![
        part("debug/deps", 812_400_000, 322_100_000),
        part("release/deps", 305_700_000, 198_300_000),
        part("debug/incremental", 187_200_000, 71_800_000),
        part("debug/build", 66_900_000, 34_600_000),
        part("release/build", 40_300_000, 21_400_000),
        part("other", 8_500_000, 3_800_000),
    ]
}

pub(super) fn tuning() -> Vec<TunedSetting> {
    let tried = |value: &str, seconds: &[f64], without: &[f64], outcome, reason: &str| TriedValue {
        value: value.to_owned(),
        seconds: seconds.to_vec(),
        seconds_without: without.to_vec(),
        binary_ratio: None,
        bench_ratio: None,
        outcome,
        reason: reason.to_owned(),
    };
    let setting =
        |profile: &str, setting: &str, before: &str, chosen: &str, tried: Vec<TriedValue>| {
            TunedSetting {
                profile: profile.to_owned(),
                setting: setting.to_owned(),
                before: before.to_owned(),
                chosen: chosen.to_owned(),
                cores: 2,
                tried,
            }
        };
    use TuneOutcome::{Chosen, Guarded, NotFaster, NotTried, Slower};
    let mut thin = tried(
        "\"off\"",
        &[44.8, 45.1, 44.2],
        &[55.0, 54.1, 56.2],
        Chosen,
        "faster in 3 pairs of 3",
    );
    (thin.binary_ratio, thin.bench_ratio) = (Some(1.021), Some(1.004));
    let mut units = tried(
        "16",
        &[41.0, 41.9, 40.7],
        &[44.8, 45.1, 44.2],
        Guarded,
        "the binary grew by more than 5%",
    );
    (units.binary_ratio, units.bench_ratio) = (Some(1.083), Some(1.018));
    vec![
        setting(
            "dev",
            "profile.dev.debug",
            "default",
            "\"line-tables-only\"",
            vec![
                tried(
                    "\"line-tables-only\"",
                    &[30.2, 29.8, 30.0],
                    &[34.6, 35.1, 34.2],
                    Chosen,
                    "faster in 3 pairs of 3",
                ),
                tried(
                    "0",
                    &[29.9, 30.1, 29.6],
                    &[30.2, 29.8, 30.0],
                    NotFaster,
                    "the ranges overlap",
                ),
            ],
        ),
        setting(
            "dev",
            "profile.dev.package.\"*\".opt-level",
            "default",
            "default",
            vec![tried(
                "1",
                &[78.3],
                &[30.1],
                Slower,
                "one pair was enough: slower than any noise",
            )],
        ),
        setting("release", "profile.release.lto", "\"thin\"", "\"off\"", vec![thin]),
        setting(
            "release",
            "profile.release.codegen-units",
            "1",
            "1",
            vec![units, tried("8", &[], &[], NotTried, "the time budget was spent")],
        ),
    ]
}

pub(super) fn worth() -> Return {
    let row = |what: &str, saved: f64| {
        let hours = saved * 5.0 * 50.0 * 220.0 / 3600.0;
        ReturnRow {
            what: what.to_owned(),
            seconds_saved_per_build: saved,
            hours_per_year: hours,
            value_per_year: hours * 100.0,
            builds_to_pay_back: (saved > 0.0).then(|| 790.0 / saved),
        }
    };
    Return {
        team: Team { people: 5, builds_per_day: 50, hourly_rate: 100.0, working_days_per_year: 220 },
        formula: "hours a year = seconds saved a build × people × builds a day × working days a year / 3600; \
                  worth a year = hours a year × hourly rate"
            .to_owned(),
        rows: vec![row("clean-dev", 35.6), row("clean-release", 23.8), row("incremental-core", 0.0)],
    }
}

pub(super) fn dependencies() -> Vec<DependencyRecord> {
    let side = |requirement: &str, inherits: bool, features: &[&str]| DependencySide {
        requirement: Some(requirement.to_owned()),
        version: Some(format!("{requirement}.1")),
        inherits,
        features: features.iter().map(|&feature| feature.to_owned()).collect(),
        default_features: true,
        optional: false,
    };
    let row = |name: &str, member: &str, kind: &str, before, after| DependencyRecord {
        name: name.to_owned(),
        member: member.to_owned(),
        kind: kind.to_owned(),
        target: None,
        before,
        after,
    };
    let full = Some(side("1.35", false, &["full"]));
    let trimmed = Some(side("1.35", true, &["macros", "rt-multi-thread"]));
    vec![
        row(
            "dashmap",
            "core",
            "normal",
            Some(side("5.5", false, &[])),
            Some(side("6.1", true, &[])),
        ),
        row("lru", "detection", "normal", Some(side("0.12", false, &[])), None),
        row("tokio", "core", "normal", full.clone(), trimmed.clone()),
        row("tokio", "detection", "dev", full, trimmed),
    ]
}

pub(super) fn files() -> Vec<FileRecord> {
    let text =
        "[workspace]\nmembers = [\"crates/*\"]\n\n[workspace.dependencies]\ndashmap = \"6.1\"\n";
    let file = |path: &str, existed, after: &str| FileRecord {
        path: path.to_owned(),
        existed,
        after: after.to_owned(),
    };
    vec![
        file("Cargo.toml", true, text),
        file(".cargo/config.toml", false, "[alias]\nb = \"build --workspace\"\n"),
    ]
}
