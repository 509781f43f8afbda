//! A world for the engine: real actors, a real store on disk, real sockets, and a clock that a test moves.
//!
//! Time passes only in [`World::run_until`]: it waits until everything that is due now has happened, then moves the
//! clock to the next instant that anybody waits for, and so on.

use std::sync::Arc;
use std::time::Duration;

use hookyard::clock::{Clock, SharedClock, Stopwatch, VirtualClock, pace};
use hookyard::domain::actor::Actor;
use hookyard::domain::contract::{Contract, ContractSet, ContractText};
use hookyard::domain::delivery::{Delivery, DeliveryState};
use hookyard::domain::endpoint::Endpoint;
use hookyard::domain::endpoint_draft::NewEndpoint;
use hookyard::domain::event::NewEvent;
use hookyard::domain::id::EventId;
use hookyard::domain::json::RawJson;
use hookyard::domain::seal::SealingKey;
use hookyard::domain::tenant::Audience;
use hookyard::domain::time::Timestamp;
use hookyard::engine::{
    DeliveryQuery, Engine, EngineError, EngineOptions, EngineParts, LanesSnapshot, PageRequest,
};
use hookyard::store::{Store, StoreOptions};
use hookyard::transport::{HttpTransport, Transport, TransportOptions};
use tempfile::TempDir;

use crate::store::fixture::tamper_in;
use crate::transport::harness::loopback;

/// 2026-04-13T10:18:00.250Z: where the clock stands at first.
pub(crate) const START: Timestamp = Timestamp::from_millis(1_776_075_480_250);
/// The key that worlds are made with.
pub(crate) const KEY: [u8; 32] = [9; 32];
/// How long in real time nothing at all may happen where something is waited for that needs no virtual time.
const PATIENCE: Duration = Duration::from_secs(20);
/// Questions after which a test gives the processor away for a moment. Asked without end they starve what they wait
/// for: on two processors a commit then waits for the disk until the test has given up.
const ASKED_IN_A_ROW: u32 = 32;

/// What a world is made of, for tests that want something special.
pub(crate) struct Making {
    /// The ladder of the contract, as TOML.
    pub(crate) ladder: &'static str,
    /// A built-in contract in place of the exact one.
    pub(crate) contract: Option<&'static str>,
    /// Further keys of its `[retry]` table.
    pub(crate) retry: &'static str,
    /// A contract of the test's own in its place, as TOML.
    pub(crate) text: Option<String>,
    /// The engine's settings.
    pub(crate) options: EngineOptions,
    /// What carries requests; `None` for the real one.
    pub(crate) transport: Option<Arc<dyn Transport>>,
    /// A clock around the virtual one.
    pub(crate) clock: fn(VirtualClock) -> SharedClock,
}

impl Default for Making {
    fn default() -> Self {
        Self {
            ladder: r#"["5s", "5m", "30m"]"#,
            contract: None,
            retry: "",
            text: None,
            options: EngineOptions {
                targets: loopback(),
                ..EngineOptions::default()
            },
            transport: None,
            clock: |clock| Arc::new(clock),
        }
    }
}

/// The world.
pub(crate) struct World {
    /// The engine under test.
    pub(crate) engine: Engine,
    /// Its store.
    pub(crate) store: Store,
    /// The clock.
    pub(crate) clock: VirtualClock,
    parts: Parts,
    directory: TempDir,
}

/// What outlives a restart.
struct Parts {
    contracts: Arc<ContractSet>,
    transport: Arc<dyn Transport>,
    clock: SharedClock,
    options: EngineOptions,
}

/// Who does things in tests.
pub(crate) fn somebody() -> Actor {
    Actor::service()
}

impl World {
    /// A world with the ladder 5 s, 5 m, 30 m, exact to the millisecond.
    pub(crate) async fn new() -> Self {
        Self::make(Making::default()).await
    }

    /// A world made to order.
    pub(crate) async fn make(making: Making) -> Self {
        Self::over(tempfile::tempdir().unwrap(), making).await
    }

    /// A world over what lies in a directory.
    pub(crate) async fn over(directory: TempDir, making: Making) -> Self {
        let clock = VirtualClock::at(START);
        let text = making
            .text
            .unwrap_or_else(|| contract(making.ladder, making.retry));
        let parts = Parts {
            contracts: only(&text, making.contract),
            transport: making
                .transport
                .unwrap_or_else(|| Arc::new(real_transport())),
            clock: (making.clock)(clock.clone()),
            options: making.options,
        };
        let (store, engine) = start(&directory, &parts, KEY).await.unwrap();
        Self {
            engine,
            store,
            clock,
            parts,
            directory,
        }
    }

    /// A world under this contract, as TOML.
    pub(crate) async fn under(contract: &str) -> Self {
        Self::make(Making {
            text: Some(contract.to_owned()),
            ..Making::default()
        })
        .await
    }

