//! Starting, pausing, resuming, stopping, finishing and cancelling.

use serde_json::{Map, Value};
use sqlx::Row;

use super::rows::{StoredReplay, read_in};
use crate::domain::id::{PlanId, ReplayId};
use crate::domain::limits::REPLAYS_ACTIVE_MAX;
use crate::domain::operational::Fact;
use crate::domain::replay::{ReplayState, Settings};
use crate::store::audit_change::AuditChange;
use crate::store::cold::{ColdCommand, WriteTx};
use crate::store::error::StoreError;
use crate::store::handle::Store;
use crate::store::record::AuditNote;

pub(super) const COUNT_ACTIVE: &str = "SELECT count(*) FROM replays \
     WHERE state IN ('running', 'paused', 'stopped') \
     AND state IN ('planning', 'planned', 'running', 'paused', 'stopped')";
pub(super) const START: &str = "UPDATE replays SET state = 'running', note = $2, rate_requests = $3, \
     rate_per_ms = $4, canary = $5, canary_done = ($5 = 0), stop_percent = $6, stop_last = $7, skip_delivered = $8, \
     started_at = $9, expires_at = NULL, items_timed = 1 WHERE id = $1";
const PAUSE: &str = "UPDATE replays SET state = 'paused' WHERE id = $1";
const RESUME: &str = "UPDATE replays SET state = 'running', why = NULL, \
     canary_done = max(canary_done, state = 'stopped'), \
     window_from = iif(state = 'stopped', tried_well + tried_badly, window_from) WHERE id = $1";
const STOP: &str = "UPDATE replays SET state = 'stopped', why = $2 WHERE id = $1";
const FINISH: &str = "UPDATE replays SET state = 'finished', ended_at = $2 WHERE id = $1";
const CANCEL: &str = "UPDATE replays SET state = 'cancelled', ended_at = $2, cancelled = cancelled + waiting, \
     waiting = 0, deferred = 0 WHERE id = $1";

/// What is done to a replay that was started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReplayMove {
    /// An operator holds it.
    Pause,
    /// An operator lets it go on, also after it stopped by itself.
    Resume,
    /// An operator ends it.
    Cancel,
    /// Its canary or its stop rule holds it, and why.
    Stop(String),
    /// All its items have their outcome.
    Finish,
}

impl ReplayMove {
    const fn verb(&self) -> &'static str {
        match self {
            Self::Pause => "paused",
            Self::Resume => "resumed",
            Self::Cancel => "cancelled",
            Self::Stop(_) => "stopped",
            Self::Finish => "finished",
        }
    }

    /// Whether a replay in this state can be moved so; `None` where it is there already.
    fn fits(&self, state: ReplayState) -> Option<bool> {
        match (self, state) {
            (Self::Pause, ReplayState::Paused)
            | (Self::Resume, ReplayState::Running)
            | (Self::Cancel, ReplayState::Cancelled)
            | (Self::Finish, ReplayState::Finished) => None,
            (Self::Pause | Self::Stop(_) | Self::Finish, state) => {
                Some(state == ReplayState::Running)
            }
            (Self::Resume, state) => {
                Some(matches!(state, ReplayState::Paused | ReplayState::Stopped))
            }
            (Self::Cancel, state) => Some(state.is_active()),
        }
    }
}

impl Store {
    /// Starts a plan.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when it has expired; [`StoreError::Stuck`] when it was started already;
    /// [`StoreError::TooMany`] replays are active.
    pub async fn start_replay(
        &self,
        note: AuditNote,
        id: PlanId,
        settings: Settings,
    ) -> Result<StoredReplay, StoreError> {
        self.change(Start { note, id, settings }).await
    }

    /// Moves a replay; one that is there already stays as it is. An operator's move is noted in the audit log.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::Stuck`] where its state does not allow it.
    pub async fn move_replay(
        &self,
        note: Option<AuditNote>,
        id: ReplayId,
        replay_move: ReplayMove,
    ) -> Result<StoredReplay, StoreError> {
        self.change(Move {
            note,
            id,
            replay_move,
        })
        .await
    }
}

struct Start {
    note: AuditNote,
    id: PlanId,
    settings: Settings,
}

impl ColdCommand for Start {
    type Output = StoredReplay;

