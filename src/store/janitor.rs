//! Taking away what is past its time, in chunks that never hold the writer up for long.
//!
//! The janitor walks the tables by id, a chunk at a time, and remembers how far it is: what must stay is looked at
//! once a round, not once a chunk. Only final deliveries go, after their attempts; an event goes after its last
//! delivery, an endpoint that was deleted after its last one too. The ledger counts deliveries ever made: taking a row
//! moves no count, it is noted as removed.

use sqlx::{AssertSqlSafe, Row};

use super::cold::{ColdCommand, WriteTx};
use super::day_sketches::{self, DELETE_DAYS};
use super::departed::{self, DELETE_CAUSE_MINUTES, DELETE_EXPIRED, DELETE_REVOKED};
use super::error::StoreError;
use super::handle::Store;
use super::ledger::{LedgerMoves, day_of_column};
use super::record::DeliveryChange;
use super::replays::end_item;
use super::sketches::take_sketches;
use super::taken;
use crate::domain::delivery::{DeliveryState, DiscardReason};
use crate::domain::id::{DeliveryId, EndpointId, EventId};
use crate::domain::replay::Outcome;
use crate::domain::retention::{RetentionPlan, Usage};

/// Rows that one step looks at.
const CHUNK_ROWS: i64 = 250;
/// Bytes of payloads that one step frees, about: freed pages are written too.
const CHUNK_BYTES: i64 = 2 * 1024 * 1024;
/// Causes that one step takes: each has a row for every endpoint that failed so.
const CAUSES_TAKEN: i64 = 1;
/// Free pages (16 MiB) that are kept in the file for reuse.
const FREE_PAGES_KEPT: i64 = 4_096;

pub(super) const SCAN_ATTEMPTS: &str = "SELECT id, coalesce(length(response_body), 0) FROM attempts \
     WHERE id > $1 AND id < $2 ORDER BY id LIMIT $3";
pub(super) const DELETE_ATTEMPTS: &str = "DELETE FROM attempts WHERE id > $1 AND id <= $2 AND EXISTS (SELECT 1 \
     FROM deliveries d WHERE d.id = attempts.delivery_id \
     AND (d.state IN ('delivered', 'discarded') OR (d.state = 'dead' AND attempts.id < $3)))";
pub(super) const SCAN_DELIVERIES: &str =
    "SELECT id, 0 FROM deliveries WHERE id > $1 AND id < $2 ORDER BY id LIMIT $3";
pub(super) const COUNT_DELIVERIES: &str = "INSERT INTO endpoint_counters (endpoint_id, removed_delivered, removed_dead, \
     removed_discarded) \
     SELECT endpoint_id, sum(state = 'delivered'), sum(state = 'dead'), sum(state = 'discarded') FROM deliveries d \
     WHERE id > $1 AND id <= $2 AND (state IN ('delivered', 'discarded') OR (state = 'dead' AND id < $3)) \
     AND NOT EXISTS (SELECT 1 FROM attempts a WHERE a.delivery_id = d.id) GROUP BY endpoint_id \
     ON CONFLICT (endpoint_id) DO UPDATE SET removed_delivered = removed_delivered + excluded.removed_delivered, \
     removed_dead = removed_dead + excluded.removed_dead, \
     removed_discarded = removed_discarded + excluded.removed_discarded";
pub(super) const COUNT_DAYS: &str = concat!(
    "INSERT INTO day_counters (day, removed_delivered, removed_dead, removed_discarded) SELECT ",
    day_of_column!("id"),
    ", sum(state = 'delivered'), sum(state = 'dead'), sum(state = 'discarded') FROM deliveries d \
     WHERE id > $1 AND id <= $2 AND (state IN ('delivered', 'discarded') OR (state = 'dead' AND id < $3)) \
     AND NOT EXISTS (SELECT 1 FROM attempts a WHERE a.delivery_id = d.id) GROUP BY 1 \
     ON CONFLICT (day) DO UPDATE SET removed_delivered = removed_delivered + excluded.removed_delivered, \
     removed_dead = removed_dead + excluded.removed_dead, \
     removed_discarded = removed_discarded + excluded.removed_discarded"
);
pub(super) const DELETE_DELIVERIES: &str = "DELETE FROM deliveries WHERE id > $1 AND id <= $2 \
     AND (state IN ('delivered', 'discarded') OR (state = 'dead' AND id < $3)) \
     AND NOT EXISTS (SELECT 1 FROM attempts a WHERE a.delivery_id = deliveries.id)";
