//! What measured seconds are worth in a year to those who build: the return on a run.
//!
//! Pure. Only differences that were called count; what nobody measured is worth nothing here.

use crate::{
    cli::TeamFlags,
    record::{Measurement, Quantity, Return, ReturnRow, Spent, Team},
    wording,
};

/// The team where no flag names one. People, builds and rate are those of the documents of the replaced
/// script; the 220 working days a year are an assumption of this tool.
const ASSUMED: Team =
    Team { people: 5, builds_per_day: 50, hourly_rate: 100.0, working_days_per_year: 220 };

const SECONDS_PER_HOUR: f64 = 3600.0;

/// How the figures of a row come about.
const FORMULA: &str = "hours per year = seconds saved per build * builds per day and person * people * working \
     days per year / 3600; value per year = hours per year * hourly rate; builds to pay back = wall seconds of \
     the run / seconds saved per build";

/// The team that the flags describe.
pub(crate) fn team(flags: &TeamFlags) -> Team {
    adjusted(ASSUMED, flags)
}

/// A team, with what the flags say of it.
pub(crate) fn adjusted(team: Team, flags: &TeamFlags) -> Team {
    Team {
        people: flags.team_size.unwrap_or(team.people),
        builds_per_day: flags.builds_per_day.unwrap_or(team.builds_per_day),
        hourly_rate: flags.hourly_rate.unwrap_or(team.hourly_rate),
        working_days_per_year: team.working_days_per_year,
    }
}

/// The return on a run, a row for each kind of timed build; `None` where nothing was timed.
pub(crate) fn of(measurements: &[Measurement], spent: Option<Spent>, team: Team) -> Option<Return> {
    let timed = measurements.iter().filter(|row| row.unit == Quantity::Seconds);
    let rows: Vec<ReturnRow> = timed.map(|measurement| row(measurement, spent, team)).collect();
    (!rows.is_empty()).then(|| Return { team, formula: FORMULA.to_owned(), rows })
}

fn row(measurement: &Measurement, spent: Option<Spent>, team: Team) -> ReturnRow {
    let saved = match measurement.call.as_str() {
        "better" | "worse" => measurement.baseline - measurement.candidate,
        _ => 0.0,
    };
    let builds_per_year = f64::from(team.builds_per_day)
        * f64::from(team.people)
        * f64::from(team.working_days_per_year);
    let hours = saved * builds_per_year / SECONDS_PER_HOUR;
    let builds = spent.filter(|_| saved > 0.0).map(|spent| spent.wall_seconds / saved);
    ReturnRow {
        what: measurement.what.clone(),
        seconds_saved_per_build: saved,
        hours_per_year: hours,
        value_per_year: hours * team.hourly_rate,
        builds_to_pay_back: builds.filter(|builds| builds.is_finite()),
    }
}

/// What must not be read into a return.
pub(crate) const CAUTION: &str = "each line assumes that every build of the year were of its kind: the lines of \
    clean builds are upper bounds, since most builds of a day are incremental, and the lines must not be added up";

/// The return in sentences: for whom, what must not be read into it, a line for each row, the formula.
pub(crate) fn sentences(worth: &Return) -> Vec<String> {
    let Team { people, builds_per_day, hourly_rate, working_days_per_year } = worth.team;
    let people = if people == 1 { "1 person".to_owned() } else { format!("{people} people") };
    let builds = wording::count(builds_per_day as usize, "build");
    let days = wording::count(working_days_per_year as usize, "working day");
    let head = format!(
        "return on the run, from measured seconds, for {people} with {builds} a day each, {hourly_rate} an hour \
         and {days} a year"
    );
    let rows = worth.rows.iter().map(sentence);
    let formula = format!("formula: {}", worth.formula);
    [head, CAUTION.to_owned()].into_iter().chain(rows).chain([formula]).collect()
}

