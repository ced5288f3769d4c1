//! What more cores would change, and how far to believe it.
//!
//! Estimates, and every sentence says so.

use crate::{
    record::{Calibration, CoreEstimate, Timeline},
    wording,
};

/// Share of the unit time that was processor time below which the units were held up by something else.
///
/// A policy of this tool: in a build with the machine to itself the two are nearly the same, since a unit
/// keeps about one core busy.
const HELD_UP: f64 = 0.8;

/// Share of the time that more cores have to save to be worth naming. A policy of this tool.
const WORTH_IT: f64 = 0.05;

/// What every estimate leaves out.
const LEFT_OUT: &str = "The estimates play the recorded units again, each on one core. They leave out that \
    rustc and the linker use several cores for one unit, and that cores share memory bandwidth.";

/// Estimates for other numbers of cores.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Cores {
    /// Of the build that was timed.
    pub(crate) wall_seconds: f64,
    /// Fewest cores first; the one of the machine itself is the measured wall time.
    pub(crate) estimates: Vec<CoreEstimate>,
    /// How well the simulation fits what was measured.
    pub(crate) calibration: Option<Calibration>,
    /// Cores beyond which all more of them together gain little ([`WORTH_IT`]); none where
    /// the last step still gains more.
    pub(crate) enough: Option<usize>,
    /// Sum over the units.
    pub(crate) unit_seconds: f64,
    /// User and system time of the build, where known.
    pub(crate) processor_seconds: Option<f64>,
}

impl Cores {
    /// None where nothing could be estimated.
    pub(super) fn of(timeline: &Timeline, processor_seconds: Option<f64>) -> Option<Self> {
        let estimates = timeline.estimates.clone();
        let best = estimates.last()?.seconds;
        let is_enough = |estimate: &&CoreEstimate| estimate.seconds <= best * (1.0 + WORTH_IT);
        let all_but_last = &estimates[..estimates.len() - 1];
        let enough = all_but_last.iter().find(is_enough).map(|estimate| estimate.cores);
        let calibration = timeline.calibration.filter(|own| own.simulated_seconds > 0.0);
        Some(Self {
            wall_seconds: timeline.wall_seconds,
            estimates,
            calibration,
            enough,
            unit_seconds: timeline.unit_seconds,
            processor_seconds,
        })
    }

    /// By how much the simulation missed the measured wall time, as a share of it: below 0 it was too
    /// short.
    pub(crate) fn missed_by(&self) -> Option<f64> {
        let own = self.calibration?.simulated_seconds;
        (self.wall_seconds > 0.0).then(|| own / self.wall_seconds - 1.0)
    }

    /// Processor time of units that spent much of their time without a processor; none where they did not.
    pub(crate) fn held_up(&self) -> Option<f64> {
        self.processor_seconds.filter(|used| *used < HELD_UP * self.unit_seconds)
    }

    /// The estimates in one sentence.
    pub(crate) fn estimated(&self) -> String {
        let own = self.calibration.map(|calibration| calibration.cores);
        let one = |estimate: &CoreEstimate| {
            let cores = wording::count(estimate.cores, "core");
            let measured = if Some(estimate.cores) == own { " (measured)" } else { "" };
            format!("{cores} {}{measured}", wording::seconds(estimate.seconds))
        };
        let list: Vec<String> = self.estimates.iter().map(one).collect();
        format!("Estimated wall time with other numbers of cores: {}.", list.join(", "))
    }

    /// Whether a remark is the same for every build.
    pub(crate) fn is_general(remark: &str) -> bool {
        remark == LEFT_OUT
    }

    /// What the estimates leave out, and how good they are.
    pub(crate) fn remarks(&self) -> Vec<String> {
        let mut said = Vec::new();
        said.extend(self.enough.map(|enough| {
            let cores = wording::count(enough, "core");
            format!(
                "By the same estimate, more than {cores} would gain less than {:.0} %.",
                WORTH_IT * 100.0
            )
        }));
        said.push(LEFT_OUT.to_owned());
        if let (Some(own), Some(missed)) = (self.calibration, self.missed_by()) {
            let far = if missed.abs() < 0.005 {
                "within 0.5 % of".to_owned()
            } else {
                let direction = if missed < 0.0 { "less" } else { "more" };
                format!("{:.0} % {direction} than", missed.abs() * 100.0)
            };
            said.push(format!(
                "For {} the simulation gives {}, {far} the {} that were measured; all estimates are \
                 scaled by that.",
                wording::count(own.cores, "core"),
                wording::seconds(own.simulated_seconds),
                wording::seconds(self.wall_seconds)
            ));
        }
        said.extend(self.held_up().map(|used| {
            format!(
                "Of {} of unit time only {} was processor time: the units waited for other programs or \
                 for the disk. Alone on the machine they would take less, and so would all estimates.",
                wording::seconds(self.unit_seconds),
                wording::seconds(used)
            )
        }));
        said
    }
}
