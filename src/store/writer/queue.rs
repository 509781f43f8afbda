//! What waits for the writer, and the bounds on it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::oneshot;

use super::super::cold::PendingCold;
use super::super::error::StoreError;
use super::super::record::{AttemptRecord, Kept, Published};
use crate::domain::event::NewEvent;

/// Commands of all kinds that may wait; whoever finds it full waits at the door. Publish calls have a bound of their
/// own below it, so that outcomes and people's commands always find room.
pub(crate) const COMMANDS_MAX: usize = 16_384;

/// What the writer can be asked.
pub(crate) enum Command {
    /// Accept events.
    Publish(PublishCall),
    /// Keep an attempt.
    Record(RecordCall),
    /// Anything rare.
    Cold(Box<dyn PendingCold>),
}

/// A publish call: all or nothing.
pub(crate) struct PublishCall {
    /// The events.
    pub(crate) events: Vec<NewEvent>,
    /// Content digests of those with a key.
    pub(crate) digests: Vec<Option<[u8; 32]>>,
    /// Bytes of their payloads.
    pub(crate) bytes: usize,
    /// Where the answer goes.
    pub(crate) reply: oneshot::Sender<Result<Vec<Published>, StoreError>>,
    /// Its place in the queue.
    pub(crate) _ticket: Ticket,
}

/// An attempt to keep.
pub(crate) struct RecordCall {
    /// The attempt.
    pub(crate) record: Box<AttemptRecord>,
    /// Where the answer goes.
    pub(crate) reply: oneshot::Sender<Result<Kept, StoreError>>,
}

/// How much of the queue is publish calls.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    calls: AtomicUsize,
    bytes: AtomicUsize,
}

/// A publish call's place in the queue, given back when dropped.
#[derive(Debug)]
pub(crate) struct Ticket {
    waiting: Arc<Waiting>,
    bytes: usize,
}

impl Waiting {
    /// Takes a place. A call that is alone may have any size: a batch larger than the bound must still get through.
    ///
    /// # Errors
    /// [`StoreError::Busy`] when `calls_max` calls or `bytes_max` bytes would be exceeded.
    pub(crate) fn enter(
        self: &Arc<Self>,
        bytes: usize,
        calls_max: usize,
        bytes_max: usize,
    ) -> Result<Ticket, StoreError> {
        let calls_before = self.calls.fetch_add(1, Ordering::Relaxed);
        let bytes_before = self.bytes.fetch_add(bytes, Ordering::Relaxed);
        let ticket = Ticket {
            waiting: Arc::clone(self),
            bytes,
        };
        let too_many = calls_before >= calls_max;
        let too_large = calls_before > 0 && bytes_before + bytes > bytes_max;
        if too_many || too_large {
            return Err(StoreError::Busy);
        }
        Ok(ticket)
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.waiting.calls.fetch_sub(1, Ordering::Relaxed);
        self.waiting.bytes.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_bounds_hold_and_places_are_given_back() {
        let waiting = Arc::new(Waiting::default());
        let large = waiting.enter(1_000, 2, 100).unwrap();
        assert!(matches!(waiting.enter(1, 2, 100), Err(StoreError::Busy)));
        drop(large);
        let _first = waiting.enter(50, 2, 100).unwrap();
        let _second = waiting.enter(50, 2, 100).unwrap();
        assert!(matches!(waiting.enter(0, 2, 100), Err(StoreError::Busy)));
    }
}
