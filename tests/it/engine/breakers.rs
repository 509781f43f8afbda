//! Breakers: a receiver that fails is left alone but for probes, at nobody's cost but its own.

use std::time::Duration;

use hookyard::clock::Clock as _;
use hookyard::domain::breaker::BreakerOverride;
use hookyard::domain::delivery::{DeadReason, DeliveryState};
use hookyard::domain::endpoint::Endpoint;
use hookyard::domain::lane::BreakerPhase;
use hookyard::domain::time::Timestamp;

use crate::support::receiver::Receiver;
use crate::support::receiver_answer::Behaviour;
use crate::support::world::{Making, START, World, somebody};

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

async fn phase(world: &World, endpoint: &Endpoint) -> BreakerPhase {
    let lane = world.engine.lane(endpoint.id).await.unwrap();
    lane.unwrap().breaker
}

/// When the next probe is due of a breaker that is open.
async fn probe_at(world: &World, endpoint: &Endpoint) -> Timestamp {
    match phase(world, endpoint).await {
        BreakerPhase::Open(at) => at,
        other => panic!("{other:?}"),
    }
}

async fn open_since(world: &World, endpoint: &Endpoint) -> Option<Timestamp> {
    let endpoint = world.engine.endpoint(endpoint.id).await.unwrap();
    endpoint.breaker_open_since
}

/// An endpoint whose breaker opened on a hundred deliveries, now.
async fn opened(world: &World, receiver: &Receiver) -> Endpoint {
    receiver.always(Behaviour::status(500));
    let endpoint = world.endpoint(&receiver.url("/bad")).await;
    world.publish_together(100).await;
    world.settle().await;
    assert_eq!(open_since(world, &endpoint).await, Some(START));
    endpoint
}

/// The most of its retry budget that any delivery has spent.
async fn spent_at_most(world: &World) -> u32 {
    let deliveries = world.deliveries().await;
    let spent = deliveries.iter().map(|delivery| delivery.budget_attempts);
    spent.max().unwrap()
}

#[tokio::test]
async fn a_receiver_that_fails_gets_probes_alone_until_it_is_back() {
    let world = World::new().await;
    let (bad, good) = (Receiver::start(), Receiver::start());
    let neighbour = world.endpoint(&good.url("/good")).await;
    let endpoint = opened(&world, &bad).await;
    assert_eq!(good.requests().len(), 100, "its neighbour does not notice");
    assert_eq!(phase(&world, &neighbour).await, BreakerPhase::Closed);
    let before = bad.requests().len();
    // As many as may be in flight at once are when the twentieth fails.
    assert!((20..28).contains(&before), "{before}");

    let mut at = START;
    for (probes, wait) in [5, 10, 20, 40, 80, 160, 300, 300].into_iter().enumerate() {
        let next = probe_at(&world, &endpoint).await;
        let waits = next.since(at);
        assert!(
            secs(wait) * 8 / 10 <= waits && waits <= secs(wait) * 12 / 10,
            "{waits:?}"
        );
        world.run_until(next - Duration::from_millis(1)).await;
        assert_eq!(bad.requests().len(), before + probes, "not before its time");
        world.run_until(next).await;
        assert_eq!(bad.requests().len(), before + probes + 1, "and one alone");
        at = next;
    }
    assert_eq!(spent_at_most(&world).await, 1, "probes cost nothing");
    let waiting = world.deliveries().await;
    let last = waiting
        .iter()
        .rfind(|delivery| delivery.endpoint_id == endpoint.id);
    let why = world.engine.delivery(last.unwrap().id).await.unwrap().why;
    assert!(why.contains("; breaker open, next probe in "), "{why}");
    assert!(why.contains(" ahead"), "{why}");

    bad.always(Behaviour::ok());
    let next = probe_at(&world, &endpoint).await;
    world.run_until(next).await;
    assert_eq!(world.states().await, vec![DeliveryState::Delivered; 200]);
    assert_eq!(phase(&world, &endpoint).await, BreakerPhase::Closed);
    let endpoint = world.engine.endpoint(endpoint.id).await.unwrap();
    assert_eq!(endpoint.breaker_open_since, None);
    let open_for = i64::try_from(next.since(START).as_millis()).unwrap();
    assert_eq!(
        (endpoint.hold.total_ms, endpoint.hold.since),
        (open_for, None)
    );
    assert_eq!(world.engine.lanes().await.unwrap().breakers_opened, 1);
    assert_eq!(world.ledger_total().await, 200);
}

