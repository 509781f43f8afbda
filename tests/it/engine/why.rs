//! The sentence that says why a delivery stands where it does: each clause, brought about.

use std::time::Duration;

use hookyard::domain::endpoint::{DisabledReason, Endpoint};
use hookyard::domain::endpoint_draft::NewEndpoint;
use hookyard::domain::failing::FailingPolicy;
use hookyard::domain::lane::BreakerPhase;
use hookyard::engine::{EngineOptions, LanesSnapshot};

use crate::support::receiver::Receiver;
use crate::support::receiver_answer::{Answer, Behaviour};
use crate::support::world::{Making, START, World, somebody};
use crate::transport::harness::loopback;

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Why the delivery of this number, from 0, stands where it does.
async fn why(world: &World, number: usize) -> String {
    let id = world.deliveries().await[number].id;
    world.engine.delivery(id).await.unwrap().why
}

async fn failing_once() -> (World, Receiver, Endpoint) {
    let (world, receiver) = (World::new().await, Receiver::start());
    receiver.always(Behaviour::status(500));
    let endpoint = world.endpoint(&receiver.url("/")).await;
    world.publish(1).await;
    world.settle().await;
    (world, receiver, endpoint)
}

#[tokio::test]
async fn what_is_held_names_the_pause_or_who_disabled_it() {
    let (world, _receiver, endpoint) = failing_once().await;
    let (id, actor) = (endpoint.id, somebody());
    let pause = async |until, reason: Option<&str>| {
        let reason = reason.map(str::to_owned);
        world
            .engine
            .pause_endpoint(&actor, id, until, reason)
            .await
            .unwrap();
        why(&world, 0).await
    };
    assert_eq!(
        pause(None, None).await,
        "Held: its endpoint is paused until somebody resumes it."
    );
    let until = START + secs(3_600);
    assert_eq!(
        pause(Some(until), Some("their deploy")).await,
        format!("Held: its endpoint is paused until {until} (their deploy).")
    );
    for (reason, by) in [
        (
            DisabledReason::Operator,
            "an operator disabled its endpoint",
        ),
        (DisabledReason::Owner, "its endpoint's owner disabled it"),
    ] {
        world
            .engine
            .disable_endpoint(&actor, id, reason)
            .await
            .unwrap();
        let held = why(&world, 0).await;
        assert_eq!(
            held,
            format!("Held: {by}; it goes on when the endpoint is enabled.")
        );
        world.engine.enable_endpoint(&actor, id).await.unwrap();
    }
}

#[tokio::test]
async fn what_a_410_leaves_says_that_its_endpoint_is_gone() {
    let (world, receiver) = (World::new().await, Receiver::start());
    receiver.script([Behaviour::status(500), Behaviour::status(410)]);
    world.endpoint(&receiver.url("/")).await;
    world.publish(1).await;
    world.settle().await;
    world.publish(1).await;
    world.settle().await;
    assert_eq!(
        why(&world, 1).await,
        "Dead: the receiver answered 410, so its endpoint was disabled."
    );
    let held = |lanes: &LanesSnapshot| lanes.lanes.iter().all(|lane| lane.held);
    world.watch("its endpoint is disabled", held).await;
    assert_eq!(
        why(&world, 0).await,
        "Held: its endpoint answered 410 and was disabled; it goes on when the endpoint is enabled."
    );
}

#[tokio::test]
async fn what_waits_for_an_endpoint_that_only_failed_says_so() {
    let world = World::make(Making {
        ladder: r#"["1h", "1h", "1h", "1h", "1h"]"#,
        options: EngineOptions {
            targets: loopback(),
            failing: FailingPolicy {
                warn: Vec::new(),
                disable: Some(Duration::from_hours(2)),
            },
            ..EngineOptions::default()
        },
        ..Making::default()
    })
    .await;
    let receiver = Receiver::start();
    receiver.always(Behaviour::status(500));
    world.endpoint(&receiver.url("/")).await;
    world.publish(1).await;
    world.run_until(START + secs(3 * 3_600)).await;
    assert_eq!(
        why(&world, 0).await,
        "Held: its endpoint failed for too long and was disabled; it goes on when the endpoint is enabled."
    );
}

#[tokio::test]
async fn what_is_over_says_how_it_ended() {
    let world = World::make(Making {
        ladder: r#"["5s", "5m"]"#,
        retry: "window = \"1m\"",
        ..Making::default()
    })
    .await;
    let (receiver, actor) = (Receiver::start(), somebody());
    receiver.script([Behaviour::status(204)]);
    receiver.always(Behaviour::status(500));
    let endpoint = world.endpoint(&receiver.url("/")).await;
    world.publish(1).await;
    world.settle().await;
    assert_eq!(
        why(&world, 0).await,
        format!("Delivered at {START} by attempt 1.")
    );
    world.publish(1).await;
    world.run_for(secs(10)).await;
    let expired = why(&world, 1).await;
    let ended = "Dead: the next retry would have started after its window of 1m closed; the last one failed: ";
    assert!(expired.starts_with(ended), "{expired}");
    let id = world.deliveries().await[1].id;
    world
        .engine
        .discard_delivery(&actor, id, Some("sent by hand".to_owned()))
        .await
        .unwrap();
    assert_eq!(
        why(&world, 1).await,
        "Discarded: somebody cancelled it (sent by hand); the audit log says who."
    );
    world.publish(1).await;
    world.settle().await;
    let id = world.deliveries().await[2].id;
    world
        .engine
        .discard_delivery(&actor, id, None)
        .await
        .unwrap();
    assert_eq!(
        why(&world, 2).await,
        "Discarded: somebody cancelled it; the audit log says who."
    );
    world.publish(1).await;
    world.settle().await;
    world
        .engine
        .delete_endpoint(&actor, endpoint.id)
        .await
        .unwrap();
    world.settle().await;
    let states = world.states().await;
    assert_eq!(
        why(&world, 3).await,
        "Discarded: its endpoint was deleted.",
        "{states:?}"
    );
}

