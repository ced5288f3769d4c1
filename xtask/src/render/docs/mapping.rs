//! What the shell script and its documents asked of a reader, and the command that does it now.
//!
//! Nothing of it depends on a run; a test parses every command.

use super::{Set, text};
use crate::render::sheet::Kind as Align;

use text::Cell;

/// What was asked, the command, and what is to be known.
type Line = (&'static str, &'static str, &'static str);

/// The phases of the checklist, with their steps.
pub(super) const PHASES: [(&str, &[Line]); 4] = [
    (
        "Phase 1: what costs most",
        &[
            (
                "Back up the configuration",
                "cargo xtask optimize --yes",
                "makes a backup itself before it writes; `cargo xtask restore --list` shows it",
            ),
            (
                "Clean the package directory",
                "cargo xtask optimize --only package-bloat",
                "keeps the `.crate` files; `cargo xtask clean` deletes whatever else no build uses",
            ),
            (
                "Update .gitignore",
                "cargo xtask optimize --only gitignore",
                "a line to re-include `.crate` files below an ignored directory would do nothing, and is not written",
            ),
            (
                "Fix codegen-units",
                "cargo xtask optimize --only profile --measure full",
                "searched by timed builds: the best value depends on the machine",
            ),
            (
                "Verify that it builds",
                "cargo xtask validate --quick",
                "`optimize` has checked every target before it committed",
            ),
        ],
    ),
    (
        "Phase 2: dependencies",
        &[
            (
                "Align versions in the workspace",
                "cargo xtask optimize --only duplicate-version",
                "all packages, not three by name; a version can be pinned",
            ),
            (
                "Reduce the features of tokio",
                "cargo xtask optimize --only broad-features",
                "what is needed is what the compiler says",
            ),
            (
                "Update the members' manifests",
                "cargo xtask optimize --only unused-dependency,not-inherited",
                "the script left that to the reader",
            ),
            (
                "Run cargo update",
                "cargo xtask optimize --update",
                "only where it is wanted: it is no part of the rest",
            ),
            (
                "Clean build with timings, and the tests",
                "cargo xtask optimize --yes",
                "both sides, in copies, in turns; tests included",
            ),
        ],
    ),
    (
        "Phase 3: profiles and configuration",
        &[
            (
                "Add profiles (release-final, dev-opt, test)",
                "cargo xtask optimize --only profile",
                "`release-final` comes with `--measure full`; a profile that would compile dependencies twice, as one for \
                 tests would, is named and not added",
            ),
            (
                "Create .cargo/config.toml",
                "cargo xtask optimize --only cargo-config",
                "aliases; what is there stays",
            ),
            (
                "Set up sccache (optional)",
                "cargo xtask cache setup --backend local",
                "`cargo xtask cache verify` shows what it brings",
            ),
            (
                "Optimize WASM builds (optional)",
                "cargo xtask optimize --only wasm",
                "a profile and an alias for members with a feature for WebAssembly, if the module comes out smaller",
            ),
        ],
    ),
    (
        "Phase 4: validation",
        &[
            (
                "Compare build times",
                "cargo xtask validate",
                "timed, against the last recorded run; `--against main` builds a revision side by side",
            ),
            (
                "Check the target size",
                "cargo xtask validate --quick",
                "its check `target directory`; `target-bytes` is in the report of every timed run",
            ),
            (
                "Review the timing report",
                "cargo xtask report --open",
                "cargo's own reports are kept beside it",
            ),
            (
                "Run the full test suite",
                "cargo xtask validate --quick",
                "`optimize` runs the tests too, and takes back what makes one fail",
            ),
            (
                "Run benchmarks",
                "cargo xtask validate --quick --bench",
                "`optimize --bench` guards a command while it searches settings",
            ),
            ("Update CI", "cargo xtask optimize --check", "exits with 1 if changes are pending"),
            (
                "Document the changes",
                "cargo xtask report --docs",
                "these documents; `validate --summary markdown` is for a pull request",
            ),
        ],
    ),
];

/// The metrics.
const METRICS: [Line; 7] = [
    ("Build time (dev)", "cargo xtask validate", "`clean-dev`"),
    ("Build time (release)", "cargo xtask validate", "`clean-release`"),
    (
        "Incremental build",
        "cargo xtask validate",
        "`incremental-core`, `incremental-leaf`: an edit low and an edit high in the graph",
    ),
    (
        "Target directory",
        "cargo xtask validate",
        "`target-bytes`, after a clean dev and a clean release build",
    ),
    (
        "Package directory",
        "cargo xtask validate --quick",
        "its check `package directory`; `package-bytes` in a timed run of `optimize`",
    ),
    ("Artifacts", "cargo xtask validate", "`artifacts`"),
    (
        "ROI",
        "cargo xtask report --team-size 5 --builds-per-day 50 --hourly-rate 100",
        "from measured seconds, with its formula",
    ),
];

/// Entries of the troubleshooting section.
const TROUBLE: [Line; 11] = [
    (
        "Build fails after changes",
        "cargo xtask restore",
        "every byte back; it needs no workspace that parses",
    ),
    (
        "Version conflicts",
        "cargo xtask validate --quick",
        "names packages in several versions, the first eight; `cargo tree --duplicates` has all",
    ),
    (
        "Missing features",
        "cargo xtask validate --quick",
        "names the targets that do not compile; the compiler's message in the log names the feature that gates an item",
    ),
    (
        "Lock file stale",
        "cargo xtask optimize --update",
        "or `cargo update` by hand; the lock file is part of the backup",
    ),
    (
        "Performance not improving",
        "cargo xtask validate",
        "says what makes the build slow; `report --open` draws it",
    ),
    (
        "Was codegen-units applied?",
        "cargo xtask validate --quick",
        "its check `profiles` says what `optimize` would still change; the value itself is in `Cargo.toml`",
    ),
    (
        "Are there duplicates?",
        "cargo xtask optimize --only duplicate-version --dry-run",
        "with what blocks each that stays",
    ),
    (
        "Which features are in use?",
        "cargo xtask validate --quick",
        "its check `features` says which umbrella features could be narrower; `cargo tree -e features -i tokio` for one \
         package",
    ),
    (
        "Clean rebuild with timings",
        "cargo xtask validate",
        "in a copy: the target directory stays as it is; the costliest units are named",
    ),
    (
        "Dependency conflicts",
        "cargo xtask optimize --only duplicate-version",
        "searches the whole graph; `pin` in `[workspace.metadata.optimize]` sets the version",
    ),
    (
        "Force the versions of the workspace",
        "cargo xtask optimize --only not-inherited",
        "members inherit what they repeat",
    ),
];

/// What the script left behind.
const FILES: [Line; 7] = [
    (
        "Backup directory",
        "cargo xtask restore --list",
        "`backup-<time>/` in the workspace, only of what a commit writes",
    ),
    (
        "Timing report",
        "cargo xtask report --open",
        "`timings/` in the directory of the run, one for each timed build",
    ),
    ("Build log, check log", "cargo xtask report --open", "`logs/` in the directory of the run"),
    (
        "New Cargo.toml",
        "cargo xtask optimize --dry-run",
        "edits to the manifests that are there; comments and order stay",
    ),
    ("Lines in .gitignore", "cargo xtask optimize --only gitignore", "only what git would show"),
    (
        "The documents",
        "cargo xtask report --docs",
        "generated from the record of a run, which is kept beside them",
    ),
    ("The script itself", "cargo xtask optimize", "asks before it starts; `--yes` does not"),
];

/// What a reader tries first, for each entry of the troubleshooting section.
const REMEDIES: [(&str, &str, &[&str], &str); 3] = [
    (
        "Build fails after changes",
        "Cargo reports errors after the changes were committed.",
        &["cargo xtask restore", "cargo xtask validate --quick"],
        "`restore` puts every byte back, even if a manifest is garbage by now; `validate` names what fails. Nothing is \
         committed that breaks a target that compiled or a test that passed, so look for what differs: another toolchain, another \
         platform, features that only some builds switch on. Version conflicts: `cargo tree --duplicates`. Missing \
         features: the compiler names the feature that gates an item. A lock file that is stale: `cargo update`.",
    ),
    (
        "Performance not improving",
        "Builds are as slow as before.",
        &["cargo xtask validate", "cargo xtask report --open"],
        "`validate` builds from clean, compares with the last run, and says what makes the build slow: the critical path, \
         the costliest units, duplicates. Its checks also say what could still be changed in profiles and features, and which packages are there twice. \
         On another machine other settings are best: `optimize --measure full` searches them.",
    ),
    (
        "Dependency conflicts",
        "Cargo finds no versions that fit, or a package is there twice.",
        &["cargo xtask optimize --only duplicate-version --dry-run"],
        "It searches the whole graph for what brings a package to one version, and says who holds what stays. A version that \
         members are to share is set by `pin` in `[workspace.metadata.optimize]`; one package alone is raised by \
         `cargo update -p <package>`.",
    ),
];

/// The checklist, to be ticked off.
pub(super) fn checklist(set: &Set<'_>) -> Vec<String> {
    let mut blocks = Vec::new();
    for (heading, steps) in PHASES {
        blocks.push(format!("### {heading}"));
        let steps: Vec<String> = steps
            .iter()
            .map(|(step, command, note)| {
                format!("- [ ] {step}: {}. {}.", text::code(command), capital(note))
            })
            .collect();
        blocks.push(steps.join("\n"));
        let promised = set.around.expectations.iter().flat_map(|it| &it.phases);
        let promised = promised.filter(|phase| heading.starts_with(&phase.name));
        blocks.extend(
            promised
                .map(|phase| format!("Expected of this phase: {}.", text::inline(&phase.claim))),
        );
    }
    if set.around.expectations.is_some() {
        blocks.push(
            "Phases were not measured apart here; what all of them brought is in [the key metrics](#key-metrics)."
                .to_owned(),
        );
    }
    blocks
}

fn capital(note: &str) -> String {
    // Code keeps its case.
    super::facts::capitalised(note)
}

/// Everything that was asked of a reader, with the command for it.
pub(super) fn table() -> String {
    let phases = PHASES.iter().map(|(name, lines)| (*name, *lines));
    let rest: [(&str, &[Line]); 3] =
        [("Metric", &METRICS), ("Troubleshooting", &TROUBLE), ("File of the script", &FILES)];
    let rows = phases.chain(rest).flat_map(|(part, lines)| {
        lines.iter().map(move |(asked, command, note)| {
            let texts = [part, *asked].map(|it| Cell::Text(it.to_owned()));
            let [part, asked] = texts;
            vec![part, asked, Cell::Code((*command).to_owned()), Cell::Text((*note).to_owned())]
        })
    });
    let columns = [
        ("part", Align::Text),
        ("asked for", Align::Text),
        ("command", Align::Code),
        ("to be known", Align::Text),
    ];
    text::table(&columns, rows)
}

/// Problem, commands, explanation.
pub(super) fn troubleshooting() -> Vec<String> {
    let mut blocks = Vec::new();
    for (heading, problem, commands, solution) in REMEDIES {
        blocks.push(format!("### {heading}"));
        blocks.push(format!("**Problem**: {problem}"));
        blocks.push(text::commands(commands));
        blocks.push(solution.to_owned());
    }
    blocks
}

/// A line for each problem.
pub(super) fn troubleshooting_in_short(set: &Set<'_>) -> String {
    let rows = TROUBLE.iter().map(|(asked, command, note)| {
        vec![
            Cell::Text((*asked).to_owned()),
            Cell::Code((*command).to_owned()),
            Cell::Text((*note).to_owned()),
        ]
    });
    let columns =
        [("problem", Align::Text), ("command", Align::Code), ("to be known", Align::Text)];
    let table = text::table(&columns, rows);
    format!("{table}\nIn full: [troubleshooting]({}#troubleshooting).", set.around.index)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::Cli;

    #[test]
    fn every_command_that_a_reader_is_sent_to_is_one() {
        let lines =
            PHASES.iter().flat_map(|(_, lines)| lines.iter()).chain(&METRICS).chain(&TROUBLE);
        let commands = lines.chain(&FILES).map(|(_, command, _)| *command);
        let remedies = REMEDIES.iter().flat_map(|(_, _, commands, _)| commands.iter().copied());
        for command in commands.chain(remedies) {
            let words = command.strip_prefix("cargo ").unwrap().split(' ');
            let parsed = Cli::try_parse_from(words);
            assert!(parsed.is_ok(), "{command}: {}", parsed.unwrap_err());
        }
    }
}
