//! What follows when a lane, the router or the keeping of time ends without being told to.

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tempfile::TempDir;

use super::*;
use crate::clock::{Clock, SharedClock, Sleep, VirtualClock, within};
use crate::domain::actor::Actor as Person;
use crate::domain::address::AddressRules;
use crate::domain::contract::ContractSet;
use crate::domain::endpoint_draft::{NewEndpoint, RetryRequest};
use crate::domain::event::NewEvent;
use crate::domain::json::RawJson;
use crate::domain::retry::RetrySteps;
use crate::domain::seal::SealingKey;
use crate::domain::tenant::Audience;
use crate::engine::views::LanesSnapshot;
use crate::engine::{DeliveryQuery, Engine, EngineOptions, EngineParts};
use crate::store::{Store, StoreOptions};
use crate::transport::{HttpTransport, TransportOptions};

/// How long in real time anything may take that needs no virtual time.
const PATIENCE: Duration = Duration::from_secs(20);

/// Stops a lane behind the router's back.
struct StopLane(EndpointId);

impl Message for StopLane {
    type Result = ();
}

impl Handler<StopLane> for Router {
    type Result = ();

    fn handle(&mut self, stop: StopLane, _: &mut Context<Self>) {
        self.lanes[&stop.0].address.try_send(Stop).unwrap();
    }
}

/// Asks whether an endpoint's lane has given memory back, and whether its secrets are open.
struct Weigh(EndpointId);

impl Message for Weigh {
    type Result = (bool, bool);
}

impl Handler<Weigh> for Router {
    type Result = MessageResult<Weigh>;

    fn handle(&mut self, weigh: Weigh, _: &mut Context<Self>) -> Self::Result {
        let berths = self.yard.berths.borrow();
        let berth = &berths[&weigh.0];
        let open = berth.setup.borrow().has_open_secrets();
        MessageResult((berth.status.get().slim, open))
    }
}

/// Breaks the router.
struct Break;

impl Message for Break {
    type Result = ();
}

impl Handler<Break> for Router {
    type Result = ();

    fn handle(&mut self, _: Break, _: &mut Context<Self>) {
        panic!("the test breaks the router");
    }
}

/// Lies down for a while, with nothing to wake up for.
struct LieDown;

impl Message for LieDown {
    type Result = ();
}

impl Handler<LieDown> for Router {
    type Result = ();

    fn handle(&mut self, _: LieDown, _: &mut Context<Self>) {
        drop(self.yard.nap(None, Duration::from_secs(1)));
    }
}

/// Naps of whoever keeps time, and those of lanes for a deadline. The watch over certificates naps for an hour: when it
/// begins to is its own affair.
const OF_TIME: RangeInclusive<Duration> = Duration::ZERO..=Duration::from_secs(1);
const OF_LANES: RangeInclusive<Duration> = Duration::from_secs(2)..=Duration::from_secs(1_800);

/// A virtual clock on which the keeping of time panics once armed, and each lane that waits as long as they are to end.
#[derive(Clone, Default)]
struct BrokenClock {
    inner: VirtualClock,
    armed: Arc<AtomicBool>,
    ends_lanes: Arc<AtomicBool>,
}

impl Clock for BrokenClock {
    fn now(&self) -> Timestamp {
        self.inner.now()
    }

    fn monotonic(&self) -> Duration {
        self.inner.monotonic()
    }

    fn sleep_until(&self, deadline: Timestamp) -> Sleep {
        self.inner.sleep_until(deadline)
    }

    fn nap_until(&self, end: Duration) -> Sleep {
        let nap = end.saturating_sub(self.monotonic());
        let armed = OF_TIME.contains(&nap) && self.armed.swap(false, Ordering::SeqCst);
        assert!(!armed, "the test breaks this sleeper");
        let ends = OF_LANES.contains(&nap) && self.ends_lanes.load(Ordering::SeqCst);
        assert!(!ends, "the test breaks this lane");
        self.inner.nap_until(end)
    }
}

struct Place {
    engine: Engine,
    clock: BrokenClock,
    /// Gone with the place.
    _directory: TempDir,
}

