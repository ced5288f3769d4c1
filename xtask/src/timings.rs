//! Reads cargo's timing report: which unit took how long in a build, and how busy the machine was.
//!
//! Pure, and never panics: the report is a page for people whose format cargo does not promise.
//! Only a unit's name, start and duration are required; what else is missing is simply absent, and
//! a report that cannot be read is one [`FormatChanged`], which a caller turns into one warning.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap},
    fmt,
    time::Duration,
};

use serde_json::Value;

#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzed;
mod schedule;
mod timeline;
mod waits;

pub(crate) use timeline::timeline;

/// What precedes the JSON array of units in `<target>/cargo-timings/cargo-timing.html`, as cargo
/// 1.95 writes it (`src/cargo/core/compiler/timings/report.rs`).
const MARKER: &str = "const UNIT_DATA =";

/// What precedes the JSON array of CPU readings, pairs of seconds and per cent, in the same file.
const CPU_MARKER: &str = "const CPU_USAGE =";

/// One build as its report tells it.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Timings {
    /// In the order of the report.
    pub(crate) units: Vec<Unit>,
    /// How busy the machine was, oldest reading first; empty where the report has none.
    pub(crate) cpu: Vec<Cpu>,
    /// Units that cargo ran side by side at most (`jobs`), where the report says so.
    pub(crate) jobs: Option<usize>,
}

/// How busy the whole machine was since the reading before, whoever kept it busy.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Cpu {
    /// Since the start of the build.
    pub(crate) at: Duration,
    /// Share of the processors' time that was not idle, 0 to 1: cargo writes 100 less the idle per cent
    /// (`Timings::record_cpu`). Waiting for a disk counts as busy on Linux.
    pub(crate) busy: f64,
}

/// One unit: one run of rustc, or of a build script.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Unit {
    /// Number of the unit in the report: what `unblocked` lists refer to. Its position where the
    /// report gives none.
    pub(crate) index: u64,
    /// Package.
    pub(crate) name: String,
    /// Version of the package; empty where the report gives none.
    pub(crate) version: String,
    /// What was done: `todo` is a build, `run-custom-build` the run of a build script.
    pub(crate) mode: String,
    /// What was built: empty for a library, else `build-script`, `bin "x"`, …
    pub(crate) target: String,
    /// Since the start of the build.
    pub(crate) start: Duration,
    pub(crate) duration: Duration,
    /// Since the unit's own start, when its metadata was written; none where the report does not say.
    pub(crate) metadata: Option<Duration>,
    /// Units that could start once this one was done. Cargo names a unit only under the last one that
    /// it waited for: these are not all that depend on this one.
    pub(crate) unblocked: Vec<u64>,
    /// The same of units that could start once this one's metadata was written.
    pub(crate) unblocked_by_metadata: Vec<u64>,
    /// Phases within the unit, for instance `frontend`, `codegen`, `link`; often none.
    pub(crate) sections: Vec<Section>,
}

/// A phase of a unit; both times count from the unit's own start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Section {
    pub(crate) name: String,
    pub(crate) start: Duration,
    pub(crate) end: Duration,
}

/// A package of the baseline that the candidate no longer builds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Vanished {
    pub(crate) name: String,
    pub(crate) version: String,
    /// Sum over the package's units. Units run side by side: this is not wall time.
    pub(crate) unit_time: Duration,
    pub(crate) units: usize,
}

/// The report does not look like those of the cargos this was written for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FormatChanged(String);

impl fmt::Display for FormatChanged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cargo's timing report is not in a known format: {}", self.0)
    }
}

impl std::error::Error for FormatChanged {}

/// Reads a report as `cargo build --timings` writes it.
///
/// # Errors
/// When there is no array of units, or a unit lacks its name, start or duration.
pub(crate) fn parse(html: &str) -> Result<Timings, FormatChanged> {
    let (_, array) =
        html.split_once(MARKER).ok_or_else(|| FormatChanged(format!("`{MARKER}` is missing")))?;
    // Script follows the array: only the first value is read.
    let units = serde_json::Deserializer::from_str(array)
        .into_iter::<Vec<Value>>()
        .next()
        .ok_or_else(|| FormatChanged(format!("nothing follows `{MARKER}`")))?
        .map_err(|error| FormatChanged(error.to_string()))?;
    let units = units.iter().enumerate().map(|(position, value)| {
        unit(position, value).ok_or_else(|| {
            FormatChanged(format!("unit {position} lacks a name, a start or a duration"))
        })
    });
    Ok(Timings { units: units.collect::<Result<_, _>>()?, cpu: cpu(html), jobs: jobs(html) })
}

/// The CPU readings; none where they are absent or of another type. A single reading that makes no
/// sense is left out: cargo writes `null` where no time passed on the counters it reads.
fn cpu(html: &str) -> Vec<Cpu> {
    let Some((_, array)) = html.split_once(CPU_MARKER) else { return Vec::new() };
    let first = serde_json::Deserializer::from_str(array).into_iter::<Vec<Value>>().next();
    let Some(Ok(readings)) = first else { return Vec::new() };
    let mut cpu: Vec<Cpu> = readings.iter().filter_map(reading).collect();
    cpu.sort_by_key(|reading| reading.at);
    cpu
}

