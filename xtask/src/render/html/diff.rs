//! The unified diff, a foldable block a file, lines coloured by what they are.
//!
//! Every line of the diff is on the page, in order, with its sign: colour adds nothing to it.

use super::{count, escape, scrollable};

/// The changes of a file in more lines than this are folded away at first.
const OPEN: usize = 120;

/// One block for each file; what precedes the first file header is shown as a block of its own.
pub(super) fn files(diff: &str) -> String {
    if diff.trim().is_empty() {
        return String::new();
    }
    let lines: Vec<&str> = diff.lines().collect();
    let mut starts: Vec<usize> = (0..lines.len()).filter(|&at| is_header(&lines, at)).collect();
    if starts.first() != Some(&0) {
        starts.insert(0, 0);
    }
    let ends = starts.iter().skip(1).copied().chain([lines.len()]);
    let files = starts.iter().zip(ends);
    files.map(|(&start, end)| file(&lines[start..end])).collect()
}

/// Whether a file's part begins here: `---`, `+++` and a hunk. Within a hunk a removed line may
/// begin with `---` too, but these three do not follow one another there.
fn is_header(lines: &[&str], at: usize) -> bool {
    let begins = |offset: usize, prefix: &str| {
        let line = lines.get(at + offset);
        line.is_some_and(|line| line.starts_with(prefix))
    };
    begins(0, "--- ") && begins(1, "+++ ") && begins(2, "@@ ")
}

fn file(lines: &[&str]) -> String {
    let header = if is_header(lines, 0) { 2 } else { 0 };
    let number = |sign: char| {
        let body = lines[header..].iter();
        body.filter(|line| line.starts_with(sign)).count()
    };
    let (added, removed) = (number('+'), number('-'));
    let name = name(&lines[..header]);
    let body: String = lines
        .iter()
        .enumerate()
        .map(|(at, line)| {
            let class = if at < header { "meta" } else { class(line) };
            // The line feed inside: a line is a block of its own.
            format!("<span class=\"{class}\">{}\n</span>", escape(line))
        })
        .collect();
    let region =
        scrollable(&format!("Diff of {name}"), &format!("<pre class=\"diff\">{body}</pre>\n"));
    let open = if lines.len() <= OPEN { " open" } else { "" };
    format!(
        "<details{open}>\n<summary><code>{}</code> {}, {}</summary>\n{region}</details>\n",
        escape(name),
        count(added, "line") + " added",
        count(removed, "line") + " removed",
    )
}

/// The path after the change, or before it for a deleted file.
fn name<'a>(header: &[&'a str]) -> &'a str {
    let paths = header.iter().rev().filter_map(|line| line.get(4..));
    let mut paths = paths.filter(|path| *path != "/dev/null");
    let path = paths.next().unwrap_or("changes");
    let unprefixed = path.strip_prefix("b/").or(path.strip_prefix("a/"));
    unprefixed.unwrap_or(path)
}

fn class(line: &str) -> &'static str {
    match line.as_bytes().first() {
        Some(b'+') => "added",
        Some(b'-') => "removed",
        Some(b'@') => "hunk",
        _ => "context",
    }
}
