//! Rate limits of endpoints, as their receivers count them.

use std::time::Duration;

use hookyard::domain::delivery::DeliveryState;
use hookyard::domain::endpoint::Endpoint;
use hookyard::domain::time::Timestamp;

use crate::support::receiver::Receiver;
use crate::support::receiver_answer::{Answer, Behaviour};
use crate::support::world::{START, World};

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

async fn limited(world: &World, receiver: &Receiver) -> Endpoint {
    world
        .endpoint_like(&receiver.url("/"), |new| {
            new.rate_limit = Some("60 per 1m".parse().unwrap());
        })
        .await
}

/// When each attempt left, rising.
async fn starts(world: &World) -> Vec<Timestamp> {
    let mut starts = Vec::new();
    for delivery in world.deliveries().await {
        let attempts = world.engine.attempts(delivery.id).await.unwrap();
        starts.extend(attempts.iter().map(|attempt| attempt.started_at));
    }
    starts.sort_unstable();
    starts
}

/// The most that left in any stretch of a minute.
fn most_in_a_minute(starts: &[Timestamp]) -> usize {
    let within = |from: usize| {
        let minute_later = starts[from] + secs(60);
        starts[from..]
            .iter()
            .take_while(|&&at| at < minute_later)
            .count()
    };
    (0..starts.len()).map(within).max().unwrap_or(0)
}

#[tokio::test]
async fn a_receiver_gets_sixty_a_minute_and_everything_in_the_end() {
    let (world, receiver) = (World::new().await, Receiver::start());
    let endpoint = limited(&world, &receiver).await;
    world.publish_together(150).await;
    world.settle().await;
    assert_eq!(receiver.requests().len(), 60);
    let lanes = world.engine.lanes().await.unwrap();
    assert!(lanes.lanes.iter().all(|lane| lane.rate_limited));
    let last = world.deliveries().await.pop().unwrap();
    assert_eq!(
        world.engine.delivery(last.id).await.unwrap().why,
        "Waiting for its first attempt: it is due now, and its endpoint's rate limit of 60 per 1m makes it wait; 89 ahead."
    );
    world.run_until(START + secs(59)).await;
    assert_eq!(receiver.requests().len(), 60);
    world.run_until(START + secs(60)).await;
    assert_eq!(receiver.requests().len(), 120);
    world.run_until(START + secs(300)).await;
    assert_eq!(world.states().await, vec![DeliveryState::Delivered; 150]);
    assert_eq!(most_in_a_minute(&starts(&world).await), 60);
    let hour = secs(3_600);
    let own = [endpoint.id];
    let stats = world.engine.endpoint_stats(&own, hour, hour).await;
    assert_eq!(stats.unwrap()[&endpoint.id][0].1.held_back, 90);
    let all = world.engine.stats(hour).await.unwrap().attempts;
    assert_eq!(all.held_back, 90);
}

#[tokio::test]
async fn the_limit_is_right_again_after_a_restart() {
    let (world, receiver) = (World::new().await, Receiver::start());
    limited(&world, &receiver).await;
    world.publish_together(100).await;
    world.run_until(START + secs(30)).await;
    assert_eq!(receiver.requests().len(), 60);
    let world = world.drain_and_restart().await;
    world.run_until(START + secs(59)).await;
    assert_eq!(receiver.requests().len(), 60);
    // Attempts are stored with the real time that they took: a few milliseconds after the minute.
    world.run_until(START + secs(62)).await;
    assert_eq!(receiver.requests().len(), 100);
}

/// What a crash forgot was in flight may have reached the receiver: it counts, though nobody can know.
#[tokio::test]
async fn what_a_crash_forgot_counts_against_the_limit() {
    let (world, receiver) = (World::new().await, Receiver::start());
    limited(&world, &receiver).await;
    world.publish_together(10).await;
    world.settle().await;
    let world = world.crash_and_restart().await;
    world.publish_together(100).await;
    world.settle().await;
    // Eight at once, and as many unrecorded, may have been on their way.
    assert_eq!(receiver.requests().len(), 10 + 60 - 10 - 16);
    world.run_until(START + secs(120)).await;
    assert_eq!(receiver.requests().len(), 110);
}

#[tokio::test]
async fn the_receivers_own_429_is_honoured_on_top() {
    let (world, receiver) = (World::new().await, Receiver::start());
    let busy = Answer::status(429).header("Retry-After", "90");
    receiver.script([Behaviour::Answer(busy)]);
    world
        .endpoint_like(&receiver.url("/"), |new| {
            new.rate_limit = Some("1 per 1s".parse().unwrap());
        })
        .await;
    world.publish(1).await;
    world.run_until(START + secs(600)).await;
    assert_eq!(starts(&world).await, [START, START + secs(90)]);
}

#[tokio::test]
async fn a_limit_that_is_lifted_holds_nothing_back_any_more() {
    let (world, receiver) = (World::new().await, Receiver::start());
    let endpoint = limited(&world, &receiver).await;
    world.publish_together(100).await;
    world.settle().await;
    assert_eq!(receiver.requests().len(), 60);
    let lifted = hookyard::domain::endpoint_draft::EndpointPatch {
        rate_limit: hookyard::domain::endpoint_draft::Change::Clear,
        ..Default::default()
    };
    let somebody = crate::support::world::somebody();
    let patched = world
        .engine
        .patch_endpoint(&somebody, endpoint.id, lifted)
        .await;
    patched.unwrap();
    world.settle().await;
    assert_eq!(receiver.requests().len(), 100);
}
