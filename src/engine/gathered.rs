//! Attempts gathered in memory until they are written down together: quantiles cost the hot path nothing but counters.
//!
//! A crash loses what was gathered since: at most [`EVERY`] of durations and numbers of tries. Counts of attempts, and
//! everything about deliveries, are in the store with each outcome.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use super::yard::Yard;
use crate::domain::id::EndpointId;
use crate::domain::time::Timestamp;
use crate::domain::tries::{Tries, Try};
use crate::store::{MinuteTries, SKETCHES_MAX};

/// How often what was gathered is written down.
const EVERY: Duration = Duration::from_secs(15);
const MINUTE_MS: i64 = 60_000;

/// Attempts by the minute in which they began and their endpoint; `None` for all together.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    tries: RefCell<BTreeMap<(Timestamp, Option<EndpointId>), Tries>>,
    /// When it was written down last, by the monotonic clock.
    written_at: Cell<Duration>,
}

impl Gathered {
    /// Counts an attempt that began at `started_at`.
    pub(super) fn add(&self, endpoint_id: EndpointId, started_at: Timestamp, made: Try) {
        let minute = started_at.as_millis().div_euclid(MINUTE_MS) * MINUTE_MS;
        let minute = Timestamp::from_millis(minute);
        let mut tries = self.tries.borrow_mut();
        for whose in [None, Some(endpoint_id)] {
            tries.entry((minute, whose)).or_default().add(made);
        }
    }

    /// Whether it is time to write down what was gathered; if so, the next time is [`EVERY`] from now.
    pub(super) fn falls_due(&self, monotonic: Duration) -> bool {
        let lapsed = monotonic.saturating_sub(self.written_at.get()) >= EVERY;
        let is_due = lapsed && !self.tries.borrow().is_empty();
        if is_due {
            self.written_at.set(monotonic);
        }
        is_due
    }
}

/// Writes down what was gathered. What the store does not take is lost: it must not pile up.
pub(super) async fn write(yard: Rc<Yard>) {
    let gathered = yard.gathered.tries.take();
    let gathered: Vec<_> = gathered
        .into_iter()
        .map(|((minute, endpoint_id), tries)| MinuteTries {
            minute,
            endpoint_id,
            tries,
        })
        .collect();
    for chunk in gathered.chunks(SKETCHES_MAX) {
        if let Err(error) = yard.store.keep_sketches(chunk).await {
            tracing::warn!(%error, "failed to write down how long attempts took; these figures are lost");
            return;
        }
    }
}
