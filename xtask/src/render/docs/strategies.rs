//! The strategies, and what each brought in the recorded run.
//!
//! A strategy is a pass of `optimize`; what it is said to bring is what was measured, or that nothing was.

use super::{Kind, Set, analysis, changes, expected, text};
use crate::render::{facts::tuning, markdown, sheet::Block};

pub(super) fn page(set: &Set<'_>) -> String {
    let record = set.record;
    let what = "The ways to a faster build that the tool knows, in the order of what they brought here, and the settings \
                of profiles and of cargo that go with them.";
    let mut page = set.page(Kind::Strategies, what);
    page.section("All at once", &[changes::table_of_passes(record)]);
    for group in changes::groups(record) {
        let applied = group.applied();
        let gain = if applied.is_empty() {
            "Here: nothing was applied.".to_owned()
        } else {
            format!("Here: {}.", text::inline(&expected::gains(record, &applied)))
        };
        let what = match group.what {
            "" => String::new(),
            what => format!("{}. ", super::facts::capitalised(what)),
        };
        page.section(group.name, &[format!("{what}{gain}"), changes::table(&group.changes)]);
    }
    page.section("Build profile settings", &profiles(set));
    let configuration = [
        "- Aliases in `.cargo/config.toml` cost nothing and say what the team runs.".to_owned(),
        "- `codegen-units`, `lto` and `opt-level` have no best value for all machines: measure, do not copy.".to_owned(),
        "- `lto` and `incremental` do not go together, and rust-lld is the default linker on Linux x86-64 since Rust 1.90: \
         neither is set."
            .to_owned(),
        format!(
            "- A compile cache pays where the same crates are compiled again and again, by a team or in CI: {}.",
            set.beside("shared-cache.md", "the shared cache")
        ),
        "- In CI, `optimize --check` and `validate --against` keep what was gained.".to_owned(),
    ];
    page.section("Cargo configuration", &[configuration.join("\n")]);
    page.section("What did not pay or was not tried", &[changes::left(record)]);
    page.finish()
}

fn profiles(set: &Set<'_>) -> Vec<String> {
    let tuned = &set.record.tuning;
    if tuned.is_empty() {
        return vec![
            "Not searched in this run. `cargo xtask optimize --measure full` tries debug information, codegen units, lto and \
             the optimisation of build scripts by clean builds, and keeps what is faster beyond noise."
                .to_owned(),
        ];
    }
    let sentences: Vec<String> = tuned.iter().map(tuning::sentence).collect();
    let tables: Vec<Block> = tuned.iter().map(|it| Block::Sheet(tuning::table(it))).collect();
    vec![
        text::bullets(&sentences),
        tuning::COLUMNS.to_owned(),
        text::folded("Every value that was tried, with its times", &markdown::blocks(&tables)),
        format!("More on release settings: {}.", set.link_to(Kind::Analysis, analysis::RELEASE)),
    ]
}