pub(super) const SCAN_EVENTS: &str = "SELECT id, coalesce(length(data), 0) FROM events WHERE id > $1 AND id < $2 \
     ORDER BY id LIMIT $3";
pub(super) const DELETE_EVENTS: &str = "DELETE FROM events WHERE id > $1 AND id <= $2 AND id < $3 \
     AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.event_id = events.id)";
pub(super) const DROP_PAYLOADS: &str = "UPDATE events SET data = NULL, attributes = NULL \
     WHERE id > $1 AND id <= $2 AND data IS NOT NULL AND NOT EXISTS (SELECT 1 FROM deliveries d \
     WHERE d.event_id = events.id AND d.state IN ('pending', 'dead'))";
pub(super) const DELETE_AUDIT: &str =
    "DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE id < $1 ORDER BY id LIMIT $2)";
const MOVE_AUDIT_EDGE: &str = "UPDATE audit_edge SET before = $1 WHERE id = 1 AND before < $1";
pub(super) const DELETE_MINUTES: &str = "DELETE FROM minute_stats WHERE (minute, endpoint_id) IN \
     (SELECT minute, endpoint_id FROM minute_stats WHERE minute < $1 ORDER BY minute, endpoint_id LIMIT $2)";
pub(super) const DELETE_MINUTE_TOTALS: &str = "DELETE FROM minute_totals WHERE minute IN \
     (SELECT minute FROM minute_totals WHERE minute < $1 ORDER BY minute LIMIT $2)";
pub(super) const DELETE_MINUTE_EVENTS: &str = "DELETE FROM minute_events WHERE minute IN \
     (SELECT minute FROM minute_events WHERE minute < $1 ORDER BY minute LIMIT $2)";
const SELECT_USAGE: &str = "SELECT (SELECT page_count FROM pragma_page_count), \
     (SELECT freelist_count FROM pragma_freelist_count), (SELECT page_size FROM pragma_page_size), \
     (SELECT min(id) FROM events)";
const SELECT_FREE_PAGES: &str = "PRAGMA freelist_count";
const SELECT_DELETED: &str = "SELECT c.endpoint_id FROM endpoint_counters c \
     JOIN endpoints p ON p.id = c.endpoint_id WHERE c.pending > 0 AND p.status = 'deleted' LIMIT 1";
pub(super) const SELECT_ORPHANS: &str = "SELECT id FROM (SELECT id FROM deliveries WHERE state = 'pending' \
     AND next_attempt_at IS NULL AND endpoint_id = $1 LIMIT $2) \
     UNION ALL SELECT id FROM (SELECT id FROM deliveries WHERE state = 'pending' \
     AND next_attempt_at IS NOT NULL AND endpoint_id = $1 LIMIT $2) LIMIT $2";
const DISCARD_ORPHAN: &str = "UPDATE deliveries SET state = 'discarded', reason = 'endpoint_deleted', \
     next_attempt_at = NULL, updated_at = $2 WHERE id = $1 AND state = 'pending'";

/// How far a round of the janitor is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RetentionProgress {
    stage: Stage,
    /// The last row looked at in this stage.
    after: i64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    Attempts,
    Deliveries,
    Events,
    Audit,
    Tokens,
    Endpoints,
    Days,
    Minutes,
    Pages,
    Done,
}

/// Rows that a step took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Removed {
    /// Attempts.
    pub attempts: u64,
    /// Deliveries.
    pub deliveries: u64,
    /// Payloads of events that stay.
    pub payloads: u64,
    /// Events.
    pub events: u64,
    /// Tokens that had ended.
    pub tokens: u64,
    /// Endpoints that were deleted.
    pub endpoints: u64,
    /// Audit entries and minutes of statistics.
    pub others: u64,
}

