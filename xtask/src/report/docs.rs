//! `report --docs`: the documents about a run, and the record that they are made from, in a directory of a repository.
//!
//! A file that was not generated is never overwritten; everything that speaks against writing is said before the first
//! write.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};

use super::{read_file, runs::Runs};
use crate::{
    disk,
    record::Record,
    render::docs::{self, Document, Expectations, MARKER, Surroundings},
    shell::Shell,
    wording,
};

const README: &str = "README.md";

/// The newest run that documents can be made from: one that changed the workspace and timed builds.
///
/// # Errors
/// When there is none.
pub(super) fn newest(runs: &Runs, root: &Path) -> Result<String> {
    let root = root.display().to_string();
    let is_fit = |id: &&str| {
        runs.read(id).is_ok_and(|record| {
            let is_timed = !record.measurements.is_empty() && !record.interrupted;
            is_timed && record.command == "optimize" && record.workspace == root
        })
    };
    let id = runs.ids().into_iter().rev().find(is_fit).map(str::to_owned);
    id.context(
        "no run of `optimize` with measurements is recorded for this workspace\n\
         hint: `cargo xtask optimize` records one",
    )
}

/// Writes the documents and a copy of the record without the paths of this machine. `source` is the file that the
/// record was read from, if it was one: it is not rewritten.
///
/// # Errors
/// When the record is none of `optimize`, when a file of that name was not generated, or when one cannot be read or
/// written.
pub(super) fn write(
    record: &Record,
    source: Option<&Path>,
    dir: &Path,
    shell: &Shell,
) -> Result<()> {
    if record.command != "optimize" {
        bail!(
            "documents are made from a run of `optimize`, and this is one of `{}`\n\
             hint: `cargo xtask report --list` shows the runs",
            record.command
        );
    }
    let portable = docs::portable(record)?;
    let text = docs::record_text(&portable)?;
    // What is written is what a later run reads.
    let record: Record = serde_json::from_str(&text).context("failed to read the record again")?;
    let around = surroundings(&record, dir)?;
    let documents = docs::documents(&record, &around);
    let record_path = dir.join(docs::record_path(&record));
    let is_source = source.is_some_and(|source| is_same(source, &record_path));
    refuse(&documents, dir)?;
    if !is_source && record_path.exists() {
        read_file(&record_path)?;
    }
    for document in &documents {
        disk::replace(&dir.join(&document.path), document.text.as_bytes())?;
    }
    if !is_source {
        disk::replace(&record_path, text.as_bytes())?;
    }
    let pictures = documents.iter().filter(|document| document.path.ends_with(".svg")).count();
    shell.status(
        "Documented",
        format!(
            "`{}`: {}, {}, and the record",
            dir.join(&around.index).display(),
            wording::count(documents.len() - pictures, "page"),
            wording::count(pictures, "picture"),
        ),
    );
    Ok(())
}

fn is_same(a: &Path, b: &Path) -> bool {
    matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}

/// Reads what lies in the directory already.
fn surroundings(record: &Record, dir: &Path) -> Result<Surroundings> {
    let readme = disk::read_optional(&dir.join(README))?;
    let index = match readme {
        Some(bytes) if !is_generated(&bytes) => docs::other_index(record),
        _ => README.to_owned(),
    };
    let path = dir.join(docs::expectations_path(record));
    let expectations: Option<Expectations> = match disk::read_optional(&path)? {
        None => None,
        Some(bytes) => Some(
            serde_json::from_slice(&bytes)
                .with_context(|| format!("`{}` does not say what was expected", path.display()))?,
        ),
    };
    Ok(Surroundings { index, expectations, pages: pages(dir)? })
}

/// The Markdown files that somebody wrote, with their first heading, by name.
fn pages(dir: &Path) -> Result<Vec<(String, String)>> {
    let context = || format!("failed to read `{}`", dir.display());
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error).with_context(context),
    };
    let mut paths: Vec<PathBuf> = Vec::new();
    for entry in entries {
        paths.push(entry.with_context(context)?.path());
    }
    paths.sort();
    let mut pages = Vec::new();
    for path in paths.iter().filter(|path| path.extension().is_some_and(|it| it == "md")) {
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        // What is no regular file is no page.
        if !path.is_file() {
            continue;
        }
        let bytes = disk::read_optional(path)?.unwrap_or_default();
        if !is_generated(&bytes) {
            let text = String::from_utf8_lossy(&bytes);
            let heading = text.lines().find_map(|line| line.strip_prefix("# "));
            pages.push((name.to_owned(), heading.unwrap_or(name).trim().to_owned()));
        }
    }
    Ok(pages)
}

fn is_generated(bytes: &[u8]) -> bool {
    bytes.starts_with(MARKER.as_bytes())
}

/// Speaks up if a file was written by somebody.
fn refuse(documents: &[Document], dir: &Path) -> Result<()> {
    let mut own = Vec::new();
    for document in documents {
        let path = dir.join(&document.path);
        if disk::read_optional(&path)?.is_some_and(|bytes| !is_generated(&bytes)) {
            own.push(format!("`{}`", path.display()));
        }
    }
    if own.is_empty() {
        return Ok(());
    }
    bail!(
        "not generated, so not overwritten: {}\nhint: move them away, or name another directory with `--docs=DIR`",
        own.join(", ")
    )
}
