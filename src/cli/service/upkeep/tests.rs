//! Rounds of retention on virtual time, with a real store and the ages of a service that is told nothing.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tempfile::TempDir;
use tokio::task::JoinHandle;

use super::*;
use crate::clock::{Clock, Sleep, VirtualClock, within};
use crate::config::{Config, Environment, Sources};
use crate::domain::actor::Actor;
use crate::domain::attempt::{Attempt, Failure, FailureClass, Phases};
use crate::domain::delivery::{DeadReason, Delivery};
use crate::domain::endpoint::{Endpoint, EndpointStatus, HoldClock};
use crate::domain::event::NewEvent;
use crate::domain::id::{DeliveryId, EventId};
use crate::domain::json::RawJson;
use crate::domain::tenant::Audience;
use crate::domain::time::Timestamp;
use crate::store::{AfterAttempt, AttemptRecord, AuditNote, StoreOptions};

const START: Timestamp = Timestamp::from_millis(1_776_075_480_250);
const DAY: Duration = Duration::from_hours(24);
/// How long in real time a round may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// A virtual clock that counts the waits for a round, and on which pauses between chunks take no time.
#[derive(Clone, Default)]
struct RoundClock {
    inner: VirtualClock,
    waits: Arc<AtomicU64>,
}

impl Clock for RoundClock {
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
        self.inner.nap_until(end)
    }

    fn sleep_for(&self, duration: Duration) -> Sleep {
        if duration == CHUNK_PAUSE {
            return Box::pin(std::future::ready(()));
        }
        let sleep = self.inner.sleep_for(duration);
        self.waits.fetch_add(1, Ordering::SeqCst);
        sleep
    }
}

/// A store that is kept small.
struct House {
    store: Store,
    clock: RoundClock,
    keeper: JoinHandle<()>,
    policy: watch::Sender<RetentionPolicy>,
    _directory: TempDir,
}

impl Drop for House {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}

impl House {
    /// One that is kept by the policy of a service that is told nothing.
    async fn new() -> Self {
        let environment: Environment = [("HOME", "/home/somebody")].into_iter().collect();
        let config = Config::load(&Sources {
            environment,
            ..Sources::default()
        });
        Self::keeping(config.unwrap().retention.policy()).await
    }

