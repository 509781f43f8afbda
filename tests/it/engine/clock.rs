//! A wall clock that somebody sets: nothing is early, nothing late, nothing expires.

use std::time::Duration;

use hookyard::clock::Clock as _;
use hookyard::domain::delivery::{DeadReason, DeliveryState};

use crate::support::receiver::Receiver;
use crate::support::receiver_answer::Behaviour;
use crate::support::world::{Making, START, World};

const DAY_MS: i64 = 86_400_000;

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Steps the clock by a day while a retry is five minutes away, and while a window of half an hour runs.
async fn a_step_of(by_ms: i64) {
    let world = World::make(Making {
        ladder: r#"["5m", "20m", "20m"]"#,
        retry: "window = \"30m\"",
        ..Making::default()
    })
    .await;
    let receiver = Receiver::start();
    receiver.script([Behaviour::status(500)]);
    world.endpoint(&receiver.url("/")).await;
    world.publish(1).await;
    world.run_for(secs(60)).await;
    world.clock.set(world.clock.now().moved_by(by_ms));
    world.clock.advance(secs(1));
    let due = (START + secs(300)).moved_by(by_ms);
    // The lane may rest by now: then the router wakes it for its retry.
    world
        .watch("everybody has followed the clock", |lanes| {
            let wakeups = lanes.lanes.iter().map(|lane| lane.next_wakeup);
            wakeups.chain([lanes.next_wakeup]).flatten().min() == Some(due)
        })
        .await;
    world.run_until(due - Duration::from_millis(1)).await;
    assert_eq!(receiver.requests().len(), 1, "no retry before its time");
    receiver.always(Behaviour::status(500));
    world.run_until(due).await;
    assert_eq!(receiver.requests().len(), 2, "and then at its time");
    receiver.always(Behaviour::ok());
    world.publish(3).await;
    world.settle().await;
    assert_eq!(receiver.requests().len(), 5, "new events go out at once");
    world.run_for(secs(1_200)).await;
    let states = world.states().await;
    assert_eq!(states, [DeliveryState::Delivered; 4]);
    assert_eq!(receiver.requests().len(), 6);
}

#[tokio::test]
async fn a_clock_set_forward_by_a_day_changes_nothing() {
    a_step_of(DAY_MS).await;
}

#[tokio::test]
async fn a_clock_set_back_by_a_day_changes_nothing() {
    a_step_of(-DAY_MS).await;
}

#[tokio::test]
async fn a_request_in_flight_times_out_in_its_time_when_the_clock_is_set() {
    for by_ms in [DAY_MS, -DAY_MS] {
        let world = World::make(Making {
            ladder: "[]",
            ..Making::default()
        })
        .await;
        let receiver = Receiver::start_silent("http");
        world.endpoint(&receiver.url("/")).await;
        world.publish(1).await;
        world
            .watch("it is in flight", |lanes| {
                lanes.lanes.iter().any(|lane| lane.in_flight == 1)
            })
            .await;
        world.clock.advance(secs(2));
        world.clock.set(world.clock.now().moved_by(by_ms));
        world.clock.advance(secs(2));
        let deadline = (START + secs(10) + hookyard::engine::DEADLINE_GRACE).moved_by(by_ms);
        world
            .watch("the lane has followed the clock", |lanes| {
                lanes.lanes[0].next_wakeup == Some(deadline)
            })
            .await;
        world.clock.advance_to(deadline);
        world.settle().await;
        let states = world.states().await;
        assert_eq!(states, [DeliveryState::Dead(DeadReason::Exhausted)]);
    }
}

/// A request that hangs for ten seconds while the clock is set; then its retry is due or its window is closed, as if
/// nobody had touched the clock.
async fn a_failure_in_flight_over(by_ms: i64, window: &'static str) -> World {
    let world = World::make(Making {
        ladder: r#"["5m", "20m"]"#,
        retry: window,
        ..Making::default()
    })
    .await;
    let receiver = Receiver::start_silent("http");
    world.endpoint(&receiver.url("/")).await;
    world.publish(1).await;
    world
        .watch("it is in flight", |lanes| {
            lanes.lanes.iter().any(|lane| lane.in_flight == 1)
        })
        .await;
    world.clock.advance(secs(2));
    world.clock.set(world.clock.now().moved_by(by_ms));
    world.clock.advance(secs(2));
    let deadline = (START + secs(10) + hookyard::engine::DEADLINE_GRACE).moved_by(by_ms);
    world
        .watch("the lane has followed the clock", |lanes| {
            lanes.lanes[0].next_wakeup == Some(deadline)
        })
        .await;
    world.clock.advance_to(deadline);
    world.settle().await;
    world
}

#[tokio::test]
async fn a_request_in_flight_keeps_its_window_when_the_clock_is_set() {
    for by_ms in [DAY_MS, -DAY_MS] {
        let world = a_failure_in_flight_over(by_ms, "window = \"24h\"").await;
        let delivery = world.deliveries().await.remove(0);
        assert_eq!(delivery.state, DeliveryState::Pending, "{by_ms}");
        assert_eq!(delivery.budget_started_at, START.moved_by(by_ms), "{by_ms}");
        let due = world.clock.now() + secs(300);
        assert_eq!(delivery.next_attempt_at, Some(due), "{by_ms}");
        // Five minutes from the failure, which the window of five minutes from the start does not reach.
        let world = a_failure_in_flight_over(by_ms, "window = \"5m\"").await;
        let expired = DeliveryState::Dead(DeadReason::Expired);
        assert_eq!(world.states().await, [expired], "{by_ms}");
    }
}

#[tokio::test]
async fn a_clock_set_back_while_the_service_is_down_delays_nothing() {
    let world = World::make(Making {
        ladder: r#"["5m"]"#,
        retry: "window = \"30m\"",
        ..Making::default()
    })
    .await;
    let receiver = Receiver::start();
    receiver.script([Behaviour::status(500)]);
    world.endpoint(&receiver.url("/")).await;
    world.publish(1).await;
    world.settle().await;
    world.engine.halt().await;
    world.store.close().await;
    world.clock.set(world.clock.now().moved_by(-DAY_MS));
    let world = world.start_again().await;
    let due = (START + secs(300)).moved_by(-DAY_MS);
    world.run_until(due - Duration::from_millis(1)).await;
    assert_eq!(receiver.requests().len(), 1, "no retry before its time");
    receiver.always(Behaviour::ok());
    world.run_until(due).await;
    assert_eq!(receiver.requests().len(), 2, "and then at its time");
    assert_eq!(world.states().await, [DeliveryState::Delivered]);
}
