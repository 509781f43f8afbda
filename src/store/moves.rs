//! What people do to deliveries: replay, discard, deliver again, and what the service gives up on.

use serde_json::json;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::audit_change::AuditChange;
use super::cold::{ColdCommand, WriteTx};
use super::deliveries::{decode, delivery_columns, shown_state};
use super::endpoints;
use super::error::StoreError;
use super::handle::Store;
use super::ledger::LedgerMoves;
use super::record::{AuditNote, DeliveryChange};
use super::replays::end_item;
use crate::domain::delivery::{DeadReason, Delivery, DeliveryMove, DeliveryState, DiscardReason};
use crate::domain::endpoint::{Endpoint, EndpointStatus};
use crate::domain::event_type::EventType;
use crate::domain::id::{DeliveryId, EndpointId, EventId};
use crate::domain::limits::FAILURE_TEXT_CHARS_MAX;
use crate::domain::operational::{DeadDelivery, Fact};
use crate::domain::replay::Outcome;

const SELECT_RAW: &str = concat!(
    "SELECT ",
    delivery_columns!(),
    " FROM deliveries d WHERE d.id = $1"
);
const SELECT_HAS_PAYLOAD: &str = "SELECT data IS NOT NULL FROM events WHERE id = $1";
const SELECT_STATE: &str = "SELECT endpoint_id, state, event_id, event_type, test, attempts \
     FROM deliveries WHERE id = $1";
const SELECT_EVENT: &str = "SELECT event_type, test, data IS NOT NULL FROM events WHERE id = $1";
pub(super) const SELECT_PAIR: &str =
    "SELECT id FROM deliveries WHERE event_id = $1 AND endpoint_id = $2";
const UPDATE_REPLAYED: &str = "UPDATE deliveries SET state = 'pending', reason = NULL, note = NULL, \
     budget_attempts = 0, budget_started_at = $2, held_before_ms = $3, next_attempt_at = $2, updated_at = $4, \
     replay_id = iif(state = 'pending', replay_id, NULL) WHERE id = $1";
const UPDATE_FINAL: &str = "UPDATE deliveries SET state = $2, reason = $3, note = $4, next_attempt_at = NULL, \
     updated_at = $5 WHERE id = $1";
pub(super) const INSERT_DELIVERY: &str = "INSERT INTO deliveries (id, event_id, endpoint_id, event_type, test, \
     state, attempts, budget_attempts, budget_started_at, held_before_ms, created_at, updated_at) \
     VALUES ($1, $2, $3, $4, $5, 'pending', 0, 0, $6, $7, $8, $8)";

impl Store {
    /// Puts a delivery back to work with a fresh retry budget, due at once; also a pending one.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::PayloadGone`]; [`StoreError::NotAccepting`] when its endpoint is
    /// deleted.
    pub async fn replay_delivery(
        &self,
        note: AuditNote,
        id: DeliveryId,
    ) -> Result<Delivery, StoreError> {
        self.change(ReplayDelivery { note, id }).await
    }

    /// Gives a pending, held or dead delivery up; `text` is kept with it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::IllegalMove`] when it is delivered or already discarded.
    pub async fn discard_delivery(
        &self,
        note: AuditNote,
        id: DeliveryId,
        text: Option<String>,
    ) -> Result<Delivery, StoreError> {
        self.change(DiscardDelivery { note, id, text }).await
    }

    /// Makes a delivery of a stored event to an endpoint that it never reached, whatever the endpoint's filters.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::PayloadGone`]; [`StoreError::AlreadyDelivered`];
    /// [`StoreError::NotAccepting`] when the endpoint is disabled or deleted.
    pub async fn deliver_event(
        &self,
        note: AuditNote,
        event_id: EventId,
        endpoint_id: EndpointId,
    ) -> Result<DeliveryId, StoreError> {
        self.change(DeliverEvent {
            note,
            event_id,
            endpoint_id,
        })
        .await
    }

    /// Makes a pending delivery dead because no request can be made of it; `text` says why. Answers whether it was
    /// still pending.
    ///
    /// Reads only the row's id and state: the rest of it may be what cannot be read.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn mark_undeliverable(&self, id: DeliveryId, text: &str) -> Result<bool, StoreError> {
        let text = text.chars().take(FAILURE_TEXT_CHARS_MAX).collect();
        self.change(MarkUndeliverable { id, text }).await
    }
}

struct ReplayDelivery {
    note: AuditNote,
    id: DeliveryId,
}

impl ColdCommand for ReplayDelivery {
    type Output = Delivery;

