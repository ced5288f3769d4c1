//! `restore`: put back the files of a backup. Needs neither cargo nor a workspace that parses.

use std::{
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, Result};
use serde_json::json;

use crate::{
    backup::{self, Action, BackupInfo, Edited, RestoreOptions, Restored, Run},
    cli::{self, Format, Global},
    commit,
    lock::WorkspaceLock,
    record::SCHEMA,
    shell::Shell,
    snapshot,
};

/// Runs the command.
///
/// # Errors
/// When there is no such backup, it is damaged, or files were edited since and `--force` is missing.
pub(crate) fn run(args: &cli::Restore, global: &Global, shell: &Shell) -> Result<ExitCode> {
    let root = root_of(&snapshot::manifest_path(global)?);
    if args.list {
        let backups = backup::list(&root)?;
        print_list(&root, &backups, global, shell)?;
        return Ok(ExitCode::SUCCESS);
    }
    let _lock = if args.dry_run { None } else { Some(WorkspaceLock::acquire(&root, "restore")?) };
    if !args.dry_run {
        let repaired = commit::recover(&root)?;
        for repair in &repaired {
            shell.warn(repair.to_string());
        }
        if !repaired.is_empty() && args.id.is_none() {
            // The user wanted the interrupted commit undone, not the one before it.
            shell.status("Finished", "the interrupted commit is undone; nothing else was restored");
            return Ok(ExitCode::SUCCESS);
        }
    }
    let options = RestoreOptions {
        run: if args.dry_run { Run::Dry } else { Run::Write },
        edited: if args.force { Edited::Replace } else { Edited::Refuse },
    };
    let restored = backup::restore(&root, args.id.as_deref(), options)?;
    say(&restored, options, shell);
    if global.format == Format::Json {
        let text = json!({ "schema": SCHEMA, "workspace": root, "restored": restored });
        print(&format!("{text:#}"))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The directory with the backups: the manifest's own, or the nearest above it that has one. The
/// manifest need not exist.
fn root_of(manifest: &Path) -> PathBuf {
    let dir = manifest.parent().unwrap_or(Path::new("/"));
    let has_backup = |dir: &&Path| {
        let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
        entries
            .into_iter()
            .any(|entry| snapshot::is_backup_name(&entry.file_name().to_string_lossy()))
    };
    dir.ancestors().find(has_backup).unwrap_or(dir).to_path_buf()
}

fn print(text: &str) -> Result<()> {
    writeln!(io::stdout().lock(), "{text}").context("failed to write to stdout")
}

fn print_list(root: &Path, backups: &[BackupInfo], global: &Global, shell: &Shell) -> Result<()> {
    if global.format == Format::Json {
        let text = json!({ "schema": SCHEMA, "workspace": root, "backups": backups });
        return print(&format!("{text:#}"));
    }
    if backups.is_empty() {
        shell.status("Finished", format!("no backups in `{}`", root.display()));
    }
    for info in backups {
        let command = info.command.as_deref().unwrap_or("unknown");
        let state = match (&info.damage, info.state) {
            (Some(damage), _) => format!("damaged: {damage}"),
            (None, Some(state)) => format!("{state:?}").to_lowercase(),
            (None, None) => "unknown".to_owned(),
        };
        print(&format!("{}  {} files  by {command}  {state}", info.id, info.files))?;
    }
    Ok(())
}

fn say(restored: &Restored, options: RestoreOptions, shell: &Shell) {
    let dry = options.run == Run::Dry;
    for file in &restored.files {
        let verb = match file.action {
            Action::Unchanged => "Unchanged",
            Action::Replaced => "Replaced",
            Action::Recreated => "Recreated",
            Action::Removed => "Removed",
        };
        let verb = if dry { "Would be".to_owned() } else { verb.to_owned() };
        let what =
            if dry { format!("{}: {}", word(file.action), file.path) } else { file.path.clone() };
        let edits = if file.edited { " (it had been edited since)" } else { "" };
        shell.status(&verb, format!("{what}{edits}"));
    }
    match (&restored.backup, dry) {
        (_, true) => {
            shell.status("Finished", format!("nothing was done; `{}` is whole", restored.id))
        }
        (Some(backup), _) => {
            shell.status(
                "Restored",
                format!("`{}`; what was replaced is in `{backup}/`", restored.id),
            );
        }
        (None, _) => {
            shell.status("Finished", format!("everything is as in `{}` already", restored.id))
        }
    }
}

fn word(action: Action) -> &'static str {
    match action {
        Action::Unchanged => "unchanged",
        Action::Replaced => "replaced",
        Action::Recreated => "recreated",
        Action::Removed => "removed",
    }
}
