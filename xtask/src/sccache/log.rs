//! What the log of a server says of each compilation: taken from the cache, compiled, or not to be cached.
//!
//! Invariant: a line of an unknown form counts for nothing. Known: sccache 0.16 and 0.19 with `SCCACHE_LOG=sccache=debug`.

use std::collections::BTreeMap;

use serde::Serialize;

/// What became of one compilation.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Outcome {
    Hit,
    Miss,
    /// With sccache's reason.
    NotCacheable(String),
}

/// What became of the compilations of a build, by name of the crate.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Course {
    pub(crate) units: BTreeMap<(String, Outcome), usize>,
}

impl Course {
    /// Names of the crates with an outcome, in order; `name (2)` where it is that of several compilations.
    pub(crate) fn names(&self, is_meant: impl Fn(&Outcome) -> bool) -> Vec<String> {
        let meant = self.units.iter().filter(|((_, outcome), _)| is_meant(outcome));
        let name = |((name, _), count): (&(String, Outcome), &usize)| match count {
            1 => name.clone(),
            count => format!("{name} ({count})"),
        };
        meant.map(name).collect()
    }
}

/// Reads a part of a log.
pub(crate) fn course(log: &str) -> Course {
    let mut course = Course::default();
    for unit in log.lines().filter_map(line) {
        *course.units.entry(unit).or_default() += 1;
    }
    course
}

fn line(line: &str) -> Option<(String, Outcome)> {
    if let Some((_, rest)) = line.split_once("parse_arguments: CannotCache(") {
        let (reason, arguments) = rest.split_once("): ")?;
        let (_, after) = arguments.split_once("\"--crate-name\", \"")?;
        let name = after.split_once('"')?.0.to_owned();
        // `___` is cargo's question to the compiler about itself.
        return (name != "___").then(|| (name, Outcome::NotCacheable(reason.to_owned())));
    }
    let (head, said) = line.split_once("]: Cache ")?;
    let name = head.rsplit_once('[')?.1;
    let outcome = match said.split_whitespace().next()? {
        "hit" => Outcome::Hit,
        "miss" => Outcome::Miss,
        _ => return None,
    };
    Some((name.to_owned(), outcome))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "\
[2026-11-23T00:04:50Z DEBUG sccache::compiler::compiler] [serde]: generate_hash_key took 0.133 s
[2026-11-23T00:04:50Z DEBUG sccache::compiler::compiler] [serde]: Cache miss in 0.000 s
[2026-11-23T00:04:51Z DEBUG sccache::compiler::compiler] [anyhow]: Cache hit in 0.001 s
[2026-11-23T00:04:51Z DEBUG sccache::compiler::compiler] [anyhow]: Cache hit in 0.001 s
[2026-11-23T00:07:44Z DEBUG sccache::server] parse_arguments: CannotCache(missing input): [\"-vV\"]
[2026-11-23T00:07:44Z DEBUG sccache::server] parse_arguments: CannotCache(-): [\"-\", \"--crate-name\", \"___\"]
[2026-11-23T00:07:44Z DEBUG sccache::server] parse_arguments: CannotCache(crate-type, bin): [\"--crate-name\", \"build_script_build\", \"x\"]
something else
";

    #[test]
    fn each_compilation_is_found_with_its_outcome() {
        let course = course(LOG);
        assert_eq!(course.names(|it| *it == Outcome::Miss), ["serde"]);
        assert_eq!(course.names(|it| *it == Outcome::Hit), ["anyhow (2)"]);
        let linked = Outcome::NotCacheable("crate-type, bin".to_owned());
        assert_eq!(course.names(|it| *it == linked), ["build_script_build"]);
        assert_eq!(course.units.len(), 3);
    }
}
