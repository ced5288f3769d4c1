//! What moves between `[workspace.dependencies]` and its heirs.

use super::{super::super::Declaration, *};

fn declared(key: &str, features: &[&str]) -> Declaration {
    Declaration {
        key: key.to_owned(),
        requirement: Some("1".to_owned()),
        features: features.iter().map(|name| (*name).to_owned()).collect(),
        ..Declaration::default()
    }
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
        "[dependencies]\nx.workspace = true\n\n# group\na = \"1\" # here\n",
        "[dependencies]\nx.workspace = true\n\n# group\na.workspace = true # here\n",
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
fn an_inline_table_keeps_its_spaces_and_quotes() {
    check(
        "[dependencies]\na = {\"version\"=\"1\",\"optional\"=true,features=['x']}\n",
        "[dependencies]\na = {workspace=true,\"optional\"=true,features=['x']}\n",
        |doc| inherit(doc, &member(), "a", &["x".to_owned()], None),
    );
    check(
        "workspace={dependencies={a=\"1\",'z'='1'}}\n",
        "workspace={dependencies={a=\"1\", m = \"1\",'z'='1'}}\n",
        |doc| declare(doc, &declared("m", &[])),
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
fn comments_of_lines_that_go_stay_above_the_entry() {
    check(
        "[dependencies.a]\n# the newest\nversion = \"1\" # v\n# for y\nfeatures = [\"x\"] # f\ndefault-features = false\n\n[features]\n",
        "[dependencies.a]\n# the newest\n# for y\n# f\nworkspace = true # v\n\n[features]\n",
        |doc| inherit(doc, &member(), "a", &[], None),
    );
    check(
        "[dependencies]\na.version = \"1\" # v\na.features = [\"x\"] # f\nb = \"1\"\n",
        "[dependencies]\n# f\na.workspace = true # v\nb = \"1\"\n",
        |doc| inherit(doc, &member(), "a", &[], None),
    );
    let kept = ["y".to_owned()];
    check(
        "[dependencies.a]\nversion = \"1\"\nfeatures = [\n  # why x\n  \"x\",\n  # why y\n  \"y\",\n]\n",
        "[dependencies.a]\nworkspace = true\nfeatures = [\n  # why x\n  # why y\n  \"y\",\n]\n",
        |doc| inherit(doc, &member(), "a", &kept, None),
    );
}

#[test]
fn a_declaration_takes_its_place_in_a_sorted_table_and_the_end_of_any_other() {
    for (before, after) in [
        // Sorted: the comment above the next entry stays with it.
        (
            "[workspace.dependencies]\na = \"1\" # a\n# about z\nz = \"1\" # z\n",
            "[workspace.dependencies]\na = \"1\" # a\nm = \"1\"\n# about z\nz = \"1\" # z\n",
        ),
        (
            "[workspace.dependencies]\nz = \"1\"\na = \"1\" # a\n\n[profile.dev]\n",
            "[workspace.dependencies]\nz = \"1\"\na = \"1\" # a\nm = \"1\"\n\n[profile.dev]\n",
        ),
        (
            "[workspace.dependencies]\na.version = \"1\"\na.features = [\"x\"]\nz.path = \"z\"\n",
            "[workspace.dependencies]\na.version = \"1\"\na.features = [\"x\"]\nm = \"1\"\nz.path = \"z\"\n",
        ),
        // Every entry has a header of its own.
        (
            "[workspace.dependencies.a]\nversion = \"1\"\n\n[workspace.dependencies.z]\nversion = \"1\"\n",
            "[workspace.dependencies.a]\nversion = \"1\"\n\n[workspace.dependencies.m]\nversion = \"1\"\n\n[workspace.dependencies.z]\nversion = \"1\"\n",
        ),
        // Some have: what stands in lines comes before them.
        (
            "[workspace.dependencies]\nz = \"1\"\n\n[workspace.dependencies.a]\nversion = \"1\"\n",
            "[workspace.dependencies]\nm = \"1\"\nz = \"1\"\n\n[workspace.dependencies.a]\nversion = \"1\"\n",
        ),
        (
            "[workspace]\ndependencies.a = \"1\" # a\ndependencies.z = \"1\"\n",
            "[workspace]\ndependencies.a = \"1\" # a\ndependencies.m = \"1\"\ndependencies.z = \"1\"\n",
        ),
        (
            "workspace = { members = [], dependencies = { a = \"1\", z = \"1\" } }\n",
            "workspace = { members = [], dependencies = { a = \"1\", m = \"1\", z = \"1\" } }\n",
        ),
        (
            "workspace = { dependencies = { a = \"1\", k = \"1\" } }\n",
            "workspace = { dependencies = { a = \"1\", k = \"1\", m = \"1\" } }\n",
        ),
    ] {
        check(before, after, |doc| declare(doc, &declared("m", &[])));
    }
}

#[test]
fn a_declaration_says_all_that_its_entry_does() {
    let entry = Declaration {
        rename_of: Some("real".to_owned()),
        default_features: Some(false),
        source: vec![("path".to_owned(), "crates/real".to_owned())],
        ..declared("m", &["x", "y"])
    };
    check(
        "[workspace.dependencies]\na = \"1\"\n",
        "[workspace.dependencies]\na = \"1\"\nm = { version = \"1\", path = \"crates/real\", \
         package = \"real\", default-features = false, features = [\"x\", \"y\"] }\n",
        |doc| declare(doc, &entry),
    );
}

#[test]
fn features_are_withdrawn_from_every_form() {
    let all = ["x".to_owned(), "y".to_owned()];
    let one = ["x".to_owned()];
    for (before, features, after) in [
        (
            "a = { version = \"1\", features = [\"x\", \"z\"] } # c",
            &one[..],
            "a = { version = \"1\", features = [\"z\"] } # c",
        ),
        (
            "a = { version = \"1\", features = [ \"z\", \"x\" ] }",
            &one,
            "a = { version = \"1\", features = [ \"z\" ] }",
        ),
        ("a = { version = \"1\", features = [\"x\", \"y\"] }", &all, "a = { version = \"1\" }"),
        ("a = {version=\"1\",features=[\"y\",\"x\"]}", &all, "a = {version=\"1\"}"),
        ("a.version = \"1\"\na.features = [\"x\"]", &one, "a.version = \"1\""),
        (
            "a = { version = \"1\", features = [\n  # why x\n  \"x\",\n  \"z\", # z\n] }",
            &one,
            "a = { version = \"1\", features = [\n  # why x\n  \"z\", # z\n] }",
        ),
        (
            "a = { version = \"1\", features = [\n  \"z\",\n  \"x\", # why x\n] }",
            &one,
            "a = { version = \"1\", features = [\n  \"z\", # why x\n] }",
        ),
    ] {
        let text = |entry: &str| format!("[workspace.dependencies]\n{entry}\nb = \"1\"\n");
        check(&text(before), &text(after), |doc| withdraw(doc, "a", features, false));
    }
}

#[test]
fn default_features_are_withdrawn_from_every_form() {
    for (before, after) in [
        ("a = '1' # c", "a = { version = '1', default-features = false } # c"),
        (
            "a = { version = \"1\", features = [\"x\"] }",
            "a = { version = \"1\", features = [\"x\"], default-features = false }",
        ),
        (
            "a = { version = \"1\", default-features = true }",
            "a = { version = \"1\", default-features = false }",
        ),
        ("a.version = \"1\" # c", "a.version = \"1\" # c\na.default-features = false"),
    ] {
        let text = |entry: &str| format!("[workspace.dependencies]\n{entry}\nb = \"1\"\n");
        check(&text(before), &text(after), |doc| withdraw(doc, "a", &[], true));
    }
}

#[test]
fn an_heir_asks_for_more_in_the_form_it_has() {
    let features = ["x".to_owned(), "y".to_owned()];
    for (before, after) in [
        (
            "a = { workspace = true } # c",
            "a = { workspace = true, features = [\"x\", \"y\"], default-features = true } # c",
        ),
        (
            "a = { workspace = true, features = [ \"y\" ] }",
            "a = { workspace = true, features = [ \"y\", \"x\" ], default-features = true }",
        ),
        (
            "a.workspace = true # c",
            "a.workspace = true # c\na.features = [\"x\", \"y\"]\na.default-features = true",
        ),
        (
            "a = { workspace = true, features = [\n  # z\n  \"z\", # c\n], default_features = true }",
            "a = { workspace = true, features = [\n  # z\n  \"z\",\n  \"x\",\n  \"y\", # c\n], default_features = true }",
        ),
    ] {
        let text = |entry: &str| format!("[dependencies]\n{entry}\nb = \"1\"\n");
        check(&text(before), &text(after), |doc| ask(doc, &member(), "a", &features, true));
    }
    check(
        "[dependencies.a]\nworkspace = true # c\n\n[features]\n",
        "[dependencies.a]\nworkspace = true # c\nfeatures = [\"x\", \"y\"]\ndefault-features = true\n\n[features]\n",
        |doc| ask(doc, &member(), "a", &features, true),
    );
}

#[test]
fn a_dependency_is_declared_once() {
    check(
        "[workspace]\nmembers = []\n",
        "[workspace]\nmembers = []\n\n[workspace.dependencies]\na = { version = \"1\", features = [\"x\"] }\n",
        |doc| declare(doc, &declared("a", &["x"])),
    );
}

#[test]
fn comments_within_an_inline_table_stay_within_the_array() {
    let text = |features: &str| format!("[dependencies]\na = {{ {features} }} # c\nb = \"1\"\n");
    check(
        &text("version = \"1\", features = [\n  # why x\n  \"x\", # x\n]"),
        &text("workspace = true, features = [\n  # why x\n # x\n]"),
        |doc| inherit(doc, &member(), "a", &[], None),
    );
}

#[test]
fn a_comment_of_features_that_are_withdrawn_finds_a_place() {
    let features = ["x".to_owned()];
    for (flag, before, after) in [
        (false, "[workspace.dependencies.a]\nfeatures = [\"x\"] # f\n", "features = [] # f\n"),
        (
            true,
            "[workspace.dependencies.a]\nfeatures = [\"x\"] # f\n",
            "# f\ndefault-features = false\n",
        ),
        (
            false,
            "[workspace.dependencies.a]\nfeatures = [\"x\"] # f\nsource.path = \"a\"\n",
            "# f\nsource.path = \"a\"\n",
        ),
    ] {
        let after = format!("[workspace.dependencies.a]\n{after}");
        check(before, &after, |doc| withdraw(doc, "a", &features, flag));
    }
}

#[test]
fn comments_of_tables_within_an_entry_stay_when_it_inherits() {
    for (before, after) in [
        (
            "[dependencies.a]\nversion = \"1\" # v\n# t\n[dependencies.a.t] # u\nx = 1 # x\n",
            "[dependencies.a]\n# t\n# u\n# x\nworkspace = true # v\n",
        ),
        (
            "[dependencies.a]\n[[dependencies.a.t]] # u\n",
            "[dependencies.a]\n# u\nworkspace = true\n",
        ),
        (
            "[dependencies]\n# t\na.t.x = 1 # x\na.version = \"1\" # v\n",
            "[dependencies]\n# t\n# x\na.workspace = true # v\n",
        ),
        (
            "[dependencies.a]\nt = [ # t\n  1 ]\nversion = \"1\" # v\n",
            "[dependencies.a]\n# t\nworkspace = true # v\n",
        ),
        // Cargo takes no list for an entry.
        ("[dependencies]\na = [ # t\n]\n", "[dependencies]\na = [ # t\n]\n"),
    ] {
        check(before, after, |doc| inherit(doc, &member(), "a", &[], None));
    }
}
