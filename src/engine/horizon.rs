//! The horizon: what goes out in the time to come, in all and by endpoint.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;

use super::error::EngineError;
use super::handle::Engine;
use crate::domain::endpoint::{Endpoint, EndpointStatus};
use crate::domain::horizon::{Backlog, GiveUps, Outlook};
use crate::domain::id::EndpointId;
use crate::domain::limits::GIVE_UPS_COUNTED_MAX;
use crate::domain::time::Timestamp;

/// How long counted backlogs are shown again: counting a million takes a reader a tenth of a second.
const KEPT_FOR: Duration = Duration::from_secs(5);
/// How far ahead deliveries are looked at that give up.
const GIVE_UPS_WITHIN: Duration = Duration::from_hours(24);

/// The backlogs as they were counted last, for callers that come soon after one another. Those that come at once wait
/// for one count.
#[derive(Debug, Default)]
pub(super) struct KeptBacklogs(Mutex<Option<Counted>>);

#[derive(Clone, Debug)]
struct Counted {
    at: Timestamp,
    /// By the monotonic clock.
    counted_at: Duration,
    backlogs: Arc<BTreeMap<EndpointId, Backlog>>,
}

/// What lies ahead.
#[derive(Clone, Debug)]
pub struct Horizon {
    /// When it was counted: up to five seconds ago.
    pub at: Timestamp,
    /// All endpoints together.
    pub total: Outlook,
    /// Those with the longest backlogs, or the one that was asked for.
    pub endpoints: Vec<EndpointOutlook>,
    /// Further endpoints with a backlog.
    pub not_shown: u64,
}

/// What lies ahead of one endpoint.
#[derive(Clone, Debug)]
pub struct EndpointOutlook {
    /// The endpoint.
    pub endpoint: Arc<Endpoint>,
    /// Its deliveries.
    pub outlook: Outlook,
    /// Which of the tried ones end soon unless an attempt succeeds; none while it is held.
    pub give_ups: GiveUps,
    /// Whether `give_ups` is of the earliest 500 alone.
    pub has_more: bool,
}

impl Engine {
    /// What lies ahead of all endpoints, with the `limit` longest backlogs one by one; or of one endpoint.
    ///
    /// # Errors
    /// NotFound, Internal.
    pub async fn horizon(
        &self,
        endpoint: Option<EndpointId>,
        limit: u32,
    ) -> Result<Horizon, EngineError> {
        let counted = self.backlogs().await?;
        let mut total = Outlook::default();
        let mut waiting = Vec::new();
        for (&id, backlog) in counted.backlogs.iter() {
            let known = self.desk.book.get(id);
            let known = known.filter(|known| known.status != EndpointStatus::Deleted);
            let Some(known) = known else {
                continue;
            };
            let outlook = Outlook::of(backlog, known.status.holds());
            total = total.plus(outlook);
            if backlog.waiting > 0 && endpoint.is_none_or(|wanted| wanted == id) {
                waiting.push((known, outlook));
            }
        }
        if let Some(id) = endpoint.filter(|_| waiting.is_empty()) {
            waiting.push((self.desk.endpoint(id)?, Outlook::default()));
        }
        waiting.sort_by_key(|(endpoint, outlook)| {
            (
                std::cmp::Reverse(outlook.pending + outlook.held),
                endpoint.id,
            )
        });
        let not_shown = waiting.split_off(waiting.len().min(rows(limit))).len();
        let mut endpoints = Vec::with_capacity(waiting.len());
        for (endpoint, outlook) in waiting {
            endpoints.push(self.with_give_ups(counted.at, endpoint, outlook).await?);
        }
        Ok(Horizon {
            at: counted.at,
            total,
            endpoints,
            not_shown: u64::try_from(not_shown).unwrap_or(u64::MAX),
        })
    }

    async fn backlogs(&self) -> Result<Counted, EngineError> {
        let mut kept = self.desk.backlogs.0.lock().await;
        let monotonic = self.desk.clock.monotonic();
        let fresh = |counted: &&Counted| monotonic - counted.counted_at < KEPT_FOR;
        if let Some(counted) = kept.as_ref().filter(fresh) {
            return Ok(counted.clone());
        }
        let at = self.desk.now();
        let counted = Counted {
            at,
            counted_at: monotonic,
            backlogs: Arc::new(self.desk.store.backlogs(at).await?),
        };
        *kept = Some(counted.clone());
        Ok(counted)
    }

    async fn with_give_ups(
        &self,
        now: Timestamp,
        endpoint: Arc<Endpoint>,
        outlook: Outlook,
    ) -> Result<EndpointOutlook, EngineError> {
        let contracts = self.desk.contracts();
        let contract = contracts.get_known(&endpoint.contract);
        let policy = endpoint.retry.as_ref();
        let policy = policy.or(contract.map(|contract| &contract.retry));
        let (give_ups, has_more) = match policy.filter(|_| outlook.pending > 0) {
            None => (GiveUps::default(), false),
            Some(policy) => {
                let limit = GIVE_UPS_COUNTED_MAX;
                let until = now + GIVE_UPS_WITHIN;
                let store = &self.desk.store;
                let soon = store.due_soon(endpoint.id, until, limit + 1).await?;
                let has_more = soon.len() > rows(limit);
                let soon = soon.into_iter().take(rows(limit));
                let counted = GiveUps::count(now, policy, &endpoint.hold, soon);
                (counted, has_more)
            }
        };
        Ok(EndpointOutlook {
            endpoint,
            outlook,
            give_ups,
            has_more,
        })
    }
}

fn rows(limit: u32) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}
