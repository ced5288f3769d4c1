//! Files that somebody saves while a run is under way: noticed before the commit, whether the plan edits them or not.

use crate::support::Fixture;

/// A workspace in which a build script of the copy saves a file of the original: somebody who does not wait.
fn saved_meanwhile(path: &str, content: &str) -> Fixture {
    let fixture = Fixture::of_members();
    fixture.put("-- .cargo/config.toml --\n[term]\nquiet = false\n-- .gitignore --\n/target\n");
    let original = fixture.path(path);
    let script = format!(
        "fn main() {{\n    // In the candidate only: its manifest has a dependency less.\n    \
         let manifest = std::fs::read_to_string(\"Cargo.toml\").unwrap();\n    \
         if !manifest.contains(concat!(\"gh\", \"oul\")) {{\n        std::fs::write({original:?}, {content:?}).unwrap();\n    }}\n}}\n"
    );
    fixture.put_bytes("a/build.rs", script.as_bytes());
    fixture
}

#[test]
fn a_file_saved_while_changes_are_proved_stops_the_commit() {
    let passes = ["--only", "unused-dependency,gitignore"];
    for (path, content) in [
        // The plan edits the first two, and what the lock file says; it only read the configuration.
        ("b/Cargo.toml", "[package]\nname = \"b\"\nversion = \"0.2.0\"\n"),
        (".gitignore", "/target\nmine\n"),
        (".cargo/config.toml", "[term]\nquiet = true\n"),
        ("Cargo.lock", "version = 4\n"),
    ] {
        let fixture = saved_meanwhile(path, content);
        let mut expected = fixture.tree();
        let arguments = [&["--yes", "--measure", "none", "--no-test"], &passes[..]].concat();
        let run = fixture.optimize(&arguments).exits(2);
        run.says(&format!("{path}`; nothing was written")).says("run again");
        let saved = fixture.tree()[path].clone();
        assert_eq!(saved.1, content.as_bytes(), "what was saved is there");
        expected.insert(path.to_owned(), saved);
        crate::support::assert_same(&expected, &fixture.tree());
        assert!(fixture.backups().is_empty(), "{path}");
    }
}
