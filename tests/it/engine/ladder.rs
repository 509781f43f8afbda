//! The way of a delivery through time.

use std::time::Duration;

use hookyard::clock::Clock as _;
use hookyard::domain::delivery::{DeadReason, DeliveryState};
use hookyard::domain::time::Timestamp;

use crate::support::receiver::Receiver;
use crate::support::receiver_answer::{Answer, Behaviour};
use crate::support::world::{Making, START, World, somebody};

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

async fn attempt_starts(world: &World) -> Vec<Timestamp> {
    let delivery = world.deliveries().await.remove(0);
    let attempts = world.engine.attempts(delivery.id).await.unwrap();
    attempts.iter().map(|attempt| attempt.started_at).collect()
}

#[tokio::test]
async fn an_event_reaches_its_endpoint_signed_and_is_recorded() {
    let (world, receiver) = (World::new().await, Receiver::start());
    world.endpoint(&receiver.url("/hook")).await;
    let events = world.publish(3).await;
    world.settle().await;
    assert_eq!(world.states().await, [DeliveryState::Delivered; 3]);
    let requests = receiver.requests();
    assert_eq!(requests.len(), 3);
    for (request, id) in requests.iter().zip(&events) {
        assert_eq!(request.header("event-id"), Some(id.to_string().as_str()));
        assert_eq!(request.header("signature").map(str::len), Some(64));
    }
    assert_eq!(world.ledger_total().await, 3);
}

/// A 24-hour ladder: every attempt at its millisecond, then dead.
#[tokio::test]
async fn a_ladder_of_a_day_is_exact_to_the_millisecond() {
    let world = World::make(Making {
        ladder: r#"["5s", "5m", "30m", "2h", "5h", "10h", "6h24m55s"]"#,
        ..Making::default()
    })
    .await;
    let receiver = Receiver::start();
    receiver.always(Behaviour::status(500));
    world.endpoint(&receiver.url("/")).await;
    world.publish(1).await;
    world.run_until(START + secs(24 * 3_600)).await;
    let steps = [0, 5, 300, 1_800, 7_200, 18_000, 36_000, 23_095];
    let mut expected = Vec::new();
    let mut at = START;
    for step in steps {
        at = at + secs(step);
        expected.push(at);
    }
    assert_eq!(attempt_starts(&world).await, expected);
    assert_eq!(at, START + secs(24 * 3_600));
    assert_eq!(
        world.states().await,
        [DeliveryState::Dead(DeadReason::Exhausted)]
    );
    assert_eq!(receiver.requests().len(), 8);
}

#[tokio::test]
async fn retry_after_is_waited_for_and_a_success_ends_the_ladder() {
    let (world, receiver) = (World::new().await, Receiver::start());
    let busy = Answer::status(503).header("Retry-After", "90");
    receiver.script([Behaviour::Answer(busy)]);
    world.endpoint(&receiver.url("/")).await;
    world.publish(1).await;
    world.run_for(secs(3_600)).await;
    assert_eq!(attempt_starts(&world).await, [START, START + secs(90)]);
    assert_eq!(world.states().await, [DeliveryState::Delivered]);
}

#[tokio::test]
async fn a_receiver_that_is_gone_is_disabled_and_the_rest_is_held() {
    let (world, receiver) = (World::new().await, Receiver::start());
    receiver.always(Behaviour::status(410));
    let endpoint = world
        .endpoint_like(&receiver.url("/"), |new| new.ordered = true)
        .await;
    world.publish_together(3).await;
    world.settle().await;
    world
        .watch("the lane is held", |lanes| {
            lanes.lanes.iter().all(|lane| lane.held)
        })
        .await;
    let endpoint = world.engine.endpoint(endpoint.id).await.unwrap();
    assert_eq!(endpoint.status.as_str(), "disabled");
    let states = world.states().await;
    assert_eq!(states[0], DeliveryState::Dead(DeadReason::Gone));
    assert_eq!(states[2], DeliveryState::Held);
}

#[tokio::test]
async fn time_held_does_not_count_against_the_window() {
    let world = World::make(Making {
        ladder: r#"["10m", "10m", "10m"]"#,
        retry: "window = \"20m\"",
        ..Making::default()
    })
    .await;
    let receiver = Receiver::start();
    receiver.always(Behaviour::status(500));
    let endpoint = world.endpoint(&receiver.url("/")).await;
    world.publish(1).await;
    world.run_for(secs(60)).await;
    let paused = world
        .engine
        .pause_endpoint(&somebody(), endpoint.id, None, None)
        .await;
    paused.unwrap();
    world.run_for(secs(86_400)).await;
    assert_eq!(world.states().await, [DeliveryState::Held]);
    assert_eq!(receiver.requests().len(), 1);
    world
        .engine
        .resume_endpoint(&somebody(), endpoint.id)
        .await
        .unwrap();
    let resumed_at = world.clock.now();
    world.run_for(secs(86_400)).await;
    let starts = attempt_starts(&world).await;
    assert_eq!(starts, [START, resumed_at, resumed_at + secs(600)]);
    assert_eq!(
        world.states().await,
        [DeliveryState::Dead(DeadReason::Expired)]
    );
}

#[tokio::test]
async fn a_pause_ends_at_its_time() {
    let (world, receiver) = (World::new().await, Receiver::start());
    let endpoint = world.endpoint(&receiver.url("/")).await;
    let until = START + secs(7_200);
    let somebody = somebody();
    let paused = world
        .engine
        .pause_endpoint(&somebody, endpoint.id, Some(until), None);
    paused.await.unwrap();
    world.publish(2).await;
    world.run_until(until - Duration::from_millis(1)).await;
    assert_eq!(receiver.requests().len(), 0);
    // In steps: whoever began to wait while the clock moved is woken by the next one.
    for past in 0..3 {
        world.run_until(until + secs(past)).await;
    }
    receiver
        .wait_until("both are sent", |receiver| receiver.requests().len() == 2)
        .await;
    world.settle().await;
    assert_eq!(world.states().await, [DeliveryState::Delivered; 2]);
}

/// The engine's own deadline: the receiver takes the request and never says a word.
#[tokio::test]
async fn a_receiver_that_hangs_times_out_on_virtual_time() {
    let world = World::new().await;
    let receiver = Receiver::start_silent("http");
    world.endpoint(&receiver.url("/")).await;
    world.publish(1).await;
    world
        .watch("the request is in flight", |lanes| {
            lanes.lanes.iter().any(|lane| lane.in_flight == 1)
        })
        .await;
    world
        .clock
        .advance(secs(10) + hookyard::engine::DEADLINE_GRACE);
    world.settle().await;
    let delivery = world.deliveries().await.remove(0);
    assert_eq!(delivery.attempts, 1);
    let view = world.engine.delivery(delivery.id).await.unwrap();
    let failure = view.attempts[0].failure.as_ref().unwrap();
    assert_eq!(failure.text, "no complete answer within 10000 ms");
    assert_eq!(
        view.why,
        format!(
            "Attempt 2 of 4 follows in 5s, at {}; the last one failed: no complete answer within 10000 ms.",
            world.clock.now() + secs(5)
        )
    );
}
