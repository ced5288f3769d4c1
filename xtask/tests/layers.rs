//! Imports run downwards: a module of the crate names only modules that stand below it in this list. The map in
//! docs/architecture.md has every file of the program, in the same order.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// The modules from high to low, as docs/architecture.md has them.
const ORDER: &[&str] = &[
    "main",
    "optimize",
    "validate",
    "cache",
    "findings",
    "trial",
    "tune",
    "outlook",
    "settled",
    "clean",
    "restore",
    "report",
    "manual",
    "measure",
    "plan",
    "graph",
    "shadow",
    "snapshot",
    "verify",
    "render",
    "insight",
    "backup",
    "commit",
    "rehearsal",
    "cargo",
    "lock",
    "configuration",
    "shell",
    "history",
    "stats",
    "timings",
    "worth",
    "manifest",
    "text",
    "lockfile",
    "usage",
    "policy",
    "target_dir",
    "bisect",
    "sccache",
    "files",
    "record",
    "output",
    "wording",
    "paths",
    "disk",
    "processors",
    "interrupt",
    "cli",
    "passes",
];

fn rank(module: &str) -> usize {
    ORDER
        .iter()
        .position(|known| *known == module)
        .unwrap_or_else(|| panic!("`{module}` has no place in the order of modules"))
}

/// The modules named behind `crate::` in a source text, alone or in braces.
fn named(source: &str) -> BTreeSet<String> {
    let word = |text: &str| -> String {
        text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
    };
    let mut found = BTreeSet::new();
    for (at, marker) in source.match_indices("crate::") {
        let rest = &source[at + marker.len()..];
        let Some(list) = rest.strip_prefix('{') else {
            found.insert(word(rest));
            continue;
        };
        let (mut depth, mut starts) = (0, true);
        for (offset, c) in list.char_indices() {
            match c {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => starts = true,
                c if starts && depth == 0 && !c.is_whitespace() => {
                    found.insert(word(&list[offset..]));
                    starts = false;
                }
                _ => {}
            }
        }
    }
    found.remove("");
    found
}

fn sources(dir: &Path, out: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).expect("the source directory is there") {
        let path = entry.expect("it can be read").path();
        if path.is_dir() {
            sources(&path, out);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            out.push(path);
        }
    }
}

/// The files of the program below `src/`, by their names with `/` and without the ending. What tests reach for is
/// not the structure, so what is there for tests is left out.
fn modules(src: &Path) -> Vec<String> {
    let mut files = Vec::new();
    sources(src, &mut files);
    let name = |file: &PathBuf| {
        let name = file.strip_prefix(src).expect("it lies there").with_extension("");
        name.to_string_lossy().replace('\\', "/")
    };
    let is_for_tests =
        |name: &String| name.split('/').any(|part| part.contains("test") || part == "fuzzed");
    files.iter().map(name).filter(|name| !is_for_tests(name)).collect()
}

#[test]
fn no_module_imports_upwards() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut upwards = Vec::new();
    let mut seen = 0;
    for file in modules(&src) {
        let module = file.split('/').next().unwrap().to_owned();
        let text = fs::read_to_string(src.join(format!("{file}.rs"))).unwrap();
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
        for other in named(code).into_iter().filter(|other| *other != module) {
            seen += 1;
            if rank(&other) < rank(&module) {
                upwards.push(format!("{file} imports `{other}`"));
            }
        }
    }
    assert!(seen > 50, "only {seen} imports were found: is the search broken?");
    assert!(upwards.is_empty(), "{}", upwards.join("\n"));
}

#[test]
fn imports_are_found_alone_and_in_braces() {
    let found = named("use crate::{a::{b, c}, d,\n e::f};\nlet x = crate::g::h();");
    assert_eq!(found.into_iter().collect::<Vec<_>>(), ["a", "d", "e", "g"]);
}

#[test]
fn every_module_has_its_place() {
    let main = include_str!("../src/main.rs");
    for line in main.lines() {
        if let Some(module) = line.strip_prefix("mod ").and_then(|rest| rest.strip_suffix(';')) {
            rank(module);
        }
    }
}

#[test]
fn the_map_has_every_file_and_no_other_in_this_order() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("../docs/architecture.md")).unwrap();
    let (_, map) = page.split_once("\n## The modules\n").unwrap();
    let (map, _) = map.split_once("\n## ").unwrap();
    let rows = map.lines().filter(|line| line.starts_with("| `"));
    let first = rows.map(|row| row.split('|').nth(1).unwrap());
    let named: Vec<&str> = first
        .flat_map(|cell| cell.split('`').skip(1).step_by(2))
        .filter(|name| !name.ends_with("fuzzed"))
        .collect();
    let mut order: Vec<&str> = named.iter().map(|name| name.split('/').next().unwrap()).collect();
    order.dedup();
    assert_eq!(order, ORDER);

    let files = modules(&root.join("src"));
    let holds = |name: &str, file: &str| match name.strip_suffix("/*") {
        Some(directory) => file
            .strip_prefix(directory)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/')),
        None => file == name,
    };
    for file in &files {
        assert!(named.iter().any(|name| holds(name, file)), "the map lacks {file}");
    }
    for name in &named {
        assert!(files.iter().any(|file| holds(name, file)), "there is no {name}");
    }
}
