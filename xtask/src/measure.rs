//! Readings of baseline and candidate, and what they amount to.
//!
//! Nothing here builds: tests feed [`Readings`] with fixed numbers. Builds are made by [`Bench`] alone.

use std::path::PathBuf;

use anyhow::Result;

use crate::{
    record::{Measurement, Quantity, Sample, Samples},
    shadow::Shadow,
    snapshot::Snapshot,
    stats, target_dir,
    timings::Timings,
};

mod bench;

pub(crate) use bench::{Bench, Build, BuildFailed, Profile};

/// Ratios that the documents of the replaced script promised: dev −25 %, release −39 %,
/// incremental −20 %, target directory −45 %, package directory −99.99 %, artifacts −17 %.
const PROMISED: [(&str, f64); 7] = [
    ("clean-dev", 0.75),
    ("clean-release", 0.61),
    ("incremental-core", 0.80),
    ("incremental-leaf", 0.80),
    ("target-bytes", 0.55),
    ("package-bytes", 0.0001),
    ("artifacts", 0.83),
];

/// Readings of one side.
#[derive(Debug, Clone, Default)]
pub(crate) struct Readings {
    pub(crate) clean_dev: Vec<Sample>,
    pub(crate) clean_release: Vec<Sample>,
    pub(crate) incremental_core: Vec<Sample>,
    pub(crate) incremental_leaf: Vec<Sample>,
    /// After a clean dev and a clean release build.
    pub(crate) target_bytes: Vec<Sample>,
    pub(crate) artifacts: Vec<Sample>,
    pub(crate) units: Vec<Sample>,
    pub(crate) duplicates: Vec<Sample>,
    pub(crate) package_bytes: Vec<Sample>,
    pub(crate) timings: Option<Timings>,
}

/// A reading without times.
pub(crate) fn plain(value: f64) -> Sample {
    Sample { value, cpu_seconds: None, peak_memory_bytes: None }
}

/// Reads the size of what the two clean builds left.
///
/// # Errors
/// When the directory cannot be read.
pub(crate) fn sizes(shadow: &Shadow, readings: &mut Readings) -> Result<()> {
    let inventory = target_dir::inventory(&shadow.target_dir)?;
    readings.target_bytes.push(plain(inventory.bytes as f64));
    readings.artifacts.push(plain(inventory.artifacts as f64));
    Ok(())
}

/// The source roots to edit: of the member that most others depend on, and of one nobody depends on.
pub(crate) fn edited(snapshot: &Snapshot) -> Vec<(Edited, String, PathBuf)> {
    let heirs = |id: &cargo_metadata::PackageId| {
        let depends = |other: &&crate::snapshot::Member| {
            snapshot.node(&other.id).is_some_and(|node| node.dependencies.contains(id))
        };
        snapshot.members.iter().filter(depends).count()
    };
    let mut members: Vec<(usize, &str, PathBuf)> = snapshot
        .members
        .iter()
        .filter(|member| member.manifest.is_some())
        .filter_map(|member| {
            let package = snapshot.package(&member.id)?;
            let target = package.targets.iter().find(|target| !target.is_custom_build())?;
            let source = target.src_path.clone().into_std_path_buf();
            Some((heirs(&member.id), member.name.as_str(), source))
        })
        .collect();
    members.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
    let mut out = Vec::new();
    if let Some((_, name, source)) = members.first() {
        out.push((Edited::Core, (*name).to_owned(), source.clone()));
    }
    if let Some((0, name, source)) = members.last()
        && members.len() > 1
    {
        out.push((Edited::Leaf, (*name).to_owned(), source.clone()));
    }
    out
}

/// Which kind of member was edited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Edited {
    /// The one that most members depend on.
    Core,
    /// One that no member depends on.
    Leaf,
}

/// The measurements of both sides, in the order of the table; what was not read is left out.
pub(crate) fn compare(baseline: &Readings, candidate: &Readings) -> Vec<Measurement> {
    let rows: [(&str, Quantity, &[Sample], &[Sample]); 9] = [
        ("clean-dev", Quantity::Seconds, &baseline.clean_dev, &candidate.clean_dev),
        ("clean-release", Quantity::Seconds, &baseline.clean_release, &candidate.clean_release),
        (
            "incremental-core",
            Quantity::Seconds,
            &baseline.incremental_core,
            &candidate.incremental_core,
        ),
        (
            "incremental-leaf",
            Quantity::Seconds,
            &baseline.incremental_leaf,
            &candidate.incremental_leaf,
        ),
        ("target-bytes", Quantity::Bytes, &baseline.target_bytes, &candidate.target_bytes),
        ("package-bytes", Quantity::Bytes, &baseline.package_bytes, &candidate.package_bytes),
        ("artifacts", Quantity::Count, &baseline.artifacts, &candidate.artifacts),
        ("units", Quantity::Count, &baseline.units, &candidate.units),
        ("duplicates", Quantity::Count, &baseline.duplicates, &candidate.duplicates),
    ];
    rows.into_iter().filter_map(|(what, unit, a, b)| measurement(what, unit, a, b)).collect()
}

/// One row; `None` where a side was not read.
pub(crate) fn measurement(
    what: &str,
    unit: Quantity,
    before: &[Sample],
    after: &[Sample],
) -> Option<Measurement> {
    let values = |samples: &[Sample]| samples.iter().map(|sample| sample.value).collect::<Vec<_>>();
    let (a, b) = (values(before), values(after));
    let (baseline, candidate) = (stats::median(&a)?, stats::median(&b)?);
    let (ratio, call) = if a.len() == b.len() {
        let pairs: Vec<(f64, f64)> = a.iter().copied().zip(b.iter().copied()).collect();
        (stats::median_ratio(&pairs), stats::call(unit, &pairs))
    } else {
        (stats::ratio(baseline, candidate), stats::call_sides(unit, &a, &b))
    };
    Some(Measurement {
        what: what.to_owned(),
        unit,
        baseline,
        candidate,
        ratio,
        samples: Samples { baseline: before.to_vec(), candidate: after.to_vec() },
        call: call.map_or_else(|| "not measured".to_owned(), |call| call.to_string()),
        expected: PROMISED.iter().find(|(name, _)| *name == what).map(|(_, ratio)| *ratio),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_without_readings_are_left_out() {
        let readings = Readings { clean_dev: vec![plain(10.0)], ..Readings::default() };
        assert!(compare(&readings, &Readings::default()).is_empty());
        let rows = compare(&readings, &readings);
        assert_eq!(rows.len(), 1);
        assert_eq!((rows[0].what.as_str(), rows[0].call.as_str()), ("clean-dev", "same"));
        assert_eq!(rows[0].ratio, Some(1.0));
    }
}
