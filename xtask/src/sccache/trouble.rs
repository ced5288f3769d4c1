//! What keeps a server of sccache from its storage, from the words it uses for it.
//!
//! Invariant: words that are not known become `Other`, with the words.

use serde::Serialize;

/// Why a cache does not work, or not well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Trouble {
    /// Nobody answers there.
    Unreachable,
    /// It answers and lets nobody in.
    Refused,
    /// It can be read and takes nothing more.
    Full,
    /// It can be read and lets nobody write.
    WriteRefused,
    /// No answer within the time that sccache waits.
    Slow,
    /// A setting that sccache itself does not take.
    Settings,
    Other,
}

impl Trouble {
    /// What it is and what can be done, in words.
    pub(crate) fn sentence(self) -> &'static str {
        match self {
            Self::Unreachable => {
                "the server cannot be reached: is it running, and is the address right from this machine?"
            }
            Self::Refused => {
                "the server refuses these credentials: are the right ones in the environment of whoever builds?"
            }
            Self::Full => {
                "the server takes nothing more: what is in it is used, nothing is added. Give it more room, or let it \
                 forget (Redis: `maxmemory-policy allkeys-lru`)"
            }
            Self::WriteRefused => {
                "the server lets be read only: what is in it is used, nothing is added. May these credentials write?"
            }
            Self::Slow => "somebody is there, but did not answer in the time that sccache waits.",
            Self::Settings => "sccache does not take these settings.",
            Self::Other => "the server of sccache did not start.",
        }
    }
}

/// What the log or the error of a server that was to start says is wrong; none where it says nothing of the kind.
pub(crate) fn trouble(said: &str) -> Option<Trouble> {
    let lower = said.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    const NO_ROOM: [&str; 4] =
        ["command not allowed when used memory", "no space left", "507 insufficient", "quota"];
    let found = if lower.contains("storage write check failed") {
        if has(&NO_ROOM) { Trouble::Full } else { Trouble::WriteRefused }
    } else if has(&[
        "authentication failed",
        "noauth",
        "wrongpass",
        "invalid username-password",
        "extension error",
        "permissiondenied",
        "permission denied",
        "accessdenied",
        "invalidaccesskeyid",
        "signaturedoesnotmatch",
        "401 unauthorized",
        "403 forbidden",
        "loading credential",
    ]) {
        Trouble::Refused
    } else if has(&NO_ROOM) {
        Trouble::Full
    } else if has(&[
        "connection refused",
        "i/o error",
        "connection request: timeout",
        "dns error",
        "connect error",
        "failed to lookup",
        "no route to host",
        "connection reset",
    ]) {
        Trouble::Unreachable
    } else if has(&["timed out", "timeout"]) {
        Trouble::Slow
    } else if has(&[
        "failed to load config",
        "failed to parse",
        "only absolute paths",
        "unknown cache",
        "invalid",
    ]) {
        Trouble::Settings
    } else if has(&["server startup failed", "storage check failed", "failed to read"]) {
        Trouble::Other
    } else {
        return None;
    };
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_servers_were_seen_to_say_is_told_apart() {
        for (said, expected) in [
            (
                "cache storage failed to read: Unexpected (temporary) at read => authentication failed",
                Trouble::Refused,
            ),
            (
                "cache storage failed to read: Unexpected (temporary) at read => extension error",
                Trouble::Refused,
            ),
            (
                "storage write check failed: Unexpected (temporary) at write => extension error\n\nSource:\n   \
                 \"OOM\": command not allowed when used memory > 'maxmemory'.",
                Trouble::Full,
            ),
            (
                "storage write check failed: PermissionDenied (permanent) at write",
                Trouble::WriteRefused,
            ),
            (
                "cache storage failed to read: Unexpected (temporary) at read => I/O error",
                Trouble::Unreachable,
            ),
            (
                "error: Timed out waiting for server startup. Maybe the remote service is unreachable?",
                Trouble::Slow,
            ),
            ("sccache: error: Server startup failed: x", Trouble::Other),
        ] {
            assert_eq!(trouble(said), Some(expected), "{said}");
        }
        assert_eq!(trouble("INFO server has setup with ReadWrite"), None);
    }
}
