//! Backlogs by endpoint, counted from the index of what is due: for the horizon.

use std::collections::BTreeMap;

use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::error::StoreError;
use super::handle::Store;
use super::rows::count;
use crate::domain::horizon::{Backlog, RATE_OVER, SPANS, Scheduled};
use crate::domain::id::EndpointId;
use crate::domain::time::Timestamp;

pub(super) const SELECT_WAITING: &str =
    "SELECT endpoint_id, pending FROM endpoint_counters WHERE pending > 0";
/// Reads the index alone, each pending delivery that has a time once.
pub(super) const SELECT_SCHEDULED: &str = "SELECT endpoint_id, count(*), \
     min(CASE WHEN next_attempt_at > $1 THEN next_attempt_at END), sum(next_attempt_at <= $1), \
     sum(next_attempt_at <= $2), sum(next_attempt_at <= $3), sum(next_attempt_at <= $4), sum(next_attempt_at <= $5), \
     sum(next_attempt_at <= $6), sum(next_attempt_at <= $7) FROM deliveries INDEXED BY deliveries_due \
     WHERE state = 'pending' AND next_attempt_at IS NOT NULL GROUP BY endpoint_id";
pub(super) const SELECT_SUCCESSES: &str =
    "SELECT endpoint_id, sum(successes) FROM minute_stats WHERE minute >= $1 GROUP BY endpoint_id";
/// One text for all rows: handing each over alone costs several times what finding it does.
pub(super) const SELECT_DUE_SOON: &str = "SELECT json_group_array(json_array(at, attempts, since, held)) FROM \
     (SELECT next_attempt_at AS at, budget_attempts AS attempts, budget_started_at AS since, held_before_ms AS held \
     FROM deliveries INDEXED BY deliveries_due WHERE endpoint_id = $1 AND state = 'pending' \
     AND next_attempt_at IS NOT NULL AND next_attempt_at <= $2 ORDER BY next_attempt_at, id LIMIT $3)";

impl Store {
    /// The backlogs of all endpoints that have one, as they stand at `now`.
    ///
    /// Costs a look at every scheduled delivery's entry in the index: for a caller that keeps the answer for a while.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn backlogs(
        &self,
        now: Timestamp,
    ) -> Result<BTreeMap<EndpointId, Backlog>, StoreError> {
        let mut moment = self.readers().begin().await?;
        let mut backlogs: BTreeMap<EndpointId, Backlog> = BTreeMap::new();
        let rows = sqlx::query(SELECT_WAITING).fetch_all(&mut *moment).await?;
        for row in &rows {
            backlogs.entry(endpoint(row)?).or_default().waiting = count(row, 1)?;
        }
        let mut scheduled = sqlx::query(SELECT_SCHEDULED);
        for span in SPANS {
            let edge = (now + span).as_millis();
            scheduled = scheduled.bind(edge.saturating_add(self.clock_offset_ms()));
        }
        for row in &scheduled.fetch_all(&mut *moment).await? {
            let backlog = backlogs.entry(endpoint(row)?).or_default();
            backlog.scheduled = count(row, 1)?;
            let next: Option<i64> = row.try_get(2)?;
            backlog.next_at = next.map(|steady_ms| self.wall_clock(steady_ms));
            for (span, due) in backlog.due.iter_mut().enumerate() {
                *due = count(row, 3 + span)?;
            }
        }
        let successes = sqlx::query(SELECT_SUCCESSES)
            .bind((now - RATE_OVER).as_millis())
            .fetch_all(&mut *moment)
            .await?;
        moment.commit().await?;
        for row in &successes {
            // Who has nothing waiting counts for the rate of all.
            backlogs.entry(endpoint(row)?).or_default().delivered = count(row, 1)?;
        }
        Ok(backlogs)
    }

    /// Deliveries of an endpoint that are due by `until`, the earliest first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn due_soon(
        &self,
        endpoint_id: EndpointId,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<Scheduled>, StoreError> {
        let offset = self.clock_offset_ms();
        let row = sqlx::query(SELECT_DUE_SOON)
            .bind(endpoint_id.as_i64())
            .bind(until.as_millis().saturating_add(offset))
            .bind(limit)
            .fetch_one(self.readers())
            .await?;
        let rows: Result<Vec<(i64, u32, i64, i64)>, _> = serde_json::from_str(row.try_get(0)?);
        let rows = rows.map_err(|_| StoreError::Inconsistent {
            table: "deliveries",
            column: "budget_attempts",
            id: endpoint_id.as_i64(),
        })?;
        let scheduled = |(due_at, attempts, started_at, held_before_ms)| Scheduled {
            due_at: self.wall_clock(due_at),
            attempts,
            started_at: self.wall_clock(started_at),
            held_before_ms,
        };
        Ok(rows.into_iter().map(scheduled).collect())
    }
}

fn endpoint(row: &SqliteRow) -> Result<EndpointId, StoreError> {
    Ok(EndpointId::from_i64(row.try_get(0)?))
}
