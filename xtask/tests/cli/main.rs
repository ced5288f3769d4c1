//! The program run on small workspaces, from the outside.
//!
//! Each test makes its workspace in a temporary directory, with fake registry crates beside it, so
//! that everything resolves and builds without network.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod ancestors;
mod bad_input;
mod baseline;
mod budgets;
mod choices;
mod duplicates;
mod formatting;
mod git_states;
mod graph;
mod history;
mod inheritance;
mod kept;
mod looking;
mod main_path;
mod passes;
mod policy;
mod removal;
mod report;
mod restore;
#[path = "../support/mod.rs"]
mod support;
mod surroundings;
mod tuning;
mod umbrellas;
#[cfg(unix)]
mod untrusted;
mod unused;
mod validate;
mod versions;
mod workspaces;
