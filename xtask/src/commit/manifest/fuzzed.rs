//! What holds of any bytes that are read as `manifest.json`: for the fuzz target and the tests.
//!
//! Invariant: what is asserted of a path is said here in its own words, not by the code that checks it.

use std::collections::BTreeSet;

use serde_json::Value;

use super::*;

/// Reads the bytes as they are, and once more with a digest that fits, as an attacker would write it.
pub(crate) fn reading(bytes: &[u8]) {
    if let Ok(manifest) = Manifest::parse(bytes) {
        accepted(&manifest);
    }
    if let Some(forged) = with_digest(bytes)
        && let Ok(manifest) = Manifest::parse(&forged)
    {
        accepted(&manifest);
    }
}

/// The same JSON with the digest that belongs to it; none where it is no JSON object.
fn with_digest(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut value: Value = serde_json::from_slice(bytes).ok()?;
    value.as_object_mut()?.shift_remove("digest");
    let digest = sha256(&serde_json::to_vec(&value).ok()?);
    value["digest"] = digest.into();
    serde_json::to_vec(&value).ok()
}

/// What a manifest that was accepted keeps to.
fn accepted(manifest: &Manifest) {
    let mut seen = BTreeSet::new();
    let directories = || manifest.created_directories.iter().chain(&manifest.removed_directories);
    for path in manifest.files.iter().map(|entry| &entry.path).chain(directories()) {
        assert!(stays_inside(path), "`{path}` was accepted");
        assert!(seen.insert(path), "`{path}` was accepted twice");
    }
    for entry in &manifest.files {
        let below = format!("{}/", entry.path);
        assert!(seen.iter().all(|path| !path.starts_with(&below)), "`{below}` is a file, too");
        if let Some(link) = &entry.link {
            assert!(is_plain(link), "the link `{link}` was accepted");
        }
        for version in [&entry.before, &entry.after].into_iter().flatten() {
            assert!(version.mode.is_none_or(|mode| mode < 0o10000) && version.bytes < 1 << 30);
        }
    }
    let written = manifest.to_json().expect("what was read can be written");
    let again = Manifest::parse(&written).expect("what was written can be read");
    assert_eq!(manifest, &again);
    assert_eq!(written, again.to_json().expect("twice as well"));
    any_byte_counts(&written);
}

/// Damages one byte of a whole manifest, which one depends on the manifest: that is noticed, or means the same.
fn any_byte_counts(written: &[u8]) {
    let whole = Manifest::parse(written).expect("it is whole");
    let at = usize::from(written[written.len() - 6]) * written.len() / 256;
    let mut damaged = written.to_vec();
    damaged[at] ^= 1;
    if let Ok(manifest) = Manifest::parse(&damaged) {
        assert_eq!(manifest, whole);
    }
}

/// Whether a path names something below the root that is neither git's nor a backup's.
fn stays_inside(path: &str) -> bool {
    is_plain(path) && !path.split('/').next().is_some_and(is_a_backups)
}

fn is_plain(path: &str) -> bool {
    path.split('/').all(|part| {
        let is_special = matches!(part, "" | "." | "..") || part.eq_ignore_ascii_case(".git");
        !is_special && !part.contains('\0')
    })
}

/// Whether a name is `backup-`, a time, perhaps a number and perhaps `.tmp`; not every day of every month is asked about.
fn is_a_backups(name: &str) -> bool {
    let Some(name) = name.strip_prefix("backup-") else { return false };
    let name = name.strip_suffix(".tmp").unwrap_or(name);
    let Some((time, number)) = name.split_at_checked(15) else { return false };
    let time = time.as_bytes();
    let is_time = time.iter().enumerate().all(|(at, byte)| match at {
        8 => *byte == b'-',
        _ => byte.is_ascii_digit(),
    });
    let two = |at: usize| 10 * (time[at] - b'0') + (time[at + 1] - b'0');
    let is_number = number.is_empty()
        || number.strip_prefix('-').is_some_and(|digits| {
            digits.parse::<u32>().is_ok_and(|number| number > 1 && number.to_string() == digits)
        });
    is_time
        && is_number
        && (1..=12).contains(&two(4))
        && (1..=28).contains(&two(6))
        && two(9) < 24
        && two(11) < 60
        && two(13) < 60
}