    async fn run(&mut self, tx: &mut WriteTx<'_>) -> Result<StoredReplay, StoreError> {
        let id = ReplayId::from_i64(self.id.as_i64());
        let gone = || StoreError::not_found("plan", &self.id);
        let plan = read_in(tx.connection, id)
            .await
            .map_err(|error| match error {
                StoreError::NotFound { .. } => gone(),
                other => other,
            })?;
        match plan.facts.state {
            ReplayState::Planned if plan.expires_at.is_some_and(|at| at > tx.now) => {}
            ReplayState::Planned | ReplayState::Planning => return Err(gone()),
            state => {
                let detail = format!(
                    "{} was started already as {id}, which is {}",
                    self.id,
                    state.as_str()
                );
                return Err(StoreError::Stuck { detail });
            }
        }
        let row = sqlx::query(COUNT_ACTIVE)
            .fetch_one(&mut *tx.connection)
            .await?;
        let active: i64 = row.try_get(0)?;
        if usize::try_from(active).unwrap_or(usize::MAX) >= REPLAYS_ACTIVE_MAX {
            return Err(StoreError::TooMany {
                noun: "active replays",
                max: REPLAYS_ACTIVE_MAX,
            });
        }
        let Settings {
            rate,
            canary,
            stop,
            skip_delivered,
            note,
        } = &self.settings;
        sqlx::query(START)
            .bind(id.as_i64())
            .bind(note.clone())
            .bind(rate.requests())
            .bind(i64::try_from(rate.per().as_millis()).unwrap_or(i64::MAX))
            .bind(*canary)
            .bind(stop.map(|stop| stop.percent()))
            .bind(stop.map(|stop| stop.last()))
            .bind(*skip_delivered)
            .bind(tx.now.as_millis())
            .execute(&mut *tx.connection)
            .await?;
        let change = AuditChange::of_member("state", &"planned".into(), &"running".into());
        let subject = Some(id.to_string());
        tx.audit_with(&self.note, subject, change, Some(plan.total))
            .await?;
        tx.effects.replays.push(id);
        read_in(tx.connection, id).await
    }
}

/// What the audit log keeps of a move: why a replay stopped is forgotten elsewhere when it goes on.
fn change(before: &StoredReplay, after: &StoredReplay) -> AuditChange {
    let told = |replay: &StoredReplay| {
        let state = replay.facts.state;
        let mut told = Map::from_iter([("state".to_owned(), state.as_str().into())]);
        let why = replay.why.as_deref();
        if let Some(why) = why.filter(|_| state == ReplayState::Stopped) {
            told.insert("why".to_owned(), why.into());
        }
        Some(Value::Object(told).to_string())
    };
    AuditChange {
        before: told(before),
        after: told(after),
    }
}

struct Move {
    note: Option<AuditNote>,
    id: ReplayId,
    replay_move: ReplayMove,
}

impl ColdCommand for Move {
    type Output = StoredReplay;

    async fn run(&mut self, tx: &mut WriteTx<'_>) -> Result<StoredReplay, StoreError> {
        let replay = read_in(tx.connection, self.id).await?;
        let Some(fits) = self.replay_move.fits(replay.facts.state) else {
            return Ok(replay);
        };
        if !fits {
            let detail = format!(
                "{} is {} and cannot be {}",
                self.id,
                replay.facts.state.as_str(),
                self.replay_move.verb()
            );
            return Err(StoreError::Stuck { detail });
        }
        let id = self.id.as_i64();
        let now = tx.now.as_millis();
        let query = match &self.replay_move {
            ReplayMove::Pause => sqlx::query(PAUSE).bind(id),
            ReplayMove::Resume => sqlx::query(RESUME).bind(id),
            ReplayMove::Cancel => sqlx::query(CANCEL).bind(id).bind(now),
            ReplayMove::Stop(why) => sqlx::query(STOP).bind(id).bind(why.clone()),
            ReplayMove::Finish => sqlx::query(FINISH).bind(id).bind(now),
        };
        query.execute(&mut *tx.connection).await?;
        tx.effects.replays.push(self.id);
        let moved = read_in(tx.connection, self.id).await?;
        if let Some(note) = &self.note {
            let change = change(&replay, &moved);
            // What it still concerns: the items that had not been released.
            let count = Some(replay.facts.counts.waiting);
            tx.audit_with(note, Some(self.id.to_string()), change, count)
                .await?;
        }
        let counts = &moved.facts.counts;
        match &self.replay_move {
            ReplayMove::Finish => {
                tx.announce(Fact::replay(self.id, counts, None, tx.now))
                    .await?;
            }
            ReplayMove::Stop(why) => {
                tx.announce(Fact::replay(self.id, counts, Some(why), tx.now))
                    .await?;
            }
            ReplayMove::Pause | ReplayMove::Resume | ReplayMove::Cancel => {}
        }
        Ok(moved)
    }
}
