//! What goes into the writer and what it answers.

use std::sync::Arc;

use crate::domain::actor::Actor;
use crate::domain::attempt::Attempt;
use crate::domain::certificate::Nearness;
use crate::domain::delivery::{DeadReason, DeliveryState};
use crate::domain::event::Event;
use crate::domain::failing::FailingRun;
use crate::domain::id::{DeliveryId, EndpointId, EventId, ReplayId};
use crate::domain::operational::Fact;
use crate::domain::time::Timestamp;

/// The answer to a published event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Published {
    /// Its id, or that of the first one with the same key.
    pub event_id: EventId,
    /// Deliveries that the first publishing made of it.
    pub deliveries: u32,
    /// Whether it had been published before under its key.
    pub duplicate: bool,
}

/// An attempt that is over, and what follows from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptRecord {
    /// What was sent and what came back.
    pub attempt: Attempt,
    /// What becomes of its delivery.
    pub next: AfterAttempt,
}

/// What becomes of a delivery after an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterAttempt {
    /// The receiver accepted it.
    Delivered,
    /// It is tried again at this wall-clock time.
    Retry {
        /// When.
        at: Timestamp,
    },
    /// The same, and the attempt takes nothing of its retry budget.
    Unspent {
        /// When.
        at: Timestamp,
    },
    /// It is not tried again by itself.
    Dead(DeadReason),
}

impl AfterAttempt {
    /// The delivery's state then.
    pub const fn state(self) -> DeliveryState {
        match self {
            Self::Delivered => DeliveryState::Delivered,
            Self::Retry { .. } | Self::Unspent { .. } => DeliveryState::Pending,
            Self::Dead(reason) => DeliveryState::Dead(reason),
        }
    }
}

/// What came of recording an attempt. The attempt itself is kept either way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// The delivery moved as asked.
    Applied,
    /// The delivery was not where the attempt left from: another outcome, a discard or a replay came first.
    Stale,
}

/// What came of recording an attempt, and where its endpoint's run of failures stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    /// What came of its delivery.
    pub recorded: Recorded,
    /// The run after it; `None` where nothing fails and nobody was told that it did, and for test traffic.
    pub run: Option<FailingRun>,
    /// Whether its delivery carries an operational event: nothing more is made of how that fares.
    pub operational: bool,
}

/// Who does what, for the audit log. The store adds when, and to what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditNote {
    /// Who.
    pub actor: Actor,
    /// What, such as `endpoint.pause`.
    pub action: &'static str,
    /// Anything else worth keeping, as JSON text; never a secret.
    pub detail: Option<String>,
    /// What the person had to say about it.
    pub words: Option<String>,
}

impl AuditNote {
    /// A note without detail.
    pub const fn new(actor: Actor, action: &'static str) -> Self {
        Self {
            actor,
            action,
            detail: None,
            words: None,
        }
    }
}

/// An accepted event on its way to the lanes.
#[derive(Clone, Debug)]
pub struct AcceptedEvent {
    /// The event, shared by all its deliveries.
    pub event: Arc<Event>,
    /// Its deliveries, by rising endpoint id.
    pub deliveries: Vec<AcceptedDelivery>,
    /// The [`Store::clock_offset_ms`](super::Store::clock_offset_ms) to which its times belong.
    pub clock_offset_ms: i64,
}

/// A delivery that was just made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AcceptedDelivery {
    /// Its id.
    pub id: DeliveryId,
    /// Where it goes.
    pub endpoint_id: EndpointId,
    /// Milliseconds for which that endpoint had been held until then.
    pub held_before_ms: i64,
}

/// What one commit changed.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// Counts commits that changed something, from 1 at the store's opening; subscribers see gaps by it.
    pub number: u64,
    /// Events accepted.
    pub events: u32,
    /// Deliveries that were made or moved; `Pending` may show as held, by its endpoint.
    pub deliveries: Vec<DeliveryChange>,
    /// Endpoints that were made or changed.
    pub endpoints: Vec<EndpointId>,
    /// Ends of certificates that are warned of.
    pub certificates: Vec<CertificateWarning>,
    /// Breakers that opened or closed.
    pub breakers: Vec<BreakerChange>,
    /// Replays that moved or whose items did; one may be named several times.
    pub replays: Vec<ReplayId>,
    /// What the service has to tell.
    pub facts: Vec<Fact>,
}

impl Changes {
    /// Whether nothing changed that anybody is told of.
    pub(super) fn is_empty(&self) -> bool {
        self.events == 0
            && self.deliveries.is_empty()
            && self.endpoints.is_empty()
            && self.certificates.is_empty()
            && self.breakers.is_empty()
            && self.replays.is_empty()
            && self.facts.is_empty()
    }
}

/// The breaker of an endpoint's lane opened or closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BreakerChange {
    /// Whose lane.
    pub endpoint_id: EndpointId,
    /// Whether it is open now.
    pub open: bool,
    /// When it was noted.
    pub at: Timestamp,
}

/// The end of a receiver's certificate has come nearer than a threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CertificateWarning {
    /// Whose receiver showed it.
    pub endpoint_id: EndpointId,
    /// When it runs out.
    pub expires_at: Timestamp,
    /// How near that is.
    pub nearness: Nearness,
}

/// A delivery that was made or moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeliveryChange {
    /// Its id.
    pub id: DeliveryId,
    /// Where it goes.
    pub endpoint_id: EndpointId,
    /// Where it stands now.
    pub state: DeliveryState,
}
