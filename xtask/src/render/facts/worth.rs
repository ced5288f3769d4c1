//! What the changes are worth: impact against effort, the return on the run, where its time went.
//!
//! Measured and attributed gains are never added, and never called by the same word.

use crate::{
    record::{Basis, ChangeRecord, Record, ReturnRow, Spent, Team},
    render::{
        DASH, VERDICTS,
        figures::{decimal, grouped, share, signed_seconds},
        label, seconds,
        sheet::{Block, Kind, Sheet},
    },
    wording::count,
    worth,
};

/// The changes with a known impact and effort, most seconds first; their number is their position
/// from 1, in chart and table alike.
pub(in crate::render) fn weighed(record: &Record) -> Vec<&ChangeRecord> {
    let known = |change: &&ChangeRecord| change.impact.is_some() && change.effort.is_some();
    let mut changes: Vec<&ChangeRecord> = record.changes.iter().filter(known).collect();
    let gain = |change: &ChangeRecord| change.impact.as_ref().map_or(0.0, |it| it.seconds);
    changes.sort_by(|a, b| gain(b).total_cmp(&gain(a)));
    changes
}

pub(in crate::render) fn basis(basis: Basis) -> &'static str {
    match basis {
        Basis::Measured => "measured",
        Basis::Attributed => "attributed",
    }
}

/// The word of a verdict, as in JSON.
pub(in crate::render) fn verdict(change: &ChangeRecord) -> String {
    let heading = VERDICTS.iter().find(|(verdict, _)| *verdict == change.verdict);
    heading.map_or(DASH, |(_, heading)| heading).to_lowercase()
}

/// `+1.2 s attributed; 2 packages are built no more; 3 edits in 2 files`; none if nothing is known.
pub(in crate::render) fn in_short(change: &ChangeRecord) -> Option<String> {
    let impact = change.impact.as_ref().map(|impact| {
        let gone = match impact.packages.len() {
            0 => String::new(),
            1 => "; 1 package is built no more".to_owned(),
            number => format!("; {number} packages are built no more"),
        };
        format!("{} ({}){gone}", saved(impact.seconds), basis(impact.basis))
    });
    let effort = change.effort.map(|effort| {
        format!("{} in {}", count(effort.edits, "edit"), count(effort.files, "file"))
    });
    let parts: Vec<String> = [impact, effort].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join("; "))
}

/// `12.0 s saved`, `103 s lost`
fn saved(value: f64) -> String {
    if value < 0.0 {
        format!("{} lost", seconds(-value))
    } else {
        format!("{} saved", seconds(value))
    }
}

/// The table beside the chart.
pub(in crate::render) fn impacts(record: &Record) -> Option<Block> {
    let changes = weighed(record).into_iter().enumerate();
    let rows = changes.map(|(index, change)| {
        let impact = change.impact.as_ref();
        let effort = change.effort.as_ref();
        let number = |number: Option<usize>| number.map_or(DASH.to_owned(), |it| it.to_string());
        vec![
            (index + 1).to_string(),
            change.id.clone(),
            impact.map_or(DASH.to_owned(), |it| signed_seconds(it.seconds)),
            impact.map_or(DASH, |it| basis(it.basis)).to_owned(),
            number(effort.map(|it| it.edits)),
            number(effort.map(|it| it.files)),
            verdict(change),
        ]
    });
    let sheet = Sheet::new(
        "Seconds saved in a clean build, and edits to review",
        &[
            ("no.", Kind::Number),
            ("change", Kind::Code),
            ("saved", Kind::Number),
            ("how known", Kind::Text),
            ("edits", Kind::Number),
            ("files", Kind::Number),
            ("verdict", Kind::Text),
        ],
    );
    let sheet = sheet.with(rows);
    (!sheet.rows.is_empty()).then_some(Block::Sheet(sheet))
}

/// How to read the figures, and the changes that have none.
pub(in crate::render) fn remarks(record: &Record) -> Vec<String> {
    let weighed = weighed(record);
    if weighed.is_empty() {
        return Vec::new();
    }
    let has = |wanted| {
        let mut impacts = weighed.iter().filter_map(|change| change.impact.as_ref());
        impacts.any(|impact| impact.basis == wanted)
    };
    let mut lines = Vec::new();
    if has(Basis::Measured) {
        lines.push("measured: wall time of builds with and without the change".to_owned());
    }
    if has(Basis::Attributed) {
        lines.push(
            "attributed: time of the units that vanished with the change; units run side by side, so this is \
             not wall time"
                .to_owned(),
        );
    }
    let unknown = record.changes.iter().filter(|it| it.impact.is_none() || it.effort.is_none());
    let unknown: Vec<String> = unknown.map(|change| format!("`{}`", change.id)).collect();
    if !unknown.is_empty() {
        lines.push(format!("impact or effort not known: {}", unknown.join(", ")));
    }
    lines
}

