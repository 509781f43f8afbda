//! How often the operator's command or URL was told something: counted by who tells, shown in `/metrics`.

use std::sync::atomic::{AtomicU64, Ordering};

/// The counters, since the start.
#[derive(Debug, Default)]
pub struct NotifyCounts {
    told: AtomicU64,
    failed: AtomicU64,
    missed: AtomicU64,
}

impl NotifyCounts {
    /// Something was told, or telling failed.
    pub fn told(&self, well: bool) {
        let counter = if well { &self.told } else { &self.failed };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// So many things found no room.
    pub fn missed(&self, number: u64) {
        self.missed.fetch_add(number, Ordering::Relaxed);
    }

    /// By outcome, in the words of the metric's label.
    pub(super) fn by_outcome(&self) -> [(&'static str, u64); 3] {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        [
            ("told", read(&self.told)),
            ("failed", read(&self.failed)),
            ("missed", read(&self.missed)),
        ]
    }
}
