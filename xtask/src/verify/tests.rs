//! What is read from compiler messages and from libtest, and what counts as worse.

use super::*;

fn target(name: &str) -> TargetId {
    TargetId { source: PathBuf::from("src/lib.rs"), kind: "lib".to_owned(), name: name.to_owned() }
}

#[test]
fn features_are_read_from_what_rustc_and_tokio_say() {
    assert_eq!(features_named("the item is gated behind the `net` feature"), ["net"]);
    let tokio = "The default runtime flavor is `multi_thread`, but the `rt-multi-thread` feature is disabled.";
    assert_eq!(features_named(tokio), ["rt-multi-thread"]);
    let macros = "The #[tokio::main] macro requires rt or rt-multi-thread.";
    assert_eq!(features_named(macros), ["rt"]);
    assert!(features_named("cannot find `x` in `y`").is_empty());
}

#[test]
fn a_target_that_failed_before_is_no_regression() {
    let baseline = Checked { ok: BTreeSet::from([(target("a"), false)]), ..Checked::default() };
    let mut candidate = baseline.clone();
    candidate.failed.insert(target("b"), "error: x".to_owned());
    assert_eq!(candidate.regression(&baseline), None);
}

#[test]
fn a_target_that_is_lost_is_a_regression_with_its_error() {
    let baseline = Checked { ok: BTreeSet::from([(target("a"), false)]), ..Checked::default() };
    let mut candidate = Checked::default();
    candidate.failed.insert(target("a"), "src/lib.rs:1:2: error: x".to_owned());
    assert_eq!(candidate.regression(&baseline).as_deref(), Some("src/lib.rs:1:2: error: x"));
}

#[test]
fn evidence_is_two_lines_and_the_log() {
    let said = "a: error: x\n\n  found here\n  and more";
    assert_eq!(evidence(said, Path::new("")), "a: error: x\n  found here");
    assert_eq!(evidence("a", Path::new("/l")), "a\nfull log: `/l`");
}

#[test]
fn a_test_that_failed_before_is_no_regression() {
    let mut baseline = Tested::default();
    baseline.read_line("test a ... ok");
    baseline.read_line("test b ... FAILED");
    let candidate = baseline.clone();
    assert_eq!(candidate.regression(&baseline), None);
    let mut worse = Tested::default();
    worse.read_line("test b ... FAILED");
    assert!(worse.regression(&baseline).unwrap().contains("`a`"));
}

#[test]
fn the_same_test_name_in_two_binaries_counts_twice() {
    let mut baseline = Tested { success: true, ..Tested::default() };
    baseline.read_line("test a ... ok");
    baseline.read_line("test a ... ok");
    let mut worse = Tested { success: true, ..Tested::default() };
    worse.read_line("test a ... ok");
    worse.read_line("test a ... FAILED");
    assert!(worse.regression(&baseline).is_some());
    assert_eq!(baseline.passed_count(), 2);
}
