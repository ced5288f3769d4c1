//! The summary for whoever decides: gain, cost, worth and caveats on one page.

use super::{Kind, Set, changes, expected, facts, text};
use crate::{
    record::Verdict,
    render::{facts::worth, markdown, rows, sheet::Kind as Align},
};

use text::Cell;

/// How many changes the matrix names; the diagram has all.
const NAMED: usize = 10;

pub(super) fn page(set: &Set<'_>) -> String {
    let record = set.record;
    let what = "What was changed in this workspace to make its builds faster, what that gained when measured, what \
                it costs and what it is worth. Five minutes.";
    let mut page = set.page(Kind::Executive, what);
    page.section("In short", &[text::bullets(&in_short(set))]);
    page.section("Before and after", &[figures(set)]);
    let issues = [
        "Ordered by the time known to be gained. Attributed is the time of the compilation units that vanished; units \
         run side by side, so it is more than the wall time saved."
            .to_owned(),
        changes::table_of_passes(record),
    ];
    page.section("What was wrong, and what was done", &issues);
    page.section("Priority matrix", &matrix(set));
    page.section("Return on investment", &returns(set));
    page.section(
        "What to know before relying on it",
        &[
            text::bullets(&set.caveats()),
            if record.notes.is_empty() {
                String::new()
            } else {
                "What the run itself noted:".to_owned()
            },
            text::bullets(&record.notes),
        ],
    );
    let steps = [
        text::commands(&[
            "cargo xtask optimize --dry-run          # what it would change here; writes nothing",
            "cargo xtask optimize --yes              # prove, measure, commit what paid",
            "cargo xtask restore                     # take it back, byte for byte",
        ]),
        format!(
            "Next: {} for the reasons, {} for the files.",
            set.link(Kind::Analysis),
            set.link(Kind::Manifests)
        ),
    ];
    page.section("Next steps", &steps);
    page.finish()
}

/// What is to be remembered of it.
fn in_short(set: &Set<'_>) -> Vec<String> {
    let record = set.record;
    let mut lines = vec![facts::headline(record)];
    lines
        .extend(facts::bottom_line(record).into_iter().map(|line| facts::capitalised(&line) + "."));
    let rejected = record.changes.iter().filter(|it| it.verdict == Verdict::Rejected).count();
    if rejected > 0 {
        lines.push(format!(
            "{rejected} more looked promising and {} taken back, because the compiler, a test or the clock spoke \
             against it.",
            if rejected == 1 { "was" } else { "were" }
        ));
    }
    lines.extend(
        facts::verification(record).into_iter().map(|line| facts::capitalised(&line) + "."),
    );
    lines.extend(worth::minutes(record).map(|it| format!("The run took {it}, unattended.")));
    lines
}

fn figures(set: &Set<'_>) -> String {
    let table = markdown::table(&rows(set.record));
    match &set.around.expectations {
        Some(promised) => format!(
            "{table}\nExpected: the changes that {} promised.",
            text::inline(&promised.source)
        ),
        None => table,
    }
}

/// Effort against gain, the largest gains first.
fn matrix(set: &Set<'_>) -> Vec<String> {
    let weighed = worth::weighed(set.record);
    let rows = weighed.iter().take(NAMED).map(|change| {
        vec![
            Cell::Text(change.title.clone()),
            Cell::Text(worth::in_short(change).unwrap_or_default()),
            Cell::Text(worth::verdict(change)),
        ]
    });
    let columns =
        [("change", Align::Text), ("gain; effort", Align::Text), ("verdict", Align::Text)];
    let table = text::table(&columns, rows);
    if table.is_empty() {
        return Vec::new();
    }
    let more = weighed.len().saturating_sub(NAMED);
    let more = match more {
        0 => String::new(),
        1 => " One more, of less weight, is there too.".to_owned(),
        _ => format!(" {more} more, of less weight, are there too."),
    };
    vec![
        table,
        format!("As a picture: {}.{more}", set.link_to(Kind::Diagrams, super::diagrams::IMPACT)),
    ]
}

fn returns(set: &Set<'_>) -> Vec<String> {
    let record = set.record;
    let mut blocks = Vec::new();
    if let Some(table) = worth::by_the_build(record) {
        blocks.push(
            "What a year is worth depends on how many builds of each kind a day has, and that was not measured. Most are \
             rebuilds after an edit; a clean build happens in CI, in a fresh checkout, after a new toolchain. So count your \
             own, multiply, and add the lines up:"
                .to_owned(),
        );
        blocks.push(markdown::blocks([&table]));
        blocks.push(
            "The next table is the model of the earlier documents, with all builds of a day of one kind. Read it as bounds: \
             nobody makes that many clean builds."
                .to_owned(),
        );
        blocks.push(markdown::blocks(&worth::investment(record)));
        blocks.push(
            "Inputs are assumptions, not findings: `--team-size`, `--builds-per-day` and `--hourly-rate` of `cargo xtask \
             report` set them, and values are in the currency of the rate. Paid back is the run's own wall time, during which \
             nobody has to wait; the time for reviewing the diff is not in it."
                .to_owned(),
        );
    }
    if let Some(promised) = &set.around.expectations {
        blocks.push(format!("Beside it, what {} expected:", text::inline(&promised.source)));
        blocks.push(expected::returns(record, promised));
    }
    blocks
}
