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

/// `` `profile.release.lto` is now `"off"`, before `"thin"`: chosen for 2 cores ``
pub(in crate::render) fn sentence(setting: &TunedSetting) -> String {
    let TunedSetting { setting: key, before, chosen, cores, .. } = setting;
    let cores = count(*cores, "core");
    if before == chosen {
        format!("`{key}` stays `{before}`: no value tried was chosen for {cores}")
    } else {
        format!("`{key}` is now `{chosen}`, before `{before}`: chosen for {cores}")
    }
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
    let ratio_cell = |ratio: Option<f64>| ratio.map_or_else(|| DASH.to_owned(), percent);
    let rows = setting.tried.iter().map(|tried| {
        vec![
            tried.value.clone(),
            reading(&tried.seconds),
            reading(&tried.seconds_without),
            ratio_cell(ratio(tried)),
            ratio_cell(tried.binary_ratio),
            ratio_cell(tried.bench_ratio),
            outcome(tried.outcome).to_owned(),
            tried.reason.clone(),
        ]
    });
    let sheet = Sheet::new(
        format!("Values tried for {}", setting.setting),
        &[
            ("value", Kind::Code),
            ("with it", Kind::Number),
            ("without", Kind::Number),
            ("change", Kind::Number),
            ("binary", Kind::Number),
            ("benchmark", Kind::Number),
            ("outcome", Kind::Text),
            ("why", Kind::Text),
        ],
    );
    sheet.with(rows)
}

/// The settings with their tables, for a report without charts.
pub(in crate::render) fn blocks(record: &Record) -> Vec<Block> {
    let settings = record.tuning.iter();
    settings
        .flat_map(|setting| [Block::Lines(vec![sentence(setting)]), Block::Sheet(table(setting))])
        .collect()
}
