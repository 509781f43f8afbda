//! Fills a new store with a past: for `hookyard bench`, which measures files that months of traffic would have made.
//!
//! Rows, counters and statistics are those that publishing and delivering would have left, one event and one delivery
//! each; all attempts of a delivery are made at once, and no endpoint has a run of failures. They are written by SQLite
//! alone, in bulk and without a journal: about a million deliveries in ten seconds.

mod fate;
mod statements;

use std::fs::File;
use std::time::Duration;

use sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, Row, SqliteConnection};

pub use fate::Fate;
use fate::Share;
use statements::{
    CREATE_TABLES, PUT_CAUSE, PUT_ENDPOINT, PUT_FATE, PUT_SKETCH, PUT_SKETCHES, SELECT_ATTEMPTS,
    STATEMENTS, SUM_MINUTES,
};

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
use crate::domain::fingerprint::Fingerprint;
use crate::domain::id::EventId;
use crate::domain::sketch::Sketch;
use crate::domain::time::Timestamp;

/// Deliveries written by one round of statements: bounds what SQLite sorts in memory.
const CHUNK: u64 = 100_000;
/// Between what durations the attempts of a sketch are spread.
const DURATIONS_US: std::ops::Range<u64> = 1_000..500_000;

/// What a store is filled with.
#[derive(Clone, Debug)]
pub struct Filling {
    /// The endpoints, each under its own id; at least one.
    pub endpoints: Vec<Endpoint>,
    /// How many deliveries, dealt out to the endpoints in turn.
    pub deliveries: u64,
    /// What became of them.
    pub fate: Fate,
    /// What attempts failed for, evenly; at least one where the fate has failures.
    pub causes: Vec<Fingerprint>,
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

impl Store {
    /// Makes the store of a data directory that has none, and fills it. The file is on disk when this returns.
    ///
    /// # Errors
    /// [`StoreError::InUse`]; [`StoreError::Refused`] when an id is taken or the filling asks for the impossible;
    /// [`StoreError::File`]; [`StoreError::Unavailable`]. After an error the file is of no use.
    pub async fn fill(options: &StoreOptions, filling: &Filling) -> Result<(), StoreError> {
        let spacing_ms = i64::try_from(filling.spacing.as_millis()).unwrap_or(i64::MAX);
        if let Some(fault) = filling.fault() {
            let detail = fault.to_owned();
            return Err(StoreError::Refused { detail });
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
        prepare(&mut connection, filling).await?;
        let mut first = 0;
        while first < filling.deliveries {
            let behind = (first + CHUNK).min(filling.deliveries);
            put_deliveries(&mut connection, filling, spacing_ms, first..behind).await?;
            first = behind;
        }
        put_sums(&mut connection).await?;
        connection.close().await?;
        // Opening it as the service does turns its log on again.
        open::connect_writer(options).await?.close().await?;
        let synced = File::open(&path).and_then(|file| file.sync_all());
        synced.map_err(|source| StoreError::file(&path, source))
    }
}

impl Filling {
    /// What is wrong with it.
    fn fault(&self) -> Option<&'static str> {
        let fails = self.fate.shares().iter().any(|share| share.failures > 0);
        if self.endpoints.is_empty() || self.spacing.as_millis() < 1 {
            Some("a filling needs an endpoint and a spacing of at least 1 ms")
        } else if fails && self.causes.is_empty() {
            Some("a filling with failures needs a cause that they have")
        } else {
            None
        }
    }
}

/// Writes the endpoints, and what the statements look up.
async fn prepare(connection: &mut SqliteConnection, filling: &Filling) -> Result<(), StoreError> {
    sqlx::query("BEGIN").execute(&mut *connection).await?;
    for sql in CREATE_TABLES {
        sqlx::query(sql).execute(&mut *connection).await?;
    }
    for (place, endpoint) in (0_i64..).zip(&filling.endpoints) {
        endpoints::insert_in(connection, endpoint).await?;
        sqlx::query(PUT_ENDPOINT)
            .bind(place)
            .bind(endpoint.id.as_i64())
            .execute(&mut *connection)
            .await?;
    }
    let shares = filling.fate.shares().into_iter();
    let fates = shares.flat_map(|share| std::iter::repeat_n(share, share.permille.into()));
    for (place, fate) in (0_i64..).zip(fates) {
        put_fate(connection, place, &fate).await?;
    }
    for (place, cause) in (0_i64..).zip(&filling.causes) {
        sqlx::query(PUT_CAUSE)
            .bind(place)
            .bind(cause.id.as_i64())
            .bind(cause.class.as_str())
            .bind(cause.status)
            .bind(cause.message.clone())
            .execute(&mut *connection)
            .await?;
    }
    sqlx::query("COMMIT").execute(&mut *connection).await?;
    Ok(())
}

async fn put_fate(
    connection: &mut SqliteConnection,
    place: i64,
    fate: &Share,
) -> Result<(), StoreError> {
    sqlx::query(PUT_FATE)
        .bind(place)
        .bind(fate.state)
        .bind(fate.reason)
        .bind(fate.failures)
        .bind(fate.successes)
        .bind(fate.waits)
        .execute(connection)
        .await?;
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
            .bind(i64::try_from(filling.causes.len()).unwrap_or(i64::MAX))
            .bind(MINUTE_MS)
            .bind(filling.event_type.to_string())
            .bind(filling.data_head.clone())
            .bind(filling.data_tail.clone())
            .bind(filling.revision.to_vec())
            .bind(until_ms)
            .execute(&mut *connection)
            .await?;
    }
    sqlx::query("COMMIT").execute(&mut *connection).await?;
    Ok(())
}

/// What is made of the minutes of the endpoints: those of all together, and the sketches.
async fn put_sums(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    sqlx::query("BEGIN").execute(&mut *connection).await?;
    sqlx::query(SUM_MINUTES).execute(&mut *connection).await?;
    let counts = sqlx::query(SELECT_ATTEMPTS)
        .fetch_all(&mut *connection)
        .await?;
    for count in &counts {
        let attempts: u64 = count.try_get(0)?;
        let mut sketch = Sketch::default();
        let range = DURATIONS_US;
        for attempt in 0..attempts {
            sketch.add(range.start + (range.end - range.start) * attempt / attempts);
        }
        sqlx::query(PUT_SKETCH)
            .bind(i64::try_from(attempts).unwrap_or(i64::MAX))
            .bind(sketch.encode())
            .execute(&mut *connection)
            .await?;
    }
    sqlx::query(PUT_SKETCHES).execute(&mut *connection).await?;
    sqlx::query("COMMIT").execute(&mut *connection).await?;
    Ok(())
}
