//! Sketches of attempts by minute and endpoint: written in parts, added up when read.

use std::collections::BTreeMap;

use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::cold::{ColdCommand, WriteTx};
use super::counters::{minute_list, minute_of};
use super::error::StoreError;
use super::handle::Store;
use super::rows::{count, number_list};
use crate::domain::id::EndpointId;
use crate::domain::sketch::Sketch;
use crate::domain::time::Timestamp;
use crate::domain::tries::Tries;

/// Rows that one transaction writes: some milliseconds.
pub const SKETCHES_MAX: usize = 500;
/// Stands for all endpoints together; no endpoint has it.
const ALL: i64 = 0;

/// `$2` is the part: a time at which nothing was written before.
const KEEP: &str = "INSERT INTO attempt_sketches (minute, endpoint_id, part, retries, ended, sketch) \
     SELECT value->>0, value->>1, $2, value->>2, value->>3, unhex(value->>4) FROM json_each($1) WHERE true \
     ON CONFLICT DO NOTHING";
/// `$1` holds minutes: as many look-ups as there are, however many endpoints there are.
pub(super) const SELECT_SKETCHES: &str = "SELECT s.retries, s.ended, s.sketch, s.endpoint_id \
     FROM json_each($1) m CROSS JOIN json_each($2) p \
     CROSS JOIN attempt_sketches s ON s.minute = m.value AND s.endpoint_id = p.value";
pub(super) const DELETE_SKETCHES: &str = "DELETE FROM attempt_sketches WHERE (minute, endpoint_id, part) IN \
     (SELECT minute, endpoint_id, part FROM attempt_sketches WHERE minute < $1 \
     ORDER BY minute, endpoint_id, part LIMIT $2)";

/// Attempts of one minute, of one endpoint or (`None`) of all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MinuteTries {
    /// When the minute began.
    pub minute: Timestamp,
    /// Whose.
    pub endpoint_id: Option<EndpointId>,
    /// The attempts.
    pub tries: Tries,
}

impl Store {
    /// Keeps up to [`SKETCHES_MAX`] sketches, in addition to those that are kept of the same minutes.
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

    async fn tries_of(
        &self,
        ids: &[i64],
        from: Timestamp,
        to: Timestamp,
    ) -> Result<BTreeMap<i64, Tries>, StoreError> {
        let rows = sqlx::query(SELECT_SKETCHES)
            .bind(minute_list(from, to))
            .bind(number_list(ids))
            .fetch_all(self.readers())
            .await?;
        let mut found: BTreeMap<i64, Tries> = BTreeMap::new();
        for row in &rows {
            let endpoint_id: i64 = row.try_get(3)?;
            let tries = read(row, endpoint_id)?;
            found.entry(endpoint_id).or_default().merge(&tries);
        }
        Ok(found)
    }
}

type SketchRow = (i64, i64, u64, u64, String);

fn row(one: &MinuteTries) -> SketchRow {
    let tries = &one.tries;
    (
        minute_of(one.minute),
        one.endpoint_id.map_or(ALL, |id| id.as_i64()),
        tries.retries,
        tries.ended,
        hex::encode(tries.durations.encode()),
    )
}

fn read(row: &SqliteRow, endpoint_id: i64) -> Result<Tries, StoreError> {
    let bytes: &[u8] = row.try_get(2)?;
    let durations = Sketch::decode(bytes).map_err(|_| StoreError::Inconsistent {
        table: "attempt_sketches",
        column: "sketch",
        id: endpoint_id,
    })?;
    Ok(Tries {
        retries: count(row, 0)?,
        ended: count(row, 1)?,
        durations,
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
            .bind(tx.now.as_millis())
            .execute(&mut *tx.connection)
            .await?;
        Ok(())
    }
}
