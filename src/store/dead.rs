//! Dead letters together: those of a plan discarded, and those of an export brought back.
//!
//! **Promises.** Discarding takes the frozen items of a plan, a few hundred a transaction, and only those that are dead
//! at that moment. Bringing back makes nothing twice: a delivery is known by its id, else by its event and endpoint, and
//! an event by its id, else by its key. What is brought back is dead: nothing is sent until it is replayed.

use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::audit_change::AuditChange;
use super::causes;
use super::cold::{ColdCommand, WriteTx};
use super::endpoints;
use super::error::StoreError;
use super::events::audience_to_column;
use super::handle::Store;
use super::ledger::LedgerMoves;
use super::moves::SELECT_PAIR;
use super::publish::{COUNT_EVENT, content_sha256};
use super::record::{AuditNote, DeliveryChange};
use super::rows::micros;
use crate::domain::dead_letter::{BroughtBack, DeadLetter};
use crate::domain::delivery::{DeadReason, DeliveryMove, DeliveryState, DiscardReason};
use crate::domain::endpoint::{Endpoint, EndpointStatus};
use crate::domain::event::{Event, EventKey, NewEvent};
use crate::domain::id::{DeliveryId, EndpointId, EventId, PlanId, ReplayId};
use crate::domain::time::Timestamp;

/// Items that one step of a discard looks at.
const DISCARDED_MAX: i64 = 500;

const CLAIM: &str = "UPDATE replays SET state = 'planning', expires_at = $2 \
     WHERE id = $1 AND state = 'planned' AND expires_at > $3";
const SELECT_ITEMS: &str = "SELECT delivery_id FROM replay_items WHERE replay_id = $1 AND delivery_id > $2 \
     ORDER BY delivery_id LIMIT $3";
const DISCARD: &str = "UPDATE deliveries SET state = 'discarded', reason = 'operator', note = $2, \
     next_attempt_at = NULL, updated_at = $3 WHERE id IN (SELECT value FROM json_each($1)) AND state = 'dead' \
     RETURNING id, endpoint_id";

macro_rules! event_content {
    () => {
        "SELECT id, audience, event_type, occurred_at, test, attributes, data FROM events "
    };
}
const SELECT_EVENT: &str = concat!(event_content!(), "WHERE id = $1");
const SELECT_KEYED: &str = concat!(event_content!(), "WHERE audience = $1 AND key = $2");
const INSERT_EVENT: &str = "INSERT INTO events (id, audience, key, content_sha256, event_type, occurred_at, \
     accepted_at, test, deliveries, attributes, data) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1, $9, $10)";
const RESTORE_PAYLOAD: &str =
    "UPDATE events SET attributes = $2, data = $3 WHERE id = $1 AND data IS NULL";
const SELECT_DELIVERY: &str = "SELECT id, state, reason FROM deliveries WHERE id = $1 AND event_id = $2 \
     AND endpoint_id = $3";
const SELECT_STATE: &str = "SELECT id, state, reason FROM deliveries WHERE id = $1";
const REVIVE: &str =
    "UPDATE deliveries SET state = 'dead', reason = $2, note = $3, updated_at = $4 WHERE id = $1";
const INSERT_DEAD: &str = "INSERT INTO deliveries (id, event_id, endpoint_id, event_type, test, state, reason, note, \
     attempts, budget_attempts, budget_started_at, held_before_ms, last_at, last_status, last_class, last_latency_us, \
     last_cause, created_at, updated_at) \
     VALUES ($1, $2, $3, $4, $5, 'dead', $6, $7, $8, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)";

/// What a step of a discard came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DiscardStep {
    /// Where the next one begins; `None` after the last.
    pub next: Option<i64>,
    /// Deliveries that were dead and are discarded.
    pub discarded: u64,
    /// Deliveries that were not dead.
    pub skipped: u64,
}

impl Store {
    /// Takes a plan for discarding: from now on it can be neither started nor taken again, and expires at `expires_at`.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when it has expired, or was started or taken.
    pub async fn claim_plan(
        &self,
        note: AuditNote,
        id: PlanId,
        items: u64,
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        let claim = Claim {
            note,
            id,
            items,
            expires_at,
        };
        self.change(claim).await
    }

