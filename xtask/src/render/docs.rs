//! The documents about a workspace's build: a set of Markdown pages and diagrams, all made from one record.
//!
//! Pure. Every figure in them comes from the record through `facts`, `figures` or `insight`; what earlier documents
//! promised comes from [`Expectations`] and is called expected.

use super::{count, facts, machine, workspace_name};
use crate::record::{ChangeRecord, FileRecord, Quantity, Record, TuneOutcome, Verdict};

mod analysis;
mod changes;
mod dependencies;
mod diagrams;
mod executive;
mod expected;
mod graphs;
mod index;
mod manifests;
mod mapping;
mod portable;
mod reference;
mod strategies;
mod text;
mod usage;

pub(crate) use expected::Expectations;
pub(crate) use portable::{portable, text as record_text};
pub(crate) use text::MARKER;

/// What the documents need to know besides the record.
#[derive(Debug, Default)]
pub(crate) struct Surroundings {
    /// File name of the index.
    pub(crate) index: String,
    /// What earlier documents promised for this workspace, where that is known.
    pub(crate) expectations: Option<Expectations>,
    /// Pages beside the documents that somebody wrote: file name and first heading.
    pub(crate) pages: Vec<(String, String)>,
}

/// A generated file.
#[derive(Debug)]
pub(crate) struct Document {
    /// Relative to the directory of the documents, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
}

/// The documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Executive,
    Manifests,
    Analysis,
    Diagrams,
    Dependencies,
    Usage,
    Strategies,
    Reference,
}

/// Each with the end of its file name, its title, who reads it, and what it holds.
const KINDS: [(Kind, &str, &str, &str, &str); 8] = [
    (
        Kind::Executive,
        "BUILD_OPTIMIZATION_SUMMARY",
        "Build optimization summary",
        "whoever decides",
        "what was gained, what it cost, what it is worth, what to know before relying on it",
    ),
    (
        Kind::Manifests,
        "OPTIMIZED_CARGO_TOML",
        "Optimized manifests",
        "whoever reviews or applies the changes",
        "each file with its diff and its text after, why each change was made, what was rejected",
    ),
    (
        Kind::Analysis,
        "BUILD_PERFORMANCE_ANALYSIS",
        "Build performance analysis",
        "all who want to know why",
        "bottlenecks, target directory, incremental builds, parallelism, profiles, how it was measured",
    ),
    (
        Kind::Diagrams,
        "BOTTLENECK_DIAGRAM",
        "Bottleneck diagrams",
        "those who would rather look",
        "pipeline, dependency graph, waterfalls, parallelism, disk, critical path, impact matrix",
    ),
    (
        Kind::Dependencies,
        "DEPENDENCY_ANALYSIS",
        "Dependency analysis",
        "maintainers",
        "tree, duplicates, unused dependencies, what blocks, security audit",
    ),
    (
        Kind::Usage,
        "DEPENDENCY_USAGE",
        "Dependency usage",
        "maintainers",
        "which member uses which dependency in which version with which features, before and after",
    ),
    (
        Kind::Strategies,
        "OPTIMIZATION_SUMMARY",
        "Optimization strategies",
        "whoever tunes a build",
        "each strategy with what it brought here; profile settings and cargo configuration",
    ),
    (
        Kind::Reference,
        "QUICK_REFERENCE",
        "Quick reference",
        "everybody, daily",
        "commands, settings, figures, troubleshooting",
    ),
];

/// A record and its surroundings, as every document sees them.
struct Set<'a> {
    record: &'a Record,
    around: &'a Surroundings,
}

/// All documents, the index first, then the pictures that they show.
pub(crate) fn documents(record: &Record, around: &Surroundings) -> Vec<Document> {
    let unpromised;
    let record = if around.expectations.is_some() {
        record
    } else {
        // The ratios that every record carries were promised for one workspace.
        unpromised = without_expectations(record);
        &unpromised
    };
    let set = Set { record, around };
    let mut all = vec![Document { path: around.index.clone(), text: index::page(&set) }];
    for (kind, ..) in KINDS {
        let text = match kind {
            Kind::Executive => executive::page(&set),
            Kind::Manifests => manifests::page(&set),
            Kind::Analysis => analysis::page(&set),
            Kind::Diagrams => diagrams::page(&set),
            Kind::Dependencies => dependencies::page(&set),
            Kind::Usage => usage::page(&set),
            Kind::Strategies => strategies::page(&set),
            Kind::Reference => reference::page(&set),
        };
        all.push(Document { path: set.file(kind), text });
    }
    all.extend(diagrams::pictures(&set));
    all
}

fn without_expectations(record: &Record) -> Record {
    let mut record = record.clone();
    for row in &mut record.measurements {
        row.expected = None;
    }
    record
}

/// Where the record of a workspace and what was expected of it lie, relative to the documents.
pub(crate) fn record_path(record: &Record) -> String {
    format!("records/{}.json", stem(record))
}

/// See [`record_path`].
pub(crate) fn expectations_path(record: &Record) -> String {
    format!("records/{}-expected.json", stem(record))
}

/// Name of the index where `README.md` is somebody's own.
pub(crate) fn other_index(record: &Record) -> String {
    format!("{}_INDEX.md", stem(record).to_uppercase())
}

/// The workspace's name as a part of a file name.
fn stem(record: &Record) -> String {
    let plain = |c: char| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '_' };
    let name: String = workspace_name(record).to_lowercase().chars().map(plain).collect();
    let name = name.trim_start_matches('.');
    if name.is_empty() { "workspace".to_owned() } else { name.to_owned() }
}

