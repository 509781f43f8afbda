//! What lanes load: the due and the fresh deliveries of one endpoint, with their events.

use std::sync::Arc;

use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::deliveries::{COLUMNS, decode, delivery_columns};
use super::error::StoreError;
use super::events::{self, event_columns};
use super::handle::Store;
use crate::domain::delivery::Delivery;
use crate::domain::event::Event;
use crate::domain::id::{DeliveryId, EndpointId};
use crate::domain::time::Timestamp;

pub(super) const SELECT_FRESH: &str = concat!(
    "SELECT ",
    delivery_columns!(),
    ", ",
    event_columns!(),
    " FROM deliveries d LEFT JOIN events e ON e.id = d.event_id \
     WHERE d.state = 'pending' AND d.next_attempt_at IS NULL AND d.endpoint_id = $1 AND d.id > $2 \
     ORDER BY d.id LIMIT $3"
);
pub(super) const SELECT_DUE: &str = concat!(
    "SELECT ",
    delivery_columns!(),
    ", ",
    event_columns!(),
    " FROM deliveries d LEFT JOIN events e ON e.id = d.event_id \
     WHERE d.state = 'pending' AND d.next_attempt_at IS NOT NULL AND d.endpoint_id = $1 \
     AND d.next_attempt_at <= $2 ORDER BY d.next_attempt_at, d.id LIMIT $3"
);
pub(super) const SELECT_PENDING: &str = concat!(
    "SELECT ",
    delivery_columns!(),
    ", ",
    event_columns!(),
    " FROM deliveries d LEFT JOIN events e ON e.id = d.event_id WHERE d.id IN ( \
     SELECT * FROM (SELECT f.id FROM deliveries f WHERE f.state = 'pending' AND f.next_attempt_at IS NULL \
     AND f.endpoint_id = $1 AND f.id > $2 ORDER BY f.id LIMIT $3) \
     UNION ALL SELECT * FROM (SELECT s.id FROM deliveries s WHERE s.state = 'pending' \
     AND s.next_attempt_at IS NOT NULL AND s.endpoint_id = $1 AND s.id > $2 ORDER BY s.id LIMIT $3)) \
     ORDER BY d.id LIMIT $3"
);
pub(super) const SELECT_FRESH_AHEAD: &str = "SELECT count(*) FROM (SELECT 1 FROM deliveries d \
     WHERE d.state = 'pending' AND d.next_attempt_at IS NULL AND d.endpoint_id = $1 AND d.id < $2 LIMIT $3)";
pub(super) const SELECT_SCHEDULED_AHEAD: &str = "SELECT count(*) FROM (SELECT 1 FROM deliveries d \
     WHERE d.state = 'pending' AND d.next_attempt_at IS NOT NULL AND d.endpoint_id = $1 \
     AND d.next_attempt_at < $2 AND d.id < $3 LIMIT $4)";
pub(super) const SELECT_DUE_AFTER: &str = "SELECT d.next_attempt_at FROM deliveries d \
     WHERE d.state = 'pending' AND d.next_attempt_at IS NOT NULL AND d.endpoint_id = $1 \
     AND d.next_attempt_at > $2 ORDER BY d.next_attempt_at LIMIT 1";
const SELECT_WITH_PENDING: &str =
    "SELECT c.endpoint_id, c.pending FROM endpoint_counters c WHERE c.pending > 0";
/// Of the fresh ones the first accepted is the first by id, so that only one row is read.
pub(super) const SELECT_OLDEST: &str = "WITH waiting (due, fresh) AS (SELECT \
     min((SELECT min(d.next_attempt_at) FROM deliveries d WHERE d.endpoint_id = c.endpoint_id \
     AND d.state = 'pending' AND d.next_attempt_at IS NOT NULL)), \
     min((SELECT f.id FROM deliveries f WHERE f.endpoint_id = c.endpoint_id \
     AND f.state = 'pending' AND f.next_attempt_at IS NULL ORDER BY f.id LIMIT 1)) \
     FROM endpoint_counters c WHERE c.pending > 0 \
     AND c.endpoint_id NOT IN (SELECT p.id FROM endpoints p WHERE p.status <> 'active')) \
     SELECT w.due, (SELECT d.budget_started_at FROM deliveries d WHERE d.id = w.fresh) FROM waiting w";

/// A delivery as a lane takes it up.
#[derive(Clone, Debug)]
pub struct LaneRow {
    /// The delivery's id: known even when the rest cannot be read.
    pub id: DeliveryId,
    /// The delivery and its event, or why they cannot be read: the lane makes such a delivery dead
    /// ([`Store::mark_undeliverable`]) and goes on.
    pub work: Result<(Delivery, Arc<Event>), StoreError>,
}

