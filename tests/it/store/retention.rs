//! Retention: what is past its time goes, what is needed stays, and the ledger adds up throughout.

use std::time::Duration;

use hookyard::clock::Clock;
use hookyard::config::{Config, Environment, Sources};
use hookyard::domain::delivery::DeadReason;
use hookyard::domain::endpoint::EndpointStatus;
use hookyard::domain::id::{DeliveryId, EventId};
use hookyard::domain::retention::{self, RetentionPolicy};
use hookyard::store::{AfterAttempt, Removed, RetentionProgress, StoreError};

use super::fixture::{Yard, event, keyed, note};

const DAY: Duration = Duration::from_hours(24);

/// Runs a whole round at the yard's time; the sum of its steps.
async fn round(yard: &Yard) -> Removed {
    let plan = retention::plan(yard.clock.now(), &RetentionPolicy::default());
    let mut progress = RetentionProgress::default();
    let mut sum = Removed::default();
    while !progress.is_done() {
        let (next, removed) = yard.store.retention_step(plan, progress).await.unwrap();
        progress = next;
        sum.attempts += removed.attempts;
        sum.deliveries += removed.deliveries;
        sum.payloads += removed.payloads;
        sum.events += removed.events;
        assert_eq!(yard.store.recount().await.unwrap(), []);
    }
    sum
}

#[test]
fn a_service_that_is_told_nothing_keeps_by_the_policy_of_these_tests() {
    let environment: Environment = [("HOME", "/home/somebody")].into_iter().collect();
    let config = Config::load(&Sources {
        environment,
        ..Sources::default()
    });
    let policy = config.unwrap().retention.policy();
    assert_eq!(policy, RetentionPolicy::default());
}

async fn moved(yard: &Yard, next: AfterAttempt) -> (EventId, DeliveryId) {
    let endpoint = yard.store.endpoints().await.unwrap().remove(0);
    let delivery = yard.fresh(&endpoint).await;
    let record = yard.attempt_of(&delivery, next);
    yard.store.record(record).await.unwrap();
    (delivery.event_id, delivery.id)
}

#[tokio::test]
async fn delivered_goes_first_dead_later_and_pending_never() {
    let yard = Yard::new().await;
    yard.endpoint().await;
    let delivered = moved(&yard, AfterAttempt::Delivered).await;
    let dead = moved(&yard, AfterAttempt::Dead(DeadReason::Exhausted)).await;
    let retry = AfterAttempt::Retry {
        at: yard.clock.now() + DAY,
    };
    let pending = moved(&yard, retry).await;
    assert_eq!(round(&yard).await, Removed::default());

    yard.clock.advance(31 * DAY);
    let removed = round(&yard).await;
    assert_eq!(
        (removed.attempts, removed.deliveries, removed.events),
        (1, 1, 1)
    );
    let gone = yard.store.delivery(delivered.1).await;
    assert!(matches!(gone, Err(StoreError::NotFound { .. })));
    assert!(!yard.store.event(dead.0).await.unwrap().payload_gone);

    yard.clock.advance(60 * DAY);
    let removed = round(&yard).await;
    assert_eq!(
        (removed.attempts, removed.deliveries, removed.events),
        (1, 1, 1)
    );
    yard.clock.advance(1_000 * DAY);
    assert_eq!(round(&yard).await.deliveries, 0);
    assert_eq!(yard.store.attempts(pending.1).await.unwrap().len(), 1);
    let ledger = yard.store.ledger().await.unwrap();
    assert_eq!(
        (
            ledger.created,
            ledger.delivered,
            ledger.dead,
            ledger.pending
        ),
        (3, 1, 1, 1)
    );
}

#[tokio::test]
async fn a_key_is_free_again_once_its_event_is_gone() {
    let yard = Yard::new().await;
    let first = yard.publish(keyed("a.b", "k")).await.unwrap();
    yard.clock.advance(29 * DAY);
    round(&yard).await;
    assert!(yard.publish(keyed("a.b", "k")).await.unwrap().duplicate);
    yard.clock.advance(2 * DAY);
    round(&yard).await;
    let second = yard.publish(keyed("a.b", "k")).await.unwrap();
    assert!(!second.duplicate && second.event_id != first.event_id);
}

#[tokio::test]
async fn a_payload_that_is_gone_is_said_to_be_and_its_delivery_cannot_be_replayed() {
    let yard = Yard::new().await;
    yard.endpoint().await;
    let (event_id, delivery_id) = moved(&yard, AfterAttempt::Delivered).await;
    yard.clock.advance(31 * DAY);
    let policy = RetentionPolicy {
        attempts: 300 * DAY,
        ..RetentionPolicy::default()
    };
    let plan = retention::plan(yard.clock.now(), &policy);
    let mut progress = RetentionProgress::default();
    while !progress.is_done() {
        progress = yard.store.retention_step(plan, progress).await.unwrap().0;
    }
    let stored = yard.store.event(event_id).await.unwrap();
    assert!(stored.payload_gone);
    assert_eq!(stored.event.data.as_str(), "null");
    let error = yard
        .store
        .replay_delivery(note(), delivery_id)
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("the payload of {event_id} is gone: it is past its retention time")
    );
}

#[tokio::test]
async fn more_rows_than_a_chunk_go_in_several_steps() {
    let yard = Yard::new().await;
    let events = (0..700).map(|_| event("a.b")).collect();
    yard.store.publish(events).await.unwrap();
    yard.clock.advance(31 * DAY);
    let plan = retention::plan(yard.clock.now(), &RetentionPolicy::default());
    let mut progress = RetentionProgress::default();
    let mut chunks = Vec::new();
    while !progress.is_done() {
        let (next, removed) = yard.store.retention_step(plan, progress).await.unwrap();
        progress = next;
        chunks.extend(Some(removed.events).filter(|&events| events > 0));
    }
    assert_eq!(chunks, [250, 250, 200]);
}

#[tokio::test]
async fn pending_deliveries_of_a_deleted_endpoint_are_discarded_in_chunks() {
    let yard = Yard::new().await;
    let endpoint = yard.endpoint().await;
    let events = (0..600).map(|_| event("a.b")).collect();
    yard.store.publish(events).await.unwrap();
    let rows = yard.store.lane_fresh(endpoint.id, None, 1).await.unwrap();
    let (delivery, _) = rows[0].work.clone().unwrap();
    let at = yard.clock.now() + DAY;
    let retry = yard.attempt_of(&delivery, AfterAttempt::Retry { at });
    yard.store.record(retry).await.unwrap();
    assert_eq!(yard.store.discard_orphans().await.unwrap(), 0);

    let mut deleted = endpoint.clone();
    deleted.status = EndpointStatus::Deleted;
    yard.store
        .update_endpoint(note(), deleted, 1)
        .await
        .unwrap();
    let before = yard.store.ledger().await.unwrap();
    assert_eq!((before.discarded, before.pending), (600, 0));
    let mut chunks = Vec::new();
    loop {
        let gone = yard.store.discard_orphans().await.unwrap();
        assert_eq!(yard.store.recount().await.unwrap(), []);
        if gone == 0 {
            break;
        }
        chunks.push(gone);
    }
    assert_eq!(chunks, [250, 250, 100]);
    assert_eq!(yard.store.ledger().await.unwrap(), before);
    let pending = yard.store.endpoints_with_pending().await.unwrap();
    assert_eq!(pending, []);
}
