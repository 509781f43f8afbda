//! Which deliveries replays and persons moved since an instant: what was dead then and is not what it was is among them.

use std::collections::BTreeSet;

use sqlx::Row;

use super::deliveries::{decode_shown, delivery_columns};
use super::error::StoreError;
use super::handle::Store;
use super::rows::number_list;
use crate::domain::delivery::Delivery;
use crate::domain::id::{AuditId, DeliveryId};
use crate::domain::time::Timestamp;

/// Replays that are looked at; beyond them the answer is that nothing tells.
const REPLAYS_MAX: usize = 1_000;

/// Replays that went on after `$1`, at most `$2` of those that ended.
pub(super) const SELECT_GOING: &str = "SELECT id, items_timed FROM (SELECT id, items_timed FROM replays \
     WHERE ended_at > $1 AND ended_at IS NOT NULL LIMIT $2) UNION ALL SELECT id, items_timed FROM replays \
     WHERE state IN ('running', 'paused', 'stopped') \
     AND state IN ('planning', 'planned', 'running', 'paused', 'stopped')";
/// Items of the replay `$1` that were released after `$2`, of deliveries made before `$3`.
pub(super) const SELECT_RELEASED: &str = "SELECT delivery_id FROM replay_items WHERE replay_id = $1 \
     AND released_at > $2 AND delivery_id < $3 ORDER BY delivery_id DESC LIMIT $4";
/// What persons did so to single deliveries.
pub(super) const SELECT_SUBJECTS: &str = "SELECT subject FROM audit WHERE action = $1 AND id >= $2 AND at > $3 \
     AND subject IS NOT NULL ORDER BY id DESC LIMIT $4";
/// `$1` holds ids.
pub(super) const SELECT_THESE: &str = concat!(
    "SELECT ",
    delivery_columns!(),
    ", p.status FROM json_each($1) i CROSS JOIN deliveries d ON d.id = i.value \
     CROSS JOIN endpoints p ON p.id = d.endpoint_id"
);

/// Deliveries that were moved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Moved {
    /// The newest of them, newest first.
    pub ids: Vec<DeliveryId>,
    /// Whether there are more.
    pub more: bool,
}

impl Store {
    /// The deliveries made before `before` that a replay or a person moved after `at`, the newest `most` of them; `None`
    /// where that is not written down one by one: many were discarded together, a replay began under an older version,
    /// or there are too many replays. To be asked while the items of all replays that ended since are kept.
    ///
    /// # Errors
    /// [`StoreError::Inconsistent`] for a row that cannot be read, [`StoreError::Unavailable`].
    pub async fn moved_since(
        &self,
        at: Timestamp,
        before: DeliveryId,
        most: usize,
    ) -> Result<Option<Moved>, StoreError> {
        if !self.subjects("dead.discard", at, 1).await?.is_empty() {
            return Ok(None);
        }
        let limit = most.saturating_add(1);
        let mut ids = BTreeSet::new();
        for action in ["delivery.replay", "delivery.discard"] {
            let subjects = self.subjects(action, at, limit).await?;
            // Those beyond are older moves, not older deliveries.
            if subjects.len() > most {
                return Ok(None);
            }
            let moved = subjects.iter().filter_map(|subject| subject.parse().ok());
            ids.extend(moved.filter(|id: &DeliveryId| *id < before));
        }
        let replays = sqlx::query(SELECT_GOING)
            .bind(at.as_millis())
            .bind(count(REPLAYS_MAX))
            .fetch_all(self.readers())
            .await?;
        if replays.len() >= REPLAYS_MAX {
            return Ok(None);
        }
        for replay in &replays {
            if !replay.try_get::<bool, _>(1)? {
                return Ok(None);
            }
            let rows = sqlx::query(SELECT_RELEASED)
                .bind(replay.try_get::<i64, _>(0)?)
                .bind(at.as_millis())
                .bind(before.as_i64())
                .bind(count(limit))
                .fetch_all(self.readers())
                .await?;
            for row in &rows {
                ids.insert(DeliveryId::from_i64(row.try_get(0)?));
            }
            while ids.len() > limit {
                ids.pop_first();
            }
        }
        let more = ids.len() > most;
        let ids = ids.into_iter().rev().take(most).collect();
        Ok(Some(Moved { ids, more }))
    }

    /// These deliveries as they are, those of them that are kept.
    ///
    /// # Errors
    /// [`StoreError::Inconsistent`] for a row that cannot be read, [`StoreError::Unavailable`].
    pub async fn these_deliveries(&self, ids: &[DeliveryId]) -> Result<Vec<Delivery>, StoreError> {
        let ids: Vec<i64> = ids.iter().map(|id| id.as_i64()).collect();
        let rows = sqlx::query(SELECT_THESE)
            .bind(number_list(&ids))
            .fetch_all(self.readers())
            .await?;
        let offset = self.clock_offset_ms();
        rows.iter().map(|row| decode_shown(row, offset)).collect()
    }

    async fn subjects(
        &self,
        action: &'static str,
        at: Timestamp,
        most: usize,
    ) -> Result<Vec<String>, StoreError> {
        let rows = sqlx::query(SELECT_SUBJECTS)
            .bind(action)
            .bind(AuditId::first_at(at).as_i64())
            .bind(at.as_millis())
            .bind(count(most))
            .fetch_all(self.readers())
            .await?;
        let subjects: Result<Vec<String>, _> = rows.iter().map(|row| row.try_get(0)).collect();
        Ok(subjects?)
    }
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
