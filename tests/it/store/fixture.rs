//! A store in a directory of its own, and the things that tests put into it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use hookyard::clock::{Clock, SharedClock, VirtualClock};
use hookyard::domain::actor::Actor;
use hookyard::domain::attempt::{Attempt, Failure, FailureClass, Phases, Response};
use hookyard::domain::breaker::BreakerOverride;
use hookyard::domain::delivery::Delivery;
use hookyard::domain::endpoint::{Endpoint, EndpointStatus, HoldClock, SealedSecret};
use hookyard::domain::event::NewEvent;
use hookyard::domain::id::{EndpointId, SecretId, ServiceKeyId};
use hookyard::domain::json::RawJson;
use hookyard::domain::tenant::Audience;
use hookyard::domain::time::Timestamp;
use hookyard::store::{
    AfterAttempt, AttemptRecord, AuditNote, HandOverReceiver, Published, Store, StoreError,
    StoreOptions,
};
use sqlx::{AssertSqlSafe, ConnectOptions as _, sqlite::SqliteConnectOptions};
use tempfile::TempDir;

/// 2026-04-13T10:18:00.250Z: where the clock of a [`Yard`] stands at first.
pub(crate) const START: Timestamp = Timestamp::from_millis(1_776_075_480_250);

/// A store on disk with a clock that a test moves.
pub(crate) struct Yard {
    /// The store.
    pub(crate) store: Store,
    /// What it hands over.
    pub(crate) hand_over: HandOverReceiver,
    /// Its clock.
    pub(crate) clock: VirtualClock,
    /// Its directory; gone with the yard.
    pub(crate) directory: TempDir,
}

impl Yard {
    /// An empty store.
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// An empty store with other options.
    pub(crate) async fn with(change: impl FnOnce(&mut StoreOptions)) -> Self {
        Self::opened(tempfile::tempdir().unwrap(), change).await
    }

    /// The store that lies in this directory.
    pub(crate) async fn in_directory(directory: TempDir) -> Self {
        Self::opened(directory, |_| {}).await
    }

    async fn opened(directory: TempDir, change: impl FnOnce(&mut StoreOptions)) -> Self {
        let mut options = StoreOptions::new(directory.path());
        change(&mut options);
        let clock = VirtualClock::at(START);
        let shared: SharedClock = Arc::new(clock.clone());
        let (store, hand_over) = Store::open(options, shared).await.unwrap();
        Self {
            store,
            hand_over,
            clock,
            directory,
        }
    }

    /// The same directory, opened again after everything in memory was dropped.
    pub(crate) async fn reopened(self) -> Self {
        let Self {
            store,
            hand_over,
            clock,
            directory,
        } = self;
        drop((store, hand_over));
        let options = StoreOptions::new(directory.path());
        let shared: SharedClock = Arc::new(clock.clone());
        let (store, hand_over) = Store::open(options, shared).await.unwrap();
        Self {
            store,
            hand_over,
            clock,
            directory,
        }
    }

    /// Changes the store's file behind its back.
    pub(crate) async fn tamper(&self, sql: &str) {
        tamper_in(self.directory.path(), sql).await;
    }

    /// Stores an active endpoint that wants everything without tenant, changed as the test likes.
    pub(crate) async fn endpoint_with(&self, change: impl FnOnce(&mut Endpoint)) -> Endpoint {
        let now = self.clock.now();
        let mut endpoint = plain_endpoint(self.store.mint(now), now);
        change(&mut endpoint);
        let stored = self.store.insert_endpoint(note(), endpoint).await.unwrap();
        Endpoint::clone(&stored)
    }

    /// Stores an active endpoint that wants everything without tenant.
    pub(crate) async fn endpoint(&self) -> Endpoint {
        self.endpoint_with(|_| {}).await
    }

    /// Publishes one event.
    pub(crate) async fn publish(&self, event: NewEvent) -> Result<Published, StoreError> {
        let published = self.store.publish(vec![event]).await?;
        Ok(published[0])
    }

    /// Publishes one event and returns the delivery that it made for `endpoint`.
    pub(crate) async fn fresh(&self, endpoint: &Endpoint) -> Delivery {
        let before = self.last_fresh(endpoint).await;
        self.publish(event("a.b")).await.unwrap();
        let after = before.map(|delivery| delivery.id);
        let rows = self.store.lane_fresh(endpoint.id, after, 10).await;
        let row = rows.unwrap().pop().unwrap();
        row.work.unwrap().0
    }

