//! The program run on small workspaces, from the outside.
//!
//! Each test makes its workspace in a temporary directory, with fake registry crates beside it, so
//! that everything resolves and builds without network.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod ancestors;
mod bad_input;
mod baseline;
mod budgets;
mod bytes;
#[cfg(unix)]
mod cache;
#[cfg(target_os = "linux")]
mod cache_real;
mod choices;
#[cfg(target_os = "linux")]
mod cleaning;
mod concurrent;
mod duplicates;
mod edits;
mod formatting;
mod git_states;
mod graph;
mod help;
mod history;
mod inheritance;
mod install;
mod interrupted_commit;
mod interrupts;
mod kept;
mod links;
#[cfg(target_os = "linux")]
mod living;
mod looking;
mod main_path;
mod output;
mod passes;
mod permissions;
mod policy;
mod remembered;
mod removal;
mod report;
mod restore;
#[path = "../support/mod.rs"]
#[allow(dead_code, reason = "shared with the other tests, which use all of it")]
mod support;
mod surroundings;
#[cfg(unix)]
mod transcripts;
mod tuning;
mod umbrellas;
#[cfg(unix)]
mod untrusted;
mod unused;
mod validate;
mod versions;
mod wasm;
mod workspaces;
