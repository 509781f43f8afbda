//! Crashes, restarts, panics: nothing accepted is lost, and no more is sent twice than was in flight.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hookyard::clock::{Clock, SharedClock, Sleep, VirtualClock};
use hookyard::domain::delivery::DeliveryState;
use hookyard::domain::request::PreparedRequest;
use hookyard::domain::time::Timestamp;
use hookyard::engine::EngineError;
use hookyard::transport::{Sending, Transport};

use crate::support::receiver::Receiver;
use crate::support::receiver_answer::Behaviour;
use crate::support::world::{Making, World, event, real_transport, somebody};

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

async fn until_in_flight(world: &World, count: u32) {
    world
        .watch("requests are in flight", |lanes| {
            lanes.lanes.iter().map(|lane| lane.in_flight).sum::<u32>() == count
        })
        .await;
}

#[tokio::test]
async fn what_was_in_flight_is_sent_again_after_a_crash() {
    let (world, receiver) = (World::new().await, Receiver::start());
    world
        .endpoint_like(&receiver.url("/"), |new| new.concurrency = Some(4))
        .await;
    // A receiver that has answered once gets more than one request at a time.
    world.publish(1).await;
    world.settle().await;
    receiver.always(Behaviour::Hang);
    world.publish(10).await;
    until_in_flight(&world, 4).await;
    receiver
        .wait_until("four came", |receiver| receiver.requests().len() == 5)
        .await;
    receiver.always(Behaviour::ok());
    let world = world.crash_and_restart().await;
    world.settle().await;
    assert_eq!(world.states().await, [DeliveryState::Delivered; 11]);
    assert_eq!(receiver.requests().len(), 15);
    assert_eq!(world.ledger_total().await, 11);
}

#[tokio::test]
async fn a_crash_between_retries_keeps_the_ladder() {
    let (world, receiver) = (World::new().await, Receiver::start());
    receiver.always(Behaviour::status(500));
    world.endpoint(&receiver.url("/")).await;
    world.publish(1).await;
    world.run_for(secs(65)).await;
    let mut world = world;
    for _ in 0..3 {
        world = world.crash_and_restart().await;
        world.run_for(secs(60)).await;
    }
    let delivery = world.deliveries().await.remove(0);
    assert_eq!(
        delivery.attempts, 2,
        "5 s and 5 min, and 4 min 5 s are over"
    );
    world.run_for(secs(3_600)).await;
    assert_eq!(receiver.requests().len(), 4);
}

/// Crashes at every step of an ordered lane whose receiver fails now and then: the order of first successes holds.
#[tokio::test]
async fn an_ordered_lane_keeps_its_order_over_failures_and_crashes() {
    let (mut world, receiver) = (World::new().await, Receiver::start());
    let failing = [0, 3, 4, 9].map(|_| Behaviour::status(500));
    world
        .endpoint_like(&receiver.url("/"), |new| new.ordered = true)
        .await;
    for failure in failing {
        receiver.script([Behaviour::ok(), failure]);
        world.publish(5).await;
        world.settle().await;
        world = world.crash_and_restart().await;
        world.run_for(secs(2)).await;
    }
    world.run_for(secs(3_600)).await;
    assert_eq!(world.states().await, [DeliveryState::Delivered; 20]);
    let ids: Vec<_> = receiver
        .requests()
        .iter()
        .filter_map(|request| request.header("event-id").map(str::to_owned))
        .collect();
    let mut sorted = ids.clone();
    sorted.sort();
    assert_eq!(ids, sorted);
}

#[tokio::test]
async fn a_drain_lets_requests_finish_and_leaves_the_rest_pending() {
    let (world, receiver) = (World::new().await, Receiver::start());
    receiver.always(Behaviour::ok().after(Duration::from_millis(100)));
    world
        .endpoint_like(&receiver.url("/"), |new| new.concurrency = Some(2))
        .await;
    let batch = (0..10).map(event).collect();
    world.engine.publish(batch).await.unwrap();
    until_in_flight(&world, 2).await;
    world.engine.shutdown(secs(20)).await;
    let refused = world.engine.publish(vec![event(0)]).await.unwrap_err();
    assert!(matches!(refused, EngineError::Draining), "{refused}");
    let sent = receiver.requests().len();
    let ledger = world.engine.ledger().await.unwrap().total;
    assert_eq!(ledger.delivered, i64::try_from(sent).unwrap());
    assert!(ledger.pending > 0 && ledger.adds_up(), "{ledger:?}");
    receiver.always(Behaviour::ok());
    let world = world.start_again().await;
    world.settle().await;
    assert_eq!(world.states().await, [DeliveryState::Delivered; 10]);
    assert_eq!(receiver.requests().len(), 10, "nothing was sent twice");
}

/// A clock whose next nap of seconds panics once armed. Lanes nap so long for their deadlines; the router naps for
/// less, and the tidying of replays, without which the service ends, for an hour.
struct BrokenClock {
    inner: VirtualClock,
}

static ARMED: AtomicBool = AtomicBool::new(false);

