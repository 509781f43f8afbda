//! What was dead at an instant that is past, by cause.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::{Stood, Then};
use crate::domain::delivery::DeliveryState;
use crate::domain::fingerprint::{CauseId, Fingerprint};
use crate::domain::id::EndpointId;
use crate::domain::time::Timestamp;

/// Deliveries of one endpoint that were dead of the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Died {
    /// Of what; none where they were tests, could not be sent, or nothing tells it.
    pub cause: Option<CauseId>,
    /// The same in words, where an attempt told it.
    pub said: Option<Fingerprint>,
    /// Whose they were.
    pub endpoint_id: EndpointId,
    /// When the latest of their attempts began.
    pub tried_at: Option<Timestamp>,
    /// How many.
    pub count: u64,
}

/// All that was dead at an instant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeadThen {
    /// Deliveries, those without a cause too.
    pub dead: u64,
    /// By cause.
    pub causes: BTreeMap<CauseId, OfCause>,
    /// Whether there may be more: not all that changed since was looked at.
    pub limited: bool,
}

/// What was dead of one cause.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OfCause {
    /// Deliveries.
    pub dead: u64,
    /// Whose they were.
    pub endpoints: BTreeSet<EndpointId>,
    /// When the latest of their attempts began, and whose it was.
    pub latest: Option<(Timestamp, EndpointId)>,
    /// The cause in words, where an attempt told it.
    pub said: Option<Fingerprint>,
}

impl Died {
    /// A delivery as it was, with what its latest attempt then had failed of; `None` where it was not dead.
    ///
    /// Its row knows the cause of its latest attempt of now, and of tests none is kept.
    pub fn of(then: &Then, failed: Option<Fingerprint>) -> Option<Self> {
        if !then.was_dead() {
            return None;
        }
        let delivery = &then.delivery;
        let said = failed.filter(|_| delivery.cause.is_none() && !delivery.test);
        Some(Self {
            cause: delivery.cause.or(said.as_ref().map(|said| said.id)),
            said,
            endpoint_id: delivery.endpoint_id,
            tried_at: delivery.last_attempt.as_ref().map(|last| last.at),
            count: 1,
        })
    }
}

impl Then {
    /// Whether it would not have been tried again by itself.
    pub const fn was_dead(&self) -> bool {
        matches!(
            self.stood,
            Stood::Dead | Stood::Told(DeliveryState::Dead(_))
        )
    }
}

impl DeadThen {
    /// Counts some more.
    pub fn add(&mut self, died: Died) {
        self.dead += died.count;
        let Some(cause) = died.cause else {
            return;
        };
        let known = self.causes.entry(cause).or_default();
        known.dead += died.count;
        known.endpoints.insert(died.endpoint_id);
        let tried = died.tried_at.map(|at| (at, died.endpoint_id));
        known.latest = known.latest.max(tried);
        known.said = known.said.take().or(died.said);
    }

    /// The causes, most of what was dead first, at most so many.
    pub fn most_first(self, most: usize) -> Vec<(CauseId, OfCause)> {
        let mut causes: Vec<_> = self.causes.into_iter().collect();
        causes.sort_by_key(|(_, of)| Reverse(of.dead));
        causes.truncate(most);
        causes
    }
}
