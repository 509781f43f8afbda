//! How far back the past is whole: retention writes down what it takes, as an edge that only rises.
//!
//! What is left of an old day does not tell: of its delivered ones a single one may be there, because it was replayed
//! since, with all of its neighbours gone.

use std::time::Duration;

use sqlx::{Row, SqliteConnection};

use super::cold::WriteTx;
use super::error::StoreError;
use super::handle::Store;
use super::meta::{put_number, read_number};
use crate::domain::id::{AuditId, EventId};
use crate::domain::time::Timestamp;

/// Where the edge is kept, as decimal milliseconds.
const TAKEN_KEY: &str = "taken_before_ms";
const DAY: Duration = Duration::from_hours(24);

pub(super) const SELECT_OLDEST: &str = "SELECT id FROM events ORDER BY id LIMIT 1";
/// The newest day that anything was taken of; where no edge is written down, because an older version took it.
pub(super) const SELECT_TAKEN_DAY: &str = "SELECT day FROM day_counters \
     WHERE removed_delivered + removed_dead + removed_discarded > 0 ORDER BY day DESC LIMIT 1";
pub(super) const SELECT_AUDIT_EDGE: &str = "SELECT before FROM audit_edge WHERE id = 1";

impl Store {
    /// Since when nothing that ended is missing, and nothing that persons did; `None` where nothing was ever stored.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn kept_since(&self) -> Result<Option<Timestamp>, StoreError> {
        let mut moment = self.readers().begin().await?;
        let Some(oldest) = first(&mut moment, SELECT_OLDEST).await? else {
            return Ok(None);
        };
        let taken = taken_before(&mut moment).await?;
        // Without the log of what persons did, states would be told that were none.
        let audit = first(&mut moment, SELECT_AUDIT_EDGE).await?;
        moment.commit().await?;
        let oldest = EventId::from_i64(oldest).timestamp();
        let audit = audit.filter(|edge| *edge > 0);
        let audit = audit.map(|edge| AuditId::from_i64(edge).timestamp());
        Ok(Some(oldest).max(taken).max(audit))
    }

    /// Up to when deliveries were made of which retention has taken some; `None` where it has taken none.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn taken_until(&self) -> Result<Option<Timestamp>, StoreError> {
        taken_before(&mut *self.readers().acquire().await?).await
    }
}

/// Notes that of what ended before `edge` something is taken; an edge that is not later than what is `known` to be
/// taken changes nothing.
pub(super) async fn note(
    tx: &mut WriteTx<'_>,
    known: Option<Timestamp>,
    edge: Timestamp,
) -> Result<(), StoreError> {
    // Where it is known by the day alone, it is written down, so that it does not rise with the days.
    let edge = known.map_or(edge, |known| known.max(edge));
    put_number(tx.connection, TAKEN_KEY, edge.as_millis()).await
}

/// Up to where something is known to be taken.
pub(super) async fn taken_before(
    connection: &mut SqliteConnection,
) -> Result<Option<Timestamp>, StoreError> {
    match read_number(connection, TAKEN_KEY).await? {
        Some(millis) => Ok(Some(Timestamp::from_millis(millis))),
        None => {
            let day = first(connection, SELECT_TAKEN_DAY).await?;
            Ok(day.map(|day| Timestamp::from_millis(day) + DAY))
        }
    }
}

async fn first(
    connection: &mut SqliteConnection,
    sql: &'static str,
) -> Result<Option<i64>, StoreError> {
    let row = sqlx::query(sql).fetch_optional(connection).await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?)
}
