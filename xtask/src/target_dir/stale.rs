//! Which entries of a profile's directory none of the names stands for by which current builds know what they made.
//!
//! Pure. What has no form known here is unknown, and unknown is never stale.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    ffi::OsString,
    path::{Path, PathBuf},
    time::SystemTime,
};

use super::layout::{
    Names, Section, crate_of_incremental, hash_of_directory, hash_of_file, is_unfinished_session,
    stem_of_result,
};
use super::{census::Linked, directory::Identity};

/// Why nothing uses something any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    /// A unit that another compiler made.
    Toolchain,
    /// A unit of a version, with features or with settings that no build asks for.
    Unit,
    /// Incremental state of a crate that no build compiles in this way, or that a compiler was cut off at.
    Incremental,
    /// A fingerprint without anything that it is one of.
    Fingerprint,
    /// A program or library that no build would put there.
    Result,
    /// Anything in the directory of a profile that is not defined any more.
    Profile,
    /// Anything in the directory of a target that the toolchain cannot build for.
    Triple,
    /// What `cargo package` unpacked.
    Package,
}

impl Kind {
    pub(crate) const ALL: [Self; 8] = [
        Self::Toolchain,
        Self::Unit,
        Self::Incremental,
        Self::Fingerprint,
        Self::Result,
        Self::Profile,
        Self::Triple,
        Self::Package,
    ];

    /// As written in JSON.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Toolchain => "other-toolchain",
            Self::Unit => "unused-unit",
            Self::Incremental => "incremental",
            Self::Fingerprint => "fingerprint",
            Self::Result => "result",
            Self::Profile => "profile",
            Self::Triple => "triple",
            Self::Package => "package",
        }
    }

    /// In words, for any number of them.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Toolchain => "made by another toolchain",
            Self::Unit => "versions, features or settings no longer used",
            Self::Incremental => "old incremental state",
            Self::Fingerprint => "fingerprints of nothing",
            Self::Result => "results that no build puts there",
            Self::Profile => "profiles that nothing builds in",
            Self::Triple => "targets that nothing builds for",
            Self::Package => "unpacked by `cargo package`",
        }
    }
}

/// One entry of a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listed {
    /// `None`: a result beside the sections.
    pub(crate) section: Option<Section>,
    /// The directory it lies in, relative to that of the profile; empty for a result.
    pub(crate) place: PathBuf,
    pub(crate) name: OsString,
    pub(crate) is_directory: bool,
    /// Apparent size of it and of what lies below it; each name counts.
    pub(crate) bytes: u64,
    /// Names of files that have several.
    pub(crate) linked: Vec<Linked>,
    pub(crate) files: u64,
    /// When it, or anything below it, was last written.
    pub(crate) newest: SystemTime,
}

/// Something that goes or stays as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stale {
    pub(crate) kind: Kind,
    /// What people know it by: the package, the crate or the name.
    pub(crate) label: String,
    /// Directories relative to that of the profile, and names in them, in the order in which they are to go.
    pub(crate) entries: Vec<(PathBuf, OsString)>,
    /// The directory with its fingerprint, relative to that of the profile.
    pub(crate) fingerprint: Option<PathBuf>,
    /// Apparent size; each name counts.
    pub(crate) bytes: u64,
    pub(crate) linked: Vec<Linked>,
    pub(crate) files: u64,
    pub(crate) newest: SystemTime,
}

/// What is in use by names, and how.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Use<'a> {
    pub(crate) names: &'a Names,
    /// Crates of which all incremental state may be in use.
    pub(crate) uncertain: &'a BTreeSet<String>,
    /// Names in the directory of the profile that are dep-info of cargo's.
    pub(crate) dep_info: &'a BTreeSet<String>,
}

/// Counts the names of files that go: what a file takes is free once its last name is gone.
#[derive(Debug, Default)]
pub(crate) struct Freed {
    seen: HashMap<Identity, u64>,
}

impl Freed {
    /// What is freed with something, after everything that was given before.
    pub(crate) fn with(&mut self, stale: &Stale) -> u64 {
        let named: u64 = stale.linked.iter().map(|linked| linked.bytes).sum();
        let last = stale.linked.iter().filter(|linked| {
            let seen = self.seen.entry(linked.identity).or_default();
            *seen += 1;
            *seen == linked.names
        });
        stale.bytes - named + last.map(|linked| linked.bytes).sum::<u64>()
    }
}

/// What became of the entries of a profile.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Sorted {
    pub(crate) stale: Vec<Stale>,
    /// Units that are in use and there.
    pub(crate) used: BTreeSet<String>,
    /// What has no form known here, relative to the directory of the profile.
    pub(crate) unknown: Vec<PathBuf>,
}

/// Beginnings of keys that are no hashes.
const SESSION: &str = "session ";
const STATE: &str = "incremental ";

/// Sorts the entries of one profile.
pub(crate) fn sort(listed: Vec<Listed>, usage: Use<'_>) -> Sorted {
    let mut out = Sorted::default();
    let mut groups: BTreeMap<String, Vec<Listed>> = BTreeMap::new();
    for entry in listed {
        let path = entry.place.join(&entry.name);
        match judge(&entry, usage) {
            Judged::Used(key) => {
                out.used.extend(key);
            }
            Judged::Unknown => out.unknown.push(path),
            Judged::Stale(key) => groups.entry(key).or_default().push(entry),
        }
    }
    let is_within = |key: &String| {
        let state =
            key.strip_prefix(SESSION).and_then(|path| Path::new(path).parent()?.file_name());
        state.is_some_and(|name| groups.contains_key(&format!("{STATE}{}", name.to_string_lossy())))
    };
    let within: BTreeSet<String> = groups.keys().filter(|key| is_within(key)).cloned().collect();
    groups.retain(|key, _| !within.contains(key));
    out.stale = groups.into_values().filter_map(together).collect();
    out
}

