//! A store that refuses what lanes want to keep: it costs the delivery in question and nobody else.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hookyard::clock::{Clock, SharedClock, Sleep, VirtualClock};
use hookyard::domain::delivery::{DeadReason, DeliveryState, DiscardReason};
use hookyard::domain::time::Timestamp;

use crate::support::receiver::Receiver;
use crate::support::world::{Making, World, somebody};

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Lets time pass, second by second, until `done` says so: slowly, for requests under way have ten of them.
async fn pass_until(world: &World, what: &str, done: impl AsyncFn() -> bool) {
    for _ in 0..30 {
        for _ in 0..500 {
            if done().await {
                return;
            }
        }
        world.clock.advance(secs(1));
    }
    panic!("never came to pass: {what}");
}

/// An ordered lane stands still behind an attempt that cannot be recorded.
#[tokio::test]
async fn an_outcome_the_store_refuses_for_good_costs_its_delivery_and_no_other() {
    let (world, receiver) = (World::new().await, Receiver::start());
    world
        .endpoint_like(&receiver.url("/"), |new| new.ordered = true)
        .await;
    world
        .tamper(
            "CREATE TRIGGER refuse BEFORE INSERT ON attempts \
             WHEN NEW.delivery_id = (SELECT min(id) FROM deliveries) \
             BEGIN SELECT RAISE(ABORT, 'the test refuses this'); END",
        )
        .await;
    world.publish_together(2).await;
    receiver
        .wait_until("the first is sent", |receiver| {
            receiver.requests().len() == 1
        })
        .await;
    world
        .watch("its record is refused", |_| {
            world.engine.store_facts().flush_failures > 0
        })
        .await;
    let expected = [
        DeliveryState::Dead(DeadReason::Undeliverable),
        DeliveryState::Delivered,
    ];
    pass_until(&world, "both are settled", async || {
        world.states().await == expected
    })
    .await;
    world.settle().await;
    assert_eq!(receiver.requests().len(), 2, "nothing was sent twice");
    assert_eq!(world.ledger_total().await, 2);
    assert_eq!(world.engine.lanes().await.unwrap().outcomes_refused, 1);
    let dead = world.deliveries().await.remove(0);
    let why = world.engine.delivery(dead.id).await.unwrap().why;
    let reason = "attempt 1 succeeded, but it cannot be recorded: the store refused the write";
    assert!(
        why.contains(reason) && why.contains("the test refuses this"),
        "{why}"
    );
}

/// How often somebody has begun to wait for two seconds: the first wait after orphans could not be discarded.
static WAITS: AtomicU64 = AtomicU64::new(0);

struct CountingClock(VirtualClock);

impl Clock for CountingClock {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    fn monotonic(&self) -> Duration {
        self.0.monotonic()
    }

    fn sleep_until(&self, deadline: Timestamp) -> Sleep {
        self.0.sleep_until(deadline)
    }

    fn nap_until(&self, end: Duration) -> Sleep {
        self.0.nap_until(end)
    }

    fn sleep_for(&self, duration: Duration) -> Sleep {
        if duration == secs(2) {
            WAITS.fetch_add(1, Ordering::SeqCst);
        }
        self.0.sleep_for(duration)
    }
}

#[tokio::test]
async fn deliveries_of_a_deleted_endpoint_are_discarded_once_the_store_lets_them() {
    let world = World::make(Making {
        clock: |inner| -> SharedClock { Arc::new(CountingClock(inner)) },
        ..Making::default()
    })
    .await;
    let receiver = Receiver::start();
    let endpoint = world.endpoint(&receiver.url("/")).await;
    let somebody = somebody();
    let pause = world
        .engine
        .pause_endpoint(&somebody, endpoint.id, None, None);
    pause.await.unwrap();
    world.publish(2).await;
    world
        .tamper(
            "CREATE TRIGGER refuse BEFORE UPDATE ON deliveries WHEN NEW.state = 'discarded' \
             BEGIN SELECT RAISE(ABORT, 'the test refuses this'); END",
        )
        .await;
    let deleted = world.engine.delete_endpoint(&somebody, endpoint.id);
    deleted.await.unwrap();
    world
        .watch("discarding has failed", |_| {
            WAITS.load(Ordering::SeqCst) > 0
        })
        .await;
    world.tamper("DROP TRIGGER refuse").await;
    let discarded = DeliveryState::Discarded(DiscardReason::EndpointDeleted);
    pass_until(&world, "both are discarded", async || {
        world.states().await == [discarded; 2]
    })
    .await;
    assert_eq!(world.ledger_total().await, 2);
}
