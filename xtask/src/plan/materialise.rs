//! What a choice of changes makes of the files: edits applied in order to copies of the documents.
//!
//! Pure. A file that no edit touches is neither copied nor printed, and keeps its bytes.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use toml_edit::DocumentMut;

use super::{Change, Edit, file_of};
use crate::{
    manifest::{self, Declaration, Site, edit},
    snapshot::{IGNORE_FILE, ROOT_MANIFEST, Snapshot},
    text::{self, Text},
};

mod layout;

/// The files that differ once `chosen` is applied in order; paths relative to the workspace root.
///
/// # Errors
/// When an edit would change a key that no chosen change names: a defect, so nothing may be written. Or when a text
/// cannot be edited without moving other lines.
pub(crate) fn materialise(
    snapshot: &Snapshot,
    chosen: &[&Change],
) -> Result<BTreeMap<PathBuf, Vec<u8>>> {
    written(&snapshot.files, &snapshot.documents, chosen)
}

/// The same from the files and the documents that the TOML files among them hold.
pub(crate) fn written(
    files: &BTreeMap<PathBuf, Option<Vec<u8>>>,
    documents: &BTreeMap<PathBuf, DocumentMut>,
    chosen: &[&Change],
) -> Result<BTreeMap<PathBuf, Vec<u8>>> {
    let mut out = BTreeMap::new();
    for (path, document) in edited(documents, chosen)? {
        let before = files.get(&path).and_then(Option::as_deref);
        let printed = documents.get(&path).map(ToString::to_string).unwrap_or_default();
        out.insert(path.clone(), encode(before, &printed, &document, &path)?);
    }
    let edits = chosen.iter().flat_map(|change| &change.edits);
    let ignored: Vec<String> = edits
        .filter_map(|edit| match edit {
            Edit::Ignore { lines } => Some(lines.clone()),
            _ => None,
        })
        .flatten()
        .collect();
    if !ignored.is_empty() {
        let path = PathBuf::from(IGNORE_FILE);
        let text = decode(files.get(&path).and_then(Option::as_deref), &path)?;
        out.insert(path, text.encode(&text::append_lines(text.as_str(), &ignored)));
    }
    Ok(out)
}

/// The documents that mean something else once `chosen` is applied in order.
pub(crate) fn edited(
    documents: &BTreeMap<PathBuf, DocumentMut>,
    chosen: &[&Change],
) -> Result<BTreeMap<PathBuf, DocumentMut>> {
    let mut tree = Tree { base: documents, edited: BTreeMap::new(), inherited: None };
    let mut by_file: BTreeMap<PathBuf, Vec<&Edit>> = BTreeMap::new();
    for edit in chosen.iter().flat_map(|change| &change.edits) {
        by_file.entry(edit.file()).or_default().push(edit);
        if let Edit::ReplaceFeature { .. } = edit {
            // An heir may have left the feature to the workspace: see `asked_at`.
            by_file.entry(PathBuf::from(ROOT_MANIFEST)).or_default().push(edit);
        }
        tree.apply(edit);
    }
    let mut out = BTreeMap::new();
    for (path, document) in tree.edited {
        let old = documents.get(&path);
        let edits = by_file.get(&path).map(Vec::as_slice).unwrap_or_default();
        let changed = manifest::changed_keys(old.unwrap_or(&DocumentMut::new()), &document);
        // What means the same is not written, however a formatter would spell it.
        if !changed.is_empty() {
            hold_to_edits(&changed, &path, edits)?;
            out.insert(path, document);
        }
    }
    Ok(out)
}

fn decode(before: Option<&[u8]>, path: &Path) -> Result<Text> {
    Text::decode(before.unwrap_or_default())
        .with_context(|| format!("failed to read `{}`", path.display()))
}

/// The bytes of a file whose document printed `printed` and is `after` now.
fn encode(
    before: Option<&[u8]>,
    printed: &str,
    after: &DocumentMut,
    path: &Path,
) -> Result<Vec<u8>> {
    let text = decode(before, path)?;
    let after = after.to_string();
    let placed = layout::in_place(text.as_str(), printed, &after);
    // A line that stands elsewhere could mean something else there.
    let is_meant = |placed: &String| {
        let read = |text: &str| text.parse::<DocumentMut>().ok();
        *placed == after
            || read(placed)
                .zip(read(&after))
                .is_some_and(|(placed, after)| manifest::changed_keys(&after, &placed).is_empty())
    };
    let Some(placed) = placed.filter(is_meant) else {
        bail!(
            "`{}` cannot be edited without moving lines that no change names; nothing was written\n\
             hint: write the keys of each table in it one after the other, and run again",
            path.display()
        );
    };
    // The document ends its last line even where the file did not.
    let is_open = !text.as_str().is_empty() && !text.as_str().ends_with('\n');
    let placed = placed.strip_suffix('\n').filter(|_| is_open).unwrap_or(&placed);
    Ok(text.encode(placed))
}