    async fn run(&mut self, tx: &mut WriteTx<'_>) -> Result<Delivery, StoreError> {
        let before = read_in(tx, self.id).await?;
        let endpoint = endpoints::read_in(tx.connection, before.endpoint_id).await?;
        if endpoint.status == EndpointStatus::Deleted {
            return Err(not_accepting(&endpoint));
        }
        before.state.apply(DeliveryMove::Replay)?;
        if !has_payload(tx, before.event_id).await? {
            return Err(StoreError::PayloadGone {
                event_id: before.event_id,
            });
        }
        sqlx::query(UPDATE_REPLAYED)
            .bind(self.id.as_i64())
            .bind(tx.steady_ms(tx.now))
            .bind(endpoint.hold.held_ms(tx.now))
            .bind(tx.now.as_millis())
            .execute(&mut *tx.connection)
            .await?;
        moved(tx, &before, DeliveryState::Pending).await?;
        audit_move(tx, &self.note, &before, DeliveryState::Pending).await?;
        let mut after = read_in(tx, self.id).await?;
        after.state = shown_state(after.state, endpoint.status.as_str());
        Ok(after)
    }
}

struct DiscardDelivery {
    note: AuditNote,
    id: DeliveryId,
    text: Option<String>,
}

impl ColdCommand for DiscardDelivery {
    type Output = Delivery;

    async fn run(&mut self, tx: &mut WriteTx<'_>) -> Result<Delivery, StoreError> {
        let before = read_in(tx, self.id).await?;
        let after = before
            .state
            .apply(DeliveryMove::Discard(DiscardReason::Operator))?;
        end_item(tx, self.id, Outcome::Skipped).await?;
        finish(tx, self.id, after, self.text.clone()).await?;
        moved(tx, &before, after).await?;
        audit_move(tx, &self.note, &before, after).await?;
        read_in(tx, self.id).await
    }
}

struct DeliverEvent {
    note: AuditNote,
    event_id: EventId,
    endpoint_id: EndpointId,
}

impl ColdCommand for DeliverEvent {
    type Output = DeliveryId;

    async fn run(&mut self, tx: &mut WriteTx<'_>) -> Result<DeliveryId, StoreError> {
        let endpoint = endpoints::read_in(tx.connection, self.endpoint_id).await?;
        if !endpoint.status.accepts_deliveries() {
            return Err(not_accepting(&endpoint));
        }
        let event = sqlx::query(SELECT_EVENT)
            .bind(self.event_id.as_i64())
            .fetch_all(&mut *tx.connection)
            .await?
            .pop()
            .ok_or_else(|| StoreError::not_found("event", &self.event_id))?;
        let (event_type, test): (String, bool) = (event.try_get(0)?, event.try_get(1)?);
        if !event.try_get::<bool, _>(2)? {
            return Err(StoreError::PayloadGone {
                event_id: self.event_id,
            });
        }
        let existing = sqlx::query(SELECT_PAIR)
            .bind(self.event_id.as_i64())
            .bind(self.endpoint_id.as_i64())
            .fetch_all(&mut *tx.connection)
            .await?
            .pop();
        if let Some(row) = existing {
            let delivery_id = DeliveryId::from_i64(row.try_get(0)?);
            return Err(StoreError::AlreadyDelivered { delivery_id });
        }
        let id: DeliveryId = tx.mint();
        insert_delivery(tx, id, self.event_id, &event_type, test, &endpoint).await?;
        let made = json!({ "event": self.event_id, "endpoint": endpoint.id, "state": "pending" });
        let change = AuditChange::new_thing(&made);
        tx.audit_with(&self.note, Some(id.to_string()), change, None)
            .await?;
        Ok(id)
    }
}

/// Makes a delivery inside the transaction, counted and told.
pub(super) async fn insert_delivery(
    tx: &mut WriteTx<'_>,
    id: DeliveryId,
    event_id: EventId,
    event_type: &str,
    test: bool,
    endpoint: &Endpoint,
) -> Result<(), StoreError> {
    sqlx::query(INSERT_DELIVERY)
        .bind(id.as_i64())
        .bind(event_id.as_i64())
        .bind(endpoint.id.as_i64())
        .bind(event_type.to_owned())
        .bind(test)
        .bind(tx.steady_ms(tx.now))
        .bind(endpoint.hold.held_ms(tx.now))
        .bind(tx.now.as_millis())
        .execute(&mut *tx.connection)
        .await?;
    let made = LedgerMoves::default().made(id, endpoint.id, "pending");
    tx.count(&made).await?;
    tx.effects.deliveries_changed.push(DeliveryChange {
        id,
        endpoint_id: endpoint.id,
        state: DeliveryState::Pending,
    });
    Ok(())
}

