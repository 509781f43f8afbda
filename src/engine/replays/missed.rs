//! Events that an endpoint never got, frozen piece by piece.

use std::sync::Arc;

use super::planning::bounded;
use crate::domain::endpoint::Endpoint;
use crate::domain::id::{EventId, ReplayId};
use crate::domain::replay::FlightPlanner;
use crate::domain::time::Timestamp;
use crate::engine::error::EngineError;
use crate::engine::handle::Engine;

/// What to look for.
pub(super) struct MissedEvents {
    pub(super) endpoint: Arc<Endpoint>,
    pub(super) since: Timestamp,
    pub(super) until: Option<Timestamp>,
}

impl MissedEvents {
    /// As people read it.
    pub(super) fn words(&self) -> String {
        let Self {
            endpoint,
            since,
            until,
        } = self;
        let upto = until.map_or_else(String::new, |until| format!(" until {until}"));
        format!("events that {} never got since {since}{upto}", endpoint.id)
    }

    /// Freezes them as items of a plan.
    pub(super) async fn freeze(
        &self,
        engine: &Engine,
        id: ReplayId,
    ) -> Result<FlightPlanner, EngineError> {
        let store = &engine.desk.store;
        let mut planner = FlightPlanner::default();
        let first = EventId::first_at(self.since).as_i64();
        let mut after = Some(EventId::from_i64(first.saturating_sub(1)));
        let before = self.until.map(EventId::first_at);
        let before = before.unwrap_or(EventId::from_i64(i64::MAX));
        while let Some(place) = after {
            let piece = store.missed_events(&self.endpoint, place, before).await?;
            after = piece.next;
            let found = piece.found.iter();
            let items: Vec<_> = found
                .filter_map(|event| planner.add_missed(event.id, &self.endpoint, event.bytes))
                .collect();
            bounded(planner.count(), 0)?;
            if !items.is_empty() {
                store.add_replay_items(id, &items).await?;
            }
        }
        Ok(planner)
    }
}
