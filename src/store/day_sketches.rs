//! Sketches of whole days: rolled up from those of their minutes before retention takes these, and read in their place.

use std::time::Duration;

use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::cold::WriteTx;
use super::error::StoreError;
use super::handle::Store;
use super::sketches::{ALL, one_of, select_sketches};
use crate::domain::sketch::Sketch;
use crate::domain::time::Timestamp;
use crate::domain::tries::Tries;

const DAY: Duration = Duration::from_hours(24);
const DAY_MS: i64 = 86_400_000;

pub(super) const SELECT_DAY: &str =
    "SELECT day, retries, ended, sketch FROM day_sketches WHERE day = $1";
/// The first minute after the days that are rolled up already.
pub(super) const SELECT_NEXT: &str = "SELECT minute FROM attempt_sketches WHERE minute >= \
     coalesce((SELECT max(day) + 86400000 FROM day_sketches), 0) ORDER BY minute LIMIT 1";
const PUT_DAY: &str =
    "INSERT INTO day_sketches (day, retries, ended, sketch) VALUES ($1, $2, $3, $4)";
pub(super) const DELETE_DAYS: &str = "DELETE FROM day_sketches WHERE day IN \
     (SELECT day FROM day_sketches WHERE day < $1 ORDER BY day LIMIT $2)";

impl Store {
    /// Attempts of the day of UTC that begins at `day`, of all endpoints together: as it was rolled up, else from its
    /// minutes.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; [`StoreError::Inconsistent`] for a sketch that cannot be read.
    pub async fn day_tries(&self, day: Timestamp) -> Result<Tries, StoreError> {
        let row = sqlx::query(SELECT_DAY)
            .bind(day.as_millis())
            .fetch_optional(self.readers())
            .await?;
        match row {
            Some(row) => read(&row),
            None => self.tries(day, day + DAY).await,
        }
    }
}

/// The beginning of the first day that is not rolled up: yesterday. A day ends for good only when a clock that is set
/// back by hours can no longer lead into it.
pub(super) const fn open_since(now: Timestamp) -> i64 {
    (now.as_millis().div_euclid(DAY_MS) - 1) * DAY_MS
}

/// Rolls the next day up; answers how many it were, 0 when no day is left that is over.
pub(super) async fn roll_up(tx: &mut WriteTx<'_>) -> Result<u64, StoreError> {
    let rows = sqlx::query(SELECT_NEXT)
        .fetch_all(&mut *tx.connection)
        .await?;
    let Some(row) = rows.first() else {
        return Ok(0);
    };
    let day = row.try_get::<i64, _>(0)?.div_euclid(DAY_MS) * DAY_MS;
    if day >= open_since(tx.now) {
        return Ok(0);
    }
    let from = Timestamp::from_millis(day);
    let minutes = select_sketches(&[ALL], from, from + DAY)
        .fetch_all(&mut *tx.connection)
        .await?;
    let tries = one_of(&minutes, ALL)?;
    sqlx::query(PUT_DAY)
        .bind(day)
        .bind(stored(tries.retries))
        .bind(stored(tries.ended))
        .bind(tries.durations.encode())
        .execute(&mut *tx.connection)
        .await?;
    Ok(1)
}

fn stored(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn read(row: &SqliteRow) -> Result<Tries, StoreError> {
    let count = |index: usize| -> Result<u64, StoreError> {
        Ok(u64::try_from(row.try_get::<i64, _>(index)?).unwrap_or(0))
    };
    let damaged = StoreError::Inconsistent {
        table: "day_sketches",
        column: "sketch",
        id: row.try_get(0)?,
    };
    Ok(Tries {
        retries: count(1)?,
        ended: count(2)?,
        durations: Sketch::decode(row.try_get(3)?).map_err(|_| damaged)?,
    })
}
