//! What rows tell of the past: of some deliveries, of the endpoints they go to, and how far back all is kept.

use std::collections::HashMap;
use std::time::Duration;

use serde::Deserialize;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::error::StoreError;
use super::handle::Store;
use super::rows::{Columns, number_list};
use crate::domain::attempt::{FailureClass, LastAttempt};
use crate::domain::delivery::{Delivery, DeliveryState};
use crate::domain::id::{AuditId, DeliveryId, EndpointId, EventId, ReplayId};
use crate::domain::past::{Frozen, Stood, Traces, Tried, Turn};
use crate::domain::time::Timestamp;

/// Deliveries whose traces are read together.
const TOGETHER: usize = 50;
/// Attempts that are read of so many deliveries: as many of each as of one alone.
const ATTEMPTS_MAX: i64 = 50_000;
/// Entries of the log that are read of so many deliveries, or of so many endpoints.
const ENTRIES_MAX: i64 = 10_000;

/// `$1` holds ids of deliveries.
pub(super) const SELECT_TRIED: &str = "SELECT a.id, a.delivery_id, a.number, a.started_at, a.total_us, a.status, \
     a.failure_class, a.replay_id FROM json_each($1) i CROSS JOIN attempts a ON a.delivery_id = i.value \
     ORDER BY a.id LIMIT $2";
/// `$1` holds ids as people write them.
pub(super) const SELECT_TURNS: &str = "SELECT a.id, a.subject, a.at, a.before FROM json_each($1) i \
     CROSS JOIN audit a ON a.subject = i.value AND a.id >= $2 WHERE a.before IS NOT NULL ORDER BY a.id LIMIT $3";
/// `$1` holds pairs of replay and delivery.
pub(super) const SELECT_FROZEN: &str = "SELECT i.delivery_id, i.replay_id, i.planned, r.created_at, r.started_at \
     FROM json_each($1) p CROSS JOIN replay_items i ON i.replay_id = p.value->>'$[0]' \
     AND i.delivery_id = p.value->>'$[1]' CROSS JOIN replays r ON r.id = i.replay_id";
pub(super) const SELECT_OLDEST: &str = "SELECT id FROM events ORDER BY id LIMIT 1";
pub(super) const SELECT_TAKEN_DAY: &str = "SELECT day FROM day_counters \
     WHERE removed_delivered + removed_dead + removed_discarded > 0 ORDER BY day DESC LIMIT 1";
pub(super) const SELECT_LEFT: &str = "SELECT id FROM deliveries WHERE id >= $1 AND id < $2 \
     AND state IN ('delivered', 'discarded') ORDER BY id LIMIT 1";

const DAY: Duration = Duration::from_hours(24);

/// What an entry says about a thing before it was changed, as far as its state is concerned.
#[derive(Debug, Deserialize)]
struct Before {
    state: Option<String>,
    reason: Option<String>,
    status: Option<String>,
}

impl Store {
    /// What is stored of the past of some deliveries since `at`; of those that nothing is stored of, nothing.
    ///
    /// # Errors
    /// [`StoreError::Inconsistent`] for a row that cannot be read, [`StoreError::Unavailable`].
    pub async fn traces(
        &self,
        deliveries: &[Delivery],
        at: Timestamp,
    ) -> Result<HashMap<DeliveryId, Traces>, StoreError> {
        let mut traces: HashMap<DeliveryId, Traces> = HashMap::new();
        for some in deliveries.chunks(TOGETHER) {
            self.read_attempts(some, &mut traces).await?;
            self.read_turns(some, at, &mut traces).await?;
            self.read_frozen(some, &mut traces).await?;
        }
        Ok(traces)
    }

    async fn read_attempts(
        &self,
        deliveries: &[Delivery],
        traces: &mut HashMap<DeliveryId, Traces>,
    ) -> Result<(), StoreError> {
        let ids: Vec<i64> = deliveries.iter().map(|one| one.id.as_i64()).collect();
        let rows = sqlx::query(SELECT_TRIED)
            .bind(number_list(&ids))
            .bind(ATTEMPTS_MAX)
            .fetch_all(self.readers())
            .await?;
        for row in &rows {
            let (id, tried) = tried(row)?;
            traces.entry(id).or_default().attempts.push(tried);
        }
        Ok(())
    }

    async fn read_turns(
        &self,
        deliveries: &[Delivery],
        at: Timestamp,
        traces: &mut HashMap<DeliveryId, Traces>,
    ) -> Result<(), StoreError> {
        let ids = deliveries.iter().map(|one| (one.id.to_string(), one.id));
        let ids: HashMap<String, DeliveryId> = ids.collect();
        for (subject, turned_at, before) in self.changes_since(ids.keys(), at).await? {
            let state = before.state.as_deref();
            let from =
                state.and_then(|word| DeliveryState::from_words(word, before.reason.as_deref()));
            if let (Some(id), Some(from)) = (ids.get(&subject), from) {
                let turn = Turn {
                    at: turned_at,
                    from,
                };
                traces.entry(*id).or_default().turns.push(turn);
            }
        }
        Ok(())
    }