    /// Discards what is dead among the next few hundred items of a plan, from behind the delivery `after` on.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Full`].
    pub async fn discard_planned(
        &self,
        id: PlanId,
        after: i64,
        text: String,
    ) -> Result<DiscardStep, StoreError> {
        self.change(DiscardItems { id, after, text }).await
    }

    /// Writes an audit entry of its own, about so many things.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Full`].
    pub async fn note_audit(
        &self,
        note: AuditNote,
        subject: String,
        count: u64,
    ) -> Result<(), StoreError> {
        let entry = Note {
            note,
            subject,
            count,
        };
        self.change(entry).await
    }

    /// Brings dead letters back for the endpoints beside them, those that can be: in one transaction, each with what
    /// became of it. To be called with about a hundred at most.
    ///
    /// # Errors
    /// [`StoreError::Full`], [`StoreError::Unavailable`]; of a letter [`StoreError::NotAccepting`] when its endpoint is
    /// deleted, and [`StoreError::Conflict`] when its event's key belongs to another event here.
    pub async fn bring_back(
        &self,
        note: AuditNote,
        letters: Vec<(DeadLetter, EndpointId)>,
    ) -> Result<Vec<Result<BroughtBack, StoreError>>, StoreError> {
        let options = &self.shared.options;
        let reserve_bytes = self.shared.limits.load().reserve_bytes;
        let free = (options.free_space)(&options.data_dir);
        if free.is_ok_and(|free| free < reserve_bytes) {
            return Err(StoreError::Full { reserve_bytes });
        }
        self.change(BringBack { note, letters }).await
    }
}

struct Claim {
    note: AuditNote,
    id: PlanId,
    items: u64,
    expires_at: Timestamp,
}

impl ColdCommand for Claim {
    type Output = ();

    async fn run(&mut self, tx: &mut WriteTx<'_>) -> Result<(), StoreError> {
        let done = sqlx::query(CLAIM)
            .bind(self.id.as_i64())
            .bind(self.expires_at.as_millis())
            .bind(tx.now.as_millis())
            .execute(&mut *tx.connection)
            .await?;
        if done.rows_affected() == 0 {
            return Err(StoreError::not_found("plan", &self.id));
        }
        let (subject, nothing) = (Some(self.id.to_string()), AuditChange::default());
        tx.audit_with(&self.note, subject, nothing, Some(self.items))
            .await
    }
}

struct DiscardItems {
    id: PlanId,
    after: i64,
    text: String,
}

impl ColdCommand for DiscardItems {
    type Output = DiscardStep;

    async fn run(&mut self, tx: &mut WriteTx<'_>) -> Result<DiscardStep, StoreError> {
        let replay = ReplayId::from_i64(self.id.as_i64());
        let rows = sqlx::query(SELECT_ITEMS)
            .bind(replay.as_i64())
            .bind(self.after)
            .bind(DISCARDED_MAX)
            .fetch_all(&mut *tx.connection)
            .await?;
        let ids: Vec<i64> = rows
            .iter()
            .map(|row| row.try_get(0))
            .collect::<Result<_, _>>()?;
        let list = serde_json::to_string(&ids).expect("numbers serialise");
        let gone = sqlx::query(DISCARD)
            .bind(list)
            .bind(self.text.clone())
            .bind(tx.now.as_millis())
            .fetch_all(&mut *tx.connection)
            .await?;
        let state = DeliveryState::Discarded(DiscardReason::Operator);
        let mut moves = LedgerMoves::default();
        for row in &gone {
            let id = DeliveryId::from_i64(row.try_get(0)?);
            let endpoint_id = EndpointId::from_i64(row.try_get(1)?);
            moves = moves.moved(id, endpoint_id, "dead", state.as_str());
            tx.effects.deliveries_changed.push(DeliveryChange {
                id,
                endpoint_id,
                state,
            });
        }
        tx.count(&moves).await?;
        let full = i64::try_from(ids.len()).unwrap_or(i64::MAX) >= DISCARDED_MAX;
        Ok(DiscardStep {
            next: ids.last().copied().filter(|_| full),
            discarded: gone.len() as u64,
            skipped: (ids.len() - gone.len()) as u64,
        })
    }
}

