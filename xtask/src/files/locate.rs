//! Where a relative path really leads.
//!
//! Invariant: a [`Located`] path lies inside the root it was located in and has no link in it.

use std::path::{Component, Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use super::{FileSystem, Kind, named::kind};

/// What to do with links on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Links {
    /// Follow those that stay inside the root.
    Follow,
    /// Refuse them: the path was recorded with all links resolved.
    Refuse,
    /// The same, but say so if the path itself is one.
    Show,
}

/// A path inside a root.
#[derive(Debug)]
pub(crate) struct Located {
    /// Relative to the root, with `/`, links resolved.
    pub(crate) path: String,
    /// What is there.
    pub(crate) kind: Kind,
    /// Directories on the way that do not exist, outermost first, relative to the root.
    pub(crate) missing: Vec<String>,
}

/// Checks that a path is relative and made of normal components only, and spells it with `/`.
///
/// # Errors
/// When it is not, is not UTF-8, or names something that is never written: `.git` or a backup.
pub(crate) fn relative(path: &Path) -> Result<String> {
    let mut parts = Vec::new();
    for component in path.components() {
        let Component::Normal(part) = component else {
            bail!("`{}` is not a plain relative path", path.display());
        };
        let Some(part) = part.to_str() else {
            bail!("`{}` is not UTF-8", path.display());
        };
        if part.eq_ignore_ascii_case(".git") {
            bail!("`{}` lies in a `.git` directory, which is never written", path.display());
        }
        parts.push(part);
    }
    let joined = parts.join("/");
    if joined.contains('\0') {
        bail!("`{}` is not a plain relative path", path.display());
    }
    let spelled = path.to_str().map(|path| path.replace(std::path::MAIN_SEPARATOR, "/"));
    // `components` tidies `a//b`, `a/./b` and `a/` up: two spellings of one path are refused.
    if joined.is_empty() || spelled.as_ref() != Some(&joined) {
        bail!("`{}` is not a plain relative path", path.display());
    }
    Ok(joined)
}

/// Finds out where `path`, checked by [`relative`], leads below `root`, which must be canonical.
///
/// # Errors
/// When an ancestor is not a directory, a link leaves the root, leads nowhere or is not to be
/// followed, or the file system refuses to tell.
pub(crate) fn locate(
    fs: &impl FileSystem,
    root: &Path,
    path: &str,
    links: Links,
) -> Result<Located> {
    let mut real = PathBuf::new();
    let mut missing = Vec::new();
    let mut parts = path.split('/').peekable();
    while let Some(part) = parts.next() {
        let is_last = parts.peek().is_none();
        real.push(part);
        let mut found =
            if missing.is_empty() { kind(fs, &root.join(&real))? } else { Kind::Absent };
        if found == Kind::Link {
            if links == Links::Show && is_last {
                return Ok(Located { path: relative(&real)?, kind: found, missing });
            }
            if links != Links::Follow {
                bail!("`{}` is a symbolic link", real.display());
            }
            real = follow(fs, root, &real)?;
            found = kind(fs, &root.join(&real))?;
        }
        if is_last {
            return Ok(Located { path: relative(&real)?, kind: found, missing });
        }
        match found {
            Kind::Directory => {}
            Kind::Absent => missing.push(relative(&real)?),
            _ => bail!("`{}` is not a directory", real.display()),
        }
    }
    bail!("`{path}` is not a plain relative path")
}

/// The end of a link, relative to the root.
fn follow(fs: &impl FileSystem, root: &Path, link: &Path) -> Result<PathBuf> {
    let end = fs
        .canonical(&root.join(link))
        .with_context(|| format!("failed to follow the symbolic link `{}`", link.display()))?;
    match end.strip_prefix(root) {
        Ok(inside) => Ok(inside.to_path_buf()),
        Err(_) => bail!(
            "`{}` is a symbolic link that leaves the workspace, to `{}`",
            link.display(),
            end.display()
        ),
    }
}