impl Store {
    /// Pending deliveries of an endpoint that were tried or replayed and are due at `now`, the longest due first.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; rows that cannot be read come as such.
    pub async fn lane_due(
        &self,
        endpoint_id: EndpointId,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<LaneRow>, StoreError> {
        let offset = self.clock_offset_ms();
        let rows = sqlx::query(SELECT_DUE)
            .bind(endpoint_id.as_i64())
            .bind(now.as_millis().saturating_add(offset))
            .bind(limit)
            .fetch_all(self.readers())
            .await?;
        rows.iter().map(|row| lane_row(row, offset)).collect()
    }

    /// Pending deliveries of an endpoint that were never tried, in the order of acceptance, from behind `after` on.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; rows that cannot be read come as such.
    pub async fn lane_fresh(
        &self,
        endpoint_id: EndpointId,
        after: Option<DeliveryId>,
        limit: u32,
    ) -> Result<Vec<LaneRow>, StoreError> {
        let rows = sqlx::query(SELECT_FRESH)
            .bind(endpoint_id.as_i64())
            .bind(after.map_or(0, DeliveryId::as_i64))
            .bind(limit)
            .fetch_all(self.readers())
            .await?;
        let offset = self.clock_offset_ms();
        rows.iter().map(|row| lane_row(row, offset)).collect()
    }

    /// All pending deliveries of an endpoint, scheduled or not, in the order of acceptance, from behind `after` on:
    /// what an ordered lane works on.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; rows that cannot be read come as such.
    pub async fn lane_pending(
        &self,
        endpoint_id: EndpointId,
        after: Option<DeliveryId>,
        limit: u32,
    ) -> Result<Vec<LaneRow>, StoreError> {
        let rows = sqlx::query(SELECT_PENDING)
            .bind(endpoint_id.as_i64())
            .bind(after.map_or(0, DeliveryId::as_i64))
            .bind(limit)
            .fetch_all(self.readers())
            .await?;
        let offset = self.clock_offset_ms();
        rows.iter().map(|row| lane_row(row, offset)).collect()
    }

    /// When the first tried or replayed delivery of an endpoint is due that is not due at `now`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn lane_due_after(
        &self,
        endpoint_id: EndpointId,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, StoreError> {
        let row = sqlx::query(SELECT_DUE_AFTER)
            .bind(endpoint_id.as_i64())
            .bind(now.as_millis().saturating_add(self.clock_offset_ms()))
            .fetch_optional(self.readers())
            .await?;
        let steady: Option<i64> = row.map(|row| row.try_get(0)).transpose()?;
        Ok(steady.map(|steady| self.wall_clock(steady)))
    }

    /// How many pending deliveries of its endpoint come before a pending delivery, counted up to `most`: older ones in
    /// an ordered lane, else those that were due before it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn ahead_of(
        &self,
        delivery: &Delivery,
        ordered: bool,
        now: Timestamp,
        most: u32,
    ) -> Result<u32, StoreError> {
        let (own, any) = (delivery.id.as_i64(), i64::MAX);
        let steady = |at: Timestamp| at.as_millis().saturating_add(self.clock_offset_ms());
        let (fresh_below, scheduled_before, scheduled_below) = match delivery.next_attempt_at {
            _ if ordered => (own, any, own),
            Some(at) => (any, steady(at), any),
            None => (own, steady(now.moved_by(1)), any),
        };
        let fresh = sqlx::query(SELECT_FRESH_AHEAD)
            .bind(delivery.endpoint_id.as_i64())
            .bind(fresh_below)
            .bind(most)
            .fetch_one(self.readers());
        let fresh: u32 = fresh.await?.try_get(0)?;
        let scheduled = sqlx::query(SELECT_SCHEDULED_AHEAD)
            .bind(delivery.endpoint_id.as_i64())
            .bind(scheduled_before)
            .bind(scheduled_below)
            .bind(most)
            .fetch_one(self.readers());
        let scheduled: u32 = scheduled.await?.try_get(0)?;
        Ok(fresh.saturating_add(scheduled).min(most))
    }

    /// Endpoints with pending deliveries (held ones too) and how many: where lanes start from after a restart.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn endpoints_with_pending(&self) -> Result<Vec<(EndpointId, u64)>, StoreError> {
        let rows = sqlx::query(SELECT_WITH_PENDING)
            .fetch_all(self.readers())
            .await?;
        rows.iter()
            .map(|row| {
                let pending: i64 = row.try_get(1)?;
                let pending = u64::try_from(pending).unwrap_or(0);
                Ok((EndpointId::from_i64(row.try_get(0)?), pending))
            })
            .collect()
    }

    /// Since when the longest waiting delivery of an active endpoint is due; `None` when nothing waits. May lie in
    /// the future, when all that waits is scheduled.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn oldest_due(&self) -> Result<Option<Timestamp>, StoreError> {
        let row = sqlx::query(SELECT_OLDEST).fetch_one(self.readers()).await?;
        let (tried, fresh): (Option<i64>, Option<i64>) = (row.try_get(0)?, row.try_get(1)?);
        let oldest = tried.into_iter().chain(fresh).min();
        Ok(oldest.map(|steady| self.wall_clock(steady)))
    }
}

fn lane_row(row: &SqliteRow, clock_offset_ms: i64) -> Result<LaneRow, StoreError> {
    let id = DeliveryId::from_i64(row.try_get(0)?);
    let work = decode(row, 0, clock_offset_ms).and_then(|delivery| {
        let stored = events::decode(row, COLUMNS)?;
        if stored.payload_gone {
            return Err(StoreError::PayloadGone {
                event_id: delivery.event_id,
            });
        }
        Ok((delivery, stored.event))
    });
    Ok(LaneRow { id, work })
}
