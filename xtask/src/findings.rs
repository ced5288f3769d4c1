//! What costs build time or disk, with its evidence; and the plan made of the remedies.
//!
//! Each rule is one pure function in a file of its own below `findings/`; the list of them is in `passes.rs`. A finding
//! is data, never an error.

use std::{collections::BTreeMap, path::PathBuf};

use anyhow::Result;
use clap::ValueEnum as _;

use crate::{
    cli::Code,
    graph::{self, Use},
    outlook::Outlook,
    passes::passes,
    plan::{self, Change},
    record::{ChangeRecord, Effort, Verdict},
    settled::Settled,
    snapshot::Snapshot,
};

mod stale;

macro_rules! modules {
    ($($variant:ident in $module:ident: $help:tt,)+) => {
        $(mod $module;)+

        /// What is told of a pass in its own file.
        pub(crate) fn pass(code: Code) -> &'static Pass {
            match code {
                $(Code::$variant => &$module::PASS,)+
            }
        }
    };
}

passes!(modules);

pub(crate) use gitignore::PROBES;
#[cfg(any(test, fuzzing))]
pub(crate) use gitignore::fuzzed;
pub(crate) use profile::{
    DEV as DEV_PROFILE, RELEASE as RELEASE_PROFILE, coordinates as profile_coordinates,
    edits as profile_edits,
};
pub(crate) use stale::Stale;
pub(crate) use unused_workspace_dependency::NOTHING_LEFT;

/// Something that costs, and what can be done about it.
#[derive(Debug, Clone)]
pub(crate) enum Finding {
    /// A change remedies it.
    Remedy(Change),
    /// Nothing is done, for the reason in the record.
    Left(ChangeRecord),
}

impl Finding {
    /// The subject, of this pass.
    fn subject(&self, code: Code) -> Option<&str> {
        match self {
            Self::Remedy(change) => Some(&change.subject),
            Self::Left(record) => record.id.strip_prefix(code.as_str())?.strip_prefix(':'),
        }
    }

    /// The change that remedies it.
    fn change(&self) -> Option<&Change> {
        match self {
            Self::Remedy(change) => Some(change),
            Self::Left(_) => None,
        }
    }

    /// A finding that is left as it is.
    pub(crate) fn left(
        code: Code,
        subject: &str,
        title: &str,
        verdict: Verdict,
        reason: &str,
    ) -> Self {
        Self::Left(ChangeRecord {
            id: format!("{}:{subject}", code.as_str()),
            code: code.as_str().to_owned(),
            title: title.to_owned(),
            verdict,
            reason: reason.to_owned(),
            files: Vec::new(),
            impact: None,
            effort: None,
            remembered: None,
        })
    }
}

/// What the rules are asked for beyond the snapshot.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wishes {
    /// The passes to run.
    pub(crate) codes: Vec<Code>,
    /// Set sccache as the compiler wrapper.
    pub(crate) sccache: bool,
    /// What newer releases would change; none if they were not looked for.
    pub(crate) outlook: Option<Outlook>,
    /// Timed builds will search for the best profile settings.
    pub(crate) search: bool,
    /// What earlier runs decided.
    pub(crate) settled: Settled,
    /// Builds will be made to see what a change comes to.
    pub(crate) builds: bool,
}

/// Changes in the order in which they are applied, and what is left with its reason.
#[derive(Debug, Clone, Default)]
pub(crate) struct Plan {
    pub(crate) changes: Vec<Change>,
    pub(crate) left: Vec<ChangeRecord>,
    /// What the changes make of the files, all of them together.
    pub(crate) files: BTreeMap<PathBuf, Vec<u8>>,
    /// Ids that the policy ignores and that stand for nothing any more.
    pub(crate) stale: Vec<Stale>,
}

