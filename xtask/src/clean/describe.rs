//! What a cleaning did, or would do: as status lines, as a table, as JSON.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    time::SystemTime,
};

use serde_json::{Value, json};

use super::{living::Asked, workspace::Workspace};
use crate::{
    record::SCHEMA,
    rehearsal::Line,
    shell::Shell,
    target_dir::{
        Refusal,
        stale::{Kind, Stale},
    },
    wording,
};

/// What was found and done.
#[derive(Debug)]
pub(crate) struct Outcome {
    is_dry: bool,
    workspace: PathBuf,
    directories: Vec<PathBuf>,
    commands: Vec<String>,
    toolchains: Vec<String>,
    /// Apparent size of all before.
    pub(super) bytes: u64,
    items: Vec<Item>,
    /// Apparent size of what is stale and stays by the user's limits.
    pub(super) kept_bytes: u64,
    /// What was freed on the disk.
    pub(crate) freed_bytes: u64,
    /// By how many bytes the user's limit is exceeded all the same.
    pub(super) over: Option<u64>,
    pub(super) used_units: usize,
    /// Things that came into being while cargo was asked.
    pub(super) young: usize,
    pub(crate) left: Vec<Refusal>,
    /// How much else was left.
    pub(super) unnamed: u64,
    /// What has no form known here.
    pub(super) unknown: Vec<PathBuf>,
    /// The sources that results were built from.
    pub(super) sources: BTreeSet<PathBuf>,
    hint: Option<String>,
}

/// Something that goes as a whole.
#[derive(Debug)]
struct Item {
    kind: Kind,
    label: String,
    /// Relative to the target directory.
    profile: PathBuf,
    /// Apparent size of files whose last name goes with it.
    bytes: u64,
    files: u64,
    newest: SystemTime,
    paths: Vec<PathBuf>,
}

impl Outcome {
    pub(super) fn new(workspace: &Workspace, asked: &Asked, is_dry: bool) -> Self {
        Self {
            is_dry,
            workspace: workspace.root.clone(),
            directories: workspace.directories().into_iter().map(|(path, _)| path).collect(),
            commands: asked.lines.iter().map(Line::text).collect(),
            toolchains: asked.toolchains.clone(),
            bytes: 0,
            items: Vec::new(),
            kept_bytes: 0,
            freed_bytes: 0,
            over: None,
            used_units: 0,
            young: 0,
            left: Vec::new(),
            unnamed: 0,
            unknown: Vec::new(),
            sources: BTreeSet::new(),
            hint: None,
        }
    }

    /// `directory`: of the profile, relative to the base; empty for what is in none.
    pub(super) fn add(&mut self, base: &Path, directory: &Path, stale: &Stale, bytes: u64) {
        let whole = base.join(directory);
        self.items.push(Item {
            kind: stale.kind,
            label: stale.label.clone(),
            profile: directory.to_path_buf(),
            bytes,
            files: stale.files,
            newest: stale.newest,
            paths: stale.entries.iter().map(|(place, name)| whole.join(place).join(name)).collect(),
        });
    }

    /// Leaves a directory alone that others build into.
    pub(super) fn leave_shared(&mut self, path: &Path, reason: String, other: Option<PathBuf>) {
        self.left.push(Refusal::of(path, reason));
        let other = other.map_or_else(|| "<PATH>".to_owned(), |other| other.display().to_string());
        self.hint = Some(format!(
            "name each workspace that builds into it with `--shared-with {other}`, or say `--not-shared`"
        ));
    }

    /// Apparent size of what goes.
    pub(super) fn stale_bytes(&self) -> u64 {
        self.items.iter().map(|item| item.bytes).sum()
    }

    /// Things, files and bytes of each kind that there is some of, the largest first.
    fn kinds(&self) -> Vec<(Kind, usize, u64, u64)> {
        let mut out: Vec<_> = Kind::ALL
            .into_iter()
            .map(|kind| {
                let of_kind = || self.items.iter().filter(|item| item.kind == kind);
                let files = of_kind().map(|item| item.files).sum();
                (kind, of_kind().count(), files, of_kind().map(|item| item.bytes).sum())
            })
            .filter(|(_, items, _, _)| *items > 0)
            .collect();
        out.sort_by_key(|(kind, _, _, bytes)| (std::cmp::Reverse(*bytes), *kind));
        out
    }

    /// Labels of a kind, the largest first.
    fn labels(&self, kind: Kind) -> Vec<String> {
        let mut sizes: BTreeMap<&str, u64> = BTreeMap::new();
        for item in self.items.iter().filter(|item| item.kind == kind) {
            *sizes.entry(&item.label).or_default() += item.bytes;
        }
        let mut labels: Vec<(&str, u64)> = sizes.into_iter().collect();
        labels.sort_by_key(|(label, bytes)| (std::cmp::Reverse(*bytes), *label));
        labels.into_iter().map(|(label, _)| label.to_owned()).collect()
    }

