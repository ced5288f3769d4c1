//! How far the work on a directory has come, and the wish that it stop.
//!
//! Whoever works counts here, a directory or a batch of files at a time; whoever waits for it looks.

use std::{
    sync::{
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::Duration,
};

/// Counters that several threads add to.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    files: AtomicU64,
    bytes: AtomicU64,
    stop: AtomicBool,
}

impl Progress {
    /// Files that were counted or deleted.
    pub(crate) fn files(&self) -> u64 {
        self.files.load(Ordering::Relaxed)
    }

    /// Their apparent size.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Asks the work to stop. It does soon: within a batch of files.
    pub(crate) fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Whether the work was asked to stop.
    pub(crate) fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    pub(super) fn add(&self, files: u64, bytes: u64) {
        self.files.fetch_add(files, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Does some work in another thread while this one looks at it, as often as `pause` says: shows how far it is, or
    /// [stops](Progress::stop) it.
    pub(crate) fn watched<T: Send>(
        &self,
        pause: Duration,
        mut look: impl FnMut(&Self),
        work: impl FnOnce(&Self) -> T + Send,
    ) -> T {
        let (tell, told) = mpsc::channel();
        thread::scope(|scope| {
            scope.spawn(move || {
                // The receiver waits for this.
                let _ = tell.send(work(self));
            });
            loop {
                match told.recv_timeout(pause) {
                    Ok(done) => break done,
                    Err(RecvTimeoutError::Timeout) => look(self),
                    Err(RecvTimeoutError::Disconnected) => panic!("the work has panicked"),
                }
            }
        })
    }
}
