//! `cache`: a compile cache that a team shares. The engine is sccache; here it is set up, looked at and proved.
//!
//! Invariant: no credential is written or printed, and nobody's running server is stopped.

use std::process::ExitCode;

use anyhow::Result;

use crate::{
    cli::{self, CacheCommand, Global},
    shell::Shell,
};

mod agreed;
mod defeats;
mod found;
mod fresh;
mod proof;
mod server;
mod setup;
mod status;
mod verify;

/// Runs a subcommand.
///
/// # Errors
/// When it could not do what was asked; the workspace is as it was then.
pub(crate) fn run(args: &cli::Cache, global: &Global, shell: &Shell) -> Result<ExitCode> {
    match &args.command {
        CacheCommand::Status => status::run(global, shell),
        CacheCommand::Setup(args) => setup::run(args, global, shell),
        CacheCommand::Verify(args) => verify::run(args, global, shell),
        CacheCommand::Remove(args) => setup::remove(args, global, shell),
    }
}