    async fn keeping(policy: RetentionPolicy) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let clock = RoundClock {
            inner: VirtualClock::at(START),
            ..RoundClock::default()
        };
        let options = StoreOptions::new(directory.path());
        let of_store: SharedClock = Arc::new(clock.inner.clone());
        let (store, _) = Store::open(options, of_store).await.unwrap();
        let (policy, in_force) = watch::channel(policy);
        let keeper = tokio::spawn(keep(store.clone(), in_force, Arc::new(clock.clone())));
        let house = Self {
            store,
            clock,
            keeper,
            policy,
            _directory: directory,
        };
        house.waited(1).await;
        house
    }

    /// Until somebody has begun to wait for a round for the `count`th time.
    async fn waited(&self, count: u64) {
        let waiting = async {
            while self.clock.waits.load(Ordering::SeqCst) < count {
                tokio::task::yield_now().await;
            }
        };
        within(PATIENCE, waiting).await.expect("the round ends");
    }

    /// Moves the time to `at`, at least to the next round, and lets that round end.
    async fn round_at(&self, at: Timestamp) {
        let waits = self.clock.waits.load(Ordering::SeqCst);
        self.clock.inner.advance_to(at);
        self.waited(waits + 1).await;
    }

    /// The round after the one that has just been.
    async fn next_round(&self) {
        self.round_at(self.clock.now() + ROUND_EVERY).await;
    }

    async fn endpoint(&self) -> Endpoint {
        let now = self.clock.now();
        let endpoint = Endpoint {
            id: self.store.mint(now),
            tenant: None,
            name: None,
            url: "https://example.com/".to_owned(),
            contract: "standard".to_owned(),
            event_types: vec!["*".parse().unwrap()],
            headers: Vec::new(),
            metadata: BTreeMap::new(),
            ordered: false,
            concurrency: None,
            retry: None,
            rate_limit: None,
            breaker: None,
            breaker_open_since: None,
            timeout: None,
            test_mode: false,
            status: EndpointStatus::Active,
            hold: HoldClock::default(),
            secrets: Vec::new(),
            created_at: now,
            updated_at: now,
            version: 1,
        };
        let stored = self.store.insert_endpoint(note(), endpoint).await.unwrap();
        Endpoint::clone(&stored)
    }

    /// Publishes so many events; their deliveries to `endpoint`.
    async fn deliveries(&self, endpoint: &Endpoint, count: usize) -> Vec<Delivery> {
        self.deliveries_of("1", endpoint, count).await
    }

    /// The same with this data.
    async fn deliveries_of(&self, data: &str, endpoint: &Endpoint, count: usize) -> Vec<Delivery> {
        let event = NewEvent {
            key: None,
            audience: Audience::Tenantless,
            event_type: "a.b".parse().unwrap(),
            occurred_at: None,
            attributes: None,
            data: RawJson::parse(data).unwrap(),
            test: false,
        };
        self.store.publish(vec![event; count]).await.unwrap();
        let rows = self.store.lane_fresh(endpoint.id, None, 100).await.unwrap();
        rows.into_iter().map(|row| row.work.unwrap().0).collect()
    }

    /// Records the first attempt of a delivery.
    async fn attempted(&self, delivery: &Delivery, next: AfterAttempt) {
        let now = self.clock.now();
        let failed = next != AfterAttempt::Delivered;
        let attempt = Attempt {
            id: self.store.mint_attempt_id(now),
            delivery_id: delivery.id,
            event_id: delivery.event_id,
            endpoint_id: delivery.endpoint_id,
            number: 1,
            started_at: now,
            revision: [7; 32],
            url: "https://example.com/".to_owned(),
            signatures: Vec::new(),
            secret_ids: Vec::new(),
            service_key_ids: Vec::new(),
            body_sha256: [9; 32],
            held_back: None,
            replay_id: None,
            certificate_expires_at: None,
            remote_address: None,
            phases: Phases::default(),
            response: None,
            failure: failed.then(|| Failure {
                class: FailureClass::Connect,
                text: "connection refused".to_owned(),
            }),
        };
        let record = AttemptRecord { attempt, next };
        self.store.record(record).await.unwrap();
    }

    async fn has_delivery(&self, id: DeliveryId) -> bool {
        self.store.delivery(id).await.is_ok()
    }

    /// Whether an event is there with its data.
    async fn has_data(&self, id: EventId) -> bool {
        let stored = self.store.event(id).await;
        stored.is_ok_and(|stored| !stored.payload_gone)
    }

    async fn audit_entries(&self) -> usize {
        let page = self.store.audit_page(None, None, 100).await.unwrap();
        page.items.len()
    }

    /// Minutes of statistics: whether the endpoint has any, and how many there are of all together.
    async fn minutes(&self, endpoint: &Endpoint) -> (bool, usize) {
        let minute = Duration::from_secs(60);
        let (from, to) = (START - minute, START + minute);
        let own = [endpoint.id];
        let own = self.store.endpoint_stats(&own, from, to, minute).await;
        let all = self.store.step_stats(from, to, minute).await;
        (!own.unwrap().is_empty(), all.unwrap().len())
    }
}

fn note() -> AuditNote {
    AuditNote::new(Actor::service(), "test")
}

