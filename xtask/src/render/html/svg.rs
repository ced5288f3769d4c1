//! What the charts share: a scale with round ticks, the frame of a figure, coordinates as text.
//!
//! Every chart has a name and a description, and every text in it went through `escape`.

use super::{escape, scrollable};

/// Width of the charts over time in their own units, and the margins of their plotting area: equal, so
/// that the same moment stands at the same place in all of them.
pub(super) const WIDTH: f64 = 960.0;
pub(super) const LEFT: f64 = 48.0;
pub(super) const RIGHT: f64 = 24.0;

/// Values from 0 to `to`, laid out from `start` over `length`; `length` may be negative.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    to: f64,
    start: f64,
    length: f64,
}

impl Scale {
    pub(super) fn new(to: f64, start: f64, length: f64) -> Self {
        let to = if to.is_finite() && to > 0.0 { to } else { 1.0 };
        Self { to, start, length }
    }

    /// Over the width of the charts over time.
    pub(super) fn of_time(end_seconds: f64) -> Self {
        Self::new(end_seconds, LEFT, WIDTH - LEFT - RIGHT)
    }

    /// Where a value stands; what lies outside stands at the edge.
    pub(super) fn at(&self, value: f64) -> f64 {
        let share = (value / self.to).clamp(0.0, 1.0);
        self.start + if share.is_finite() { share } else { 0.0 } * self.length
    }

    /// Length of a difference.
    pub(super) fn span(&self, from: f64, to: f64) -> f64 {
        (self.at(to) - self.at(from)).abs()
    }

    /// About `number` round values: 1, 2 or 5 times a power of ten apart.
    pub(super) fn ticks(&self, number: usize) -> Vec<f64> {
        let rough = self.to / number.max(1) as f64;
        let power = 10f64.powf(rough.log10().floor());
        let steps = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power);
        let step = steps.into_iter().find(|&step| step >= rough * 0.999).unwrap_or(self.to);
        let ticks = (0..=2 * number).map(|index| index as f64 * step);
        ticks.take_while(|&tick| tick <= self.to * 1.0001).collect()
    }
}

/// A coordinate: one decimal, none where it is zero.
pub(super) fn px(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or_else(|| text.clone(), str::to_owned)
}

pub(super) fn rect(class: &str, x: f64, y: f64, width: f64, height: f64, tip: &str) -> String {
    let (x, y, width, height) = (px(x), px(y), px(width.max(0.0)), px(height.max(0.0)));
    let class = if class.is_empty() { String::new() } else { format!(" class=\"{class}\"") };
    let shape = format!("<rect{class} x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"");
    if tip.is_empty() {
        format!("{shape}/>")
    } else {
        format!("{shape}><title>{}</title></rect>\n", escape(tip))
    }
}

pub(super) fn line(class: &str, from: (f64, f64), to: (f64, f64)) -> String {
    format!(
        "<line class=\"{class}\" x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\"/>",
        px(from.0),
        px(from.1),
        px(to.0),
        px(to.1)
    )
}

pub(super) fn text(class: &str, x: f64, y: f64, content: &str) -> String {
    format!("<text class=\"{class}\" x=\"{}\" y=\"{}\">{}</text>\n", px(x), px(y), escape(content))
}

/// The axis of a chart over time: grid lines from `top` to `bottom`, labels below.
pub(super) fn time_axis(scale: &Scale, top: f64, bottom: f64) -> String {
    let ticks = scale.ticks(10);
    let decimals = ticks.get(1).is_some_and(|step| *step < 1.0);
    let tick = |&tick: &f64| {
        let x = scale.at(tick);
        let label = if decimals { format!("{tick:.1} s") } else { format!("{tick:.0} s") };
        line("grid", (x, top), (x, bottom)) + &text("tick mid", x, bottom + 16.0, &label)
    };
    ticks.iter().map(tick).collect()
}

/// What a chart is to those who cannot see it.
pub(super) struct Alternative<'a> {
    /// Unique on the page, of letters, digits and hyphens.
    pub(super) id: &'a str,
    pub(super) name: &'a str,
    pub(super) description: &'a str,
}

/// The chart itself.
pub(super) fn chart(alternative: &Alternative<'_>, width: f64, height: f64, body: &str) -> String {
    let Alternative { id, name, description } = alternative;
    let (width, height) = (px(width), px(height));
    format!(
        "<svg class=\"chart\" role=\"img\" aria-labelledby=\"{id}-name {id}-text\" \
        viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\">\n\
        <title id=\"{id}-name\">{}</title>\n<desc id=\"{id}-text\">{}</desc>\n{body}</svg>\n",
        escape(name),
        escape(description),
    )
}

/// A chart with its caption and legend, in a box of its own that scrolls where it is too wide.
pub(super) fn figure(class: &str, caption: &str, legend: &str, chart: &str) -> String {
    let region = scrollable(caption, chart);
    let caption = escape(caption);
    format!(
        "<figure class=\"{class}\">\n<figcaption>{caption}</figcaption>\n{legend}{region}</figure>\n"
    )
}

/// Swatches and what they mean; the swatches are SVG shapes on a 16 × 12 ground.
pub(super) fn legend(entries: &[(&str, &str)]) -> String {
    let entries: String = entries
        .iter()
        .map(|(shapes, meaning)| {
            format!(
                "<li><svg class=\"swatch\" viewBox=\"0 0 16 12\" width=\"16\" height=\"12\" \
                aria-hidden=\"true\">{shapes}</svg> {}</li>\n",
                escape(meaning)
            )
        })
        .collect();
    format!("<ul class=\"legend\" aria-label=\"Legend\">\n{entries}</ul>\n")
}

/// Whether a text of about 11 units in height fits into a width: 0.62 of it a character.
pub(super) fn fits(text: &str, width: f64) -> bool {
    text.chars().count() as f64 * 6.8 + 8.0 <= width
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ticks_are_round_and_within_the_scale() {
        assert_eq!(
            Scale::new(84.6, 0.0, 1.0).ticks(10),
            (0..=8).map(|n| f64::from(n) * 10.0).collect::<Vec<_>>()
        );
        assert_eq!(Scale::new(1.0, 0.0, 1.0).ticks(2), [0.0, 0.5, 1.0]);
    }

    proptest! {
        #[test]
        fn whatever_the_values_coordinates_stay_on_the_chart(to in any::<f64>(), value in any::<f64>()) {
            let scale = Scale::new(to, 10.0, 80.0);
            prop_assert!((10.0..=90.0).contains(&scale.at(value)));
            prop_assert!(scale.ticks(10).len() <= 21);
        }
    }
}
