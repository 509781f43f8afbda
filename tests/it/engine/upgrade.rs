//! A file that the first release filled, opened by this one: nothing is lost on the way, and its lanes go on.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use hookyard::clock::{SharedClock, VirtualClock};
use hookyard::domain::attempt::FailureClass;
use hookyard::domain::delivery::{DeadReason, DeliveryState, DiscardReason};
use hookyard::domain::endpoint::EndpointStatus;
use hookyard::domain::id::{EndpointId, Id, SecretId};
use hookyard::domain::ledger::Counts;
use hookyard::domain::seal::{self, SealingKey};
use hookyard::domain::time::Timestamp;
use hookyard::store::{AttemptStats, DeliverySelect, Store, StoreOptions};
use sqlx::migrate::Migrator;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, SqliteConnection};
use tempfile::TempDir;

use crate::support::receiver::Receiver;
use crate::support::world::{KEY, Making, START, World};

/// When everything in the old file happened: the beginning of a minute, 78 minutes and a bit before the upgrade.
const OLD: Timestamp = Timestamp::from_millis(1_776_070_800_000);
const MINUTE_MS: i64 = 60_000;

/// The `number`th thing of its kind in the old file.
fn id<K>(number: i64) -> Id<K> {
    Id::from_i64(Id::<K>::first_at(OLD).as_i64() + number)
}

/// The same as SQL sees it.
fn raw(number: i64) -> i64 {
    id::<()>(number).as_i64()
}

const ACTIVE: i64 = 1;
const PAUSED: i64 = 2;
const DELETED: i64 = 3;

/// A store with the first release's schema and nothing in it.
async fn first_schema(directory: &Path) -> SqliteConnection {
    let migrations = tempfile::tempdir().unwrap();
    let first = "0001_start.sql";
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations/sqlite");
    std::fs::copy(shipped.join(first), migrations.path().join(first)).unwrap();
    let options = SqliteConnectOptions::new()
        .filename(directory.join("hookyard.db"))
        .create_if_missing(true)
        .foreign_keys(true)
        .journal_mode(SqliteJournalMode::Wal);
    let mut connection = options.connect().await.unwrap();
    let migrator = Migrator::new(migrations.path()).await.unwrap();
    assert_eq!(migrator.iter().count(), 1);
    migrator.run(&mut connection).await.unwrap();
    connection
}

async fn run(connection: &mut SqliteConnection, sql: String) {
    let text = AssertSqlSafe(sql.clone());
    let done = sqlx::query(text).execute(connection).await;
    done.unwrap_or_else(|error| panic!("{error}: {sql}"));
}

/// An endpoint's row as the first release wrote it.
fn endpoint(number: i64, url: &str, status: &str, hold_since: &str) -> String {
    let (endpoint_id, secret_id): (EndpointId, SecretId) = (id(number), id(number + 100));
    let place = seal::secret_place(endpoint_id, secret_id);
    let key = SealingKey::from_bytes(KEY);
    let sealed = hex::encode(seal::seal(&key, [1; 24], &place, b"a secret of long ago").unwrap());
    let (row, secret, at) = (raw(number), secret_id.as_i64(), OLD.as_millis());
    format!(
        "INSERT INTO endpoints (id, tenant, name, url, contract, event_types, headers, metadata, ordered, concurrency, \
         retry, timeout_ms, test_mode, status, paused_until, pause_reason, disabled_reason, hold_total_ms, hold_since, \
         secrets, created_at, updated_at, version) VALUES ({row}, NULL, '{status} one', '{url}', 'exact', '[\"*\"]', \
         '[]', '{{}}', 0, NULL, NULL, NULL, 0, '{status}', NULL, NULL, NULL, 0, {hold_since}, \
         '[{{\"id\":{secret},\"sealed\":\"{sealed}\",\"created_at\":{at},\"expires_at\":null}}]', {at}, {at}, 1)"
    )
}

fn event(number: i64) -> String {
    let (row, at) = (raw(number), OLD.as_millis());
    format!(
        "INSERT INTO events (id, audience, key, content_sha256, event_type, occurred_at, accepted_at, test, deliveries, \
         attributes, data) VALUES ({row}, '', 'key-{number}', zeroblob(32), 'a.b', {at}, {at}, 0, 3, NULL, x'7b7d')"
    )
}