/// `[0.96, 99.0]`
fn reading(value: &Value) -> Option<Cpu> {
    /// What rounding may add or take, per cent.
    const ROUNDING: f64 = 0.01;
    let at = seconds(value.get(0)?)?;
    let busy = value.get(1)?.as_f64()?;
    let makes_sense = (-ROUNDING..=100.0 + ROUNDING).contains(&busy);
    makes_sense.then_some(Cpu { at, busy: (busy / 100.0).clamp(0.0, 1.0) })
}

/// From `Max concurrency: 2 (jobs=2 ncpu=2)` in the table above the charts.
fn jobs(html: &str) -> Option<usize> {
    let (_, rest) = html.split_once("(jobs=")?;
    let digits = rest.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok().filter(|jobs| *jobs > 0)
}

fn unit(position: usize, value: &Value) -> Option<Unit> {
    let duration = seconds(value.get("duration")?)?;
    let sections: Vec<Section> = list(value, "sections").filter_map(section).collect();
    Some(Unit {
        index: value.get("i").and_then(Value::as_u64).unwrap_or(position as u64),
        name: value.get("name")?.as_str()?.to_owned(),
        version: text(value, "version"),
        mode: text(value, "mode"),
        target: text(value, "target"),
        start: seconds(value.get("start")?)?,
        duration,
        metadata: metadata(value, &sections).map(|written| written.min(duration)),
        unblocked: numbers(value, ["unblocked_units", "unlocked_units"]),
        unblocked_by_metadata: numbers(value, ["unblocked_rmeta_units", "unlocked_rmeta_units"]),
        sections,
    })
}

/// Metadata is written when code generation starts; older reports say it themselves.
fn metadata(value: &Value, sections: &[Section]) -> Option<Duration> {
    let named = |name: &str| sections.iter().find(|section| section.name == name);
    let codegen = named("codegen").map(|section| section.start);
    let frontend = || named("frontend").map(|section| section.end);
    codegen.or_else(frontend).or_else(|| seconds(value.get("rmeta_time")?))
}

/// `["frontend", {"start": 0.0, "end": 0.12}]`
fn section(value: &Value) -> Option<Section> {
    let times = value.get(1)?;
    Some(Section {
        name: value.get(0)?.as_str()?.to_owned(),
        start: seconds(times.get("start")?)?,
        end: seconds(times.get("end")?)?,
    })
}

fn text(value: &Value, key: &str) -> String {
    let text = value.get(key).and_then(Value::as_str).unwrap_or_default();
    text.trim().to_owned()
}

fn list<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    let list = value.get(key).and_then(Value::as_array);
    list.into_iter().flatten()
}

/// Under the first of two names, or under the second, as older reports have it.
fn numbers(value: &Value, names: [&str; 2]) -> Vec<u64> {
    names.into_iter().flat_map(|key| list(value, key)).filter_map(Value::as_u64).collect()
}

fn seconds(value: &Value) -> Option<Duration> {
    Duration::try_from_secs_f64(value.as_f64()?).ok()
}

impl Timings {
    /// Time of the units of each package, by name and version.
    pub(crate) fn unit_times(&self) -> HashMap<(String, String), Duration> {
        let packages = self.by_package().into_iter();
        let time = |((name, version), units): ((&str, &str), Vec<&Unit>)| {
            ((name.to_owned(), version.to_owned()), sum(units.into_iter()))
        };
        packages.map(time).collect()
    }

    fn by_package(&self) -> BTreeMap<(&str, &str), Vec<&Unit>> {
        let mut packages: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for unit in &self.units {
            let package = (unit.name.as_str(), unit.version.as_str());
            packages.entry(package).or_default().push(unit);
        }
        packages
    }
}

/// Packages (name and version) that the baseline built and the candidate did not, with the time
/// their units took; most first. What a change is *attributed* when it was never built alone.
///
/// Both reports must come from clean builds: what was fresh is in neither.
pub(crate) fn vanished(baseline: &Timings, candidate: &Timings) -> Vec<Vanished> {
    let kept = candidate.by_package();
    let gone = baseline.by_package();
    let mut vanished: Vec<Vanished> = gone
        .iter()
        .filter(|(package, _)| !kept.contains_key(*package))
        .map(|(&(name, version), units)| Vanished {
            name: name.to_owned(),
            version: version.to_owned(),
            unit_time: sum(units.iter().copied()),
            units: units.len(),
        })
        .collect();
    vanished.sort_by_key(|package| Reverse(package.unit_time));
    vanished
}

/// Saturates: a damaged report may hold absurd numbers.
fn sum<'a>(units: impl Iterator<Item = &'a Unit>) -> Duration {
    units.fold(Duration::ZERO, |sum, unit| sum.saturating_add(unit.duration))
}

#[cfg(test)]
mod tests;
