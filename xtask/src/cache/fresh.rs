//! The cache of a proof: empty at its start, and nobody else's.
//!
//! Invariant: it is a directory of its own, or lies below a key prefix that no build uses.

use std::{fs, path::Path};

use anyhow::{Context, Result};
use tempfile::TempDir;

use super::found::Found;
use crate::{cli::Backend, sccache, snapshot::Snapshot, target_dir};

/// How long Redis keeps what a proof put into it, seconds.
const KEPT_SECONDS: &str = "3600";

/// Names and values.
pub(super) type Variables = Vec<(String, String)>;

/// A cache that is empty and goes with this, or is left to the server's own forgetting.
pub(super) struct Fresh {
    pub(super) variables: Variables,
    /// What stays, in a sentence.
    pub(super) left: Option<String>,
    local: Option<TempDir>,
}

impl Fresh {
    /// For one round of a proof.
    ///
    /// # Errors
    /// When there can be no directory for a local one.
    pub(super) fn new(snapshot: &Snapshot, found: &Found, round: usize) -> Result<Self> {
        let stamp = chrono::Local::now().format("%Y%m%d-%H%M%S");
        let name = format!("xtask-verify-{stamp}-{}-{round}", std::process::id());
        let (mut variables, left) = on_server(found, &name);
        let is_chain = found.value("SCCACHE_MULTILEVEL_CHAIN").is_some();
        let mut local = None;
        if found.backend() == Backend::Local || is_chain {
            let own = target_dir::own(&snapshot.target_dir)?;
            fs::create_dir_all(&own)
                .with_context(|| format!("failed to create `{}`", own.display()))?;
            local = Some(empty_in(&own, &mut variables)?);
        }
        Ok(Self { variables, left, local })
    }

    /// The same cache with an empty local one in front: what another machine has.
    ///
    /// # Errors
    /// When there can be no directory for it.
    pub(super) fn on_another_machine(&self) -> Result<Option<(TempDir, Variables)>> {
        let (Some(local), Some(_)) = (&self.local, &self.left) else { return Ok(None) };
        let above = local.path().parent().unwrap_or(local.path());
        let mut variables = self.variables.clone();
        let dir = empty_in(above, &mut variables)?;
        Ok(Some((dir, variables)))
    }
}

/// A new local cache below a directory; the variables are made to name it.
fn empty_in(above: &Path, variables: &mut Variables) -> Result<TempDir> {
    let dir = tempfile::Builder::new().prefix("cache-").tempdir_in(above);
    let dir = dir.with_context(|| format!("failed to write in `{}`", above.display()))?;
    variables.push(("SCCACHE_DIR".to_owned(), dir.path().display().to_string()));
    Ok(dir)
}

/// The variables by which a server keeps what a proof makes apart, below its own key prefix, and what stays there;
/// nothing for a local cache.
fn on_server(found: &Found, name: &str) -> (Variables, Option<String>) {
    let backend = found.backend();
    let Some(variable) = sccache::prefix_variable(backend) else { return (Vec::new(), None) };
    let own = found.value(variable).map(|prefix| prefix.trim_end_matches('/')).unwrap_or_default();
    let prefix = format!("{own}/{name}").trim_start_matches('/').to_owned();
    let mut variables = vec![(variable.to_owned(), prefix.clone())];
    if backend != Backend::Redis {
        let left =
            format!("what lies below `{prefix}` stays on the server; delete it when you like");
        return (variables, Some(left));
    }
    // Sccache refuses to have both; this is the older name.
    let older = found.value("SCCACHE_REDIS_TTL").map(|_| "SCCACHE_REDIS_TTL");
    let expiration = older.unwrap_or("SCCACHE_REDIS_EXPIRATION");
    variables.push((expiration.to_owned(), KEPT_SECONDS.to_owned()));
    (variables, Some(format!("keys below `{prefix}` stay in Redis for an hour")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::found::Setting;

    fn variables(settings: &[(&str, &str)]) -> Vec<String> {
        let settings = settings.iter().map(|(name, value)| Setting {
            name: (*name).to_owned(),
            value: (*value).to_owned(),
            by: String::new(),
        });
        let found = Found { settings: settings.collect(), ..Found::default() };
        let made = on_server(&found, "x").0.into_iter();
        made.map(|(name, value)| format!("{name}={value}")).collect()
    }

    #[test]
    fn what_a_proof_makes_lies_below_the_prefix_of_the_cache_and_redis_forgets_it() {
        let redis = ("SCCACHE_REDIS_ENDPOINT", "redis://h");
        assert_eq!(
            variables(&[redis, ("SCCACHE_REDIS_KEY_PREFIX", "/team/")]),
            ["SCCACHE_REDIS_KEY_PREFIX=team/x", "SCCACHE_REDIS_EXPIRATION=3600"]
        );
        assert_eq!(
            variables(&[redis, ("SCCACHE_REDIS_TTL", "60")]),
            ["SCCACHE_REDIS_KEY_PREFIX=x", "SCCACHE_REDIS_TTL=3600"]
        );
        assert_eq!(variables(&[("SCCACHE_BUCKET", "b")]), ["SCCACHE_S3_KEY_PREFIX=x"]);
        assert!(variables(&[("SCCACHE_DIR", "/c")]).is_empty());
    }
}
