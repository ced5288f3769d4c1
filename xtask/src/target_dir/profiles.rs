//! The directories of profiles in a target directory: which there are, what lies in them, and the lock by which cargo
//! keeps each to one build at a time.
//!
//! Such a directory is known by cargo's lock file in it, not by its name. Everything is read and deleted relative to
//! opened directories, through no link.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::{OsStr, OsString},
    fs::{File, TryLockError},
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};

use super::{
    OWN, PACKAGE, Progress, Refusal, Removed, Surroundings, census, clean,
    directory::{Directory, Kind},
    failed_to_read, guard,
    layout::{LOCKS, Section, is_hash, is_unfinished_session},
    stale::{Listed, Stale},
};

/// Cargo puts it into every directory of a target.
const TAG: &str = "CACHEDIR.TAG";
/// Dep-info longer than this is not read to its end.
const MOST_DEP_INFO: u64 = 1 << 20;

/// A target or build directory in which things may be deleted.
#[derive(Debug)]
pub(crate) struct Base {
    directory: Directory,
    /// Without links.
    pub(crate) path: PathBuf,
}

/// The directory of a profile, for the host or for another target.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Profile {
    /// Relative to the target directory.
    pub(crate) path: PathBuf,
    /// Name of the directory, for instance `debug`.
    pub(crate) name: String,
    /// The directory above it, if there is one: `<triple>/<profile>`.
    pub(crate) triple: Option<String>,
}

/// Cargo's lock on a profile; ends when dropped.
#[derive(Debug)]
pub(crate) struct BuildLock {
    _file: File,
}

impl Base {
    /// Opens a target or build directory; `None` where there is none.
    ///
    /// # Errors
    /// As [`super::refusal`], and when it cannot be read.
    pub(crate) fn open(path: &Path, surroundings: &Surroundings) -> Result<Option<Self>, Refusal> {
        let refuse = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound => Ok(None),
            io::ErrorKind::NotADirectory => Err(Refusal::of(path, "a link or not a directory")),
            _ => Err(Refusal::of(path, error)),
        };
        let itself = match clean::without_links_above(path) {
            Ok(itself) => itself,
            Err(error) => return refuse(error),
        };
        let directory = match Directory::open_itself(&itself) {
            Ok(directory) => directory,
            Err(error) => return refuse(error),
        };
        match guard::refusal(&directory, &itself, surroundings) {
            Some(reason) => Err(Refusal::of(&itself, reason)),
            None => Ok(Some(Self { directory, path: itself })),
        }
    }

    /// The directories of profiles, by path.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub(crate) fn profiles(&self) -> Result<Vec<Profile>> {
        let mut out = Vec::new();
        for name in directories(&self.directory).with_context(|| failed_to_read(&self.path))? {
            let Some(text) = name.to_str().map(str::to_owned) else { continue };
            if matches!(text.as_str(), OWN | PACKAGE | "doc" | "tmp") {
                continue;
            }
            let Ok(child) = self.directory.child_of_this_mount(&name) else { continue };
            if child.has_file(LOCKS[0]) {
                out.push(Profile { path: text.clone().into(), name: text, triple: None });
                continue;
            }
            for inner in directories(&child).unwrap_or_default() {
                let Some(profile) = inner.to_str() else { continue };
                let has_lock = child
                    .child_of_this_mount(&inner)
                    .is_ok_and(|directory| directory.has_file(LOCKS[0]));
                if has_lock {
                    out.push(Profile {
                        path: Path::new(&text).join(profile),
                        name: profile.to_owned(),
                        triple: Some(text.clone()),
                    });
                }
            }
        }
        out.sort();
        Ok(out)
    }

    /// Takes the lock that every build in a profile takes; `None`: a build is running there. Where a file system knows no
    /// locks, cargo takes none either.
    ///
    /// # Errors
    /// When the lock file cannot be opened.
    pub(crate) fn lock(&self, profile: &Profile) -> Result<Option<BuildLock>> {
        let context = || {
            format!("failed to lock `{}`", self.path.join(&profile.path).join(LOCKS[0]).display())
        };
        let directory = self.at(&profile.path).with_context(context)?;
        let file = directory.open_file(LOCKS[0].as_ref()).with_context(context)?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) if error.kind() != io::ErrorKind::Unsupported => {
                Err(error).with_context(context)
            }
            _ => Ok(Some(BuildLock { _file: file })),
        }
    }

    /// What lies in a profile: results if `with_results`, and what units left if `with_units`.
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
                    files: 1,
                    newest: std::time::SystemTime::UNIX_EPOCH,
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
        for holding in census::census(&directory, progress)? {
            let is_directory = holding.kind == Kind::Directory;
            if section == Section::Build && is_directory {
                let package = directory.child_of_this_mount(&holding.name)?;
                if holds_units(&package)? {
                    let place = place.join(&holding.name);
                    out.push(section, &place, census::census(&package, progress)?);
                    continue;
                }
            }
            if section == Section::Incremental && is_directory {
                let state = directory.child_of_this_mount(&holding.name)?;
                let sessions = directories(&state)?;
                if sessions.iter().any(|name| is_unfinished_session(&name.to_string_lossy())) {
                    let place = place.join(&holding.name);
                    out.push(section, &place, census::census(&state, progress)?);
                }
            }
            out.push(section, &place, vec![holding]);
        }
        Ok(())
    }

    /// Deletes entries of a profile, what belongs together one after the other. Relative paths in [`Removed::left`] are
    /// made whole.
    pub(crate) fn remove(
        &self,
        profile: &Profile,
        stale: &[&Stale],
        progress: &Progress,
    ) -> Removed {
        let mut out = Removed::default();
        // A directory at a time: in the order of the sections, as the entries of each unit are.
        let mut places: BTreeMap<(Option<Section>, &Path), Vec<OsString>> = BTreeMap::new();
        for (place, name) in stale.iter().flat_map(|stale| &stale.entries) {
            let first = place.iter().next();
            let section = Section::ALL
                .into_iter()
                .find(|known| first.is_some_and(|step| step == known.directory()));
            places.entry((section, place)).or_default().push(name.clone());
        }
        for ((_, place), names) in places {
            if progress.is_stopped() {
                break;
            }
            let path = profile.path.join(place);
            match self.at(&path) {
                Ok(directory) => {
                    let removed = census::remove_entries(&directory, &names, progress);
                    out.add(removed, &self.path.join(&path));
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => out.left.push((self.path.join(&path), error.to_string())),
            }
        }
        out
    }

    /// Removes directories that became empty: those of packages in the newer layout, and, if it `is_abandoned`, that of the
    /// profile with cargo's lock files, and that of its target.
    pub(crate) fn tidy(&self, profile: &Profile, stale: &[&Stale], is_abandoned: bool) {
        let Ok(directory) = self.at(&profile.path) else { return };
        let places: BTreeSet<&Path> = stale
            .iter()
            .flat_map(|stale| &stale.entries)
            .map(|(place, _)| place.as_path())
            .collect();
        for place in places.iter().filter(|place| place.components().count() == 2) {
            // What is not empty stays.
            if let (Some(above), Some(name)) = (place.parent(), place.file_name())
                && place.starts_with(Section::Build.directory())
                && let Ok(above) = directory.child_of_this_mount(above.as_os_str())
            {
                let _ = above.remove_directory(name);
            }
        }
        if !is_abandoned {
            return;
        }
        for section in Section::ALL {
            let _ = directory.remove_directory(section.directory().as_ref());
        }
        let is_empty = directory.entries().is_ok_and(|mut entries| {
            entries.all(|entry| entry.is_ok_and(|(name, _)| is_lock(&name)))
        });
        if !is_empty {
            return;
        }
        for lock in LOCKS {
            let _ = directory.remove_file(lock.as_ref());
        }
        let name: &OsStr = profile.name.as_ref();
        match &profile.triple {
            None => {
                let _ = self.directory.remove_directory(name);
            }
            Some(triple) => {
                if let Ok(above) = self.directory.child_of_this_mount(triple.as_ref())
                    && above.remove_directory(name).is_ok()
                {
                    let only_tag = above.entries().is_ok_and(|mut entries| {
                        entries.all(|entry| entry.is_ok_and(|(name, _)| name == TAG))
                    });
                    if only_tag {
                        let _ = above.remove_file(TAG.as_ref());
                    }
                    let _ = self.directory.remove_directory(triple.as_ref());
                }
            }
        }
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

    /// A directory within, given by its path.
    fn at(&self, path: &Path) -> io::Result<Directory> {
        let mut steps = path.iter();
        let first = steps.next().ok_or(io::ErrorKind::InvalidInput)?;
        steps.try_fold(self.directory.child_of_this_mount(first)?, |directory, step| {
            directory.child_of_this_mount(step)
        })
    }
}

/// Which parts of a profile lie in a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Parts {
    /// Programs and libraries: in the target directory.
    pub(crate) results: bool,
    /// What units left: in the build directory.
    pub(crate) units: bool,
}

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