struct Note {
    note: AuditNote,
    subject: String,
    count: u64,
}

impl ColdCommand for Note {
    type Output = ();

    async fn run(&mut self, tx: &mut WriteTx<'_>) -> Result<(), StoreError> {
        let (subject, nothing) = (Some(self.subject.clone()), AuditChange::default());
        tx.audit_with(&self.note, subject, nothing, Some(self.count))
            .await
    }
}

struct BringBack {
    note: AuditNote,
    letters: Vec<(DeadLetter, EndpointId)>,
}

impl ColdCommand for BringBack {
    type Output = Vec<Result<BroughtBack, StoreError>>;

    async fn run(&mut self, tx: &mut WriteTx<'_>) -> Result<Self::Output, StoreError> {
        let mut results = Vec::with_capacity(self.letters.len());
        for (letter, endpoint_id) in &self.letters {
            let result = one(tx, letter, *endpoint_id).await;
            match result {
                // Decided before anything was written.
                Err(
                    error @ (StoreError::NotAccepting { .. }
                    | StoreError::Conflict { .. }
                    | StoreError::NotFound { .. }),
                ) => results.push(Err(error)),
                Err(error) => return Err(error),
                Ok(done) => {
                    if let (Some(cause), BroughtBack::Made(_)) = (&letter.fingerprint, done) {
                        let at = letter.last.as_ref().map_or(tx.now, |last| last.at);
                        causes::remember(tx, cause, *endpoint_id, at).await?;
                    }
                    results.push(Ok(done));
                }
            }
        }
        let changed = |result: &&Result<BroughtBack, StoreError>| {
            matches!(result, Ok(BroughtBack::Made(_) | BroughtBack::Revived(_)))
        };
        let changed = results.iter().filter(changed).count();
        if changed > 0 {
            let nothing = AuditChange::default();
            tx.audit_with(&self.note, None, nothing, Some(changed as u64))
                .await?;
        }
        Ok(results)
    }
}

async fn one(
    tx: &mut WriteTx<'_>,
    letter: &DeadLetter,
    endpoint_id: EndpointId,
) -> Result<BroughtBack, StoreError> {
    let endpoint = endpoints::read_in(tx.connection, endpoint_id).await?;
    if endpoint.status == EndpointStatus::Deleted {
        return Err(StoreError::NotAccepting {
            status: endpoint.status.as_str().to_owned(),
        });
    }
    let Some(event_id) = event_here(tx, &letter.event).await? else {
        let event_id = insert_event(tx, &letter.event).await?;
        return insert_dead(tx, letter, event_id, &endpoint).await;
    };
    restore_payload(tx, event_id, &letter.event).await?;
    match delivery_here(tx, letter.delivery_id, event_id, endpoint_id).await? {
        None => insert_dead(tx, letter, event_id, &endpoint).await,
        Some((id, state)) => match state.apply(DeliveryMove::BringBack(letter.reason)) {
            Ok(dead) => revive(tx, letter, id, endpoint_id, state, dead).await,
            Err(_) => Ok(BroughtBack::Here(id, state)),
        },
    }
}

/// The letter's event, where this store has it: under its id, or under the key that it has or was given here.
async fn event_here(tx: &mut WriteTx<'_>, event: &Event) -> Result<Option<EventId>, StoreError> {
    let rows = sqlx::query(SELECT_EVENT)
        .bind(event.id.as_i64())
        .fetch_all(&mut *tx.connection)
        .await?;
    if let Some(row) = rows.first()
        && is_same(row, event)?
    {
        return Ok(Some(event.id));
    }
    let key = key_here(event);
    let rows = sqlx::query(SELECT_KEYED)
        .bind(audience_to_column(&event.audience).to_owned())
        .bind(key.as_str().to_owned())
        .fetch_all(&mut *tx.connection)
        .await?;
    let Some(row) = rows.first() else {
        return Ok(None);
    };
    let event_id = EventId::from_i64(row.try_get(0)?);
    if is_same(row, event)? {
        return Ok(Some(event_id));
    }
    Err(StoreError::Conflict {
        key,
        event_id: Some(event_id),
    })
}

