//! Deliveries: looking at them, replaying and discarding one.

use super::dead::check_note;
use super::error::EngineError;
use super::handle::Engine;
use super::judging::{JUDGED_TOGETHER, Seen};
use super::paging;
use super::router::Told;
use super::views::{AttemptView, DeliveryQuery, DeliveryView, LaneStatus, Page, Searched};
use super::why;
use crate::domain::actor::Actor;
use crate::domain::attempt::Attempt;
use crate::domain::contract::Contract;
use crate::domain::delivery::{Delivery, DeliveryState};
use crate::domain::filter::{Expr, Plan};
use crate::domain::fingerprint::CauseId;
use crate::domain::id::DeliveryId;
use crate::domain::limits::PAGE_ROWS_MAX;
use crate::domain::time::Timestamp;
use crate::store::{AuditNote, DeliveryScope, DeliverySelect, SqlCondition, StoreError};

/// Rows that are looked at for one page when a filter or a tenant narrows it; the page's `next` goes on from there.
const LOOKED_AT_MAX: usize = 500;
/// Pages of the store that are read for one: where the store lets few rows pass, each may have looked at 20,000.
const PAGES_READ_MAX: usize = 10;

/// A query in two parts; a delivery is asked for when both let it pass.
pub(super) struct Search {
    /// What the store decides.
    pub(super) select: DeliverySelect,
    /// What is decided row by row.
    pub(super) rest: Option<Expr>,
}

impl Engine {
    /// A page of deliveries, newest first. A filter looks at a bounded number of rows for a page, which may be short
    /// and still have a next one.
    ///
    /// # Errors
    /// Invalid (filter, cursor, limit), Internal.
    pub async fn deliveries(&self, query: DeliveryQuery) -> Result<Page<Delivery>, EngineError> {
        let search = self.search(&query).await?;
        let seen = async |rows| Ok(rows);
        let now = self.desk.now();
        self.gathered(&query, &search, now, LOOKED_AT_MAX, seen)
            .await
    }

    /// A page of what a search finds, as `seen` sees it: of a narrowed one, out of about `looked_at_max` rows.
    pub(super) async fn gathered<T: Seen>(
        &self,
        query: &DeliveryQuery,
        search: &Search,
        now: Timestamp,
        looked_at_max: usize,
        seen: impl AsyncFn(Vec<Delivery>) -> Result<Vec<T>, EngineError>,
    ) -> Result<Page<T>, EngineError> {
        let (mut cursor, limit) = paging::checked(&query.page)?;
        let rest = search.rest.as_ref();
        let narrowed = rest.is_some() || query.tenant.is_some() || scope_is_loose(query);
        let page_rows = if narrowed { PAGE_ROWS_MAX } else { limit };
        let limit_rows = usize::try_from(limit).unwrap_or(usize::MAX);
        let (mut items, mut looked_at) = (Vec::new(), 0);
        for _ in 0..PAGES_READ_MAX {
            // The store's cursor stands behind a whole page: a narrowed page is cut by rows read one at a time.
            let store = &self.desk.store;
            let read = store.deliveries_page(&search.select, cursor, page_rows);
            let read = read.await?;
            looked_at += read.items.len();
            let rows = seen(read.items).await?;
            let mut wanted = Vec::with_capacity(rows.len());
            for together in rows.chunks(JUDGED_TOGETHER) {
                wanted.extend(self.wanted(query, rest, now, together).await?);
            }
            let judged = rows.into_iter().zip(wanted);
            items.extend(judged.filter_map(|(row, wanted)| wanted.then_some(row)));
            cursor = read.next;
            if cursor.is_none()
                || !narrowed
                || looked_at >= looked_at_max
                || items.len() >= limit_rows
            {
                break;
            }
        }
        let next = match items.get(limit_rows.wrapping_sub(1)) {
            Some(last) if items.len() > limit_rows => Some(last.delivery().id.body()),
            _ => cursor.map(|cursor| cursor.to_string()),
        };
        let searched = rest.map(|_| Searched {
            rows: looked_at as u64,
            limited: items.len() < limit_rows && cursor.is_some(),
        });
        items.truncate(limit_rows);
        Ok(Page {
            items,
            next,
            searched,
        })
    }

