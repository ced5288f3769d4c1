//! What `cache verify` has measured, as data, as a table and in sentences.
//!
//! Pure. A ratio is to the build that filled the cache, in the same round.

use serde::Serialize;

use super::status::Reach;
use crate::{
    record::{Machine, Sample},
    sccache::{Course, Outcome, Statistics},
    stats, wording,
};

/// Where a build was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Place {
    /// The first build, with an empty cache.
    Fill,
    /// The same directory again, as in containers with one path.
    SameDirectory,
    /// A copy in another directory.
    OtherDirectory,
    /// That, with cargo's home elsewhere: another user's checkout.
    OtherHome,
}

impl Place {
    pub(super) const ALL: [Self; 4] =
        [Self::Fill, Self::SameDirectory, Self::OtherDirectory, Self::OtherHome];

    /// In words.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Fill => "clean build that fills",
            Self::SameDirectory => "the same directory",
            Self::OtherDirectory => "another directory",
            Self::OtherHome => "another user's checkout",
        }
    }
}

/// Names of crates in a sentence; JSON has all.
const SHOWN: usize = 20;

/// One build.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Built {
    pub(super) round: usize,
    pub(super) place: Place,
    /// Wall time of the whole process, seconds; CPU time without what the server compiled.
    pub(super) sample: Sample,
    /// To the build of the same round that filled.
    pub(super) ratio: Option<f64>,
    /// Units of cargo, runs of build scripts included.
    pub(super) units: usize,
    pub(super) statistics: Statistics,
    /// Crates that were compiled although they could have been in the cache.
    pub(super) missed: Vec<String>,
}

/// A whole proof.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Proof {
    pub(super) schema: u32,
    pub(super) command: &'static str,
    pub(super) workspace: String,
    pub(super) started: String,
    pub(super) machine: Machine,
    pub(super) git_head: Option<String>,
    pub(super) configuration: String,
    pub(super) sccache: String,
    pub(super) backend: &'static str,
    pub(super) location: Option<String>,
    pub(super) incremental: bool,
    pub(super) reach: Reach,
    pub(super) builds: Vec<Built>,
    /// Bytes that one fill left in the cache; none where sccache does not say it.
    pub(super) bytes: Option<u64>,
    /// Seconds of a build without the cache; only where the cache could not be used.
    pub(super) without_seconds: Option<f64>,
    /// Directory with the logs.
    pub(super) logs: String,
    pub(super) notes: Vec<String>,
}

/// Why crates of a build were not taken from the cache.
pub(super) fn missed(course: &Course) -> Vec<String> {
    course.names(|outcome| *outcome == Outcome::Miss)
}

impl Proof {
    /// Whether the cache could be used and another directory got something from it.
    pub(super) fn is_proved(&self) -> bool {
        let of = |place| self.builds.iter().filter(move |built| built.place == place);
        self.reach.ok == Some(true)
            && of(Place::OtherDirectory).count() > 0
            && of(Place::OtherDirectory).all(|built| built.statistics.hits > 0)
    }

    /// The ratios of the builds in one place.
    pub(super) fn ratios(&self, place: Place) -> Vec<f64> {
        self.builds
            .iter()
            .filter(|built| built.place == place)
            .filter_map(|built| built.ratio)
            .collect()
    }

    /// The table and the sentences.
    pub(super) fn text(&self) -> String {
        let head = ["", "wall", "ratio", "hits", "misses", "rate", "uncached", "failed"];
        let mut rows = vec![head.map(str::to_owned)];
        for built in &self.builds {
            let Statistics { hits, misses, not_cacheable, errors, hit_rate, .. } =
                &built.statistics;
            rows.push([
                built.place.title().to_owned(),
                wording::seconds(built.sample.value),
                built.ratio.map_or_else(|| "1".to_owned(), |ratio| format!("{ratio:.2}")),
                hits.to_string(),
                misses.to_string(),
                hit_rate.map_or_else(|| "–".to_owned(), |rate| format!("{:.0} %", rate * 100.0)),
                not_cacheable.to_string(),
                errors.to_string(),
            ]);
        }
        let mut table = match self.builds.is_empty() {
            true => Vec::new(),
            false => wording::aligned(&rows, |column| column == 0),
        };
        table.push(String::new());
        let mut out = Vec::new();
        out.push(format!("storage: {}", self.reach.text));
        if let Some(seconds) = self.without_seconds {
            out.push(format!(
                "without the cache the build works and takes {}",
                wording::seconds(seconds)
            ));
        }
        if let Some(bytes) = self.bytes {
            out.push(format!("one clean build leaves {} in the cache", wording::si_bytes(bytes)));
        }
        for place in [Place::SameDirectory, Place::OtherDirectory, Place::OtherHome] {
            let ratios = self.ratios(place);
            if let (Some(median), [_, _, ..]) = (stats::median(&ratios), ratios.as_slice()) {
                out.push(format!(
                    "{}: {median:.2} of the first build (median of {})",
                    place.title(),
                    ratios.len()
                ));
            }
        }
        let last = |place| self.builds.iter().rev().find(|built: &&Built| built.place == place);
        for place in [Place::OtherDirectory, Place::OtherHome] {
            if let Some(built) = last(place).filter(|built| !built.missed.is_empty()) {
                let more = built.missed.len().saturating_sub(SHOWN);
                let shown = built.missed[..built.missed.len() - more].join(", ");
                let more = if more > 0 { format!(" and {more} more") } else { String::new() };
                out.push(format!("compiled again in {}: {shown}{more}", place.title()));
            }
        }
        if let Some(built) = last(Place::OtherDirectory) {
            out.extend(
                built
                    .statistics
                    .reasons_in_words()
                    .into_iter()
                    .map(|reason| format!("never cached: {reason}")),
            );
        }
        out.extend(self.notes.iter().cloned());
        table.extend(out.iter().map(|sentence| wording::folded(sentence, 0)));
        table.join("\n")
    }
}

/// Sets the ratio of each build to the fill of its round.
pub(super) fn with_ratios(mut builds: Vec<Built>) -> Vec<Built> {
    let fills: Vec<(usize, f64)> = builds
        .iter()
        .filter(|built| built.place == Place::Fill)
        .map(|built| (built.round, built.sample.value))
        .collect();
    for built in builds.iter_mut().filter(|built| built.place != Place::Fill) {
        let fill = fills.iter().find(|(round, seconds)| *round == built.round && *seconds > 0.0);
        built.ratio = fill.map(|(_, seconds)| built.sample.value / seconds);
    }
    builds
}

#[cfg(test)]
mod tests;
