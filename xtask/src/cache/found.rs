//! What of a cache is there already: the program, the wrapper, the settings, and who has set them.
//!
//! Pure but for [`Found::read`]. Values of variables that hold credentials are never kept.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{
    cargo::Cargo,
    cli::Backend,
    configuration::Stack,
    sccache::{self, Version},
    snapshot::Snapshot,
};

/// A setting, and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Setting {
    pub(super) name: String,
    /// As it may be shown.
    pub(super) value: String,
    /// A file, or `the environment`.
    pub(super) by: String,
}

/// What is there.
#[derive(Debug, Clone, Default)]
pub(super) struct Found {
    /// None where sccache cannot be run.
    pub(super) version: Option<Version>,
    /// The wrapper that builds run through.
    pub(super) wrapper: Option<Setting>,
    /// The variable that is empty, by which builds run through no wrapper, and the file that it takes sccache back of.
    pub(super) taken_back: Option<(String, Option<String>)>,
    /// The wrapper that compilations of members run through besides.
    pub(super) workspace_wrapper: Option<Setting>,
    /// Variables of sccache that hold no credential.
    pub(super) settings: Vec<Setting>,
    /// Names of variables with credentials that the environment sets.
    pub(super) credentials: Vec<String>,
    /// Variables with credentials that a file sets, and the file.
    pub(super) exposed: Vec<(String, String)>,
    /// What `[env]` adds to the environment of a build, as far as it is sccache's. It may hold credentials.
    pub(super) added: Vec<(String, String)>,
}

/// Who has set what no file sets.
pub(super) const ENVIRONMENT: &str = "the environment";

/// Variables that name the wrapper, the one that wins first.
const WRAPPER: [&str; 2] = ["RUSTC_WRAPPER", "CARGO_BUILD_RUSTC_WRAPPER"];

