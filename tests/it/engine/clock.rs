//! A wall clock that somebody sets: nothing is early, nothing late, nothing expires.

use std::time::{Duration, Instant};

use hookyard::clock::Clock as _;
use hookyard::domain::delivery::{DeadReason, DeliveryState};

use crate::support::receiver::Receiver;
use crate::support::receiver_answer::Behaviour;
use crate::support::world::{Making, START, World, somebody};

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
    until_followed_in_time(&world, by_ms).await;
    let due = (START + secs(300)).moved_by(by_ms);
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

/// Waits until everybody has followed a clock that was set by this much.
async fn until_followed(world: &World, by_ms: i64) {
    world
        .watch("the clock is followed", |lanes| lanes.clock_set_ms == by_ms)
        .await;
    world.settle().await;
}

/// The same where nobody looks at the clock unless time passes: a few seconds of it.
async fn until_followed_in_time(world: &World, by_ms: i64) {
    for _ in 0..20 {
        world.clock.advance(secs(1));
        for _ in 0..2_000 {
            if world.engine.lanes().await.unwrap().clock_set_ms == by_ms {
                return world.settle().await;
            }
        }
    }
    panic!("the clock is never followed");
}

/// Between a step and the moment when everybody agrees on it, the store dates what it accepts by the time before.
#[tokio::test]
async fn what_is_accepted_right_after_a_step_is_moved_once() {
    for by_ms in [DAY_MS, -DAY_MS] {
        let world = World::make(Making {
            ladder: r#"["5m", "20m"]"#,
            retry: "window = \"30m\"",
            ..Making::default()
        })
        .await;
        let receiver = Receiver::start();
        receiver.always(Behaviour::status(500));
        world.endpoint(&receiver.url("/")).await;
        world.clock.set(START.moved_by(by_ms));
        world.publish(1).await;
        until_followed(&world, by_ms).await;
        let delivery = world.deliveries().await.remove(0);
        let now = START.moved_by(by_ms);
        assert_eq!(delivery.budget_started_at, now, "{by_ms}");
        assert_eq!(delivery.next_attempt_at, Some(now + secs(300)), "{by_ms}");
        world.run_for(secs(301)).await;
        assert_eq!(receiver.requests().len(), 2, "{by_ms}");
        receiver.always(Behaviour::ok());
        world.run_for(secs(1_200)).await;
        assert_eq!(world.states().await, [DeliveryState::Delivered], "{by_ms}");
    }
}

#[tokio::test]
async fn a_replay_right_after_a_step_goes_out_at_once() {
    for by_ms in [DAY_MS, -DAY_MS] {
        let (world, receiver) = (World::new().await, Receiver::start());
        world.endpoint(&receiver.url("/")).await;
        world.publish(1).await;
        world.settle().await;
        let delivery = world.deliveries().await.remove(0);
        world.clock.set(START.moved_by(by_ms));
        let somebody = somebody();
        let replayed = world.engine.replay_delivery(&somebody, delivery.id);
        replayed.await.unwrap();
        until_followed(&world, by_ms).await;
        assert_eq!(receiver.requests().len(), 2, "{by_ms}");
        assert_eq!(world.states().await, [DeliveryState::Delivered], "{by_ms}");
    }
}

#[tokio::test]
async fn a_pause_right_after_a_step_is_as_long_as_it_was() {
    for by_ms in [DAY_MS, -DAY_MS] {
        let (world, receiver) = (World::new().await, Receiver::start());
        let endpoint = world.endpoint(&receiver.url("/")).await;
        world.clock.set(START.moved_by(by_ms));
        let somebody = somebody();
        let paused = world
            .engine
            .pause_endpoint(&somebody, endpoint.id, None, None);
        paused.await.unwrap();
        world.publish(1).await;
        until_followed_in_time(&world, by_ms).await;
        let held = world.engine.endpoint(endpoint.id).await.unwrap().hold;
        let since = START.moved_by(by_ms);
        assert_eq!(held.since, Some(since), "{by_ms}");
        world.clock.advance(secs(60));
        let passed = world.clock.now().since(since).as_millis();
        let resumed = world.engine.resume_endpoint(&somebody, endpoint.id);
        let held_ms = resumed.await.unwrap().hold.total_ms;
        assert_eq!(u128::try_from(held_ms), Ok(passed), "{by_ms}");
        world.settle().await;
        assert_eq!(world.states().await, [DeliveryState::Delivered], "{by_ms}");
    }
}

/// A timer that was set before a step must not stand for one that is due earlier after it.
#[tokio::test]
async fn a_timer_from_before_a_step_does_not_hide_a_nearer_one() {
    let world = World::make(Making {
        ladder: r#"["5m"]"#,
        ..Making::default()
    })
    .await;
    let receiver = Receiver::start();
    receiver.script([Behaviour::status(500)]);
    receiver.always(Behaviour::Hang);
    world
        .endpoint_like(&receiver.url("/"), |new| new.concurrency = Some(4))
        .await;
    world.publish(1).await;
    world.settle().await;
    world.clock.set(START.moved_by(DAY_MS));
    until_followed_in_time(&world, DAY_MS).await;
    world.publish(1).await;
    world
        .watch("it is in flight", |lanes| lanes.lanes[0].in_flight == 1)
        .await;
    world
        .clock
        .advance(secs(10) + hookyard::engine::DEADLINE_GRACE);
    world.settle().await;
    let late = world.deliveries().await.remove(1);
    let attempt = world.engine.delivery(late.id).await.unwrap().attempts;
    let took = attempt[0].phases.total;
    assert!(
        took < secs(9),
        "its lane abandoned it in its time: {took:?}"
    );
}

/// Where the disk has no room for moving what is due, time goes on as before, and it is tried again.
#[tokio::test]
async fn a_step_that_the_full_disk_does_not_take_is_taken_later() {
    let (world, receiver) = (World::new().await, Receiver::start());
    receiver.script([Behaviour::status(500)]);
    world.endpoint(&receiver.url("/")).await;
    world.publish(1).await;
    world.settle().await;
    world
        .tamper(
            "CREATE TRIGGER refuse AFTER UPDATE ON meta WHEN NEW.key = 'wall_seen_ms' \
             BEGIN SELECT RAISE(ABORT, 'the test refuses this'); END",
        )
        .await;
    world.clock.set(START.moved_by(DAY_MS));
    // The retry is due by the time before the step, and so it goes out. What meets a try to move everything is read
    // again a second later.
    'retried: for _ in 0..20 {
        world.clock.advance(secs(1));
        let advanced = Instant::now();
        while advanced.elapsed() < Duration::from_millis(500) {
            world.engine.lanes().await.unwrap();
            if receiver.requests().len() == 2 {
                break 'retried;
            }
        }
    }
    assert_eq!(receiver.requests().len(), 2, "the retry came");
    assert_eq!(world.store.time().set_by_ms(), DAY_MS);
    world.tamper("DROP TRIGGER refuse").await;
    until_followed_in_time(&world, DAY_MS).await;
    assert_eq!(world.states().await, [DeliveryState::Delivered]);
    world.publish(1).await;
    world.settle().await;
    let newest = world.deliveries().await.remove(1);
    assert_eq!(newest.budget_started_at, world.clock.now());
}
