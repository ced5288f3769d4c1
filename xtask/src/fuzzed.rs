//! What holds of any input: the checks of the fuzz targets in `xtask/fuzz`, which `cargo test` repeats on their
//! corpora.
//!
//! Compiled for tests and for the fuzz targets only. Invariant: a check is the same in both; it panics where the
//! promise is broken.

/// Edits of manifests; the input is as [`crate::plan::fuzzed`] says.
pub fn manifest_editor(input: &[u8]) {
    crate::plan::fuzzed::manifests(input);
}

/// `manifest.json` of a backup.
pub fn backup_manifest(input: &[u8]) {
    crate::commit::manifest::fuzzed::reading(input);
}

/// A timing report of cargo.
pub fn timing_report(input: &[u8]) {
    crate::timings::fuzzed::report(input);
}

/// An ignore file, and what the pass adds to it.
pub fn ignore_file(input: &[u8]) {
    crate::findings::fuzzed::ignore_file(input);
}

#[cfg(test)]
mod tests;
