//! Reading: pages that neither skip nor repeat, lanes that load what they should, rows that cannot be read.

use std::collections::BTreeMap;
use std::time::Duration;

use hookyard::clock::{Clock, Stopwatch};
use hookyard::domain::delivery::{DeadReason, DeliveryState};
use hookyard::domain::endpoint::Endpoint;
use hookyard::domain::id::DeliveryId;
use hookyard::domain::time::Timestamp;
use hookyard::domain::token::{Role, Token};
use hookyard::store::{
    AfterAttempt, Cursor, DeliveryScope, DeliverySelect, SqlCondition, SqlValue, StoreError,
    StoredRevision,
};

use super::fixture::{START, Yard, event, note};

async fn publish_many(yard: &Yard, count: usize) -> Vec<DeliveryId> {
    let events = (0..count).map(|_| event("a.b")).collect();
    yard.store.publish(events).await.unwrap();
    let page = yard
        .store
        .deliveries_page(&DeliverySelect::default(), None, 500)
        .await;
    page.unwrap()
        .items
        .iter()
        .map(|delivery| delivery.id)
        .collect()
}

/// All ids of a selection, page by page.
async fn all_pages(yard: &Yard, select: &DeliverySelect, limit: u32) -> Vec<DeliveryId> {
    let mut ids = Vec::new();
    let mut cursor: Option<Cursor> = None;
    loop {
        let page = yard
            .store
            .deliveries_page(select, cursor, limit)
            .await
            .unwrap();
        assert!(page.items.len() <= usize::try_from(limit).unwrap());
        ids.extend(page.items.iter().map(|delivery| delivery.id));
        match page.next {
            // As callers do: through the text on the wire.
            Some(next) => cursor = Some(next.to_string().parse().unwrap()),
            None => return ids,
        }
    }
}

#[tokio::test]
async fn pages_neither_skip_nor_repeat_whatever_their_size() {
    let yard = Yard::new().await;
    let endpoint = yard.endpoint().await;
    let ids = publish_many(&yard, 23).await;
    assert!(ids.is_sorted_by(|newer, older| newer > older));
    for limit in [1, 5, 22, 23, 24] {
        for scope in [DeliveryScope::All, DeliveryScope::Endpoint(endpoint.id)] {
            let select = DeliverySelect {
                scope,
                condition: None,
            };
            assert_eq!(all_pages(&yard, &select, limit).await, ids, "{limit}");
        }
    }
    let between = DeliverySelect {
        scope: DeliveryScope::Between(ids[9], ids[3]),
        condition: None,
    };
    assert_eq!(all_pages(&yard, &between, 2).await, ids[3..=9]);
}

#[tokio::test]
async fn a_condition_finds_a_needle_beyond_the_rows_of_one_page() {
    let yard = Yard::new().await;
    yard.endpoint().await;
    let needle = yard.store.publish(vec![event("needle.x")]).await.unwrap();
    for _ in 0..25 {
        let events = (0..1_000).map(|_| event("a.b")).collect();
        yard.store.publish(events).await.unwrap();
    }
    let select = DeliverySelect {
        scope: DeliveryScope::All,
        condition: Some(SqlCondition {
            sql: "e.event_type = $1 AND p.status = $2 AND d.test = $3".to_owned(),
            binds: vec![
                SqlValue::Text("needle.x".to_owned()),
                SqlValue::Text("active".to_owned()),
                SqlValue::Int(0),
            ],
        }),
    };
    let first = yard.store.deliveries_page(&select, None, 10).await.unwrap();
    assert!(first.items.is_empty() && first.next.is_some());
    let second = yard
        .store
        .deliveries_page(&select, first.next, 10)
        .await
        .unwrap();
    assert_eq!(second.items[0].event_id, needle[0].event_id);
    assert_eq!(second.next, None);
    let of_event = DeliverySelect {
        scope: DeliveryScope::Event(needle[0].event_id),
        ..select
    };
    assert_eq!(all_pages(&yard, &of_event, 5).await.len(), 1);
}

