//! What lies in the directory of a profile, entry by entry, and what cargo says of the results there.

use std::{
    collections::BTreeSet,
    ffi::OsString,
    fs::File,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};

use super::{
    super::{
        Progress,
        census::{Holding, Linked, holdings},
        clean,
        directory::{Directory, Kind},
        failed_to_read,
        layout::{Section, is_hash, is_of_session, is_unfinished_session},
        stale::Listed,
    },
    Base, Parts, Profile, directories, is_lock,
};

/// Dep-info longer than this is not read to its end.
const MOST_DEP_INFO: u64 = 1 << 20;

/// What lies in the directory of a profile.
#[derive(Debug, Default)]
pub(crate) struct Contents {
    pub(crate) listed: Vec<Listed>,
    /// Dep-info of cargo's about results, relative to the directory of the profile.
    pub(crate) dep_info: BTreeSet<String>,
    /// The sources that it names.
    pub(crate) sources: BTreeSet<PathBuf>,
    /// What is neither a result nor a section.
    pub(crate) unknown: Vec<PathBuf>,
}

impl Base {
    /// What lies in a profile, as far as `with` says.
    ///
    /// # Errors
    /// When a directory cannot be read.
    pub(crate) fn list(
        &self,
        profile: &Profile,
        with: Parts,
        progress: &Progress,
    ) -> Result<Contents> {
        let mut out = Contents::default();
        let context = || failed_to_read(&self.path.join(&profile.path));
        let directory = self.at(&profile.path).with_context(context)?;
        for entry in directory.entries().with_context(context)? {
            let (name, _) = entry.with_context(context)?;
            let found = match directory.attributes_of(&name) {
                Ok(found) => found,
                Err(_) => continue,
            };
            match found.kind {
                Kind::File if with.results && !is_lock(&name) => out.listed.push(Listed {
                    section: None,
                    place: PathBuf::new(),
                    name,
                    is_directory: false,
                    bytes: found.bytes,
                    linked: Linked::of(&found).into_iter().collect(),
                    files: 1,
                    newest: found.modified,
                }),
                Kind::File => {}
                Kind::Directory if Section::ALL.iter().any(|known| name == known.directory()) => {}
                _ => out.unknown.push(name.into()),
            }
        }
        for section in Section::ALL {
            let is_wanted =
                if section == Section::Examples { with.results || with.units } else { with.units };
            let name = section.directory();
            let child = match directory.child_of_this_mount(name.as_ref()) {
                Ok(child) if is_wanted => child,
                _ => continue,
            };
            self.list_section(section, name.into(), child, progress, &mut out)
                .with_context(|| failed_to_read(&self.path.join(&profile.path).join(name)))?;
        }
        for listed in out.listed.iter().filter(|listed| !listed.is_directory) {
            let path = listed.place.join(&listed.name);
            let is_result = matches!(listed.section, None | Some(Section::Examples));
            if is_result && path.extension().is_some_and(|it| it == "d") {
                let at = match listed.place.as_os_str().is_empty() {
                    true => directory.open_file(&listed.name),
                    false => directory
                        .child_of_this_mount(listed.place.as_os_str())
                        .and_then(|place| place.open_file(&listed.name)),
                };
                let whole = self.path.join(&profile.path).join(&path).with_extension("");
                if let Some(sources) = at.ok().and_then(|file| dep_info(file, &whole)) {
                    out.dep_info.insert(path.to_string_lossy().into_owned());
                    out.sources.extend(sources);
                }
            }
        }
        Ok(out)
    }

