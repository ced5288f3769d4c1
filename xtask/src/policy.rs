//! What the workspace's owner decided: `[workspace.metadata.optimize]`, and the ignore lists already
//! written for cargo-machete and cargo-shear. docs/configuration.md has every key.
//!
//! Pure: reads parsed metadata, never files. Whatever is not understood is an error, so that a typo is not a silent
//! default.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, anyhow, bail};
use cargo_metadata::Metadata;
use clap::ValueEnum as _;
use serde::Deserialize;
use serde_json::Value;
use toml_edit::DocumentMut;

use crate::{cli::Code, wording};

/// Keys of [`Policy`].
const KEYS: [&str; 4] = ["ignore", "pin", "keep", "budget"];
/// Keys of [`Budget`].
const BUDGET_KEYS: [&str; 7] =
    ["clean-dev", "clean-release", "incremental", "target", "binary", "duplicates", "units"];

/// Policy of a workspace.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub(crate) struct Policy {
    /// Changes (by id) and passes (by code) that are not wanted.
    pub(crate) ignore: BTreeSet<String>,
    /// Requirement that a package's members are to share.
    pub(crate) pin: BTreeMap<String, String>,
    /// Packages that are never removed as unused.
    pub(crate) keep: BTreeSet<String>,
    /// Limits that `validate` holds the workspace to.
    pub(crate) budget: Budget,
}

/// Limits: ratios against the recorded or given baseline, and counts.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub(crate) struct Budget {
    /// Highest ratio allowed for the clean dev build.
    pub(crate) clean_dev: Option<f64>,
    /// Highest ratio allowed for the clean release build.
    pub(crate) clean_release: Option<f64>,
    /// Highest ratio allowed for an incremental rebuild.
    pub(crate) incremental: Option<f64>,
    /// Highest ratio allowed for the size of the target directory.
    pub(crate) target: Option<f64>,
    /// Highest ratio allowed for the size of what a release build links.
    pub(crate) binary: Option<f64>,
    /// Most packages allowed in more than one version.
    pub(crate) duplicates: Option<usize>,
    /// Most units allowed in `cargo check --workspace --all-targets`.
    pub(crate) units: Option<usize>,
}

impl Policy {
    /// Reads the policy from the metadata of the workspace and its members.
    ///
    /// # Errors
    /// When the table has an unknown key, pass or form of id, or a value of the wrong type, or when it stands where
    /// nothing would read it.
    pub(crate) fn read(metadata: &Metadata) -> Result<Self> {
        let mut policy = match own(metadata)? {
            Some((table, value)) => parse(table, value)?,
            None => Self::default(),
        };
        let members = metadata.workspace_packages();
        let tables = members.iter().map(|package| &package.metadata);
        for table in tables.chain([&metadata.workspace_metadata]) {
            for tool in ["cargo-machete", "cargo-shear"] {
                let listed = table.get(tool).and_then(|table| table.get("ignored")?.as_array());
                let names = listed.into_iter().flatten().filter_map(|name| name.as_str());
                policy.keep.extend(names.map(str::to_owned));
            }
        }
        Ok(policy)
    }
}

/// Name of the table that the policy of this root manifest is in, or belongs in: a package without a `[workspace]` is
/// not to become one for it.
pub(crate) fn table(root: &DocumentMut) -> &'static str {
    let of_package = root.get("package").and_then(|it| it.get("metadata")?.get("optimize"));
    if of_package.is_some() || root.get("workspace").is_none() {
        "package.metadata.optimize"
    } else {
        "workspace.metadata.optimize"
    }
}

/// The table, and its name: that of the workspace, or that of the root package where the workspace has none.
fn own(metadata: &Metadata) -> Result<Option<(&'static str, &Value)>> {
    let of_workspace = metadata.workspace_metadata.get("optimize");
    let mut found = of_workspace.map(|value| ("workspace.metadata.optimize", value));
    for package in metadata.workspace_packages() {
        let Some(value) = package.metadata.get("optimize") else { continue };
        if package.manifest_path != metadata.workspace_root.join("Cargo.toml") {
            bail!(
                "`[package.metadata.optimize]` of the member `{}` is read by nothing\n\
                 hint: move it to `[workspace.metadata.optimize]` of the root manifest",
                package.name
            );
        }
        if found.is_some() {
            bail!(
                "there are two tables, `[workspace.metadata.optimize]` and `[package.metadata.optimize]`\n\
                 hint: move the keys of the second to the first"
            );
        }
        found = Some(("package.metadata.optimize", value));
    }
    Ok(found)
}

fn parse(table: &str, value: &Value) -> Result<Policy> {
    known(table, value, &KEYS)?;
    if let Some(budget) = value.get("budget") {
        known(&format!("{table}.budget"), budget, &BUDGET_KEYS)?;
    }
    let policy: Policy = serde_json::from_value(value.clone())
        .map_err(|error| anyhow!("{}{error}", culprit(value)))
        .with_context(|| format!("failed to read `[{table}]`"))?;
    policy.ignore.iter().try_for_each(|entry| {
        hold_to_an_id(entry).with_context(|| format!("failed to read `ignore` of `[{table}]`"))
    })?;
    Ok(policy)
}

/// Holds a table to the keys that there are.
fn known(table: &str, value: &Value, keys: &[&str]) -> Result<()> {
    let Some(found) = value.as_object() else {
        bail!("`{table}` is to be a table, with the keys {}", list(keys));
    };
    match found.keys().find(|key| !keys.contains(&key.as_str())) {
        Some(key) => bail!(
            "unknown key `{key}` in `[{table}]`\nhint: {}the keys are {}",
            meant(key, keys.iter().copied()),
            list(keys)
        ),
        None => Ok(()),
    }
}

