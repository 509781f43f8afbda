//! Causes of failures: counted as attempts fail, found again on deliveries, forgotten when they are old.

use std::time::Duration;

use hookyard::clock::Clock;
use hookyard::domain::attempt::{Failure, FailureClass};
use hookyard::domain::delivery::DeadReason;
use hookyard::domain::endpoint::Endpoint;
use hookyard::domain::fingerprint::CauseId;
use hookyard::domain::id::DeliveryId;
use hookyard::domain::limits::CAUSES_MAX;
use hookyard::domain::retention::{self, RetentionPolicy};
use hookyard::domain::time::Timestamp;
use hookyard::store::{
    AfterAttempt, Cause, CauseWindow, DeliveryScope, DeliverySelect, RetentionProgress,
    SqlCondition, SqlValue,
};

use super::fixture::{Yard, event};

const HOUR: Duration = Duration::from_hours(1);
const DEAD: AfterAttempt = AfterAttempt::Dead(DeadReason::Exhausted);

/// A fresh delivery's attempt fails for this reason, or succeeds; its id.
async fn attempted(yard: &Yard, endpoint: &Endpoint, text: Option<&str>) -> DeliveryId {
    let delivery = yard.fresh(endpoint).await;
    let next = if text.is_some() {
        DEAD
    } else {
        AfterAttempt::Delivered
    };
    let mut record = yard.attempt_of(&delivery, next);
    record.attempt.failure = text.map(|text| Failure {
        class: FailureClass::Connect,
        text: text.to_owned(),
    });
    yard.store.record(record).await.unwrap();
    delivery.id
}

async fn causes_of(yard: &Yard, from: Timestamp, now: Timestamp, limit: u32) -> Vec<Cause> {
    let window = CauseWindow {
        from,
        now,
        open: vec![(from, now.moved_by(1))],
        limit,
        ..CauseWindow::default()
    };
    yard.store.causes(window).await.unwrap()
}

async fn causes(yard: &Yard, back: Duration) -> Vec<Cause> {
    let now = yard.clock.now();
    causes_of(yard, now - back, now, 100).await
}

async fn cause_of(yard: &Yard, id: DeliveryId) -> Option<CauseId> {
    yard.store.delivery(id).await.unwrap().cause
}

#[tokio::test]
async fn a_thousand_failures_are_the_few_causes_that_they_are() {
    let yard = Yard::new().await;
    let (shop, bank) = (yard.endpoint().await, yard.endpoint().await);
    for number in 0..30 {
        let text = format!("10.0.0.{number}:443 refused the connection");
        let endpoint = if number % 2 == 0 { &shop } else { &bank };
        attempted(&yard, endpoint, Some(&text)).await;
    }
    attempted(&yard, &shop, Some("no route to 10.0.0.7")).await;
    let found = causes(&yard, HOUR).await;
    let brief: Vec<_> = found
        .iter()
        .map(|cause| {
            (
                cause.fingerprint.message.as_str(),
                cause.failures,
                cause.endpoints,
                cause.dead,
            )
        })
        .collect();
    assert_eq!(
        brief,
        [
            ("# refused the connection", 30, 2, 30),
            ("no route to #", 1, 1, 1)
        ]
    );
    assert_eq!(found[0].first_seen, found[0].last_seen);
    assert_eq!(found[0].fingerprint.class, FailureClass::Connect);
}

#[tokio::test]
async fn a_cause_tells_its_trend_its_window_and_who_succeeds_again() {
    let yard = Yard::new().await;
    let (shop, bank) = (yard.endpoint().await, yard.endpoint().await);
    attempted(&yard, &shop, Some("refused")).await;
    yard.clock.advance(HOUR);
    for endpoint in [&shop, &shop, &bank] {
        attempted(&yard, endpoint, Some("refused")).await;
    }
    yard.clock.advance(Duration::from_mins(12));
    attempted(&yard, &bank, Some("refused")).await;
    let found = causes(&yard, Duration::from_mins(30)).await.remove(0);
    assert_eq!((found.failures, found.failures_ever), (4, 5));
    assert_eq!((found.latest, found.before), (1, 3));
    assert_eq!((found.endpoints, found.succeeding), (2, 0));
    yard.clock.advance(Duration::from_secs(1));
    attempted(&yard, &shop, None).await;
    let found = causes(&yard, HOUR).await.remove(0);
    assert_eq!((found.endpoints, found.succeeding), (2, 1));
    assert_eq!(
        causes(&yard, Duration::from_mins(5))
            .await
            .remove(0)
            .failures,
        1
    );
    yard.clock.advance(2 * HOUR);
    assert_eq!(causes(&yard, HOUR).await, []);
}

