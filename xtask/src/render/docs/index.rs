//! The index: where to begin, the figures that matter, the checklist, help, and which command does what was asked.
//!
//! It links every document and every page beside them.

use super::{KINDS, Kind, Set, analysis, changes, diagrams, expected, facts, mapping, text};
use crate::render::{facts::worth, markdown, rows, sheet::Kind as Align};

use text::Cell;

pub(super) fn page(set: &Set<'_>) -> String {
    let title = format!("{}: documents on build performance", text::inline(set.name()));
    let what =
        "Where to begin, what was measured, what to do, and which command does it.".to_owned();
    let mut page = text::Page::new(&title, &[what, format!("{}.", set.run())]);
    page.section("Quick start", &paths(set));
    page.section("The documents", &[documents(set), pages(set)]);
    page.section("What does the work", &tool(set));
    page.section("Key metrics", &metrics(set));
    page.section("Issues in order of priority", &issues(set));
    page.say("## Implementation checklist");
    for block in mapping::checklist(set) {
        page.say(block);
    }
    page.section("Which command does what was asked", &[
        "Each step of the checklist, each metric, each entry on troubleshooting and each file of the earlier documents \
         and their script, with the command that stands for it:"
            .to_owned(),
        mapping::table(),
    ]);
    page.section("Troubleshooting", &mapping::troubleshooting());
    page.section("Learning resources", &resources(set));
    page.section("Where things are", &[places(set)]);
    page.section("Conclusion", &conclusion(set));
    page.finish()
}

fn paths(set: &Set<'_>) -> Vec<String> {
    let apply = text::commands(&["cargo xtask optimize --dry-run", "cargo xtask optimize --yes"]);
    vec![
        "### Executive (5 minutes)".to_owned(),
        format!("- {}: gain, cost, worth, caveats.", set.link(Kind::Executive)),
        "### Developer (30 minutes)".to_owned(),
        format!(
            "1. {}: the overview.\n2. {}: what was changed, and why.\n3. {}: the commands.\n4. Run it:",
            set.link(Kind::Executive),
            set.link(Kind::Manifests),
            set.link(Kind::Reference)
        ),
        apply,
        "### Deep dive (2 hours)".to_owned(),
        format!(
            "1. {}: the whole of it.\n2. {}: the same in pictures.\n3. {} and {}.\n4. {}: what each remedy brought.\n\
             5. {}: every diff.",
            set.link(Kind::Analysis),
            set.link(Kind::Diagrams),
            set.link(Kind::Dependencies),
            set.link(Kind::Usage),
            set.link(Kind::Strategies),
            set.link(Kind::Manifests)
        ),
    ]
}

fn documents(set: &Set<'_>) -> String {
    let rows = KINDS.iter().map(|(kind, _, _, who, what)| {
        vec![
            Cell::Markdown(set.link(*kind)),
            Cell::Text((*who).to_owned()),
            Cell::Text((*what).to_owned()),
        ]
    });
    text::table(&[("document", Align::Text), ("for", Align::Text), ("holds", Align::Text)], rows)
}

/// The pages beside the documents that somebody wrote.
fn pages(set: &Set<'_>) -> String {
    let lines: Vec<String> = set
        .around
        .pages
        .iter()
        .map(|(file, title)| format!("- [{}]({file})", text::inline(title)))
        .collect();
    if lines.is_empty() {
        return String::new();
    }
    format!("Beside them, on the tool itself:\n\n{}", lines.join("\n"))
}

fn tool(set: &Set<'_>) -> Vec<String> {
    vec![
        text::commands(&["cargo xtask optimize"]),
        "1. Reads the workspace, prints what it would change (`--diff` shows every line of it), and asks.\n\
         2. Copies the workspace twice, before and after, and checks that whatever compiled still does.\n\
         3. Builds both in turns and takes back what made a clean build slower; runs the tests.\n\
         4. Makes a backup, then writes every file or none.\n\
         5. Leaves a report with every figure, the timing reports of cargo and the logs."
            .to_owned(),
        format!(
            "{} It can be undone to the byte: `cargo xtask restore`. More: {}.",
            worth::minutes(set.record).map_or_else(String::new, |it| format!("Here it took {it}.")),
            set.beside("safety.md", "safety")
        )
        .trim_start()
        .to_owned(),
    ]
}

fn metrics(set: &Set<'_>) -> Vec<String> {
    let Some(promised) = &set.around.expectations else {
        return vec![markdown::table(&rows(set.record))];
    };
    vec![
        format!(
            "Expected is what {} promised; measured is what this run found. Absolute figures depend on the machine and \
             on the state of the sources.",
            text::inline(&promised.source)
        ),
        expected::metrics(set.record, promised),
        "### ROI".to_owned(),
        expected::returns(set.record, promised),
        format!("Formula and inputs: {}.", set.link_to(Kind::Executive, "Return on investment")),
    ]
}

