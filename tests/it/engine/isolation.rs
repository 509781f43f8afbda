//! Promise P5: a silent endpoint costs its neighbours nothing.

use std::time::Duration;

use hookyard::domain::delivery::DeliveryState;
use hookyard::engine::{DEADLINE_GRACE, EngineOptions, LanesSnapshot};
use hookyard::transport::descriptors::raise_open_files_limit;

use crate::support::receiver::Receiver;
use crate::support::world::{Making, World, event};
use crate::transport::harness::loopback;

/// Endpoints that take every request and never answer.
const SILENT: usize = 500;
/// Events in one publish.
const EVENTS: usize = 8;
/// How long the silent ones may be waited for: on the virtual clock, and far longer than the test runs, because the
/// transport's own deadline knows only the machine's.
const TIMEOUT: Duration = Duration::from_secs(120);
/// Files that the connections take, both ends of each, and room for the tests beside this one.
const FILES_MIN: u64 = 3 * SILENT as u64;

async fn world(concurrency: usize) -> World {
    if let Some(limit) = raise_open_files_limit().unwrap() {
        assert!(
            limit >= FILES_MIN,
            "{limit} open files are too few: {FILES_MIN} are needed"
        );
    }
    World::make(Making {
        options: EngineOptions {
            targets: loopback(),
            concurrency,
            ..EngineOptions::default()
        },
        ..Making::default()
    })
    .await
}

async fn silent_endpoints(world: &World, receiver: &Receiver, numbers: std::ops::Range<usize>) {
    for number in numbers {
        let url = receiver.url(&format!("/{number}"));
        world
            .endpoint_like(&url, |new| new.timeout = Some(TIMEOUT))
            .await;
    }
}

async fn publish(world: &World) {
    let events = (0..EVENTS).map(event).collect();
    world.engine.publish(events).await.unwrap();
}

/// 500 endpoints that never answer beside one that does: no time passes, no silent request ends, and the good one has
/// everything. Then all of them time out, and again the good one waits for nobody.
#[tokio::test]
async fn five_hundred_silent_endpoints_cost_a_good_one_nothing() {
    let world = world(1_024).await;
    let (silent, good) = (Receiver::start_silent("http"), Receiver::start());
    silent_endpoints(&world, &silent, 0..SILENT / 2).await;
    let endpoint = world.endpoint(&good.url("/good")).await;
    silent_endpoints(&world, &silent, SILENT / 2..SILENT).await;
    for round in 1..=3 {
        publish(&world).await;
        good.wait_until("the good one has all", |good| {
            good.requests().len() == EVENTS * round
        })
        .await;
        // From the first round's end on, every silent endpoint has a request that waits.
        silent
            .wait_until("all silent ones are asked", |silent| {
                silent.connections() == SILENT
            })
            .await;
        let waiting = silent.open_connections();
        assert_eq!(waiting, SILENT, "no request to a silent one has ended");
    }
    let good_is_idle = |lanes: &LanesSnapshot| {
        let mut lanes = lanes.lanes.iter();
        lanes.all(|lane| lane.endpoint_id != endpoint.id || lane.in_flight == 0)
    };
    world
        .watch("the good one's are recorded", good_is_idle)
        .await;
    let delivered = DeliveryState::Delivered;
    let count =
        |states: &[DeliveryState]| states.iter().filter(|&&state| state == delivered).count();
    let states = world.states().await;
    assert_eq!(
        (count(&states), states.len()),
        (3 * EVENTS, 501 * 3 * EVENTS)
    );

    for round in 4..7 {
        // Time that jumps over an answer on its way would make the good one look slow too.
        world.watch("nothing is on its way", good_is_idle).await;
        world.clock.advance(TIMEOUT + DEADLINE_GRACE);
        publish(&world).await;
        good.wait_until("and again", |good| good.requests().len() == EVENTS * round)
            .await;
    }
    let lanes = world
        .watch("silent lanes are known to be slow", |lanes| {
            let slow = lanes.lanes.iter().filter(|lane| lane.slow);
            good_is_idle(lanes)
                && slow.count() == SILENT
                && lanes.slots_in_use <= lanes.slots_total / 4
        })
        .await;
    assert!(
        lanes
            .lanes
            .iter()
            .all(|lane| !lane.slow || lane.in_flight <= 1),
        "{lanes:?}"
    );
    silent
        .wait_until("slow lanes together keep a quarter", |silent| {
            silent.open_connections() <= 1_024 / 4
        })
        .await;
    assert_eq!(count(&world.states().await), 6 * EVENTS);
}
