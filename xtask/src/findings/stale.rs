//! Entries of `ignore` that stand for nothing any more.
//!
//! Pure. Says nothing where another machine, another flag or the next run may find what was ignored.

use std::fmt;

use clap::ValueEnum as _;

use super::{Scene, pass};
use crate::{cli::Code, plan, wording};

/// An id that is ignored, and under which nothing is found any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stale {
    id: String,
    /// What is found and has nearly that id.
    near: Option<String>,
}

impl fmt::Display for Stale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "nothing is found under `{}` any more, which `ignore` names", self.id)?;
        match &self.near {
            Some(near) => write!(f, "; did you mean `{near}`? Else the entry can go"),
            None => write!(f, "; the entry can go"),
        }
    }
}

/// The entries, once every pass was asked; with some left out nothing is known.
pub(super) fn of(scene: &Scene<'_>) -> Vec<Stale> {
    if Code::value_variants().iter().any(|code| scene.found(*code).is_none()) {
        return Vec::new();
    }
    let ignored = scene.snapshot.policy.ignore.iter();
    ignored
        .filter_map(|id| {
            let (code, subject) = id.split_once(':')?;
            let code = *Code::value_variants().iter().find(|known| known.as_str() == code)?;
            let found = scene.found(code)?;
            let is_ignored =
                |near: &&str| scene.snapshot.policy.ignore.contains(&plan::id(code, near));
            let subjects = || found.iter().filter_map(|finding| finding.subject(code));
            let is_gone = || (pass(code).is_gone)(scene, subject);
            let near = || wording::nearest(subject, subjects().filter(|near| !is_ignored(near)));
            (!subjects().any(|known| known == subject) && is_gone())
                .then(|| Stale { id: id.clone(), near: near().map(|near| plan::id(code, near)) })
        })
        .collect()
}
