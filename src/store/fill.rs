//! Fills a new store with a past: for `hookyard bench`, which measures files that months of traffic would have made.
//!
//! Rows, counters and statistics are those that publishing and delivering would have left, one event and one delivery
//! each. They are written by SQLite alone, in bulk and without a journal: about a million deliveries in five seconds.

use std::fs::File;
use std::time::Duration;

use sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, SqliteConnection};

use super::counters::MINUTE_MS;
use super::endpoints;
use super::error::StoreError;
use super::handle::Store;
use super::lock::DirectoryLock;
use super::open;
use super::options::StoreOptions;
use super::schema::{self, MIGRATOR};
use crate::domain::endpoint::Endpoint;
use crate::domain::event_type::EventType;
use crate::domain::id::EventId;
use crate::domain::time::Timestamp;

/// Deliveries written by one round of statements: bounds what SQLite sorts in memory.
const CHUNK: u64 = 100_000;

/// What a store is filled with.
#[derive(Clone, Debug)]
pub struct Filling {
    /// The endpoints, each under its own id; at least one.
    pub endpoints: Vec<Endpoint>,
    /// How many deliveries, dealt out to the endpoints in turn.
    pub deliveries: u64,
    /// What became of them.
    pub fate: Fate,
    /// The type of all events.
    pub event_type: EventType,
    /// The data of event `n`, from 0: this, the number, and `data_tail`. Together they must be JSON.
    pub data_head: String,
    /// See `data_head`.
    pub data_tail: String,
    /// The contract revision that attempts were rendered under.
    pub revision: [u8; 32],
    /// Just after the last of them.
    pub until: Timestamp,
    /// The time between two of them, in whole milliseconds; at least one.
    pub spacing: Duration,
}

/// What became of the deliveries of a [`Filling`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Each was accepted by its receiver at the first attempt.
    Delivered,
    /// None was tried.
    Pending,
    /// None was tried, because no request could be made of any.
    Dead,
}

/// The rows of a chunk: number, event id, time, endpoint. `$1` and `$2` are the first number and the one behind the
/// last; ids and times are `$3 + i * $4` and `$5 + i * $6`; `$7` endpoints take turns.
macro_rules! with_rows {
    ($statement:literal) => {
        concat!(
            "WITH RECURSIVE numbers (i) AS (SELECT $1 UNION ALL SELECT i + 1 FROM numbers WHERE i + 1 < $2), \
             filled (i, id, at, endpoint_id) AS (SELECT i, $3 + i * $4, $5 + i * $6, \
             (SELECT f.id FROM temp.filled_endpoints f WHERE f.place = i % $7) FROM numbers) ",
            $statement
        )
    };
}

/// `$8` is the event type, `$9` and `$10` stand around the number, `$11` is the attempts of each delivery, `$12` the
/// contract revision, `$13` the milliseconds of a minute.
const STATEMENTS: [&str; 9] = [
    with_rows!(
        "INSERT INTO events (id, audience, event_type, occurred_at, accepted_at, test, deliveries, data) \
         SELECT id, '', $8, at, at, 0, 1, CAST($9 || i || $10 AS BLOB) FROM filled"
    ),
    with_rows!(
        "INSERT INTO deliveries (id, event_id, endpoint_id, event_type, test, state, attempts, budget_attempts, \
         budget_started_at, held_before_ms, last_at, last_status, last_latency_us, created_at, updated_at, reason) \
         SELECT id + 1, id, endpoint_id, $8, 0, $14, $11, $11, at, 0, \
         iif($11, at, NULL), iif($11, 204, NULL), iif($11, 1000, NULL), at, at, $15 FROM filled"
    ),
    with_rows!(
        "INSERT INTO attempts (id, delivery_id, event_id, endpoint_id, number, started_at, revision, url, \
         signatures, secret_ids, body_sha256, remote_address, first_byte_us, body_us, total_us, reused, status, \
         response_headers, response_body, truncated) \
         SELECT filled.id + 2, filled.id + 1, filled.id, endpoint_id, 1, at, $12, p.url, \
         '[[\"webhook-signature\",\"v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"]]', '[1]', zeroblob(32), \
         '127.0.0.1:443', 900, 10, 1000, 1, 204, x'', x'', 0 \
         FROM filled CROSS JOIN endpoints p ON p.id = filled.endpoint_id WHERE $11 > 0"
    ),
    with_rows!(
        "INSERT INTO endpoint_counters (endpoint_id, created, pending, delivered, dead, last_success_at) \
         SELECT endpoint_id, count(*), count(*) * ($14 = 'pending'), count(*) * $11, count(*) * ($14 = 'dead'), \
         iif($11, max(at), NULL) \
         FROM filled WHERE true GROUP BY endpoint_id \
         ON CONFLICT (endpoint_id) DO UPDATE SET created = created + excluded.created, \
         pending = pending + excluded.pending, delivered = delivered + excluded.delivered, \
         dead = dead + excluded.dead, last_success_at = excluded.last_success_at"
    ),
    with_rows!(
        "INSERT INTO day_counters (day, created, pending, delivered, dead) \
         SELECT at / 86400000 * 86400000, count(*), count(*) * ($14 = 'pending'), count(*) * $11, \
         count(*) * ($14 = 'dead') FROM filled WHERE true GROUP BY 1 \
         ON CONFLICT (day) DO UPDATE SET created = created + excluded.created, pending = pending + excluded.pending, \
         delivered = delivered + excluded.delivered, dead = dead + excluded.dead"
    ),
    with_rows!(
        "INSERT INTO minute_stats (minute, endpoint_id, attempts, successes, latency_us) \
         SELECT at / $13 * $13, endpoint_id, count(*), count(*), 1000 * count(*) FROM filled WHERE $11 > 0 \
         GROUP BY 1, 2 ON CONFLICT (minute, endpoint_id) DO UPDATE SET attempts = attempts + excluded.attempts, \
         successes = successes + excluded.successes, latency_us = latency_us + excluded.latency_us"
    ),
    with_rows!(
        "INSERT INTO minute_totals (minute, attempts, successes, latency_us) \
         SELECT at / $13 * $13, count(*), count(*), 1000 * count(*) FROM filled WHERE $11 > 0 \
         GROUP BY 1 ON CONFLICT (minute) DO UPDATE SET attempts = attempts + excluded.attempts, \
         successes = successes + excluded.successes, latency_us = latency_us + excluded.latency_us"
    ),
    with_rows!(
        "INSERT INTO minute_events (minute, accepted) SELECT at / $13 * $13, count(*) FROM filled WHERE true \
         GROUP BY 1 ON CONFLICT (minute) DO UPDATE SET accepted = accepted + excluded.accepted"
    ),
    "UPDATE totals SET events = events + $2 - $1 WHERE id = 1",
];
const CREATE_PLACES: &str =
    "CREATE TEMP TABLE filled_endpoints (place INTEGER PRIMARY KEY, id INTEGER NOT NULL)";