/// The key that an event is known by here when its id is another's: its own, or its id where it came from.
fn key_here(event: &Event) -> EventKey {
    let own = event.key.clone();
    own.unwrap_or_else(|| {
        let id = event.id.to_string();
        id.parse().expect("an id is made of what keys are made of")
    })
}

/// Whether a row of [`event_content`] is this event; what retention has taken of it does not count.
fn is_same(row: &SqliteRow, event: &Event) -> Result<bool, StoreError> {
    let (audience, event_type): (&str, &str) = (row.try_get(1)?, row.try_get(2)?);
    let (occurred_at, test): (i64, bool) = (row.try_get(3)?, row.try_get(4)?);
    let (attributes, data): (Option<&[u8]>, Option<&[u8]>) = (row.try_get(5)?, row.try_get(6)?);
    let own = event
        .attributes
        .as_ref()
        .map(|json| json.as_str().as_bytes());
    let is_payload =
        data.is_none_or(|data| data == event.data.as_str().as_bytes() && attributes == own);
    Ok(audience == audience_to_column(&event.audience)
        && event_type == event.event_type.as_str()
        && occurred_at == event.occurred_at.as_millis()
        && test == event.test
        && is_payload)
}

/// Stores the event, under its own id where nothing here has it and nothing ever will.
async fn insert_event(tx: &mut WriteTx<'_>, event: &Event) -> Result<EventId, StoreError> {
    let fresh: EventId = tx.mint();
    let taken = sqlx::query(SELECT_EVENT)
        .bind(event.id.as_i64())
        .fetch_all(&mut *tx.connection)
        .await?;
    // The mint never gives an id below one that it gave.
    let keeps_id = taken.is_empty() && event.id < fresh && event.id.as_i64() > 0;
    let id = if keeps_id { event.id } else { fresh };
    let key = match (&event.key, keeps_id) {
        (None, true) => None,
        _ => Some(key_here(event)),
    };
    let as_published = NewEvent {
        key: key.clone(),
        audience: event.audience.clone(),
        event_type: event.event_type.clone(),
        // A publisher who gave no time has that of the acceptance.
        occurred_at: Some(event.occurred_at).filter(|at| *at != event.accepted_at),
        attributes: event.attributes.clone(),
        data: event.data.clone(),
        test: event.test,
    };
    let attributes = event.attributes.as_ref();
    sqlx::query(INSERT_EVENT)
        .bind(id.as_i64())
        .bind(audience_to_column(&event.audience).to_owned())
        .bind(key.as_ref().map(|key| key.as_str().to_owned()))
        .bind(content_sha256(&as_published).map(|digest| digest.to_vec()))
        .bind(event.event_type.to_string())
        .bind(event.occurred_at.as_millis())
        .bind(event.accepted_at.as_millis())
        .bind(event.test)
        .bind(attributes.map(|json| json.as_str().as_bytes().to_vec()))
        .bind(event.data.as_str().as_bytes().to_vec())
        .execute(&mut *tx.connection)
        .await?;
    sqlx::query(COUNT_EVENT)
        .execute(&mut *tx.connection)
        .await?;
    tx.effects.events += 1;
    Ok(id)
}

async fn restore_payload(
    tx: &mut WriteTx<'_>,
    id: EventId,
    event: &Event,
) -> Result<(), StoreError> {
    let attributes = event.attributes.as_ref();
    sqlx::query(RESTORE_PAYLOAD)
        .bind(id.as_i64())
        .bind(attributes.map(|json| json.as_str().as_bytes().to_vec()))
        .bind(event.data.as_str().as_bytes().to_vec())
        .execute(&mut *tx.connection)
        .await?;
    Ok(())
}

