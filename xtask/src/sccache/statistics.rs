//! What `sccache --show-stats --stats-format json` says, as far as it is used here.
//!
//! Every field may be missing: versions differ, and what is not said is none or zero.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};

/// The whole answer.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Answer {
    stats: Raw,
    cache_location: Option<String>,
    cache_size: Option<u64>,
    max_cache_size: Option<u64>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Raw {
    compile_requests: u64,
    requests_not_cacheable: u64,
    cache_hits: Counts,
    cache_misses: Counts,
    cache_errors: Counts,
    cache_timeouts: u64,
    cache_read_errors: u64,
    cache_write_errors: u64,
    cache_writes: u64,
    cache_write_duration: Duration,
    cache_read_hit_duration: Duration,
    not_cached: BTreeMap<String, u64>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Counts {
    counts: BTreeMap<String, u64>,
}

/// Counts since the server started, or since they were set to zero.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(crate) struct Statistics {
    /// Compilations that the server was asked for.
    pub(crate) requests: u64,
    pub(crate) hits: u64,
    pub(crate) misses: u64,
    /// Calls that cannot be cached, by sccache's reason.
    pub(crate) not_cacheable: u64,
    pub(crate) reasons: BTreeMap<String, u64>,
    /// Reads and writes that failed, and reads that took too long.
    pub(crate) errors: u64,
    pub(crate) writes: u64,
    /// Seconds that all writes, and all reads that hit, took together.
    pub(crate) write_seconds: f64,
    pub(crate) read_seconds: f64,
    /// Hits of what could have been one; none where nothing could.
    pub(crate) hit_rate: Option<f64>,
}

impl Answer {
    /// Reads what was printed.
    ///
    /// # Errors
    /// When it is no JSON of that form.
    pub(crate) fn parse(printed: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(printed)
    }

    /// Where the cache is, in sccache's words and without credentials.
    pub(crate) fn location(&self) -> Option<String> {
        self.cache_location.as_deref().map(super::without_credentials)
    }

    /// Bytes in a local cache; sccache does not say it of a server.
    pub(crate) fn bytes(&self) -> Option<u64> {
        self.cache_size
    }

    /// What a local cache may grow to, bytes.
    pub(crate) fn most_bytes(&self) -> Option<u64> {
        self.max_cache_size
    }

    /// The counts.
    pub(crate) fn statistics(&self) -> Statistics {
        let raw = &self.stats;
        let all = |counts: &Counts| counts.counts.values().sum::<u64>();
        let (hits, misses) = (all(&raw.cache_hits), all(&raw.cache_misses));
        let could = hits + misses;
        Statistics {
            requests: raw.compile_requests,
            hits,
            misses,
            not_cacheable: raw.requests_not_cacheable,
            reasons: raw.not_cached.clone(),
            errors: all(&raw.cache_errors)
                + raw.cache_timeouts
                + raw.cache_read_errors
                + raw.cache_write_errors,
            writes: raw.cache_writes,
            write_seconds: raw.cache_write_duration.as_secs_f64(),
            read_seconds: raw.cache_read_hit_duration.as_secs_f64(),
            hit_rate: (could > 0).then(|| hits as f64 / could as f64),
        }
    }
}

impl Statistics {
    /// In one line.
    pub(crate) fn sentence(&self) -> String {
        let rate = self.hit_rate.map_or_else(
            || "nothing was asked for that could have been cached".to_owned(),
            |rate| {
                format!(
                    "{} hits and {} misses, hit rate {:.0} %",
                    self.hits,
                    self.misses,
                    rate * 100.0
                )
            },
        );
        let errors = match self.errors {
            0 => String::new(),
            errors => format!(", {errors} reads or writes failed"),
        };
        format!("{rate}; {} calls cannot be cached{errors}", self.not_cacheable)
    }

    /// sccache's reasons in words, the most frequent first.
    pub(crate) fn reasons_in_words(&self) -> Vec<String> {
        let mut reasons: Vec<(&String, &u64)> = self.reasons.iter().collect();
        reasons.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
        reasons
            .into_iter()
            .map(|(reason, count)| format!("{count} × {}", meaning(reason)))
            .collect()
    }
}

/// What sccache means by a reason not to cache.
pub(crate) fn meaning(reason: &str) -> String {
    match reason {
        "crate-type (bin)" => "linked: build scripts and programs",
        "crate-type (proc-macro)" => "linked: macros",
        "crate-type" => "linked: build scripts, macros, programs, dynamic libraries",
        "incremental" => "compiled incrementally: members in dev builds",
        "-" => "read from stdin: a build script or cargo tried the compiler",
        "missing input" => "a question to the compiler, such as its version",
        other => return other.to_owned(),
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As sccache 0.16.0 and 0.19.0 print it, shortened.
    const PRINTED: &str = r#"{"stats":{"compile_requests":239,"requests_not_cacheable":55,
        "cache_errors":{"counts":{},"adv_counts":{}},
        "cache_hits":{"counts":{"Rust":159,"Assembler":4},"adv_counts":{"rust":159}},
        "cache_misses":{"counts":{"Rust":13}},"cache_timeouts":0,"cache_write_errors":1,"cache_writes":13,
        "cache_write_duration":{"secs":0,"nanos":42000000},"not_cached":{"incremental":4,"crate-type":45,"crate-type (bin)":2},
        "multi_level":null},"cache_location":"redis, name: redis://u:p@h:1, prefix: /","cache_size":null,
        "max_cache_size":null,"version":"0.16.0","basedirs":[]}"#;

    #[test]
    fn hits_and_misses_of_all_languages_count_and_the_rate_is_of_what_could_hit() {
        let answer = Answer::parse(PRINTED).unwrap();
        let statistics = answer.statistics();
        assert_eq!((statistics.hits, statistics.misses, statistics.errors), (163, 13, 1));
        assert!((statistics.hit_rate.unwrap() - 163.0 / 176.0).abs() < 1e-9);
        assert!((statistics.write_seconds - 0.042).abs() < 1e-9);
        let words = statistics.reasons_in_words();
        assert!(
            words[0].starts_with("45 × linked")
                && words[1].starts_with("4 × compiled incr")
                && words[2] == "2 × linked: build scripts and programs",
            "{words:?}"
        );
        let said = statistics.sentence();
        assert!(
            said.contains("hit rate 93 %") && said.contains("1 reads or writes failed"),
            "{said}"
        );
    }

    #[test]
    fn no_credential_comes_back_out_of_a_location() {
        let location = Answer::parse(PRINTED).unwrap().location();
        assert_eq!(location.as_deref(), Some("redis, name: redis://h:1, prefix: /"));
    }

    #[test]
    fn what_a_version_does_not_say_is_none_or_zero() {
        let answer = Answer::parse("{}").unwrap();
        assert_eq!(answer.statistics(), Statistics::default());
        assert_eq!((answer.location(), answer.bytes(), answer.most_bytes()), (None, None, None));
        assert!(Answer::parse("no JSON").is_err());
    }
}
