//! A file system in memory, for tests, on which the power fails.
//!
//! Invariant: what was flushed survives; of what was not, any part may, in any order. A directory's names survive by
//! flushing that directory and nothing else, a file's bytes by flushing the file.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    ffi::OsString,
    io,
    path::{Path, PathBuf},
};

use super::{FileMeta, FileSystem, Kind, NEW_FILE_MODE};

/// Number of a file or directory; names lead to it.
type Id = usize;

/// The directory that every path begins in.
const TOP: Id = 0;

/// The names in all directories.
type Names = BTreeMap<(Id, OsString), Id>;

#[derive(Debug, Clone)]
enum Node {
    Directory,
    File { bytes: Vec<u8>, mode: u32, is_flushed: bool },
}

/// Names of one directory that changed in one step: what each leads to from then on.
#[derive(Debug, Clone)]
struct Change {
    directory: Id,
    names: Vec<(OsString, Option<Id>)>,
}

#[derive(Debug, Clone)]
struct Disk {
    nodes: Vec<Node>,
    /// What a process sees.
    now: Names,
    /// What survives.
    flushed: Names,
    /// What leads from `flushed` to `now`.
    pending: Vec<Change>,
}

/// What becomes of the bytes of a file that were not flushed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Torn {
    Empty,
    Half,
    Zeros,
}

impl Torn {
    pub(crate) const ALL: [Self; 3] = [Self::Empty, Self::Half, Self::Zeros];
}

/// Everything on the file system: directories (`None`), files with bytes and mode.
pub(crate) type Contents = BTreeMap<PathBuf, Option<(Vec<u8>, u32)>>;

/// The file system. It dies at one operation: that one and all after it fail.
pub(crate) struct Model {
    disk: RefCell<Disk>,
    done: Cell<usize>,
    dies_at: usize,
}

impl Model {
    /// With these directories and files, all flushed. Paths are absolute, parents come first.
    pub(crate) fn new(contents: &Contents) -> Self {
        let disk = Disk {
            nodes: vec![Node::Directory],
            now: Names::new(),
            flushed: Names::new(),
            pending: Vec::new(),
        };
        let model = Self { disk: RefCell::new(disk), done: Cell::new(0), dies_at: usize::MAX };
        for (path, content) in contents {
            let node = match content {
                None => Node::Directory,
                Some((bytes, mode)) => {
                    Node::File { bytes: bytes.clone(), mode: *mode, is_flushed: true }
                }
            };
            model.add(path, node).unwrap();
        }
        model.settle();
        model
    }

    /// The same, dying at operation number `at`, counted from 0. Flushes nothing.
    pub(crate) fn dying(&self, at: usize) -> Self {
        Self { disk: self.disk.clone(), done: Cell::new(0), dies_at: at }
    }

    /// Operations so far.
    pub(crate) fn operations(&self) -> usize {
        self.done.get()
    }

    /// Changes of names that a power failure may lose.
    pub(crate) fn pending(&self) -> usize {
        self.disk.borrow().pending.len()
    }

    /// Whether the bytes of some file may be lost.
    pub(crate) fn has_unflushed_bytes(&self) -> bool {
        let is_torn = |node: &Node| matches!(node, Node::File { is_flushed: false, .. });
        self.disk.borrow().nodes.iter().any(is_torn)
    }

    /// What is found when the power is back, if of the pending changes those survive for which `survives` holds.
    pub(crate) fn after_power_failure(&self, survives: impl Fn(usize) -> bool, torn: Torn) -> Self {
        let mut disk = self.disk.borrow().clone();
        for (_, change) in disk.pending.drain(..).enumerate().filter(|(at, _)| survives(*at)) {
            apply(&mut disk.flushed, change);
        }
        disk.now.clone_from(&disk.flushed);
        for node in &mut disk.nodes {
            if let Node::File { bytes, is_flushed, .. } = node
                && !*is_flushed
            {
                match torn {
                    Torn::Empty => bytes.clear(),
                    Torn::Half => bytes.truncate(bytes.len() / 2),
                    Torn::Zeros => bytes.fill(0),
                }
                *is_flushed = true;
            }
        }
        Self { disk: RefCell::new(disk), done: Cell::new(0), dies_at: usize::MAX }
    }

    /// What a process sees.
    pub(crate) fn contents(&self) -> Contents {
        let disk = self.disk.borrow();
        let mut contents = Contents::new();
        let mut open = vec![(TOP, PathBuf::from("/"))];
        while let Some((directory, path)) = open.pop() {
            for (name, id) in names_in(&disk.now, directory) {
                let path = path.join(name);
                match &disk.nodes[id] {
                    Node::Directory => {
                        open.push((id, path.clone()));
                        contents.insert(path, None);
                    }
                    Node::File { bytes, mode, .. } => {
                        contents.insert(path, Some((bytes.clone(), *mode)));
                    }
                }
            }
        }
        contents
    }

    /// Flushes everything.
    fn settle(&self) {
        let disk = &mut *self.disk.borrow_mut();
        disk.pending.clear();
        disk.flushed.clone_from(&disk.now);
    }

    /// Counts an operation; fails if the power has failed.
    fn step(&self) -> io::Result<()> {
        let number = self.done.replace(self.done.get() + 1);
        if number >= self.dies_at { Err(io::Error::other("the power failed")) } else { Ok(()) }
    }

    fn find(&self, path: &Path) -> Option<Id> {
        let disk = self.disk.borrow();
        let mut names = path.components();
        names.next();
        names.try_fold(TOP, |directory, name| {
            disk.now.get(&(directory, name.as_os_str().to_owned())).copied()
        })
    }

