//! What happens to deliveries: every legal move, every refusal, and the ledger after each.

use hookyard::domain::delivery::{DeadReason, DeliveryState, DiscardReason};
use hookyard::domain::endpoint::{DisabledReason, EndpointStatus};
use hookyard::domain::id::{DeliveryId, EventId};
use hookyard::domain::ledger::Counts;
use hookyard::store::{AfterAttempt, DeliveryScope, DeliverySelect, Recorded, StoreError};

use super::fixture::{START, Yard, event, note};

#[tokio::test]
async fn outcomes_move_only_the_delivery_that_waits_for_them_and_are_kept_anyway() {
    let yard = Yard::new().await;
    let endpoint = yard.endpoint().await;
    let delivery = yard.fresh(&endpoint).await;
    let late = yard.attempt_of(&delivery, AfterAttempt::Delivered);
    let discarded = yard
        .store
        .discard_delivery(note(), delivery.id, None)
        .await
        .unwrap();
    let operator = DeliveryState::Discarded(DiscardReason::Operator);
    assert_eq!(discarded.state, operator);

    let recorded = yard.store.record(late.clone()).await.unwrap();
    assert_eq!(recorded.recorded, Recorded::Stale);
    let after = yard.store.delivery(delivery.id).await.unwrap();
    assert_eq!((after.state, after.attempts), (operator, 1));
    assert_eq!(
        yard.store.attempts(delivery.id).await.unwrap(),
        [late.attempt]
    );

    let replayed = yard
        .store
        .replay_delivery(note(), delivery.id)
        .await
        .unwrap();
    assert_eq!(replayed.state, DeliveryState::Pending);
    assert_eq!(replayed.next_attempt_at, Some(START));
    let next = yard.attempt_of(&replayed, AfterAttempt::Dead(DeadReason::Exhausted));
    assert_eq!(next.attempt.number, 2);
    let kept = yard.store.record(next).await.unwrap();
    assert_eq!(kept.recorded, Recorded::Applied);
    let counts = Counts {
        created: 1,
        dead: 1,
        ..Counts::default()
    };
    assert_eq!(yard.store.ledger().await.unwrap(), counts);
}

#[tokio::test]
async fn a_replay_starts_a_fresh_budget() {
    let yard = Yard::new().await;
    let endpoint = yard.endpoint().await;
    let delivery = yard.fresh(&endpoint).await;
    let dead = yard.attempt_of(&delivery, AfterAttempt::Dead(DeadReason::Gone));
    yard.store.record(dead).await.unwrap();
    yard.clock.advance(std::time::Duration::from_secs(60));
    let replayed = yard
        .store
        .replay_delivery(note(), delivery.id)
        .await
        .unwrap();
    assert_eq!((replayed.attempts, replayed.budget_attempts), (1, 0));
    assert_eq!(
        replayed.budget_started_at,
        START + std::time::Duration::from_secs(60)
    );
    let due = yard
        .store
        .lane_due(endpoint.id, replayed.budget_started_at, 5)
        .await;
    assert_eq!(due.unwrap()[0].id, delivery.id);
}

#[tokio::test]
async fn refused_moves_say_why_and_change_nothing() {
    let yard = Yard::new().await;
    let endpoint = yard.endpoint().await;
    let delivery = yard.fresh(&endpoint).await;
    let done = yard.attempt_of(&delivery, AfterAttempt::Delivered);
    yard.store.record(done).await.unwrap();
    let discard = yard.store.discard_delivery(note(), delivery.id, None).await;
    assert_eq!(
        discard.unwrap_err().to_string(),
        "a delivered delivery cannot be discarded"
    );
    let missing = DeliveryId::from_i64(5);
    let replay = yard
        .store
        .replay_delivery(note(), missing)
        .await
        .unwrap_err();
    assert_eq!(replay.to_string(), "there is no delivery dlv_0000000000005");
    let again = yard
        .store
        .deliver_event(note(), delivery.event_id, endpoint.id)
        .await
        .unwrap_err();
    assert!(
        matches!(again, StoreError::AlreadyDelivered { delivery_id } if delivery_id == delivery.id)
    );
    let nothing = yard
        .store
        .deliver_event(note(), EventId::from_i64(9), endpoint.id)
        .await
        .unwrap_err();
    assert_eq!(nothing.to_string(), "there is no event evt_0000000000009");
    let mut record = yard.attempt_of(&delivery, AfterAttempt::Delivered);
    record.attempt.delivery_id = missing;
    let record = yard.store.record(record).await.unwrap_err();
    assert!(matches!(
        record,
        StoreError::NotFound {
            noun: "delivery",
            ..
        }
    ));
    assert!(yard.store.ledger().await.unwrap().adds_up());
}