#[tokio::test]
async fn a_delivery_keeps_the_cause_of_its_latest_failure_until_it_succeeds() {
    let yard = Yard::new().await;
    let endpoint = yard.endpoint().await;
    let delivery = yard.fresh(&endpoint).await;
    assert_eq!(delivery.cause, None);
    let later = yard.clock.now() + HOUR;
    let retry = AfterAttempt::Retry { at: later };
    let first = yard.attempt_of(&delivery, retry);
    yard.store.record(first).await.unwrap();
    let cause = cause_of(&yard, delivery.id).await.unwrap();
    assert_eq!(causes(&yard, HOUR).await[0].fingerprint.id, cause);
    let now = yard.store.delivery(delivery.id).await.unwrap();
    let second = yard.attempt_of(&now, AfterAttempt::Delivered);
    yard.store.record(second).await.unwrap();
    assert_eq!(cause_of(&yard, delivery.id).await, None);

    let test = hookyard::domain::event::NewEvent {
        test: true,
        ..event("a.b")
    };
    let (_, id) = yard
        .store
        .publish_to(super::fixture::note(), test, endpoint.id)
        .await
        .unwrap();
    let delivery = yard.store.delivery(id).await.unwrap();
    let record = yard.attempt_of(&delivery, DEAD);
    yard.store.record(record).await.unwrap();
    assert_eq!(
        cause_of(&yard, id).await,
        None,
        "test traffic has no causes"
    );
}

#[tokio::test]
async fn dead_deliveries_of_a_cause_are_found_by_it_in_order() {
    let yard = Yard::new().await;
    let endpoint = yard.endpoint().await;
    let mut wanted = Vec::new();
    for _ in 0..3 {
        wanted.insert(0, attempted(&yard, &endpoint, Some("refused")).await);
        attempted(&yard, &endpoint, Some("no route")).await;
        attempted(&yard, &endpoint, None).await;
    }
    let cause = cause_of(&yard, wanted[0]).await.unwrap();
    let select = DeliverySelect {
        scope: DeliveryScope::Cause(cause),
        condition: Some(SqlCondition {
            sql: "d.state = $1".to_owned(),
            binds: vec![SqlValue::Text("dead".to_owned())],
        }),
    };
    let first = yard.store.deliveries_page(&select, None, 2).await.unwrap();
    let rest = yard
        .store
        .deliveries_page(&select, first.next, 2)
        .await
        .unwrap();
    let ids = first.items.iter().chain(&rest.items);
    assert_eq!(ids.map(|delivery| delivery.id).collect::<Vec<_>>(), wanted);
    assert_eq!(rest.next, None);
}

/// A word of letters alone for a number: digits would be folded.
fn word(mut number: usize) -> String {
    let mut word = "x".to_owned();
    for _ in 0..3 {
        word.push(char::from(b'g' + u8::try_from(number % 16).unwrap()));
        number /= 16;
    }
    word
}

#[tokio::test]
async fn causes_beyond_the_most_count_as_other_ones_and_room_comes_back_with_retention() {
    let yard = Yard::new().await;
    let endpoint = yard.endpoint().await;
    let events = (0..=CAUSES_MAX).map(|_| event("a.b")).collect();
    yard.store.publish(events).await.unwrap();
    let rows = yard
        .store
        .lane_fresh(endpoint.id, None, 2_000)
        .await
        .unwrap();
    let mut records = Vec::new();
    for (number, row) in rows.into_iter().enumerate() {
        let delivery = row.work.unwrap().0;
        let mut record = yard.attempt_of(&delivery, DEAD);
        record.attempt.failure = Some(Failure {
            class: FailureClass::Tls,
            text: word(number),
        });
        records.push(yard.store.record(record));
    }
    for recorded in futures_util::future::join_all(records).await {
        recorded.unwrap();
    }
    let now = yard.clock.now();
    let found = causes_of(&yard, now - HOUR, now, 500).await;
    assert_eq!(found.len(), 500);
    attempted(&yard, &endpoint, Some("one more")).await;
    let others = async || {
        let now = yard.clock.now();
        let found = causes_of(&yard, now - HOUR, now, 2_000).await;
        let is_other = |cause: &&Cause| cause.fingerprint.message == "other failures of this class";
        found.iter().filter(is_other).count()
    };
    assert_eq!(others().await, 2, "one of each class");

    yard.clock.advance(31 * Duration::from_hours(24));
    let plan = retention::plan(yard.clock.now(), &RetentionPolicy::default());
    let mut progress = RetentionProgress::default();
    while !progress.is_done() {
        progress = yard.store.retention_step(plan, progress).await.unwrap().0;
    }
    assert_eq!(causes(&yard, Duration::from_hours(24 * 40)).await, []);
    attempted(&yard, &endpoint, Some("one more")).await;
    assert_eq!(causes(&yard, HOUR).await[0].fingerprint.message, "one more");
    let yard = yard.reopened().await;
    let endpoint = yard.store.endpoint(endpoint.id).await.unwrap();
    attempted(&yard, &endpoint, Some("one more")).await;
    assert_eq!(causes(&yard, HOUR).await[0].failures, 2);
}
