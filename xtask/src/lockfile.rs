//! The packages of a `Cargo.lock` and who depends on whom.
//!
//! Pure: reads text. What the lock file does not say (platforms, features) is not known here.

use std::collections::{HashMap, VecDeque};

use anyhow::{Context, Result};
use cargo_metadata::semver::Version;
use toml_edit::{DocumentMut, Item, TableLike};

/// A lock file.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lock {
    packages: Vec<Locked>,
    by_name: HashMap<String, Vec<usize>>,
}

/// A package of a lock file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Locked {
    pub(crate) name: String,
    pub(crate) version: Version,
    source: Option<String>,
    dependencies: Vec<usize>,
}

impl Lock {
    /// Reads a lock file.
    ///
    /// # Errors
    /// When it is no TOML, or a package has no name or no version.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let document: DocumentMut = text.parse().context("it is no TOML")?;
        let tables = document.get("package").and_then(Item::as_array_of_tables);
        let mut lock = Self::default();
        let mut wanted: Vec<Vec<String>> = Vec::new();
        for table in tables.into_iter().flatten() {
            let package = locked(table).context("a package has no name or no version")?;
            lock.by_name.entry(package.name.clone()).or_default().push(lock.packages.len());
            lock.packages.push(package);
            let listed = table.get("dependencies").and_then(Item::as_array);
            let listed = listed.into_iter().flatten().filter_map(|value| value.as_str());
            wanted.push(listed.map(str::to_owned).collect());
        }
        for (at, wanted) in wanted.into_iter().enumerate() {
            let found = wanted.iter().filter_map(|text| lock.named(text)).collect();
            lock.packages[at].dependencies = found;
        }
        Ok(lock)
    }

    /// The package that a dependency is written as: `name`, `name version` or `name version (source)`.
    fn named(&self, text: &str) -> Option<usize> {
        let mut words = text.splitn(3, ' ');
        let candidates = self.by_name.get(words.next()?)?;
        let version = words.next();
        let source = words.next().map(|source| source.trim_matches(['(', ')']));
        let fits = |at: &&usize| {
            let package = &self.packages[**at];
            version.is_none_or(|version| package.version.to_string() == version)
                && source.is_none_or(|source| package.source.as_deref() == Some(source))
        };
        candidates.iter().find(fits).copied()
    }

    /// The package of a registry with a name whose version is compatible with `version`.
    pub(crate) fn compatible(&self, name: &str, version: &Version) -> Option<&Locked> {
        self.released(name).find(|package| are_compatible(&package.version, version))
    }

    /// The highest version of a package in a registry.
    pub(crate) fn highest(&self, name: &str) -> Option<&Locked> {
        self.released(name).max_by(|a, b| a.version.cmp(&b.version))
    }

    /// Whether exactly this version of a package is there.
    pub(crate) fn holds(&self, name: &str, version: &Version) -> bool {
        self.all(name).any(|package| package.version == *version)
    }

    /// Every version of a package that comes from a registry.
    pub(crate) fn released(&self, name: &str) -> impl Iterator<Item = &Locked> {
        self.all(name).filter(|package| package.source.as_deref().is_some_and(is_registry))
    }

    fn all(&self, name: &str) -> impl Iterator<Item = &Locked> {
        self.by_name.get(name).into_iter().flatten().map(|at| &self.packages[*at])
    }

    /// What a package depends on directly.
    pub(crate) fn dependencies<'a>(&'a self, of: &'a Locked) -> impl Iterator<Item = &'a Locked> {
        of.dependencies.iter().map(|at| &self.packages[*at])
    }

    /// Everything that a package depends on, directly or not.
    pub(crate) fn below<'a>(&'a self, of: &'a Locked) -> Vec<&'a Locked> {
        let mut seen = vec![false; self.packages.len()];
        let mut queue = of.dependencies.clone();
        let mut found = Vec::new();
        while let Some(at) = queue.pop() {
            if !std::mem::replace(&mut seen[at], true) {
                found.push(&self.packages[at]);
                queue.extend(&self.packages[at].dependencies);
            }
        }
        found
    }

    /// The shortest way from a package down to one that `is_end`, both included; none if there is none.
    pub(crate) fn path<'a>(
        &'a self,
        from: &'a Locked,
        is_end: impl Fn(&Locked) -> bool,
    ) -> Option<Vec<&'a Locked>> {
        let mut before: Vec<Option<Option<usize>>> = vec![None; self.packages.len()];
        let mut queue: VecDeque<(usize, Option<usize>)> =
            from.dependencies.iter().map(|at| (*at, None)).collect();
        while let Some((at, parent)) = queue.pop_front() {
            if before[at].is_some() {
                continue;
            }
            before[at] = Some(parent);
            if is_end(&self.packages[at]) {
                let steps = std::iter::successors(Some(at), |at| before[*at].flatten());
                let mut path: Vec<&Locked> = steps.map(|at| &self.packages[at]).collect();
                path.push(from);
                path.reverse();
                return Some(path);
            }
            queue.extend(self.packages[at].dependencies.iter().map(|next| (*next, Some(at))));
        }
        None
    }
}

