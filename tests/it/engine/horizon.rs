//! What gives up, where there is more of it than one look goes through.

use std::time::Duration;

use hookyard::domain::endpoint::Endpoint;
use hookyard::domain::endpoint_draft::NewEndpoint;
use hookyard::domain::event::NewEvent;
use hookyard::engine::{EndpointOutlook, EngineOptions};

use crate::support::receiver::Receiver;
use crate::support::receiver_answer::Behaviour;
use crate::support::world::{Making, START, World, event};
use crate::transport::harness::loopback;

/// Deliveries that one look goes through here.
const LOOKS: u32 = 10;

/// A world whose receiver fails, and an endpoint for each count of deliveries that have failed once.
async fn failing(counts: &[usize]) -> (World, Receiver, Vec<Endpoint>) {
    let world = World::make(Making {
        options: EngineOptions {
            targets: loopback(),
            give_ups_max: LOOKS,
            ..EngineOptions::default()
        },
        ..Making::default()
    })
    .await;
    let receiver = Receiver::start();
    receiver.always(Behaviour::status(500));
    let mut endpoints = Vec::new();
    for (number, &count) in counts.iter().enumerate() {
        let own = |new: &mut NewEndpoint| {
            new.event_types = Some(vec![format!("of{number}.*")]);
        };
        endpoints.push(world.endpoint_like(&receiver.url("/"), own).await);
        let event = |one| NewEvent {
            event_type: format!("of{number}.a").parse().unwrap(),
            ..event(one)
        };
        let events = (0..count).map(event).collect();
        world.engine.publish(events).await.unwrap();
    }
    world.run_for(Duration::from_secs(1)).await;
    (world, receiver, endpoints)
}

/// What gives up within a day, and what was left out.
fn told(one: &EndpointOutlook) -> (u64, u64) {
    (one.give_ups.within_24h, one.left_out)
}

#[tokio::test]
async fn what_one_look_does_not_reach_is_counted_as_left_out() {
    let (world, _receiver, endpoints) = failing(&[14]).await;
    let horizon = world.engine.horizon(None, 20).await.unwrap();
    assert_eq!(told(&horizon.endpoints[0]), (10, 4));
    // 5 s, 5 min and 30 min after the first attempt at most.
    let first_at = horizon.endpoints[0].give_ups.first_at.unwrap();
    assert!(first_at.since(START) <= Duration::from_secs(36 * 60));
    let alone = world
        .engine
        .horizon(Some(endpoints[0].id), 1)
        .await
        .unwrap();
    assert_eq!(told(&alone.endpoints[0]), (10, 4));
}

#[tokio::test]
async fn endpoints_share_the_looks_and_what_one_leaves_is_for_the_next() {
    let (world, _receiver, endpoints) = failing(&[3, 9]).await;
    // The longest backlog comes first and gets half.
    let horizon = world.engine.horizon(None, 20).await.unwrap();
    let both: Vec<(u64, u64)> = horizon.endpoints.iter().map(told).collect();
    assert_eq!(horizon.endpoints[0].endpoint.id, endpoints[1].id);
    assert_eq!(both, [(5, 4), (3, 0)]);
    let alone = world
        .engine
        .horizon(Some(endpoints[1].id), 20)
        .await
        .unwrap();
    assert_eq!(told(&alone.endpoints[0]), (9, 0));
}
