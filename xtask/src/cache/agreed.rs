//! From a planned change of the configuration to its commit: diff, question, backup.
//!
//! Invariant: without `--yes` and without a terminal nothing is written.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use anyhow::{Result, bail, ensure};
use toml_edit::{DocumentMut, Item};

use crate::{
    cli::Global,
    commit::{self, FileChange, Origin, Recovered},
    disk, interrupt,
    lock::WorkspaceLock,
    plan::{self, Change},
    sccache::{self, HIDDEN, SECRETS},
    shell::Shell,
    snapshot::{self, CONFIG, Intent, Snapshot},
    text,
};

/// How a change may be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Consent {
    Given,
    ToBeAsked,
    /// Nothing is to be written.
    DryRun,
}

impl Consent {
    /// From the flags.
    pub(super) fn of(yes: bool, dry_run: bool) -> Self {
        match (yes, dry_run) {
            (_, true) => Self::DryRun,
            (true, false) => Self::Given,
            (false, false) => Self::ToBeAsked,
        }
    }
}

/// A workspace that is held, unless nothing is to be written, and what is in it.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) snapshot: Snapshot,
    _lock: Option<WorkspaceLock>,
}

impl Held {
    /// Undoes what an interrupted commit left, and reads the workspace. Runs nothing that lies in it.
    ///
    /// # Errors
    /// When the workspace cannot be read or is held by another run.
    pub(super) fn read(
        command: &str,
        consent: Consent,
        global: &Global,
        shell: &Shell,
    ) -> Result<Self> {
        let manifest = snapshot::manifest_path(global)?;
        let directory = manifest.parent().unwrap_or(&manifest);
        let only_looks = consent == Consent::DryRun;
        if only_looks {
            commit::refuse_interrupted(directory)?;
        } else if let Some(root) = commit::interrupted_above(directory) {
            let _lock = WorkspaceLock::acquire(&root, command)?;
            recover(&root, shell)?;
        }
        let root = snapshot::find_root(&manifest, global.offline, Intent::Look)?;
        let lock = if only_looks { None } else { Some(WorkspaceLock::acquire(&root, command)?) };
        if !only_looks {
            recover(&root, shell)?;
        }
        let snapshot = Snapshot::read(&root, global.offline, &[])?;
        Ok(Self { snapshot, _lock: lock })
    }
}

fn recover(root: &Path, shell: &Shell) -> Result<()> {
    for found in commit::recover(root)? {
        shell.warn(found.to_string());
        if let Recovered::Unreadable { id, .. } = found {
            bail!(
                "whether the run of `{}` finished cannot be told: its manifest is damaged; nothing was changed\n\
                 hint: look at its `files/`, the old ones, and move the directory away",
                root.join(id).display()
            );
        }
    }
    Ok(())
}

/// What a change makes of the files; none where it changes nothing.
#[derive(Debug)]
pub(super) struct Planned {
    files: Vec<FileChange>,
    /// To be shown: without the credentials that the file may hold.
    pub(super) diff: String,
}

/// A diff of a configuration without the values of variables for credentials, and without users and passwords in those
/// of sccache's.
fn without_secrets(diff: &str, before: Option<&DocumentMut>) -> String {
    let env = before.and_then(|document| document.get("env")).and_then(Item::as_table_like);
    let entries = env.into_iter().flat_map(|table| table.iter());
    let secrets = entries.filter_map(|(name, item)| {
        let value = item.as_value().or_else(|| item.get("value")?.as_value())?;
        let written = value.clone().decorated("", "").to_string();
        // An empty one hides nothing, and stands in other places, too.
        (SECRETS.contains(&name) && written.len() > 2).then_some(written)
    });
    let hidden = secrets
        .fold(diff.to_owned(), |diff, secret| diff.replace(&secret, &format!("\"{HIDDEN}\"")));
    let lines = hidden.split_inclusive('\n').map(|line| match line.contains("SCCACHE_") {
        true => sccache::without_credentials(line),
        false => line.to_owned(),
    });
    lines.collect()
}