#[tokio::test]
async fn lanes_load_fresh_in_order_and_due_by_time() {
    let yard = Yard::new().await;
    let endpoint = yard.endpoint().await;
    let mut ids = publish_many(&yard, 6).await;
    ids.reverse();
    let fresh = async |after, limit| -> Vec<DeliveryId> {
        let rows = yard.store.lane_fresh(endpoint.id, after, limit).await;
        rows.unwrap().iter().map(|row| row.id).collect()
    };
    assert_eq!(fresh(None, 3).await, ids[..3]);
    assert_eq!(fresh(Some(ids[2]), 9).await, ids[3..]);

    for (place, seconds) in [(0, 30), (1, 10), (2, 20)] {
        let delivery = yard.store.delivery(ids[place]).await.unwrap();
        let at = START + Duration::from_secs(seconds);
        let retry = yard.attempt_of(&delivery, AfterAttempt::Retry { at });
        yard.store.record(retry).await.unwrap();
    }
    assert_eq!(fresh(None, 9).await, ids[3..]);
    let due = async |seconds| -> Vec<DeliveryId> {
        let now = START + Duration::from_secs(seconds);
        let rows = yard.store.lane_due(endpoint.id, now, 9).await.unwrap();
        rows.iter().map(|row| row.id).collect()
    };
    assert_eq!(due(9).await, []);
    assert_eq!(due(20).await, [ids[1], ids[2]]);
    assert_eq!(due(60).await, [ids[1], ids[2], ids[0]]);
    let next = yard
        .store
        .lane_due_after(endpoint.id, Timestamp::EPOCH)
        .await
        .unwrap();
    assert_eq!(next, Some(START + Duration::from_secs(10)));
    assert_eq!(yard.store.oldest_due().await.unwrap(), Some(START));
}

#[tokio::test]
async fn a_row_that_cannot_be_read_is_named_and_leaves_its_neighbours_alone() {
    let yard = Yard::new().await;
    let endpoint = yard.endpoint().await;
    let mut ids = publish_many(&yard, 3).await;
    ids.reverse();
    yard.tamper(
        "UPDATE deliveries SET event_type = 'no type' WHERE id = (SELECT min(id) FROM deliveries)",
    )
    .await;
    yard.tamper("UPDATE events SET data = x'ff' WHERE id = (SELECT max(id) FROM events)")
        .await;
    let rows = yard.store.lane_fresh(endpoint.id, None, 9).await.unwrap();
    let named: Vec<_> = rows
        .iter()
        .map(|row| (row.id, row.work.as_ref().err().map(ToString::to_string)))
        .collect();
    let unreadable = |id: i64, what: &str| Some(format!("row {id} of {what}"));
    let last = yard.store.delivery(ids[2]).await.unwrap().event_id.as_i64();
    assert_eq!(
        named,
        [
            (
                ids[0],
                unreadable(ids[0].as_i64(), "deliveries has an unreadable event_type")
            ),
            (ids[1], None),
            (ids[2], unreadable(last, "events has an unreadable data")),
        ]
    );
    // Such a delivery can still be taken out of the way.
    assert!(
        yard.store
            .mark_undeliverable(ids[0], "unreadable")
            .await
            .unwrap()
    );
    assert_eq!(yard.store.recount().await.unwrap(), []);
}

#[tokio::test]
async fn an_endpoint_that_cannot_be_read_is_named() {
    let yard = Yard::new().await;
    let endpoint = yard.endpoint().await;
    yard.tamper("UPDATE endpoints SET secrets = '[1]'").await;
    let error = yard.store.endpoint(endpoint.id).await.unwrap_err();
    let expected = format!(
        "row {} of endpoints has an unreadable secrets",
        endpoint.id.as_i64()
    );
    assert_eq!(error.to_string(), expected);
}

