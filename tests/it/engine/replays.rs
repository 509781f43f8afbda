//! Replays on virtual time: what the receiver counts, and what the store says of it.

use std::time::Duration;

use hookyard::clock::Clock;
use hookyard::domain::breaker::BreakerOverride;
use hookyard::domain::delivery::DeliveryState;
use hookyard::domain::id::{EndpointId, PlanId, ReplayId};
use hookyard::domain::replay::{ReplayState, Settings, rate_from_text};
use hookyard::engine::{EngineError, PageRequest, Selection, StoredReplay};

use crate::support::receiver::Receiver;
use crate::support::receiver_answer::Behaviour;
use crate::support::world::{Making, World, somebody};

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn dead() -> Selection {
    Selection::Filter("state:dead".to_owned())
}

fn plan_id(plan: &StoredReplay) -> PlanId {
    PlanId::from_i64(plan.id.as_i64())
}

fn at(rate: &str) -> Settings {
    Settings {
        rate: rate_from_text(rate).unwrap(),
        ..Settings::default()
    }
}

/// A world without retries, whose receiver has refused `count` events and now takes everything.
async fn after_trouble(count: usize) -> (World, Receiver) {
    let world = World::make(Making {
        ladder: "[]",
        ..Making::default()
    })
    .await;
    let receiver = Receiver::start();
    receiver.always(Behaviour::status(500));
    // Its breaker would hold the rest back before all have died.
    world
        .endpoint_like(&receiver.url("/"), |new| {
            new.breaker = Some(BreakerOverride {
                enabled: Some(false),
                ..BreakerOverride::default()
            });
        })
        .await;
    world.publish_together(count).await;
    world.settle().await;
    assert_eq!(receiver.requests().len(), count);
    receiver.always(Behaviour::ok());
    (world, receiver)
}

async fn plan(world: &World, selection: Selection) -> StoredReplay {
    let planned = world.engine.plan_replay(&somebody(), selection).await;
    planned.unwrap()
}

async fn start(world: &World, selection: Selection, settings: Settings) -> ReplayId {
    let plan = plan(world, selection).await;
    let started = world
        .engine
        .start_replay(&somebody(), plan_id(&plan), settings)
        .await;
    started.unwrap().id
}

/// The replay, whose items are each in exactly one place.
async fn stored(world: &World, id: ReplayId) -> StoredReplay {
    let replay = world.engine.replay(id).await.unwrap();
    let counts = replay.facts.counts;
    assert!(counts.adds_up(replay.total), "{replay:?}");
    replay
}

#[tokio::test]
async fn a_plan_freezes_exactly_what_matches_and_says_what_it_is() {
    let (world, receiver) = after_trouble(5).await;
    let frozen = plan(&world, dead()).await;
    receiver.always(Behaviour::status(503));
    world.publish(2).await;
    world.settle().await;
    let flight = &frozen.flight;
    assert_eq!((flight.matched, frozen.total), (5, 5));
    assert_eq!(flight.bytes, 5, "the data are numbers of one digit");
    assert_eq!(flight.hash.len(), 64);
    assert_eq!(flight.endpoints.len(), 1);
    assert_eq!(flight.endpoints[0].count, 5);
    assert_eq!(flight.causes.len(), 1);
    assert_eq!(flight.causes[0].status, Some(500));
    let wider = plan(&world, dead()).await;
    assert_eq!(wider.flight.matched, 7);
    assert_ne!(wider.flight.hash, flight.hash);
    assert_eq!(wider.flight.causes[0].count, 5, "the most frequent first");
    receiver.always(Behaviour::ok());
    let started = world
        .engine
        .start_replay(&somebody(), plan_id(&frozen), at("100/s"))
        .await
        .unwrap();
    world.run_for(secs(2)).await;
    let replay = stored(&world, started.id).await;
    assert_eq!(replay.facts.state, ReplayState::Finished);
    assert_eq!(replay.facts.counts.delivered, 5);
    let left = world.states().await;
    let dead = left
        .iter()
        .filter(|state| matches!(state, DeliveryState::Dead(_)));
    assert_eq!(dead.count(), 2, "what came after the plan is no part of it");
}

