//! The runs as a list: a row for each, the newest first.
//!
//! Pure. Holds what is needed to choose one, and nothing else of the record. The name of a run says when it began.

use serde::Serialize;

use crate::{record::Record, wording};

/// One run.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    id: String,
    command: String,
    started: String,
    git_head: Option<String>,
    workspace: String,
    clean_dev: Option<Medians>,
    clean_release: Option<Medians>,
    interrupted: bool,
}

/// Seconds of wall time.
#[derive(Debug, Serialize)]
struct Medians {
    baseline: f64,
    candidate: f64,
}

impl Row {
    pub(super) fn of(id: &str, record: &Record) -> Self {
        let medians = |what: &str| {
            let row = record.measurements.iter().find(|row| row.what == what)?;
            Some(Medians { baseline: row.baseline, candidate: row.candidate })
        };
        Self {
            id: id.to_owned(),
            command: record.command.clone(),
            started: record.started.clone(),
            git_head: record.git_head.clone(),
            workspace: record.workspace.clone(),
            clean_dev: medians("clean-dev"),
            clean_release: medians("clean-release"),
            interrupted: record.interrupted,
        }
    }

    /// In the order of [`HEADINGS`].
    fn cells(&self) -> [String; 5] {
        let builds = |medians: &Option<Medians>| {
            medians.as_ref().map_or_else(
                || "-".to_owned(),
                |Medians { baseline, candidate }| {
                    format!("{} -> {}", wording::seconds(*baseline), wording::seconds(*candidate))
                },
            )
        };
        let commit = self.git_head.as_deref().map_or("-", |head| head.get(..9).unwrap_or(head));
        [
            self.id.clone(),
            self.command.clone(),
            commit.to_owned(),
            builds(&self.clean_dev),
            builds(&self.clean_release),
        ]
    }

    /// What stands below the row, if anything. `own` is the workspace that goes without saying.
    fn remarks(&self, own: &str) -> Option<String> {
        let mut remarks = Vec::new();
        if self.interrupted {
            remarks.push("interrupted".to_owned());
        }
        if self.workspace != own {
            remarks.push(format!("of {}", self.workspace));
        }
        (!remarks.is_empty()).then(|| format!("\n  {}", remarks.join(", ")))
    }
}

const HEADINGS: [&str; 5] = ["run", "command", "commit", "clean dev build", "clean release build"];

/// The rows for people, with headings. `own` is the workspace that goes without saying.
pub(super) fn table(rows: &[Row], own: &str) -> String {
    let headings = HEADINGS.map(str::to_owned);
    let cells: Vec<[String; 5]> =
        [headings].into_iter().chain(rows.iter().map(Row::cells)).collect();
    let remarks = [None].into_iter().chain(rows.iter().map(|row| row.remarks(own)));
    let lines = wording::aligned(&cells, |_| true).into_iter().zip(remarks);
    let lines: Vec<String> =
        lines.map(|(line, remarks)| line + &remarks.unwrap_or_default()).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: &str, clean_dev: Option<Medians>, interrupted: bool) -> Row {
        Row {
            id: id.to_owned(),
            command: "optimize".to_owned(),
            started: "2025-11-02T14:03:21+01:00".to_owned(),
            git_head: Some("7e31976c0ffee".to_owned()),
            workspace: "/home/dev/ws".to_owned(),
            clean_dev,
            clean_release: None,
            interrupted,
        }
    }

    #[test]
    fn columns_line_up_under_their_headings() {
        let timed = Some(Medians { baseline: 65.4, candidate: 29.8 });
        let rows = [row("20251102-140321", timed, false), row("2", None, true)];
        let expected = "\
run              command   commit     clean dev build   clean release build
20251102-140321  optimize  7e31976c0  65.4 s -> 29.8 s  -
2                optimize  7e31976c0  -                 -
  interrupted";
        assert_eq!(table(&rows, "/home/dev/ws"), expected);
    }

    #[test]
    fn a_run_of_another_workspace_says_so() {
        let text = table(&[row("1", None, true)], "/home/dev/other");
        assert!(text.ends_with("interrupted, of /home/dev/ws"), "{text}");
    }
}
