//! Configuration as people write it: partial files, both formats, and mistakes
//! that have to be named.

use std::error::Error as _;
use std::path::Path;

use aimds_core::{Action, Category, Config, Detection, Error, Severity};

#[test]
fn an_empty_file_is_the_default() {
    assert_eq!(Config::from_toml("").unwrap(), Config::default());
    assert_eq!(Config::from_json("{}").unwrap(), Config::default());
}

#[test]
fn both_formats_say_the_same() {
    let toml = Config::from_toml(
        r#"
        [detection]
        extra_phrases = ["open the vault"]

        [policy.categories.jailbreak]
        block = "medium"
        "#,
    )
    .unwrap();
    let json = Config::from_json(
        r#"{
            "detection": {"extra_phrases": ["open the vault"]},
            "policy": {"categories": {"jailbreak": {"block": "medium"}}}
        }"#,
    )
    .unwrap();
    assert_eq!(toml, json);

    let found = [Detection::new(
        Category::Jailbreak,
        Severity::Medium,
        1.0,
        "r",
    )];
    assert_eq!(toml.policy.decide(&found, None).action, Action::Block);
    assert_eq!(
        Config::default().policy.decide(&found, None).action,
        Action::Flag
    );
}

#[test]
fn a_default_survives_both_formats() {
    let json = serde_json::to_string(&Config::default()).unwrap();
    assert_eq!(Config::from_json(&json).unwrap(), Config::default());
    let toml = toml::to_string(&Config::default()).unwrap();
    assert_eq!(Config::from_toml(&toml).unwrap(), Config::default());
}

#[test]
fn setting_one_category_keeps_the_others() {
    let config = Config::from_toml("[policy.categories.jailbreak]\nblock = \"low\"").unwrap();
    let personal = [Detection::new(
        Category::PersonalData,
        Severity::High,
        1.0,
        "card",
    )];
    assert_eq!(
        config.policy.decide(&personal, None).action,
        Action::Sanitize
    );
}

#[test]
fn a_value_out_of_range_is_named() {
    let error = Config::from_toml("[analysis]\nlearning_rate = 0.0").unwrap_err();
    assert_eq!(
        error.to_string(),
        "`analysis.learning_rate` is 0, expected above 0 and at most 1"
    );
    let error = Config::from_toml("[policy]\nblock_risk = 1.5").unwrap_err();
    assert!(error.to_string().contains("policy.block_risk"), "{error}");
}

#[test]
fn a_misspelt_key_is_refused() {
    let error = Config::from_toml("[detection]\ncache_entires = 1").unwrap_err();
    assert!(matches!(error, Error::Toml(_)));
    assert!(error
        .source()
        .unwrap()
        .to_string()
        .contains("cache_entires"));
}

#[test]
fn a_missing_file_and_an_unknown_format_are_told_apart() {
    let missing = Config::from_path(Path::new("no/such/aimds.toml")).unwrap_err();
    assert_eq!(missing.to_string(), "failed to read `no/such/aimds.toml`");
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/config.rs");
    let unknown = Config::from_path(&manifest).unwrap_err();
    assert!(matches!(unknown, Error::UnknownFormat(format) if format == "rs"));
}
