//! Retention: what is past its time goes, what is needed stays, and the ledger adds up throughout.

use std::time::Duration;

use hookyard::clock::Clock;
use hookyard::config::{Config, Environment, Sources};
use hookyard::domain::certificate::Nearness;
use hookyard::domain::delivery::DeadReason;
use hookyard::domain::endpoint::{Endpoint, EndpointStatus};
use hookyard::domain::id::{DeliveryId, EndpointId, EventId};
use hookyard::domain::retention::{self, RetentionPolicy};
use hookyard::domain::time::Timestamp;
use hookyard::domain::token::{Role, Token};
use hookyard::domain::tries::{Tries, Try};
use hookyard::store::{
    AfterAttempt, CertificateWarning, Fate, Filling, MinuteTries, Removed, RetentionProgress,
    Store, StoreError, StoreOptions,
};

use super::fixture::{START, Yard, event, keyed, note, plain_endpoint};

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
        sum.endpoints += removed.endpoints;
        sum.tokens += removed.tokens;
        assert_eq!(yard.store.recount().await.unwrap(), []);
    }
    sum
}

/// One attempt of `minute` that took so long, of all endpoints together.
fn tried(minute: Timestamp, millis: u64) -> MinuteTries {
    let mut tries = Tries::default();
    tries.add(Try {
        number: 2,
        is_last: true,
        took: Duration::from_millis(millis),
    });
    MinuteTries {
        minute,
        endpoint_id: None,
        part: minute,
        tries,
    }
}

