//! Sketches of attempts by minute and endpoint: each written several times as it grows, in parts where the service was
//! started anew or an attempt ended late, and added up when read.

use std::collections::BTreeMap;

use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Row, Sqlite};

use super::cold::{ColdCommand, WriteTx};
use super::counters::{minute_list, minute_of};
use super::error::StoreError;
use super::handle::Store;
use super::rows::number_list;
use crate::domain::id::EndpointId;
use crate::domain::sketch::SketchSum;
use crate::domain::time::Timestamp;
use crate::domain::tries::Tries;

/// Rows that one transaction writes: some milliseconds.
pub const SKETCHES_MAX: usize = 500;
/// Stands for all endpoints together; no endpoint has it.
pub(super) const ALL: i64 = 0;

/// A part that is written again has grown.
const KEEP: &str = "INSERT INTO attempt_sketches (minute, endpoint_id, part, retries, ended, sketch) \
     SELECT value->>0, value->>1, value->>2, value->>3, value->>4, unhex(value->>5) FROM json_each($1) WHERE true \
     ON CONFLICT (minute, endpoint_id, part) DO UPDATE SET retries = excluded.retries, ended = excluded.ended, \
     sketch = excluded.sketch";
/// `$1` holds minutes, `$2` endpoints: as many look-ups as there are pairs. One text for each endpoint, its retries,
/// deliveries ended and sketches in hex: each row that is handed over costs more than all that is done here for it.
pub(super) const SELECT_SKETCHES: &str = "SELECT p.value, (SELECT sum(s.retries) || ' ' || sum(s.ended) || ' ' \
     || group_concat(hex(s.sketch), ' ') FROM json_each($1) m \
     CROSS JOIN attempt_sketches s ON s.minute = m.value AND s.endpoint_id = p.value) FROM json_each($2) p";
/// The same for each of the minutes, of the one endpoint `$2`.
pub(super) const SELECT_BY_MINUTE: &str = "SELECT m.value, (SELECT sum(s.retries) || ' ' || sum(s.ended) || ' ' \
     || group_concat(hex(s.sketch), ' ') FROM attempt_sketches s WHERE s.minute = m.value AND s.endpoint_id = $2) \
     FROM json_each($1) m";
/// `$3` is the edge of those of all endpoints together, which must not be before `$1`'s.
pub(super) const DELETE_SKETCHES: &str = "DELETE FROM attempt_sketches WHERE (minute, endpoint_id, part) IN \
     (SELECT minute, endpoint_id, part FROM attempt_sketches WHERE minute < $1 \
     AND (minute < $3 OR endpoint_id <> 0) ORDER BY minute, endpoint_id, part LIMIT $2)";

/// Attempts of one minute, of one endpoint or (`None`) of all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MinuteTries {
    /// When the minute began.
    pub minute: Timestamp,
    /// Whose.
    pub endpoint_id: Option<EndpointId>,
    /// When it was first written down: tells it from other parts of the same minute.
    pub part: Timestamp,
    /// The attempts.
    pub tries: Tries,
}

impl Store {
    /// Keeps up to [`SKETCHES_MAX`] sketches, each in the place of what was kept of its part before.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Full`].
    pub async fn keep_sketches(&self, sketches: &[MinuteTries]) -> Result<(), StoreError> {
        let rows: Vec<_> = sketches.iter().take(SKETCHES_MAX).map(row).collect();
        let rows = serde_json::to_string(&rows).expect("numbers and hex digits always serialise");
        self.change(KeepSketches { rows }).await
    }

    /// Attempts from `from` (rounded down to its minute) to before `to`, of all endpoints together.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; [`StoreError::Inconsistent`] for a sketch that cannot be read.
    pub async fn tries(&self, from: Timestamp, to: Timestamp) -> Result<Tries, StoreError> {
        let mut found = self.tries_of(&[ALL], from, to).await?;
        Ok(found.remove(&ALL).unwrap_or_default())
    }

    /// The same for each of these endpoints; those without any are absent.
    ///
    /// # Errors
    /// As [`Store::tries`].
    pub async fn endpoint_tries(
        &self,
        endpoints: &[EndpointId],
        from: Timestamp,
        to: Timestamp,
    ) -> Result<BTreeMap<EndpointId, Tries>, StoreError> {
        let ids: Vec<i64> = endpoints.iter().map(|id| id.as_i64()).collect();
        let found = self.tries_of(&ids, from, to).await?.into_iter();
        Ok(found
            .map(|(id, tries)| (EndpointId::from_i64(id), tries))
            .collect())
    }

