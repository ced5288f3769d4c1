//! The transcripts in README.md, against what the program says on the workspace they were recorded on.
//!
//! Times, sizes and the names of runs and backups differ from run to run; everything else is compared.
//! `UPDATE_FIXTURES=1 cargo test -p xtask --test cli transcripts` records them anew.

use std::{fs, path::Path};

use crate::support::{Fixture, Run};

const README: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md");

/// Three members: a dependency that nothing names, a path that two of them repeat, profiles as cargo has them.
const SHOP: &str = r#"
-- Cargo.toml --
[workspace]
resolver = "2"
members = ["core", "app", "legacy"]
-- core/Cargo.toml --
[package]
name = "shop-core"
version = "0.1.0"
edition = "2021"

[dependencies]
shop-legacy = { path = "../legacy" }
-- core/src/lib.rs --
pub fn price() -> u32 {
    5
}

#[cfg(test)]
mod tests {
    #[test]
    fn it_has_a_price() {
        assert_eq!(super::price(), 5);
    }
}
-- app/Cargo.toml --
[package]
name = "shop"
version = "0.1.0"
edition = "2021"

[dependencies]
shop-core = { path = "../core" }
-- app/src/main.rs --
fn main() {
    println!("{}", shop_core::price());
}
-- legacy/Cargo.toml --
[package]
name = "shop-legacy"
version = "0.1.0"
edition = "2021"

[dev-dependencies]
shop-core = { path = "../core" }
-- legacy/src/lib.rs --
#[cfg(test)]
mod tests {
    #[test]
    fn the_core_has_a_price() {
        assert_eq!(shop_core::price(), 5);
    }
}
"#;

/// What README shows: the name of a transcript, the flags before `--manifest-path`, the exit code.
const OPTIMIZE: &[&str] = &["optimize", "--yes", "--measure", "none"];
const UNDO: &[&str] = &["restore"];

#[test]
fn the_transcripts_in_the_readme_are_what_the_program_says() {
    let fixture = Fixture::new(SHOP);
    let before = fixture.tree();
    let mut told = vec![
        ("first run", transcript(&fixture, OPTIMIZE, 0)),
        ("second run", transcript(&fixture, OPTIMIZE, 0)),
        ("undo", transcript(&fixture, UNDO, 0)),
    ];
    crate::support::assert_same(&before, &fixture.tree());
    fs::remove_file(fixture.path("Cargo.lock")).unwrap();
    told.push(("failure", transcript(&fixture, OPTIMIZE, 2)));
    let mut readme = fs::read_to_string(README).unwrap();
    for (name, said) in told {
        let (start, end) = place(&readme, name);
        if std::env::var_os("UPDATE_FIXTURES").is_some() {
            readme.replace_range(start..end, &said);
            update(&readme);
            continue;
        }
        let shown = &readme[start..end];
        snapbox::assert_data_eq!(normal(&said), snapbox::Data::text(normal(shown)).raw());
    }
}

/// The command line and what it says, as a reader in the directory above the workspace sees it.
fn transcript(fixture: &Fixture, args: &[&str], code: i32) -> String {
    let manifest = Path::new("ws/Cargo.toml");
    let run: Run = fixture.run_on(manifest, args).exits(code);
    let outer = fixture.root().parent().unwrap().display().to_string();
    let said = format!("{}{}", run.stderr, run.stdout).replace(&outer, "/home/me");
    format!("$ cargo xtask {} --manifest-path ws/Cargo.toml\n{said}", args.join(" "))
}

/// From where to where a transcript stands in the page.
fn place(page: &str, name: &str) -> (usize, usize) {
    let mark = format!("<!-- transcript: {name} -->\n```console\n");
    let at = page.find(&mark).unwrap_or_else(|| panic!("README.md has no `{mark}`"));
    let start = at + mark.len();
    let length = page[start..].find("```\n").expect("a block has an end");
    (start, start + length)
}

#[expect(clippy::disallowed_methods, reason = "records what is committed")]
fn update(page: &str) {
    fs::write(README, page).unwrap();
}

/// Folded lines on one line again, one space between words, and a `#` for what differs from run to run.
fn normal(text: &str) -> String {
    let mut lines: Vec<Vec<String>> = Vec::new();
    for line in text.lines() {
        let words = line.split_whitespace().map(str::to_owned);
        match lines.last_mut() {
            // A verb ends at the twelfth column, so it never begins behind it.
            Some(last) if line.starts_with("             ") => last.extend(words),
            _ => lines.push(words.collect()),
        }
    }
    lines.iter().map(|words| masked(words) + "\n").collect()
}

fn masked(words: &[String]) -> String {
    let mut out: Vec<String> = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let bare = |word: &str| word.trim_matches(|c: char| !c.is_alphanumeric()).to_owned();
        let unit = words.get(at + 1).map(|next| bare(next)).unwrap_or_default();
        let is_quantity = ["s", "B", "kB", "MB", "GB"].contains(&unit.as_str());
        let is_name = word.contains("backup-") || word.contains("/runs/");
        let digits = |c: char| c.is_ascii_digit() || c == '.';
        match () {
            // A second one of the same second has a number behind it.
            () if is_name => {
                let name = word.replace(|c: char| c.is_ascii_digit(), "#");
                out.push(name.replace("-######-#", "-######"));
            }
            () if is_quantity && word.chars().any(digits) => out.push("#".to_owned()),
            // Bytes, kilobytes or megabytes: that differs as well.
            () if out.last().is_some_and(|last| last == "#") => {
                let unit = ["kB", "MB", "GB"];
                out.push(unit.iter().fold(word.clone(), |word, unit| word.replace(unit, "B")));
            }
            () => out.push(word.clone()),
        }
    }
    out.join(" ")
}

#[test]
fn what_differs_from_run_to_run_is_masked_and_nothing_else() {
    let text = "    Checking it with 3 changes; the baseline took\n             0.4 s of 12 kB in `backup-20261122-101112-2/`\n";
    assert_eq!(
        normal(text),
        "Checking it with 3 changes; the baseline took # s of # B in `backup-########-######/`\n"
    );
}