/// The passes by what they brought; then what was expected to matter most, with what came of it.
fn issues(set: &Set<'_>) -> Vec<String> {
    let record = set.record;
    let mut blocks = Vec::new();
    let groups = changes::groups(record);
    let applied = groups.iter().filter(|group| !group.applied().is_empty());
    for (index, group) in applied.enumerate() {
        let heading = match group.code {
            "unused-dependency" => Some(analysis::UNUSED.to_owned()),
            "duplicate-version" => Some(analysis::DUPLICATES.to_owned()),
            "broad-features" => Some(analysis::features_heading(set)),
            "package-bloat" => Some(analysis::BLOAT.to_owned()),
            "profile" => Some("3.1 Profiles".to_owned()),
            _ => None,
        };
        let link = match heading {
            Some(heading) => set.link_to(Kind::Analysis, &heading),
            None => set.link_to(Kind::Strategies, group.name),
        };
        let gain = text::inline(&expected::gains(record, &group.applied()));
        let command = text::code(&format!("cargo xtask optimize --only {}", group.code));
        blocks.push(format!("{}. **{}**: {gain}. {command}. {link}.", index + 1, group.name));
    }
    let mut blocks = vec![blocks.join("\n")];
    if let Some(promised) = &set.around.expectations {
        blocks.push(format!("What {} held to matter most:", text::inline(&promised.source)));
        blocks.push(expected::claims(record, promised));
    }
    blocks
}

fn resources(set: &Set<'_>) -> Vec<String> {
    vec![
        format!(
            "1. **Package directory bloat**: what `cargo package` leaves when it verifies: {}.\n\
             2. **Duplicate dependencies**: one package in several versions, each compiled by itself: {}.\n\
             3. **Code generation**: into how many parts a crate is divided, and what that costs: {}.\n\
             4. **The build as a whole**, stage by stage: {}.",
            set.link_to(Kind::Analysis, analysis::BLOAT),
            set.link_to(Kind::Diagrams, diagrams::CONFLICTS),
            set.link_to(Kind::Diagrams, diagrams::PARALLELISM),
            set.link_to(Kind::Diagrams, diagrams::PIPELINE)
        ),
        "Of cargo and rustc: [profiles](https://doc.rust-lang.org/cargo/reference/profiles.html), \
         [workspaces](https://doc.rust-lang.org/cargo/reference/workspaces.html), \
         [features](https://doc.rust-lang.org/cargo/reference/features.html), \
         [timing reports](https://doc.rust-lang.org/cargo/reference/timings.html), \
         [code generation options](https://doc.rust-lang.org/rustc/codegen-options/index.html)."
            .to_owned(),
    ]
}

fn places(set: &Set<'_>) -> String {
    let record = set.record;
    let mut lines =
        vec![format!("The record behind these documents: [{0}]({0})", super::record_path(record))];
    let mut add = |what: &str, path: &Option<String>| {
        lines.extend(path.as_ref().map(|path| format!("{what}: {}", text::code(path))));
    };
    add("Reports, logs and timing reports of the run, on the machine it ran on", &record.report);
    add("Backup, in the workspace", &record.backup);
    lines.push(
        "All runs: `cargo xtask report --list`; all backups: `cargo xtask restore --list`"
            .to_owned(),
    );
    lines.iter().map(|line| format!("- {line}\n")).collect()
}

fn conclusion(set: &Set<'_>) -> Vec<String> {
    let mut blocks = vec![text::inline(&facts::headline(set.record))];
    if set.around.expectations.is_some() {
        let judged: Vec<&str> = set
            .record
            .measurements
            .iter()
            .map(|row| expected::outcome(row.baseline, row.ratio, row.expected))
            .collect();
        let number = |wanted: &str| judged.iter().filter(|outcome| **outcome == wanted).count();
        let (yes, no, nothing) = (number("yes"), number("no"), number("nothing there to gain"));
        let idle = match nothing {
            0 => String::new(),
            number => format!("; for {number} there was nothing to gain"),
        };
        blocks.push(format!(
            "Of {} expected changes {yes} came true or were surpassed, {no} did not{idle}.",
            yes + no + nothing
        ));
    }
    blocks.push(format!(
        "Next: read {}, run `cargo xtask optimize`, compare with `cargo xtask validate`.",
        set.link(Kind::Executive)
    ));
    blocks
}
