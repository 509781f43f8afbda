//! What rows tell of the past: of some deliveries, of the endpoints they go to, and of replays.

use std::collections::HashMap;
use std::time::Duration;

use serde::Deserialize;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::deliveries::{SqlCondition, SqlValue};
use super::error::StoreError;
use super::handle::Store;
use super::rows::{Columns, count, number_list};
use crate::domain::attempt::{FailureClass, LastAttempt};
use crate::domain::delivery::{Delivery, DeliveryState};
use crate::domain::fingerprint::CauseId;
use crate::domain::id::{AuditId, DeliveryId, EndpointId, ReplayId};
use crate::domain::past::{Died, Frozen, ReplayTurn, Stood, Traces, Tried, Turn};
use crate::domain::replay::ReplayState;
use crate::domain::time::Timestamp;

/// Deliveries whose traces are read together.
const TOGETHER: usize = 50;
/// Dead deliveries that are looked at for what was dead: a fifth of a second.
const DEAD_MAX: i64 = 100_000;
/// Attempts that are read of so many deliveries: as many of each as of one alone.
const ATTEMPTS_MAX: i64 = 50_000;

/// `$1` holds ids of deliveries.
pub(super) const SELECT_TRIED: &str = "SELECT a.id, a.delivery_id, a.number, a.started_at, a.total_us, a.status, \
     a.failure_class, a.replay_id FROM json_each($1) i CROSS JOIN attempts a ON a.delivery_id = i.value \
     ORDER BY a.id LIMIT $2";
/// What is dead and was made before `$1`, by cause and endpoint: of `$2` at most, all that were looked at, and those that
/// have not changed since `$3`.
pub(super) const SELECT_STILL_DEAD: &str = "SELECT last_cause, endpoint_id, count(*), sum(updated_at <= $3), \
     max(CASE WHEN updated_at <= $3 THEN last_at END) FROM (SELECT last_cause, endpoint_id, updated_at, last_at \
     FROM deliveries WHERE state = 'dead' AND id < $1 LIMIT $2) GROUP BY last_cause, endpoint_id";
/// `$1` holds ids as people write them: of each the first entry since then that says what the member `$4` was before.
pub(super) const SELECT_TURNS: &str = "SELECT a.id, a.subject, a.at, a.before FROM json_each($1) i \
     CROSS JOIN audit a ON a.id = (SELECT b.id FROM audit b WHERE b.subject = i.value AND b.id >= $2 AND b.at > $3 \
     AND b.before IS NOT NULL AND json_extract(b.before, $4) IS NOT NULL ORDER BY b.id LIMIT 1)";
/// `$1` holds pairs of replay and delivery.
pub(super) const SELECT_FROZEN: &str = "SELECT i.delivery_id, i.replay_id, i.planned, r.created_at, r.started_at, \
     i.released_at \
     FROM json_each($1) p CROSS JOIN replay_items i ON i.replay_id = p.value->>'$[0]' \
     AND i.delivery_id = p.value->>'$[1]' CROSS JOIN replays r ON r.id = i.replay_id";

/// What an entry says about a thing before it was changed, as far as its state is concerned.
#[derive(Debug, Deserialize)]
struct Before {
    state: Option<String>,
    reason: Option<String>,
    status: Option<String>,
    why: Option<String>,
}

impl Store {
    /// What is stored of the past of some deliveries since `at`; of those that nothing is stored of, nothing, and of
    /// those that have not changed since, which are what they were.
    ///
    /// # Errors
    /// [`StoreError::Inconsistent`] for a row that cannot be read, [`StoreError::Unavailable`].
    pub async fn traces(
        &self,
        deliveries: &[Delivery],
        at: Timestamp,
    ) -> Result<HashMap<DeliveryId, Traces>, StoreError> {
        let mut traces: HashMap<DeliveryId, Traces> = HashMap::new();
        let changed: Vec<&Delivery> = deliveries
            .iter()
            .filter(|one| one.updated_at > at)
            .collect();
        for some in changed.chunks(TOGETHER) {
            self.read_attempts(some, &mut traces).await?;
            self.read_turns(some, at, &mut traces).await?;
            self.read_frozen(some, at, &mut traces).await?;
        }
        Ok(traces)
    }

