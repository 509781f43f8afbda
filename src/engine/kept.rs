//! Events that lanes keep in memory, against a budget of bytes.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::domain::event::Event;
use crate::domain::id::EventId;

/// The budget that all lanes share.
#[derive(Debug)]
pub(super) struct KeptBudget {
    used: AtomicUsize,
    max: usize,
}

/// An event on its way through a lane: in memory while the budget lasts, else by its id.
#[derive(Debug)]
pub(super) enum EventRef {
    /// In memory.
    Kept(KeptEvent),
    /// To be read from the store when it is sent.
    Stored(EventId),
}

/// An event in memory; gives its bytes back when dropped.
#[derive(Debug)]
pub(super) struct KeptEvent {
    /// The event.
    pub(super) event: Arc<Event>,
    bytes: usize,
    budget: Arc<KeptBudget>,
}

impl KeptBudget {
    /// At most `max` bytes.
    pub(super) fn new(max: usize) -> Arc<Self> {
        Arc::new(Self {
            used: AtomicUsize::new(0),
            max,
        })
    }

    /// Bytes in use.
    pub(super) fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }

    /// Keeps `event`, or only its id where there is no room.
    pub(super) fn keep(self: &Arc<Self>, event: &Arc<Event>) -> EventRef {
        let bytes = size_of::<Event>()
            + event.data.as_str().len()
            + event
                .attributes
                .as_ref()
                .map_or(0, |json| json.as_str().len());
        if self.used() + bytes > self.max {
            return EventRef::Stored(event.id);
        }
        self.used.fetch_add(bytes, Ordering::Relaxed);
        EventRef::Kept(KeptEvent {
            event: Arc::clone(event),
            bytes,
            budget: Arc::clone(self),
        })
    }
}

impl Drop for KeptEvent {
    fn drop(&mut self) {
        self.budget.used.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}
