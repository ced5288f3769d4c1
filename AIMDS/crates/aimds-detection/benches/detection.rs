//! Benches of detection.

fn main() {}
