use std::{
    fs, panic,
    path::{Path, PathBuf},
};

use proptest::{
    collection::vec,
    prelude::*,
    sample::Index,
    test_runner::{TestError, TestRunner},
};

use super::*;

/// How many inputs are made of a corpus; more if `PROPTEST_CASES` says so.
const MADE: u32 = 512;

fn corpus(target: &str) -> Vec<PathBuf> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut inputs: Vec<_> =
        fs::read_dir(&corpus).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(inputs.len() > 10, "only {} inputs in `{}`", inputs.len(), corpus.display());
    inputs.sort();
    inputs
}

/// The words that libFuzzer mixes into inputs: a quoted one a line, with `\xAB`, `\\` and `\"`.
fn words(target: &str) -> Vec<Vec<u8>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/dictionaries").join(target);
    let lines = fs::read_to_string(path).unwrap();
    let quoted = lines.lines().filter_map(|line| line.strip_prefix('"')?.strip_suffix('"'));
    quoted.map(unescaped).collect()
}

fn unescaped(word: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = word.as_bytes();
    while let [first, behind @ ..] = rest {
        let (byte, behind) = match (first, behind) {
            (b'\\', [b'x', a, b, behind @ ..]) => {
                let digit = |byte: &u8| char::from(*byte).to_digit(16).unwrap() as u8;
                (16 * digit(a) + digit(b), behind)
            }
            (b'\\', [escaped, behind @ ..]) => (*escaped, behind),
            _ => (*first, behind),
        };
        out.push(byte);
        rest = behind;
    }
    out
}

/// Inputs of a corpus with words put in, pieces cut out and pieces of other inputs in their place.
fn made(target: &str) -> impl Strategy<Value = Vec<u8>> {
    let inputs: Vec<Vec<u8>> = corpus(target).iter().map(|path| fs::read(path).unwrap()).collect();
    let words = words(target);
    let change = (any::<Index>(), 0..30_usize, any::<Index>(), 0..4_u8);
    (any::<Index>(), vec(change, 1..6)).prop_map(move |(at, changes)| {
        let mut input = at.get(&inputs).clone();
        for (at, length, other, what) in changes {
            let at = at.index(input.len() + 1);
            let end = (at + length).min(input.len());
            let piece = match what {
                0 => other.get(&words).clone(),
                1 => Vec::new(),
                2 => vec![other.index(256) as u8],
                _ => {
                    let other = other.get(&inputs);
                    other[at.min(other.len())..(at + length).min(other.len())].to_vec()
                }
            };
            let end = if what == 0 { at } else { end };
            input.splice(at..end, piece);
        }
        input
    })
}

/// Runs a check on every input of the corpus, and on others that are made of them.
fn hold(target: &str, check: fn(&[u8])) {
    let inputs = corpus(target);
    let is_broken = |path: &&PathBuf| {
        let input = fs::read(path).unwrap();
        panic::catch_unwind(|| check(&input)).is_err()
    };
    let broken: Vec<&PathBuf> = inputs.iter().filter(is_broken).collect();
    assert!(broken.is_empty(), "the reasons are above, for {broken:#?}");
    let set = ProptestConfig::default();
    let config = ProptestConfig { cases: set.cases.max(MADE), failure_persistence: None, ..set };
    let outcome = TestRunner::new(config).run(&made(target), |input| {
        check(&input);
        Ok(())
    });
    if let Err(TestError::Fail(reason, input)) = outcome {
        panic!("{reason}: {:?}", String::from_utf8_lossy(&input));
    }
}

#[test]
fn whatever_is_edited_in_manifests_nothing_else_changes() {
    hold("manifest_editor", manifest_editor);
}

#[test]
fn whatever_a_backup_manifest_says_no_path_leaves_the_workspace() {
    hold("backup_manifest", backup_manifest);
}

#[test]
fn whatever_a_timing_report_says_it_is_read_or_refused() {
    hold("timing_report", timing_report);
}

#[test]
fn whatever_is_in_an_ignore_file_stays_in_it() {
    hold("ignore_file", ignore_file);
}

#[test]
fn the_fuzz_targets_are_built_with_the_dependencies_of_the_tool() {
    let read = |path: &str| -> toml_edit::DocumentMut {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
        fs::read_to_string(path).unwrap().parse().unwrap()
    };
    let (own, fuzz) = (read("Cargo.toml"), read("fuzz/Cargo.toml"));
    let unix = |document: &toml_edit::DocumentMut| document["target"]["cfg(unix)"].clone();
    for (own, fuzz) in [(own.as_item(), fuzz.as_item()), (&unix(&own), &unix(&fuzz))] {
        for (name, declared) in own["dependencies"].as_table().unwrap() {
            let plain = |item: &toml_edit::Item| item.to_string().trim().to_owned();
            assert_eq!(plain(&fuzz["dependencies"][name]), plain(declared), "{name}");
        }
    }
}