fn sentence(row: &ReturnRow) -> String {
    let kind = match row.what.as_str() {
        "clean-dev" => "a clean dev build",
        "clean-release" => "a clean release build",
        "incremental-core" => "a rebuild after an edit in the core member",
        "incremental-leaf" => "a rebuild after an edit in the leaf member",
        other => other,
    };
    let saved = row.seconds_saved_per_build;
    let (hours, value) = (row.hours_per_year.abs(), row.value_per_year.abs());
    let seconds = wording::seconds(saved.abs());
    if saved > 0.0 {
        let back = row.builds_to_pay_back.map_or_else(String::new, |builds| {
            let builds = wording::count(builds.ceil() as usize, "build");
            format!("; the time that the run took is back after {builds} of one person")
        });
        format!(
            "if every build were {kind}: {seconds} saved each, {hours:.1} hours or {value:.0} a year{back}"
        )
    } else if saved < 0.0 {
        format!(
            "if every build were {kind}: {seconds} lost each, it costs {hours:.1} hours or {value:.0} a year and \
             never pays back"
        )
    } else {
        format!("if every build were {kind}: no difference was measured, so nothing is saved")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Samples;

    const NO_FLAGS: TeamFlags =
        TeamFlags { team_size: None, builds_per_day: None, hourly_rate: None };

    const SPENT: Option<Spent> = Some(Spent { wall_seconds: 720.0, cargo_seconds: 700.0 });

    fn measurement(what: &str, baseline: f64, candidate: f64, call: &str) -> Measurement {
        let is_count = what == "units";
        Measurement {
            what: what.to_owned(),
            unit: if is_count { Quantity::Count } else { Quantity::Seconds },
            baseline,
            candidate,
            ratio: None,
            samples: Samples::default(),
            call: call.to_owned(),
            expected: None,
        }
    }

    /// The only row, for a team.
    fn row_for(team: Team, baseline: f64, candidate: f64, call: &str) -> ReturnRow {
        let rows = of(&[measurement("clean-dev", baseline, candidate, call)], SPENT, team);
        rows.unwrap().rows.remove(0)
    }

    #[test]
    fn a_saving_is_worth_hours_and_money_and_pays_back() {
        let row = row_for(team(&NO_FLAGS), 65.0, 29.0, "better");
        assert_eq!(row.what, "clean-dev");
        assert_eq!(row.seconds_saved_per_build, 36.0);
        // 36 s * 50 builds * 5 people * 220 days.
        assert_eq!(row.hours_per_year, 550.0);
        assert_eq!(row.value_per_year, 55_000.0);
        assert_eq!(row.builds_to_pay_back, Some(20.0));
        let said = sentence(&row);
        assert!(said.contains("36.0 s saved each, 550.0 hours or 55000 a year"), "{said}");
        assert!(said.contains("back after 20 builds"), "{said}");
    }

    #[test]
    fn a_difference_that_was_not_called_saves_nothing_and_never_pays_back() {
        for call in ["same", "not measured"] {
            let row = row_for(team(&NO_FLAGS), 65.0, 64.0, call);
            assert_eq!((row.seconds_saved_per_build, row.hours_per_year), (0.0, 0.0));
            assert_eq!((row.value_per_year, row.builds_to_pay_back), (0.0, None));
            assert!(sentence(&row).contains("nothing is saved"), "{}", sentence(&row));
        }
    }

    #[test]
    fn a_slower_build_costs_time_and_that_is_said() {
        let row = row_for(team(&NO_FLAGS), 29.0, 65.0, "worse");
        assert_eq!(row.seconds_saved_per_build, -36.0);
        assert_eq!((row.hours_per_year, row.value_per_year), (-550.0, -55_000.0));
        assert_eq!(row.builds_to_pay_back, None);
        let said = sentence(&row);
        assert!(said.contains("36.0 s lost each, it costs 550.0 hours or 55000 a year"), "{said}");
        assert!(said.contains("never pays back"), "{said}");
    }

    #[test]
    fn without_people_a_year_is_worth_nothing_but_a_build_still_pays() {
        let nobody = team(&TeamFlags { team_size: Some(0), ..NO_FLAGS });
        let row = row_for(nobody, 65.0, 29.0, "better");
        assert_eq!((row.hours_per_year, row.value_per_year), (0.0, 0.0));
        assert_eq!(row.builds_to_pay_back, Some(20.0));
    }

    #[test]
    fn what_the_run_took_must_be_known_to_say_when_it_is_paid_back() {
        let rows = [measurement("clean-dev", 65.0, 29.0, "better")];
        let worth = of(&rows, None, team(&NO_FLAGS)).unwrap();
        assert_eq!(worth.rows[0].builds_to_pay_back, None);
        assert_eq!(worth.rows[0].hours_per_year, 550.0);
    }

    #[test]
    fn only_timed_rows_count() {
        let units = measurement("units", 244.0, 144.0, "better");
        assert_eq!(of(std::slice::from_ref(&units), SPENT, team(&NO_FLAGS)), None);
        let both = [units, measurement("incremental-core", 5.0, 3.0, "better")];
        let worth = of(&both, SPENT, team(&NO_FLAGS)).unwrap();
        assert_eq!(worth.rows.len(), 1);
        assert_eq!(worth.rows[0].what, "incremental-core");
    }

    #[test]
    fn flags_replace_what_they_name_and_leave_the_rest() {
        let defaults = team(&NO_FLAGS);
        assert_eq!((defaults.people, defaults.builds_per_day), (5, 50));
        assert_eq!((defaults.hourly_rate, defaults.working_days_per_year), (100.0, 220));
        let recorded = Team { people: 3, ..defaults };
        let flags = TeamFlags { hourly_rate: Some(80.0), ..NO_FLAGS };
        assert_eq!(adjusted(recorded, &flags), Team { hourly_rate: 80.0, ..recorded });
    }

    #[test]
    fn the_sentences_say_what_they_assume() {
        let rows = [
            measurement("clean-dev", 65.0, 29.0, "better"),
            measurement("incremental-leaf", 1.6, 1.6, "same"),
        ];
        let said = sentences(&of(&rows, SPENT, team(&NO_FLAGS)).unwrap());
        assert_eq!(said.len(), 2 + rows.len() + 1);
        assert!(said[0].contains("5 people with 50 builds a day each, 100 an hour"), "{}", said[0]);
        assert!(said[0].contains("220 working days"), "{}", said[0]);
        assert!(said[1].contains("every build") && said[1].contains("upper bound"), "{}", said[1]);
        assert!(said[1].contains("incremental"), "{}", said[1]);
        assert!(said[4].contains("/ 3600"), "{}", said[4]);
    }
}
