//! Progress while something runs: a live line on a terminal, or a whole line now and then.
//!
//! Whoever counts is never held up: a count is one short lock, and drawing happens in threads of its own.

use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        mpsc::{self, RecvTimeoutError, Sender},
    },
    thread,
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use super::{Shell, VERB_COLUMNS};
use crate::wording::{self, visible};

/// Time between two lines of `--progress plain`.
const PAUSE: Duration = Duration::from_secs(10);

/// Before so much time has gone, the pace of a build says nothing about its rest.
const FIRST_ESTIMATE: Duration = Duration::from_secs(3);

/// Columns behind the verb, of a terminal of [`wording::COLUMNS`]; the last one stays free.
const LINE: usize = wording::COLUMNS - VERB_COLUMNS - 2;

/// How progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Live {
    Nothing,
    /// One line that is drawn again and again.
    Line,
    /// A line every [`PAUSE`] and at the end.
    Plain,
}

/// What an estimate rests on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Expected {
    /// Units of the same build of the other copy, or of an earlier one.
    pub(crate) units: usize,
    /// How long that took; none where it did not start from the same state.
    pub(crate) wall: Option<Duration>,
}

/// Work that is counted as it goes on.
pub(crate) struct Progress {
    state: Arc<Mutex<State>>,
    shown: Shown,
}

enum Shown {
    Nothing,
    Line(ProgressBar),
    /// The thread that prints ends when this is dropped.
    Plain(Shell, Option<Sender<()>>),
}

/// How far it is.
#[derive(Debug, Clone)]
struct State {
    verb: String,
    what: String,
    /// What is counted; none where nothing is.
    noun: Option<&'static str>,
    done: usize,
    /// Of those done, how many took no time.
    fresh: usize,
    expected: Option<Expected>,
    /// What it is at, for instance a crate.
    at: String,
    started: Instant,
}

impl Progress {
    /// One more unit, with the name of its crate if it has one; `fresh` if there was nothing to do for it.
    pub(crate) fn unit(&self, name: Option<&str>, fresh: bool) {
        if matches!(self.shown, Shown::Nothing) {
            return;
        }
        let mut state = locked(&self.state);
        state.done += 1;
        state.fresh += usize::from(fresh);
        if let Some(name) = name {
            name.clone_into(&mut state.at);
        }
    }

    /// So many more steps.
    pub(crate) fn inc(&self, steps: usize) {
        locked(&self.state).done += steps;
    }

    /// What it is at.
    pub(crate) fn set_message(&self, at: impl Into<String>) {
        if !matches!(self.shown, Shown::Nothing) {
            locked(&self.state).at = at.into();
        }
    }

    /// Takes a live line away; a plain one says what it came to.
    pub(crate) fn finish_and_clear(mut self) {
        match &mut self.shown {
            Shown::Nothing => {}
            Shown::Line(bar) => bar.finish_and_clear(),
            Shown::Plain(shell, ticks) => {
                *ticks = None;
                let state = locked(&self.state).clone();
                shell.status(&state.verb, state.ended(state.started.elapsed()));
            }
        }
    }
}

fn locked(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shell {
    /// Progress of work on units. `expected`: of how many, where an earlier build says so.
    pub(crate) fn progress(&self, verb: &str, what: &str, expected: Option<Expected>) -> Progress {
        self.started(verb, what, Some("units"), expected)
    }

    /// Progress of steps of which there are so many.
    pub(crate) fn steps(&self, verb: &str, what: &str, total: usize) -> Progress {
        self.started(verb, what, Some(""), Some(Expected { units: total, wall: None }))
    }

    /// Progress of work of which nobody knows how much there is: [`Progress::set_message`] says how far it has come.
    pub(crate) fn activity(&self, verb: &str, what: &str) -> Progress {
        self.started(verb, what, None, None)
    }

    fn started(
        &self,
        verb: &str,
        what: &str,
        noun: Option<&'static str>,
        expected: Option<Expected>,
    ) -> Progress {
        let state = Arc::new(Mutex::new(State {
            verb: verb.to_owned(),
            what: what.to_owned(),
            noun,
            done: 0,
            fresh: 0,
            expected: expected.filter(|expected| expected.units > 0),
            at: String::new(),
            started: Instant::now(),
        }));
        let shown = match self.live {
            Live::Nothing => Shown::Nothing,
            Live::Line => Shown::Line(self.drawn(verb, &state)),
            Live::Plain => {
                let (ticks, told) = mpsc::channel::<()>();
                let (shell, state) = (self.clone(), Arc::clone(&state));
                // Without a thread nothing is said until the end.
                let _ = thread::Builder::new().spawn(move || {
                    while told.recv_timeout(PAUSE) == Err(RecvTimeoutError::Timeout) {
                        let state = locked(&state).clone();
                        shell.status(&state.verb, state.line(state.started.elapsed()));
                    }
                });
                Shown::Plain(self.clone(), Some(ticks))
            }
        };
        Progress { state, shown }
    }

    fn drawn(&self, verb: &str, state: &Arc<Mutex<State>>) -> ProgressBar {
        let bar = ProgressBar::no_length();
        bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(8));
        let state = Arc::clone(state);
        let line = move |_: &ProgressState, out: &mut dyn fmt::Write| {
            let state = locked(&state).clone();
            // It is drawn again in a moment.
            let _ = out.write_str(&state.line(state.started.elapsed()));
        };
        let style = ProgressStyle::with_template("{prefix} {line}");
        bar.set_style(style.expect("the template is well-formed").with_key("line", line));
        bar.set_prefix(self.paint("1;36", &format!("{verb:>VERB_COLUMNS$}")));
        bar.enable_steady_tick(Duration::from_millis(250));
        bar
    }
}