/// A delivery with so many attempts behind it, the latest with this status and failure.
struct Old {
    number: i64,
    event: i64,
    endpoint: i64,
    state: &'static str,
    reason: &'static str,
    attempts: u32,
    next_attempt_at: &'static str,
}

impl Old {
    fn rows(&self) -> Vec<String> {
        let Self {
            state,
            reason,
            attempts,
            next_attempt_at,
            ..
        } = self;
        let (row, at) = (raw(self.number), OLD.as_millis());
        let (event, endpoint) = (raw(self.event), raw(self.endpoint));
        let (status, class, text) = if *state == "delivered" {
            (200, "NULL", "NULL")
        } else {
            (500, "'status'", "'status 500 is not 2xx'")
        };
        let last = if *attempts == 0 {
            "NULL, NULL, NULL, NULL".to_owned()
        } else {
            format!("{at}, {status}, {class}, 3000")
        };
        let mut rows = vec![format!(
            "INSERT INTO deliveries (id, event_id, endpoint_id, event_type, test, state, reason, attempts, \
             budget_attempts, budget_started_at, held_before_ms, next_attempt_at, last_at, last_status, last_class, \
             last_latency_us, created_at, updated_at, note) VALUES ({row}, {event}, {endpoint}, 'a.b', 0, '{state}', \
             {reason}, {attempts}, {attempts}, {at}, 0, {next_attempt_at}, {last}, {at}, {at}, NULL)"
        )];
        rows.extend((1..=*attempts).map(|number| {
            let attempt = raw(self.number * 10 + i64::from(number));
            format!(
                "INSERT INTO attempts (id, delivery_id, event_id, endpoint_id, number, started_at, revision, url, \
                 signatures, secret_ids, body_sha256, remote_address, dns_us, connect_us, tls_us, first_byte_us, \
                 body_us, total_us, reused, status, response_headers, response_body, truncated, failure_class, \
                 failure_text) VALUES ({attempt}, {row}, {event}, {endpoint}, {number}, {at}, zeroblob(32), \
                 'https://example.com/', '[[\"Signature\",\"abc\"]]', '[3]', zeroblob(32), '127.0.0.1:443', NULL, 5, \
                 NULL, 900, 10, 3000, 0, {status}, x'0100000001000000612f', x'6f6b', 0, {class}, {text})"
            )
        }));
        rows
    }
}

const fn old(number: i64, endpoint: i64, event: i64, state: &'static str) -> Old {
    Old {
        number,
        event,
        endpoint,
        state,
        reason: "NULL",
        attempts: 1,
        next_attempt_at: "NULL",
    }
}

fn deliveries() -> Vec<Old> {
    vec![
        old(1, ACTIVE, 1, "delivered"),
        Old {
            reason: "'exhausted'",
            attempts: 2,
            ..old(2, ACTIVE, 2, "dead")
        },
        // Due half an hour after the rest, long before the upgrade.
        Old {
            next_attempt_at: "1776072600000",
            ..old(3, ACTIVE, 3, "pending")
        },
        Old {
            attempts: 0,
            ..old(4, ACTIVE, 4, "pending")
        },
        old(5, PAUSED, 1, "delivered"),
        Old {
            attempts: 0,
            ..old(6, PAUSED, 2, "pending")
        },
        old(7, DELETED, 1, "delivered"),
        Old {
            reason: "'endpoint_deleted'",
            attempts: 0,
            ..old(8, DELETED, 2, "discarded")
        },
        // The first release ended in the middle of discarding.
        Old {
            attempts: 0,
            ..old(9, DELETED, 3, "pending")
        },
    ]
}

/// A minute of an endpoint with `attempts` of which so many succeeded, the rest timed out, 1,000 µs each.
fn minute(number: i64, endpoint: i64, attempts: u32, successes: u32) -> String {
    let (minute, endpoint) = (OLD.as_millis() + number * MINUTE_MS, raw(endpoint));
    let (failed, latency) = (attempts - successes, attempts * 1_000);
    format!(
        "INSERT INTO minute_stats (minute, endpoint_id, attempts, successes, latency_us, failed_timeout) \
         VALUES ({minute}, {endpoint}, {attempts}, {successes}, {latency}, {failed})"
    )
}

