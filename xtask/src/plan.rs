//! Changes, the edits they are made of, and what a choice of them makes of the files.
//!
//! Pure: [`materialise()`] turns a snapshot and a choice of changes into bytes and touches nothing.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use cargo_metadata::semver::Version;
use toml_edit::Value;

use crate::{
    cli::Code,
    manifest::{Declaration, Site},
    snapshot::{CONFIG, IGNORE_FILE, LOCK_FILE, ROOT_MANIFEST, Snapshot},
    text,
};

#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzed;
mod materialise;

#[cfg(test)]
pub(crate) use materialise::edited;
pub(crate) use materialise::materialise;
#[cfg(any(test, fuzzing))]
pub(crate) use materialise::written;

/// The smallest set of edits that makes sense alone.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    pub(crate) code: Code,
    /// What it is about, for instance a crate; unique within the pass.
    pub(crate) subject: String,
    pub(crate) title: String,
    /// Why: the evidence of the finding.
    pub(crate) reason: String,
    pub(crate) edits: Vec<Edit>,
    /// Other ways to the same end, tried in turn when the compiler rejects the one before.
    pub(crate) alternatives: Vec<Alternative>,
    /// The umbrella feature that the compiler narrows down.
    pub(crate) umbrella: Option<Umbrella>,
    /// Packages that are to leave the graph of this host.
    pub(crate) removes: Vec<(String, Version)>,
    /// Whether it can make a difference to a build; what cannot needs no proof.
    pub(crate) affects_build: bool,
    /// The build for another target that it is to make smaller.
    pub(crate) smaller: Option<SmallerBuild>,
}

/// A build that a profile of its own is to make smaller. No other proof makes it, and nothing else can tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SmallerBuild {
    pub(crate) member: String,
    pub(crate) feature: Option<String>,
    /// `--lib` or `--bins`
    pub(crate) targets: &'static str,
    /// The target triple.
    pub(crate) target: &'static str,
    /// The profile.
    pub(crate) profile: &'static str,
    /// The profile that its result must be smaller than.
    pub(crate) than: &'static str,
}

impl SmallerBuild {
    /// What cargo is called with, for the build with any profile.
    pub(crate) fn arguments<'a>(&'a self, profile: &'a str) -> Vec<&'a str> {
        let feature = self.feature.iter().flat_map(|feature| ["--features", feature.as_str()]);
        ["build", "--package", &self.member, self.targets]
            .into_iter()
            .chain(feature)
            .chain(["--target", self.target, "--profile", profile])
            .collect()
    }
}

/// The id of a change.
pub(crate) fn id(code: Code, subject: &str) -> String {
    format!("{}:{subject}", code.as_str())
}

/// Another way to the end of a change.
#[derive(Debug, Clone)]
pub(crate) struct Alternative {
    pub(crate) title: String,
    pub(crate) edits: Vec<Edit>,
    /// As [`Change::removes`].
    pub(crate) removes: Vec<(String, Version)>,
}

/// A feature that stands for many, and the guess at what is needed of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Umbrella {
    /// Name of the package that has the feature.
    pub(crate) package: String,
    pub(crate) feature: String,
    /// Everything it switches on, other features of the same package only.
    pub(crate) all: Vec<String>,
    /// What the code is thought to need.
    pub(crate) chosen: Vec<String>,
    /// Members that depend on the package.
    pub(crate) members: Vec<String>,
}

/// One edit of one entry.
#[derive(Debug, Clone)]
pub(crate) enum Edit {
    Remove {
        site: Site,
        key: String,
    },
    SetRequirement {
        site: Site,
        key: String,
        requirement: String,
    },
    /// Inherit from the workspace, asking for what it does not declare.
    Inherit {
        site: Site,
        key: String,
    },
    /// Declare in the workspace what is not there. With `heirs`, only while two of them would inherit it.
    Declare {
        entry: Declaration,
        heirs: Vec<Site>,
    },
    /// Take features out of an entry of the workspace; `default_features` if the default ones go too.
    Withdraw {
        key: String,
        features: Vec<String>,
        default_features: bool,
    },
    /// Ask in an heir for what is withdrawn.
    Ask {
        site: Site,
        key: String,
        features: Vec<String>,
        default_features: bool,
    },
    ReplaceFeature {
        site: Site,
        key: String,
        feature: String,
        by: Vec<String>,
    },
    /// Remove from `[workspace.dependencies]` what no member inherits by then.
    RemoveUninherited {
        key: String,
    },
    /// Set a key of a TOML file; `comment` goes above the table if the edit creates it.
    Set {
        file: PathBuf,
        path: Vec<String>,
        key: String,
        value: Value,
        comment: Option<String>,
    },
    /// Take a key out of a TOML file, and its table if nothing else is left in that.
    Unset {
        file: PathBuf,
        path: Vec<String>,
        key: String,
    },
    /// Append lines to the ignore file.
    Ignore {
        lines: Vec<String>,
    },
    /// Lock another release of a package; made by cargo when the plan is resolved.
    Lock {
        package: String,
        from: Version,
        to: Version,
    },
}

impl Change {
    /// A change that can make a difference to a build, without alternatives.
    pub(crate) fn new(code: Code, subject: &str, title: String, reason: String) -> Self {
        Self {
            code,
            subject: subject.to_owned(),
            title,
            reason,
            edits: Vec::new(),
            alternatives: Vec::new(),
            umbrella: None,
            removes: Vec::new(),
            affects_build: true,
            smaller: None,
        }
    }

    /// Stable over runs: `<code>:<subject>`.
    pub(crate) fn id(&self) -> String {
        id(self.code, &self.subject)
    }

