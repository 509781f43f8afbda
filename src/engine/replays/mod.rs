//! Replays: planned, started and steered here; paced by an actor on the engine's thread.

mod missed;
mod office;
mod planning;
mod run;
mod tidying;

use super::error::EngineError;
use super::handle::Engine;
use super::paging;
use super::views::{Page, PageRequest};
use crate::domain::actor::Actor;
use crate::domain::id::{EndpointId, PlanId, ReplayId};
use crate::domain::limits::REPLAY_NOTE_CHARS_MAX;
use crate::domain::replay::Settings;
use crate::domain::time::Timestamp;
use crate::store::{AuditNote, ReplayFigures, ReplayMove, StoredReplay};
pub(super) use office::ReplayOffice;
use office::{Look, Planned};
pub(super) use planning::Walk;
pub(super) use tidying::{ITEMS_KEPT, tidy_for_ever};

/// What is to be replayed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    /// What a text in the filter language picks.
    Filter(String),
    /// The dead ones among them, all that are dead where it is empty, to be given up: also of deleted endpoints, and those
    /// whose payload is gone.
    GivenUp(String),
    /// The dead deliveries of an endpoint that died at `since` or later, and before `until`.
    Dead {
        /// Whose.
        endpoint_id: EndpointId,
        /// From when on.
        since: Timestamp,
        /// Until when; open where absent.
        until: Option<Timestamp>,
    },
    /// The events accepted at `since` or later, and before `until`, that an endpoint would get by its settings of now
    /// and has no delivery of: it did not exist yet, was disabled, or filtered them out.
    Missed {
        /// Whose.
        endpoint_id: EndpointId,
        /// From when on.
        since: Timestamp,
        /// Until when; open where absent.
        until: Option<Timestamp>,
    },
}

impl Engine {
    /// Freezes a selection into an exact set of items, which may be started for five minutes.
    ///
    /// # Errors
    /// Invalid (a filter that does not parse or takes everything); Conflict (more items than a replay may have, more
    /// plans than may wait); NotFound (the endpoint); Busy, Draining, Full.
    pub async fn plan_replay(
        &self,
        actor: &Actor,
        selection: Selection,
    ) -> Result<StoredReplay, EngineError> {
        self.desk.open()?;
        let plan = planning::plan(self, actor, selection).await?;
        if let Some(office) = self.desk.replays.get() {
            // One that is gone removes nothing; the next start does.
            let _ = office.send(Planned).await;
        }
        Ok(plan)
    }

    /// Starts a plan.
    ///
    /// # Errors
    /// Invalid (canary, note); Conflict (expired or never there, started already, as many as may be are active); Busy,
    /// Draining, Full.
    pub async fn start_replay(
        &self,
        actor: &Actor,
        id: PlanId,
        settings: Settings,
    ) -> Result<StoredReplay, EngineError> {
        self.desk.open()?;
        check(&settings)?;
        let plan = self.plan(id).await.map_err(|error| expired(id, error))?;
        let note = AuditNote {
            detail: Some(detail(&plan, &settings)),
            words: settings.note.clone(),
            ..AuditNote::new(actor.clone(), "replay.start")
        };
        let started = self.desk.store.start_replay(note, id, settings).await;
        let replay = started.map_err(|error| expired(id, error.into()))?;
        self.look_at(replay.id).await;
        Ok(replay)
    }

    /// A plan, or the replay that was started of it.
    ///
    /// # Errors
    /// NotFound, Internal.
    pub async fn plan(&self, id: PlanId) -> Result<StoredReplay, EngineError> {
        let plan = self
            .desk
            .store
            .replay(ReplayId::from_i64(id.as_i64()))
            .await;
        plan.map_err(|error| match EngineError::from(error) {
            EngineError::NotFound { .. } => EngineError::NotFound {
                noun: "plan",
                id: id.to_string(),
            },
            other => other,
        })
    }

    /// One replay.
    ///
    /// # Errors
    /// NotFound, Internal.
    pub async fn replay(&self, id: ReplayId) -> Result<StoredReplay, EngineError> {
        let replay = self.desk.store.replay(id).await?;
        if replay.started_at.is_none() {
            return Err(EngineError::NotFound {
                noun: "replay",
                id: id.to_string(),
            });
        }
        Ok(replay)
    }

