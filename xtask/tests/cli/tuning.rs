//! `--measure full`: the search over profile settings, from the outside.

use serde_json::Value;

use crate::support::Fixture;

const ONE: &str = r#"
-- Cargo.toml --
[package]
name = "one"
version = "0.1.0"
edition = "2021"

[dependencies]
ghoul = "0.3"

[profile.release]
lto = "thin"
-- src/main.rs --
fn main() {
    ghoul::boo();
}
"#;

#[cfg(unix)]
#[test]
fn a_full_run_builds_every_value_and_tells_what_became_of_it() {
    let fixture = Fixture::new(ONE);
    let run = fixture
        .optimize(&[
            "--yes",
            "--no-test",
            "--only",
            "profile",
            "--measure",
            "full",
            "--cores",
            "1",
            "--bench",
            "\"$CARGO_TARGET_DIR/release/one\"",
        ])
        .exits(0);
    let json = run.json();
    assert_eq!(json["machine"]["cores"], 1);
    let given: Vec<&str> =
        json["arguments"].as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect();
    assert!(given.windows(2).any(|words| words == ["--measure", "full"]), "{given:?}");
    assert!(given.windows(2).any(|words| words == ["--only", "profile"]), "{given:?}");
    assert!(given.contains(&"--yes") && !given.contains(&"--manifest-path"), "{given:?}");
    let tuning = json["tuning"].as_array().unwrap();
    let find = |setting: &str| -> Value {
        let found = tuning.iter().find(|tuned| tuned["setting"] == setting);
        found.unwrap_or_else(|| panic!("`{setting}` was not searched: {tuning:#?}")).clone()
    };
    let lto = find("profile.release.lto");
    assert_eq!((&lto["before"], &lto["cores"]), (&Value::from("\"thin\""), &Value::from(1)));
    let deps = find("profile.dev.package.\"*\".opt-level");
    for tuned in [&lto, &deps] {
        let tried = tuned["tried"].as_array().unwrap();
        assert!(!tried.is_empty());
        for value in tried {
            assert!(!value["seconds"].as_array().unwrap().is_empty(), "{value:#}");
            assert!(!value["reason"].as_str().unwrap().is_empty(), "{value:#}");
        }
    }
    let samples = fixture.read(".xtask-history/samples.jsonl");
    assert!(samples.contains("\"what\":\"bench-command\""), "{samples}");
    let dev =
        json["measurements"].as_array().unwrap().iter().find(|row| row["what"] == "clean-dev");
    if let Some(dev) = dev {
        assert!(dev["samples"]["candidate"].as_array().unwrap().len() >= 3, "{dev:#}");
    }
    let report = std::path::Path::new(json["report"].as_str().unwrap()).join("report.md");
    let text = std::fs::read_to_string(report).unwrap();
    assert!(text.contains("profile.release.lto"), "{text}");
}

#[test]
fn a_command_without_a_search_to_guard_is_refused() {
    let fixture = Fixture::new(ONE);
    let before = fixture.whole_tree();
    fixture.optimize(&["--yes", "--bench", "true"]).exits(2).says("hint: add `--measure full`");
    crate::support::assert_same(&before, &fixture.whole_tree());
}
