use std::path::PathBuf;

use super::{super::Kind, *};

mod inheriting;

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
fn comments_around_a_feature_that_is_replaced_are_there_once() {
    let text = |features: &str| {
        format!("[dependencies]\na = {{ version = \"1\", features = [\n{features}] }}\n")
    };
    let all = "  \"x\",\n  # all of it\n  \"full\", # really\n  \"full\",\n";
    for (by, expected) in [
        (&["x"][..], "  \"x\",\n  # all of it\n # really\n"),
        (&["rt", "sync", "rt"], "  \"x\",\n  # all of it\n  \"rt\",\n  \"sync\", # really\n"),
    ] {
        let by: Vec<String> = by.iter().map(|name| (*name).to_owned()).collect();
        check(&text(all), &text(expected), |doc| replace_feature(doc, &member(), "a", "full", &by));
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
        "[dependencies]\n# numbers\na = \"1\"\n  b = \"2\"\n",
        "[dependencies]\n# numbers\n  b = \"2\"\n",
        |doc| remove(doc, &member(), "a"),
    );
    check(
        "[dependencies]\n# numbers\na.version = \"1\"\nb.workspace = true\n",
        "[dependencies]\n# numbers\nb.workspace = true\n",
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
fn an_edit_without_its_subject_does_nothing() {
    let text = "[package]\nname = \"p\"\n";
    check(text, text, |doc| {
        inherit(doc, &member(), "a", &[], None);
        remove(doc, &member(), "a");
        set_requirement(doc, &Site::Workspace, "a", "1");
        replace_feature(doc, &member(), "a", "full", &[]);
        withdraw(doc, "a", &["x".to_owned()], true);
        ask(doc, &member(), "a", &["x".to_owned()], true);
    });
}

#[test]
fn what_has_a_type_that_cargo_refuses_is_left_alone() {
    let text = "[dependencies]\na = { features = \"x\", default-features.x = 1 } # c\n[profile.dev.debug]\n";
    check(text, text, |doc| {
        ask(doc, &member(), "a", &["y".to_owned()], true);
        set(doc, &["profile".to_owned(), "dev".to_owned()], "debug", 1.into());
    });
}

mod properties {
    use proptest::{collection::btree_map, prelude::*};

    use super::*;
    use crate::manifest::changed_keys;

    /// An entry in one of the forms that people write; `features` always holds `full`.
    fn entry(key: &str, form: u8, comment: bool) -> String {
        let mark = if comment { " # why" } else { "" };
        match form {
            0 => format!("{key} = \"1.2\"{mark}\n"),
            1 => format!("{key} = {{ version = \"1.2\", features = [\"x\", \"full\"] }}{mark}\n"),
            2 => format!("{key} = {{features=['full'],version='1.2',optional=true}}{mark}\n"),
            3 => format!("{key}.version = \"1.2\"{mark}\n{key}.features = [\"full\", \"y\",]\n"),
            4 => format!("{key}.workspace = true{mark}\n"),
            _ => format!("\n# group\n{key} = {{ version = \"1.2\", package = \"real\" }}{mark}\n"),
        }
    }

    fn manifest() -> impl Strategy<Value = (String, Vec<String>)> {
        btree_map("[a-f]", (0_u8..6, any::<bool>()), 1..6).prop_map(|entries| {
            let mut text = String::from("# top\n[package]\nname = \"p\"\n\n[dependencies]\n");
            for (key, (form, comment)) in &entries {
                text.push_str(&entry(key, *form, *comment));
            }
            text.push_str("\n[dev-dependencies]\na = \"9\" # stays\n");
            (text, entries.into_keys().collect())
        })
    }

    fn edit(doc: &mut DocumentMut, which: u8, key: &str) {
        let by = ["m".to_owned(), "n".to_owned()];
        match which {
            0 => inherit(doc, &member(), key, &[], None),
            1 => inherit(doc, &member(), key, &by, Some(true)),
            2 => remove(doc, &member(), key),
            3 => set_requirement(doc, &member(), key, "2"),
            4 => ask(doc, &member(), key, &by, true),
            _ => replace_feature(doc, &member(), key, "full", &by),
        }
    }

    proptest! {
        #[test]
        fn an_edit_changes_its_own_entry_only_and_once(
            (text, keys) in manifest(),
            which in 0_u8..6,
            at in any::<prop::sample::Index>(),
        ) {
            let key = at.get(&keys);
            let before: DocumentMut = text.parse().unwrap();
            let mut doc = before.clone();
            edit(&mut doc, which, key);
            let after: DocumentMut = doc.to_string().parse().expect("the result parses");
            for path in changed_keys(&before, &after) {
                prop_assert_eq!(&path[..2], &["dependencies".to_owned(), key.clone()]);
            }
            prop_assert!(after.to_string().contains("a = \"9\" # stays"));
            prop_assert!(after.to_string().starts_with("# top\n"));
            let once = doc.to_string();
            edit(&mut doc, which, key);
            prop_assert_eq!(doc.to_string(), once);
        }
    }
}
