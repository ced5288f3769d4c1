//! `cargo xtask`: parse, dispatch, exit code.

use std::{io, process::ExitCode};

mod backup;
mod bisect;
mod cache;
mod cargo;
mod clean;
mod cli;
mod commit;
mod configuration;
mod disk;
mod files;
mod findings;
#[cfg(any(test, fuzzing))]
pub mod fuzzed;
mod graph;
mod history;
mod insight;
mod interrupt;
mod lock;
mod lockfile;
mod manifest;
mod manual;
mod measure;
mod optimize;
mod outlook;
mod output;
mod passes;
mod paths;
mod plan;
mod policy;
mod processors;
mod record;
mod rehearsal;
mod render;
mod report;
mod restore;
mod sccache;
mod settled;
mod shadow;
mod shell;
mod snapshot;
mod stats;
mod target_dir;
mod text;
mod timings;
mod trial;
mod tune;
mod usage;
mod validate;
mod verify;
mod wording;
mod worth;

/// Could not do what was asked; the workspace is as it was, unless the error says otherwise.
const COULD_NOT: u8 = 2;

fn main() -> ExitCode {
    if let Some(code) = rehearsal::stand_in() {
        return code;
    }
    let cli = cli::parse();
    let shell = shell::Shell::new(&cli.global);
    let outcome = interrupt::install().and_then(|()| match &cli.command {
        cli::Command::Optimize(args) => optimize::run(args, &cli.global, &shell),
        cli::Command::Validate(args) => validate::run(args, &cli.global, &shell),
        cli::Command::Clean(args) => clean::run(args, &cli.global, &shell),
        cli::Command::Restore(args) => restore::run(args, &cli.global, &shell),
        cli::Command::Report(args) => report::run(args, &cli.global, &shell),
        cli::Command::Cache(args) => cache::run(args, &cli.global, &shell),
        cli::Command::Completions(args) => manual::completions(args),
        cli::Command::Man(args) => manual::man(args, &shell),
    });
    outcome.unwrap_or_else(|error| {
        shell.error(format!("{error:#}"));
        if let Some(hint) = hint(&error) {
            shell.hint(hint);
        }
        let is_interrupt = error.downcast_ref::<interrupt::Interrupted>().is_some();
        ExitCode::from(if is_interrupt { interrupt::EXIT_CODE } else { COULD_NOT })
    })
}

/// The next step for what the operating system refused.
fn hint(error: &anyhow::Error) -> Option<&'static str> {
    let kind = error.chain().find_map(|cause| cause.downcast_ref::<io::Error>())?.kind();
    match kind {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            Some("make room there, or point TMPDIR or CARGO_TARGET_DIR to where there is some")
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            Some("make the path above writable for this user")
        }
        io::ErrorKind::InvalidFilename => Some(
            "copies lie deeper than the workspace: point TMPDIR to a shorter path, or move the workspace to one",
        ),
        _ => None,
    }
}
