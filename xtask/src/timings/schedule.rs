//! What units that wait for each other take: the longest chain, and a simulation on any number of cores.
//!
//! Pure, in whole nanoseconds. A unit waits only for units before it in the list, so nothing here can go
//! round in a circle, and nothing recurses.

use std::{cmp::Reverse, collections::BinaryHeap};

/// A unit as work to be done. Its place in a list is what the others refer to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Work {
    /// Nanoseconds on one core.
    pub(super) takes: u128,
    /// Nanoseconds from its own start until its metadata is written, at most `takes`.
    pub(super) metadata: u128,
    /// Later units that need this one to be done.
    pub(super) unblocks: Vec<usize>,
    /// Later units that need the metadata of this one.
    pub(super) unblocks_by_metadata: Vec<usize>,
}

/// The way on from each unit that takes longest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rest {
    /// Nanoseconds from the start of the unit to the end of the last one on the way.
    pub(super) takes: Vec<u128>,
    next: Vec<Option<usize>>,
}

impl Rest {
    pub(super) fn of(works: &[Work]) -> Self {
        let mut takes = vec![0; works.len()];
        let mut next = vec![None; works.len()];
        for (unit, work) in works.iter().enumerate().rev() {
            takes[unit] = work.takes;
            let after = work.unblocks.iter().map(|later| (work.takes, *later));
            let during = work.unblocks_by_metadata.iter().map(|later| (work.metadata, *later));
            for (begun, later) in after.chain(during) {
                if begun + takes[later] > takes[unit] {
                    (takes[unit], next[unit]) = (begun + takes[later], Some(later));
                }
            }
        }
        Self { takes, next }
    }

    /// The longest chain, first unit to last; of several, the one that starts first.
    pub(super) fn critical_path(&self) -> Vec<usize> {
        let first = (0..self.takes.len()).max_by_key(|unit| (self.takes[*unit], Reverse(*unit)));
        std::iter::successors(first, |unit| self.next[*unit]).collect()
    }

    /// Length of the longest chain, nanoseconds.
    pub(super) fn critical(&self) -> u128 {
        self.takes.iter().copied().max().unwrap_or(0)
    }
}

/// Nanoseconds until all is done with one unit a core, where a free core takes the unit with the longest
/// way on among those that may start.
pub(super) fn simulate(works: &[Work], rest: &Rest, cores: usize) -> u128 {
    /// What happens to a unit; of two things at once, what is done comes first.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
    enum Event {
        Done,
        Metadata,
    }

    let mut awaits = vec![0_usize; works.len()];
    for later in
        works.iter().flat_map(|work| work.unblocks.iter().chain(&work.unblocks_by_metadata))
    {
        awaits[*later] += 1;
    }
    let priority = |unit: usize| (rest.takes[unit], Reverse(unit));
    let mut ready: BinaryHeap<(u128, Reverse<usize>)> =
        (0..works.len()).filter(|unit| awaits[*unit] == 0).map(priority).collect();
    let mut events = BinaryHeap::new();
    let (mut now, mut free) = (0, cores.max(1));
    loop {
        while free > 0 {
            let Some((_, Reverse(unit))) = ready.pop() else { break };
            free -= 1;
            events.push(Reverse((now + works[unit].takes, Event::Done, unit)));
            events.push(Reverse((now + works[unit].metadata, Event::Metadata, unit)));
        }
        let Some(Reverse((at, ..))) = events.peek().copied() else { return now };
        now = at;
        while let Some(Reverse((at, event, unit))) = events.peek().copied() {
            if at > now {
                break;
            }
            events.pop();
            let unblocked = match event {
                Event::Done => {
                    free += 1;
                    &works[unit].unblocks
                }
                Event::Metadata => &works[unit].unblocks_by_metadata,
            };
            for later in unblocked {
                awaits[*later] -= 1;
                if awaits[*later] == 0 {
                    ready.push(priority(*later));
                }
            }
        }
    }
}

/// Numbers of cores and the nanoseconds of a simulation with each.
///
/// A larger number may come out slower, because a schedule that starts whatever it can is not the best
/// one (Graham 1969, "Bounds on multiprocessing timing anomalies"). Cores can be left idle, so the
/// result with fewer holds for it as well.
pub(super) fn with_cores(works: &[Work], rest: &Rest, numbers: &[usize]) -> Vec<(usize, u128)> {
    let mut numbers = numbers.to_vec();
    numbers.sort_unstable();
    numbers.dedup();
    let mut best = u128::MAX;
    let simulated = numbers.into_iter().map(|cores| {
        best = best.min(simulate(works, rest, cores));
        (cores, best)
    });
    simulated.collect()
}

#[cfg(test)]
mod tests;
