//! Events that an endpoint never got: found among all that are stored, and delivered as items of a replay.
//!
//! An item of such a replay is keyed by its event until its turn comes; then its delivery is made, in the transaction
//! that moves the cursor, unless the endpoint has one of that event by now.

use sqlx::Row;

use super::release::Release;
use super::rows::{StoredReplay, read_in};
use crate::domain::catalogue::ClosedCatalogues;
use crate::domain::endpoint::{Endpoint, EndpointStatus};
use crate::domain::endpoint_index::EndpointIndex;
use crate::domain::event_type::EventType;
use crate::domain::id::{DeliveryId, EndpointId, EventId, ReplayId};
use crate::domain::replay::{Room, Standing};
use crate::store::cold::WriteTx;
use crate::store::endpoints;
use crate::store::error::StoreError;
use crate::store::events::audience_from_column;
use crate::store::handle::Store;
use crate::store::moves::insert_delivery;

/// Events that one read looks at.
const LOOKED_AT_MAX: i64 = 5_000;
/// Items that one transaction looks at, those it leaves out included.
const ITEMS_MAX: i64 = 1_000;

/// Events behind `$1` and before `$2` with their payload, that are no tests, and whether the endpoint `$3` has them.
pub(super) const SELECT_EVENTS: &str = "SELECT e.id, e.audience, e.event_type, \
     length(e.data) + coalesce(length(e.attributes), 0), e.test OR EXISTS (SELECT 1 FROM deliveries d \
     WHERE d.event_id = e.id AND d.endpoint_id = $3) FROM events e WHERE e.id > $1 AND e.id < $2 ORDER BY e.id LIMIT $4";
pub(super) const SELECT_NEXT_EVENTS: &str = "SELECT i.delivery_id, e.event_type, e.data IS NOT NULL, \
     EXISTS (SELECT 1 FROM deliveries d WHERE d.event_id = i.delivery_id AND d.endpoint_id = $2) \
     FROM replay_items i LEFT JOIN events e ON e.id = i.delivery_id WHERE i.replay_id = $1 \
     AND i.delivery_id > (SELECT r.cursor FROM replays r WHERE r.id = $1) AND i.outcome IS NULL \
     ORDER BY i.delivery_id LIMIT $3";
pub(super) const COUNT_OPEN: &str = "SELECT count(*) FROM deliveries WHERE replay_id = $1 AND endpoint_id = $2 \
     AND state = 'pending' AND replay_id IS NOT NULL";
pub(super) const ADOPT: &str = "UPDATE deliveries SET replay_id = $2 WHERE id = $1";
pub(super) const REKEY: &str = "UPDATE replay_items SET delivery_id = $3, outcome = 'open', \
     released_at = $4 WHERE replay_id = $1 AND delivery_id = $2";
pub(super) const SKIP: &str = "UPDATE replay_items SET outcome = 'skipped', ended_at = $3 WHERE replay_id = $1 AND delivery_id = $2";

/// An event that the endpoint never got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Missed {
    /// It.
    pub id: EventId,
    /// Bytes of its data and attributes; `None` when the payload is gone.
    pub bytes: Option<u64>,
}

/// A piece of what an endpoint never got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissedPiece {
    /// Oldest first.
    pub found: Vec<Missed>,
    /// Behind which event the next piece begins; `None` after the last.
    pub next: Option<EventId>,
}

impl Store {
    /// The next piece of the events behind `after` and before `before` that the endpoint would get by its settings of
    /// now, and has no delivery of. Test events are left out: each was meant for one endpoint.
    ///
    /// # Errors
    /// [`StoreError::Inconsistent`] for a row that cannot be read.
    pub async fn missed_events(
        &self,
        endpoint: &Endpoint,
        after: EventId,
        before: EventId,
    ) -> Result<MissedPiece, StoreError> {
        let catalogues = self.shared.catalogues.load_full();
        let mut index = EndpointIndex::new(ClosedCatalogues::clone(&catalogues));
        index.put(&Endpoint {
            status: EndpointStatus::Active,
            ..endpoint.clone()
        });
        let rows = sqlx::query(SELECT_EVENTS)
            .bind(after.as_i64())
            .bind(before.as_i64())
            .bind(endpoint.id.as_i64())
            .bind(LOOKED_AT_MAX)
            .fetch_all(self.readers())
            .await?;
        let (mut found, mut next) = (Vec::new(), None);
        for row in &rows {
            let id: i64 = row.try_get(0)?;
            next = Some(EventId::from_i64(id));
            if row.try_get::<bool, _>(4)? {
                continue;
            }
            let unreadable = |column| StoreError::Inconsistent {
                table: "events",
                column,
                id,
            };
            let audience: String = row.try_get(1)?;
            let audience = audience_from_column(&audience).ok_or_else(|| unreadable("audience"))?;
            let event_type: String = row.try_get(2)?;
            let event_type: EventType = event_type.parse().map_err(|_| unreadable("event_type"))?;
            if !index.matches(&audience, &event_type, false).is_empty() {
                found.push(Missed {
                    id: EventId::from_i64(id),
                    bytes: row.try_get(3)?,
                });
            }
        }
        let full = i64::try_from(rows.len()).unwrap_or(i64::MAX) >= LOOKED_AT_MAX;
        Ok(MissedPiece {
            found,
            next: next.filter(|_| full),
        })
    }
}

