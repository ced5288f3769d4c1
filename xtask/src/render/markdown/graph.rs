//! The graph around each duplicate, as Mermaid, which GitHub draws; beneath it the same in sentences.
//!
//! Names stand in quotation marks, and what could end them is left out.

use super::{bullets, inside};
use crate::{
    record::{DuplicateRecord, Record},
    render::facts::duplicates::{DRAWN, Fate, by_cost, outcome, sentences, table, versions},
};

pub(super) fn duplicates(record: &Record) -> String {
    let mut out = inside::blocks(&table(record));
    for duplicate in by_cost(record).into_iter().take(DRAWN) {
        let heading = format!("`{}` {}", duplicate.name, outcome(duplicate));
        out.push_str(&format!("\n**{}**\n\n{}\n", super::inline(&heading), graph(duplicate)));
        out.push_str(&bullets(&sentences(duplicate)));
    }
    out
}

fn graph(duplicate: &DuplicateRecord) -> String {
    let mut names: Vec<&str> = Vec::new();
    let mut lines = vec!["flowchart LR".to_owned()];
    for (version, fate) in versions(duplicate) {
        let mut previous = None;
        for (at, step) in version.path.iter().enumerate() {
            let number = names.iter().position(|name| name == step).unwrap_or_else(|| {
                names.push(step);
                let last = at + 1 == version.path.len() && fate != Fate::Stays;
                let word = if last { format!(" ({})", fate.word()) } else { String::new() };
                lines.push(format!("    n{}[\"{}{word}\"]", names.len() - 1, quoted(step)));
                names.len() - 1
            });
            if let Some(previous) = previous {
                let arrow = if fate == Fate::Gone { "-.->" } else { "-->" };
                let edge = format!("    n{previous} {arrow} n{number}");
                if !lines.contains(&edge) {
                    lines.push(edge);
                }
            }
            previous = Some(number);
        }
    }
    super::fenced(&lines.join("\n"), "mermaid") + "\n"
}

/// Without what Mermaid or Markdown could read: names and versions have none of it.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || " .-_+".contains(c);
    text.chars().map(|c| if plain(c) { c } else { '?' }).collect()
}
