//! P1 and P2 under `kill -9`: every 202 is delivered, and a kill costs at most one extra request for each delivery
//! that was in flight.
//!
//! The real binary serves while six publishers publish to an ordered, a slow, a failing and a well-behaved
//! endpoint; it is killed at a random instant and started again, round after round. Where each kill fell is read
//! from outside, and the run fails if one of the four places was never hit:
//!
//! ```text
//! publish ──► [before commit] ──► commit ──► [after commit] ──► 202 … request ──► [in flight] ──► answer ──► [answered] ──► record
//! ```
//! Between the kill and the restart, what the receiver has had from the dead service is held against the attempts in
//! the database file: each delivery has at most one request without a record, its last. That one was in flight, and
//! may come once more; nothing else may.
//!
//! `HOOKYARD_TEST_CRASH_ROUNDS=500 HOOKYARD_TEST_CRASH_SEED=7 cargo test --test it crash::` runs longer or again.

mod file;
mod publisher;
mod receiver;
mod replays;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use hookyard::api::endpoint::{BreakerBody, CreateEndpoint, RetryBody};
use hookyard::clock::{Clock, SystemClock};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::support::service::Service;
use file::File;
use publisher::{Ledger, Publisher};
use receiver::{Caught, DeliveryName, Receiver};

/// Rounds without `HOOKYARD_TEST_CRASH_ROUNDS`.
const ROUNDS: u32 = 50;
/// Publishers at work in every round.
const PUBLISHERS: usize = 6;
/// The longest that a service may live before it is killed.
const LIFE_MAX_MS: u64 = 120;
/// The longest wait for the last deliveries.
const SETTLE_LIMIT: Duration = Duration::from_secs(60);

/// How many kills fell where.
#[derive(Debug, Default)]
struct Places {
    before_commit: u32,
    after_commit: u32,
    in_flight: u32,
    answered: u32,
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name)
        .ok()
        .map_or(default, |text| text.parse().expect("a number"))
}

/// Requests that may be without a record at an instant, by path.
type InFlightMax = BTreeMap<String, u32>;

#[actix_web::test]
async fn every_accepted_event_survives_kills_at_any_instant() {
    let rounds = u32::try_from(setting("HOOKYARD_TEST_CRASH_ROUNDS", u64::from(ROUNDS))).unwrap();
    let seed = setting("HOOKYARD_TEST_CRASH_SEED", 20_261_121);
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let receiver = Receiver::start(clock.clone()).await;
    let directory = tempfile::tempdir().unwrap();
    let mut file = File::of(directory.path());
    let mut ledger = Ledger::default();
    let mut places = Places::default();
    let mut service = Service::start(directory.path()).await;
    let in_flight_max = create_endpoints(&service, receiver.port()).await;

    for round in 0..rounds {
        let publishers: Vec<_> = (0..PUBLISHERS)
            .map(|number| Publisher::start(&service, round, number))
            .collect();
        let life = Duration::from_millis(rng.random_range(5..LIFE_MAX_MS));
        clock.sleep_until(clock.now() + life).await;
        receiver.note_kill();
        publishers.iter().for_each(Publisher::note_kill);
        service.kill().await;
        receiver.read_the_rest().await;
        let caught = receiver.end_life(&file.newly_recorded().await);
        assert_within(&caught, &in_flight_max);
        places.in_flight += u32::from(caught.unanswered > 0);
        places.answered += u32::from(caught.answered > 0);
        let unknown = ledger.collect(publishers).await;
        service = Service::start(directory.path()).await;
        let fate = ledger.resolve(&service, unknown).await;
        places.before_commit += u32::from(fate.lost > 0);
        places.after_commit += u32::from(fate.kept > 0);
    }

    service
        .wait_until_nothing_is_pending(&*clock, SETTLE_LIMIT)
        .await;
    let arrivals = receiver.arrivals();
    arrivals.assert_all_delivered(&ledger.accepted);
    arrivals.assert_ordered();
    let extra = arrivals.assert_extra_requests_are_explained();
    println!(
        "seed {seed}, {rounds} kills, {} events accepted, {} extra requests: {places:?}",
        ledger.accepted.len(),
        extra.values().sum::<u32>()
    );
    assert_attempts_add_up(&service, &arrivals.requests_by_delivery(), &extra).await;
    assert!(
        [
            places.before_commit,
            places.after_commit,
            places.in_flight,
            places.answered
        ]
        .iter()
        .all(|&hit| hit > 0),
        "no kill fell in one of the places: {places:?}"
    );
    service.stop().await;
}

/// Creates the four endpoints; answers how many deliveries can be in flight (sent and not recorded) to each.
async fn create_endpoints(service: &Service, port: u16) -> InFlightMax {
    let mut in_flight_max = InFlightMax::new();
    for (name, ordered, concurrency) in [
        ("good", false, 4),
        ("ordered", true, 1),
        ("slow", false, 8),
        ("failing", false, 4),
    ] {
        let retry = RetryBody {
            ladder: Some(vec!["20ms".to_owned(); 9]),
            ..RetryBody::default()
        };
        let path = format!("/{name}");
        let body = CreateEndpoint {
            url: format!("http://127.0.0.1:{port}{path}"),
            name: Some(name.to_owned()),
            ordered: Some(ordered),
            concurrency: Some(concurrency),
            retry: Some(retry),
            // One of them refuses every event twice, and must get each three times in this test's seconds.
            breaker: Some(BreakerBody {
                enabled: Some(false),
                ..BreakerBody::default()
            }),
            ..CreateEndpoint::default()
        };
        service.client.create_endpoint(&body).await.unwrap();
        // Sent and not recorded: as many on the wire as the endpoint takes, and as many again that wait for the disk.
        let most = if ordered { 1 } else { 2 * concurrency };
        in_flight_max.insert(path, most);
    }
    in_flight_max
}

/// A kill catches no more than can be in flight.
fn assert_within(caught: &Caught, in_flight_max: &InFlightMax) {
    for (path, &requests) in &caught.by_path {
        assert!(
            requests <= in_flight_max[path],
            "{path}: {requests} requests without a record"
        );
    }
}

/// Every request is a recorded attempt or one of the extra ones.
async fn assert_attempts_add_up(
    service: &Service,
    requests: &BTreeMap<DeliveryName, u32>,
    extra: &BTreeMap<DeliveryName, u32>,
) {
    let recorded = service.attempts_by_delivery().await;
    for (delivery, &received) in requests {
        let attempts = recorded.get(delivery).copied().unwrap_or(0);
        assert_eq!(
            received,
            attempts + extra[delivery],
            "{delivery:?}: requests; attempts recorded and extra requests"
        );
    }
}
