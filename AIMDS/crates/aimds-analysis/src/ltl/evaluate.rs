//! Truth of a formula over a finite trace, bottom up: one row of truth values
//! for each subformula, so that the cost is their number times the number of
//! events. The same evaluation serves a trace that is complete and one that
//! goes on; only what lies beyond the last event differs.

use std::collections::BTreeSet;

use super::formula::Formula;

/// What is true of one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Event {
    names: BTreeSet<String>,
}

impl Event {
    /// An event with these names.
    pub fn of<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        Event {
            names: names.into_iter().map(str::to_owned).collect(),
        }
    }

    /// Adds a name.
    pub fn add(&mut self, name: &str) {
        self.names.insert(name.to_owned());
    }

    /// Whether the event has this name.
    pub fn has(&self, name: &str) -> bool {
        self.names.contains(name)
    }
}

/// A truth value; ordered so that "and" is the minimum and "or" the maximum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Truth {
    /// Whatever comes, it does not hold.
    False,
    /// It depends on what comes.
    Open,
    /// Whatever comes, it holds.
    True,
}

impl Truth {
    fn not(self) -> Truth {
        match self {
            Truth::False => Truth::True,
            Truth::Open => Truth::Open,
            Truth::True => Truth::False,
        }
    }
}

impl From<bool> for Truth {
    fn from(value: bool) -> Self {
        if value {
            Truth::True
        } else {
            Truth::False
        }
    }
}

/// Truth of what lies beyond the last event.
#[derive(Clone, Copy)]
struct Beyond {
    next: Truth,
    globally: Truth,
    finally: Truth,
}

const COMPLETE: Beyond = Beyond {
    next: Truth::False,
    globally: Truth::True,
    finally: Truth::False,
};

const GOES_ON: Beyond = Beyond {
    next: Truth::Open,
    globally: Truth::Open,
    finally: Truth::Open,
};

impl Formula {
    /// Whether a complete trace satisfies the formula. An empty trace satisfies
    /// what asks for nothing: `G a` holds, `F a` and `a` do not.
    pub fn holds(&self, trace: &[Event]) -> bool {
        match trace {
            [] => self.holds_over_nothing(),
            _ => self.row(trace, COMPLETE)[0] == Truth::True,
        }
    }

    /// What the beginning of a trace says about the whole.
    pub fn so_far(&self, trace: &[Event]) -> Truth {
        match trace {
            [] => Truth::Open,
            _ => self.row(trace, GOES_ON)[0],
        }
    }

    fn holds_over_nothing(&self) -> bool {
        match self {
            Formula::True | Formula::Globally(_) => true,
            Formula::Not(a) => !a.holds_over_nothing(),
            Formula::And(a, b) => a.holds_over_nothing() && b.holds_over_nothing(),
            Formula::Or(a, b) => a.holds_over_nothing() || b.holds_over_nothing(),
            Formula::Implies(a, b) => !a.holds_over_nothing() || b.holds_over_nothing(),
            _ => false,
        }
    }

    /// Truth at each event of a trace.
    fn row(&self, trace: &[Event], beyond: Beyond) -> Vec<Truth> {
        let of = |formula: &Formula| formula.row(trace, beyond);
        let pairs = |a: &Formula, b: &Formula, combine: fn(Truth, Truth) -> Truth| {
            let (a, b) = (of(a), of(b));
            a.into_iter().zip(b).map(|(a, b)| combine(a, b)).collect()
        };
        match self {
            Formula::True => vec![Truth::True; trace.len()],
            Formula::False => vec![Truth::False; trace.len()],
            Formula::Atom(name) => trace.iter().map(|e| e.has(name).into()).collect(),
            Formula::Not(a) => of(a).into_iter().map(Truth::not).collect(),
            Formula::And(a, b) => pairs(a, b, Truth::min),
            Formula::Or(a, b) => pairs(a, b, Truth::max),
            Formula::Implies(a, b) => pairs(a, b, |a, b| a.not().max(b)),
            Formula::Next(a) => {
                let mut row = of(a);
                row.remove(0);
                row.push(beyond.next);
                row
            }
            Formula::Globally(a) => from_the_end(of(a), beyond.globally, Truth::min),
            Formula::Finally(a) => from_the_end(of(a), beyond.finally, Truth::max),
            Formula::Until(a, b) => {
                let mut later = beyond.finally;
                let mut row: Vec<Truth> = of(a)
                    .into_iter()
                    .zip(of(b))
                    .rev()
                    .map(|(a, b)| {
                        later = b.max(a.min(later));
                        later
                    })
                    .collect();
                row.reverse();
                row
            }
        }
    }
}

fn from_the_end(
    mut row: Vec<Truth>,
    beyond: Truth,
    combine: fn(Truth, Truth) -> Truth,
) -> Vec<Truth> {
    let mut later = beyond;
    for truth in row.iter_mut().rev() {
        later = combine(*truth, later);
        *truth = later;
    }
    row
}
