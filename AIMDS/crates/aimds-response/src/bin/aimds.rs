//! The `aimds` command.

fn main() {}