#[tokio::test]
async fn a_restart_finds_the_breaker_open_and_sends_one_probe() {
    let (world, bad) = (World::new().await, Receiver::start());
    let endpoint = opened(&world, &bad).await;
    let before = bad.requests().len();
    world.run_for(secs(1)).await;
    let world = world.crash_and_restart().await;
    world.settle().await;
    assert_eq!(bad.requests().len(), before + 1);
    assert_eq!(open_since(&world, &endpoint).await, Some(START));
    assert_eq!(spent_at_most(&world).await, 1);
    bad.always(Behaviour::ok());
    world.run_until(probe_at(&world, &endpoint).await).await;
    assert_eq!(world.states().await, vec![DeliveryState::Delivered; 100]);
    assert_eq!(open_since(&world, &endpoint).await, None);
}

#[tokio::test]
async fn a_clock_that_is_set_moves_an_open_breaker_with_it() {
    for by_ms in [86_400_000, -86_400_000] {
        let (world, bad) = (World::new().await, Receiver::start());
        let endpoint = opened(&world, &bad).await;
        let due = probe_at(&world, &endpoint).await.moved_by(by_ms);
        let before = bad.requests().len();
        world.clock.set(world.clock.now().moved_by(by_ms));
        world.clock.advance(secs(1));
        world
            .watch("the lane has followed the clock", |lanes| {
                lanes.lanes[0].breaker == BreakerPhase::Open(due)
            })
            .await;
        assert_eq!(
            open_since(&world, &endpoint).await,
            Some(START.moved_by(by_ms))
        );
        world.run_until(due - Duration::from_millis(1)).await;
        assert_eq!(bad.requests().len(), before);
        world.run_until(due).await;
        assert_eq!(bad.requests().len(), before + 1);
    }
}

#[tokio::test]
async fn time_behind_an_open_breaker_counts_against_no_window() {
    let world = World::make(Making {
        ladder: r#"["10m", "10m", "10m"]"#,
        retry: "window = \"20m\"",
        ..Making::default()
    })
    .await;
    let bad = Receiver::start();
    let endpoint = opened(&world, &bad).await;
    world.run_for(secs(86_400)).await;
    assert_eq!(world.states().await, vec![DeliveryState::Pending; 100]);
    // The probe is taken; what follows step by step is not, and spends its budgets as ever.
    bad.script([
        Behaviour::ok(),
        Behaviour::status(500),
        Behaviour::status(500),
    ]);
    bad.always(Behaviour::ok());
    let next = probe_at(&world, &endpoint).await;
    world.run_until(next + secs(3_600)).await;
    assert_eq!(world.states().await, vec![DeliveryState::Delivered; 100]);
}

#[tokio::test]
async fn a_lane_resumed_with_a_backlog_asks_before_it_goes_on() {
    let (world, receiver) = (World::new().await, Receiver::start());
    let endpoint = world.endpoint(&receiver.url("/")).await;
    let somebody = somebody();
    let paused = world
        .engine
        .pause_endpoint(&somebody, endpoint.id, None, None);
    paused.await.unwrap();
    world.publish_together(50).await;
    world.settle().await;
    assert_eq!(receiver.requests().len(), 0);
    receiver.always(Behaviour::status(500));
    let resumed = world.engine.resume_endpoint(&somebody, endpoint.id);
    resumed.await.unwrap();
    world.settle().await;
    assert_eq!(receiver.requests().len(), 1, "one asks for fifty");
    assert_eq!(open_since(&world, &endpoint).await, Some(START));
    assert_eq!(spent_at_most(&world).await, 0);
    assert_eq!(world.states().await, vec![DeliveryState::Pending; 50]);

    // Somebody who resumes it again need not wait for the next probe.
    let paused = world
        .engine
        .pause_endpoint(&somebody, endpoint.id, None, None);
    paused.await.unwrap();
    receiver.always(Behaviour::ok());
    let resumed = world.engine.resume_endpoint(&somebody, endpoint.id);
    resumed.await.unwrap();
    world.settle().await;
    assert_eq!(world.states().await, vec![DeliveryState::Delivered; 50]);
    assert_eq!(open_since(&world, &endpoint).await, None);
}

