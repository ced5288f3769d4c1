//! A prompt as a vector of numbers. Every feature is finite and of the order of
//! one, so that no single one rules the distance.

use aimds_core::{Prompt, Verdict};
use chrono::TimeDelta;
use ndarray::Array1;

/// Names of the features, in order.
pub const FEATURES: [&str; 6] = [
    "log-length",
    "mean-word-length",
    "symbol-share",
    "upper-case-share",
    "risk",
    "log-pause",
];

/// Pauses longer than this say nothing more.
const LONGEST_PAUSE: TimeDelta = TimeDelta::hours(24);

/// The features of a prompt that came `pause` after the one before it.
pub fn features(prompt: &Prompt, verdict: &Verdict, pause: Option<TimeDelta>) -> Array1<f64> {
    let chars = prompt.text.chars().count();
    let count = |holds: fn(char) -> bool| prompt.text.chars().filter(|c| holds(*c)).count();
    let letters = count(char::is_alphabetic);
    let words = prompt.text.split_whitespace().count();
    let symbols = count(|c| !c.is_alphanumeric() && !c.is_whitespace());
    let pause = pause
        .unwrap_or(LONGEST_PAUSE)
        .clamp(TimeDelta::zero(), LONGEST_PAUSE);
    Array1::from(vec![
        (chars as f64 + 1.0).ln() / 2.0,
        share(chars, words).min(40.0) / 5.0,
        share(symbols, chars) * 5.0,
        share(count(char::is_uppercase), letters) * 5.0,
        verdict.risk() * 5.0,
        (pause.num_milliseconds() as f64 / 1000.0 + 1.0).ln() / 4.0,
    ])
}

/// `part / whole`, 0 where there is no whole.
fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 {
        0.0
    } else {
        part as f64 / whole as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_feature_is_finite_and_small() {
        for text in ["", "a", "????", "WHAT", "x".repeat(100_000).as_str()] {
            let vector = features(&Prompt::new("ada", text), &Verdict::default(), None);
            assert_eq!(vector.len(), FEATURES.len());
            assert!(vector.iter().all(|x| x.is_finite() && x.abs() < 10.0));
        }
    }

    #[test]
    fn a_clock_that_runs_backwards_counts_as_no_pause() {
        let prompt = Prompt::new("ada", "hello");
        let back = Some(TimeDelta::seconds(-5));
        assert_eq!(features(&prompt, &Verdict::default(), back)[5], 0.0);
    }
}
