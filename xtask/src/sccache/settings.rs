//! The variables by which sccache is configured, made from what is wanted; and what is a secret among them.
//!
//! Invariant: no value that this makes holds a credential. Source of the names: sccache's `docs/Configuration.md`.

use std::path::Path;

use crate::cli::Backend;

/// What is wanted of a cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) backend: Backend,
    pub(crate) endpoint: Option<String>,
    pub(crate) bucket: Option<String>,
    pub(crate) region: Option<String>,
    pub(crate) key_prefix: Option<String>,
    pub(crate) dir: Option<String>,
    pub(crate) size: Option<String>,
    /// Seconds.
    pub(crate) expiration: Option<u64>,
    pub(crate) read_only: bool,
    pub(crate) local_first: bool,
}

impl Wanted {
    /// Nothing but a backend.
    #[cfg(test)]
    pub(crate) fn of(backend: Backend) -> Self {
        Self {
            backend,
            endpoint: None,
            bucket: None,
            region: None,
            key_prefix: None,
            dir: None,
            size: None,
            expiration: None,
            read_only: false,
            local_first: false,
        }
    }
}

/// Every variable that a setup may write: what a later setup replaces and a removal takes out.
pub(crate) const OWN: [&str; 24] = [
    "SCCACHE_DIR",
    "SCCACHE_CACHE_SIZE",
    "SCCACHE_LOCAL_RW_MODE",
    "SCCACHE_REDIS_ENDPOINT",
    "SCCACHE_REDIS_CLUSTER_ENDPOINTS",
    "SCCACHE_REDIS_KEY_PREFIX",
    "SCCACHE_REDIS_EXPIRATION",
    "SCCACHE_REDIS_RW_MODE",
    "SCCACHE_BUCKET",
    "SCCACHE_REGION",
    "SCCACHE_ENDPOINT",
    "SCCACHE_S3_KEY_PREFIX",
    "SCCACHE_S3_RW_MODE",
    "SCCACHE_S3_USE_SSL",
    "SCCACHE_GCS_BUCKET",
    "SCCACHE_GCS_KEY_PREFIX",
    "SCCACHE_GCS_RW_MODE",
    "SCCACHE_WEBDAV_ENDPOINT",
    "SCCACHE_WEBDAV_KEY_PREFIX",
    "SCCACHE_WEBDAV_RW_MODE",
    "SCCACHE_MULTILEVEL_CHAIN",
    "SCCACHE_MULTILEVEL_WRITE_ERROR_POLICY",
    "SCCACHE_IGNORE_SERVER_IO_ERROR",
    "SCCACHE_SKIP_CACHE_CHECK",
];

/// Variables that hold a credential, or a URL with one in it: never written, and named where a file sets one.
pub(crate) const SECRETS: [&str; 15] = [
    "SCCACHE_REDIS",
    "SCCACHE_REDIS_USERNAME",
    "SCCACHE_REDIS_PASSWORD",
    "SCCACHE_MEMCACHED_PASSWORD",
    "SCCACHE_WEBDAV_USERNAME",
    "SCCACHE_WEBDAV_PASSWORD",
    "SCCACHE_WEBDAV_TOKEN",
    "SCCACHE_AZURE_CONNECTION_STRING",
    "SCCACHE_GHA_RUNTIME_TOKEN",
    "SCCACHE_GCS_CREDENTIALS_URL",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "ALIBABA_CLOUD_ACCESS_KEY_ID",
    "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
];

/// Stands for a value that is not shown.
pub(crate) const HIDDEN: &str = "(not shown: it holds a credential)";

/// From which variables of the environment a backend takes its credentials.
pub(crate) const CREDENTIALS: [(Backend, &str); 5] = [
    (Backend::Local, "none are needed"),
    (Backend::Redis, "SCCACHE_REDIS_USERNAME and SCCACHE_REDIS_PASSWORD"),
    (
        Backend::S3,
        "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or the role of the machine",
    ),
    (Backend::Gcs, "SCCACHE_GCS_KEY_PATH or GOOGLE_APPLICATION_CREDENTIALS (paths of key files)"),
    (
        Backend::Webdav,
        "SCCACHE_WEBDAV_USERNAME and SCCACHE_WEBDAV_PASSWORD, or SCCACHE_WEBDAV_TOKEN",
    ),
];