impl Planned {
    /// # Errors
    /// As [`plan::materialise`].
    pub(super) fn of(snapshot: &Snapshot, change: &Change) -> Result<Self> {
        let made: BTreeMap<PathBuf, Vec<u8>> = plan::materialise(snapshot, &[change])?;
        let files = made.into_iter().map(|(path, bytes)| {
            // A configuration that says nothing any more need not lie there.
            let is_empty = path == Path::new(CONFIG) && bytes.iter().all(u8::is_ascii_whitespace);
            let before = snapshot.files.get(&path).cloned().flatten();
            FileChange { path, before, after: (!is_empty).then_some(bytes) }
        });
        let files: Vec<FileChange> = files.filter(|file| file.before != file.after).collect();
        let diff = files.iter().map(|file| {
            text::unified_diff(
                &file.path.to_string_lossy(),
                file.before.as_deref(),
                file.after.as_deref(),
            )
        });
        let diff =
            without_secrets(&diff.collect::<String>(), snapshot.documents.get(Path::new(CONFIG)));
        Ok(Self { diff, files })
    }

    /// Whether there is nothing to do.
    pub(super) fn is_idle(&self) -> bool {
        self.files.is_empty()
    }

    /// Asks if it must, and commits. The id of the backup, unless nothing was agreed to.
    ///
    /// # Errors
    /// When there is nobody to ask, or the commit is refused; nothing is changed then.
    pub(super) fn commit(
        &self,
        snapshot: &Snapshot,
        command: &str,
        consent: Consent,
        shell: &Shell,
    ) -> Result<Option<String>> {
        match consent {
            Consent::DryRun => return Ok(None),
            Consent::Given => {}
            Consent::ToBeAsked if shell.can_ask() => {
                let asked = shell.clone();
                let answer = interrupt::at_question(move || asked.confirm("Commit this change?"));
                if !answer? {
                    shell.status("Finished", "nothing was changed");
                    return Ok(None);
                }
            }
            Consent::ToBeAsked => bail!(
                "there is no terminal to ask on, so nothing was changed\n\
                 hint: run again with `--yes` to agree, or with `--dry-run` to look only"
            ),
        }
        for file in &self.files {
            let path = snapshot.root.join(&file.path);
            ensure!(
                disk::read_optional(&path)? == file.before,
                "`{}` was edited meanwhile; nothing was written\nhint: run again",
                path.display()
            );
        }
        let origin = Origin {
            tool_version: env!("CARGO_PKG_VERSION").to_owned(),
            git_head: snapshot.git_head.clone(),
            command: command.to_owned(),
        };
        let backup = commit::commit(&snapshot.root, &self.files, &origin)?;
        shell.status("Committed", format!("`{CONFIG}`; the old bytes are in `{backup}/`"));
        shell.status("Undo", format!("`cargo xtask restore {backup}` puts everything back"));
        Ok(Some(backup))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diff_shows_no_credential_that_stands_beside_what_changes() {
        let text = "[env]\nSCCACHE_REDIS_ENDPOINT = \"redis://u:hunter2@h\"\nMINE = \"https://me@h\"\n\
                    AWS_SECRET_ACCESS_KEY = 'hunter2' # why\n\
                    SCCACHE_WEBDAV_TOKEN = { value = \"a\\\"hunter2\", force = true }\n";
        let after = text.replace("redis://u:hunter2@h", "redis://h:1");
        let diff = text::unified_diff("c", Some(text.as_bytes()), Some(after.as_bytes()));
        assert!(diff.contains("hunter2"));
        let shown = without_secrets(&diff, Some(&text.parse().unwrap()));
        assert!(!shown.contains("hunter2"), "{shown}");
        for kept in ["-SCCACHE_REDIS_ENDPOINT = \"redis://h\"", " MINE = \"https://me@h\"", "# why"]
        {
            assert!(shown.contains(kept), "`{kept}` in {shown}");
        }
    }
}
