//! Figures as text: uncertainty, signs, groups.

use crate::{
    record::{Quantity, Samples},
    render::{
        figures::{grouped, signed_seconds, uncertainty},
        sample::row,
    },
};

#[test]
fn one_sample_a_side_shows_the_noise_floor() {
    let of = |unit| uncertainty(&row("any", unit, &[10.0], &[5.0], None));
    assert_eq!(of(Quantity::Seconds), "±22% noise floor");
    let short = row("incremental-leaf", Quantity::Seconds, &[0.6], &[0.9], None);
    assert_eq!(uncertainty(&short), "±0.20 s noise floor");
    assert_eq!(of(Quantity::Bytes), "±1% noise floor");
    assert_eq!(of(Quantity::Count), "exact");
}

#[test]
fn several_pairs_show_the_range_of_their_ratios() {
    let measured = row("clean-dev", Quantity::Seconds, &[10.0, 10.0], &[5.0, 6.0], None);
    assert_eq!(uncertainty(&measured), "2 pairs: -50.0% to -40.0%");
}

#[test]
fn samples_that_make_no_pairs_show_their_ranges() {
    let mut measured = row("clean-dev", Quantity::Seconds, &[10.0, 12.0], &[5.0, 6.0], None);
    measured.samples.candidate.truncate(1);
    assert_eq!(uncertainty(&measured), "10.0 s to 12.0 s before, 5.00 s after");
    measured.samples = Samples::default();
    assert_eq!(uncertainty(&measured), "");
}

#[test]
fn seconds_saved_have_a_sign() {
    for (value, text) in
        [(1.25, "+1.25 s"), (0.001, "0.00 s"), (-0.001, "0.00 s"), (-103.1, "-103 s")]
    {
        assert_eq!(signed_seconds(value), text);
    }
}

#[test]
fn large_numbers_are_grouped() {
    for (value, text) in [
        (0.0, "0"),
        (999.6, "1,000"),
        (54389.4, "54,389"),
        (-1234567.0, "-1,234,567"),
        (12.0, "12"),
    ] {
        assert_eq!(grouped(value), text);
    }
}