    /// The same minute by minute, of one endpoint or (`None`) of all together; minutes without any are absent.
    ///
    /// # Errors
    /// As [`Store::tries`].
    pub async fn minute_tries(
        &self,
        endpoint: Option<EndpointId>,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<BTreeMap<Timestamp, Tries>, StoreError> {
        let rows = sqlx::query(SELECT_BY_MINUTE)
            .bind(minute_list(from, to))
            .bind(endpoint.map_or(ALL, EndpointId::as_i64))
            .fetch_all(self.readers())
            .await?;
        let found = found_in(&rows)?.into_iter();
        Ok(found
            .map(|(minute, tries)| (Timestamp::from_millis(minute), tries))
            .collect())
    }

    async fn tries_of(
        &self,
        ids: &[i64],
        from: Timestamp,
        to: Timestamp,
    ) -> Result<BTreeMap<i64, Tries>, StoreError> {
        let rows = select_sketches(ids, from, to)
            .fetch_all(self.readers())
            .await?;
        found_in(&rows)
    }
}

/// Reads the sketches of these endpoints from `from`, rounded down to its minute, to before `to`.
pub(super) fn select_sketches(
    ids: &[i64],
    from: Timestamp,
    to: Timestamp,
) -> Query<'static, Sqlite, SqliteArguments> {
    sqlx::query(SELECT_SKETCHES)
        .bind(minute_list(from, to))
        .bind(number_list(ids))
}

/// What [`select_sketches`] found of one endpoint.
pub(super) fn one_of(rows: &[SqliteRow], id: i64) -> Result<Tries, StoreError> {
    Ok(found_in(rows)?.remove(&id).unwrap_or_default())
}

fn found_in(rows: &[SqliteRow]) -> Result<BTreeMap<i64, Tries>, StoreError> {
    let mut found = BTreeMap::new();
    for row in rows {
        let (endpoint_id, text): (i64, Option<&str>) = (row.try_get(0)?, row.try_get(1)?);
        if let Some(text) = text {
            let tries = read(text).ok_or(StoreError::Inconsistent {
                table: "attempt_sketches",
                column: "sketch",
                id: endpoint_id,
            })?;
            found.insert(endpoint_id, tries);
        }
    }
    Ok(found)
}

/// Takes up to `rows` sketches of minutes before `edge` ms: those of all endpoints together only before `rolled_up` ms.
pub(super) async fn take_sketches(
    tx: &mut WriteTx<'_>,
    edge: i64,
    rolled_up: i64,
    rows: i64,
) -> Result<u64, StoreError> {
    let done = sqlx::query(DELETE_SKETCHES)
        .bind(edge)
        .bind(rows)
        .bind(rolled_up)
        .execute(&mut *tx.connection)
        .await?;
    Ok(done.rows_affected())
}

type SketchRow = (i64, i64, i64, u64, u64, String);

fn row(one: &MinuteTries) -> SketchRow {
    let tries = &one.tries;
    (
        minute_of(one.minute),
        one.endpoint_id.map_or(ALL, |id| id.as_i64()),
        one.part.as_millis(),
        tries.retries,
        tries.ended,
        hex::encode(tries.durations.encode()),
    )
}

/// What [`SELECT_SKETCHES`] says of an endpoint.
fn read(text: &str) -> Option<Tries> {
    let mut words = text.split(' ');
    let (retries, ended) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    let mut durations = SketchSum::default();
    for sketch in words {
        durations.add(&hex::decode(sketch).ok()?).ok()?;
    }
    Some(Tries {
        retries,
        ended,
        durations: durations.into_sketch(),
    })
}

struct KeepSketches {
    rows: String,
}

impl ColdCommand for KeepSketches {
    type Output = ();

    async fn run(&mut self, tx: &mut WriteTx<'_>) -> Result<(), StoreError> {
        sqlx::query(KEEP)
            .bind(self.rows.as_str())
            .execute(&mut *tx.connection)
            .await?;
        Ok(())
    }
}