    fn found(&self, path: &Path) -> io::Result<Id> {
        self.find(path).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn parent(&self, path: &Path) -> io::Result<(Id, OsString)> {
        let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
        Ok((self.found(path.parent().ok_or(io::ErrorKind::InvalidInput)?)?, name.to_owned()))
    }

    fn change(&self, directory: Id, names: Vec<(OsString, Option<Id>)>) {
        let change = Change { directory, names };
        let disk = &mut *self.disk.borrow_mut();
        apply(&mut disk.now, change.clone());
        disk.pending.push(change);
    }

    /// Adds a node under a new name.
    fn add(&self, path: &Path, node: Node) -> io::Result<Id> {
        if self.find(path).is_some() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let (directory, name) = self.parent(path)?;
        let id = self.disk.borrow().nodes.len();
        self.disk.borrow_mut().nodes.push(node);
        self.change(directory, vec![(name, Some(id))]);
        Ok(id)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let id = self.found(path)?;
        if names_in(&self.disk.borrow().now, id).next().is_some() {
            return Err(io::ErrorKind::DirectoryNotEmpty.into());
        }
        let (directory, name) = self.parent(path)?;
        self.change(directory, vec![(name, None)]);
        Ok(())
    }

    fn edit(&self, id: Id, new: &[u8], flushed: bool) {
        if let Node::File { bytes, is_flushed, .. } = &mut self.disk.borrow_mut().nodes[id] {
            *bytes = new.to_vec();
            *is_flushed = flushed;
        }
    }

    fn file(&self, path: &Path) -> io::Result<(Vec<u8>, u32)> {
        match &self.disk.borrow().nodes[self.found(path)?] {
            Node::File { bytes, mode, .. } => Ok((bytes.clone(), *mode)),
            Node::Directory => Err(io::ErrorKind::IsADirectory.into()),
        }
    }
}

fn apply(names: &mut Names, change: Change) {
    for (name, id) in change.names {
        match id {
            Some(id) => names.insert((change.directory, name), id),
            None => names.remove(&(change.directory, name)),
        };
    }
}

fn names_in(names: &Names, directory: Id) -> impl Iterator<Item = (&OsString, Id)> {
    let range = (directory, OsString::new())..(directory + 1, OsString::new());
    names.range(range).map(|((_, name), id)| (name, *id))
}

impl FileSystem for Model {
    fn kind(&self, path: &Path) -> io::Result<Kind> {
        self.step()?;
        let Some(id) = self.find(path) else { return Ok(Kind::Absent) };
        Ok(match &self.disk.borrow().nodes[id] {
            Node::Directory => Kind::Directory,
            Node::File { bytes, mode, .. } => Kind::File(FileMeta {
                bytes: bytes.len() as u64,
                mode: Some(*mode),
                read_only: mode & 0o200 == 0,
            }),
        })
    }

    fn canonical(&self, path: &Path) -> io::Result<PathBuf> {
        self.step()?;
        self.found(path).map(|_| path.to_path_buf())
    }

    fn names(&self, directory: &Path) -> io::Result<Vec<OsString>> {
        self.step()?;
        let id = self.found(directory)?;
        Ok(names_in(&self.disk.borrow().now, id).map(|(name, _)| name.clone()).collect())
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.step()?;
        Ok(self.file(path)?.0)
    }

    fn write_new(
        &self,
        path: &Path,
        bytes: &[u8],
        mode: Option<u32>,
        _like: Option<&Path>,
    ) -> io::Result<()> {
        self.step()?;
        let mode = mode.unwrap_or(NEW_FILE_MODE);
        let id = self.add(path, Node::File { bytes: Vec::new(), mode, is_flushed: false })?;
        self.step()?;
        self.edit(id, bytes, false);
        self.step()?;
        self.edit(id, bytes, true);
        Ok(())
    }

    fn copy_new(&self, from: &Path, to: &Path) -> io::Result<()> {
        let (bytes, mode) = self.file(from)?;
        self.write_new(to, &bytes, Some(mode), None)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.step()?;
        let id = self.found(from)?;
        let ((directory, old), (other, new)) = (self.parent(from)?, self.parent(to)?);
        assert_eq!(directory, other, "renames stay in their directory");
        self.change(directory, vec![(old, None), (new, Some(id))]);
        Ok(())
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        self.step()?;
        self.file(path)?;
        self.remove(path)
    }

    fn create_dir(&self, path: &Path) -> io::Result<()> {
        self.step()?;
        self.add(path, Node::Directory).map(drop)
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        self.step()?;
        self.remove(path)
    }

    fn remove_tree(&self, path: &Path) -> io::Result<()> {
        let below: Vec<PathBuf> =
            self.contents().into_keys().filter(|other| other.starts_with(path)).collect();
        below.iter().rev().try_for_each(|path| {
            self.step()?;
            self.remove(path)
        })
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.step()?;
        let id = self.found(path)?;
        let disk = &mut *self.disk.borrow_mut();
        let (flushed, pending) =
            std::mem::take(&mut disk.pending).into_iter().partition(|c| c.directory == id);
        disk.pending = pending;
        let flushed: Vec<Change> = flushed;
        flushed.into_iter().for_each(|change| apply(&mut disk.flushed, change));
        Ok(())
    }

    fn may_write_in(&self, _directory: &Path) -> io::Result<()> {
        self.step()
    }

    fn may_replace(&self, _file: &Path) -> io::Result<()> {
        self.step()
    }

    fn free_bytes(&self, _path: &Path) -> Option<u64> {
        self.step().ok().map(|()| u64::MAX)
    }
}
