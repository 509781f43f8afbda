//! Events that an endpoint never got: found, delivered at a rate, and none twice.

use std::time::Duration;

use hookyard::clock::Clock;
use hookyard::domain::delivery::DeliveryState;
use hookyard::domain::endpoint::DisabledReason;
use hookyard::domain::id::{EndpointId, PlanId};
use hookyard::domain::replay::{ReplayState, Settings, rate_from_text};
use hookyard::engine::{EngineError, Selection, StoredReplay};
use hookyard::store::fsck;

use crate::support::receiver::Receiver;
use crate::support::world::{START, World, somebody};

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

async fn plan(world: &World, endpoint_id: EndpointId) -> StoredReplay {
    let missed = Selection::Missed {
        endpoint_id,
        since: START,
        until: None,
    };
    let planned = world.engine.plan_replay(&somebody(), missed).await;
    planned.unwrap()
}

async fn start(world: &World, plan: &StoredReplay, rate: &str) {
    let settings = Settings {
        rate: rate_from_text(rate).unwrap(),
        ..Settings::default()
    };
    let id = PlanId::from_i64(plan.id.as_i64());
    let started = world.engine.start_replay(&somebody(), id, settings).await;
    started.unwrap();
}

async fn assert_sound(world: &World) {
    let report = fsck::check_file(&world.database()).await.unwrap();
    assert_eq!(report.findings, []);
}

#[tokio::test]
async fn what_was_published_before_an_endpoint_was_made_is_delivered_once_over_a_crash() {
    let mut world = World::new().await;
    let (first, late) = (Receiver::start(), Receiver::start());
    world.endpoint(&first.url("/")).await;
    world.publish(20).await;
    world.run_for(secs(1)).await;
    let endpoint = world.endpoint(&late.url("/")).await.id;
    world.publish(5).await;
    world.settle().await;
    assert_eq!(late.requests().len(), 5);
    let frozen = plan(&world, endpoint).await;
    assert_eq!((frozen.total, frozen.flight.matched), (20, 20));
    assert_eq!(
        frozen.selection,
        format!("events that {endpoint} never got since {START}")
    );
    start(&world, &frozen, "10/s").await;
    world.run_for(secs(1)).await;
    assert_sound(&world).await;
    world = world.crash_and_restart().await;
    world.run_for(secs(5)).await;
    let replay = world.engine.replay(frozen.id).await.unwrap();
    assert_eq!(replay.facts.state, ReplayState::Finished, "{replay:?}");
    assert_eq!(replay.facts.counts.delivered, 20);
    assert_eq!(late.requests().len(), 25, "none came twice");
    assert_eq!(plan(&world, endpoint).await.total, 0, "nothing is left");
    for delivery in world.deliveries().await {
        assert_eq!(delivery.state, DeliveryState::Delivered);
    }
    assert_eq!(world.ledger_total().await, 20 + 5 + 25);
    assert_sound(&world).await;
}

#[tokio::test]
async fn what_it_got_since_the_plan_and_what_it_does_not_want_is_left_out() {
    let world = World::new().await;
    let (wide, narrow) = (Receiver::start(), Receiver::start());
    world.endpoint(&wide.url("/")).await;
    let events = world.publish(3).await;
    world.run_for(secs(1)).await;
    let other = world
        .endpoint_like(&narrow.url("/other"), |new| {
            new.event_types = Some(vec!["other.type".to_owned()]);
        })
        .await
        .id;
    assert_eq!(plan(&world, other).await.total, 0, "it filters them out");
    let endpoint = world.endpoint(&narrow.url("/")).await.id;
    let disabled = world
        .engine
        .disable_endpoint(&somebody(), endpoint, DisabledReason::Operator)
        .await;
    disabled.unwrap();
    world.publish(2).await;
    world.settle().await;
    let frozen = plan(&world, endpoint).await;
    assert_eq!((frozen.total, frozen.flight.held), (5, 5));
    let enabled = world.engine.enable_endpoint(&somebody(), endpoint).await;
    enabled.unwrap();
    let by_hand = world
        .engine
        .deliver_event(&somebody(), events[0], endpoint)
        .await;
    by_hand.unwrap();
    start(&world, &frozen, "100/s").await;
    world.run_for(secs(5)).await;
    let counts = world.engine.replay(frozen.id).await.unwrap().facts.counts;
    assert_eq!((counts.delivered, counts.skipped), (4, 1));
    assert_eq!(narrow.requests().len(), 5);
    assert!(world.clock.now() > START);
    world.ledger_total().await;
    assert_sound(&world).await;
}

#[tokio::test]
async fn an_endpoint_for_tests_is_told_that_it_gets_none_afterwards() {
    let world = World::new().await;
    let receiver = Receiver::start();
    let endpoint = world
        .endpoint_like(&receiver.url("/"), |new| new.test_mode = true)
        .await;
    let missed = Selection::Missed {
        endpoint_id: endpoint.id,
        since: START,
        until: None,
    };
    let refused = world.engine.plan_replay(&somebody(), missed).await;
    let Err(EngineError::Conflict(why)) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(
        why,
        format!(
            "{} gets test events alone, and none of them is delivered afterwards: it was meant for whoever was there; \
             publish another with test, or use `hookyard endpoint test`",
            endpoint.id
        )
    );
}
