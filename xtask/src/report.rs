//! `report`, and the directory of a recorded run: `<target>/xtask/runs/<YYYYmmdd-HHMMSS>/`.
//!
//! A run is recorded once, as `report.json`, with a copy in the history if it was timed; the other reports can
//! be rebuilt from either.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, Result, bail};
use chrono::SecondsFormat;
use serde_json::json;

use crate::{
    cli::{self, Format, Global},
    disk, history, output,
    record::{Quantity, Record, SCHEMA},
    render,
    shell::Shell,
    snapshot::{self, Intent, Snapshot},
    target_dir::{self, OWN},
    wording, worth,
};

mod docs;
mod list;
mod rebuild;
mod runs;

use runs::Runs;

/// The record of a run within its directory.
const RECORD: &str = "report.json";

/// Content of the tag by which tools know a directory that can be made again.
/// Source: <https://bford.info/cachedir/>, and what cargo writes.
const CACHEDIR_TAG: &str = "Signature: 8a477f597d28d172789f06886806bc55\n\
    # This file is a cache directory tag created by cargo.\n\
    # For information about cache directory tags see https://bford.info/cachedir/\n";

/// Rebuilds the reports of a run, or lists the runs.
///
/// # Errors
/// When there is no such run or its record cannot be read.
pub(crate) fn run(args: &cli::Report, global: &Global, shell: &Shell) -> Result<ExitCode> {
    if let Some(path) = args.run.as_deref().map(Path::new).filter(|path| is_file_of_record(path)) {
        return of_file(path, args, global, shell);
    }
    let manifest = snapshot::manifest_path(global)?;
    let root = snapshot::find_root(&manifest, global.offline, Intent::Look)?;
    let metadata = snapshot::metadata(&root, global.offline)?;
    let target_dir = metadata.target_directory.as_std_path();
    let runs = Runs::of(target_dir, &root)?;
    for warning in &runs.warnings {
        shell.warn(warning);
    }
    if args.list {
        print_list(&runs, &root, target_dir, global, shell)?;
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(dir) = &args.docs {
        let id = match &args.run {
            Some(_) => chosen(&runs, args.run.as_deref(), target_dir)?.to_owned(),
            None => docs::newest(&runs, &root)?,
        };
        let mut record = runs.read(&id)?;
        reckon(&mut record, &args.team);
        docs::write(&record, None, dir, shell)?;
        return printed(&record, global);
    }
    let id = chosen(&runs, args.run.as_deref(), target_dir)?;
    if let (None, later @ [_, ..]) = (&args.run, runs.interrupted_after(id).as_slice()) {
        shell.status("Note", format!("without a record, and later: {}", later.join(", ")));
    }
    let mut record = runs.read(id)?;
    let dir = runs_dir(target_dir).join(id);
    refresh(&mut record, &dir, &args.team);
    tag(target_dir)?;
    write_reports(&record, &dir)?;
    let page = dir.join("report.html");
    shell.status("Reported", format!("`{}`", page.display()));
    match global.format {
        Format::Json => output::json(&record)?,
        Format::Human => {
            // Of such a run the notes say more than the figures.
            for note in record.notes.iter().filter(|_| record.interrupted) {
                shell.status("Note", note);
            }
            let worth = record.return_on_investment.as_ref().map(worth::sentences);
            let worth = worth.unwrap_or_default().join("\n");
            let (table, slow) = (render::table::human(&record), render::slow::human(&record));
            output::text(&format!("{table}{slow}\n{worth}"))?;
        }
    }
    if args.open
        && let Err(error) = open::that_detached(&page)
    {
        shell.warn(format!("`{}` could not be opened: {error}", page.display()));
    }
    Ok(ExitCode::SUCCESS)
}

/// Whether what was asked for is a file, and no run by its name.
fn is_file_of_record(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "json")
}

