//! Promise P5: a silent endpoint costs its neighbours nothing.

use std::sync::Arc;
use std::time::Duration;

use hookyard::domain::delivery::DeliveryState;
use hookyard::domain::request::PreparedRequest;
use hookyard::engine::{DEADLINE_GRACE, EngineOptions};
use hookyard::transport::{HttpTransport, Sending, Transport};

use crate::support::receiver::Receiver;
use crate::support::world::{Making, World, event, real_transport};
use crate::transport::harness::loopback;

/// Sends as usual, but never hears of a request to `/silent`.
struct PartlyDeaf(HttpTransport);

impl Transport for PartlyDeaf {
    fn send(&self, request: PreparedRequest) -> Sending {
        if request.url.ends_with("/silent") {
            return Box::pin(std::future::pending());
        }
        self.0.send(request)
    }
}

async fn world(concurrency: usize) -> World {
    World::make(Making {
        transport: Some(Arc::new(PartlyDeaf(real_transport()))),
        options: EngineOptions {
            targets: loopback(),
            concurrency,
            ..EngineOptions::default()
        },
        ..Making::default()
    })
    .await
}

/// 500 endpoints that never answer beside one that does: no time passes, and the good one has everything. Then all
/// of them time out, and again the good one waits for nobody.
#[tokio::test]
async fn five_hundred_silent_endpoints_cost_a_good_one_nothing() {
    let (world, receiver) = (world(1_024).await, Receiver::start());
    for _ in 0..250 {
        world.endpoint(&receiver.url("/silent")).await;
    }
    let good = world.endpoint(&receiver.url("/good")).await;
    for _ in 0..250 {
        world.endpoint(&receiver.url("/silent")).await;
    }
    world
        .engine
        .publish((0..8).map(event).collect())
        .await
        .unwrap();
    receiver
        .wait_until("the good one has all", |receiver| {
            receiver.requests().len() == 8
        })
        .await;
    for round in 2..5 {
        world
            .clock
            .advance(Duration::from_secs(10) + DEADLINE_GRACE);
        world
            .engine
            .publish((0..8).map(event).collect())
            .await
            .unwrap();
        receiver
            .wait_until("and again", |receiver| {
                receiver.requests().len() == 8 * round
            })
            .await;
    }
    let lanes = world
        .watch("silent lanes are known to be slow", |lanes| {
            let slow = lanes.lanes.iter().filter(|lane| lane.slow);
            let good_is_idle = lanes
                .lanes
                .iter()
                .any(|lane| lane.endpoint_id == good.id && lane.in_flight == 0);
            good_is_idle && slow.count() == 500 && lanes.slots_in_use <= lanes.slots_total / 4
        })
        .await;
    assert!(
        lanes
            .lanes
            .iter()
            .all(|lane| !lane.slow || lane.in_flight <= 1),
        "{lanes:?}"
    );
    let states = world.states().await;
    let delivered = states
        .iter()
        .filter(|&&state| state == DeliveryState::Delivered);
    assert_eq!(delivered.count(), 32);
    assert_eq!(states.len(), 501 * 32);
}
