//! Everything read about a workspace at one moment. All reads of the workspace happen here.
//!
//! Reading changes nothing: cargo is asked with the lock file as it is.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use cargo_metadata::{Metadata, Node, Package, PackageId, cargo_platform::Cfg};
use toml_edit::DocumentMut;

use crate::{
    cargo::{self, Cargo},
    commit,
    configuration::{Host, Setting, Stack},
    disk, history,
    policy::Policy,
    processors,
    record::Machine,
    shell::Shell,
    target_dir::{self, Inventory, Surroundings},
    text::Text,
};

mod ignored;
mod readable;
mod root;
mod sources;

#[cfg(any(test, fuzzing))]
pub(crate) use ignored::ignores;
pub(crate) use root::{Intent, find_root, has_backups, manifest_path, metadata};
pub(crate) use sources::Member;

/// Path of the root manifest, relative to the workspace root.
pub(crate) const ROOT_MANIFEST: &str = "Cargo.toml";
pub(crate) const LOCK_FILE: &str = "Cargo.lock";
pub(crate) const CONFIG: &str = ".cargo/config.toml";
/// Cargo still reads this name and warns.
pub(crate) const OLD_CONFIG: &str = ".cargo/config";
pub(crate) const IGNORE_FILE: &str = ".gitignore";

/// A workspace at one moment.
#[derive(Debug, Clone)]
pub(crate) struct Snapshot {
    /// Absolute path of the workspace root.
    pub(crate) root: PathBuf,
    pub(crate) metadata: Metadata,
    index: Index,
    pub(crate) members: Vec<Member>,
    /// Bytes of every file that a change may touch, relative to the root; `None` where absent.
    pub(crate) files: BTreeMap<PathBuf, Option<Vec<u8>>>,
    /// Parsed forms of the TOML files among them.
    pub(crate) documents: BTreeMap<PathBuf, DocumentMut>,
    pub(crate) policy: Policy,
    pub(crate) target_dir: PathBuf,
    /// `build.build-dir`, where it is not the target directory.
    pub(crate) build_dir: Option<PathBuf>,
    /// Of the target directory; `package` and `unread` also count what lies in the build directory, where
    /// cargo unpacks if there is one.
    pub(crate) inventory: Inventory,
    /// [`Inventory::bytes`] of the build directory.
    pub(crate) build_dir_bytes: u64,
    pub(crate) machine: Machine,
    /// What `cfg(…)` means on this host.
    pub(crate) host_cfg: Vec<Cfg>,
    /// Where the compiler that builds has its libraries.
    pub(crate) sysroot: Option<PathBuf>,
    /// Target triples that it has them for.
    pub(crate) targets: BTreeSet<String>,
    pub(crate) git_head: Option<String>,
    /// Probe paths that git (or, outside a checkout, the ignore file) ignores already.
    pub(crate) ignored: BTreeSet<String>,
    /// Whether `sccache` can be run.
    pub(crate) sccache: bool,
    /// Cargo's configuration in the root.
    pub(crate) stack: Stack,
    /// What of it changes how things are built or run.
    pub(crate) settings: Vec<Setting>,
    /// Why sources were passed over, a sentence each.
    pub(crate) unread: BTreeSet<String>,
}

/// Places of packages and nodes in the metadata, which itself is searched from one end to the other.
#[derive(Debug, Clone, Default)]
struct Index {
    packages: HashMap<PackageId, usize>,
    nodes: HashMap<PackageId, usize>,
}

impl Index {
    fn of(metadata: &Metadata) -> Self {
        let nodes = metadata.resolve.iter().flat_map(|resolve| &resolve.nodes);
        let numbered = |ids: Vec<&PackageId>| {
            ids.into_iter().enumerate().map(|(at, id)| (id.clone(), at)).collect()
        };
        Self {
            packages: numbered(metadata.packages.iter().map(|package| &package.id).collect()),
            nodes: numbered(nodes.map(|node| &node.id).collect()),
        }
    }
}