/// Reports on a record that lies anywhere: prints it, or makes the documents of it. Needs neither cargo nor a workspace.
fn of_file(path: &Path, args: &cli::Report, global: &Global, shell: &Shell) -> Result<ExitCode> {
    if args.open {
        bail!("a record alone has no page to open\nhint: name a run, as `--list` shows them");
    }
    let mut record = read_file(path)?;
    reckon(&mut record, &args.team);
    match &args.docs {
        Some(dir) => {
            docs::write(&record, Some(path), dir, shell)?;
            printed(&record, global)
        }
        None => {
            if global.format == Format::Human {
                output::text(&render::table::human(&record))?;
            }
            printed(&record, global)
        }
    }
}

/// The record, where JSON was asked for.
fn printed(record: &Record, global: &Global) -> Result<ExitCode> {
    if global.format == Format::Json {
        output::json(record)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The id of the run that was asked for.
fn chosen<'a>(runs: &'a Runs, asked: Option<&str>, target_dir: &Path) -> Result<&'a str> {
    const NAMED: usize = 10;
    let Some(asked) = asked else {
        return runs.newest().with_context(|| {
            format!(
                "`{}` holds no recorded run, nor does the history\n\
                 hint: `cargo xtask optimize` records one",
                runs_dir(target_dir).display()
            )
        });
    };
    let ids = runs.ids();
    if let Some(id) = ids.get(asked) {
        return Ok(id);
    }
    let newest: Vec<&str> = ids.iter().rev().take(NAMED).copied().collect();
    let hint = match (newest.as_slice(), ids.len().saturating_sub(NAMED)) {
        ([], _) => format!("`{} optimize` records one", cli::called()),
        (some, 0) => format!("there are {}", some.join(", ")),
        (some, more) => format!("there are {} and {more} older", some.join(", ")),
    };
    let near = wording::nearest(asked, ids.iter().copied());
    let meant = near.map_or(String::new(), |near| format!("did you mean `{near}`? "));
    bail!("no run `{asked}` is recorded for `{}`\nhint: {meant}{hint}", target_dir.display())
}

/// Brings what depends on the flags, or on what was deleted since, up to date.
fn refresh(record: &mut Record, dir: &Path, flags: &cli::TeamFlags) {
    record.report = Some(dir.display().to_string());
    let before = record.kept.len();
    record.kept.retain(|kept| Path::new(&kept.path).exists());
    let gone = before - record.kept.len();
    if gone > 0 {
        let files = wording::count(gone, "kept file");
        let note = format!("no longer where the run left them: {files} (logs, timing reports)");
        record.notes.push(note);
    }
    reckon(record, flags);
}

/// Reckons the return again, for the team that the flags describe.
fn reckon(record: &mut Record, flags: &cli::TeamFlags) {
    // Only `optimize` leaves something behind that goes on paying, and only at its end.
    let pays = record.command == "optimize" && !record.interrupted;
    if pays || record.return_on_investment.is_some() {
        let team = match &record.return_on_investment {
            Some(recorded) => worth::adjusted(recorded.team, flags),
            None => worth::team(flags),
        };
        record.return_on_investment = worth::of(&record.measurements, record.spent, team);
    }
}

fn print_list(
    runs: &Runs,
    root: &Path,
    target_dir: &Path,
    global: &Global,
    shell: &Shell,
) -> Result<()> {
    let mut rows = Vec::new();
    for id in runs.ids().into_iter().rev() {
        match runs.read(id) {
            Ok(record) => rows.push(list::Row::of(id, &record)),
            Err(error) => shell.warn(format!("skipped a run: {error:#}")),
        }
    }
    if global.format == Format::Json {
        return output::json(&json!({ "schema": SCHEMA, "workspace": root, "runs": rows }));
    }
    if rows.is_empty() {
        let target_dir = target_dir.display();
        shell.status("Finished", format!("no run is recorded for `{target_dir}`"));
        return Ok(());
    }
    output::text(&list::table(&rows, &root.display().to_string()))
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
    tag(target_dir)?;
    let runs = runs_dir(target_dir);
    target_dir::own(target_dir)?;
    fs::create_dir_all(&runs).with_context(|| format!("failed to create `{}`", runs.display()))?;
    let stamp = chrono::Local::now().format("%Y%m%d-%H%M%S").to_string();
    for n in 1_u32.. {
        let name = if n == 1 { stamp.clone() } else { format!("{stamp}-{n}") };
        let dir = runs.join(name);
        match fs::create_dir(&dir) {
            Ok(()) => return Ok(dir),
            // Another run began in the same second.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => {
                return Err(error).with_context(|| format!("failed to create `{}`", dir.display()));
            }
        }
    }
    bail!("`{}` holds too many runs of one second", runs.display())
}

