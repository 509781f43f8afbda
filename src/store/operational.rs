//! Facts told: to subscribers, and as operational events to the endpoints that ask for them.
//!
//! An operational event is an ordinary one, made in the transaction of what it tells: there once, or neither of the two.
//! It is made only where an endpoint asks for it by name or prefix, so where nobody does it costs a look in memory. It
//! goes to endpoints without a tenant, whoever's endpoint it is about, and never to the one that it is about.

use std::sync::Arc;

use arc_swap::ArcSwap;

use super::cold::WriteTx;
use super::endpoints::read_in;
use super::error::StoreError;
use super::moves::insert_delivery;
use super::options::StoreLimits;
use super::publish::insert_event;
use super::record::{AcceptedDelivery, AcceptedEvent};
use crate::domain::endpoint::{Endpoint, HoldClock};
use crate::domain::endpoint_index::EndpointIndex;
use crate::domain::event::NewEvent;
use crate::domain::event_type::EventType;
use crate::domain::id::EndpointId;
use crate::domain::operational::{Fact, FactKind};
use crate::domain::tenant::Audience;
use crate::domain::time::Timestamp;

/// How many events of dead deliveries a minute has room for. What dies beyond that is counted, and the next event tells
/// how many: a receiver that is told of a storm must not be hit by one.
const DEAD_TOLD_MAX: u32 = 600;
const MINUTE_MS: i64 = 60_000;

/// A fact as the event that is made of it.
pub(super) fn event_of(fact: &Fact) -> NewEvent {
    NewEvent {
        key: None,
        audience: Audience::Tenantless,
        event_type: fact.kind.event_type(),
        occurred_at: Some(fact.at),
        attributes: None,
        data: fact.data.clone(),
        test: false,
    }
}

impl WriteTx<'_> {
    /// Tells subscribers of a fact after the commit, and makes its event for those that ask for it.
    pub(super) async fn announce(&mut self, fact: Fact) -> Result<(), StoreError> {
        let event = event_of(&fact);
        let asking = self
            .index
            .matches(&event.audience, &event.event_type, event.test);
        let mut wanting = Vec::new();
        for (id, _) in asking {
            if Some(id) == fact.endpoint_id {
                continue;
            }
            // The index is of before this transaction.
            let endpoint = read_in(self.connection, id).await?;
            if endpoint.wants(&event.audience, &event.event_type, event.test) {
                wanting.push(endpoint);
            }
        }
        self.tell(fact);
        if wanting.is_empty() {
            return Ok(());
        }
        self.publish(event, &wanting).await
    }

    /// Makes an event with a delivery for each of `endpoints`; the lanes hear of them after the commit.
    async fn publish(&mut self, event: NewEvent, endpoints: &[Endpoint]) -> Result<(), StoreError> {
        let event = event.accept(self.mint(), self.now);
        insert_event(self, &event, endpoints.len()).await?;
        let mut deliveries = Vec::with_capacity(endpoints.len());
        for endpoint in endpoints {
            let delivery = AcceptedDelivery {
                id: self.mint(),
                endpoint_id: endpoint.id,
                held_before_ms: endpoint.hold.held_ms(self.now),
            };
            let event_type = event.event_type.as_str();
            insert_delivery(
                self,
                delivery.id,
                event.id,
                event_type,
                event.test,
                endpoint,
            )
            .await?;
            deliveries.push(delivery);
        }
        self.effects.accepted.push(AcceptedEvent {
            event: Arc::new(event),
            deliveries,
            clock_offset_ms: self.clock_offset_ms,
        });
        Ok(())
    }
}

/// Whether dead deliveries are told of, and how many the present minute still has room for.
#[derive(Debug)]
pub(super) struct DeadTeller {
    event_type: EventType,
    /// Whether somebody wants to hear of them who is no endpoint.
    limits: Arc<ArcSwap<StoreLimits>>,
    minute: i64,
    told: u32,
    untold: u64,
}

impl DeadTeller {
    /// Nothing is told yet.
    pub(super) fn new(limits: Arc<ArcSwap<StoreLimits>>) -> Self {
        Self {
            event_type: FactKind::DeliveryDead.event_type(),
            limits,
            minute: 0,
            told: 0,
            untold: 0,
        }
    }

    /// Whether anybody wants to hear of dead deliveries.
    pub(super) fn has_listeners(&self, index: &EndpointIndex) -> bool {
        let asked = || index.matches(&Audience::Tenantless, &self.event_type, false);
        self.limits.load().tell_dead || !asked().is_empty()
    }

    /// Events that may be made at `now`.
    pub(super) fn room(&self, now: Timestamp) -> usize {
        let told = match self.minute == minute(now) {
            true => self.told,
            false => 0,
        };
        usize::try_from(DEAD_TOLD_MAX.saturating_sub(told)).unwrap_or(0)
    }

    /// Deaths that nobody was told of.
    pub(super) const fn untold(&self) -> u64 {
        self.untold
    }

    /// Notes what a flush told, after its commit: `told` events, and `untold` deaths without one.
    pub(super) fn spend(&mut self, now: Timestamp, told: usize, untold: u64) {
        if self.minute != minute(now) {
            (self.minute, self.told) = (minute(now), 0);
        }
        if told > 0 {
            self.untold = 0;
        }
        let told = u32::try_from(told).unwrap_or(u32::MAX);
        self.told = self.told.saturating_add(told);
        self.untold = self.untold.saturating_add(untold);
    }
}

const fn minute(now: Timestamp) -> i64 {
    now.as_millis().div_euclid(MINUTE_MS)
}

/// The endpoints that get the event of a fact, as the index has them.
pub(super) fn reached(
    index: &EndpointIndex,
    fact: &Fact,
    event: &NewEvent,
) -> Vec<(EndpointId, HoldClock)> {
    let mut found = index.matches(&event.audience, &event.event_type, event.test);
    found.retain(|(id, _)| Some(*id) != fact.endpoint_id);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_has_room_for_so_many_and_the_rest_is_told_of_later() {
        let limits = StoreLimits {
            reserve_bytes: 0,
            tell_dead: false,
        };
        let mut budget = DeadTeller::new(Arc::new(ArcSwap::from_pointee(limits)));
        let now = Timestamp::from_millis(30_000);
        assert_eq!(budget.room(now), 600);
        budget.spend(now, 600, 0);
        assert_eq!((budget.room(now), budget.untold()), (0, 0));
        budget.spend(now, 0, 70);
        let next = Timestamp::from_millis(60_000);
        assert_eq!((budget.room(next), budget.untold()), (600, 70));
        budget.spend(next, 1, 0);
        assert_eq!((budget.room(next), budget.untold()), (599, 0));
    }
}