impl Snapshot {
    /// Reads the workspace at `root` (see [`find_root`]). `probes` are paths to ask git about.
    ///
    /// # Errors
    /// When cargo rejects the workspace, it has no lock file, or a file cannot be read.
    pub(crate) fn read(root: &Path, offline: bool, probes: &[&str]) -> Result<Self> {
        let root = root.to_path_buf();
        if !root.join(LOCK_FILE).is_file() {
            bail!(
                "`{}` has no {LOCK_FILE}, so what would be measured is not what was resolved\n\
                 hint: run `cargo generate-lockfile` there first",
                root.display()
            );
        }
        readable::hold_below(&root)?;
        let stack = Stack::read(&root);
        let cargo = Cargo::new(&root, offline).that_looks(&stack);
        let metadata = cargo
            .metadata()
            .map_err(|error| stale_lock(error, &root))
            .with_context(|| format!("cargo rejects the workspace `{}`", root.display()))?;
        let policy = Policy::read(&metadata)
            .with_context(|| format!("in `{}`", root.join(ROOT_MANIFEST).display()))?;
        let (members, unread) = sources::read_members(&metadata, &root)?;
        let files = read_files(&root, &members)?;
        let documents = parse_documents(&root, &files)?;
        let target_dir = metadata.target_directory.clone().into_std_path_buf();
        // What `build.build-dir` and its templates come to. Cargo says so since 1.91.
        let build_dir = metadata.build_directory.clone().map(Into::into);
        let build_dir = build_dir.filter(|dir: &PathBuf| !target_dir::is_same(dir, &target_dir));
        let mut inventory = target_dir::inventory(&target_dir)?;
        let mut build_dir_bytes = 0;
        if let Some(dir) = &build_dir {
            let built = target_dir::inventory(dir)?;
            build_dir_bytes = built.bytes;
            inventory.unread += built.unread;
            inventory.package.extend(built.package);
        }
        let surroundings = Surroundings::of(&root);
        for dir in std::iter::once(&target_dir).chain(&build_dir) {
            let refusal = target_dir::refusal(dir, &surroundings);
            inventory.package.refused.extend(refusal.map(|refusal| (dir.clone(), refusal)));
        }
        let (machine, (host_cfg, sysroot)) = (machine(&cargo)?, told_by_rustc(&cargo)?);
        let settings = stack.settings(Host { triple: &machine.host, cfg: &host_cfg });
        Ok(Self {
            ignored: ignored::of(&root, &files, probes),
            git_head: cargo::git(&root, &["rev-parse", "HEAD"]).map(|head| head.trim().to_owned()),
            machine,
            host_cfg,
            targets: sysroot.as_deref().map(targets_in).unwrap_or_default(),
            sysroot,
            sccache: cargo.capture("sccache", &["--version"]).is_ok(),
            root,
            index: Index::of(&metadata),
            metadata,
            members,
            files,
            documents,
            policy,
            target_dir,
            build_dir,
            inventory,
            build_dir_bytes,
            stack,
            settings,
            unread,
        })
    }

    /// The target directory, and the build directory where it is another.
    pub(crate) fn made_by_cargo(&self) -> impl Iterator<Item = &Path> {
        std::iter::once(&self.target_dir).chain(&self.build_dir).map(PathBuf::as_path)
    }

    /// What a reader of a report must know of the surroundings, a sentence each.
    pub(crate) fn remarks(&self) -> Vec<String> {
        let settings = self.settings.iter().map(|setting| setting.text.clone());
        settings.chain(self.unread.iter().cloned()).collect()
    }

    /// Says the same before anything is run; a runner with privileges as a warning.
    pub(crate) fn announce(&self, shell: &Shell) {
        for setting in &self.settings {
            match setting.is_privileged {
                true => shell.warn(&setting.text),
                false => shell.status("Note", &setting.text),
            }
        }
        self.unread.iter().for_each(|note| shell.warn(note));
    }