/// The variables for what is wanted, in the order in which they are written.
///
/// # Errors
/// A sentence: what is missing, does not belong to the backend, or holds a credential.
pub(crate) fn variables(wanted: &Wanted) -> Result<Vec<(&'static str, String)>, String> {
    refuse_strangers(wanted)?;
    for (flag, value) in texts(wanted) {
        if let Some(value) = value {
            refuse_secret(flag, value, wanted.backend)?;
            refuse_meaningless(flag, value)?;
        }
    }
    let mut out = Vec::new();
    let missing = |flag: &str, example: &str| {
        format!(
            "`--backend {}` needs `{flag}`, for instance `{flag} {example}`",
            wanted.backend.as_str()
        )
    };
    let mode = if wanted.read_only { "READ_ONLY" } else { "READ_WRITE" };
    match wanted.backend {
        Backend::Local => {}
        Backend::Redis => {
            let endpoint = wanted
                .endpoint
                .as_deref()
                .ok_or_else(|| missing("--endpoint", "redis://cache.example:6379"))?;
            let is_cluster = endpoint.contains(',');
            let key = if is_cluster {
                "SCCACHE_REDIS_CLUSTER_ENDPOINTS"
            } else {
                "SCCACHE_REDIS_ENDPOINT"
            };
            out.push((key, endpoint.to_owned()));
            if let Some(seconds) = wanted.expiration {
                out.push(("SCCACHE_REDIS_EXPIRATION", seconds.to_string()));
            }
        }
        Backend::S3 => {
            let bucket = wanted.bucket.clone().ok_or_else(|| missing("--bucket", "team-cache"))?;
            out.push(("SCCACHE_BUCKET", bucket));
            match (&wanted.region, &wanted.endpoint) {
                (Some(region), _) => out.push(("SCCACHE_REGION", region.clone())),
                (None, Some(_)) => out.push(("SCCACHE_REGION", "auto".to_owned())),
                (None, None) => return Err(missing("--region", "eu-central-1")),
            }
            if let Some(endpoint) = &wanted.endpoint {
                out.push(("SCCACHE_ENDPOINT", endpoint.clone()));
                let is_plain = endpoint.starts_with("http://");
                out.push(("SCCACHE_S3_USE_SSL", (!is_plain).to_string()));
            }
        }
        Backend::Gcs => {
            let bucket = wanted.bucket.clone().ok_or_else(|| missing("--bucket", "team-cache"))?;
            out.push(("SCCACHE_GCS_BUCKET", bucket));
            // Without it, sccache only reads.
            out.push(("SCCACHE_GCS_RW_MODE", mode.to_owned()));
        }
        Backend::Webdav => {
            let endpoint = wanted
                .endpoint
                .clone()
                .ok_or_else(|| missing("--endpoint", "https://cache.example/sccache"))?;
            out.push(("SCCACHE_WEBDAV_ENDPOINT", endpoint));
        }
    }
    if let (Some(prefix), Some(key)) = (&wanted.key_prefix, prefix_variable(wanted.backend)) {
        out.push((key, prefix.clone()));
    }
    let key = mode_variable(wanted.backend);
    if wanted.read_only && !out.iter().any(|(known, _)| *known == key) {
        out.push((key, mode.to_owned()));
    }
    if let Some(dir) = &wanted.dir {
        out.push(("SCCACHE_DIR", dir.clone()));
    }
    if let Some(size) = &wanted.size {
        out.push(("SCCACHE_CACHE_SIZE", size.clone()));
    }
    if wanted.local_first {
        out.push(("SCCACHE_MULTILEVEL_CHAIN", format!("disk,{}", wanted.backend.as_str())));
        // A level that refuses a write must not cost the compilation that was made.
        out.push(("SCCACHE_MULTILEVEL_WRITE_ERROR_POLICY", "ignore".to_owned()));
    }
    out.push(("SCCACHE_IGNORE_SERVER_IO_ERROR", "1".to_owned()));
    if wanted.backend != Backend::Local {
        out.push(("SCCACHE_SKIP_CACHE_CHECK", "1".to_owned()));
    }
    Ok(out)
}

