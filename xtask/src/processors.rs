//! The processors that this program and everything it starts may use, and the limit of `--cores`.
//!
//! On Linux the limit binds children to so many processors; elsewhere it only limits cargo's jobs.

use std::{
    num::NonZeroUsize,
    sync::atomic::{AtomicUsize, Ordering},
};

use anyhow::{Result, bail};

/// The limit in force; 0 is none.
static LIMIT: AtomicUsize = AtomicUsize::new(0);

/// The limit in force, if there is one.
pub(crate) fn limit() -> Option<usize> {
    Some(LIMIT.load(Ordering::Relaxed)).filter(|limit| *limit > 0)
}

/// Processors that builds may use.
pub(crate) fn count() -> usize {
    let available = std::thread::available_parallelism().map_or(1, usize::from);
    limit().map_or(available, |limit| limit.min(available))
}

/// Limits this thread and every process that it starts from now on. Says what a reader must know of it.
///
/// # Errors
/// When the machine has fewer processors, or the operating system refuses.
pub(crate) fn restrict(cores: Option<NonZeroUsize>) -> Result<Option<String>> {
    let Some(cores) = cores.map(NonZeroUsize::get) else { return Ok(None) };
    let available = count();
    if cores > available {
        bail!(
            "`--cores {cores}` asks for more processors than the {available} that this machine lends to this \
             program\nhint: measure on a machine with {cores}, or name {available} or fewer"
        );
    }
    LIMIT.store(cores, Ordering::Relaxed);
    if bind(cores)? {
        return Ok(Some(format!(
            "measured on {cores} of {available} processors: cargo's jobs and the processors of every process \
             are limited"
        )));
    }
    Ok(Some(format!(
        "measured with {cores} jobs on {available} processors: this system cannot bind processes to processors, so \
         that rustc's own threads may use more"
    )))
}

/// Binds this thread, and with it every process that it starts, to the first processors of those allowed.
#[cfg(target_os = "linux")]
fn bind(cores: usize) -> Result<bool> {
    use anyhow::Context as _;
    use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
    let allowed = sched_getaffinity(None).context("failed to read which processors may be used")?;
    let mut chosen = CpuSet::new();
    let numbers = (0..CpuSet::MAX_CPU).filter(|number| allowed.is_set(*number));
    numbers.take(cores).for_each(|number| chosen.set(number));
    sched_setaffinity(None, &chosen)
        .with_context(|| format!("failed to limit this program to {cores} processors"))?;
    Ok(true)
}

#[cfg(not(target_os = "linux"))]
fn bind(_cores: usize) -> Result<bool> {
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_processors_than_there_are_cannot_be_had() {
        let many = NonZeroUsize::new(count() + 1);
        let error = restrict(many).unwrap_err().to_string();
        assert!(error.contains("hint: "), "{error}");
        assert_eq!(limit(), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_thread_and_what_it_starts_are_bound() {
        let bound = std::thread::spawn(|| {
            bind(1).unwrap();
            std::thread::available_parallelism().map_or(0, usize::from)
        });
        assert_eq!(bound.join().unwrap(), 1);
    }
}