#[tokio::test]
async fn items_reach_the_receiver_at_the_rate_asked_for_and_name_their_replay() {
    let (world, receiver) = after_trouble(100).await;
    let id = start(&world, dead(), at("20/s")).await;
    for second in 1..=4 {
        world.run_for(secs(1)).await;
        let came = receiver.requests().len() - 100;
        let at_most = 20 * second + 2;
        assert!(
            (at_most - 4..=at_most).contains(&came),
            "{came} after {second} s"
        );
    }
    world.run_for(secs(3)).await;
    let replay = stored(&world, id).await;
    assert_eq!(replay.facts.state, ReplayState::Finished);
    assert_eq!(replay.facts.counts.delivered, 100);
    assert_eq!(receiver.requests().len(), 200, "none came twice");
    for delivery in world.deliveries().await {
        assert_eq!(delivery.state, DeliveryState::Delivered);
        assert_eq!((delivery.attempts, delivery.replay_id), (2, Some(id)));
        let attempts = world.engine.attempts(delivery.id).await.unwrap();
        let named: Vec<_> = attempts.iter().map(|attempt| attempt.replay_id).collect();
        assert_eq!(named, [None, Some(id)]);
    }
    world.ledger_total().await;
}

#[tokio::test]
async fn a_canary_that_fails_stops_and_an_operator_may_go_on() {
    let (world, receiver) = after_trouble(20).await;
    receiver.script([Behaviour::ok(), Behaviour::status(500)]);
    let settings = Settings {
        canary: 3,
        ..at("100/s")
    };
    let id = start(&world, dead(), settings).await;
    world.run_for(secs(10)).await;
    let replay = stored(&world, id).await;
    assert_eq!(replay.facts.state, ReplayState::Stopped);
    assert_eq!(
        replay.why.as_deref(),
        Some("the canary failed: 1 of the first 3 did not succeed at once")
    );
    assert_eq!(receiver.requests().len(), 23);
    world.engine.resume_replay(&somebody(), id).await.unwrap();
    world.run_for(secs(10)).await;
    let counts = stored(&world, id).await.facts.counts;
    assert_eq!((counts.delivered, counts.failed), (19, 1));
}

#[tokio::test]
async fn the_stop_rule_holds_a_replay_whose_receiver_went_bad_again() {
    let (world, receiver) = after_trouble(100).await;
    receiver.script((0..20).map(|_| Behaviour::ok()));
    receiver.always(Behaviour::status(500));
    let settings = Settings {
        stop: Some("20%/20".parse().unwrap()),
        ..at("20/s")
    };
    let id = start(&world, dead(), settings).await;
    world.run_for(secs(60)).await;
    let replay = stored(&world, id).await;
    assert_eq!(replay.facts.state, ReplayState::Stopped);
    let counts = replay.facts.counts;
    assert_eq!(counts.delivered, 20);
    assert!((5..=10).contains(&counts.failed), "{counts:?}");
    assert_eq!(counts.waiting, 80 - counts.failed);
    let cancelled = world.engine.cancel_replay(&somebody(), id).await.unwrap();
    assert_eq!(cancelled.facts.counts.cancelled, counts.waiting);
    stored(&world, id).await;
}

#[tokio::test]
async fn what_was_delivered_or_discarded_since_the_plan_is_skipped() {
    let (world, receiver) = after_trouble(6).await;
    let frozen = plan(&world, dead()).await;
    let deliveries = world.deliveries().await;
    world
        .engine
        .replay_delivery(&somebody(), deliveries[0].id)
        .await
        .unwrap();
    world
        .engine
        .discard_delivery(&somebody(), deliveries[1].id, None)
        .await
        .unwrap();
    world.settle().await;
    let started = world
        .engine
        .start_replay(&somebody(), plan_id(&frozen), at("1/s"))
        .await
        .unwrap();
    world.run_for(secs(10)).await;
    let counts = stored(&world, started.id).await.facts.counts;
    assert_eq!((counts.delivered, counts.skipped), (4, 2));
    assert_eq!(receiver.requests().len(), 6 + 1 + 4);
}

#[tokio::test]
async fn delivered_ones_go_again_unless_they_are_to_be_skipped() {
    let (world, receiver) = after_trouble(0).await;
    world.publish(3).await;
    world.settle().await;
    let delivered = || Selection::Filter("state:delivered".to_owned());
    let settings = Settings {
        skip_delivered: true,
        ..at("100/s")
    };
    let id = start(&world, delivered(), settings).await;
    world.run_for(secs(2)).await;
    assert_eq!(stored(&world, id).await.facts.counts.skipped, 3);
    assert_eq!(receiver.requests().len(), 3);
    let id = start(&world, delivered(), at("100/s")).await;
    world.run_for(secs(2)).await;
    assert_eq!(stored(&world, id).await.facts.counts.delivered, 3);
    assert_eq!(receiver.requests().len(), 6);
}

