//! What a choice of changes comes to in the graph, before anything is compiled.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use cargo_metadata::{Metadata, semver::Version};

use super::Trial;
use crate::{cargo::Cargo, plan::Change};

/// The packages in the graph of a build on this host, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Weight {
    versions: BTreeMap<String, BTreeSet<String>>,
}

impl Weight {
    /// Asks cargo.
    ///
    /// # Errors
    /// When cargo rejects the workspace.
    pub(crate) fn of(cargo: &Cargo, host: &str) -> Result<Self> {
        Ok(Self::read(&cargo.metadata_for(host)?))
    }

    /// Reads the graph of metadata for the host.
    pub(crate) fn read(metadata: &Metadata) -> Self {
        let mut versions: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let nodes = metadata.resolve.iter().flat_map(|resolve| &resolve.nodes);
        for package in nodes.map(|node| &metadata[&node.id]) {
            // The same version of another source is another package.
            let version = match &package.source {
                Some(source) if source.is_crates_io() => package.version.to_string(),
                Some(source) => format!("{} ({})", package.version, source.repr),
                None => format!("{} (a path)", package.version),
            };
            versions.entry(package.name.to_string()).or_default().insert(version);
        }
        Self { versions }
    }

    /// Packages that are there in more than one version, with these.
    pub(crate) fn duplicates(&self) -> BTreeMap<&str, &BTreeSet<String>> {
        let several = self.versions.iter().filter(|(_, versions)| versions.len() > 1);
        several.map(|(name, versions)| (name.as_str(), versions)).collect()
    }

    /// Name and version of each package.
    pub(crate) fn named(&self) -> BTreeSet<(String, String)> {
        let all = self.versions.iter();
        let each = all.flat_map(|(name, versions)| versions.iter().map(move |it| (name, it)));
        each.map(|(name, version)| (name.clone(), version.clone())).collect()
    }

    /// Packages, each version of its own.
    fn packages(&self) -> usize {
        self.versions.values().map(BTreeSet::len).sum()
    }

    /// Versions beyond the first of each package.
    fn surplus(&self) -> usize {
        self.packages() - self.versions.len()
    }

    /// Why a change that takes `removes` out of the graph is not worth it, compared with the graph
    /// without it; none if it is.
    pub(crate) fn objection(&self, before: &Self, change: &Change) -> Option<String> {
        let stays = |(name, version): &&(String, Version)| {
            self.versions.get(name).is_some_and(|known| known.contains(&version.to_string()))
        };
        if let Some((name, version)) = change.removes.iter().find(stays) {
            return Some(format!("resolved, {name} {version} is still there"));
        }
        if self.surplus() >= before.surplus() {
            return Some(format!(
                "resolved, the graph has as many versions beyond the first of a package as before ({})",
                before.surplus()
            ));
        }
        if self.packages() > before.packages() {
            return Some(format!(
                "resolved, the graph has {} packages in place of {}",
                self.packages(),
                before.packages()
            ));
        }
        None
    }
}

impl Trial<'_> {
    /// The graph with a choice of changes; the inner error is why they do not resolve.
    ///
    /// # Errors
    /// When cargo cannot be run or the run is interrupted.
    pub(crate) fn weigh(&self, chosen: &[Change]) -> Result<Result<Weight, String>> {
        if let Err(error) = self.resolve(chosen)? {
            return Ok(Err(error));
        }
        let cargo = &self.shadows.candidate.cargo;
        Weight::of(cargo, &self.snapshot.machine.host).map(Ok)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Code;

    fn weight(packages: &[(&str, &[&str])]) -> Weight {
        let owned = |versions: &[&str]| versions.iter().map(|v| (*v).to_owned()).collect();
        let versions =
            packages.iter().map(|(name, versions)| ((*name).to_owned(), owned(versions))).collect();
        Weight { versions }
    }

    fn removing(name: &str, version: &str) -> Change {
        let mut change = Change::new(Code::DuplicateVersion, name, String::new(), String::new());
        change.removes = vec![(name.to_owned(), Version::parse(version).unwrap())];
        change
    }

    #[test]
    fn fewer_versions_and_no_more_packages_are_worth_it() {
        let before = weight(&[("rand", &["0.8.5", "0.9.2"]), ("serde", &["1.0.0"])]);
        let after = weight(&[("rand", &["0.9.2"]), ("serde", &["1.0.0"])]);
        assert_eq!(after.objection(&before, &removing("rand", "0.8.5")), None);
        assert_eq!(before.duplicates().len(), 1);
        assert_eq!(before.packages(), 3);
    }

    #[test]
    fn what_stays_moves_or_grows_is_not() {
        let before = weight(&[("rand", &["0.8.5", "0.9.2"])]);
        let change = removing("rand", "0.8.5");
        let said = |after: &Weight| after.objection(&before, &change).unwrap();
        assert_eq!(said(&before), "resolved, rand 0.8.5 is still there");
        let moved = weight(&[("rand", &["0.9.2", "0.10.0"])]);
        assert!(said(&moved).contains("as before (1)"), "{}", said(&moved));
        let grown = weight(&[("rand", &["0.9.2"]), ("a", &["1.0.0"]), ("b", &["1.0.0"])]);
        assert!(said(&grown).contains("3 packages in place of 2"), "{}", said(&grown));
    }
}