    async fn read_attempts(
        &self,
        deliveries: &[&Delivery],
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
        deliveries: &[&Delivery],
        at: Timestamp,
        traces: &mut HashMap<DeliveryId, Traces>,
    ) -> Result<(), StoreError> {
        let ids = deliveries.iter().map(|one| (one.id.to_string(), one.id));
        let ids: HashMap<String, DeliveryId> = ids.collect();
        let changes = self.changes_since(ids.keys(), at, "$.state").await?;
        for (subject, turned_at, before) in changes {
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
        deliveries: &[&Delivery],
        at: Timestamp,
        traces: &mut HashMap<DeliveryId, Traces>,
    ) -> Result<(), StoreError> {
        let mut pairs = Vec::new();
        for delivery in deliveries {
            let tried = traces.get(&delivery.id).into_iter();
            let mut tried = tried.flat_map(|traces| traces.attempts.iter());
            // What it was is asked of the replay that put it to work first since then, and of the latest one.
            let next = tried.find(|one| one.ended_at > at);
            let next = next.and_then(|one| one.replay_id);
            let latest = delivery.replay_id.filter(|id| next != Some(*id));
            let pair = |replay: ReplayId| (replay.as_i64(), delivery.id.as_i64());
            pairs.extend(next.into_iter().chain(latest).map(pair));
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
                released_at: columns.time_or_null("released_at")?,
            };
            traces.entry(id).or_default().frozen.push(frozen);
        }
        Ok(())
    }

    /// What is dead since `at` or before, with whether that is all of it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn still_dead(&self, at: Timestamp) -> Result<(Vec<Died>, bool), StoreError> {
        let rows = sqlx::query(SELECT_STILL_DEAD)
            .bind(DeliveryId::first_at(at.moved_by(1)).as_i64())
            .bind(DEAD_MAX)
            .bind(at.as_millis())
            .fetch_all(self.readers())
            .await?;
        let (mut dead, mut looked_at) = (Vec::with_capacity(rows.len()), 0);
        for row in &rows {
            looked_at += row.try_get::<i64, _>(2)?;
            let cause: Option<i64> = row.try_get(0)?;
            let tried_at: Option<i64> = row.try_get(4)?;
            dead.push(Died {
                cause: cause.map(CauseId::from_i64),
                said: None,
                endpoint_id: EndpointId::from_i64(row.try_get(1)?),
                tried_at: tried_at.map(Timestamp::from_millis),
                count: count(row, 3)?,
            });
        }
        dead.retain(|died| died.count > 0);
        Ok((dead, looked_at < DEAD_MAX))
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
        let changes = self.changes_since(ids.keys(), at, "$.status").await?;
        for (subject, _, before) in changes {
            if let (Some(id), Some(status)) = (ids.get(&subject), before.status) {
                statuses.insert(*id, status);
            }
        }
        Ok(statuses)
    }

    /// The first move since `at` of replays that were moved since.
    ///
    /// # Errors
    /// [`StoreError::Inconsistent`] for a row that cannot be read, [`StoreError::Unavailable`].
    pub async fn replay_turns(
        &self,
        replays: &[ReplayId],
        at: Timestamp,
    ) -> Result<HashMap<ReplayId, ReplayTurn>, StoreError> {
        let ids = replays.iter().map(|id| (id.to_string(), *id));
        let ids: HashMap<String, ReplayId> = ids.collect();
        let mut turns = HashMap::new();
        let changes = self.changes_since(ids.keys(), at, "$.state").await?;
        for (subject, _, before) in changes {
            let from = before.state.as_deref().and_then(ReplayState::from_word);
            if let (Some(id), Some(from)) = (ids.get(&subject), from) {
                let why = before.why;
                turns.insert(*id, ReplayTurn { from, why });
            }
        }
        Ok(turns)
    }

    /// Whose `member` was changed after `at`, when first, and what it was before.
    async fn changes_since(
        &self,
        subjects: impl Iterator<Item = &String>,
        at: Timestamp,
        member: &'static str,
    ) -> Result<Vec<(String, Timestamp, Before)>, StoreError> {
        let subjects: Vec<&String> = subjects.collect();
        let rows = sqlx::query(SELECT_TURNS)
            .bind(serde_json::to_string(&subjects).expect("texts serialise"))
            .bind(AuditId::first_at(at).as_i64())
            .bind(at.as_millis())
            .bind(member)
            .fetch_all(self.readers())
            .await?;
        let mut changes = Vec::with_capacity(rows.len());
        for row in &rows {
            let mut columns = Columns::with_id(row, "audit", 0)?;
            let subject = columns.take("subject")?;
            let changed_at = columns.time("at")?;
            let before = columns.read("before", |text: &str| serde_json::from_str(text).ok())?;
            changes.push((subject, changed_at, before));
        }
        Ok(changes)
    }
}

impl SqlCondition {
    /// Whether a delivery was moved, or an attempt of it recorded, after `at`.
    pub fn changed_since(at: Timestamp) -> Self {
        Self {
            sql: "d.updated_at > $1".to_owned(),
            binds: vec![SqlValue::Int(at.as_millis())],
        }
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
