//! What a setup and a removal make of a configuration, byte for byte.

use super::*;
use crate::{cache::found::Setting, cli::Backend};

fn redis() -> Vec<(&'static str, String)> {
    let wanted = Wanted { endpoint: Some("redis://h:1".to_owned()), ..Wanted::of(Backend::Redis) };
    sccache::variables(&wanted).unwrap()
}

/// The text with a change made, by the same way as a commit goes.
fn made(text: Option<&str>, change: &Change) -> String {
    let path = config_file();
    let files = [(path.clone(), text.map(|text| text.as_bytes().to_vec()))].into();
    let documents = text.map(|text| (path.clone(), text.parse::<DocumentMut>().unwrap()));
    let out = crate::plan::written(&files, &documents.into_iter().collect(), &[change]).unwrap();
    match out.get(&path) {
        Some(bytes) => String::from_utf8(bytes.clone()).unwrap(),
        None => text.unwrap_or_default().to_owned(),
    }
}

fn after_setup(text: Option<&str>, variables: &[(&'static str, String)]) -> String {
    let document = text.map(|text| text.parse::<DocumentMut>().unwrap());
    made(text, &set_up(document.as_ref(), variables).unwrap())
}

fn after_removal(text: &str) -> (String, Vec<String>) {
    let (change, left) = taken_out(Some(&text.parse().unwrap()));
    (made(Some(text), &change), left)
}

#[test]
fn a_setup_writes_the_wrapper_and_the_variables_and_a_second_one_nothing() {
    let text = after_setup(None, &redis());
    snapbox::assert_data_eq!(
        text.as_str(),
        snapbox::str![[r#"
[build]
rustc-wrapper = "sccache"

# Read by sccache. Credentials come from the environment: `cargo xtask cache status`
[env]
SCCACHE_REDIS_ENDPOINT = "redis://h:1"
SCCACHE_IGNORE_SERVER_IO_ERROR = "1"
SCCACHE_SKIP_CACHE_CHECK = "1"

"#]]
    );
    assert_eq!(after_setup(Some(&text), &redis()), text);
}

#[test]
fn a_removal_takes_out_what_a_setup_wrote_and_nothing_else() {
    for before in [
        "[alias]\nx = \"run\"\n",
        "# why\n[build]\njobs = 2 # two\n\n[env]\nMINE = \"1\"\n",
        "[env]\nMINE = \"1\"\n",
    ] {
        let there = after_setup(Some(before), &redis());
        assert_ne!(there, before);
        let (back, left) = after_removal(&there);
        assert_eq!(back, before);
        assert!(left.is_empty(), "{left:?}");
    }
    let (back, _) = after_removal(&after_setup(None, &redis()));
    assert_eq!(back.trim(), "");
}

#[test]
fn another_backend_takes_the_place_of_the_one_before() {
    let there = after_setup(None, &redis());
    let wanted = Wanted { dir: Some("/c".to_owned()), ..Wanted::of(Backend::Local) };
    let text = after_setup(Some(&there), &sccache::variables(&wanted).unwrap());
    assert!(
        !text.contains("REDIS") && !text.contains("SKIP") && text.contains("SCCACHE_DIR"),
        "{text}"
    );
}

#[test]
fn what_others_wrote_is_left_and_named() {
    let text = "[build]\nrustc-wrapper = \"ccache\"\n[env]\nSCCACHE_LOG = \"debug\"\n\
                SCCACHE_DIR = { value = \"c\", relative = true }\nSCCACHE_REGION = \"r\"\n";
    let (after, left) = after_removal(text);
    assert_eq!(after, text.replace("SCCACHE_REGION = \"r\"\n", ""));
    for named in ["`build.rustc-wrapper` is \"ccache\"", "SCCACHE_LOG", "SCCACHE_DIR"] {
        assert!(left.iter().any(|it| it.contains(named)), "`{named}` in {left:?}");
    }
}

#[test]
fn another_wrapper_is_not_replaced() {
    let text = "[build]\nrustc-wrapper = \"/opt/w\"\n";
    let error = set_up(Some(&text.parse().unwrap()), &redis()).unwrap_err();
    assert!(error.contains("/opt/w") && error.contains("hint: "), "{error}");
    let own = "[build]\nrustc-wrapper = \"/usr/bin/sccache\"\n";
    assert!(after_setup(Some(own), &redis()).starts_with(own));
}

#[test]
fn a_variable_in_another_form_is_an_error_and_not_passed_over() {
    let text = "[env]\nSCCACHE_DIR = { value = \"c\", relative = true }\n";
    let error = set_up(Some(&text.parse().unwrap()), &redis()).unwrap_err();
    assert!(error.contains("env.SCCACHE_DIR"), "{error}");
}

#[test]
fn variables_that_sccache_refuses_beside_a_setup_are_named() {
    let wanted = Wanted { expiration: Some(1), ..Wanted::of(Backend::Redis) };
    let found = Found {
        settings: vec![Setting {
            name: "SCCACHE_REDIS_TTL".to_owned(),
            value: "60".to_owned(),
            by: "the environment".to_owned(),
        }],
        credentials: vec!["SCCACHE_REDIS".to_owned()],
        ..Found::default()
    };
    let notes = |wanted: &Wanted| notes_of(wanted, Version(0, 19, 0), &found).join("\n");
    let said = notes(&wanted);
    assert!(said.contains("`SCCACHE_REDIS` is set") && said.contains("`SCCACHE_REDIS_TTL` is set"));
    assert!(!notes(&Wanted { expiration: None, ..wanted }).contains("SCCACHE_REDIS_TTL"));
    assert!(!notes(&Wanted::of(Backend::Local)).contains("take it out"));
}

#[test]
fn what_the_environment_says_otherwise_is_named_and_what_it_says_alike_is_not() {
    let setting = |name: &str, value: &str, by: &str| Setting {
        name: name.to_owned(),
        value: value.to_owned(),
        by: by.to_owned(),
    };
    let mut found = Found {
        wrapper: Some(setting("build.rustc-wrapper", "ccache", "RUSTC_WRAPPER in the environment")),
        settings: vec![
            setting("SCCACHE_DIR", "/elsewhere", ENVIRONMENT),
            setting("SCCACHE_CACHE_SIZE", "5G", ENVIRONMENT),
            setting("SCCACHE_BUCKET", "builds", ENVIRONMENT),
            setting("SCCACHE_ENDPOINT", "", ENVIRONMENT),
            setting("SCCACHE_REGION", "", ENVIRONMENT),
            setting("SCCACHE_REDIS_ENDPOINT", "redis://cache", ".cargo/config.toml"),
            setting("SCCACHE_LOG", "debug", ENVIRONMENT),
        ],
        ..Found::default()
    };
    let variables = [
        ("SCCACHE_DIR", "/cache".to_owned()),
        ("SCCACHE_CACHE_SIZE", "5G".to_owned()),
        ("SCCACHE_ENDPOINT", "http://cache:9000".to_owned()),
    ];
    let said = overrides(&variables, &found);
    assert_eq!(said.len(), 4, "{said:?}");
    assert!(said[0].contains("`ccache`, set by RUSTC_WRAPPER in the environment"), "{said:?}");
    assert!(said[1].contains("`SCCACHE_DIR` is /elsewhere"), "{said:?}");
    assert!(said[2].contains("`SCCACHE_BUCKET` is builds"), "{said:?}");
    assert!(said[3].contains("`SCCACHE_ENDPOINT` is empty"), "{said:?}");
    found.wrapper =
        Some(setting("build.rustc-wrapper", "/bin/sccache", "RUSTC_WRAPPER in the environment"));
    assert_eq!(overrides(&variables, &found).len(), 3);
}