impl Place {
    async fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let clock = BrokenClock::default();
        clock.inner.set(Timestamp::from_millis(1_776_075_480_250));
        let shared: SharedClock = Arc::new(clock.clone());
        let options = StoreOptions::new(directory.path());
        let (store, hand_over) = Store::open(options, Arc::clone(&shared)).await.unwrap();
        let targets = AddressRules {
            allow: vec!["127.0.0.0/8".parse().unwrap()],
            ..AddressRules::default()
        };
        let transport = HttpTransport::new(TransportOptions {
            targets: targets.clone(),
            ..TransportOptions::default()
        });
        let contracts = ContractSet::load(&[], &["standard".to_owned()], "standard");
        let engine = Engine::start(EngineParts {
            store,
            hand_over,
            transport: Arc::new(transport.unwrap()),
            contracts: Arc::new(contracts.unwrap()),
            clock: shared,
            seed: [7; 32],
            sealing_key: SealingKey::from_bytes([9; 32]),
            options: EngineOptions {
                targets,
                ..EngineOptions::default()
            },
        });
        Self {
            engine: engine.await.unwrap(),
            clock,
            _directory: directory,
        }
    }

    fn router(&self) -> &Addr<Router> {
        self.engine.desk.router.get().unwrap()
    }

    /// An endpoint where nobody listens, and an event for it.
    async fn failing_delivery(&self) -> EndpointId {
        self.failing_delivery_of(NewEndpoint::default()).await
    }

    /// The same for an endpoint with these settings.
    async fn failing_delivery_of(&self, change: NewEndpoint) -> EndpointId {
        let port = {
            let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            listener.local_addr().unwrap().port()
        };
        let new = NewEndpoint {
            url: format!("http://127.0.0.1:{port}/"),
            ..change
        };
        let created = self.engine.create_endpoint(&Person::service(), new).await;
        self.publish().await;
        created.unwrap().0.id
    }

    async fn publish(&self) {
        let event = NewEvent {
            key: None,
            audience: Audience::Tenantless,
            event_type: "a.b".parse().unwrap(),
            occurred_at: None,
            attributes: None,
            data: RawJson::parse("1").unwrap(),
            test: false,
        };
        self.engine.publish(vec![event]).await.unwrap();
    }

    /// An endpoint whose delivery is tried again in half an hour, and whose lane ends whenever it waits for that. It ended
    /// twice, and has begun to wait for its next start.
    async fn failing_lane(&self) -> EndpointId {
        let late = RetryRequest {
            steps: Some(RetrySteps::Ladder(vec![Duration::from_secs(1_800)])),
            jitter: Some(0.0),
            ..RetryRequest::default()
        };
        let endpoint_id = self
            .failing_delivery_of(NewEndpoint {
                retry: late,
                ..NewEndpoint::default()
            })
            .await;
        self.watch("the first attempt failed", waits_for_its_retry)
            .await;
        self.clock.ends_lanes.store(true, Ordering::SeqCst);
        self.router().send(StopLane(endpoint_id)).await.unwrap();
        self.watch("it waits after its second end", |lanes| {
            lanes.restarts == 2 && waits_for_its_start(lanes)
        })
        .await;
        endpoint_id
    }

    /// Says to the lane whatever there is to say, and lets the router look at the time.
    async fn disturb(&self, endpoint_id: EndpointId) {
        for told in [Told::HasWork, Told::Reconfigured, Told::DeliveriesChanged] {
            let tell = Tell { endpoint_id, told };
            self.router().send(tell).await.unwrap();
        }
        self.router().send(Tick).await.unwrap();
    }

    /// Lets time pass, by which whoever keeps it wakes and sleeps anew, until the engine has ended; gives why.
    async fn ended(&self) -> &'static str {
        let ending = async {
            loop {
                self.clock.inner.advance(Duration::from_secs(1));
                let ended = std::pin::pin!(self.engine.ended());
                let moment = std::pin::pin!(tokio::task::yield_now());
                if let Either::Left((why, _)) = select(ended, moment).await {
                    return why;
                }
            }
        };
        within(PATIENCE, ending).await.expect("the engine ends")
    }

    async fn attempts(&self) -> u32 {
        let page = self.engine.deliveries(DeliveryQuery::default()).await;
        page.unwrap().items[0].attempts
    }

    /// Waits until the only lane is as `is_met` wants it; gives when it wants to be woken.
    async fn watch(&self, what: &str, is_met: impl Fn(&LanesSnapshot) -> bool) -> LanesSnapshot {
        let watching = async {
            loop {
                let lanes = self.engine.lanes().await.unwrap();
                if is_met(&lanes) {
                    return lanes;
                }
                tokio::task::yield_now().await;
            }
        };
        within(PATIENCE, watching).await.expect(what)
    }
}

