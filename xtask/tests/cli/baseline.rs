//! What is broken before any change: said, held against no change, and no reason to stop.

use crate::support::Fixture;

#[test]
fn targets_that_do_not_compile_are_reported_and_the_rest_goes_on() {
    let fixture = Fixture::new(
        r#"
-- Cargo.toml --
[package]
name = "one"
version = "0.1.0"
edition = "2021"

[lib]
doctest = false

[dependencies]
ghost = "1"
ghoul = "0.3"

[[bench]]
name = "slow"
harness = false
-- src/lib.rs --
pub fn one() {
    ghost::boo();
}
-- benches/slow.rs --
fn main() {
    one::two();
}
-- examples/wrong.rs --
fn main() -> u32 {}
"#,
    );
    let run = fixture.optimize(&["--yes", "--measure", "none", "--only", "unused-dependency"]);
    let run = run.exits(0);
    assert_eq!(run.ids("applied"), ["unused-dependency:one/ghoul"]);
    let json = run.json();
    for side in ["baseline", "candidate"] {
        let failed = json[side]["targets_failed"].as_array().unwrap();
        assert_eq!(failed.len(), 2, "{side}: {failed:?}");
        for (name, path) in [("slow", "benches/slow.rs"), ("wrong", "examples/wrong.rs")] {
            let names = |text: &str| text.contains(name) && text.contains(path);
            assert!(failed.iter().any(|line| names(line.as_str().unwrap())), "{side}: {failed:?}");
        }
        assert_eq!(json[side]["targets_ok"], 1);
    }
    for path in ["benches/slow.rs", "examples/wrong.rs"] {
        let said = |note: &String| note.contains(path) && note.contains("before any change");
        assert!(run.notes().iter().any(said), "{path} in {:?}", run.notes());
    }
}

#[test]
fn a_test_that_fails_before_is_held_against_no_change() {
    let fixture = Fixture::new(
        r#"
-- Cargo.toml --
[package]
name = "one"
version = "0.1.0"
edition = "2021"

[lib]
doctest = false

[dependencies]
ghoul = "0.3"
-- src/lib.rs --
#[test]
fn good() {}

#[test]
fn bad() {
    panic!("as ever");
}
"#,
    );
    let run = fixture.optimize(&["--yes", "--measure", "none", "--only", "unused-dependency"]);
    let run = run.exits(0);
    assert_eq!(run.ids("applied"), ["unused-dependency:one/ghoul"]);
    let notes = run.notes();
    let said = notes.iter().any(|note| note.contains("`bad` failed before any change"));
    assert!(said, "{notes:?}");
}
