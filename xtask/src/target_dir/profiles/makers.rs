//! Who built in the directory of a profile: the crates and sources that what lies there was made of.
//!
//! For a directory that several workspaces may build into. What cannot be read tells nothing of anybody.

use std::{collections::BTreeSet, path::PathBuf};

use super::{
    super::layout::{Section, crate_of_incremental, is_hash},
    Base, Profile,
    contents::first_rule_of,
    directories,
};

/// Signs of those who built.
#[derive(Debug, Default)]
pub(crate) struct Makers {
    /// Crates that were compiled in the root of a workspace, so members of it, and those that incremental state is
    /// kept for; in the newer layout all packages.
    pub(crate) crates: BTreeSet<String>,
    /// Sources that are named by their whole path.
    pub(crate) sources: BTreeSet<PathBuf>,
}

impl Base {
    /// Looks at every unit of a profile.
    pub(crate) fn makers(&self, profile: &Profile) -> Makers {
        let mut out = Makers::default();
        let section = |section: Section| self.at(&profile.path.join(section.directory())).ok();
        let names = |section: Option<&super::super::Directory>| {
            section.map(|directory| directories(directory).unwrap_or_default()).unwrap_or_default()
        };
        for name in names(section(Section::Incremental).as_ref()) {
            out.crates.extend(crate_of_incremental(&name.to_string_lossy()).map(str::to_owned));
        }
        let build = section(Section::Build);
        for name in names(build.as_ref()) {
            let inner = build.as_ref().and_then(|build| build.child_of_this_mount(&name).ok());
            let inner = names(inner.as_ref());
            if !inner.is_empty() && inner.iter().all(|name| name.to_str().is_some_and(is_hash)) {
                out.crates.insert(name.to_string_lossy().replace('-', "_"));
            }
        }
        let Some(deps) = section(Section::Deps) else { return out };
        for (name, _) in deps.entries().into_iter().flatten().flatten() {
            let Some(stem) = name.to_str().and_then(|name| name.strip_suffix(".d")) else {
                continue;
            };
            let file = deps.has_file(&name.to_string_lossy()).then(|| deps.open_file(&name).ok());
            let Some((_, sources)) = file.flatten().and_then(first_rule_of) else { continue };
            match sources.into_iter().next() {
                Some(source) if source.is_absolute() => {
                    out.sources.insert(source);
                }
                Some(_) => {
                    out.crates
                        .insert(stem.rsplit_once('-').map_or(stem, |(name, _)| name).to_owned());
                }
                None => {}
            }
        }
        out
    }
}