fn locked(table: &dyn TableLike) -> Option<Locked> {
    let text = |key: &str| table.get(key).and_then(Item::as_str).map(str::to_owned);
    Some(Locked {
        name: text("name")?,
        version: Version::parse(&text("version")?).ok()?,
        source: text("source"),
        dependencies: Vec::new(),
    })
}

/// Whether a source, as cargo writes it, is a registry.
pub(crate) fn is_registry(source: &str) -> bool {
    source.starts_with("registry+") || source.starts_with("sparse+")
}

/// Whether cargo would put two versions of a package into one: the leftmost part that is not zero is
/// the same. Source: <https://doc.rust-lang.org/cargo/reference/resolver.html#semver-compatibility>.
pub(crate) fn are_compatible(a: &Version, b: &Version) -> bool {
    if !a.pre.is_empty() || !b.pre.is_empty() {
        return a == b;
    }
    first_compatible(a) == first_compatible(b)
}

/// The lowest version that cargo would put into one with this.
pub(crate) fn first_compatible(version: &Version) -> Version {
    match (version.major, version.minor) {
        (0, 0) => Version::new(0, 0, version.patch),
        (0, minor) => Version::new(0, minor, 0),
        (major, _) => Version::new(major, 0, 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = r#"
version = 4

[[package]]
name = "app"
version = "0.1.0"
dependencies = ["rand 0.8.5", "tungstenite"]

[[package]]
name = "rand"
version = "0.8.5"
source = "registry+x"

[[package]]
name = "rand"
version = "0.9.2"
source = "registry+x"

[[package]]
name = "rand"
version = "0.9.2"
source = "git+y"

[[package]]
name = "tungstenite"
version = "0.28.0"
source = "registry+x"
dependencies = ["rand 0.9.2 (git+y)"]
"#;

    fn version(text: &str) -> Version {
        Version::parse(text).unwrap()
    }

    #[test]
    fn dependencies_are_found_by_name_version_and_source() {
        let lock = Lock::parse(LOCK).unwrap();
        let app = lock.all("app").next().unwrap();
        let found: Vec<_> =
            lock.dependencies(app).map(|package| package.version.to_string()).collect();
        assert_eq!(found, ["0.8.5", "0.28.0"]);
        let tungstenite = lock.highest("tungstenite").unwrap();
        let rand: Vec<_> = lock.dependencies(tungstenite).collect();
        assert_eq!(rand[0].source.as_deref(), Some("git+y"));
    }

    #[test]
    fn the_way_down_is_found_with_both_ends() {
        let lock = Lock::parse(LOCK).unwrap();
        let app = lock.all("app").next().unwrap();
        let path = |from: &Locked, wanted: &str| {
            let is_end = |package: &Locked| package.version.to_string() == wanted;
            let path = lock.path(from, is_end)?;
            Some(path.iter().map(|package| package.name.clone()).collect::<Vec<_>>().join(" "))
        };
        assert_eq!(path(app, "0.9.2").as_deref(), Some("app tungstenite rand"));
        assert_eq!(path(app, "0.8.5").as_deref(), Some("app rand"));
        assert_eq!(path(lock.highest("tungstenite").unwrap(), "0.8.5"), None);
        assert_eq!(lock.below(app).len(), 3);
    }

    #[test]
    fn versions_are_compatible_by_their_leftmost_part_that_is_not_zero() {
        for (a, b, expected) in [
            ("1.2.3", "1.9.0", true),
            ("1.2.3", "2.0.0", false),
            ("0.8.5", "0.8.9", true),
            ("0.8.5", "0.9.0", false),
            ("0.0.1", "0.0.2", false),
            ("1.0.0-rc.1", "1.0.0", false),
        ] {
            assert_eq!(are_compatible(&version(a), &version(b)), expected, "{a} {b}");
        }
    }

    #[test]
    fn a_package_without_a_version_is_refused() {
        assert!(Lock::parse("[[package]]\nname = \"x\"\n").is_err());
    }
}
