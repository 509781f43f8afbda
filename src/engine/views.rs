//! What the engine answers: pages, deliveries with their attempts, lanes, health.

use std::time::Duration;

use crate::domain::attempt::Attempt;
use crate::domain::delivery::Delivery;
use crate::domain::id::{EndpointId, EventId};
use crate::domain::lane::BreakerPhase;
use crate::domain::ledger::Counts;
use crate::domain::request::PreparedRequest;
use crate::domain::tenant::Tenant;
use crate::domain::time::Timestamp;
use crate::domain::tries::Tries;
use crate::store::AttemptStats;

/// A page of a list, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// What to send as cursor for the next page; `None` after the last.
    pub next: Option<String>,
    /// How far was looked for a filter that the store cannot decide; `None` where it decided everything.
    pub searched: Option<Searched>,
}

/// How far was looked, row by row, for a filter that the store cannot decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Searched {
    /// Rows that were judged for this page.
    pub rows: u64,
    /// Whether the page is short because the window ended before the rows did: its `next` goes on from there.
    pub limited: bool,
}

/// Which page is wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PageRequest {
    /// The `next` of the page before.
    pub cursor: Option<String>,
    /// Rows, 1–500; `None` for 50.
    pub limit: Option<u32>,
}

/// Which deliveries are wanted; what is not named does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeliveryQuery {
    /// A text in the filter language.
    pub filter: Option<String>,
    /// Those of one event.
    pub event_id: Option<EventId>,
    /// Those of one endpoint.
    pub endpoint_id: Option<EndpointId>,
    /// Those of one tenant's endpoints: what a consumer may see.
    pub tenant: Option<Tenant>,
    /// Which page.
    pub page: PageRequest,
}

/// An attempt with the request that was sent, rendered again.
#[derive(Clone, Debug)]
pub struct AttemptView {
    /// What the store keeps of it.
    pub attempt: Attempt,
    /// The request byte for byte; else why it cannot be shown, such as a payload whose retention is over.
    pub request: Result<PreparedRequest, String>,
}

/// A delivery with all that happened to it.
#[derive(Clone, Debug)]
pub struct DeliveryView {
    /// Where it stands; shown as held while its endpoint is paused or disabled.
    pub delivery: Delivery,
    /// Its attempts, oldest first; response bodies included.
    pub attempts: Vec<Attempt>,
    /// One sentence: why it stands there and what comes next.
    pub why: String,
    /// What was said when it was discarded, where something was.
    pub note: Option<String>,
}

/// What one lane is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LaneStatus {
    /// Whose lane.
    pub endpoint_id: EndpointId,
    /// Requests in flight, or answered and not yet recorded.
    pub in_flight: u32,
    /// Deliveries in memory that wait for their turn.
    pub window: u32,
    /// Whether the store has more than the window.
    pub more_in_store: bool,
    /// Whether a load from the store is under way.
    pub loading: bool,
    /// Whether its last attempts timed out: it keeps one slot.
    pub slow: bool,
    /// Whether its endpoint is paused or disabled.
    pub held: bool,
    /// Whether its next delivery waits for nothing but the endpoint's rate limit.
    pub rate_limited: bool,
    /// Where its breaker stands.
    pub breaker: BreakerPhase,
    /// Until when nothing starts because its receiver said that it is overloaded.
    pub cools_until: Option<Timestamp>,
    /// Whether as many requests are in flight as its concurrency, its ramp or an overloaded receiver allows.
    pub at_limit: bool,
    /// Whether something could start if there were a slot for it.
    pub startable: bool,
    /// Whether it has taken up everything it was told; never while it waits for its start.
    pub quiet: bool,
    /// When it is started again after it ended soon after its start; nothing but its requests in flight moves before
    /// that. `None` when it runs.
    pub restarts_at: Option<Timestamp>,
    /// When it wants to be woken or started again; `None` when it waits for nothing but messages.
    pub next_wakeup: Option<Timestamp>,
    /// How often it ended unasked, by a panic or otherwise.
    pub restarts: u32,
}

/// The lanes in memory and what they share.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LanesSnapshot {
    /// Lanes in memory; endpoints without due work have none.
    pub lanes: Vec<LaneStatus>,
    /// Endpoints with work whose lane is not started yet: recovery wakes them gradually.
    pub waiting_to_start: u32,
    /// Common slots in use.
    pub slots_in_use: u32,
    /// Common slots in all.
    pub slots_total: u32,
    /// Bytes of events that lanes keep in memory.
    pub kept_bytes: u64,
    /// Lanes that ended unasked, by a panic or otherwise, since the start.
    pub restarts: u64,
    /// Outcomes that the store refused for good since the start; their deliveries are dead.
    pub outcomes_refused: u64,
    /// Breakers that opened since the start.
    pub breakers_opened: u64,
    /// By how many milliseconds the wall clock was set since the start, as far as the lanes have followed it.
    pub clock_set_ms: i64,
    /// Deliveries handed over by the writer since the start.
    pub handed_over: u64,
    /// When there is something to do beside the lanes: a pause that ends, a resting lane's next retry, a start after a
    /// lane ended too soon, the next items of a replay.
    pub next_wakeup: Option<Timestamp>,
}

/// Whether the service is fit to take work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// `None` when the store can be written; else why not.
    pub store: Option<String>,
    /// `None` when the lanes' router answers; else why not.
    pub lanes: Option<String>,
    /// For how long due work has stood still; red from 60 s on.
    pub stalled_for: Duration,
    /// Whether a shutdown has begun.
    pub draining: bool,
}

/// The ledger of everything that ever was and of each endpoint whose row is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// All endpoints together, also those deleted so long ago that their rows are gone.
    pub total: Counts,
    /// One by one.
    pub endpoints: Vec<(EndpointId, Counts)>,
}

/// What happened in a window of time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// How long each of `minutes` is.
    pub step: Duration,
    /// How long attempts took and how often deliveries were tried.
    pub tries: Tries,
    /// Steps with traffic, oldest first.
    pub minutes: Vec<MinuteStats>,
    /// The attempts of all of them together.
    pub attempts: AttemptStats,
}

/// What happened in one step of a window, tests left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MinuteStats {
    /// When it began.
    pub minute: Timestamp,
    /// Events accepted; not told for one endpoint.
    pub accepted: u64,
    /// Attempts.
    pub attempts: AttemptStats,
    /// How long they took; only in steps of a minute.
    pub tries: Tries,
}

impl Health {
    /// How long due work may stand still.
    pub const STALL_MAX: Duration = Duration::from_secs(60);

    /// Whether all is well.
    pub fn is_ready(&self) -> bool {
        let answers = self.store.is_none() && self.lanes.is_none();
        answers && self.stalled_for < Self::STALL_MAX && !self.draining
    }
}