    /// A package of the graph.
    pub(crate) fn package(&self, id: &PackageId) -> Option<&Package> {
        self.metadata.packages.get(*self.index.packages.get(id)?)
    }

    /// The node of a package in the resolved graph.
    pub(crate) fn node(&self, id: &PackageId) -> Option<&Node> {
        self.metadata.resolve.as_ref()?.nodes.get(*self.index.nodes.get(id)?)
    }

    /// The root manifest.
    pub(crate) fn root_document(&self) -> &DocumentMut {
        &self.documents[Path::new(ROOT_MANIFEST)]
    }

    /// Hash of what decides a build besides sources and toolchain, with `files` in place of the snapshot's.
    pub(crate) fn configuration(&self, files: &BTreeMap<PathBuf, Vec<u8>>) -> String {
        let paths: BTreeSet<&PathBuf> = self.files.keys().chain(files.keys()).collect();
        let bytes = |path: &&PathBuf| files.get(*path).or_else(|| self.files.get(*path)?.as_ref());
        let pairs =
            paths.into_iter().filter_map(|path| Some((path.as_path(), bytes(&path)?.as_slice())));
        hash_of(pairs)
    }

    /// The same of a copy of the workspace as it stands below `root`.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub(crate) fn configuration_at(&self, root: &Path) -> Result<String> {
        let mut found = Vec::new();
        for path in self.files.keys() {
            found.extend(disk::read_optional(&root.join(path))?.map(|bytes| (path, bytes)));
        }
        Ok(hash_of(found.iter().map(|(path, bytes)| (path.as_path(), bytes.as_slice()))))
    }

    /// The parsed forms of the files, once `files` are written.
    ///
    /// # Errors
    /// When one of them does not parse.
    pub(crate) fn documents_with(
        &self,
        files: &BTreeMap<PathBuf, Vec<u8>>,
    ) -> Result<BTreeMap<PathBuf, DocumentMut>> {
        let mut documents = self.documents.clone();
        for (path, bytes) in files {
            if let Some(document) = documents.get_mut(path) {
                *document = parse(&self.root.join(path), bytes)?;
            }
        }
        Ok(documents)
    }
}

