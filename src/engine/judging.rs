//! What SQL could not be asked about deliveries, decided row by row: with their events and latest attempts where a filter
//! looks into those, read together.

use std::collections::HashMap;
use std::sync::Arc;

use super::error::EngineError;
use super::handle::Engine;
use super::views::DeliveryQuery;
use crate::domain::attempt::Attempt;
use crate::domain::delivery::Delivery;
use crate::domain::endpoint::Endpoint;
use crate::domain::event::Event;
use crate::domain::filter::{Expr, Subject};
use crate::domain::id::{DeliveryId, EventId};
use crate::domain::past::Then;
use crate::domain::time::Timestamp;
use crate::store::Candidate;

/// Deliveries whose contents are read together: each may have 256 KiB of data and an answer of 64 KiB.
pub(super) const JUDGED_TOGETHER: usize = 100;

/// What belongs to some deliveries, as far as a filter looks at it.
#[derive(Debug, Default)]
struct Contents {
    events: HashMap<EventId, Arc<Event>>,
    /// The latest one of each; none where retention has taken it.
    attempts: HashMap<DeliveryId, Attempt>,
}

/// A delivery as a filter is to see it: as it is, or as it was.
pub(super) trait Seen {
    /// Its row.
    fn delivery(&self) -> &Delivery;

    /// The same with its endpoint.
    fn subject<'a>(&'a self, endpoint: &'a Endpoint) -> Subject<'a>;
}

impl Seen for Delivery {
    fn delivery(&self) -> &Delivery {
        self
    }

    fn subject<'a>(&'a self, endpoint: &'a Endpoint) -> Subject<'a> {
        Subject::new(self, endpoint, false)
    }
}

impl Seen for Candidate {
    fn delivery(&self) -> &Delivery {
        &self.delivery
    }

    fn subject<'a>(&'a self, endpoint: &'a Endpoint) -> Subject<'a> {
        self.delivery.subject(endpoint)
    }
}

impl Seen for Then {
    fn delivery(&self) -> &Delivery {
        &self.delivery
    }

    fn subject<'a>(&'a self, endpoint: &'a Endpoint) -> Subject<'a> {
        Subject::of_past(self, endpoint)
    }
}

impl Contents {
    /// A delivery with what was read beside it.
    fn beside<'a>(&'a self, delivery: &Delivery, subject: Subject<'a>) -> Subject<'a> {
        let subject = match self.events.get(&delivery.event_id) {
            Some(event) => subject.with_event(event),
            None => subject,
        };
        match self.attempts.get(&delivery.id) {
            Some(latest) => subject.with_attempt(latest),
            None => subject,
        }
    }
}

impl Engine {
    /// Which of at most [`JUDGED_TOGETHER`] deliveries are asked for.
    ///
    /// # Errors
    /// Internal.
    pub(super) async fn wanted<T: Seen>(
        &self,
        query: &DeliveryQuery,
        filter: Option<&Expr>,
        now: Timestamp,
        seen: &[T],
    ) -> Result<Vec<bool>, EngineError> {
        let contents = match filter {
            Some(filter) => {
                let deliveries: Vec<&Delivery> = seen.iter().map(Seen::delivery).collect();
                self.contents(filter, &deliveries).await?
            }
            None => Contents::default(),
        };
        let judge = |seen: &T| {
            let Some(endpoint) = self.asked_for(query, seen.delivery()) else {
                return false;
            };
            match (filter, endpoint) {
                (None, _) => true,
                (Some(_), None) => false,
                (Some(filter), Some(endpoint)) => {
                    let subject = contents.beside(seen.delivery(), seen.subject(&endpoint));
                    filter.matches(now, &subject)
                }
            }
        };
        Ok(seen.iter().map(judge).collect())
    }

    async fn contents(
        &self,
        filter: &Expr,
        deliveries: &[&Delivery],
    ) -> Result<Contents, EngineError> {
        let (reads, store) = (filter.reads(), &self.desk.store);
        let mut contents = Contents::default();
        if reads.event {
            let ids: Vec<_> = deliveries.iter().map(|one| one.event_id).collect();
            let events = store.events_of(&ids).await?.into_iter();
            contents.events = events
                .map(|stored| (stored.event.id, stored.event))
                .collect();
        }
        if reads.attempt {
            let tried = deliveries.iter().filter(|one| one.attempts > 0);
            let numbers: Vec<_> = tried.map(|one| (one.id, one.attempts)).collect();
            let attempts = store.attempts_of(&numbers).await?.into_iter();
            contents.attempts = attempts.map(|one| (one.delivery_id, one)).collect();
        }
        Ok(contents)
    }

    /// The endpoint of a delivery that a query asks for, whatever its filter; none inside where it is not known.
    #[expect(
        clippy::option_option,
        reason = "asked for, and of an endpoint that is not known any more"
    )]
    fn asked_for(
        &self,
        query: &DeliveryQuery,
        delivery: &Delivery,
    ) -> Option<Option<Arc<Endpoint>>> {
        let of_event = query.event_id.is_none_or(|id| id == delivery.event_id);
        let of_endpoint = query
            .endpoint_id
            .is_none_or(|id| id == delivery.endpoint_id);
        if !of_event || !of_endpoint {
            return None;
        }
        let endpoint = self.desk.book.get(delivery.endpoint_id);
        let Some(tenant) = &query.tenant else {
            return Some(endpoint);
        };
        let is_theirs = |endpoint: &Arc<Endpoint>| endpoint.tenant.as_ref() == Some(tenant);
        endpoint.filter(is_theirs).map(Some)
    }
}
