//! The next items put back to work, and the replay's cursor moved past them, in one transaction.

use std::collections::BTreeSet;

use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::missed;
use super::rows::{StoredReplay, read_in};
use crate::domain::delivery::DeliveryState;
use crate::domain::endpoint::HoldClock;
use crate::domain::id::{DeliveryId, EndpointId, ReplayId};
use crate::domain::limits::REPLAY_DEFERRED_ENDPOINTS_MAX;
use crate::domain::replay::{ReplayState, Room, Skipped, Standing, Turn};
use crate::domain::time::Timestamp;
use crate::store::cold::{ColdCommand, WriteTx};
use crate::store::error::StoreError;
use crate::store::handle::Store;
use crate::store::ledger::LedgerMoves;
use crate::store::record::DeliveryChange;

/// Items that one transaction looks at, those it leaves out or passes over included.
const LOOKED_AT_MAX: u32 = 1_000;
/// Items that it looks at in one go at least: most of them can be put to work, and then there is no second.
const LOOKED_AT_MIN: u32 = 32;

macro_rules! next_items {
    ($condition:literal, $limit:literal) => {
        concat!(
            "SELECT i.delivery_id, i.planned, d.state, d.replay_id, d.endpoint_id, coalesce(p.status, 'deleted'), \
             e.data IS NOT NULL, p.hold_total_ms, p.hold_since, p.breaker_open_since IS NOT NULL \
             FROM replay_items i LEFT JOIN deliveries d ON d.id = i.delivery_id \
             LEFT JOIN endpoints p ON p.id = d.endpoint_id LEFT JOIN events e ON e.id = d.event_id \
             WHERE i.replay_id = $1 AND ",
            $condition,
            " ORDER BY i.delivery_id LIMIT ",
            $limit
        )
    };
}

pub(super) const SELECT_NEXT: &str = next_items!(
    "i.delivery_id > max((SELECT r.cursor FROM replays r WHERE r.id = $1), $2)",
    "$3"
);
/// Those that were passed over for one endpoint.
pub(super) const SELECT_DEFERRED: &str =
    next_items!("i.deferred_for = $2 AND i.delivery_id > $3", "$4");
/// What is under way, by endpoint.
pub(super) const SELECT_OPEN: &str = "SELECT o.endpoint_id, o.items, p.status, p.breaker_open_since IS NOT NULL \
     FROM (SELECT endpoint_id, count(*) AS items FROM deliveries WHERE replay_id = $1 AND state = 'pending' \
     AND replay_id IS NOT NULL GROUP BY endpoint_id) o CROSS JOIN endpoints p ON p.id = o.endpoint_id";
/// The endpoints with items that were passed over: one look into the index for each, however many items they have.
pub(super) const SELECT_DEFERRED_ENDPOINTS: &str = "WITH RECURSIVE who (id) AS (\
     SELECT min(deferred_for) FROM replay_items WHERE replay_id = $1 AND deferred_for IS NOT NULL UNION ALL \
     SELECT (SELECT min(i.deferred_for) FROM replay_items i WHERE i.replay_id = $1 AND i.deferred_for > who.id) \
     FROM who WHERE who.id IS NOT NULL LIMIT $2) \
     SELECT who.id, p.status, p.breaker_open_since IS NOT NULL FROM who CROSS JOIN endpoints p ON p.id = who.id";
/// `$1` holds rows of id and milliseconds held before.
pub(super) const WORK: &str = "UPDATE deliveries SET state = 'pending', reason = NULL, note = NULL, budget_attempts = 0, \
     budget_started_at = $2, held_before_ms = item.held, next_attempt_at = $2, updated_at = $3, replay_id = $4 \
     FROM (SELECT value->>0 AS id, value->>1 AS held FROM jsonb_each($1)) AS item WHERE deliveries.id = item.id";
/// `$1` holds rows of id, outcome, the endpoint for which it is passed over, and the replay. The replay is in each row, so
/// that SQLite looks each row's item up; bound beside them it would go through the rows for every item there is. `$2` is
/// the instant.
pub(super) const MARK: &str = "UPDATE replay_items SET outcome = item.outcome, deferred_for = item.deferred_for, \
     released_at = iif(item.outcome = 'open', $2, NULL), ended_at = iif(item.outcome = 'skipped', $2, NULL) \
     FROM (SELECT value->>0 AS id, value->>1 AS outcome, value->>2 AS deferred_for, value->>3 AS replay_id \
     FROM jsonb_each($1)) AS item \
     WHERE replay_items.replay_id = item.replay_id AND replay_items.delivery_id = item.id";