#[tokio::test]
async fn an_event_can_be_sent_to_an_endpoint_it_never_reached() {
    let yard = Yard::new().await;
    let published = yard.publish(event("a.b")).await.unwrap();
    assert_eq!(published.deliveries, 0);
    let endpoint = yard
        .endpoint_with(|endpoint| endpoint.event_types = vec!["other".parse().unwrap()])
        .await;
    let id = yard
        .store
        .deliver_event(note(), published.event_id, endpoint.id)
        .await
        .unwrap();
    let fresh = yard.store.lane_fresh(endpoint.id, None, 5).await.unwrap();
    assert_eq!(fresh[0].id, id);
    let (delivery, event) = fresh[0].work.clone().unwrap();
    assert_eq!(
        (delivery.event_id, event.id),
        (event.id, published.event_id)
    );
    assert!(yard.store.ledger().await.unwrap().adds_up());
}

#[tokio::test]
async fn pending_shows_as_held_or_discarded_by_its_endpoints_status() {
    let yard = Yard::new().await;
    let endpoint = yard.endpoint().await;
    let delivery = yard.fresh(&endpoint).await;
    let disabled = EndpointStatus::Disabled {
        reason: DisabledReason::Operator,
    };
    let paused = EndpointStatus::Paused {
        until: None,
        reason: Some("maintenance".to_owned()),
    };
    let gone = DeliveryState::Discarded(DiscardReason::EndpointDeleted);
    let mut version = endpoint.version;
    for (status, state) in [
        (paused, DeliveryState::Held),
        (disabled, DeliveryState::Held),
        (EndpointStatus::Active, DeliveryState::Pending),
        (EndpointStatus::Deleted, gone),
    ] {
        let mut changed = endpoint.clone();
        changed.status = status;
        let stored = yard.store.update_endpoint(note(), changed, version).await;
        version = stored.unwrap().version;
        let shown = yard.store.delivery(delivery.id).await.unwrap();
        assert_eq!(shown.state, state);
        let page = yard
            .store
            .deliveries_page(&DeliverySelect::default(), None, 5)
            .await;
        assert_eq!(page.unwrap().items, [shown]);
        let ledger = yard.store.ledger().await.unwrap();
        let held = i64::from(state == DeliveryState::Held);
        let discarded = i64::from(state == gone);
        assert_eq!((ledger.held, ledger.discarded), (held, discarded));
        assert!(ledger.adds_up());
    }
}

#[tokio::test]
async fn an_undeliverable_delivery_is_dead_with_its_reason() {
    let yard = Yard::new().await;
    let endpoint = yard.endpoint().await;
    let delivery = yard.fresh(&endpoint).await;
    let text = "the body cannot be rendered: 1e400 has no JavaScript form";
    assert!(
        yard.store
            .mark_undeliverable(delivery.id, text)
            .await
            .unwrap()
    );
    assert!(
        !yard
            .store
            .mark_undeliverable(delivery.id, "again")
            .await
            .unwrap()
    );
    let note = yard.store.delivery_note(delivery.id).await.unwrap();
    assert_eq!(note.as_deref(), Some(text));
    let select = DeliverySelect {
        scope: DeliveryScope::Dead(endpoint.id),
        condition: None,
    };
    let dead = yard.store.deliveries_page(&select, None, 5).await.unwrap();
    let state = DeliveryState::Dead(DeadReason::Undeliverable);
    assert_eq!(dead.items[0].state, state);
}
