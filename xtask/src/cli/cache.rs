//! The flags of `cache` and its subcommands.
//!
//! No flag takes a credential: those come from the environment of whoever builds.

use clap::{Args, Subcommand, ValueEnum};

use super::help;

#[derive(Debug, Args)]
pub(crate) struct Cache {
    #[command(subcommand)]
    pub(crate) command: CacheCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CacheCommand {
    /// Say what is set up, whether it can be reached, what it has done and what defeats it
    #[command(after_long_help = help::CACHE_STATUS)]
    Status,
    /// Write the settings of a cache to the workspace's `.cargo/config.toml`
    #[command(after_long_help = help::CACHE_SETUP)]
    Setup(CacheSetup),
    /// Prove by builds in copies that the same directory, another directory and another home get what one build has filled
    #[command(after_long_help = help::CACHE_VERIFY)]
    Verify(CacheVerify),
    /// Take the settings out of `.cargo/config.toml` again
    #[command(after_long_help = help::CACHE_REMOVE)]
    Remove(CacheRemove),
}

#[derive(Debug, Args)]
pub(crate) struct CacheSetup {
    /// Where compiled crates are kept
    #[arg(long, value_enum, value_name = "BACKEND")]
    pub(crate) backend: Backend,
    /// Address of the server, for instance redis://cache.example:6379. Without user and password
    #[arg(long, value_name = "URL")]
    pub(crate) endpoint: Option<String>,
    /// Bucket of S3 or GCS
    #[arg(long, value_name = "NAME")]
    pub(crate) bucket: Option<String>,
    /// Region of S3; `auto` where an endpoint is named and has none
    #[arg(long, value_name = "REGION")]
    pub(crate) region: Option<String>,
    /// What every key begins with, so that others can use the same server
    #[arg(long, value_name = "PREFIX")]
    pub(crate) key_prefix: Option<String>,
    /// Directory of a local cache, an absolute path [default: sccache's own]
    #[arg(long, value_name = "PATH")]
    pub(crate) dir: Option<String>,
    /// Largest size of a local cache, a number with K, M, G or T, for instance 20G [default: sccache's own, 10G]
    #[arg(long, value_name = "SIZE")]
    pub(crate) size: Option<String>,
    /// Let Redis forget what nobody has written for so many seconds [default: never]
    #[arg(long, value_name = "SECONDS")]
    pub(crate) expiration: Option<u64>,
    /// Take from the cache and put nothing in
    #[arg(long)]
    pub(crate) read_only: bool,
    /// Keep a local cache in front of the server (needs sccache 0.15 or later)
    #[arg(long)]
    pub(crate) local_first: bool,
    /// Do not ask before the change is committed
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// Print the diff and what defeats the cache; write nothing
    #[arg(long, conflicts_with = "yes")]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CacheVerify {
    /// Rounds of four builds; each starts with an empty cache
    #[arg(long, value_name = "N", default_value = "1")]
    pub(crate) rounds: std::num::NonZeroUsize,
    /// Build the members without incremental compilation, as CI does
    #[arg(long)]
    pub(crate) no_incremental: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CacheRemove {
    /// Do not ask before the change is committed
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// Print the diff; write nothing
    #[arg(long, conflicts_with = "yes")]
    pub(crate) dry_run: bool,
}

/// Where sccache keeps what it has compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum Backend {
    /// A directory of this machine
    Local,
    /// A Redis server, or several that form a cluster
    Redis,
    /// Amazon S3 or a server that speaks its protocol
    S3,
    /// Google Cloud Storage
    Gcs,
    /// A WebDAV server
    Webdav,
}

impl Backend {
    /// The name as in flags and JSON.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Redis => "redis",
            Self::S3 => "s3",
            Self::Gcs => "gcs",
            Self::Webdav => "webdav",
        }
    }
}