    async fn last_fresh(&self, endpoint: &Endpoint) -> Option<Delivery> {
        let rows = self.store.lane_fresh(endpoint.id, None, 1_000).await;
        rows.unwrap().pop().map(|row| row.work.unwrap().0)
    }

    /// A record of the next attempt of `delivery`.
    pub(crate) fn attempt_of(&self, delivery: &Delivery, next: AfterAttempt) -> AttemptRecord {
        attempt(&self.store, delivery, next, self.clock.now())
    }
}

/// Changes the file of the store in `directory` behind its back.
pub(crate) async fn tamper_in(directory: &Path, sql: &str) {
    let options = SqliteConnectOptions::new().filename(directory.join("hookyard.db"));
    let mut connection = options.connect().await.unwrap();
    let sql = AssertSqlSafe(sql.to_owned());
    sqlx::query(sql).execute(&mut connection).await.unwrap();
}

/// A record of the next attempt of `delivery`, made at `now`.
pub(crate) fn attempt(
    store: &Store,
    delivery: &Delivery,
    next: AfterAttempt,
    now: Timestamp,
) -> AttemptRecord {
    let failed = next != AfterAttempt::Delivered;
    let attempt = Attempt {
        id: store.mint_attempt_id(now),
        delivery_id: delivery.id,
        event_id: delivery.event_id,
        endpoint_id: delivery.endpoint_id,
        number: delivery.attempts + 1,
        started_at: now,
        revision: [7; 32],
        url: "https://example.com/hook?\"x\"".to_owned(),
        signatures: vec![("Webhook-Signature".to_owned(), "v1,abc=".to_owned())],
        secret_ids: vec![SecretId::from_i64(3)],
        service_key_ids: vec![ServiceKeyId::from_i64(5), ServiceKeyId::from_i64(4)],
        body_sha256: [9; 32],
        held_back: Some(true),
        replay_id: None,
        certificate_expires_at: Some(now + Duration::from_hours(24)),
        remote_address: Some("[2001:db8::1]:443".parse().unwrap()),
        phases: Phases {
            dns: Some(Duration::from_micros(120)),
            first_byte: Some(Duration::from_micros(900)),
            total: Duration::from_millis(3),
            ..Phases::default()
        },
        response: Some(Response {
            status: if failed { 500 } else { 200 },
            headers: vec![("x-odd".to_owned(), b"\xff\x1b[2J".to_vec())],
            body: b"\x00answer\xfe".to_vec(),
            truncated: failed,
        }),
        failure: failed.then(|| Failure {
            class: FailureClass::Status,
            text: "status 500 is not 2xx".to_owned(),
        }),
    };
    AttemptRecord { attempt, next }
}

/// Who the tests are.
pub(crate) fn note() -> AuditNote {
    AuditNote::new(Actor::service(), "test")
}

/// An event of this type without tenant and key.
pub(crate) fn event(event_type: &str) -> NewEvent {
    NewEvent {
        key: None,
        audience: Audience::Tenantless,
        event_type: event_type.parse().unwrap(),
        occurred_at: None,
        attributes: Some(RawJson::parse(r#"{"tracking_id": "T 1"}"#).unwrap()),
        data: RawJson::parse(r#"{"b": 1.0, "a": "\u00e9 ü"}"#).unwrap(),
        test: false,
    }
}

/// The same with a key.
pub(crate) fn keyed(event_type: &str, key: &str) -> NewEvent {
    NewEvent {
        key: Some(key.parse().unwrap()),
        ..event(event_type)
    }
}

/// An active endpoint that wants everything without tenant.
pub(crate) fn plain_endpoint(id: EndpointId, now: Timestamp) -> Endpoint {
    Endpoint {
        id,
        tenant: None,
        name: None,
        url: "https://example.com/hook".to_owned(),
        contract: "standard".to_owned(),
        event_types: vec!["*".parse().unwrap()],
        headers: Vec::new(),
        metadata: BTreeMap::new(),
        ordered: false,
        concurrency: None,
        retry: None,
        rate_limit: Some("60 per 1m".parse().unwrap()),
        breaker: Some(Box::new(BreakerOverride {
            share_permille: Some(300),
            probe_max: Some(Duration::from_secs(90)),
            ..BreakerOverride::default()
        })),
        breaker_open_since: None,
        timeout: None,
        test_mode: false,
        status: EndpointStatus::Active,
        hold: HoldClock::default(),
        secrets: vec![SealedSecret {
            id: SecretId::from_i64(3),
            sealed: vec![0, 255, 1],
            created_at: now,
            expires_at: None,
        }],
        created_at: now,
        updated_at: now,
        version: 1,
    }
}