struct MarkUndeliverable {
    id: DeliveryId,
    text: String,
}

impl ColdCommand for MarkUndeliverable {
    type Output = bool;

    async fn run(&mut self, tx: &mut WriteTx<'_>) -> Result<bool, StoreError> {
        let row = sqlx::query(SELECT_STATE)
            .bind(self.id.as_i64())
            .fetch_all(&mut *tx.connection)
            .await?
            .pop()
            .ok_or_else(|| StoreError::not_found("delivery", &self.id))?;
        let endpoint_id = EndpointId::from_i64(row.try_get(0)?);
        if row.try_get::<String, _>(1)? != "pending" {
            return Ok(false);
        }
        let state = DeliveryState::Dead(DeadReason::Undeliverable);
        end_item(tx, self.id, Outcome::Failed).await?;
        finish(tx, self.id, state, Some(self.text.clone())).await?;
        let moves = LedgerMoves::default().moved(self.id, endpoint_id, "pending", "dead");
        tx.count(&moves).await?;
        tx.effects.deliveries_changed.push(DeliveryChange {
            id: self.id,
            endpoint_id,
            state,
        });
        // The rest of the row may be what cannot be read, and then nobody is told.
        if let Some(dead) = worth_telling(&row, self.id, state) {
            tx.announce(Fact::dead(endpoint_id, 1, &[dead], 0, tx.now))
                .await?;
        }
        Ok(true)
    }
}

/// A delivery that died of something that is told: not of a test, and not of an operational event.
fn worth_telling(row: &SqliteRow, id: DeliveryId, state: DeliveryState) -> Option<DeadDelivery> {
    let event_type: EventType = row.try_get::<String, _>(3).ok()?.parse().ok()?;
    let test: bool = row.try_get(4).ok()?;
    if test || event_type.is_reserved() {
        return None;
    }
    Some(DeadDelivery {
        delivery_id: id,
        event_id: EventId::from_i64(row.try_get(2).ok()?),
        reason: state.reason()?,
        attempts: row.try_get(5).ok()?,
    })
}

async fn read_in(tx: &mut WriteTx<'_>, id: DeliveryId) -> Result<Delivery, StoreError> {
    let row = sqlx::query(SELECT_RAW)
        .bind(id.as_i64())
        .fetch_all(&mut *tx.connection)
        .await?
        .pop()
        .ok_or_else(|| StoreError::not_found("delivery", &id))?;
    decode(&row, 0, tx.clock_offset_ms)
}

async fn has_payload(tx: &mut WriteTx<'_>, event_id: EventId) -> Result<bool, StoreError> {
    let row = sqlx::query(SELECT_HAS_PAYLOAD)
        .bind(event_id.as_i64())
        .fetch_all(&mut *tx.connection)
        .await?
        .pop();
    Ok(match row {
        Some(row) => row.try_get(0)?,
        None => false,
    })
}

async fn finish(
    tx: &mut WriteTx<'_>,
    id: DeliveryId,
    state: DeliveryState,
    note: Option<String>,
) -> Result<(), StoreError> {
    sqlx::query(UPDATE_FINAL)
        .bind(id.as_i64())
        .bind(state.as_str())
        .bind(state.reason())
        .bind(note)
        .bind(tx.now.as_millis())
        .execute(&mut *tx.connection)
        .await?;
    Ok(())
}

/// Notes who moved a delivery from where to where.
async fn audit_move(
    tx: &mut WriteTx<'_>,
    note: &AuditNote,
    before: &Delivery,
    after: DeliveryState,
) -> Result<(), StoreError> {
    let state = |state: DeliveryState| {
        let words = json!({"state": state.as_str(), "reason": state.reason()});
        Some(words.to_string())
    };
    let change = AuditChange {
        before: state(before.state),
        after: state(after),
    };
    tx.audit_with(note, Some(before.id.to_string()), change, None)
        .await
}

/// Counts and tells a move.
async fn moved(
    tx: &mut WriteTx<'_>,
    before: &Delivery,
    state: DeliveryState,
) -> Result<(), StoreError> {
    let (from, to) = (before.state.as_str(), state.as_str());
    let moves = LedgerMoves::default().moved(before.id, before.endpoint_id, from, to);
    tx.count(&moves).await?;
    tx.effects.deliveries_changed.push(DeliveryChange {
        id: before.id,
        endpoint_id: before.endpoint_id,
        state,
    });
    Ok(())
}

fn not_accepting(endpoint: &Endpoint) -> StoreError {
    StoreError::NotAccepting {
        status: endpoint.status.as_str().to_owned(),
    }
}
