//! The flight plan: what a frozen selection holds, worked out row by row while it is frozen.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::domain::attempt::FailureClass;
use crate::domain::delivery::{Delivery, DeliveryState};
use crate::domain::endpoint::{Endpoint, EndpointStatus};
use crate::domain::fingerprint::CauseId;
use crate::domain::id::{DeliveryId, EndpointId, EventId};
use crate::domain::limits::REPLAY_SHARES_MAX;
use crate::domain::rate_limit::RateLimit;
use crate::domain::time::Timestamp;

/// What a plan tells whoever is to start it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flight {
    /// Items.
    pub matched: u64,
    /// Bytes of their events' data and attributes.
    pub bytes: u64,
    /// When the first of them was created, in milliseconds.
    pub oldest: Option<i64>,
    /// When the last of them was created, in milliseconds.
    pub newest: Option<i64>,
    /// Those that are delivered already.
    pub already_delivered: u64,
    /// Those whose endpoint was changed since they last moved.
    pub endpoint_changed: u64,
    /// Those whose endpoint is paused or disabled: they are held until it is not.
    pub held: u64,
    /// Those whose endpoint's breaker is open or half-open: a few at a time go out as probes until it closes.
    #[serde(default)]
    pub behind_breaker: u64,
    /// Matched but left out: their endpoint is deleted, or retention has taken their payload.
    pub left_out: u64,
    /// The endpoints with the most items; at most 100.
    pub endpoints: Vec<EndpointShare>,
    /// Endpoints beyond those.
    pub endpoints_unlisted: u64,
    /// The causes with the most items; at most 100.
    pub causes: Vec<CauseShare>,
    /// Causes beyond those.
    pub causes_unlisted: u64,
    /// The endpoint, as its number, where the items are events that it never got: each is keyed by its event until its
    /// delivery is made.
    #[serde(default)]
    pub missed_by: Option<i64>,
    /// The filter with its saved views written out as they were, where it named any.
    #[serde(default)]
    pub stands_for: Option<String>,
    /// SHA-256 over the items' ids, rising, 8 bytes each with the highest first; hex.
    pub hash: String,
}

/// An endpoint's part of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndpointShare {
    /// The endpoint, as its number.
    pub id: i64,
    /// Its items.
    pub count: u64,
    /// `active`, `paused` or `disabled`.
    pub status: String,
    /// Whether it was changed since some of them last moved.
    pub changed: bool,
    /// Whether its breaker is open or half-open.
    #[serde(default)]
    pub breaker_open: bool,
}

/// The part of a plan that failed alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CauseShare {
    /// The latest attempt's failure class; absent where none failed.
    pub class: Option<String>,
    /// The status it was answered with.
    pub status: Option<u16>,
    /// The cause that the failure counts under; absent where none failed, and for tests.
    #[serde(default)]
    pub cause: Option<i64>,
    /// Items.
    pub count: u64,
}

/// How long the releases of so many items take at this rate; the last requests end later.
pub fn releases_take(items: u64, rate: RateLimit) -> Duration {
    let millis = u128::from(items) * rate.per().as_millis();
    let millis = millis.div_ceil(u128::from(rate.requests()));
    Duration::from_millis(u64::try_from(millis).unwrap_or(u64::MAX))
}

/// An item as it is frozen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Planned {
    /// The delivery.
    pub id: DeliveryId,
    /// Its stored state: `pending`, `delivered`, `dead` or `discarded`.
    pub state: &'static str,
}

/// What a plan needs to know of a delivery that matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Matched {
    /// The delivery.
    pub id: DeliveryId,
    /// Where it goes.
    pub endpoint_id: EndpointId,
    /// Its stored state: `pending`, `delivered`, `dead` or `discarded`.
    pub state: &'static str,
    /// Its latest attempt's failure class; `None` where none failed.
    pub class: Option<FailureClass>,
    /// The status that was answered with.
    pub status: Option<u16>,
    /// The cause that the failure counts under.
    pub cause: Option<CauseId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last moved.
    pub updated_at: Timestamp,
    /// Bytes of its event's data and attributes; `None` where the payload is gone.
    pub bytes: Option<u64>,
}

impl Matched {
    /// What matters of a delivery; `bytes` as in [`Matched`].
    pub fn of(delivery: &Delivery, bytes: Option<u64>) -> Self {
        let last = delivery.last_attempt.as_ref();
        Self {
            id: delivery.id,
            endpoint_id: delivery.endpoint_id,
            state: stored_word(delivery.state),
            class: last.and_then(|last| last.class),
            status: last.and_then(|last| last.status),
            cause: delivery.cause,
            created_at: delivery.created_at,
            updated_at: delivery.updated_at,
            bytes,
        }
    }
}