fn waits_for_its_retry(lanes: &LanesSnapshot) -> bool {
    lanes.lanes.first().is_some_and(|lane| {
        let at_rest = lane.quiet && !lane.loading && lane.in_flight == 0;
        at_rest && lane.next_wakeup.is_some()
    })
}

#[tokio::test]
async fn a_lane_that_stops_by_itself_is_counted_and_started_again_from_the_store() {
    let place = Place::new().await;
    let endpoint_id = place.failing_delivery().await;
    place
        .watch("the first attempt failed", waits_for_its_retry)
        .await;
    for stops in 1..=3 {
        place.router().send(StopLane(endpoint_id)).await.unwrap();
        let ended = |lanes: &LanesSnapshot| lanes.restarts == stops;
        let lanes = place.watch("the router heard of it", ended).await;
        if let Some(at) = lanes.lanes[0].restarts_at {
            place.clock.inner.advance_to(at);
        }
        let lanes = place
            .watch("a fresh lane knows of the retry", waits_for_its_retry)
            .await;
        assert_eq!(lanes.restarts, stops);
        assert_eq!(u64::from(lanes.lanes[0].restarts), stops);
    }
    let lanes = place.engine.lanes().await.unwrap();
    place
        .clock
        .inner
        .advance_to(lanes.lanes[0].next_wakeup.unwrap());
    let retried = async {
        while place.attempts().await < 2 {
            tokio::task::yield_now().await;
        }
    };
    within(PATIENCE, retried).await.expect("the retry is made");
}

fn waits_for_its_start(lanes: &LanesSnapshot) -> bool {
    let lane = lanes.lanes.first();
    lane.is_some_and(|lane| lane.restarts_at.is_some())
}

#[tokio::test]
async fn a_lane_that_ends_at_every_start_is_started_after_growing_waits_and_not_earlier() {
    let place = Place::new().await;
    let endpoint_id = place.failing_lane().await;
    let mut ends = 2;
    for wait in [1, 2, 4, 8, 16, 32, 60, 60] {
        let lanes = place
            .watch("it waits for its start", |lanes| {
                lanes.restarts == ends && waits_for_its_start(lanes)
            })
            .await;
        let at = place.clock.now() + Duration::from_secs(wait);
        let lane = &lanes.lanes[0];
        assert_eq!(lane.restarts_at, Some(at));
        assert_eq!((lane.next_wakeup, lanes.next_wakeup), (Some(at), Some(at)));
        assert!(!lane.quiet && !lane.startable && !lane.loading);
        place.clock.inner.advance_to(at - Duration::from_millis(1));
        place.disturb(endpoint_id).await;
        let lanes = place.engine.lanes().await.unwrap();
        assert_eq!(
            (lanes.restarts, lanes.lanes[0].restarts_at),
            (ends, Some(at))
        );
        place.clock.inner.advance_to(at);
        ends += 1;
    }

    place
        .watch("it waits once more", |lanes| {
            lanes.restarts == ends && waits_for_its_start(lanes)
        })
        .await;
    place.publish().await;
    let heard = |lanes: &LanesSnapshot| lanes.handed_over == place.engine.expected_hand_over();
    let lanes = place.watch("the router heard of an event", heard).await;
    assert!(waits_for_its_start(&lanes));
    assert!(place.engine.health().await.is_ready());
    place.clock.ends_lanes.store(false, Ordering::SeqCst);
    let at = lanes.next_wakeup.unwrap();
    place.clock.inner.advance_to(at);
    let lanes = place
        .watch("a lane that lives delivers", waits_for_its_retry)
        .await;
    assert_eq!((lanes.restarts, lanes.lanes[0].restarts_at), (ends, None));
    assert_eq!(place.attempts().await, 1, "of the event it missed");
}

#[tokio::test]
async fn a_lane_waits_as_long_however_the_wall_clock_is_set() {
    let place = Place::new().await;
    let endpoint_id = place.failing_lane().await;
    let at = place.clock.now() + Duration::from_secs(1);
    place
        .clock
        .inner
        .set(place.clock.now() - Duration::from_secs(7_200));
    place.disturb(endpoint_id).await;
    let lanes = place
        .watch("the clock that was set is followed", |lanes| {
            lanes.next_wakeup.is_some_and(|wakeup| wakeup < at)
        })
        .await;
    let moved = Some(at - Duration::from_secs(7_200));
    assert_eq!(
        (lanes.lanes[0].restarts_at, lanes.next_wakeup),
        (moved, moved)
    );
}

