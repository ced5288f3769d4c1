//! Threads that share out work which turns up while it is done.
//!
//! Work is handed over only where somebody has nothing to do. So what waits is never more than there are threads, and
//! a thread is started only when there is something for it.

use std::{
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{
        Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread::{self, Scope},
};

/// Threads at most. Each has some directories open, of the 256 files that a process may often have; and in one
/// directory the system lets one at a time make or remove a name.
const MOST: usize = 16;

/// What the threads of a crew do.
pub(super) trait Trade: Sync {
    type Job: Send;

    /// Does a job. Parts of it may be given to [`Crew`] while it [is idle](Crew::is_idle).
    fn work(&self, job: Self::Job, crew: &dyn Crew<Self::Job>);
}

/// The other threads, as seen by one that works.
pub(super) trait Crew<J> {
    /// Whether somebody has nothing to do and nothing was given for them yet.
    fn is_idle(&self) -> bool;
    fn give(&self, job: J);
}

/// Does a job with as many threads as processors may be used, this one among them, and whatever comes of it.
pub(super) fn employ<T: Trade>(trade: &T, job: T::Job, threads: usize) {
    let shared = Shared {
        threads: threads.clamp(1, MOST),
        idle: AtomicUsize::new(0),
        state: Mutex::new(State { jobs: vec![job], started: 1, waiting: 0, is_over: false }),
        news: Condvar::new(),
    };
    thread::scope(|scope| Hand { scope, trade, shared: &shared }.serve());
}

/// Locks what the threads of a crew share. If one of them panicked, so does who employs them, and nobody sees the data.
pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[derive(Debug)]
struct Shared<J> {
    threads: usize,
    /// What [`Shared::count_idle`] found last, to be asked often without the lock.
    idle: AtomicUsize,
    state: Mutex<State<J>>,
    news: Condvar,
}

#[derive(Debug)]
struct State<J> {
    jobs: Vec<J>,
    started: usize,
    waiting: usize,
    is_over: bool,
}

impl<J> Shared<J> {
    fn state(&self) -> MutexGuard<'_, State<J>> {
        locked(&self.state)
    }

    /// Threads that wait or were not started yet, beyond those for whom there is a job.
    fn count_idle(&self, state: &State<J>) {
        let idle = self.threads - state.started + state.waiting;
        self.idle.store(idle.saturating_sub(state.jobs.len()), Ordering::Relaxed);
    }

    /// A job; `None` once all threads wait for one.
    fn next(&self) -> Option<J> {
        let mut state = self.state();
        loop {
            if let Some(job) = state.jobs.pop() {
                self.count_idle(&state);
                return Some(job);
            }
            if state.is_over || state.waiting + 1 == state.started {
                self.end(&mut state);
                return None;
            }
            state.waiting += 1;
            self.count_idle(&state);
            state = self.news.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.waiting -= 1;
        }
    }

    fn end(&self, state: &mut State<J>) {
        state.is_over = true;
        self.news.notify_all();
    }
}

/// One of the threads.
struct Hand<'scope, 'env, T: Trade> {
    scope: &'scope Scope<'scope, 'env>,
    trade: &'env T,
    shared: &'env Shared<T::Job>,
}

impl<T: Trade> Hand<'_, '_, T> {
    fn serve(&self) {
        while let Some(job) = self.shared.next() {
            let done = catch_unwind(AssertUnwindSafe(|| self.trade.work(job, self)));
            if let Err(panic) = done {
                let mut state = self.shared.state();
                state.jobs.clear();
                self.shared.end(&mut state);
                drop(state);
                resume_unwind(panic);
            }
        }
    }
}

impl<T: Trade> Crew<T::Job> for Hand<'_, '_, T> {
    fn is_idle(&self) -> bool {
        self.shared.idle.load(Ordering::Relaxed) > 0
    }

    fn give(&self, job: T::Job) {
        let mut state = self.shared.state();
        state.jobs.push(job);
        if state.waiting == 0 && state.started < self.shared.threads {
            state.started += 1;
            let Self { scope, trade, shared } = *self;
            let started = thread::Builder::new()
                .spawn_scoped(scope, move || Hand { scope, trade, shared }.serve());
            // Then somebody else does it.
            state.started -= usize::from(started.is_err());
        }
        self.shared.count_idle(&state);
        drop(state);
        self.shared.news.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A job of so many parts, each of which is handed over if somebody is idle.
    struct Halving {
        done: AtomicUsize,
        waiting: AtomicUsize,
        most_waiting: AtomicUsize,
        fails_at: Option<usize>,
    }

    impl Halving {
        fn new(fails_at: Option<usize>) -> Self {
            let [done, waiting, most_waiting] = [0; 3].map(AtomicUsize::new);
            Self { done, waiting, most_waiting, fails_at }
        }
    }

    impl Trade for Halving {
        type Job = usize;

        fn work(&self, mut parts: usize, crew: &dyn Crew<usize>) {
            self.waiting.fetch_sub(1, Ordering::SeqCst);
            while parts > 0 {
                if crew.is_idle() && parts > 1 {
                    let waiting = self.waiting.fetch_add(1, Ordering::SeqCst) + 1;
                    self.most_waiting.fetch_max(waiting, Ordering::SeqCst);
                    crew.give(parts / 2);
                    parts -= parts / 2;
                }
                let done = self.done.fetch_add(1, Ordering::SeqCst);
                assert!(self.fails_at.is_none_or(|last| done < last), "it fails");
                parts -= 1;
            }
        }
    }

    #[test]
    fn all_is_done_once_and_little_waits() {
        for threads in [1, 2, 5, 16] {
            let halving = Halving::new(None);
            halving.waiting.store(1, Ordering::SeqCst);
            employ(&halving, 20_000, threads);
            assert_eq!(halving.done.into_inner(), 20_000);
            // Each thread may see the same idle one before any of them has given.
            assert!(halving.most_waiting.into_inner() <= 2 * threads);
        }
    }

    #[test]
    fn a_panic_ends_the_others_and_is_passed_on() {
        let halving = Halving::new(Some(500));
        halving.waiting.store(1, Ordering::SeqCst);
        let result = catch_unwind(AssertUnwindSafe(|| employ(&halving, 20_000, 4)));
        assert!(result.is_err());
        assert!(halving.done.into_inner() < 20_000);
    }
}