enum Judged {
    /// With the hash of the unit, if it is one.
    Used(Option<String>),
    Unknown,
    /// With what the entries of one thing have in common.
    Stale(String),
}

fn judge(entry: &Listed, usage: Use<'_>) -> Judged {
    let Use { names, uncertain, dep_info } = usage;
    let Some(name) = entry.name.to_str() else { return Judged::Unknown };
    let of_unit = |hash: Option<&str>, is_used: bool| match hash {
        Some(hash) if is_used => Judged::Used(Some(hash.to_owned())),
        Some(hash) => Judged::Stale(hash.to_owned()),
        None => Judged::Unknown,
    };
    let of_result = |used: &BTreeSet<String>| {
        let stem = stem_of_result(name);
        if used.contains(stem) {
            Judged::Used(None)
        } else if dep_info
            .contains(&entry.place.join(format!("{stem}.d")).to_string_lossy().into_owned())
        {
            Judged::Stale(format!("result {}", entry.place.join(stem).display()))
        } else {
            Judged::Unknown
        }
    };
    match entry.section {
        Some(Section::Fingerprint) => {
            of_unit(hash_of_directory(name), names.fingerprints.contains(name))
        }
        Some(Section::Build) => match entry.place.strip_prefix("build").unwrap_or(Path::new("")) {
            package if package.as_os_str().is_empty() => {
                of_unit(hash_of_directory(name), names.build.contains(name))
            }
            package => {
                of_unit(Some(name), names.build.contains(&format!("{}/{name}", package.display())))
            }
        },
        Some(Section::Deps) => {
            let hash = hash_of_file(name);
            of_unit(hash, hash.is_some_and(|hash| names.deps.contains(hash)))
        }
        Some(Section::Examples) => match hash_of_file(name) {
            Some(hash) => of_unit(Some(hash), names.examples.contains(hash)),
            None => of_result(&names.example_results),
        },
        Some(Section::Incremental) if entry.place != Path::new("incremental") => {
            match is_unfinished_session(name) {
                true => Judged::Stale(format!("{SESSION}{}", entry.place.join(name).display())),
                false => Judged::Used(None),
            }
        }
        Some(Section::Incremental) => match crate_of_incremental(name) {
            _ if names.incremental.contains(name) => Judged::Used(None),
            Some(of) if uncertain.contains(of) => Judged::Used(None),
            Some(_) => Judged::Stale(format!("{STATE}{name}")),
            None => Judged::Unknown,
        },
        None => of_result(&names.results),
    }
}

/// One thing of its entries.
fn together(mut entries: Vec<Listed>) -> Option<Stale> {
    entries.sort_by(|one, other| {
        let key = |entry: &Listed| (entry.section, entry.place.clone(), entry.name.clone());
        key(one).cmp(&key(other))
    });
    let first = entries.first()?;
    let name = first.name.to_string_lossy();
    let (kind, label) = match first.section {
        None => (Kind::Result, name.to_string()),
        Some(Section::Examples) if hash_of_file(&name).is_none() => {
            (Kind::Result, name.to_string())
        }
        Some(Section::Incremental) => {
            let of = if first.place == Path::new("incremental") {
                name.to_string()
            } else {
                first.place.file_name().unwrap_or_default().to_string_lossy().into_owned()
            };
            (Kind::Incremental, crate_of_incremental(&of).unwrap_or(&of).to_owned())
        }
        Some(section) => {
            let is_alone = section == Section::Fingerprint
                && entries.iter().all(|entry| entry.section == Some(Section::Fingerprint));
            let kind = if is_alone { Kind::Fingerprint } else { Kind::Unit };
            (kind, label_of_unit(first))
        }
    };
    let fingerprint = entries.iter().find_map(|entry| match entry.section {
        Some(Section::Fingerprint) => Some(entry.place.join(&entry.name)),
        Some(Section::Build) if entry.place != Path::new("build") => {
            Some(entry.place.join(&entry.name).join("fingerprint"))
        }
        _ => None,
    });
    Some(Stale {
        kind,
        label,
        fingerprint,
        bytes: entries.iter().map(|entry| entry.bytes).sum(),
        linked: entries.iter().flat_map(|entry| entry.linked.iter().copied()).collect(),
        files: entries.iter().map(|entry| entry.files).sum(),
        newest: entries.iter().map(|entry| entry.newest).max()?,
        entries: entries.into_iter().map(|entry| (entry.place, entry.name)).collect(),
    })
}

/// The package, or the crate where only a file of it is there.
fn label_of_unit(entry: &Listed) -> String {
    let name = entry.name.to_string_lossy();
    match entry.section {
        Some(Section::Build) if entry.place != Path::new("build") => {
            entry.place.file_name().unwrap_or_default().to_string_lossy().into_owned()
        }
        _ => {
            let stem = name.split('.').next().unwrap_or_default();
            stem.rsplit_once('-').map_or(stem, |(label, _)| label).to_owned()
        }
    }
}

#[cfg(test)]
mod tests;