pub(super) const ADVANCE: &str = "UPDATE replays SET cursor = max(cursor, $2), waiting = waiting - $3 - $4, \
     open = open + $3, untried = untried + $3, skipped = skipped + $4, deferred = deferred + $5, \
     canary_done = max(canary_done, released >= canary), released = released + $3 WHERE id = $1";

/// What a release did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// Items put to work.
    pub count: u32,
    /// Whether the replay came past any item: put to work, left out, or passed over.
    pub passed: bool,
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
    standing: Standing,
    state: String,
    held_ms: i64,
}

/// What becomes of the items that are looked at.
#[derive(Default)]
struct Sorted {
    room: Room,
    work: Vec<Next>,
    skipped: Vec<DeliveryId>,
    deferred: Vec<(DeliveryId, EndpointId)>,
    /// Items that were passed over before and are not any more.
    taken_up: i64,
    cursor: i64,
}

impl ColdCommand for ReleaseItems {
    type Output = Release;

    async fn run(&mut self, tx: &mut WriteTx<'_>) -> Result<Release, StoreError> {
        let replay = read_in(tx.connection, self.id).await?;
        if replay.facts.state != ReplayState::Running {
            return Ok(Release {
                count: 0,
                passed: false,
                replay,
                endpoints: Vec::new(),
            });
        }
        if let Some(endpoint) = replay.flight.missed_by {
            let endpoint = EndpointId::from_i64(endpoint);
            return missed::release(tx, replay, endpoint, self.count).await;
        }
        let mut sorted = Sorted {
            room: self.room(tx).await?,
            ..Sorted::default()
        };
        if replay.facts.counts.deferred > 0 {
            self.take_up_deferred(tx, &replay, &mut sorted).await?;
        }
        self.go_on(tx, &replay, &mut sorted).await?;
        let endpoints = put_to_work(tx, self.id, &sorted.work).await?;
        let passed = sorted.has_any();
        if passed {
            self.advance(tx, &sorted).await?;
        }
        Ok(Release {
            count: u32::try_from(sorted.work.len()).unwrap_or(u32::MAX),
            passed,
            replay: read_in(tx.connection, self.id).await?,
            endpoints,
        })
    }
}

impl ReleaseItems {
    async fn room(&self, tx: &mut WriteTx<'_>) -> Result<Room, StoreError> {
        let rows = sqlx::query(SELECT_OPEN)
            .bind(self.id.as_i64())
            .fetch_all(&mut *tx.connection)
            .await?;
        let mut open = Vec::with_capacity(rows.len());
        for row in &rows {
            let status: String = row.try_get(2)?;
            open.push((
                EndpointId::from_i64(row.try_get(0)?),
                Standing::of(&status, row.try_get(3)?),
                row.try_get(1)?,
            ));
        }
        Ok(Room::new(open))
    }

    /// Items that were passed over, of endpoints that take them now.
    async fn take_up_deferred(
        &self,
        tx: &mut WriteTx<'_>,
        replay: &StoredReplay,
        sorted: &mut Sorted,
    ) -> Result<(), StoreError> {
        let endpoints = sqlx::query(SELECT_DEFERRED_ENDPOINTS)
            .bind(self.id.as_i64())
            .bind(REPLAY_DEFERRED_ENDPOINTS_MAX)
            .fetch_all(&mut *tx.connection)
            .await?;
        for endpoint in &endpoints {
            let id = EndpointId::from_i64(endpoint.try_get(0)?);
            let status: String = endpoint.try_get(1)?;
            let standing = Standing::of(&status, endpoint.try_get(2)?);
            if sorted.is_full(self.count) {
                return Ok(());
            }
            if sorted.room.left(id, standing) == 0 {
                continue;
            }
            self.take_up_of(tx, replay, id, sorted).await?;
        }
        Ok(())
    }

    /// Items that were passed over for one endpoint, until it takes no more.
    async fn take_up_of(
        &self,
        tx: &mut WriteTx<'_>,
        replay: &StoredReplay,
        endpoint: EndpointId,
        sorted: &mut Sorted,
    ) -> Result<(), StoreError> {
        let (mut left, mut after) = (LOOKED_AT_MAX, i64::MIN);
        while left > 0 {
            let limit = sorted.to_look_at(self.count, left);
            let rows = sqlx::query(SELECT_DEFERRED)
                .bind(self.id.as_i64())
                .bind(endpoint.as_i64())
                .bind(after)
                .bind(limit)
                .fetch_all(&mut *tx.connection)
                .await?;
            for row in &rows {
                let next = next(row, replay, tx.now)?;
                after = next.id.as_i64();
                if sorted.is_full(self.count) || !sorted.take_up(next) {
                    return Ok(());
                }
            }
            let looked_at = u32::try_from(rows.len()).unwrap_or(u32::MAX);
            if looked_at < limit {
                break;
            }
            left -= looked_at;
        }
        Ok(())
    }

