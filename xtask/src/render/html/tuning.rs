//! The search over profile settings: a row for each value tried, to the left what was faster.
//!
//! All bars have one scale; each has its change and its outcome as text beside it.

use super::{blocks, code, escape, svg::px, text};
use crate::{
    record::{Record, TriedValue, TunedSetting},
    render::{
        DASH,
        facts::tuning::{outcome, ratio, sentence, table},
        figures::percent,
    },
};

/// Half the width of the drawing area in its own units.
const HALF: f64 = 50.0;

/// A change at which bars end, however large the change is: `+100%`.
const MOST: f64 = 1.0;

pub(super) fn settings(record: &Record) -> String {
    let changes = record.tuning.iter().flat_map(|setting| &setting.tried);
    let changes = changes.filter_map(ratio).map(|ratio| (ratio - 1.0).abs());
    let longest = changes.fold(0.1, f64::max).min(MOST);
    let settings: String = record.tuning.iter().map(|setting| figure(setting, longest)).collect();
    if settings.is_empty() {
        return settings;
    }
    format!(
        "<p>Each value was built with everything chosen before it. A bar to the left is faster than what it \
        would have replaced, one to the right slower; bars end at {}.</p>\n{settings}",
        percent(1.0 + MOST)
    )
}

fn figure(setting: &TunedSetting, longest: f64) -> String {
    let rows: String = setting.tried.iter().map(|tried| row(tried, longest)).collect();
    format!(
        "<figure class=\"tuned\">\n<figcaption>{}</figcaption>\n{rows}</figure>\n{}",
        text(&sentence(setting)),
        blocks::folded("Readings and reasons", &blocks::table(&table(setting))),
    )
}

fn row(tried: &TriedValue, longest: f64) -> String {
    let ratio = ratio(tried);
    let change = ratio.map_or_else(|| DASH.to_owned(), percent);
    let word = outcome(tried.outcome);
    let bar = ratio.map_or(String::new(), |ratio| {
        let length = ((ratio - 1.0) / longest).clamp(-1.0, 1.0) * HALF;
        let (left, class) = if length < 0.0 { (HALF + length, "faster") } else { (HALF, "slower") };
        let (left, width) = (px(left), px(length.abs().max(0.5)));
        format!("<rect class=\"{class}\" x=\"{left}\" y=\"1\" width=\"{width}\" height=\"8\"/>")
    });
    let (shown, word) = (escape(&change), escape(word));
    format!(
        "<div class=\"try\">{value}<svg role=\"img\" aria-label=\"{shown}, {word}\" viewBox=\"0 0 100 10\" \
        preserveAspectRatio=\"none\">{bar}<line class=\"zero\" x1=\"50\" y1=\"0\" x2=\"50\" y2=\"10\"/></svg>\
        <span class=\"change\" aria-hidden=\"true\">{shown}</span> <span class=\"outcome {word_class}\" \
        aria-hidden=\"true\">{word}</span></div>\n",
        value = code(&tried.value),
        word_class = if word == "chosen" { "chosen" } else { "lost" },
    )
}
