//! The next items put back to work, and the replay's cursor moved past them, in one transaction.

use std::collections::BTreeSet;

use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::rows::{StoredReplay, read_in};
use crate::domain::delivery::DeliveryState;
use crate::domain::endpoint::HoldClock;
use crate::domain::id::{DeliveryId, EndpointId, ReplayId};
use crate::domain::replay::{ReplayState, Skipped, Turn};
use crate::domain::time::Timestamp;
use crate::store::cold::{ColdCommand, WriteTx};
use crate::store::error::StoreError;
use crate::store::handle::Store;
use crate::store::ledger::LedgerMoves;
use crate::store::record::DeliveryChange;

/// Items that one transaction looks at, those it leaves out included.
const LOOKED_AT_MAX: u32 = 1_000;

pub(super) const SELECT_NEXT: &str = "SELECT i.delivery_id, i.planned, d.state, d.replay_id, d.endpoint_id, \
     coalesce(p.status = 'deleted', 1), e.data IS NOT NULL, p.hold_total_ms, p.hold_since \
     FROM replay_items i LEFT JOIN deliveries d ON d.id = i.delivery_id LEFT JOIN endpoints p ON p.id = d.endpoint_id \
     LEFT JOIN events e ON e.id = d.event_id \
     WHERE i.replay_id = $1 AND i.delivery_id > (SELECT r.cursor FROM replays r WHERE r.id = $1) \
     ORDER BY i.delivery_id LIMIT $2";
/// `$1` holds rows of id and milliseconds held before.
pub(super) const WORK: &str = "UPDATE deliveries SET state = 'pending', reason = NULL, note = NULL, budget_attempts = 0, \
     budget_started_at = $2, held_before_ms = item.held, next_attempt_at = $2, updated_at = $3, replay_id = $4 \
     FROM (SELECT value->>0 AS id, value->>1 AS held FROM jsonb_each($1)) AS item WHERE deliveries.id = item.id";
/// `$1` holds rows of id and outcome.
pub(super) const MARK: &str = "UPDATE replay_items SET outcome = item.outcome \
     FROM (SELECT value->>0 AS id, value->>1 AS outcome FROM jsonb_each($1)) AS item \
     WHERE replay_items.replay_id = $2 AND replay_items.delivery_id = item.id";
pub(super) const ADVANCE: &str = "UPDATE replays SET cursor = $2, waiting = waiting - $3 - $4, open = open + $3, \
     untried = untried + $3, skipped = skipped + $4, canary_done = max(canary_done, released >= canary), \
     released = released + $3 WHERE id = $1";

/// What a release did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// Items put to work.
    pub count: u32,
    /// The replay after it.
    pub replay: StoredReplay,
    /// Whose lanes have work.
    pub endpoints: Vec<EndpointId>,
}

impl Store {
    /// Puts the next items of a running replay to work, at most `count`; of one that does not run, none.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::Unavailable`], [`StoreError::Full`].
    pub async fn release_replay_items(
        &self,
        id: ReplayId,
        count: u32,
    ) -> Result<Release, StoreError> {
        self.change(ReleaseItems { id, count }).await
    }
}

struct ReleaseItems {
    id: ReplayId,
    count: u32,
}

/// An item whose turn has come.
struct Next {
    id: DeliveryId,
    why: Option<Skipped>,
    endpoint_id: EndpointId,
    state: String,
    held_ms: i64,
}

impl ColdCommand for ReleaseItems {
    type Output = Release;