/// Formula, inputs and figures of the return on the run.
pub(in crate::render) fn investment(record: &Record) -> Vec<Block> {
    let Some(returned) = &record.return_on_investment else {
        return Vec::new();
    };
    let sheet = Sheet::new(
        "If every build were of that kind",
        &[
            ("build", Kind::Text),
            ("saved a build", Kind::Number),
            ("hours a year", Kind::Number),
            ("worth a year", Kind::Number),
            ("paid back after", Kind::Number),
        ],
    );
    let sheet = sheet.with(returned.rows.iter().map(cells));
    let mut blocks = Vec::new();
    if !sheet.rows.is_empty() {
        blocks.push(Block::Sheet(sheet));
    }
    blocks.push(Block::Lines(vec![
        worth::CAUTION.to_owned(),
        format!("formula: {}", returned.formula),
        inputs(&returned.team),
    ]));
    blocks
}

/// `inputs: 5 people, 50 builds each a day, …`
fn inputs(team: &Team) -> String {
    format!(
        "inputs: {}, {} each a day, {} an hour, {} a year",
        people(team),
        count(team.builds_per_day as usize, "build"),
        grouped(team.hourly_rate),
        count(team.working_days_per_year as usize, "working day"),
    )
}

fn cells(row: &ReturnRow) -> Vec<String> {
    let back = row.builds_to_pay_back;
    vec![
        label(&row.what).to_owned(),
        signed_seconds(row.seconds_saved_per_build),
        grouped(row.hours_per_year),
        grouped(row.value_per_year),
        back.map_or("never".to_owned(), |builds| grouped(builds.ceil()) + " builds"),
    ]
}

/// What the run is worth for one build a day and person of each kind, in a sentence; none if it is worth nothing.
/// How many builds of each kind a day has is for the reader to say.
pub(in crate::render) fn a_day(record: &Record) -> Option<String> {
    let returned = record.return_on_investment.as_ref()?;
    let gained = returned.rows.iter().filter(|row| row.hours_per_year > 0.0);
    let said: Vec<String> = gained
        .filter_map(|row| {
            let (hours, _) = of_one_a_day(row, &returned.team)?;
            Some(format!("{} {}", label(&row.what), decimal(hours)))
        })
        .collect();
    let who = people(&returned.team);
    (!said.is_empty()).then(|| {
        format!(
            "hours saved in a year by each build a day of each of {who}: {}; most builds of a day are incremental",
            said.join(", ")
        )
    })
}

/// Hours and value of a year, if each person makes one such build a day.
pub(in crate::render) fn of_one_a_day(row: &ReturnRow, team: &Team) -> Option<(f64, f64)> {
    let builds = f64::from(team.builds_per_day);
    (builds > 0.0).then(|| (row.hours_per_year / builds, row.value_per_year / builds))
}

/// What a year is worth by the build, for a reader who knows how many of each kind a day has.
pub(in crate::render) fn by_the_build(record: &Record) -> Option<Block> {
    let returned = record.return_on_investment.as_ref()?;
    let rows: Vec<Vec<String>> = returned
        .rows
        .iter()
        .filter_map(|row| {
            let (hours, value) = of_one_a_day(row, &returned.team)?;
            Some(vec![
                label(&row.what).to_owned(),
                signed_seconds(row.seconds_saved_per_build),
                decimal(hours),
                grouped(value),
            ])
        })
        .collect();
    let sheet = Sheet::new(
        "For each such build that each person makes a day",
        &[
            ("build", Kind::Text),
            ("saved a build", Kind::Number),
            ("hours a year", Kind::Number),
            ("worth a year", Kind::Number),
        ],
    );
    (!rows.is_empty()).then(|| Block::Sheet(sheet.with(rows)))
}

pub(in crate::render) fn people(team: &Team) -> String {
    if team.people == 1 { "1 person".to_owned() } else { format!("{} people", team.people) }
}

/// How long the run took: `8.3 min`.
pub(in crate::render) fn minutes(record: &Record) -> Option<String> {
    record.spent.map(|spent| format!("{} min", decimal(spent.wall_seconds / 60.0)))
}

/// Where the time of the run went.
pub(in crate::render) fn spent(record: &Record) -> Vec<String> {
    let Some(Spent { wall_seconds, cargo_seconds }) = record.spent else {
        return Vec::new();
    };
    let part = cargo_seconds / wall_seconds;
    let part = if part.is_finite() { format!(" ({})", share(part)) } else { String::new() };
    vec![format!(
        "{} in all ({} min); {} of it{part} waiting for cargo, rustc and git",
        seconds(wall_seconds),
        decimal(wall_seconds / 60.0),
        seconds(cargo_seconds),
    )]
}
