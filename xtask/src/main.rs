//! `cargo xtask`: parse, dispatch, exit code.

use std::process::ExitCode;

use clap::Parser as _;

mod backup;
mod bisect;
mod cargo;
mod cli;
mod commit;
mod disk;
mod files;
mod findings;
mod graph;
mod interrupt;
mod lock;
mod manifest;
mod measure;
mod optimize;
mod plan;
mod policy;
mod record;
mod render;
mod report;
mod restore;
mod shadow;
mod shell;
mod snapshot;
mod stats;
mod target_dir;
mod text;
mod timings;
mod trial;
mod usage;
mod validate;
mod verify;

/// Could not do what was asked; nothing was changed.
const COULD_NOT: u8 = 2;
/// As a shell reports a program ended by Ctrl-C.
const INTERRUPTED: u8 = 130;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    let shell = shell::Shell::new(&cli.global);
    let outcome = interrupt::install().and_then(|()| match &cli.command {
        cli::Command::Optimize(args) => optimize::run(args, &cli.global, &shell),
        cli::Command::Validate(args) => validate::run(args, &cli.global, &shell),
        cli::Command::Restore(args) => restore::run(args, &cli.global, &shell),
        cli::Command::Report(args) => report::run(args, &cli.global, &shell),
    });
    outcome.unwrap_or_else(|error| {
        shell.error(format!("{error:#}"));
        let is_interrupt = error.downcast_ref::<interrupt::Interrupted>().is_some();
        ExitCode::from(if is_interrupt { INTERRUPTED } else { COULD_NOT })
    })
}