#[tokio::test]
async fn a_replay_goes_on_where_it_stood_after_crashes_and_stays_paused_over_them() {
    let (mut world, receiver) = after_trouble(100).await;
    let id = start(&world, dead(), at("20/s")).await;
    for _ in 0..3 {
        world.run_for(secs(1)).await;
        world = world.crash_and_restart().await;
    }
    world.engine.pause_replay(&somebody(), id).await.unwrap();
    world.settle().await;
    let released = stored(&world, id).await.facts.released;
    assert!((50..=66).contains(&released), "{released}");
    world.run_for(secs(10)).await;
    world = world.crash_and_restart().await;
    world.run_for(secs(10)).await;
    let held = stored(&world, id).await;
    assert_eq!(held.facts.state, ReplayState::Paused);
    assert_eq!(held.facts.released, released);
    world.engine.resume_replay(&somebody(), id).await.unwrap();
    world.run_for(secs(10)).await;
    let replay = stored(&world, id).await;
    assert_eq!(replay.facts.state, ReplayState::Finished);
    assert_eq!(replay.facts.counts.delivered, 100);
    assert_eq!(receiver.requests().len(), 200, "none came twice");
    world.ledger_total().await;
}

#[tokio::test]
async fn a_cancelled_replay_counts_what_it_never_released() {
    let (world, receiver) = after_trouble(50).await;
    let id = start(&world, dead(), at("10/s")).await;
    world.run_for(secs(2)).await;
    let cancelled = world.engine.cancel_replay(&somebody(), id).await.unwrap();
    assert_eq!(cancelled.facts.state, ReplayState::Cancelled);
    world.run_for(secs(60)).await;
    let counts = stored(&world, id).await.facts.counts;
    assert_eq!(counts.open, 0);
    assert_eq!(counts.delivered + counts.cancelled, 50);
    let came = u64::try_from(receiver.requests().len()).unwrap() - 50;
    assert_eq!(came, counts.delivered);
}

#[tokio::test]
async fn items_of_a_deleted_endpoint_are_skipped_also_when_they_are_under_way() {
    let world = World::new().await;
    let receiver = Receiver::start();
    receiver.always(Behaviour::status(500));
    let endpoint = world
        .endpoint_like(&receiver.url("/"), |new| {
            new.breaker = Some(BreakerOverride {
                enabled: Some(false),
                ..BreakerOverride::default()
            });
        })
        .await
        .id;
    world.publish_together(10).await;
    world.run_for(secs(3_600)).await;
    let id = start(&world, dead(), at("2/s")).await;
    world.run_for(secs(2)).await;
    let counts = stored(&world, id).await.facts.counts;
    assert!(counts.open > 0 && counts.waiting > 0, "{counts:?}");
    let gone = world.engine.delete_endpoint(&somebody(), endpoint).await;
    gone.unwrap();
    world.run_for(secs(60)).await;
    let replay = stored(&world, id).await;
    assert_eq!(replay.facts.state, ReplayState::Finished, "{replay:?}");
    assert_eq!(replay.facts.counts.skipped, 10);
    world.ledger_total().await;
}

/// A world whose two endpoints have refused `count` events each, and take everything by now.
async fn after_trouble_of_two(count: usize) -> (World, [EndpointId; 2], [Receiver; 2]) {
    let world = World::make(Making {
        ladder: "[]",
        ..Making::default()
    })
    .await;
    let receivers = [Receiver::start(), Receiver::start()];
    let mut ids = Vec::new();
    for receiver in &receivers {
        receiver.always(Behaviour::status(500));
        let endpoint = world
            .endpoint_like(&receiver.url("/"), |new| {
                new.breaker = Some(BreakerOverride {
                    enabled: Some(false),
                    ..BreakerOverride::default()
                });
            })
            .await;
        ids.push(endpoint.id);
    }
    world.publish_together(count).await;
    world.settle().await;
    for receiver in &receivers {
        receiver.always(Behaviour::ok());
    }
    (world, [ids[0], ids[1]], receivers)
}

async fn pause(world: &World, id: EndpointId) {
    let paused = world
        .engine
        .pause_endpoint(&somebody(), id, None, None)
        .await;
    paused.unwrap();
}