    async fn read_frozen(
        &self,
        deliveries: &[Delivery],
        traces: &mut HashMap<DeliveryId, Traces>,
    ) -> Result<(), StoreError> {
        let mut pairs = Vec::new();
        for delivery in deliveries {
            let tried = traces.get(&delivery.id).into_iter();
            let tried = tried.flat_map(|traces| traces.attempts.iter());
            let mut replays: Vec<ReplayId> = tried.filter_map(|one| one.replay_id).collect();
            replays.extend(delivery.replay_id);
            replays.dedup();
            let pair = |replay: ReplayId| (replay.as_i64(), delivery.id.as_i64());
            pairs.extend(replays.into_iter().map(pair));
        }
        if pairs.is_empty() {
            return Ok(());
        }
        let rows = sqlx::query(SELECT_FROZEN)
            .bind(serde_json::to_string(&pairs).expect("numbers serialise"))
            .fetch_all(self.readers())
            .await?;
        for row in &rows {
            let mut columns = Columns::with_id(row, "replay_items", 0)?;
            let id = DeliveryId::from_i64(columns.id());
            let frozen = Frozen {
                replay_id: columns.id_of("replay_id")?,
                was: Stood::of_word(columns.take("planned")?),
                planned_at: columns.time("created_at")?,
                started_at: columns.time_or_null("started_at")?,
            };
            traces.entry(id).or_default().frozen.push(frozen);
        }
        Ok(())
    }

    /// The statuses that endpoints had at `at`, of those that changed theirs since.
    ///
    /// # Errors
    /// [`StoreError::Inconsistent`] for a row that cannot be read, [`StoreError::Unavailable`].
    pub async fn statuses_then(
        &self,
        endpoints: &[EndpointId],
        at: Timestamp,
    ) -> Result<HashMap<EndpointId, String>, StoreError> {
        let ids = endpoints.iter().map(|id| (id.to_string(), *id));
        let ids: HashMap<String, EndpointId> = ids.collect();
        let mut statuses = HashMap::new();
        for (subject, _, before) in self.changes_since(ids.keys(), at).await? {
            if let (Some(id), Some(status)) = (ids.get(&subject), before.status) {
                statuses.entry(*id).or_insert(status);
            }
        }
        Ok(statuses)
    }

    /// Who was changed after `at`, when, and what it was before; oldest first.
    async fn changes_since(
        &self,
        subjects: impl Iterator<Item = &String>,
        at: Timestamp,
    ) -> Result<Vec<(String, Timestamp, Before)>, StoreError> {
        let subjects: Vec<&String> = subjects.collect();
        let rows = sqlx::query(SELECT_TURNS)
            .bind(serde_json::to_string(&subjects).expect("texts serialise"))
            .bind(AuditId::first_at(at).as_i64())
            .bind(ENTRIES_MAX)
            .fetch_all(self.readers())
            .await?;
        let mut changes = Vec::with_capacity(rows.len());
        for row in &rows {
            let mut columns = Columns::with_id(row, "audit", 0)?;
            let subject = columns.take("subject")?;
            let changed_at = columns.time("at")?;
            let before = columns.read("before", |text: &str| serde_json::from_str(text).ok())?;
            if changed_at > at {
                changes.push((subject, changed_at, before));
            }
        }
        Ok(changes)
    }

    /// Since when nothing that ended is missing: the oldest event, or the first delivery behind those that retention has
    /// taken. `None` where nothing was ever stored.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn kept_since(&self) -> Result<Option<Timestamp>, StoreError> {
        let first = async |sql: &'static str| -> Result<Option<i64>, StoreError> {
            let row = sqlx::query(sql).fetch_optional(self.readers()).await?;
            Ok(row.map(|row| row.try_get(0)).transpose()?)
        };
        let oldest = first(SELECT_OLDEST).await?.map(EventId::from_i64);
        let oldest = oldest.map(|id| id.timestamp());
        let Some(day) = first(SELECT_TAKEN_DAY).await? else {
            return Ok(oldest);
        };
        let day = Timestamp::from_millis(day);
        let left = sqlx::query(SELECT_LEFT)
            .bind(DeliveryId::first_at(day).as_i64())
            .bind(DeliveryId::first_at(day + DAY).as_i64())
            .fetch_optional(self.readers())
            .await?;
        let left: Option<i64> = left.map(|row| row.try_get(0)).transpose()?;
        let left = left.map_or(day + DAY, |id| DeliveryId::from_i64(id).timestamp());
        Ok(oldest.map(|oldest| oldest.max(left)))
    }
}

fn tried(row: &SqliteRow) -> Result<(DeliveryId, Tried), StoreError> {
    let mut columns = Columns::with_id(row, "attempts", 0)?;
    let delivery_id = columns.id_of("delivery_id")?;
    let number = columns.take("number")?;
    let started_at = columns.time("started_at")?;
    let latency: Duration = columns.read("total_us", |micros: i64| {
        u64::try_from(micros).ok().map(Duration::from_micros)
    })?;
    let last = LastAttempt {
        at: started_at,
        status: columns.take("status")?,
        class: columns.read_or_null("failure_class", FailureClass::from_word)?,
        latency,
    };
    let replay_id: Option<i64> = columns.take("replay_id")?;
    let tried = Tried {
        number,
        ended_at: started_at + latency,
        last,
        replay_id: replay_id.map(ReplayId::from_i64),
    };
    Ok((delivery_id, tried))
}