impl Found {
    /// Reads it; runs `sccache --version`.
    pub(super) fn read(snapshot: &Snapshot) -> Self {
        let cargo = Cargo::new(&snapshot.root, true);
        let printed = cargo.capture(sccache::PROGRAM, &["--version"]).ok();
        let environment = std::env::vars_os()
            .filter_map(|(key, value)| Some((key.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        let version = printed.and_then(|printed| Version::parse(&printed));
        Self { version, ..Self::of(&snapshot.stack, &environment) }
    }

    /// The same from a configuration and an environment.
    fn of(stack: &Stack, environment: &BTreeMap<String, String>) -> Self {
        let mut found = Self::default();
        let by_variable = |variables: &[&str]| {
            variables.iter().find_map(|name| {
                let value =
                    environment.get(*name).map(String::as_str).or_else(|| stack.variable(name))?;
                Some(((*name).to_owned(), value.to_owned()))
            })
        };
        let by_file = |key: &str| {
            let (value, file) = stack.value_of(&["build", key])?;
            Some((value, file.display().to_string()))
        };
        let wrapper = |variables: &[&str], key: &str| {
            let variable = by_variable(variables)
                .map(|(name, value)| (value, format!("{name} in {ENVIRONMENT}")));
            // An empty one takes back what files say.
            let (value, by) =
                variable.or_else(|| by_file(key)).filter(|(value, _)| !value.is_empty())?;
            Some(setting(&format!("build.{key}"), &value, &by))
        };
        found.wrapper = wrapper(&WRAPPER, "rustc-wrapper");
        found.workspace_wrapper = wrapper(
            &["RUSTC_WORKSPACE_WRAPPER", "CARGO_BUILD_RUSTC_WORKSPACE_WRAPPER"],
            "rustc-workspace-wrapper",
        );
        found.taken_back =
            by_variable(&WRAPPER).filter(|(_, value)| value.is_empty()).map(|(name, _)| {
                let file = by_file("rustc-wrapper").filter(|(value, _)| is_sccache(value));
                (name, file.map(|(_, file)| file))
            });
        for (name, value, entry) in stack.env() {
            let file = entry.file.display().to_string();
            if sccache::SECRETS.contains(&name.as_str()) {
                found.exposed.push((name.clone(), file.clone()));
            }
            if entry.force || !environment.contains_key(&name) {
                if is_of_sccache(&name) && !sccache::SECRETS.contains(&name.as_str()) {
                    found.settings.push(setting(&name, &value, &file));
                }
                if is_of_sccache(&name) || sccache::SECRETS.contains(&name.as_str()) {
                    found.added.push((name, value));
                }
            }
        }
        for (name, value) in environment {
            if sccache::SECRETS.contains(&name.as_str()) {
                found.credentials.push(name.clone());
            } else if is_of_sccache(name) && !found.settings.iter().any(|known| known.name == *name)
            {
                found.settings.push(setting(name, value, ENVIRONMENT));
            }
        }
        found.settings.sort_by(|a, b| a.name.cmp(&b.name));
        found
    }

    /// What a variable of sccache is set to.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        let found = self.settings.iter().find(|setting| setting.name == name);
        found.map(|setting| setting.value.as_str())
    }

    /// The backend that is configured, or sccache's own default.
    pub(super) fn backend(&self) -> Backend {
        sccache::backend_of(|name| self.is_set(name))
    }

    /// The variable by which sccache keeps its cache where no setup of ours does.
    pub(super) fn foreign(&self) -> Option<&'static str> {
        sccache::foreign_storage(|name| match name {
            "SCCACHE_GHA_ENABLED" => {
                let value = self.value(name).unwrap_or_default().to_lowercase();
                matches!(value.as_str(), "true" | "on" | "1")
            }
            _ => self.is_set(name),
        })
    }

    /// What keeps sccache from writing, in a sentence.
    pub(super) fn read_only(&self) -> Option<String> {
        let name = sccache::mode_variable(self.backend());
        match (self.value(name), self.backend()) {
            (Some(mode), _) if mode.eq_ignore_ascii_case("READ_ONLY") => {
                Some(format!("`{name}` is READ_ONLY"))
            }
            (None, Backend::Gcs) => Some(format!("`{name}` is not set, so sccache only reads")),
            _ => None,
        }
    }

    /// Whether a variable of sccache is set; it takes an empty one for none.
    pub(super) fn is_set(&self, name: &str) -> bool {
        self.value(name).is_some_and(|value| !value.is_empty())
            || self.credentials.iter().any(|known| known == name)
            || self.exposed.iter().any(|(known, _)| known == name)
    }

    /// Whether builds run through sccache.
    pub(super) fn is_wrapped(&self) -> bool {
        self.wrapper.as_ref().is_some_and(|wrapper| is_sccache(&wrapper.value))
    }

    /// Why builds do not run through sccache, and the next step.
    pub(super) fn why_not_wrapped(&self) -> (String, String) {
        match (&self.wrapper, &self.taken_back) {
            (Some(wrapper), _) => (
                format!("builds run through `{}`, set by {}", wrapper.value, wrapper.by),
                "take it out, and let `cargo xtask cache setup` set up a cache".to_owned(),
            ),
            (None, Some((variable, Some(file)))) => (
                format!(
                    "{variable} is empty in {ENVIRONMENT}, which takes back what `{file}` sets"
                ),
                format!("unset {variable}, and builds use the cache"),
            ),
            (None, _) => (
                "builds do not use a cache".to_owned(),
                "`cargo xtask cache setup --backend local` sets one up".to_owned(),
            ),
        }
    }
}

fn setting(name: &str, value: &str, by: &str) -> Setting {
    Setting { name: name.to_owned(), value: sccache::shown(value), by: by.to_owned() }
}

fn is_of_sccache(name: &str) -> bool {
    name.starts_with("SCCACHE_")
}

/// Whether a wrapper is sccache, by name or by path.
pub(super) fn is_sccache(wrapper: &str) -> bool {
    let name = wrapper.rsplit(['/', '\\']).next().unwrap_or(wrapper);
    name.strip_suffix(".exe").unwrap_or(name) == sccache::PROGRAM
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str, environment: &[(&str, &str)]) -> Found {
        let dir = tempfile::tempdir().unwrap();
        crate::disk::write(&dir.path().join(".cargo/config.toml"), text.as_bytes()).unwrap();
        let environment = environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        Found::of(&Stack::read(dir.path()), &environment.collect())
    }

    const FILE: &str = "[build]\nrustc-wrapper = 'sccache'\n[env]\nSCCACHE_REDIS_ENDPOINT = 'redis://h'\n\
        SCCACHE_REDIS_PASSWORD = 'hunter2'\n";

