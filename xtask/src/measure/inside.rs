//! What the builds and the graphs of both sides look like from the inside: timelines, duplicates, disk.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use cargo_metadata::Metadata;

use super::{Profile, Readings, Role, Sides};
use crate::{
    graph, processors,
    record::{DiskPart, Record, Timeline},
    snapshot::Snapshot,
    timings::{self, Timings},
};

/// Fills in what lies inside; the metadata are of baseline and candidate, for the host.
pub(crate) fn look_inside(
    snapshot: &Snapshot,
    sides: &Sides,
    (before, after): (&Metadata, &Metadata),
    record: &mut Record,
) {
    let cores = snapshot.machine.cores;
    record.timelines = timelines(Role::Baseline, &sides.baseline, cores, before);
    record.timelines.extend(timelines(Role::Candidate, &sides.candidate, cores, after));
    let times =
        |readings: &Readings| readings.dev_timings().map(Timings::unit_times).unwrap_or_default();
    let new = times(&sides.candidate);
    // Where one side alone was built, it stands for both.
    let is_alone = sides.baseline.clean_dev.is_empty();
    let old = if is_alone { new.clone() } else { times(&sides.baseline) };
    record.duplicates = graph::duplicates((before, &old), (after, &new));
    record.disk = disk(sides);
}

/// The first clean build of each profile of one side, unit by unit. `metadata` is of that side, for the host.
fn timelines(role: Role, readings: &Readings, cores: usize, metadata: &Metadata) -> Vec<Timeline> {
    let profiles = [Profile::Dev, Profile::Release].into_iter().zip(&readings.first);
    let first = profiles.filter_map(|(profile, first)| Some((profile, first.as_ref()?)));
    first
        .map(|(profile, (wall, timings))| {
            let wall = Duration::from_secs_f64(*wall);
            let mut timeline =
                timings::timeline(profile.what(), role.as_str(), wall, cores, timings, metadata);
            if processors::limit().is_some() {
                // Cargo reads the load of the whole machine, of which a part only could be used.
                timeline.cpu.clear();
            }
            timeline
        })
        .collect()
}

/// Parts smaller than this share of the larger side are summed as `other`.
const SMALL_PART: f64 = 0.005;

/// The target directories of both sides by parts, largest first; empty where one was not read.
fn disk(sides: &Sides) -> Vec<DiskPart> {
    let parts = |readings: &Readings| -> Option<BTreeMap<String, u64>> {
        let [Some(dev), Some(release)] = &readings.left else { return None };
        let mut parts = dev.parts.clone();
        parts.extend(release.parts.clone());
        Some(parts)
    };
    let (Some(before), Some(after)) = (parts(&sides.baseline), parts(&sides.candidate)) else {
        return Vec::new();
    };
    let larger = before.values().sum::<u64>().max(after.values().sum()) as f64;
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let mut out: Vec<DiskPart> = Vec::new();
    let mut other = DiskPart { part: "other".to_owned(), baseline_bytes: 0, candidate_bytes: 0 };
    for name in names {
        let bytes = |side: &BTreeMap<String, u64>| side.get(name).copied().unwrap_or_default();
        let (baseline_bytes, candidate_bytes) = (bytes(&before), bytes(&after));
        if (baseline_bytes.max(candidate_bytes) as f64) < larger * SMALL_PART || name.is_empty() {
            other.baseline_bytes += baseline_bytes;
            other.candidate_bytes += candidate_bytes;
        } else {
            out.push(DiskPart { part: name.clone(), baseline_bytes, candidate_bytes });
        }
    }
    out.sort_by_key(|part| Reverse(part.baseline_bytes.max(part.candidate_bytes)));
    if other.baseline_bytes + other.candidate_bytes > 0 {
        out.push(other);
    }
    out
}
