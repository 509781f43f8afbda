//! How an endpoint's latest attempts ended: kept beside its ledger.

use std::time::Duration;

use hookyard::domain::delivery::DeadReason;
use hookyard::domain::endpoint::Endpoint;
use hookyard::store::{AfterAttempt, EndpointLedger};

use super::fixture::{START, Yard, event};

/// Records an attempt of a new delivery that ends 3 ms from now; `text` is its failure's.
async fn ended(yard: &Yard, endpoint: &Endpoint, text: Option<&str>) {
    let delivery = yard.fresh(endpoint).await;
    let next = match text {
        None => AfterAttempt::Delivered,
        Some(_) => AfterAttempt::Dead(DeadReason::Exhausted),
    };
    let mut record = yard.attempt_of(&delivery, next);
    if let Some((failure, text)) = record.attempt.failure.as_mut().zip(text) {
        failure.text = text.to_owned();
    }
    yard.store.record(record).await.unwrap();
}

#[tokio::test]
async fn the_latest_outcomes_of_an_endpoint_are_kept_and_a_success_ends_a_run_of_failures() {
    let yard = Yard::new().await;
    let endpoint = yard.endpoint().await;
    let shown = async || yard.store.endpoint_ledger(endpoint.id).await.unwrap();
    let fresh = shown().await;
    assert_eq!(fresh, EndpointLedger::default());

    ended(&yard, &endpoint, Some("answered 500")).await;
    yard.clock.advance(Duration::from_secs(1));
    ended(&yard, &endpoint, Some(&"é\"".repeat(200))).await;
    yard.publish(event("a.b")).await.unwrap();
    let failing = shown().await;
    assert_eq!(failing.consecutive_failures, 2);
    assert_eq!(failing.last_success_at, None);
    let second = START + Duration::from_millis(1_003);
    assert_eq!(failing.last_failure_at, Some(second));
    let text = format!("status: {}", "é\"".repeat(96));
    assert_eq!(failing.last_failure.as_ref(), Some(&text));

    yard.clock.advance(Duration::from_secs(1));
    ended(&yard, &endpoint, None).await;
    let well = shown().await;
    assert_eq!(well.consecutive_failures, 0);
    let third = START + Duration::from_millis(2_003);
    assert_eq!(well.last_success_at, Some(third));
    assert_eq!(
        (well.last_failure_at, well.last_failure),
        (Some(second), Some(text))
    );

    ended(&yard, &endpoint, Some("answered 502")).await;
    let yard = yard.reopened().await;
    let again = yard.store.endpoint_ledger(endpoint.id).await.unwrap();
    assert_eq!(again.consecutive_failures, 1);
    assert_eq!(again.last_success_at, Some(third));
    assert_eq!(again.last_failure.as_deref(), Some("status: answered 502"));
    assert_eq!((again.counts.dead, again.counts.delivered), (3, 1));
}