    /// Stops, and starts again from the same directory under this contract.
    pub(crate) async fn restart_under(mut self, contract: &str) -> Self {
        self.engine.halt().await;
        self.parts.contracts = only(contract, None);
        self.start_again().await
    }

    /// Stops; what lies in the directory may be looked at and changed until [`World::refused_start`].
    pub(crate) async fn stop(&self) {
        self.engine.halt().await;
        self.store.close().await;
    }

    /// The database's file.
    pub(crate) fn database(&self) -> std::path::PathBuf {
        StoreOptions::new(self.directory.path()).database_path()
    }

    /// Starts again after [`World::stop`]; gives the refusal.
    pub(crate) async fn refused_start(self) -> EngineError {
        let Self {
            engine,
            store,
            parts,
            directory,
            ..
        } = self;
        drop((engine, store));
        start(&directory, &parts, KEY).await.err().unwrap()
    }

    /// Ends everything in memory as a crash would, and starts again from the same directory.
    pub(crate) async fn crash_and_restart(self) -> Self {
        self.engine.halt().await;
        self.start_again().await
    }

    /// Ends in order, everything in flight recorded, and starts again from the same directory.
    pub(crate) async fn drain_and_restart(self) -> Self {
        self.engine.shutdown(PATIENCE).await;
        self.start_again().await
    }

    /// The same after everything has ended already.
    pub(crate) async fn start_again(self) -> Self {
        self.store.close().await;
        let Self {
            engine,
            store,
            clock,
            parts,
            directory,
        } = self;
        drop((engine, store));
        let (store, engine) = start(&directory, &parts, KEY).await.unwrap();
        Self {
            engine,
            store,
            clock,
            parts,
            directory,
        }
    }

    /// Starts again with a key that the store was not created with; gives the refusal.
    pub(crate) async fn start_with_another_key(self) -> EngineError {
        self.store.close().await;
        let Self {
            engine,
            store,
            parts,
            directory,
            ..
        } = self;
        drop((engine, store));
        start(&directory, &parts, [10; 32]).await.err().unwrap()
    }

    /// The contract of this name.
    pub(crate) fn contract(&self, name: &str) -> Arc<Contract> {
        Arc::clone(self.parts.contracts.get(name).unwrap())
    }

    /// An endpoint for everything, at this URL.
    pub(crate) async fn endpoint(&self, url: &str) -> Endpoint {
        self.endpoint_like(url, |_| {}).await
    }

    /// An endpoint at this URL, changed by `change` before it is made.
    pub(crate) async fn endpoint_like(
        &self,
        url: &str,
        change: impl FnOnce(&mut NewEndpoint),
    ) -> Endpoint {
        let mut new = NewEndpoint {
            url: url.to_owned(),
            ..NewEndpoint::default()
        };
        change(&mut new);
        self.engine
            .create_endpoint(&somebody(), new)
            .await
            .unwrap()
            .0
    }

    /// Publishes `count` events of type `a.b` one by one; their data are their numbers from 0.
    pub(crate) async fn publish(&self, count: usize) -> Vec<EventId> {
        let mut ids = Vec::new();
        for number in 0..count {
            let published = self.engine.publish(vec![event(number)]).await.unwrap();
            ids.push(published[0].event_id);
        }
        ids
    }

