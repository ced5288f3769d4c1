//! `--measure full`: the search over profile settings, on the candidate with everything else that stands.

use anyhow::Result;

use super::{
    prove::{Proof, Timed},
    stage::{Course, Stage, again},
};
use crate::{
    cli::Code,
    findings,
    measure::{Bench, BuildFailed, Edited, Profile, Role},
    plan::Change,
    record::{Basis, Impact, TuneOutcome, TunedSetting},
    shell::Shell,
    stats,
    tune::{self, Coordinate, Found, Reading, Yard},
    wording,
};

/// The profiles in the order of the search, the change that writes down what was found, and the share of the
/// time budget that may be spent by its end: the rest is for the pairs that prove what was found.
const PROFILES: [(Profile, &str, f64); 2] = [
    (Profile::Dev, findings::DEV_PROFILE, 0.25),
    (Profile::Release, findings::RELEASE_PROFILE, 0.5),
];

fn is_about(change: &Change, subject: &str) -> bool {
    change.code == Code::Profile && change.subject == subject
}

/// Clean builds that the search makes at least.
pub(super) fn builds(proof: &Proof, course: &Course<'_>) -> usize {
    let searched = PROFILES
        .into_iter()
        .filter(|(_, subject, _)| proof.kept.iter().any(|change| is_about(change, subject)));
    let each = searched.map(|(profile, ..)| {
        let coordinates = findings::profile_coordinates(course.snapshot, profile);
        let starts_elsewhere = coordinates.iter().any(|it| it.start != it.before);
        1 + usize::from(starts_elsewhere)
            + coordinates.iter().map(|coordinate| coordinate.values.len() - 1).sum::<usize>()
    });
    each.sum()
}

/// Searches both profiles and puts what was found into the changes of `proof`, which is proved again where
/// that changed something.
///
/// # Errors
/// When a build cannot be made or the run is interrupted.
pub(super) fn tune(
    stage: &mut dyn Stage,
    bench: &mut dyn Bench,
    proof: &mut Proof,
    course: &Course<'_>,
    shell: &Shell,
) -> Result<Vec<TunedSetting>> {
    let mut tuning = Vec::new();
    let mut moved = false;
    for (profile, subject, share) in PROFILES {
        bench.share(share);
        let Some(change) = proof.kept.iter().find(|change| is_about(change, subject)).cloned()
        else {
            continue;
        };
        let coordinates = findings::profile_coordinates(course.snapshot, profile);
        shell.status("Searching", format!("{} settings, by clean builds", profile.as_str()));
        let others = proof.kept.iter().filter(|kept| kept.id() != change.id()).cloned().collect();
        let mut yard = Builds {
            stage,
            bench,
            profile,
            change: &change,
            others,
            course,
            coordinates: &coordinates,
        };
        let found = tune::search(profile, &coordinates, course.snapshot.machine.cores, &mut yard)?;
        let found = match found {
            Ok(found) => found,
            Err(why) => {
                let first = why.lines().next().unwrap_or_default();
                bench.note(format!("no {} settings were searched: {first}", profile.as_str()));
                Found::start(&coordinates)
            }
        };
        for line in told(&found.settings) {
            shell.status("Tried", line);
        }
        moved |= found.chosen.iter().ne(coordinates.iter().map(|coordinate| &coordinate.start));
        settle(proof, &change, profile, &found, course);
        tuning.extend(found.settings);
    }
    bench.share(1.0);
    if moved {
        again(stage, proof)?;
    }
    Ok(tuning)
}

/// Writes what was found into the change, or says that there was nothing.
fn settle(
    proof: &mut Proof,
    change: &Change,
    profile: Profile,
    found: &Found,
    course: &Course<'_>,
) {
    let edits = findings::profile_edits(course.snapshot, profile, &found.chosen);
    let reason = format!(
        "{} on {}",
        evidence(&found.settings),
        wording::count(course.snapshot.machine.cores, "core")
    );
    let at = proof.kept.iter().position(|kept| kept.id() == change.id());
    let Some(at) = at else { return };
    if edits.is_empty() {
        let change = proof.kept.remove(at);
        proof.timed.insert(change.id(), finished(&found.settings));
        proof.idle.push((change, reason));
        return;
    }
    let values = found.settings.iter().filter(|setting| setting.before != setting.chosen);
    let values: Vec<String> =
        values.map(|setting| format!("{} = {}", setting.setting, setting.chosen)).collect();
    if let Some(seconds) = found.saved_seconds {
        let impact = Impact { seconds, basis: Basis::Measured, packages: Vec::new() };
        proof.impacts.insert(change.id(), impact);
    }
    let title = format!("{} settings for this machine: {}", profile.as_str(), values.join(", "));
    proof.kept[at] = Change { title, reason, edits, ..change.clone() };
}

