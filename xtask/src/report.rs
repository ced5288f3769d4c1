//! `report`, and the directory of a recorded run: `<target>/xtask/runs/<YYYYmmdd-HHMMSS>/`.
//!
//! A run is recorded once, as `report.json`; the other reports can be rebuilt from it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, Result, bail};
use chrono::SecondsFormat;

use crate::{
    cargo::Cargo,
    cli::{self, Format, Global},
    disk, output,
    record::{Record, SCHEMA},
    render,
    shell::Shell,
    snapshot::{self, Snapshot},
    target_dir::OWN,
};

/// The record of a run within its directory.
const RECORD: &str = "report.json";

/// Content of the tag by which tools know a directory that can be made again.
/// Source: <https://bford.info/cachedir/>, and what cargo writes.
const CACHEDIR_TAG: &str = "Signature: 8a477f597d28d172789f06886806bc55\n\
    # This file is a cache directory tag created by cargo.\n\
    # For information about cache directory tags see https://bford.info/cachedir/\n";

/// Rebuilds the reports of a run.
///
/// # Errors
/// When there is no such run or its record cannot be read.
pub(crate) fn run(args: &cli::Report, global: &Global, shell: &Shell) -> Result<ExitCode> {
    let manifest = snapshot::manifest_path(global)?;
    let root = snapshot::find_root(&manifest, global.offline)?;
    let metadata = Cargo::new(&root, global.offline).metadata()?;
    let runs = runs_dir(metadata.target_directory.as_std_path());
    let dir = match &args.run {
        Some(name) => runs.join(name),
        None => newest(&runs)?.with_context(|| {
            format!(
                "`{}` holds no recorded run\nhint: `cargo xtask optimize` records one",
                runs.display()
            )
        })?,
    };
    let record = read(&dir)?;
    write(&record, &dir)?;
    shell.status("Reported", format!("`{}`", dir.join("report.html").display()));
    match global.format {
        Format::Json => output::json(&record)?,
        Format::Human => output::text(&render::table::human(&record))?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Where the runs of a workspace are kept.
pub(crate) fn runs_dir(target_dir: &Path) -> PathBuf {
    target_dir.join(OWN).join("runs")
}

/// Makes the directory for a new run.
///
/// # Errors
/// When it cannot be made.
pub(crate) fn new_run_dir(target_dir: &Path) -> Result<PathBuf> {
    let tag = target_dir.join("CACHEDIR.TAG");
    if !target_dir.exists() {
        // Cargo tags the directory only when it makes it itself.
        disk::write(&tag, CACHEDIR_TAG.as_bytes())?;
    }
    let runs = runs_dir(target_dir);
    let stamp = chrono::Local::now().format("%Y%m%d-%H%M%S").to_string();
    let names = (1..).map(|n| if n == 1 { stamp.clone() } else { format!("{stamp}-{n}") });
    let dir = names.map(|name| runs.join(name)).find(|dir| !dir.exists()).unwrap_or(runs);
    fs::create_dir_all(&dir).with_context(|| format!("failed to create `{}`", dir.display()))?;
    Ok(dir)
}

/// Hash of what decides a build besides sources and toolchain, with `files` in place of the snapshot's.
pub(crate) fn configuration(snapshot: &Snapshot, files: &BTreeMap<PathBuf, Vec<u8>>) -> String {
    let mut hash = hmac_sha256::Hash::new();
    let paths: BTreeSet<&PathBuf> = snapshot.files.keys().chain(files.keys()).collect();
    for path in paths.into_iter().filter(|path| !path.ends_with(snapshot::IGNORE_FILE)) {
        let bytes = files.get(path).or_else(|| snapshot.files.get(path).and_then(Option::as_ref));
        if let Some(bytes) = bytes {
            hash.update(path.to_string_lossy().as_bytes());
            hash.update([0]);
            hash.update(bytes.len().to_le_bytes());
            hash.update(bytes);
        }
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The record of a run that has just begun.
pub(crate) fn new_record(command: &str, snapshot: &Snapshot) -> Record {
    Record {
        schema: SCHEMA,
        command: command.to_owned(),
        workspace: snapshot.root.display().to_string(),
        started: chrono::Local::now().to_rfc3339_opts(SecondsFormat::Secs, false),
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        machine: snapshot.machine.clone(),
        configuration: configuration(snapshot, &BTreeMap::new()),
        git_head: snapshot.git_head.clone(),
        changes: Vec::new(),
        baseline: None,
        candidate: None,
        measurements: Vec::new(),
        timelines: Vec::new(),
        duplicates: Vec::new(),
        disk: Vec::new(),
        tuning: Vec::new(),
        return_on_investment: None,
        spent: None,
        checks: Vec::new(),
        backup: None,
        report: None,
        kept: Vec::new(),
        diff: String::new(),
        notes: Vec::new(),
    }
}

/// Writes the record of a run and everything rendered from it.
///
/// # Errors
/// When a file cannot be written.
pub(crate) fn write(record: &Record, dir: &Path) -> Result<()> {
    let json = serde_json::to_vec_pretty(record).context("failed to write JSON")?;
    // In one step: a record that is there is whole.
    let partial = dir.join("report.json.tmp");
    disk::write(&partial, &json)?;
    fs::rename(&partial, dir.join(RECORD))
        .with_context(|| format!("failed to rename `{}`", partial.display()))?;
    disk::write(&dir.join("report.md"), render::markdown::report(record).as_bytes())?;
    disk::write(&dir.join("report.html"), render::html::report(record).as_bytes())?;
    if !record.diff.is_empty() {
        disk::write(&dir.join("changes.diff"), record.diff.as_bytes())?;
    }
    Ok(())
}

/// Reads the record of a run.
///
/// # Errors
/// When it is not there or of another schema.
pub(crate) fn read(dir: &Path) -> Result<Record> {
    let path = dir.join(RECORD);
    let bytes = fs::read(&path).with_context(|| format!("failed to read `{}`", path.display()))?;
    let record: Record = serde_json::from_slice(&bytes).with_context(|| {
        format!("`{}` is no record of a run; name another, or delete this one", path.display())
    })?;
    if record.schema != SCHEMA {
        bail!(
            "`{}` has schema {}; this version reads {SCHEMA}\nhint: name another run, or delete this one",
            path.display(),
            record.schema
        );
    }
    Ok(record)
}

/// The newest run directory.
fn newest(runs: &Path) -> Result<Option<PathBuf>> {
    Ok(all(runs)?.pop())
}

/// Every run directory with a record, oldest first.
///
/// # Errors
/// When the directory of the runs cannot be read.
pub(crate) fn all(runs: &Path) -> Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(runs) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => {
            return Err(error).with_context(|| format!("failed to read `{}`", runs.display()));
        }
    };
    let mut dirs = Vec::new();
    for entry in entries {
        let path = entry.with_context(|| format!("failed to read `{}`", runs.display()))?.path();
        if path.join(RECORD).is_file() {
            dirs.push(path);
        }
    }
    dirs.sort();
    Ok(dirs)
}
