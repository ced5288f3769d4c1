//! Slow forms of the tests of reliability: many runs of the program, each disturbed in another place.
//!
//! All are ignored by `cargo test`; `.ci/nightly` runs them and collects the figures that they print. Each promise
//! also has a fast form among the other tests. docs/reliability.md says which, with the figures.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![expect(clippy::disallowed_methods, reason = "starts programs, and makes and changes workspaces")]

mod chance;
#[cfg(target_os = "linux")]
mod cleaning;
#[cfg(target_os = "linux")]
mod concurrent;
mod faults;
mod figures;
mod full_disk;
#[cfg(target_os = "linux")]
mod interrupts;
#[path = "../support/mod.rs"]
#[allow(dead_code, unused_imports, reason = "shared with the other tests, which use all of it")]
mod support;
mod traced;
mod untrusted;