#[tokio::test]
async fn every_commit_is_told_in_order_and_a_slow_listener_learns_what_it_missed() {
    let yard = Yard::with(|options| options.changes_kept = 2).await;
    let mut changes = yard.store.subscribe();
    let endpoint = yard.endpoint().await;
    let delivery = yard.fresh(&endpoint).await;
    let first = changes.recv().await.unwrap();
    assert_eq!(
        (first.number, &first.endpoints[..]),
        (1, &[endpoint.id][..])
    );
    let second = changes.recv().await.unwrap();
    assert_eq!((second.number, second.events), (2, 1));
    assert_eq!(second.deliveries[0].id, delivery.id);

    let dead = yard.attempt_of(&delivery, AfterAttempt::Dead(DeadReason::Expired));
    yard.store.record(dead).await.unwrap();
    let third = changes.recv().await.unwrap();
    let state = DeliveryState::Dead(DeadReason::Expired);
    assert_eq!((third.number, third.deliveries[0].state), (3, state));
    // A commit is told after its caller is answered: a listener that keeps up shows when all five were.
    let mut prompt = yard.store.subscribe();
    for _ in 0..5 {
        yard.publish(event("a.b")).await.unwrap();
        prompt.recv().await.unwrap();
    }
    let missed = changes.recv().await.unwrap_err();
    assert_eq!(missed.to_string(), "channel lagged by 3");
    assert_eq!(changes.recv().await.unwrap().number, 7);
}

fn token(yard: &Yard, sha256: [u8; 32]) -> Token {
    let now = yard.clock.now();
    Token {
        id: yard.store.mint(now),
        name: "ci".to_owned(),
        role: Role::Consumer,
        tenant: Some("acme".parse().unwrap()),
        prefix: "hky_abcd".to_owned(),
        sha256,
        created_at: now,
        expires_at: Some(now + Duration::from_secs(5)),
        revoked_at: None,
    }
}

#[tokio::test]
async fn tokens_are_found_by_digest_once_each_and_end_when_revoked() {
    let yard = Yard::new().await;
    let stored = yard
        .store
        .insert_token(note(), token(&yard, [1; 32]), 10)
        .await
        .unwrap();
    let found = yard.store.token_by_hash([1; 32]).await.unwrap();
    assert_eq!(found.as_ref(), Some(&stored));
    assert_eq!(yard.store.token_by_hash([2; 32]).await.unwrap(), None);
    let twin = yard
        .store
        .insert_token(note(), token(&yard, [1; 32]), 10)
        .await;
    assert!(matches!(twin, Err(StoreError::Taken { noun: "token" })));
    let revoked = yard.store.revoke_token(note(), stored.id).await.unwrap();
    assert_eq!(revoked.revoked_at, Some(START));
    assert_eq!(yard.store.tokens().await.unwrap(), [revoked]);
    let missing = yard
        .store
        .revoke_token(note(), yard.store.mint(START))
        .await;
    assert!(matches!(
        missing,
        Err(StoreError::NotFound { noun: "token", .. })
    ));
}

#[tokio::test]
async fn single_values_and_contract_revisions_are_kept() {
    let yard = Yard::new().await;
    assert_eq!(yard.store.meta("key_check").await.unwrap(), None);
    for value in [b"one".to_vec(), b"two".to_vec()] {
        yard.store.put_meta("key_check", value).await.unwrap();
    }
    let revision = StoredRevision {
        revision: [4; 32],
        name: "standard".to_owned(),
        text: "name = \"standard\"".to_owned(),
    };
    for _ in 0..2 {
        let revisions = vec![revision.clone()];
        yard.store.ensure_revisions(revisions).await.unwrap();
    }
    let yard = yard.reopened().await;
    let value = yard.store.meta("key_check").await.unwrap();
    assert_eq!(value.as_deref(), Some(&b"two"[..]));
    assert_eq!(yard.store.revision([4; 32]).await.unwrap(), revision);
}

