//! The changed files: of each the changes that touch it, the diff and the whole text after; then what was not done.

use super::{Kind, Set, changes, expected, text};
use crate::record::{ChangeRecord, FileRecord, Verdict};

/// Shown as a number of lines: the resolver writes it.
const LOCK: &str = "Cargo.lock";

pub(super) fn page(set: &Set<'_>) -> String {
    let record = set.record;
    let what = "Every file that the run wrote: the diff, the reasons, and the text after it. Nothing is to be copied \
                by hand: `cargo xtask optimize` makes the same changes where they hold, and proves them first.";
    let mut page = set.page(Kind::Manifests, what);
    let parts = parts(&record.diff);
    let mut contents: Vec<String> = parts
        .iter()
        .map(|(path, diff)| {
            let (added, removed) = lines(diff);
            let path = text::code(path);
            format!("- {path}: {added} lines added, {removed} removed")
        })
        .collect();
    contents.insert(0, "The files, with their lines in the diff:\n".to_owned());
    page.section("Files", &[contents.join("\n")]);
    for (path, diff) in &parts {
        let file = record.files.iter().find(|file| file.path == *path);
        page.section(&text::code(path), &of_file(record.changes.as_slice(), path, diff, file));
    }
    page.section("What was rejected or left", &[changes::left(record)]);
    let undo = [
        text::commands(&["cargo xtask restore --list", "cargo xtask restore"]),
        format!("How that works, and what it refuses: {}.", set.beside("safety.md", "safety")),
    ];
    page.section("Undo", &undo);
    page.section("Checklist for a review", &[review(set)]);
    page.finish()
}

/// What there is to say of one file.
fn of_file(all: &[ChangeRecord], path: &str, diff: &str, file: Option<&FileRecord>) -> Vec<String> {
    if path == LOCK || path.ends_with("/Cargo.lock") {
        let (added, removed) = lines(diff);
        return vec![format!(
            "{added} lines added, {removed} removed. Cargo's resolver wrote them, with the manifests below as its input; \
             the whole diff is in the record."
        )];
    }
    let touching: Vec<String> = all
        .iter()
        .filter(|change| {
            change.verdict == Verdict::Applied && change.files.iter().any(|it| it == path)
        })
        .map(|change| {
            format!("{} (`{}`): {}", change.title, change.id, expected::first_line(&change.reason))
        })
        .collect();
    let state = match file {
        Some(file) if !file.existed => "New.".to_owned(),
        _ => String::new(),
    };
    let whole = file.map_or_else(String::new, |file| {
        text::folded("The whole file after the run", &text::fenced(&file.after, language(path)))
    });
    vec![state, text::bullets(&touching), text::fenced(diff, "diff"), whole]
}

fn language(path: &str) -> &'static str {
    if path.ends_with(".toml") { "toml" } else { "text" }
}

/// The diff of each file, in the order of the whole.
pub(super) fn parts(diff: &str) -> Vec<(String, String)> {
    let mut parts: Vec<(String, String)> = Vec::new();
    let mut old = String::new();
    let mut lines = diff.lines().peekable();
    while let Some(line) = lines.next() {
        let begins =
            line.starts_with("--- ") && lines.peek().is_some_and(|it| it.starts_with("+++ "));
        if begins {
            old = line.to_owned();
            continue;
        }
        if let (Some(new), false) = (line.strip_prefix("+++ "), old.is_empty()) {
            let name = if new == "/dev/null" { old.trim_start_matches("--- ") } else { new };
            let name = name.split_once('/').map_or(name, |(_, rest)| rest);
            parts.push((name.to_owned(), format!("{old}\n{line}\n")));
            old.clear();
        } else if let Some((_, text)) = parts.last_mut() {
            text.push_str(line);
            text.push('\n');
        }
    }
    parts
}

/// Lines added and removed.
fn lines(diff: &str) -> (usize, usize) {
    let body = diff.lines().skip(2);
    let starts = |c: char| body.clone().filter(move |line| line.starts_with(c)).count();
    (starts('+'), starts('-'))
}

fn review(set: &Set<'_>) -> String {
    [
        "1. `cargo xtask optimize --dry-run` on your own checkout: the same plan, or the reasons why not.",
        "2. Read the diff above file by file; each line belongs to a change that is named with it.",
        "3. `cargo xtask validate --against <revision>` builds both sides and compares.",
        &format!("4. In CI: {}.", set.beside("ci.md", "gates for CI")),
    ]
    .join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diff_is_split_at_its_files() {
        let diff = "--- a/Cargo.toml\n+++ b/Cargo.toml\n@@ -1 +1,2 @@\n-a\n+b\n+c\n\
                    --- /dev/null\n+++ b/.cargo/config.toml\n@@ -0,0 +1 @@\n+x\n";
        let parts = parts(diff);
        let names: Vec<&str> = parts.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["Cargo.toml", ".cargo/config.toml"]);
        assert_eq!(lines(&parts[0].1), (2, 1));
        assert_eq!(parts.iter().map(|(_, text)| text.as_str()).collect::<String>(), diff);
    }

    #[test]
    fn a_removed_line_that_looks_like_a_header_splits_nothing() {
        let diff = "--- a/x\n+++ b/x\n@@ -1,2 +1 @@\n--- y\n z\n";
        assert_eq!(parts(diff).len(), 1);
        assert_eq!(parts(diff)[0].1, diff);
    }
}
