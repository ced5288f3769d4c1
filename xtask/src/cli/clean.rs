//! The flags of `clean`.

use std::path::PathBuf;

use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct Clean {
    /// List what would go, by kind and size, and delete nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// A build whose artifacts are in use, written as for cargo, for instance `--for 'build --release'`; repeat it for
    /// several [default: builds, checks and tests of the workspace and of each member, in every profile and for every
    /// target that has a directory]
    #[arg(long = "for", value_name = "COMMAND")]
    pub(crate) commands: Vec<String>,
    /// Toolchains that are in use beside the workspace's own, as rustup names them
    #[arg(long, value_delimiter = ',', value_name = "NAME,…")]
    pub(crate) keep_toolchains: Vec<String>,
    /// Leave what was written within so many days, whether it is in use or not
    #[arg(long, value_name = "DAYS")]
    pub(crate) keep_days: Option<u32>,
    /// Delete the oldest first, and no more than brings the target directory to this size, for instance 5GB or 800MB
    #[arg(long, value_parser = size, value_name = "SIZE")]
    pub(crate) max_size: Option<u64>,
    /// Another workspace that builds into the same target directory; repeat it for several
    #[arg(long, value_name = "PATH")]
    pub(crate) shared_with: Vec<PathBuf>,
    /// No other workspace builds into the target directory, although it may look so
    #[arg(long, conflicts_with = "shared_with")]
    pub(crate) not_shared: bool,
}

/// Parses a size: a number of bytes, or one with `kB`, `MB`, `GB`, `TB` or their binary kin (`KiB`, …) behind it.
fn size(text: &str) -> Result<u64, String> {
    const UNITS: [(&str, u64); 9] = [
        ("kib", 1 << 10),
        ("mib", 1 << 20),
        ("gib", 1 << 30),
        ("tib", 1 << 40),
        ("kb", 1_000),
        ("mb", 1_000_000),
        ("gb", 1_000_000_000),
        ("tb", 1_000_000_000_000),
        ("b", 1),
    ];
    let lower = text.to_ascii_lowercase();
    let unit = UNITS.iter().find_map(|(unit, scale)| Some((lower.strip_suffix(unit)?, *scale)));
    let (number, scale) = unit.unwrap_or((&lower, 1));
    let number = number.trim_end().parse::<f64>().ok().filter(|number| *number >= 0.0);
    let bytes = number.map(|number| number * scale as f64).filter(|bytes| *bytes < 1e18);
    bytes.map(|bytes| bytes as u64).ok_or_else(|| {
        "expected a size in bytes, or with a unit behind it, for instance 5GB or 800MiB".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_take_a_unit() {
        for (text, bytes) in [
            ("0", 0),
            ("1200", 1200),
            ("5GB", 5_000_000_000),
            ("1.5 kB", 1500),
            ("2MiB", 2 << 20),
            ("7b", 7),
        ] {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        for text in ["", "GB", "-1", "5 parsecs", "NaN", "inf", "1e30"] {
            assert!(size(text).is_err(), "{text}");
        }
    }
}