#[tokio::test]
async fn a_paused_endpoint_holds_nobody_else_up_and_gets_its_own_at_the_rate_later() {
    let (mut world, [held, _], receivers) = after_trouble_of_two(30).await;
    pause(&world, held).await;
    let id = start(&world, dead(), at("20/s")).await;
    world.run_for(secs(4)).await;
    let counts = stored(&world, id).await.facts.counts;
    assert_eq!((counts.delivered, counts.open), (30, 0));
    assert_eq!((counts.waiting, counts.deferred), (30, 30));
    world = world.crash_and_restart().await;
    world.run_for(secs(100)).await;
    assert_eq!(stored(&world, id).await.facts.counts, counts);
    assert_eq!(receivers[0].requests().len(), 30, "none but the refused");
    world
        .engine
        .resume_endpoint(&somebody(), held)
        .await
        .unwrap();
    world.run_for(secs(1)).await;
    let came = receivers[0].requests().len() - 30;
    assert!((1..=22).contains(&came), "{came} in the first second");
    world.run_for(secs(4)).await;
    let replay = stored(&world, id).await;
    assert_eq!(replay.facts.state, ReplayState::Finished, "{replay:?}");
    let counts = replay.facts.counts;
    assert_eq!((counts.delivered, counts.deferred), (60, 0));
    let came = receivers
        .each_ref()
        .map(|receiver| receiver.requests().len());
    assert_eq!(came, [60, 60], "none came twice");
    world.ledger_total().await;
}

#[tokio::test]
async fn an_endpoint_paused_in_the_middle_keeps_what_it_has_and_the_others_go_on() {
    let (world, [held, _], receivers) = after_trouble_of_two(30).await;
    let id = start(&world, dead(), at("10/s")).await;
    world.run_for(secs(1)).await;
    receivers[0].always(Behaviour::status(500));
    pause(&world, held).await;
    world.run_for(secs(10)).await;
    let counts = stored(&world, id).await.facts.counts;
    assert_eq!(counts.waiting, counts.deferred, "{counts:?}");
    assert_eq!(receivers[1].requests().len(), 60);
    // The endpoint goes for good: what was passed over has an outcome all the same.
    world
        .engine
        .delete_endpoint(&somebody(), held)
        .await
        .unwrap();
    world.run_for(secs(10)).await;
    let replay = stored(&world, id).await;
    assert_eq!(replay.facts.state, ReplayState::Finished, "{replay:?}");
    assert_eq!(replay.facts.counts.deferred, 0);
    world.ledger_total().await;
}

#[tokio::test]
async fn behind_an_open_breaker_a_few_items_go_out_as_probes_and_their_failures_count() {
    let world = World::make(Making {
        ladder: "[]",
        ..Making::default()
    })
    .await;
    let receiver = Receiver::start();
    receiver.always(Behaviour::status(500));
    world.endpoint(&receiver.url("/")).await;
    // Enough failures to open it; the rest waits behind it and is discarded.
    world.publish_together(60).await;
    world.settle().await;
    for delivery in world.deliveries().await {
        if delivery.state == DeliveryState::Pending {
            let somebody = somebody();
            let gone = world.engine.discard_delivery(&somebody, delivery.id, None);
            gone.await.unwrap();
        }
    }
    let plan = plan(&world, dead()).await;
    assert_eq!(plan.flight.behind_breaker, plan.total);
    assert!(plan.total >= 20, "{}", plan.total);
    let settings = Settings {
        canary: 12,
        ..at("100/s")
    };
    let started = world
        .engine
        .start_replay(&somebody(), plan_id(&plan), settings)
        .await;
    let id = started.unwrap().id;
    world.run_for(secs(60)).await;
    let replay = stored(&world, id).await;
    assert_eq!(replay.facts.state, ReplayState::Stopped);
    assert_eq!(replay.facts.released, 10, "{replay:?}");
    let why = replay.why.unwrap();
    assert!(
        why.contains("failed as probes behind an open breaker"),
        "{why}"
    );
    receiver.always(Behaviour::ok());
    world.engine.resume_replay(&somebody(), id).await.unwrap();
    world.run_for(secs(600)).await;
    let replay = stored(&world, id).await;
    assert_eq!(replay.facts.state, ReplayState::Finished, "{replay:?}");
    assert_eq!(replay.facts.counts.delivered, replay.total);
}

