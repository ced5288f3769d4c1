//! Trying a choice of changes in the candidate shadow: resolve, hold to the invariants, check, test.
//!
//! The user's workspace is never touched. A choice is sound when everything that compiled still
//! compiles, together and, where features were trimmed, member by member.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};

use crate::{
    bisect::Outcome,
    cargo,
    cli::Code,
    lockfile::Lock,
    plan::{self, Change, Edit},
    shadow::Shadows,
    shell::Shell,
    snapshot::{LOCK_FILE, Snapshot},
    verify::{self, Checked, Members, Tested, Watch},
    wording,
};

mod invariants;
mod members;
mod refusal;
mod weigh;

pub(crate) use members::untestable;
pub(crate) use weigh::Weight;

use members::members_to_check_alone;

/// How the lock file is brought up to date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LockUpdate {
    /// Only what the manifests need.
    Minimal,
    /// Everything (`--update`).
    Full,
}

/// What the copies are called.
const BASELINE: &str = "baseline";
pub(crate) const CANDIDATE: &str = "candidate";

/// Arguments of the check with every feature of every member.
const ALL_FEATURES: [&str; 3] = ["--workspace", "--all-targets", "--all-features"];

/// The candidate shadow and what is known of it.
#[derive(Debug)]
pub(crate) struct Trial<'a> {
    snapshot: &'a Snapshot,
    pub(crate) shadows: &'a Shadows,
    shell: &'a Shell,
    logs: PathBuf,
    logs_made: Cell<usize>,
    /// What cargo said where it could not reach a registry: that speaks of today, not of a change.
    pub(crate) unreached: RefCell<Vec<String>>,
    lock: LockUpdate,
    members: Members,
    pub(crate) baseline: Checked,
    /// Ids in the order of the plan. What changes come to together depends on it, so every choice is
    /// applied in this order, however it was put together.
    pub(crate) order: Vec<String>,
    /// What the compiler asked for beyond the first guess, by change id.
    widened: BTreeMap<String, Vec<String>>,
    /// Checks of the baseline with other arguments, made when the candidate fails with them.
    otherwise: BTreeMap<String, Checked>,
    checks: usize,
    /// What is being tried, for a reader who waits for it.
    pub(crate) doing: String,
    /// What the last sound check found.
    pub(crate) candidate: Checked,
}

impl<'a> Trial<'a> {
    /// Checks the baseline; `units` is of how many an earlier run says.
    ///
    /// # Errors
    /// When cargo cannot build anything at all, for instance without network and with an empty cache.
    pub(crate) fn new(
        snapshot: &'a Snapshot,
        shadows: &'a Shadows,
        shell: &'a Shell,
        logs: PathBuf,
        (lock, units): (LockUpdate, Option<usize>),
    ) -> Result<Self> {
        let log = logs.join("00-check-baseline.log");
        let args = ["--workspace", "--all-targets"];
        let members = Members::of(&snapshot.metadata, &snapshot.root);
        let cargo = &shadows.baseline.cargo;
        let watch = Watch { shell, what: BASELINE, units };
        let baseline = verify::check(cargo, &members, &args, &log, watch)?;
        if let Some(refused) = &baseline.refused
            && baseline.ok.is_empty()
        {
            bail!(
                "cargo cannot check the workspace as it is: {refused}{}",
                cargo::network_hint(refused)
            );
        }
        Ok(Self {
            snapshot,
            shadows,
            shell,
            logs,
            logs_made: Cell::new(0),
            unreached: RefCell::default(),
            lock,
            members,
            baseline,
            order: Vec::new(),
            widened: BTreeMap::new(),
            otherwise: BTreeMap::new(),
            checks: 0,
            doing: CANDIDATE.to_owned(),
            candidate: Checked::default(),
        })
    }

