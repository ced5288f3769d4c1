//! What holds of any ignore file that the pass adds to: for the fuzz target and the tests.
//!
//! Invariant: what was there stays, to the byte; what git would ignore afterwards is told by the snapshot's own reading,
//! so that a second run finds nothing to add.

use std::{collections::BTreeMap, path::PathBuf};

use super::*;
use crate::{
    plan::written,
    snapshot::{IGNORE_FILE, ignores},
};

/// The file follows the first byte, which says what is ignored anyway, and whether there is a file.
pub(crate) fn ignore_file(input: &[u8]) {
    let Some((first, rest)) = input.split_first() else { return };
    let before = (first & 0x80 == 0).then_some(rest);
    let ignored = |bytes: &[u8]| -> BTreeSet<String> {
        let lines = String::from_utf8_lossy(bytes);
        let is_ignored = |at: usize, probe: &str| first & (1 << at) != 0 || ignores(&lines, probe);
        let probes = PROBES.iter().enumerate();
        probes
            .filter(|(at, probe)| is_ignored(*at, probe))
            .map(|(_, it)| (*it).to_owned())
            .collect()
    };
    let lines = missing(&ignored(before.unwrap_or_default()));
    let Some(after) = edited(before, &lines) else {
        assert!(before.is_some_and(|bytes| std::str::from_utf8(bytes).is_err()));
        return;
    };
    let before = before.unwrap_or_default();
    if lines.is_empty() {
        assert_eq!(after, before);
    }
    assert_eq!(missing(&ignored(&after)), Vec::<String>::new(), "a second run adds again");
    // Everything that was there is still there; then come the lines, with the ending that most have.
    let added = after.strip_prefix(before).expect("what was there stays");
    let pairs = before.windows(2).filter(|pair| pair == b"\r\n").count();
    let all = before.iter().filter(|byte| **byte == b'\n').count();
    let ending = if pairs > all - pairs { "\r\n" } else { "\n" };
    let content = before.strip_prefix("\u{feff}".as_bytes()).unwrap_or(before);
    let is_open = !content.is_empty() && !content.ends_with(b"\n") && !lines.is_empty();
    let last = is_open.then_some("").into_iter();
    let expected =
        last.chain(lines.iter().map(String::as_str)).map(|line| format!("{line}{ending}"));
    assert_eq!(String::from_utf8_lossy(added), expected.collect::<String>());
}

/// The file with the lines added; none where it is not UTF-8.
fn edited(before: Option<&[u8]>, lines: &[String]) -> Option<Vec<u8>> {
    let path = PathBuf::from(IGNORE_FILE);
    let files = BTreeMap::from([(path.clone(), before.map(<[u8]>::to_vec))]);
    let mut change = Change::new(Code::Gitignore, "patterns", String::new(), String::new());
    change.edits = vec![Edit::Ignore { lines: lines.to_vec() }];
    let mut written = written(&files, &BTreeMap::new(), &[&change]).ok()?;
    Some(written.remove(&path).unwrap_or_else(|| before.unwrap_or_default().to_vec()))
}
