//! Certificates that run out: warned of by attempts and by the clock, once for each threshold.

use std::sync::Arc;
use std::time::Duration;

use hookyard::domain::attempt::FailureClass;
use hookyard::domain::certificate::Nearness;
use hookyard::domain::endpoint_draft::NewEndpoint;
use hookyard::domain::id::EndpointId;
use hookyard::domain::time::Timestamp;
use hookyard::engine::Changes;
use hookyard::transport::{HttpTransport, TransportOptions};
use tokio::sync::broadcast::Receiver as Subscription;

use crate::support::receiver::Receiver;
use crate::support::receiver_tls::Authority;
use crate::support::world::{Making, World};
use crate::transport::harness::loopback;

/// When the certificates of these tests run out: 2041-06-01, by the machine's clock far from now.
const END: Timestamp = Timestamp::from_millis(2_253_657_600_000);

/// Within this time all endpoints are looked at.
const ROUND: Duration = Duration::from_mins(61);

fn days(number: u64) -> Duration {
    Duration::from_hours(24 * number)
}

/// A world that trusts `authority`, whose clock stands `before` the certificates' end.
async fn world(authority: &Authority, before: Duration) -> World {
    let transport = HttpTransport::new(TransportOptions {
        targets: loopback(),
        extra_roots: vec![authority.roots_file()],
        ..TransportOptions::default()
    });
    let world = World::make(Making {
        transport: Some(Arc::new(transport.unwrap())),
        ..Making::default()
    })
    .await;
    world.run_until(END - before).await;
    world
}

fn receiver(authority: &Authority) -> Receiver {
    Receiver::start_tls(authority.valid_until(&["127.0.0.1"], END))
}

/// The next warning.
async fn warned(changes: &mut Subscription<Arc<Changes>>) -> (EndpointId, Nearness) {
    let waiting = async {
        loop {
            let changes = changes.recv().await.unwrap();
            if let Some(warning) = changes.certificates.first() {
                assert_eq!(warning.expires_at, END);
                return (warning.endpoint_id, warning.nearness);
            }
        }
    };
    let limit = Duration::from_secs(20);
    tokio::time::timeout(limit, waiting)
        .await
        .expect("a warning")
}

#[tokio::test]
async fn an_attempt_warns_at_once_and_the_clock_warns_of_endpoints_that_are_idle() {
    let authority = Authority::new();
    let receiver = receiver(&authority);
    let world = world(&authority, days(20)).await;
    let endpoint = world.endpoint(&receiver.url("/")).await;
    let mut changes = world.engine.subscribe();
    world.publish(3).await;
    world.settle().await;
    assert_eq!(receiver.requests().len(), 3);
    assert_eq!(
        warned(&mut changes).await,
        (endpoint.id, Nearness::ThreeWeeks)
    );
    for (until, nearness) in [
        (END - days(7), Nearness::Week),
        (END - days(1), Nearness::Day),
        (END, Nearness::Over),
    ] {
        world.run_until(until + ROUND).await;
        assert_eq!(warned(&mut changes).await, (endpoint.id, nearness));
    }
    let counts = world.engine.certificate_counts().await.unwrap();
    assert_eq!((counts.within, counts.soonest), ([1; 4], Some(END)));
}

#[tokio::test]
async fn a_restart_warns_of_nothing_again() {
    let authority = Authority::new();
    let receiver = receiver(&authority);
    let world = world(&authority, days(6)).await;
    let known = world.endpoint(&receiver.url("/known")).await;
    let mut changes = world.engine.subscribe();
    world.publish(1).await;
    world.settle().await;
    assert_eq!(warned(&mut changes).await, (known.id, Nearness::Week));
    let world = world.crash_and_restart().await;
    let fresh = world.endpoint(&receiver.url("/fresh")).await;
    let mut changes = world.engine.subscribe();
    // Both show their certificate; the first one's lane is the first to be told.
    world.publish(2).await;
    world.settle().await;
    assert_eq!(receiver.requests().len(), 5);
    assert_eq!(warned(&mut changes).await, (fresh.id, Nearness::Week));
    world.run_until(END - days(1) + ROUND).await;
    assert_eq!(warned(&mut changes).await, (known.id, Nearness::Day));
    assert_eq!(warned(&mut changes).await, (fresh.id, Nearness::Day));
}

#[tokio::test]
async fn a_certificate_that_ends_later_is_not_warned_of() {
    let authority = Authority::new();
    let later = END + days(16);
    let far = Receiver::start_tls(authority.valid_until(&["127.0.0.1"], later));
    let near = receiver(&authority);
    let world = world(&authority, days(6)).await;
    let mut changes = world.engine.subscribe();
    world.endpoint(&far.url("/")).await;
    let endpoint = world.endpoint(&near.url("/")).await;
    world.publish(1).await;
    world.settle().await;
    assert_eq!(far.requests().len(), 1);
    assert_eq!(warned(&mut changes).await, (endpoint.id, Nearness::Week));
    let counts = world.engine.certificate_counts().await.unwrap();
    assert_eq!((counts.within, counts.soonest), ([1, 1, 0, 0], Some(END)));
}

#[tokio::test]
async fn a_handshake_that_fails_for_an_expired_certificate_says_so() {
    let authority = Authority::new();
    let receiver = Receiver::start_tls(authority.expired(&["127.0.0.1"]));
    let world = world(&authority, days(900)).await;
    world.endpoint(&receiver.url("/")).await;
    world.publish(1).await;
    world.settle().await;
    let delivery = world.deliveries().await.pop().unwrap();
    let attempts = world.engine.attempts(delivery.id).await.unwrap();
    let failure = attempts[0].failure.as_ref().unwrap();
    assert_eq!(failure.class, FailureClass::Tls);
    assert!(
        failure
            .text
            .ends_with("its certificate expired at 2001-01-01T00:00:00Z"),
        "{}",
        failure.text
    );
}

#[tokio::test]
async fn who_asks_is_told_of_each_threshold_once() {
    let authority = Authority::new();
    let (receiver, desk) = (receiver(&authority), Receiver::start());
    let world = world(&authority, days(6)).await;
    let endpoint = world.endpoint(&receiver.url("/")).await;
    let asking = |new: &mut NewEndpoint| {
        new.event_types = Some(vec!["hookyard.certificate.expiring".to_owned()]);
    };
    world.endpoint_like(&desk.url("/desk"), asking).await;
    world.publish(3).await;
    desk.wait_until("a week is told", |desk| desk.requests().len() == 1)
        .await;
    world.run_until(END - days(1) + ROUND).await;
    desk.wait_until("a day is told", |desk| desk.requests().len() == 2)
        .await;
    world.settle().await;
    let requests = desk.requests();
    for (request, days) in requests.iter().zip([7, 1]) {
        let told: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
        assert_eq!(told["endpoint"]["id"], endpoint.id.to_string());
        assert_eq!(told["within_days"], days);
    }
    assert_eq!(requests.len(), 2);
}