/// Whether every value was tried that was to be.
fn finished(settings: &[TunedSetting]) -> Timed {
    let mut outcomes = settings.iter().flat_map(|setting| &setting.tried).map(|it| it.outcome);
    let some = settings.iter().any(|setting| !setting.tried.is_empty());
    match some && outcomes.all(|outcome| outcome != TuneOutcome::NotTried) {
        true => Timed::Compared,
        false => Timed::Unfinished,
    }
}

fn spoken(seconds: &[f64]) -> String {
    stats::median(seconds).map_or_else(|| "not built".to_owned(), wording::seconds)
}

/// What was tried, a line each.
fn told(settings: &[TunedSetting]) -> Vec<String> {
    let line = |setting: &TunedSetting| {
        let tried: Vec<String> = setting
            .tried
            .iter()
            .map(|tried| {
                let with = format!("{} {}", tried.value, spoken(&tried.seconds));
                let against = stats::median(&tried.seconds_without);
                let against =
                    against.map(|seconds| format!(" against {}", wording::seconds(seconds)));
                format!("{with}{} ({})", against.unwrap_or_default(), tried.reason)
            })
            .collect();
        format!("{}: {}", setting.setting, tried.join("; "))
    };
    settings.iter().filter(|setting| !setting.tried.is_empty()).map(line).collect()
}

/// The figures behind a choice, in one sentence.
fn evidence(settings: &[TunedSetting]) -> String {
    let tried =
        settings.iter().flat_map(|setting| setting.tried.iter().map(move |tried| (setting, tried)));
    let chosen: Vec<String> = tried
        .clone()
        .filter(|(_, tried)| tried.outcome == TuneOutcome::Chosen)
        .map(|(setting, tried)| {
            format!(
                "{} = {} took {} and {} without",
                setting.setting,
                tried.value,
                spoken(&tried.seconds),
                spoken(&tried.seconds_without)
            )
        })
        .collect();
    let built = tried.filter(|(_, tried)| !tried.seconds.is_empty()).count();
    match (chosen.as_slice(), built) {
        ([], 0) => "nothing was searched: no time, or no build to start from".to_owned(),
        ([], built) => {
            // What was planned may be written all the same.
            let other =
                if settings.iter().any(|it| it.chosen != it.before) { "other " } else { "" };
            let built = wording::count(built, "value");
            format!("no {other}value was faster beyond noise: {built} built")
        }
        (chosen, built) => format!(
            "measured: {}; {} built in all",
            chosen.join(", "),
            wording::count(built, "value")
        ),
    }
}

/// The yard of a real run: clean builds of the candidate.
struct Builds<'a> {
    stage: &'a mut dyn Stage,
    bench: &'a mut dyn Bench,
    profile: Profile,
    change: &'a Change,
    others: Vec<Change>,
    course: &'a Course<'a>,
    coordinates: &'a [Coordinate],
}

impl Yard for Builds<'_> {
    fn has_time(&mut self, what: &str) -> bool {
        self.bench.has_time(what)
    }

    fn build(
        &mut self,
        values: &[usize],
        label: &str,
        thorough: bool,
    ) -> Result<std::result::Result<Reading, String>> {
        debug_assert_eq!(values.len(), self.coordinates.len());
        let edits = findings::profile_edits(self.course.snapshot, self.profile, values);
        let way = Change { edits, ..self.change.clone() };
        let all = [self.others.as_slice(), &[way]].concat();
        if let Err(why) = self.stage.apply(&all)? {
            return Ok(Err(why));
        }
        match self.read(label, thorough) {
            Ok(reading) => Ok(reading),
            Err(error) => {
                self.bench.unedit()?;
                Ok(Err(error.downcast::<BuildFailed>()?.reason))
            }
        }
    }
}

impl Builds<'_> {
    /// The inner error is what the command of `--bench` said.
    fn read(
        &mut self,
        label: &str,
        thorough: bool,
    ) -> Result<std::result::Result<Reading, String>> {
        let build = self.bench.clean(Role::Candidate, self.profile, label)?;
        let mut reading = Reading {
            seconds: build.sample.value,
            binaries: build.left.binaries,
            ..Reading::default()
        };
        if !thorough {
            return Ok(Ok(reading));
        }
        let edited: Option<&Edited> = self.course.edits.first();
        if let (Profile::Dev, Some(edited)) = (self.profile, edited) {
            let rebuild = self.bench.incremental(Role::Candidate, edited, label)?;
            self.bench.unedit()?;
            reading.rebuild_seconds = Some(rebuild.sample.value);
        }
        if let (Profile::Release, Some(command)) = (self.profile, &self.course.command) {
            match self.bench.command(Role::Candidate, command, label)? {
                Ok(seconds) => reading.bench_seconds = Some(seconds),
                Err(why) => return Ok(Err(why)),
            }
        }
        Ok(Ok(reading))
    }
}
