//! Impact of each change against its effort.
//!
//! Both axes are linear up to 1 and logarithmic beyond, and say so: a setting may save a hundred times what
//! a removed dependency does. Measured and attributed impacts have different shapes.

use super::svg::{self, Alternative, line, px, text};
use crate::{
    record::{Basis, ChangeRecord, Record},
    render::{
        facts::worth::{basis, weighed},
        figures::signed_seconds,
    },
    wording::count,
};

const WIDTH: f64 = 720.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 24.0;
const TOP: f64 = 28.0;
const HEIGHT: f64 = 280.0;

/// Marks of both axes, as far as they are within and there is room: powers of ten come first.
const MARKS: [f64; 15] = [
    1.0, 10.0, 100.0, 1_000.0, 10_000.0, 100_000.0, 5.0, 50.0, 500.0, 5_000.0, 2.0, 20.0, 200.0,
    2_000.0, 20_000.0,
];

/// Linear to 1, logarithmic beyond, the same on both sides of 0.
fn bent(value: f64) -> f64 {
    let size = value.abs();
    let bent = if size <= 1.0 { size } else { 1.0 + size.ln() / 10f64.ln() * 1.6 };
    if bent.is_finite() { bent.copysign(value) } else { 0.0 }
}

const NAME: &str = "Impact of each change against its effort";

/// The chart alone; nothing where no change has both impact and effort.
pub(super) fn chart(id: &str, record: &Record) -> String {
    let changes = weighed(record);
    if changes.is_empty() {
        return String::new();
    }
    let points: Vec<(f64, f64)> = changes.iter().map(|change| point(change)).collect();
    let furthest = points.iter().map(|(x, _)| bent(*x)).fold(bent(2.0), f64::max);
    let highest = points.iter().map(|(_, y)| bent(*y)).fold(bent(2.0), f64::max);
    let lowest = points.iter().map(|(_, y)| bent(*y)).fold(0.0, f64::min);
    let (highest, lowest) = (highest + 0.3, if lowest < 0.0 { lowest - 0.3 } else { 0.0 });
    let room = WIDTH - LEFT - RIGHT - 20.0;
    let across = |value: f64| LEFT + bent(value) / furthest * room;
    let down = |value: f64| TOP + (highest - bent(value)) / (highest - lowest) * HEIGHT;
    let bottom = TOP + HEIGHT;
    let mut body = String::new();
    let mut heights: Vec<f64> = Vec::new();
    let signed = MARKS.iter().flat_map(|&mark| [mark, -mark]);
    for mark in [0.0].into_iter().chain(signed) {
        let y = down(mark);
        let inside = (lowest..=highest).contains(&bent(mark));
        if !inside || heights.iter().any(|other| (other - y).abs() < 18.0) {
            continue;
        }
        heights.push(y);
        let class = if mark == 0.0 { "base" } else { "grid" };
        body.push_str(&line(class, (LEFT, y), (WIDTH - RIGHT, y)));
        body.push_str(&text("tick end", LEFT - 8.0, y + 4.0, &whole(mark, true)));
    }
    let mut columns: Vec<f64> = Vec::new();
    for mark in [0.0].into_iter().chain(MARKS).filter(|&mark| bent(mark) <= furthest + 0.01) {
        let x = across(mark);
        if columns.iter().any(|other| (other - x).abs() < 40.0) {
            continue;
        }
        columns.push(x);
        body.push_str(&line("grid", (x, TOP), (x, bottom)));
        body.push_str(&text("tick mid", x, bottom + 17.0, &whole(mark, false)));
    }
    let label = "seconds saved in a clean build (logarithmic beyond 1)";
    body.push_str(&text("tick", 4.0, 14.0, label));
    let label = "edits to review (logarithmic beyond 1)";
    body.push_str(&text("tick mid", LEFT + room / 2.0, bottom + 36.0, label));
    let mut taken: Vec<(f64, f64)> = Vec::new();
    for (index, (change, (edits, seconds))) in changes.iter().zip(points).enumerate() {
        let (x, y) = (across(edits), down(seconds));
        body.push_str(&mark(change, (x, y), index + 1, &mut taken));
    }
    let description = format!(
        "A point for each of {}, numbered as in the table: to the right more edits, further up more seconds \
         saved; below the line of 0 a change costs time.",
        count(changes.len(), "change")
    );
    let alternative = Alternative { id, name: NAME, description: &description };
    svg::chart(&alternative, WIDTH, bottom + 44.0, &body)
}

/// What the points mean: a swatch of 16 by 12, and words.
pub(super) const LEGEND: [(&str, &str); 2] = [
    ("<path class=\"measured\" d=\"M8 1l6 5l-6 5l-6 -5z\"/>", "diamond: measured"),
    ("<circle class=\"attributed\" cx=\"8\" cy=\"6\" r=\"4.5\"/>", "ring: attributed"),
];

/// The figure; nothing where no change has both impact and effort.
pub(super) fn figure(id: &str, record: &Record) -> String {
    let chart = chart(id, record);
    if chart.is_empty() {
        return chart;
    }
    let legend = svg::legend(&LEGEND);
    svg::figure("middle", NAME, &legend, &chart)
}

fn point(change: &ChangeRecord) -> (f64, f64) {
    let edits = change.effort.map_or(0.0, |effort| effort.edits as f64);
    let seconds = change.impact.as_ref().map_or(0.0, |impact| impact.seconds);
    (edits, if seconds.is_finite() { seconds } else { 0.0 })
}

fn whole(value: f64, signed: bool) -> String {
    if signed && value > 0.0 { format!("+{value:.0}") } else { format!("{value:.0}") }
}

fn mark(
    change: &ChangeRecord,
    (x, y): (f64, f64),
    number: usize,
    taken: &mut Vec<(f64, f64)>,
) -> String {
    let Some(impact) = &change.impact else { return String::new() };
    let tip = format!(
        "{number}. {}: {} {}",
        change.id,
        signed_seconds(impact.seconds),
        basis(impact.basis)
    );
    let tip = format!("<title>{}</title>", super::escape(&tip));
    let shape = match impact.basis {
        Basis::Measured => {
            format!(
                "<path class=\"measured\" d=\"M{} {}l8 7l-8 7l-8 -7z\">{tip}</path>",
                px(x),
                px(y - 7.0)
            )
        }
        Basis::Attributed => {
            format!(
                "<circle class=\"attributed\" cx=\"{}\" cy=\"{}\" r=\"6\">{tip}</circle>",
                px(x),
                px(y)
            )
        }
    };
    // Beside the point, further along where another number stands already.
    let mut label = (x + 12.0, y + 4.0);
    let clash = |label: (f64, f64), other: &(f64, f64)| {
        (label.0 - other.0).abs() < 20.0 && (label.1 - other.1).abs() < 12.0
    };
    while taken.iter().any(|other| clash(label, other)) {
        label.0 += 20.0;
    }
    taken.push(label);
    shape + &text("number-of", label.0, label.1, &number.to_string())
}