#[tokio::test]
async fn nothing_goes_before_its_time_and_everything_within_a_round_after_it() {
    let house = House::new().await;
    let endpoint = house.endpoint().await;
    let made = house.deliveries(&endpoint, 4).await;
    let [delivered, discarded, dead, pending] = made.as_slice() else {
        panic!("{made:?}");
    };
    house.attempted(delivered, AfterAttempt::Delivered).await;
    let discard = house
        .store
        .discard_delivery(note(), discarded.id, None)
        .await;
    discard.unwrap();
    let exhausted = AfterAttempt::Dead(DeadReason::Exhausted);
    house.attempted(dead, exhausted).await;
    let retry = AfterAttempt::Retry {
        at: START + 1_000 * DAY,
    };
    house.attempted(pending, retry).await;
    let there = async || {
        let mut there = Vec::new();
        for delivery in &made {
            let data = house.has_data(delivery.event_id).await;
            assert_eq!(house.has_delivery(delivery.id).await, data);
            there.push(data);
        }
        there
    };
    let others = async || {
        let (own, all) = house.minutes(&endpoint).await;
        (own, all, house.audit_entries().await)
    };

    house.round_at(START + 30 * DAY).await;
    assert_eq!(there().await, [true; 4]);
    assert_eq!(others().await, (true, 1, 2));
    house.next_round().await;
    assert_eq!(there().await, [false, false, true, true]);
    assert_eq!(others().await, (false, 1, 2));

    house.round_at(START + 90 * DAY).await;
    assert_eq!(there().await, [false, false, true, true]);
    house.next_round().await;
    assert_eq!(there().await, [false, false, false, true]);

    house.round_at(START + 365 * DAY).await;
    assert_eq!(others().await, (false, 0, 2));
    house.next_round().await;
    assert_eq!(others().await, (false, 0, 0));
    assert_eq!(there().await, [false, false, false, true]);
    let ledger = house.store.ledger().await.unwrap();
    assert!(ledger.adds_up() && ledger.created == 4, "{ledger:?}");
    assert_eq!(house.store.recount().await.unwrap(), []);
}

#[tokio::test]
async fn a_database_over_its_budget_loses_the_oldest_ahead_of_their_time_and_no_dead_delivery() {
    const BUDGET: u64 = 2 << 20;
    let house = House::keeping(RetentionPolicy {
        disk: Some(BUDGET),
        ..RetentionPolicy::default()
    })
    .await;
    let endpoint = house.endpoint().await;
    let data = format!("\"{}\"", "x".repeat(100_000));
    let (mut made, mut squeezed) = (Vec::new(), false);
    for day in 1..=25 {
        house.round_at(START + day * DAY).await;
        let used = house.store.usage().await.unwrap().bytes;
        assert!(used <= BUDGET, "{used} after the round of day {day}");
        squeezed |= house.store.facts().retention.squeezed_to.is_some();
        let delivery = house.deliveries_of(&data, &endpoint, 1).await.remove(0);
        let next = match day {
            1 => AfterAttempt::Dead(DeadReason::Exhausted),
            _ => AfterAttempt::Delivered,
        };
        house.attempted(&delivery, next).await;
        made.push(delivery);
    }
    assert!(squeezed);
    let [dead, oldest, .., newest] = made.as_slice() else {
        panic!("{made:?}");
    };
    assert!(house.has_data(dead.event_id).await);
    assert!(!house.has_data(oldest.event_id).await && !house.has_delivery(oldest.id).await);
    assert!(house.has_data(newest.event_id).await && house.has_delivery(newest.id).await);
    assert_eq!(house.store.recount().await.unwrap(), []);
}

#[tokio::test]
async fn an_age_that_is_shortened_applies_at_once() {
    let house = House::new().await;
    let endpoint = house.endpoint().await;
    let delivery = house.deliveries(&endpoint, 1).await.remove(0);
    house.attempted(&delivery, AfterAttempt::Delivered).await;
    house.round_at(START + DAY).await;
    house.next_round().await;
    assert!(house.has_delivery(delivery.id).await);

    let waits = house.clock.waits.load(Ordering::SeqCst);
    house.policy.send_modify(|policy| {
        policy.payloads = DAY / 2;
        policy.attempts = DAY / 2;
    });
    house.waited(waits + 1).await;
    assert!(!house.has_delivery(delivery.id).await);
    let round = house.store.facts().retention;
    assert_eq!((round.removed.deliveries, round.removed.attempts), (1, 1));
    assert!(round.longest > Duration::ZERO);
}

/// A round that cannot go on must not be the last one.
#[tokio::test]
async fn a_round_that_fails_is_followed_by_another() {
    let house = House::new().await;
    house.store.close().await;
    house.round_at(START + FIRST_ROUND_AFTER).await;
    house.next_round().await;
    assert!(!house.keeper.is_finished());
}
