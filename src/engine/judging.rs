//! What SQL could not be asked about deliveries, decided row by row: with their events and latest attempts where a filter
//! looks into those, read together.

use std::collections::HashMap;
use std::sync::Arc;

use super::error::EngineError;
use super::handle::Engine;
use super::views::DeliveryQuery;
use crate::domain::attempt::Attempt;
use crate::domain::delivery::Delivery;
use crate::domain::event::Event;
use crate::domain::filter::{Expr, Subject};
use crate::domain::id::{DeliveryId, EventId};

/// Deliveries whose contents are read together: each may have 256 KiB of data and an answer of 64 KiB.
pub(super) const JUDGED_TOGETHER: usize = 100;

/// What belongs to some deliveries, as far as a filter looks at it.
#[derive(Debug, Default)]
struct Contents {
    events: HashMap<EventId, Arc<Event>>,
    /// The latest one of each; none where retention has taken it.
    attempts: HashMap<DeliveryId, Attempt>,
}

impl Engine {
    /// Which of at most [`JUDGED_TOGETHER`] deliveries are asked for.
    ///
    /// # Errors
    /// Internal.
    pub(super) async fn wanted(
        &self,
        query: &DeliveryQuery,
        filter: Option<&Expr>,
        deliveries: &[&Delivery],
    ) -> Result<Vec<bool>, EngineError> {
        let contents = match filter {
            Some(filter) => self.contents(filter, deliveries).await?,
            None => Contents::default(),
        };
        let wanted = deliveries.iter();
        Ok(wanted
            .map(|delivery| self.is_wanted(query, filter, delivery, &contents))
            .collect())
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

    fn is_wanted(
        &self,
        query: &DeliveryQuery,
        filter: Option<&Expr>,
        delivery: &Delivery,
        contents: &Contents,
    ) -> bool {
        let of_event = query.event_id.is_none_or(|id| id == delivery.event_id);
        let of_endpoint = query
            .endpoint_id
            .is_none_or(|id| id == delivery.endpoint_id);
        if !of_event || !of_endpoint {
            return false;
        }
        let Some(endpoint) = self.desk.book.get(delivery.endpoint_id) else {
            return query.tenant.is_none() && filter.is_none();
        };
        if query.tenant.is_some() && endpoint.tenant != query.tenant {
            return false;
        }
        let Some(filter) = filter else {
            return true;
        };
        let mut subject = Subject::new(delivery, &endpoint, false);
        if let Some(event) = contents.events.get(&delivery.event_id) {
            subject = subject.with_event(event);
        }
        if let Some(latest) = contents.attempts.get(&delivery.id) {
            subject = subject.with_attempt(latest);
        }
        filter.matches(self.desk.now(), &subject)
    }
}
