//! How long it takes to score one observation, and to check a formula over a
//! history of the default length.

use aimds_analysis::{Baseline, Event, Formula};
use criterion::{criterion_group, criterion_main, Criterion};
use ndarray::Array1;

fn observation(n: usize) -> Array1<f64> {
    Array1::from_iter((0..6).map(|feature| ((n * 7 + feature) as f64).sin()))
}

fn baseline(c: &mut Criterion) {
    let mut baseline = Baseline::new(6, 0.05);
    for n in 0..500 {
        baseline.learn(&observation(n));
    }
    let next = observation(501);
    c.bench_function("anomaly", |b| b.iter(|| baseline.anomaly(&next)));
    c.bench_function("learn", |b| b.iter(|| baseline.learn(&next)));
}

fn temporal(c: &mut Criterion) {
    let formula: Formula = "G (blocked -> X (!exfiltration U allowed))"
        .parse()
        .expect("the formula is well formed");
    let trace: Vec<Event> = (0..64)
        .map(|n| match n % 5 {
            0 => Event::of(["blocked", "jailbreak"]),
            _ => Event::of(["allowed"]),
        })
        .collect();
    c.bench_function("so_far", |b| b.iter(|| formula.so_far(&trace)));
}

criterion_group!(benches, baseline, temporal);
criterion_main!(benches);