impl State {
    /// `baseline: 87/214 units, aimds-core, 0:31, about 0:45 left`, on one line of [`LINE`] columns.
    fn line(&self, elapsed: Duration) -> String {
        let count = self.noun.map(|noun| match self.expected {
            Some(expected) => format!("{}/{} {noun}", self.done, expected.units.max(self.done)),
            None => format!("{} {noun}", self.done),
        });
        let left = self.left(elapsed).map(|left| format!("about {} left", clock(left)));
        let around = |at: Option<String>| {
            let count = count.as_ref().map(|count| count.trim_end().to_owned());
            let parts = [count, at, Some(clock(elapsed)), left.clone()];
            let parts: Vec<String> = parts.into_iter().flatten().collect();
            format!("{}: {}", self.what, parts.join(", "))
        };
        let without = around(None);
        let room = LINE.saturating_sub(without.chars().count() + 2);
        let at = wording::shortened(&on_one_line(&self.at), room);
        let line = if at.chars().count() < 2 { without } else { around(Some(at)) };
        wording::shortened(&on_one_line(&line), LINE)
    }

    /// What is said when it is done: `baseline: 214 units, 1:31`.
    fn ended(&self, elapsed: Duration) -> String {
        let count = self.noun.map(|noun| format!("{} {noun}", self.done).trim_end().to_owned());
        let at = self.noun.is_none().then(|| self.at.clone()).filter(|at| !at.is_empty());
        let parts: Vec<String> = [count, at, Some(clock(elapsed))].into_iter().flatten().collect();
        format!("{}: {}, done", self.what, parts.join(", "))
    }

    /// How long the rest takes, if something says so: the pace of this build, and more and more of it the further it
    /// is, and before that the length of the earlier one.
    fn left(&self, elapsed: Duration) -> Option<Duration> {
        let Expected { units, wall } = self.expected?;
        let rest = units.checked_sub(self.done).filter(|rest| *rest > 0)?;
        let compiled = self.done.saturating_sub(self.fresh);
        let share = rest as f64 / units as f64;
        match wall {
            Some(wall) => Some((wall.mul_f64(share) + elapsed).mul_f64(share)),
            None if compiled > 0 && elapsed >= FIRST_ESTIMATE => {
                Some(elapsed.mul_f64(rest as f64 / compiled as f64))
            }
            None => None,
        }
    }
}

/// Names come from others, and a live line has no second one.
fn on_one_line(text: &str) -> String {
    visible(text).replace(['\n', '\t'], " ")
}

/// `0:31`, `12:05`, `1:02:03`.
fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match hours {
        0 => format!("{minutes}:{seconds:02}"),
        hours => format!("{hours}:{minutes:02}:{seconds:02}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(done: usize, expected: Option<Expected>) -> State {
        State {
            verb: "Checking".to_owned(),
            what: "baseline".to_owned(),
            noun: Some("units"),
            done,
            fresh: 0,
            expected,
            at: "aimds-core".to_owned(),
            started: Instant::now(),
        }
    }

    const fn units(units: usize) -> Option<Expected> {
        Some(Expected { units, wall: None })
    }

    #[test]
    fn a_line_says_crate_count_time_and_rest() {
        let line = state(100, units(200)).line(Duration::from_secs(31));
        assert_eq!(line, "baseline: 100/200 units, aimds-core, 0:31, about 0:31 left");
        let line = state(87, None).line(Duration::from_secs(3671));
        assert_eq!(line, "baseline: 87 units, aimds-core, 1:01:11");
    }

    #[test]
    fn an_estimate_rests_on_something() {
        let left = |state: State, seconds| state.left(Duration::from_secs(seconds));
        assert_eq!(left(state(10, None), 60), None);
        assert_eq!(left(state(10, units(20)), 1), None);
        assert_eq!(left(state(20, units(20)), 60), None);
        let fresh = State { fresh: 10, ..state(10, units(20)) };
        assert_eq!(left(fresh, 60), None);
        let earlier = Some(Expected { units: 20, wall: Some(Duration::from_secs(40)) });
        assert_eq!(left(state(0, earlier), 0), Some(Duration::from_secs(40)));
        assert_eq!(left(state(10, earlier), 20), Some(Duration::from_secs(20)));
    }

    #[test]
    fn a_line_fits_a_terminal_whatever_the_names_are() {
        let mut long = state(100, units(200));
        long.at = "a-crate-with-a-name-that-goes-on-and-on-and-on".to_owned();
        let line = long.line(Duration::from_secs(31));
        assert!(line.chars().count() <= LINE && line.contains("a-crate"), "{line}");
        assert!(line.ends_with("0:31, about 0:31 left"), "{line}");
        long.what = "x\x1b[2J\n".repeat(30);
        let line = long.line(Duration::from_secs(31));
        assert!(line.chars().count() <= LINE && !line.contains(['\x1b', '\n']), "{line}");
    }

    #[test]
    fn steps_and_activities_are_counted_in_their_own_way() {
        let mut steps = State { noun: Some(""), ..state(3, units(12)) };
        steps.at = String::new();
        assert_eq!(steps.line(Duration::from_secs(1)), "baseline: 3/12, 0:01");
        let activity = State { noun: None, ..state(0, None) };
        assert_eq!(activity.line(Duration::from_secs(1)), "baseline: aimds-core, 0:01");
        assert_eq!(activity.ended(Duration::from_secs(1)), "baseline: aimds-core, 0:01, done");
        let ended = state(214, units(200)).ended(Duration::from_secs(91));
        assert_eq!(ended, "baseline: 214 units, 1:31, done");
    }
}
