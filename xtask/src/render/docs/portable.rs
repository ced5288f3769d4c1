//! A record that can be published: nothing in it says where on a machine the run was.
//!
//! Pure. The workspace becomes its name, what lies in it a relative path, and of other absolute paths only the last
//! two components are left. Manifests and diffs stay as they are: a path in them is the workspace's own text.

use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::{record::Record, render::workspace_name};

/// Fields that hold text of the workspace's own files.
const VERBATIM: [&str; 2] = ["diff", "files"];

/// What ends a path in prose, and what may stand in front of one.
const AROUND: &str = "\"'`()<>,;=";

/// The same record without absolute paths.
///
/// # Errors
/// When the record cannot be written as JSON: a defect.
pub(crate) fn portable(record: &Record) -> Result<Record> {
    let name = workspace_name(record).to_owned();
    let root = record.workspace.trim_end_matches(['/', '\\']).to_owned();
    let mut json = serde_json::to_value(record).context("failed to write the record as JSON")?;
    if let Value::Object(fields) = &mut json {
        for (key, value) in fields.iter_mut() {
            if !VERBATIM.contains(&key.as_str()) {
                strip(value, &root, &name);
            }
        }
    }
    serde_json::from_value(json).context("failed to read the record without its paths")
}

/// The text of a record for a repository: an object a line of each list, so that two runs can be compared.
///
/// # Errors
/// When the record cannot be written as JSON: a defect.
pub(crate) fn text(record: &Record) -> Result<String> {
    let json = serde_json::to_value(record).context("failed to write the record as JSON")?;
    let Value::Object(fields) = json else {
        return Ok(json.to_string());
    };
    let lines: Vec<String> = fields
        .iter()
        .map(|(key, value)| match value.as_array().map(Vec::as_slice) {
            Some([]) | None => format!("\"{key}\": {value}"),
            Some(items) => {
                let items: Vec<String> = items.iter().map(ToString::to_string).collect();
                format!("\"{key}\": [\n{}\n]", items.join(",\n"))
            }
        })
        .collect();
    Ok(format!("{{\n{}\n}}\n", lines.join(",\n")))
}

fn strip(value: &mut Value, root: &str, name: &str) {
    match value {
        Value::String(text) => *text = stripped(text, root, name),
        Value::Array(items) => items.iter_mut().for_each(|item| strip(item, root, name)),
        Value::Object(fields) => fields.values_mut().for_each(|item| strip(item, root, name)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// A text without the paths of the machine.
fn stripped(text: &str, root: &str, name: &str) -> String {
    // A name alone is no place: what was made portable already stays as it is.
    let text = if Path::new(root).is_absolute() {
        let within = text.replace(&format!("{root}/"), "").replace(&format!("{root}\\"), "");
        within.replace(root, name)
    } else {
        text.to_owned()
    };
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(start) = next_path(rest) {
        let (before, tail) = rest.split_at(start);
        let ends = |c: char| c.is_whitespace() || AROUND.contains(c);
        let (path, after) = tail.split_at(tail.find(ends).unwrap_or(tail.len()));
        out.push_str(before);
        out.push_str(&shortened(path));
        rest = after;
    }
    out + rest
}

/// Where the next absolute path of at least two components begins, `/dev/null` left out.
fn next_path(text: &str) -> Option<usize> {
    text.match_indices('/').map(|(at, _)| at).find(|&at| {
        let before = text[..at].chars().next_back();
        let is_start = before.is_none_or(|c| c.is_whitespace() || AROUND.contains(c));
        let tail = &text[at + 1..];
        let end = |c: char| c.is_whitespace() || AROUND.contains(c);
        let path = &tail[..tail.find(end).unwrap_or(tail.len())];
        let mut parts = path.split('/').filter(|part| !part.is_empty());
        let is_plain = |part: &str| part.starts_with(|c: char| c.is_alphanumeric() || c == '.');
        let first = parts.next().is_some_and(is_plain);
        is_start && first && parts.next().is_some() && !path.starts_with("dev/null")
    })
}

fn shortened(path: &str) -> String {
    const LEFT: usize = 2;
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    format!("…/{}", parts[parts.len().saturating_sub(LEFT)..].join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::sample;

    #[test]
    fn nothing_of_the_machine_is_left_and_the_text_of_files_stays() {
        let mut record = sample::record();
        record
            .notes
            .push("see `/home/dev/midstream/AIMDS/target/x.log` and /opt/a/b/c.rs:4:5".into());
        record.diff = "--- /dev/null\n+++ b/x\n+path = \"/srv/a/b\"\n".to_owned();
        let record = portable(&record).unwrap();
        assert_eq!(record.workspace, "AIMDS");
        assert_eq!(record.kept[0].path, "target/xtask/runs/1/dev-baseline.html");
        assert_eq!(record.notes.last().unwrap(), "see `target/x.log` and …/b/c.rs:4:5");
        assert!(record.diff.contains("/srv/a/b"));
        assert!(!serde_json::to_string(&record).unwrap().contains("/home/"));
    }

    #[test]
    fn a_portable_record_stays_as_it_is() {
        let once = portable(&sample::record()).unwrap();
        let twice = portable(&once).unwrap();
        assert_eq!(text(&once).unwrap(), text(&twice).unwrap());
    }

    #[test]
    fn the_text_of_a_record_reads_as_the_same_record() {
        let record = sample::record();
        let again: Record = serde_json::from_str(&text(&record).unwrap()).unwrap();
        assert_eq!(text(&again).unwrap(), text(&record).unwrap());
    }

    #[test]
    fn what_only_looks_like_a_path_stays() {
        for text in
            ["and/or", "`/backup-*/`", "1 / 2", "target/package/*/", "/dev/null", "a == b/c"]
        {
            assert_eq!(stripped(text, "/home/x", "x"), text);
        }
    }
}
