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

/// How long after its end a minute is kept in memory: an attempt counts in the minute in which it began. What ends later
/// makes a part of its own.
const OPEN_FOR_MS: i64 = 15_000;

/// Attempts by the minute in which they began and their endpoint; `None` for all together.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    tries: RefCell<BTreeMap<(Timestamp, Option<EndpointId>), Part>>,
    /// When it was written down last, by the monotonic clock; never since the start where there is none.
    written_at: Cell<Option<Duration>>,
}

/// All that is known of a minute since it is in memory.
#[derive(Debug, Default)]
struct Part {
    tries: Tries,
    /// When it was first written down.
    part: Option<Timestamp>,
    /// Whether it has grown since it was written down last.
    grown: bool,
}

impl Gathered {
    /// Counts an attempt that began at `started_at`.
    pub(super) fn add(&self, endpoint_id: EndpointId, started_at: Timestamp, made: Try) {
        let minute = started_at.as_millis().div_euclid(MINUTE_MS) * MINUTE_MS;
        let minute = Timestamp::from_millis(minute);
        let mut tries = self.tries.borrow_mut();
        for whose in [None, Some(endpoint_id)] {
            let part = tries.entry((minute, whose)).or_default();
            part.tries.add(made);
            part.grown = true;
        }
    }

    /// Whether it is time to write down what was gathered: the first of all at once, so that somebody who has just begun
    /// sees figures; if so, the next time is [`EVERY`] from now.
    pub(super) fn falls_due(&self, monotonic: Duration) -> bool {
        let written_at = self.written_at.get();
        let lapsed = written_at.is_none_or(|at| monotonic.saturating_sub(at) >= EVERY);
        let is_due = lapsed && !self.tries.borrow().is_empty();
        if is_due {
            self.written_at.set(Some(monotonic));
        }
        is_due
    }
}

/// Writes down what was gathered. What the store does not take is lost unless it grows: it must not pile up.
pub(super) async fn write(yard: Rc<Yard>) {
    let gathered = yard.gathered.grown(yard.store.time().now());
    for chunk in gathered.chunks(SKETCHES_MAX) {
        if let Err(error) = yard.store.keep_sketches(chunk).await {
            tracing::warn!(%error, "failed to write down how long attempts took; these figures are lost");
            return;
        }
    }
}

impl Gathered {
    /// What has grown since it was asked last. Minutes that are over are forgotten.
    fn grown(&self, now: Timestamp) -> Vec<MinuteTries> {
        let mut tries = self.tries.borrow_mut();
        let grown = tries.iter_mut().filter(|(_, part)| part.grown);
        let gathered = grown.map(|(&(minute, endpoint_id), part)| {
            part.grown = false;
            MinuteTries {
                minute,
                endpoint_id,
                part: *part.part.get_or_insert(now),
                tries: part.tries.clone(),
            }
        });
        let gathered = gathered.collect();
        tries.retain(|(minute, _), _| now < minute.moved_by(MINUTE_MS + OPEN_FOR_MS));
        gathered
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_millis(1_776_075_480_000);

    fn made(gathered: &Gathered, number: u32) {
        let made = Try {
            number,
            is_last: false,
            took: Duration::from_millis(5),
        };
        gathered.add(EndpointId::from_i64(7), START, made);
    }

    #[test]
    fn the_first_attempts_are_written_down_at_once_and_later_ones_together() {
        let gathered = Gathered::default();
        let at = Duration::from_secs;
        assert!(!gathered.falls_due(at(1)), "there are none");
        made(&gathered, 1);
        assert!(gathered.falls_due(at(2)));
        made(&gathered, 2);
        assert!(!gathered.falls_due(at(16)));
        assert!(gathered.falls_due(at(17)));
    }

    #[test]
    fn a_minute_is_one_part_that_grows_until_it_is_over() {
        let gathered = Gathered::default();
        made(&gathered, 1);
        let soon = START.moved_by(15_000);
        let first = gathered.grown(soon);
        assert_eq!(first.len(), 2, "the endpoint and all together");
        assert_eq!(gathered.grown(soon), []);
        made(&gathered, 2);
        let end = START.moved_by(MINUTE_MS + OPEN_FOR_MS);
        let second = gathered.grown(end);
        for (before, after) in first.iter().zip(&second) {
            assert_eq!((before.part, after.part), (soon, soon));
            assert_eq!((before.tries.retries, after.tries.retries), (0, 1));
            assert_eq!(after.tries.durations.count(), 2);
        }
        // It is forgotten by now: what ends so late is a part of its own.
        made(&gathered, 3);
        let late = gathered.grown(end.moved_by(15_000));
        assert!(
            late.iter()
                .all(|part| part.part > end && part.tries.durations.count() == 1)
        );
    }
}
