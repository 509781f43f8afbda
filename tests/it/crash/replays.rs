//! A replay under `kill -9`: each item ends in one outcome, and none comes twice but for what a kill caught in flight.
//!
//! The real binary brings dead deliveries back to one receiver at a rate while another receiver gets live traffic. It
//! is killed in the middle, paused, killed while it is paused, resumed, killed again and cancelled; a second replay
//! brings the rest. The receivers count; so does the file afterwards.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use hookyard::api::endpoint::{BreakerBody, CreateEndpoint, RetryBody};
use hookyard::api::event::PublishEvent;
use hookyard::api::replay::{ReplayBody, ReplayView};
use hookyard::clock::{Clock, Stopwatch, SystemClock};
use hookyard::domain::id::ReplayId;
use hookyard::domain::json::RawJson;
use hookyard::store::{StoreOptions, fsck};

use crate::support::receiver::{Received, Receiver};
use crate::support::receiver_answer::Behaviour;
use crate::support::service::Service;

/// Deliveries that die first.
const DEAD: u64 = 240;
/// Requests in flight to one endpoint; as many again may be answered and not recorded.
const CONCURRENCY: u32 = 4;
/// Kills while items were under way.
const KILLS: u32 = 2;
/// The longest wait for a condition.
const LIMIT: Duration = Duration::from_secs(60);

#[actix_web::test]
async fn each_item_of_a_replay_ends_once_over_kills_a_pause_a_cancel_and_a_second_replay() {
    let directory = tempfile::tempdir().unwrap();
    let (bad, live) = (Receiver::start(), Receiver::start());
    bad.always(Behaviour::status(500));
    let mut service = Service::start(directory.path()).await;
    endpoint(&service, &bad.url("/bad"), "dead.test").await;
    endpoint(&service, &live.url("/live"), "live.test").await;
    for _ in 0..DEAD {
        publish(&service, "dead.test").await;
    }
    ledger_until(&service, |dead, pending| dead == DEAD && pending == 0).await;
    bad.always(Behaviour::ok());
    let before = bad.requests().len();
    let mut published = 0;

    let id = start(&service).await;
    published += until(&service, id, |replay| replay.now().delivered >= 40).await;
    service = again(service, directory.path()).await;
    published += until(&service, id, |replay| replay.now().delivered >= 80).await;
    service.client.pause_replay(id).await.unwrap();
    published += until(&service, id, |replay| replay.now().open == 0).await;
    let paused = service.client.replay(id).await.unwrap();
    // Nothing is under way: this kill may cost nothing.
    service = again(service, directory.path()).await;
    for _ in 0..20 {
        publish(&service, "live.test").await;
        published += 1;
    }
    assert_eq!(
        service.client.replay(id).await.unwrap(),
        paused,
        "it stayed paused"
    );
    service.client.resume_replay(id).await.unwrap();
    published += until(&service, id, |replay| replay.now().delivered >= 120).await;
    service = again(service, directory.path()).await;
    published += until(&service, id, |replay| replay.now().delivered >= 160).await;
    service.client.cancel_replay(id).await.unwrap();
    published += until(&service, id, |replay| replay.now().open == 0).await;
    let cancelled = service.client.replay(id).await.unwrap();
    let counts = cancelled.now();
    assert_eq!(counts.delivered + counts.cancelled, DEAD, "{cancelled:?}");
    assert!(counts.cancelled > 0, "it ended before it was cancelled");

    let rest = start(&service).await;
    published += until(&service, rest, |replay| replay.state == "finished").await;
    let finished = service.client.replay(rest).await.unwrap();
    assert_eq!(finished.total, counts.cancelled, "exactly what was left");
    assert_eq!(finished.now().delivered, finished.total);
    ledger_until(&service, |dead, pending| dead == 0 && pending == 0).await;
    service.stop().await;

    let replayed = bad.requests().split_off(before);
    assert_each_came(&replayed, DEAD);
    assert_each_came(&live.requests(), published);
    let options = StoreOptions::new(directory.path());
    let report = fsck::check_file(&options.database_path()).await.unwrap();
    assert!(report.is_sound(), "{:?}", report.findings);
}

/// Each of so many events came, none more than once for each kill, and all together no more extra ones than the kills
/// can have caught.
fn assert_each_came(requests: &[Received], events: u64) {
    let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
    for request in requests {
        *counts
            .entry(request.header("webhook-id").unwrap())
            .or_default() += 1;
    }
    assert_eq!(u64::try_from(counts.len()).unwrap(), events);
    let extra: u32 = counts.values().map(|count| count - 1).sum();
    assert!(
        counts.values().all(|&count| count <= 1 + KILLS + 1),
        "{counts:?}"
    );
    assert!(
        extra <= (KILLS + 1) * 2 * CONCURRENCY,
        "{extra} extra requests"
    );
}

async fn endpoint(service: &Service, url: &str, event_type: &str) {
    let body = CreateEndpoint {
        url: url.to_owned(),
        event_types: Some(vec![event_type.to_owned()]),
        concurrency: Some(CONCURRENCY),
        retry: Some(RetryBody {
            ladder: Some(Vec::new()),
            ..RetryBody::default()
        }),
        // Its deliveries are to die, not to wait.
        breaker: Some(BreakerBody {
            enabled: Some(false),
            ..BreakerBody::default()
        }),
        ..CreateEndpoint::default()
    };
    service.client.create_endpoint(&body).await.unwrap();
}

async fn publish(service: &Service, event_type: &str) {
    let event = PublishEvent {
        event_type: event_type.parse().unwrap(),
        data: RawJson::parse("{}").unwrap(),
        id: None,
        tenant: None,
        attributes: None,
        occurred_at: None,
        test: false,
    };
    service.client.publish(&event).await.unwrap();
}

async fn start(service: &Service) -> ReplayId {
    let body = ReplayBody {
        filter: Some("state:dead".to_owned()),
        rate: Some("100/s".to_owned()),
        ..ReplayBody::default()
    };
    service.client.start_replay(&body).await.unwrap().id
}

/// `kill -9`, and a start on what is left.
async fn again(service: Service, directory: &Path) -> Service {
    service.kill().await;
    Service::start(directory).await
}

/// Publishes live traffic until the replay is as wanted; tells how many events that were.
async fn until(service: &Service, id: ReplayId, is_met: impl Fn(&ReplayView) -> bool) -> u64 {
    let since = Stopwatch::start();
    let mut published = 0;
    loop {
        let replay = service.client.replay(id).await.unwrap();
        let counts = replay.now();
        let sum = counts.waiting
            + counts.open
            + counts.delivered
            + counts.failed
            + counts.skipped
            + counts.cancelled;
        assert_eq!(sum, replay.total, "{replay:?}");
        if is_met(&replay) {
            return published;
        }
        assert!(since.elapsed() < LIMIT, "never came to pass: {replay:?}");
        publish(service, "live.test").await;
        published += 1;
    }
}

async fn ledger_until(service: &Service, is_met: impl Fn(u64, u64) -> bool) {
    let (clock, since) = (SystemClock::new(), Stopwatch::start());
    loop {
        let ledger = service.client.stats("1m").await.unwrap().ledger;
        if is_met(ledger.dead, ledger.pending) {
            return;
        }
        assert!(since.elapsed() < LIMIT, "{ledger:?}");
        clock
            .sleep_until(clock.now() + Duration::from_millis(20))
            .await;
    }
}