/// Makes the target directory if it is not there. Cargo tags it only when it makes it itself.
fn tag(target_dir: &Path) -> Result<()> {
    if target_dir.exists() {
        return Ok(());
    }
    disk::write(&target_dir.join("CACHEDIR.TAG"), CACHEDIR_TAG.as_bytes())
}

/// The record of a run that has just begun.
pub(crate) fn new_record(command: &str, global: &Global, snapshot: &Snapshot) -> Record {
    Record {
        schema: SCHEMA,
        command: command.to_owned(),
        arguments: global.given.clone(),
        workspace: snapshot.root.display().to_string(),
        started: chrono::Local::now().to_rfc3339_opts(SecondsFormat::Secs, false),
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        machine: snapshot.machine.clone(),
        configuration: snapshot.configuration(&BTreeMap::new()),
        git_head: snapshot.git_head.clone(),
        notes: snapshot.remarks(),
        ..Record::default()
    }
}

/// Writes the record of a run and everything rendered from it, and a copy of the record to the history if
/// builds were timed.
///
/// # Errors
/// When a file cannot be written.
pub(crate) fn write(record: &Record, dir: &Path, shell: &Shell) -> Result<()> {
    write_reports(record, dir)?;
    let is_timed = record.measurements.iter().any(|row| row.unit == Quantity::Seconds);
    if let (true, Some(target_dir), Some(id)) =
        (is_timed, dir.ancestors().nth(3), dir.file_name().and_then(|name| name.to_str()))
        && let Err(error) = history::store(record, target_dir, id)
    {
        // The record itself is written: a missing copy must not make a failure of a run that was none.
        shell.warn(format!("the history has no copy of this run: {error:#}"));
    }
    Ok(())
}

/// Writes the record of a run and everything rendered from it to its directory.
fn write_reports(record: &Record, dir: &Path) -> Result<()> {
    let json = serde_json::to_vec_pretty(record).context("failed to write JSON")?;
    disk::replace(&dir.join(RECORD), &json)?;
    disk::replace(&dir.join("report.md"), render::markdown::report(record).as_bytes())?;
    disk::replace(&dir.join("report.html"), render::html::report(record).as_bytes())?;
    if !record.diff.is_empty() {
        disk::replace(&dir.join("changes.diff"), record.diff.as_bytes())?;
    }
    Ok(())
}

/// Reads the record of a run from its directory.
///
/// # Errors
/// When it is not there or of another schema.
pub(crate) fn read(dir: &Path) -> Result<Record> {
    read_file(&dir.join(RECORD))
}

fn read_file(path: &Path) -> Result<Record> {
    let bytes = fs::read(path).with_context(|| format!("failed to read `{}`", path.display()))?;
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

/// The newest record that is wanted, of all that lie below the target directory or in the history, and a
/// sentence for each newer one that could not be read. What was put together from samples is no record here.
///
/// # Errors
/// When a directory with records cannot be read.
pub(crate) fn newest(
    target_dir: &Path,
    wanted: impl Fn(&Record) -> bool,
) -> Result<(Option<Record>, Vec<String>)> {
    let mut warnings = Vec::new();
    for path in runs::recorded(target_dir)?.values().rev().filter_map(|paths| paths.first()) {
        match read_file(path) {
            Ok(record) if !record.interrupted && wanted(&record) => {
                return Ok((Some(record), warnings));
            }
            Ok(_) => {}
            Err(error) => warnings.push(format!("skipped an earlier run: {error:#}")),
        }
    }
    Ok((None, warnings))
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