    /// The workspace as it was read.
    pub(crate) fn snapshot(&self) -> &'a Snapshot {
        self.snapshot
    }

    /// A change with what the compiler has asked for so far.
    pub(crate) fn widened(&self, change: &Change) -> Change {
        match self.widened.get(&change.id()) {
            Some(features) => change.with_features(features),
            None => change.clone(),
        }
    }

    /// Says that the candidate is the baseline, after everything was rejected.
    pub(crate) fn forget_candidate(&mut self) {
        self.candidate = self.baseline.clone();
    }

    /// How often the candidate was checked, as text.
    pub(crate) fn checks_made(&self) -> String {
        wording::count(self.checks, "check")
    }

    /// Whether every dependency is updated as well.
    pub(crate) fn updates_all(&self) -> bool {
        self.lock == LockUpdate::Full
    }

    /// Sets whether every dependency is updated as well from now on.
    pub(crate) fn update_all(&mut self, all: bool) {
        self.lock = if all { LockUpdate::Full } else { LockUpdate::Minimal };
    }

    /// Puts changes into the order of the plan.
    pub(crate) fn sort(&self, changes: &mut [Change]) {
        changes.sort_by_key(|change| self.order.iter().position(|id| *id == change.id()));
    }

    /// Files of a choice of changes, lock file included, as they now stand in the candidate shadow.
    ///
    /// # Errors
    /// When the shadow cannot be written. The inner error is cargo's: the choice does not resolve.
    pub(crate) fn resolve(
        &self,
        chosen: &[Change],
    ) -> Result<Result<BTreeMap<PathBuf, Vec<u8>>, String>> {
        let mut changes: Vec<Change> = chosen.iter().map(|change| self.widened(change)).collect();
        self.sort(&mut changes);
        let mut files = plan::materialise(self.snapshot, &changes.iter().collect::<Vec<_>>())?;
        let shadow = &self.shadows.candidate;
        shadow.set(self.snapshot, &files)?;
        if self.lock == LockUpdate::Minimal && !changes.iter().any(Change::affects_build) {
            return Ok(Ok(files));
        }
        let args: &[&str] = match self.lock {
            LockUpdate::Minimal => &["update", "--workspace", "--quiet"],
            LockUpdate::Full => &["update", "--quiet"],
        };
        if let Err(error) = shadow.cargo.capture("cargo", args) {
            return self.refused(&error).map(Err);
        }
        for edit in changes.iter().flat_map(|change| &change.edits) {
            if let Err(error) = self.lock_release(edit)? {
                return Ok(Err(error));
            }
        }
        let lock = shadow
            .lock_file()?
            .with_context(|| format!("cargo left no lock file in `{}`", shadow.root.display()))?;
        let before = self.snapshot.files.get(Path::new(LOCK_FILE)).cloned().flatten();
        if let Some(unused) = invariants::patch_left_unused(before.as_deref(), &lock) {
            return Ok(Err(unused));
        }
        if before.as_ref() != Some(&lock) {
            files.insert(PathBuf::from(LOCK_FILE), lock);
        }
        let metadata = shadow.cargo.metadata()?;
        let held =
            invariants::hold_requested_features(&self.snapshot.metadata, &metadata, &changes)
                .and_then(|()| invariants::hold_single_versions(&metadata, &changes));
        Ok(held.map(|()| files))
    }

    /// Locks another release of a package, if the edit says so and the old one is still there.
    fn lock_release(&self, edit: &Edit) -> Result<Result<(), String>> {
        let Edit::Lock { package, from, to } = edit else { return Ok(Ok(())) };
        let shadow = &self.shadows.candidate;
        let bytes = shadow.lock_file()?.unwrap_or_default();
        let lock = Lock::parse(&String::from_utf8_lossy(&bytes)).with_context(|| {
            format!("failed to read the lock file in `{}`", shadow.root.display())
        })?;
        if !lock.holds(package, from) {
            return Ok(Ok(()));
        }
        let (spec, to) = (format!("{package}@{from}"), to.to_string());
        let args = ["update", "--quiet", "--precise", &to, &spec];
        match shadow.cargo.capture("cargo", &args) {
            Ok(_) => Ok(Ok(())),
            Err(error) => self.refused(&error).map(Err),
        }
    }

    /// A log that is not there yet.
    pub(crate) fn log(&self, what: &str) -> PathBuf {
        let number = self.logs_made.get() + 1;
        self.logs_made.set(number);
        self.logs.join(format!("{number:02}-{what}.log"))
    }

    /// Whether a choice of changes is sound; features that the compiler asks for are added on the way.
    ///
    /// # Errors
    /// When cargo cannot be run or the run is interrupted.
    pub(crate) fn check(&mut self, chosen: &[Change]) -> Result<Outcome> {
        loop {
            if let Err(error) = self.resolve(chosen)? {
                return Ok(Outcome::Unsound(error));
            }
            let args = ["--workspace", "--all-targets"];
            let checked = self.run_check(&args, Some(self.baseline.units))?;
            let mut asked = checked.features_asked_for.clone();
            let mut regression = checked.regression(&self.baseline);
            if regression.is_none() {
                for member in members_to_check_alone(chosen) {
                    // Without the features that others switch on.
                    let alone = ["--package", member.as_str(), "--all-targets"];
                    let (lost, features) = self.check_otherwise(&alone)?;
                    asked.extend(features);
                    regression = regression.or(lost);
                }
            }
            if regression.is_none() && self.needs_all_features(chosen) {
                let (lost, features) = self.check_otherwise(&ALL_FEATURES)?;
                asked.extend(features);
                regression = lost;
            }
            let Some(error) = regression else {
                self.candidate = checked;
                return Ok(Outcome::Sound);
            };
            if !self.widen(chosen, &asked) {
                return Ok(Outcome::Unsound(error));
            }
        }
    }

    fn run_check(&mut self, args: &[&str], expected: Option<usize>) -> Result<Checked> {
        self.checks += 1;
        let log = self.log("check-candidate");
        let cargo = &self.shadows.candidate.cargo;
        let watch = Watch { shell: self.shell, what: &self.doing, units: expected };
        verify::check(cargo, &self.members, args, &log, watch)
    }

    /// Checks with other arguments; what fails in the baseline with them counts for nothing.
    fn check_otherwise(&mut self, args: &[&str]) -> Result<(Option<String>, Vec<String>)> {
        let checked = self.run_check(args, None)?;
        if checked.refused.is_none() && checked.failed.is_empty() {
            return Ok((None, Vec::new()));
        }
        let key = args.join(" ");
        if !self.otherwise.contains_key(&key) {
            let cargo = &self.shadows.baseline.cargo;
            let log = self.log("check-baseline");
            let watch = Watch { shell: self.shell, what: BASELINE, units: None };
            let baseline = verify::check(cargo, &self.members, args, &log, watch)?;
            self.otherwise.insert(key.clone(), baseline);
        }
        let baseline = &self.otherwise[&key];
        if baseline.refused.is_some() {
            return Ok((None, Vec::new()));
        }
        Ok((checked.regression(baseline), checked.features_asked_for))
    }

    /// Code behind a feature that is off by default may name what a change takes away.
    fn needs_all_features(&self, chosen: &[Change]) -> bool {
        let members = self.snapshot.metadata.workspace_packages();
        let has_features = members.iter().any(|p| p.features.keys().any(|name| name != "default"));
        has_features
            && chosen.iter().any(|change| {
                matches!(
                    change.code,
                    Code::UnusedDependency | Code::DuplicateVersion | Code::BroadFeatures
                )
            })
    }

    /// Adds what was asked for to the umbrellas that have it; false when there is nothing to add.
    fn widen(&mut self, chosen: &[Change], asked: &[String]) -> bool {
        let mut grew = false;
        for change in chosen.iter().map(|change| self.widened(change)).collect::<Vec<_>>() {
            let Some(umbrella) = &change.umbrella else {
                continue;
            };
            let is_new =
                |name: &&String| umbrella.all.contains(name) && !umbrella.chosen.contains(name);
            let new: BTreeSet<&String> = asked.iter().filter(is_new).collect();
            if !new.is_empty() {
                let wanted = |name: &&String| umbrella.chosen.contains(name) || new.contains(name);
                let features: Vec<String> = umbrella.all.iter().filter(wanted).cloned().collect();
                self.shell
                    .detail("Widening", format!("{} to {}", umbrella.package, features.join(", ")));
                self.widened.insert(change.id(), features);
                grew = true;
            }
        }
        grew
    }

    /// Starts an umbrella over from everything it lists and leaves out one feature after the other:
    /// for code whose compiler errors do not name the feature they miss. False when even everything
    /// it lists is not enough.
    ///
    /// # Errors
    /// When cargo cannot be run or the run is interrupted.
    pub(crate) fn narrow(&mut self, others: &[Change], change: &Change) -> Result<bool> {
        let Some(umbrella) = change.umbrella.clone() else {
            return Ok(false);
        };
        let with = |change: &Change| [others, std::slice::from_ref(change)].concat();
        let mut features = umbrella.all.clone();
        self.widened.insert(change.id(), features.clone());
        if self.check(&with(change))? != Outcome::Sound {
            return Ok(false);
        }
        for name in &umbrella.all {
            let fewer: Vec<String> = features.iter().filter(|f| *f != name).cloned().collect();
            self.widened.insert(change.id(), fewer.clone());
            let is_sound = self.check(&with(change))? == Outcome::Sound;
            if is_sound && self.widened.get(&change.id()) == Some(&fewer) {
                features = fewer;
            }
            self.widened.insert(change.id(), features.clone());
        }
        Ok(true)
    }

    /// Runs the tests of the candidate, and those of the baseline only if some fail there.
    ///
    /// # Errors
    /// When cargo cannot be run or the run is interrupted.
    pub(crate) fn test(&self, exclude: &[String]) -> Result<(Tested, Option<Tested>)> {
        let candidate = self.test_candidate(exclude)?;
        if candidate.success {
            return Ok((candidate, None));
        }
        let log = self.log("test-baseline");
        let watch = Watch { shell: self.shell, what: BASELINE, units: None };
        let baseline = verify::test(&self.shadows.baseline.cargo, exclude, &log, watch)?;
        Ok((candidate, Some(baseline)))
    }

    /// Runs the tests of the candidate as it stands.
    ///
    /// # Errors
    /// When cargo cannot be run or the run is interrupted.
    pub(crate) fn test_candidate(&self, exclude: &[String]) -> Result<Tested> {
        let log = self.log("test-candidate");
        let watch = Watch { shell: self.shell, what: &self.doing, units: None };
        verify::test(&self.shadows.candidate.cargo, exclude, &log, watch)
    }
}