    /// Files that the change edits, relative to the workspace root.
    pub(crate) fn files(&self) -> BTreeSet<PathBuf> {
        self.edits.iter().map(Edit::file).collect()
    }

    /// Whether it can make a difference to a build.
    pub(crate) fn affects_build(&self) -> bool {
        self.affects_build
    }

    /// Whether it is put to the proof in a copy of the workspace.
    pub(crate) fn needs_proof(&self) -> bool {
        self.affects_build() || self.smaller.is_some()
    }

    /// The change with another choice of features.
    pub(crate) fn with_features(&self, chosen: &[String]) -> Self {
        let mut change = self.clone();
        if let Some(umbrella) = &mut change.umbrella {
            umbrella.chosen = chosen.to_vec();
            change.title = umbrella.title();
        }
        for edit in &mut change.edits {
            if let Edit::ReplaceFeature { by, .. } = edit {
                *by = chosen.to_vec();
            }
        }
        change
    }

    /// The change as its next alternative, if it has one.
    pub(crate) fn next_alternative(&self) -> Option<Self> {
        let (first, rest) = self.alternatives.split_first()?;
        Some(Self {
            title: first.title.clone(),
            edits: first.edits.clone(),
            removes: first.removes.clone(),
            alternatives: rest.to_vec(),
            ..self.clone()
        })
    }
}

impl Umbrella {
    /// The title of the change that replaces the umbrella.
    pub(crate) fn title(&self) -> String {
        let chosen =
            if self.chosen.is_empty() { "nothing".to_owned() } else { self.chosen.join(", ") };
        format!("replace feature `{}` of {} by {chosen}", self.feature, self.package)
    }
}

/// Whether entries stand in more than one manifest.
pub(crate) fn is_shared<'a>(sites: impl Iterator<Item = &'a Site>) -> bool {
    sites.map(file_of).collect::<BTreeSet<_>>().len() > 1
}

/// The manifest of a site, relative to the workspace root.
fn file_of(site: &Site) -> PathBuf {
    match site {
        Site::Workspace => PathBuf::from(ROOT_MANIFEST),
        Site::Member { manifest, .. } => manifest.clone(),
    }
}

impl Edit {
    /// The key of the dependency entry that the edit is about, if it is about one.
    pub(crate) fn key(&self) -> Option<&str> {
        match self {
            Self::Remove { key, .. }
            | Self::SetRequirement { key, .. }
            | Self::Inherit { key, .. }
            | Self::ReplaceFeature { key, .. }
            | Self::Withdraw { key, .. }
            | Self::Ask { key, .. }
            | Self::RemoveUninherited { key } => Some(key),
            Self::Declare { entry, .. } => Some(&entry.key),
            Self::Set { .. } | Self::Unset { .. } | Self::Ignore { .. } | Self::Lock { .. } => None,
        }
    }

    fn file(&self) -> PathBuf {
        match self {
            Self::Remove { site, .. }
            | Self::SetRequirement { site, .. }
            | Self::Inherit { site, .. }
            | Self::Ask { site, .. }
            | Self::ReplaceFeature { site, .. } => file_of(site),
            Self::Declare { .. } | Self::Withdraw { .. } | Self::RemoveUninherited { .. } => {
                PathBuf::from(ROOT_MANIFEST)
            }
            Self::Set { file, .. } | Self::Unset { file, .. } => file.clone(),
            Self::Ignore { .. } => PathBuf::from(IGNORE_FILE),
            Self::Lock { .. } => PathBuf::from(LOCK_FILE),
        }
    }

    /// Key paths below which the edit may change something: what the commit is held to.
    fn touches(&self) -> Vec<Vec<String>> {
        let at = |site: &Site, key: &str| match site {
            Site::Workspace => {
                vec![vec!["workspace".to_owned(), "dependencies".to_owned(), key.to_owned()]]
            }
            Site::Member { table, .. } => table
                .key_paths()
                .into_iter()
                .map(|mut path| {
                    path.push(key.to_owned());
                    path
                })
                .collect(),
        };
        match self {
            Self::Remove { site, key }
            | Self::SetRequirement { site, key, .. }
            | Self::Inherit { site, key }
            | Self::Ask { site, key, .. } => at(site, key),
            // Of an heir, it is perhaps the workspace that has it.
            Self::ReplaceFeature { site, key, .. } => {
                [at(site, key), at(&Site::Workspace, key)].concat()
            }
            Self::Declare { entry: Declaration { key, .. }, .. }
            | Self::Withdraw { key, .. }
            | Self::RemoveUninherited { key } => at(&Site::Workspace, key),
            Self::Set { path, key, .. } | Self::Unset { path, key, .. } => {
                let mut path = path.clone();
                path.push(key.clone());
                vec![path]
            }
            Self::Ignore { .. } | Self::Lock { .. } => Vec::new(),
        }
    }
}

/// The unified diff of materialised files against the snapshot.
pub(crate) fn diff(snapshot: &Snapshot, files: &BTreeMap<PathBuf, Vec<u8>>) -> String {
    files
        .iter()
        .map(|(path, after)| {
            let before = snapshot.files.get(path).cloned().flatten();
            let name = path
                .components()
                .map(|part| part.as_os_str().to_string_lossy())
                .collect::<Vec<_>>();
            text::unified_diff(&name.join("/"), before.as_deref(), Some(after))
        })
        .collect()
}

/// The site of a setting in the workspace's cargo configuration.
pub(crate) fn config_file() -> PathBuf {
    PathBuf::from(CONFIG)
}
