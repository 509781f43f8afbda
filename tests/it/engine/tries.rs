//! How long attempts took and how often deliveries were tried, over parts, minutes and a restart.

use std::collections::BTreeMap;
use std::time::Duration;

use hookyard::domain::id::EndpointId;
use hookyard::domain::time::Timestamp;
use hookyard::domain::tries::{Tries, Try};
use hookyard::store::MinuteTries;

use crate::support::receiver::Receiver;
use crate::support::receiver_answer::Behaviour;
use crate::support::world::{START, World};

const HOUR: Duration = Duration::from_hours(1);

#[tokio::test]
async fn what_was_gathered_is_written_down_by_a_drain_and_read_by_window_and_endpoint() {
    let (world, receiver) = (World::new().await, Receiver::start());
    receiver.script([Behaviour::status(500)]);
    let endpoint = world.endpoint(&receiver.url("/")).await;
    world.publish(2).await;
    world.run_for(Duration::from_secs(5)).await;
    let world = world.drain_and_restart().await;
    let stats = world.engine.stats(HOUR).await.unwrap();
    assert_eq!(stats.step, Duration::from_secs(60));
    let tries = stats.tries;
    assert_eq!((tries.retries, tries.ended), (1, 2));
    assert_eq!(tries.durations.count(), stats.attempts.attempts);
    assert!(tries.durations.quantile(990) >= tries.durations.quantile(500));
    let of_endpoint = world.engine.endpoint_tries(&[endpoint.id], HOUR).await;
    assert_eq!(
        of_endpoint.unwrap(),
        BTreeMap::from([(endpoint.id, tries.clone())])
    );
    let quarters = world.engine.stats(48 * HOUR).await.unwrap();
    assert_eq!(quarters.step, Duration::from_secs(900));
    assert_eq!(quarters.tries, tries);
    let days = world.engine.stats(49 * HOUR).await.unwrap();
    assert_eq!((days.step, days.tries), (24 * HOUR, tries));
    assert_eq!(days.attempts, quarters.attempts);
}

#[tokio::test]
async fn parts_of_a_minute_and_minutes_of_a_window_add_up() {
    let world = World::new().await;
    let endpoint_id = EndpointId::from_i64(7);
    let of = |minute: Timestamp, part, endpoint_id, millis| {
        let mut tries = Tries::default();
        tries.add(Try {
            number: 2,
            is_last: true,
            took: Duration::from_millis(millis),
        });
        MinuteTries {
            minute,
            endpoint_id,
            part,
            tries,
        }
    };
    let minute = Duration::from_secs(60);
    let next = START + minute;
    let first = [
        of(START, START, None, 10),
        of(START, START, Some(endpoint_id), 10),
    ];
    let second = [of(START, next, None, 30), of(next, next, None, 50)];
    // A part that is written again takes the place of what was written of it before.
    for parts in [&first, &second, &first] {
        world.store.keep_sketches(parts).await.unwrap();
    }
    let all = world.store.tries(START, START + HOUR).await.unwrap();
    assert_eq!((all.retries, all.ended, all.durations.count()), (3, 3, 3));
    let median = all.durations.quantile(500).unwrap();
    assert!((29_400..=30_600).contains(&median), "{median}");
    let later = world.store.tries(START + minute, START + HOUR).await;
    assert_eq!(later.unwrap().durations.count(), 1);
    let end = START + HOUR;
    let mine = world.store.endpoint_tries(&[endpoint_id], START, end).await;
    assert_eq!(mine.unwrap()[&endpoint_id].durations.count(), 1);
    world
        .tamper("UPDATE attempt_sketches SET sketch = x'01'")
        .await;
    let damaged = world.store.tries(START, START + HOUR).await.unwrap_err();
    assert!(
        damaged.to_string().contains("attempt_sketches"),
        "{damaged}"
    );
}
