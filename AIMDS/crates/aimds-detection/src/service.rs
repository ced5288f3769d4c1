//! Detection as an async service: a cache in front, a limit on how many prompts
//! are examined at once, and a deadline for each.

use std::sync::Arc;
use std::time::Duration;

use aimds_core::{DetectionConfig, Prompt, Verdict};
use tokio::sync::Semaphore;

use crate::cache::{CacheStats, ContentHash, VerdictCache};
use crate::detector::Detector;
use crate::{Error, Result};

/// A cheap handle; clones share the cache and the limit.
#[derive(Debug, Clone)]
pub struct DetectionService {
    detector: Arc<Detector>,
    cache: Arc<VerdictCache>,
    permits: Arc<Semaphore>,
    deadline: Duration,
    max_prompt_bytes: usize,
}

impl DetectionService {
    /// Compiles the rules and sets up the cache.
    pub fn new(config: &DetectionConfig) -> Result<Self> {
        Ok(DetectionService {
            detector: Arc::new(Detector::new(config)?),
            cache: Arc::new(VerdictCache::new(config.cache_entries)),
            permits: Arc::new(Semaphore::new(config.concurrency)),
            deadline: Duration::from_millis(config.timeout_ms),
            max_prompt_bytes: config.max_prompt_bytes,
        })
    }

    /// The verdict on one prompt. Has to be called within a tokio runtime with
    /// its timer enabled.
    ///
    /// # Errors
    /// [`Error::Prompt`] when the prompt is empty or too long, [`Error::Timeout`]
    /// when waiting for a turn and examining together pass the deadline.
    pub async fn examine(&self, prompt: &Prompt) -> Result<Arc<Verdict>> {
        prompt.check_length(self.max_prompt_bytes)?;
        let hash = ContentHash::of(&prompt.text);
        if let Some(verdict) = self.cache.find(hash) {
            tracing::trace!(prompt = %prompt.id, "verdict was cached");
            return Ok(verdict);
        }
        let verdict = tokio::time::timeout(self.deadline, self.examine_fresh(&prompt.text))
            .await
            .map_err(|_| Error::Timeout(self.deadline))??;
        tracing::debug!(
            prompt = %prompt.id,
            detections = verdict.detections.len(),
            "prompt examined"
        );
        self.cache.insert(hash, Arc::clone(&verdict));
        Ok(verdict)
    }

    /// Counts of the cache.
    pub fn cache_stats(&self) -> CacheStats {
        self.cache.stats()
    }

    async fn examine_fresh(&self, text: &str) -> Result<Arc<Verdict>> {
        let permit = Arc::clone(&self.permits)
            .acquire_owned()
            .await
            .map_err(|_| Error::Cancelled)?;
        let detector = Arc::clone(&self.detector);
        let text = text.to_owned();
        let examined = tokio::task::spawn_blocking(move || {
            // Held until the work ends, even where nobody waits for it any more.
            let _permit = permit;
            detector.examine(&text)
        });
        examined.await.map(Arc::new).map_err(|_| Error::Cancelled)
    }
}