#[tokio::test]
async fn what_used_its_budget_up_says_how_many_attempts_there_were() {
    let (world, _receiver, _) = failing_once().await;
    world.run_for(Duration::from_hours(1)).await;
    let dead = why(&world, 0).await;
    assert!(
        dead.starts_with("Dead: all 4 attempts of its budget failed; the last one failed: "),
        "{dead}"
    );
    assert!(
        dead.ends_with(". A replay gives it a fresh budget."),
        "{dead}"
    );
}

#[tokio::test]
async fn what_waits_says_what_is_in_flight_and_how_many_are_ahead() {
    let (world, receiver) = (World::new().await, Receiver::start());
    receiver.always(Behaviour::Hang);
    let one = |new: &mut NewEndpoint| new.concurrency = Some(1);
    world.endpoint_like(&receiver.url("/"), one).await;
    world.publish_together(1_003).await;
    world
        .watch("one is out", |lanes| lanes.slots_in_use == 1)
        .await;
    let full = |lanes: &LanesSnapshot| lanes.lanes.iter().all(|lane| lane.at_limit);
    world.watch("and no other may be", full).await;
    assert_eq!(
        why(&world, 2).await,
        "Waiting for its first attempt: it is due now; 1 in flight, as many as may be; 2 ahead."
    );
    assert_eq!(
        why(&world, 1_002).await,
        "Waiting for its first attempt: it is due now; 1 in flight, as many as may be; more than 1000 ahead."
    );
}

#[tokio::test]
async fn what_an_overloaded_receiver_asked_to_wait_says_so() {
    let (world, receiver) = (World::new().await, Receiver::start());
    let busy = Answer::status(429).header("Retry-After", "90");
    receiver.always(Behaviour::Answer(busy));
    world.endpoint(&receiver.url("/")).await;
    world.publish(1).await;
    world.settle().await;
    world.publish(1).await;
    world.settle().await;
    let waiting = why(&world, 1).await;
    assert!(
        waiting.contains("; its receiver is overloaded and gets nothing for "),
        "{waiting}"
    );
}

#[tokio::test]
async fn what_waits_behind_a_breaker_says_when_the_next_probe_goes_out() {
    let world = World::make(Making {
        ladder: r#"["8h"]"#,
        ..Making::default()
    })
    .await;
    let receiver = Receiver::start();
    receiver.always(Behaviour::status(500));
    world.endpoint(&receiver.url("/")).await;
    world.publish_together(20).await;
    world.settle().await;
    let open = why(&world, 0).await;
    assert!(
        open.starts_with("Attempt 2 of 2 follows in 8h, at "),
        "{open}"
    );
    assert!(open.contains("; breaker open, next probe in "), "{open}");
    world
        .run_until(START + Duration::from_hours(8) + secs(1))
        .await;
    let due = why(&world, 19).await;
    assert!(
        due.starts_with("Attempt 2 of 2 is due now; breaker open, next probe in "),
        "{due}"
    );
}

#[tokio::test]
async fn what_a_resting_lane_has_behind_its_breaker_says_when_a_probe_goes_out() {
    let world = World::make(Making {
        ladder: r#"["8h"]"#,
        ..Making::default()
    })
    .await;
    let receiver = Receiver::start();
    receiver.always(Behaviour::status(500));
    world.endpoint(&receiver.url("/")).await;
    world.publish_together(20).await;
    world.settle().await;
    // Nothing is due for hours: its lane goes to rest, at one of the next ticks. Which, is a busy machine's to say.
    for _ in 0..20 {
        world.run_for(Duration::from_mins(1)).await;
        if world.engine.lanes().await.unwrap().lanes.is_empty() {
            break;
        }
    }
    world
        .watch("its lane rests", |lanes| lanes.lanes.is_empty())
        .await;
    let resting = why(&world, 0).await;
    assert!(
        resting.contains("; breaker open, a probe goes out when something is due"),
        "{resting}"
    );
}

#[tokio::test]
async fn what_a_breaker_lets_out_a_few_at_a_time_says_how_many() {
    let (world, receiver) = (World::new().await, Receiver::start());
    receiver.always(Behaviour::status(500));
    world.endpoint(&receiver.url("/")).await;
    world.publish_together(100).await;
    world.settle().await;
    let lane = world.engine.lanes().await.unwrap().lanes.remove(0);
    let BreakerPhase::Open(probe_at) = lane.breaker else {
        panic!("{lane:?}");
    };
    receiver.script([Behaviour::status(204)]);
    receiver.always(Behaviour::Hang);
    world.clock.advance_to(probe_at);
    let two = |lanes: &LanesSnapshot| lanes.slots_in_use == 2;
    world.watch("the probe succeeded", two).await;
    let waiting = why(&world, 99).await;
    assert!(
        waiting.contains("; breaker half-open, 2 at once"),
        "{waiting}"
    );
}
