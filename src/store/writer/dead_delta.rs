//! Deliveries that died in a flush, by endpoint: what is told of them.

use std::collections::BTreeMap;

use crate::domain::attempt::Attempt;
use crate::domain::delivery::DeliveryState;
use crate::domain::id::EndpointId;
use crate::domain::operational::{DEAD_NAMED_MAX, DeadDelivery, Fact};
use crate::domain::time::Timestamp;

/// The dead of a flush.
#[derive(Debug, Default)]
pub(super) struct DeadDeltas(BTreeMap<EndpointId, Tally>);

#[derive(Debug, Default)]
struct Tally {
    count: u64,
    named: Vec<DeadDelivery>,
}

impl DeadDeltas {
    /// Notes the delivery of an attempt if it is dead then.
    pub(super) fn note(&mut self, attempt: &Attempt, state: DeliveryState) {
        let DeliveryState::Dead(_) = state else {
            return;
        };
        let tally = self.0.entry(attempt.endpoint_id).or_default();
        tally.count += 1;
        if tally.named.len() < DEAD_NAMED_MAX {
            tally.named.push(DeadDelivery {
                delivery_id: attempt.delivery_id,
                event_id: attempt.event_id,
                reason: state.reason().unwrap_or_default(),
                attempts: attempt.number,
            });
        }
    }

    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A fact for each endpoint, at most `room` of them, and how many deaths are left untold; `untold` were before.
    pub(super) fn facts(self, now: Timestamp, room: usize, untold: u64) -> (Vec<Fact>, u64) {
        let (mut facts, mut before, mut left) = (Vec::new(), untold, 0);
        for (endpoint_id, Tally { count, named }) in self.0 {
            if facts.len() >= room {
                left += count;
                continue;
            }
            let untold = std::mem::take(&mut before);
            facts.push(Fact::dead(endpoint_id, count, &named, untold, now));
        }
        (facts, left)
    }
}
