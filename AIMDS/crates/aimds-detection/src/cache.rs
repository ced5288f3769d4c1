//! Verdicts by the hash of the text they are about. The cache never holds more
//! than its capacity and never holds a text.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;

use aimds_core::Verdict;
use dashmap::DashMap;

/// BLAKE3 hash of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ContentHash([u8; 32]);

impl ContentHash {
    /// Hashes a text.
    pub fn of(text: &str) -> Self {
        ContentHash(*blake3::hash(text.as_bytes()).as_bytes())
    }
}

/// Counts since the cache was made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CacheStats {
    /// Look-ups that were answered.
    pub hits: u64,
    /// Look-ups that were not.
    pub misses: u64,
    /// Verdicts held now.
    pub entries: usize,
}

#[derive(Debug)]
struct Entry {
    verdict: Arc<Verdict>,
    /// Reading of the clock at the last use.
    used_at: u64,
}

/// A bounded cache that many threads use at once.
#[derive(Debug)]
pub struct VerdictCache {
    entries: DashMap<ContentHash, Entry>,
    capacity: usize,
    /// Counts uses; stands in for time.
    clock: AtomicU64,
    hits: AtomicU64,
    misses: AtomicU64,
}

impl VerdictCache {
    /// An empty cache; with a capacity of 0 it stays empty.
    pub fn new(capacity: usize) -> Self {
        VerdictCache {
            entries: DashMap::new(),
            capacity,
            clock: AtomicU64::new(0),
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
        }
    }

    /// The verdict on a text, if it is known.
    pub fn find(&self, hash: ContentHash) -> Option<Arc<Verdict>> {
        let now = self.tick();
        let found = self.entries.get_mut(&hash).map(|mut entry| {
            entry.used_at = now;
            Arc::clone(&entry.verdict)
        });
        let counter = if found.is_some() {
            &self.hits
        } else {
            &self.misses
        };
        counter.fetch_add(1, Ordering::Relaxed);
        found
    }

    /// Keeps a verdict, making room first where there is none.
    pub fn insert(&self, hash: ContentHash, verdict: Arc<Verdict>) {
        if self.capacity == 0 {
            return;
        }
        if self.entries.len() >= self.capacity && !self.entries.contains_key(&hash) {
            self.make_room();
        }
        let used_at = self.tick();
        self.entries.insert(hash, Entry { verdict, used_at });
    }

    /// Counts since the cache was made.
    pub fn stats(&self) -> CacheStats {
        CacheStats {
            hits: self.hits.load(Ordering::Relaxed),
            misses: self.misses.load(Ordering::Relaxed),
            entries: self.entries.len(),
        }
    }

    /// Drops the eighth that was used longest ago, so that the cost of finding
    /// it is shared by as many insertions.
    fn make_room(&self) {
        let mut uses: Vec<u64> = self.entries.iter().map(|entry| entry.used_at).collect();
        uses.sort_unstable();
        let drop_count = (self.capacity / 8).max(1).min(uses.len());
        if let Some(&newest_dropped) = drop_count.checked_sub(1).and_then(|last| uses.get(last)) {
            self.entries
                .retain(|_, entry| entry.used_at > newest_dropped);
        }
    }

    fn tick(&self) -> u64 {
        self.clock.fetch_add(1, Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(n: usize) -> ContentHash {
        ContentHash::of(&n.to_string())
    }

    #[test]
    fn the_cache_stays_within_its_capacity() {
        let cache = VerdictCache::new(16);
        for n in 0..100 {
            cache.insert(hash(n), Arc::default());
            assert!(cache.stats().entries <= 16);
        }
        assert!(cache.find(hash(99)).is_some());
        assert!(cache.find(hash(0)).is_none());
    }

    #[test]
    fn what_is_used_is_kept() {
        let cache = VerdictCache::new(8);
        for n in 0..50 {
            cache.insert(hash(n), Arc::default());
            assert!(cache.find(hash(0)).is_some(), "dropped after {n}");
        }
    }

    #[test]
    fn a_capacity_of_zero_turns_it_off() {
        let cache = VerdictCache::new(0);
        cache.insert(hash(1), Arc::default());
        assert!(cache.find(hash(1)).is_none());
        assert_eq!(cache.stats().misses, 1);
    }
}