/// The invariant of every commit: a file differs only at keys that the chosen changes name.
fn hold_to_edits(changed: &[Vec<String>], path: &Path, edits: &[&Edit]) -> Result<()> {
    let named: Vec<Vec<String>> = edits.iter().flat_map(|edit| edit.touches()).collect();
    // A created table is reported by its own path, which is then above the key named.
    let is_named =
        |key: &Vec<String>| named.iter().any(|n| key.starts_with(n) || n.starts_with(key));
    match changed.iter().find(|key| !is_named(key)) {
        None => Ok(()),
        Some(key) => bail!(
            "`{}` would change at `{}`, which no change names; this is a defect of the tool, and \
             nothing was written\nhint: leave the pass out with `--skip`, and report it",
            path.display(),
            key.join(".")
        ),
    }
}

/// The documents while they are edited: copied when first touched.
struct Tree<'a> {
    base: &'a BTreeMap<PathBuf, DocumentMut>,
    edited: BTreeMap<PathBuf, DocumentMut>,
    /// Keys that some member inherits, while no edit has changed that.
    inherited: Option<HashSet<String>>,
}

impl Tree<'_> {
    fn get(&self, path: &Path) -> Option<&DocumentMut> {
        self.edited.get(path).or_else(|| self.base.get(path))
    }

    fn edit(&mut self, path: &Path) -> &mut DocumentMut {
        let base = self.base;
        self.edited
            .entry(path.to_path_buf())
            .or_insert_with(|| base.get(path).cloned().unwrap_or_default())
    }

    fn apply(&mut self, edit: &Edit) {
        match edit {
            Edit::RemoveUninherited { key } => return self.remove_uninherited(key),
            // Lock files are made by cargo: see `trial`.
            Edit::Ignore { .. } | Edit::Lock { .. } => return,
            _ => self.inherited = None,
        }
        match edit {
            Edit::Inherit { site, key } => return self.inherit(site, key),
            Edit::Declare { entry, heirs } if !self.is_repeated(&entry.key, heirs) => return,
            Edit::ReplaceFeature { site, key, feature, by } => {
                let site = self.asked_at(site, key, feature);
                return edit::replace_feature(self.edit(&file_of(&site)), &site, key, feature, by);
            }
            _ => {}
        }
        let document = self.edit(&edit.file());
        match edit {
            Edit::Remove { site, key } => edit::remove(document, site, key),
            Edit::SetRequirement { site, key, requirement } => {
                edit::set_requirement(document, site, key, requirement);
            }
            Edit::Declare { entry, .. } => edit::declare(document, entry),
            Edit::Withdraw { key, features, default_features } => {
                edit::withdraw(document, key, features, *default_features);
            }
            Edit::Ask { site, key, features, default_features } => {
                edit::ask(document, site, key, features, *default_features);
            }
            Edit::Set { path, key, value, comment, .. } => {
                let steps: Vec<&str> = path.iter().map(String::as_str).collect();
                let is_new = manifest::item_at(document, &steps).is_none();
                edit::set(document, path, key, value.clone());
                if let (Some(comment), true) = (comment, is_new) {
                    edit::comment_table(document, path, comment);
                }
            }
            Edit::Unset { path, key, .. } => edit::unset(document, path, key),
            Edit::Inherit { .. }
            | Edit::ReplaceFeature { .. }
            | Edit::RemoveUninherited { .. }
            | Edit::Ignore { .. }
            | Edit::Lock { .. } => {}
        }
    }

    /// Inherits relative to what the workspace declares at that point of the plan.
    fn inherit(&mut self, site: &Site, key: &str) {
        let Some(own) = self.declared(site, key).filter(|own| !own.inherits) else { return };
        let Some(shared) = self.declared(&Site::Workspace, key) else { return };
        let features: Vec<String> =
            own.features.into_iter().filter(|f| !shared.features.contains(f)).collect();
        let asks_for_default =
            shared.default_features == Some(false) && own.default_features != Some(false);
        let default_features = asks_for_default.then_some(true);
        edit::inherit(self.edit(&file_of(site)), site, key, &features, default_features);
    }

    fn declared(&self, site: &Site, key: &str) -> Option<Declaration> {
        manifest::declaration_at(self.get(&file_of(site))?, site, key)
    }

    /// Whether at least two files still have an entry that would inherit. Whoever names no heirs does
    /// not ask.
    fn is_repeated(&self, key: &str, heirs: &[Site]) -> bool {
        let left = heirs.iter().filter(|site| self.declared(site, key).is_some());
        heirs.is_empty() || super::is_shared(left)
    }

    /// Where a feature stands that a change found at `site`: an entry that inherits by now may have left
    /// it to the workspace's.
    fn asked_at(&self, site: &Site, key: &str, feature: &str) -> Site {
        let own = self.declared(site, key);
        match own.filter(|own| own.inherits && !own.features.iter().any(|name| name == feature)) {
            Some(_) => Site::Workspace,
            None => site.clone(),
        }
    }

    fn remove_uninherited(&mut self, key: &str) {
        if self.inherited.is_none() {
            let paths: BTreeSet<&PathBuf> = self.base.keys().chain(self.edited.keys()).collect();
            let documents = paths.into_iter().filter_map(|path| self.get(path));
            let keys = documents
                .flat_map(manifest::declarations)
                .filter(|(_, declared)| declared.inherits)
                .map(|(_, declared)| declared.key)
                .collect();
            self.inherited = Some(keys);
        }
        if self.inherited.as_ref().is_some_and(|keys| !keys.contains(key)) {
            edit::remove(self.edit(Path::new(ROOT_MANIFEST)), &Site::Workspace, key);
        }
    }
}
