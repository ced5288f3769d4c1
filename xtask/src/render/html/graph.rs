//! The way from the members to each version of a duplicate, before and after.
//!
//! A tree for each side: what several versions have in common at the start of their ways is drawn once.
//! A version that is gone is struck through, dashed, and called gone.

use super::{
    escape,
    svg::{self, Alternative, line, px, text},
};
use crate::{
    record::{DuplicateRecord, DuplicateVersion},
    render::facts::duplicates::{Fate, versions},
};

const ROW: f64 = 40.0;
const BOX: f64 = 26.0;
const ARROW: f64 = 30.0;

/// Longer ways lose their middle.
const LONGEST: usize = 5;

/// The chart; `id` is unique on the page.
pub(super) fn chart(id: &str, duplicate: &DuplicateRecord) -> String {
    let all = versions(duplicate);
    let fate = |version: &DuplicateVersion| {
        let mut all = all.iter();
        all.find(|(other, _)| other.version == version.version)
            .map_or(Fate::Stays, |(_, fate)| *fate)
    };
    let (mut y, mut width) = (0.0, 0.0_f64);
    let mut body = String::new();
    let ways = |versions: &[DuplicateVersion]| -> Vec<(Vec<String>, Fate)> {
        versions.iter().map(|version| (way(duplicate, version), fate(version))).collect()
    };
    let (before, after) = (ways(&duplicate.before), ways(&duplicate.after));
    let panels = if before == after {
        vec![("after", "before and after", after)]
    } else {
        vec![("before", "before", before), ("after", "after", after)]
    };
    for (side, heading, ways) in panels {
        body.push_str(&text("head", 4.0, y + 14.0, heading));
        y += 22.0;
        if ways.is_empty() {
            body.push_str(&text("tick", 4.0, y + 14.0, "no version is built"));
            y += 24.0;
        }
        let (tree, right) = tree(&ways, y);
        body.push_str(&format!("<g class=\"{side}\">\n{tree}</g>\n"));
        width = width.max(right);
        y += ways.len() as f64 * ROW + 6.0;
    }
    let name = format!("Ways to {} before and after", duplicate.name);
    let described: Vec<String> = all
        .iter()
        .map(|(version, fate)| {
            format!("{} {}: {}", version.version, fate.word(), version.path.join(" to "))
        })
        .collect();
    let description = described.join("; ");
    let alternative = Alternative { id, name: &name, description: &description };
    svg::chart(&alternative, width + 4.0, y, &body)
}

/// The nodes from a member to the version.
fn way(duplicate: &DuplicateRecord, version: &DuplicateVersion) -> Vec<String> {
    let path = &version.path;
    if path.is_empty() {
        return vec![format!("{} {}", duplicate.name, version.version)];
    }
    if path.len() <= LONGEST {
        return path.clone();
    }
    let more = format!("… {} more", path.len() + 1 - LONGEST);
    let mut way = path[..2].to_vec();
    way.push(more);
    way.extend_from_slice(&path[path.len() - 2..]);
    way
}

/// A row for each way; boxes that a way shares with the one above, from the start on, are not repeated.
/// Returns the right edge too.
fn tree(ways: &[(Vec<String>, Fate)], top: f64) -> (String, f64) {
    let columns = ways.iter().map(|(way, _)| way.len()).max().unwrap_or_default();
    let wide = |text: &str| text.chars().count() as f64 * 7.3 + 18.0;
    let width = |column: usize| {
        let nodes = ways.iter().filter_map(|(way, _)| way.get(column));
        nodes.map(|node| wide(node)).fold(40.0, f64::max)
    };
    let mut lefts = vec![4.0];
    for column in 0..columns {
        lefts.push(lefts[column] + width(column) + ARROW);
    }
    let mut out = String::new();
    let mut right = 0.0_f64;
    // For each column, the row of its last box.
    let mut rows: Vec<usize> = Vec::new();
    for (row, (way, fate)) in ways.iter().enumerate() {
        let above = row.checked_sub(1).map(|row| &ways[row].0);
        let shared = above.map_or(0, |above| {
            let same = above.iter().zip(way).take_while(|(a, b)| a == b).count();
            // Its own box each version has.
            same.min(way.len().saturating_sub(1)).min(above.len().saturating_sub(1))
        });
        rows.truncate(shared);
        rows.resize(way.len(), row);
        let y = |row: usize| top + row as f64 * ROW;
        for (column, node) in way.iter().enumerate().skip(shared) {
            let last = column + 1 == way.len();
            let class = match (last, fate) {
                (true, Fate::Gone) => "node own gone",
                (true, _) => "node own",
                (false, _) => "node",
            };
            let (left, width) = (lefts[column], wide(node));
            out.push_str(&format!(
                "<g class=\"{class}\"><rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{BOX}\" rx=\"4\"/>{}</g>\n",
                px(left),
                px(y(row)),
                px(width),
                text("", left + 9.0, y(row) + 17.5, node).trim_end()
            ));
            if last {
                let word = if *fate == Fate::Stays { "" } else { fate.word() };
                if !word.is_empty() {
                    out.push_str(&text("fate", left + width + 8.0, y(row) + 17.5, word));
                }
                right = right.max(left + width + 60.0);
            }
            if column > 0 {
                let before = &way[column - 1];
                let from = (lefts[column - 1] + wide(before), y(rows[column - 1]) + BOX / 2.0);
                out.push_str(&arrow(from, (left, y(row) + BOX / 2.0)));
            }
        }
    }
    (out, right)
}

fn arrow(from: (f64, f64), to: (f64, f64)) -> String {
    let turn = to.0 - 16.0;
    let shaft = if (from.1 - to.1).abs() < 0.5 {
        line("edge", from, (to.0 - 5.0, to.1))
    } else {
        format!(
            "<path class=\"edge\" d=\"M{} {}H{}V{}H{}\"/>",
            px(from.0),
            px(from.1),
            px(turn),
            px(to.1),
            px(to.0 - 5.0)
        )
    };
    let head = format!("M{} {}l-7 -4v8z", px(to.0), px(to.1));
    format!("{shaft}<path class=\"head-of\" d=\"{}\"/>\n", escape(&head))
}