/// How an item failed last: class, status, and the cause that it counts under.
type LastFailure = (Option<&'static str>, Option<u16>, Option<i64>);

/// Works a flight plan out.
#[derive(Debug, Default)]
pub struct FlightPlanner {
    /// Whether what cannot be sent is taken in as well.
    takes_unsendable: bool,
    flight: Flight,
    ids: Vec<DeliveryId>,
    endpoints: HashMap<EndpointId, EndpointShare>,
    causes: BTreeMap<LastFailure, u64>,
}

impl FlightPlanner {
    /// One of deliveries that are to be given up: none of them need be sendable.
    pub fn of_given_up() -> Self {
        Self {
            takes_unsendable: true,
            ..Self::default()
        }
    }

    /// Takes a matching delivery in; `None` where it cannot be replayed and is left out. `endpoint` is `None` where it is
    /// not known any more.
    pub fn add(&mut self, matched: &Matched, endpoint: Option<&Endpoint>) -> Option<Planned> {
        let lives = endpoint.is_some_and(|endpoint| endpoint.status != EndpointStatus::Deleted);
        let sendable = lives && matched.bytes.is_some();
        let Some(endpoint) = endpoint.filter(|_| self.takes_unsendable || sendable) else {
            self.flight.left_out += 1;
            return None;
        };
        let changed = endpoint.updated_at > matched.updated_at;
        self.count_in(matched.created_at.as_millis(), matched.bytes.unwrap_or(0));
        let delivered = DeliveryState::Delivered.as_str();
        self.flight.already_delivered += u64::from(matched.state == delivered);
        self.flight.endpoint_changed += u64::from(changed);
        let share = self.share(endpoint);
        share.count += 1;
        share.changed |= changed;
        let failure = (
            matched.class.map(FailureClass::as_str),
            matched.status,
            matched.cause.map(CauseId::as_i64),
        );
        *self.causes.entry(failure).or_default() += 1;
        self.ids.push(matched.id);
        Some(Planned {
            id: matched.id,
            state: matched.state,
        })
    }

    /// Takes an event in that the endpoint never got; `None` where its payload is gone.
    pub fn add_missed(
        &mut self,
        event: EventId,
        endpoint: &Endpoint,
        bytes: Option<u64>,
    ) -> Option<Planned> {
        self.flight.missed_by = Some(endpoint.id.as_i64());
        let Some(bytes) = bytes else {
            self.flight.left_out += 1;
            return None;
        };
        self.count_in(event.timestamp().as_millis(), bytes);
        self.share(endpoint).count += 1;
        *self.causes.entry((None, None, None)).or_default() += 1;
        let id = DeliveryId::from_i64(event.as_i64());
        self.ids.push(id);
        let state = DeliveryState::Pending.as_str();
        Some(Planned { id, state })
    }

    /// One more item, made then.
    fn count_in(&mut self, created: i64, bytes: u64) {
        let flight = &mut self.flight;
        flight.matched += 1;
        flight.bytes += bytes;
        flight.oldest = Some(flight.oldest.map_or(created, |oldest| oldest.min(created)));
        flight.newest = Some(flight.newest.map_or(created, |newest| newest.max(created)));
    }

    /// The share of an endpoint that has one more item.
    fn share(&mut self, endpoint: &Endpoint) -> &mut EndpointShare {
        let held = endpoint.status.holds();
        let breaker_open = endpoint.breaker_open_since.is_some();
        self.flight.held += u64::from(held);
        self.flight.behind_breaker += u64::from(breaker_open && !held);
        let share = self.endpoints.entry(endpoint.id);
        share.or_insert_with(|| EndpointShare {
            id: endpoint.id.as_i64(),
            count: 0,
            status: endpoint.status.as_str().to_owned(),
            changed: false,
            breaker_open,
        })
    }

    /// Items so far.
    pub fn count(&self) -> usize {
        self.ids.len()
    }

    /// The plan.
    pub fn finish(mut self) -> Flight {
        self.ids.sort_unstable();
        let mut digest = Sha256::new();
        for id in &self.ids {
            digest.update(id.as_i64().to_be_bytes());
        }
        let mut flight = self.flight;
        flight.hash = hex::encode(digest.finalize());
        let mut endpoints: Vec<_> = self.endpoints.into_values().collect();
        endpoints.sort_unstable_by_key(|share| (std::cmp::Reverse(share.count), share.id));
        flight.endpoints_unlisted = over(&endpoints);
        endpoints.truncate(REPLAY_SHARES_MAX);
        flight.endpoints = endpoints;
        let mut causes: Vec<_> = self
            .causes
            .into_iter()
            .map(|((class, status, cause), count)| CauseShare {
                class: class.map(str::to_owned),
                status,
                cause,
                count,
            })
            .collect();
        causes.sort_by_key(|share| std::cmp::Reverse(share.count));
        flight.causes_unlisted = over(&causes);
        causes.truncate(REPLAY_SHARES_MAX);
        flight.causes = causes;
        flight
    }
}

fn over<T>(shares: &[T]) -> u64 {
    u64::try_from(shares.len().saturating_sub(REPLAY_SHARES_MAX)).unwrap_or(u64::MAX)
}

/// *Held* is what pending is called while the endpoint is paused or disabled.
const fn stored_word(state: DeliveryState) -> &'static str {
    match state {
        DeliveryState::Held => DeliveryState::Pending.as_str(),
        other => other.as_str(),
    }
}