#[tokio::test]
async fn statistics_are_kept_by_minute_and_leave_test_traffic_out() {
    let yard = Yard::new().await;
    let endpoint = yard.endpoint().await;
    let failed = yard.fresh(&endpoint).await;
    let at = START + Duration::from_secs(60);
    let retry = yard.attempt_of(&failed, AfterAttempt::Retry { at });
    yard.store.record(retry).await.unwrap();
    yard.clock.advance(Duration::from_secs(60));
    let again = yard.store.delivery(failed.id).await.unwrap();
    let success = yard.attempt_of(&again, AfterAttempt::Delivered);
    yard.store.record(success).await.unwrap();
    let quiet = |endpoint: &mut Endpoint| endpoint.test_mode = true;
    let testing = yard.endpoint_with(quiet).await;
    let mut test = event("a.b");
    test.test = true;
    yard.publish(test).await.unwrap();
    let rows = yard.store.lane_fresh(testing.id, None, 1).await.unwrap();
    let (delivery, _) = rows[0].work.clone().unwrap();
    let tested = yard.attempt_of(&delivery, AfterAttempt::Delivered);
    yard.store.record(tested).await.unwrap();

    let end = START + Duration::from_hours(1);
    let minute = Duration::from_secs(60);
    let minutes = yard.store.step_stats(START, end, minute).await.unwrap();
    let counts: Vec<_> = minutes
        .iter()
        .map(|(_, stats)| (stats.attempts, stats.successes, stats.failures.len()))
        .collect();
    assert_eq!(counts, [(1, 0, 1), (1, 1, 0)]);
    assert_eq!(minutes[0].1.latency_us, 3_000);
    let both = [endpoint.id, testing.id];
    let by_endpoint = yard.store.endpoint_stats(&both, START, end, minute).await;
    let expected = BTreeMap::from([(endpoint.id, minutes.clone())]);
    assert_eq!(by_endpoint.unwrap(), expected);
    let others = [testing.id];
    let others = yard.store.endpoint_stats(&others, START, end, minute).await;
    assert_eq!(others.unwrap(), BTreeMap::new());
    let quarter = Duration::from_secs(900);
    let quarters = yard.store.step_stats(START, end, quarter).await.unwrap();
    let beginning = START.as_millis() / 900_000 * 900_000;
    let mut both_minutes = minutes[0].1.clone();
    both_minutes.add(&minutes[1].1);
    assert_eq!(
        quarters,
        [(Timestamp::from_millis(beginning), both_minutes)]
    );
    let accepted = yard.store.accepted_by_step(START, end, quarter).await;
    assert_eq!(accepted.unwrap(), [(Timestamp::from_millis(beginning), 1)]);
    let second = yard.clock.now();
    let by_endpoint = yard.store.endpoint_stats(&both, second, end, quarter).await;
    let (from, counted) = &by_endpoint.unwrap()[&endpoint.id][0];
    assert_eq!(counted, &minutes[1].1);
    assert_eq!(
        from.as_millis(),
        beginning,
        "a step begins where the clock has it"
    );
    let untouched = yard.store.endpoint_ledger(testing.id).await.unwrap();
    assert_eq!(untouched.counts.delivered, 1);
    assert_eq!(untouched.last_success_at, None);
    let accepted = yard
        .store
        .accepted_by_step(START, end, minute)
        .await
        .unwrap();
    let accepted: Vec<u64> = accepted.iter().map(|(_, count)| *count).collect();
    // The test event alone has its minute left out.
    assert_eq!(accepted, [1]);
    assert_eq!(yard.store.events_ever().await.unwrap(), 2);
}

/// Goal: the log's file does not stay as large as it once was. Method: write, then look at it until it is empty.
#[tokio::test]
async fn the_log_is_cut_once_nothing_is_written() {
    let yard = Yard::new().await;
    publish_many(&yard, 400).await;
    assert!(yard.store.facts().wal_bytes > 0);
    let watch = Stopwatch::start();
    while yard.store.facts().wal_bytes > 0 {
        assert!(
            watch.elapsed() < Duration::from_secs(20),
            "{:?}",
            yard.store.facts()
        );
        tokio::task::yield_now().await;
    }
    let checkpoint = yard.store.facts().checkpoint;
    assert!(checkpoint.at.is_some() && !checkpoint.busy && checkpoint.failures == 0);
}
