//! Reading a history: samples in the order they were written, records by name.
//!
//! What cannot be read is named and passed over; nothing is repaired or deleted here.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use serde::Deserialize;

use super::{Entry, RUNS, SAMPLES, SCHEMA, place};

/// Every sample, and a sentence for each line that cannot be read. A last line that was torn by the end
/// of its writer is passed over without one.
///
/// # Errors
/// When a file of samples is there and cannot be read.
pub(crate) fn entries(target_dir: &Path) -> Result<(Vec<Entry>, Vec<String>)> {
    let (mut entries, mut warnings) = (Vec::new(), Vec::new());
    for path in place::places(target_dir).iter().map(|dir| dir.join(SAMPLES)) {
        if !path.is_file() {
            continue;
        }
        let bytes =
            fs::read(&path).with_context(|| format!("failed to read `{}`", path.display()))?;
        for (number, line) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
            let is_torn = !line.ends_with(b"\n");
            if line.trim_ascii().is_empty() {
                continue;
            }
            match parse(line) {
                Ok(entry) => entries.push(entry),
                Err(_) if is_torn => {}
                Err(why) => {
                    let (path, line) = (path.display(), number + 1);
                    warnings.push(format!("skipped line {line} of `{path}`: {why}"));
                }
            }
        }
    }
    Ok((entries, warnings))
}

fn parse(line: &[u8]) -> Result<Entry, String> {
    #[derive(Deserialize)]
    struct Head {
        schema: u32,
    }
    let refused = |error: serde_json::Error| format!("it is no sample: {error}");
    let head: Head = serde_json::from_slice(line).map_err(refused)?;
    if head.schema != SCHEMA {
        return Err(format!("it has schema {}; this version reads {SCHEMA}", head.schema));
    }
    serde_json::from_slice(line).map_err(refused)
}

/// The files with the records of runs, by name of the run, so that the oldest comes first.
///
/// # Errors
/// When a directory of records is there and cannot be read.
pub(crate) fn records(target_dir: &Path) -> Result<BTreeMap<String, PathBuf>> {
    let mut found = BTreeMap::new();
    for runs in place::places(target_dir).iter().map(|dir| dir.join(RUNS)) {
        if !runs.is_dir() {
            continue;
        }
        let context = || format!("failed to read directory `{}`", runs.display());
        for entry in fs::read_dir(&runs).with_context(context)? {
            let path = entry.with_context(context)?.path();
            let run = path.file_stem().and_then(|stem| stem.to_str()).map(str::to_owned);
            if let (Some(run), true) = (run, path.extension().is_some_and(|it| it == "json")) {
                found.entry(run).or_insert(path);
            }
        }
    }
    Ok(found)
}