#[tokio::test]
async fn retries_of_an_item_follow_the_ladder_and_count_once() {
    let world = World::new().await;
    let receiver = Receiver::start();
    receiver.always(Behaviour::status(500));
    world.endpoint(&receiver.url("/")).await;
    world.publish_together(3).await;
    world.run_for(secs(3_600)).await;
    assert_eq!(receiver.requests().len(), 12);
    let id = start(&world, dead(), at("100/s")).await;
    world.run_for(secs(1)).await;
    let counts = stored(&world, id).await.facts.counts;
    assert_eq!((counts.open, counts.tried_badly, counts.untried), (3, 3, 0));
    // One of them is put to work once more by hand: it stays one item.
    let delivery = world.deliveries().await[0].id;
    world
        .engine
        .replay_delivery(&somebody(), delivery)
        .await
        .unwrap();
    world.settle().await;
    receiver.always(Behaviour::ok());
    world.run_for(secs(10)).await;
    let replay = stored(&world, id).await;
    assert_eq!(replay.facts.counts.delivered, 3);
    assert_eq!(replay.facts.counts.tried_badly, 3);
    world.run_for(secs(70)).await;
    let replay = stored(&world, id).await;
    assert_eq!(replay.facts.state, ReplayState::Finished);
}

#[tokio::test]
async fn recovery_takes_the_dead_of_one_endpoint_since_a_time() {
    let (world, receiver) = after_trouble(4).await;
    receiver.always(Behaviour::status(500));
    world.run_for(secs(100)).await;
    let since = world.clock.now();
    world.publish_together(3).await;
    world.settle().await;
    let endpoint_id = world.deliveries().await[0].endpoint_id;
    let recover = |since, until| Selection::Dead {
        endpoint_id,
        since,
        until,
    };
    let all = plan(&world, recover(since.moved_by(-1_000_000), None)).await;
    assert_eq!(all.total, 7);
    let late = plan(&world, recover(since, None)).await;
    assert_eq!(late.total, 3);
    let early = plan(&world, recover(since.moved_by(-1_000_000), Some(since))).await;
    assert_eq!(early.total, 4);
}

#[tokio::test]
async fn refusals_say_the_rule_and_the_remedy() {
    let (world, _receiver) = after_trouble(3).await;
    let engine = &world.engine;
    let refused = |error: EngineError| match error {
        EngineError::Invalid(wrong) => wrong[0].to_string(),
        other => other.to_string(),
    };
    let plan_of = |text: &str| Selection::Filter(text.to_owned());
    let empty = engine.plan_replay(&somebody(), plan_of(" ")).await;
    assert_eq!(
        refused(empty.unwrap_err()),
        "/filter: an empty filter takes every delivery there is: say which ones, such as state:dead"
    );
    let broken = engine.plan_replay(&somebody(), plan_of("state:ded")).await;
    assert!(refused(broken.unwrap_err()).starts_with("/filter: "));
    let frozen = plan(&world, dead()).await;
    let start = async |settings| {
        engine
            .start_replay(&somebody(), plan_id(&frozen), settings)
            .await
    };
    let canary = Settings {
        canary: 5_000,
        ..at("1/s")
    };
    assert_eq!(
        refused(start(canary).await.unwrap_err()),
        "/canary: a canary of 5000 is out of range: choose up to 1000, or 0 for none"
    );
    let note = Settings {
        note: Some("x".repeat(501)),
        ..at("1/s")
    };
    assert_eq!(
        refused(start(note).await.unwrap_err()),
        "/note: the note has 501 characters: at most 500 are kept"
    );
    let started = start(at("1/s")).await.unwrap();
    assert_eq!(
        refused(start(at("1/s")).await.unwrap_err()),
        format!(
            "{} was started already as {}, which is running",
            plan_id(&frozen),
            started.id
        )
    );
    engine.cancel_replay(&somebody(), started.id).await.unwrap();
    let over = engine.resume_replay(&somebody(), started.id).await;
    assert_eq!(
        refused(over.unwrap_err()),
        format!("{} is cancelled and cannot be resumed", started.id)
    );
    let late = plan(&world, dead()).await;
    world.run_for(secs(301)).await;
    let expired = world
        .engine
        .start_replay(&somebody(), plan_id(&late), at("1/s"))
        .await;
    assert_eq!(
        refused(expired.unwrap_err()),
        format!(
            "{} cannot be started: a plan lives for five minutes; plan it again",
            plan_id(&late)
        )
    );
    let listed = world.engine.replays(&PageRequest::default()).await.unwrap();
    assert_eq!(listed.items.len(), 1, "plans are not among them");
}