#[tokio::test]
async fn a_day_of_sketches_outlives_its_minutes_and_goes_when_nobody_can_ask_for_it() {
    let yard = Yard::new().await;
    let day = Timestamp::from_millis(START.as_millis().div_euclid(86_400_000) * 86_400_000);
    let hours = Duration::from_hours;
    let parts = [(hours(1), 10), (hours(23), 30), (hours(25), 50)];
    let parts = parts.map(|(after, millis)| tried(day + after, millis));
    yard.store.keep_sketches(&parts).await.unwrap();
    let first = yard.store.day_tries(day).await.unwrap();
    assert_eq!((first.retries, first.durations.count()), (2, 2));
    // Yesterday is left open: a clock that is set back by hours leads into it.
    yard.clock.advance((day + DAY).since(yard.clock.now()));
    round(&yard).await;
    yard.store
        .keep_sketches(&[tried(day + hours(23) + Duration::from_secs(60), 30)])
        .await
        .unwrap();
    let whole = yard.store.day_tries(day).await.unwrap();
    assert_eq!((whole.retries, whole.durations.count()), (3, 3));
    for days in [2, 40, 91] {
        yard.clock
            .advance((day + days * DAY).since(yard.clock.now()));
        round(&yard).await;
        assert_eq!(yard.store.day_tries(day).await.unwrap(), whole);
        let minutes = yard.store.tries(day, day + DAY).await.unwrap();
        assert_eq!(minutes.retries, if days < 31 { 3 } else { 0 });
    }
    yard.clock.advance(DAY);
    round(&yard).await;
    assert_eq!(yard.store.day_tries(day).await.unwrap(), Tries::default());
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
async fn how_far_back_all_is_kept_rises_with_what_is_taken_and_with_nothing_else() {
    let yard = Yard::new().await;
    assert_eq!(yard.store.kept_since().await.unwrap(), None);
    yard.endpoint().await;
    let (oldest, _) = moved(&yard, AfterAttempt::Delivered).await;
    let (_, dead) = moved(&yard, AfterAttempt::Dead(DeadReason::Exhausted)).await;
    let kept_since = async || yard.store.kept_since().await.unwrap();
    assert_eq!(kept_since().await, Some(oldest.timestamp()));
    assert_eq!(yard.store.taken_until().await.unwrap(), None);
    yard.clock.advance(31 * DAY);
    let edge = yard.clock.now() - 30 * DAY;
    assert_eq!(round(&yard).await.deliveries, 1);
    // What is dead stays, and is older than what is gone.
    assert!(dead.timestamp() < edge && yard.store.delivery(dead).await.is_ok());
    assert_eq!(kept_since().await, Some(edge));
    yard.clock.advance(DAY);
    assert_eq!(round(&yard).await.deliveries, 0);
    assert_eq!(kept_since().await, Some(edge), "nothing was taken since");
    assert_eq!(yard.store.taken_until().await.unwrap(), Some(edge));
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

async fn delete(yard: &Yard, endpoint: &Endpoint) {
    let deleted = Endpoint {
        status: EndpointStatus::Deleted,
        ..endpoint.clone()
    };
    let version = endpoint.version;
    let stored = yard.store.update_endpoint(note(), deleted, version).await;
    stored.unwrap();
}

async fn endpoint_ids(yard: &Yard) -> Vec<EndpointId> {
    let endpoints = yard.store.endpoints().await.unwrap();
    endpoints.iter().map(|endpoint| endpoint.id).collect()
}

#[tokio::test]
async fn a_deleted_endpoint_goes_after_the_longest_age_and_the_ledger_keeps_its_counts() {
    let yard = Yard::new().await;
    let (kept, deleted) = (yard.endpoint().await, yard.endpoint().await);
    for next in [
        AfterAttempt::Delivered,
        AfterAttempt::Dead(DeadReason::Exhausted),
    ] {
        let delivery = yard.fresh(&deleted).await;
        let record = yard.attempt_of(&delivery, next);
        yard.store.record(record).await.unwrap();
    }
    let certificate = CertificateWarning {
        endpoint_id: deleted.id,
        expires_at: START + DAY,
        nearness: Nearness::Day,
    };
    assert!(yard.store.warn_of_certificate(certificate).await.unwrap());
    delete(&yard, &deleted).await;
    let ledger = yard.store.ledger().await.unwrap();
    let of_kept = yard.store.endpoint_ledger(kept.id).await.unwrap();

    yard.clock.advance(365 * DAY);
    let subject = Some(deleted.id.to_string());
    let named = yard.store.append_audit(note(), subject.clone()).await;
    named.unwrap();
    let removed = round(&yard).await;
    assert_eq!((removed.deliveries, removed.endpoints), (2, 0));
    assert_eq!(endpoint_ids(&yard).await, [kept.id, deleted.id]);

    yard.clock.advance(Duration::from_millis(1));
    assert_eq!(round(&yard).await.endpoints, 1);
    assert_eq!(endpoint_ids(&yard).await, [kept.id]);
    assert_eq!(yard.store.ledger().await.unwrap(), ledger);
    assert!(ledger.adds_up() && ledger.created == 4, "{ledger:?}");
    let ledgers = yard.store.endpoint_ledgers().await.unwrap();
    assert_eq!(ledgers.keys().collect::<Vec<_>>(), [&kept.id]);
    assert_eq!(ledgers[&kept.id], of_kept.counts);
    let page = yard.store.audit_page(subject.as_deref(), None, 10).await;
    assert_eq!(page.unwrap().items.len(), 1);
    assert_eq!(round(&yard).await.endpoints, 0);

    let yard = yard.reopened().await;
    assert_eq!(yard.store.ledger().await.unwrap(), ledger);
    assert_eq!(yard.publish(event("a.b")).await.unwrap().deliveries, 1);
}

#[tokio::test]
async fn a_deleted_endpoint_stays_while_a_delivery_of_its_is_kept() {
    let yard = Yard::new().await;
    let endpoint = yard.endpoint().await;
    yard.fresh(&endpoint).await;
    delete(&yard, &endpoint).await;
    let ledger = yard.store.ledger().await.unwrap();
    yard.clock.advance(400 * DAY);
    assert_eq!(round(&yard).await.endpoints, 0);
    assert_eq!(endpoint_ids(&yard).await, [endpoint.id]);

    assert_eq!(yard.store.discard_orphans().await.unwrap(), 1);
    let removed = round(&yard).await;
    assert_eq!((removed.deliveries, removed.endpoints), (1, 1));
    assert_eq!(yard.store.ledger().await.unwrap(), ledger);
    assert_eq!((ledger.created, ledger.discarded), (1, 1));
}

#[tokio::test]
async fn deleted_endpoints_go_a_chunk_at_a_time_past_those_that_stay() {
    let directory = tempfile::tempdir().unwrap();
    let endpoint = |id: i64| Endpoint {
        status: if id % 3 == 0 {
            EndpointStatus::Active
        } else {
            EndpointStatus::Deleted
        },
        // Every eighth was deleted a day ago.
        updated_at: if id % 8 == 0 {
            START + 399 * DAY
        } else {
            START
        },
        ..plain_endpoint(EndpointId::from_i64(id), START)
    };
    let filling = Filling {
        endpoints: (1..=900).map(endpoint).collect(),
        deliveries: 1_800,
        fate: Fate::Delivered,
        causes: Vec::new(),
        event_type: "past.event".parse().unwrap(),
        data_head: "[".to_owned(),
        data_tail: "]".to_owned(),
        revision: [7; 32],
        until: START,
        spacing: Duration::from_millis(2),
    };
    let options = StoreOptions::new(directory.path());
    Store::fill(&options, &filling).await.unwrap();
    let yard = Yard::in_directory(directory).await;
    let ledger = yard.store.ledger().await.unwrap();
    yard.clock.advance(400 * DAY);
    let plan = retention::plan(yard.clock.now(), &RetentionPolicy::default());
    let mut progress = RetentionProgress::default();
    let mut chunks = Vec::new();
    while !progress.is_done() {
        let (next, removed) = yard.store.retention_step(plan, progress).await.unwrap();
        progress = next;
        chunks.extend(Some(removed.endpoints).filter(|&gone| gone > 0));
    }
    let may_go = |id: &i64| id % 3 != 0 && id % 8 != 0;
    let expected = (1..=900).filter(may_go).count() as u64;
    assert_eq!(chunks.iter().sum::<u64>(), expected);
    assert_eq!(chunks.len(), 3, "{chunks:?}");
    assert_eq!(endpoint_ids(&yard).await.len() as u64, 900 - expected);
    assert_eq!(yard.store.ledger().await.unwrap(), ledger);
    assert_eq!(yard.store.recount().await.unwrap(), []);
}

#[tokio::test]
async fn a_token_goes_when_it_has_ended_for_longer_than_the_audits_age() {
    let yard = Yard::new().await;
    let token = async |number: u8, expires_at| {
        let now = yard.clock.now();
        let token = Token {
            id: yard.store.mint(now),
            name: format!("token {number}"),
            role: Role::Viewer,
            tenant: None,
            prefix: "hky_".to_owned(),
            sha256: [number; 32],
            created_at: now,
            expires_at,
            revoked_at: None,
        };
        yard.store.insert_token(note(), token, 10).await.unwrap()
    };
    let living = token(1, None).await;
    let lasting = token(2, Some(START + 800 * DAY)).await;
    let revoked = token(3, None).await;
    let expired = token(4, Some(START + 10 * DAY)).await;
    yard.store.revoke_token(note(), revoked.id).await.unwrap();
    let left = async || {
        let tokens = yard.store.tokens().await.unwrap();
        let mut ids: Vec<_> = tokens.iter().map(|token| token.id).collect();
        ids.sort_unstable();
        ids
    };

    yard.clock.advance(365 * DAY);
    assert_eq!(round(&yard).await.tokens, 0);
    yard.clock.advance(Duration::from_millis(1));
    assert_eq!(round(&yard).await.tokens, 1);
    assert_eq!(left().await, [living.id, lasting.id, expired.id]);
    yard.clock.advance(10 * DAY);
    assert_eq!(round(&yard).await.tokens, 1);
    assert_eq!(left().await, [living.id, lasting.id]);
    assert_eq!(yard.store.token_by_hash([4; 32]).await.unwrap(), None);
}
