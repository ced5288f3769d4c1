//! What holds of any edits of any files: for the fuzz targets and the tests.
//!
//! Invariant: what an edit may touch is decided here by the text and its spans, not by the code that edits.

use std::collections::BTreeMap;

use toml_edit::DocumentMut;

use super::*;
use crate::text::Text;

mod edits;
mod lines;
mod meaning;

type Files = BTreeMap<PathBuf, Option<Vec<u8>>>;

/// Files of an input, with a NUL between them.
const FILES: [&str; 3] = [ROOT_MANIFEST, "m/Cargo.toml", CONFIG];

/// Edits of an input at most, each of four bytes: see [`edits::edit`].
const EDITS: usize = 4;

/// Applies edits one after the other, and looks at each step. The first byte is the number of edits; the files follow.
pub(crate) fn manifests(input: &[u8]) {
    let Some((count, rest)) = input.split_first() else { return };
    let count = usize::from(*count) % EDITS + 1;
    let Some((script, texts)) = rest.split_at_checked(4 * count) else { return };
    let texts = texts.splitn(FILES.len(), |byte| *byte == 0);
    let texts = texts.map(|text| Some(text.to_vec())).chain(std::iter::repeat(None));
    let files: Files = FILES.iter().map(PathBuf::from).zip(texts).collect();
    let Some(documents) = parse(&files) else { return };
    let script: Vec<[u8; 4]> =
        script.chunks_exact(4).map(|chunk| chunk.try_into().expect("there are four")).collect();
    let edits: Vec<Edit> = script.into_iter().map(|bytes| edits::edit(bytes, &documents)).collect();
    let mut now = files.clone();
    for edit in &edits {
        let Some(next) = step(&now, edit) else { return };
        now = next;
    }
    // All at once, they come to the same.
    let Some(after) = apply(&files, &documents, edits) else { return };
    for (path, bytes) in &now {
        meaning::same(bytes.as_deref(), after[path].as_deref());
    }
}

/// Applies one edit, twice; none where the first is refused.
fn step(files: &Files, edit: &Edit) -> Option<Files> {
    let documents = parse(files).expect("the files could be read");
    let after = apply(files, &documents, vec![edit.clone()])?;
    let read = parse(&after).expect("what was written can be read");
    for (path, now) in after.iter().filter(|(path, now)| files.get(*path) != Some(*now)) {
        let (old, new) = (text(files.get(path).unwrap_or(&None)), text(now));
        lines::kept(&old, &new, edit);
        let nothing = DocumentMut::new();
        meaning::confined(documents.get(path).unwrap_or(&nothing), &read[path], edit);
    }
    meaning::done(&documents, &read, edit);
    let twice = apply(&after, &read, vec![edit.clone()]);
    assert!(twice.is_none_or(|twice| twice == after), "a second time, it changes something again");
    Some(after)
}

fn text(bytes: &Option<Vec<u8>>) -> String {
    String::from_utf8(bytes.clone().unwrap_or_default()).expect("the files are UTF-8")
}

/// The files after the edits; none where they are refused, since a text cannot be edited without moving other lines.
fn apply(
    files: &Files,
    documents: &BTreeMap<PathBuf, DocumentMut>,
    edits: Vec<Edit>,
) -> Option<Files> {
    let mut change = Change::new(Code::Profile, "any", String::new(), String::new());
    change.edits = edits;
    let mut after = files.clone();
    match written(files, documents, &[&change]) {
        Ok(written) => after.extend(written.into_iter().map(|(path, bytes)| (path, Some(bytes)))),
        Err(error) => {
            let is_moved = |(path, document): (&PathBuf, &DocumentMut)| {
                let text = Text::decode(files[path].as_deref().unwrap_or_default());
                document.to_string().trim_end() != text.expect("it was read").as_str().trim_end()
            };
            assert!(documents.iter().any(is_moved), "refused without need: {error:#}");
            return None;
        }
    }
    Some(after)
}

/// The documents of the files; none where one of them is not to be read.
fn parse(files: &Files) -> Option<BTreeMap<PathBuf, DocumentMut>> {
    let present = files.iter().filter_map(|(path, bytes)| Some((path, bytes.as_ref()?)));
    let parsed = present.map(|(path, bytes)| {
        Some((path.clone(), Text::decode(bytes).ok()?.as_str().parse().ok()?))
    });
    parsed.collect()
}
