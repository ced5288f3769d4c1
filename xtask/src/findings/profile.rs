//! `profile`: settings of `[profile.*]` in the root manifest.
//!
//! Only keys that nobody set are added; what is replaced (release code generation) lives on in
//! `release-final`, and is replaced only by what measured builds on this machine preferred ([`settings`]).

use toml_edit::Value;

use crate::{
    cli::Code,
    manifest,
    measure::Profile,
    plan::{Change, Edit},
    record::Verdict,
    snapshot::{ROOT_MANIFEST, Snapshot},
};

use super::{Finding, Pass, Scene};

mod settings;

pub(crate) use settings::{coordinates, edits};

pub(super) const PASS: Pass = Pass { suspicion: 90, ..Pass::of(find) };

/// Subject of the change to the dev profile.
pub(crate) const DEV: &str = "dev";

/// Subject of the change to the release profile.
pub(crate) const RELEASE: &str = "release";

/// The findings on the profiles.
fn find(scene: &Scene<'_>) -> Vec<Finding> {
    let (snapshot, search) = (scene.snapshot, scene.wishes.search);
    let mut out = Vec::new();
    let title = "dev settings for this machine";
    out.extend(
        dev(snapshot).or_else(|| searched(snapshot, Profile::Dev, title).filter(|_| search)),
    );
    out.extend(release(snapshot, search));
    out.extend(dev_opt(snapshot));
    if is_unset(snapshot, &["profile", "test"]) {
        out.push(Finding::left(
            Code::Profile,
            "test",
            "optimise tests",
            Verdict::Skipped,
            "opt-level = 1 for tests would compile every dependency twice, once for dev and once for tests",
        ));
    }
    if is_unset(snapshot, &["profile", "bench"]) {
        out.push(Finding::left(
            Code::Profile,
            "bench",
            "debug info for benches",
            Verdict::Skipped,
            "debug info for benches alone would compile every dependency twice, once for release and once for benches",
        ));
    }
    out
}

pub(super) fn is_unset(snapshot: &Snapshot, path: &[&str]) -> bool {
    manifest::item_at(snapshot.root_document(), path).is_none()
}

pub(super) fn set(
    path: &[&str],
    key: &str,
    value: impl Into<Value>,
    comment: Option<&str>,
) -> Edit {
    Edit::Set {
        file: ROOT_MANIFEST.into(),
        path: path.iter().map(|step| (*step).to_owned()).collect(),
        key: key.to_owned(),
        value: value.into(),
        comment: comment.map(str::to_owned),
    }
}

/// Less debug info in dev builds, and a profile with all of it for the day it is needed.
fn dev(snapshot: &Snapshot) -> Option<Finding> {
    let coordinates = coordinates(snapshot, Profile::Dev);
    let start: Vec<usize> = coordinates.iter().map(|coordinate| coordinate.start).collect();
    let edits = edits(snapshot, Profile::Dev, &start);
    if edits.is_empty() {
        return None;
    }
    let mut change = Change::new(
        Code::Profile,
        DEV,
        "line tables only in dev builds, a `debugging` profile with everything".to_owned(),
        "dev builds write full debug info for every dependency".to_owned(),
    );
    change.edits = edits;
    Some(Finding::Remedy(change))
}

/// Release settings: which are fastest only the clock can tell, so the search decides on the edits.
fn release(snapshot: &Snapshot, search: bool) -> Option<Finding> {
    let title = "release settings for this machine";
    if !search {
        let why = "which settings are fastest depends on the machine: a search by timed builds \
                   (`--measure full`) chooses";
        return Some(Finding::left(Code::Profile, RELEASE, title, Verdict::Skipped, why));
    }
    if !is_unset(snapshot, &["profile", "release-final"]) {
        let why = "`[profile.release-final]` is there: the settings were chosen before";
        return Some(Finding::left(Code::Profile, RELEASE, title, Verdict::Skipped, why));
    }
    searched(snapshot, Profile::Release, title)
}

/// A change whose edits the search makes up; none where every setting was set by hand.
fn searched(snapshot: &Snapshot, profile: Profile, title: &str) -> Option<Finding> {
    let keys: Vec<String> =
        coordinates(snapshot, profile).iter().map(|c| format!("`{}`", c.setting)).collect();
    if keys.is_empty() {
        return None;
    }
    let reason = format!("timed builds choose among values of {}", keys.join(", "));
    let change = Change::new(Code::Profile, profile.as_str(), title.to_owned(), reason);
    Some(Finding::Remedy(change))
}

/// A profile that costs nothing until it is used.
fn dev_opt(snapshot: &Snapshot) -> Option<Finding> {
    if !is_unset(snapshot, &["profile", "dev-opt"]) {
        return None;
    }
    let why = "For trying things at speed: dev with optimised code.";
    let mut change = Change::new(
        Code::Profile,
        "dev-opt",
        "a `dev-opt` profile: dev with opt-level 2".to_owned(),
        "for runs that are too slow in dev; costs nothing until it is used".to_owned(),
    );
    change.edits = vec![
        set(&["profile", "dev-opt"], "inherits", "dev", Some(why)),
        set(&["profile", "dev-opt"], "opt-level", 2, None),
    ];
    Some(Finding::Remedy(change))
}