/// What the first release left behind; the active endpoint's receiver is at `url`.
async fn filled(url: &str) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    let mut connection = first_schema(directory.path()).await;
    let at = OLD.as_millis();
    let mut rows = vec![
        endpoint(ACTIVE, url, "active", "NULL"),
        endpoint(PAUSED, "https://example.com/", "paused", &at.to_string()),
        endpoint(DELETED, "https://example.com/", "deleted", "NULL"),
    ];
    rows.extend((1..=4).map(event));
    rows.extend(deliveries().iter().flat_map(Old::rows));
    // Ten delivered ones of the active endpoint went by retention.
    let counters = [
        (ACTIVE, "14, 2, 11, 1, 0, 10"),
        (PAUSED, "2, 1, 1, 0, 0, 0"),
        (DELETED, "3, 1, 1, 0, 1, 0"),
    ];
    rows.extend(counters.map(|(number, counts)| {
        format!(
            "INSERT INTO endpoint_counters (endpoint_id, created, pending, delivered, dead, discarded, \
             removed_delivered, last_success_at, last_failure_at, last_failure, consecutive_failures) \
             VALUES ({}, {counts}, {at}, {at}, 'status: status 500 is not 2xx', 3)",
            raw(number)
        )
    }));
    rows.extend([
        minute(0, ACTIVE, 5, 3),
        minute(0, PAUSED, 2, 2),
        minute(1, ACTIVE, 4, 0),
        format!("INSERT INTO minute_events (minute, accepted) VALUES ({at}, 14)"),
        "UPDATE totals SET events = 14 WHERE id = 1".to_owned(),
    ]);
    for (number, revoked_at) in [(1, "NULL".to_owned()), (2, at.to_string())] {
        rows.push(format!(
            "INSERT INTO tokens (id, name, sha256, prefix, role, tenant, created_at, expires_at, revoked_at) \
             VALUES ({}, 'token {number}', randomblob(32), 'hky_', 'viewer', NULL, {at}, NULL, {revoked_at})",
            raw(number)
        ));
        rows.push(format!(
            "INSERT INTO audit (id, at, who, via, came_from, action, subject, detail) VALUES ({}, {at}, 'somebody', \
             'socket', NULL, 'token.create', '{}', NULL)",
            raw(number),
            id::<()>(number).body()
        ));
    }
    for row in rows {
        run(&mut connection, row).await;
    }
    connection.close().await.unwrap();
    directory
}

fn stats(attempts: u64, successes: u64) -> AttemptStats {
    let failed = attempts - successes;
    AttemptStats {
        attempts,
        successes,
        failures: BTreeMap::from([(FailureClass::Timeout, failed)])
            .into_iter()
            .filter(|&(_, failed)| failed > 0)
            .collect(),
        latency_us: attempts * 1_000,
        held_back: 0,
    }
}

#[tokio::test]
async fn a_file_of_the_first_release_is_read_whole_and_its_lanes_go_on() {
    let receiver = Receiver::start();
    let directory = filled(&receiver.url("/")).await;
    let copy = directory.path().join("hookyard.db.schema-1.bak");
    let clock: SharedClock = Arc::new(VirtualClock::at(START));
    let (store, _) = Store::open(StoreOptions::new(directory.path()), clock)
        .await
        .unwrap();
    assert!(copy.exists());
    every_row_is_read(&store).await;
    the_statistics_are_there(&store).await;
    assert_eq!(store.recount().await.unwrap(), []);
    store.close().await;

    assert_eq!(faults(directory.path()).await, ["ok"]);

    let world = World::over(directory, Making::default()).await;
    world.run_for(Duration::from_secs(60)).await;
    assert_eq!(receiver.requests().len(), 2);
    let states = world.states().await;
    let discarded = DeliveryState::Discarded(DiscardReason::EndpointDeleted);
    let delivered = DeliveryState::Delivered;
    let expected = [
        delivered,
        DeliveryState::Dead(DeadReason::Exhausted),
        delivered,
        delivered,
        delivered,
        DeliveryState::Held,
        delivered,
        discarded,
        discarded,
    ];
    assert_eq!(states, expected);
    let ledger = world.engine.ledger().await.unwrap();
    let counts = Counts {
        created: 19,
        delivered: 15,
        held: 1,
        dead: 1,
        discarded: 2,
        pending: 0,
    };
    assert_eq!(ledger.total, counts);
    let report = world.store.ledger_report(400, None, 50).await.unwrap();
    assert!(report.adds_up(), "{report:?}");
    assert_eq!(world.store.recount().await.unwrap(), []);
}