#[tokio::test]
async fn a_pause_that_ended_while_the_service_was_down_is_over() {
    let (world, receiver) = (World::new().await, Receiver::start());
    let endpoint = world.endpoint(&receiver.url("/")).await;
    let (somebody, until) = (somebody(), Some(START + secs(3_600)));
    let reason = Some("moving house".to_owned());
    let paused = world
        .engine
        .pause_endpoint(&somebody, endpoint.id, until, reason);
    paused.await.unwrap();
    world.publish_together(30).await;
    let world = world.crash_and_restart().await;
    world.run_until(START + secs(3_599)).await;
    assert_eq!(receiver.requests().len(), 0, "a restart ends no pause");
    world.stop().await;
    world.clock.advance(secs(7_200));
    let world = world.start_again().await;
    receiver
        .wait_until("all are sent", |receiver| receiver.requests().len() == 30)
        .await;
    world.settle().await;
    assert_eq!(world.states().await, vec![DeliveryState::Delivered; 30]);
}

/// However often it fails, one delivery says nothing about the others.
#[tokio::test]
async fn a_lone_delivery_keeps_its_ladder_to_the_end() {
    let world = World::make(Making {
        ladder: r#"["1s", "1s", "1s", "1s", "1s", "1s", "1s", "1s", "1s", "1s", "1s", "1s", "1s", "1s", "1s", "1s",
            "1s", "1s", "1s", "1s", "1s", "1s", "1s", "1s", "1s"]"#,
        ..Making::default()
    })
    .await;
    let bad = Receiver::start();
    bad.always(Behaviour::status(500));
    world.endpoint(&bad.url("/")).await;
    world.publish(1).await;
    world.run_for(secs(60)).await;
    let delivery = world.deliveries().await.remove(0);
    assert_eq!(delivery.state, DeliveryState::Dead(DeadReason::Exhausted));
    let attempts = world.engine.attempts(delivery.id).await.unwrap();
    let starts: Vec<_> = attempts.iter().map(|attempt| attempt.started_at).collect();
    let expected: Vec<_> = (0..26).map(|second| START + secs(second)).collect();
    assert_eq!(starts, expected);
}

#[tokio::test]
async fn an_endpoint_may_do_without_a_breaker() {
    let (world, bad) = (World::new().await, Receiver::start());
    bad.always(Behaviour::status(500));
    let endpoint = world
        .endpoint_like(&bad.url("/"), |new| {
            new.breaker = Some(BreakerOverride {
                enabled: Some(false),
                ..BreakerOverride::default()
            });
        })
        .await;
    world.publish_together(100).await;
    world.settle().await;
    assert_eq!(bad.requests().len(), 100);
    assert_eq!(open_since(&world, &endpoint).await, None);
}

#[tokio::test]
async fn an_open_breaker_that_is_switched_off_lets_everything_go() {
    let (world, bad) = (World::new().await, Receiver::start());
    let endpoint = opened(&world, &bad).await;
    bad.always(Behaviour::ok());
    let off = hookyard::domain::endpoint_draft::EndpointPatch {
        breaker: hookyard::domain::endpoint_draft::Change::Set(BreakerOverride {
            enabled: Some(false),
            ..BreakerOverride::default()
        }),
        ..Default::default()
    };
    let patched = world
        .engine
        .patch_endpoint(&somebody(), endpoint.id, off)
        .await;
    patched.unwrap();
    world.run_for(secs(10)).await;
    assert_eq!(world.states().await, vec![DeliveryState::Delivered; 100]);
    assert_eq!(open_since(&world, &endpoint).await, None);
}

#[tokio::test]
async fn a_gateway_that_is_overloaded_slows_its_whole_lane() {
    for status in [429, 502, 504] {
        let (world, busy) = (World::new().await, Receiver::start());
        busy.always(Behaviour::status(status));
        let endpoint = world.endpoint(&busy.url("/")).await;
        world.publish_together(30).await;
        world.settle().await;
        let sent = busy.requests().len();
        assert!(sent <= 8, "{status}: {sent}");
        let lane = world.engine.lane(endpoint.id).await.unwrap().unwrap();
        let until = lane.cools_until.unwrap();
        world.run_until(until - Duration::from_millis(1)).await;
        assert_eq!(busy.requests().len(), sent, "{status}");
        world.run_until(until).await;
        assert_eq!(
            busy.requests().len(),
            sent + 1,
            "{status}: then one at a time"
        );
    }
}