/// A pass: its rule, and what is special about it. Most have nothing but a rule: [`Pass::of`].
#[derive(Debug)]
pub(crate) struct Pass {
    /// The rule. Pure.
    find: fn(&Scene<'_>) -> Vec<Finding>,
    /// Takes changes of this pass out of a plan that have nothing left to do once the others are applied.
    drop_idle: fn(&Snapshot, &mut Vec<Change>) -> Result<()>,
    /// A change with the title that fits what became of it among the others, which made these files.
    settled: fn(&Snapshot, &Change, &BTreeMap<PathBuf, Vec<u8>>) -> Change,
    /// The pass with the highest is suspected first when a build became slower.
    suspicion: u8,
    /// Whether it can take packages out of the graph, so that time is saved which no other change saves.
    pub(crate) removes_packages: bool,
    /// Whether a subject under which nothing was found is gone for good, so that ignoring it has no use: on every
    /// machine, with every flag, whatever becomes of the other changes.
    is_gone: fn(&Scene<'_>, &str) -> bool,
}

impl Pass {
    /// A pass with nothing but a rule.
    const fn of(find: fn(&Scene<'_>) -> Vec<Finding>) -> Self {
        Self {
            find,
            drop_idle: |_, _| Ok(()),
            settled: |_, change, _| change.clone(),
            suspicion: 50,
            removes_packages: false,
            is_gone: |_, _| false,
        }
    }
}

/// The passes in the order in which they are suspected of having made a build slower.
pub(crate) fn suspects() -> Vec<Code> {
    let mut codes = Code::value_variants().to_vec();
    codes.sort_by_key(|code| std::cmp::Reverse(pass(*code).suspicion));
    codes
}

/// What a rule looks at.
#[derive(Debug)]
struct Scene<'a> {
    snapshot: &'a Snapshot,
    /// Every use of a dependency by a member; read once, for all rules.
    uses: Vec<Use<'a>>,
    wishes: &'a Wishes,
    /// What the passes before it found.
    found: Vec<(Code, Vec<Finding>)>,
}

impl Scene<'_> {
    /// What a pass further up in the list found; none if it was not asked.
    fn found(&self, code: Code) -> Option<&[Finding]> {
        let found = self.found.iter().find(|(pass, _)| *pass == code);
        found.map(|(_, findings)| findings.as_slice())
    }
}

/// Asks every rule that is wanted, in the order of the list.
///
/// # Errors
/// When the plan would change a key that no change names: a defect.
pub(crate) fn plan(snapshot: &Snapshot, wishes: &Wishes) -> Result<Plan> {
    let mut scene = Scene { snapshot, uses: graph::uses(snapshot), wishes, found: Vec::new() };
    for code in Code::value_variants().iter().filter(|code| wishes.codes.contains(code)) {
        let found = (pass(*code).find)(&scene);
        scene.found.push((*code, found));
    }
    let mut plan = Plan { stale: stale::of(&scene), ..Plan::default() };
    for finding in scene.found.into_iter().flat_map(|(_, findings)| findings) {
        match finding {
            Finding::Remedy(change) => match kept_out(snapshot, wishes, &change) {
                Some(record) => plan.left.push(record),
                None => plan.changes.push(change),
            },
            Finding::Left(record) => plan.left.push(record),
        }
    }
    for code in Code::value_variants() {
        (pass(*code).drop_idle)(snapshot, &mut plan.changes)?;
    }
    plan.files = plan::materialise(snapshot, &plan.changes.iter().collect::<Vec<_>>())?;
    for change in &mut plan.changes {
        *change = settled(snapshot, change, &plan.files);
    }
    Ok(plan)
}

/// A change with the title that fits what became of it among the others.
pub(crate) fn settled(
    snapshot: &Snapshot,
    change: &Change,
    files: &BTreeMap<PathBuf, Vec<u8>>,
) -> Change {
    (pass(change.code).settled)(snapshot, change, files)
}

/// Reason to leave a manifest that has a section of `cargo hakari`.
const GENERATED: &str = "`cargo hakari` writes its dependencies, and would write them again";

/// Reason of a change that the policy names.
const IGNORED: &str = "ignored by `[workspace.metadata.optimize]`";

fn is_ignored(snapshot: &Snapshot, code: Code, subject: &str) -> bool {
    let ignore = &snapshot.policy.ignore;
    ignore.contains(&plan::id(code, subject)) || ignore.contains(code.as_str())
}

/// The record of a change that is not to be tried: the policy names it, or an earlier run judged the same.
fn kept_out(snapshot: &Snapshot, wishes: &Wishes, change: &Change) -> Option<ChangeRecord> {
    if is_ignored(snapshot, change.code, &change.subject) {
        return Some(record(change, Verdict::Skipped, IGNORED));
    }
    let known = wishes.settled.of(change)?;
    let remembered = Some(known.run.clone());
    let reason = known.reason();
    Some(ChangeRecord { remembered, effort: None, ..record(change, known.verdict, &reason) })
}

/// The record of a change with its verdict.
pub(crate) fn record(change: &Change, verdict: Verdict, reason: &str) -> ChangeRecord {
    ChangeRecord {
        id: change.id(),
        code: change.code.as_str().to_owned(),
        title: change.title.clone(),
        verdict,
        reason: reason.to_owned(),
        files: change.files().iter().map(|path| path.display().to_string()).collect(),
        impact: None,
        effort: Some(Effort { files: change.files().len(), edits: change.edits.len() }),
        remembered: None,
    }
}
