//! Items that end in another way than by an attempt: those that the flush ends are in its own statements.

use sqlx::Row;

use crate::domain::id::{DeliveryId, ReplayId};
use crate::domain::replay::Outcome;
use crate::store::cold::WriteTx;
use crate::store::error::StoreError;

pub(super) const SELECT_ITEM: &str = "SELECT d.replay_id, i.failed_first IS NULL FROM deliveries d \
     JOIN replay_items i ON i.replay_id = d.replay_id AND i.delivery_id = d.id \
     WHERE d.id = $1 AND d.state = 'pending' AND d.replay_id IS NOT NULL";
pub(super) const UPDATE_ITEM: &str =
    "UPDATE replay_items SET outcome = $3, ended_at = $4 WHERE replay_id = $1 AND delivery_id = $2";
pub(super) const UPDATE_REPLAY: &str = "UPDATE replays SET open = open - 1, untried = untried - $2, \
     failed = failed + $3, skipped = skipped + $4 WHERE id = $1";

/// Ends the item that a pending delivery is, if it is one. To be called before the delivery is moved.
pub(in crate::store) async fn end_item(
    tx: &mut WriteTx<'_>,
    id: DeliveryId,
    outcome: Outcome,
) -> Result<(), StoreError> {
    let row = sqlx::query(SELECT_ITEM)
        .bind(id.as_i64())
        .fetch_all(&mut *tx.connection)
        .await?
        .pop();
    let Some(row) = row else { return Ok(()) };
    let replay_id: i64 = row.try_get(0)?;
    let untried: bool = row.try_get(1)?;
    sqlx::query(UPDATE_ITEM)
        .bind(replay_id)
        .bind(id.as_i64())
        .bind(outcome.as_str())
        .bind(tx.now.as_millis())
        .execute(&mut *tx.connection)
        .await?;
    sqlx::query(UPDATE_REPLAY)
        .bind(replay_id)
        .bind(i64::from(untried))
        .bind(i64::from(outcome == Outcome::Failed))
        .bind(i64::from(outcome == Outcome::Skipped))
        .execute(&mut *tx.connection)
        .await?;
    tx.effects.replays.push(ReplayId::from_i64(replay_id));
    Ok(())
}