#[tokio::test]
async fn a_shutdown_does_not_wait_for_a_lane_that_waits_for_its_start() {
    let place = Place::new().await;
    place.failing_lane().await;
    let shutdown = place.engine.shutdown(PATIENCE);
    within(PATIENCE, shutdown).await.expect("it ends at once");
}

#[tokio::test]
async fn a_lane_whose_endpoint_is_deleted_while_it_waits_is_forgotten() {
    let place = Place::new().await;
    let endpoint_id = place.failing_lane().await;
    let deleted = place
        .engine
        .delete_endpoint(&Person::service(), endpoint_id)
        .await;
    deleted.unwrap();
    place.clock.inner.advance(Duration::from_secs(1));
    let gone = |lanes: &LanesSnapshot| lanes.lanes.is_empty() && lanes.next_wakeup.is_none();
    let lanes = place.watch("nothing is left of it", gone).await;
    assert_eq!((lanes.restarts, lanes.slots_in_use), (2, 0));
}

#[tokio::test]
async fn a_lane_that_is_put_to_rest_is_not_counted_as_ended() {
    let place = Place::new().await;
    let endpoint_id = place.failing_delivery().await;
    place
        .watch("the first attempt failed", waits_for_its_retry)
        .await;
    // As the router does it when a lane has been idle for long.
    let ended = LaneEnded {
        endpoint_id,
        serial: 0,
        panicked: false,
    };
    place.router().send(ended).await.unwrap();
    let lanes = place.engine.lanes().await.unwrap();
    assert_eq!((lanes.restarts, lanes.lanes.len()), (0, 1));
}

#[tokio::test]
async fn an_idle_lane_gives_memory_and_secrets_back_and_is_there_for_its_retry() {
    let place = Place::new().await;
    let endpoint_id = place.failing_delivery().await;
    let lanes = place
        .watch("the first attempt failed", waits_for_its_retry)
        .await;
    let weighed = place.router().send(Weigh(endpoint_id)).await.unwrap();
    assert_eq!(weighed, (false, true), "it has signed a moment ago");
    place.clock.inner.advance(Duration::from_secs(1));
    place.router().send(Tick).await.unwrap();
    let slimmed = async {
        while place.router().send(Weigh(endpoint_id)).await.unwrap() != (true, false) {
            tokio::task::yield_now().await;
        }
    };
    within(PATIENCE, slimmed).await.expect("it is slim");
    let retry_at = lanes.lanes[0].next_wakeup.unwrap();
    place.clock.inner.advance_to(retry_at);
    let retried = async {
        while place.attempts().await < 2 {
            tokio::task::yield_now().await;
        }
    };
    within(PATIENCE, retried).await.expect("the retry is made");
}

#[tokio::test]
async fn the_engine_says_when_its_router_has_ended_and_keeps_nobody_waiting() {
    let place = Place::new().await;
    assert!(place.engine.health().await.is_ready());
    place.router().send(Break).await.unwrap_err();
    assert_eq!(place.ended().await, "the lanes' router panicked");
    let health = place.engine.health().await;
    assert_eq!(health.lanes.as_deref(), Some("they have ended"));
    let asked = within(PATIENCE, place.engine.lanes()).await;
    assert!(asked.expect("an answer at once").is_err());
}

#[tokio::test]
async fn the_engine_says_when_nobody_keeps_time_any_more() {
    let place = Place::new().await;
    place.clock.armed.store(true, Ordering::SeqCst);
    assert_eq!(place.ended().await, "the keeping of time panicked");
    assert!(!place.engine.health().await.is_ready());
}

#[tokio::test]
async fn whoever_lies_down_on_a_clock_that_was_set_says_so_with_no_time_passing() {
    const HOUR_MS: i64 = 3_600_000;
    let place = Place::new().await;
    // The first time somebody may be looking at the clock anyway; by and by everybody rests.
    for hours in 1..=3 {
        place.clock.inner.set(place.clock.now().moved_by(HOUR_MS));
        place.router().send(LieDown).await.unwrap();
        let is_followed = |lanes: &LanesSnapshot| lanes.clock_set_ms == hours * HOUR_MS;
        place.watch("the clock is followed", is_followed).await;
        for _ in 0..20 {
            place.router().send(NextBusiness).await.unwrap();
        }
    }
}