    /// Items that were not looked at yet.
    async fn go_on(
        &self,
        tx: &mut WriteTx<'_>,
        replay: &StoredReplay,
        sorted: &mut Sorted,
    ) -> Result<(), StoreError> {
        let mut left = LOOKED_AT_MAX;
        while left > 0 && !sorted.is_full(self.count) {
            let limit = sorted.to_look_at(self.count, left);
            let rows = sqlx::query(SELECT_NEXT)
                .bind(self.id.as_i64())
                .bind(sorted.cursor)
                .bind(limit)
                .fetch_all(&mut *tx.connection)
                .await?;
            for row in &rows {
                if sorted.is_full(self.count) {
                    break;
                }
                sorted.sort(next(row, replay, tx.now)?);
            }
            let looked_at = u32::try_from(rows.len()).unwrap_or(u32::MAX);
            if looked_at < limit {
                break;
            }
            left = left.saturating_sub(looked_at);
        }
        Ok(())
    }

    /// Notes what became of the items, and moves the cursor past them.
    async fn advance(&self, tx: &mut WriteTx<'_>, sorted: &Sorted) -> Result<(), StoreError> {
        let Sorted {
            work,
            skipped,
            deferred,
            ..
        } = sorted;
        let replay = self.id.as_i64();
        let open = work
            .iter()
            .map(|next| (next.id.as_i64(), Some("open"), None, replay));
        let left_out = skipped.iter();
        let left_out = left_out.map(|id| (id.as_i64(), Some("skipped"), None, replay));
        let passed_over = deferred.iter();
        let passed_over =
            passed_over.map(|(id, endpoint)| (id.as_i64(), None, Some(endpoint.as_i64()), replay));
        let marks: Vec<_> = open.chain(left_out).chain(passed_over).collect();
        sqlx::query(MARK)
            .bind(json(&marks))
            .bind(tx.now.as_millis())
            .execute(&mut *tx.connection)
            .await?;
        let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        let deferred = count(deferred.len()) - sorted.taken_up;
        let (work, skipped) = (count(work.len()), count(skipped.len()));
        advance(tx, self.id, sorted.cursor, work, skipped, deferred).await
    }
}

/// Moves the cursor past items of which so many were put to work, left out, and passed over.
pub(super) async fn advance(
    tx: &mut WriteTx<'_>,
    id: ReplayId,
    cursor: i64,
    work: i64,
    skipped: i64,
    deferred: i64,
) -> Result<(), StoreError> {
    sqlx::query(ADVANCE)
        .bind(id.as_i64())
        .bind(cursor)
        .bind(work)
        .bind(skipped)
        .bind(deferred)
        .execute(&mut *tx.connection)
        .await?;
    tx.effects.replays.push(id);
    Ok(())
}

impl Sorted {
    fn is_full(&self, count: u32) -> bool {
        self.work.len() >= usize::try_from(count).unwrap_or(usize::MAX)
    }

    /// How many items to look at next, of `left` that may be, for `count` in all.
    fn to_look_at(&self, count: u32, left: u32) -> u32 {
        let found = u32::try_from(self.work.len()).unwrap_or(u32::MAX);
        let wanted = count.saturating_sub(found);
        wanted.max(LOOKED_AT_MIN).min(left)
    }

    fn has_any(&self) -> bool {
        !(self.work.is_empty() && self.skipped.is_empty() && self.deferred.is_empty())
    }

    /// The next item behind the cursor.
    fn sort(&mut self, next: Next) {
        self.cursor = next.id.as_i64();
        if next.why.is_some() {
            self.skipped.push(next.id);
        } else if self.room.take(next.endpoint_id, next.standing) {
            self.work.push(next);
        } else {
            self.deferred.push((next.id, next.endpoint_id));
        }
    }

    /// An item that was passed over; answers whether its endpoint may take more.
    fn take_up(&mut self, next: Next) -> bool {
        if next.why.is_some() {
            self.skipped.push(next.id);
        } else if self.room.take(next.endpoint_id, next.standing) {
            self.work.push(next);
        } else {
            return false;
        }
        self.taken_up += 1;
        true
    }
}

fn next(row: &SqliteRow, replay: &StoredReplay, now: Timestamp) -> Result<Next, StoreError> {
    let other: Option<i64> = row.try_get(3)?;
    let state: Option<String> = row.try_get(2)?;
    let status: String = row.try_get(5)?;
    let turn = Turn {
        planned: row.try_get(1)?,
        state: state.as_deref(),
        endpoint_deleted: status == "deleted",
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
        standing: Standing::of(&status, row.try_get(9)?),
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
