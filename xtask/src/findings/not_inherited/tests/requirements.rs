//! Which requirements become one, and which one.

use super::*;

#[test]
fn requirements_of_two_majors_or_of_what_is_not_locked_are_not_merged() {
    let root = "[workspace.dependencies]\nz = \"1\"\n";
    let two = "[dependencies]\nx = \"2\"\n";
    stays(root, &[SHORT, two], "not-inherited:b/x", "it requires 2, a 1");
    let (path, both) = ("{ path = \"../x\" }", "{ path = \"../x\", version = \"1\" }");
    let [path, both] = [path, both].map(|entry| format!("[dependencies]\nx = {entry}\n"));
    stays(root, &[&path, &both], "not-inherited:b/x", "only one of the two names a version");
    let (lost, newer) = ("[dependencies]\nlost = \"1\"\n", "[dependencies]\nlost = \"1.5\"\n");
    stays(root, &[lost, newer], "not-inherited:b/lost", "it requires 1.5, a 1");
    let (changes, _) = World::new(root, &[newer, newer]).judge(Heirs::AllRead, &[]);
    assert_eq!(changes.len(), 1, "what is the same needs no lock");
}

#[test]
fn what_merges_only_with_another_is_merged_after_it() {
    // The version that `a` would get is known by that of `b`.
    becomes(
        (
            "[workspace.dependencies]\nx = \"1\"\n",
            &["[dependencies]\nx = { version = \"1.5\", optional = true }\n", SHORT],
        ),
        (
            "[workspace.dependencies]\nx = \"1.5\"\n",
            &["[dependencies]\nx = { workspace = true, optional = true }\n", HEIR],
        ),
    );
}

#[test]
fn what_is_locked_is_known_by_an_entry_that_stays() {
    let root = "[workspace.dependencies]\nx = { version = \"1\", features = [\"f\"] }\n";
    let heir = "[dependencies]\nx = { workspace = true, optional = true }\n";
    let newer = "[dependencies]\nx = { version = \"1.5\", features = [\"f\"], optional = true }\n";
    let newer_heir = "[dependencies]\nx = { workspace = true, optional = true }\n";
    let raised = root.replace("\"1\"", "\"1.5\"");
    // The last one would gain a feature, or make two heirs ask for it.
    becomes((root, &[heir, heir, newer, SHORT]), (&raised, &[heir, heir, newer_heir, SHORT]));
}
