//! What newer releases would make of the graph: cargo's own resolver, asked in a copy of the manifests.
//!
//! Compiles nothing and runs no code of the workspace. Cargo decides which registry is asked, which
//! releases are there and which of them this toolchain can compile.

use std::{
    collections::{HashMap, HashSet},
    path::Path,
    time::Duration,
};

use anyhow::{Context, Result};
use cargo_metadata::PackageId;

use crate::{
    cli::Code,
    disk,
    graph::{self, HostGraph, Use},
    lockfile::{self, Lock},
    plan::{self, Change, Edit},
    report,
    shadow::Sketch,
    snapshot::{LOCK_FILE, Snapshot},
    timings,
};

/// How many majors of a direct dependency are looked at, from the newest down.
const MAJORS: usize = 3;

/// What the registry has to offer.
#[derive(Debug, Clone, Default)]
pub(crate) struct Outlook {
    /// The lock file with the newest compatible release of everything.
    pub(crate) updated: Lock,
    /// The same with the requirements of members opened upwards where a duplicate lies below: with the
    /// newest releases of all, then with those of the major before, and so on.
    pub(crate) opened: Vec<Lock>,
    /// Sum over the units of a package, by name and version, in the last timed builds of the workspace;
    /// empty if there were none.
    pub(crate) unit_times: HashMap<(String, String), Duration>,
}

impl Outlook {
    /// Asks cargo; nothing, if no package is there in several versions.
    ///
    /// # Errors
    /// When the copy cannot be made, a registry cannot be asked or the run is interrupted.
    pub(crate) fn ask(snapshot: &Snapshot, offline: bool) -> Result<Option<Self>> {
        let graph = HostGraph::of(snapshot);
        let doubles: Vec<&PackageId> =
            graph.duplicates().into_values().flatten().map(|package| &package.id).collect();
        if doubles.is_empty() {
            return Ok(None);
        }
        let uses = graph::uses(snapshot);
        let above = graph.above(&doubles);
        let sketch = Sketch::create(snapshot, offline)?;
        let updated = resolve(snapshot, &sketch, Vec::new())?;
        // What is locked now fits the open requirements too, so these fail only where that did.
        let mut opened: Vec<Lock> = Vec::new();
        while opened.len() < MAJORS {
            let edits = openings(snapshot, &uses, &above, opened.last());
            if edits.is_empty() {
                break;
            }
            opened.push(resolve(snapshot, &sketch, edits)?);
        }
        let unit_times = unit_times(snapshot)?;
        Ok(Some(Self { updated, opened, unit_times }))
    }

    /// Every lock file that cargo made.
    pub(crate) fn locks(&self) -> impl Iterator<Item = &Lock> {
        std::iter::once(&self.updated).chain(&self.opened)
    }
}

/// Unit times of the newest run that kept cargo's timing reports.
fn unit_times(snapshot: &Snapshot) -> Result<HashMap<(String, String), Duration>> {
    let mut times = HashMap::new();
    for run in report::all(&report::runs_dir(&snapshot.target_dir))?.into_iter().rev() {
        // An old record that cannot be read is no reason not to go on; `report` says what is wrong.
        let Ok(record) = report::read(&run) else { continue };
        for kept in record.kept.iter().filter(|kept| kept.path.ends_with(".html")) {
            let html = disk::read_optional(Path::new(&kept.path))?.unwrap_or_default();
            let Ok(timings) = timings::parse(&String::from_utf8_lossy(&html)) else { continue };
            for (package, time) in timings.unit_times() {
                times.entry(package).or_insert(time);
            }
        }
        if !times.is_empty() {
            break;
        }
    }
    Ok(times)
}

/// Edits that open requirements upwards, plain ones of the default registry: without end, or up to the
/// major that `before` came to, where that was a newer one.
fn openings(
    snapshot: &Snapshot,
    uses: &[Use<'_>],
    above: &HashSet<&PackageId>,
    before: Option<&Lock>,
) -> Vec<Edit> {
    let raisable = uses.iter().filter(|usage| usage.can_be_raised(&snapshot.policy));
    let opening = |usage: &Use<'_>| {
        let package = usage.package.filter(|package| above.contains(&package.id))?;
        let floor = format!(">={}", package.version);
        let requirement = match before {
            None => floor,
            Some(lock) => {
                let reached = &lock.highest(&package.name)?.version;
                let is_newer = *reached > package.version
                    && !lockfile::are_compatible(reached, &package.version);
                is_newer.then(|| format!("{floor}, <{}", lockfile::first_compatible(reached)))?
            }
        };
        let key = usage.declared.key.clone();
        Some(Edit::SetRequirement { site: usage.declaring_site(), key, requirement })
    };
    raisable.filter_map(opening).collect()
}

/// The newest releases that the manifests allow with these edits.
fn resolve(snapshot: &Snapshot, sketch: &Sketch, edits: Vec<Edit>) -> Result<Lock> {
    let mut change = Change::new(Code::DuplicateVersion, "outlook", String::new(), String::new());
    change.edits = edits;
    let files = plan::materialise(snapshot, &[&change])?;
    let shadow = &sketch.shadow;
    shadow.set(snapshot, &files)?;
    shadow.cargo.capture("cargo", &["update", "--quiet"])?;
    let bytes = shadow.lock_file()?.unwrap_or_default();
    Lock::parse(&String::from_utf8_lossy(&bytes))
        .with_context(|| format!("failed to read the `{LOCK_FILE}` that cargo made"))
}
