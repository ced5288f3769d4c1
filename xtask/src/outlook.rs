//! What newer releases would make of the graph: cargo's own resolver, asked in a copy of the manifests.
//!
//! Compiles nothing and runs no code of the workspace. Cargo decides which registry is asked, which
//! releases are there and which of them this toolchain can compile.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    path::Path,
    time::Duration,
};

use anyhow::{Context, Result};
use cargo_metadata::{Package, PackageId};

use crate::{
    bisect::{self, Outcome},
    cli::Code,
    disk,
    graph::{self, HostGraph, Use},
    interrupt,
    lockfile::Lock,
    plan::{self, Change, Edit},
    report,
    shadow::Sketch,
    snapshot::{LOCK_FILE, Snapshot},
    timings,
};

/// What the registry has to offer.
#[derive(Debug, Clone, Default)]
pub(crate) struct Outlook {
    /// The lock file with the newest compatible release of everything.
    pub(crate) updated: Lock,
    /// The same with the requirements of members opened upwards, where a duplicate lies below.
    pub(crate) newest: Lock,
    /// Packages whose newest release the workspace cannot take, with cargo's words.
    pub(crate) refused: BTreeMap<String, String>,
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
        let lower: Vec<&PackageId> =
            graph.duplicates().into_values().flat_map(all_but_last).collect();
        if lower.is_empty() {
            return Ok(None);
        }
        let uses = graph::uses(snapshot);
        let open = openings(snapshot, &uses, &graph.above(&lower));
        let sketch = Sketch::create(snapshot, offline)?;
        let updated = resolve(snapshot, &sketch, &[])?.map_err(anyhow::Error::msg)?;
        let (newest, refused) = newest(snapshot, &sketch, &open)?;
        let unit_times = unit_times(snapshot)?;
        Ok(Some(Self { updated, newest, refused, unit_times }))
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

fn all_but_last(packages: Vec<&Package>) -> Vec<&PackageId> {
    let (_, lower) = packages.split_last().expect("a duplicate has two versions");
    lower.iter().map(|package| &package.id).collect()
}

/// The requirements that are opened upwards, by package: plain ones of the default registry.
fn openings(
    snapshot: &Snapshot,
    uses: &[Use<'_>],
    above: &HashSet<&PackageId>,
) -> BTreeMap<String, Vec<Edit>> {
    let mut open: BTreeMap<String, Vec<Edit>> = BTreeMap::new();
    for usage in uses.iter().filter(|usage| usage.can_be_raised(&snapshot.policy)) {
        if let Some(package) = usage.package.filter(|package| above.contains(&package.id)) {
            open.entry(package.name.to_string()).or_default().push(Edit::SetRequirement {
                site: usage.declaring_site(),
                key: usage.declared.key.clone(),
                requirement: format!(">={}", package.version),
            });
        }
    }
    open
}

/// The newest release of everything; what cannot be opened is left as it is, with cargo's words.
fn newest(
    snapshot: &Snapshot,
    sketch: &Sketch,
    open: &BTreeMap<String, Vec<Edit>>,
) -> Result<(Lock, BTreeMap<String, String>)> {
    let mut names: BTreeSet<&str> = open.keys().map(String::as_str).collect();
    let mut refused = BTreeMap::new();
    loop {
        let edits: Vec<Edit> = names.iter().flat_map(|name| open[*name].clone()).collect();
        let said = match resolve(snapshot, sketch, &edits)? {
            Ok(lock) => return Ok((lock, refused)),
            Err(said) => said,
        };
        let culprits = match named(&said, &names) {
            Some(name) => vec![(name.to_owned(), said)],
            None => search(snapshot, sketch, open, &names, said)?,
        };
        for (name, said) in culprits {
            names.retain(|known| *known != name);
            refused.insert(name, reason(&said));
        }
        if names.is_empty() {
            let lock = resolve(snapshot, sketch, &[])?.map_err(anyhow::Error::msg)?;
            return Ok((lock, refused));
        }
    }
}

/// The first package that cargo's words name in backticks.
fn named<'a>(said: &str, names: &BTreeSet<&'a str>) -> Option<&'a str> {
    let quoted = said.split('`').skip(1).step_by(2);
    let heads = quoted.filter_map(|text| text.split(' ').next());
    heads.filter_map(|head| names.get(head).copied()).next()
}

/// What cargo's words come down to, in one line.
fn reason(said: &str) -> String {
    let line = |line: &&str| line.starts_with("error: ") || line.contains("does not have");
    let lines: Vec<&str> = said.lines().map(str::trim).filter(line).collect();
    let words = lines.join("; ");
    words.strip_prefix("error: ").unwrap_or(&words).to_owned()
}

fn search(
    snapshot: &Snapshot,
    sketch: &Sketch,
    open: &BTreeMap<String, Vec<Edit>>,
    names: &BTreeSet<&str>,
    said: String,
) -> Result<Vec<(String, String)>> {
    let names: Vec<&str> = names.iter().copied().collect();
    let split = bisect::largest_sound(&names, Outcome::Unsound(said), |some| {
        let edits: Vec<Edit> = some.iter().flat_map(|name| open[*name].clone()).collect();
        Ok(match resolve(snapshot, sketch, &edits)? {
            Ok(_) => Outcome::Sound,
            Err(said) => Outcome::Unsound(said),
        })
    })?;
    Ok(split.rejected.into_iter().map(|(name, said)| (name.to_owned(), said)).collect())
}

/// The newest releases that the manifests allow with these edits; the inner error is cargo's.
fn resolve(snapshot: &Snapshot, sketch: &Sketch, edits: &[Edit]) -> Result<Result<Lock, String>> {
    let mut change = Change::new(Code::DuplicateVersion, "outlook", String::new(), String::new());
    change.edits = edits.to_vec();
    let files = plan::materialise(snapshot, &[&change])?;
    let shadow = &sketch.shadow;
    shadow.set(snapshot, &files)?;
    if let Err(error) = shadow.cargo.capture("cargo", &["update", "--quiet"]) {
        interrupt::check()?;
        return Ok(Err(format!("{error:#}")));
    }
    let bytes = shadow.lock_file()?.unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let lock = Lock::parse(&text)
        .with_context(|| format!("failed to read the `{LOCK_FILE}` that cargo made"))?;
    Ok(Ok(lock))
}