    /// What stays and why, and what came of the rest.
    pub(crate) fn say(&self, shell: &Shell) {
        for left in &self.left {
            shell.warn(format!("left `{}`: {}", left.path.display(), left.reason));
        }
        if self.unnamed > 0 {
            shell.warn(format!("left {} more", self.unnamed));
        }
        if !self.toolchains.is_empty() {
            let names = self.toolchains.join(", ");
            shell.status("Note", format!("what these toolchains use stays as well: {names}"));
        }
        if let Some(hint) = &self.hint {
            shell.hint(hint);
        }
        if let Some(first) = self.unknown.first() {
            let more = match self.unknown.len() {
                1 => String::new(),
                number => format!(" and {} more", number - 1),
            };
            let whose = "no form that is known here: whose they are is not guessed";
            shell.status("Left", format!("`{}`{more}: {whose}", first.display()));
            for path in &self.unknown {
                shell.detail("Left", format!("`{}`", path.display()));
            }
        }
        if self.young > 0 {
            let things = wording::count(self.young, "unit");
            shell.status(
                "Left",
                format!("{things} written while cargo was asked; run again to look at them"),
            );
        }
        if self.kept_bytes > 0 {
            let kept = wording::si_bytes(self.kept_bytes);
            shell.status(
                "Kept",
                format!("{kept} that nothing uses, by `--keep-days` and `--max-size`"),
            );
        }
        if let Some(over) = self.over {
            let over = wording::si_bytes(over);
            shell.warn(format!("still {over} above `--max-size`: what is left is in use, or kept"));
            shell.hint(
                "say with `--for` more closely what you use; `cargo clean` deletes everything",
            );
        }
        let number = self.items.len();
        let [things, size, before] = [
            wording::count(number, "thing"),
            wording::si_bytes(self.stale_bytes()),
            wording::si_bytes(self.bytes),
        ];
        match (self.is_dry, number) {
            (_, 0) if !self.left.is_empty() => {
                shell.status("Finished", "nothing to delete beside what was left");
            }
            (_, 0) => shell.status("Finished", format!("nothing to delete in {before}")),
            (true, _) => {
                shell.status(
                    "Finished",
                    format!("{things} would go, {size} of {before}; nothing was deleted"),
                );
            }
            (false, _) => {
                let freed = wording::si_bytes(self.freed_bytes);
                shell.status("Cleaned", format!("{things}; {freed} of {before} freed"));
            }
        }
        if self.used_units > 0 {
            let used = wording::count(self.used_units, "unit");
            shell.status("Kept", format!("{used} that the builds use"));
        }
    }

    /// What a report says of it, if anything went or was left.
    pub(crate) fn note(&self) -> Option<String> {
        let gone = (!self.items.is_empty()).then(|| {
            let things = wording::count(self.items.len(), "thing");
            format!("{things} that no build uses any more were deleted from the target directory, {} freed", wording::si_bytes(self.freed_bytes))
        });
        let left = self
            .left
            .first()
            .map(|left| format!("left `{}`: {}", left.path.display(), left.reason));
        let said: Vec<String> = gone.into_iter().chain(left).collect();
        (!said.is_empty()).then(|| said.join("; "))
    }

    /// What goes, by kind and size.
    pub(super) fn table(&self) -> String {
        let rows: Vec<[String; 4]> = self
            .kinds()
            .into_iter()
            .map(|(kind, items, files, bytes)| {
                let size = wording::si_bytes(bytes);
                let named = wording::some_of(&self.labels(kind));
                let things =
                    wording::count(items, "thing") + ", " + &wording::count(files as usize, "file");
                [size, things, kind.words().to_owned(), named]
            })
            .collect();
        wording::aligned(&rows, |column| column != 0).join("\n")
    }

    pub(super) fn json(&self) -> Value {
        let kinds: Vec<Value> = self
            .kinds()
            .into_iter()
            .map(|(kind, items, files, bytes)| {
                json!({ "kind": kind.as_str(), "items": items, "files": files, "bytes": bytes })
            })
            .collect();
        let text = |path: &PathBuf| path.display().to_string();
        let items: Vec<Value> = self
            .items
            .iter()
            .map(|item| {
                let modified = chrono::DateTime::<chrono::Utc>::from(item.newest)
                    .to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
                json!({
                    "kind": item.kind.as_str(),
                    "label": item.label,
                    "profile": text(&item.profile),
                    "files": item.files,
                    "bytes": item.bytes,
                    "modified": modified,
                    "paths": item.paths.iter().map(text).collect::<Vec<_>>(),
                })
            })
            .collect();
        let left = self.left.iter();
        let left: Vec<Value> =
            left.map(|left| json!({ "path": text(&left.path), "reason": left.reason })).collect();
        json!({
            "schema": SCHEMA,
            "workspace": text(&self.workspace),
            "dry_run": self.is_dry,
            "directories": self.directories.iter().map(text).collect::<Vec<_>>(),
            "commands": self.commands,
            "toolchains": self.toolchains,
            "bytes": self.bytes,
            "stale_bytes": self.stale_bytes(),
            "kept_bytes": self.kept_bytes,
            "freed_bytes": self.freed_bytes,
            "over_bytes": self.over,
            "used_units": self.used_units,
            "kinds": kinds,
            "items": items,
            "left": left,
            "unnamed": self.unnamed,
            "young": self.young,
            "hint": self.hint,
            "unknown": self.unknown.iter().map(text).collect::<Vec<_>>(),
        })
    }
}