/// SHA-256 over names and bytes of files, but for the ignore file, in hexadecimal digits.
fn hash_of<'a>(files: impl Iterator<Item = (&'a Path, &'a [u8])>) -> String {
    let mut hash = hmac_sha256::Hash::new();
    for (path, bytes) in files.filter(|(path, _)| !path.ends_with(IGNORE_FILE)) {
        hash.update(path.to_string_lossy().as_bytes());
        hash.update([0]);
        hash.update(bytes.len().to_le_bytes());
        hash.update(bytes);
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn parse(path: &Path, bytes: &[u8]) -> Result<DocumentMut> {
    let text =
        Text::decode(bytes).with_context(|| format!("failed to read `{}`", path.display()))?;
    text.as_str().parse::<DocumentMut>().map_err(|error| {
        let (line, column) =
            error.span().map_or((1, 1), |span| position(text.as_str(), span.start));
        anyhow::anyhow!(
            "failed to parse `{}`: line {line}, column {column}: {}\n\
             hint: mend it there, or put an older state back with git or `cargo xtask restore`",
            path.display(),
            error.message().replace('\n', "; ")
        )
    })
}

/// Line and column (in characters), both from 1.
fn position(text: &str, offset: usize) -> (usize, usize) {
    let before = &text[..offset.min(text.len())];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}

/// Cargo's advice to leave `--locked` out helps nobody who did not write it.
fn stale_lock(error: anyhow::Error, root: &Path) -> anyhow::Error {
    if error.to_string().contains("because --locked was passed") {
        return anyhow::anyhow!(
            "`{}` does not fit the manifests\nhint: run `cargo update --workspace` there first",
            root.join(LOCK_FILE).display()
        );
    }
    error
}

/// Directories that are never sources: target directories, version control, backups, the history.
pub(crate) fn is_left_out(dir: &Path) -> bool {
    let name = dir.file_name().unwrap_or_default().to_string_lossy();
    matches!(name.as_ref(), ".git" | ".hg" | ".svn" | ".jj" | "node_modules" | history::DIR)
        || is_backup_name(&name)
        || dir.join("CACHEDIR.TAG").is_file()
}

/// Whether a name has the form of a backup of this tool.
pub(crate) fn is_backup_name(name: &str) -> bool {
    commit::names::stamp(name).is_some()
}

fn read_files(root: &Path, members: &[Member]) -> Result<BTreeMap<PathBuf, Option<Vec<u8>>>> {
    let fixed = [ROOT_MANIFEST, LOCK_FILE, CONFIG, OLD_CONFIG, IGNORE_FILE].map(PathBuf::from);
    let manifests = members.iter().filter_map(|member| member.manifest.clone());
    fixed
        .into_iter()
        .chain(manifests)
        .map(|path| {
            let bytes = disk::read_optional(&root.join(&path))?;
            Ok((path, bytes))
        })
        .collect()
}

fn parse_documents(
    root: &Path,
    files: &BTreeMap<PathBuf, Option<Vec<u8>>>,
) -> Result<BTreeMap<PathBuf, DocumentMut>> {
    let toml = files.iter().filter(|(path, _)| path.extension().is_some_and(|e| e == "toml"));
    toml.filter_map(|(path, bytes)| Some((path, bytes.as_ref()?)))
        .map(|(path, bytes)| Ok((path.clone(), parse(&root.join(path), bytes)?)))
        .collect()
}

fn machine(cargo: &Cargo) -> Result<Machine> {
    let rustc = cargo.capture("rustc", &["-vV"])?;
    let version = cargo.capture("cargo", &["--version"])?;
    let host = rustc.lines().find_map(|line| line.strip_prefix("host: ")).unwrap_or("unknown");
    Ok(Machine {
        os: std::env::consts::OS.to_owned(),
        arch: std::env::consts::ARCH.to_owned(),
        cores: processors::count(),
        rustc: rustc.lines().next().unwrap_or_default().to_owned(),
        cargo: version.trim().to_owned(),
        host: host.to_owned(),
    })
}

/// What `cfg(…)` means on this host, and where the compiler has its libraries.
fn told_by_rustc(cargo: &Cargo) -> Result<(Vec<Cfg>, Option<PathBuf>)> {
    let printed = cargo.capture("rustc", &["--print", "cfg", "--print", "sysroot"])?;
    let sysroot = printed.lines().map(Path::new).find(|line| line.is_absolute());
    // What a newer compiler says in a new form, no manifest asks for yet.
    let cfg = printed.lines().filter_map(|line| line.parse().ok());
    Ok((cfg.collect(), sysroot.map(Path::to_path_buf)))
}

/// Targets whose standard library is in a sysroot; none where it cannot be read.
/// Source: <https://doc.rust-lang.org/rustc/targets/custom.html> for the place, `lib/rustlib/<triple>/lib`.
fn targets_in(sysroot: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(sysroot.join("lib").join("rustlib"));
    let has_libraries = |entry: &std::fs::DirEntry| entry.path().join("lib").is_dir();
    let entries = entries.into_iter().flatten().flatten().filter(has_libraries);
    entries.filter_map(|entry| entry.file_name().into_string().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_manifest_is_located() {
        let error = parse(Path::new("x/Cargo.toml"), b"[package]\nname = \n").unwrap_err();
        let text = format!("{error:#}");
        assert!(text.contains("`x/Cargo.toml`: line 2, column 8"), "{text}");
    }

    #[test]
    fn backups_are_known_by_their_whole_name() {
        assert!(is_backup_name("backup-20261122-101112"));
        assert!(is_backup_name("backup-20261122-101112-2"));
        assert!(!is_backup_name("backup-service"));
        assert!(!is_backup_name("backup-"));
    }
}
