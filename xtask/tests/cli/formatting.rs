//! Manifests in odd forms: what a change does not name stays as it was, to the byte.

use crate::support::{Fixture, assert_same};

const PASSES: &str = "unused-dependency,duplicate-version,not-inherited,broad-features";

const ROOT: &str = "\u{feff}[workspace] # one line\r
resolver = \"2\"\r
members = [ 'core',\"app\" ]\r
\r
[workspace.dependencies]\r
# first\r
plume={version='1',features=[ \"ink\" ]}   # spaces\r
\r
  # indented\r
  tokio = { version = \"1.40\", features = [\r
    # all of it\r
    \"full\",\r
  ] }\r
[profile.dev]\r
debug=0";

const CORE: &str = "[package]
name = \"core-types\"
version = \"0.1.0\"
edition = \"2021\"

# standard tables
[dependencies.plume] # a feather
version = \"1\"
features = [\"quill\", \"ink\"]

[dependencies.ghost]
version = \"1\"

[dependencies.shelf]
version = \"5.5\" # old

[target.'cfg(all())'.dependencies] # everywhere
tokio.workspace = true
";

const APP: &str = "package = { name = \"app\", version = \"0.1.0\", edition = \"2021\" }
lib.doctest = false
dependencies.shelf = '6.1' # new
dependencies.ghost.version = \"1\"
dependencies.plume = { version = \"1\", features = [\"ink\"], optional = true } # maybe
features = { feather = [\"dep:plume\"] }";

fn odd() -> Fixture {
    let fixture = Fixture::unlocked(
        "-- core/src/lib.rs --\n\
         pub fn one() {\n    plume::ink();\n    tokio::time::sleep();\n    shelf::width();\n}\n\
         -- app/src/lib.rs --\n\
         pub use shelf::width as _;\n",
    );
    fixture.put_bytes("Cargo.toml", ROOT.as_bytes());
    fixture.put_bytes("core/Cargo.toml", CORE.as_bytes());
    fixture.put_bytes("app/Cargo.toml", APP.as_bytes());
    fixture.vendor_all();
    fixture.lock();
    fixture
}

#[test]
fn endings_marks_comments_and_every_form_of_table_survive() {
    let fixture = odd();
    let before = fixture.tree();
    let run = fixture.optimized(&["--only", PASSES]);
    let lines = |path: &str| fixture.read(path);

    let root = ROOT
        .replace("\"full\",\r\n", "\"time\",\r\n")
        .replace("   # spaces\r\n", "   # spaces\r\nshelf = \"6.1\"\r\n");
    assert_eq!(lines("Cargo.toml"), root, "{run:?}");

    let core = CORE
        .replace(
            "version = \"1\"\nfeatures = [\"quill\", \"ink\"]",
            "workspace = true\nfeatures = [\"quill\"]",
        )
        .replace("[dependencies.ghost]\nversion = \"1\"\n\n", "")
        .replace("version = \"5.5\" # old", "workspace = true # old");
    assert_eq!(lines("core/Cargo.toml"), core, "{run:?}");

    let app = APP
        .replace(
            "dependencies.shelf = '6.1' # new",
            "dependencies.shelf = { workspace = true } # new",
        )
        .replace("dependencies.ghost.version = \"1\"\n", "")
        .replace(
            "{ version = \"1\", features = [\"ink\"], optional",
            "{ workspace = true, optional",
        );
    assert_eq!(lines("app/Cargo.toml"), app, "{run:?}");

    fixture.cargo(&["check", "--workspace", "--locked", "--offline", "--quiet"]);
    fixture.run(&["restore"]).exits(0);
    assert_same(&before, &fixture.tree());
}

#[test]
fn an_ignore_file_without_final_newline_keeps_its_lines() {
    let fixture = Fixture::new("-- Cargo.toml --\n[package]\nname = \"one\"\n-- src/lib.rs --\n");
    fixture.put_bytes(".gitignore", b"/target/\r\n# mine\r\n*.orig");
    let before = fixture.tree();
    fixture.optimized(&["--only", "gitignore"]);
    let expected = "/target/\r\n# mine\r\n*.orig\r\ncargo-timing*.html\r\n/backup-*/\r\n";
    assert_eq!(fixture.read(".gitignore"), expected);
    fixture.run(&["restore"]).exits(0);
    assert_same(&before, &fixture.tree());
}

#[test]
fn a_configuration_that_is_there_is_added_to() {
    let fixture = Fixture::new("-- Cargo.toml --\n[package]\nname = \"one\"\n-- src/lib.rs --\n");
    let config = "# mine\n[alias]\ncheck-all = [\"check\"] # kept\n\n[net]\nretry = 3\n";
    fixture.put_bytes(".cargo/config.toml", config.as_bytes());
    let before = fixture.tree();
    fixture.optimized(&["--only", "cargo-config"]);
    let added = "# kept\ntest-all = \"test --workspace --all-targets\"\n\
        build-timings = \"build --workspace --timings\"\n";
    assert_eq!(fixture.read(".cargo/config.toml"), config.replace("# kept\n", added));
    fixture.run(&["restore"]).exits(0);
    assert_same(&before, &fixture.tree());
}

#[test]
fn a_manifest_that_no_change_names_is_not_written() {
    // Odd, but nobody asked for it to be made even.
    let fixture = Fixture::unlocked(
        "-- Cargo.toml --\n[workspace]\nresolver = \"2\"\nmembers = [\"one\", \"two\"]\n\
         -- one/Cargo.toml --\n[package]\nname = \"one\"\n\n[dependencies]\nghoul = \"0.3\"\n\
         -- one/src/lib.rs --\n-- two/src/lib.rs --\n",
    );
    fixture.vendor_all();
    let two = "[package]\r\nname='two'";
    fixture.put_bytes("two/Cargo.toml", two.as_bytes());
    fixture.lock();
    let run = fixture.optimized(&["--only", "unused-dependency"]);
    assert_eq!(fixture.read("two/Cargo.toml"), two);
    assert!(!run.json()["diff"].as_str().unwrap().contains("two/Cargo.toml"), "{run:?}");
}
