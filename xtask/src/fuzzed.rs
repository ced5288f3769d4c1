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
    crate::findings::gitignore::fuzzed::ignore_file(input);
}

#[cfg(test)]
mod tests {
    use std::{fs, panic, path::Path};

    use super::*;

    /// Runs a check on every input of a corpus.
    fn repeat(target: &str, check: fn(&[u8])) {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
        let mut tried = 0;
        for entry in fs::read_dir(&corpus).unwrap() {
            let path = entry.unwrap().path();
            let input = fs::read(&path).unwrap();
            let outcome = panic::catch_unwind(|| check(&input));
            assert!(outcome.is_ok(), "see above, for `{}`", path.display());
            tried += 1;
        }
        assert!(tried > 10, "only {tried} inputs in `{}`", corpus.display());
    }

    #[test]
    fn what_was_found_by_fuzzing_the_manifest_editor_holds() {
        repeat("manifest_editor", manifest_editor);
    }

    #[test]
    fn what_was_found_by_fuzzing_the_backup_manifest_holds() {
        repeat("backup_manifest", backup_manifest);
    }

    #[test]
    fn what_was_found_by_fuzzing_the_timing_report_holds() {
        repeat("timing_report", timing_report);
    }

    #[test]
    fn what_was_found_by_fuzzing_the_ignore_file_holds() {
        repeat("ignore_file", ignore_file);
    }
}
