//! What is deleted in the directory of a profile, and the empty directories that are left.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::{OsStr, OsString},
    io,
    path::{Path, PathBuf},
};

use super::{
    super::{
        Progress, Removed,
        layout::{LOCKS, Section},
        remove_entries,
        stale::Stale,
    },
    Base, Profile, is_lock,
};

/// Cargo puts it into every directory of a target.
const TAG: &str = "CACHEDIR.TAG";

impl Base {
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
                    let removed = remove_entries(&directory, &names, progress);
                    out.freed_bytes += removed.freed_bytes;
                    let kept = removed.kept.iter().map(|name| place.join(name));
                    out.kept.extend(kept.map(PathBuf::into_os_string));
                    out.unnamed += removed.unnamed;
                    let whole =
                        |(left, reason)| (self.path.join(&path).join::<PathBuf>(left), reason);
                    out.left.extend(removed.left.into_iter().map(whole));
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
}
