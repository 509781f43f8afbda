//! How often endpoints were warned of, disabled by the service, and back, since the start: for `/metrics`.

use std::sync::atomic::{AtomicU64, Ordering};

use super::handle::Engine;
use crate::store::Judged;

/// The counters.
#[derive(Debug, Default)]
pub(super) struct JudgedCounts {
    warned: AtomicU64,
    disabled_failing: AtomicU64,
    disabled_gone: AtomicU64,
    recovered: AtomicU64,
}

/// What the service did about endpoints that fail, since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FailingCounts {
    /// Warnings of endpoints that did nothing but fail.
    pub warned: u64,
    /// Endpoints disabled because they did nothing but fail for too long.
    pub disabled_failing: u64,
    /// Endpoints disabled because their receiver answered 410.
    pub disabled_gone: u64,
    /// Endpoints that were told to fail and succeeded again.
    pub recovered: u64,
}

impl JudgedCounts {
    /// Counts what came of looking at a run.
    pub(super) fn note(&self, judged: &Judged) {
        let counter = match judged {
            Judged::Nothing => return,
            Judged::Warned(_) => &self.warned,
            Judged::Disabled(_) => &self.disabled_failing,
            Judged::Recovered => &self.recovered,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts an endpoint whose receiver answered 410.
    pub(super) fn gone(&self) {
        self.disabled_gone.fetch_add(1, Ordering::Relaxed);
    }
}

impl Engine {
    /// What the service did about endpoints that fail, since the start.
    pub fn failing_counts(&self) -> FailingCounts {
        let counts = &self.desk.judged;
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        FailingCounts {
            warned: read(&counts.warned),
            disabled_failing: read(&counts.disabled_failing),
            disabled_gone: read(&counts.disabled_gone),
            recovered: read(&counts.recovered),
        }
    }
}
