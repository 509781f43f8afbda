//! The ledger by day and by endpoint: what is counted where, and that all of it adds up at every moment.

use std::time::Duration;

use hookyard::clock::Clock;
use hookyard::domain::delivery::DeadReason;
use hookyard::domain::endpoint::EndpointStatus;
use hookyard::domain::ledger::Counts;
use hookyard::domain::retention::{self, RetentionPolicy};
use hookyard::domain::time::Timestamp;
use hookyard::store::{AfterAttempt, LedgerReport, RetentionProgress};

use super::fixture::{Yard, note};

const DAY: Duration = Duration::from_hours(24);

async fn report(yard: &Yard) -> LedgerReport {
    let report = yard.store.ledger_report(30, None, 50).await.unwrap();
    assert!(report.adds_up(), "{report:?}");
    report
}

/// Created, pending, delivered, dead and discarded of each day, newest first.
async fn days(yard: &Yard) -> Vec<(String, [i64; 5])> {
    let report = report(yard).await;
    let row = |counts: Counts| {
        let Counts {
            created,
            pending,
            delivered,
            dead,
            discarded,
            held,
        } = counts;
        assert_eq!(held, 0);
        [created, pending, delivered, dead, discarded]
    };
    let days = report.days.iter();
    days.map(|day| (day.day.to_date(), row(day.counts)))
        .collect()
}

fn day(name: &str, counts: [i64; 5]) -> (String, [i64; 5]) {
    (name.to_owned(), counts)
}

#[tokio::test]
async fn a_delivery_counts_on_the_day_it_was_made_whenever_it_moves() {
    let yard = Yard::new().await;
    let endpoint = yard.endpoint().await;
    assert_eq!(days(&yard).await, []);
    let first = yard.fresh(&endpoint).await;
    let second = yard.fresh(&endpoint).await;
    yard.clock.advance(DAY);
    let third = yard.fresh(&endpoint).await;
    let third_id = third.id;
    assert_eq!(
        days(&yard).await,
        [
            day("2026-04-14", [1, 1, 0, 0, 0]),
            day("2026-04-13", [2, 2, 0, 0, 0])
        ]
    );
    for (delivery, next) in [
        (&first, AfterAttempt::Delivered),
        (&second, AfterAttempt::Dead(DeadReason::Exhausted)),
        (&third, AfterAttempt::Delivered),
    ] {
        let record = yard.attempt_of(delivery, next);
        yard.store.record(record).await.unwrap();
    }
    assert_eq!(
        days(&yard).await,
        [
            day("2026-04-14", [1, 0, 1, 0, 0]),
            day("2026-04-13", [2, 0, 1, 1, 0])
        ]
    );
    yard.clock.advance(DAY);
    yard.store
        .discard_delivery(note(), second.id, None)
        .await
        .unwrap();
    yard.store.replay_delivery(note(), third_id).await.unwrap();
    assert_eq!(
        days(&yard).await,
        [
            day("2026-04-14", [1, 1, 0, 0, 0]),
            day("2026-04-13", [2, 0, 1, 0, 1])
        ]
    );
}

#[tokio::test]
async fn what_retention_takes_stays_counted_by_its_day() {
    let yard = Yard::new().await;
    let endpoint = yard.endpoint().await;
    let delivery = yard.fresh(&endpoint).await;
    let record = yard.attempt_of(&delivery, AfterAttempt::Delivered);
    yard.store.record(record).await.unwrap();
    yard.clock.advance(31 * DAY);
    let before = days(&yard).await;
    let plan = retention::plan(yard.clock.now(), &RetentionPolicy::default());
    let (mut progress, mut taken) = (RetentionProgress::default(), 0);
    while !progress.is_done() {
        let (next, removed) = yard.store.retention_step(plan, progress).await.unwrap();
        (progress, taken) = (next, taken + removed.deliveries);
    }
    assert_eq!(taken, 1);
    assert_eq!(days(&yard).await, before);
}

#[tokio::test]
async fn what_waits_for_a_deleted_endpoint_adds_up_before_and_after_it_is_discarded() {
    let yard = Yard::new().await;
    let endpoint = yard.endpoint().await;
    yard.fresh(&endpoint).await;
    let mut deleted = endpoint.clone();
    deleted.status = EndpointStatus::Deleted;
    yard.store
        .update_endpoint(note(), deleted, endpoint.version)
        .await
        .unwrap();
    let before = report(&yard).await;
    assert_eq!((before.total.discarded, before.total.pending), (1, 0));
    assert_eq!(days(&yard).await, [day("2026-04-13", [1, 1, 0, 0, 0])]);
    assert_eq!(yard.store.discard_orphans().await.unwrap(), 1);
    assert_eq!(report(&yard).await.total, before.total);
    assert_eq!(days(&yard).await, [day("2026-04-13", [1, 0, 0, 0, 1])]);
}

#[tokio::test]
async fn days_beyond_those_asked_for_are_added_up_and_endpoints_come_in_pages() {
    let yard = Yard::new().await;
    let old = yard.endpoint().await;
    yard.fresh(&old).await;
    yard.clock.advance(DAY);
    let new = yard.endpoint().await;
    yard.fresh(&new).await;
    let page = yard.store.ledger_report(1, None, 1).await.unwrap();
    assert!(page.adds_up());
    assert_eq!(page.days[0].day, Timestamp::from_millis(1_776_124_800_000));
    assert_eq!((page.days[0].counts.created, page.earlier.created), (2, 1));
    assert_eq!(page.endpoints.items[0].0, new.id);
    let rest = yard.store.ledger_report(1, page.endpoints.next, 1).await;
    let rest = rest.unwrap().endpoints;
    assert_eq!((rest.items[0].0, rest.next), (old.id, None));
    assert_eq!(rest.items[0].1.created, 2);
}

#[tokio::test]
async fn a_day_that_says_something_else_than_the_endpoints_is_noticed() {
    let yard = Yard::new().await;
    let endpoint = yard.endpoint().await;
    yard.fresh(&endpoint).await;
    yard.tamper("UPDATE day_counters SET created = 2, pending = 2")
        .await;
    let report = yard.store.ledger_report(30, None, 50).await.unwrap();
    assert!(!report.adds_up());
}
