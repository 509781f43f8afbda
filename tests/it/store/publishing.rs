//! Publishing: all or nothing, once per key, matched at the moment of the commit.

use hookyard::domain::delivery::{Delivery, DeliveryState};
use hookyard::domain::json::RawJson;
use hookyard::domain::ledger::Counts;
use hookyard::domain::tenant::Audience;
use hookyard::store::{AfterAttempt, HandOver, Recorded, StoreError};

use super::fixture::{START, Yard, event, keyed};

#[tokio::test]
async fn an_event_reads_back_as_it_was_published_and_is_handed_over() {
    let mut yard = Yard::new().await;
    let endpoint = yard.endpoint().await;
    let published = yard.publish(event("packet.signed")).await.unwrap();
    assert_eq!((published.deliveries, published.duplicate), (1, false));

    let stored = yard.store.event(published.event_id).await.unwrap();
    let expected = event("packet.signed").accept(published.event_id, START);
    assert_eq!(*stored.event, expected);
    assert!(!stored.payload_gone);

    let Some(HandOver::Accepted(batch)) = yard.hand_over.recv().await else {
        panic!("an accepted event is handed over");
    };
    assert_eq!(*batch[0].event, expected);
    let accepted = batch[0].deliveries[0];
    assert_eq!(accepted.endpoint_id, endpoint.id);
    let delivery = yard.store.delivery(accepted.id).await.unwrap();
    let fresh = Delivery {
        id: accepted.id,
        event_id: expected.id,
        event_type: expected.event_type.clone(),
        endpoint_id: endpoint.id,
        state: DeliveryState::Pending,
        attempts: 0,
        budget_attempts: 0,
        budget_started_at: START,
        held_before_ms: 0,
        next_attempt_at: None,
        last_attempt: None,
        cause: None,
        test: false,
        created_at: START,
        updated_at: START,
        replay_id: None,
    };
    assert_eq!(delivery, fresh);
}

#[tokio::test]
async fn an_attempt_reads_back_and_moves_its_delivery() {
    let yard = Yard::new().await;
    let endpoint = yard.endpoint().await;
    let delivery = yard.fresh(&endpoint).await;
    let record = yard.attempt_of(&delivery, AfterAttempt::Delivered);
    let recorded = yard.store.record(record.clone()).await.unwrap();
    assert_eq!(recorded.recorded, Recorded::Applied);
    let stored = yard.store.attempt(delivery.id, 1).await.unwrap();
    assert_eq!(stored, record.attempt);
    let after = yard.store.delivery(delivery.id).await.unwrap();
    assert_eq!(after.state, DeliveryState::Delivered);
    assert_eq!(after.last_attempt, Some(record.attempt.summary()));
    let counts = Counts {
        created: 1,
        delivered: 1,
        ..Counts::default()
    };
    assert_eq!(yard.store.ledger().await.unwrap(), counts);
    let again = yard.store.record(record).await;
    assert!(
        matches!(again, Err(StoreError::Refused { .. })),
        "{again:?}"
    );
}

#[tokio::test]
async fn a_key_answers_as_the_first_time_and_refuses_other_content() {
    let yard = Yard::new().await;
    yard.endpoint().await;
    let first = yard.publish(keyed("a.b", "order-1")).await.unwrap();
    let again = yard.publish(keyed("a.b", "order-1")).await.unwrap();
    assert_eq!((again.event_id, again.deliveries), (first.event_id, 1));
    assert!(again.duplicate && !first.duplicate);

    let mut other = keyed("a.b", "order-1");
    other.data = RawJson::parse("2").unwrap();
    let refused = yard.publish(other.clone()).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the id order-1 was already used for an event with other content"
    );
    let mut elsewhere = other;
    elsewhere.audience = Audience::Everyone;
    assert!(!yard.publish(elsewhere).await.unwrap().duplicate);
}