impl Contents {
    fn push(&mut self, section: Section, place: &Path, holdings: Vec<census::Holding>) {
        self.listed.extend(holdings.into_iter().map(|holding| Listed {
            section: Some(section),
            place: place.to_path_buf(),
            is_directory: holding.kind == Kind::Directory,
            name: holding.name,
            bytes: holding.bytes,
            files: holding.files,
            newest: holding.newest,
        }));
    }
}

/// Whether a directory in `build/` is that of a package in the newer layout: all that lies in it are units.
fn holds_units(directory: &Directory) -> io::Result<bool> {
    let mut entries = directory.entries()?.peekable();
    Ok(entries.peek().is_some()
        && entries.all(|entry| entry.is_ok_and(|(name, _)| name.to_str().is_some_and(is_hash))))
}

/// The sources of a result, if this is cargo's dep-info about it: its first rule makes the result.
fn dep_info(file: File, result: &Path) -> Option<Vec<PathBuf>> {
    let mut bytes = Vec::new();
    file.take(MOST_DEP_INFO).read_to_end(&mut bytes).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (target, sources) = first_rule(&text)?;
    // Cargo was told of the directory by a path that may have led through links.
    let target = clean::without_links_above(&target).ok()?;
    // A library ends in `.rlib` or the like; a program in nothing or `.exe`.
    (target == result || target.with_extension("") == result).then_some(sources)
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

fn is_lock(name: &OsStr) -> bool {
    LOCKS.iter().any(|lock| name == *lock)
}

fn directories(directory: &Directory) -> io::Result<Vec<OsString>> {
    let mut out = Vec::new();
    for entry in directory.entries()? {
        let (name, kind) = entry?;
        let is_directory = match kind {
            Some(kind) => kind == Kind::Directory,
            None => directory.attributes_of(&name).is_ok_and(|found| found.kind == Kind::Directory),
        };
        if is_directory {
            out.push(name);
        }
    }
    out.sort();
    Ok(out)
}