    async fn run(&mut self, tx: &mut WriteTx<'_>) -> Result<Release, StoreError> {
        let replay = read_in(tx.connection, self.id).await?;
        if replay.facts.state != ReplayState::Running {
            return Ok(Release {
                count: 0,
                replay,
                endpoints: Vec::new(),
            });
        }
        let rows = sqlx::query(SELECT_NEXT)
            .bind(self.id.as_i64())
            .bind(LOOKED_AT_MAX)
            .fetch_all(&mut *tx.connection)
            .await?;
        let (mut work, mut skipped, mut cursor) = (Vec::new(), Vec::new(), None);
        for row in &rows {
            if work.len() >= usize::try_from(self.count).unwrap_or(usize::MAX) {
                break;
            }
            let next = next(row, &replay, tx.now)?;
            cursor = Some(next.id);
            match next.why {
                None => work.push(next),
                Some(_) => skipped.push(next.id),
            }
        }
        let endpoints = put_to_work(tx, self.id, &work).await?;
        if let Some(cursor) = cursor {
            self.advance(tx, cursor, &work, &skipped).await?;
        }
        Ok(Release {
            count: u32::try_from(work.len()).unwrap_or(u32::MAX),
            replay: read_in(tx.connection, self.id).await?,
            endpoints,
        })
    }
}

impl ReleaseItems {
    /// Notes what became of the items, and moves the cursor past them.
    async fn advance(
        &self,
        tx: &mut WriteTx<'_>,
        cursor: DeliveryId,
        work: &[Next],
        skipped: &[DeliveryId],
    ) -> Result<(), StoreError> {
        let open = work.iter().map(|next| (next.id.as_i64(), "open"));
        let left_out = skipped.iter().map(|id| (id.as_i64(), "skipped"));
        let marks: Vec<_> = open.chain(left_out).collect();
        sqlx::query(MARK)
            .bind(json(&marks))
            .bind(self.id.as_i64())
            .execute(&mut *tx.connection)
            .await?;
        sqlx::query(ADVANCE)
            .bind(self.id.as_i64())
            .bind(cursor.as_i64())
            .bind(i64::try_from(work.len()).unwrap_or(i64::MAX))
            .bind(i64::try_from(skipped.len()).unwrap_or(i64::MAX))
            .execute(&mut *tx.connection)
            .await?;
        tx.effects.replays.push(self.id);
        Ok(())
    }
}

fn next(row: &SqliteRow, replay: &StoredReplay, now: Timestamp) -> Result<Next, StoreError> {
    let other: Option<i64> = row.try_get(3)?;
    let state: Option<String> = row.try_get(2)?;
    let turn = Turn {
        planned: row.try_get(1)?,
        state: state.as_deref(),
        endpoint_deleted: row.try_get(5)?,
        has_payload: row.try_get(6)?,
        elsewhere: other.is_some(),
    };
    let why = Skipped::why(turn, replay.settings.skip_delivered);
    let hold = HoldClock {
        total_ms: row.try_get::<Option<i64>, _>(7)?.unwrap_or(0),
        since: row
            .try_get::<Option<i64>, _>(8)?
            .map(Timestamp::from_millis),
    };
    Ok(Next {
        id: DeliveryId::from_i64(row.try_get(0)?),
        why,
        endpoint_id: EndpointId::from_i64(row.try_get::<Option<i64>, _>(4)?.unwrap_or(0)),
        state: state.unwrap_or_default(),
        held_ms: hold.held_ms(now),
    })
}

/// Makes the items pending, due at once, counted and told; answers whose they are.
async fn put_to_work(
    tx: &mut WriteTx<'_>,
    replay_id: ReplayId,
    work: &[Next],
) -> Result<Vec<EndpointId>, StoreError> {
    if work.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<_> = work
        .iter()
        .map(|next| (next.id.as_i64(), next.held_ms))
        .collect();
    sqlx::query(WORK)
        .bind(json(&rows))
        .bind(tx.steady_ms(tx.now))
        .bind(tx.now.as_millis())
        .bind(replay_id.as_i64())
        .execute(&mut *tx.connection)
        .await?;
    let mut moves = LedgerMoves::default();
    let mut endpoints = BTreeSet::new();
    for next in work {
        moves = moves.moved(next.id, next.endpoint_id, &next.state, "pending");
        endpoints.insert(next.endpoint_id);
        tx.effects.deliveries_changed.push(DeliveryChange {
            id: next.id,
            endpoint_id: next.endpoint_id,
            state: DeliveryState::Pending,
        });
    }
    tx.count(&moves).await?;
    Ok(endpoints.into_iter().collect())
}

fn json(rows: &impl serde::Serialize) -> String {
    serde_json::to_string(rows).expect("numbers and words serialise")
}
