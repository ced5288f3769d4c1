//! Benches of analysis.

fn main() {}