/// The delivery of the event to the endpoint, where there is one: by its id, else by the two.
async fn delivery_here(
    tx: &mut WriteTx<'_>,
    id: DeliveryId,
    event_id: EventId,
    endpoint_id: EndpointId,
) -> Result<Option<(DeliveryId, DeliveryState)>, StoreError> {
    let rows = sqlx::query(SELECT_DELIVERY)
        .bind(id.as_i64())
        .bind(event_id.as_i64())
        .bind(endpoint_id.as_i64())
        .fetch_all(&mut *tx.connection)
        .await?;
    if let Some(row) = rows.first() {
        return state_of(row).map(Some);
    }
    let pairs = sqlx::query(SELECT_PAIR)
        .bind(event_id.as_i64())
        .bind(endpoint_id.as_i64())
        .fetch_all(&mut *tx.connection)
        .await?;
    let Some(pair) = pairs.first() else {
        return Ok(None);
    };
    let row = sqlx::query(SELECT_STATE)
        .bind(pair.try_get::<i64, _>(0)?)
        .fetch_one(&mut *tx.connection)
        .await?;
    state_of(&row).map(Some)
}

fn state_of(row: &SqliteRow) -> Result<(DeliveryId, DeliveryState), StoreError> {
    let id: i64 = row.try_get(0)?;
    let (state, reason): (&str, Option<&str>) = (row.try_get(1)?, row.try_get(2)?);
    let state = DeliveryState::from_words(state, reason);
    let state = state.ok_or(StoreError::Inconsistent {
        table: "deliveries",
        column: "state",
        id,
    })?;
    Ok((DeliveryId::from_i64(id), state))
}

async fn revive(
    tx: &mut WriteTx<'_>,
    letter: &DeadLetter,
    id: DeliveryId,
    endpoint_id: EndpointId,
    from: DeliveryState,
    dead: DeliveryState,
) -> Result<BroughtBack, StoreError> {
    sqlx::query(REVIVE)
        .bind(id.as_i64())
        .bind(dead.reason())
        .bind(letter.note.clone())
        .bind(tx.now.as_millis())
        .execute(&mut *tx.connection)
        .await?;
    let moves = LedgerMoves::default();
    let moves = moves.moved(id, endpoint_id, from.as_str(), dead.as_str());
    tell(tx, id, endpoint_id, letter.reason, &moves).await?;
    Ok(BroughtBack::Revived(id))
}

async fn insert_dead(
    tx: &mut WriteTx<'_>,
    letter: &DeadLetter,
    event_id: EventId,
    endpoint: &Endpoint,
) -> Result<BroughtBack, StoreError> {
    // Its age for retention begins anew, and so does its day in the ledger: an old id would be past its time at once.
    let id: DeliveryId = tx.mint();
    let last = letter.last.as_ref();
    sqlx::query(INSERT_DEAD)
        .bind(id.as_i64())
        .bind(event_id.as_i64())
        .bind(endpoint.id.as_i64())
        .bind(letter.event.event_type.to_string())
        .bind(letter.event.test)
        .bind(letter.reason.as_str())
        .bind(letter.note.clone())
        .bind(i64::from(letter.attempts))
        .bind(tx.steady_ms(tx.now))
        .bind(endpoint.hold.held_ms(tx.now))
        .bind(last.map(|last| last.at.as_millis()))
        .bind(last.and_then(|last| last.status).map(i64::from))
        .bind(last.and_then(|last| last.class).map(|class| class.as_str()))
        .bind(last.map(|last| micros(last.latency)))
        .bind(letter.cause.map(|cause| cause.as_i64()))
        .bind(letter.created_at.as_millis())
        .bind(tx.now.as_millis())
        .execute(&mut *tx.connection)
        .await?;
    let moves = LedgerMoves::default().made(id, endpoint.id, "dead");
    tell(tx, id, endpoint.id, letter.reason, &moves).await?;
    Ok(BroughtBack::Made(id))
}

async fn tell(
    tx: &mut WriteTx<'_>,
    id: DeliveryId,
    endpoint_id: EndpointId,
    reason: DeadReason,
    moves: &LedgerMoves,
) -> Result<(), StoreError> {
    tx.count(moves).await?;
    tx.effects.deliveries_changed.push(DeliveryChange {
        id,
        endpoint_id,
        state: DeliveryState::Dead(reason),
    });
    Ok(())
}
