//! Looking only: `--dry-run`, and no agreement because nobody can be asked.

use std::path::Path;

use snapbox::str;

use crate::support::{Fixture, assert_same};

/// Its build script leaves a mark wherever it runs.
const MARKING: &str = r#"
-- Cargo.toml --
[package]
name = "one"
version = "0.1.0"
edition = "2021"

[dependencies]
ghoul = "0.3"
-- build.rs --
fn main() {
    std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/ran"), "").unwrap();
}
-- src/lib.rs --
"#;

#[test]
fn a_dry_run_writes_nothing_and_runs_no_code_of_the_workspace() {
    let fixture = Fixture::new(MARKING);
    let before = fixture.whole_tree();
    let run = fixture.optimize(&["--dry-run"]).exits(0);
    assert_same(&before, &fixture.whole_tree());
    assert!(!fixture.path("target").exists());
    assert!(run.ids("planned").contains(&"unused-dependency:one/ghoul".to_owned()));
    assert!(run.json()["diff"].as_str().unwrap().contains("-ghoul = \"0.3\""));
    assert!(run.json()["backup"].is_null());
}

#[test]
fn a_dry_run_leaves_a_target_directory_as_it_is() {
    let fixture = Fixture::new(MARKING);
    fixture.put("-- target/CACHEDIR.TAG --\n# created by cargo\n-- target/package/one-0.1.0/Cargo.toml --\n");
    let before = fixture.whole_tree();
    let run = fixture.optimize(&["--dry-run"]).exits(0);
    assert!(run.ids("planned").contains(&"package-bloat:package".to_owned()));
    assert_same(&before, &fixture.whole_tree());
}

#[test]
fn a_dry_run_shows_plan_and_diff() {
    let fixture = Fixture::new(MARKING);
    // Named as it was: where a temporary directory lies decides where lines are folded.
    let args = ["optimize", "--dry-run", "--only", "unused-dependency"];
    let run = fixture.run_on(Path::new("ws/Cargo.toml"), &args).exits(0);
    snapbox::assert_data_eq!(
        run.stdout,
        str![[r#"
     Planned 1 change in `ws`
             remove ghoul from one [dependencies] (unused-dependency:one/ghoul)
               no source, test, bench, example or build script names `ghoul`

--- a/Cargo.toml
+++ b/Cargo.toml
@@ -4,4 +4,3 @@
 edition = "2021"
 
 [dependencies]
-ghoul = "0.3"

"#]]
    );
}

#[test]
fn without_a_terminal_and_without_agreement_nothing_happens() {
    let fixture = Fixture::new(MARKING);
    let before = fixture.whole_tree();
    let run = fixture.run(&["optimize", "--measure", "none"]).exits(2);
    run.says("--yes").says("nothing was changed");
    assert_same(&before, &fixture.whole_tree());
}
