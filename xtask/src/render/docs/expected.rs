//! What earlier documents promised for a workspace, and what the run measured in its place.
//!
//! Pure. The promises are data beside the record: a workspace without such a file has no column for them. They are
//! shown as promises, never as results.

use serde::Deserialize;

use super::text::{self, Cell};
use crate::{
    record::{Basis, ChangeRecord, Record, TriedValue, TuneOutcome, TunedSetting, Verdict},
    render::{
        DASH,
        facts::{tuning, worth},
        figures::{decimal, grouped, percent, share},
        label, rows, seconds,
        sheet::Kind,
        si_bytes,
    },
    wording::count,
};

/// What earlier documents promised.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expectations {
    /// Which documents.
    pub(crate) source: String,
    pub(crate) metrics: Vec<Metric>,
    pub(crate) claims: Vec<Claim>,
    pub(crate) phases: Vec<Phase>,
    pub(crate) worth: Vec<Worth>,
}

/// A quantity, before and after, in the words of those documents.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Metric {
    /// As in a measurement.
    pub(crate) what: String,
    pub(crate) before: String,
    pub(crate) after: String,
    pub(crate) change: String,
}

/// What a single remedy was said to bring.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Claim {
    /// A pass, the id of a change, or a setting that the search tries.
    pub(crate) subject: String,
    /// For a setting: the value that was advised.
    #[serde(default)]
    pub(crate) value: String,
    pub(crate) claim: String,
    pub(crate) effort: String,
    pub(crate) fix: String,
}

/// What a phase of the checklist was said to bring.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Phase {
    pub(crate) name: String,
    pub(crate) claim: String,
}

/// A line of the return on investment.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Worth {
    /// `time`, `speed`, `disk`, `hours`, `value` or `payback`.
    pub(crate) what: String,
    pub(crate) name: String,
    pub(crate) claim: String,
}

/// The quantities, promised and measured side by side; empty without promises.
pub(super) fn metrics(record: &Record, expectations: &Expectations) -> String {
    let rows = rows(record);
    let lines = expectations.metrics.iter().map(|metric| {
        let row = rows.iter().find(|row| row.measurement.what == metric.what);
        let measured = row.map_or(vec![DASH.to_owned(); 4], |row| {
            let outcome =
                outcome(row.measurement.baseline, row.measurement.ratio, row.measurement.expected);
            vec![row.before.clone(), row.after.clone(), row.change.clone(), outcome.to_owned()]
        });
        let mut cells = vec![label(&metric.what).to_owned()];
        cells.extend([&metric.before, &metric.after, &metric.change].map(Clone::clone));
        cells.extend(measured);
        cells.into_iter().map(Cell::Text).collect()
    });
    let columns = [
        ("", Kind::Text),
        ("expected before", Kind::Number),
        ("expected after", Kind::Number),
        ("expected change", Kind::Number),
        ("measured before", Kind::Number),
        ("measured after", Kind::Number),
        ("measured change", Kind::Number),
        ("came true", Kind::Text),
    ];
    text::table(&columns, lines)
}

/// Whether a promised ratio was reached.
pub(super) fn outcome(baseline: f64, ratio: Option<f64>, expected: Option<f64>) -> &'static str {
    match (ratio, expected) {
        _ if baseline == 0.0 => "nothing there to gain",
        (Some(ratio), Some(expected)) if ratio <= expected => "yes",
        (Some(_), Some(_)) => "no",
        _ => DASH,
    }
}

/// The remedies, each with what was promised and what this run knows of it.
pub(super) fn claims(record: &Record, expectations: &Expectations) -> String {
    let lines = expectations.claims.iter().map(|claim| {
        vec![
            Cell::Markdown(subject(claim)),
            Cell::Text(claim.claim.clone()),
            Cell::Text(claim.fix.clone()),
            Cell::Text(claim.effort.clone()),
            Cell::Text(measured(record, claim)),
        ]
    });
    let columns = [
        ("remedy", Kind::Text),
        ("expected", Kind::Text),
        ("advice then", Kind::Text),
        ("effort then", Kind::Text),
        ("measured here", Kind::Text),
    ];
    text::table(&columns, lines)
}

fn subject(claim: &Claim) -> String {
    let subject = text::code(&claim.subject);
    if claim.value.is_empty() {
        subject
    } else {
        format!("{subject} = {}", text::code(&claim.value))
    }
}

/// What the run knows of a remedy, in words.
pub(super) fn measured(record: &Record, claim: &Claim) -> String {
    if claim.subject.starts_with("profile.") {
        return setting(record, claim);
    }
    if claim.subject == "package-bloat" {
        let row = rows(record).into_iter().find(|row| row.measurement.what == "package-bytes");
        return match row {
            Some(row) if row.measurement.baseline > 0.0 => {
                format!("{} before, {} after", row.before, row.after)
            }
            Some(_) => "there was none: 0 B before".to_owned(),
            None => "not measured".to_owned(),
        };
    }
    let is_meant =
        |change: &&ChangeRecord| change.code == claim.subject || change.id == claim.subject;
    let changes: Vec<&ChangeRecord> = record.changes.iter().filter(is_meant).collect();
    let applied: Vec<&ChangeRecord> =
        changes.iter().copied().filter(|it| it.verdict == Verdict::Applied).collect();
    match (changes.as_slice(), applied.as_slice()) {
        ([], _) => "nothing was found".to_owned(),
        ([only], []) => format!("{}: {}", worth::verdict(only), first_line(&only.reason)),
        (all, []) => format!("{} found, none applied", all.len()),
        (_, applied) => gains(record, applied),
    }
}

