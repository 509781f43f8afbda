//! Rows of what nobody uses any more: endpoints deleted long ago without a delivery left, tokens ended long ago, causes
//! that nothing failed for in a long time.
//!
//! The ledger of all endpoints together keeps what a taken endpoint's counters held; audit entries keep its id.

use sqlx::Row;

use super::cold::WriteTx;
use super::error::StoreError;
use crate::domain::fingerprint::CauseId;
use crate::domain::id::EndpointId;
use crate::domain::time::Timestamp;

/// Deleted endpoints by rising id from behind `$1` on that were made before `$2`, with whether they may go: deleted
/// before `$3`, and no row of theirs is left by their counters. Their attempts went before their deliveries.
pub(super) const SELECT_DELETED: &str = "SELECT p.id, p.updated_at < $3 AND c.pending = 0 \
     AND c.created = c.removed_delivered + c.removed_dead + c.removed_discarded \
     FROM endpoints p CROSS JOIN endpoint_counters c ON c.endpoint_id = p.id \
     WHERE p.status = 'deleted' AND p.status <> 'active' AND p.id > $1 AND p.id < $2 ORDER BY p.id LIMIT $4";
/// Takes an endpoint, in this order: what it counted is kept first.
pub(super) const TAKE_ENDPOINT: [&str; 4] = [
    "UPDATE totals SET gone_created = gone_created + c.created, gone_delivered = gone_delivered + c.delivered, \
     gone_dead = gone_dead + c.dead, gone_discarded = gone_discarded + c.discarded \
     FROM endpoint_counters c WHERE totals.id = 1 AND c.endpoint_id = $1",
    "DELETE FROM certificate_warnings WHERE endpoint_id = $1",
    "DELETE FROM endpoint_counters WHERE endpoint_id = $1",
    "DELETE FROM endpoints WHERE id = $1",
];
pub(super) const DELETE_REVOKED: &str = "DELETE FROM tokens WHERE id IN \
     (SELECT id FROM tokens WHERE revoked_at < $1 ORDER BY revoked_at LIMIT $2)";
pub(super) const DELETE_EXPIRED: &str = "DELETE FROM tokens WHERE id IN \
     (SELECT id FROM tokens WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)";

pub(super) const DELETE_CAUSE_MINUTES: &str = "DELETE FROM cause_minutes WHERE (minute, cause_id) IN \
     (SELECT minute, cause_id FROM cause_minutes WHERE minute < $1 ORDER BY minute, cause_id LIMIT $2)";
pub(super) const SELECT_OLD_CAUSES: &str =
    "SELECT id FROM causes WHERE last_seen < $1 ORDER BY last_seen LIMIT $2";
/// Takes a cause, in this order; deliveries keep its id.
pub(super) const TAKE_CAUSE: [&str; 2] = [
    "DELETE FROM cause_endpoints WHERE cause_id = $1",
    "DELETE FROM causes WHERE id = $1",
];

/// Takes up to `limit` causes that were last seen before `edge`; answers how many.
pub(super) async fn take_causes(
    tx: &mut WriteTx<'_>,
    edge: i64,
    limit: i64,
) -> Result<u64, StoreError> {
    let rows = sqlx::query(SELECT_OLD_CAUSES)
        .bind(edge)
        .bind(limit)
        .fetch_all(&mut *tx.connection)
        .await?;
    let mut gone = 0;
    for row in &rows {
        let id: i64 = row.try_get(0)?;
        for sql in TAKE_CAUSE {
            sqlx::query(sql)
                .bind(id)
                .execute(&mut *tx.connection)
                .await?;
        }
        tx.effects.causes_gone.push(CauseId::from_i64(id));
        gone += 1;
    }
    Ok(gone)
}

/// Looks at up to `limit` deleted endpoints from behind the id `after` on and takes those that were deleted before
/// `edge` and have nothing left. Answers how many went and the last one looked at; `None` when there was none.
pub(super) async fn take_endpoints(
    tx: &mut WriteTx<'_>,
    after: i64,
    edge: Timestamp,
    limit: i64,
) -> Result<(u64, Option<i64>), StoreError> {
    let rows = sqlx::query(SELECT_DELETED)
        .bind(after)
        .bind(EndpointId::first_at(edge).as_i64())
        .bind(edge.as_millis())
        .bind(limit)
        .fetch_all(&mut *tx.connection)
        .await?;
    let (mut gone, mut last) = (0, None);
    for row in &rows {
        let id: i64 = row.try_get(0)?;
        last = Some(id);
        if row.try_get(1)? {
            for sql in TAKE_ENDPOINT {
                sqlx::query(sql)
                    .bind(id)
                    .execute(&mut *tx.connection)
                    .await?;
            }
            gone += 1;
        }
    }
    Ok((gone, last))
}