    /// What is asked for, as the store and the evaluator decide it.
    pub(super) async fn search(&self, query: &DeliveryQuery) -> Result<Search, EngineError> {
        let filter = match query.filter.as_deref() {
            Some(text) => Some(self.read_filter(text, query.tenant.as_ref()).await?.filter),
            None => None,
        };
        let now = self.desk.now();
        let plan = filter.as_ref().map(Plan::of);
        let condition = plan
            .as_ref()
            .and_then(|plan| plan.sql.as_ref())
            .and_then(|expr| SqlCondition::of_filter(expr, now));
        let plan_cause = plan.as_ref().and_then(Plan::cause);
        let since = plan.as_ref().and_then(|plan| plan.created_since(now));
        // What SQL could not be asked is decided here, row by row.
        let rest = match &condition {
            Some(_) => plan.and_then(|plan| plan.rest),
            None => filter.and_then(|filter| filter.expr),
        };
        let select = DeliverySelect {
            scope: scope(query, plan_cause, since),
            condition,
        };
        Ok(Search { select, rest })
    }

    /// The latest attempt of a delivery; `None` where retention has taken it.
    pub(super) async fn latest_attempt(
        &self,
        delivery: &Delivery,
    ) -> Result<Option<Attempt>, EngineError> {
        let number = delivery.attempts;
        match self.desk.store.attempt(delivery.id, number).await {
            Ok(attempt) => Ok(Some(attempt)),
            Err(StoreError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// One delivery with its attempts and the sentence that says why it stands where it does.
    ///
    /// # Errors
    /// NotFound, Internal.
    pub async fn delivery(&self, id: DeliveryId) -> Result<DeliveryView, EngineError> {
        let delivery = self.desk.store.delivery(id).await?;
        let attempts = self.desk.store.attempts(id).await?;
        let note = self.desk.store.delivery_note(id).await?;
        let endpoint = self.desk.book.get(delivery.endpoint_id);
        let contracts = self.desk.contracts();
        let contract = endpoint
            .as_ref()
            .and_then(|endpoint| contracts.get_known(&endpoint.contract));
        let policy = endpoint
            .as_ref()
            .zip(contract)
            .map(|(endpoint, contract)| endpoint.retry_under(contract));
        let (lane, ahead) = self.queue_of(&delivery).await?;
        let facts = why::Facts {
            delivery: &delivery,
            endpoint: endpoint.as_deref(),
            policy,
            latest: attempts.last(),
            note: note.as_deref(),
            rate_limit: endpoint
                .as_ref()
                .and_then(|endpoint| endpoint.rate_limit)
                .or_else(|| contract.and_then(|contract| contract.rate_limit)),
            lane: lane.as_ref(),
            ahead,
        };
        let why = why::sentence(self.desk.now(), &facts);
        let discarded = matches!(delivery.state, DeliveryState::Discarded(_));
        Ok(DeliveryView {
            note: note.filter(|_| discarded),
            delivery,
            attempts,
            why,
        })
    }

    /// What stands before a pending delivery: its lane, where that is in memory, and how many come first.
    async fn queue_of(
        &self,
        delivery: &Delivery,
    ) -> Result<(Option<LaneStatus>, u32), EngineError> {
        if delivery.state != DeliveryState::Pending {
            return Ok((None, 0));
        }
        let endpoint = self.desk.book.get(delivery.endpoint_id);
        let ordered = endpoint.is_some_and(|endpoint| endpoint.ordered);
        let lane = self.lane(delivery.endpoint_id).await.unwrap_or_default();
        let (store, most) = (&self.desk.store, why::AHEAD_MAX + 1);
        let ahead = store.ahead_of(delivery, ordered, self.desk.now(), most);
        Ok((lane, ahead.await?))
    }

    /// The attempts of a delivery, oldest first.
    ///
    /// # Errors
    /// NotFound, Internal.
    pub async fn attempts(&self, id: DeliveryId) -> Result<Vec<Attempt>, EngineError> {
        self.desk.store.delivery(id).await?;
        Ok(self.desk.store.attempts(id).await?)
    }

    /// One attempt by its number (from 1), with the request rendered again.
    ///
    /// # Errors
    /// NotFound, Internal.
    pub async fn attempt(&self, id: DeliveryId, number: u32) -> Result<AttemptView, EngineError> {
        let attempt = self.desk.store.attempt(id, number).await?;
        let request = match self.rendered_again(&attempt).await {
            Ok(request) => Ok(request),
            Err(error) => Err(error.to_string()),
        };
        Ok(AttemptView { attempt, request })
    }

    async fn rendered_again(
        &self,
        attempt: &Attempt,
    ) -> Result<crate::domain::request::PreparedRequest, EngineError> {
        let stored = self.desk.store.event(attempt.event_id).await?;
        if stored.payload_gone {
            let gone = "the event's payload is gone: it is past its retention time";
            return Err(EngineError::Conflict(gone.to_owned()));
        }
        let revision = self.desk.store.revision(attempt.revision).await?;
        let contract = Contract::load(&revision.name, &revision.text)
            .map_err(|error| EngineError::Internal(error.to_string()))?;
        contract
            .render_again(attempt, &stored.event)
            .map_err(|error| EngineError::Conflict(error.to_string()))
    }

    /// Puts a delivery back to work at once with a fresh retry budget.
    ///
    /// # Errors
    /// NotFound, Conflict, Busy, Draining.
    pub async fn replay_delivery(
        &self,
        actor: &Actor,
        id: DeliveryId,
    ) -> Result<Delivery, EngineError> {
        self.desk.open()?;
        let note = AuditNote::new(actor.clone(), "delivery.replay");
        let delivery = self.desk.store.replay_delivery(note, id).await?;
        self.desk
            .tell(delivery.endpoint_id, Told::DeliveriesChanged)
            .await;
        Ok(delivery)
    }

    /// Cancels a delivery; `why` is for those who come after.
    ///
    /// # Errors
    /// NotFound, Invalid (a note that is too long), Conflict (delivered or discarded already), Busy, Draining.
    pub async fn discard_delivery(
        &self,
        actor: &Actor,
        id: DeliveryId,
        why: Option<String>,
    ) -> Result<Delivery, EngineError> {
        self.desk.open()?;
        if let Some(why) = &why {
            check_note(why)?;
        }
        let note = AuditNote {
            words: why.clone(),
            ..AuditNote::new(actor.clone(), "delivery.discard")
        };
        let delivery = self.desk.store.discard_delivery(note, id, why).await?;
        self.desk
            .tell(delivery.endpoint_id, Told::DeliveriesChanged)
            .await;
        Ok(delivery)
    }
}

/// Whether the scope alone finds more than is asked for.
const fn scope_is_loose(query: &DeliveryQuery) -> bool {
    query.event_id.is_some() && query.endpoint_id.is_some()
}

fn scope(query: &DeliveryQuery, cause: Option<CauseId>, since: Option<Timestamp>) -> DeliveryScope {
    match (query.event_id, query.endpoint_id, cause, since) {
        (Some(event), ..) => DeliveryScope::Event(event),
        (None, Some(endpoint), ..) => DeliveryScope::Endpoint(endpoint),
        (None, None, Some(cause), _) => DeliveryScope::Cause(cause),
        // No delivery is older than its id tells: what was made since has an id of then or later.
        (None, None, None, Some(since)) => {
            DeliveryScope::Between(DeliveryId::first_at(since), DeliveryId::from_i64(i64::MAX))
        }
        (None, None, None, None) => DeliveryScope::All,
    }
}
