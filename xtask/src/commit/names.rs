//! Names of backup directories.
//!
//! Invariant: a name is a backup's only if this tool would spell it so, byte for byte.

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use chrono::NaiveDateTime;

use crate::files::{FileSystem, Kind, named::kind};

/// Ends the name of a backup that is being built. Matches the `backup-*/` of ignore files.
pub(super) const PARTIAL: &str = ".tmp";

/// Format of the time in the name of a backup, kept from the shell script this tool replaces.
const STAMP: &str = "%Y%m%d-%H%M%S";

/// Names of the backups in a root, and of those that were still being built when a run died.
///
/// # Errors
/// When the directory cannot be read.
pub(crate) fn ids(fs: &impl FileSystem, root: &Path) -> Result<(Vec<String>, Vec<String>)> {
    let names = fs
        .names(root)
        .with_context(|| format!("failed to read the directory `{}`", root.display()))?;
    let mut names: Vec<_> = names.into_iter().filter_map(|name| name.into_string().ok()).collect();
    names.sort();
    let (partial, rest): (Vec<_>, Vec<_>) = names.into_iter().partition(|name| is_partial(name));
    Ok((rest.into_iter().filter(|name| stamp(name).is_some()).collect(), partial))
}

/// Whether a backup, finished or not, may have this name.
pub(super) fn is_backup_name(name: &str) -> bool {
    is_partial(name) || stamp(name).is_some()
}

fn is_partial(name: &str) -> bool {
    name.strip_suffix(PARTIAL).is_some_and(|id| stamp(id).is_some())
}

/// The local time in the name of a backup and its number within that second.
pub(crate) fn stamp(id: &str) -> Option<(NaiveDateTime, u32)> {
    let (time, number) = id.strip_prefix("backup-")?.split_at_checked(15)?;
    let parsed = NaiveDateTime::parse_from_str(time, STAMP).ok()?;
    let number = match number.strip_prefix('-') {
        None if number.is_empty() => 1,
        None => return None,
        Some(digits) => digits.parse().ok()?,
    };
    // Only the one spelling that this tool writes.
    (name(parsed, number) == id && number > 0).then_some((parsed, number))
}

fn name(time: NaiveDateTime, number: u32) -> String {
    match number {
        1 => format!("backup-{}", time.format(STAMP)),
        _ => format!("backup-{}-{number}", time.format(STAMP)),
    }
}

/// A name that neither a backup nor a partial one has.
pub(super) fn free_id(fs: &impl FileSystem, root: &Path, now: NaiveDateTime) -> Result<String> {
    for number in 1..=u32::MAX {
        let id = name(now, number);
        let partial = root.join(format!("{id}{PARTIAL}"));
        if kind(fs, &root.join(&id))? == Kind::Absent && kind(fs, &partial)? == Kind::Absent {
            return Ok(id);
        }
    }
    bail!("no name is left for a backup in `{}`", root.display())
}