/// Makes the next deliveries, at most `count`.
pub(super) async fn release(
    tx: &mut WriteTx<'_>,
    replay: StoredReplay,
    endpoint_id: EndpointId,
    count: u32,
) -> Result<Release, StoreError> {
    let id = replay.id;
    let endpoint = endpoints::read_in(tx.connection, endpoint_id).await?;
    let standing = Standing::of(
        endpoint.status.as_str(),
        endpoint.breaker_open_since.is_some(),
    );
    let gone = endpoint.status == EndpointStatus::Deleted;
    let mut room = room(tx, id, endpoint_id, standing).await?;
    let rows = sqlx::query(SELECT_NEXT_EVENTS)
        .bind(id.as_i64())
        .bind(endpoint_id.as_i64())
        .bind(ITEMS_MAX)
        .fetch_all(&mut *tx.connection)
        .await?;
    let (mut made, mut skipped, mut cursor) = (0_u32, 0_i64, 0);
    for row in &rows {
        let event: i64 = row.try_get(0)?;
        let event_type: Option<String> = row.try_get(1)?;
        let has_it: bool = row.try_get(3)?;
        let sendable = event_type.filter(|_| !gone && !has_it);
        let sendable = sendable.filter(|_| row.try_get::<bool, _>(2).unwrap_or(false));
        let Some(event_type) = sendable else {
            sqlx::query(SKIP)
                .bind(id.as_i64())
                .bind(event)
                .bind(tx.now.as_millis())
                .execute(&mut *tx.connection)
                .await?;
            (skipped, cursor) = (skipped + 1, event);
            continue;
        };
        if made >= count || !room.take(endpoint_id, standing) {
            break;
        }
        make(tx, id, EventId::from_i64(event), &event_type, &endpoint).await?;
        (made, cursor) = (made + 1, event);
    }
    let passed = cursor > 0;
    if passed {
        super::release::advance(tx, id, cursor, i64::from(made), skipped, 0).await?;
    }
    Ok(Release {
        count: made,
        passed,
        replay: read_in(tx.connection, id).await?,
        endpoints: if made > 0 {
            vec![endpoint_id]
        } else {
            Vec::new()
        },
    })
}

/// Makes a delivery of an event, an open item from now on.
async fn make(
    tx: &mut WriteTx<'_>,
    replay: ReplayId,
    event: EventId,
    event_type: &str,
    endpoint: &Endpoint,
) -> Result<(), StoreError> {
    let delivery: DeliveryId = tx.mint();
    insert_delivery(tx, delivery, event, event_type, false, endpoint).await?;
    sqlx::query(ADOPT)
        .bind(delivery.as_i64())
        .bind(replay.as_i64())
        .execute(&mut *tx.connection)
        .await?;
    sqlx::query(REKEY)
        .bind(replay.as_i64())
        .bind(event.as_i64())
        .bind(delivery.as_i64())
        .bind(tx.now.as_millis())
        .execute(&mut *tx.connection)
        .await?;
    Ok(())
}

async fn room(
    tx: &mut WriteTx<'_>,
    replay: ReplayId,
    endpoint: EndpointId,
    standing: Standing,
) -> Result<Room, StoreError> {
    let row = sqlx::query(COUNT_OPEN)
        .bind(replay.as_i64())
        .bind(endpoint.as_i64())
        .fetch_all(&mut *tx.connection)
        .await?
        .pop();
    let open = match row {
        Some(row) => row.try_get(0)?,
        None => 0,
    };
    Ok(Room::new([(endpoint, standing, open)]))
}