impl Removed {
    /// Adds what another step took.
    pub const fn add(&mut self, other: Self) {
        self.attempts += other.attempts;
        self.deliveries += other.deliveries;
        self.payloads += other.payloads;
        self.events += other.events;
        self.tokens += other.tokens;
        self.endpoints += other.endpoints;
        self.others += other.others;
    }
}

impl RetentionProgress {
    /// Whether the round is over; the next one starts from `default()`.
    pub const fn is_done(self) -> bool {
        matches!(self.stage, Stage::Done)
    }
}

impl Store {
    /// One small step of a retention round: looks at up to 250 rows and takes those that may go. The caller lets
    /// others write in between, and goes on with the progress that is returned until it is done.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]. A full disk does not stop it: it makes room.
    pub async fn retention_step(
        &self,
        plan: RetentionPlan,
        progress: RetentionProgress,
    ) -> Result<(RetentionProgress, Removed), StoreError> {
        self.change(RetentionStep { plan, progress }).await
    }

    /// What the rows take now.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn usage(&self) -> Result<Usage, StoreError> {
        let row = sqlx::query(SELECT_USAGE).fetch_one(self.readers()).await?;
        let (pages, free, page_bytes): (i64, i64, i64) =
            (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        let used = (pages - free).saturating_mul(page_bytes);
        let oldest: Option<i64> = row.try_get(3)?;
        Ok(Usage {
            bytes: u64::try_from(used).unwrap_or(0),
            oldest: oldest.map(|id| EventId::from_i64(id).timestamp()),
        })
    }

    /// Discards up to 250 pending deliveries of deleted endpoints; answers how many. Zero means that none is left.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Full`].
    pub async fn discard_orphans(&self) -> Result<u64, StoreError> {
        self.change(DiscardOrphans).await
    }
}

struct RetentionStep {
    plan: RetentionPlan,
    progress: RetentionProgress,
}

impl ColdCommand for RetentionStep {
    type Output = (RetentionProgress, Removed);

    async fn run(&mut self, tx: &mut WriteTx<'_>) -> Result<Self::Output, StoreError> {
        let mut removed = Removed::default();
        let next = match self.progress.stage {
            Stage::Attempts => self.attempts(tx, &mut removed).await?,
            Stage::Deliveries => self.deliveries(tx, &mut removed).await?,
            Stage::Events => self.events(tx, &mut removed).await?,
            Stage::Audit => {
                let edge = self.plan.audit_before.as_i64();
                // The log lets go of nothing that is not below its edge.
                sqlx::query(MOVE_AUDIT_EDGE)
                    .bind(edge)
                    .execute(&mut *tx.connection)
                    .await?;
                let gone = delete_chunk(tx, DELETE_AUDIT, edge).await?;
                removed.others = gone;
                self.stay_while(gone, Stage::Tokens)
            }
            Stage::Tokens => {
                let edge = self.plan.tokens_before.as_millis();
                let gone = delete_chunk(tx, DELETE_REVOKED, edge).await?
                    + delete_chunk(tx, DELETE_EXPIRED, edge).await?;
                removed.tokens = gone;
                self.stay_while(gone, Stage::Endpoints)
            }
            Stage::Endpoints => self.endpoints(tx, &mut removed).await?,
            Stage::Days => {
                let rolled_up = day_sketches::roll_up(tx).await?;
                self.stay_while(rolled_up, Stage::Minutes)
            }
            Stage::Minutes => {
                let open_since = day_sketches::open_since(tx.now);
                let edge = self.plan.minutes_before.as_millis();
                let totals_edge = self.plan.totals_before.as_millis();
                let gone = delete_chunk(tx, DELETE_MINUTES, edge).await?
                    + delete_chunk(tx, DELETE_MINUTE_TOTALS, totals_edge).await?
                    + delete_chunk(tx, DELETE_MINUTE_EVENTS, totals_edge).await?
                    + delete_chunk(tx, DELETE_CAUSE_MINUTES, edge).await?
                    + delete_chunk(tx, DELETE_DAYS, totals_edge).await?
                    + take_sketches(tx, edge, open_since, CHUNK_ROWS).await?
                    + departed::take_causes(tx, edge, CAUSES_TAKEN).await?;
                removed.others = gone;
                self.stay_while(gone, Stage::Pages)
            }
            Stage::Pages => {
                let freed = give_pages_back(tx).await?;
                self.stay_while(freed, Stage::Done)
            }
            Stage::Done => self.progress,
        };
        Ok((next, removed))
    }
}

