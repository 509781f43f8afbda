//! The hot way in: publishing events and recording attempts.

use serde_json::json;
use sha2::{Digest, Sha256};
use tokio::sync::oneshot;

use super::audit_change::AuditChange;
use super::cold::{ColdCommand, WriteTx};
use super::counters::minute_of;
use super::endpoints;
use super::error::StoreError;
use super::events::audience_to_column;
use super::handle::Store;
use super::moves::insert_delivery;
use super::record::{AttemptRecord, AuditNote, Kept, Published};
use super::writer::{Command, PublishCall, RecordCall};
use crate::domain::endpoint::EndpointStatus;
use crate::domain::event::{Event, NewEvent};
use crate::domain::id::{DeliveryId, EndpointId, EventId};
use crate::domain::json::RawJson;

const INSERT_EVENT: &str = "INSERT INTO events (id, audience, event_type, occurred_at, accepted_at, test, deliveries, \
     attributes, data) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
pub(super) const COUNT_EVENT: &str = "UPDATE totals SET events = events + 1 WHERE id = 1";
const COUNT_MINUTE: &str = "INSERT INTO minute_events (minute, accepted) VALUES ($1, 1) \
     ON CONFLICT (minute) DO UPDATE SET accepted = accepted + 1";

impl Store {
    /// Accepts events, all or none: with their deliveries they are on disk when this returns (P1).
    ///
    /// An event whose key was used before answers as the first one did. Endpoints are matched at the moment of the
    /// commit, in the order of all changes: one that was created before this call is never missed.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] for a key with other content; [`StoreError::Full`]; [`StoreError::Busy`].
    pub async fn publish(&self, events: Vec<NewEvent>) -> Result<Vec<Published>, StoreError> {
        let bytes = events.iter().map(NewEvent::payload_bytes).sum();
        let options = &self.shared.options;
        let ticket = self.shared.waiting.enter(
            bytes,
            options.publishes_waiting_max,
            options.bytes_waiting_max,
        )?;
        let (reply, answer) = oneshot::channel();
        let call = PublishCall {
            digests: events.iter().map(content_sha256).collect(),
            events,
            bytes,
            reply,
            _ticket: ticket,
        };
        self.commands()?
            .send(Command::Publish(call))
            .await
            .map_err(|_| StoreError::CLOSED)?;
        answer.await.map_err(|_| StoreError::CLOSED)?
    }

    /// Keeps an attempt and moves its delivery on, in a commit shared with whatever else waits.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such delivery; [`StoreError::Full`] when not even the reserve has
    /// room.
    pub async fn record(&self, record: AttemptRecord) -> Result<Kept, StoreError> {
        let (reply, answer) = oneshot::channel();
        let call = RecordCall {
            record: Box::new(record),
            reply,
        };
        self.commands()?
            .send(Command::Record(call))
            .await
            .map_err(|_| StoreError::CLOSED)?;
        answer.await.map_err(|_| StoreError::CLOSED)?
    }

    /// Accepts an event for one endpoint only, whatever its filters: what a test call does. The event's key is not
    /// kept. The caller tells the lane.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::NotAccepting`] when the endpoint is disabled or deleted.
    pub async fn publish_to(
        &self,
        note: AuditNote,
        event: NewEvent,
        endpoint_id: EndpointId,
    ) -> Result<(EventId, DeliveryId), StoreError> {
        self.change(PublishTo {
            note,
            event,
            endpoint_id,
        })
        .await
    }
}

/// What decides whether two events with one key are the same: everything that the publisher said.
pub(super) fn content_sha256(event: &NewEvent) -> Option<[u8; 32]> {
    event.key.as_ref()?;
    let mut digest = Sha256::new();
    let occurred_at = event.occurred_at.map(|at| at.as_millis().to_string());
    let test = if event.test { "test" } else { "" };
    for part in [
        event.event_type.as_str(),
        event.data.as_str(),
        event.attributes.as_ref().map_or("", |json| json.as_str()),
        occurred_at.as_deref().unwrap_or(""),
        test,
    ] {
        digest.update(part.len().to_le_bytes());
        digest.update(part);
    }
    Some(digest.finalize().into())
}

struct PublishTo {
    note: AuditNote,
    event: NewEvent,
    endpoint_id: EndpointId,
}

impl ColdCommand for PublishTo {
    type Output = (EventId, DeliveryId);

    async fn run(&mut self, tx: &mut WriteTx<'_>) -> Result<Self::Output, StoreError> {
        let endpoint = endpoints::read_in(tx.connection, self.endpoint_id).await?;
        if matches!(
            endpoint.status,
            EndpointStatus::Disabled { .. } | EndpointStatus::Deleted
        ) {
            return Err(StoreError::NotAccepting {
                status: endpoint.status.as_str().to_owned(),
            });
        }
        let event = self.event.clone().accept(tx.mint(), tx.now);
        insert_event(tx, &event, 1).await?;
        let id: DeliveryId = tx.mint();
        let event_type = event.event_type.as_str();
        insert_delivery(tx, id, event.id, event_type, event.test, &endpoint).await?;
        tx.effects.events += 1;
        let made = json!({ "event": event.id, "event_type": event_type, "delivery": id });
        let subject = Some(self.endpoint_id.to_string());
        let change = AuditChange::new_thing(&made);
        tx.audit_with(&self.note, subject, change, None).await?;
        Ok((event.id, id))
    }
}

/// Makes an event inside the transaction, counted; its deliveries are the caller's.
pub(super) async fn insert_event(
    tx: &mut WriteTx<'_>,
    event: &Event,
    deliveries: usize,
) -> Result<(), StoreError> {
    let bytes = |json: &RawJson| json.as_str().as_bytes().to_vec();
    sqlx::query(INSERT_EVENT)
        .bind(event.id.as_i64())
        .bind(audience_to_column(&event.audience).to_owned())
        .bind(event.event_type.to_string())
        .bind(event.occurred_at.as_millis())
        .bind(event.accepted_at.as_millis())
        .bind(event.test)
        .bind(i64::try_from(deliveries).unwrap_or(i64::MAX))
        .bind(event.attributes.as_ref().map(bytes))
        .bind(bytes(&event.data))
        .execute(&mut *tx.connection)
        .await?;
    sqlx::query(COUNT_EVENT)
        .execute(&mut *tx.connection)
        .await?;
    if !event.test {
        sqlx::query(COUNT_MINUTE)
            .bind(minute_of(tx.now))
            .execute(&mut *tx.connection)
            .await?;
    }
    Ok(())
}
