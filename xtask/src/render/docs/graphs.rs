//! Diagrams that GitHub draws from text: the pipeline of a build, the graph around duplicates, the critical path,
//! the disk.
//!
//! Plain flowcharts and pies only; every label goes through `text::label`.

use super::text::{label, mermaid};
use crate::{
    insight::unit_name,
    record::{DuplicateVersion, Record, Timeline},
    render::{
        facts::{builds::code_generation, duplicates::by_cost},
        seconds, si_bytes,
    },
    wording::count,
};

/// How many packages that need a version are drawn, before the rest is a number.
const REQUIRERS: usize = 3;

/// Where the unit time of a build goes.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Stages {
    /// Build scripts: compiled and run.
    pub(super) scripts: f64,
    /// Libraries until their metadata is written: from then on others can start.
    pub(super) front: f64,
    /// Libraries after it.
    pub(super) generation: f64,
    /// Programs and libraries for others than cargo, linking included.
    pub(super) linked: f64,
}

impl Stages {
    pub(super) fn of(timeline: &Timeline) -> Self {
        let mut stages = Self::default();
        for unit in &timeline.units {
            let is_script = unit.target.contains("build-script") || unit.mode == "run-custom-build";
            let generation = code_generation(unit).unwrap_or_default();
            if is_script {
                stages.scripts += unit.seconds;
            } else if unit.target.trim().is_empty() {
                stages.front += unit.seconds - generation;
                stages.generation += generation;
            } else {
                stages.linked += unit.seconds;
            }
        }
        stages
    }
}

/// A chain from top to bottom: from left to right a page would shrink it until nobody can read it.
const DOWN: &str = "flowchart TD";

/// From manifests to artifacts, with the unit time of each stage.
pub(super) fn pipeline(record: &Record, timeline: &Timeline, is_after: bool) -> String {
    let stages = Stages::of(timeline);
    let side = |what: &str| {
        let row = record.measurements.iter().find(|row| row.what == what)?;
        Some(if is_after { row.candidate } else { row.baseline })
    };
    let verified = if is_after { &record.candidate } else { &record.baseline };
    let mut manifests = vec!["manifests and lock file".to_owned()];
    manifests.extend(
        verified.as_ref().map(|it| count(it.duplicates, "package") + " in several versions"),
    );
    let mut artifacts = vec!["target directory, dev and release".to_owned()];
    // `as` saturates.
    artifacts.extend(side("artifacts").map(|it| count(it as usize, "artifact")));
    artifacts.extend(side("target-bytes").map(|it| si_bytes(it as u64)));
    let stage = |name: &str, time: f64| label(&[name.to_owned(), seconds(time)]);
    let lines = [
        DOWN.to_owned(),
        format!(
            "    manifests[{}] --> resolve[{}]",
            label(&manifests),
            label(&["resolution".to_owned(), count(timeline.units.len(), "unit"),])
        ),
        format!("    resolve --> scripts[{}]", stage("build scripts", stages.scripts)),
        format!("    resolve --> front[{}]", stage("libraries until metadata", stages.front)),
        "    scripts --> front".to_owned(),
        format!(
            "    front --> generation[{}]",
            stage("libraries, code generation", stages.generation)
        ),
        format!("    generation --> linked[{}]", stage("programs, with linking", stages.linked)),
        format!("    linked --> artifacts[{}]", label(&artifacts)),
    ];
    mermaid(&lines)
}