/// The key whose value cannot be read alone, for the error's beginning.
fn culprit(value: &Value) -> String {
    let cannot = |value: Value| serde_json::from_value::<Policy>(value).is_err();
    let one = |key: &str, value: &Value| Value::from_iter([(key.to_owned(), value.clone())]);
    let pairs = |value: &Value| value.as_object().cloned().into_iter().flatten();
    let key = pairs(value).find(|(key, value)| cannot(one(key, value)));
    let Some((key, value)) = key else { return String::new() };
    let below = pairs(&value)
        .find(|(below, value)| key == "budget" && cannot(one("budget", &one(below, value))));
    below.map_or(format!("`{key}`: "), |(below, _)| format!("`{key}.{below}`: "))
}

/// An entry of `ignore` is a pass, or a change: `<pass>:<subject>`.
fn hold_to_an_id(entry: &str) -> Result<()> {
    let (code, subject) = match entry.split_once(':') {
        Some((code, subject)) => (code, Some(subject)),
        None => (entry, None),
    };
    let codes = || Code::value_variants().iter().map(|code| code.as_str());
    if !codes().any(|known| known == code) {
        bail!(
            "`{entry}` names no pass\nhint: {}the passes are {}",
            meant(code, codes()),
            list(&codes().collect::<Vec<_>>())
        );
    }
    if subject.is_some_and(|subject| subject.trim().is_empty()) {
        bail!(
            "`{entry}` names no change\n\
             hint: write `{code}` for the whole pass, or an id as `optimize --dry-run` prints it"
        );
    }
    Ok(())
}

fn meant<'a>(wrong: &str, names: impl IntoIterator<Item = &'a str>) -> String {
    let near = wording::nearest(wrong, names);
    near.map_or(String::new(), |near| format!("did you mean `{near}`? "))
}

fn list(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refusal(value: Value) -> String {
        format!("{:#}", parse("workspace.metadata.optimize", &value).unwrap_err())
    }

    #[test]
    fn an_unknown_key_is_refused_with_the_nearest() {
        let text = refusal(json!({ "ingore": [] }));
        assert!(text.contains("unknown key `ingore` in `[workspace.metadata.optimize]`"), "{text}");
        assert!(
            text.contains("hint: did you mean `ignore`? the keys are `ignore`, `pin`"),
            "{text}"
        );
        let text = refusal(json!({ "budget": { "clean_dev": 1.1 } }));
        assert!(text.contains("optimize.budget]`\nhint: did you mean `clean-dev`?"), "{text}");
        let text = refusal(json!({ "something-else": 1 }));
        assert!(text.contains("hint: the keys are"), "{text}");
    }

    #[test]
    fn an_unknown_pass_is_refused_with_the_nearest() {
        for (entry, near) in [
            ("unused-dependancy:x/y", "unused-dependency"),
            ("profle", "profile"),
            ("unused_dependency:x/y", "unused-dependency"),
        ] {
            let text = refusal(json!({ "ignore": [entry] }));
            assert!(text.contains(&format!("`{entry}` names no pass")), "{text}");
            assert!(text.contains(&format!("did you mean `{near}`?")), "{text}");
        }
        assert!(refusal(json!({ "ignore": ["profile:"] })).contains("names no change"));
        assert!(parse("t", &json!({ "ignore": ["profile", "gitignore:a:b"] })).is_ok());
    }

    #[test]
    fn a_value_of_the_wrong_type_is_named_by_its_key() {
        for (value, key) in [
            (json!({ "ignore": "profile" }), "`ignore`: invalid type: string"),
            (json!({ "budget": { "units": 1.5 } }), "`budget.units`: invalid type: floating point"),
            (json!({ "pin": { "a": 1 } }), "`pin`: invalid type: integer"),
        ] {
            let text = refusal(value);
            assert!(text.contains(key), "{text}");
        }
        assert!(refusal(json!("x")).contains("is to be a table"));
    }

    #[test]
    fn the_table_to_write_to_makes_no_workspace_of_a_package() {
        let of = |text: &str| table(&text.parse::<DocumentMut>().unwrap());
        assert_eq!(of("[package]\nname = \"a\""), "package.metadata.optimize");
        assert_eq!(of("[workspace]\n[package]\nname = \"a\""), "workspace.metadata.optimize");
        assert_eq!(of("workspace.members = []"), "workspace.metadata.optimize");
        let both = "[workspace]\n[package.metadata.optimize]\nkeep = []";
        assert_eq!(of(both), "package.metadata.optimize");
    }

    /// The fields that serde knows, from its own words on one that it does not.
    fn fields<T: for<'a> Deserialize<'a>>() -> Vec<String> {
        let Err(error) = serde_json::from_value::<T>(json!({ "?": 1 })) else {
            panic!("it takes any key")
        };
        error.to_string().split('`').skip(3).step_by(2).map(str::to_owned).collect()
    }

    #[test]
    fn every_key_is_known_and_has_a_row_in_the_documents() {
        assert_eq!(fields::<Policy>(), KEYS);
        assert_eq!(fields::<Budget>(), BUDGET_KEYS);
        let page = include_str!("../../docs/configuration.md");
        for key in KEYS
            .map(str::to_owned)
            .into_iter()
            .chain(BUDGET_KEYS.map(|key| format!("budget.{key}")))
        {
            assert!(
                page.contains(&format!("\n## `{key}`")) || page.contains(&format!("\n| `{key}` |")),
                "{key}"
            );
        }
    }
}