impl Set<'_> {
    fn name(&self) -> &str {
        workspace_name(self.record)
    }

    fn file(&self, kind: Kind) -> String {
        let (_, suffix, ..) = entry(kind);
        format!("{}_{suffix}.md", stem(self.record).to_uppercase())
    }

    /// A link to a document by its title.
    fn link(&self, kind: Kind) -> String {
        let (_, _, title, ..) = entry(kind);
        format!("[{title}]({})", self.file(kind))
    }

    /// A link to a section of a document.
    fn link_to(&self, kind: Kind, heading: &str) -> String {
        format!("[{heading}]({}#{})", self.file(kind), text::anchor(heading))
    }

    /// A link to a page that somebody wrote; its words alone where it is not there.
    fn beside(&self, file: &str, words: &str) -> String {
        if self.around.pages.iter().any(|(name, _)| file.split('#').next() == Some(name)) {
            format!("[{words}]({file})")
        } else {
            words.to_owned()
        }
    }

    /// A page with its title, what it is, and where its figures come from.
    fn page(&self, kind: Kind, what: &str) -> text::Page {
        let (_, _, title, ..) = entry(kind);
        let title = format!("{}: {}", text::inline(self.name()), lower(title));
        text::Page::new(&title, &[what.to_owned(), self.provenance()])
    }

    /// The run behind the figures, a line each.
    fn provenance(&self) -> String {
        format!("{}; start at [the index]({}).", self.run(), self.around.index)
    }

    /// The same without the way to the index.
    fn run(&self) -> String {
        let record = self.record;
        let took =
            facts::worth::minutes(record).map_or_else(String::new, |it| format!(", took {it}"));
        let commit = record.git_head.as_deref().map_or_else(String::new, |head| {
            let short: String = head.chars().take(12).collect();
            format!(" on commit {}", text::code(&short))
        });
        [
            format!(
                "- Run: {}{commit}, started {}{took}",
                text::code(&format!("cargo xtask {}", facts::command(record))),
                text::inline(&record.started),
            ),
            format!("- Measured: {}", self.method()),
            format!("- Machine: {}", text::inline(&machine(&record.machine))),
            format!(
                "- Generated by `cargo xtask report --docs` from [the record of that run]({})",
                record_path(record),
            ),
        ]
        .join("\n")
    }

    /// How much was measured, in words.
    fn method(&self) -> String {
        let timed = self.record.measurements.iter().filter(|row| row.unit == Quantity::Seconds);
        let pairs = timed.map(|row| row.samples.baseline.len().min(row.samples.candidate.len()));
        let pairs = match pairs.max() {
            None | Some(0) => "no build was timed".to_owned(),
            Some(pairs) => format!("{} of timed builds, in turns", count(pairs, "pair")),
        };
        let searched = if self.record.tuning.is_empty() {
            "profile settings were not searched"
        } else {
            "profile settings were searched by timed builds"
        };
        format!("{pairs}; {searched}")
    }

    /// What must not be forgotten when the figures are used.
    fn caveats(&self) -> Vec<String> {
        let mut said = vec![format!(
            "The figures are those of one machine ({}). On another, above all with another number of cores, they \
             differ: run it there.",
            count(self.record.machine.cores, "core")
        )];
        said.extend(
            facts::method(self.record).into_iter().map(|line| facts::capitalised(&line) + "."),
        );
        if !self.record.tuning.is_empty() {
            let cores: Vec<usize> = self.record.tuning.iter().map(|it| it.cores).collect();
            let cores = cores.iter().max().copied().unwrap_or_default();
            said.push(format!("Profile settings were chosen for {}.", count(cores, "core")));
            let values = self
                .record
                .tuning
                .iter()
                .flat_map(|it| it.tried.iter().map(move |tried| (it, tried)));
            let missed: Vec<String> = values
                .filter(|(_, tried)| tried.outcome == TuneOutcome::NotTried)
                .map(|(it, tried)| format!("`{} = {}`", it.setting, tried.value))
                .collect();
            if !missed.is_empty() {
                said.push(format!(
                    "The search over them was not finished: nothing is known for certain of {}.",
                    missed.join(", ")
                ));
            }
        }
        let kept = |file: &FileRecord| file.after.contains("[profile.release-final]");
        let is_applied =
            |it: &ChangeRecord| it.id == "profile:release" && it.verdict == Verdict::Applied;
        if self.record.changes.iter().any(is_applied) && self.record.files.iter().any(kept) {
            let mut tried = self.record.tuning.iter().flat_map(|it| &it.tried);
            let guard = if tried.any(|it| it.bench_ratio.is_some()) {
                "a benchmark guarded the search"
            } else {
                "how fast its programs run was not part of the search"
            };
            said.push(format!(
                "`release` now has the settings that build fastest; {guard}. Build what you ship with `--profile \
                 release-final`, which has the settings from before.",
            ));
        }
        said
    }
}

fn entry(kind: Kind) -> (Kind, &'static str, &'static str, &'static str, &'static str) {
    KINDS.into_iter().find(|(known, ..)| *known == kind).unwrap_or(KINDS[0])
}

/// With a small letter at the start.
fn lower(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|first| first.to_ascii_lowercase());
    first.into_iter().chain(chars).collect()
}

#[cfg(test)]
mod tests;