impl RetentionStep {
    async fn attempts(
        &self,
        tx: &mut WriteTx<'_>,
        removed: &mut Removed,
    ) -> Result<RetentionProgress, StoreError> {
        let edge = self.plan.attempts_before.as_i64();
        let Some(last) = self.scan(tx, SCAN_ATTEMPTS, edge).await? else {
            return Ok(RetentionProgress::at(Stage::Deliveries));
        };
        let dead_edge = self.plan.dead_attempts_before.as_i64();
        removed.attempts = self.delete(tx, DELETE_ATTEMPTS, last, dead_edge).await?;
        Ok(self.moved_to(last))
    }

    async fn deliveries(
        &self,
        tx: &mut WriteTx<'_>,
        removed: &mut Removed,
    ) -> Result<RetentionProgress, StoreError> {
        let edge = self.plan.deliveries_before.as_i64();
        let Some(last) = self.scan(tx, SCAN_DELIVERIES, edge).await? else {
            return Ok(RetentionProgress::at(Stage::Events));
        };
        // The counts of days will have what goes now, which must not be taken for what an older version took.
        let known = taken::taken_before(tx.connection).await?;
        let dead_edge = self.plan.dead_before.as_i64();
        self.delete(tx, COUNT_DELIVERIES, last, dead_edge).await?;
        self.delete(tx, COUNT_DAYS, last, dead_edge).await?;
        removed.deliveries = self.delete(tx, DELETE_DELIVERIES, last, dead_edge).await?;
        if removed.deliveries > 0 {
            taken::note(tx, known, self.plan.deliveries_before.timestamp()).await?;
        }
        Ok(self.moved_to(last))
    }

    async fn events(
        &self,
        tx: &mut WriteTx<'_>,
        removed: &mut Removed,
    ) -> Result<RetentionProgress, StoreError> {
        let edge = self
            .plan
            .payloads_before
            .max(self.plan.events_before)
            .as_i64();
        let Some(last) = self.scan(tx, SCAN_EVENTS, edge).await? else {
            return Ok(RetentionProgress::at(Stage::Audit));
        };
        let events_edge = self.plan.events_before.as_i64();
        removed.events = self.delete(tx, DELETE_EVENTS, last, events_edge).await?;
        if removed.events > 0 {
            let known = taken::taken_before(tx.connection).await?;
            taken::note(tx, known, self.plan.events_before.timestamp()).await?;
        }
        let payloads_last = last.min(self.plan.payloads_before.as_i64() - 1);
        removed.payloads = self.delete(tx, DROP_PAYLOADS, payloads_last, 0).await?;
        Ok(self.moved_to(last))
    }

    async fn endpoints(
        &self,
        tx: &mut WriteTx<'_>,
        removed: &mut Removed,
    ) -> Result<RetentionProgress, StoreError> {
        let (after, edge) = (self.progress.after, self.plan.endpoints_before);
        let (gone, last) = departed::take_endpoints(tx, after, edge, CHUNK_ROWS).await?;
        removed.endpoints = gone;
        Ok(last.map_or(RetentionProgress::at(Stage::Days), |last| {
            self.moved_to(last)
        }))
    }

    /// The last id of the next chunk below `edge`; `None` where nothing is left.
    async fn scan(
        &self,
        tx: &mut WriteTx<'_>,
        sql: &'static str,
        edge: i64,
    ) -> Result<Option<i64>, StoreError> {
        let rows = sqlx::query(sql)
            .bind(self.progress.after)
            .bind(edge)
            .bind(CHUNK_ROWS)
            .fetch_all(&mut *tx.connection)
            .await?;
        let (mut last, mut bytes) = (None, 0);
        for row in &rows {
            last = Some(row.try_get(0)?);
            bytes += row.try_get::<i64, _>(1)?;
            if bytes > CHUNK_BYTES {
                break;
            }
        }
        Ok(last)
    }