/// What SQLite finds wrong with the file and with what refers to what; only `ok` where nothing is.
async fn faults(directory: &Path) -> Vec<String> {
    let options = SqliteConnectOptions::new().filename(directory.join("hookyard.db"));
    let mut connection = options.connect().await.unwrap();
    let sql = "SELECT integrity_check FROM pragma_integrity_check \
         UNION ALL SELECT \"table\" || ' refers to nothing in ' || parent FROM pragma_foreign_key_check";
    let rows: Vec<(String,)> = sqlx::query_as(sql)
        .fetch_all(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
    rows.into_iter().map(|(fault,)| fault).collect()
}

async fn every_row_is_read(store: &Store) {
    let endpoints = store.endpoints().await.unwrap();
    let found: Vec<_> = endpoints
        .iter()
        .map(|endpoint| (endpoint.id, endpoint.status.as_str(), endpoint.rate_limit))
        .collect();
    let expected = [
        (id(ACTIVE), "active", None),
        (id(PAUSED), "paused", None),
        (id(DELETED), "deleted", None),
    ];
    assert_eq!(found, expected);
    assert_eq!(endpoints[2].status, EndpointStatus::Deleted);
    let all = DeliverySelect::default();
    let page = store.deliveries_page(&all, None, 100).await.unwrap();
    assert_eq!(page.items.len(), 9);
    for delivery in deliveries() {
        let attempts = store.attempts(id(delivery.number)).await.unwrap();
        assert_eq!(attempts.len(), delivery.attempts as usize);
        for attempt in attempts {
            assert_eq!(attempt.response.unwrap().body, b"ok");
            assert_eq!(
                (attempt.held_back, attempt.certificate_expires_at),
                (None, None)
            );
        }
    }
    let events = store.events_page(None, 100).await.unwrap().items;
    assert!(events.iter().all(|stored| !stored.payload_gone));
    assert_eq!(events.len(), 4);
    let revoked = store.tokens().await.unwrap();
    let revoked: Vec<_> = revoked.iter().map(|token| token.revoked_at).collect();
    assert_eq!(revoked, [Some(OLD), None]);
    let subject = id::<()>(2).body();
    let audit = store.audit_page(Some(&subject), None, 10).await.unwrap();
    assert_eq!(audit.items[0].action, "token.create");
}

async fn the_statistics_are_there(store: &Store) {
    assert_eq!(store.events_ever().await.unwrap(), 14);
    let next = OLD + Duration::from_secs(60);
    let minutes = store
        .step_stats(OLD, START, Duration::from_secs(60))
        .await
        .unwrap();
    assert_eq!(minutes, [(OLD, stats(7, 5)), (next, stats(4, 0))]);
    let both = [id(ACTIVE), id(PAUSED)];
    let minute = Duration::from_secs(60);
    let by_endpoint = store.endpoint_stats(&both, OLD, START, minute).await;
    let sum = |minutes: &Vec<(Timestamp, AttemptStats)>| {
        AttemptStats::sum(minutes.iter().map(|(_, stats)| stats))
    };
    let by_endpoint: BTreeMap<_, _> = by_endpoint
        .unwrap()
        .iter()
        .map(|(id, minutes)| (*id, sum(minutes)))
        .collect();
    let expected = BTreeMap::from([(id(ACTIVE), stats(9, 3)), (id(PAUSED), stats(2, 2))]);
    assert_eq!(by_endpoint, expected);
    let accepted = store
        .accepted_by_step(OLD, START, Duration::from_secs(60))
        .await
        .unwrap();
    assert_eq!(accepted, [(OLD, 14)]);
    let active = store.endpoint_ledger(id(ACTIVE)).await.unwrap();
    assert_eq!((active.counts.created, active.counts.delivered), (14, 11));
    assert_eq!(active.last_success_at, Some(OLD));
    assert_eq!(
        active.last_failure.as_deref(),
        Some("status: status 500 is not 2xx")
    );
    assert_eq!(active.certificate_expires_at, None);
}