    /// A page of the replays that were started, newest first.
    ///
    /// # Errors
    /// Invalid (cursor, limit), Internal.
    pub async fn replays(&self, page: &PageRequest) -> Result<Page<StoredReplay>, EngineError> {
        let (cursor, limit) = paging::checked(page)?;
        let page = self.desk.store.replays_page(cursor, limit).await?;
        Ok(Page {
            items: page.items,
            next: page.next.map(|next| next.to_string()),
            searched: None,
        })
    }

    /// The replays that are not over, in figures.
    ///
    /// # Errors
    /// Internal.
    pub async fn replay_figures(&self) -> Result<ReplayFigures, EngineError> {
        Ok(self.desk.store.replay_figures().await?)
    }

    /// Holds a replay: once this has returned, no item of it is released.
    ///
    /// # Errors
    /// NotFound, Conflict (it does not run), Busy, Draining.
    pub async fn pause_replay(
        &self,
        actor: &Actor,
        id: ReplayId,
    ) -> Result<StoredReplay, EngineError> {
        self.move_replay(actor, "replay.pause", id, ReplayMove::Pause)
            .await
    }

    /// Lets a paused replay go on, or one that stopped by itself.
    ///
    /// # Errors
    /// NotFound, Conflict (it is over), Busy, Draining.
    pub async fn resume_replay(
        &self,
        actor: &Actor,
        id: ReplayId,
    ) -> Result<StoredReplay, EngineError> {
        self.move_replay(actor, "replay.resume", id, ReplayMove::Resume)
            .await
    }

    /// Ends a replay: what is not released never will be; what was ends by itself.
    ///
    /// # Errors
    /// NotFound, Conflict (it is over), Busy, Draining.
    pub async fn cancel_replay(
        &self,
        actor: &Actor,
        id: ReplayId,
    ) -> Result<StoredReplay, EngineError> {
        self.move_replay(actor, "replay.cancel", id, ReplayMove::Cancel)
            .await
    }

    async fn move_replay(
        &self,
        actor: &Actor,
        action: &'static str,
        id: ReplayId,
        replay_move: ReplayMove,
    ) -> Result<StoredReplay, EngineError> {
        self.desk.open()?;
        self.replay(id).await?;
        let note = AuditNote::new(actor.clone(), action);
        let replay = self
            .desk
            .store
            .move_replay(Some(note), id, replay_move)
            .await?;
        self.look_at(id).await;
        Ok(replay)
    }

    /// Tells the actor that a replay was changed; one that is gone needs not be told.
    async fn look_at(&self, id: ReplayId) {
        if let Some(office) = self.desk.replays.get() {
            let _ = office.send(Look { id }).await;
        }
    }
}

/// A plan that is not there was there, most likely.
fn expired(id: PlanId, error: EngineError) -> EngineError {
    match error {
        EngineError::NotFound { .. } => EngineError::Conflict(format!(
            "{id} cannot be started: a plan lives for five minutes; plan it again"
        )),
        other => other,
    }
}

fn check(settings: &Settings) -> Result<(), EngineError> {
    if let Some(fault) = settings.canary_fault() {
        return Err(EngineError::invalid("/canary", fault));
    }
    note_fits(settings.note.as_deref().unwrap_or_default())
}

/// Refuses a note that is too long to be kept.
pub(super) fn note_fits(note: &str) -> Result<(), EngineError> {
    let length = note.chars().count();
    if length > REPLAY_NOTE_CHARS_MAX {
        let detail =
            format!("the note has {length} characters: at most {REPLAY_NOTE_CHARS_MAX} are kept");
        return Err(EngineError::invalid("/note", detail));
    }
    Ok(())
}

/// What the audit log keeps of a start.
fn detail(plan: &StoredReplay, settings: &Settings) -> String {
    let mut detail = serde_json::json!({
        "selection": plan.selection,
        "items": plan.total,
        "hash": plan.flight.hash,
        "rate": settings.rate.to_string(),
        "canary": settings.canary,
        "stop": settings.stop.map(|stop| stop.to_string()),
        "skip_delivered": settings.skip_delivered,
    });
    note_views(&mut detail, plan);
    detail.to_string()
}

/// Adds what a plan's saved views stood for, where it named any: they may change.
pub(super) fn note_views(detail: &mut serde_json::Value, plan: &StoredReplay) {
    if let Some(filter) = &plan.flight.stands_for {
        detail["stands_for"] = filter.as_str().into();
    }
}
