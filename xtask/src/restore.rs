//! `restore`: put back the files of a backup. Needs neither cargo nor a workspace that parses.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Result;
use serde_json::json;

use crate::{
    backup::{self, Action, BackupInfo, Edited, RestoreOptions, Restored, Run},
    cli::{self, Format, Global},
    commit::{self, Recovered},
    interrupt,
    lock::WorkspaceLock,
    output,
    record::SCHEMA,
    shell::Shell,
    snapshot::{self, Intent},
};

/// Runs the command.
///
/// # Errors
/// When there is no such backup, it is damaged, or files were edited since and `--force` is missing.
pub(crate) fn run(args: &cli::Restore, global: &Global, shell: &Shell) -> Result<ExitCode> {
    let root = root_of(&snapshot::manifest_path(global)?, global.offline);
    // Looking for the root goes on without cargo when that says nothing.
    interrupt::check()?;
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
        let undone = repaired.iter().find_map(|repair| match repair {
            // Had that been a restore, the user has just asked for it again.
            Recovered::RolledBack { id, restores: None, .. } => Some(id),
            _ => None,
        });
        if let (Some(id), None) = (undone, &args.id) {
            // The user wanted the interrupted commit undone, not the one before it.
            shell.status("Restored", format!("`{id}`, which had been interrupted"));
            if global.format == Format::Json {
                output::json(
                    &json!({ "schema": SCHEMA, "workspace": root.display().to_string(), "recovered": id }),
                )?;
            }
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
        output::json(
            &json!({ "schema": SCHEMA, "workspace": root.display().to_string(), "restored": restored }),
        )?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The directory with the backups: the manifest's own if it has some, else the workspace root as cargo
/// finds it; where cargo finds none, the nearest directory above with a backup of this tool. No manifest
/// need exist, let alone parse.
fn root_of(manifest: &Path, offline: bool) -> PathBuf {
    let dir = manifest.parent().unwrap_or(Path::new("/")).to_path_buf();
    if snapshot::has_backups(&dir) {
        return dir;
    }
    snapshot::find_root(manifest, offline, Intent::Look).unwrap_or_else(|_| {
        dir.ancestors().find(|dir| snapshot::has_backups(dir)).unwrap_or(&dir).to_path_buf()
    })
}

fn print_list(root: &Path, backups: &[BackupInfo], global: &Global, shell: &Shell) -> Result<()> {
    if global.format == Format::Json {
        return output::json(
            &json!({ "schema": SCHEMA, "workspace": root.display().to_string(), "backups": backups }),
        );
    }
    if backups.is_empty() {
        shell.status("Finished", format!("no backups in `{}`", root.display()));
    }
    for info in backups {
        let command = info.command.as_deref().unwrap_or("unknown");
        let state = match (&info.damage, info.state) {
            (Some(damage), _) => format!("damaged: {damage}"),
            (None, Some(state)) => json!(state).as_str().unwrap_or_default().to_owned(),
            (None, None) => "unknown".to_owned(),
        };
        output::text(&format!("{}  {} files  by {command}  {state}", info.id, info.files))?;
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
