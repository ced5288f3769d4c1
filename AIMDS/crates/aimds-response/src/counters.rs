//! Counters by way of the `metrics` facade, and a recorder that keeps them in
//! memory for programs that have no monitoring to send them to.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;

use aimds_core::{Action, Category};
use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};
use parking_lot::Mutex;

/// Counts a prompt that was decided about.
pub(crate) fn count_decision(action: Action, strategy: &'static str) {
    metrics::counter!("aimds_prompts_total", "action" => action.to_string()).increment(1);
    metrics::counter!("aimds_strategies_total", "strategy" => strategy).increment(1);
}

/// Counts a detection.
pub(crate) fn count_detection(category: Category) {
    metrics::counter!("aimds_detections_total", "category" => category.as_str()).increment(1);
}

/// Counts a prompt that could not be processed.
pub(crate) fn count_failure() {
    metrics::counter!("aimds_failures_total").increment(1);
}

/// Counts a decision that was taken back.
pub(crate) fn count_rollback() {
    metrics::counter!("aimds_rollbacks_total").increment(1);
}

/// Keeps counters in memory. Clones share them; gauges and histograms are not
/// kept, because AIMDS has none.
#[derive(Debug, Clone, Default)]
pub struct MemoryRecorder {
    counters: Arc<Mutex<BTreeMap<String, Arc<AtomicU64>>>>,
}

impl MemoryRecorder {
    /// The counters so far, by `name{label=value}`.
    pub fn snapshot(&self) -> BTreeMap<String, u64> {
        let counters = self.counters.lock();
        counters
            .iter()
            .map(|(name, value)| (name.clone(), value.load(Ordering::Relaxed)))
            .collect()
    }
}

impl Recorder for MemoryRecorder {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        let mut counters = self.counters.lock();
        Counter::from_arc(Arc::clone(counters.entry(full_name(key)).or_default()))
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}

fn full_name(key: &Key) -> String {
    let labels: Vec<String> = key
        .labels()
        .map(|label| format!("{}={}", label.key(), label.value()))
        .collect();
    if labels.is_empty() {
        key.name().to_owned()
    } else {
        format!("{}{{{}}}", key.name(), labels.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_kept_by_name_and_label() {
        let recorder = MemoryRecorder::default();
        metrics::with_local_recorder(&recorder, || {
            count_decision(Action::Block, "refuse");
            count_decision(Action::Block, "refuse");
            count_failure();
        });
        let snapshot = recorder.snapshot();
        assert_eq!(snapshot["aimds_prompts_total{action=block}"], 2);
        assert_eq!(snapshot["aimds_strategies_total{strategy=refuse}"], 2);
        assert_eq!(snapshot["aimds_failures_total"], 1);
    }
}