/// The packages that are there in several versions on one side, and what asks for each version; nothing where
/// there are none.
pub(super) fn conflicts(record: &Record, is_after: bool) -> String {
    let side = |before, after| if is_after { after } else { before };
    let all = by_cost(record).into_iter().map(|it| (it, side(&it.before, &it.after)));
    let several: Vec<_> = all.filter(|(_, versions)| versions.len() > 1).collect();
    if several.is_empty() {
        return String::new();
    }
    let mut gone: Vec<String> = Vec::new();
    let mut graph = Graph { lines: vec!["flowchart LR".to_owned()], ..Graph::default() };
    for (index, (duplicate, versions)) in several.iter().enumerate() {
        graph.lines.push(format!(
            "    subgraph g{index}[{}]",
            label(std::slice::from_ref(&duplicate.name))
        ));
        for version in versions.iter() {
            let name = format!("{} {}", duplicate.name, version.version);
            let stays = duplicate.after.iter().any(|it| it.version == version.version);
            let is_gone = !is_after && !stays;
            let word = if is_gone { ", goes".to_owned() } else { String::new() };
            let time =
                version.unit_seconds.map_or_else(String::new, |it| format!(" ({})", seconds(it)));
            let number = graph.node(&name, &format!("{}{time}{word}", version.version), "        ");
            if is_gone {
                gone.push(format!("n{number}"));
            }
        }
        graph.lines.push("    end".to_owned());
    }
    for (duplicate, versions) in &several {
        for version in versions.iter() {
            graph.edges(&format!("{} {}", duplicate.name, version.version), version);
        }
    }
    if !gone.is_empty() {
        graph.lines.push("    classDef gone stroke-dasharray: 5 3".to_owned());
        graph.lines.push(format!("    class {} gone", gone.join(",")));
    }
    mermaid(&graph.lines)
}

#[derive(Default)]
struct Graph {
    lines: Vec<String>,
    names: Vec<String>,
}

impl Graph {
    /// The number of a node; a new one is written down.
    fn node(&mut self, name: &str, shown: &str, indent: &str) -> usize {
        if let Some(number) = self.names.iter().position(|known| known == name) {
            return number;
        }
        self.names.push(name.to_owned());
        let number = self.names.len() - 1;
        self.lines.push(format!("{indent}n{number}[{}]", label(&[shown.to_owned()])));
        number
    }

    fn edges(&mut self, name: &str, version: &DuplicateVersion) {
        let target = self.node(name, name, "    ");
        for requirer in version.required_by.iter().take(REQUIRERS) {
            let source = self.node(requirer, requirer, "    ");
            self.lines.push(format!("    n{source} --> n{target}"));
        }
        let more = version.required_by.len().saturating_sub(REQUIRERS);
        if more > 0 {
            let source = self.node(&format!("more of {name}"), &format!("and {more} more"), "    ");
            self.lines.push(format!("    n{source} --> n{target}"));
        }
    }
}

/// The chain of units that each wait for the one before.
pub(super) fn critical_path(timeline: &Timeline) -> String {
    let units = timeline.critical_path.iter().filter_map(|&at| timeline.units.get(at));
    let mut lines = vec![DOWN.to_owned()];
    for (index, unit) in units.enumerate() {
        let shown = [
            unit_name(unit),
            format!("{}, from {}", seconds(unit.seconds), seconds(unit.start_seconds)),
        ];
        lines.push(format!("    u{index}[{}]", label(&shown)));
        if index > 0 {
            lines.push(format!("    u{} --> u{index}", index - 1));
        }
    }
    if lines.len() == 1 { String::new() } else { mermaid(&lines) }
}

/// The parts of the target directory on one side, in megabytes.
pub(super) fn disk(record: &Record, is_after: bool) -> String {
    let side = |before: u64, after: u64| if is_after { after } else { before };
    let parts =
        record.disk.iter().map(|it| (&it.part, side(it.baseline_bytes, it.candidate_bytes)));
    let parts: Vec<_> = parts.filter(|(_, bytes)| *bytes > 0).collect();
    if parts.is_empty() {
        return String::new();
    }
    let word = if is_after { "after" } else { "before" };
    let total: u64 = parts.iter().map(|(_, bytes)| bytes).sum();
    let mut lines = vec![
        "pie showData".to_owned(),
        format!("    title Target directory {word}, {} in all, in MB", si_bytes(total)),
    ];
    lines.extend(parts.iter().map(|(part, bytes)| {
        format!("    {} : {:.1}", label(&[(*part).clone()]), (*bytes as f64 / 1e6).max(0.1))
    }));
    mermaid(&lines)
}