    fn list_section(
        &self,
        section: Section,
        place: PathBuf,
        directory: Directory,
        progress: &Progress,
        out: &mut Contents,
    ) -> io::Result<()> {
        for holding in holdings(&directory, progress)? {
            let is_directory = holding.kind == Kind::Directory;
            if section == Section::Build && is_directory {
                let package = directory.child_of_this_mount(&holding.name)?;
                if holds_units(&package)? {
                    let place = place.join(&holding.name);
                    out.push(section, &place, holdings(&package, progress)?);
                    continue;
                }
            }
            if section == Section::Incremental && is_directory {
                let state = directory.child_of_this_mount(&holding.name)?;
                if !holds_sessions(&state)? {
                    out.unknown.push(place.join(&holding.name));
                    continue;
                }
                let sessions = directories(&state)?;
                if sessions.iter().any(|name| is_unfinished_session(&name.to_string_lossy())) {
                    let place = place.join(&holding.name);
                    out.push(section, &place, holdings(&state, progress)?);
                }
            }
            out.push(section, &place, vec![holding]);
        }
        Ok(())
    }

    /// The first bytes of the files `*.json` in a directory of a profile: a fingerprint in words.
    pub(crate) fn fingerprints(&self, profile: &Profile, place: &Path) -> Vec<Vec<u8>> {
        const MOST: u64 = 1 << 20;
        let Ok(directory) = self.at(&profile.path.join(place)) else { return Vec::new() };
        let Ok(entries) = directory.entries() else { return Vec::new() };
        let names = entries.flatten().map(|(name, _)| name);
        let files = names.filter(|name| name.as_encoded_bytes().ends_with(b".json"));
        let read = |name: OsString| {
            let mut bytes = Vec::new();
            let file =
                directory.has_file(&name.to_string_lossy()).then(|| directory.open_file(&name))?;
            file.ok()?.take(MOST).read_to_end(&mut bytes).ok()?;
            Some(bytes)
        };
        files.filter_map(read).collect()
    }
}

impl Contents {
    fn push(&mut self, section: Section, place: &Path, holdings: Vec<Holding>) {
        self.listed.extend(holdings.into_iter().map(|holding| Listed {
            section: Some(section),
            place: place.to_path_buf(),
            is_directory: holding.kind == Kind::Directory,
            name: holding.name,
            bytes: holding.bytes,
            linked: holding.linked,
            files: holding.files,
            newest: holding.newest,
        }));
    }
}

/// Whether all that lies in a directory of incremental state is rustc's.
fn holds_sessions(directory: &Directory) -> io::Result<bool> {
    let mut entries = directory.entries()?;
    Ok(entries.all(|entry| entry.is_ok_and(|(name, _)| name.to_str().is_some_and(is_of_session))))
}

/// Whether a directory in `build/` is that of a package in the newer layout: all that lies in it are units.
fn holds_units(directory: &Directory) -> io::Result<bool> {
    let mut entries = directory.entries()?.peekable();
    Ok(entries.peek().is_some()
        && entries.all(|entry| entry.is_ok_and(|(name, _)| name.to_str().is_some_and(is_hash))))
}

/// The sources of a result, if this is cargo's dep-info about it: its first rule makes the result.
fn dep_info(file: File, result: &Path) -> Option<Vec<PathBuf>> {
    let (target, sources) = first_rule_of(file)?;
    // Cargo was told of the directory by a path that may have led through links.
    let target = clean::without_links_above(&target).ok()?;
    // A library ends in `.rlib` or the like; a program in nothing or `.exe`.
    (target == result || target.with_extension("") == result).then_some(sources)
}

/// The same of a file.
pub(super) fn first_rule_of(file: File) -> Option<(PathBuf, Vec<PathBuf>)> {
    let mut bytes = Vec::new();
    file.take(MOST_DEP_INFO).read_to_end(&mut bytes).ok()?;
    first_rule(&String::from_utf8(bytes).ok()?)
}

/// What the first rule of a dep-info file makes, and of what. Blanks in paths are written with a backslash before them.
fn first_rule(text: &str) -> Option<(PathBuf, Vec<PathBuf>)> {
    let line = text.lines().next()?;
    let (target, sources) =
        line.split_once(": ").or_else(|| Some((line.strip_suffix(':')?, "")))?;
    let path = |text: &str| PathBuf::from(text.replace('\0', " "));
    let marked = sources.replace("\\ ", "\0");
    let sources = marked.split_whitespace().map(path).collect();
    Some((path(&target.replace("\\ ", "\0")), sources))
}
