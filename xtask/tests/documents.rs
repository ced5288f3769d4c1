//! What the documents say of the tests: each test that they name exists.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{fs, path::Path};

/// Words this long and joined by so many underscores are names of tests, not of fields or flags.
const UNDERSCORES: usize = 3;

fn sources(directory: &Path, text: &mut String) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, text);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            text.push_str(&fs::read_to_string(&path).unwrap());
        }
    }
}

#[test]
fn every_test_that_a_document_names_exists() {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut code = String::new();
    for directory in ["src", "tests", "benches"] {
        sources(&xtask.join(directory), &mut code);
    }
    let mut named = 0;
    for document in ["architecture.md", "reliability.md", "safety.md", "measuring.md"] {
        let text = fs::read_to_string(xtask.join("../docs").join(document)).unwrap();
        for name in text.split('`').skip(1).step_by(2) {
            let is_word =
                name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
            if is_word && name.matches('_').count() >= UNDERSCORES {
                named += 1;
                assert!(
                    code.contains(&format!("fn {name}(")),
                    "docs/{document} names `{name}`, which is no test"
                );
            }
        }
    }
    assert!(named > 50, "{named} tests are named");
}