    async fn delete(
        &self,
        tx: &mut WriteTx<'_>,
        sql: &'static str,
        last: i64,
        edge: i64,
    ) -> Result<u64, StoreError> {
        let done = sqlx::query(sql)
            .bind(self.progress.after)
            .bind(last)
            .bind(edge)
            .execute(&mut *tx.connection)
            .await?;
        Ok(done.rows_affected())
    }

    const fn moved_to(&self, after: i64) -> RetentionProgress {
        RetentionProgress {
            stage: self.progress.stage,
            after,
        }
    }

    const fn stay_while(&self, gone: u64, next: Stage) -> RetentionProgress {
        if gone > 0 {
            self.progress
        } else {
            RetentionProgress::at(next)
        }
    }
}

impl RetentionProgress {
    const fn at(stage: Stage) -> Self {
        Self { stage, after: 0 }
    }
}

async fn delete_chunk(
    tx: &mut WriteTx<'_>,
    sql: &'static str,
    edge: i64,
) -> Result<u64, StoreError> {
    let done = sqlx::query(sql)
        .bind(edge)
        .bind(CHUNK_ROWS)
        .execute(&mut *tx.connection)
        .await?;
    Ok(done.rows_affected())
}

/// Gives up to 250 pages back to the system where more are free than will soon be used; answers how many.
async fn give_pages_back(tx: &mut WriteTx<'_>) -> Result<u64, StoreError> {
    let free = free_pages(tx).await?;
    if free <= FREE_PAGES_KEPT {
        return Ok(0);
    }
    let sql = format!("PRAGMA incremental_vacuum({CHUNK_ROWS})");
    sqlx::query(AssertSqlSafe(sql))
        .execute(&mut *tx.connection)
        .await?;
    let left = free_pages(tx).await?;
    Ok(u64::try_from(free - left).unwrap_or(0))
}

async fn free_pages(tx: &mut WriteTx<'_>) -> Result<i64, StoreError> {
    let rows = sqlx::query(SELECT_FREE_PAGES)
        .fetch_all(&mut *tx.connection)
        .await?;
    Ok(rows.first().map_or(Ok(0), |row| row.try_get(0))?)
}

struct DiscardOrphans;

impl ColdCommand for DiscardOrphans {
    type Output = u64;

    async fn run(&mut self, tx: &mut WriteTx<'_>) -> Result<u64, StoreError> {
        let deleted = sqlx::query(SELECT_DELETED)
            .fetch_all(&mut *tx.connection)
            .await?
            .pop();
        let Some(deleted) = deleted else {
            return Ok(0);
        };
        let endpoint_id = EndpointId::from_i64(deleted.try_get(0)?);
        let rows = sqlx::query(SELECT_ORPHANS)
            .bind(endpoint_id.as_i64())
            .bind(CHUNK_ROWS)
            .fetch_all(&mut *tx.connection)
            .await?;
        let (mut gone, mut moves) = (0, LedgerMoves::default());
        for row in &rows {
            let id: i64 = row.try_get(0)?;
            end_item(tx, DeliveryId::from_i64(id), Outcome::Skipped).await?;
            let done = sqlx::query(DISCARD_ORPHAN)
                .bind(id)
                .bind(tx.now.as_millis())
                .execute(&mut *tx.connection)
                .await?;
            if done.rows_affected() == 0 {
                continue;
            }
            gone += 1;
            let delivery_id = DeliveryId::from_i64(id);
            moves = moves.moved(delivery_id, endpoint_id, "pending", "discarded");
            tx.effects.deliveries_changed.push(DeliveryChange {
                id: delivery_id,
                endpoint_id,
                state: DeliveryState::Discarded(DiscardReason::EndpointDeleted),
            });
        }
        tx.count(&moves).await?;
        Ok(gone)
    }
}
