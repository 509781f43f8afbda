//! What goes into a lane's machine and what comes out of it.

use std::sync::Arc;
use std::time::Duration;

use super::queue::{Batch, Item, LoadRequest};
use crate::domain::breaker::BreakerPolicy;
use crate::domain::id::DeliveryId;
use crate::domain::rate_limit::RateLimit;
use crate::domain::time::Timestamp;

/// What the machine needs to know of its endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LaneConfig {
    /// One delivery at a time, by id.
    pub ordered: bool,
    /// Requests in flight at once; at least 1.
    pub concurrency: u32,
    /// Whether the endpoint is paused, disabled or deleted: nothing starts.
    pub held: bool,
    /// When a request that has not ended is abandoned, from its start.
    pub deadline: Duration,
    /// Requests in a stretch of time; `None` for no limit.
    pub rate_limit: Option<RateLimit>,
    /// When its breaker opens; `None` for no breaker. Shared: most lanes have the same.
    pub breaker: Option<Arc<BreakerPolicy>>,
}

/// What can happen to a lane.
#[derive(Debug)]
pub enum Input<P> {
    /// The writer committed these fresh deliveries, by rising id.
    Handed(Vec<Item<P>>),
    /// The store has something that was not handed over, or deliveries of this lane were changed behind its back (a
    /// replay, a discard): read it again.
    Look,
    /// A load brought this.
    Loaded(Batch<P>),
    /// A load failed.
    LoadFailed {
        /// The request's.
        epoch: u64,
    },
    /// The wake-up that the machine asked for, or a slot was granted.
    Wake,
    /// An exchange is over; its record is on its way to the disk.
    Answered {
        /// The delivery.
        id: DeliveryId,
        /// How the receiver took it.
        pace: Pace,
    },
    /// An attempt's record is on the disk, or needed none.
    Settled {
        /// The delivery.
        id: DeliveryId,
        /// What became of it.
        settlement: Settlement,
    },
    /// The endpoint's settings or state changed.
    Configured(LaneConfig),
    /// The endpoint is held no longer: somebody resumed or enabled it, or its pause is over.
    Resumed,
    /// The wall clock was set by this many milliseconds; the store has been told.
    ClockSet {
        /// Positive when it was set forward.
        by_ms: i64,
    },
    /// Start nothing more.
    Drain,
}

/// How a receiver took a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// It accepted it.
    Well,
    /// It failed within its time.
    Failed,
    /// It did not answer in time.
    TimedOut,
    /// It said that it is overloaded, and for how long if it did.
    Overloaded(Option<Duration>),
}

/// What became of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settlement {
    /// Nothing more to do.
    Done,
    /// It is scheduled again.
    RetryAt(Timestamp),
    /// The store had another idea of it: look there.
    Stale,
}

/// What a lane wants done.
#[derive(Debug, PartialEq, Eq)]
pub enum Effect<P> {
    /// Send this; report it as answered and settled.
    Send {
        /// The delivery.
        item: Item<P>,
        /// Whether the rate limit made it wait.
        held_back: bool,
        /// Whether it only asks, for all that are pending, if the receiver is back: its failure takes nothing of the
        /// delivery's retry budget. Never so in an ordered lane, where every probe is the head, nor for the last one
        /// pending: what its receiver will never take must end.
        probe: bool,
    },
    /// Abandon the request in flight for this delivery: it has had its time.
    Abandon(DeliveryId),
    /// Read from the store; report it as loaded or failed.
    Load(LoadRequest),
    /// The breaker opened or closed: the store is to know, so that the next lane of the endpoint does.
    Breaker(BreakerTurn),
}

/// What became of a lane's breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BreakerTurn {
    /// Nothing but probes goes out.
    Opened,
    /// Everything goes out again.
    Closed,
}
