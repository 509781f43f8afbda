//! Endpoints: every field reads back, versions guard changes, and events meet exactly those that want them.

use std::time::Duration;

use hookyard::clock::Clock;
use hookyard::domain::endpoint::{EndpointStatus, HoldClock};
use hookyard::domain::id::EndpointId;
use hookyard::domain::retry::{RetryPolicy, RetrySteps};
use hookyard::domain::tenant::Audience;
use hookyard::store::StoreError;

use super::fixture::{START, Yard, event, note, plain_endpoint};

#[tokio::test]
async fn every_field_reads_back() {
    let yard = Yard::new().await;
    let stored = yard
        .endpoint_with(|endpoint| {
            endpoint.tenant = Some("acme".parse().unwrap());
            endpoint.name = Some("the \u{1b} one".to_owned());
            endpoint.event_types = ["packet.*", "a.b"]
                .map(|text| text.parse().unwrap())
                .to_vec();
            endpoint.headers = vec![("X-A".to_owned(), "1".to_owned())];
            endpoint.metadata.insert("team".to_owned(), "7".to_owned());
            endpoint.ordered = true;
            endpoint.concurrency = Some(3);
            endpoint.timeout = Some(Duration::from_millis(2_500));
            endpoint.test_mode = true;
            endpoint.status = EndpointStatus::Paused {
                until: Some(START),
                reason: Some("maintenance".to_owned()),
            };
            endpoint.hold = HoldClock {
                total_ms: 12,
                since: Some(START),
            };
            endpoint.secrets[0].expires_at = Some(START);
        })
        .await;
    assert_eq!(yard.store.endpoint(stored.id).await.unwrap(), stored);
    let ladder = RetrySteps::Ladder(vec![Duration::ZERO, Duration::from_secs(60)]);
    let exponential = RetrySteps::Exponential {
        first: Duration::from_secs(5),
        factor: 5,
        retries: 3,
        cap: Duration::from_hours(1),
    };
    let mut version = 1;
    for (steps, window) in [
        (ladder, None),
        (exponential, Some(Duration::from_hours(24))),
    ] {
        let mut changed = stored.clone();
        changed.retry = Some(RetryPolicy {
            steps,
            window,
            jitter_permille: 200,
        });
        let updated = yard
            .store
            .update_endpoint(note(), changed, version)
            .await
            .unwrap();
        version = updated.version;
        assert_eq!(yard.store.endpoint(stored.id).await.unwrap(), *updated);
    }
    assert_eq!(version, 3);
}

#[tokio::test]
async fn a_change_to_an_old_version_is_refused() {
    let yard = Yard::new().await;
    let endpoint = yard.endpoint().await;
    let update = |version| {
        yard.store
            .update_endpoint(note(), endpoint.clone(), version)
    };
    update(1).await.unwrap();
    let error = update(1).await.unwrap_err();
    assert!(matches!(
        error,
        StoreError::Stale {
            noun: "endpoint",
            ..
        }
    ));
    let missing = plain_endpoint(EndpointId::from_i64(1), yard.clock.now());
    let error = yard
        .store
        .update_endpoint(note(), missing, 1)
        .await
        .unwrap_err();
    assert!(matches!(error, StoreError::Stale { .. }));
}

#[tokio::test]
async fn events_meet_the_endpoints_of_their_moment() {
    let yard = Yard::new().await;
    let endpoint = yard.endpoint().await;
    let acme = yard
        .endpoint_with(|endpoint| endpoint.tenant = Some("acme".parse().unwrap()))
        .await;
    let mut for_all = event("a.b");
    for_all.audience = Audience::Everyone;
    assert_eq!(yard.publish(for_all.clone()).await.unwrap().deliveries, 2);
    assert_eq!(yard.publish(event("a.b")).await.unwrap().deliveries, 1);
    let mut for_acme = event("a.b");
    for_acme.audience = Audience::Tenant("acme".parse().unwrap());
    assert_eq!(yard.publish(for_acme).await.unwrap().deliveries, 1);

    let mut deleted = endpoint.clone();
    deleted.status = EndpointStatus::Deleted;
    yard.store
        .update_endpoint(note(), deleted, 1)
        .await
        .unwrap();
    assert_eq!(yard.publish(event("a.b")).await.unwrap().deliveries, 0);
    assert_eq!(yard.publish(for_all).await.unwrap().deliveries, 1);
    let ledgers = yard.store.endpoint_ledgers().await.unwrap();
    assert_eq!(
        (ledgers[&endpoint.id].created, ledgers[&acme.id].created),
        (2, 3)
    );
}

#[tokio::test]
async fn time_held_so_far_is_written_down_with_each_delivery() {
    let yard = Yard::new().await;
    let endpoint = yard
        .endpoint_with(|endpoint| {
            endpoint.status = EndpointStatus::Paused {
                until: None,
                reason: None,
            };
            endpoint.hold = HoldClock {
                total_ms: 1_000,
                since: Some(START),
            };
        })
        .await;
    yard.clock.advance(Duration::from_secs(2));
    assert_eq!(yard.fresh(&endpoint).await.held_before_ms, 3_000);
}

#[tokio::test]
async fn a_change_leaves_an_audit_entry_and_a_refused_one_does_not() {
    let yard = Yard::new().await;
    let endpoint = yard.endpoint().await;
    yard.store
        .update_endpoint(note(), endpoint.clone(), 1)
        .await
        .unwrap();
    yard.store
        .update_endpoint(note(), endpoint.clone(), 1)
        .await
        .unwrap_err();
    let subject = endpoint.id.to_string();
    let page = yard
        .store
        .audit_page(Some(&subject), None, 10)
        .await
        .unwrap();
    assert_eq!(page.items.len(), 2);
    assert_eq!(
        (page.items[0].at, page.items[0].action.as_str()),
        (START, "test")
    );
    assert_eq!(page.items[0].actor, note().actor);
    let first = yard.store.audit_page(None, None, 1).await.unwrap();
    let rest = yard.store.audit_page(None, first.next, 10).await.unwrap();
    assert_eq!(rest.items, page.items[1..]);
    assert_eq!(rest.next, None);
}
