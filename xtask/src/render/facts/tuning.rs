//! The search over profile settings: every value that was tried, with its figures, whatever became of it.

use crate::{
    record::{Record, TriedValue, TuneOutcome, TunedSetting},
    render::{
        DASH,
        figures::percent,
        seconds,
        sheet::{Block, Kind, Sheet},
    },
    stats,
    wording::count,
};

/// `` `profile.release.lto` is now `"off"`, before `"thin"`: it was faster on 2 cores ``
pub(in crate::render) fn sentence(setting: &TunedSetting) -> String {
    let TunedSetting { setting: key, before, chosen, cores, .. } = setting;
    let cores = count(*cores, "core");
    let built = || setting.tried.iter().filter(|it| it.outcome != TuneOutcome::NotTried);
    let is_winner = |it: &&TriedValue| it.outcome == TuneOutcome::Chosen && it.value == *chosen;
    let head = if before == chosen {
        format!("`{key}` stays `{before}`")
    } else {
        format!("`{key}` is now `{chosen}`, before `{before}`")
    };
    let why = match (built().next(), setting.tried.iter().any(|it| is_winner(&it))) {
        (_, true) => format!("it was faster on {cores}"),
        (None, _) => setting.tried.first().map_or_else(
            || "no other value was tried".to_owned(),
            |it| format!("no other value was tried, as {}", it.reason),
        ),
        // The plan set it, and the search looked for something better.
        _ if before != chosen => format!("planned, and no other value won on {cores}"),
        _ => format!("no other value won on {cores}"),
    };
    format!("{head}: {why}")
}

pub(in crate::render) fn outcome(outcome: TuneOutcome) -> &'static str {
    match outcome {
        TuneOutcome::Chosen => "chosen",
        TuneOutcome::Outdone => "faster, and outdone by another",
        TuneOutcome::NotFaster => "not faster",
        TuneOutcome::Slower => "slower",
        TuneOutcome::Guarded => "faster, but held back",
        TuneOutcome::Failed => "did not build",
        TuneOutcome::NotTried => "not tried",
    }
}

/// Wall time with a value to that with what it would have replaced; none where it was not built.
pub(in crate::render) fn ratio(tried: &TriedValue) -> Option<f64> {
    stats::ratio(stats::median(&tried.seconds_without)?, stats::median(&tried.seconds)?)
}

/// Median, and the range where there are several.
fn reading(samples: &[f64]) -> String {
    let (Some(median), Some(range)) = (stats::median(samples), stats::range(samples)) else {
        return DASH.to_owned();
    };
    if samples.len() == 1 {
        return seconds(median);
    }
    format!("{} ({} to {})", seconds(median), seconds(range.min), seconds(range.max))
}

/// Every value tried for a setting.
pub(in crate::render) fn table(setting: &TunedSetting) -> Sheet {
    // Without a command to guard there is nothing to say of it.
    let is_guarded = setting.tried.iter().any(|tried| tried.bench_ratio.is_some());
    let ratio_cell = |ratio: Option<f64>| ratio.map_or_else(|| DASH.to_owned(), percent);
    let rows = setting.tried.iter().map(|tried| {
        let mut cells = vec![
            tried.value.clone(),
            reading(&tried.seconds),
            reading(&tried.seconds_without),
            ratio_cell(ratio(tried)),
            ratio_cell(tried.binary_ratio),
        ];
        cells.extend(is_guarded.then(|| ratio_cell(tried.bench_ratio)));
        cells.extend([outcome(tried.outcome).to_owned(), tried.reason.clone()]);
        cells
    });
    let mut columns = vec![
        ("value", Kind::Code),
        ("with it", Kind::Number),
        ("without", Kind::Number),
        ("change", Kind::Number),
        ("binary", Kind::Number),
    ];
    columns.extend(is_guarded.then_some(("benchmark", Kind::Number)));
    columns.extend([("outcome", Kind::Text), ("why", Kind::Text)]);
    let sheet = Sheet::new(format!("Values tried for {}", setting.setting), &columns);
    sheet.with(rows)
}

/// What the columns of the tables mean.
pub(in crate::render) const COLUMNS: &str = "With it: wall time of clean builds with the value and with all that was \
     chosen before it. Without: the same with the value that it would have replaced. Binary: the largest linked program \
     against the same before the search.";

/// The settings with their tables, for a report without charts.
pub(in crate::render) fn blocks(record: &Record) -> Vec<Block> {
    let settings = record.tuning.iter();
    settings
        .flat_map(|setting| [Block::Lines(vec![sentence(setting)]), Block::Sheet(table(setting))])
        .collect()
}