impl Clock for BrokenClock {
    fn now(&self) -> Timestamp {
        self.inner.now()
    }

    fn monotonic(&self) -> Duration {
        self.inner.monotonic()
    }

    fn sleep_until(&self, deadline: Timestamp) -> Sleep {
        self.inner.sleep_until(deadline)
    }

    fn nap_until(&self, end: Duration) -> Sleep {
        let nap = end.saturating_sub(self.monotonic());
        let is_a_lanes = nap > secs(2) && nap < secs(3_600);
        assert!(
            !(is_a_lanes && ARMED.swap(false, Ordering::SeqCst)),
            "the test breaks this lane"
        );
        self.inner.nap_until(end)
    }
}

#[tokio::test]
async fn a_lane_that_panics_is_replaced_and_loses_nothing() {
    let world = World::make(Making {
        clock: |inner| -> SharedClock { Arc::new(BrokenClock { inner }) },
        ..Making::default()
    })
    .await;
    let receiver = Receiver::start();
    let endpoint = world
        .endpoint_like(&receiver.url("/"), |new| new.ordered = true)
        .await;
    for _ in 0..5 {
        ARMED.store(true, Ordering::SeqCst);
        world.publish(20).await;
        world.settle().await;
        world.run_for(secs(60)).await;
    }
    // A lane whose old timer still runs need not sleep anew: not every round breaks one.
    let restarts = world.engine.lanes().await.unwrap().restarts;
    assert!((1..=5).contains(&restarts), "{restarts}");
    assert_eq!(world.states().await, [DeliveryState::Delivered; 100]);
    assert_eq!(world.engine.endpoint(endpoint.id).await.unwrap(), endpoint);
    assert_eq!(
        receiver.requests().len(),
        100,
        "nothing was sent twice: flights outlive their lane"
    );
}

/// Panics for the first requests it is given.
struct BrokenTransport {
    inner: hookyard::transport::HttpTransport,
    panics_left: std::sync::atomic::AtomicUsize,
}

impl Transport for BrokenTransport {
    fn send(&self, request: PreparedRequest) -> Sending {
        let left = |left: usize| left.checked_sub(1);
        let broken = self
            .panics_left
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, left)
            .is_ok();
        assert!(!broken, "the test breaks this request");
        self.inner.send(request)
    }
}

#[tokio::test]
async fn a_transport_that_panics_is_a_failure_like_any_other() {
    let broken = BrokenTransport {
        inner: real_transport(),
        panics_left: 3.into(),
    };
    let world = World::make(Making {
        transport: Some(Arc::new(broken)),
        ..Making::default()
    })
    .await;
    let receiver = Receiver::start();
    world.endpoint(&receiver.url("/")).await;
    world.publish(5).await;
    world.settle().await;
    let delivered = world
        .states()
        .await
        .iter()
        .filter(|state| state.is_final())
        .count();
    assert_eq!(delivered, 2);
    world.run_for(secs(5)).await;
    assert_eq!(world.states().await, [DeliveryState::Delivered; 5]);
}

#[tokio::test]
async fn another_sealing_key_is_refused_at_the_start() {
    let world = World::new().await;
    world.engine.halt().await;
    let refused = world.start_with_another_key().await;
    assert_eq!(
        refused.to_string(),
        "the key does not open this store's secrets: give the key that it was created with (HOOKYARD_KEY or key_file)"
    );
}

#[tokio::test]
async fn a_replay_after_a_success_sends_once_more_and_a_discard_never() {
    let (world, receiver) = (World::new().await, Receiver::start());
    world.endpoint(&receiver.url("/")).await;
    world.publish(2).await;
    world.settle().await;
    let delivery = world.deliveries().await.remove(0);
    world
        .engine
        .replay_delivery(&somebody(), delivery.id)
        .await
        .unwrap();
    world.settle().await;
    assert_eq!(receiver.requests().len(), 3);
    let refused = world
        .engine
        .discard_delivery(&somebody(), delivery.id, None)
        .await;
    assert_eq!(
        refused.unwrap_err().to_string(),
        "a delivered delivery cannot be discarded"
    );
    receiver.always(Behaviour::status(500));
    world
        .engine
        .replay_delivery(&somebody(), delivery.id)
        .await
        .unwrap();
    world.settle().await;
    world
        .engine
        .discard_delivery(&somebody(), delivery.id, None)
        .await
        .unwrap();
    world.run_for(secs(3_600)).await;
    assert_eq!(receiver.requests().len(), 4);
    assert_eq!(world.ledger_total().await, 2);
}

#[tokio::test]
async fn without_its_writer_or_its_lanes_the_service_is_not_ready_and_says_which() {
    let world = World::new().await;
    assert!(world.engine.health().await.is_ready());
    world.store.close().await;
    let health = world.engine.health().await;
    assert!(!health.is_ready());
    assert!(health.store.unwrap().contains("writer has ended"));
    assert_eq!(health.lanes, None);
    world.engine.halt().await;
    let health = world.engine.health().await;
    assert!(!health.is_ready());
    assert_eq!(health.lanes.as_deref(), Some("they have ended"));
}