const INSERT_PLACE: &str = "INSERT INTO temp.filled_endpoints (place, id) VALUES ($1, $2)";

impl Store {
    /// Makes the store of a data directory that has none, and fills it. The file is on disk when this returns.
    ///
    /// # Errors
    /// [`StoreError::InUse`]; [`StoreError::Refused`] when an id is taken or the filling asks for the impossible;
    /// [`StoreError::File`]; [`StoreError::Unavailable`]. After an error the file is of no use.
    pub async fn fill(options: &StoreOptions, filling: &Filling) -> Result<(), StoreError> {
        let spacing_ms = i64::try_from(filling.spacing.as_millis()).unwrap_or(i64::MAX);
        if filling.endpoints.is_empty() || spacing_ms < 1 {
            return Err(StoreError::Refused {
                detail: "a filling needs an endpoint and a spacing of at least 1 ms".to_owned(),
            });
        }
        std::fs::create_dir_all(&options.data_dir)
            .map_err(|source| StoreError::file(&options.data_dir, source))?;
        let _lock = DirectoryLock::take(options)?;
        let path = options.database_path();
        open::keep_private(&path)?;
        let mut maker = open::connect_writer(options).await?;
        schema::bring_up_to_date(&mut maker, &path, &MIGRATOR).await?;
        maker.close().await?;

        let mut connection = open::base_options(&path)
            .journal_mode(SqliteJournalMode::Off)
            .synchronous(SqliteSynchronous::Off)
            // What refers to what is right by the way it is made.
            .foreign_keys(false)
            .connect()
            .await?;
        put_endpoints(&mut connection, &filling.endpoints).await?;
        let mut first = 0;
        while first < filling.deliveries {
            let behind = (first + CHUNK).min(filling.deliveries);
            put_deliveries(&mut connection, filling, spacing_ms, first..behind).await?;
            first = behind;
        }
        connection.close().await?;
        // Opening it as the service does turns its log on again.
        open::connect_writer(options).await?.close().await?;
        let synced = File::open(&path).and_then(|file| file.sync_all());
        synced.map_err(|source| StoreError::file(&path, source))
    }
}

async fn put_endpoints(
    connection: &mut SqliteConnection,
    endpoints: &[Endpoint],
) -> Result<(), StoreError> {
    sqlx::query(CREATE_PLACES).execute(&mut *connection).await?;
    sqlx::query("BEGIN").execute(&mut *connection).await?;
    for (place, endpoint) in (0_i64..).zip(endpoints) {
        endpoints::insert_in(connection, endpoint).await?;
        sqlx::query(INSERT_PLACE)
            .bind(place)
            .bind(endpoint.id.as_i64())
            .execute(&mut *connection)
            .await?;
    }
    sqlx::query("COMMIT").execute(&mut *connection).await?;
    Ok(())
}

async fn put_deliveries(
    connection: &mut SqliteConnection,
    filling: &Filling,
    spacing_ms: i64,
    numbers: std::ops::Range<u64>,
) -> Result<(), StoreError> {
    let wide = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let id_at = |ms: i64| EventId::first_at(Timestamp::from_millis(ms)).as_i64();
    let until_ms = filling.until.as_millis();
    let from_ms = until_ms - wide(filling.deliveries).saturating_mul(spacing_ms);
    let (attempts, state, reason): (i64, _, _) = match filling.fate {
        Fate::Delivered => (1, "delivered", None),
        Fate::Pending => (0, "pending", None),
        Fate::Dead => (0, "dead", Some("undeliverable")),
    };
    sqlx::query("BEGIN").execute(&mut *connection).await?;
    for statement in STATEMENTS {
        sqlx::query(statement)
            .bind(wide(numbers.start))
            .bind(wide(numbers.end))
            .bind(id_at(from_ms))
            .bind(id_at(until_ms) - id_at(until_ms - spacing_ms))
            .bind(from_ms)
            .bind(spacing_ms)
            .bind(i64::try_from(filling.endpoints.len()).unwrap_or(i64::MAX))
            .bind(filling.event_type.to_string())
            .bind(filling.data_head.clone())
            .bind(filling.data_tail.clone())
            .bind(attempts)
            .bind(filling.revision.to_vec())
            .bind(MINUTE_MS)
            .bind(state)
            .bind(reason)
            .execute(&mut *connection)
            .await?;
    }
    sqlx::query("COMMIT").execute(&mut *connection).await?;
    Ok(())
}
