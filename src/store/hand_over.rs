//! From the writer to the lanes: what was just committed, as hints.
//!
//! The store is the queue. When the engine falls behind, batches are not kept: the endpoints concerned are noted and
//! their lanes look in the store, so that memory stays bounded and nothing is lost.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc;

use super::record::AcceptedEvent;
use crate::domain::id::EndpointId;

/// What lanes are told after a commit.
#[derive(Clone, Debug)]
pub enum HandOver {
    /// These events were accepted, in the order of their ids.
    Accepted(Vec<AcceptedEvent>),
    /// These endpoints have deliveries that were not handed over: look in the store.
    Look(Vec<EndpointId>),
}

/// The writer's end.
#[derive(Debug)]
pub(super) struct HandOverSender {
    batches: mpsc::Sender<Vec<AcceptedEvent>>,
    missed: Arc<Mutex<BTreeSet<EndpointId>>>,
}

/// The engine's end; there is one.
#[derive(Debug)]
pub struct HandOverReceiver {
    batches: mpsc::Receiver<Vec<AcceptedEvent>>,
    missed: Arc<Mutex<BTreeSet<EndpointId>>>,
}

/// Both ends of a channel that holds at most `batches_max` batches.
pub(super) fn channel(batches_max: usize) -> (HandOverSender, HandOverReceiver) {
    let (sender, receiver) = mpsc::channel(batches_max.max(1));
    let missed = Arc::new(Mutex::new(BTreeSet::new()));
    (
        HandOverSender {
            batches: sender,
            missed: Arc::clone(&missed),
        },
        HandOverReceiver {
            batches: receiver,
            missed,
        },
    )
}

impl HandOverSender {
    /// Hands a batch over, or notes its endpoints when there is no room. Never waits.
    pub(super) fn send(&self, batch: Vec<AcceptedEvent>) {
        if batch.is_empty() {
            return;
        }
        // The lock is held over both steps: a receiver that drains the full channel meanwhile finds the note.
        let mut missed = lock(&self.missed);
        if let Err(mpsc::error::TrySendError::Full(batch)) = self.batches.try_send(batch) {
            missed.extend(
                batch
                    .iter()
                    .flat_map(|accepted| &accepted.deliveries)
                    .map(|delivery| delivery.endpoint_id),
            );
        }
    }
}

impl HandOverReceiver {
    /// The next hint; `None` once the store is closed. Safe to drop and call again.
    pub async fn recv(&mut self) -> Option<HandOver> {
        let missed = std::mem::take(&mut *lock(&self.missed));
        if !missed.is_empty() {
            return Some(HandOver::Look(missed.into_iter().collect()));
        }
        self.batches.recv().await.map(HandOver::Accepted)
    }
}

fn lock(missed: &Mutex<BTreeSet<EndpointId>>) -> MutexGuard<'_, BTreeSet<EndpointId>> {
    missed.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::super::record::AcceptedDelivery;
    use super::*;
    use crate::domain::event::NewEvent;
    use crate::domain::id::{DeliveryId, EventId};
    use crate::domain::json::RawJson;
    use crate::domain::tenant::Audience;
    use crate::domain::time::Timestamp;

    fn accepted(endpoint: i64) -> Vec<AcceptedEvent> {
        let event = NewEvent {
            key: None,
            audience: Audience::Tenantless,
            event_type: "a.b".parse().unwrap(),
            occurred_at: None,
            attributes: None,
            data: RawJson::parse("1").unwrap(),
            test: false,
        };
        vec![AcceptedEvent {
            event: Arc::new(event.accept(EventId::from_i64(1), Timestamp::EPOCH)),
            deliveries: vec![AcceptedDelivery {
                id: DeliveryId::from_i64(2),
                endpoint_id: EndpointId::from_i64(endpoint),
                held_before_ms: 0,
            }],
            clock_offset_ms: 0,
        }]
    }

    #[tokio::test]
    async fn what_finds_no_room_is_told_as_endpoints_to_look_at() {
        let (sender, mut receiver) = channel(1);
        for endpoint in [7, 8, 9, 8] {
            sender.send(accepted(endpoint));
        }
        drop(sender);
        let Some(HandOver::Look(endpoints)) = receiver.recv().await else {
            panic!("the note comes first");
        };
        assert_eq!(endpoints, [8, 9].map(EndpointId::from_i64));
        assert!(matches!(receiver.recv().await, Some(HandOver::Accepted(_))));
        assert!(receiver.recv().await.is_none());
    }
}
