//! What it costs to compile packages in several versions.
//!
//! Unit time, never wall time: how much of it a build would be shorter by depends on what else runs.

use std::fmt;

use crate::{
    record::{DuplicateRecord, DuplicateVersion},
    wording,
};

/// What would be shown as less than 0.1 s is not worth a line.
const SHOWN: f64 = 0.05;

/// Cost of one package that is there in several versions.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct DuplicateCost {
    pub(crate) name: String,
    /// Oldest first, with the unit time of each; none where it was not built or not read.
    pub(crate) versions: Vec<(String, Option<f64>)>,
    /// Unit time of all versions but the costliest; none where no unit times were read.
    pub(crate) seconds: Option<f64>,
}

/// Cost of all of one side, costliest first.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Duplicates {
    pub(crate) packages: Vec<DuplicateCost>,
}

impl Duplicates {
    /// Of the side with the changes.
    pub(crate) fn after(records: &[DuplicateRecord]) -> Self {
        let sides = records.iter().map(|record| (record, record.after.as_slice()));
        let several = sides.filter(|(_, versions)| versions.len() > 1);
        let mut packages: Vec<DuplicateCost> = several
            .map(|(record, versions)| DuplicateCost {
                name: record.name.clone(),
                versions: versions.iter().map(|v| (v.version.clone(), v.unit_seconds)).collect(),
                seconds: beyond_the_costliest(versions),
            })
            .collect();
        let cost = |package: &DuplicateCost| package.seconds.unwrap_or(0.0);
        packages.sort_by(|a, b| cost(b).total_cmp(&cost(a)).then_with(|| a.name.cmp(&b.name)));
        Self { packages }
    }

    /// Sum over the packages; none where no unit times were read.
    pub(crate) fn seconds(&self) -> Option<f64> {
        let known: Vec<f64> = self.packages.iter().filter_map(|package| package.seconds).collect();
        (!known.is_empty()).then(|| known.iter().sum())
    }

    /// The whole in words, then each package that costs anything; nothing where no unit times were read.
    pub(crate) fn sentences(&self) -> Vec<String> {
        let Some(seconds) = self.seconds() else { return Vec::new() };
        let count = self.packages.len();
        let are = if count == 1 { "is" } else { "are" };
        let whole = format!(
            "{} {are} there in more than one version. All versions but the costliest of each take {} of \
             unit time; units run side by side, so this is not wall time.",
            wording::count(count, "package"),
            wording::seconds(seconds)
        );
        let costs = |package: &&DuplicateCost| package.seconds.is_some_and(|cost| cost >= SHOWN);
        let costly = self.packages.iter().filter(costs).map(ToString::to_string);
        std::iter::once(whole).chain(costly).collect()
    }
}

/// Unit time of all versions but the costliest; none where none is known. A version that was not built
/// cost nothing.
pub(crate) fn beyond_the_costliest(versions: &[DuplicateVersion]) -> Option<f64> {
    let known: Vec<f64> = versions.iter().filter_map(|version| version.unit_seconds).collect();
    let costliest = known.iter().copied().reduce(f64::max)?;
    Some((known.iter().sum::<f64>() - costliest).max(0.0))
}

impl fmt::Display for DuplicateCost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let one = |(version, seconds): &(String, Option<f64>)| match seconds {
            Some(seconds) => format!("{version} {}", wording::seconds(*seconds)),
            None => format!("{version} not built"),
        };
        let versions: Vec<String> = self.versions.iter().map(one).collect();
        write!(f, "{}: {}", self.name, versions.join(", "))?;
        match self.seconds {
            Some(seconds) => {
                write!(f, "; {} beyond the costliest (unit time).", wording::seconds(seconds))
            }
            None => f.write_str("; unit times unknown."),
        }
    }
}