    #[test]
    fn wrapper_and_settings_are_found_with_who_has_set_them() {
        let found = found(FILE, &[("SCCACHE_DIR", "/c")]);
        assert!(found.is_wrapped());
        assert!(found.wrapper.as_ref().unwrap().by.ends_with("config.toml"));
        assert_eq!(found.backend(), Backend::Redis);
        assert_eq!(found.value("SCCACHE_REDIS_ENDPOINT"), Some("redis://h"));
        let dir = found.settings.iter().find(|it| it.name == "SCCACHE_DIR").unwrap();
        assert_eq!(dir.by, "the environment");
    }

    #[test]
    fn the_environment_wins_over_files_and_an_empty_wrapper_is_none() {
        let found =
            found(FILE, &[("RUSTC_WRAPPER", ""), ("SCCACHE_REDIS_ENDPOINT", "redis://other")]);
        assert!(!found.is_wrapped() && found.wrapper.is_none());
        let (why, next) = found.why_not_wrapped();
        assert!(why.starts_with("RUSTC_WRAPPER is empty in the environment"), "{why}");
        assert!(why.contains("config.toml") && next.starts_with("unset RUSTC_WRAPPER"), "{next}");
        assert_eq!(found.value("SCCACHE_REDIS_ENDPOINT"), Some("redis://other"));
        assert!(found.added.iter().all(|(name, _)| name != "SCCACHE_REDIS_ENDPOINT"));
    }

    #[test]
    fn a_credential_in_a_file_is_named_and_its_value_is_in_no_setting() {
        let found = found(FILE, &[("SCCACHE_REDIS", "redis://u:hunter2@h")]);
        assert_eq!(found.exposed.len(), 1);
        assert_eq!(found.exposed[0].0, "SCCACHE_REDIS_PASSWORD");
        assert_eq!(found.credentials, ["SCCACHE_REDIS"]);
        assert!(found.settings.iter().all(|setting| !setting.value.contains("hunter2")));
    }

    #[test]
    fn why_nothing_goes_through_sccache_is_said_with_the_next_step() {
        let other = found("[build]\nrustc-wrapper = 'https://u:hunter2@h/w'\n", &[]);
        let (why, next) = other.why_not_wrapped();
        assert!(why.contains("`https://h/w`") && next.starts_with("take it out"), "{why}");
        // An empty variable that takes nothing back is not the reason.
        for environment in [&[][..], &[("CARGO_BUILD_RUSTC_WRAPPER", "")]] {
            let (why, next) = found("", environment).why_not_wrapped();
            assert!(why.contains("do not use a cache") && next.contains("cache setup"), "{why}");
        }
    }

    #[test]
    fn what_is_read_only_is_told_by_the_variable_of_the_backend_that_counts() {
        let read_only = |environment: &[(&str, &str)]| found("", environment).read_only();
        assert_eq!(read_only(&[]), None);
        let redis = ("SCCACHE_REDIS_ENDPOINT", "redis://h");
        let said = read_only(&[redis, ("SCCACHE_REDIS_RW_MODE", "read_only")]).unwrap();
        assert!(said.contains("SCCACHE_REDIS_RW_MODE"), "{said}");
        assert_eq!(read_only(&[redis, ("SCCACHE_LOCAL_RW_MODE", "READ_ONLY")]), None);
        // What sccache does with a bucket of GCS unless it is told otherwise.
        let gcs = ("SCCACHE_GCS_BUCKET", "b");
        assert!(read_only(&[gcs]).unwrap().contains("not set"));
        assert_eq!(read_only(&[gcs, ("SCCACHE_GCS_RW_MODE", "READ_WRITE")]), None);
    }

    #[test]
    fn a_storage_of_another_kind_is_not_taken_for_a_local_one() {
        let foreign = |environment: &[(&str, &str)]| found("", environment).foreign();
        assert_eq!(foreign(&[("SCCACHE_GHA_ENABLED", "on")]), Some("SCCACHE_GHA_ENABLED"));
        assert_eq!(foreign(&[("SCCACHE_GHA_ENABLED", "false")]), None);
        assert_eq!(foreign(&[("SCCACHE_AZURE_BLOB_CONTAINER", "")]), None);
        assert_eq!(found("", &[("SCCACHE_BUCKET", "")]).backend(), Backend::Local);
    }

    #[test]
    fn sccache_is_known_by_its_name_wherever_it_lies() {
        assert!(
            is_sccache("sccache")
                && is_sccache("/usr/bin/sccache")
                && is_sccache("C:\\x\\sccache.exe")
        );
        assert!(!is_sccache("/opt/sccache/wrapper") && !is_sccache("ccache"));
    }
}