/// `1 change: 6.0 s of unit time, 4% of that of the clean dev build before, attributed`
pub(super) fn gains(record: &Record, changes: &[&ChangeRecord]) -> String {
    let sum = |basis: Basis| -> Option<f64> {
        let impacts = changes.iter().filter_map(|change| change.impact.as_ref());
        let known: Vec<f64> = impacts.filter(|it| it.basis == basis).map(|it| it.seconds).collect();
        (!known.is_empty()).then(|| known.iter().sum())
    };
    let mut said = Vec::new();
    said.extend(sum(Basis::Measured).map(|it| format!("{} of wall time, measured", seconds(it))));
    said.extend(sum(Basis::Attributed).map(|it| {
        let before = record.timelines.iter();
        let mut before = before.filter(|it| it.what == "clean-dev" && it.side == "baseline");
        let part = before.next().filter(|build| build.unit_seconds > 0.0);
        let part = part.map(|build| {
            format!(", {} of that of the clean dev build before", share(it / build.unit_seconds))
        });
        format!("{} of unit time{}, attributed", seconds(it), part.unwrap_or_default())
    }));
    if changes.iter().any(|change| change.code == "profile") {
        said.extend(chosen(record));
    }
    let applied = count(changes.len(), "change");
    match said.as_slice() {
        [] => format!("{applied}, no gain in time known"),
        said => format!("{applied}: {}", said.join("; ")),
    }
}

/// The values that the search over profile settings chose because they were faster.
fn chosen(record: &Record) -> Vec<String> {
    let tried = record.tuning.iter().flat_map(|it| it.tried.iter().map(move |tried| (it, tried)));
    let chosen = tried.filter(|(_, tried)| tried.outcome == TuneOutcome::Chosen);
    let sentence = |(setting, tried): (&TunedSetting, &TriedValue)| {
        let change = percent(tuning::ratio(tried)?);
        let TunedSetting { setting: key, profile, .. } = setting;
        Some(format!("`{key} = {}`: {change} of the clean {profile} build, measured", tried.value))
    };
    chosen.filter_map(sentence).collect()
}

fn setting(record: &Record, claim: &Claim) -> String {
    let Some(tuned) = record.tuning.iter().find(|it| it.setting == claim.subject) else {
        return "not searched in this run".to_owned();
    };
    let tried = tuned.tried.iter().find(|it| it.value == claim.value);
    match tried {
        Some(tried) => {
            let change =
                tuning::ratio(tried).map_or_else(String::new, |it| format!("{}, ", percent(it)));
            // Of what was not built, the reason is all there is to say.
            let why = match tried.outcome {
                TuneOutcome::NotTried => format!(", as {}", first_line(&tried.reason)),
                _ => String::new(),
            };
            format!(
                "{change}{}{why}; the setting is {}",
                tuning::outcome(tried.outcome),
                tuned.chosen
            )
        }
        None if tuned.chosen == claim.value => "that is the setting already".to_owned(),
        None => format!("the value was not tried; the setting is {}", tuned.chosen),
    }
}

/// The promised return, line by line, beside what the figures of this run give.
pub(super) fn returns(record: &Record, expectations: &Expectations) -> String {
    let lines = expectations.worth.iter().map(|row| {
        vec![
            Cell::Text(row.name.clone()),
            Cell::Text(row.claim.clone()),
            Cell::Text(returned(record, &row.what)),
        ]
    });
    text::table(&[("", Kind::Text), ("expected", Kind::Text), ("measured here", Kind::Text)], lines)
}

fn returned(record: &Record, what: &str) -> String {
    let rows = rows(record);
    let change = |what: &str| rows.iter().find(|row| row.measurement.what == what);
    let all = record.return_on_investment.iter().flat_map(|it| &it.rows);
    let team = record.return_on_investment.as_ref().map(|it| it.team);
    let who = team.as_ref().map_or_else(String::new, |team| worth::people(team) + ": ");
    let each = |say: &dyn Fn(&crate::record::ReturnRow) -> Option<String>| {
        let said: Vec<String> = all.clone().filter_map(say).collect();
        if said.is_empty() { "not measured".to_owned() } else { said.join("; ") }
    };
    match what {
        "time" => worth::minutes(record)
            .map_or_else(|| "not recorded".to_owned(), |it| format!("{it}, unattended")),
        "speed" => {
            let said: Vec<String> = ["clean-dev", "clean-release", "incremental-core"]
                .into_iter()
                .filter_map(change)
                .map(|row| format!("{} {}", row.label, row.change))
                .collect();
            if said.is_empty() { "not measured".to_owned() } else { said.join("; ") }
        }
        "disk" => change("target-bytes").map_or_else(
            || "not measured".to_owned(),
            |row| {
                let saved = row.measurement.baseline - row.measurement.candidate;
                let word = if saved < 0.0 { "more" } else { "less" };
                // `as` saturates.
                format!("{} {word} ({})", si_bytes(saved.abs() as u64), row.change)
            },
        ),
        "hours" => {
            who + &each(&|row| {
                let (hours, _) = worth::of_one_a_day(row, team.as_ref()?)?;
                Some(format!("{} for each {} a day", decimal(hours), label(&row.what)))
            })
        }
        "value" => {
            who + &each(&|row| {
                let (_, value) = worth::of_one_a_day(row, team.as_ref()?)?;
                Some(format!("{} for each {} a day", grouped(value), label(&row.what)))
            })
        }
        "payback" => each(&|row| {
            let builds = row.builds_to_pay_back?.ceil();
            Some(format!("{}: {} builds", label(&row.what), grouped(builds)))
        }),
        _ => DASH.to_owned(),
    }
}

/// The first line of a reason: messages of the compiler have many.
pub(super) fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}
