//! Lists as they were: deliveries put together from what is stored of their past, and how far back that goes.

use std::collections::HashMap;

use super::deliveries::Search;
use super::error::EngineError;
use super::handle::Engine;
use super::views::{DeliveryQuery, Page};
use crate::domain::delivery::Delivery;
use crate::domain::filter::Plan;
use crate::domain::id::{DeliveryId, EndpointId, Id};
use crate::domain::past::{self, Door, Then};
use crate::domain::time::Timestamp;
use crate::store::{DeliveryScope, DeliverySelect, SqlCondition};

/// Rows that are put together as they were for one page where a filter narrows it; the store has left those out that
/// have not changed since and do not pass.
const LOOKED_AT_MAX: usize = 2_000;

impl Engine {
    /// A page of the deliveries that there were at `at`, newest first, each as it was then. A filter speaks of what they
    /// were; of endpoints' names and tenants it speaks as they are now.
    ///
    /// # Errors
    /// Invalid (filter, cursor, limit; a filter of what is not kept of the past), Internal.
    pub async fn deliveries_then(
        &self,
        query: &DeliveryQuery,
        at: Timestamp,
    ) -> Result<Page<Then>, EngineError> {
        let search = self.search_past(query, at).await?;
        let seen = async |rows: Vec<Delivery>| self.seen_then(&rows, at).await;
        self.gathered(query, &search, at, LOOKED_AT_MAX, seen).await
    }

    /// The first instant of which all that happened is kept; none where nothing ever did.
    ///
    /// # Errors
    /// Internal.
    pub async fn kept_since(&self) -> Result<Option<Timestamp>, EngineError> {
        Ok(self.desk.store.kept_since().await?)
    }

    /// What the store decides of the past, and what is decided row by row: everything that an attempt or a person changes.
    pub(super) async fn search_past(
        &self,
        query: &DeliveryQuery,
        at: Timestamp,
    ) -> Result<Search, EngineError> {
        let filter = match query.filter.as_deref() {
            Some(text) => Some(self.read_filter(text, query.tenant.as_ref()).await?.filter),
            None => None,
        };
        let plan = filter.as_ref().map(Plan::of_past).transpose();
        let plan = plan.map_err(|field| {
            let detail = format!(
                "{field} is not kept of the past, only of now: leave {field}:… out, or leave at out"
            );
            EngineError::invalid("/filter", detail)
        })?;
        let plan = plan.unwrap_or_default();
        let since = plan
            .created_since(at)
            .map_or_else(|| DeliveryId::from_i64(0), DeliveryId::first_at);
        let unchanged = plan.rest_of_unchanged();
        Ok(Search {
            select: DeliverySelect {
                scope: DeliveryScope::Between(since, last_until(at)),
                condition: SqlCondition::of_past(plan.sql.as_ref(), unchanged.as_ref(), at),
            },
            rest: plan.rest,
        })
    }

    /// Rows of today as they were.
    pub(super) async fn seen_then(
        &self,
        rows: &[Delivery],
        at: Timestamp,
    ) -> Result<Vec<Then>, EngineError> {
        let traces = self.desk.store.traces(rows, at).await?;
        let doors = self.doors(rows, at).await?;
        let nothing = past::Traces::default();
        let then = rows.iter().filter_map(|row| {
            let traces = traces.get(&row.id).unwrap_or(&nothing);
            let door = doors.get(&row.endpoint_id).copied();
            past::then(row, traces, door.unwrap_or(Door::Gone), at)
        });
        Ok(then.collect())
    }

    /// What the endpoints of some deliveries made of them.
    async fn doors(
        &self,
        rows: &[Delivery],
        at: Timestamp,
    ) -> Result<HashMap<EndpointId, Door>, EngineError> {
        let mut ids: Vec<EndpointId> = rows.iter().map(|row| row.endpoint_id).collect();
        ids.sort_unstable();
        ids.dedup();
        let changed = self.desk.store.statuses_then(&ids, at).await?;
        let door = |id: EndpointId| {
            let then = changed.get(&id).map(String::as_str);
            let known = self.desk.book.get(id);
            let now = known.as_ref().map(|endpoint| endpoint.status.as_str());
            match then.or(now) {
                Some("active") => Door::Open,
                Some("paused" | "disabled") => Door::Held,
                _ => Door::Gone,
            }
        };
        Ok(ids.into_iter().map(|id| (id, door(id))).collect())
    }
}

/// The last id that could be given until `at`.
pub(super) const fn last_before<K>(next: Id<K>) -> Id<K> {
    Id::from_i64(next.as_i64() - 1)
}

/// The last delivery that could be made until `at`.
pub(super) fn last_until(at: Timestamp) -> DeliveryId {
    last_before(DeliveryId::first_at(at.moved_by(1)))
}
