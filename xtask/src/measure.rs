//! Readings of baseline and candidate, how they are taken in turns, and what they amount to.
//!
//! Builds are made through [`Bench`] alone: tests feed it fixed readings.

use std::path::PathBuf;

use crate::{
    record::{Measurement, Quantity, Sample, Samples},
    snapshot::Snapshot,
    stats,
    timings::Timings,
};

mod bench;
mod cargo_bench;
mod inside;
mod turns;

pub(crate) use bench::{Bench, Build, BuildFailed, Edited, EditedKind, Left, Profile, Role};
pub(crate) use cargo_bench::CargoBench;
pub(crate) use inside::look_inside;
pub(crate) use turns::{dev, release};

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
    /// What the members' targets are linked to in a release build.
    pub(crate) binary_bytes: Vec<Sample>,
    pub(crate) artifacts: Vec<Sample>,
    pub(crate) units: Vec<Sample>,
    pub(crate) duplicates: Vec<Sample>,
    pub(crate) package_bytes: Vec<Sample>,
    /// What the last clean build of each profile left; the target directory after both is their sum.
    pub(crate) left: [Option<Left>; 2],
    /// The first clean build of each profile: wall time in seconds and units.
    pub(crate) first: [Option<(f64, Timings)>; 2],
}

/// Readings of both sides.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sides {
    pub(crate) baseline: Readings,
    pub(crate) candidate: Readings,
}

impl Sides {
    pub(crate) fn of(&mut self, role: Role) -> &mut Readings {
        match role {
            Role::Baseline => &mut self.baseline,
            Role::Candidate => &mut self.candidate,
        }
    }
}

impl Sides {
    /// The profiles whose clean builds are slower beyond noise in the candidate.
    pub(crate) fn slower(&self) -> Vec<Profile> {
        let is_slower = |profile: &Profile| {
            let (before, after) = (self.baseline.clean(*profile), self.candidate.clean(*profile));
            stats::call_sides(Quantity::Seconds, &before, &after) == Some(stats::Call::Worse)
        };
        [Profile::Dev, Profile::Release].into_iter().filter(is_slower).collect()
    }
}

impl Readings {
    /// Takes in a clean build that counts.
    pub(crate) fn take(&mut self, profile: Profile, build: Build) {
        let at = profile as usize;
        match profile {
            Profile::Dev => {
                self.units.push(plain(build.units as f64));
                self.clean_dev.push(build.sample.clone());
            }
            Profile::Release => {
                self.clean_release.push(build.sample.clone());
                let binaries = &build.left.binaries;
                if !binaries.is_empty() {
                    self.binary_bytes.push(plain(binaries.values().sum::<u64>() as f64));
                }
            }
        }
        if let (None, Some(timings)) = (&self.first[at], build.timings) {
            self.first[at] = Some((build.sample.value, timings));
        }
        self.left[at] = Some(build.left);
        if let (Profile::Release, [Some(dev), Some(release)]) = (profile, &self.left) {
            self.target_bytes.push(plain((dev.bytes + release.bytes) as f64));
            self.artifacts.push(plain((dev.artifacts + release.artifacts) as f64));
        }
    }

    /// Seconds of the clean builds with a profile.
    pub(crate) fn clean(&self, profile: Profile) -> Vec<f64> {
        let samples = match profile {
            Profile::Dev => &self.clean_dev,
            Profile::Release => &self.clean_release,
        };
        samples.iter().map(|sample| sample.value).collect()
    }

    /// Units of the first clean dev build.
    pub(crate) fn dev_timings(&self) -> Option<&Timings> {
        self.first[Profile::Dev as usize].as_ref().map(|(_, timings)| timings)
    }
}

/// A reading without times.
pub(crate) fn plain(value: f64) -> Sample {
    Sample { value, cpu_seconds: None, peak_memory_bytes: None }
}

/// The source roots to edit: of the member that most others depend on, and of one nobody depends on.
pub(crate) fn edited(snapshot: &Snapshot) -> Vec<Edited> {
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
    let edit = |kind, member: &str, source: &PathBuf| Edited {
        kind,
        member: member.to_owned(),
        source: source.clone().into_boxed_path(),
    };
    let mut out = Vec::new();
    if let Some((_, name, source)) = members.first() {
        out.push(edit(EditedKind::Core, name, source));
    }
    if let Some((0, name, source)) = members.last()
        && members.len() > 1
    {
        out.push(edit(EditedKind::Leaf, name, source));
    }
    out
}

/// The measurements of both sides, in the order of the table; what was not read is left out.
pub(crate) fn compare(baseline: &Readings, candidate: &Readings) -> Vec<Measurement> {
    let rows: [(&str, Quantity, &[Sample], &[Sample]); 10] = [
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
        ("binary-bytes", Quantity::Bytes, &baseline.binary_bytes, &candidate.binary_bytes),
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
