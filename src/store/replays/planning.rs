//! Plans: frozen item by item, completed, and removed once they have expired.

use sqlx::Row;

use super::rows::{StoredReplay, read_in};
use crate::domain::id::ReplayId;
use crate::domain::limits::REPLAY_PLANS_MAX;
use crate::domain::replay::{Flight, Planned};
use crate::domain::time::Timestamp;
use crate::store::cold::{ColdCommand, WriteTx};
use crate::store::error::StoreError;
use crate::store::handle::Store;

/// Items that one step removes.
const REMOVED_MAX: i64 = 2_000;

const INSERT: &str = "INSERT INTO replays (id, selection, state, who, created_at, expires_at) \
     VALUES ($1, $2, 'planning', $3, $4, $5)";
pub(super) const COUNT_PLANS: &str =
    "SELECT count(*) FROM replays WHERE expires_at > $1 AND expires_at IS NOT NULL";
const INSERT_ITEMS: &str = "INSERT INTO replay_items (replay_id, delivery_id, planned) \
     SELECT $1, value->>0, value->>1 FROM jsonb_each($2)";
pub(super) const COMPLETE: &str = "UPDATE replays SET state = 'planned', total = $2, waiting = $2, flight = $3, \
     expires_at = $4 WHERE id = $1 AND state = 'planning'";
pub(super) const SELECT_EXPIRED: &str = "SELECT id FROM replays WHERE expires_at <= $1 \
     AND expires_at IS NOT NULL LIMIT 1";
pub(super) const SELECT_OLD: &str = "SELECT r.id FROM replays r WHERE r.ended_at <= $1 AND r.ended_at IS NOT NULL \
     AND EXISTS (SELECT 1 FROM replay_items i WHERE i.replay_id = r.id) ORDER BY r.ended_at LIMIT 1";
pub(super) const DELETE_ITEMS: &str = "DELETE FROM replay_items WHERE (replay_id, delivery_id) IN \
     (SELECT replay_id, delivery_id FROM replay_items WHERE replay_id = $1 LIMIT $2)";
pub(super) const DELETE_PLAN: &str =
    "DELETE FROM replays WHERE id = $1 AND state IN ('planning', 'planned')";

impl Store {
    /// Begins a plan without items, which expires at `expires_at` unless it is completed.
    ///
    /// # Errors
    /// [`StoreError::TooMany`] plans wait to be started.
    pub async fn begin_replay_plan(
        &self,
        id: ReplayId,
        selection: String,
        who: String,
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        self.change(Begin {
            id,
            selection,
            who,
            expires_at,
        })
        .await
    }

    /// Freezes items; to be called with a few thousand at most.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Full`].
    pub async fn add_replay_items(
        &self,
        id: ReplayId,
        items: &[Planned],
    ) -> Result<(), StoreError> {
        let rows: Vec<_> = items
            .iter()
            .map(|item| (item.id.as_i64(), item.state))
            .collect();
        let rows = serde_json::to_string(&rows).expect("numbers and words serialise");
        self.change(AddItems { id, rows }).await
    }

    /// Completes a plan: from now on it can be started, until `expires_at`.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when it has expired.
    pub async fn complete_replay_plan(
        &self,
        id: ReplayId,
        flight: Flight,
        expires_at: Timestamp,
    ) -> Result<StoredReplay, StoreError> {
        self.change(Complete {
            id,
            flight,
            expires_at,
        })
        .await
    }

    /// Makes a plan expire at once.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn drop_replay_plan(&self, id: ReplayId) -> Result<(), StoreError> {
        while !self.change(Remove { id }).await? {}
        Ok(())
    }

    /// Removes one chunk of what replays need no more: expired plans, and the items of replays that ended before
    /// `old`. Answers whether there may be more.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn tidy_replays(&self, old: Timestamp) -> Result<bool, StoreError> {
        let expired = sqlx::query(SELECT_EXPIRED)
            .bind(self.time().now().as_millis())
            .fetch_optional(self.readers())
            .await?;
        let found = match expired {
            Some(row) => Some(row),
            None => {
                sqlx::query(SELECT_OLD)
                    .bind(old.as_millis())
                    .fetch_optional(self.readers())
                    .await?
            }
        };
        let Some(row) = found else { return Ok(false) };
        let id = ReplayId::from_i64(row.try_get(0)?);
        self.change(Remove { id }).await?;
        Ok(true)
    }
}

struct Begin {
    id: ReplayId,
    selection: String,
    who: String,
    expires_at: Timestamp,
}

impl ColdCommand for Begin {
    type Output = ();

    async fn run(&mut self, tx: &mut WriteTx<'_>) -> Result<(), StoreError> {
        let row = sqlx::query(COUNT_PLANS)
            .bind(tx.now.as_millis())
            .fetch_one(&mut *tx.connection)
            .await?;
        let plans: i64 = row.try_get(0)?;
        if usize::try_from(plans).unwrap_or(usize::MAX) >= REPLAY_PLANS_MAX {
            return Err(StoreError::TooMany {
                noun: "plans",
                max: REPLAY_PLANS_MAX,
            });
        }
        sqlx::query(INSERT)
            .bind(self.id.as_i64())
            .bind(self.selection.clone())
            .bind(self.who.clone())
            .bind(tx.now.as_millis())
            .bind(self.expires_at.as_millis())
            .execute(&mut *tx.connection)
            .await?;
        Ok(())
    }
}

struct AddItems {
    id: ReplayId,
    rows: String,
}

impl ColdCommand for AddItems {
    type Output = ();

    async fn run(&mut self, tx: &mut WriteTx<'_>) -> Result<(), StoreError> {
        sqlx::query(INSERT_ITEMS)
            .bind(self.id.as_i64())
            .bind(std::mem::take(&mut self.rows))
            .execute(&mut *tx.connection)
            .await?;
        Ok(())
    }
}

struct Complete {
    id: ReplayId,
    flight: Flight,
    expires_at: Timestamp,
}

impl ColdCommand for Complete {
    type Output = StoredReplay;

    async fn run(&mut self, tx: &mut WriteTx<'_>) -> Result<StoredReplay, StoreError> {
        let flight = serde_json::to_string(&self.flight).expect("a flight plan serialises");
        let done = sqlx::query(COMPLETE)
            .bind(self.id.as_i64())
            .bind(i64::try_from(self.flight.matched).unwrap_or(i64::MAX))
            .bind(flight)
            .bind(self.expires_at.as_millis())
            .execute(&mut *tx.connection)
            .await?;
        if done.rows_affected() == 0 {
            return Err(StoreError::not_found("plan", &self.id));
        }
        read_in(tx.connection, self.id).await
    }
}

/// Removes a chunk of items and, after the last, the row if it is a plan's. Answers whether all is gone.
struct Remove {
    id: ReplayId,
}

impl ColdCommand for Remove {
    type Output = bool;

    async fn run(&mut self, tx: &mut WriteTx<'_>) -> Result<bool, StoreError> {
        let done = sqlx::query(DELETE_ITEMS)
            .bind(self.id.as_i64())
            .bind(REMOVED_MAX)
            .execute(&mut *tx.connection)
            .await?;
        if done.rows_affected() >= REMOVED_MAX.unsigned_abs() {
            return Ok(false);
        }
        sqlx::query(DELETE_PLAN)
            .bind(self.id.as_i64())
            .execute(&mut *tx.connection)
            .await?;
        Ok(true)
    }
}