/// The variable for what every key begins with; a local cache has none.
pub(crate) fn prefix_variable(backend: Backend) -> Option<&'static str> {
    match backend {
        Backend::Local => None,
        Backend::Redis => Some("SCCACHE_REDIS_KEY_PREFIX"),
        Backend::S3 => Some("SCCACHE_S3_KEY_PREFIX"),
        Backend::Gcs => Some("SCCACHE_GCS_KEY_PREFIX"),
        Backend::Webdav => Some("SCCACHE_WEBDAV_KEY_PREFIX"),
    }
}

/// The variable that says whether a backend is written.
pub(crate) fn mode_variable(backend: Backend) -> &'static str {
    match backend {
        Backend::Local => "SCCACHE_LOCAL_RW_MODE",
        Backend::Redis => "SCCACHE_REDIS_RW_MODE",
        Backend::S3 => "SCCACHE_S3_RW_MODE",
        Backend::Gcs => "SCCACHE_GCS_RW_MODE",
        Backend::Webdav => "SCCACHE_WEBDAV_RW_MODE",
    }
}

/// The backend that variables configure: the first that sccache would take; local where none names a server.
pub(crate) fn backend_of(mut is_set: impl FnMut(&'static str) -> bool) -> Backend {
    let signs: [(&[&'static str], Backend); 4] = [
        (&["SCCACHE_BUCKET"], Backend::S3),
        (
            &["SCCACHE_REDIS_ENDPOINT", "SCCACHE_REDIS_CLUSTER_ENDPOINTS", "SCCACHE_REDIS"],
            Backend::Redis,
        ),
        (&["SCCACHE_GCS_BUCKET"], Backend::Gcs),
        (&["SCCACHE_WEBDAV_ENDPOINT"], Backend::Webdav),
    ];
    let found = signs.into_iter().find(|(names, _)| names.iter().any(|name| is_set(name)));
    found.map_or(Backend::Local, |(_, backend)| backend)
}

/// The variable by which sccache takes a storage that no setup writes, in place of the one that [`backend_of`] tells.
/// Source: `CacheConfigs::into_fallback` in sccache's `src/config.rs`, which has the order.
pub(crate) fn foreign_storage(
    mut is_set: impl FnMut(&'static str) -> bool,
) -> Option<&'static str> {
    const FOREIGN: [&str; 7] = [
        "SCCACHE_MEMCACHED",
        "SCCACHE_MEMCACHED_ENDPOINT",
        "SCCACHE_GHA_VERSION",
        "SCCACHE_GHA_ENABLED",
        "SCCACHE_AZURE_BLOB_CONTAINER",
        "SCCACHE_OSS_BUCKET",
        "SCCACHE_COS_BUCKET",
    ];
    let before = match backend_of(&mut is_set) {
        Backend::S3 | Backend::Redis => 0,
        Backend::Gcs => 2,
        Backend::Webdav => 5,
        Backend::Local => FOREIGN.len(),
    };
    FOREIGN[..before].iter().copied().find(|name| is_set(name))
}

fn texts(wanted: &Wanted) -> [(&'static str, Option<&str>); 6] {
    [
        ("--endpoint", wanted.endpoint.as_deref()),
        ("--bucket", wanted.bucket.as_deref()),
        ("--region", wanted.region.as_deref()),
        ("--key-prefix", wanted.key_prefix.as_deref()),
        ("--dir", wanted.dir.as_deref()),
        ("--size", wanted.size.as_deref()),
    ]
}

fn refuse_strangers(wanted: &Wanted) -> Result<(), String> {
    use Backend::{Gcs, Local, Redis, S3, Webdav};
    let has_local = wanted.backend == Local || wanted.local_first;
    let backend = wanted.backend;
    let strangers = [
        ("--endpoint", wanted.endpoint.is_some(), matches!(backend, Redis | S3 | Webdav)),
        ("--bucket", wanted.bucket.is_some(), matches!(backend, S3 | Gcs)),
        ("--region", wanted.region.is_some(), backend == S3),
        ("--key-prefix", wanted.key_prefix.is_some(), backend != Local),
        ("--expiration", wanted.expiration.is_some(), backend == Redis),
        ("--dir", wanted.dir.is_some(), has_local),
        ("--size", wanted.size.is_some(), has_local),
        ("--local-first", wanted.local_first, backend != Local),
    ];
    match strangers.into_iter().find(|(_, is_given, fits)| *is_given && !fits) {
        Some((flag, ..)) => {
            Err(format!("`{flag}` means nothing to `--backend {}`", backend.as_str()))
        }
        None => Ok(()),
    }
}

/// Refuses a value that sccache takes without a word for something else.
///
/// # Errors
/// A sentence: it is empty, no size that sccache reads, or a directory that depends on where its server lies.
fn refuse_meaningless(flag: &str, value: &str) -> Result<(), String> {
    // Source: `parse_size` in sccache's `src/config.rs`; what it cannot read, it passes over.
    let is_size = || {
        let number = value.strip_suffix(|c: char| "kmgtKMGT".contains(c)).unwrap_or(value);
        number.parse::<u64>().is_ok()
    };
    match flag {
        _ if value.trim().is_empty() => Err(format!(
            "`{flag}` is empty, which sccache takes for not set\nhint: is the variable set that it is taken from?"
        )),
        "--size" if !is_size() => Err(format!(
            "`--size {value}` is no size that sccache reads, and it would keep to its own 10G\n\
             hint: a number with K, M, G or T after it, for instance `--size 20G`"
        )),
        // Sccache's server starts in the directory of its program.
        "--dir" if !Path::new(value).has_root() => Err(format!(
            "`--dir {value}` is not absolute, and sccache takes it from the directory that its program lies in\n\
             hint: name the whole path, for instance `--dir /var/cache/sccache`"
        )),
        _ => Ok(()),
    }
}

/// Refuses a value that holds a credential.
///
/// # Errors
/// A sentence with the variable of the environment to use instead, and without the value.
pub(crate) fn refuse_secret(flag: &str, value: &str, backend: Backend) -> Result<(), String> {
    if holds_credential(value) {
        let from = CREDENTIALS.iter().find(|(known, _)| *known == backend);
        let from = from.map_or("the environment", |(_, from)| from);
        return Err(format!(
            "`{flag}` holds a credential, and `.cargo/config.toml` is for everybody who reads the repository\n\
             hint: leave it out and set it in the environment of whoever builds: {from}"
        ));
    }
    Ok(())
}

/// Whether a value has the form of one with a user, a password, a token or a key in it.
fn holds_credential(value: &str) -> bool {
    const SIGNS: [&str; 8] =
        ["password=", "passwd=", "pass=", "pwd=", "token=", "secret=", "sig=", "credential="];
    let lower = value.to_lowercase();
    let has_user = value.split(',').any(|one| !user_of(one).unwrap_or_default().is_empty());
    let has_key = value.split(|c: char| !c.is_ascii_alphanumeric()).any(is_access_key);
    has_user || has_key || SIGNS.iter().any(|sign| lower.contains(sign))
}

/// What stands before the `@` of a URL's authority.
fn user_of(url: &str) -> Option<&str> {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next()?;
    authority.rsplit_once('@').map(|(user, _)| user)
}

/// The form of the id of an access key of AWS, by which a pasted key is known.
fn is_access_key(word: &str) -> bool {
    word.len() == 20 && (word.starts_with("AKIA") || word.starts_with("ASIA"))
}

/// A text that names servers, without users and passwords in URLs.
pub(crate) fn without_credentials(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("://") {
        out.push_str(before);
        out.push_str("://");
        let end = after.find(['/', '?', '#', ' ', ',', '"', '`']).unwrap_or(after.len());
        let authority = &after[..end];
        out.push_str(authority.rsplit_once('@').map_or(authority, |(_, host)| host));
        rest = &after[end..];
    }
    out.push_str(rest);
    out
}

/// The value of a setting as it may be shown: without users and passwords in URLs, and not at all where it holds a
/// credential of another form.
pub(crate) fn shown(value: &str) -> String {
    let plain = without_credentials(value);
    if holds_credential(&plain) { HIDDEN.to_owned() } else { plain }
}

#[cfg(test)]
mod tests;