    /// Publishes an event whose data is an object, as some contracts insist on.
    pub(crate) async fn publish_object(&self) {
        let object = NewEvent {
            data: RawJson::parse(r#"{"number":1}"#).unwrap(),
            ..event(0)
        };
        self.engine.publish(vec![object]).await.unwrap();
    }

    /// The same in one call, so that no delivery's outcome falls between two of them.
    pub(crate) async fn publish_together(&self, count: usize) {
        let events = (0..count).map(event).collect();
        self.engine.publish(events).await.unwrap();
    }

    /// Waits until all that is due now has happened; time stands still.
    pub(crate) async fn settle(&self) {
        let now = self.clock.now();
        let later = |wakeup: Option<Timestamp>| wakeup.is_none_or(|at| at > now);
        self.watch("all that is due has happened", |lanes| {
            let settled = lanes.lanes.iter().all(|lane| {
                (lane.quiet || lane.restarts_at.is_some())
                    && !lane.loading
                    && !lane.startable
                    && lane.in_flight == 0
                    && later(lane.next_wakeup)
            });
            settled
                && lanes.waiting_to_start == 0
                && lanes.handed_over >= self.engine.expected_hand_over()
                && later(lanes.next_wakeup)
        })
        .await;
    }

    /// Waits until the lanes are as `is_met` wants them.
    pub(crate) async fn watch(
        &self,
        what: &str,
        is_met: impl Fn(&LanesSnapshot) -> bool,
    ) -> LanesSnapshot {
        let (mut moved, mut before, mut asked) = (Stopwatch::start(), None, 0_u32);
        loop {
            let answer = tokio::time::timeout(PATIENCE, self.engine.lanes());
            let lanes = answer.await.expect("the engine answers").unwrap();
            if is_met(&lanes) {
                return lanes;
            }
            // A busy machine is slow, not stuck: only standing still is a fault.
            let now = Some((self.store.facts().flushes, lanes.clone()));
            if now != before {
                (moved, before) = (Stopwatch::start(), now);
            }
            assert!(
                moved.elapsed() < PATIENCE,
                "never came to pass: {what}; {lanes:?}, {:?}",
                self.store.facts()
            );
            asked += 1;
            if asked.is_multiple_of(ASKED_IN_A_ROW) {
                pace(Duration::from_millis(1)).await;
            } else {
                tokio::task::yield_now().await;
            }
        }
    }

    /// Lets time pass until `target`, stopping wherever something is due.
    pub(crate) async fn run_until(&self, target: Timestamp) {
        loop {
            self.settle().await;
            let lanes = self.engine.lanes().await.unwrap();
            let wakeups = lanes.lanes.iter().map(|lane| lane.next_wakeup);
            let next = wakeups.chain([lanes.next_wakeup]).flatten().min();
            match next.filter(|&at| at <= target) {
                Some(at) => self.clock.advance_to(at),
                None => break,
            }
        }
        self.clock.advance_to(target);
        self.settle().await;
    }

    /// Lets this much time pass.
    pub(crate) async fn run_for(&self, duration: Duration) {
        self.run_until(self.clock.now() + duration).await;
    }

    /// All deliveries, oldest first.
    pub(crate) async fn deliveries(&self) -> Vec<Delivery> {
        let mut all = Vec::new();
        let mut page = PageRequest {
            limit: Some(500),
            ..PageRequest::default()
        };
        loop {
            let query = DeliveryQuery {
                page: page.clone(),
                ..DeliveryQuery::default()
            };
            let read = self.engine.deliveries(query).await.unwrap();
            all.extend(read.items);
            match read.next {
                Some(next) => page.cursor = Some(next),
                None => break,
            }
        }
        all.reverse();
        all
    }

    /// The states of all deliveries, oldest first.
    pub(crate) async fn states(&self) -> Vec<DeliveryState> {
        self.deliveries()
            .await
            .iter()
            .map(|delivery| delivery.state)
            .collect()
    }

    /// Changes the store's file behind its back.
    pub(crate) async fn tamper(&self, sql: &'static str) {
        tamper_in(self.directory.path(), sql).await;
    }

    /// Whether the ledger adds up, and how many deliveries it has.
    pub(crate) async fn ledger_total(&self) -> i64 {
        let ledger = self.engine.ledger().await.unwrap();
        assert!(ledger.total.adds_up(), "{ledger:?}");
        ledger.total.created
    }
}

/// An event whose data is its number.
pub(crate) fn event(number: usize) -> NewEvent {
    NewEvent {
        key: None,
        audience: Audience::Tenantless,
        event_type: "a.b".parse().unwrap(),
        occurred_at: None,
        attributes: None,
        data: RawJson::parse(&number.to_string()).unwrap(),
        test: false,
    }
}

/// A transport that reaches loopback.
pub(crate) fn real_transport() -> HttpTransport {
    HttpTransport::new(TransportOptions {
        targets: loopback(),
        ..TransportOptions::default()
    })
    .unwrap()
}

fn contract(ladder: &str, retry: &str) -> String {
    format!(
        r#"
name = "exact"
summary = "For tests: nothing jitters"

[request]
timeout = "10s"
gone = "disable"
headers = {{ "Event-Id" = "{{event.id}}", "Attempt" = "{{attempt.number}}" }}

[body]
root = "data"

[[signature]]
algorithm = "hmac-sha256"
key = "text"
signed = "{{body}}"
encoding = "hex"
header = "Signature"
value = "{{signature}}"

[retry]
ladder = {ladder}
jitter = 0
{retry}
"#
    )
}

/// This contract or the built-in one of this name, alone enabled and the default.
fn only(text: &str, built_in: Option<&str>) -> Arc<ContractSet> {
    let own_name = Contract::load("own.toml", text).unwrap().name;
    let name = built_in.unwrap_or(&own_name).to_owned();
    let own = ContractText {
        file: "own.toml",
        text,
    };
    let enabled = [name.clone()];
    Arc::new(ContractSet::load(&[own], &enabled, &name).unwrap())
}

async fn start(
    directory: &TempDir,
    parts: &Parts,
    key: [u8; 32],
) -> Result<(Store, Engine), EngineError> {
    let options = StoreOptions::new(directory.path());
    let (store, hand_over) = Store::open(options, Arc::clone(&parts.clock))
        .await
        .unwrap();
    let engine = Engine::start(EngineParts {
        store: store.clone(),
        hand_over,
        transport: Arc::clone(&parts.transport),
        contracts: Arc::clone(&parts.contracts),
        clock: Arc::clone(&parts.clock),
        seed: [7; 32],
        sealing_key: SealingKey::from_bytes(key),
        options: parts.options.clone(),
    })
    .await?;
    Ok((store, engine))
}
