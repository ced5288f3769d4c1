use std::path::PathBuf;

use super::{super::Kind, *};

fn member() -> Site {
    let table = DepTable { target: None, kind: Kind::Normal };
    Site::Member { manifest: PathBuf::from("Cargo.toml"), table }
}

fn check(before: &str, expected: &str, edit: impl Fn(&mut DocumentMut)) {
    let mut doc: DocumentMut = before.parse().unwrap();
    edit(&mut doc);
    assert_eq!(doc.to_string(), expected);
    let once = doc.to_string();
    edit(&mut doc);
    assert_eq!(doc.to_string(), once, "a second edit changes nothing");
}

#[test]
fn a_plain_requirement_becomes_inherited_and_keeps_its_comment() {
    check(
        "[dependencies]\n# why\na = \"1\" # here\nb = \"2\"\n",
        "[dependencies]\n# why\na = { workspace = true } # here\nb = \"2\"\n",
        |doc| inherit(doc, &member(), "a", &[], None),
    );
}

#[test]
fn inheritance_follows_the_dotted_style_of_the_table() {
    check(
        "[dependencies]\nx.workspace = true\na = \"1\" # here\n",
        "[dependencies]\nx.workspace = true\na.workspace = true # here\n",
        |doc| inherit(doc, &member(), "a", &[], None),
    );
}

#[test]
fn an_inline_table_becomes_inherited_with_the_features_left_to_ask_for() {
    check(
        "[dependencies]\na = { version = \"1\", features = [\"x\", \"y\"], optional = true }\n",
        "[dependencies]\na = { workspace = true, features = [\"y\"], optional = true }\n",
        |doc| inherit(doc, &member(), "a", &["y".to_owned()], None),
    );
    check(
        "[dependencies]\na = { version = \"1\", features = [\"x\"] }\n",
        "[dependencies]\na = { workspace = true }\n",
        |doc| inherit(doc, &member(), "a", &[], None),
    );
}

#[test]
fn a_standard_table_becomes_inherited_in_place() {
    check(
        "[dependencies.a]\n# the newest\nversion = \"1\" # v\nfeatures = [\"full\"]\n\n[features]\n",
        "[dependencies.a]\n# the newest\nworkspace = true # v\n\n[features]\n",
        |doc| inherit(doc, &member(), "a", &[], None),
    );
}

#[test]
fn default_features_are_asked_for_where_the_workspace_leaves_them_out() {
    check(
        "[dependencies]\na = \"1\"\n",
        "[dependencies]\na = { workspace = true, default-features = true }\n",
        |doc| inherit(doc, &member(), "a", &[], Some(true)),
    );
}

#[test]
fn a_requirement_changes_in_every_form() {
    for (before, after) in [
        ("a = \"1\" # c\n", "a = \"2\" # c\n"),
        ("a = {version=\"1\",optional=true}\n", "a = {version=\"2\",optional=true}\n"),
        ("a.version = '1'\n", "a.version = \"2\"\n"),
    ] {
        check(&format!("[dependencies]\n{before}"), &format!("[dependencies]\n{after}"), |doc| {
            set_requirement(doc, &member(), "a", "2");
        });
    }
}

#[test]
fn a_feature_is_replaced_at_its_place() {
    let by = ["rt".to_owned(), "sync".to_owned()];
    for (before, after) in [
        ("[\"full\"]", "[\"rt\", \"sync\"]"),
        ("[\"sync\", \"full\", \"z\"]", "[\"sync\", \"rt\", \"z\"]"),
        ("[\n    \"full\",\n]", "[\n    \"rt\",\n    \"sync\",\n]"),
    ] {
        check(
            &format!("[workspace.dependencies]\na = {{ version = \"1\", features = {before} }}\n"),
            &format!("[workspace.dependencies]\na = {{ version = \"1\", features = {after} }}\n"),
            |doc| replace_feature(doc, &Site::Workspace, "a", "full", &by),
        );
    }
}

#[test]
fn a_comment_that_heads_a_group_survives_its_first_entry() {
    check(
        "[dependencies]\n# numbers\na = \"1\"\nb = \"2\"\n",
        "[dependencies]\n# numbers\nb = \"2\"\n",
        |doc| remove(doc, &member(), "a"),
    );
    check(
        "[dependencies]\n# a is for later\na = \"1\"\nb = \"2\"\n",
        "[dependencies]\nb = \"2\"\n",
        |doc| remove(doc, &member(), "a"),
    );
    check(
        "[dependencies]\n# one\na = \"1\"\n\n# two\nb = \"2\"\n",
        "[dependencies]\n\n# two\nb = \"2\"\n",
        |doc| remove(doc, &member(), "a"),
    );
}

#[test]
fn an_entry_of_a_target_table_is_removed() {
    let table = DepTable { target: Some("cfg(unix)".to_owned()), kind: Kind::Dev };
    let site = Site::Member { manifest: PathBuf::from("Cargo.toml"), table };
    check(
        "[target.'cfg(unix)'.dev-dependencies]\na = \"1\"\nb = \"1\"\n",
        "[target.'cfg(unix)'.dev-dependencies]\nb = \"1\"\n",
        |doc| remove(doc, &site, "a"),
    );
}

#[test]
fn a_setting_is_added_in_whatever_form_the_table_has() {
    let path = ["profile".to_owned(), "dev".to_owned()];
    for (before, after) in [
        ("", "[profile.dev]\ndebug = 1\n"),
        ("[profile.dev]\nopt-level = 1 # c\n", "[profile.dev]\nopt-level = 1 # c\ndebug = 1\n"),
        ("[profile.dev]\ndebug = 2 # c\n", "[profile.dev]\ndebug = 1 # c\n"),
        ("[profile]\ndev = { opt-level = 1 }\n", "[profile]\ndev = { opt-level = 1, debug = 1 }\n"),
    ] {
        check(before, after, |doc| set(doc, &path, "debug", 1.into()));
    }
}

#[test]
fn a_dependency_is_declared_once() {
    check(
        "[workspace]\nmembers = []\n",
        "[workspace]\nmembers = []\n\n[workspace.dependencies]\na = { version = \"1\", features = [\"x\"] }\n",
        |doc| declare(doc, "a", "1", &["x".to_owned()], None),
    );
}

#[test]
fn an_edit_without_its_subject_does_nothing() {
    let text = "[package]\nname = \"p\"\n";
    check(text, text, |doc| {
        inherit(doc, &member(), "a", &[], None);
        remove(doc, &member(), "a");
        set_requirement(doc, &Site::Workspace, "a", "1");
        replace_feature(doc, &member(), "a", "full", &[]);
    });
}
